/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

#include <pthread.h>

/* Looked up once: OpenSSL takes as long for that as for hashing an event. */
static const EVP_MD *sha256_fetched;

static void fetch_sha256(void)
{
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);

    sha256_fetched = md ? md : EVP_sha256();
}

const EVP_MD *sha256_md(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, fetch_sha256);
    return sha256_fetched;
}

int sha256(const void *data, size_t len, uint8_t out[static 32], struct signet_error *err)
{
    if (EVP_Digest(data, len, out, NULL, sha256_md(), NULL) != 1)
        return crypto_fail(err, "SHA-256");
    return SIGNET_OK;
}

int sha256_tag(const void *data, size_t len, size_t bytes, char *out, struct signet_error *err)
{
    uint8_t hash[32];
    int rc = sha256(data, len, hash, err);

    if (rc == SIGNET_OK)
        hex_encode(hash, bytes, out);
    return rc;
}

int signet_bytes_sha256(const void *data, size_t len, char hex[65], struct signet_error *err)
{
    return sha256_tag(data, len, 32, hex, err);
}

int sha256_begin(struct sha256 *h, struct signet_error *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    h->state = NULL;
    if (!ctx || EVP_DigestInit_ex(ctx, sha256_md(), NULL) != 1) {
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
