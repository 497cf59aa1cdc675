/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

int sha256(const void *data, size_t len, uint8_t out[static 32], struct signet_error *err)
{
    if (EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) != 1)
        return crypto_fail(err, "SHA-256");
    return SIGNET_OK;
}

int sha256_begin(struct sha256 *h, struct signet_error *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    h->state = NULL;
    if (!ctx || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(ctx);
        return crypto_fail(err, "SHA-256");
    }
    h->state = ctx;
    return SIGNET_OK;
}

int sha256_add(struct sha256 *h, const void *data, size_t len, struct signet_error *err)
{
    if (EVP_DigestUpdate(h->state, data, len) != 1)
        return crypto_fail(err, "SHA-256");
    return SIGNET_OK;
}

void sha256_drop(struct sha256 *h)
{
    EVP_MD_CTX_free(h->state);
    h->state = NULL;
}

int sha256_peek(const struct sha256 *h, uint8_t out[static 32], struct signet_error *err)
{
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    bool ok =
        copy && EVP_MD_CTX_copy_ex(copy, h->state) == 1 && EVP_DigestFinal_ex(copy, out, NULL) == 1;

    EVP_MD_CTX_free(copy);
    return ok ? SIGNET_OK : crypto_fail(err, "SHA-256");
}
