/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

#include <openssl/err.h>

int crypto_fail(struct signet_error *err, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    error_set(err, SIGNET_E_CRYPTO, "%s: %s", what, reason ? reason : "OpenSSL failed");
    ERR_clear_error();
    return SIGNET_E_CRYPTO;
}
