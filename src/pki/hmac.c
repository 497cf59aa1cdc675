/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

#include <openssl/hmac.h>

int hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                uint8_t out[static 32], struct signet_error *err)
{
    unsigned size = 0;

    if (!HMAC(EVP_sha256(), key, (int)key_len, data, len, out, &size) || size != 32)
        return crypto_fail(err, "HMAC-SHA-256");
    return SIGNET_OK;
}
