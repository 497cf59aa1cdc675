/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_CA_H
#define TESTS_UNIT_CA_H

/* Authorities for tests, in files of a folder. */

#include "folder.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>

struct test_ca {
    EVP_PKEY *key;
    X509 *cert;
};

static inline void ca_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);

    assert_non_null(e);
    assert_int_equal(X509_add_ext(cert, e, -1), 1);
    X509_EXTENSION_free(e);
}

/* above NULL: self-signed. type: "EC", "RSA" or "ED25519". constraint: of names, or NULL. */
static inline struct test_ca ca_make(const char *name, const char *type,
                                     const struct test_ca *above, const char *constraint)
{
    struct test_ca ca = {.cert = X509_new()};

    ca.key = strcmp(type, "EC") == 0    ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
             : strcmp(type, "RSA") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
                                        : EVP_PKEY_Q_keygen(NULL, NULL, type);
    assert_non_null(ca.key);
    X509_set_version(ca.cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(ca.cert), 7);
    X509_gmtime_adj(X509_getm_notBefore(ca.cert), -3600);
    X509_time_adj_ex(X509_getm_notAfter(ca.cert), 10000, 0, NULL);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(ca.cert), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(ca.cert, X509_get_subject_name(above ? above->cert : ca.cert));
    X509_set_pubkey(ca.cert, ca.key);
    ca_extension(ca.cert, NID_basic_constraints, "critical,CA:TRUE");
    ca_extension(ca.cert, NID_key_usage, "critical,keyCertSign");
    ca_extension(ca.cert, NID_subject_key_identifier, "hash");
    if (constraint)
        ca_extension(ca.cert, NID_name_constraints, constraint);
    EVP_PKEY *signs = above ? above->key : ca.key;
    assert_true(X509_sign(ca.cert, signs, EVP_PKEY_is_a(signs, "ED25519") ? NULL : EVP_sha256()) >
                0);
    return ca;
}

static inline void ca_free(struct test_ca *ca)
{
    EVP_PKEY_free(ca->key);
    X509_free(ca->cert);
}

/* Appends. */
static inline void ca_write_cert(const char *path, const struct test_ca *ca)
{
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    PEM_write_X509(f, ca->cert);
    fclose(f);
}

/* passphrase NULL: not encrypted */
static inline void ca_write_key(const char *path, const struct test_ca *ca, const char *passphrase)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    PEM_write_PKCS8PrivateKey(f, ca->key, passphrase ? EVP_aes_256_cbc() : NULL, passphrase,
                              passphrase ? (int)strlen(passphrase) : 0, NULL, NULL);
    fclose(f);
    chmod(path, 0600);
}

#endif
