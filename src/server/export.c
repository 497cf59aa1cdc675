/* SPDX-License-Identifier: Apache-2.0 */
/* A file of rows for every system that has no adapter. A row is appended whole and synced, or not
 * at all; the device's row being there already is success, another one for its name is not. */
#include "server/export.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH_MAX = 1000 };

struct export
{
    char *path; /* sealed: of what is known of the rows */
    struct export_format format;
    struct export_seal seal;
    struct index rows;       /* where each begins, by its start */
    struct index identities; /* likewise, by what stands in its columns of PSK identities */
    uint64_t len;            /* of all whole rows: a crash may have left half of one more */
    struct stat st;          /* of the file when it was like this; st_ino 0: not known */
    bool told;               /* that there is more in it than its importer takes */
};

/* An open file under its lock, indexed, and the rows that are to be added. */
struct table {
    int fd;
    struct buf rows, clear; /* clear: sealed; rows are then what is known of them */
    size_t count;
    bool changed; /* the index knows of rows */
};

static bool export_is_sealed(const struct export *x)
{
    return x->seal.setup.to_count > 0;
}

static void forget_rows(struct export *x)
{
    index_free(&x->rows);
    index_free(&x->identities);
    x->st.st_ino = 0;
}

/* start: bytes that only a row of this device begins with. */
static int index_row(struct export *x, const char *row, size_t start, size_t len, uint64_t at,
                     struct signet_error *err)
{
    int rc = index_add(&x->rows, index_hash(&x->rows, row, start), at, err);

    return rc || export_is_sealed(x)
               ? rc
               : export_identities_add(&x->format, &x->identities, row, len, at, err);
}

/* All whole rows; what a crash left of another is not one. */
static int read_rows(struct export *x, const char *text, size_t len, struct signet_error *err)
{
    size_t at = 0, end, start;
    int rc = SIGNET_OK;

    while (!rc && (end = export_row_end(&x->format, text + at, len - at)) > 0) {
        start = export_start_len(&x->format, text + at, end);
        if (start && (at || !x->format.header))
            rc = index_row(x, text + at, start, end, at, err);
        if (!rc && !at && x->format.header)
            rc = export_check_heading(&x->format, x->path, text, end, err);
        at += end;
    }
    x->len = at;
    if (!rc && !export_cut_off(&x->format, text + at, len - at))
        rc = error_set_hint(err, SIGNET_E_IO, "close the quote, or move the file away",
                            "the export '%s': a quote is not closed, in or behind byte %zu",
                            x->path, at);
    return rc;
}

/* Brings the index up to date with the locked file: nothing to do when it is as we left it. */
static int index_rows(struct export *x, int fd, const struct stat *st, bool write,
                      struct signet_error *err)
{
    size_t size = (size_t)st->st_size;
    void *text;
    int rc;

    if (x->st.st_ino == st->st_ino && x->st.st_dev == st->st_dev && x->st.st_size == st->st_size &&
        x->st.st_mtim.tv_sec == st->st_mtim.tv_sec && x->st.st_mtim.tv_nsec == st->st_mtim.tv_nsec)
        return SIGNET_OK;
    forget_rows(x);
    x->len = 0;
    rc = index_open(&x->rows, err);
    if (!rc)
        rc = index_open(&x->identities, err);
    if (!rc && size) {
        text = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (text == MAP_FAILED)
            return error_sys(err, SIGNET_E_IO, errno, "reading the export '%s'", x->path);
        rc = export_is_sealed(x)
                 ? export_seal_read(&x->seal, x->path, text, size, &x->rows, &x->len, err)
                 : read_rows(x, text, size, err);
        munmap(text, size);
    }
    if (!rc && export_is_sealed(x) && write)
        rc = export_seal_settle(&x->seal, err);
    if (!rc)
        x->st = *st;
    return rc;
}

static int export_unopened(const struct export *x, struct signet_error *err)
{
    bool no_folder = errno == ENOENT || errno == ENOTDIR;
    int rc = error_sys(err, SIGNET_E_IO, errno, "opening the export '%s'", x->path);

    if (no_folder)
        error_hint(err, "make its folder, or name another place");
    return rc;
}

static int open_table(struct table *t, struct export *x, bool write, struct signet_error *err)
{
    int flags = (write ? O_RDWR | O_CREAT | O_APPEND : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW |
                O_NONBLOCK; /* a FIFO must not hang the line */
    struct stat st;

    *t = (struct table){.fd = open(x->path, flags, 0600)};
    if (t->fd < 0 && errno == ENOENT && !write)
        return error_set(err, SIGNET_E_NOT_FOUND, "there is no export '%s' yet", x->path);
    int rc = t->fd < 0 ? SIGNET_OK : export_lock(t->fd, write, x->path, err);
    if (rc != SIGNET_OK)
        return rc;
    if (t->fd < 0 || fstat(t->fd, &st) != 0)
        return errno == EISDIR ? error_pass(file_missing(EISDIR, x->path, err), err, "the export")
                               : export_unopened(x, err);
    if (!file_is_private(&st))
        return error_set_hint(err, SIGNET_E_IO, "it holds keys: chmod 600, or name another file",
                              "the export '%s' is not a plain file of mode 0600 and yours",
                              x->path);
    return index_rows(x, t->fd, &st, write, err);
}

static void close_table(struct table *t, struct export *x)
{
    if (t->changed)
        forget_rows(x);
    if (t->fd >= 0)
        close(t->fd); /* and its lock */
    buf_free(&t->rows);
    buf_free(&t->clear);
}

/* Do these bytes stand there, in the file or in what is to follow it? */
static bool stands_at(const struct table *t, const struct export *x, uint64_t at,
                      const struct buf *want)
{
    uint8_t there[512]; /* no memory is asked for: without it a row would be added twice */
    bool equal = true;

    if (at >= x->len)
        return t->rows.data && t->rows.len - (size_t)(at - x->len) >= want->len &&
               memcmp(t->rows.data + (size_t)(at - x->len), want->data, want->len) == 0;
    for (size_t done = 0, n; equal && done < want->len; done += n) {
        n = want->len - done < sizeof(there) ? want->len - done : sizeof(there);
        equal = pread(t->fd, there, n, (off_t)(at + done)) == (ssize_t)n &&
                memcmp(there, want->data + done, n) == 0;
    }
    wipe(there, sizeof(there)); /* it may be a key */
    return equal;
}

/* Where what is wanted stands, of the rows that begin so. */
static bool export_find_row(const struct table *t, const struct export *x, const struct buf *start,
                            const struct buf *want, uint64_t *at)
{
    uint64_t hash = index_hash(&x->rows, start->data, start->len);
    size_t probe = 0;

    while (index_next(&x->rows, hash, &probe, at))
        if (stands_at(t, x, *at, want))
            return true;
    return false;
}

/* All of it on the disk, or the file as before. */
static int append_rows(struct table *t, struct export *x, struct signet_error *err)
{
    bool created = x->st.st_size == 0;
    size_t done = 0;
    ssize_t n = 1;

    if ((uint64_t)x->st.st_size > x->len && ftruncate(t->fd, (off_t)x->len) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "ending the last row of '%s'", x->path);
    failpoint("before-export");
    for (; done < t->rows.len && n > 0; done += n > 0 ? (size_t)n : 0)
        n = write(t->fd, t->rows.data + done, t->rows.len - done);
    if (n <= 0) {
        int rc = error_sys(err, SIGNET_E_IO, errno, "writing the export '%s'", x->path);

        if (ftruncate(t->fd, (off_t)x->len) != 0) /* the next row that is added ends it */
            error_prefix(err, "half a row is left");
        return rc;
    }
    if (fsync(t->fd) != 0 || fstat(t->fd, &x->st) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "syncing the export '%s'", x->path);
    failpoint("after-export");
    x->len += t->rows.len;
    t->changed = false;
    return created ? file_sync_folder(x->path, err) : SIGNET_OK;
}

/* Of sealed rows only digests are known. */
static int check_identities(const struct export *x, const struct table *t, const struct buf *start,
                            const struct buf *row, struct signet_error *err)
{
    const struct export_rows in = {&x->identities, t->fd, x->len, &t->rows};
    int rc =
        export_is_sealed(x) ? SIGNET_OK : export_identities_check(&x->format, &in, start, row, err);

    return error_pass(rc, err, "the export '%s'", x->path);
}

/* Adds to the rows what the file has not got yet. */
static int plan_row(struct export *x, struct table *t, const struct signet_device *device,
                    bool *existed, struct signet_error *err)
{
    struct buf start = {0}, row = {0}, clear = {0};
    uint64_t at;
    int rc;

    export_start(&x->format, device, &start);
    export_row(&x->format, device, &row);
    rc = export_complete(&x->format, device, err);
    rc = rc ? rc : buf_check(&start, err);
    rc = rc ? rc : buf_check(&row, err);
    if (!rc && export_is_sealed(x)) {
        buf_append(&clear, row.data, row.len);
        rc = export_seal_digest(&start, &row, err);
    }
    /* of a newer edition it is the row itself: those before it stay */
    *existed = !rc && export_find_row(t, x, &start, device->replaces ? &row : &start, &at);
    if (*existed && !stands_at(t, x, at, &row)) {
        *existed = false;
        rc = error_set_hint(err, SIGNET_E_EXISTS,
                            "take the old row out, or give this device another name",
                            "the export '%s' has another row for '%s'", x->path, device->endpoint);
    } else if (!rc && !*existed && !(rc = check_identities(x, t, &start, &row, err))) {
        t->changed = true;
        rc = index_row(x, (const char *)row.data, start.len, row.len, x->len + t->rows.len, err);
        buf_append(&t->rows, row.data, row.len);
        buf_append(&t->clear, clear.data, clear.len);
        buf_fail_with(&t->clear, &clear);
        t->count++;
    }
    buf_free(&start);
    buf_free(&row);
    buf_free(&clear);
    return rc;
}

/* The rows are marked by what is known of them, and seen then. */
static int append_sealed(struct table *t, struct export *x, struct signet_error *err)
{
    int rc = buf_check(&t->clear, err);

    if (!rc)
        rc = export_seal_stage(&x->seal, &t->clear, t->count, &t->rows, err);
    if (!rc)
        rc = append_rows(t, x, err);
    if (!rc && (rc = export_seal_publish(&x->seal, err)))
        t->changed = true; /* when it is read again they get their names */
    return rc;
}

static int add_rows(struct signet_server *server, const struct signet_device *devices, size_t count,
                    bool *existed, struct signet_error *err)
{
    struct export *x = server->own;
    struct table t;
    size_t empty;
    int rc = open_table(&t, x, true, err);

    if (!rc && export_is_sealed(x))
        export_header(&x->format, &t.clear);
    if (!rc && !x->len && export_is_sealed(x))
        export_seal_heading(&t.rows);
    else if (!rc && !x->len)
        export_header(&x->format, &t.rows);
    empty = t.rows.len;
    for (size_t i = 0; !rc && i < count; i++)
        rc = plan_row(x, &t, &devices[i], existed, err);
    rc = rc ? rc : buf_check(&t.rows, err);
    if (!rc && t.rows.len > empty)
        rc = export_is_sealed(x) ? append_sealed(&t, x, err) : append_rows(&t, x, err);
    if (!rc && !x->told && !export_is_sealed(x))
        x->told = export_tell_limits(&x->format, x->path, x->rows.count, x->len, server->observer);
    close_table(&t, x);
    return rc;
}

static int export_add(struct signet_server *server, const struct signet_device *device,
                      bool *existed, struct signet_error *err)
{
    return add_rows(server, device, 1, existed, err);
}

static int export_add_batch(struct signet_server *server, const struct signet_device *devices,
                            size_t count, struct signet_error *err)
{
    bool existed;

    return add_rows(server, devices, count, &existed, err);
}

static int validate_row(const struct signet_server *server, const struct signet_device *device,
                        struct signet_error *err)
{
    const struct export *x = server->own;

    return export_validate(&x->format, device, err);
}

static int export_check(struct signet_server *server, struct signet_error *err)
{
    struct export *x = server->own;
    struct table t;
    int rc;

    if (access(x->path, F_OK) != 0 && errno == ENOENT) { /* a check makes no file */
        char *copy = strdup(x->path);

        rc = copy && access(dirname(copy), W_OK) == 0 ? SIGNET_OK : export_unopened(x, err);
        free(copy);
        return !rc && export_is_sealed(x) ? export_seal_check(&x->seal, err) : rc;
    }
    rc = open_table(&t, x, true, err);
    close_table(&t, x);
    return rc;
}

static int export_find(struct signet_server *server, const char *endpoint, struct signet_error *err)
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
    if (!rc && export_is_sealed(x))
        rc = export_seal_digest_start(&start, err);
    rc = rc ? rc : open_table(&t, x, false, err);
    if (!rc && !export_find_row(&t, x, &start, &start, &at))
        rc = error_set(err, SIGNET_E_NOT_FOUND, "the export has no device '%s'", endpoint);
    close_table(&t, x);
    buf_free(&start);
    return rc;
}

static int export_drop(struct signet_server *server, const char *endpoint, struct signet_error *err)
{
    const struct export *x = server->own;

    if (export_is_sealed(x))
        return error_set_hint(err, SIGNET_E_UNSUPPORTED, "take it out where they were imported",
                              "'%s' stays in the batches of '%s', which are sealed", endpoint,
                              server_option(server, "file"));
    return error_set_hint(
        err, SIGNET_E_UNSUPPORTED, "also at the system that the file was imported into",
        "rows are only added to '%s': take that of '%s' out by hand", x->path, endpoint);
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
    {"server_uri", "of the LwM2M server, for devices with a bootstrap account only (cumulocity)"},
    {0},
};

static int open_export(struct signet_server *server, struct signet_error *err)
{
    const char *file = server_option(server, "file"), *end;
    const char *uri = server_option(server, "server_uri");
    struct coap_uri parsed;
    struct signet_error why = {0};
    struct export *x;
    char line[1024]; /* the first of a file that is there already */
    ssize_t n;
    int fd;

    if (!file)
        return error_set_hint(err, SIGNET_E_USAGE, "\"file\": \"devices.csv\"",
                              "the export has no file");
    if (text_ends_with(file, ".xlsx") || text_ends_with(file, ".xls") ||
        text_ends_with(file, ".ods"))
        return error_set_hint(
            err, SIGNET_E_USAGE, "\"file\": \"devices.csv\": spreadsheets open that",
            "'%s' is the name of a spreadsheet, and an export is a table of text", file);
    if (uri && uri_parse(&parsed, uri, strlen(uri), &why) != SIGNET_OK)
        return error_set_hint(err, SIGNET_E_USAGE, "\"server_uri\": \"coaps://HOST:5784\"",
                              "the export's server_uri %.200s", why.msg);
    x = calloc(1, sizeof(*x));
    server->own = x;
    if (!x || !(x->path = strdup(file)))
        return error_nomem(err);
    fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    n = fd >= 0 ? pread(fd, line, sizeof(line), 0) : 0;
    end = n > 0 ? memchr(line, '\n', (size_t)n) : NULL;
    if (fd >= 0)
        close(fd);
    int rc = export_format_read(&x->format, server_option(server, "format"),
                                server_option(server, "columns"), line,
                                end ? (size_t)(end - line) + 1 : 0, err);
    if (rc)
        return rc;
    if (uri && x->format.needs_uri && !parsed.secured)
        return error_set_hint(err, SIGNET_E_USAGE, "\"server_uri\": \"coaps://HOST:5784\"",
                              "the export's server_uri is without security, and devices that "
                              "bootstrap get a key for it");
    x->format.server_uri = uri;
    export_narrow(&x->format, &server->can);
    return SIGNET_OK;
}

static int export_seal_to(struct signet_server *server, const struct server_seal *how,
                          struct signet_error *err)
{
    struct export *x = server->own;
    int rc = export_seal_open(&x->seal, how, server_option(server, "file"), err);

    free(x->path);
    x->path = NULL;
    if (!rc)
        rc = text_format(&x->path, err, "%s.sealed", server_option(server, "file"));
    server->can.manual_steps = "open the batches with 'signet open' where they are imported";
    return rc;
}

static void close_export(struct signet_server *server)
{
    struct export *x = server->own;

    export_seal_close(&x->seal);
    export_format_free(&x->format);
    forget_rows(x);
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
    .seal = export_seal_to,
    .close = close_export,
    .validate = validate_row,
    .check = export_check,
    .add = export_add,
    .add_batch = export_add_batch,
    .find = export_find,
    .remove = export_drop,
    .serves = serves,
};
