/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void wipe(void *data, size_t len)
{
    if (len)
        explicit_bzero(data, len);
}

int secret_alloc(struct secret *s, size_t len, struct signet_error *err)
{
    uint8_t *data;

    if (len == SIZE_MAX)
        return error_nomem(err);
    data = calloc(1, len + 1);
    if (!data)
        return error_nomem(err);
    secret_wipe(s);
    s->data = data;
    s->len = len;
    return SIGNET_OK;
}

int secret_set(struct secret *s, const void *data, size_t len, struct signet_error *err)
{
    struct secret fresh = {0};
    int rc = secret_alloc(&fresh, len, err);

    if (rc)
        return rc;
    if (fresh.data && len)
        memcpy(fresh.data, data, len);
    secret_wipe(s);
    *s = fresh;
    return SIGNET_OK;
}

void secret_wipe(struct secret *s)
{
    if (s->data) {
        wipe(s->data, s->len);
        free(s->data);
    }
    *s = (struct secret){0};
}

/* The digits of hex without what people and programs put between them. */
static size_t strip_hex(const char *text, size_t len, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '0' && i + 1 < len && (text[i + 1] == 'x' || text[i + 1] == 'X'))
            i++;
        else if (text[i] == '\\' && i + 1 < len && text[i + 1] == 'x')
            i++;
        else if (text[i] && !strchr(" :,-_.\t\r\n", text[i]))
            out[n++] = (char)tolower((unsigned char)text[i]);
    }
    return n;
}

/* Of the two alphabets of base64 one, and no line ends. */
static size_t strip_base64(const char *text, size_t len, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        if (text[i] && !strchr(" \t\r\n\\", text[i]))
            out[n++] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    return n;
}

bool secret_repeated(const char *text, size_t len, const void *secret, size_t secret_len)
{
    size_t size = 2 * secret_len + 5;
    char *code = secret_len ? malloc(size) : NULL, *plain = code ? malloc(len + 1) : NULL;
    bool found = secret_len && !plain; /* without memory the text is not shown */

    if (plain) {
        hex_encode(secret, secret_len, code);
        found = memmem(text, len, secret, secret_len) ||
                memmem(plain, strip_hex(text, len, plain), code, 2 * secret_len);
        base64_encode(secret, secret_len, code);
        found = found || memmem(plain, strip_base64(text, len, plain), code,
                                (secret_len * 8 + 5) / 6); /* with padding or without */
        wipe(plain, len + 1);
    }
    if (code)
        wipe(code, size);
    free(plain);
    free(code);
    return found;
}
