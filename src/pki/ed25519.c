/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

#include <openssl/err.h>

static EVP_PKEY *private_of(const struct secret *seed)
{
    return seed->len == ED25519_SEED_LEN
               ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed->data, seed->len)
               : NULL;
}

int ed25519_public(const struct secret *seed, uint8_t out[static ED25519_KEY_LEN],
                   struct signet_error *err)
{
    EVP_PKEY *key = private_of(seed);
    size_t len = ED25519_KEY_LEN;
    bool ok = key && EVP_PKEY_get_raw_public_key(key, out, &len) == 1;

    EVP_PKEY_free(key);
    return ok ? SIGNET_OK : crypto_fail(err, "Ed25519 key");
}

int ed25519_load(const struct secret *seed, struct ed25519 *out, struct signet_error *err)
{
    out->key = private_of(seed);
    return out->key ? SIGNET_OK : crypto_fail(err, "Ed25519 key");
}

void ed25519_drop(struct ed25519 *key)
{
    EVP_PKEY_free(key->key);
    key->key = NULL;
}

int ed25519_sign(const struct ed25519 *with, const void *text, size_t len,
                 uint8_t out[static ED25519_SIGNATURE_LEN], struct signet_error *err)
{
    EVP_PKEY *key = with->key;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t size = ED25519_SIGNATURE_LEN;
    bool ok = key && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestSign(ctx, out, &size, text, len) == 1;

    EVP_MD_CTX_free(ctx);
    return ok ? SIGNET_OK : crypto_fail(err, "Ed25519 signature");
}

int ed25519_verify(const uint8_t key[static ED25519_KEY_LEN], const void *text, size_t len,
                   const uint8_t signature[static ED25519_SIGNATURE_LEN], bool *good,
                   struct signet_error *err)
{
    EVP_PKEY *of = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, ED25519_KEY_LEN);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = of && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, of) == 1;

    *good = ok && EVP_DigestVerify(ctx, signature, ED25519_SIGNATURE_LEN, text, len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(of);
    ERR_clear_error();
    return ok ? SIGNET_OK : crypto_fail(err, "Ed25519 key");
}
