/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SOON (30 * 86400) /* seconds left that deserve a warning */

void signet_cert_free(struct signet_cert **cert)
{
    if (!*cert)
        return;
    signet_bytes_free(&(*cert)->der);
    free(*cert);
    *cert = NULL;
}

/* All of the bytes are one SEQUENCE: they were looked at, or made here. */
static X509 *cert_parse_der(const uint8_t *der, size_t len)
{
    const unsigned char *at = der;

    return d2i_X509(NULL, &at, (long)len);
}

X509 *cert_parse(const struct signet_cert *cert, struct signet_error *err)
{
    X509 *x = cert_parse_der(cert->der.data, cert->der.len);

    if (!x)
        crypto_fail(err, "cannot parse the certificate");
    return x;
}

int cert_take(struct signet_cert **out, struct buf *der, struct signet_error *err)
{
    struct signet_cert *cert = calloc(1, sizeof(*cert));
    int rc = cert ? buf_take(der, &cert->der, err) : error_nomem(err);

    if (rc)
        free(cert);
    else
        *out = cert;
    return rc;
}

/* All forms of private key start with their version, 0 or 1, a PKCS#12 with 3, a certificate with a
 * sequence: -1. */
static int first_number(const uint8_t *der, size_t len)
{
    struct der all = {.at = der, .end = der + len}, inside, number;

    return der_next(&all, DER_SEQUENCE, NULL, &inside) &&
                   der_next(&inside, DER_INTEGER, NULL, &number) && !der_ended(&number)
               ? *number.at
               : -1;
}

static int refuse_der(const uint8_t *der, size_t len, struct signet_error *err)
{
    int number = first_number(der, len);

    if (number == 3)
        return error_set_hint(err, SIGNET_E_CERT,
                              "take it apart: openssl pkcs12 -in FILE -clcerts -nokeys",
                              "this is a PKCS#12 container, not a certificate");
    if (number >= 0)
        return error_set_hint(err, SIGNET_E_CERT, "are key and certificate swapped?",
                              "this is a private key, not a certificate");
    return error_set_hint(err, SIGNET_E_CERT, "was it copied whole?", "not an X.509 certificate");
}

/* A certificate that is pinned is compared byte for byte with what the server makes of its own. */
static int check_is_der(X509 *x, size_t len, struct signet_error *err)
{
    if (i2d_X509(x, NULL) == (int)len)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_CERT, "openssl x509 -in FILE -outform DER writes it anew",
                          "it is BER, and no DER: a length in it is not in its shortest form (RFC "
                          "5280, section 4.1)");
}

static int load_der(struct signet_cert **out, const uint8_t *der, size_t len,
                    struct signet_error *err)
{
    struct buf b = {0};
    X509 *x = cert_parse_der(der, len);
    int rc;

    if (!x)
        rc = refuse_der(der, len, err);
    else if (!X509_get0_pubkey(x))
        rc = error_set_hint(err, SIGNET_E_CERT, "was it copied whole?",
                            "the certificate's public key is unusable");
    else
        rc = check_is_der(x, len, err);
    if (rc == SIGNET_OK) {
        buf_append(&b, der, len);
        rc = cert_take(out, &b, err);
    }
    ERR_clear_error();
    buf_free(&b);
    X509_free(x);
    return rc;
}

int signet_cert_load(struct signet_cert **out, const void *data, size_t len,
                     struct signet_error *err)
{
    struct secret der = {0};
    int rc = pem_read(data, len, PEM_CERTIFICATE, &der, err);

    if (rc == SIGNET_OK)
        rc = load_der(out, der.data, der.len, err);
    secret_wipe(&der);
    return rc;
}

struct chain {
    struct signet_cert **out;
    size_t count;
};

static int take_cert(void *ctx, const uint8_t *der, size_t len, struct signet_error *err)
{
    struct chain *chain = ctx;
    int rc;

    if (chain->count == SIGNET_CHAIN_MAX)
        return error_set(err, SIGNET_E_LIMIT, "more than %d certificates", SIGNET_CHAIN_MAX);
    rc = load_der(&chain->out[chain->count], der, len, err);
    chain->count += rc == SIGNET_OK;
    return rc;
}

int signet_cert_load_chain(struct signet_cert *out[SIGNET_CHAIN_MAX], size_t *count,
                           const void *data, size_t len, struct signet_error *err)
{
    struct chain chain = {out, 0};
    int rc = pem_read_certs(data, len, take_cert, &chain, err);

    while (rc != SIGNET_OK && chain.count > 0)
        signet_cert_free(&out[--chain.count]);
    *count = chain.count;
    return rc;
}

int signet_cert_der(const struct signet_cert *cert, struct signet_bytes *out,
                    struct signet_error *err)
{
    struct buf b = {0};

    buf_append(&b, cert->der.data, cert->der.len);
    return buf_take(&b, out, err);
}

int signet_cert_pem(const struct signet_cert *cert, struct signet_bytes *out,
                    struct signet_error *err)
{
    struct buf b = {0};

    pem_write(&b, "CERTIFICATE", cert->der.data, cert->der.len);
    return buf_take(&b, out, err);
}

bool x509_has_spki(const X509 *x, const void *spki, size_t len)
{
    unsigned char *own = NULL;
    int own_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &own);
    bool same = own_len > 0 && (size_t)own_len == len && memcmp(own, spki, len) == 0;

    OPENSSL_free(own);
    ERR_clear_error();
    return same;
}

int cert_other_key(struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_CERT,
                          "compare the fingerprints of both keys: they must be equal",
                          "the private key does not belong to the certificate");
}

int signet_cert_check_key(const struct signet_cert *cert, const struct signet_key *key,
                          struct signet_error *err)
{
    X509 *x = cert_parse(cert, err);
    int same;

    if (!x)
        return SIGNET_E_CRYPTO;
    same = EVP_PKEY_eq(X509_get0_pubkey(x), key->pkey);
    X509_free(x);
    ERR_clear_error();
    return same == 1 ? SIGNET_OK : cert_other_key(err);
}

static bool to_seconds(const ASN1_TIME *when, int64_t *out)
{
    struct tm tm = {0};
    bool ok = ASN1_TIME_to_tm(when, &tm) == 1;

    *out = timegm(&tm);
    return ok;
}

int cert_dates(X509 *x, int64_t *from, int64_t *to, struct signet_error *err)
{
    if (to_seconds(X509_get0_notBefore(x), from) && to_seconds(X509_get0_notAfter(x), to))
        return SIGNET_OK;
    ERR_clear_error();
    return error_set(err, SIGNET_E_CERT, "a date in the certificate is malformed");
}

int signet_cert_check_dates(const struct signet_cert *cert, const struct signet_observer *observer,
                            struct signet_error *err)
{
    X509 *x = cert_parse(cert, err);
    int64_t from = 0, to = 0, now = clock_wall();
    char from_text[24], to_text[24];
    int rc;

    if (!x)
        return SIGNET_E_CRYPTO;
    rc = cert_dates(x, &from, &to, err);
    X509_free(x);
    if (rc || (rc = clock_check(err)))
        return rc;
    clock_format(from, from_text);
    clock_format(to, to_text);
    if (now < from)
        return error_set_hint(err, SIGNET_E_CERT, "is this machine's clock right?",
                              "the certificate is not valid before %s", from_text);
    if (now > to)
        return error_set(err, SIGNET_E_CERT, "the certificate expired %s", to_text);
    if (to - now < SOON)
        event_note(observer, NULL, "the certificate expires soon: %s", to_text);
    return SIGNET_OK;
}

int name_show(const char *text, size_t len, char *out, size_t size, struct signet_error *err)
{
    struct buf safe = {0};
    int rc;

    text_escape(&safe, (const uint8_t *)text, len);
    buf_text(&safe, "");
    rc = buf_check(&safe, err);
    if (!rc && safe.len < size)
        memcpy(out, safe.data, safe.len + 1);
    else if (!rc)
        snprintf(out, size, "%.*s...", (int)size - 4, (const char *)safe.data);
    buf_free(&safe);
    return rc;
}

int name_text(const X509_NAME *name, char *out, size_t size, struct signet_error *err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    int rc;

    if (!bio || X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ) < 0) {
        BIO_free(bio);
        return crypto_fail(err, "cannot show a name");
    }
    long len = BIO_get_mem_data(bio, &text);
    rc = name_show(text, len > 0 ? (size_t)len : 0, out, size, err);
    BIO_free(bio);
    return rc;
}

void serial_text(const uint8_t *number, size_t len, char *out)
{
    hex_encode(number, len < 30 ? len : 30, out);
}

int signet_cert_describe(const struct signet_cert *cert, struct signet_cert_view *out,
                         struct signet_error *err)
{
    struct signet_cert_view v = {0};
    X509 *x = cert_parse(cert, err);
    const ASN1_INTEGER *serial;
    const char *signature;
    int rc;

    if (!x)
        return SIGNET_E_CRYPTO;
    if ((rc = name_text(X509_get_subject_name(x), v.subject, sizeof(v.subject), err)) ||
        (rc = name_text(X509_get_issuer_name(x), v.issuer, sizeof(v.issuer), err)) ||
        (rc = cert_dates(x, &v.not_before, &v.not_after, err)) ||
        (rc = pkey_describe(X509_get0_pubkey(x), v.key, v.key_sha256, err)) ||
        (rc = sha256(cert->der.data, cert->der.len, v.sha256, err)))
        goto out;
    serial = X509_get0_serialNumber(x);
    v.serial[0] = '-';
    serial_text(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial),
                v.serial + (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER));
    signature = OBJ_nid2ln(X509_get_signature_nid(x));
    snprintf(v.signature, sizeof(v.signature), "%.60s", signature ? signature : "unknown");
    memcpy(v.pin, "sha256//", 8);
    base64_encode(v.key_sha256, sizeof(v.key_sha256), v.pin + 8);
    v.self_issued = !X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x));
    *out = v;
out:
    X509_free(x);
    return rc;
}
