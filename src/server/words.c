/* SPDX-License-Identifier: Apache-2.0 */
#include "server/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
