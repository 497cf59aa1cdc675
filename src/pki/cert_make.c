/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

/* The certificate is written by hand: it is a dozen values, the bytes shall be those of the
 * reference, and OpenSSL's builder takes as long as the signature itself. */

struct issuer {
    X509 *cert; /* NULL: self-signed */
    const struct signet_key *key;
    const EVP_MD *md;
    int algorithm; /* OpenSSL's number of the signature algorithm */
};

/* NID_undef: X.509 has no such signature. OpenSSL 3.0's own table lacks ECDSA with SHA-3. */
static int signature_nid(const struct signet_key *key, const EVP_MD *md)
{
    static const int sha3[][2] = {
        {NID_sha3_224, NID_ecdsa_with_SHA3_224},
        {NID_sha3_256, NID_ecdsa_with_SHA3_256},
        {NID_sha3_384, NID_ecdsa_with_SHA3_384},
        {NID_sha3_512, NID_ecdsa_with_SHA3_512},
    };
    int type = EVP_MD_get_type(md), nid = NID_undef;

    for (size_t i = 0; !key->rsa && i < sizeof sha3 / sizeof *sha3; i++)
        if (sha3[i][0] == type)
            return sha3[i][1];
    OBJ_find_sigid_by_algs(&nid, type, key->rsa ? EVP_PKEY_RSA : EVP_PKEY_EC);
    return nid;
}

static void put_algorithm(struct buf *b, const struct issuer *issuer)
{
    size_t start = b->len;

    der_oid(b, issuer->algorithm);
    if (issuer->key->rsa)
        der_put(b, V_ASN1_NULL, "", 0);
    der_wrap(b, start, 0x30);
}

static void put_i2d(struct buf *b, int len, unsigned char **der)
{
    if (len > 0)
        buf_append(b, *der, (size_t)len);
    else
        b->failed = true;
    OPENSSL_free(*der);
    *der = NULL;
}

static void put_extension(struct buf *b, int nid, bool critical, const void *value, size_t len)
{
    size_t start = b->len;

    der_oid(b, nid);
    if (critical)
        der_put(b, V_ASN1_BOOLEAN, "\xff", 1);
    der_put(b, V_ASN1_OCTET_STRING, value, len);
    der_wrap(b, start, 0x30);
}

/* RFC 7925 section 4.4.3 and the profile of draft-ietf-uta-tls13-iot-profile for end entities. */
static void put_usage(struct buf *b, X509 *issuer)
{
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(issuer);
    struct buf value = {0};

    put_extension(b, NID_key_usage, true, "\x03\x02\x07\x80", 4); /* digitalSignature */
    der_oid(&value, NID_client_auth);
    der_wrap(&value, 0, 0x30);
    put_extension(b, NID_ext_key_usage, false, value.data, value.len);
    if (id) {
        buf_reset(&value);
        der_put(&value, 0x80, ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id));
        der_wrap(&value, 0, 0x30);
        put_extension(b, NID_authority_key_identifier, false, value.data, value.len);
    }
    if (value.failed)
        b->failed = true;
    buf_free(&value);
}

static void put_extensions(struct buf *b, const struct plan *p, X509 *issuer)
{
    size_t start = b->len;
    struct buf value = {0};

    if (!issuer && !p->alt_name)
        return;
    if (issuer)
        put_usage(b, issuer);
    if (p->alt_name) {
        alt_name_put(&value, p->alt_name);
        put_extension(b, NID_subject_alt_name, false, value.data, value.len);
        b->failed = b->failed || value.failed;
        buf_free(&value);
    }
    der_wrap(b, start, 0x30);
    der_wrap(b, start, 0xa3);
}

static void put_serial(struct buf *b, const struct plan *p)
{
    size_t start = b->len;

    if (p->serial[0] & 0x80)
        buf_byte(b, 0);
    buf_append(b, p->serial, p->serial_len);
    der_wrap(b, start, V_ASN1_INTEGER);
}

static void put_tbs(struct buf *b, const struct plan *p, const struct signet_cert_info *info,
                    const struct signet_key *key, const struct issuer *issuer)
{
    unsigned char *der = NULL;
    size_t start = b->len, at;

    buf_append(b, "\xa0\x03\x02\x01\x02", 5); /* version 3 */
    put_serial(b, p);
    put_algorithm(b, issuer);
    if (issuer->cert)
        put_i2d(b, i2d_X509_NAME(X509_get_subject_name(issuer->cert), &der), &der);
    else
        info_name(b, info, p->common_name);
    at = b->len;
    der_time(b, p->not_before);
    der_time(b, p->not_after);
    der_wrap(b, at, 0x30);
    info_name(b, info, p->common_name);
    if (key->ec.group)
        ec_put_public(b, &key->ec);
    else
        put_i2d(b, i2d_PUBKEY(key->pkey, &der), &der);
    put_extensions(b, p, issuer->cert);
    der_wrap(b, start, 0x30);
}

static int put_signature(struct buf *b, const struct issuer *issuer, struct signet_error *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t sig[16384 / 8 + 16];
    size_t len = sizeof sig, tbs_len = b->len, at;
    bool ok = ctx && !b->failed &&
              EVP_DigestSignInit(ctx, NULL, issuer->md, NULL, issuer->key->pkey) == 1 &&
              EVP_DigestSign(ctx, sig, &len, b->data, tbs_len) == 1;

    EVP_MD_CTX_free(ctx);
    if (b->failed)
        return buf_check(b, err);
    if (!ok) {
        crypto_fail(err, "cannot sign the certificate");
        if (issuer->key->rsa && EVP_PKEY_get_bits(issuer->key->pkey) < 1024)
            error_hint(err, "an RSA key of %d bits is too short for this digest",
                       EVP_PKEY_get_bits(issuer->key->pkey));
        return SIGNET_E_CRYPTO;
    }
    put_algorithm(b, issuer);
    at = b->len;
    buf_byte(b, 0); /* no unused bits */
    buf_append(b, sig, len);
    der_wrap(b, at, V_ASN1_BIT_STRING);
    der_wrap(b, 0, 0x30);
    return buf_check(b, err);
}

static int make_cert(struct signet_cert **out, const struct plan *p, const struct signet_key *key,
                     const struct signet_cert_info *info, const struct issuer *issuer,
                     struct signet_error *err)
{
    struct buf b = {0};
    int rc;

    buf_reserve(&b, 2048);
    put_tbs(&b, p, info, key, issuer);
    rc = put_signature(&b, issuer, err);
    if (!rc)
        rc = cert_take(out, &b, err);
    buf_free(&b);
    return rc;
}

/* OpenSSL would sign with MD5 and an EC key, but no such algorithm has a name. */
static int choose_algorithm(struct issuer *issuer, const EVP_MD *md, struct signet_error *err)
{
    issuer->md = md;
    issuer->algorithm = signature_nid(issuer->key, md);
    if (issuer->algorithm != NID_undef)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_MEANING, "use sha256, or an RSA key",
                          "digest %s: X.509 has no signature of it with an EC key",
                          EVP_MD_get0_name(md));
}

/* What both kinds of certificate need. */
static int plan_issue(struct plan *p, struct issuer *issuer, const struct signet_cert_info *info,
                      const char *endpoint, const struct signet_observer *observer,
                      struct signet_error *err)
{
    int rc = plan_cert(p, info, endpoint, observer, err);

    if (rc)
        return rc;
    if (!p->common_name && !info->country_name && !info->state_or_province_name &&
        !info->locality_name && !info->organization_name && !info->organization_unit_name &&
        !info->email_address)
        return error_set_hint(err, SIGNET_E_MEANING, "give an endpoint name or a commonName",
                              "a certificate needs a name");
    return choose_algorithm(issuer, p->digest, err);
}

static const struct signet_cert_info no_info;

int signet_cert_make(struct signet_cert **out, const struct signet_key *key,
                     const struct signet_cert_info *info, const char *endpoint,
                     const struct signet_observer *observer, struct signet_error *err)
{
    struct plan p = {0};
    struct issuer self = {.key = key};
    int rc;

    info = info ? info : &no_info;
    rc = plan_issue(&p, &self, info, endpoint, observer, err);
    if (!rc)
        rc = make_cert(out, &p, key, info, &self, err);
    return error_pass(rc, err, "cannot make a certificate");
}

/* The rules of the authority's certificate that a device's may break. */
static const char *rule_broken(int error)
{
    switch (error) {
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
        return "its name constraints do not allow the device's name";
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
        return "it has a critical extension that TLS stacks do not know";
    case X509_V_ERR_INVALID_PURPOSE:
        return "its extended key usage does not allow certificates of clients";
    default: /* OpenSSL has 90 of them */
        return X509_verify_cert_error_string(error);
    }
}

/* Would a server that trusts the authority let a client in with this certificate? */
static int verify_issued(X509 *issuer, const struct signet_cert *made, struct signet_error *err)
{
    X509 *cert = cert_parse(made, err);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int error = X509_V_ERR_UNSPECIFIED;

    if (cert && store && ctx && X509_STORE_add_cert(store, issuer) == 1 &&
        X509_STORE_CTX_init(ctx, store, cert, NULL) == 1) {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
        X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT);
        X509_VERIFY_PARAM_set_auth_level(param, 0);
        X509_VERIFY_PARAM_set_time(param, (time_t)clock_wall());
        error = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(cert);
    ERR_clear_error();
    if (error == X509_V_OK)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_CERT, "use an authority that may issue to this device",
                          "no server would take what it signs: %s", rule_broken(error));
}

static int check_issuer(const struct signet_cert *cert, const struct signet_key *key, X509 *x,
                        const struct plan *p, struct signet_error *err)
{
    int64_t from, to;
    char date[24];
    int rc;

    if ((rc = signet_cert_check_key(cert, key, err)) ||
        (rc = signet_cert_check_dates(cert, NULL, err)) || (rc = cert_dates(x, &from, &to, err)))
        return rc;
    if (X509_check_ca(x) != 1 || !(X509_get_key_usage(x) & KU_KEY_CERT_SIGN))
        return error_set_hint(err, SIGNET_E_CERT,
                              "it needs basicConstraints CA:TRUE and keyUsage keyCertSign",
                              "it is not the certificate of an authority");
    if (p->not_after <= to)
        return SIGNET_OK;
    clock_format(to, date);
    return error_set_hint(err, SIGNET_E_MEANING, "ask for a shorter validityOffsetInSeconds",
                          "it expires %s, before the device's certificate would", date);
}

int signet_cert_sign(struct signet_cert **out, const struct signet_key *key,
                     const struct signet_cert_info *info, const char *endpoint,
                     const struct signet_cert *issuer, const struct signet_key *issuer_key,
                     const struct signet_observer *observer, struct signet_error *err)
{
    struct plan p = {0};
    struct issuer by = {.key = issuer_key};
    struct signet_cert *made = NULL;
    int rc;

    info = info ? info : &no_info;
    rc = plan_issue(&p, &by, info, endpoint, observer, err);
    if (!rc) {
        by.cert = cert_parse(issuer, err);
        rc = by.cert ? check_issuer(issuer, issuer_key, by.cert, &p, err) : SIGNET_E_CERT;
        if (rc)
            error_prefix(err, "the issuer's certificate");
    }
    if (!rc)
        rc = make_cert(&made, &p, key, info, &by, err);
    if (!rc && (rc = verify_issued(by.cert, made, err)))
        error_prefix(err, "the issuer's certificate");
    if (rc)
        signet_cert_free(&made);
    else
        *out = made;
    X509_free(by.cert);
    return error_pass(rc, err, "cannot sign a certificate");
}
