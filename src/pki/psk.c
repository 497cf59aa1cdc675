/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pki.h"

/* Digits in place of len bytes: of half as many random ones. */
static int psk_digits(struct secret *psk, size_t len, struct signet_error *err)
{
    uint8_t bytes[32];
    char text[65];
    int rc = random_bytes(bytes, len / 2, err);

    if (!rc)
        hex_encode(bytes, len / 2, text);
    if (!rc)
        memcpy(psk->data, text, len);
    wipe(bytes, sizeof(bytes));
    wipe(text, sizeof(text));
    return rc;
}

int psk_mint(struct secret *out, size_t len, bool hex, struct signet_error *err)
{
    struct secret psk = {0};
    int rc;

    if (len < 16 || len > 64)
        return error_set(err, SIGNET_E_LIMIT, "a PSK of %zu bytes: Signet makes 16 to 64", len);
    if (hex && (len < 32 || len % 2))
        return error_set(err, SIGNET_E_LIMIT,
                         "a PSK of %zu hex digits: Signet makes 32 to 64, an even number", len);
    rc = secret_alloc(&psk, len, err);
    if (!rc)
        rc = hex ? psk_digits(&psk, len, err) : random_bytes(psk.data, len, err);
    return error_pass(secret_give(rc, &psk, out), err, "cannot make a PSK");
}
