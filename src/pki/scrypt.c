/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

int pki_scrypt(const void *password, size_t len, const uint8_t *salt, size_t salt_len,
               unsigned log_n, uint8_t out[static 32], struct signet_error *err)
{
    const uint64_t n = UINT64_C(1) << log_n, most = 2 * 128 * 8 * n;

    if (EVP_PBE_scrypt(password, len, salt, salt_len, n, 8, 1, most, out, 32) != 1)
        return crypto_fail(err, "scrypt");
    return SIGNET_OK;
}
