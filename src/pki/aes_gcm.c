/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

static int check_sizes(const struct aes_gcm *with, size_t len, struct signet_error *err)
{
    if (with->key->len != AES_GCM_KEY_LEN)
        return error_set(err, SIGNET_E_USAGE, "a key of AES-256 has %d bytes, not %zu",
                         AES_GCM_KEY_LEN, with->key->len);
    if (len > AES_GCM_MAX || with->aad->len > AES_GCM_MAX)
        return error_set(err, SIGNET_E_LIMIT, "too much to encrypt: %zu bytes", len);
    return SIGNET_OK;
}

/* Both directions. 1: done; 0: the tag does not belong to the text; -1: OpenSSL failed. */
static int crypt_text(bool encrypting, const struct aes_gcm *with, const uint8_t *in, size_t len,
                      uint8_t *out, uint8_t *tag)
{
    const struct buf *aad = with->aad;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n, done = -1;

    if (ctx &&
        EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, with->key->data, with->nonce, encrypting) ==
            1 &&
        (!aad->len || EVP_CipherUpdate(ctx, NULL, &n, aad->data, (int)aad->len) == 1) &&
        (!len || EVP_CipherUpdate(ctx, out, &n, in, (int)len) == 1) &&
        (encrypting || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, AES_GCM_TAG_LEN, tag) == 1))
        done = EVP_CipherFinal_ex(ctx, out + len, &n) == 1;
    if (encrypting && done == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, AES_GCM_TAG_LEN, tag) != 1)
        done = -1;
    EVP_CIPHER_CTX_free(ctx);
    return done;
}

int aes_gcm_encrypt(const struct aes_gcm *with, const void *text, size_t len, uint8_t *out,
                    struct signet_error *err)
{
    int rc = check_sizes(with, len, err);

    if (rc == SIGNET_OK && crypt_text(true, with, text, len, out, out + len) != 1)
        rc = crypto_fail(err, "AES-256-GCM");
    return rc;
}

int aes_gcm_decrypt(const struct aes_gcm *with, const uint8_t *in, size_t len, uint8_t *out,
                    struct signet_error *err)
{
    uint8_t tag[AES_GCM_TAG_LEN];
    int rc = check_sizes(with, len, err);

    if (rc != SIGNET_OK)
        return rc;
    memcpy(tag, in + len, AES_GCM_TAG_LEN);
    int done = crypt_text(false, with, in, len, out, tag);
    if (done == 1)
        return SIGNET_OK;
    rc = crypto_fail(err, "AES-256-GCM");
    return done < 0 ? rc
                    : error_set(err, SIGNET_E_CRYPTO,
                                "encrypted with another key or for another purpose, or changed");
}
