/* SPDX-License-Identifier: Apache-2.0 */
/* Can the TLS stack of a device read this certificate? OpenSSL is generous; what is looked at here
 * is what Mbed TLS 2.28 and 3 ask for (RFC 5280, section 4.1): the form. The extensions are in
 * cert_read_extensions.c, the kinds of keys and signatures in cert_judge.c. Functions move `d`
 * behind what they have read, and return what is wrong, or NULL. */
#include "pki/private.h"

enum {
    TAG_NULL = 0x05,
    TAG_UTC_TIME = 0x17,
    TAG_GENERALIZED_TIME = 0x18,
    TAG_EXTENSIONS = 0xa3,
    V1 = 0,
    V3 = 2
};

static const char *cert_version(struct der *tbs, int *version)
{
    struct der box, number;

    *version = V1;
    if (!der_next(tbs, DER_VERSION, NULL, &box))
        return NULL;
    if (!der_next(&box, DER_INTEGER, NULL, &number) || !der_ended(&box) ||
        number.end - number.at != 1 || *number.at > V3)
        return "its version is none of v1, v2 and v3";
    *version = *number.at;
    return NULL;
}

/* An AlgorithmIdentifier: an identifier and at most one value. */
static bool read_algorithm(struct der *d, struct der *whole, struct der *oid)
{
    struct der inside;
    uint8_t tag;

    if (!der_next(d, DER_SEQUENCE, whole, &inside) || !der_next(&inside, DER_OID, NULL, oid))
        return false;
    return der_ended(&inside) || (der_any(&inside, &tag, NULL) && der_ended(&inside));
}

static int der_digits(const uint8_t *at, size_t count)
{
    int n = 0;

    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return -1;
        n = n * 10 + at[i] - '0';
    }
    return n;
}

/* RFC 5280, section 4.1.2.5: UTC, with seconds. */
static bool is_time(const struct der *text, bool utc)
{
    size_t year_len = utc ? 2 : 4, len = (size_t)(text->end - text->at);
    const uint8_t *rest = text->at + year_len;
    int field[5], year;

    if (len != year_len + 10 && !(len == year_len + 11 && rest[10] == 'Z'))
        return false;
    year = der_digits(text->at, year_len);
    for (size_t i = 0; i < 5; i++)
        field[i] = der_digits(rest + 2 * i, 2);
    if (year < 0 || field[0] < 1 || field[0] > 12 || field[1] < 1 || field[2] < 0 ||
        field[2] > 23 || field[3] < 0 || field[3] > 59 || field[4] < 0 || field[4] > 59)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 || (utc && year == 0);
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return field[1] <= days[field[0] - 1] && (field[0] != 2 || field[1] <= 28 + leap);
}

static const char *read_dates(struct der *tbs)
{
    struct der validity, text;
    uint8_t tag;

    if (!der_next(tbs, DER_SEQUENCE, NULL, &validity))
        return "it has no dates";
    for (int i = 0; i < 2; i++)
        if (!der_any(&validity, &tag, &text) ||
            (tag != TAG_UTC_TIME && tag != TAG_GENERALIZED_TIME) ||
            !is_time(&text, tag == TAG_UTC_TIME))
            return "a date in it is malformed: YYMMDDhhmmssZ or YYYYMMDDhhmmssZ";
    return der_ended(&validity) ? NULL : "its dates are malformed";
}

static bool is_rsa_key(const struct der *bits)
{
    struct der d = {.at = bits->at + 1, .end = bits->end}, pair;

    return der_next(&d, DER_SEQUENCE, NULL, &pair) && der_ended(&d) &&
           der_next(&pair, DER_INTEGER, NULL, NULL) && der_next(&pair, DER_INTEGER, NULL, NULL) &&
           der_ended(&pair);
}

/* SubjectPublicKeyInfo; RSA has no parameters (RFC 3279, section 2.3.1). */
static const char *spki_read(struct der *tbs)
{
    struct der info, algorithm, oid, parameters = {0}, bits;
    uint8_t tag = TAG_NULL;

    if (!der_next(tbs, DER_SEQUENCE, NULL, &info) ||
        !der_next(&info, DER_SEQUENCE, NULL, &algorithm) ||
        !der_next(&algorithm, DER_OID, NULL, &oid))
        return "its public key is malformed";
    if (!der_ended(&algorithm) &&
        (!der_any(&algorithm, &tag, &parameters) || !der_ended(&algorithm)))
        return "the algorithm of its public key is malformed";
    if (!der_next(&info, DER_BITS, NULL, &bits) || der_ended(&bits) || *bits.at != 0 ||
        !der_ended(&info))
        return "its public key is malformed";
    if (!der_is_rsa(&oid))
        return NULL;
    if (tag != TAG_NULL || !der_ended(&parameters) || !is_rsa_key(&bits))
        return "its RSA key is malformed";
    return NULL;
}

static const char *read_rest(struct der *tbs, int version, char wrong[static 160])
{
    struct der box, list;

    der_next(tbs, 0xa1, NULL, NULL); /* unique identifiers, as nobody writes them */
    der_next(tbs, 0xa2, NULL, NULL);
    if (version == V3 && !der_ended(tbs)) {
        if (!der_next(tbs, TAG_EXTENSIONS, NULL, &box) ||
            !der_next(&box, DER_SEQUENCE, NULL, &list) || !der_ended(&box))
            return "its extensions are malformed, or it has unique identifiers";
        if (!extensions_read(&list, wrong))
            return wrong;
    }
    return der_ended(tbs) ? NULL : "it has values that its version does not have";
}

static const char *read_tbs(struct der *tbs, struct der *algorithm, char wrong[static 160])
{
    struct der name, oid;
    const char *bad;
    int version;

    if ((bad = cert_version(tbs, &version)))
        return bad;
    if (!der_next(tbs, DER_INTEGER, NULL, NULL))
        return "it has no serial number";
    if (!read_algorithm(tbs, algorithm, &oid))
        return "its signature algorithm is malformed";
    if (!der_next(tbs, DER_SEQUENCE, NULL, &name) || der_ended(&name))
        return "it has no issuer's name";
    if ((bad = der_read_name(&name)) || (bad = read_dates(tbs)))
        return bad;
    if (!der_next(tbs, DER_SEQUENCE, NULL, &name))
        return "it has no subject's name";
    if ((bad = der_read_name(&name)))
        return bad;
    if ((bad = spki_read(tbs)))
        return bad;
    return read_rest(tbs, version, wrong);
}

static const char *read_cert(struct der *all, char wrong[static 160])
{
    struct der cert, tbs, inner, outer, oid, bits;
    const char *bad;

    if (!der_next(all, DER_SEQUENCE, NULL, &cert) || !der_next(&cert, DER_SEQUENCE, NULL, &tbs))
        return "it is malformed";
    if ((bad = read_tbs(&tbs, &inner, wrong)))
        return bad;
    if (!read_algorithm(&cert, &outer, &oid) ||
        !der_is(&inner, outer.at, (size_t)(outer.end - outer.at)))
        return "it names two different signature algorithms";
    if (!der_next(&cert, DER_BITS, NULL, &bits) || der_ended(&bits) || *bits.at != 0 ||
        !der_ended(&cert))
        return "its signature is malformed";
    return NULL;
}

static int look_at_cert(const struct signet_cert *cert, bool beside, struct signet_error *err)
{
    struct der all = {.at = cert->der.data, .end = cert->der.data + cert->der.len};
    char wrong[160] = "";
    const char *bad = read_cert(&all, wrong);
    X509 *x;
    int rc;

    if (bad)
        return error_set_hint(err, SIGNET_E_CERT, "have it issued anew as RFC 5280 wants it",
                              "the TLS stack of a device cannot read it: %s%s", bad,
                              strstr(bad, "RFC ") ? "" : " (RFC 5280, section 4)");
    x = cert_parse(cert, err);
    rc = x ? key_and_signature_fit(x, beside, err) : SIGNET_E_CRYPTO;
    X509_free(x);
    return rc;
}

int cert_fits_stacks(const struct signet_cert *cert, struct signet_error *err)
{
    return look_at_cert(cert, false, err);
}

int cert_fits_beside(const struct signet_cert *cert, struct signet_error *err)
{
    return look_at_cert(cert, true, err);
}
