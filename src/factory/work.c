/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that must outlive a crash between mint and load: one sealed file a device. */
#include "cred/cred.h"
#include "units.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define SEALED_MAX ((size_t)1024 * 1024)

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

int work_seal(struct signet_units *u, const char *endpoint, const struct signet_bytes *packet,
              struct signet_error *err)
{
    struct signet_bytes sealed = {0};
    struct secret plain = {0};
    char *path = NULL;
    int rc = secret_set(&plain, packet->data, packet->len, err);

    if (rc == SIGNET_OK)
        rc = seal(&u->key, endpoint, strlen(endpoint), &plain, &sealed, err);
    if (rc == SIGNET_OK)
        rc = path_of(u, endpoint, &path, err);
    if (rc == SIGNET_OK)
        rc = file_write(path, sealed.data, sealed.len, 0600, err);
    free(path);
    secret_wipe(&plain);
    signet_bytes_free(&sealed);
    return rc;
}

int work_read(struct signet_units *u, const char *endpoint, struct secret *packet,
              struct signet_error *err)
{
    struct buf sealed = {0};
    char *path = NULL;
    int rc = path_of(u, endpoint, &path, err);

    if (rc == SIGNET_OK && access(path, F_OK) != 0 && errno == ENOENT)
        rc = error_set(err, SIGNET_E_NOT_FOUND, "%s has no sealed credentials", endpoint);
    if (rc == SIGNET_OK)
        rc = file_read(path, SEALED_MAX, &sealed, err);
    if (rc == SIGNET_OK)
        rc = seal_open(&u->key, endpoint, strlen(endpoint), sealed.data, sealed.len, packet, err);
    if (rc == SIGNET_E_CRYPTO)
        error_prefix(err, "%s", path);
    buf_free(&sealed);
    free(path);
    return rc;
}

int work_wipe(struct signet_units *u, const char *endpoint, struct signet_error *err)
{
    static const uint8_t zeros[4096];
    char *path = NULL;
    int rc = path_of(u, endpoint, &path, err);

    if (rc != SIGNET_OK)
        return rc;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0) {
        off_t len = lseek(fd, 0, SEEK_END);
        /* best effort: a disk may keep the old block, but what is in it is sealed */
        for (off_t at = 0; at < len; at += (off_t)sizeof(zeros))
            if (pwrite(fd, zeros, len - at < 4096 ? (size_t)(len - at) : sizeof(zeros), at) < 0)
                break;
        fdatasync(fd);
        close(fd);
        if (unlink(path) != 0 && errno != ENOENT)
            rc = error_sys(err, SIGNET_E_IO, errno, "cannot remove %s", path);
    } else if (errno != ENOENT) {
        rc = error_sys(err, SIGNET_E_IO, errno, "cannot wipe %s", path);
    }
    free(path);
    return rc;
}
