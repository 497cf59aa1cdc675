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
#include <unistd.h>

enum { BATCH_MAX = 1000 };

struct export
{
    char *path;
    struct export_format format;
    struct export_index index;
};

/* An open file under its lock, indexed, and the rows that are to be added. */
struct table {
    int fd;
    off_t size;
    uint64_t len; /* up to the last whole row: a crash may have left half of one */
    struct buf rows;
    bool changed; /* the index knows of rows */
};

static int open_table(struct table *t, struct export *x, bool write, struct signet_error *err)
{
    int flags = (write ? O_RDWR | O_CREAT | O_APPEND : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW;
    struct stat st;
    int rc;

    *t = (struct table){.fd = open(x->path, flags, 0600)};
    if (t->fd < 0 && errno == ENOENT && !write)
        return error_set(err, SIGNET_E_NOT_FOUND, "there is no export '%s' yet", x->path);
    if (t->fd < 0 || flock(t->fd, write ? LOCK_EX : LOCK_SH) != 0 || fstat(t->fd, &st) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "opening the export '%s'", x->path);
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077)) {
        error_set(err, SIGNET_E_IO, "the export '%s' is not a file of mode 0600", x->path);
        error_hint(err, "it holds keys: chmod 600, or name another file");
        return SIGNET_E_IO;
    }
    rc = export_index_refresh(&x->index, &x->format, t->fd, &st, err);
    t->size = st.st_size;
    t->len = x->index.len;
    return rc;
}

static void close_table(struct table *t, struct export *x)
{
    if (t->changed)
        export_index_free(&x->index);
    if (t->fd >= 0)
        close(t->fd); /* and its lock */
    buf_free(&t->rows);
}

/* Do these bytes stand there, in the file or in what is to follow it? */
static bool same(const struct table *t, uint64_t at, const struct buf *want)
{
    uint8_t there[512];
    bool equal = true;

    if (at >= t->len)
        return t->rows.data && t->rows.len - (size_t)(at - t->len) >= want->len &&
               memcmp(t->rows.data + (size_t)(at - t->len), want->data, want->len) == 0;
    for (size_t done = 0; equal && done < want->len;) {
        size_t part = want->len - done < sizeof there ? want->len - done : sizeof there;
        ssize_t n = pread(t->fd, there, part, (off_t)(at + done));

        equal = n > 0 && memcmp(there, want->data + done, (size_t)n) == 0;
        done += n > 0 ? (size_t)n : 0;
    }
    wipe(there, sizeof there); /* it may be a key */
    return equal;
}

/* Where the row is that begins so. */
static bool find_row(const struct table *t, const struct export *x, const struct buf *start,
                     uint64_t *at)
{
    const struct index *rows = &x->index.rows;
    uint64_t hash = index_hash(rows, start->data, start->len);
    size_t probe = 0;

    while (index_next(rows, hash, &probe, at))
        if (same(t, *at, start))
            return true;
    return false;
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
static int append(struct table *t, struct export *x, struct signet_error *err)
{
    const char *path = x->path;
    struct stat st;
    size_t done = 0;

    if ((uint64_t)t->size > t->len && ftruncate(t->fd, (off_t)t->len) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "ending the last row of '%s'", path);
    failpoint("before-export");
    while (done < t->rows.len) {
        ssize_t n = write(t->fd, t->rows.data + done, t->rows.len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int sys = errno;

            (void)!ftruncate(t->fd, (off_t)t->len);
            return error_sys(err, SIGNET_E_IO, sys, "writing the export '%s'", path);
        }
        done += (size_t)n;
    }
    if (fsync(t->fd) != 0 || fstat(t->fd, &st) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "syncing the export '%s'", path);
    failpoint("after-export");
    export_index_keep(&x->index, &st, t->len + t->rows.len);
    t->changed = false;
    return t->size ? SIGNET_OK : sync_folder(path, err);
}

/* Adds to the rows what the file has not got yet. */
static int plan(struct export *x, struct table *t, const struct signet_device *device,
                bool *existed, struct signet_error *err)
{
    struct buf start = {0}, row = {0};
    uint64_t at;
    int rc;

    *existed = false;
    rc = export_complete(&x->format, device, err);
    if (rc)
        return rc;
    export_start(&x->format, device, &start);
    export_row(&x->format, device, &row);
    rc = buf_check(&start, err);
    rc = rc ? rc : buf_check(&row, err);
    if (!rc && find_row(t, x, &start, &at)) {
        *existed = same(t, at, &row);
        rc = *existed ? SIGNET_OK : taken(device, x, err);
    } else if (!rc) {
        t->changed = true;
        rc = index_add(&x->index.rows, index_hash(&x->index.rows, start.data, start.len),
                       t->len + t->rows.len, err);
        buf_append(&t->rows, row.data, row.len);
    }
    buf_free(&start);
    buf_free(&row);
    return rc;
}

static int add_rows(struct signet_server *server, const struct signet_device *devices, size_t count,
                    bool *existed, struct signet_error *err)
{
    struct export *x = server->own;
    struct table t;
    size_t empty;
    int rc = open_table(&t, x, true, err);

    if (!rc && !t.len)
        export_header(&x->format, &t.rows);
    empty = t.rows.len;
    for (size_t i = 0; !rc && i < count; i++)
        rc = plan(x, &t, &devices[i], existed, err);
    rc = rc ? rc : buf_check(&t.rows, err);
    if (!rc && t.rows.len > empty)
        rc = append(&t, x, err);
    close_table(&t, x);
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
    int rc = open_table(&t, x, true, err);

    close_table(&t, x);
    return rc;
}

static int find(struct signet_server *server, const char *endpoint, struct signet_error *err)
{
    struct signet_device device = {.endpoint = endpoint, .mode = SIGNET_MODE_NOSEC};
    struct export *x = server->own;
    struct buf start = {0};
    struct table t = {.fd = -1};
    uint64_t at;
    int rc;

    if (!export_by_endpoint(&x->format))
        return error_set(err, SIGNET_E_UNSUPPORTED,
                         "the rows of this export do not begin with the endpoint name");
    export_start(&x->format, &device, &start);
    rc = buf_check(&start, err);
    rc = rc ? rc : open_table(&t, x, false, err);
    if (!rc && !find_row(&t, x, &start, &at))
        rc = error_set(err, SIGNET_E_NOT_FOUND, "the export has no device '%s'", endpoint);
    close_table(&t, x);
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

/* A file that is there already may have the columns of a version before. */
static int adopt(struct export *x, const char *name, struct signet_error *err)
{
    int fd = open(x->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char line[1024];
    ssize_t n = fd >= 0 ? pread(fd, line, sizeof line, 0) : 0;
    const char *end = n > 0 ? memchr(line, '\n', (size_t)n) : NULL;

    if (fd >= 0)
        close(fd);
    return end ? export_format_adopt(&x->format, name, line, (size_t)(end - line) + 1, err)
               : SIGNET_OK;
}

static bool serves(const struct signet_server *server, const struct signet_account *chosen,
                   const struct signet_account *account)
{
    const struct export *x = server->own;

    return export_serves(&x->format, chosen, account);
}

static const struct signet_option_info options[] = {
    {"file", "rows are appended to it, mode 0600; must be given"},
    {"format", "csv, ndjson, cumulocity, emqx or nrfcloud (csv)"},
    {"columns", "\"Name=field, ...\", for csv and ndjson"},
    {0},
};

static int open_export(struct signet_server *server, struct signet_error *err)
{
    const char *file = server_option(server, "file"), *format = server_option(server, "format");
    struct export *x;

    if (!file) {
        error_set(err, SIGNET_E_USAGE, "the export has no file");
        error_hint(err, "\"file\": \"devices.csv\"");
        return SIGNET_E_USAGE;
    }
    x = calloc(1, sizeof *x);
    server->own = x;
    if (!x || !(x->path = strdup(file)))
        return error_nomem(err);
    int rc = export_format_read(&x->format, format, server_option(server, "columns"), err);
    return rc ? rc : adopt(x, format, err);
}

static void close_export(struct signet_server *server)
{
    struct export *x = server->own;

    export_format_free(&x->format);
    export_index_free(&x->index);
    free(x->path);
    free(x);
    server->own = NULL;
}

const struct server_ops export_ops = {
    .can = {.kind = "export",
            .bootstrap = true,
            .management = true,
            .modes = 1u << SIGNET_MODE_PSK | 1u << SIGNET_MODE_CERT | 1u << SIGNET_MODE_NOSEC,
            .psk_min = 1,
            .psk_max = 64,
            .psk_multiple = 1,
            .batch_max = BATCH_MAX,
            .identity_charset = "UTF-8 without control characters; not like a formula",
            .manual_steps = "import the file at the server, then remove it: it holds keys",
            .options = options},
    .open = open_export,
    .close = close_export,
    .validate = validate,
    .check = check,
    .add = add,
    .add_batch = add_batch,
    .find = find,
    .remove = drop,
    .serves = serves,
};
