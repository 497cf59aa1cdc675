/* SPDX-License-Identifier: Apache-2.0 */
#include "config/parser.h"

#include <ctype.h>
#include <stdio.h>

void place_of(struct parser *p, size_t at, unsigned *line, unsigned *column)
{
    if (at < p->cursor)
        p->cursor = p->line = p->column = 0;
    for (; p->cursor < at; p->cursor++) {
        bool end = p->text[p->cursor] == '\n';

        p->line += end;
        p->column += (p->text[p->cursor] & 0xc0) != 0x80; /* characters, not bytes */
        p->column = end ? 0 : p->column;
    }
    *line = p->line + 1;
    *column = p->column + 1;
}

/* Is this word of a configuration fit to be shown? A key pasted without quotes is not: shown are
 * short words, plain numbers, names after a dot and what is near a known name. */
static bool word_shown(const char *word, size_t len, bool after_dot)
{
    static const char *const known[] = {"OID",   "RID",     "Objlink", "True", "False",
                                        "bytes", "fromhex", "None",    "null", "ResPath"};
    char copy[33];

    if (len < 6 || (len == 6 && strspn(word, "0123456789") >= len))
        return true;
    if (len >= sizeof(copy) || after_dot)
        return after_dot && len < sizeof(copy);
    memcpy(copy, word, len);
    copy[len] = '\0';
    return signet_word_nearest(copy, known, COUNT_OF(known)) != NULL;
}

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

/* What of the token at i may be a secret, in *from to *to: what stands in quotes, comments (who
 * comments out a key has still written it down), words that are no names. Returns where the next
 * token is. */
static size_t next_token(const struct parser *p, size_t i, size_t *from, size_t *to)
{
    const char *t = p->text, c = t[i];
    size_t quotes = t[i + 1] == c && t[i + 2] == c ? 3 : 1;

    *from = *to = i;
    if (c == '\'' || c == '"') {
        *from = i += quotes;
        while (i < p->len && (quotes == 3 || t[i] != '\n') &&
               (t[i] != c || (quotes == 3 && (t[i + 1] != c || t[i + 2] != c))))
            i += t[i] == '\\' ? 2 : 1;
        *to = i;
        return i + quotes;
    }
    if (c == '#') {
        while (i < p->len && t[i] != '\n')
            i++;
        return *to = i;
    }
    while (in_word(t[i]))
        i++;
    if (!word_shown(t + *from, i - *from, *from > 0 && t[*from - 1] == '.'))
        *to = i;
    return i > *from ? i : i + 1;
}

/* A text_hide. Quotes may have been opened on an earlier line, so the text is walked from its
 * start. */
static void find_secrets(const void *ctx, const char *text, size_t len, size_t start, size_t end,
                         bool *hide)
{
    const struct parser *p = ctx;
    size_t from, to;

    (void)text;
    (void)len;

    for (size_t i = 0; i < end;) {
        i = next_token(p, i, &from, &to);
        for (size_t j = from > start ? from : start; j < to && j < end; j++)
            hide[j - start] = true;
    }
}

void text_without_secrets(const struct parser *p, struct buf *out)
{
    struct buf hidden = {0};
    bool *hide = (bool *)buf_extend(&hidden, p->len);

    buf_fail_with(out, &hidden);
    if (!hide)
        return;
    memset(hide, false, p->len);
    find_secrets(p, p->text, p->len, 0, p->len, hide);
    buf_reserve(out, p->len);
    for (size_t i = 0; i < p->len; i++)
        if (!hide[i] || p->text[i] == '\n')
            buf_byte(out, (uint8_t)p->text[i]);
        else if ((p->text[i] & 0xc0) != 0x80)
            buf_byte(out, '.');
    buf_free(&hidden);
}

void fail_with(struct parser *p, int rc)
{
    if (p->rc == SIGNET_OK)
        p->rc = rc;
    if (p->rc != SIGNET_OK)
        p->at = p->len;
}

struct value fail_at(struct parser *p, size_t at, enum signet_code code, const char *hint,
                     const char *fmt, ...)
{
    const struct text_source source = {p->name, p->text, p->len, find_secrets, p};
    unsigned line, column;
    char what[200];
    va_list args;

    if (p->rc != SIGNET_OK)
        return (struct value){0};
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    place_of(p, at, &line, &column);
    fail_with(p, error_set_hint(p->err, code, hint ? hint : "", "%.120s:%u:%u: %s", p->name, line,
                                column, what));
    error_excerpt(p->err, &source, at);
    return (struct value){0};
}
