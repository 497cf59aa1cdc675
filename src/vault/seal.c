/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed bytes. */
#include "pki/pki.h"
#include "vault/private.h"

#define HEADER "SGN1"
enum { HEADER_LEN = sizeof(HEADER) - 1, TEXT_AT = HEADER_LEN + AES_GCM_NONCE_LEN };
_Static_assert(TEXT_AT + AES_GCM_TAG_LEN == SEAL_OVERHEAD, "the form of sealed bytes");

int seal(const struct secret *key, const char *purpose, const struct secret *plain,
         struct signet_bytes *out, struct signet_error *err)
{
    struct buf sealed = {0}, aad = {0};

    buf_printf(&aad, HEADER "%s", purpose);
    buf_text(&sealed, HEADER);
    uint8_t *nonce = buf_extend(&sealed, SEAL_OVERHEAD - HEADER_LEN + plain->len);
    struct aes_gcm with = {.key = key, .nonce = nonce, .aad = &aad};
    int rc = buf_check(aad.failed ? &aad : &sealed, err);
    if (rc == SIGNET_OK)
        rc = random_bytes(nonce, AES_GCM_NONCE_LEN, err);
    if (rc == SIGNET_OK)
        rc = aes_gcm_encrypt(&with, plain->data, plain->len, nonce + AES_GCM_NONCE_LEN, err);
    rc = buf_end(&sealed, rc, out, err);
    buf_free(&aad);
    return rc;
}

int seal_open(const struct secret *key, const char *purpose, const struct buf *sealed,
              struct secret *out, struct signet_error *err)
{
    struct secret plain = {0};
    struct buf aad = {0};

    if (sealed->len < SEAL_OVERHEAD || memcmp(sealed->data, HEADER, HEADER_LEN) != 0)
        return error_set(err, SIGNET_E_CRYPTO, "these bytes were not sealed by this Signet");
    struct aes_gcm with = {.key = key, .nonce = sealed->data + HEADER_LEN, .aad = &aad};
    buf_printf(&aad, HEADER "%s", purpose);
    int rc = buf_check(&aad, err);
    if (rc == SIGNET_OK)
        rc = secret_alloc(&plain, sealed->len - SEAL_OVERHEAD, err);
    if (rc == SIGNET_OK)
        rc = aes_gcm_decrypt(&with, sealed->data + TEXT_AT, plain.len, plain.data, err);
    buf_free(&aad);
    return secret_give(rc, &plain, out);
}
