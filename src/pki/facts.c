/* SPDX-License-Identifier: Apache-2.0 */
/* Issuer, serial number and public key of a certificate (RFC 5280, section 4.1), found by walking
 * over its values: OpenSSL's reader decodes all of it, the key too, which takes longer than making
 * the certificate did. */
#include "pki/private.h"

#include <stdio.h>
#include <string.h>

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

/* The To-be-signed part, up to the field behind the version. */
static bool open_cert(struct der *all, struct der *tbs)
{
    struct der cert;

    if (!next(all, SEQUENCE, NULL, &cert) || !next(&cert, SEQUENCE, NULL, tbs))
        return false;
    next(tbs, VERSION, NULL, NULL);
    return true;
}

bool cert_common_name(const void *der, size_t len, char out[static CERT_NAME_SIZE])
{
    struct der all = {.at = der, .end = (const uint8_t *)der + len}, tbs, subject;

    if (!open_cert(&all, &tbs) || !next(&tbs, INTEGER, NULL, NULL))
        return false;
    for (int i = 0; i < 4; i++) /* signature, issuer, validity, subject */
        if (!next(&tbs, SEQUENCE, &subject, NULL))
            return false;
    const unsigned char *at = subject.at;
    unsigned char *text = NULL;
    X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)(subject.end - subject.at));
    int i = name ? X509_NAME_get_index_by_NID(name, NID_commonName, -1) : -1;
    int n =
        i < 0 ? -1
              : ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)));
    bool fits = n >= 0 && n < CERT_NAME_SIZE && !memchr(text, 0, (size_t)n);

    if (fits)
        snprintf(out, CERT_NAME_SIZE, "%.*s", n, (const char *)text);
    OPENSSL_free(text);
    X509_NAME_free(name);
    return fits;
}

int cert_facts(const void *der, size_t len, struct cert_facts *out, struct signet_error *err)
{
    struct der all = {.at = der, .end = (const uint8_t *)der + len};
    struct der tbs, serial, issuer, key;
    struct cert_facts facts = {0};

    if (!open_cert(&all, &tbs) || !next(&tbs, INTEGER, NULL, &serial) ||
        !next(&tbs, SEQUENCE, NULL, NULL) || !next(&tbs, SEQUENCE, &issuer, NULL) ||
        !next(&tbs, SEQUENCE, NULL, NULL) || !next(&tbs, SEQUENCE, NULL, NULL) ||
        !next(&tbs, SEQUENCE, &key, NULL))
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
