/* SPDX-License-Identifier: Apache-2.0 */
/* A file of rows for every system that has no adapter. A row is appended whole and synced, or not
 * at all; the device's row being there already is success, another one for its name is not. */
#include "server/export.h"
#include "server/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH_MAX = 1000 };

struct export
{
    char *path;
    struct export_format format;
};

/* An open file under its lock, and what it holds up to the last whole row. */
struct table {
    int fd;
    char *map;
    size_t mapped, len;
    bool is_new;
};

static int open_table(struct table *t, const char *path, bool write, struct signet_error *err)
{
    int flags = (write ? O_RDWR | O_CREAT | O_APPEND : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW;
    struct stat st;
    const char *end;

    *t = (struct table){.fd = open(path, flags, 0600)};
    if (t->fd < 0 && errno == ENOENT)
        return error_set(err, SIGNET_E_NOT_FOUND, "there is no export '%s' yet", path);
    if (t->fd < 0 || flock(t->fd, write ? LOCK_EX : LOCK_SH) != 0 || fstat(t->fd, &st) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "opening the export '%s'", path);
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077)) {
        error_set(err, SIGNET_E_IO, "the export '%s' is not a file of mode 0600", path);
        error_hint(err, "it holds keys: chmod 600, or name another file");
        return SIGNET_E_IO;
    }
    t->mapped = (size_t)st.st_size;
    t->is_new = !t->mapped;
    if (!t->mapped)
        return SIGNET_OK;
    t->map = mmap(NULL, t->mapped, PROT_READ, MAP_PRIVATE, t->fd, 0);
    if (t->map == MAP_FAILED) {
        t->map = NULL;
        return error_sys(err, SIGNET_E_IO, errno, "reading the export '%s'", path);
    }
    end = memrchr(t->map, '\n', t->mapped); /* a crash may have left half a row */
    t->len = end ? (size_t)(end - t->map) + 1 : 0;
    return SIGNET_OK;
}

static void close_table(struct table *t)
{
    if (t->map)
        munmap(t->map, t->mapped);
    if (t->fd >= 0)
        close(t->fd); /* and its lock */
}

/* The row that begins so, or NULL. */
static const char *find_row(const char *text, size_t len, const struct buf *start)
{
    const char *at = text, *end = text + len;

    while (at && at < end) {
        const char *hit = memmem(at, (size_t)(end - at), start->data, start->len);

        if (!hit || hit == text || hit[-1] == '\n')
            return hit;
        at = hit + 1;
    }
    return NULL;
}

/* SIGNET_OK: not there. SIGNET_E_EXISTS with *same: there, and so; else another row of its name. */
static int look(const char *text, size_t len, const struct buf *start, const struct buf *row,
                bool *same)
{
    const char *there = text ? find_row(text, len, start) : NULL;

    if (!there)
        return SIGNET_OK;
    *same = (size_t)(text + len - there) >= row->len && memcmp(there, row->data, row->len) == 0;
    return SIGNET_E_EXISTS;
}

static int taken(const struct signet_device *device, const struct export *x,
                 struct signet_error *err)
{
    error_set(err, SIGNET_E_EXISTS, "the export '%s' has another row for '%s'", x->path,
              device->endpoint);
    error_hint(err, "take the old row out, or give this device another name");
    return SIGNET_E_EXISTS;
}

static int sync_folder(const char *path, struct signet_error *err)
{
    char *copy = strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int rc = fd >= 0 && fsync(fd) == 0
                 ? SIGNET_OK
                 : error_sys(err, SIGNET_E_IO, errno, "syncing the folder of '%s'", path);

    if (fd >= 0)
        close(fd);
    free(copy);
    return rc;
}

/* All of it on the disk, or the file as before. */
static int append(struct table *t, const char *path, const struct buf *rows,
                  struct signet_error *err)
{
    size_t done = 0;

    if (t->len < t->mapped && ftruncate(t->fd, (off_t)t->len) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "ending the last row of '%s'", path);
    failpoint("before-export");
    while (done < rows->len) {
        ssize_t n = write(t->fd, rows->data + done, rows->len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int sys = errno;

            (void)!ftruncate(t->fd, (off_t)t->len);
            return error_sys(err, SIGNET_E_IO, sys, "writing the export '%s'", path);
        }
        done += (size_t)n;
    }
    if (fsync(t->fd) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "syncing the export '%s'", path);
    failpoint("after-export");
    return t->is_new ? sync_folder(path, err) : SIGNET_OK;
}

/* Adds to rows what the file has not got yet. */
static int plan(struct export *x, const struct table *t, const struct signet_device *device,
                struct buf *rows, bool *existed, struct signet_error *err)
{
    struct buf start = {0}, row = {0};
    bool same = false;
    int rc;

    *existed = false;
    export_start(&x->format, device, &start);
    export_row(&x->format, device, &row);
    rc = buf_check(&start, err);
    rc = rc ? rc : buf_check(&row, err);
    if (!rc)
        rc = look(t->map, t->len, &start, &row, &same);
    if (!rc)
        rc = look((const char *)rows->data, rows->len, &start, &row, &same);
    if (!rc)
        buf_append(rows, row.data, row.len);
    else if (rc == SIGNET_E_EXISTS && same)
        *existed = true;
    else if (rc == SIGNET_E_EXISTS)
        taken(device, x, err);
    rc = rc == SIGNET_E_EXISTS && same ? SIGNET_OK : rc;
    buf_free(&start);
    buf_free(&row);
    return rc;
}

static int add_rows(struct signet_server *server, const struct signet_device *devices, size_t count,
                    bool *existed, struct signet_error *err)
{
    struct export *x = server->own;
    struct buf rows = {0};
    struct table t;
    size_t empty;
    int rc = open_table(&t, x->path, true, err);

    if (!rc && !t.len)
        export_header(&x->format, &rows);
    empty = rows.len;
    for (size_t i = 0; !rc && i < count; i++)
        rc = plan(x, &t, &devices[i], &rows, existed, err);
    rc = rc ? rc : buf_check(&rows, err);
    if (!rc && rows.len > empty)
        rc = append(&t, x->path, &rows, err);
    close_table(&t);
    buf_free(&rows);
    return rc;
}

static int add(struct signet_server *server, const struct signet_device *device, bool *existed,
               struct signet_error *err)
{
    return add_rows(server, device, 1, existed, err);
}

static int add_batch(struct signet_server *server, const struct signet_device *devices,
                     size_t count, struct signet_error *err)
{
    bool existed;

    return add_rows(server, devices, count, &existed, err);
}

static int validate(const struct signet_server *server, const struct signet_device *device,
                    struct signet_error *err)
{
    const struct export *x = server->own;

    return export_validate(&x->format, device, err);
}

static int check(struct signet_server *server, struct signet_error *err)
{
    struct export *x = server->own;
    struct table t;
    int rc = open_table(&t, x->path, true, err);

    close_table(&t);
    return rc;
}

static int find(struct signet_server *server, const char *endpoint, struct signet_error *err)
{
    struct signet_device device = {.endpoint = endpoint, .mode = SIGNET_MODE_NOSEC};
    struct export *x = server->own;
    struct buf start = {0};
    struct table t = {.fd = -1};
    int rc;

    if (!export_by_endpoint(&x->format))
        return error_set(err, SIGNET_E_UNSUPPORTED,
                         "the rows of this export do not begin with the endpoint name");
    export_start(&x->format, &device, &start);
    rc = buf_check(&start, err);
    rc = rc ? rc : open_table(&t, x->path, false, err);
    if (!rc && (!t.map || !find_row(t.map, t.len, &start)))
        rc = error_set(err, SIGNET_E_NOT_FOUND, "the export has no device '%s'", endpoint);
    close_table(&t);
    buf_free(&start);
    return rc;
}

static int drop(struct signet_server *server, const char *endpoint, struct signet_error *err)
{
    const struct export *x = server->own;

    return error_set(err, SIGNET_E_UNSUPPORTED,
                     "rows are only added to '%s': take that of '%s' out by hand", x->path,
                     endpoint);
}

static int open_export(struct signet_server *server, const struct signet_server_info *info,
                       struct signet_error *err)
{
    struct export *x;

    if (!info->file) {
        error_set(err, SIGNET_E_USAGE, "the export has no file");
        error_hint(err, "\"file\": \"devices.csv\"");
        return SIGNET_E_USAGE;
    }
    x = calloc(1, sizeof *x);
    server->own = x;
    if (!x || !(x->path = strdup(info->file)))
        return error_nomem(err);
    return export_format_read(&x->format, info->format, info->columns, err);
}

static void close_export(struct signet_server *server)
{
    struct export *x = server->own;

    export_format_free(&x->format);
    free(x->path);
    free(x);
    server->own = NULL;
}

const struct server_ops export_ops = {
    .can = {.kind = "export",
            .modes = 1u << SIGNET_MODE_PSK | 1u << SIGNET_MODE_CERT | 1u << SIGNET_MODE_NOSEC,
            .psk_min = 1,
            .psk_max = 64,
            .psk_multiple = 1,
            .batch_max = BATCH_MAX,
            .identity_charset = "UTF-8 without control characters; not like a formula",
            .manual_steps = "import the file at the server, then remove it: it holds keys"},
    .open = open_export,
    .close = close_export,
    .validate = validate,
    .check = check,
    .add = add,
    .add_batch = add_batch,
    .find = find,
    .remove = drop,
};
