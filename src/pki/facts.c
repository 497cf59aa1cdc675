/* SPDX-License-Identifier: Apache-2.0 */
/* Issuer, serial number and public key of a certificate (RFC 5280, section 4.1), found by walking
 * over its values: OpenSSL's reader decodes all of it, the key too, which takes longer than making
 * the certificate did. */
#include "pki/private.h"

struct der {
    const uint8_t *at, *end;
};

/* The next value: from its tag on, and what is in it. */
static bool next(struct der *d, uint8_t tag, struct der *whole, struct der *inside)
{
    const uint8_t *start = d->at;
    size_t len;

    if (d->end - start < 2 || start[0] != tag)
        return false;
    len = start[1];
    start += 2;
    if (len & 0x80) {
        size_t bytes = len & 0x7f;

        if (bytes < 1 || bytes > 3 || (size_t)(d->end - start) < bytes)
            return false;
        for (len = 0; bytes > 0; bytes--)
            len = len << 8 | *start++;
    }
    if ((size_t)(d->end - start) < len)
        return false;
    if (whole)
        *whole = (struct der){.at = d->at, .end = start + len};
    if (inside)
        *inside = (struct der){.at = start, .end = start + len};
    d->at = start + len;
    return true;
}

enum { SEQUENCE = 0x30, INTEGER = 0x02, VERSION = 0xa0 };

static int take_issuer(const struct der *name, struct cert_facts *out, struct signet_error *err)
{
    const unsigned char *at = name->at;
    X509_NAME *issuer = d2i_X509_NAME(NULL, &at, (long)(name->end - name->at));

    if (!issuer)
        return crypto_fail(err, "cannot read a name");
    int rc = name_text(issuer, out->issuer, sizeof(out->issuer), err);
    X509_NAME_free(issuer);
    return rc;
}

int cert_facts(const void *der, size_t len, struct cert_facts *out, struct signet_error *err)
{
    struct der all = {.at = der, .end = (const uint8_t *)der + len};
    struct der cert, tbs, serial, issuer, key;
    struct cert_facts facts = {0};

    if (!next(&all, SEQUENCE, NULL, &cert) || !next(&cert, SEQUENCE, NULL, &tbs))
        return error_set(err, SIGNET_E_CERT, "this is no certificate");
    next(&tbs, VERSION, NULL, NULL);
    if (!next(&tbs, INTEGER, NULL, &serial) || !next(&tbs, SEQUENCE, NULL, NULL) ||
        !next(&tbs, SEQUENCE, &issuer, NULL) || !next(&tbs, SEQUENCE, NULL, NULL) ||
        !next(&tbs, SEQUENCE, NULL, NULL) || !next(&tbs, SEQUENCE, &key, NULL))
        return error_set(err, SIGNET_E_CERT, "this is no certificate");
    if (serial.end - serial.at > 1 && serial.at[0] == 0) /* there so that it is positive */
        serial.at++;
    size_t digits = (size_t)(serial.end - serial.at);
    hex_encode(serial.at, digits < 30 ? digits : 30, facts.serial);
    int rc = take_issuer(&issuer, &facts, err);
    if (rc == SIGNET_OK)
        rc = sha256(key.at, (size_t)(key.end - key.at), facts.key_sha256, err);
    if (rc == SIGNET_OK)
        *out = facts;
    return rc;
}
