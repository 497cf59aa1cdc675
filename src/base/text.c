/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <ctype.h>
#include <string.h>

void hex_encode(const uint8_t *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        *out++ = digits[data[i] >> 4];
        *out++ = digits[data[i] & 15];
    }
    *out = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

ssize_t hex_decode(const char *text, size_t len, uint8_t *out, size_t cap)
{
    if (len % 2 || len / 2 > cap)
        return -1;
    for (size_t i = 0; i < len; i += 2) {
        int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);

        if (high < 0 || low < 0)
            return -1;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return (ssize_t)(len / 2);
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_encode_size(size_t len)
{
    return (len + 2) / 3 * 4;
}

void base64_encode(const uint8_t *data, size_t len, char *out)
{
    for (; len >= 3; data += 3, len -= 3) {
        *out++ = base64_digits[data[0] >> 2];
        *out++ = base64_digits[(data[0] & 3) << 4 | data[1] >> 4];
        *out++ = base64_digits[(data[1] & 15) << 2 | data[2] >> 6];
        *out++ = base64_digits[data[2] & 63];
    }
    if (len) {
        uint8_t second = len == 2 ? data[1] : 0;

        *out++ = base64_digits[data[0] >> 2];
        *out++ = base64_digits[(data[0] & 3) << 4 | second >> 4];
        *out++ = len == 2 ? base64_digits[(second & 15) << 2] : '=';
        *out++ = '=';
    }
    *out = '\0';
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ssize_t base64_decode(const char *text, size_t len, uint8_t *out, size_t cap)
{
    size_t pad, used = 0;

    if (len % 4)
        return -1;
    if (!len)
        return 0;
    pad = (size_t)(text[len - 1] == '=') + (size_t)(text[len - 1] == '=' && text[len - 2] == '=');
    if (len / 4 * 3 - pad > cap)
        return -1;
    for (size_t i = 0; i < len; i += 4) {
        size_t keep = i + 4 == len ? 3 - pad : 3;
        uint32_t bits = 0;

        for (size_t j = 0; j < 4; j++) {
            int digit = j <= keep ? base64_digit(text[i + j]) : 0;

            if (digit < 0)
                return -1;
            bits = bits << 6 | (uint32_t)digit;
        }
        if (bits & ((1u << 8 * (3 - keep)) - 1)) /* bits that the padding drops must be zero */
            return -1;
        for (size_t j = 0; j < keep; j++)
            out[used++] = (uint8_t)(bits >> (16 - 8 * j));
    }
    return (ssize_t)used;
}

/* The length of the valid sequence at data (RFC 3629), or 0. */
static size_t utf8_sequence(const uint8_t *data, size_t len)
{
    uint32_t code;
    size_t want;

    if (data[0] < 0x80)
        return 1;
    if (data[0] >= 0xc2 && data[0] <= 0xdf)
        want = 2;
    else if ((data[0] & 0xf0) == 0xe0)
        want = 3;
    else if (data[0] >= 0xf0 && data[0] <= 0xf4)
        want = 4;
    else
        return 0;
    if (len < want)
        return 0;
    code = data[0] & (0xffu >> (want + 1));
    for (size_t i = 1; i < want; i++) {
        if ((data[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (data[i] & 0x3fu);
    }
    if ((want == 3 && code < 0x800) || (want == 4 && code < 0x10000) || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return want;
}

bool utf8_valid(const uint8_t *data, size_t len)
{
    for (size_t i = 0, n; i < len; i += n) {
        n = utf8_sequence(data + i, len - i);
        if (!n)
            return false;
    }
    return true;
}

/* C0, DEL, C1, and the marks that reorder or hide text (U+200B..200F, 202A..202E, 2060..206F,
 * FEFF). */
static bool utf8_shown(const uint8_t *data, size_t n)
{
    if (n == 1)
        return data[0] >= 0x20 && data[0] != 0x7f;
    if (n == 2)
        return !(data[0] == 0xc2 && data[1] < 0xa0);
    if (n == 3 && data[0] == 0xe2 && data[1] == 0x80)
        return !((data[2] >= 0x8b && data[2] <= 0x8f) || (data[2] >= 0xa8 && data[2] <= 0xae));
    if (n == 3 && data[0] == 0xe2 && data[1] == 0x81)
        return !(data[2] >= 0xa0 && data[2] <= 0xaf);
    return !(n == 3 && data[0] == 0xef && data[1] == 0xbb && data[2] == 0xbf);
}

void text_escape(struct buf *out, const uint8_t *data, size_t len)
{
    while (len) {
        size_t n = utf8_sequence(data, len);

        if (n && utf8_shown(data, n) && data[0] != '\\') {
            buf_append(out, data, n);
        } else if (data[0] == '\\') {
            n = 1;
            buf_text(out, "\\\\");
        } else {
            n = n ? n : 1;
            for (size_t i = 0; i < n; i++)
                buf_printf(out, "\\x%02x", data[i]);
        }
        data += n;
        len -= n;
    }
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

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t len = strlen(word);
    unsigned best = len < 3 ? 2 : (unsigned)(len + 2) / 3 + 1;
    const char *nearest = NULL;

    if (len > NEAREST_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t clen = candidates[i] ? strlen(candidates[i]) : NEAREST_MAX + 1;
        unsigned d;

        if (clen > NEAREST_MAX)
            continue;
        d = distance(word, len, candidates[i], clen);
        if (d < best) {
            best = d;
            nearest = candidates[i];
        }
    }
    return nearest;
}

bool endpoint_name_valid(const char *name, size_t len)
{
    if (len < 1 || len > 150)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '.' || c == '_' || c == ':'))
            return false;
    }
    return true;
}

const char *signet_word_nearest(const char *word, const char *const *candidates, size_t count)
{
    return text_nearest(word, candidates, count);
}
