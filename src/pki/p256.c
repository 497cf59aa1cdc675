/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and signatures on P-256 as a TPM takes and gives them: numbers of 32 bytes. */
#include "pki/private.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>

int p256_point(const struct signet_key *key, uint8_t out[static P256_POINT],
               struct signet_error *err)
{
    if (key->rsa || key->ec.group != NID_X9_62_prime256v1 || key->ec.point_len != P256_POINT + 1)
        return error_set(err, SIGNET_E_CERT, "the key is none on P-256");
    memcpy(out, key->ec.point + 1, P256_POINT);
    return SIGNET_OK;
}

void p256_public(struct buf *der, const uint8_t point[static P256_POINT])
{
    struct ec ec = {.group = NID_X9_62_prime256v1, .point_len = P256_POINT + 1};

    ec.point[0] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(ec.point + 1, point, P256_POINT);
    ec_put_public(der, &ec);
}

EVP_PKEY *p256_key(const uint8_t octets[static P256_OCTETS])
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char[]){"prime256v1"}, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)octets,
                                          P256_OCTETS),
        OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;

    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static EVP_PKEY *key_of_point(const uint8_t point[static P256_POINT])
{
    uint8_t octets[P256_OCTETS] = {POINT_CONVERSION_UNCOMPRESSED};

    memcpy(octets + 1, point, P256_POINT);
    return p256_key(octets);
}

bool p256_is_point(const uint8_t point[static P256_POINT])
{
    EVP_PKEY *key = key_of_point(point);
    bool is_point = key;

    EVP_PKEY_free(key);
    ERR_clear_error();
    return is_point;
}

static bool split_signature(const uint8_t *der, size_t len, uint8_t out[static P256_POINT])
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
    bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, P256_POINT / 2) > 0 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + P256_POINT / 2, P256_POINT / 2) > 0;

    ECDSA_SIG_free(sig);
    return ok;
}

int p256_sign(const struct signet_key *key, const void *data, size_t len,
              uint8_t out[static P256_POINT], struct signet_error *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t der[128];
    size_t der_len = sizeof(der);
    bool ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
              EVP_DigestSign(ctx, der, &der_len, data, len) == 1 &&
              split_signature(der, der_len, out);

    EVP_MD_CTX_free(ctx);
    return ok ? SIGNET_OK : crypto_fail(err, "cannot sign");
}

static int join_signature(const uint8_t numbers[static P256_POINT], uint8_t **der)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(numbers, P256_POINT / 2, NULL),
           *s = BN_bin2bn(numbers + P256_POINT / 2, P256_POINT / 2, NULL);
    bool taken = sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1;
    int len = taken ? i2d_ECDSA_SIG(sig, der) : -1;

    if (!taken) {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(sig);
    return len;
}

int p256_verify(const uint8_t point[static P256_POINT], const uint8_t *digest, size_t len,
                const uint8_t signature[static P256_POINT], struct signet_error *err)
{
    EVP_PKEY *key = key_of_point(point);
    EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    uint8_t *der = NULL;
    int der_len = join_signature(signature, &der);
    bool good = ctx && der_len > 0 && EVP_PKEY_verify_init(ctx) == 1 &&
                EVP_PKEY_verify(ctx, der, (size_t)der_len, digest, len) == 1;

    OPENSSL_free(der);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return good ? SIGNET_OK : error_set(err, SIGNET_E_CRYPTO, "the signature is not by this key");
}
