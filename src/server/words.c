/* SPDX-License-Identifier: Apache-2.0 */
#include "server/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void words_json(struct buf *out, const uint8_t *text, size_t len)
{
    buf_byte(out, '"');
    for (size_t i = 0; i < len;) {
        uint32_t code = text[i];
        size_t width = code < 0x80 ? 1 : code < 0xe0 ? 2 : code < 0xf0 ? 3 : 4;

        if (width == 1) {
            if (code == '"' || code == '\\')
                buf_printf(out, "\\%c", (int)code);
            else if (code == '\n' || code == '\r' || code == '\t')
                buf_text(out, code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t");
            else if (code < 0x20 || code == 0x7f)
                buf_printf(out, "\\u%04x", code);
            else
                buf_byte(out, (uint8_t)code);
        } else {
            code &= 0xffu >> (width + 1);
            for (size_t j = 1; j < width; j++)
                code = code << 6 | (text[i + j] & 0x3fu);
            if (code > 0xffff) {
                code -= 0x10000;
                buf_printf(out, "\\u%04x\\u%04x", 0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff));
            } else {
                buf_printf(out, "\\u%04x", code);
            }
        }
        i += width;
    }
    buf_byte(out, '"');
}

void words_hex(struct buf *out, const uint8_t *data, size_t len)
{
    uint8_t *place = buf_extend(out, 2 * len);

    if (place)
        hex_encode(data, len, (char *)place);
}

void words_base64(struct buf *out, const uint8_t *data, size_t len)
{
    uint8_t *place = buf_extend(out, base64_encode_size(len));

    if (place)
        base64_encode(data, len, (char *)place);
}

/* Long hex numbers may be a key that the server repeats. */
static void mask_hex(char *text)
{
    for (size_t n; *text; text += n ? n : 1) {
        n = strspn(text, "0123456789abcdefABCDEF");
        if (n >= 16)
            memset(text, '*', n);
    }
}

static bool repeats_key(const char *text, size_t len, const struct signet_device *device)
{
    char *hex = malloc(2 * device->psk_len + 1);
    bool found = true; /* without memory nothing is shown */

    if (hex) {
        hex_encode(device->psk, device->psk_len, hex);
        found = strcasestr(text, hex) || memmem(text, len, device->psk, device->psk_len);
        wipe(hex, 2 * device->psk_len);
        free(hex);
    }
    return found;
}

void words_show(const char *text, size_t len, const struct signet_device *device,
                char out[static WORDS_MAX])
{
    static const char hidden[] = "(the server's words repeat the key and are not shown)";
    struct buf copy = {0}, shown = {0};

    out[0] = '\0';
    buf_append(&copy, text, len < 4096 ? len : 4096);
    buf_byte(&copy, 0);
    if (copy.data && device && device->psk_len &&
        repeats_key((const char *)copy.data, copy.len, device))
        text_escape(&shown, (const uint8_t *)hidden, sizeof hidden - 1);
    else if (copy.data)
        text_escape(&shown, copy.data, strnlen((const char *)copy.data, WORDS_MAX));
    if (shown.data && !shown.failed)
        snprintf(out, WORDS_MAX, "%s", (const char *)shown.data);
    mask_hex(out);
    buf_free(&shown);
    buf_free(&copy);
}
