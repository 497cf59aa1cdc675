/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

/* The certificate is written by hand: it is a dozen values, the bytes shall be those of the
 * reference, and OpenSSL's builder takes as long as the signature itself. */

/* NID_undef: X.509 has no such signature. OpenSSL 3.0's own table lacks ECDSA with SHA-3. */
static int signature_nid(bool rsa, const EVP_MD *md)
{
    static const int sha3[][2] = {
        {NID_sha3_224, NID_ecdsa_with_SHA3_224},
        {NID_sha3_256, NID_ecdsa_with_SHA3_256},
        {NID_sha3_384, NID_ecdsa_with_SHA3_384},
        {NID_sha3_512, NID_ecdsa_with_SHA3_512},
    };
    int type = EVP_MD_get_type(md), nid = NID_undef;

    for (size_t i = 0; !rsa && i < COUNT_OF(sha3); i++)
        if (sha3[i][0] == type)
            return sha3[i][1];
    OBJ_find_sigid_by_algs(&nid, type, rsa ? EVP_PKEY_RSA : EVP_PKEY_EC);
    return nid;
}

static void put_algorithm(struct buf *b, const struct signing *by)
{
    size_t start = b->len;

    der_oid(b, by->algorithm);
    if (by->rsa)
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

/* A number as an INTEGER, without zeros in front. */
static void put_number(struct buf *b, const uint8_t *number, size_t len)
{
    size_t start = b->len;

    while (len > 1 && !*number) {
        number++;
        len--;
    }
    if (*number & 0x80)
        buf_byte(b, 0);
    buf_append(b, number, len);
    der_wrap(b, start, V_ASN1_INTEGER);
}

static void put_key(struct buf *b, const struct cert_wish *wish)
{
    unsigned char *der = NULL;

    if (!wish->key)
        buf_append(b, wish->spki, wish->spki_len);
    else if (wish->key->ec.group)
        ec_put_public(b, &wish->key->ec);
    else
        put_i2d(b, i2d_PUBKEY(wish->key->pkey, &der), &der);
}

static void put_tbs(struct buf *b, const struct plan *p, const struct cert_wish *wish,
                    const struct signing *by)
{
    const char *serial = p->serial_in_subject ? p->serial_name : NULL;
    unsigned char *der = NULL;
    size_t start = b->len, at;

    buf_append(b, "\xa0\x03\x02\x01\x02", 5); /* version 3 */
    put_number(b, p->serial, p->serial_len);
    put_algorithm(b, by);
    if (by->issuer)
        put_i2d(b, i2d_X509_NAME(X509_get_subject_name(by->issuer), &der), &der);
    else
        info_name(b, wish->info, p->common_name, serial);
    at = b->len;
    der_time(b, p->not_before);
    der_time(b, p->not_after);
    der_wrap(b, at, 0x30);
    info_name(b, wish->info, p->common_name, serial);
    put_key(b, wish);
    form_put(b, wish->form, p, wish, by->issuer);
    der_wrap(b, start, 0x30);
}

enum { SIGNATURE_MAX = 16384 / 8 + 16 };

static int sign_with_key(const struct buf *tbs, const struct signing *by, struct buf *sig,
                         struct signet_error *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t *room = buf_extend(sig, SIGNATURE_MAX);
    size_t len = SIGNATURE_MAX;
    bool ok = room && ctx && EVP_DigestSignInit(ctx, NULL, by->md, NULL, by->key->pkey) == 1 &&
              EVP_DigestSign(ctx, room, &len, tbs->data, tbs->len) == 1;

    EVP_MD_CTX_free(ctx);
    if (sig->failed)
        return buf_check(sig, err);
    sig->len = len;
    if (ok)
        return SIGNET_OK;
    crypto_fail(err, "cannot sign the certificate");
    if (by->rsa && EVP_PKEY_get_bits(by->key->pkey) < 1024)
        error_hint(err, "an RSA key of %d bits is too short for this digest",
                   EVP_PKEY_get_bits(by->key->pkey));
    return SIGNET_E_CRYPTO;
}

/* Of an EC key: r and s become Ecdsa-Sig-Value (RFC 5480, appendix A). */
static int take_signature_numbers(struct buf *sig, const struct buf *raw, size_t width,
                                  struct signet_error *err)
{
    if (raw->len != 2 * width)
        return error_set(err, SIGNET_E_CERT,
                         "the private key does not belong to the certificate: a signature of %zu "
                         "bytes came, not of %zu",
                         raw->len, 2 * width);
    put_number(sig, raw->data, width);
    put_number(sig, raw->data + width, width);
    der_wrap(sig, 0, DER_SEQUENCE);
    return SIGNET_OK;
}

static int sign_elsewhere(const struct buf *tbs, const struct signing *by, struct buf *sig,
                          struct signet_error *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct buf data = {0}, raw = {0};

    if (EVP_Digest(tbs->data, tbs->len, digest, &len, by->md, NULL) != 1)
        return crypto_fail(err, "cannot hash the certificate");
    if (by->rsa) {
        der_oid(&data, EVP_MD_get_type(by->md));
        der_put(&data, V_ASN1_NULL, "", 0);
        der_wrap(&data, 0, DER_SEQUENCE);
        der_put(&data, V_ASN1_OCTET_STRING, digest, len);
        der_wrap(&data, 0, DER_SEQUENCE);
    } else { /* what is longer than the order of the curve is cut (FIPS 186-4, 6.4) */
        buf_append(&data, digest, len < by->width ? len : by->width);
    }
    int rc = buf_check(&data, err);
    if (!rc)
        rc = by->signer->sign(by->signer->ctx, data.data, data.len, by->rsa ? sig : &raw, err);
    if (!rc && !by->rsa)
        rc = take_signature_numbers(sig, &raw, by->width, err);
    buf_free(&data);
    buf_free(&raw);
    return rc ? rc : buf_check(sig, err);
}

static int put_signature(struct buf *b, const struct signing *by, struct signet_error *err)
{
    struct buf sig = {0};
    int rc = buf_check(b, err);
    size_t at;

    if (!rc)
        rc = by->key ? sign_with_key(b, by, &sig, err) : sign_elsewhere(b, by, &sig, err);
    if (!rc) {
        put_algorithm(b, by);
        at = b->len;
        buf_byte(b, 0); /* no unused bits */
        buf_append(b, sig.data, sig.len);
        der_wrap(b, at, V_ASN1_BIT_STRING);
        der_wrap(b, 0, 0x30);
        rc = buf_check(b, err);
    }
    buf_free(&sig);
    return rc;
}

int cert_build(struct signet_cert **out, const struct plan *p, const struct cert_wish *wish,
               const struct signing *by, struct signet_error *err)
{
    struct buf b = {0};
    int rc;

    buf_reserve(&b, 2048);
    put_tbs(&b, p, wish, by);
    rc = put_signature(&b, by, err);
    if (!rc)
        rc = cert_take(out, &b, err);
    buf_free(&b);
    return rc;
}

/* OpenSSL would sign with MD5 and an EC key, but no such algorithm has a name. */
static int choose_algorithm(struct signing *by, const EVP_MD *md, struct signet_error *err)
{
    by->md = md;
    by->algorithm = signature_nid(by->rsa, md);
    if (by->algorithm != NID_undef)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_MEANING, "use sha256, or an RSA key",
                          "digest %s: X.509 has no signature of it with an EC key",
                          EVP_MD_get0_name(md));
}

int cert_plan(struct plan *p, struct signing *by, const struct cert_wish *wish,
              const struct signet_observer *observer, struct signet_error *err)
{
    const struct signet_cert_info *info = wish->info;
    int rc = plan_cert(p, info, wish->endpoint, observer, err);

    if (!rc)
        rc = plan_form(p, wish, err);
    if (!rc)
        rc = form_check_key(wish->form, wish, err);
    if (rc)
        return rc;
    if (!p->common_name && !info->country_name && !info->state_or_province_name &&
        !info->locality_name && !info->organization_name && !info->organization_unit_name &&
        !info->email_address)
        return error_set_hint(err, SIGNET_E_MEANING, "give an endpoint name or a commonName",
                              "a certificate needs a name");
    return choose_algorithm(by, p->digest, err);
}

const struct signet_cert_info cert_no_info;
/* A subjectAltName and nothing else. */
static const struct cert_form cert_form_plain = {.alt_name = true};

int signet_cert_make(struct signet_cert **out, const struct signet_key *key,
                     const struct signet_cert_info *info, const char *endpoint,
                     const struct signet_observer *observer, struct signet_error *err)
{
    const struct cert_wish wish = {.info = info ? info : &cert_no_info,
                                   .endpoint = endpoint,
                                   .form = &cert_form_plain,
                                   .key = key};
    struct signing self = {.key = key, .rsa = key->rsa};
    struct plan p = {0};
    int rc = cert_plan(&p, &self, &wish, observer, err);

    if (!rc)
        rc = cert_build(out, &p, &wish, &self, err);
    return error_pass(rc, err, "cannot make a certificate");
}
