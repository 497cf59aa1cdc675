/* SPDX-License-Identifier: Apache-2.0 */
/* What an authority elsewhere sends: it is taken for the wished key and name, below the chain, and
 * for clients; else not. And when an authority signs no more.
 * wrap: clock_wall */
#include "pki/pki.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../ca.h"

static struct signet_cert *cert_of(const struct test_ca *ca)
{
    struct signet_cert *cert = NULL;
    unsigned char *der = NULL;
    int len = i2d_X509(ca->cert, &der);

    assert_int_equal(signet_cert_load(&cert, der, (size_t)len, NULL), 0);
    OPENSSL_free(der);
    return cert;
}

static struct signet_key *key_of(const struct test_ca *ca)
{
    struct signet_key *key = NULL;
    unsigned char *der = NULL;
    int len = i2d_PrivateKey(ca->key, &der);

    assert_int_equal(signet_key_load(&key, der, (size_t)len, NULL), 0);
    OPENSSL_free(der);
    return key;
}

static int64_t ahead, stands_at;
int64_t __real_clock_wall(void);
int64_t __wrap_clock_wall(void);

int64_t __wrap_clock_wall(void)
{
    return stands_at ? stands_at : __real_clock_wall() + ahead;
}

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm tm;

    assert_int_equal(ASN1_TIME_to_tm(time, &tm), 1);
    return (int64_t)timegm(&tm);
}

/* An authority that was opened while its time was. */
static void the_clock_goes_on(void **state)
{
    static const struct {
        int64_t ahead;
        const char *words;
    } rows[] = {{0, NULL},
                {-7200, "the issuer's certificate: the certificate is not valid before "},
                {9999 * 86400LL, "the issuer's certificate: it expires "},
                {10001 * 86400LL, "the issuer's certificate: the certificate expired "}};
    static const struct cert_form with_serial = {.serial = true};
    struct test_ca ca = ca_make("ca", "EC", NULL, NULL);
    struct signet_cert *own = cert_of(&ca), *made = NULL;
    struct signet_key *ca_key = key_of(&ca), *device = NULL;
    const struct signet_cert *chain[] = {own};
    struct issuer *signs = NULL;
    struct cert_request request;
    struct signet_bytes csr = {0};
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(signet_key_generate(&device, NULL, NULL, NULL), 0);
    assert_int_equal(cert_request_make(&csr, device, "d1", NULL), 0);
    assert_int_equal(cert_request_read(&request, csr.data, csr.len, NULL), 0);
    struct cert_wish wish = {.endpoint = "d1",
                             .form = &cert_form_tls_client,
                             .spki = request.key,
                             .spki_len = request.key_len};
    assert_int_equal(issuer_open(&signs, chain, 1, ca_key, NULL, &err), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        ahead = rows[i].ahead;
        int rc = issuer_sign(&made, signs, &wish, false, NULL, &err);
        if ((rc == 0) != !rows[i].words || (rc && !strstr(err.msg, rows[i].words)))
            fail_msg("%zu: %d %s", i, rc, err.msg);
        signet_cert_free(&made);
    }
    ahead = 0;
    /* the first and the last second are its own */
    static const struct cert_form no_end = {.no_end = true};
    const int64_t from = seconds_of(X509_get0_notBefore(ca.cert)),
                  to = seconds_of(X509_get0_notAfter(ca.cert));
    const struct {
        int64_t at;
        int rc;
    } edges[] = {
        {from - 1, SIGNET_E_CERT}, {from, SIGNET_OK}, {to, SIGNET_OK}, {to + 1, SIGNET_E_CERT}};
    wish.form = &no_end;
    for (size_t i = 0; i < COUNT_OF(edges); i++) {
        stands_at = edges[i].at;
        assert_int_equal(issuer_sign(&made, signs, &wish, false, NULL, &err), edges[i].rc);
        signet_cert_free(&made);
    }
    stands_at = 0;
    wish.form = &with_serial;
    wish.endpoint = NULL;
    assert_int_equal(issuer_sign(&made, signs, &wish, false, NULL, &err), SIGNET_E_MEANING);
    assert_non_null(strstr(err.msg, "has the device's serial number in it"));
    issuer_close(&signs);
    signet_bytes_free(&csr);
    signet_key_free(&device);
    signet_key_free(&ca_key);
    signet_cert_free(&own);
    ca_free(&ca);
}

static void verdicts(void **state)
{
    static const char *const for_servers[] = {"1.3.6.1.5.5.7.3.1", NULL};
    const struct cert_form server = {.purposes = for_servers};
    struct test_ca ca = ca_make("ca", "EC", NULL, NULL), other = ca_make("ca", "EC", NULL, NULL);
    struct signet_cert *own = cert_of(&ca), *others = cert_of(&other), *made = NULL;
    struct signet_key *ca_key = key_of(&ca), *device = NULL;
    struct issuer *signs = NULL, *elsewhere = NULL, *wrong = NULL;
    struct cert_request request;
    struct signet_bytes csr = {0};
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(signet_key_generate(&device, NULL, NULL, NULL), 0);
    assert_int_equal(cert_request_make(&csr, device, "d1", NULL), 0);
    assert_int_equal(cert_request_read(&request, csr.data, csr.len, NULL), 0);
    struct cert_wish wish = {.endpoint = "d1",
                             .form = &cert_form_tls_client,
                             .spki = request.key,
                             .spki_len = request.key_len};
    const struct signet_cert *chain[] = {own}, *wrong_chain[] = {others};
    assert_int_equal(issuer_open(&signs, chain, 1, ca_key, NULL, &err), 0);
    assert_int_equal(issuer_open(&elsewhere, chain, 1, NULL, NULL, &err), 0);
    assert_int_equal(issuer_open(&wrong, wrong_chain, 1, NULL, NULL, &err), 0);
    assert_int_equal(issuer_sign(&made, signs, &wish, true, NULL, &err), 0);
    assert_int_equal(issuer_verify(elsewhere, made, &wish, &err), 0);
    assert_int_equal(issuer_verify(wrong, made, &wish, &err), SIGNET_E_CERT);
    wish.endpoint = "d2";
    assert_int_equal(issuer_verify(elsewhere, made, &wish, &err), SIGNET_E_CERT);
    assert_non_null(strstr(err.msg, "is for 'd1', not for d2"));
    wish.endpoint = "d1";
    uint8_t another[91];
    memcpy(another, wish.spki, sizeof(another));
    another[90] ^= 1;
    wish.spki = another;
    assert_int_equal(issuer_verify(elsewhere, made, &wish, &err), SIGNET_E_CERT);
    assert_non_null(strstr(err.msg, "for another key"));
    wish.spki = request.key;
    signet_cert_free(&made);
    wish.form = &server;
    assert_int_equal(issuer_sign(&made, signs, &wish, false, NULL, &err), 0);
    assert_int_equal(issuer_verify(elsewhere, made, &wish, &err), SIGNET_E_CERT);
    signet_cert_free(&made);
    issuer_close(&signs);
    issuer_close(&elsewhere);
    issuer_close(&wrong);
    signet_cert_free(&own);
    signet_cert_free(&others);
    signet_key_free(&ca_key);
    signet_key_free(&device);
    signet_bytes_free(&csr);
    ca_free(&ca);
    ca_free(&other);
}

/* It is for this key and name, and well signed: a device cannot read it all the same. */
static void what_devices_cannot_read(void **state)
{
    struct test_ca ca = ca_make("ca", "EC", NULL, NULL), leaf = ca_make("d1", "EC", &ca, NULL);
    struct signet_cert *own = cert_of(&ca), *came;
    const struct signet_cert *chain[] = {own};
    struct signet_error err = {0};
    struct issuer *elsewhere = NULL;
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(leaf.key, &spki);
    struct cert_wish wish = {
        .endpoint = "d1", .form = &cert_form_tls_client, .spki = spki, .spki_len = (size_t)len};

    (void)state;
    assert_int_equal(issuer_open(&elsewhere, chain, 1, NULL, NULL, &err), 0);
    for (int i = X509_get_ext_count(leaf.cert); i > 0; i--)
        X509_EXTENSION_free(X509_delete_ext(leaf.cert, i - 1));
    for (int odd = 0; odd < 2; odd++) {
        if (odd)
            X509_NAME_add_entry_by_txt(X509_get_subject_name(leaf.cert), "OU", V_ASN1_NUMERICSTRING,
                                       (const unsigned char *)"12", 2, -1, 0);
        assert_true(X509_sign(leaf.cert, ca.key, EVP_sha256()) > 0);
        came = cert_of(&leaf);
        assert_int_equal(issuer_verify(elsewhere, came, &wish, &err), odd ? SIGNET_E_CERT : 0);
        signet_cert_free(&came);
    }
    assert_non_null(strstr(err.msg, "that came: the TLS stack of a device cannot read it"));
    issuer_close(&elsewhere);
    signet_cert_free(&own);
    OPENSSL_free(spki);
    ca_free(&leaf);
    ca_free(&ca);
}

/* A certificate without a name; one with an extension that OpenSSL cannot read. */
static void authorities_that_issue_nothing(void **state)
{
    static const struct {
        bool named;
        int nid;
        const char *extension, *says;
    } rows[] = {
        {true, NID_netscape_comment, "hello", NULL},
        {false, 0, NULL, "its subject is empty, and an authority has a name (RFC 5280, section "},
        {true, NID_crl_distribution_points, "DER:0500", "its extension crlDistributionPoints is "},
        {true, NID_name_constraints, "DER:0500", "its extension nameConstraints is malformed"},
        {true, NID_authority_key_identifier, "DER:0500", "authorityKeyIdentifier is malformed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct test_ca ca = ca_make("ca", "EC", NULL, NULL);
        struct issuer *issuer = NULL;
        struct signet_error err = {0};

        if (!rows[i].named)
            X509_NAME_ENTRY_free(X509_NAME_delete_entry(X509_get_subject_name(ca.cert), 0));
        X509_set_issuer_name(ca.cert, X509_get_subject_name(ca.cert));
        if (rows[i].extension)
            ca_extension(ca.cert, rows[i].nid, rows[i].extension);
        assert_true(X509_sign(ca.cert, ca.key, EVP_sha256()) > 0);
        struct signet_cert *cert = cert_of(&ca);
        const struct signet_cert *chain[] = {cert};
        int rc = issuer_open(&issuer, chain, 1, NULL, NULL, &err);
        assert_int_equal(rc, rows[i].says ? SIGNET_E_CERT : SIGNET_OK);
        if (rows[i].says && !strstr(err.msg, rows[i].says))
            fail_msg("%s", err.msg);
        issuer_close(&issuer);
        signet_cert_free(&cert);
        ca_free(&ca);
    }
}

/* An authority elsewhere, too: its certificates would be refused one by one. */
static void a_key_that_devices_do_not_take(void **state)
{
    struct test_ca ca = ca_make("ca", "ED25519", NULL, NULL);
    struct signet_cert *cert = cert_of(&ca);
    const struct signet_cert *chain[] = {cert};
    struct issuer *issuer = NULL;
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(issuer_open(&issuer, chain, 1, NULL, NULL, &err), SIGNET_E_CERT);
    assert_string_equal(err.msg, "the issuer's certificate: its key is of type ED25519");
    assert_string_equal(err.hint, "use an authority with an EC key, or RSA");
    assert_null(issuer);
    signet_cert_free(&cert);
    ca_free(&ca);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_goes_on),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(what_devices_cannot_read),
        cmocka_unit_test(authorities_that_issue_nothing),
        cmocka_unit_test(a_key_that_devices_do_not_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
