/* SPDX-License-Identifier: Apache-2.0 */
/* A file that grows by whole lines, and of which we know at any moment what is ours. */
#include "batch/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int file_changed(const struct file *f, const char *what, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_CONFLICT,
                          "put it back as it was, or name another file in the order; both keep "
                          "what is in the ledger",
                          "'%s' is not as the run before left it: %s", f->path, what);
}

static int file_check_kind(struct file *f, struct signet_error *err)
{
    struct stat st;

    if (fstat(f->fd, &st) == 0 && file_is_private(&st)) {
        f->size = (uint64_t)st.st_size;
        return SIGNET_OK;
    }
    error_set(err, SIGNET_E_IO,
              "'%s' holds secrets, and is not a plain file of mode 0600 and yours", f->path);
    error_hint(err, "chmod 600 '%.100s', or name another file in the order", f->path);
    return SIGNET_E_IO;
}

/* Reads what shall be ours. */
static int hash_file(struct file *f, struct signet_error *err)
{
    uint8_t chunk[16 * 1024];
    int rc = sha256_begin(&f->hash, err);

    for (uint64_t at = 0; rc == SIGNET_OK && at < f->end;) {
        size_t want = f->end - at < sizeof(chunk) ? (size_t)(f->end - at) : sizeof(chunk);
        ssize_t n = TEMP_FAILURE_RETRY(pread(f->fd, chunk, want, (off_t)at));

        if (n < 0)
            rc = error_sys(err, SIGNET_E_IO, errno, "cannot read '%s'", f->path);
        else if (n == 0)
            rc = file_changed(f, "it is shorter", err);
        else
            rc = sha256_add(&f->hash, chunk, (size_t)n, err);
        at += n > 0 ? (uint64_t)n : 0;
    }
    wipe(chunk, sizeof(chunk));
    return rc;
}

static int file_mark(const struct file *f, struct mark *mark, struct signet_error *err)
{
    uint8_t digest[32];
    int rc = sha256_peek(&f->hash, digest, err);

    if (rc != SIGNET_OK)
        return rc;
    mark->bytes = f->end;
    hex_encode(digest, sizeof(digest), mark->sha256);
    return SIGNET_OK;
}

static int compare_mark(struct file *f, const struct mark *mark, struct signet_error *err)
{
    struct mark found;
    int rc = hash_file(f, err);

    f->explained = f->end;
    if (rc == SIGNET_OK)
        rc = file_mark(f, &found, err);
    if (rc == SIGNET_OK && mark->bytes && strcmp(found.sha256, mark->sha256) != 0)
        rc = file_changed(f, "its contents were changed", err);
    return rc;
}

int file_open(struct file *f, const char *path, const char *header, const struct mark *mark,
              bool change, struct signet_error *err)
{
    int flags = change ? O_RDWR | (mark->bytes ? 0 : O_CREAT) : O_RDONLY;

    *f = (struct file){.path = path, .header = header, .end = mark->bytes};
    f->fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (f->fd < 0 && errno == ENOENT && (mark->bytes || !change)) {
        f->gone = mark->bytes > 0;
        return SIGNET_OK;
    }
    if (f->fd < 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot open '%s'", path);
    int rc = file_check_kind(f, err);
    if (rc == SIGNET_OK && flock(f->fd, LOCK_EX | LOCK_NB) != 0)
        rc = error_set(err, SIGNET_E_BUSY, "another run writes '%s'", path);
    if (rc == SIGNET_OK)
        rc = compare_mark(f, mark, err);
    if (rc == SIGNET_OK && change && !mark->bytes)
        rc = file_sync_folder(path, err);
    return rc;
}

int file_holds(int fd, uint64_t at, const void *data, size_t len, bool torn)
{
    const uint8_t *wanted = data;
    uint8_t found[4096];
    int same = 1;

    for (size_t done = 0; same == 1 && done < len;) {
        size_t want = len - done < sizeof(found) ? len - done : sizeof(found);
        ssize_t n = TEMP_FAILURE_RETRY(pread(fd, found, want, (off_t)(at + done)));

        if (n == 0 && torn)
            break;
        if (n <= 0)
            same = (int)n;
        for (ssize_t i = 0; same == 1 && i < n; i++, done++)
            same = found[i] == wanted[done] || (torn && found[i] == 0);
    }
    wipe(found, sizeof(found));
    return same;
}

static int explain_bytes(struct file *f, const void *data, size_t len, struct signet_error *err)
{
    int same = file_holds(f->fd, f->explained, data, len, true);

    f->explained += len;
    if (same < 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot read '%s'", f->path);
    return same ? SIGNET_OK : file_changed(f, "its end was changed", err);
}

int file_explain(struct file *f, const struct buf *text, struct signet_error *err)
{
    int rc = SIGNET_OK;

    if (f->size <= f->end)
        return SIGNET_OK;
    if (!f->explained && f->header)
        rc = explain_bytes(f, f->header, strlen(f->header), err);
    return rc == SIGNET_OK ? explain_bytes(f, text->data, text->len, err) : rc;
}

int file_cut(struct file *f, bool change, struct signet_error *err)
{
    if (f->size <= f->end)
        return SIGNET_OK;
    if (f->size > f->explained)
        return file_changed(f, "something was added to it", err);
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

static int file_put(struct file *f, const void *data, size_t len, struct signet_error *err)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = TEMP_FAILURE_RETRY(
            pwrite(f->fd, (const char *)data + done, len - done, (off_t)(f->end + done)));

        if (n <= 0)
            return error_sys(err, SIGNET_E_IO, n ? errno : ENOSPC, "cannot write '%s'", f->path);
        done += (size_t)n;
    }
    f->end += len;
    return sha256_add(&f->hash, data, len, err);
}

int file_append(struct file *f, const struct buf *text, struct mark *mark, struct signet_error *err)
{
    int rc = SIGNET_OK;

    if (!f->path)
        return SIGNET_OK;
    if (!f->end && f->header)
        rc = file_put(f, f->header, strlen(f->header), err);
    if (rc == SIGNET_OK)
        rc = file_put(f, text->data, text->len, err);
    return rc == SIGNET_OK ? file_mark(f, mark, err) : rc;
}

/* What was sealed for it is removed next. */
static int file_is_there(const struct file *f, struct signet_error *err)
{
    struct stat open, named;

    if (fstat(f->fd, &open) == 0 && lstat(f->path, &named) == 0 && open.st_ino == named.st_ino &&
        open.st_dev == named.st_dev)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_IO, "put it back, then run the order again",
                          "'%s' was moved, removed or replaced while the run wrote to it", f->path);
}

int file_settle(const struct file *f, const struct buf *text, const struct mark *mark,
                struct signet_error *err)
{
    if (!f->path)
        return SIGNET_OK;
    if (fdatasync(f->fd) != 0) /* the length is synced too */
        return error_sys(err, SIGNET_E_IO, errno, "cannot sync '%s'", f->path);
    /* another program that writes into the file would show */
    int same = file_holds(f->fd, mark->bytes - text->len, text->data, text->len, false);
    return same == 1 ? file_is_there(f, err)
                     : error_sys(err, SIGNET_E_IO, same ? errno : EIO,
                                 "'%s' does not hold what was written to it", f->path);
}
