/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of a manifest: their names, what a file must be to have them, and a row. */
#include "order/manifest_columns.h"

#include <stdlib.h>

static const char save_as[] = "save it as UTF-8 (in a spreadsheet: CSV UTF-8)";

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

void columns_free(struct columns *columns)
{
    for (size_t i = 0; i < columns->count; i++)
        free(columns->names[i]);
    free(columns->names);
    free(columns->path);
    *columns = (struct columns){0};
}

/* The file */

int columns_other_delimiter(const struct columns *columns, uint64_t line, char found,
                            struct signet_error *err)
{
    const char marks[2][4] = {{'\'', columns->delimiter, '\''}, {'\'', found, '\''}};

    error_set(err, SIGNET_E_SYNTAX, "%s:%llu: the fields end with %s, not with %s", columns->path,
              (unsigned long long)line, found == '\t' ? "tabs" : marks[1],
              columns->delimiter == '\t' ? "tabs" : marks[0]);
    if (found == '|')
        error_hint(err, "names: {delimiter: \"|\"}; a table of a document has no | at the ends of "
                        "its lines, and no line of dashes");
    else if (found == '\t')
        error_hint(err, "names: {delimiter: tab}");
    else
        error_hint(err, "names: {delimiter: \"%c\"}", found);
    return SIGNET_E_SYNTAX;
}

/* "sep=;" is for Excel. */
static int pass_sep(const struct columns *columns, const uint8_t *data, size_t len, size_t *at,
                    uint64_t *line, struct signet_error *err)
{
    const char *text = (const char *)data + *at;
    size_t left = len - *at;

    if (left < 6 || strncasecmp(text, "sep=", 4) != 0 || (text[5] != '\r' && text[5] != '\n') ||
        ((text[4] < ' ' || text[4] > '~') && text[4] != '\t'))
        return SIGNET_OK;
    if (text[4] != columns->delimiter)
        return columns_other_delimiter(columns, *line, text[4], err);
    *at += left > 6 && text[5] == '\r' && text[6] == '\n' ? 7 : 6;
    ++*line;
    return SIGNET_OK;
}

int columns_begin(const struct columns *columns, const uint8_t *data, size_t len, size_t *at,
                  uint64_t *line, struct signet_error *err)
{
    *at = utf8_mark(data, len);
    return pass_sep(columns, data, len, at, line, err);
}

/* The header */

static int check_name(const struct columns *columns, const struct manifest_row *header,
                      size_t column, struct signet_error *err)
{
    const char *what = NULL;
    size_t len;
    const uint8_t *name = manifest_field(header, column, &len);
    bool utf8 = utf8_valid(name, len);

    if (len == 0)
        what = "has no name";
    else if (len > MANIFEST_NAME_MAX)
        what = "has a name of more than 64 bytes";
    else if (!utf8)
        what = "has a name that is not UTF-8";
    for (size_t i = 0; !what && i < len; i++)
        if (name[i] < ' ' || name[i] == 0x7f || char_in((char)name[i], "{}:"))
            what = "has a name with braces, a colon or control characters in it";
    for (size_t i = 0; !what && i < column; i++)
        if (text_is((const char *)name, len, columns->names[i]))
            what = "has the name of another column";
    if (!what)
        return SIGNET_OK;
    error_set(err, SIGNET_E_SYNTAX, "%s:%llu: column %zu %s", columns->path,
              (unsigned long long)header->line, column + 1, what);
    if (utf8)
        error_hint(err, "the first row names the columns, each by a name of its own: endpoint%cpsk",
                   columns->delimiter);
    else
        error_hint(err, "%s", save_as);
    return SIGNET_E_SYNTAX;
}

/* Fields up to the last that is not empty. */
static size_t used(const struct manifest_row *row)
{
    size_t count = row->count;

    if (count > MANIFEST_COLUMNS_MAX)
        return count;
    while (count > 0 && row->ends[count - 1] == (count > 1 ? row->ends[count - 2] + 1 : 0))
        count--;
    return count;
}

int columns_read(struct columns *columns, const struct manifest_row *header,
                 struct signet_error *err)
{
    size_t count = header->count == 1 ? 1 : used(header), len;

    if (count > MANIFEST_COLUMNS_MAX)
        return error_set(err, SIGNET_E_LIMIT, "%s:%llu: %zu columns, at most %d are taken",
                         columns->path, (unsigned long long)header->line, count,
                         MANIFEST_COLUMNS_MAX);
    const char *name = (const char *)manifest_field(header, 0, &len);
    const char *other = count == 1 ? strpbrk(name, ",;\t|") : NULL;
    if (other && *other != columns->delimiter)
        return columns_other_delimiter(columns, header->line, *other, err);
    columns->names = calloc(count, sizeof(*columns->names));
    if (!columns->names)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        int rc = check_name(columns, header, i, err);

        if (rc != SIGNET_OK)
            return rc;
        name = (const char *)manifest_field(header, i, &len);
        columns->names[i] = strndup(name, len);
        if (!columns->names[i])
            return error_nomem(err);
        columns->count++;
    }
    return SIGNET_OK;
}

/* A row */

/* The names of the columns again, in whichever letters: two tables in one file. */
static bool is_header(const struct columns *columns, const struct manifest_row *row)
{
    for (size_t i = 0; i < columns->count; i++) {
        size_t len;
        const uint8_t *data = i < row->count ? manifest_field(row, i, &len) : NULL;

        if (!data || strlen(columns->names[i]) != len ||
            strncasecmp((const char *)data, columns->names[i], len) != 0)
            return false;
    }
    return true;
}

int columns_check(const struct columns *columns, const struct manifest_row *row,
                  struct signet_error *err)
{
    unsigned long long line = row->line;
    size_t count = row->count > columns->count ? used(row) : row->count;
    const char *what = NULL, *hint = NULL;

    if (row->count && text_odd((const char *)row->text.data, row->text.len, 0, &what, &hint) &&
        char_in((char)row->text.data[0], "<=>"))
        return error_set_hint(err, SIGNET_E_SYNTAX, hint, "%s:%llu: %s", columns->path, line, what);
    if (is_header(columns, row))
        return error_set_hint(err, SIGNET_E_SYNTAX, "take the row out: one header is enough",
                              "%s:%llu: the header stands here again", columns->path, line);
    if (row->count < columns->count || count > columns->count)
        return error_set_hint(err, SIGNET_E_SYNTAX,
                              row->count < columns->count
                                  ? "is a field missing, or is another delimiter used in this row?"
                                  : "a field with a delimiter in it is put in quotes",
                              "%s:%llu: %zu fields, the header has %zu", columns->path, line, count,
                              columns->count);
    for (size_t i = 0; i < columns->count; i++) {
        size_t len;
        const uint8_t *data = manifest_field(row, i, &len);
        bool utf8 = utf8_valid(data, len);

        if (len > MANIFEST_FIELD_MAX)
            return error_set(err, SIGNET_E_LIMIT, "%s:%llu: %s: the value has more than %d bytes",
                             columns->path, line, columns->names[i], MANIFEST_FIELD_MAX);
        if (!utf8 || memchr(data, 0, len))
            return error_set_hint(err, SIGNET_E_SYNTAX, utf8 ? "" : save_as, "%s:%llu: %s: %s",
                                  columns->path, line, columns->names[i],
                                  utf8 ? "the value holds a zero byte" : "the value is not UTF-8");
        if (text_odd_value((const char *)data, len, true, &what, &hint) < len)
            return error_set_hint(err, SIGNET_E_SYNTAX, "write the value anew", "%s:%llu: %s: %s",
                                  columns->path, line, columns->names[i], what);
    }
    return SIGNET_OK;
}
