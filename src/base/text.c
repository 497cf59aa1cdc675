/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <ctype.h>
#include <signet/text.h>
#include <stdio.h>

int text_check(const char *what, const void *text, size_t len, struct signet_error *err)
{
    const uint8_t *at = text;

    if (!utf8_valid(at, len))
        return error_set(err, SIGNET_E_MEANING, "the %s is not UTF-8", what);
    for (size_t i = 0; i < len; i++)
        if (at[i] < 0x20 || at[i] == 0x7f)
            return error_set(err, SIGNET_E_MEANING, "the %s has control characters", what);
    return SIGNET_OK;
}

int text_check_person(const char *what, const char *name, struct signet_error *err)
{
    struct signet_error why = {0};

    if (name[strspn(name, " ")] == '\0')
        return error_set_hint(err, SIGNET_E_USAGE, "give a name, or leave it out",
                              "%s: the name is empty", what);
    if (strlen(name) > PERSON_MAX)
        return error_set_hint(err, SIGNET_E_USAGE, "give a shorter name",
                              "%s: a name has at most %d bytes", what, PERSON_MAX);
    int rc = text_check(what, name, strlen(name), &why);
    return rc == SIGNET_OK ? rc : error_set(err, SIGNET_E_USAGE, "%s", why.msg);
}

/* As text_plain(), with what is secret in it. */
static void plain_value(struct buf *out, const uint8_t *data, size_t len)
{
    while (len) {
        uint32_t code;
        size_t n = utf8_decode(data, len, &code), bytes = n ? n : 1;

        if (n && utf8_shown(code))
            buf_append(out, data, n);
        else
            for (size_t i = 0; i < bytes; i++)
                buf_printf(out, "\\x%02x", data[i]);
        data += bytes;
        len -= bytes;
    }
}

void text_escape_value(struct buf *out, const uint8_t *data, size_t len)
{
    while (len) {
        const uint8_t *slash = memchr(data, '\\', len);
        size_t n = slash ? (size_t)(slash - data) + 1 : len;

        plain_value(out, data, n);
        if (slash)
            buf_byte(out, '\\');
        data += n;
        len -= n;
    }
}

/* A copy without secrets goes to the next. */
static void mask_copy(struct buf *out, const uint8_t *data, size_t len,
                      void (*next)(struct buf *, const uint8_t *, size_t))
{
    struct buf masked = {0};

    buf_append(&masked, data, len);
    if (masked.data)
        secret_mask((char *)masked.data, masked.len);
    buf_fail_with(out, &masked);
    if (masked.data)
        next(out, masked.data, masked.len);
    buf_free(&masked);
}

void text_plain(struct buf *out, const uint8_t *data, size_t len)
{
    mask_copy(out, data, len, plain_value);
}

void text_escape(struct buf *out, const uint8_t *data, size_t len)
{
    mask_copy(out, data, len, text_escape_value);
}

void text_expand(struct buf *out, const char *text, size_t len, const char *const (*values)[2])
{
    while (len) {
        size_t used = 0;

        for (size_t i = 0; !used && values[i][0]; i++) {
            size_t n = strlen(values[i][0]);

            if (n > len || memcmp(text, values[i][0], n) != 0)
                continue;
            buf_text(out, values[i][1]);
            used = n;
        }
        if (!used)
            buf_byte(out, (uint8_t)text[used++]);
        text += used;
        len -= used;
    }
}

/* Moves text to out, cut to size, but not in the middle of a character. */
static const char *text_fix(struct buf *text, char *out, size_t size)
{
    size_t len = text->len < size ? text->len : size - 1;

    while (len && len < text->len && (text->data[len] & 0xc0) == 0x80)
        len--;
    if (len)
        memcpy(out, text->data, len);
    out[len] = '\0';
    buf_free(text);
    return out;
}

const char *signet_text_plain(const char *text, char *out, size_t size)
{
    struct buf plain = {0};

    text_plain(&plain, (const uint8_t *)text, strlen(text));
    return text_fix(&plain, out, size);
}

const char *text_show(char *out, size_t size, const void *data, size_t len, size_t max)
{
    struct buf shown = {0}, masked = {0};

    buf_append(&masked, data, len < max + SECRET_BEHIND ? len : max + SECRET_BEHIND);
    if (masked.data) {
        secret_mask((char *)masked.data, masked.len);
        text_escape_value(&shown, masked.data, len < max ? len : max);
    }
    buf_free(&masked);
    return text_fix(&shown, out, size);
}

enum { NEAREST_MAX = 64 };

static unsigned distance(const char *a, size_t alen, const char *b, size_t blen)
{
    unsigned rows[3][NEAREST_MAX + 1];

    for (size_t j = 0; j <= blen; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= alen; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= blen; j++) {
            int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            unsigned best = last[j - 1] + (x != y);

            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]) && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[alen % 3][blen];
}

/* "stop_after", "retry" for "retries": four letters or more, and two thirds of the word; "serial"
 * for "serial_number" */
static const char *begins_alike(const char *word, size_t len, const char *const *candidates,
                                size_t count)
{
    const char *found = NULL;
    size_t most = len * 2 / 3 > 3 ? len * 2 / 3 : 3;

    for (size_t i = 0; len <= NEAREST_MAX && i < count; i++) {
        size_t same = 0;

        while (same < len && word[same] == candidates[i][same])
            same++;
        bool whole = same > 2 && !candidates[i][same] && char_in(word[same], "_-");
        if (same > most || (whole && !found)) {
            most = same > most ? same : most;
            found = candidates[i];
        }
    }
    return found;
}

const char *signet_word_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t len = strlen(word);
    unsigned best = len < 3 ? 2 : (unsigned)(len < 9 ? len : len + 2) / 3 + 1;
    const char *nearest = NULL;

    for (size_t i = 0; len <= NEAREST_MAX && i < count; i++) {
        unsigned d = distance(word, len, candidates[i], strnlen(candidates[i], NEAREST_MAX));

        if (d >= len && (!len || strncmp(candidates[i], word, len) != 0))
            continue; /* nothing is alike */
        bool longer = nearest && d == best && strncmp(candidates[i], word, len) == 0;

        if (d < best || longer) { /* a word of which the beginning was given is the nearer one */
            best = d;
            nearest = candidates[i];
        }
    }
    return nearest ? nearest : begins_alike(word, len, candidates, count);
}

bool endpoint_name_valid(const char *name, size_t len)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-._:";

    if (len < 1 || len > 150)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!memchr(allowed, name[i], sizeof(allowed) - 1))
            return false;
    return true;
}

const char *file_name_front(const char *endpoint)
{
    return char_in(endpoint[strspn(endpoint, "_")], "-.") ? "_" : "";
}

/* "psk_len" has nothing of "psk_hex" but its beginning, whose length is given: all that begin so
 * may be meant. 0: near is near enough. */
static size_t family_of(const char *name, const char *near)
{
    const char *bar = strrchr(name, '_');
    size_t head = bar ? (size_t)(bar + 1 - name) : 0, tail = strlen(name + head);

    if (!head || strncmp(near, name, head) != 0 || tail > NEAREST_MAX)
        return 0;
    return 2 * distance(name + head, tail, near + head, strnlen(near + head, NEAREST_MAX)) > tail
               ? head
               : 0;
}

void text_hint_known(const char *name, const char *const *known, size_t count,
                     struct signet_error *err)
{
    const char *near = signet_word_nearest(name, known, count);
    const size_t room = sizeof(err->hint) - sizeof("known: , ...");
    struct buf all = {0};
    size_t family = near ? family_of(name, near) : 0;
    bool cut = false, part = false;

    if (family)
        near = NULL;
    for (size_t i = 0; !near && !family && i < count; i++) /* "timeout", of "smp_timeout_ms" */
        part = part || (strlen(name) > 3 && strstr(known[i], name));
    for (size_t i = 0; !near && i < count; i++)
        if (strncmp(known[i], name, family) == 0 && (!part || strstr(known[i], name)) && !cut &&
            !(cut = all.len + strlen(known[i]) + 2 > room))
            buf_printf(&all, "%s%s", all.len ? ", " : "", known[i]);
    if (near)
        error_hint(err, "did you mean '%s'?", near);
    else if (all.data)
        error_hint(err, "known: %s%s", (const char *)all.data, cut ? ", ..." : "");
    buf_free(&all);
}

/* apiKey, API-KEY: api_key */
static void fold_word(const char *word, char *out, size_t size)
{
    size_t n = 0;

    for (const char *c = word; *c && n + 2 < size; c++) {
        if (c > word && isupper((unsigned char)*c) && islower((unsigned char)c[-1]))
            out[n++] = '_';
        out[n++] = *c == '-' ? '_' : (char)tolower((unsigned char)*c);
    }
    out[n] = '\0';
}

bool text_hint_meant(const char *word, const char *const (*rows)[2], struct signet_error *err)
{
    char folded[64];

    fold_word(word, folded, sizeof(folded));
    for (; rows && (*rows)[0]; rows++)
        for (const char *at = (*rows)[0]; *at; at += strcspn(at, " "), at += *at == ' ')
            if (text_is(at, strcspn(at, " "), folded)) {
                error_hint(err, "%s", (*rows)[1]);
                return true;
            }
    return false;
}

int text_unknown(enum signet_code code, const char *what, const char *name,
                 const char *const *known, size_t count, struct signet_error *err)
{
    error_set(err, code, "unknown %s '%s'", what, text_shown(name, strlen(name), 40));
    text_hint_known(name, known, count, err);
    return (int)code;
}

int text_copy(char **out, const char *text, struct signet_error *err)
{
    *out = text ? strdup(text) : NULL;
    return *out || !text ? SIGNET_OK : error_nomem(err);
}

int text_format(char **out, struct signet_error *err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int len = vasprintf(out, fmt, args);
    va_end(args);
    if (len >= 0)
        return SIGNET_OK;
    *out = NULL;
    return error_nomem(err);
}

bool text_is_hex(const void *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isxdigit(((const unsigned char *)text)[i]))
            return false;
    return true;
}

bool text_ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);

    return len > tail && strcmp(text + len - tail, end) == 0;
}

bool text_has_tail(const char *text, const char *tail)
{
    size_t len = strlen(text), end = strlen(tail);

    return end > 0 && len >= end && strcasecmp(text + len - end, tail) == 0;
}

void text_mask_hex(char *text, size_t digits)
{
    for (size_t n; *text; text += n ? n : 1) {
        n = strspn(text, "0123456789abcdefABCDEF");
        if (n >= digits)
            memset(text, '*', n);
    }
}

bool text_same_serial(const char *a, const char *b)
{
    return strcasecmp(a + strspn(a, "0"), b + strspn(b, "0")) == 0;
}
