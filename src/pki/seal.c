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

static int check_sizes(const struct secret *key, size_t len, size_t aad_len,
                       struct signet_error *err)
{
    if (key->len != SEAL_KEY_LEN)
        return error_set(err, SIGNET_E_USAGE, "a sealing key has %d bytes, not %zu", SEAL_KEY_LEN,
                         key->len);
    if (len > SEAL_MAX || aad_len > SEAL_MAX)
        return error_set(err, SIGNET_E_LIMIT, "too much to seal: %zu bytes", len);
    return SIGNET_OK;
}

/* Both directions. 1: done; 0: the tag does not belong to the text; -1: OpenSSL failed. */
static int crypt_text(bool sealing, const struct secret *key, const uint8_t *nonce, const void *aad,
                      size_t aad_len, const uint8_t *in, size_t len, uint8_t *out, uint8_t *tag)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n, done = -1;

    if (ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->data, nonce, sealing) == 1 &&
        EVP_CipherUpdate(ctx, NULL, &n, header, HEADER_LEN) == 1 &&
        (!aad_len || EVP_CipherUpdate(ctx, NULL, &n, aad, (int)aad_len) == 1) &&
        (!len || EVP_CipherUpdate(ctx, out, &n, in, (int)len) == 1) &&
        (sealing || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1))
        done = EVP_CipherFinal_ex(ctx, out + len, &n) == 1;
    if (sealing && done == 1 && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN, tag) != 1)
        done = -1;
    EVP_CIPHER_CTX_free(ctx);
    return done;
}

int seal(const struct secret *key, const void *aad, size_t aad_len, const struct secret *plain,
         struct signet_bytes *out, struct signet_error *err)
{
    struct buf b = {0};
    uint8_t *nonce, *text;
    int rc = check_sizes(key, plain->len, aad_len, err);

    if (rc)
        return rc;
    buf_append(&b, header, HEADER_LEN);
    nonce = buf_extend(&b, NONCE_LEN + plain->len + TAG_LEN);
    if (!nonce)
        return buf_check(&b, err);
    text = nonce + NONCE_LEN;
    rc = random_bytes(nonce, NONCE_LEN, err);
    if (!rc && crypt_text(true, key, nonce, aad, aad_len, plain->data, plain->len, text,
                          text + plain->len) != 1)
        rc = crypto_fail(err, "sealing failed");
    if (!rc)
        rc = buf_take(&b, out, err);
    buf_free(&b);
    return rc;
}

int seal_open(const struct secret *key, const void *aad, size_t aad_len, const void *sealed,
              size_t len, struct secret *out, struct signet_error *err)
{
    const uint8_t *nonce, *text;
    struct secret plain = {0};
    uint8_t tag[TAG_LEN];
    int done, rc = check_sizes(key, len, aad_len, err);

    if (rc)
        return rc;
    if (len < SEAL_OVERHEAD || memcmp(sealed, header, HEADER_LEN) != 0)
        return error_set(err, SIGNET_E_CRYPTO, "these bytes were not sealed by this Signet");
    rc = secret_alloc(&plain, len - SEAL_OVERHEAD, err);
    if (rc)
        return rc;
    nonce = (const uint8_t *)sealed + HEADER_LEN;
    text = nonce + NONCE_LEN;
    memcpy(tag, text + plain.len, TAG_LEN);
    done = crypt_text(false, key, nonce, aad, aad_len, text, plain.len, plain.data, tag);
    if (done == 1) {
        secret_wipe(out);
        *out = plain;
        return SIGNET_OK;
    }
    secret_wipe(&plain);
    rc = crypto_fail(err, "opening sealed bytes failed");
    return done < 0 ? rc
                    : error_set(err, SIGNET_E_CRYPTO,
                                "sealed with another key or for another purpose, or changed since");
}

/* When another process is faster, its key is the key. */
static int make_key_file(const char *path, struct signet_error *err)
{
    struct secret fresh = {0};
    int rc = secret_alloc(&fresh, SEAL_KEY_LEN, err);

    if (!rc)
        rc = random_bytes(fresh.data, fresh.len, err);
    if (!rc)
        rc = file_create(path, fresh.data, fresh.len, err);
    secret_wipe(&fresh);
    return rc == SIGNET_E_EXISTS ? SIGNET_OK : rc;
}

int seal_key_file(const char *path, struct secret *key, struct signet_error *err)
{
    struct secret read = {0};
    int rc = access(path, F_OK) < 0 ? make_key_file(path, err) : SIGNET_OK;

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
