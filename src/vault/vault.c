/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of sealed files, its lock and its key; one file a device. */
#include "pki/pki.h"
#include "vault/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define SEALED_MAX ((size_t)1024 * 1024)

/* One process at a time; the kernel lets go of it when that one ends, however it ends. */
static int take_lock(struct vault *v, struct signet_error *err)
{
    char *path = NULL;

    if (asprintf(&path, "%s/lock", v->folder) < 0)
        return error_nomem(err);
    v->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int rc = SIGNET_OK;
    if (v->lock_fd < 0)
        rc = error_sys(err, SIGNET_E_IO, errno, "%s", path);
    else if (flock(v->lock_fd, LOCK_EX | LOCK_NB) != 0)
        rc = error_set(err, SIGNET_E_BUSY, "another run is at work in %s", v->folder);
    free(path);
    return rc;
}

/* What a crash left half written: ".NAME.RANDOM" of file_write(). The lock is held. */
static int sweep(struct vault *v, struct signet_error *err)
{
    DIR *dir = opendir(v->folder);
    struct dirent *entry;

    if (!dir)
        return error_sys(err, SIGNET_E_IO, errno, "cannot look into %s", v->folder);
    while ((entry = readdir(dir)))
        if (entry->d_name[0] == '.' &&
            (strstr(entry->d_name, ".sealed.") || strstr(entry->d_name, ".state.") ||
             strstr(entry->d_name, ".key-check.")))
            unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    return SIGNET_OK;
}

/* Is there anything sealed in the folder? */
static bool holds_secrets(const struct vault *v)
{
    DIR *dir = opendir(v->folder);
    struct dirent *entry;
    bool found = false;

    while (dir && !found && (entry = readdir(dir))) {
        const char *end = strrchr(entry->d_name, '.');
        found = end && strcmp(end, ".sealed") == 0;
    }
    if (dir)
        closedir(dir);
    return found;
}

/* With another key each device would look as if its own file were damaged. So the folder holds a
 * sealed word that is opened first. */
static int check_key(struct vault *v, const char *key_file, struct signet_error *err)
{
    static const char word[] = "signet";
    const struct secret plain = {.data = (uint8_t *)(uintptr_t)word, .len = sizeof(word)};
    struct secret found = {0};
    char *path = NULL;

    if (asprintf(&path, "%s/key-check", v->folder) < 0)
        return error_nomem(err);
    int rc = access(path, F_OK) == 0
                 ? vault_open_file(v, path, "key-check", SEALED_MAX, &found, err)
                 : SIGNET_E_NOT_FOUND;
    if (rc == SIGNET_E_NOT_FOUND || (rc == SIGNET_E_SEAL && !holds_secrets(v)))
        rc = vault_seal_file(v, path, "key-check", &plain, err);
    if (rc == SIGNET_E_SEAL) {
        rc = error_set(err, SIGNET_E_CRYPTO,
                       "%s is not the key that the secrets in %s were sealed "
                       "with",
                       key_file, v->folder);
        error_hint(err, "put the key file of this folder back, or use another work folder");
    }
    secret_wipe(&found);
    free(path);
    return rc;
}

static int name_order(struct vault *v, const char *order, struct signet_error *err)
{
    uint8_t digest[32];
    int rc = sha256(order, strlen(order), digest, err);

    if (rc == SIGNET_OK)
        hex_encode(digest, 8, v->tag);
    return rc;
}

static int fill(struct vault *v, const char *folder, const char *key_file, const char *order,
                struct signet_error *err)
{
    v->folder = strdup(folder);
    if (!v->folder)
        return error_nomem(err);
    int rc = name_order(v, order, err);
    if (rc == SIGNET_OK)
        rc = file_mkdir(folder, 0700, err);
    if (rc == SIGNET_OK)
        rc = take_lock(v, err);
    if (rc == SIGNET_OK)
        rc = sweep(v, err);
    if (rc == SIGNET_OK)
        rc = seal_key_file(key_file, &v->key, err);
    return rc == SIGNET_OK ? check_key(v, key_file, err) : rc;
}

int vault_open(struct vault **out, const char *folder, const char *key_file, const char *order,
               struct signet_error *err)
{
    struct vault *v = calloc(1, sizeof(*v));

    if (!v)
        return error_nomem(err);
    v->lock_fd = -1;
    pthread_mutex_init(&v->lock, NULL);
    int rc = fill(v, folder, key_file, order, err);
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
    secret_wipe(&v->key);
    if (v->lock_fd >= 0)
        close(v->lock_fd);
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

/* The name tells nobody whose it is, and is no name that a file cannot have. */
static int path_of(const struct vault *v, const char *endpoint, char **out,
                   struct signet_error *err)
{
    uint8_t digest[32];
    char hex[65];
    int rc = sha256(endpoint, strlen(endpoint), digest, err);

    if (rc != SIGNET_OK)
        return rc;
    hex_encode(digest, 16, hex);
    return asprintf(out, "%s/%s.sealed", v->folder, hex) < 0 ? error_nomem(err) : SIGNET_OK;
}

int vault_seal_file(struct vault *v, const char *path, const char *purpose,
                    const struct secret *plain, struct signet_error *err)
{
    struct signet_bytes sealed = {0};
    int rc = seal(&v->key, purpose, strlen(purpose), plain, &sealed, err);

    if (rc == SIGNET_OK)
        rc = file_write(path, sealed.data, sealed.len, 0600, err);
    signet_bytes_free(&sealed);
    return rc;
}

int vault_open_file(struct vault *v, const char *path, const char *purpose, size_t max,
                    struct secret *plain, struct signet_error *err)
{
    struct buf sealed = {0};
    int rc = file_read(path, max, &sealed, err);

    if (rc == SIGNET_OK)
        rc = seal_open(&v->key, purpose, strlen(purpose), sealed.data, sealed.len, plain, err);
    if (rc == SIGNET_E_CRYPTO) { /* what is sealed in it is lost; the other files are not */
        rc = error_set(err, SIGNET_E_SEAL,
                       "the sealed file %s is damaged: a rework gives its devices new "
                       "credentials",
                       path);
    }
    buf_free(&sealed);
    return rc;
}

/* The name goes first: nobody finds half of it. The rest is best effort: a disk may keep the old
 * blocks, but what is in them is sealed. */
int vault_wipe_file(const char *path, struct signet_error *err)
{
    static const uint8_t zeros[4096];
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return errno == ENOENT ? SIGNET_OK
                               : error_sys(err, SIGNET_E_IO, errno, "cannot wipe %s", path);
    if (unlink(path) != 0 && errno != ENOENT) {
        int sys = errno;

        close(fd);
        return error_sys(err, SIGNET_E_IO, sys, "cannot remove %s", path);
    }
    off_t len = lseek(fd, 0, SEEK_END);
    for (off_t at = 0; at < len; at += (off_t)sizeof(zeros))
        if (pwrite(fd, zeros, len - at < 4096 ? (size_t)(len - at) : sizeof(zeros), at) < 0)
            break;
    fdatasync(fd);
    close(fd);
    return SIGNET_OK;
}

int vault_seal(struct vault *v, const char *endpoint, const struct signet_bytes *packet,
               struct signet_error *err)
{
    const struct secret plain = {.data = packet->data, .len = packet->len}; /* a view */
    char *path = NULL;
    int rc = path_of(v, endpoint, &path, err);

    if (rc == SIGNET_OK)
        rc = vault_seal_file(v, path, endpoint, &plain, err);
    free(path);
    return rc;
}

int vault_read(struct vault *v, const char *endpoint, struct secret *packet,
               struct signet_error *err)
{
    char *path = NULL;
    int rc = path_of(v, endpoint, &path, err);

    if (rc == SIGNET_OK && access(path, F_OK) != 0 && errno == ENOENT) {
        rc = error_set(err, SIGNET_E_NOT_FOUND, "nothing is sealed in %s for %s", v->folder,
                       endpoint);
        error_hint(err, "run the order with the work folder that the device was made with; if that "
                        "is lost, `void` the device");
    }
    if (rc == SIGNET_OK)
        rc = vault_open_file(v, path, endpoint, SEALED_MAX, packet, err);
    free(path);
    return rc;
}

int vault_wipe(struct vault *v, const char *endpoint, struct signet_error *err)
{
    char *path = NULL;
    int rc = path_of(v, endpoint, &path, err);

    if (rc == SIGNET_OK)
        rc = vault_wipe_file(path, err);
    free(path);
    return rc;
}
