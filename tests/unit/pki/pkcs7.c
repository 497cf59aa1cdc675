/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates in a bag: what is taken out of it, in which order they stand, and what is refused.
 */
#include "pki/pki.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../ca.h"

#include <openssl/pkcs7.h>

static struct signet_cert *certs[SIGNET_CHAIN_MAX];
static size_t count;

static int load(X509 *const *list, size_t n, struct signet_error *err)
{
    PKCS7 *bag = PKCS7_new();
    unsigned char *der = NULL;

    PKCS7_set_type(bag, NID_pkcs7_signed);
    PKCS7_content_new(bag, NID_pkcs7_data);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(PKCS7_add_certificate(bag, list[i]), 1);
    if (list && n == 0) /* a set without members, in place of none */
        bag->d.sign->cert = sk_X509_new_null();
    int len = i2d_PKCS7(bag, &der);
    assert_true(len > 0);
    int rc = cert_load_pkcs7(certs, &count, der, (size_t)len, err);
    OPENSSL_free(der);
    PKCS7_free(bag);
    return rc;
}

static void drop(void)
{
    while (count > 0)
        signet_cert_free(&certs[--count]);
}

static void named(size_t i, const char *subject)
{
    struct signet_cert_view view;

    assert_int_equal(signet_cert_describe(certs[i], &view, NULL), 0);
    assert_string_equal(view.subject, subject);
}

static void in_order(void **state)
{
    struct test_ca root = ca_make("root", "EC", NULL, NULL),
                   mid = ca_make("mid", "EC", &root, NULL), low = ca_make("low", "RSA", &mid, NULL),
                   other = ca_make("o", "EC", NULL, NULL);
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(load((X509 *[]){mid.cert, root.cert, low.cert}, 3, &err), 0);
    assert_int_equal(count, 3);
    assert_int_equal(cert_order_chain(certs, &count, &err), 0);
    named(0, "CN=low");
    named(1, "CN=mid");
    named(2, "CN=root");
    drop();
    assert_int_equal(load((X509 *[]){root.cert}, 1, &err), 0);
    assert_int_equal(cert_order_chain(certs, &count, &err), 0);
    assert_int_equal(count, 1);
    drop();
    assert_int_equal(load((X509 *[]){low.cert, other.cert}, 2, &err), 0);
    assert_int_equal(cert_order_chain(certs, &count, &err), SIGNET_E_CERT);
    assert_non_null(strstr(err.hint, "chain: FILE"));
    drop();
    ca_free(&root);
    ca_free(&mid);
    ca_free(&low);
    ca_free(&other);
}

static void refused(void **state)
{
    static const uint8_t garbage[] = {0x30, 3, 2, 1, 0};
    struct test_ca root = ca_make("root", "EC", NULL, NULL);
    X509 *many[SIGNET_CHAIN_MAX + 1];
    struct signet_error err = {0};
    unsigned char *spki = NULL;

    (void)state;
    assert_int_equal(cert_load_pkcs7(certs, &count, garbage, sizeof(garbage), &err),
                     SIGNET_E_SERVER);
    assert_int_equal(cert_load_pkcs7(certs, &count, "", 0, &err), SIGNET_E_SERVER);
    assert_int_equal(load(NULL, 0, &err), SIGNET_E_SERVER);
    assert_string_equal(err.msg, "no certificate came");
    err = (struct signet_error){0};
    assert_int_equal(load((X509 *[]){NULL}, 0, &err), SIGNET_E_SERVER);
    assert_string_equal(err.msg, "no certificate came");
    for (size_t i = 0; i <= SIGNET_CHAIN_MAX; i++)
        many[i] = root.cert;
    assert_int_equal(load(many, SIGNET_CHAIN_MAX + 1, &err), SIGNET_E_LIMIT);
    assert_int_equal(count, 0);
    assert_int_equal(load(many, SIGNET_CHAIN_MAX, &err), 0);
    int len = i2d_PUBKEY(root.key, &spki);
    assert_true(cert_has_spki(certs[0], spki, (size_t)len));
    assert_false(cert_has_spki(certs[0], spki, (size_t)len - 1));
    spki[len - 1] ^= 1;
    assert_false(cert_has_spki(certs[0], spki, (size_t)len));
    OPENSSL_free(spki);
    drop();
    ca_free(&root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_order), cmocka_unit_test(refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
