/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and signatures on P-256 as a TPM takes and gives them: numbers of 32 bytes. */
#include "pki/private.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <string.h>

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
