/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#define HEADER_LEN 4
#define NONCE_LEN  12
#define TAG_LEN    16
#define SEAL_MAX   (16 * 1024 * 1024)

static const uint8_t header[HEADER_LEN] = {'S', 'G', 'N', '1'};

static int check_key(const struct secret *key, size_t len, size_t aad_len, struct signet_error *err)
{
    if (key->len != SEAL_KEY_LEN)
        return error_set(err, SIGNET_E_USAGE, "a sealing key has %d bytes, not %zu", SEAL_KEY_LEN,
                         key->len);
    if (len > SEAL_MAX || aad_len > SEAL_MAX)
        return error_set(err, SIGNET_E_LIMIT, "too much to seal: %zu bytes", len);
    return SIGNET_OK;
}

/* Key, nonce and what is authenticated besides the text: the same for both directions. */
static bool start(EVP_CIPHER_CTX *ctx, bool sealing, const struct secret *key, const uint8_t *nonce,
                  const void *aad, size_t aad_len)
{
    int n, enc = sealing ? 1 : 0;

    return ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->data, nonce, enc) == 1 &&
           EVP_CipherUpdate(ctx, NULL, &n, header, HEADER_LEN) == 1 &&
           (!aad_len || EVP_CipherUpdate(ctx, NULL, &n, aad, (int)aad_len) == 1);
}

int seal(const struct secret *key, const void *aad, size_t aad_len, const struct secret *plain,
         struct signet_bytes *out, struct signet_error *err)
{
    EVP_CIPHER_CTX *ctx = NULL;
    struct buf b = {0};
    uint8_t *at;
    int n, rc;

    rc = check_key(key, plain->len, aad_len, err);
    if (rc)
        return rc;
    at = buf_extend(&b, SEAL_OVERHEAD + plain->len);
    if (!at)
        return buf_check(&b, err);
    memcpy(at, header, HEADER_LEN);
    rc = random_bytes(at + HEADER_LEN, NONCE_LEN, err);
    if (rc)
        goto out;
    ctx = EVP_CIPHER_CTX_new();
    at += HEADER_LEN + NONCE_LEN;
    if (!start(ctx, true, key, at - NONCE_LEN, aad, aad_len) ||
        (plain->len && EVP_CipherUpdate(ctx, at, &n, plain->data, (int)plain->len) != 1) ||
        EVP_CipherFinal_ex(ctx, at + plain->len, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN, at + plain->len) != 1)
        rc = crypto_fail(err, "sealing failed");
    else
        rc = buf_take(&b, out, err);
out:
    EVP_CIPHER_CTX_free(ctx);
    buf_free(&b);
    return rc;
}

int seal_open(const struct secret *key, const void *aad, size_t aad_len, const void *sealed,
              size_t len, struct secret *out, struct signet_error *err)
{
    const uint8_t *at = sealed;
    struct secret plain = {0};
    uint8_t tag[TAG_LEN];
    EVP_CIPHER_CTX *ctx;
    size_t text_len;
    int n, rc;

    rc = check_key(key, len, aad_len, err);
    if (rc)
        return rc;
    if (len < SEAL_OVERHEAD || memcmp(at, header, HEADER_LEN) != 0)
        return error_set(err, SIGNET_E_CRYPTO, "these bytes were not sealed by this Signet");
    text_len = len - SEAL_OVERHEAD;
    rc = secret_alloc(&plain, text_len, err);
    if (rc)
        return rc;
    memcpy(tag, at + len - TAG_LEN, TAG_LEN);
    ctx = EVP_CIPHER_CTX_new();
    at += HEADER_LEN;
    if (!start(ctx, false, key, at, aad, aad_len) ||
        (text_len && EVP_CipherUpdate(ctx, plain.data, &n, at + NONCE_LEN, (int)text_len) != 1) ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) != 1) {
        rc = crypto_fail(err, "opening sealed bytes failed");
    } else if (EVP_CipherFinal_ex(ctx, plain.data + text_len, &n) != 1) {
        crypto_fail(NULL, "");
        rc = error_set(err, SIGNET_E_CRYPTO,
                       "sealed with another key or for another purpose, or changed since");
    }
    EVP_CIPHER_CTX_free(ctx);
    if (rc) {
        secret_wipe(&plain);
        return rc;
    }
    secret_wipe(out);
    *out = plain;
    return SIGNET_OK;
}

int seal_key_file(const char *path, struct secret *key, struct signet_error *err)
{
    struct secret fresh = {0}, read = {0};
    int rc = SIGNET_OK;

    if (access(path, F_OK) < 0) {
        rc = secret_alloc(&fresh, SEAL_KEY_LEN, err);
        if (!rc)
            rc = random_bytes(fresh.data, fresh.len, err);
        if (!rc)
            rc = file_create(path, fresh.data, fresh.len, 0600, err);
        if (rc == SIGNET_E_EXISTS) /* another process was faster: its key is the key */
            rc = SIGNET_OK;
        secret_wipe(&fresh);
    }
    if (!rc)
        rc = file_read_secret(path, SEAL_KEY_LEN, &read, err);
    if (!rc && read.len != SEAL_KEY_LEN)
        rc = error_set(err, SIGNET_E_CRYPTO, "'%s' has %zu bytes, not %d: not a station key", path,
                       read.len, SEAL_KEY_LEN);
    if (rc) {
        secret_wipe(&read);
        error_prefix(err, "cannot use the station key");
        return rc;
    }
    secret_wipe(key);
    *key = read;
    return SIGNET_OK;
}
