/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests. libcsv takes a file apart; it is fed line by line, so that it is known where in the
 * file each row begins. Every now and then such a place is written down, so that any row is near
 * one. Cursors go over the file, each with a piece of it in memory. */
#include "config/config.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 32 * 1024, CURSORS = 6, MARKS = 8192, STRIDE = 64 };

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
    uint64_t used; /* when, for the choice of the one that goes elsewhere */
    uint8_t *piece;
    struct manifest_row *row; /* that is being read */
};

struct manifest {
    char *path;
    int fd;
    char delimiter;
    struct stat seen; /* the file as it was opened */
    char **names;
    size_t name_count;
    struct mark first; /* where row 0 begins */
    int64_t rows;
    struct mark *marks;
    size_t mark_count;
    int64_t stride;
    uint64_t clock;
    struct cursor cursors[CURSORS];
    const struct manifest_visitor *visitor; /* during the scan */
    pthread_mutex_t lock;
};

/* libcsv's field: allocated once, so that no copy of a key stays behind, and wiped. */

enum { ENTRY = MANIFEST_ROW_MAX + 1 };

static void *entry_alloc(void *old, size_t size)
{
    return old || size > ENTRY ? NULL : malloc(size);
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
        csv_free(&c->csv);
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

/* To a place where a row begins. */
static int cursor_go(struct manifest *m, struct cursor *c, int64_t index, const struct mark *mark,
                     struct signet_error *err)
{
    int rc = parser_open(c, m->delimiter, err);

    c->index = index;
    c->offset = mark->offset;
    c->line = mark->line;
    c->after_cr = mark->after_cr;
    c->at = c->len = 0;
    return rc;
}

static const struct mark start = {.line = 1};

static struct mark here(const struct cursor *c)
{
    return (struct mark){
        .offset = c->offset + (off_t)c->at, .line = c->line, .after_cr = c->after_cr};
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
    error_set(err, SIGNET_E_CONFLICT, "%s was changed while it was in use", m->path);
    error_hint(err, "start again; a manifest that an order began with must stay as it was");
    return SIGNET_E_CONFLICT;
}

/* SIGNET_OK with c->len 0 is the end of the file. */
static int refill(struct manifest *m, struct cursor *c, struct signet_error *err)
{
    struct stat now;
    ssize_t n;

    c->offset += (off_t)c->len;
    c->at = c->len = 0;
    do
        n = pread(m->fd, c->piece, PIECE, c->offset);
    while (n < 0 && errno == EINTR);
    if (n < 0 || fstat(m->fd, &now) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "reading %s", m->path);
    if (now.st_size != m->seen.st_size || now.st_mtim.tv_sec != m->seen.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != m->seen.st_mtim.tv_nsec)
        return changed(m, err);
    c->len = (size_t)n;
    if (m->visitor && m->visitor->on_bytes && n > 0)
        return m->visitor->on_bytes(m->visitor->ctx, c->piece, (size_t)n, err);
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

static int bad_quote(const struct manifest *m, uint64_t line, const char *what, bool open,
                     struct signet_error *err)
{
    error_set(err, open ? SIGNET_E_SYNTAX : SIGNET_E_LIMIT, "%s:%llu: %s", m->path,
              (unsigned long long)line, what);
    error_hint(err, "a field with quotes in it is put in quotes, and each of them doubled: "
                    "\"6\"\" pipe\"");
    return open ? SIGNET_E_SYNTAX : SIGNET_E_LIMIT;
}

static int too_long(const struct manifest *m, const struct cursor *c, struct signet_error *err)
{
    return c->csv.quoted
               ? bad_quote(m, c->row->line, "a quote is opened in this row and not closed", true,
                           err)
               : bad_quote(m, c->row->line, "the row has more than 65536 bytes", false, err);
}

/* Feeds one line, or what there is of it. */
static int feed(struct manifest *m, struct cursor *c, size_t *fed, struct signet_error *err)
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
            return too_long(m, c, err);
        if (csv_parse(&c->csv, c->piece + c->at, n, on_field, on_end, c) != n)
            return csv_error(&c->csv) == CSV_EPARSE
                       ? bad_quote(m, c->line, "a quote stands where none can be", true, err)
                       : error_nomem(err);
    }
    if ((last == '\n' && !(n == 1 && pair)) || last == '\r')
        c->line++;
    c->after_cr = last == '\r';
    c->at += n;
    return SIGNET_OK;
}

/* The next row. SIGNET_E_NOT_FOUND: there is none. After another error the cursor is lost. */
static int cursor_next(struct manifest *m, struct cursor *c, struct manifest_row *row,
                       struct signet_error *err)
{
    size_t fed = 0;
    int rc = SIGNET_OK;

    c->row = row;
    c->ended = false;
    row->count = 0;
    row->index = c->index;
    row->line = c->line;
    buf_reset(&row->text);
    while (rc == SIGNET_OK && !c->ended) {
        if (c->at == c->len) {
            rc = refill(m, c, err);
            if (rc == SIGNET_OK && c->len == 0) {
                if (csv_fini(&c->csv, on_field, on_end, c) != 0)
                    rc = bad_quote(m, row->line, "a quote is opened in this row and not closed",
                                   true, err);
                else if (!c->ended)
                    rc = error_set(err, SIGNET_E_NOT_FOUND, "%s has no more rows", m->path);
                break;
            }
        }
        if (rc == SIGNET_OK)
            rc = feed(m, c, &fed, err);
    }
    if (rc == SIGNET_OK)
        rc = buf_check(&row->text, err);
    c->index += rc == SIGNET_OK;
    if (rc != SIGNET_OK) {
        csv_free(&c->csv);
        c->ready = false;
    }
    return rc;
}

const uint8_t *manifest_field(const struct manifest_row *row, size_t column, size_t *len)
{
    size_t from = column ? row->ends[column - 1] + 1 : 0;

    *len = row->ends[column] - from;
    return row->text.data + from;
}

void manifest_row_free(struct manifest_row *row)
{
    buf_free(&row->text);
    row->count = 0;
}

/* What every row must be, whatever its columns mean. */
static int check_row(const struct manifest *m, const struct manifest_row *row,
                     struct signet_error *err)
{
    unsigned long long line = row->line;

    if (row->count != m->name_count)
        return error_set(err, SIGNET_E_SYNTAX, "%s:%llu: %zu fields, the header has %zu", m->path,
                         line, row->count, m->name_count);
    for (size_t i = 0; i < row->count; i++) {
        size_t len;
        const uint8_t *data = manifest_field(row, i, &len);

        if (len > MANIFEST_FIELD_MAX)
            return error_set(err, SIGNET_E_LIMIT, "%s:%llu: %s: the value has more than %d bytes",
                             m->path, line, m->names[i], MANIFEST_FIELD_MAX);
        if (memchr(data, 0, len))
            return error_set(err, SIGNET_E_SYNTAX, "%s:%llu: %s: the value holds a zero byte",
                             m->path, line, m->names[i]);
        if (utf8_valid(data, len))
            continue;
        error_set(err, SIGNET_E_SYNTAX, "%s:%llu: %s: the value is not UTF-8", m->path, line,
                  m->names[i]);
        error_hint(err, "save the file as UTF-8 (in a spreadsheet: CSV UTF-8)");
        return SIGNET_E_SYNTAX;
    }
    return SIGNET_OK;
}

/* header */

static int check_name(const struct manifest *m, const uint8_t *name, size_t len, size_t column,
                      struct signet_error *err)
{
    const char *what = NULL;

    if (len == 0)
        what = "has no name";
    else if (len > MANIFEST_NAME_MAX)
        what = "has a name of more than 64 bytes";
    else if (!utf8_valid(name, len) || memchr(name, 0, len))
        what = "has a name that is not UTF-8";
    for (size_t i = 0; !what && i < len; i++)
        if (name[i] < ' ' || name[i] == 0x7f || strchr("{}:", name[i]))
            what = "has a name with braces, a colon or control characters in it";
    for (size_t i = 0; !what && i < column; i++)
        if (strlen(m->names[i]) == len && memcmp(m->names[i], name, len) == 0)
            what = "has the name of another column";
    if (!what)
        return SIGNET_OK;
    error_set(err, SIGNET_E_SYNTAX, "%s:1: column %zu %s", m->path, column + 1, what);
    error_hint(err, "the first row names the columns: endpoint%cpsk", m->delimiter);
    return SIGNET_E_SYNTAX;
}

static int take_names(struct manifest *m, const struct manifest_row *row, struct signet_error *err)
{
    if (row->count > MANIFEST_COLUMNS_MAX)
        return error_set(err, SIGNET_E_LIMIT, "%s:1: %zu columns, at most %d are taken", m->path,
                         row->count, MANIFEST_COLUMNS_MAX);
    m->names = calloc(row->count, sizeof(*m->names));
    if (!m->names)
        return error_nomem(err);
    for (size_t i = 0; i < row->count; i++) {
        size_t len;
        const uint8_t *name = manifest_field(row, i, &len);
        int rc = check_name(m, name, len, i, err);

        if (rc != SIGNET_OK)
            return rc;
        m->names[i] = strndup((const char *)name, len);
        if (!m->names[i])
            return error_nomem(err);
        m->name_count++;
    }
    return SIGNET_OK;
}

static int read_header(struct manifest *m, struct signet_error *err)
{
    static const uint8_t bom[] = {0xef, 0xbb, 0xbf};
    struct cursor *c = &m->cursors[0];
    struct manifest_row row = {0};
    int rc = cursor_go(m, c, 0, &start, err);

    if (rc == SIGNET_OK)
        rc = refill(m, c, err);
    if (rc == SIGNET_OK && c->len >= 3 && memcmp(c->piece, bom, 3) == 0)
        c->at = 3;
    if (rc == SIGNET_OK && c->len >= 2 && (c->piece[0] ^ c->piece[1]) == 1 && c->piece[0] >= 0xfe) {
        error_set(err, SIGNET_E_SYNTAX, "%s is UTF-16", m->path);
        error_hint(err, "save it as UTF-8 (in a spreadsheet: CSV UTF-8)");
        rc = SIGNET_E_SYNTAX;
    }
    if (rc == SIGNET_OK)
        rc = cursor_next(m, c, &row, err);
    if (rc == SIGNET_E_NOT_FOUND)
        rc = error_set(err, SIGNET_E_SYNTAX, "%s is empty: the first row names the columns",
                       m->path);
    if (rc == SIGNET_OK)
        rc = take_names(m, &row, err);
    m->first = here(c);
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
    m->delimiter = delimiter;
    m->stride = STRIDE;
    pthread_mutex_init(&m->lock, NULL);
    m->path = strdup(path);
    m->marks = calloc(MARKS, sizeof(*m->marks));
    if (m->fd < 0 || fstat(m->fd, &m->seen) != 0)
        rc = error_sys(err, SIGNET_E_IO, errno, "manifest '%s'", path);
    else if (!S_ISREG(m->seen.st_mode))
        rc = error_set(err, SIGNET_E_IO, "manifest '%s' is no file", path);
    else if (!m->path || !m->marks)
        rc = error_nomem(err);
    if (rc == SIGNET_OK)
        rc = read_header(m, err);
    if (rc != SIGNET_OK)
        manifest_close(&m);
    else
        *out = m;
    return rc;
}

void manifest_close(struct manifest **manifest)
{
    struct manifest *m = manifest ? *manifest : NULL;

    if (!m)
        return;
    for (size_t i = 0; i < CURSORS; i++)
        cursor_close(&m->cursors[i]);
    for (size_t i = 0; i < m->name_count; i++)
        free(m->names[i]);
    if (m->fd >= 0)
        close(m->fd);
    pthread_mutex_destroy(&m->lock);
    free(m->names);
    free(m->marks);
    free(m->path);
    free(m);
    *manifest = NULL;
}

const char *const *manifest_columns(const struct manifest *m, size_t *count)
{
    *count = m->name_count;
    return (const char *const *)m->names;
}

const char *manifest_path(const struct manifest *m)
{
    return m->path;
}

int64_t manifest_count(const struct manifest *m)
{
    return m->rows;
}

/* Where the next row begins, if it is one of those that are written down. */
static void mark_place(struct manifest *m, const struct cursor *c)
{
    if (c->index % m->stride != 0)
        return;
    if (m->mark_count == MARKS) {
        for (size_t i = 0; i < MARKS / 2; i++)
            m->marks[i] = m->marks[2 * i];
        m->mark_count = MARKS / 2;
        m->stride *= 2;
        if (c->index % m->stride != 0)
            return;
    }
    m->marks[m->mark_count++] = here(c);
}

int manifest_scan(struct manifest *m, const struct manifest_visitor *visitor,
                  struct signet_error *err)
{
    struct cursor *c = &m->cursors[0];
    struct manifest_row row = {0};
    int rc = cursor_go(m, c, 0, &start, err);

    m->visitor = visitor;
    if (rc == SIGNET_OK)
        rc = refill(m, c, err); /* from the start, for on_bytes */
    while (rc == SIGNET_OK && c->len && c->offset + (off_t)c->len < m->first.offset)
        rc = refill(m, c, err);
    if (rc == SIGNET_OK) {
        c->at = (size_t)(m->first.offset - c->offset);
        c->line = m->first.line;
        c->after_cr = m->first.after_cr;
    }
    while (rc == SIGNET_OK) {
        struct signet_error why = {0};

        mark_place(m, c);
        rc = cursor_next(m, c, &row, err);
        if (rc != SIGNET_OK)
            break;
        m->rows++;
        int bad = check_row(m, &row, &why);
        if (visitor && visitor->on_row)
            rc = visitor->on_row(visitor->ctx, &row, bad ? &why : NULL, err);
    }
    m->visitor = NULL;
    manifest_row_free(&row);
    return rc == SIGNET_E_NOT_FOUND && !c->ready ? SIGNET_OK : rc;
}

/* The cursor that is nearest before the row; else the one that was idle longest, moved there. */
static int choose(struct manifest *m, int64_t index, struct cursor **out, struct signet_error *err)
{
    struct cursor *near = NULL, *idle = &m->cursors[0];

    for (size_t i = 0; i < CURSORS; i++) {
        struct cursor *c = &m->cursors[i];

        if (c->ready && c->index <= index && (!near || c->index > near->index))
            near = c;
        if (c->used < idle->used)
            idle = c;
    }
    *out = near && index - near->index < m->stride ? near : idle;
    (*out)->used = ++m->clock;
    if (*out == near)
        return SIGNET_OK;
    return cursor_go(m, *out, index - index % m->stride, &m->marks[index / m->stride], err);
}

int manifest_row(struct manifest *m, int64_t index, struct manifest_row *row,
                 struct signet_error *err)
{
    struct cursor *c;

    if (index < 0 || index >= m->rows)
        return error_set(err, SIGNET_E_NOT_FOUND, "%s has %lld rows", m->path, (long long)m->rows);
    pthread_mutex_lock(&m->lock);
    int rc = choose(m, index, &c, err);
    while (rc == SIGNET_OK && c->index <= index)
        rc = cursor_next(m, c, row, err);
    pthread_mutex_unlock(&m->lock);
    if (rc == SIGNET_E_NOT_FOUND)
        return changed(m, err);
    return rc == SIGNET_OK ? check_row(m, row, err) : rc;
}
