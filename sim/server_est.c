/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate authority that speaks EST (RFC 7030): a root, and below it the authority that
 * signs. Both are made when the first is asked, and go with the process. */
#include "server.h"

#include <ctype.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <string.h>

enum { DAY = 86400, YEARS_10 = 3650 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_PKEY *root_key, *own_key;
static X509 *root, *own;

static bool put_extension(X509 *cert, X509 *by, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, by, cert, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool good = e && X509_add_ext(cert, e, -1);

    X509_EXTENSION_free(e);
    return good;
}

/* by NULL: itself */
static X509 *certify(const X509_NAME *name, EVP_PKEY *key, bool authority, X509 *by, EVP_PKEY *with)
{
    X509 *cert = X509_new();
    uint8_t serial[8];
    BIGNUM *number = random_bytes(serial, sizeof(serial), NULL) == SIGNET_OK
                         ? BN_bin2bn(serial, sizeof(serial), NULL)
                         : NULL;
    by = by ? by : cert;
    bool good =
        cert && number && BN_set_bit(number, 62) &&
        BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) && X509_set_version(cert, 2) &&
        X509_gmtime_adj(X509_getm_notBefore(cert), -60) &&
        X509_time_adj_ex(X509_getm_notAfter(cert), authority ? YEARS_10 : YEARS_10 / 2, 0, NULL) &&
        X509_set_subject_name(cert, name) &&
        X509_set_issuer_name(cert, X509_get_subject_name(by)) && X509_set_pubkey(cert, key) &&
        put_extension(cert, by, NID_key_usage,
                      authority ? "critical,keyCertSign" : "critical,digitalSignature") &&
        (authority ? put_extension(cert, by, NID_basic_constraints, "critical,CA:TRUE") &&
                         put_extension(cert, by, NID_subject_key_identifier, "hash")
                   : put_extension(cert, by, NID_ext_key_usage, "clientAuth")) &&
        (by == cert || put_extension(cert, by, NID_authority_key_identifier, "keyid")) &&
        X509_sign(cert, with, EVP_sha256()) > 0;

    BN_free(number);
    if (good)
        return cert;
    X509_free(cert);
    return NULL;
}

static X509 *certify_named(const char *name, EVP_PKEY *key, X509 *by, EVP_PKEY *with)
{
    X509_NAME *subject = X509_NAME_new();
    X509 *cert = NULL;

    if (subject && key &&
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
                                   -1, 0))
        cert = certify(subject, key, true, by, with);
    X509_NAME_free(subject);
    return cert;
}

static void make_authority(void)
{
    root_key = EVP_EC_gen("P-256");
    own_key = EVP_EC_gen("P-256");
    root = certify_named("signet sim root", root_key, NULL, root_key);
    own = root ? certify_named("signet sim authority", own_key, root, root_key) : NULL;
}

/* Certs-only, in lines of base64. */
static void put_certs(struct sim_reply *reply, X509 *first, X509 *second)
{
    PKCS7 *bag = PKCS7_new();
    unsigned char *der = NULL;
    struct buf text = {0};
    int len = -1;

    if (bag && PKCS7_set_type(bag, NID_pkcs7_signed) && PKCS7_content_new(bag, NID_pkcs7_data) &&
        PKCS7_add_certificate(bag, first) && (!second || PKCS7_add_certificate(bag, second)))
        len = i2d_PKCS7(bag, &der);
    if (len > 0)
        buf_base64(&text, der, (size_t)len);
    for (size_t i = 0; i < text.len; i += 64)
        buf_printf(&reply->body, "%.64s\r\n", (const char *)text.data + i);
    if (len <= 0)
        sim_reply_error(reply, 500, "no certificate could be made");
    OPENSSL_free(der);
    buf_free(&text);
    PKCS7_free(bag);
}

static X509_REQ *read_request(const struct sim_request *request)
{
    struct buf der = {0};
    uint8_t *to = buf_extend(&der, request->body_len + 4);
    X509_REQ *csr = NULL;
    size_t n = 0;

    for (size_t i = 0; to && i < request->body_len; i++)
        if (!isspace((unsigned char)request->body[i]))
            to[n++] = (uint8_t)request->body[i];
    ssize_t len = to ? base64_decode((const char *)to, n, to, der.len) : -1;
    const unsigned char *at = to;
    if (len > 0)
        csr = d2i_X509_REQ(NULL, &at, (long)len);
    buf_free(&der);
    if (csr && X509_REQ_verify(csr, X509_REQ_get0_pubkey(csr)) == 1)
        return csr;
    X509_REQ_free(csr);
    return NULL;
}

/* Names that rehearse what an authority may do wrong. */
static void sign_request(struct sim_store *store, X509_REQ *csr, const char *name,
                         struct sim_reply *reply)
{
    EVP_PKEY *other = strstr(name, "wrong-key") ? EVP_EC_gen("P-256") : NULL;
    X509_NAME *subject = X509_NAME_dup(X509_REQ_get_subject_name(csr));
    struct sim_device *before = sim_store_named(store, name);
    X509 *cert;

    if (strstr(name, "wrong-name"))
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)"another",
                                   -1, 0, 0);
    cert = certify(subject, other ? other : X509_REQ_get0_pubkey(csr), false, own, own_key);
    if (before)
        sim_store_drop(store, before);
    if (cert && sim_store_keep(store, name, NULL, NULL, NULL))
        put_certs(reply, cert, strstr(name, "with-chain") ? own : NULL);
    else
        sim_reply_error(reply, 500, "no certificate could be made");
    X509_free(cert);
    X509_NAME_free(subject);
    EVP_PKEY_free(other);
}

static bool peer_named(const struct sim_request *request, const char *name)
{
    char text[200] = "";

    return request->peer &&
           X509_NAME_get_text_by_NID(X509_get_subject_name(request->peer), NID_commonName, text,
                                     sizeof(text)) > 0 &&
           strcmp(text, name) == 0;
}

static void est_answer(struct sim_store *store, const struct sim_request *request,
                       struct sim_reply *reply)
{
    const char *operation = strrchr(request->path, '/');
    bool again = operation && strcmp(operation, "/simplereenroll") == 0;
    char name[200] = "";

    pthread_once(&once, make_authority);
    if (!own || !operation || !sim_after(request->path, "/.well-known/est/")) {
        sim_reply_error(reply, own ? 404 : 500, "no such operation");
    } else if (strcmp(operation, "/cacerts") == 0) {
        put_certs(reply, root, own);
    } else if (!again && strcmp(operation, "/simpleenroll") != 0) {
        sim_reply_error(reply, 404, "no such operation");
    } else {
        X509_REQ *csr = request->pkcs10 ? read_request(request) : NULL;

        if (!csr || X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(csr), NID_commonName, name,
                                              sizeof(name)) <= 0)
            sim_reply_error(reply, 400, "this is no request with a common name");
        else if (again != peer_named(request, name))
            sim_reply_error(reply, 403, "who has the certificate renews it, and nobody else");
        else
            sign_request(store, csr, name, reply);
        X509_REQ_free(csr);
    }
}

static bool est_knows(const struct sim_request *request)
{
    pthread_once(&once, make_authority);
    return strcmp(request->method, "GET") == 0 ||
           (request->peer && own && X509_verify(request->peer, own_key) == 1);
}

static void est_put_error(struct buf *out, int status, const char *text)
{
    (void)status;
    buf_text(out, text);
}

static const char *const est_prefixes[] = {"authorization", "Basic ", NULL};

const struct sim_kind sim_est = {
    .name = "est",
    .prefixes = est_prefixes,
    .basic = true,
    .put_error = est_put_error,
    .creates = "POST",
    .answer = est_answer,
    .knows = est_knows,
};
