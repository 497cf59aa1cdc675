/* SPDX-License-Identifier: Apache-2.0 */
#include "config/parser.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { EXCERPT_WIDTH = 100 };

void place_of(const struct parser *p, size_t at, size_t *cursor, unsigned *line, unsigned *column)
{
    size_t start;

    if (at < *cursor) {
        *cursor = 0;
        *line = 1;
    }
    for (; *cursor < at; (*cursor)++)
        *line += p->text[*cursor] == '\n';
    for (start = at; start > 0 && p->text[start - 1] != '\n';)
        start--;
    *column = 1;
    for (; start < at; start++) /* characters, not bytes */
        *column += (p->text[start] & 0xc0) != 0x80;
}

/* Is this word of a configuration fit to be shown? A key pasted without quotes is not: shown are
 * short words, plain numbers, names after a dot and what is near a known name. */
static bool word_shown(const char *word, size_t len, bool after_dot)
{
    static const char *const known[] = {"OID",   "RID",     "Objlink", "True", "False",
                                        "bytes", "fromhex", "None",    "null", "ResPath"};
    char copy[33];
    bool digits = true;

    for (size_t i = 0; i < len; i++)
        digits = digits && isdigit((unsigned char)word[i]);
    if (len < 6 || (digits && len <= 6))
        return true;
    if (len >= sizeof copy)
        return false;
    if (after_dot)
        return true;
    memcpy(copy, word, len);
    copy[len] = '\0';
    return text_nearest(copy, known, sizeof known / sizeof *known) != NULL;
}

/* Marks in hide[] the bytes of the line that may be a secret: what stands in quotes, and words
 * that are no names. Quotes may have been opened on an earlier line, so the text is walked from
 * its start. */
static void find_secrets(const struct parser *p, size_t start, size_t end, bool *hide)
{
    char quote = 0;
    bool triple = false;

    for (size_t i = 0; i < end;) {
        char c = p->text[i];
        size_t width = 1;
        bool secret = false;

        if (quote) {
            bool three = triple && i + 2 < p->len && p->text[i + 1] == c && p->text[i + 2] == c;

            secret = true;
            if (c == '\\') {
                width = 2;
            } else if (c == quote && (!triple || three)) {
                width = triple ? 3 : 1;
                quote = 0;
                secret = false;
            } else if (c == '\n' && !triple) {
                quote = 0;
            }
        } else if (c == '\'' || c == '"') {
            triple = i + 2 < p->len && p->text[i + 1] == c && p->text[i + 2] == c;
            quote = c;
            width = triple ? 3 : 1;
        } else if (c == '#') {
            while (i + width < p->len && p->text[i + width] != '\n')
                width++;
            secret = true; /* who comments out a key has still written it down */
        } else if (isalnum((unsigned char)c) || c == '_' || (c & 0x80)) {
            while (i + width < p->len && (isalnum((unsigned char)p->text[i + width]) ||
                                          p->text[i + width] == '_' || (p->text[i + width] & 0x80)))
                width++;
            secret = !word_shown(p->text + i, width, i > 0 && p->text[i - 1] == '.');
        }
        for (size_t j = i; secret && j < i + width && j < end; j++)
            if (j >= start)
                hide[j - start] = true;
        i += width;
    }
}

static void set_excerpt(const struct parser *p, size_t at)
{
    size_t start = at, end = at, from, used = 0, caret = 0;
    bool hide[4 * EXCERPT_WIDTH] = {false};
    char *out = p->err->excerpt;
    size_t room = sizeof p->err->excerpt;

    while (start > 0 && p->text[start - 1] != '\n')
        start--;
    while (end < p->len && p->text[end] != '\n')
        end++;
    from = at - start > EXCERPT_WIDTH / 2 ? at - EXCERPT_WIDTH / 2 : start;
    if (end > from + EXCERPT_WIDTH)
        end = from + EXCERPT_WIDTH;
    find_secrets(p, from, end, hide);
    for (size_t i = from; i < end && used + 2 < room; i++) {
        unsigned char c = (unsigned char)p->text[i];

        if ((c & 0xc0) == 0x80)
            continue; /* one mark for a character outside ASCII, so that the caret stays right */
        if (i < at)
            caret++;
        out[used++] = hide[i - from] ? '.' : c == '\t' ? ' ' : c < 0x20 || c > 0x7e ? '?' : (char)c;
    }
    if (used + caret + 3 < room) {
        out[used++] = '\n';
        memset(out + used, ' ', caret);
        used += caret;
        out[used++] = '^';
    }
    out[used] = '\0';
}

void tell_at(struct parser *p, size_t at, enum signet_code code, const char *hint, const char *fmt,
             ...)
{
    unsigned line = 1, column;
    size_t cursor = 0;
    char what[200];
    va_list args;

    if (!p->err)
        return;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    if (at > p->len)
        at = p->len;
    place_of(p, at, &cursor, &line, &column);
    error_set(p->err, code, "%.120s:%u:%u: %s", p->name, line, column, what);
    if (hint)
        error_hint(p->err, "%s", hint);
    set_excerpt(p, at);
}
