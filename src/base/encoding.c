/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <ctype.h>

static const char hex_digits[] = "0123456789abcdef";

void hex_encode(const uint8_t *data, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++) {
        *out++ = hex_digits[data[i] >> 4];
        *out++ = hex_digits[data[i] & 15];
    }
    *out = '\0';
}

void buf_hex(struct buf *out, const uint8_t *data, size_t len)
{
    uint8_t *place = buf_extend(out, 2 * len);

    if (place)
        hex_encode(data, len, (char *)place);
}

static int hex_digit(char c)
{
    const char *at = c ? strchr(hex_digits, tolower((unsigned char)c)) : NULL;

    return at ? (int)(at - hex_digits) : -1;
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

void base64_encode(const uint8_t *data, size_t len, char *out)
{
    while (len) {
        size_t n = len < 3 ? len : 3;
        uint32_t bits = 0;

        for (size_t i = 0; i < 3; i++)
            bits = bits << 8 | (i < n ? data[i] : 0);
        for (size_t i = 0; i < 4; i++)
            *out++ = i <= n ? base64_digits[bits >> (18 - 6 * i) & 63] : '=';
        data += n;
        len -= n;
    }
    *out = '\0';
}

void buf_base64(struct buf *out, const uint8_t *data, size_t len)
{
    uint8_t *place = buf_extend(out, (len + 2) / 3 * 4);

    if (place)
        base64_encode(data, len, (char *)place);
}

static int base64_digit(char c)
{
    const char *at = c ? strchr(base64_digits, c) : NULL;

    return at ? (int)(at - base64_digits) : -1;
}

ssize_t base64_decode(const char *text, size_t len, uint8_t *out, size_t cap)
{
    size_t pad = 0, used = 0;

    if (len % 4)
        return -1;
    while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
        pad++;
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

ssize_t base64url_decode(const char *text, size_t len, uint8_t *out, size_t cap)
{
    size_t used = 0;

    for (size_t at = 0; at < len; at += 4) {
        char group[] = "====";

        for (size_t i = 0; i < 4 && at + i < len; i++)
            group[i] = (char)(text[at + i] == '-' ? '+' : text[at + i] == '_' ? '/' : text[at + i]);
        ssize_t n = base64_decode(group, 4, out + used, cap - used);
        if (n < 0 || (n < 3 && len - at > 4))
            return -1;
        used += (size_t)n;
    }
    return (ssize_t)used;
}
