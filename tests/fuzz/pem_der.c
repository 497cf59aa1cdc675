/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a certificate or a private key, PEM or DER: what is taken can be described, written
 * and read again as the same thing; what is not taken has a reason of printable text. The day is
 * one of those on which the certificates of the corpus are valid.
 * wrap: clock_wall
 */
#include "fuzz.h"
#include "pki/pki.h"

#include <signet/cert.h>
#include <stdlib.h>
#include <string.h>

int64_t __wrap_clock_wall(void);

int64_t __wrap_clock_wall(void)
{
    return 1796000000;
}

static void check_text(const char *text)
{
    for (; *text; text++)
        require((unsigned char)*text >= 0x20 && *text != 0x7f);
}

/* What it may be used for. */
static void try_purposes(const struct signet_cert *cert)
{
    struct signet_bytes sealed = {0};
    struct signet_error err = {0};

    if (cert_fits_stacks(cert, &err))
        require_error(&err);
    err = (struct signet_error){0};
    if (cms_check_recipient(cert, &err))
        require_error(&err);
    else
        require(cms_seal(&cert, 1, "text", 4, &sealed, NULL) == SIGNET_OK);
    signet_bytes_free(&sealed);
    cert_is_authority(cert);
    require(!cert_has_spki(cert, (const uint8_t *)"", 0));
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
    try_purposes(cert);
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

/* A key on P-256 signs, and its signature is of no other text. */
static void try_p256(const struct signet_key *key)
{
    uint8_t point[P256_POINT], signature[P256_POINT], digest[32] = {0};
    struct buf public = {0};

    if (p256_point(key, point, NULL) != SIGNET_OK)
        return;
    require(p256_is_point(point));
    p256_public(&public, point);
    require(buf_check(&public, NULL) == SIGNET_OK && public.len > P256_POINT);
    buf_free(&public);
    require(p256_sign(key, "text", 4, signature, NULL) == SIGNET_OK);
    require(p256_verify(point, digest, sizeof(digest), signature, NULL) == SIGNET_E_CRYPTO);
    require(sha256("text", 4, digest, NULL) == SIGNET_OK);
    require(p256_verify(point, digest, sizeof(digest), signature, NULL) == SIGNET_OK);
    memset(point, 1, sizeof(point));
    require(!p256_is_point(point));
}

/* Its request and its certificate, for which another key of its kind does not do. */
static void try_uses(const struct signet_key *key)
{
    struct signet_key *other = NULL;
    struct signet_cert *cert = NULL;
    struct signet_bytes der = {0};
    struct cert_request r;

    if (!key_is_ec(key) || cert_request_make(&der, key, "urn:dev:1", NULL) != SIGNET_OK)
        return;
    if (cert_request_read(&r, der.data, der.len, NULL) == SIGNET_OK)
        require(strcmp(r.common_name, "urn:dev:1") == 0);
    signet_bytes_free(&der);
    require(signet_cert_make(&cert, key, NULL, "urn:dev:1", NULL, NULL) == SIGNET_OK);
    require(signet_cert_check_key(cert, key, NULL) == SIGNET_OK);
    require(key_generate_like(&other, key, NULL) == SIGNET_OK && key_is_ec(other));
    require(signet_cert_check_key(cert, other, NULL) == SIGNET_E_CERT);
    signet_cert_free(&cert);
    signet_key_free(&other);
}

/* With the passphrase of the tests' own encrypted keys. */
static void try_encrypted(const uint8_t *data, size_t size)
{
    struct signet_key *key = NULL;
    struct secret passphrase = {0};
    struct signet_error err = {0};

    if (!key_is_encrypted(data, size))
        return;
    require(secret_set(&passphrase, "x", 1, NULL) == SIGNET_OK);
    if (key_load_encrypted(&key, data, size, &passphrase, &err))
        require_error(&err);
    secret_wipe(&passphrase);
    signet_key_free(&key);
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
    try_p256(key);
    try_uses(key);
    signet_key_free(&key);
}

/* Several at once: a chain, or what an authority answered. */
static void try_certs(const uint8_t *data, size_t size)
{
    struct signet_cert *certs[SIGNET_CHAIN_MAX];
    struct signet_error err = {0};
    size_t count = 0;

    if (signet_cert_load_chain(certs, &count, data, size, &err))
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
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_cert(data, size);
    try_key(data, size);
    try_encrypted(data, size);
    try_certs(data, size);
    return 0;
}
