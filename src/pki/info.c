/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

#include <openssl/bn.h>
#include <openssl/objects.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define VALIDITY_DEFAULT 220752000
#define RSA_MIN          512
#define RSA_MAX          16384
#define YEAR_9999        253402300799 /* 9999-12-31T23:59:59Z */

static const struct curve {
    const char *name, *openssl;
    bool unusual; /* TLS stacks of small devices seldom have it */
} curves[] = {
    {"secp256r1", "prime256v1", false},
    {"secp384r1", "secp384r1", false},
    {"secp521r1", "secp521r1", false},
    {"secp192r1", "prime192v1", true},
    {"secp224r1", "secp224r1", true},
    {"secp256k1", "secp256k1", true},
    {"brainpoolP256r1", "brainpoolP256r1", false},
    {"brainpoolP384r1", "brainpoolP384r1", false},
    {"brainpoolP512r1", "brainpoolP512r1", false},
    {"sect163k1", "sect163k1", true},
    {"sect163r2", "sect163r2", true},
    {"sect233k1", "sect233k1", true},
    {"sect233r1", "sect233r1", true},
    {"sect283k1", "sect283k1", true},
    {"sect283r1", "sect283r1", true},
    {"sect409k1", "sect409k1", true},
    {"sect409r1", "sect409r1", true},
    {"sect571k1", "sect571k1", true},
    {"sect571r1", "sect571r1", true},
    {"prime192v1", "prime192v1", true},
    {"prime256v1", "prime256v1", false},
};
#define N_CURVES (sizeof curves / sizeof *curves)

static const struct digest {
    const char *name;
    const EVP_MD *(*md)(void);
    const char *suspicion; /* NULL: fine */
} digests[] = {
    {"sha256", EVP_sha256, NULL},
    {"sha384", EVP_sha384, NULL},
    {"sha512", EVP_sha512, NULL},
    {"sha224", EVP_sha224, "few TLS stacks take it"},
    {"sha1", EVP_sha1, "it is broken, and TLS stacks refuse it"},
    {"md5", EVP_md5, "it is broken, and TLS stacks refuse it"},
    {"sha3-224", EVP_sha3_224, "TLS has no SHA-3 signatures"},
    {"sha3-256", EVP_sha3_256, "TLS has no SHA-3 signatures"},
    {"sha3-384", EVP_sha3_384, "TLS has no SHA-3 signatures"},
    {"sha3-512", EVP_sha3_512, "TLS has no SHA-3 signatures"},
};
#define N_DIGESTS (sizeof digests / sizeof *digests)

static void __attribute__((format(printf, 2, 3)))
warn(const struct signet_observer *observer, const char *fmt, ...)
{
    struct signet_error w = {0};
    struct buf text = {0};
    va_list args;

    if (!observer)
        return;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    if (!text.failed) {
        error_set(&w, SIGNET_OK, "%s", (const char *)text.data);
        event_warn(observer, &w);
    }
    buf_free(&text);
}

/* Refuses a field: its name, its value made harmless, and why. */
static int refuse(struct signet_error *err, const char *field, const char *value, const char *why)
{
    struct buf safe = {0};

    text_escape(&safe, (const uint8_t *)value, strnlen(value, 80));
    error_set(err, SIGNET_E_MEANING, "%s '%s': %s", field,
              safe.failed || !safe.data ? "" : (const char *)safe.data, why);
    buf_free(&safe);
    return SIGNET_E_MEANING;
}

static void hint_nearest(struct signet_error *err, const char *word, bool curve)
{
    const char *names[N_CURVES + N_DIGESTS], *near;
    size_t n = 0, i;

    for (i = 0; curve ? i < N_CURVES : i < N_DIGESTS; i++)
        names[n++] = curve ? curves[i].name : digests[i].name;
    near = text_nearest(word, names, n);
    if (near)
        error_hint(err, "did you mean %s?", near);
    else
        error_hint(err, curve ? "use secp256r1, secp384r1 or secp521r1"
                              : "use sha256, sha384 or sha512");
}

const char *curve_standard_name(const char *name)
{
    for (size_t i = 0; i < N_CURVES; i++)
        if (!strcmp(curves[i].openssl, name))
            return curves[i].name;
    return name;
}

int plan_key(struct plan *p, const struct signet_cert_info *info,
             const struct signet_observer *observer, struct signet_error *err)
{
    const char *name = info && info->elliptic_curve ? info->elliptic_curve : "secp256r1";

    if (info && info->rsa_key_len) {
        if (info->elliptic_curve) {
            error_set(err, SIGNET_E_MEANING, "both ellipticCurve and RSAKeyLen are given");
            error_hint(err, "keep one: ellipticCurve for an EC key, RSAKeyLen for RSA");
            return SIGNET_E_MEANING;
        }
        if (info->rsa_key_len < RSA_MIN || info->rsa_key_len > RSA_MAX)
            return error_set(err, SIGNET_E_MEANING, "RSAKeyLen %u: %d to %d bits are possible",
                             info->rsa_key_len, RSA_MIN, RSA_MAX);
        if (info->rsa_key_len < 2048)
            warn(observer,
                 "RSAKeyLen %u: below 2048 bits a key can be broken, and most servers "
                 "refuse it",
                 info->rsa_key_len);
        p->group = NULL;
        return SIGNET_OK;
    }
    for (size_t i = 0; i < N_CURVES; i++) {
        if (strcasecmp(curves[i].name, name) != 0)
            continue;
        if (curves[i].unusual)
            warn(observer, "ellipticCurve %s: few TLS stacks take it", curves[i].name);
        p->group = curves[i].openssl;
        return SIGNET_OK;
    }
    refuse(err, "ellipticCurve", name, "no such curve");
    hint_nearest(err, name, true);
    return SIGNET_E_MEANING;
}

static int plan_digest(struct plan *p, const char *name, const struct signet_observer *observer,
                       struct signet_error *err)
{
    char folded[16] = "";
    size_t i;

    for (i = 0; i < sizeof folded - 1 && name[i]; i++)
        folded[i] = name[i] == '_' ? '-' : name[i];
    folded[i] = '\0';
    for (i = 0; i < N_DIGESTS; i++) {
        if (strcasecmp(digests[i].name, folded) != 0)
            continue;
        if (digests[i].suspicion)
            warn(observer, "digest %s: %s", digests[i].name, digests[i].suspicion);
        p->digest = digests[i].md();
        return SIGNET_OK;
    }
    refuse(err, "digest", name, "no such digest");
    hint_nearest(err, name, false);
    return SIGNET_E_MEANING;
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
        return refuse(err, "serialNumber", text, "not a positive whole number");
    if (!(hex ? BN_hex2bn(&n, digits) : BN_dec2bn(&n, digits)))
        return crypto_fail(err, "serialNumber");
    if (BN_is_zero(n) || BN_num_bits(n) > 159)
        rc = refuse(err, "serialNumber", text, "must be 1 to 2^159 - 1 (RFC 5280, 4.1.2.2)");
    else
        p->serial_len = (size_t)BN_bn2bin(n, p->serial);
    BN_free(n);
    return rc;
}

static int serial_random(struct plan *p, struct signet_error *err)
{
    uint8_t raw[20];
    size_t skip = 0;
    int rc;

    do {
        rc = random_bytes(raw, sizeof raw, err);
        if (rc) {
            error_prefix(err, "cannot make a serial number");
            return rc;
        }
        raw[0] &= 0x7f;
        for (skip = 0; skip < sizeof raw && !raw[skip]; skip++)
            ;
    } while (skip == sizeof raw);
    p->serial_len = sizeof raw - skip;
    memcpy(p->serial, raw + skip, p->serial_len);
    return SIGNET_OK;
}

static size_t characters(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

/* The upper bounds of RFC 5280, appendix A.1. */
static int check_text(const char *field, const char *text, size_t bound, struct signet_error *err)
{
    char why[96];
    size_t len;

    if (!text)
        return SIGNET_OK;
    if (!*text)
        return error_set(err, SIGNET_E_MEANING, "%s is empty", field);
    if (!utf8_valid((const uint8_t *)text, strlen(text)))
        return refuse(err, field, text, "not UTF-8");
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return refuse(err, field, text, "control characters have no place in a name");
    len = characters(text);
    if (len <= bound)
        return SIGNET_OK;
    snprintf(why, sizeof why, "%zu characters, X.509 takes %zu (RFC 5280, appendix A)", len, bound);
    return refuse(err, field, text, why);
}

static int check_names(const struct signet_cert_info *info, struct signet_error *err)
{
    const char *c = info->country_name, *mail = info->email_address;
    int rc;

    if (c && (strlen(c) != 2 || strspn(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                          "0123456789 '()+,-./:=?") != 2)) {
        refuse(err, "countryName", c, "must be two letters (ISO 3166)");
        error_hint(err, "for example PL or US");
        return SIGNET_E_MEANING;
    }
    if ((rc = check_text("stateOrProvinceName", info->state_or_province_name, 128, err)) ||
        (rc = check_text("localityName", info->locality_name, 128, err)) ||
        (rc = check_text("organizationName", info->organization_name, 64, err)) ||
        (rc = check_text("organizationUnitName", info->organization_unit_name, 64, err)) ||
        (rc = check_text("emailAddress", mail, 255, err)))
        return rc;
    for (; mail && *mail; mail++)
        if ((unsigned char)*mail > 0x7e || (unsigned char)*mail < 0x20)
            return refuse(err, "emailAddress", info->email_address, "ASCII only");
    return SIGNET_OK;
}

static int plan_common_name(struct plan *p, const struct signet_cert_info *info,
                            const char *endpoint, struct signet_error *err)
{
    int rc;

    p->common_name = info->common_name ? info->common_name : endpoint;
    if (!p->common_name)
        return SIGNET_OK;
    rc = check_text(info->common_name ? "commonName" : "endpoint name as commonName",
                    p->common_name, 64, err);
    if (rc && !info->common_name)
        error_hint(err, "shorten the endpoint name, or give a commonName that the server maps");
    return rc;
}

int plan_cert(struct plan *p, const struct signet_cert_info *info, const char *endpoint,
              const struct signet_observer *observer, struct signet_error *err)
{
    int64_t offset = info->validity_offset_seconds;
    int rc;

    if ((rc = check_names(info, err)) || (rc = plan_common_name(p, info, endpoint, err)) ||
        (rc = plan_digest(p, info->digest ? info->digest : "sha256", observer, err)) ||
        (rc = info->serial_number ? serial_parse(p, info->serial_number, err)
                                  : serial_random(p, err)))
        return rc;
    if (offset < 0)
        return error_set(err, SIGNET_E_MEANING,
                         "validityOffsetInSeconds %lld: the certificate would have expired already",
                         (long long)offset);
    p->not_before = clock_wall();
    if (p->not_before < 0 || p->not_before > YEAR_9999)
        return error_set(err, SIGNET_E_MEANING, "this machine's clock is not set");
    if (!offset)
        offset = VALIDITY_DEFAULT;
    if (offset > YEAR_9999 - p->not_before)
        return error_set(err, SIGNET_E_MEANING,
                         "validityOffsetInSeconds %lld: X.509 ends with the year 9999",
                         (long long)offset);
    p->not_after = p->not_before + offset;
    return SIGNET_OK;
}

void info_name(struct buf *b, const struct signet_cert_info *info, const char *common_name)
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
    };
    size_t name = b->len;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
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
