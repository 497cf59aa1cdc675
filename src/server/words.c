/* SPDX-License-Identifier: Apache-2.0 */
#include "server/words.h"

#include <stdio.h>
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

void words_show(const struct signet_server *server, const char *text, size_t len,
                const struct signet_device *device, char out[static WORDS_MAX])
{
    static const char hidden[] = "(the server's words repeat a secret and are not shown)";
    struct buf shown = {0};

    out[0] = '\0';
    len = len < 4096 ? len : 4096;
    if ((device && secret_repeated(text, len, device->psk, device->psk_len)) ||
        secret_repeated(text, len, server->password.data, server->password.len) ||
        http_repeats_token(server->http, text, len))
        buf_text(&shown, hidden);
    else
        text_escape(&shown, (const uint8_t *)text,
                    strnlen(text, len < WORDS_MAX ? len : WORDS_MAX));
    if (shown.data && !shown.failed)
        snprintf(out, WORDS_MAX, "%.*s", (int)shown.len, (const char *)shown.data);
    mask_hex(out);
    buf_free(&shown);
}
