/* SPDX-License-Identifier: Apache-2.0 */
/* One key: 32 bytes. */
#include "pki/pki.h"
#include "vault/private.h"

bool key_is_one_byte(const struct secret *key)
{
    return memcmp(key->data, key->data + 1, key->len - 1) == 0;
}

int key_new(struct secret *key, struct signet_error *err)
{
    struct secret fresh = {0};
    int rc = secret_alloc(&fresh, AES_GCM_KEY_LEN, err);

    if (rc == SIGNET_OK)
        rc = random_bytes(fresh.data, fresh.len, err);
    return secret_give(rc, &fresh, key);
}

int key_id(const struct secret *key, char id[KEY_ID_SIZE], struct signet_error *err)
{
    static const char what[] = "signet station key";
    struct buf text = {0};

    buf_append(&text, what, sizeof(what));
    buf_append(&text, key->data, key->len);
    int rc = buf_check(&text, err);
    if (rc == SIGNET_OK)
        rc = sha256_tag(text.data, text.len, (KEY_ID_SIZE - 1) / 2, id, err);
    buf_free(&text);
    return rc;
}
