/* SPDX-License-Identifier: Apache-2.0 */
/* Places in text: an error with file, line and column, the line itself and a caret under the
 * place. One form for every format that people write. */
#include "base/base.h"

#include <ctype.h>
#include <stdio.h>

enum { EXCERPT_WIDTH = 100, CARET_ROOM = EXCERPT_WIDTH + 4 };

/* The last byte of a line, of whatever system: the end of \r\n is its \n. */
static bool ends_line(const char *text, size_t len, size_t at)
{
    return text[at] == '\n' || (text[at] == '\r' && (at + 1 >= len || text[at + 1] != '\n'));
}

struct line_column text_place(const char *text, size_t len, size_t at)
{
    struct line_column place = {1, 1};
    size_t start = utf8_mark(text, at < len ? at : len);

    if (at > len)
        at = len;
    for (size_t i = start; i < at; i++) {
        if (!ends_line(text, len, i))
            continue;
        place.line++;
        start = i + 1;
    }
    for (; start < at; start++) /* characters, not bytes */
        place.column += (text[start] & 0xc0) != 0x80;
    return place;
}

/* The offset of a line's first byte; false: there are fewer lines. */
static bool line_start(const char *text, size_t len, unsigned line, size_t *start)
{
    *start = utf8_mark(text, len);
    for (size_t i = *start; line > 1; i++) {
        if (i >= len)
            return false;
        if (!ends_line(text, len, i))
            continue;
        *start = i + 1;
        line--;
    }
    return true;
}

size_t text_offset(const char *text, size_t len, struct line_column place)
{
    size_t at;

    if (!line_start(text, len, place.line, &at))
        return len;
    for (unsigned column = 1; column < place.column && at < len && text[at] != '\n'; column++)
        do
            at++;
        while (at < len && (text[at] & 0xc0) == 0x80);
    return at;
}

static void hide_range(bool *hide, size_t start, size_t end, size_t from, size_t to)
{
    for (size_t i = from > start ? from : start; i < to && i < end; i++)
        hide[i - start] = true;
}

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static const char *const secret_ends[] = {"psk",        "key",           "secret",
                                          "password",   "passwd",        "token",
                                          "passphrase", "authorization", "pin-value"};
enum { SECRET_ENDS = COUNT_OF(secret_ends), SHORT_ENDS = 2, NAME_MAX_LEN = 32 };

/* A name whose value is a secret: token, client_secret, "psk". */
bool text_names_secret(const char *name, size_t len)
{
    for (size_t i = 0; i < SECRET_ENDS; i++) {
        size_t n = strlen(secret_ends[i]);

        if (len >= n && strncasecmp(name + len - n, secret_ends[i], n) == 0)
            return true;
    }
    return false;
}

/* The same with a slip in its last word, for what is shown: pasword, API_tokn, keys. */
static bool resembles_secret(const char *name, size_t len)
{
    char word[NAME_MAX_LEN] = "";
    size_t start = len, n = 0;

    while (start > 0 && isalpha((unsigned char)name[start - 1]))
        start--;
    for (; start < len && n + 1 < sizeof(word); start++)
        word[n++] = (char)tolower((unsigned char)name[start]);
    n -= n > 0 && word[n - 1] == 's';
    word[n] = '\0';
    return text_names_secret(name, len) || text_names_secret(word, n) ||
           signet_word_nearest(word, secret_ends + SHORT_ENDS, SECRET_ENDS - SHORT_ENDS);
}

/* What looks like a key: a long word with digits in it. */
static bool looks_secret(const char *word, size_t len)
{
    size_t digits = 0;

    for (size_t i = 0; i < len; i++)
        digits += isdigit((unsigned char)word[i]) != 0;
    return len >= 16 && digits >= 2;
}

/* user:password@ of an address that begins at text[at], behind its "://"; or password@ behind a
 * colon */
static size_t credentials_end(const char *text, size_t end, size_t at)
{
    size_t last = at;

    for (size_t i = at; i < end && !char_in(text[i], " \t\"'"); i++)
        if (text[i] == '@')
            last = i;
    return last;
}

/* The value behind a name, when there is one: from its first to its last character. */
static size_t value_start(const char *text, size_t end, size_t at)
{
    while (at < end && !in_name(text[at]) && !char_in(text[at], ":=,{}[]>"))
        at++;
    return at < end && char_in(text[at], ":=>") ? at + 1 : 0;
}

/* Where the value begins in NAME=VALUE, as queries have it; SIZE_MAX: nowhere. */
static size_t assigned(const char *text, size_t word, size_t end)
{
    for (size_t i = word; i < end; i++)
        if (text[i] == '=' && resembles_secret(text + word, i - word))
            return i + 1;
    return SIZE_MAX;
}

/* Does the line before end with a name whose value is a secret, which is then in this line? */
static bool follows_name(const char *text, size_t line)
{
    size_t end = line, word;
    bool assigns = false;

    for (; end > 0 && char_in(text[end - 1], " \t\r\n:=|>-[{\"'"); end--)
        assigns = assigns || char_in(text[end - 1], ":=>");
    for (word = end; word > 0 && in_name(text[word - 1]);)
        word--;
    return assigns && resembles_secret(text + word, end - word);
}

void text_hide_secrets(const void *ctx, const char *text, size_t len, size_t start, size_t end,
                       bool *hide)
{
    size_t i = start, word, from;

    (void)ctx;
    (void)len;
    while (i > 0 && text[i - 1] != '\n') /* a long line is shown in part */
        i--;
    if (follows_name(text, i))
        hide_range(hide, start, end, i, end);
    while (i < end) {
        for (word = i; i < end && (in_name(text[i]) || char_in(text[i], "+/="));)
            i++;
        if (i == word) {
            i++;
            continue;
        }
        if (looks_secret(text + word, i - word))
            hide_range(hide, start, end, word, i);
        if (resembles_secret(text + word, i - word) && (from = value_start(text, end, i)))
            hide_range(hide, start, end, from, end);
        hide_range(hide, start, end, assigned(text, word, i), end);
        if (i < end && text[i] == ':') {
            for (from = i + 1; from < end && char_in(text[from], "/\\");)
                from++;
            hide_range(hide, start, end, from, from < end ? credentials_end(text, end, from) : 0);
        }
    }
}

/* And all behind the colon that follows the place *ctx. */
static void hide_value(const void *ctx, const char *text, size_t len, size_t start, size_t end,
                       bool *hide)
{
    size_t at = *(const size_t *)ctx;
    const char *colon = memchr(text + at, ':', len - at);

    text_hide_secrets(NULL, text, len, start, end, hide);
    if (colon)
        hide_range(hide, start, end, (size_t)(colon - text) + 1, end);
}

void text_hide_all(const void *ctx, const char *text, size_t len, size_t start, size_t end,
                   bool *hide)
{
    (void)ctx;
    (void)len;
    for (size_t i = start; i < end; i++)
        hide[i - start] = isalnum((unsigned char)text[i]) || (text[i] & 0x80);
}

/* One character of the line: as it is where a person may see it, else a mark of the same width. */
static size_t put_character(char *out, const char *at, size_t left, bool hidden, size_t *used)
{
    uint32_t code;
    size_t n = utf8_decode((const uint8_t *)at, left, &code);
    bool shown = n > 0 && utf8_shown(code);

    if (hidden || !shown) {
        out[(*used)++] = hidden ? '.' : *at == '\t' ? ' ' : '?';
    } else {
        memcpy(out + *used, at, n);
        *used += n;
    }
    return n ? n : 1;
}

void error_excerpt(struct signet_error *err, const struct text_source *source, size_t at)
{
    const char *text = source->text;
    size_t start = at, end = at, from, used = 0, caret = 0,
           room = sizeof(err->excerpt) - CARET_ROOM;
    bool hide[EXCERPT_WIDTH + 4] = {false};

    if (!err || !text || at > source->len)
        return;
    while (start > 0 && at - start <= EXCERPT_WIDTH && text[start - 1] != '\n' &&
           text[start - 1] != '\r') /* what is further away is not shown */
        start--;
    while (end < source->len && end - at <= EXCERPT_WIDTH && text[end] != '\n' && text[end] != '\r')
        end++;
    if (start == 0 && utf8_mark(text, end))
        start = at < 3 ? at : 3;
    from = at - start > EXCERPT_WIDTH / 2 ? at - EXCERPT_WIDTH / 2 : start;
    while (from > start && (text[from] & 0xc0) == 0x80)
        from--;
    if (end > from + EXCERPT_WIDTH)
        end = from + EXCERPT_WIDTH;
    source->hide(source->ctx, text, source->len, from, end, hide);
    for (size_t i = from; i < end && used + 4 < room;) {
        caret += i < at;
        i += put_character(err->excerpt, text + i, source->len - i, hide[i - from], &used);
    }
    secret_mask(err->excerpt, used);
    snprintf(err->excerpt + used, sizeof(err->excerpt) - used, "\n%*s", (int)caret + 1, "^");
}

int error_at_unknown(struct signet_error *err, enum signet_code code,
                     const struct text_source *source, size_t at, const char *what)
{
    const struct text_source hidden = {source->name, source->text, source->len, hide_value, &at};

    return error_at(err, code, &hidden, at, "%s", what);
}

void error_write_at(struct signet_error *err, enum signet_code code,
                    const struct text_source *source, size_t at, const char *fmt, ...)
{
    struct line_column place = text_place(source->text, source->len, at);
    char what[240];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    if (source->name)
        error_write(err, code, 0, "%.120s:%u:%u: %s", source->name, place.line, place.column, what);
    else
        error_write(err, code, 0, "%s (line %u, column %u)", what, place.line, place.column);
    error_excerpt(err, source, at);
}
