/* SPDX-License-Identifier: Apache-2.0 */
/* Issuer, serial number and public key of a certificate (RFC 5280, section 4.1), found by walking
 * over its values: OpenSSL's reader decodes all of it, the key too, which takes longer than making
 * the certificate did. */
#include "pki/private.h"

#include <stdio.h>

struct parts {
    struct der serial, issuer, subject, key; /* the first without its tag */
};

static bool find_parts(const void *der, size_t len, struct parts *out)
{
    struct der all = {.at = der, .end = (const uint8_t *)der + len}, cert, tbs;

    if (!der_next(&all, DER_SEQUENCE, NULL, &cert) || !der_next(&cert, DER_SEQUENCE, NULL, &tbs))
        return false;
    der_next(&tbs, DER_VERSION, NULL, NULL);
    return der_next(&tbs, DER_INTEGER, NULL, &out->serial) &&
           der_next(&tbs, DER_SEQUENCE, NULL, NULL) && /* signature algorithm */
           der_next(&tbs, DER_SEQUENCE, &out->issuer, NULL) &&
           der_next(&tbs, DER_SEQUENCE, NULL, NULL) && /* validity */
           der_next(&tbs, DER_SEQUENCE, &out->subject, NULL) &&
           der_next(&tbs, DER_SEQUENCE, &out->key, NULL);
}

static X509_NAME *parse_name(const struct der *name)
{
    const unsigned char *at = name->at;

    return d2i_X509_NAME(NULL, &at, (long)(name->end - name->at));
}

bool cert_common_name(const void *der, size_t len, char out[static CERT_NAME_SIZE])
{
    unsigned char *text = NULL;
    struct parts parts;
    X509_NAME *name = find_parts(der, len, &parts) ? parse_name(&parts.subject) : NULL;
    int i = name ? X509_NAME_get_index_by_NID(name, NID_commonName, -1) : -1, n = -1;
    bool fits;

    if (i >= 0)
        n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)));
    fits = n >= 0 && n < CERT_NAME_SIZE && !memchr(text, 0, (size_t)n);
    if (fits)
        snprintf(out, CERT_NAME_SIZE, "%.*s", n, (const char *)text);
    OPENSSL_free(text);
    X509_NAME_free(name);
    return fits;
}

int cert_facts(const void *der, size_t len, struct cert_facts *out, struct signet_error *err)
{
    struct cert_facts facts = {0};
    struct parts parts;
    X509_NAME *issuer;
    int rc;

    if (!find_parts(der, len, &parts))
        return error_set(err, SIGNET_E_CERT, "this is no certificate");
    if (parts.serial.end - parts.serial.at > 1 && parts.serial.at[0] == 0)
        parts.serial.at++; /* there so that it is positive */
    serial_text(parts.serial.at, (size_t)(parts.serial.end - parts.serial.at), facts.serial);
    issuer = parse_name(&parts.issuer);
    rc = issuer ? name_text(issuer, facts.issuer, sizeof(facts.issuer), err)
                : crypto_fail(err, "cannot read a name");
    X509_NAME_free(issuer);
    if (!rc)
        rc = sha256(parts.key.at, (size_t)(parts.key.end - parts.key.at), facts.key_sha256, err);
    if (!rc)
        *out = facts;
    return rc;
}
