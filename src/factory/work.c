/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that must outlive a crash between mint and load: one sealed file a device, or a batch. */
#include "pki/pki.h"
#include "units.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define SEALED_MAX ((size_t)1024 * 1024)
#define BATCH_MAX  ((size_t)16 * 1024 * 1024)

/* One process at a time; the kernel lets go of it when that one ends, however it ends. */
static int take_lock(struct signet_units *u, struct signet_error *err)
{
    char *path = NULL;

    if (asprintf(&path, "%s/lock", u->work) < 0)
        return error_nomem(err);
    u->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int rc = SIGNET_OK;
    if (u->lock_fd < 0)
        rc = error_sys(err, SIGNET_E_IO, errno, "%s", path);
    else if (flock(u->lock_fd, LOCK_EX | LOCK_NB) != 0)
        rc = error_set(err, SIGNET_E_BUSY, "another run is at work in %s", u->work);
    free(path);
    return rc;
}

/* What a crash left half written: ".NAME.RANDOM" of file_write(). The lock is held. */
static int sweep(struct signet_units *u, struct signet_error *err)
{
    DIR *dir = opendir(u->work);
    struct dirent *entry;

    if (!dir)
        return error_sys(err, SIGNET_E_IO, errno, "cannot look into %s", u->work);
    while ((entry = readdir(dir)))
        if (entry->d_name[0] == '.' &&
            (strstr(entry->d_name, ".sealed.") || strstr(entry->d_name, ".state.")))
            unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    return SIGNET_OK;
}

int work_open(struct signet_units *u, const char *folder, const char *key_file,
              struct signet_error *err)
{
    u->work = strdup(folder);
    if (!u->work)
        return error_nomem(err);
    int rc = file_mkdir(folder, 0700, err);
    if (rc == SIGNET_OK)
        rc = take_lock(u, err);
    if (rc == SIGNET_OK)
        rc = sweep(u, err);
    if (rc == SIGNET_OK)
        rc = seal_key_file(key_file, &u->key, err);
    return rc;
}

void work_close(struct signet_units *u)
{
    secret_wipe(&u->key);
    if (u->lock_fd >= 0)
        close(u->lock_fd);
    free(u->work);
    u->work = NULL;
}

/* The name tells nobody whose it is, and is no name that a file cannot have. */
static int path_of(const struct signet_units *u, const char *endpoint, char **out,
                   struct signet_error *err)
{
    uint8_t digest[32];
    char hex[65];
    int rc = sha256(endpoint, strlen(endpoint), digest, err);

    if (rc != SIGNET_OK)
        return rc;
    hex_encode(digest, 16, hex);
    return asprintf(out, "%s/%s.sealed", u->work, hex) < 0 ? error_nomem(err) : SIGNET_OK;
}

static int seal_file(struct signet_units *u, const char *path, const char *purpose,
                     const struct secret *plain, struct signet_error *err)
{
    struct signet_bytes sealed = {0};
    int rc = seal(&u->key, purpose, strlen(purpose), plain, &sealed, err);

    if (rc == SIGNET_OK)
        rc = file_write(path, sealed.data, sealed.len, 0600, err);
    signet_bytes_free(&sealed);
    return rc;
}

static int open_file(struct signet_units *u, const char *path, const char *purpose, size_t max,
                     struct secret *plain, struct signet_error *err)
{
    struct buf sealed = {0};
    int rc = file_read(path, max, &sealed, err);

    if (rc == SIGNET_OK)
        rc = seal_open(&u->key, purpose, strlen(purpose), sealed.data, sealed.len, plain, err);
    if (rc == SIGNET_E_CRYPTO)
        error_prefix(err, "%s", path);
    buf_free(&sealed);
    return rc;
}

/* The name goes first: nobody finds half of it. The rest is best effort: a disk may keep the old
 * blocks, but what is in them is sealed. */
static int wipe_file(const char *path, struct signet_error *err)
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

int work_seal(struct signet_units *u, const char *endpoint, const struct signet_bytes *packet,
              struct signet_error *err)
{
    const struct secret plain = {.data = packet->data, .len = packet->len}; /* a view */
    char *path = NULL;
    int rc = path_of(u, endpoint, &path, err);

    if (rc == SIGNET_OK)
        rc = seal_file(u, path, endpoint, &plain, err);
    free(path);
    return rc;
}

int work_read(struct signet_units *u, const char *endpoint, struct secret *packet,
              struct signet_error *err)
{
    char *path = NULL;
    int rc = path_of(u, endpoint, &path, err);

    if (rc == SIGNET_OK && access(path, F_OK) != 0 && errno == ENOENT)
        rc = error_set(err, SIGNET_E_NOT_FOUND, "%s has no sealed credentials", endpoint);
    if (rc == SIGNET_OK)
        rc = open_file(u, path, endpoint, SEALED_MAX, packet, err);
    free(path);
    return rc;
}

int work_wipe(struct signet_units *u, const char *endpoint, struct signet_error *err)
{
    char *path = NULL;
    int rc = path_of(u, endpoint, &path, err);

    if (rc == SIGNET_OK)
        rc = wipe_file(path, err);
    free(path);
    return rc;
}

/* batches */

/* The file's name is also what it is sealed for: one cannot pass for another. */
static int batch_path(const struct signet_units *u, const char *tag, uint64_t number, char **path,
                      const char **name, struct signet_error *err)
{
    if (asprintf(path, "%s/mint-%s-%08" PRIu64 ".sealed", u->work, tag, number) < 0)
        return error_nomem(err);
    *name = *path + strlen(u->work) + 1;
    return SIGNET_OK;
}

int work_batch_seal(struct signet_units *u, const char *tag, uint64_t number,
                    const struct buf *plain, struct signet_error *err)
{
    const struct secret view = {.data = plain->data, .len = plain->len};
    const char *name = NULL;
    char *path = NULL;
    int rc = batch_path(u, tag, number, &path, &name, err);

    if (rc == SIGNET_OK)
        rc = seal_file(u, path, name, &view, err);
    free(path);
    return rc;
}

int work_batch_read(struct signet_units *u, const char *tag, uint64_t number, struct secret *plain,
                    struct signet_error *err)
{
    const char *name = NULL;
    char *path = NULL;
    int rc = batch_path(u, tag, number, &path, &name, err);

    if (rc == SIGNET_OK)
        rc = open_file(u, path, name, BATCH_MAX, plain, err);
    free(path);
    return rc;
}

int work_batch_wipe(struct signet_units *u, const char *tag, uint64_t number,
                    struct signet_error *err)
{
    const char *name = NULL;
    char *path = NULL;
    int rc = batch_path(u, tag, number, &path, &name, err);

    if (rc == SIGNET_OK)
        rc = wipe_file(path, err);
    free(path);
    return rc;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* "mint-TAG-NUMBER.sealed" */
static bool is_batch(const char *name, const char *tag, uint64_t *number)
{
    size_t len = strlen(tag);
    char *end = NULL;

    if (strncmp(name, "mint-", 5) != 0 || strncmp(name + 5, tag, len) != 0 || name[5 + len] != '-')
        return false;
    name += 6 + len;
    *number = strtoull(name, &end, 10);
    return *name >= '0' && *name <= '9' && strcmp(end, ".sealed") == 0;
}

/* A power cut may bring back the name of one that was wiped. */
static bool is_wiped(int folder, const char *name)
{
    uint8_t head[4] = {1};
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool wiped = fd >= 0 && read(fd, head, sizeof(head)) == (ssize_t)sizeof(head) &&
                 memcmp(head, "\0\0\0", sizeof(head)) == 0;

    if (fd >= 0)
        close(fd);
    if (wiped)
        unlinkat(folder, name, 0);
    return wiped;
}

int work_batch_list(struct signet_units *u, const char *tag, uint64_t **numbers, size_t *count,
                    struct signet_error *err)
{
    DIR *dir = opendir(u->work);
    struct buf list = {0};
    struct dirent *entry;
    uint64_t number = 0;

    if (!dir)
        return error_sys(err, SIGNET_E_IO, errno, "cannot look into %s", u->work);
    while ((entry = readdir(dir)))
        if (is_batch(entry->d_name, tag, &number) && !is_wiped(dirfd(dir), entry->d_name))
            buf_append(&list, &number, sizeof(number));
    closedir(dir);
    int rc = buf_check(&list, err);
    if (rc != SIGNET_OK)
        return rc;
    *count = list.len / sizeof(number);
    *numbers = (uint64_t *)(void *)list.data; /* malloc's, or NULL */
    if (*count)
        qsort(*numbers, *count, sizeof(number), compare);
    return SIGNET_OK;
}
