/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, and which of its characters a terminal may get. Errors stand on it. */
#include "base/base.h"

/* RFC 3629 */
size_t utf8_decode(const uint8_t *data, size_t len, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* of so many bytes */
    uint8_t c = data[0];
    size_t want = c < 0x80 ? 1 : c < 0xc0 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf8 ? 4 : 0;

    if (want == 0 || len < want)
        return 0;
    *code = want == 1 ? c : c & (0xffu >> (want + 1));
    for (size_t i = 1; i < want; i++) {
        if ((data[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (data[i] & 0x3fu);
    }
    if (*code < least[want] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
        return 0;
    return want;
}

bool utf8_valid(const uint8_t *data, size_t len)
{
    uint32_t code;

    for (size_t i = 0, n; i < len; i += n) {
        n = utf8_decode(data + i, len - i, &code);
        if (!n)
            return false;
    }
    return true;
}

size_t utf8_mark(const void *data, size_t len)
{
    return len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

bool utf8_shown(uint32_t c)
{
    return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && !(c >= 0x200b && c <= 0x200f) &&
           !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2060 && c <= 0x206f) && c != 0xfeff;
}

void text_tame(char *text)
{
    uint8_t *at = (uint8_t *)text;

    for (size_t left = strlen(text); left;) {
        uint32_t code;
        size_t n = utf8_decode(at, left, &code), bytes = n ? n : 1;

        if (!n || !utf8_shown(code))
            memset(at, '?', bytes);
        at += bytes;
        left -= bytes;
    }
}
