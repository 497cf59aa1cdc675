/* SPDX-License-Identifier: Apache-2.0 */
/* Issuer, serial number and public key of a certificate (RFC 5280, section 4.1), found by walking
 * over its values: OpenSSL's reader decodes all of it, the key too, which takes longer than making
 * the certificate did. */
#include "pki/private.h"

#include <stdio.h>
#include <string.h>

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

    if (!der_next(all, DER_SEQUENCE, NULL, &cert) || !der_next(&cert, DER_SEQUENCE, NULL, tbs))
        return false;
    der_next(tbs, DER_VERSION, NULL, NULL);
    return true;
}

bool cert_common_name(const void *der, size_t len, char out[static CERT_NAME_SIZE])
{
    struct der all = {.at = der, .end = (const uint8_t *)der + len}, tbs, subject;

    if (!open_cert(&all, &tbs) || !der_next(&tbs, DER_INTEGER, NULL, NULL))
        return false;
    for (int i = 0; i < 4; i++) /* signature, issuer, validity, subject */
        if (!der_next(&tbs, DER_SEQUENCE, &subject, NULL))
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

    if (!open_cert(&all, &tbs) || !der_next(&tbs, DER_INTEGER, NULL, &serial) ||
        !der_next(&tbs, DER_SEQUENCE, NULL, NULL) || !der_next(&tbs, DER_SEQUENCE, &issuer, NULL) ||
        !der_next(&tbs, DER_SEQUENCE, NULL, NULL) || !der_next(&tbs, DER_SEQUENCE, NULL, NULL) ||
        !der_next(&tbs, DER_SEQUENCE, &key, NULL))
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
