/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of sealed files, its lock and its key; one file a device. */
#include "pki/pki.h"
#include "vault/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

/* For the name of a file behind that of the folder; how long another run is waited for. */
enum { NAME_ROOM = 64, SHARE_MS = 2000 };

struct path {
    char text[PATH_MAX];
};

static struct path path_of(const struct vault *v, const char *name)
{
    struct path path;

    snprintf(path.text, sizeof(path.text), "%s/%s", v->folder, name);
    return path;
}

static bool exists(const struct vault *v, const char *name)
{
    return access(path_of(v, name).text, F_OK) == 0 || errno != ENOENT;
}

int vault_lock(struct vault *v, bool *alone, struct signet_error *err)
{
    const struct path path = path_of(v, "lock");
    int64_t until = clock_ms() + SHARE_MS;

    v->lock_fd = open(path.text, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (v->lock_fd < 0)
        return error_sys(err, SIGNET_E_IO, errno, "%s", path.text);
    *alone = flock(v->lock_fd, LOCK_EX | LOCK_NB) == 0;
    while (!*alone && flock(v->lock_fd, LOCK_SH | LOCK_NB) != 0) {
        if (clock_ms() >= until)
            return error_set(err, SIGNET_E_BUSY, "another run is at work in %s", v->folder);
        cancel_sleep_until(NULL, clock_ms() + 20, NULL);
    }
    return SIGNET_OK;
}

/* A byte of the lock file, at a place that is the hash of what it stands for; the kernel lets go of
 * it when the run ends, however it ends. */
int vault_claim(struct vault *v, const char *what, struct signet_error *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    uint8_t digest[32];
    int rc = sha256(what, strlen(what), digest, err);

    if (rc != SIGNET_OK)
        return rc;
    memcpy(&lock.l_start, digest, sizeof(lock.l_start));
    lock.l_start &= INT64_MAX >> 1;
    if (fcntl(v->lock_fd, F_OFD_SETLK, &lock) == 0)
        return SIGNET_OK;
    return errno == EAGAIN || errno == EACCES
               ? SIGNET_E_BUSY
               : error_sys(err, SIGNET_E_IO, errno, "cannot lock %s/lock", v->folder);
}

/* A run that was killed may take a moment to end. */
static int claim_order(struct vault *v, const char *order, struct signet_error *err)
{
    int64_t until = clock_ms() + SHARE_MS;
    struct buf what = {0};

    buf_printf(&what, "order %s", order);
    int rc = buf_check(&what, err);
    if (rc == SIGNET_OK)
        rc = vault_claim(v, (const char *)what.data, err);
    while (rc == SIGNET_E_BUSY && clock_ms() < until &&
           cancel_sleep_until(NULL, clock_ms() + 20, NULL) == SIGNET_OK)
        rc = vault_claim(v, (const char *)what.data, err);
    buf_free(&what);
    return rc == SIGNET_E_BUSY
               ? error_set_hint(err, rc, "wait until it has ended, or end it",
                                "another run is at work on this order in %s", v->folder)
               : rc;
}

/* What a crash left half written goes: ".NAME.RANDOM" of file_write(). The folder is ours alone.
 * *has_seals: there is something sealed. */
static int sweep(struct vault *v, bool *has_seals, struct signet_error *err)
{
    DIR *dir = opendir(v->folder);
    struct dirent *entry;

    *has_seals = false;
    if (!dir)
        return error_sys(err, SIGNET_E_IO, errno, "cannot look into %s", v->folder);
    while ((entry = readdir(dir))) {
        const char *name = entry->d_name;
        if (name[0] == '.' &&
            (strstr(name, ".sealed.") || strstr(name, ".state.") || strstr(name, ".key-check.") ||
             strstr(name, ".head.") || strstr(name, ".checkpoint.")))
            unlinkat(dirfd(dir), name, 0);
        *has_seals = *has_seals || text_ends_with(name, ".sealed");
    }
    closedir(dir);
    return SIGNET_OK;
}

/* With another key each device would look as if its own file were damaged. So the folder holds a
 * sealed word that is opened first. */
static int check_vault_key(struct vault *v, const char *key_file, bool has_seals,
                           struct signet_error *err)
{
    static const char word[] = "signet", name[] = "key-check";
    const struct secret plain = {.data = (uint8_t *)(uintptr_t)word, .len = sizeof(word)};
    struct secret found = {0};
    bool is_new = !exists(v, name);
    int rc = is_new ? SIGNET_OK : vault_open_file(v, name, NULL, &found, err);

    secret_wipe(&found);
    if (is_new || (rc == SIGNET_E_SEAL && !has_seals))
        return vault_seal_file(v, name, &plain, err);
    if (rc != SIGNET_E_SEAL)
        return rc;
    return error_set_hint(
        err, SIGNET_E_CRYPTO, "put the key file of this folder back, or use another work folder",
        "%s is not the key that the secrets in %s were sealed with", key_file, v->folder);
}

int vault_tag_of(const char *order, char tag[17], struct signet_error *err)
{
    return sha256_tag(order, strlen(order), 8, tag, err);
}

static int set_up_vault(struct vault *v, const char *folder, const struct vault_key *key,
                        const char *order, struct signet_error *err)
{
    if (strlen(folder) + NAME_ROOM > PATH_MAX)
        return error_set(err, SIGNET_E_LIMIT, "the path of the work folder is too long: %s",
                         folder);
    bool alone = false, has_seals = true;
    int rc = text_copy(&v->folder, folder, err);
    if (rc == SIGNET_OK)
        rc = vault_tag_of(order, v->tag, err);
    if (rc == SIGNET_OK)
        rc = file_mkdir_private(folder, err);
    if (rc == SIGNET_OK)
        rc = vault_lock(v, &alone, err);
    if (rc == SIGNET_OK)
        rc = claim_order(v, order, err);
    if (rc == SIGNET_OK && alone)
        rc = sweep(v, &has_seals, err);
    if (rc == SIGNET_OK)
        rc = key_open(key, &v->ring, &v->key_fd, err);
    if (rc == SIGNET_OK)
        rc = check_vault_key(v, key->file, has_seals, err);
    if (rc == SIGNET_OK && alone)
        flock(v->lock_fd, LOCK_SH);
    return rc;
}

int vault_open(struct vault **out, const char *folder, const struct vault_key *key,
               const char *order, struct signet_error *err)
{
    struct vault *v = calloc(1, sizeof(*v));

    if (!v)
        return error_nomem(err);
    v->lock_fd = v->key_fd = -1;
    pthread_mutex_init(&v->lock, NULL);
    int rc = set_up_vault(v, folder, key, order, err);
    if (rc == SIGNET_OK)
        *out = v;
    else
        vault_close(&v);
    return rc;
}

void vault_close(struct vault **vault)
{
    struct vault *v = *vault;

    if (!v)
        return;
    for (size_t i = 0; i < OPENED; i++)
        secret_wipe(&v->opened[i].plain);
    key_ring_wipe(&v->ring);
    if (v->lock_fd >= 0)
        close(v->lock_fd);
    if (v->key_fd >= 0)
        close(v->key_fd);
    pthread_mutex_destroy(&v->lock);
    free(v->kept);
    free(v->folder);
    free(v);
    *vault = NULL;
}

const char *vault_folder(const struct vault *vault)
{
    return vault->folder;
}

const char *vault_tag(const struct vault *vault)
{
    return vault->tag;
}

int vault_seal_file(struct vault *v, const char *name, const struct secret *plain,
                    struct signet_error *err)
{
    struct signet_bytes sealed = {0};
    int rc = seal(&v->ring.current, name, plain, &sealed, err);

    if (rc == SIGNET_OK)
        rc = file_write(path_of(v, name).text, sealed.data, sealed.len, 0600, err);
    signet_bytes_free(&sealed);
    return rc;
}

int vault_damaged(const struct vault *v, const char *name, struct signet_error *err)
{
    return error_set(err, SIGNET_E_SEAL,
                     "the sealed file %s is damaged: a rework gives its devices new credentials",
                     path_of(v, name).text);
}

/* With the newest key; else, where a change of the key was cut off, with one before it. */
static int open_with_ring(const struct key_ring *ring, const char *purpose,
                          const struct buf *sealed, struct secret *plain, struct signet_error *err)
{
    int rc = seal_open(&ring->current, purpose, sealed, plain, err);

    for (size_t i = 0; rc == SIGNET_E_CRYPTO && i < ring->old_count; i++)
        rc = seal_open(&ring->old[i], purpose, sealed, plain, err);
    return rc;
}

int vault_open_file(struct vault *v, const char *name, const char *purpose, struct secret *plain,
                    struct signet_error *err)
{
    struct buf sealed = {0};
    int rc = file_read(path_of(v, name).text, AES_GCM_MAX + SEAL_OVERHEAD, &sealed, err);

    if (rc == SIGNET_OK)
        rc = open_with_ring(&v->ring, name, &sealed, plain, err);
    if (rc == SIGNET_E_CRYPTO && purpose) /* as version 0.1 sealed the file of a device */
        rc = open_with_ring(&v->ring, purpose, &sealed, plain, err);
    if (rc == SIGNET_E_CRYPTO) /* what is sealed in it is lost; the other files are not */
        rc = vault_damaged(v, name, err);
    buf_free(&sealed);
    return rc;
}

/* The rest is best effort: a disk may keep the old blocks, but what is in them is sealed. */
static void overwrite(int fd)
{
    static const uint8_t zeros[4096];
    off_t len = lseek(fd, 0, SEEK_END);

    for (off_t at = 0; at < len; at += (off_t)sizeof(zeros))
        if (pwrite(fd, zeros, len - at < 4096 ? (size_t)(len - at) : sizeof(zeros), at) < 0)
            break;
    fdatasync(fd);
}

/* The name goes first: nobody finds half of it. */
int vault_wipe_file(struct vault *v, const char *name, struct signet_error *err)
{
    const struct path path = path_of(v, name);
    int fd = open(path.text, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), rc = SIGNET_OK;

    if (fd < 0)
        return errno == ENOENT ? SIGNET_OK
                               : error_sys(err, SIGNET_E_IO, errno, "cannot wipe %s", path.text);
    if (unlink(path.text) != 0 && errno != ENOENT)
        rc = error_sys(err, SIGNET_E_IO, errno, "cannot remove %s", path.text);
    else
        overwrite(fd);
    close(fd);
    return rc;
}

/* The name tells nobody whose it is, and is no name that a file cannot have. */
static int device_file(const char *endpoint, char name[40], struct signet_error *err)
{
    int rc = sha256_tag(endpoint, strlen(endpoint), 16, name, err);

    if (rc == SIGNET_OK)
        strcat(name, ".sealed");
    return rc;
}

int vault_seal(struct vault *v, const char *endpoint, const struct signet_bytes *packet,
               struct signet_error *err)
{
    const struct secret plain = {.data = packet->data, .len = packet->len}; /* a view */
    char name[40];
    int rc = device_file(endpoint, name, err);

    return rc == SIGNET_OK ? vault_seal_file(v, name, &plain, err) : rc;
}

int vault_read(struct vault *v, const char *endpoint, struct secret *packet,
               struct signet_error *err)
{
    char name[40];
    int rc = device_file(endpoint, name, err);

    if (rc != SIGNET_OK || exists(v, name))
        return rc == SIGNET_OK ? vault_open_file(v, name, endpoint, packet, err) : rc;
    rc = error_set(err, SIGNET_E_NOT_FOUND, "nothing is sealed in %s for %s", v->folder, endpoint);
    error_hint(err, "run the order with the work folder that the device was made with; if that is "
                    "lost, `void` the device");
    return rc;
}

int vault_wipe(struct vault *v, const char *endpoint, struct signet_error *err)
{
    char name[40];
    int rc = device_file(endpoint, name, err);

    return rc == SIGNET_OK ? vault_wipe_file(v, name, err) : rc;
}
