/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate requests (PKCS#10, RFC 2986). They come from boards, and so are hostile bytes: what
 * is signed here later are the key and the name that stand in them, and nothing else of them. */
#include "pki/private.h"

#include <ctype.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <stdio.h>

enum {
    RSA_LEAST = 2048, /* bits; more than RSA_MOST takes long to verify */
    RSA_MOST = 4096,
    EXPONENT_LEAST = 17, /* bits of 65537; RFC 8017 allows more, SP 800-56B not less */
    EXPONENT_MOST = 64,
    NESTED_MOST = 16,
    ATTRIBUTES = 0xa0
};

struct request_parts {
    struct der info, subject, key, algorithm, signature; /* the last without its tag */
    bool version_1;
};

/* Every length in its shortest form (X.690, section 10.1), and nothing deeper than a request is. */
static bool is_der(struct der d, unsigned nested)
{
    while (d.at != d.end) {
        struct der whole = d, inside;
        uint8_t tag;

        if (nested > NESTED_MOST || !der_any(&d, &tag, &inside))
            return false;
        size_t len = (size_t)(inside.end - inside.at);
        size_t head = (size_t)(inside.at - whole.at), shortest = 2;
        for (size_t left = len; len > 127 && left; left >>= 8)
            shortest++;
        if (head != shortest || ((tag & 0x20) && !is_der(inside, nested + 1)))
            return false;
    }
    return true;
}

static bool split(const void *der, size_t len, struct request_parts *out)
{
    struct der all = {.at = der, .end = (const uint8_t *)der + len}, request, info, version;

    if (!is_der(all, 0) || !der_next(&all, DER_SEQUENCE, NULL, &request) ||
        !der_next(&request, DER_SEQUENCE, &out->info, &info) ||
        !der_next(&info, DER_INTEGER, NULL, &version) ||
        !der_next(&info, DER_SEQUENCE, &out->subject, NULL) ||
        !der_next(&info, DER_SEQUENCE, &out->key, NULL))
        return false;
    out->version_1 = version.end - version.at == 1 && *version.at == 0;
    der_next(&info, ATTRIBUTES, NULL, NULL); /* RFC 2986 demands them, some boards leave them out */
    return info.at == info.end && der_next(&request, DER_SEQUENCE, &out->algorithm, NULL) &&
           der_next(&request, DER_BITS, NULL, &out->signature) && request.at == request.end &&
           all.at == all.end;
}

/* The key */

static int check_ec_key(EVP_PKEY *pkey, const struct der *key, struct signet_error *err)
{
    struct buf usual = {0};
    struct ec ec;

    ec_look(&ec, pkey);
    if (ec.group != NID_X9_62_prime256v1 && ec.group != NID_secp384r1 && ec.group != NID_secp521r1)
        return error_set(err, SIGNET_E_CERT,
                         "its EC key is not a point in the usual form on secp256r1, secp384r1 or "
                         "secp521r1");
    ec_put_public(&usual, &ec);
    int rc = buf_check(&usual, err);
    bool same = usual.len == (size_t)(key->end - key->at) && !usual.failed &&
                memcmp(usual.data, key->at, usual.len) == 0;
    buf_free(&usual);
    if (rc == SIGNET_OK && !same)
        return error_set(err, SIGNET_E_CERT, "its key is not written in the usual form");
    return rc;
}

static int check_rsa_key(EVP_PKEY *pkey, struct signet_error *err)
{
    int bits = EVP_PKEY_get_bits(pkey), exponent = 0;
    BIGNUM *e = NULL;

    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(e))
        exponent = BN_num_bits(e);
    BN_free(e);
    if (bits < RSA_LEAST || bits > RSA_MOST)
        return error_set(err, SIGNET_E_CERT, "its RSA key has %d bits, not %d to %d", bits,
                         RSA_LEAST, RSA_MOST);
    if (exponent < EXPONENT_LEAST || exponent > EXPONENT_MOST)
        return error_set(err, SIGNET_E_CERT, "its RSA key has an exponent that nobody uses");
    return SIGNET_OK;
}

static int check_request_key(EVP_PKEY *pkey, const struct der *key, struct signet_error *err)
{
    const char *name = pkey ? EVP_PKEY_get0_type_name(pkey) : NULL;

    if (pkey && EVP_PKEY_is_a(pkey, "EC"))
        return check_ec_key(pkey, key, err);
    if (pkey && EVP_PKEY_is_a(pkey, "RSA"))
        return check_rsa_key(pkey, err);
    return error_set(err, SIGNET_E_CERT, pkey ? "its key is of type %s" : "its key is unusable%s",
                     pkey ? (name ? name : "unknown") : "");
}

/* The signature */

static bool signature_taken(int nid)
{
    static const int taken[] = {NID_ecdsa_with_SHA256,       NID_ecdsa_with_SHA384,
                                NID_ecdsa_with_SHA512,       NID_sha256WithRSAEncryption,
                                NID_sha384WithRSAEncryption, NID_sha512WithRSAEncryption};

    for (size_t i = 0; i < COUNT_OF(taken); i++)
        if (nid == taken[i])
            return true;
    return false;
}

static int refuse_signature(struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_CERT,
                          "was it damaged on its way? let the board make it again",
                          "it is not signed with the key that it is for");
}

static int check_signature(X509_REQ *req, EVP_PKEY *pkey, struct signet_error *err)
{
    if (!signature_taken(X509_REQ_get_signature_nid(req)))
        return error_set(err, SIGNET_E_CERT,
                         "it is not signed with SHA-256, SHA-384 or SHA-512 and its kind of key");
    return X509_REQ_verify(req, pkey) == 1 ? SIGNET_OK : refuse_signature(err);
}

/* The subject */

static int take_common_name(const X509_NAME *subject, char out[static CERT_NAME_SIZE],
                            struct signet_error *err)
{
    int i = X509_NAME_get_index_by_NID(subject, NID_commonName, -1), n = -1;
    unsigned char *text = NULL;
    int rc;

    if (i < 0)
        return error_set(err, SIGNET_E_CERT, "its subject has no common name");
    if (X509_NAME_get_index_by_NID(subject, NID_commonName, i) >= 0)
        return error_set(err, SIGNET_E_CERT, "its subject has more than one common name");
    n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)));
    if (n < 1 || n >= CERT_NAME_SIZE)
        rc = error_set(err, SIGNET_E_CERT, "its common name cannot be used");
    else if (text_check("its common name", text, (size_t)n, err) != SIGNET_OK)
        rc = err ? (int)(err->code = SIGNET_E_CERT) : SIGNET_E_CERT;
    else
        rc = SIGNET_OK;
    if (rc == SIGNET_OK)
        snprintf(out, CERT_NAME_SIZE, "%.*s", n, (const char *)text);
    OPENSSL_free(text);
    return rc;
}

static int judge_request(X509_REQ *req, const struct request_parts *parts, struct cert_request *out,
                         struct signet_error *err)
{
    EVP_PKEY *pkey = X509_REQ_get0_pubkey(req);
    int rc = check_request_key(pkey, &parts->key, err);

    if (rc == SIGNET_OK)
        rc = check_signature(req, pkey, err);
    if (rc == SIGNET_OK)
        rc = take_common_name(X509_REQ_get_subject_name(req), out->common_name, err);
    if (rc == SIGNET_OK)
        rc = pkey_describe(pkey, out->key_name, out->key_sha256, err);
    return rc;
}

/* Nearly all requests are of one form. OpenSSL's reader of them tries each of its decoders, under
 * locks that all threads share: it takes ten times as long as the signature that follows. */

static const uint8_t p256_head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
static const uint8_t ecdsa_sha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                       0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
enum { P256_LEN = 91 };

static bool is_usual(const struct request_parts *p)
{
    return p->key.end - p->key.at == P256_LEN &&
           memcmp(p->key.at, p256_head, sizeof(p256_head)) == 0 &&
           der_is(&p->algorithm, ecdsa_sha256, sizeof(ecdsa_sha256)) &&
           p->signature.end - p->signature.at > 1 && *p->signature.at == 0;
}

static int check_usual_signature(const struct request_parts *p, EVP_PKEY *pkey,
                                 struct signet_error *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const uint8_t *sig = p->signature.at + 1;
    bool good = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1 &&
                EVP_DigestVerify(ctx, sig, (size_t)(p->signature.end - sig), p->info.at,
                                 (size_t)(p->info.end - p->info.at)) == 1;

    EVP_MD_CTX_free(ctx);
    return good ? SIGNET_OK : refuse_signature(err);
}

static int judge_usual(const struct request_parts *p, struct cert_request *out,
                       struct signet_error *err)
{
    const unsigned char *at = p->subject.at;
    EVP_PKEY *pkey = p256_key(p->key.end - P256_OCTETS);
    X509_NAME *subject = d2i_X509_NAME(NULL, &at, (long)(p->subject.end - p->subject.at));
    int rc = SIGNET_OK;

    if (!pkey)
        rc = error_set(err, SIGNET_E_CERT, "its key is unusable");
    else if (!subject)
        rc = error_set(err, SIGNET_E_CERT, "its subject cannot be read");
    if (rc == SIGNET_OK)
        rc = check_usual_signature(p, pkey, err);
    if (rc == SIGNET_OK)
        rc = take_common_name(subject, out->common_name, err);
    if (rc == SIGNET_OK)
        rc = sha256(p->key.at, P256_LEN, out->key_sha256, err);
    snprintf(out->key_name, sizeof(out->key_name), "EC secp256r1");
    X509_NAME_free(subject);
    EVP_PKEY_free(pkey);
    return error_pass(rc, err, "the certificate request");
}

static int judge_other(const void *der, size_t len, const struct request_parts *parts,
                       struct cert_request *out, struct signet_error *err)
{
    const unsigned char *at = der;
    X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)len);
    int rc;

    if (!req)
        rc = error_set(err, SIGNET_E_CERT, "this is no certificate request (PKCS#10) in DER");
    else
        rc = error_pass(judge_request(req, parts, out, err), err, "the certificate request");
    X509_REQ_free(req);
    return rc;
}

int cert_request_read(struct cert_request *out, const void *der, size_t len,
                      struct signet_error *err)
{
    struct request_parts parts;
    struct cert_request r = {0};
    int rc;

    if (len > CERT_REQUEST_MAX)
        return error_set(err, SIGNET_E_CERT, "the certificate request has %zu bytes, more than %d",
                         len, CERT_REQUEST_MAX);
    if (!split(der, len, &parts))
        return error_set(err, SIGNET_E_CERT, "this is no certificate request (PKCS#10) in DER");
    if (!parts.version_1)
        return error_set(err, SIGNET_E_CERT, "the certificate request is of an unknown version");
    rc = is_usual(&parts) ? judge_usual(&parts, &r, err) : judge_other(der, len, &parts, &r, err);
    ERR_clear_error();
    if (rc != SIGNET_OK)
        return rc;
    r.key = parts.key.at;
    r.key_len = (size_t)(parts.key.end - parts.key.at);
    r.subject = parts.subject.at;
    r.subject_len = (size_t)(parts.subject.end - parts.subject.at);
    *out = r;
    return SIGNET_OK;
}

/* Boards write it as one text of base64, whose DER begins with a SEQUENCE: an 'M'. */
static ssize_t bare_base64(const char *text, size_t len, uint8_t *out, size_t cap)
{
    char packed[CERT_REQUEST_MAX / 3 * 4 + 8];
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        if (!isspace((unsigned char)text[i])) {
            if (n == sizeof(packed))
                return -1;
            packed[n++] = text[i];
        }
    return n && packed[0] == 'M' ? base64_decode(packed, n, out, cap) : -1;
}

int cert_request_load(struct signet_bytes *der, const void *data, size_t len,
                      struct signet_error *err)
{
    uint8_t plain[CERT_REQUEST_MAX];
    struct secret read = {0};
    struct buf out = {0};
    ssize_t n = bare_base64(data, len, plain, sizeof(plain));

    if (n >= 0) {
        buf_append(&out, plain, (size_t)n);
        return buf_take(&out, der, err);
    }
    int rc = pem_read(data, len, PEM_REQUEST, &read, err);
    if (rc == SIGNET_OK) {
        buf_append(&out, read.data, read.len);
        rc = buf_take(&out, der, err);
    }
    secret_wipe(&read);
    return rc;
}

int cert_request_check_name(const struct cert_request *request, const char *endpoint,
                            struct signet_error *err)
{
    if (strcmp(request->common_name, endpoint) == 0)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_CERT, "is it the request of another device?",
                          "the certificate request is for '%.150s', not for %.150s",
                          text_shown(request->common_name, strlen(request->common_name), 100),
                          endpoint);
}

int cert_request_make(struct signet_bytes *der, const struct signet_key *key,
                      const char *common_name, struct signet_error *err)
{
    X509_REQ *req = X509_REQ_new();
    unsigned char *made = NULL;
    struct buf out = {0};
    int len = -1;

    if (req && X509_REQ_set_pubkey(req, key->pkey) == 1 &&
        (!common_name ||
         X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(req), NID_commonName, MBSTRING_UTF8,
                                    (const unsigned char *)common_name, -1, -1, 0) == 1) &&
        X509_REQ_sign(req, key->pkey, EVP_sha256()) > 0)
        len = i2d_X509_REQ(req, &made);
    X509_REQ_free(req);
    if (len <= 0)
        return crypto_fail(err, "cannot make a certificate request");
    buf_append(&out, made, (size_t)len);
    OPENSSL_free(made);
    return buf_take(&out, der, err);
}
