/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { DAY = 86400 };

static X509 *make_cert(EVP_PKEY *key, const char *bad)
{
    bool expired = strcmp(bad, "expired") == 0, elsewhere = strcmp(bad, "wrong-host") == 0;
    bool early = strcmp(bad, "not-yet-valid") == 0;
    X509 *cert = X509_new();
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
                            elsewhere ? "DNS:elsewhere.example" : "IP:127.0.0.1,DNS:localhost");
    bool good = cert && names && X509_set_version(cert, 2) &&
                ASN1_INTEGER_set(X509_get_serialNumber(cert), (long)(clock_wall() & 0xffffff)) &&
                X509_gmtime_adj(X509_getm_notBefore(cert), early ? DAY : -10 * DAY) &&
                X509_gmtime_adj(X509_getm_notAfter(cert), expired ? -DAY : 30 * DAY) &&
                X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                                           (const unsigned char *)"signet sim server", -1, -1, 0) &&
                X509_set_issuer_name(cert, X509_get_subject_name(cert)) &&
                X509_set_pubkey(cert, key) && X509_add_ext(cert, names, -1) &&
                X509_sign(cert, key, EVP_sha256());

    X509_EXTENSION_free(names);
    if (good)
        return cert;
    X509_free(cert);
    return NULL;
}

static int save(const char *path, X509 *cert, struct signet_error *err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len = bio && PEM_write_bio_X509(bio, cert) ? BIO_get_mem_data(bio, &text) : 0;
    int rc = len > 0 ? file_spare(path, text, (size_t)len, false, err)
                     : error_set(err, SIGNET_E_CRYPTO, "no PEM of the certificate");

    if (!rc)
        rc = file_write(path, text, (size_t)len, 0644, err);
    BIO_free(bio);
    return rc;
}

/* The pair of an earlier start, as long as its certificate is valid. */
static void read_pair(const char *path, EVP_PKEY **key, X509 **cert)
{
    FILE *in = path ? fopen(path, "re") : NULL;

    if (!in)
        return;
    *key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
    *cert = PEM_read_X509(in, NULL, NULL, NULL);
    fclose(in);
    if (*key && *cert && X509_cmp_time(X509_get0_notAfter(*cert), NULL) > 0)
        return;
    EVP_PKEY_free(*key);
    X509_free(*cert);
    *key = NULL;
    *cert = NULL;
}

static int write_pair(const char *path, EVP_PKEY *key, X509 *cert, struct signet_error *err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    bool good = bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) &&
                PEM_write_bio_X509(bio, cert);
    long len = good ? BIO_get_mem_data(bio, &text) : 0;
    int rc = len > 0 ? file_write(path, text, (size_t)len, 0600, err)
                     : error_set(err, SIGNET_E_CRYPTO, "no PEM of the key");

    BIO_free(bio);
    return rc;
}

int sim_server_tls(const char *bad, const char *ca_file, const char *keep, SSL_CTX **out,
                   struct signet_error *err)
{
    EVP_PKEY *key = NULL, *other = EVP_EC_gen("P-256");
    X509 *cert = NULL, *shown;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    int rc = SIGNET_OK;

    if (*bad)
        keep = NULL;
    read_pair(keep, &key, &cert);
    if (!key && (key = EVP_EC_gen("P-256")) && (cert = make_cert(key, bad)) && keep)
        rc = write_pair(keep, key, cert, err);
    shown = cert;
    if (other && strcmp(bad, "untrusted") == 0) /* clients trust another of the same name */
        shown = make_cert(other, bad);
    if (!rc && (!cert || !shown || !ctx || SSL_CTX_use_certificate(ctx, cert) != 1 ||
                SSL_CTX_use_PrivateKey(ctx, key) != 1))
        rc = error_set(err, SIGNET_E_CRYPTO, "no certificate for the simulated server");
    if (!rc)
        rc = save(ca_file, shown, err);
    if (shown != cert)
        X509_free(shown);
    X509_free(cert);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    if (!rc)
        *out = ctx;
    else
        SSL_CTX_free(ctx);
    return rc;
}
