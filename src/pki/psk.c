/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pki.h"

int psk_mint(struct secret *out, size_t len, struct signet_error *err)
{
    struct secret psk = {0};
    int rc;

    if (len < 16 || len > 64)
        return error_set(err, SIGNET_E_LIMIT, "a PSK of %zu bytes: Signet makes 16 to 64", len);
    rc = secret_alloc(&psk, len, err);
    if (!rc)
        rc = random_bytes(psk.data, len, err);
    return error_pass(secret_give(rc, &psk, out), err, "cannot make a PSK");
}
