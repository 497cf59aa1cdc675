/* SPDX-License-Identifier: Apache-2.0 */
/* A folder with a file for each device. All files of a batch are written, then the file system is
 * synced once: a sync for each file takes five times as long. */
#include "batch/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_LEN 160

static void name_of(const char *endpoint, char out[NAME_LEN])
{
    snprintf(out, NAME_LEN, "%s%s.cbor", file_name_front(endpoint), endpoint);
}

static int folder_fail(const char *name, struct signet_error *err)
{
    return error_sys(err, SIGNET_E_IO, errno, "cannot write '%s' into the folder of packets", name);
}

static int foreign(const char *name, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_EXISTS, "move it away, then run the order again",
                          "'%s' is in the folder of packets already, and not from here", name);
}

/* What a crash may have left of the packet: no more than its bytes. */
static int open_again(int folder, const char *name, const uint8_t *data, size_t len, int *fd,
                      struct signet_error *err)
{
    struct stat st;

    *fd = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*fd < 0)
        return errno == ELOOP ? foreign(name, err) : folder_fail(name, err);
    if (fstat(*fd, &st) == 0 && file_is_private(&st) && st.st_size <= (off_t)len &&
        file_holds(*fd, 0, data, len, true) == 1)
        return SIGNET_OK;
    close(*fd);
    return foreign(name, err);
}

static int write_one(int folder, const struct batch *b, size_t i, bool again,
                     struct signet_error *err)
{
    char name[NAME_LEN];
    size_t len;
    const uint8_t *data = batch_packet(b, i, &len);
    int rc = SIGNET_OK;

    name_of(b->leases[i].endpoint, name);
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        rc = again ? open_again(folder, name, data, len, &fd, err) : foreign(name, err);
    else if (fd < 0)
        rc = folder_fail(name, err);
    if (rc != SIGNET_OK)
        return rc;
    ssize_t n = pwrite(fd, data, len, 0);
    if (n != (ssize_t)len) {
        errno = n < 0 ? errno : ENOSPC; /* all or nothing, but for a full disk */
        rc = folder_fail(name, err);
    }
    if (close(fd) != 0 && rc == SIGNET_OK)
        rc = folder_fail(name, err);
    return rc;
}

int folder_write(int fd, const struct batch *b, bool again, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < b->count; i++)
        rc = write_one(fd, b, i, again, err);
    return rc;
}

/* The same bytes, read again, and no more. */
static bool is_written(int folder, const char *name, const uint8_t *data, size_t len)
{
    struct stat st;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool same = fd >= 0 && fstat(fd, &st) == 0 && st.st_size == (off_t)len &&
                file_holds(fd, 0, data, len, false) == 1;

    if (fd >= 0)
        close(fd);
    return same;
}

int folder_check(int fd, const struct batch *b, struct signet_error *err)
{
    if (syncfs(fd) != 0 || fsync(fd) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot sync the folder of packets");
    for (size_t i = 0; i < b->count; i++) {
        char name[NAME_LEN];
        size_t len;
        const uint8_t *data = batch_packet(b, i, &len);

        name_of(b->leases[i].endpoint, name);
        if (!is_written(fd, name, data, len))
            return error_set(err, SIGNET_E_IO,
                             "'%s' in the folder of packets is not what was written", name);
    }
    return SIGNET_OK;
}
