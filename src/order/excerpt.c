/* SPDX-License-Identifier: Apache-2.0 */
/* The line of a manifest that an error is about. Errors of rows are made for each row that is bad,
 * and few are told: the file is read again for those. */
#include "order/manifest_columns.h"

#include <stdlib.h>
#include <unistd.h>

enum { PIECE_SIZE = 16 * 1024, LINE_SHOWN = 2048 };

/* Where a line begins; -1: the file has fewer, or cannot be read. */
static off_t find_line(int fd, unsigned long long line, uint8_t *piece)
{
    off_t offset = 0;
    ssize_t n;

    while (line > 1 && (n = pread(fd, piece, PIECE_SIZE, offset)) > 0) {
        const uint8_t *at = piece, *end = piece + n;

        while (line > 1 && (at = memchr(at, '\n', (size_t)(end - at)))) {
            line--;
            at++;
        }
        offset += line > 1 ? n : at - piece;
    }
    return line == 1 ? offset : -1;
}

/* Where a field begins in its line, with its quote. */
static size_t field_start(const char *text, size_t len, char delimiter, size_t field)
{
    bool quoted = false;
    size_t at = 0;

    for (; at < len && field > 0 && text[at] != '\n' && text[at] != '\r'; at++) {
        quoted ^= text[at] == '"';
        field -= !quoted && text[at] == delimiter;
    }
    return at;
}

/* The column that the message is about: "NAME 'VALUE': ...", "the NAME 'VALUE' is ...", "NAME:
 * ...", "column 2 ...". */
static size_t blamed_field(const struct columns *columns, const char *what)
{
    if (strncmp(what, "the ", 4) == 0)
        what += 4;
    for (size_t i = 0; i < columns->count; i++) {
        size_t n = strlen(columns->names[i]);

        if (strncmp(what, columns->names[i], n) == 0 && char_in(what[n], ": "))
            return i;
    }
    if (strncmp(what, "column ", 7) == 0)
        return strtoul(what + 7, NULL, 10) - 1;
    return strstr(what, " fields, ") ? SIZE_MAX : 0;
}

/* The quote that is wrong: one inside a field, else the last that is opened. */
static size_t quote_at(const char *text, size_t len, char delimiter)
{
    bool quoted = false, begins = true;
    size_t opened = 0;

    for (size_t at = 0; at < len && text[at] != '\n' && text[at] != '\r'; at++) {
        char next = at + 1 < len ? text[at + 1] : '\n';

        if (text[at] != '"') {
            begins = !quoted && text[at] == delimiter;
        } else if (!quoted) {
            if (!begins)
                return at;
            quoted = true;
            opened = at;
        } else if (next == '"') {
            at++;
        } else if (next == delimiter || next == '\n' || next == '\r') {
            quoted = false;
        } else {
            return at;
        }
    }
    return opened;
}

static size_t blamed_at(const struct columns *columns, const char *what, const char *text,
                        size_t len)
{
    what += strspn(what, ": ");
    if (strncmp(what, "a quote ", 8) == 0)
        return quote_at(text, len, columns->delimiter);
    return field_start(text, len, columns->delimiter, blamed_field(columns, what));
}

/* ":COLUMN" behind the line, at *rest. */
static void put_column(struct signet_error *err, const char *rest, unsigned column)
{
    const struct signet_error was = *err;
    int used = (int)(rest - err->msg);

    error_set(err, was.code, "%.*s:%u%s", used, was.msg, column, was.msg + used);
    error_hint(err, "%s", was.hint);
}

void columns_excerpt(const struct columns *columns, int fd, struct signet_error *err)
{
    size_t path = columns->path ? strlen(columns->path) : 0;
    uint8_t piece[PIECE_SIZE];
    char *what = NULL;
    off_t at = -1;
    ssize_t n = 0;

    if (!err || !path || strncmp(err->msg, columns->path, path) != 0 || err->msg[path] != ':')
        return;
    unsigned long long line = strtoull(err->msg + path + 1, &what, 10);
    if (line > 0 && *what == ':' && (at = find_line(fd, line, piece)) >= 0)
        n = pread(fd, piece, LINE_SHOWN, at);
    if (n > 0) {
        const struct text_source source = {
            columns->path, (const char *)piece, (size_t)n,
            columns->count && !columns->shown ? text_hide_all : text_hide_secrets, NULL};
        size_t place = blamed_at(columns, what, source.text, source.len);

        put_column(err, what, text_place(source.text, source.len, place).column);
        error_excerpt(err, &source, place);
    }
    wipe(piece, sizeof(piece));
}
