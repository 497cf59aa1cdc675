/* SPDX-License-Identifier: Apache-2.0 */
/* A file that grows by whole lines, and of which we know at any moment what is ours. */
#include "batch/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

static int changed(const struct file *f, const char *what, struct signet_error *err)
{
    error_set(err, SIGNET_E_CONFLICT, "'%s' is not as the run before left it: %s", f->path, what);
    error_hint(err, "put it back as it was, or name another file in the order; both keep what is "
                    "in the ledger");
    return SIGNET_E_CONFLICT;
}

static int check_kind(const struct file *f, const struct stat *st, struct signet_error *err)
{
    if (S_ISREG(st->st_mode) && st->st_nlink == 1 && st->st_uid == geteuid() &&
        !(st->st_mode & 077))
        return SIGNET_OK;
    error_set(err, SIGNET_E_IO,
              "'%s' holds secrets, and is not a plain file of mode 0600 and yours", f->path);
    error_hint(err, "chmod 600 '%.100s', or name another file in the order", f->path);
    return SIGNET_E_IO;
}

/* Reads what shall be ours, up to end. */
static int hash_file(struct file *f, uint64_t end, struct signet_error *err)
{
    uint8_t *chunk = malloc(CHUNK);
    int rc = chunk ? sha256_begin(&f->hash, err) : error_nomem(err);

    for (uint64_t at = 0; rc == SIGNET_OK && at < end;) {
        size_t want = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
        ssize_t n = pread(f->fd, chunk, want, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            rc = error_sys(err, SIGNET_E_IO, errno, "cannot read '%s'", f->path);
        else if (n == 0)
            rc = changed(f, "it is shorter", err);
        else
            rc = sha256_add(&f->hash, chunk, (size_t)n, err);
        at += n > 0 ? (uint64_t)n : 0;
    }
    if (chunk)
        wipe(chunk, CHUNK);
    free(chunk);
    return rc;
}

static int compare(struct file *f, const struct mark *mark, struct signet_error *err)
{
    struct mark found;
    int rc = hash_file(f, mark->bytes, err);

    f->end = f->explained = mark->bytes;
    if (rc == SIGNET_OK)
        rc = file_mark(f, &found, err);
    if (rc == SIGNET_OK && mark->bytes && strcmp(found.sha256, mark->sha256) != 0)
        rc = changed(f, "its contents were changed", err);
    return rc;
}

static int sync_folder(const char *path, struct signet_error *err)
{
    char folder[PATH_MAX];
    char *slash;

    snprintf(folder, sizeof(folder), "%s", path);
    slash = strrchr(folder, '/');
    if (slash == folder)
        slash[1] = '\0';
    else if (slash)
        *slash = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd >= 0 && fsync(fd) == 0
                 ? SIGNET_OK
                 : error_sys(err, SIGNET_E_IO, errno, "cannot sync the folder of '%s'", path);

    if (fd >= 0)
        close(fd);
    return rc;
}

static int absent(struct file *f, const struct mark *mark, struct signet_error *err)
{
    f->gone = mark->bytes > 0;
    f->end = mark->bytes;
    return f->gone ? SIGNET_OK : sha256_begin(&f->hash, err);
}

int file_open(struct file *f, const char *path, const char *header, const struct mark *mark,
              bool change, struct signet_error *err)
{
    struct stat st = {0};
    int flags = change ? O_RDWR | (mark->bytes ? 0 : O_CREAT) : O_RDONLY;

    *f = (struct file){.path = path, .header = header};
    f->fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (f->fd < 0 && errno == ENOENT && (mark->bytes || !change))
        return absent(f, mark, err);
    if (f->fd < 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot open '%s'", path);
    if (fstat(f->fd, &st) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot look at '%s'", path);
    f->size = (uint64_t)st.st_size;
    int rc = check_kind(f, &st, err);
    if (rc == SIGNET_OK && flock(f->fd, LOCK_EX | LOCK_NB) != 0)
        rc = error_set(err, SIGNET_E_BUSY, "another run writes '%s'", path);
    if (rc == SIGNET_OK)
        rc = compare(f, mark, err);
    if (rc == SIGNET_OK && change && !mark->bytes)
        rc = sync_folder(path, err);
    return rc;
}

/* Any of the bytes written, the others zero or missing: so a crash leaves it. */
static int explain(struct file *f, const uint8_t *data, size_t len, struct signet_error *err)
{
    uint8_t found[4096];
    int rc = SIGNET_OK;

    for (size_t at = 0; rc == SIGNET_OK && at < len;) {
        size_t want = len - at < sizeof(found) ? len - at : sizeof(found);
        ssize_t n = pread(f->fd, found, want, (off_t)(f->explained + at));

        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            rc = error_sys(err, SIGNET_E_IO, errno, "cannot read '%s'", f->path);
        for (ssize_t i = 0; rc == SIGNET_OK && i < n; i++)
            if (found[i] != data[at + (size_t)i] && found[i] != 0)
                rc = changed(f, "its end was changed", err);
        at += n > 0 ? (size_t)n : 0;
    }
    wipe(found, sizeof(found));
    f->explained += len;
    return rc;
}

int file_explain(struct file *f, const struct buf *text, struct signet_error *err)
{
    int rc = SIGNET_OK;

    if (!f->path || f->fd < 0 || f->size <= f->end)
        return SIGNET_OK;
    if (!f->explained && f->header)
        rc = explain(f, (const uint8_t *)f->header, strlen(f->header), err);
    return rc == SIGNET_OK ? explain(f, text->data, text->len, err) : rc;
}

int file_cut(struct file *f, bool change, struct signet_error *err)
{
    if (!f->path || f->fd < 0 || f->size <= f->end)
        return SIGNET_OK;
    if (f->size > f->explained)
        return changed(f, "something was added to it", err);
    if (change && ftruncate(f->fd, (off_t)f->end) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot cut off '%s'", f->path);
    return SIGNET_OK;
}

void file_close(struct file *f)
{
    if (f->path && f->fd >= 0)
        close(f->fd); /* and its lock */
    sha256_drop(&f->hash);
    *f = (struct file){.fd = -1};
}

static int write_at(const struct file *f, const uint8_t *data, size_t len, uint64_t at,
                    struct signet_error *err)
{
    while (len) {
        ssize_t n = pwrite(f->fd, data, len, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_sys(err, SIGNET_E_IO, n ? errno : ENOSPC, "cannot write '%s'", f->path);
        data += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return SIGNET_OK;
}

static int put(struct file *f, const void *data, size_t len, struct signet_error *err)
{
    int rc = write_at(f, data, len, f->end, err);

    if (rc == SIGNET_OK)
        rc = sha256_add(&f->hash, data, len, err);
    f->end += rc == SIGNET_OK ? len : 0;
    return rc;
}

int file_append(struct file *f, const struct buf *text, uint64_t *at, struct signet_error *err)
{
    int rc = SIGNET_OK;

    if (!f->path)
        return SIGNET_OK;
    if (!f->end && f->header)
        rc = put(f, f->header, strlen(f->header), err);
    *at = f->end;
    return rc == SIGNET_OK ? put(f, text->data, text->len, err) : rc;
}

/* The same bytes, read again: another program that writes into the file would show. */
static int check(const struct file *f, const struct buf *text, uint64_t at,
                 struct signet_error *err)
{
    uint8_t *chunk = malloc(CHUNK);
    size_t done = 0;
    int rc = chunk ? SIGNET_OK : error_nomem(err);

    while (rc == SIGNET_OK && done < text->len) {
        size_t want = text->len - done < CHUNK ? text->len - done : CHUNK;
        ssize_t n = pread(f->fd, chunk, want, (off_t)(at + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || memcmp(chunk, text->data + done, (size_t)n) != 0)
            rc = error_sys(err, SIGNET_E_IO, n < 0 ? errno : EIO,
                           "'%s' does not hold what was written to it", f->path);
        done += n > 0 ? (size_t)n : 0;
    }
    if (chunk)
        wipe(chunk, CHUNK);
    free(chunk);
    return rc;
}

int file_settle(const struct file *f, const struct buf *text, uint64_t at, struct signet_error *err)
{
    if (!f->path)
        return SIGNET_OK;
    if (fdatasync(f->fd) != 0) /* the length is synced too */
        return error_sys(err, SIGNET_E_IO, errno, "cannot sync '%s'", f->path);
    return check(f, text, at, err);
}

int file_mark(const struct file *f, struct mark *mark, struct signet_error *err)
{
    uint8_t digest[32];
    int rc = sha256_peek(&f->hash, digest, err);

    if (rc != SIGNET_OK)
        return rc;
    mark->bytes = f->end;
    hex_encode(digest, sizeof(digest), mark->sha256);
    return SIGNET_OK;
}
