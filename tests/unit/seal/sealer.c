/* SPDX-License-Identifier: Apache-2.0 */
/* For whom something is sealed. */
#include "pki/pki.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <signet/seal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/folder.h"

static struct signet_error err;

static void make(const char *path, EVP_PKEY *key, const char *usage, long days)
{
    X509 *x = X509_new();
    FILE *to = fopen(path, "w");

    X509_set_version(x, 2);
    X509_gmtime_adj(X509_getm_notBefore(x), -864000);
    X509_gmtime_adj(X509_getm_notAfter(x), days * 86400);
    X509_set_pubkey(x, key);
    if (usage) {
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, usage);

        X509_add_ext(x, e, -1);
        X509_EXTENSION_free(e);
    }
    assert_true(X509_sign(x, key, EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256()) > 0);
    assert_int_equal(PEM_write_X509(to, x), 1);
    assert_int_equal(fclose(to), 0);
    X509_free(x);
    EVP_PKEY_free(key);
}

static EVP_PKEY *ec(void)
{
    return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
}

static EVP_PKEY *rsa(size_t bits)
{
    return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);
}

static void recipients_that_will_do(void **state)
{
    char path[FOLDER_SIZE + 8];
    const struct {
        EVP_PKEY *key;
        const char *usage;
        long days;
        const char *said; /* NULL: it is taken */
    } rows[] = {
        {ec(), NULL, 99, NULL},
        {ec(), "keyAgreement", 99, NULL},
        {ec(), "keyEncipherment", 99, "its key usage does not allow sealing"},
        {rsa(2048), "keyEncipherment", 99, NULL},
        {rsa(2048), "keyAgreement", 99, "its key usage does not allow sealing"},
        {rsa(1024), NULL, 99, "an RSA key of 1024 bits is too short to seal to"},
        {EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL, 99, "its key can open nothing"},
        {ec(), NULL, -1, "the certificate expired"},
    };

    (void)state;
    assert_true(folder_make(path));
    strcat(path, "/c.pem");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *const certs[] = {path};
        struct signet_sealer *sealer = NULL;

        err = (struct signet_error){0};
        make(path, rows[i].key, rows[i].usage, rows[i].days);
        int rc = signet_sealer_open(&sealer, certs, 1, NULL, &err);
        if (rc != (rows[i].said ? SIGNET_E_CERT : SIGNET_OK) ||
            (rows[i].said && !strstr(err.msg, rows[i].said)))
            fail_msg("row %zu: %d %s", i, rc, err.msg);
        signet_sealer_close(&sealer);
        assert_null(sealer);
    }
}

static void as_many_as_there_may_be(void **state)
{
    char path[FOLDER_SIZE + 8];
    const char *certs[SIGNET_RECIPIENTS + 1];
    struct signet_sealer *sealer = NULL;

    (void)state;
    assert_true(folder_make(path));
    strcat(path, "/c.pem");
    make(path, ec(), NULL, 99);
    for (size_t i = 0; i < COUNT_OF(certs); i++)
        certs[i] = path;
    assert_int_equal(signet_sealer_open(&sealer, certs, 0, NULL, &err), SIGNET_E_LIMIT);
    assert_int_equal(signet_sealer_open(&sealer, certs, COUNT_OF(certs), NULL, &err),
                     SIGNET_E_LIMIT);
    assert_non_null(strstr(err.msg, "1 to 16 certificates"));
    assert_null(sealer);
    assert_int_equal(signet_sealer_open(&sealer, certs, SIGNET_RECIPIENTS, NULL, &err), SIGNET_OK);
    signet_sealer_close(&sealer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recipients_that_will_do),
        cmocka_unit_test(as_many_as_there_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
