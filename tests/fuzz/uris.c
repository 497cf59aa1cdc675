/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a URI: of a server (CoAP), of a key in a token (PKCS#11). Messages repeat no PIN. */
#include "authority/token_uri.h"
#include "fuzz.h"
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
    if (size >= sizeof(scheme) - 1 && !memcmp(data, scheme, sizeof(scheme) - 1)) {
        buf_append(&text, data, size);
        buf_byte(&text, 0);
        require(buf_check(&text, NULL) == SIGNET_OK);
        try_token((const char *)text.data);
    }
    buf_free(&text);
    return 0;
}
