/* SPDX-License-Identifier: Apache-2.0 */
/* A folder with a file for each device. All files of a batch are written, then the file system is
 * synced once: a sync for each file takes five times as long. */
#include "batch/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_LEN 160

/* A file that begins with a dot is overlooked, one that begins with a minus taken for an option:
 * both get an underscore in front, which no endpoint name has. */
static void name_of(const char *endpoint, char out[NAME_LEN])
{
    bool odd = endpoint[0] == '.' || endpoint[0] == '-';

    snprintf(out, NAME_LEN, "%s%s.cbor", odd ? "_" : "", endpoint);
}

int folder_open(int *fd, const char *path, bool change, struct signet_error *err)
{
    char name[PATH_MAX];
    struct stat st;
    size_t len = strlen(path);
    int rc = SIGNET_OK;

    while (len > 1 && path[len - 1] == '/')
        len--;
    if (len >= sizeof(name))
        return error_set(err, SIGNET_E_LIMIT, "the name of the folder of packets is too long");
    snprintf(name, sizeof(name), "%.*s", (int)len, path);
    if (change)
        rc = file_mkdir(name, 0700, err);
    if (rc != SIGNET_OK)
        return rc;
    *fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0 && errno == ENOENT && !change)
        return SIGNET_OK;
    if (*fd < 0 || fstat(*fd, &st) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot open the folder '%s'", name);
    if (st.st_uid == geteuid() && !(st.st_mode & 022))
        return SIGNET_OK;
    error_set(err, SIGNET_E_IO, "others may change what is in the folder '%s'", name);
    error_hint(err, "chmod 700 '%.100s', or name another folder in the order", name);
    return SIGNET_E_IO;
}

static const uint8_t *packet(const struct batch *b, size_t i, size_t *len)
{
    *len = b->parts[i].packet_len;
    return b->text.plain.data + b->parts[i].packet;
}

static int fail(const char *name, struct signet_error *err)
{
    return error_sys(err, SIGNET_E_IO, errno, "cannot write '%s' into the folder of packets", name);
}

static int foreign(const char *name, struct signet_error *err)
{
    error_set(err, SIGNET_E_EXISTS, "'%s' is in the folder of packets already, and not from here",
              name);
    error_hint(err, "move it away, then run the order again");
    return SIGNET_E_EXISTS;
}

/* What a crash may have left of the packet: any of its bytes written, the others zero or missing.
 */
static bool is_part(int fd, const uint8_t *data, size_t len)
{
    uint8_t found[4096];
    ssize_t n = 0;
    size_t at = 0;
    bool same = true;

    while (same && at < len && (n = pread(fd, found, sizeof(found), (off_t)at)) > 0)
        for (ssize_t i = 0; same && i < n; i++, at++)
            same = at < len && (found[i] == data[at] || found[i] == 0);
    wipe(found, sizeof(found));
    return same && n >= 0 && pread(fd, found, 1, (off_t)len) == 0;
}

static int open_again(int folder, const char *name, const uint8_t *data, size_t len, int *fd,
                      struct signet_error *err)
{
    struct stat st;

    *fd = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*fd < 0)
        return errno == ELOOP ? foreign(name, err) : fail(name, err);
    if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
        !(st.st_mode & 077) && st.st_nlink == 1 && is_part(*fd, data, len))
        return SIGNET_OK;
    close(*fd);
    return foreign(name, err);
}

static int write_one(int folder, const struct batch *b, size_t i, bool again,
                     struct signet_error *err)
{
    char name[NAME_LEN];
    size_t len;
    const uint8_t *data = packet(b, i, &len);
    int rc = SIGNET_OK;

    name_of(b->leases[i].endpoint, name);
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        rc = again ? open_again(folder, name, data, len, &fd, err) : foreign(name, err);
    else if (fd < 0)
        rc = fail(name, err);
    if (rc != SIGNET_OK)
        return rc;
    ssize_t n = pwrite(fd, data, len, 0);
    if (n != (ssize_t)len) {
        errno = n < 0 ? errno : ENOSPC; /* all or nothing, but for a full disk */
        rc = fail(name, err);
    }
    if (close(fd) != 0 && rc == SIGNET_OK)
        rc = fail(name, err);
    return rc;
}

int folder_write(int fd, const struct batch *b, bool again, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < b->count; i++)
        rc = write_one(fd, b, i, again, err);
    return rc;
}

int folder_check(int fd, const struct batch *b, struct signet_error *err)
{
    if (syncfs(fd) != 0 || fsync(fd) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot sync the folder of packets");
    for (size_t i = 0; i < b->count; i++) {
        char name[NAME_LEN];
        uint8_t found[4096];
        size_t len, at = 0;
        const uint8_t *data = packet(b, i, &len);
        ssize_t n = 0;

        name_of(b->leases[i].endpoint, name);
        int one = openat(fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        while (one >= 0 && (n = read(one, found, sizeof(found))) > 0) {
            if ((size_t)n > len - at || memcmp(found, data + at, (size_t)n) != 0)
                break;
            at += (size_t)n;
        }
        if (one >= 0)
            close(one);
        wipe(found, sizeof(found));
        if (one < 0 || n != 0 || at != len)
            return error_set(err, SIGNET_E_IO,
                             "'%s' in the folder of packets is not what was written", name);
    }
    return SIGNET_OK;
}
