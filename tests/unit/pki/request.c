/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate requests that come from boards: which are taken, and what is said of the others.
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc */
#include "pki/private.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/starve.h"

static EVP_PKEY *ec_key(const char *curve)
{
    EVP_PKEY *key = EVP_EC_gen(curve);

    assert_non_null(key);
    return key;
}

static EVP_PKEY *rsa_key(unsigned bits, unsigned long exponent)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *e = BN_new();
    EVP_PKEY *key = NULL;

    assert_int_equal(BN_set_word(e, exponent), 1);
    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits), 1);
    assert_int_equal(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e), 1);
    assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
    EVP_PKEY_CTX_free(ctx);
    BN_free(e);
    return key;
}

struct made {
    uint8_t der[CERT_REQUEST_MAX + 64];
    size_t len;
};

/* names: common names, one after the other, each of this type; the key is freed. */
static struct made make(EVP_PKEY *key, const EVP_MD *digest, int type, const char *const *names)
{
    struct made made = {0};
    unsigned char *at = made.der;
    X509_REQ *req = X509_REQ_new();

    assert_int_equal(X509_REQ_set_pubkey(req, key), 1);
    for (; *names; names++)
        assert_int_equal(X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(req), NID_commonName,
                                                    type, (const unsigned char *)*names, -1, -1, 0),
                         1);
    assert_true(X509_REQ_sign(req, key, digest) > 0);
    made.len = (size_t)i2d_X509_REQ(req, &at);
    X509_REQ_free(req);
    EVP_PKEY_free(key);
    return made;
}

static const char *const dev_1[] = {"urn:dev:1", NULL};

static struct made usual(void)
{
    return make(ec_key("P-256"), EVP_sha256(), MBSTRING_UTF8, dev_1);
}

static void says(const struct made *made, const char *message)
{
    struct signet_error err = {0};
    struct cert_request r = {.key_len = 7};

    assert_int_equal(cert_request_read(&r, made->der, made->len, &err), SIGNET_E_CERT);
    assert_string_equal(err.msg, message);
    assert_int_equal(r.key_len, 7);
}

#define NONE "this is no certificate request (PKCS#10) in DER"

static void what_is_taken(void **state)
{
    const struct {
        struct made made;
        const char *key;
    } cases[] = {
        {usual(), "EC secp256r1"},
        {make(ec_key("P-384"), EVP_sha384(), MBSTRING_UTF8, dev_1), "EC secp384r1"},
        {make(ec_key("P-521"), EVP_sha512(), MBSTRING_ASC, dev_1), "EC secp521r1"},
        {make(rsa_key(2048, 65537), EVP_sha256(), MBSTRING_UTF8, dev_1), "RSA 2048"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cert_request r;
        uint8_t digest[32];

        assert_int_equal(cert_request_read(&r, cases[i].made.der, cases[i].made.len, NULL),
                         SIGNET_OK);
        assert_string_equal(r.common_name, "urn:dev:1");
        assert_string_equal(r.key_name, cases[i].key);
        assert_int_equal(sha256(r.key, r.key_len, digest, NULL), SIGNET_OK);
        assert_memory_equal(digest, r.key_sha256, 32);
        assert_int_equal(r.subject[0], 0x30);
        assert_int_equal(r.subject_len, 2u + r.subject[1]);
        assert_int_equal(cert_request_check_name(&r, "urn:dev:1", NULL), SIGNET_OK);
        struct signet_error err = {0};
        assert_int_equal(cert_request_check_name(&r, "urn:dev:2", &err), SIGNET_E_CERT);
        assert_string_equal(err.msg,
                            "the certificate request is for 'urn:dev:1', not for urn:dev:2");
    }
}

/* An RSA key of nobody: 2^bits - 1 and an exponent; another key signs. */
static struct made made_with_rsa(int bits, int exponent_bits)
{
    struct made made = {0};
    unsigned char *at = made.der;
    EVP_PKEY *signer = ec_key("P-256"), *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_new(), *e = BN_new();
    X509_REQ *req = X509_REQ_new();

    assert_true(BN_set_bit(n, bits - 1) && BN_set_bit(n, 0));
    assert_true(BN_set_bit(e, exponent_bits - 1) && BN_set_bit(e, 0));
    assert_true(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e));
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    assert_int_equal(X509_REQ_set_pubkey(req, key), 1);
    assert_true(X509_REQ_sign(req, signer, EVP_sha256()) > 0);
    made.len = (size_t)i2d_X509_REQ(req, &at);
    X509_REQ_free(req);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    EVP_PKEY_free(signer);
    return made;
}

static void keys_that_are_not_taken(void **state)
{
    EVP_PKEY *packed = ec_key("P-256");
    struct made made = make(ec_key("secp256k1"), EVP_sha256(), MBSTRING_UTF8, dev_1);

    (void)state;
#define CURVE                                                                                      \
    "the certificate request: its EC key is not a point in the usual form on secp256r1, secp384r1" \
    " or secp521r1"
    says(&made, CURVE);
    EVP_PKEY_set_utf8_string_param(packed, "point-format", "compressed");
    made = make(packed, EVP_sha256(), MBSTRING_UTF8, dev_1);
    says(&made, CURVE);
    made = make(rsa_key(1024, 65537), EVP_sha256(), MBSTRING_UTF8, dev_1);
    says(&made, "the certificate request: its RSA key has 1024 bits, not 2048 to 4096");
    made = make(rsa_key(2048, 3), EVP_sha256(), MBSTRING_UTF8, dev_1);
    says(&made, "the certificate request: its RSA key has an exponent that nobody uses");
    made = made_with_rsa(2048, 65);
    says(&made, "the certificate request: its RSA key has an exponent that nobody uses");
    made = made_with_rsa(4104, 17);
    says(&made, "the certificate request: its RSA key has 4104 bits, not 2048 to 4096");
    made = make(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL, MBSTRING_UTF8, dev_1);
    says(&made, "the certificate request: its key is of type ED25519");
}

static void a_point_that_is_not_on_its_curve(void **state)
{
    struct made made = usual();
    struct cert_request r;

    (void)state;
    assert_int_equal(cert_request_read(&r, made.der, made.len, NULL), SIGNET_OK);
    made.der[r.key - made.der + (ptrdiff_t)r.key_len - 1] ^= 1;
    says(&made, "the certificate request: its key is unusable");
}

static void names_that_are_not_taken(void **state)
{
    static const char *const none[] = {NULL}, *const two[] = {"urn:dev:1", "urn:dev:2", NULL},
                             *const bell[] = {"urn:\adev", NULL}, *const empty[] = {"", NULL};
    struct made made = make(ec_key("P-256"), EVP_sha256(), MBSTRING_UTF8, none);

    (void)state;
    says(&made, "the certificate request: its subject has no common name");
    made = make(ec_key("P-256"), EVP_sha256(), MBSTRING_UTF8, two);
    says(&made, "the certificate request: its subject has more than one common name");
    made = make(ec_key("P-256"), EVP_sha256(), V_ASN1_UTF8STRING, empty);
    says(&made, "the certificate request: its common name cannot be used");
    made = make(ec_key("P-256"), EVP_sha256(), MBSTRING_UTF8, bell);
    struct signet_error err = {0};
    struct cert_request r;
    assert_int_equal(cert_request_read(&r, made.der, made.len, &err), SIGNET_E_CERT);
    assert_non_null(strstr(err.msg, "its common name"));
    for (const char *c = err.msg; *c; c++)
        assert_true((unsigned char)*c >= ' ');
}

static void a_signature_that_is_not_its_own(void **state)
{
    struct made made = usual(), sha1 = make(ec_key("P-256"), EVP_sha1(), MBSTRING_UTF8, dev_1);
    uint8_t *name = memmem(made.der, made.len, "urn:dev:1", 9);

    (void)state;
    says(&sha1, "the certificate request: it is not signed with SHA-256, SHA-384 or SHA-512 and "
                "its kind of key");
    name[8] = '2';
    says(&made, "the certificate request: it is not signed with the key that it is for");
    name[8] = '1';
    made.der[made.len - 1] ^= 1;
    says(&made, "the certificate request: it is not signed with the key that it is for");
}

/* Each byte wrong once, each length cut: a refusal, or the same key and name. */
static void no_damage_changes_key_or_name(void **state)
{
    struct made made = usual();
    struct cert_request whole, r;

    (void)state;
    assert_int_equal(cert_request_read(&whole, made.der, made.len, NULL), SIGNET_OK);
    for (size_t i = 0; i < made.len; i++) {
        uint8_t *copy = malloc(made.len);

        memcpy(copy, made.der, made.len);
        copy[i] ^= 0x01;
        if (cert_request_read(&r, copy, made.len, NULL) == SIGNET_OK) {
            assert_memory_equal(r.key_sha256, whole.key_sha256, 32);
            assert_string_equal(r.common_name, whole.common_name);
        }
        free(copy);
        copy = malloc(i + 1);
        memcpy(copy, made.der, i);
        assert_int_equal(cert_request_read(&r, copy, i, NULL), SIGNET_E_CERT);
        free(copy);
    }
}

static void what_is_no_request(void **state)
{
    static const uint8_t nested[] = {0x30, 0x00};
    struct made made = usual(), deep = {0};

    (void)state;
    made.der[made.len++] = 0;
    says(&made, NONE);
    made = usual(); /* bytes behind the signature that belong to the request */
    memcpy(made.der + made.len, "\x05\x00", 2);
    made.len += 2;
    made.der[2] += 2;
    says(&made, NONE);
    made = usual();
    memcpy(deep.der, "\x30\x82\x01\x00", 4); /* a length of two bytes where one is enough */
    deep.der[3] = (uint8_t)(made.len - 3);
    memcpy(deep.der + 4, made.der + 3, made.len - 3);
    deep.len = made.len + 1;
    deep.der[2] = 0;
    says(&deep, NONE);
    deep.len = 0;
    says(&deep, NONE);
    deep.len = sizeof(nested);
    memcpy(deep.der, nested, sizeof(nested));
    for (size_t depth = 0; depth < 60; depth++) {
        memmove(deep.der + 2, deep.der, deep.len);
        deep.der[0] = 0x30;
        deep.der[1] = (uint8_t)deep.len;
        deep.len += 2;
    }
    says(&deep, NONE);
    deep.len = CERT_REQUEST_MAX + 1;
    says(&deep, "the certificate request has 8193 bytes, more than 8192");
    made = usual();
    uint8_t *version = memmem(made.der, 12, "\x02\x01\x00", 3);
    version[2] = 1;
    says(&made, "the certificate request is of an unknown version");
}

static void one_of_our_own(void **state)
{
    struct signet_bytes der = {0}, again = {0};
    struct signet_key *key = NULL;
    struct cert_request r;
    uint8_t sha[32];
    char type[64];

    (void)state;
    assert_int_equal(signet_key_generate(&key, NULL, NULL, NULL), SIGNET_OK);
    assert_int_equal(cert_request_make(&der, key, "urn:dev:7", NULL), SIGNET_OK);
    assert_int_equal(cert_request_read(&r, der.data, der.len, NULL), SIGNET_OK);
    assert_string_equal(r.common_name, "urn:dev:7");
    assert_int_equal(signet_key_describe(key, type, sha, NULL), SIGNET_OK);
    assert_memory_equal(sha, r.key_sha256, 32);
    assert_string_equal(type, r.key_name);
    assert_int_equal(cert_request_make(&again, key, NULL, NULL), SIGNET_OK);
    assert_int_equal(cert_request_read(&r, again.data, again.len, NULL), SIGNET_E_CERT);
    signet_bytes_free(&der);
    signet_bytes_free(&again);
    signet_key_free(&key);
}

static void the_forms_of_a_file(void **state)
{
    static const char *const labels[] = {"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"};
    struct made made = usual();
    struct signet_bytes der = {0};
    struct signet_error err = {0};
    struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        buf_reset(&b);
        pem_write(&b, labels[i], made.der, made.len);
        assert_int_equal(cert_request_load(&der, b.data, b.len, NULL), SIGNET_OK);
        assert_int_equal(der.len, made.len);
        assert_memory_equal(der.data, made.der, made.len);
        signet_bytes_free(&der);
    }
    buf_reset(&b);
    buf_base64(&b, made.der, made.len);
    buf_text(&b, "\r\n");
    assert_int_equal(cert_request_load(&der, b.data, b.len, NULL), SIGNET_OK);
    assert_int_equal(der.len, made.len);
    signet_bytes_free(&der);
    assert_int_equal(cert_request_load(&der, made.der, made.len, NULL), SIGNET_OK);
    signet_bytes_free(&der);
    buf_reset(&b);
    pem_write(&b, "CERTIFICATE", made.der, made.len);
    assert_int_equal(cert_request_load(&der, b.data, b.len, &err), SIGNET_E_CERT);
    assert_non_null(strstr(err.msg, "there is a certificate in this certificate request file"));
    buf_reset(&b);
    pem_write(&b, labels[0], made.der, made.len);
    pem_write(&b, labels[0], made.der, made.len);
    assert_int_equal(cert_request_load(&der, b.data, b.len, &err), SIGNET_E_CERT);
    assert_non_null(strstr(err.msg, "more than one certificate request in one PEM file"));
    assert_null(der.data);
    buf_free(&b);
}

/* More base64 than a request can be, none of which is written past its place. */
static void base64_that_is_too_long(void **state)
{
    static char text[64 * 1024];
    struct signet_bytes der = {0};
    struct signet_error err = {0};

    (void)state;
    memset(text, 'M', sizeof(text));
    assert_int_equal(cert_request_load(&der, text, sizeof(text), &err), SIGNET_E_CERT);
    assert_null(der.data);
}

static struct made starved;

static int read_once(struct signet_error *err)
{
    struct signet_bytes der = {0};
    struct cert_request r;
    int rc = cert_request_load(&der, starved.der, starved.len, err);

    if (rc == SIGNET_OK)
        rc = cert_request_read(&r, der.data, der.len, err);
    signet_bytes_free(&der);
    return rc;
}

static void without_memory_none_is_judged(void **state)
{
    (void)state;
    starved = make(ec_key("P-384"), EVP_sha384(), MBSTRING_UTF8, dev_1);
    starve_each(read_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken),
        cmocka_unit_test(keys_that_are_not_taken),
        cmocka_unit_test(a_point_that_is_not_on_its_curve),
        cmocka_unit_test(names_that_are_not_taken),
        cmocka_unit_test(a_signature_that_is_not_its_own),
        cmocka_unit_test(no_damage_changes_key_or_name),
        cmocka_unit_test(what_is_no_request),
        cmocka_unit_test(one_of_our_own),
        cmocka_unit_test(the_forms_of_a_file),
        cmocka_unit_test(base64_that_is_too_long),
        cmocka_unit_test(without_memory_none_is_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
