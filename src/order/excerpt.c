/* SPDX-License-Identifier: Apache-2.0 */
/* The line of a manifest that an error is about. Errors of rows are made for each row that is bad,
 * and few are told: the file is read again for those. */
#include "order/columns.h"

#include <fcntl.h>
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

/* The column that the message is about: "NAME 'VALUE': ...", "NAME: ...", "column 2 ...". */
static size_t blamed_field(const struct columns *columns, const char *what)
{
    for (size_t i = 0; i < columns->count; i++) {
        size_t n = strlen(columns->names[i]);

        if (strncmp(what, columns->names[i], n) == 0 && char_in(what[n], ": "))
            return i;
    }
    if (strncmp(what, "column ", 7) == 0)
        return strtoul(what + 7, NULL, 10) - 1;
    return strstr(what, " fields, ") ? SIZE_MAX : 0;
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
        const struct text_source source = {columns->path, (const char *)piece, (size_t)n,
                                           columns->count ? text_hide_all : text_hide_secrets,
                                           NULL};

        error_excerpt(err, &source,
                      field_start(source.text, source.len, columns->delimiter,
                                  blamed_field(columns, what + strspn(what, ": "))));
    }
    wipe(piece, sizeof(piece));
}
