/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests. libcsv takes a file apart; it is fed line by line, so that it is known where in the
 * file each row begins. Every 16th of these places is written down, so that any row is near one. */
#include "order/manifest_columns.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, STRIDE = 16 };

struct mark {
    off_t offset;
    uint64_t line;
    bool after_cr; /* a line feed there belongs to the line before */
};

struct cursor {
    struct csv_parser csv;
    bool ready;     /* csv is */
    int64_t index;  /* of the row that comes next */
    uint64_t line;  /* of the byte that comes next */
    off_t offset;   /* of piece[0] */
    size_t at, len; /* in piece */
    bool after_cr, ended;
    uint8_t *piece;                         /* of the file */
    struct manifest_row *row;               /* that is being read */
    const struct manifest_visitor *visitor; /* sees the bytes; may be NULL */
};

struct manifest {
    struct columns columns;
    int fd;
    struct stat seen; /* the file as it was opened */
    int64_t rows;
    struct mark *marks; /* where the rows 0, 16, 32 ... begin */
    struct cursor scan, look;
    pthread_mutex_t lock; /* of look */
};

/* libcsv's field: allocated once, so that no copy of a key stays behind, and wiped. */

enum { ENTRY = MANIFEST_ROW_MAX + 1 };

static void *entry_alloc(void *old, size_t size)
{
    return old || size != ENTRY ? NULL : malloc(size); /* libcsv tries half of it after a failure */
}

static void entry_free(void *entry)
{
    if (entry)
        wipe(entry, ENTRY);
    free(entry);
}

/* Blanks belong to a field (RFC 4180, section 2.4). */
static int no_space(unsigned char c)
{
    (void)c;
    return 0;
}

static int parser_open(struct cursor *c, char delimiter, struct signet_error *err)
{
    if (c->ready)
        return SIGNET_OK;
    c->ready = csv_init(&c->csv, CSV_STRICT | CSV_STRICT_FINI) == 0;
    if (!c->ready)
        return error_nomem(err);
    csv_set_blk_size(&c->csv, ENTRY);
    csv_set_realloc_func(&c->csv, entry_alloc);
    csv_set_free_func(&c->csv, entry_free);
    csv_set_space_func(&c->csv, no_space);
    csv_set_delim(&c->csv, (unsigned char)delimiter);
    if (!c->piece && !(c->piece = malloc(PIECE)))
        return error_nomem(err);
    return SIGNET_OK;
}

static void cursor_close(struct cursor *c)
{
    if (c->ready)
        csv_free(&c->csv);
    if (c->piece)
        wipe(c->piece, PIECE);
    free(c->piece);
    *c = (struct cursor){0};
}

/* To a place where a row begins. What is in the piece is not read again. */
static int cursor_go(const struct manifest *m, struct cursor *c, int64_t index,
                     const struct mark *mark, struct signet_error *err)
{
    int rc = parser_open(c, m->columns.delimiter, err);

    if (mark->offset < c->offset || mark->offset > c->offset + (off_t)c->len) {
        c->offset = mark->offset;
        c->len = 0;
    }
    c->at = (size_t)(mark->offset - c->offset);
    c->index = index;
    c->line = mark->line;
    c->after_cr = mark->after_cr;
    return rc;
}

static void on_field(void *data, size_t len, void *ctx)
{
    struct manifest_row *row = ((struct cursor *)ctx)->row;

    if (row->count < MANIFEST_COLUMNS_MAX) {
        buf_append(&row->text, data, len);
        row->ends[row->count] = (uint32_t)row->text.len;
        buf_byte(&row->text, 0);
    }
    row->count++;
}

static void on_end(int c, void *ctx)
{
    (void)c;
    ((struct cursor *)ctx)->ended = true;
}

static int changed(const struct manifest *m, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_CONFLICT,
                          "start again; a manifest that an order began with must stay as it was",
                          "%s was changed while it was in use", m->columns.path);
}

/* SIGNET_OK with c->len 0 is the end of the file. */
static int refill(const struct manifest *m, struct cursor *c, struct signet_error *err)
{
    struct stat now;
    ssize_t n;

    c->offset += (off_t)c->len;
    c->at = c->len = 0;
    do
        n = pread(m->fd, c->piece, PIECE, c->offset);
    while (n < 0 && errno == EINTR);
    if (n < 0 || fstat(m->fd, &now) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "reading %s", m->columns.path);
    if (now.st_size != m->seen.st_size || now.st_mtim.tv_sec != m->seen.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != m->seen.st_mtim.tv_nsec)
        return changed(m, err);
    c->len = (size_t)n;
    if (c->visitor && c->visitor->on_bytes && n > 0)
        return c->visitor->on_bytes(c->visitor->ctx, c->piece, (size_t)n, err);
    return SIGNET_OK;
}

/* Bytes up to a line's end, or to the end of the piece. */
static size_t segment(const struct cursor *c)
{
    const uint8_t *from = c->piece + c->at;
    size_t left = c->len - c->at;
    const uint8_t *lf = memchr(from, '\n', left);
    const uint8_t *cr = memchr(from, '\r', lf ? (size_t)(lf - from) : left);
    const uint8_t *end = cr ? cr : lf;

    return end ? (size_t)(end - from) + 1 : left;
}

static int bad_row(const struct manifest *m, uint64_t line, const char *what,
                   struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_SYNTAX,
                          "a field with quotes in it is put in quotes, and each of them doubled: "
                          "\"6\"\" pipe\"",
                          "%s:%llu: %s", m->columns.path, (unsigned long long)line, what);
}

static int row_too_long(const struct manifest *m, uint64_t line, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_LIMIT,
                          "each device has a line of its own: does another program end its lines "
                          "in another way?",
                          "%s:%llu: the row has more than %d bytes", m->columns.path,
                          (unsigned long long)line, MANIFEST_ROW_MAX);
}

static const char open_quote[] = "a quote is opened in this row and not closed";

/* Feeds one line, or what there is of it. */
static int feed(const struct manifest *m, struct cursor *c, size_t *fed, struct signet_error *err)
{
    size_t n = segment(c);
    uint8_t last = c->piece[c->at + n - 1];
    bool pair = c->after_cr && c->piece[c->at] == '\n';
    bool blank = *fed == 0 && n == 1 && (last == '\n' || last == '\r');

    if (*fed == 0)
        c->row->line = c->line;
    if (!blank) {
        *fed += n;
        if (*fed > MANIFEST_ROW_MAX)
            return c->csv.quoted ? bad_row(m, c->row->line, open_quote, err)
                                 : row_too_long(m, c->row->line, err);
        size_t read = csv_parse(&c->csv, c->piece + c->at, n, on_field, on_end, c);
        if (read != n && csv_error(&c->csv) != CSV_EPARSE)
            return error_nomem(err);
        if (read != n && char_in((char)c->piece[c->at + read], ";,\t|")) /* behind a quote */
            return columns_other_delimiter(&m->columns, c->line, (char)c->piece[c->at + read], err);
        if (read != n)
            bad_row(m, c->line, "a quote stands where none can be", err);
        if (read != n && c->piece[c->at + read] == ' ')
            error_hint(err, "take the blank behind the quote out");
        else if (read != n && read > 0 && c->piece[c->at + read - 1] == '=')
            error_hint(err, "it is a formula of a spreadsheet: write the text alone, in quotes or "
                            "without");
        if (read != n)
            return SIGNET_E_SYNTAX;
    }
    if ((last == '\n' && !(n == 1 && pair)) || last == '\r')
        c->line++;
    c->after_cr = last == '\r';
    c->at += n;
    return SIGNET_OK;
}

/* At the end of the file: what is left is the last row, or there is none. */
static int end_row(const struct manifest *m, struct cursor *c, struct signet_error *err)
{
    if (csv_fini(&c->csv, on_field, on_end, c) != 0)
        return bad_row(m, c->row->line, open_quote, err);
    if (c->ended)
        return SIGNET_OK;
    return error_set(err, SIGNET_E_NOT_FOUND, "%s has no more rows", m->columns.path);
}

static int read_row(const struct manifest *m, struct cursor *c, struct signet_error *err)
{
    struct manifest_row *row = c->row;
    size_t fed = 0;
    int rc = SIGNET_OK;

    c->ended = false;
    row->count = 0;
    row->index = c->index;
    row->line = c->line;
    buf_reset(&row->text);
    while (rc == SIGNET_OK && !c->ended) {
        if (c->at == c->len)
            rc = refill(m, c, err);
        if (rc == SIGNET_OK)
            rc = c->len == 0 ? end_row(m, c, err) : feed(m, c, &fed, err);
    }
    return rc == SIGNET_OK ? buf_check(&row->text, err) : rc;
}

/* The next row; those of empty fields only, which a spreadsheet puts at the end, are passed over.
 * SIGNET_E_NOT_FOUND: there is none. After an error the cursor is lost. */
static int cursor_next(const struct manifest *m, struct cursor *c, struct manifest_row *row,
                       struct signet_error *err)
{
    int rc;

    c->row = row;
    do
        rc = read_row(m, c, err);
    while (rc == SIGNET_OK && row->count > 1 && row->text.len == row->count);
    c->index += rc == SIGNET_OK;
    if (rc != SIGNET_OK) {
        csv_free(&c->csv);
        c->ready = false;
        c->at = c->len = 0;
    }
    return rc;
}

/* The row with the columns' names, from the start of the file. */
static int scan_header(struct manifest *m, struct manifest_row *row, struct signet_error *err)
{
    static const struct mark start = {.line = 1};
    struct cursor *c = &m->scan;
    int rc = cursor_go(m, c, 0, &start, err);

    c->len = c->at = 0;
    if (rc == SIGNET_OK)
        rc = refill(m, c, err);
    if (rc == SIGNET_OK)
        rc = columns_begin(&m->columns, c->piece, c->len, &c->at, &c->line, err);
    if (rc == SIGNET_OK)
        rc = cursor_next(m, c, row, err);
    c->index = 0;
    return rc;
}

static int read_header(struct manifest *m, struct signet_error *err)
{
    struct manifest_row row = {0};
    int rc = scan_header(m, &row, err);

    if (rc == SIGNET_E_NOT_FOUND)
        rc = error_set(err, SIGNET_E_SYNTAX, "%s is empty: the first row names the columns",
                       m->columns.path);
    if (rc == SIGNET_OK)
        rc = columns_read(&m->columns, &row, err);
    manifest_row_free(&row);
    return rc;
}

int manifest_open(struct manifest **out, const char *path, char delimiter, struct signet_error *err)
{
    struct manifest *m = calloc(1, sizeof(*m));
    int rc = SIGNET_OK;

    if (!m)
        return error_nomem(err);
    m->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO would wait */
    m->columns.delimiter = delimiter;
    pthread_mutex_init(&m->lock, NULL);
    m->columns.path = strdup(path);
    if (m->fd < 0 || fstat(m->fd, &m->seen) != 0)
        rc = error_pass(file_missing(errno, path, err), err, "manifest");
    else if (!S_ISREG(m->seen.st_mode))
        rc = error_set_hint(err, SIGNET_E_IO, "name the file, not the folder that it is in",
                            "manifest '%s' is no file", path);
    else if (!m->columns.path)
        rc = error_nomem(err);
    if (rc == SIGNET_OK)
        rc = read_header(m, err);
    if (rc != SIGNET_OK && m->fd >= 0)
        manifest_excerpt(m, err);
    if (rc != SIGNET_OK)
        manifest_close(&m);
    else
        *out = m;
    return signet_file_explain(rc, SIGNET_FILE_MANIFEST, path, err);
}

void manifest_excerpt(const struct manifest *m, struct signet_error *err)
{
    if (m)
        columns_excerpt(&m->columns, m->fd, err);
}

void manifest_show_rows(struct manifest *m)
{
    m->columns.shown = true;
}

void manifest_close(struct manifest **manifest)
{
    struct manifest *m = manifest ? *manifest : NULL;

    if (!m)
        return;
    cursor_close(&m->scan);
    cursor_close(&m->look);
    columns_free(&m->columns);
    if (m->fd >= 0)
        close(m->fd);
    pthread_mutex_destroy(&m->lock);
    free(m->marks);
    free(m);
    *manifest = NULL;
}

const char *const *manifest_columns(const struct manifest *m, size_t *count)
{
    *count = m->columns.count;
    return (const char *const *)m->columns.names;
}

const char *manifest_path(const struct manifest *m)
{
    return m->columns.path;
}

int64_t manifest_count(const struct manifest *m)
{
    return m->rows;
}

/* Where the next row begins, if it is one of those that are written down. */
static int mark_place(struct manifest *m, struct signet_error *err)
{
    const struct cursor *c = &m->scan;
    size_t i = (size_t)(c->index / STRIDE);

    if (c->index % STRIDE != 0)
        return SIGNET_OK;
    if (list_room(m->marks, i, err) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    m->marks[i] =
        (struct mark){.offset = c->offset + (off_t)c->at, .line = c->line, .after_cr = c->after_cr};
    return SIGNET_OK;
}

int manifest_scan(struct manifest *m, const struct manifest_visitor *visitor,
                  struct signet_error *err)
{
    struct manifest_row row = {0};

    m->scan.visitor = visitor;
    int rc = scan_header(m, &row, err);
    while (rc == SIGNET_OK) {
        struct signet_error why = {0};

        rc = mark_place(m, err);
        if (rc == SIGNET_OK)
            rc = cursor_next(m, &m->scan, &row, err);
        if (rc != SIGNET_OK)
            break;
        m->rows++;
        if (visitor && visitor->on_row)
            rc = visitor->on_row(visitor->ctx, &row,
                                 columns_check(&m->columns, &row, &why) ? &why : NULL, err);
    }
    manifest_row_free(&row);
    bool at_end = rc == SIGNET_E_NOT_FOUND && !m->scan.ready;
    cursor_close(&m->scan);
    return at_end ? SIGNET_OK : rc;
}

int manifest_row(struct manifest *m, int64_t index, struct manifest_row *row,
                 struct signet_error *err)
{
    struct cursor *c = &m->look;
    int rc = SIGNET_OK;

    if (index < 0 || index >= m->rows)
        return error_set(err, SIGNET_E_NOT_FOUND, "%s has %lld rows", m->columns.path,
                         (long long)m->rows);
    pthread_mutex_lock(&m->lock);
    if (!c->ready || index < c->index || index - c->index >= STRIDE)
        rc = cursor_go(m, c, index - index % STRIDE, &m->marks[index / STRIDE], err);
    while (rc == SIGNET_OK && c->index <= index)
        rc = cursor_next(m, c, row, err);
    pthread_mutex_unlock(&m->lock);
    if (rc == SIGNET_E_NOT_FOUND)
        return changed(m, err);
    return rc == SIGNET_OK ? columns_check(&m->columns, row, err) : rc;
}
