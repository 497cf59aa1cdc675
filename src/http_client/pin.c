/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that are known by their public key: "sha256//" and the base64 of the SHA-256 of the
 * SubjectPublicKeyInfo (RFC 7469, section 2.4), as libcurl takes it. */
#include "http_client/private.h"

static const char mark[] = "sha256//";
enum { MARK_LEN = sizeof(mark) - 1, HASH_LEN = 32, HASH_TEXT_LEN = 44, PINS_MAX = 8 };

static bool is_pin(const char *text, size_t len)
{
    uint8_t hash[HASH_LEN];

    return len == MARK_LEN + HASH_TEXT_LEN && memcmp(text, mark, MARK_LEN) == 0 &&
           base64_decode(text + MARK_LEN, HASH_TEXT_LEN, hash, sizeof(hash)) == HASH_LEN;
}

int pin_check(const char *pin, struct signet_error *err)
{
    size_t count = 0;

    for (const char *at = pin;; at++) {
        size_t len = strcspn(at, ";");

        if (!is_pin(at, len) || ++count > PINS_MAX)
            return error_set_hint(err, SIGNET_E_USAGE,
                                  "sha256//BASE64 of the server's public key, as 'signet cert "
                                  "fetch' shows it; several with ';' between",
                                  "'%s' is no pin", text_shown(pin, strlen(pin), 80));
        at += len;
        if (!*at)
            return SIGNET_OK;
    }
}

void pin_of_peer(struct http *http, char out[static PIN_SIZE])
{
    struct signet_cert *certs[SIGNET_CHAIN_MAX] = {0};
    struct signet_cert_view view;
    struct buf pem = {0};
    size_t count = 0;

    out[0] = '\0';
    if (transfer_handshake(http, &pem) &&
        signet_cert_load_chain(certs, &count, pem.data, pem.len, NULL) == SIGNET_OK &&
        signet_cert_describe(certs[0], &view, NULL) == SIGNET_OK)
        memcpy(out, view.pin, PIN_SIZE);
    for (size_t i = 0; i < count; i++)
        signet_cert_free(&certs[i]);
    buf_free(&pem);
}
