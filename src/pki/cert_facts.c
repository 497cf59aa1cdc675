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

/* Letters, digits and marks that nobody escapes. */
static bool is_plain_name(const struct der *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:._-";

    for (const uint8_t *c = text->at; c < text->end; c++)
        if (!memchr(plain, *c, sizeof(plain) - 1) &&
            (*c != ' ' || c == text->at || c + 1 == text->end))
            return false;
    return true;
}

/* A name of usual parts and plain texts, as name_text() shows it: OpenSSL needs a twentieth of the
 * time of a new certificate for it. False: not such a name. */
static bool plain_name(struct der rest, struct buf *out)
{
    static const char *const parts[] = {[3] = "CN", [5] = "serialNumber", [6] = "C",  [7] = "L",
                                        [8] = "ST", [10] = "O",           [11] = "OU"};
    struct der set, pair, oid, text;
    uint8_t tag;

    if (!der_next(&rest, DER_SEQUENCE, NULL, &rest))
        return false;
    while (!der_ended(&rest)) {
        if (!der_next(&rest, V_ASN1_SET | V_ASN1_CONSTRUCTED, NULL, &set) ||
            !der_next(&set, DER_SEQUENCE, NULL, &pair) || !der_ended(&set) ||
            !der_next(&pair, DER_OID, NULL, &oid) || oid.end - oid.at != 3 ||
            memcmp(oid.at, "\x55\x04", 2) != 0 || oid.at[2] >= COUNT_OF(parts) ||
            !parts[oid.at[2]] || !der_any(&pair, &tag, &text) || !der_ended(&pair) ||
            (tag != V_ASN1_UTF8STRING && tag != V_ASN1_PRINTABLESTRING) || !is_plain_name(&text))
            return false;
        buf_text(out, out->len ? ", " : "");
        buf_text(out, parts[oid.at[2]]);
        buf_text(out, "=");
        buf_append(out, text.at, (size_t)(text.end - text.at));
    }
    return true;
}

static int issuer_text(const struct der *name, struct cert_facts *out, struct signet_error *err)
{
    struct buf plain = {0};
    X509_NAME *parsed = NULL;
    int rc;

    if (plain_name(*name, &plain) && !plain.failed)
        rc = name_show((const char *)plain.data, plain.len, out->issuer, sizeof(out->issuer), err);
    else if ((parsed = parse_name(name)))
        rc = name_text(parsed, out->issuer, sizeof(out->issuer), err);
    else
        rc = crypto_fail(err, "cannot read a name");
    X509_NAME_free(parsed);
    buf_free(&plain);
    return rc;
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
    int rc;

    if (!find_parts(der, len, &parts))
        return error_set(err, SIGNET_E_CERT, "this is no certificate");
    if (parts.serial.end - parts.serial.at > 1 && parts.serial.at[0] == 0)
        parts.serial.at++; /* there so that it is positive */
    serial_text(parts.serial.at, (size_t)(parts.serial.end - parts.serial.at), facts.serial);
    rc = issuer_text(&parts.issuer, &facts, err);
    if (!rc)
        rc = sha256(parts.key.at, (size_t)(parts.key.end - parts.key.at), facts.key_sha256, err);
    if (!rc)
        *out = facts;
    return rc;
}
