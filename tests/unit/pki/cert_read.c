/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of an authority, keys that match or not, saved files, failing random bytes.
 * wrap: EVP_PKEY_generate EVP_DigestSign file_write clock_wall
 */
#include "pki/pki.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

static bool keygen_fails, sign_fails, write_fails;
static int64_t now; /* 0: this machine's clock */

int64_t __real_clock_wall(void);
int64_t __wrap_clock_wall(void);

int64_t __wrap_clock_wall(void)
{
    return now ? now : __real_clock_wall();
}

int __real_EVP_PKEY_generate(EVP_PKEY_CTX *ctx, EVP_PKEY **key);
int __wrap_EVP_PKEY_generate(EVP_PKEY_CTX *ctx, EVP_PKEY **key);
int __real_EVP_DigestSign(EVP_MD_CTX *ctx, unsigned char *sig, size_t *len,
                          const unsigned char *data, size_t n);
int __wrap_EVP_DigestSign(EVP_MD_CTX *ctx, unsigned char *sig, size_t *len,
                          const unsigned char *data, size_t n);
int __real_file_write(const char *path, const void *data, size_t len, mode_t mode,
                      struct signet_error *err);
int __wrap_file_write(const char *path, const void *data, size_t len, mode_t mode,
                      struct signet_error *err);

int __wrap_EVP_PKEY_generate(EVP_PKEY_CTX *ctx, EVP_PKEY **key)
{
    return keygen_fails ? 0 : __real_EVP_PKEY_generate(ctx, key);
}

int __wrap_EVP_DigestSign(EVP_MD_CTX *ctx, unsigned char *sig, size_t *len,
                          const unsigned char *data, size_t n)
{
    return sign_fails ? 0 : __real_EVP_DigestSign(ctx, sig, len, data, n);
}

int __wrap_file_write(const char *path, const void *data, size_t len, mode_t mode,
                      struct signet_error *err)
{
    if (write_fails)
        return error_set(err, SIGNET_E_IO, "disk full");
    return __real_file_write(path, data, len, mode, err);
}

/* A CA as a factory has one, made by OpenSSL itself. */
static void make_ca(bool really, struct signet_cert **cert, struct signet_key **key)
{
    struct signet_bytes der = {0};
    struct signet_error err = {0};
    const unsigned char *at;
    unsigned char *out = NULL;
    X509 *x = X509_new();
    X509V3_CTX v3;
    EVP_PKEY *pkey;
    int len;

    assert_int_equal(signet_key_generate(key, NULL, NULL, &err), 0);
    assert_int_equal(signet_key_der(*key, &der, &err), 0);
    at = der.data;
    pkey = d2i_AutoPrivateKey(NULL, &at, (long)der.len);
    assert_non_null(pkey);
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
    X509_gmtime_adj(X509_getm_notBefore(x), -10);
    X509_gmtime_adj(X509_getm_notAfter(x), 1000);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)"factory", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_set_pubkey(x, pkey);
    X509V3_set_ctx(&v3, x, x, NULL, NULL, 0);
    for (int i = 0; really && i < 3; i++) {
        static const struct {
            int nid;
            const char *value;
        } rows[] = {{NID_basic_constraints, "critical,CA:TRUE"},
                    {NID_key_usage, "critical,keyCertSign"},
                    {NID_subject_key_identifier, "hash"}};
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &v3, rows[i].nid, rows[i].value);

        assert_non_null(e);
        X509_add_ext(x, e, -1);
        X509_EXTENSION_free(e);
    }
    assert_true(X509_sign(x, pkey, EVP_sha256()) > 0);
    len = i2d_X509(x, &out);
    assert_int_equal(signet_cert_load(cert, out, (size_t)len, &err), 0);
    OPENSSL_free(out);
    X509_free(x);
    EVP_PKEY_free(pkey);
    signet_bytes_free(&der);
}

static X509 *view(const struct signet_cert *cert)
{
    struct signet_bytes der = {0};
    const unsigned char *at;
    X509 *x;

    assert_int_equal(signet_cert_der(cert, &der, NULL), 0);
    at = der.data;
    x = d2i_X509(NULL, &at, (long)der.len);
    assert_non_null(x);
    signet_bytes_free(&der);
    return x;
}

static void test_sign(void **state)
{
    struct signet_cert_info info = {.validity_offset_seconds = 500};
    struct signet_cert *ca = NULL, *no_ca = NULL, *leaf = NULL;
    struct signet_key *ca_key = NULL, *other = NULL, *key = NULL;
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509 *ca_x, *x;
    struct signet_cert_view about;
    struct signet_error err = {0};

    (void)state;
    make_ca(true, &ca, &ca_key);
    make_ca(false, &no_ca, &other);
    assert_int_equal(signet_key_generate(&key, NULL, NULL, &err), 0);
    if (signet_cert_sign(&leaf, key, &info, "urn:dev:1", ca, ca_key, NULL, &err))
        fail_msg("%s", err.msg);
    ca_x = view(ca);
    x = view(leaf);
    X509_STORE_add_cert(store, ca_x);
    X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT);
    X509_STORE_CTX_init(ctx, store, x, NULL);
    X509_STORE_CTX_set_default(ctx, "ssl_client");
    if (X509_verify_cert(ctx) != 1)
        fail_msg("%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_get_extended_key_usage(x), XKU_SSL_CLIENT);
    assert_non_null(X509_get0_authority_key_id(x));
    assert_null(X509_get0_subject_key_id(x));
    X509_free(x);
    X509_free(ca_x);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    signet_cert_free(&leaf);

    assert_int_equal(signet_cert_sign(&leaf, key, &info, "e", ca, other, NULL, &err),
                     SIGNET_E_CERT);
    assert_non_null(strstr(err.msg, "does not belong"));
    assert_int_equal(signet_cert_sign(&leaf, key, &info, "e", no_ca, other, NULL, &err),
                     SIGNET_E_CERT);
    assert_non_null(strstr(err.msg, "authority"));
    assert_int_equal(signet_cert_describe(ca, &about, &err), SIGNET_OK);
    now = about.not_after - 100;
    info.validity_offset_seconds = 101;
    assert_int_equal(signet_cert_sign(&leaf, key, &info, "e", ca, ca_key, NULL, &err),
                     SIGNET_E_MEANING);
    assert_non_null(strstr(err.msg, "expires"));
    assert_null(leaf);
    info.validity_offset_seconds = 100; /* both end at once */
    assert_int_equal(signet_cert_sign(&leaf, key, &info, "e", ca, ca_key, NULL, &err), SIGNET_OK);
    now = 0;
    signet_cert_free(&leaf);
    signet_cert_free(&ca);
    signet_cert_free(&no_ca);
    signet_key_free(&ca_key);
    signet_key_free(&other);
    signet_key_free(&key);
}

/* Nothing is made, nothing is written. */
static void test_failures(void **state)
{
    char folder[FOLDER_SIZE], path[96];
    struct signet_key *key = NULL, *none = NULL, *other = NULL;
    struct signet_cert *cert = NULL, *no_cert = NULL;
    struct signet_error err;

    (void)state;
    assert_true(folder_make(folder));
    snprintf(path, sizeof path, "%s/cert", folder);
    keygen_fails = true;
    assert_int_equal(signet_key_generate(&none, NULL, NULL, &err), SIGNET_E_CRYPTO);
    assert_null(none);
    keygen_fails = false;
    assert_int_equal(signet_key_generate(&key, NULL, NULL, &err), 0);
    assert_int_equal(signet_key_generate(&other, NULL, NULL, &err), 0);
    sign_fails = true;
    assert_int_equal(signet_cert_make(&no_cert, key, NULL, "e", NULL, &err), SIGNET_E_CRYPTO);
    assert_null(no_cert);
    sign_fails = false;
    assert_int_equal(signet_cert_make(&cert, key, NULL, "e", NULL, &err), 0);
    assert_int_equal(signet_cert_check_key(cert, other, &err), SIGNET_E_CERT);
    assert_int_equal(signet_cert_save(cert, other, path, NULL, &err), SIGNET_E_CERT);
    assert_int_equal(access(path, F_OK), -1); /* not even the folder */
    write_fails = true;
    assert_int_equal(signet_cert_save(cert, key, path, NULL, &err), SIGNET_E_IO);
    write_fails = false;
    assert_int_equal(rmdir(path), 0); /* empty */
    signet_cert_free(&cert);
    signet_key_free(&key);
    signet_key_free(&other);
}

/* What is there of another device stays, under the first bytes of its certificate's SHA-256. */
static void nothing_is_overwritten(void **state)
{
    char folder[FOLDER_SIZE], path[128], kept[160], tag[9], first[64];
    struct signet_key *key = NULL;
    struct signet_cert *cert = NULL, *other = NULL;
    struct signet_bytes old = {0}, read = {0};
    struct signet_error err;
    uint8_t hash[32];

    (void)state;
    assert_true(folder_make(folder));
    assert_int_equal(signet_key_generate(&key, NULL, NULL, &err), 0);
    assert_int_equal(signet_cert_make(&cert, key, NULL, "a", NULL, &err), 0);
    assert_int_equal(signet_cert_make(&other, key, NULL, "b", NULL, &err), 0);
    assert_int_equal(signet_cert_save(cert, key, folder, NULL, &err), 0);
    assert_int_equal(signet_cert_save(cert, key, folder, NULL, &err), 0); /* the same: no copy */
    assert_int_equal(signet_cert_der(cert, &old, &err), 0);
    assert_int_equal(sha256(old.data, old.len, hash, &err), 0);
    hex_encode(hash, 4, tag);
    snprintf(kept, sizeof kept, "%s/client_cert.%s.der", folder, tag);
    assert_int_equal(access(kept, F_OK), -1);
    assert_int_equal(signet_cert_save(other, key, folder, NULL, &err), 0);
    assert_int_equal(signet_bytes_read(kept, 4096, &read, &err), 0);
    assert_int_equal(read.len, old.len);
    assert_memory_equal(read.data, old.data, old.len);
    signet_bytes_free(&read);

    /* A key alone is kept under a random tag. */
    snprintf(path, sizeof path, "%s/client_cert.der", folder);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "ls %s | grep -c '^client_key[.]........[.]der$'", folder);
    FILE *ls = popen(path, "r"); /* NOLINT(cert-env33-c) */
    assert_string_equal(fgets(first, sizeof first, ls), "1\n");
    pclose(ls);
    assert_int_equal(signet_cert_save(other, key, folder, NULL, &err), 0);
    ls = popen(path, "r"); /* NOLINT(cert-env33-c) */
    assert_string_equal(fgets(first, sizeof first, ls), "2\n");
    pclose(ls);
    signet_bytes_free(&old);
    signet_cert_free(&cert);
    signet_cert_free(&other);
    signet_key_free(&key);
}

static void folders_that_will_not_do(void **state)
{
    static char folder[5000];
    char open_to_all[FOLDER_SIZE];
    struct signet_key *key = NULL;
    struct signet_cert *cert = NULL;
    struct signet_error err;

    (void)state;
    memset(folder, '/', 4070);
    assert_int_equal(signet_key_generate(&key, NULL, NULL, &err), 0);
    assert_int_equal(signet_cert_make(&cert, key, NULL, "a", NULL, &err), 0);
    assert_true(folder_make(open_to_all));
    assert_int_equal(chmod(open_to_all, 01777), 0);
    assert_int_equal(signet_cert_save(cert, key, open_to_all, NULL, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "cannot save the certificate: others may change what is in the "
                                    "folder '"));
    assert_int_equal(signet_cert_save(cert, key, folder, NULL, &err), SIGNET_E_LIMIT);
    assert_string_equal(err.msg, "cannot save the certificate: the name of the folder is too long");
    signet_cert_free(&cert);
    signet_key_free(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sign),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(nothing_is_overwritten),
        cmocka_unit_test(folders_that_will_not_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
