/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "cred/cred.h"

#include <openssl/evp.h>

int sha256(const void *data, size_t len, uint8_t out[static 32], struct signet_error *err)
{
    if (EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) != 1)
        return error_set(err, SIGNET_E_CRYPTO, "SHA-256 failed");
    return SIGNET_OK;
}
