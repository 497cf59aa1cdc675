/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a URI: of a server (CoAP, HTTP), of a key in a token (PKCS#11). Messages repeat no
 * PIN.
 */
#include "authority/token_uri.h"
#include "fuzz.h"
#include "http_client/private.h"
#include "lwm2m/lwm2m.h"

#include <string.h>

static void try_server(const char *text, size_t len)
{
    struct signet_error err = {0};
    struct coap_uri uri;

    if (uri_parse(&uri, text, len, &err) != SIGNET_OK) {
        require_error(&err);
        return;
    }
    require(uri.transport != URI_UDP || uri.host[0]);
    const char *doubt = uri_doubt(&uri);
    require(!doubt || doubt[0]);
}

/* What is taken is the URL of a host, with a port at most, which stands there once. */
static void try_base(const char *text)
{
    static const uint16_t ports[] = {0, 8443};
    struct buf encoded = {0};

    for (size_t i = 0; i < 4; i++) {
        const struct http_options options = {
            .url = text, .allow_http = i & 2, .port = ports[i & 1]};
        struct signet_error err = {0};
        char *base = NULL;
        bool https;

        if (url_base(&options, &base, &https, &err) != SIGNET_OK) {
            require_error(&err);
            continue;
        }
        require(strncmp(base, https ? "https://" : "http://", https ? 8 : 7) == 0);
        require(https || options.allow_http);
        seen(base, strlen(base));
        free(base);
    }
    http_encode(&encoded, text);
    buf_byte(&encoded, 0);
    require(buf_check(&encoded, NULL) == SIGNET_OK);
    for (const uint8_t *c = encoded.data; *c; c++)
        require(*c > ' ' && *c < 0x7f);
    buf_free(&encoded);
}

static void try_token(const char *text)
{
    struct signet_error err = {0};
    struct token_uri u;

    for (int i = 0; i < 2; i++) {
        if (token_uri_parse(&u, text, i ? "/folder/" : NULL, &err) != SIGNET_OK)
            require_error(&err);
        else
            require(u.id_len < sizeof(u.id) && (!u.module[0] || u.module[0] == '/'));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char scheme[] = "pkcs11:";
    struct buf text = {0};

    try_server((const char *)data, size);
    buf_append(&text, data, size);
    buf_byte(&text, 0);
    require(buf_check(&text, NULL) == SIGNET_OK);
    if (strncmp((const char *)text.data, scheme, sizeof(scheme) - 1) == 0)
        try_token((const char *)text.data);
    else
        try_base((const char *)text.data);
    buf_free(&text);
    return 0;
}
