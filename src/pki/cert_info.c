/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

#include <ctype.h>
#include <openssl/bn.h>
#include <openssl/objects.h>
#include <stdio.h>

#define VALIDITY_DEFAULT 220752000
#define YEAR_9999        253402300799 /* 9999-12-31T23:59:59Z */

#define RARE   "few TLS stacks take it"
#define BROKEN "it is broken, and TLS stacks refuse it"
#define SHA3   "TLS has no SHA-3 signatures"

/* What a person may ask for; the usual three come first. */
struct choice {
    const char *name;
    const char *suspicion; /* NULL: TLS stacks of small devices have it */
    const char *group;     /* OpenSSL's name of the curve */
    const EVP_MD *(*md)(void);
};

static const struct choice curves[] = {
    {"secp256r1", NULL, "prime256v1", NULL},
    {"secp384r1", NULL, "secp384r1", NULL},
    {"secp521r1", NULL, "secp521r1", NULL},
    {"secp192r1", RARE, "prime192v1", NULL},
    {"secp224r1", RARE, "secp224r1", NULL},
    {"secp256k1", RARE, "secp256k1", NULL},
    {"brainpoolP256r1", NULL, "brainpoolP256r1", NULL},
    {"brainpoolP384r1", NULL, "brainpoolP384r1", NULL},
    {"brainpoolP512r1", NULL, "brainpoolP512r1", NULL},
    {"sect163k1", RARE, "sect163k1", NULL},
    {"sect163r2", RARE, "sect163r2", NULL},
    {"sect233k1", RARE, "sect233k1", NULL},
    {"sect233r1", RARE, "sect233r1", NULL},
    {"sect283k1", RARE, "sect283k1", NULL},
    {"sect283r1", RARE, "sect283r1", NULL},
    {"sect409k1", RARE, "sect409k1", NULL},
    {"sect409r1", RARE, "sect409r1", NULL},
    {"sect571k1", RARE, "sect571k1", NULL},
    {"sect571r1", RARE, "sect571r1", NULL},
    {"prime192v1", RARE, "prime192v1", NULL},
    {"prime256v1", NULL, "prime256v1", NULL},
};
#define N_CURVES COUNT_OF(curves)

static const struct choice digests[] = {
    {"sha256", NULL, NULL, sha256_md},      {"sha384", NULL, NULL, EVP_sha384},
    {"sha512", NULL, NULL, EVP_sha512},     {"sha224", RARE, NULL, EVP_sha224},
    {"sha1", BROKEN, NULL, EVP_sha1},       {"md5", BROKEN, NULL, EVP_md5},
    {"sha3-224", SHA3, NULL, EVP_sha3_224}, {"sha3-256", SHA3, NULL, EVP_sha3_256},
    {"sha3-384", SHA3, NULL, EVP_sha3_384}, {"sha3-512", SHA3, NULL, EVP_sha3_512},
};
#define N_DIGESTS COUNT_OF(digests)

/* Refuses a field: its name, its value made harmless, and why. */
static int refuse_field(struct signet_error *err, const char *field, const char *value,
                        const char *why)
{
    struct buf safe = {0};

    text_escape(&safe, (const uint8_t *)value, strnlen(value, 80));
    error_set(err, SIGNET_E_MEANING, "%s '%s': %s", field,
              safe.failed || !safe.data ? "" : (const char *)safe.data, why);
    buf_free(&safe);
    return SIGNET_E_MEANING;
}

const char *curve_standard_name(const char *name)
{
    for (size_t i = 0; i < N_CURVES; i++)
        if (!strcmp(curves[i].group, name))
            return curves[i].name;
    return name;
}

/* "SHA3_512" is sha3-512. */
static bool same_name(const char *name, const char *given)
{
    for (; *name &&
           tolower((unsigned char)*name) == tolower(*given == '_' ? '-' : (unsigned char)*given);
         name++)
        given++;
    return !*name && !*given;
}

/* NULL: there is no such name. */
static const struct choice *choose_named(const struct choice *choices, size_t count,
                                         const char *field, const char *what, const char *name,
                                         const struct signet_observer *observer,
                                         struct signet_error *err)
{
    const char *names[N_CURVES + N_DIGESTS], *near;
    char why[32];

    for (size_t i = 0; i < count; i++) {
        names[i] = choices[i].name;
        if (!same_name(names[i], name))
            continue;
        if (choices[i].suspicion)
            event_note(observer, NULL, "%s %s: %s", field, names[i], choices[i].suspicion);
        return &choices[i];
    }
    snprintf(why, sizeof(why), "no such %s", what);
    refuse_field(err, field, name, why);
    near = signet_word_nearest(name, names, count);
    if (near)
        error_hint(err, "did you mean %s?", near);
    else
        error_hint(err, "use %s, %s or %s", names[0], names[1], names[2]);
    return NULL;
}

static int plan_rsa(unsigned bits, const struct signet_observer *observer, struct signet_error *err)
{
    if (bits < RSA_MIN || bits > RSA_MAX)
        return error_set(err, SIGNET_E_MEANING, "RSAKeyLen %u: %d to %d bits are possible", bits,
                         RSA_MIN, RSA_MAX);
    if (bits < 2048)
        event_note(observer, NULL,
                   "RSAKeyLen %u: below 2048 bits a key can be broken, and most servers refuse it",
                   bits);
    return SIGNET_OK;
}

int plan_key(const char **group, const struct signet_cert_info *info,
             const struct signet_observer *observer, struct signet_error *err)
{
    const char *name = info && info->elliptic_curve ? info->elliptic_curve : "secp256r1";
    const struct choice *curve;

    *group = NULL;
    if (info && info->rsa_key_len && info->elliptic_curve)
        return error_set_hint(err, SIGNET_E_MEANING,
                              "keep one: ellipticCurve for an EC key, RSAKeyLen for RSA",
                              "both ellipticCurve and RSAKeyLen are given");
    if (info && info->rsa_key_len)
        return plan_rsa(info->rsa_key_len, observer, err);
    curve = choose_named(curves, N_CURVES, "ellipticCurve", "curve", name, observer, err);
    if (!curve)
        return SIGNET_E_MEANING;
    *group = curve->group;
    return SIGNET_OK;
}

static int plan_digest(struct plan *p, const char *name, const struct signet_observer *observer,
                       struct signet_error *err)
{
    const struct choice *digest =
        choose_named(digests, N_DIGESTS, "digest", "digest", name, observer, err);

    if (!digest)
        return SIGNET_E_MEANING;
    p->digest = digest->md();
    return SIGNET_OK;
}

/* Decimal or 0x text; whole, positive, below 2^159. */
static int serial_parse(struct plan *p, const char *text, struct signet_error *err)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *digits = hex ? text + 2 : text;
    size_t len = strlen(digits);
    BIGNUM *n = NULL;
    int rc = SIGNET_OK;

    if (!len || len > 200 || strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != len)
        return refuse_field(err, "serialNumber", text, "not a positive whole number");
    if (!(hex ? BN_hex2bn(&n, digits) : BN_dec2bn(&n, digits)))
        return crypto_fail(err, "serialNumber");
    if (BN_is_zero(n) || BN_num_bits(n) > 159)
        rc = refuse_field(err, "serialNumber", text, "must be 1 to 2^159 - 1 (RFC 5280, 4.1.2.2)");
    else
        p->serial_len = (size_t)BN_bn2bin(n, p->serial);
    BN_free(n);
    return rc;
}

static int serial_random(struct plan *p, struct signet_error *err)
{
    uint8_t raw[sizeof(p->serial)];
    size_t zeros = 0;
    int rc = random_bytes(raw, sizeof(raw), err);

    if (rc)
        return error_pass(rc, err, "cannot make a serial number");
    raw[0] &= 0x7f;
    while (zeros < sizeof(raw) - 1 && !raw[zeros])
        zeros++;
    p->serial_len = sizeof(raw) - zeros;
    memcpy(p->serial, raw + zeros, p->serial_len);
    return SIGNET_OK;
}

/* Not empty, UTF-8, at most bound characters (RFC 5280, appendix A.1). SIGNET_E_MEANING names it.
 */
static int info_check_field(const char *field, const char *text, size_t bound,
                            struct signet_error *err)
{
    char why[96];
    size_t len = 0;

    if (!text)
        return SIGNET_OK;
    if (!*text)
        return error_set(err, SIGNET_E_MEANING, "%s is empty", field);
    if (!utf8_valid((const uint8_t *)text, strlen(text)))
        return refuse_field(err, field, text, "not UTF-8");
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return refuse_field(err, field, text, "control characters have no place in a name");
        len += (*c & 0xc0) != 0x80; /* where a character begins */
    }
    if (len <= bound)
        return SIGNET_OK;
    snprintf(why, sizeof(why), "%zu characters, X.509 takes %zu (RFC 5280, appendix A)", len,
             bound);
    return refuse_field(err, field, text, why);
}

static int check_name_fields(const struct signet_cert_info *info, struct signet_error *err)
{
    const char *c = info->country_name, *mail = info->email_address;
    int rc;

    if (c && (strlen(c) != 2 || strspn(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                          "0123456789 '()+,-./:=?") != 2)) {
        refuse_field(err, "countryName", c, "must be two letters (ISO 3166)");
        error_hint(err, "for example PL or US");
        return SIGNET_E_MEANING;
    }
    if ((rc = info_check_field("stateOrProvinceName", info->state_or_province_name, 128, err)) ||
        (rc = info_check_field("localityName", info->locality_name, 128, err)) ||
        (rc = info_check_field("organizationName", info->organization_name, 64, err)) ||
        (rc = info_check_field("organizationUnitName", info->organization_unit_name, 64, err)) ||
        (rc = info_check_field("emailAddress", mail, 255, err)))
        return rc;
    for (const char *at = mail; at && *at; at++)
        if (*at & 0x80)
            return refuse_field(err, "emailAddress", mail, "ASCII only");
    return SIGNET_OK;
}

static int plan_common_name(struct plan *p, const struct signet_cert_info *info,
                            const char *endpoint, struct signet_error *err)
{
    int rc;

    p->common_name = info->common_name ? info->common_name : endpoint;
    if (!p->common_name)
        return SIGNET_OK;
    rc = info_check_field(info->common_name ? "commonName" : "endpoint name as commonName",
                          p->common_name, 64, err);
    if (rc && !info->common_name && p->common_name[0])
        error_hint(err, "shorten the endpoint name, or give a commonName that the server maps");
    return rc;
}

static int plan_alt_name(struct plan *p, const struct signet_cert_info *info, const char *endpoint,
                         struct signet_error *err)
{
    const char *name = info->subject_alt_name ? info->subject_alt_name : endpoint;
    int rc = info_check_field("subjectAltName", info->subject_alt_name, 255, err);

    if (rc || !name || strcmp(name, "none") == 0)
        return rc;
    if (alt_name_possible(name))
        p->alt_name = name;
    else if (info->subject_alt_name)
        return refuse_field(err, "subjectAltName", name, "neither a URI nor the name of a host");
    return SIGNET_OK;
}

int plan_cert(struct plan *p, const struct signet_cert_info *info, const char *endpoint,
              const struct signet_observer *observer, struct signet_error *err)
{
    int64_t offset = info->validity_offset_seconds;
    int rc;

    if ((rc = check_name_fields(info, err)) || (rc = plan_common_name(p, info, endpoint, err)) ||
        (rc = plan_alt_name(p, info, endpoint, err)) ||
        (rc = plan_digest(p, info->digest ? info->digest : "sha256", observer, err)) ||
        (rc = info->serial_number ? serial_parse(p, info->serial_number, err)
                                  : serial_random(p, err)))
        return rc;
    if (offset < 0)
        return error_set(err, SIGNET_E_MEANING,
                         "validityOffsetInSeconds %lld: the certificate would have expired already",
                         (long long)offset);
    if ((rc = clock_check(err)))
        return rc;
    p->not_before = clock_wall();
    if (!offset)
        offset = VALIDITY_DEFAULT;
    if (offset > YEAR_9999 - p->not_before)
        return error_set(err, SIGNET_E_MEANING,
                         "validityOffsetInSeconds %lld: X.509 ends with the year 9999",
                         (long long)offset);
    p->not_after = p->not_before + offset;
    return SIGNET_OK;
}

/* 802.1AR, section 8.6; RFC 5280 has at most 64 characters for it. */
static int plan_serial(struct plan *p, const struct cert_wish *wish, struct signet_error *err)
{
    p->serial_name = wish->serial ? wish->serial : wish->endpoint;
    if (!p->serial_name)
        return error_set_hint(err, SIGNET_E_MEANING, "give its serial number or its endpoint name",
                              "the certificate's profile has the device's serial number in it");
    if (strspn(p->serial_name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                               " '()+,-./:=?") != strlen(p->serial_name))
        return refuse_field(err, "serial number", p->serial_name,
                            "letters, digits, blanks and '()+,-./:=? are possible");
    return info_check_field("serial number", p->serial_name, 64, err);
}

int plan_form(struct plan *p, const struct cert_wish *wish, struct signet_error *err)
{
    const struct cert_form *form = wish->form;
    int64_t seconds = form->validity_seconds;

    if (!form->alt_name)
        p->alt_name = NULL;
    if (form->no_end)
        p->not_after = YEAR_9999;
    else if (seconds && !wish->info->validity_offset_seconds)
        p->not_after = seconds < YEAR_9999 - p->not_before ? p->not_before + seconds : YEAR_9999;
    p->serial_in_subject = form->serial;
    return form->serial || form->hw_type ? plan_serial(p, wish, err) : SIGNET_OK;
}

void info_name(struct buf *b, const struct signet_cert_info *info, const char *common_name,
               const char *serial)
{
    const struct {
        int nid;
        uint8_t tag;
        const char *text;
    } rows[] = {
        {NID_countryName, V_ASN1_PRINTABLESTRING, info->country_name},
        {NID_stateOrProvinceName, V_ASN1_UTF8STRING, info->state_or_province_name},
        {NID_localityName, V_ASN1_UTF8STRING, info->locality_name},
        {NID_organizationName, V_ASN1_UTF8STRING, info->organization_name},
        {NID_organizationalUnitName, V_ASN1_UTF8STRING, info->organization_unit_name},
        {NID_pkcs9_emailAddress, V_ASN1_IA5STRING, info->email_address},
        {NID_commonName, V_ASN1_UTF8STRING, common_name},
        {NID_serialNumber, V_ASN1_PRINTABLESTRING, serial},
    };
    size_t name = b->len;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t start = b->len;

        if (!rows[i].text)
            continue;
        der_oid(b, rows[i].nid);
        der_put(b, rows[i].tag, rows[i].text, strlen(rows[i].text));
        der_wrap(b, start, 0x30);
        der_wrap(b, start, 0x31);
    }
    der_wrap(b, name, 0x30);
}
