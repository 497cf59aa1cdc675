/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a certificate or a private key, PEM or DER: what is taken can be described, written
 * and read again as the same thing; what is not taken has a reason of printable text. */
#include "fuzz.h"
#include "pki/pki.h"

#include <signet/cert.h>
#include <stdlib.h>
#include <string.h>

static void check_text(const char *text)
{
    for (; *text; text++)
        require((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void try_cert(const uint8_t *data, size_t size)
{
    struct signet_cert *cert = NULL, *again = NULL;
    struct signet_bytes der = {0}, pem = {0};
    struct signet_cert_view view;
    struct signet_error err = {0};

    if (signet_cert_load(&cert, data, size, &err)) {
        require(!cert);
        require_error(&err);
        return;
    }
    if (signet_cert_describe(cert, &view, &err)) {
        require_error(&err);
    } else {
        check_text(view.subject);
        check_text(view.issuer);
        check_text(view.key);
        check_text(view.signature);
    }
    if (signet_cert_check_dates(cert, NULL, &err))
        require_error(&err);
    require(signet_cert_der(cert, &der, NULL) == SIGNET_OK);
    require(signet_cert_pem(cert, &pem, NULL) == SIGNET_OK);
    require(signet_cert_load(&again, pem.data, pem.len, NULL) == SIGNET_OK);
    signet_bytes_free(&pem);
    require(signet_cert_der(again, &pem, NULL) == SIGNET_OK);
    require(pem.len == der.len && !memcmp(pem.data, der.data, der.len));
    signet_bytes_free(&der);
    signet_bytes_free(&pem);
    signet_cert_free(&again);
    signet_cert_free(&cert);
}

static void try_key(const uint8_t *data, size_t size)
{
    struct signet_key *key = NULL, *again = NULL;
    struct signet_bytes der = {0}, pem = {0};
    struct signet_error err = {0};
    uint8_t first[32], second[32];
    char type[64];

    if (signet_key_load(&key, data, size, &err)) {
        require(!key);
        require_error(&err);
        return;
    }
    require(signet_key_describe(key, type, first, NULL) == SIGNET_OK);
    check_text(type);
    require(signet_key_der(key, &der, NULL) == SIGNET_OK);
    require(signet_key_load(&again, der.data, der.len, NULL) == SIGNET_OK);
    require(signet_key_describe(again, type, second, NULL) == SIGNET_OK);
    require(!memcmp(first, second, 32));
    signet_key_free(&again);
    require(signet_key_pem(key, &pem, NULL) == SIGNET_OK);
    require(signet_key_load(&again, pem.data, pem.len, NULL) == SIGNET_OK);
    signet_bytes_free(&der);
    signet_bytes_free(&pem);
    signet_key_free(&again);
    signet_key_free(&key);
}

/* Several at once: a chain, or what an authority answered. */
static void try_certs(const uint8_t *data, size_t size)
{
    struct signet_cert *certs[CHAIN_MAX];
    struct signet_error err = {0};
    size_t count = 0;

    if (cert_load_chain(certs, &count, data, size, &err))
        require_error(&err);
    while (count > 0)
        signet_cert_free(&certs[--count]);
    err = (struct signet_error){0};
    if (cert_load_pkcs7(certs, &count, data, size, &err))
        require_error(&err);
    else if (cert_order_chain(certs, &count, &err))
        require_error(&err);
    while (count > 0)
        signet_cert_free(&certs[--count]);
    key_is_encrypted(data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_cert(data, size);
    try_key(data, size);
    try_certs(data, size);
    return 0;
}
