/* SPDX-License-Identifier: Apache-2.0 */
/* What is sealed to certificates.
 * wrap: cert_parse */
#include "pki/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/ca.h"

static struct signet_error err;
static bool no_memory;

X509 *__real_cert_parse(const struct signet_cert *cert, struct signet_error *e);
X509 *__wrap_cert_parse(const struct signet_cert *cert, struct signet_error *e);
X509 *__wrap_cert_parse(const struct signet_cert *cert, struct signet_error *e)
{
    if (!no_memory)
        return __real_cert_parse(cert, e);
    crypto_fail(e, "cannot parse the certificate");
    return NULL;
}

static void make(unsigned rsa, struct signet_key **key, struct signet_cert **cert)
{
    const struct signet_cert_info info = {.rsa_key_len = rsa};

    *key = NULL;
    *cert = NULL;
    assert_int_equal(signet_key_generate(key, &info, NULL, &err), SIGNET_OK);
    assert_int_equal(signet_cert_make(cert, *key, &info, "receiver", NULL, &err), SIGNET_OK);
    assert_int_equal(cms_check_recipient(*cert, &err), SIGNET_OK);
}

static void each_recipient_opens_and_nobody_else(void **state)
{
    struct signet_key *keys[3];
    struct signet_cert *certs[3];
    struct signet_bytes sealed = {0};
    struct secret plain = {0};

    (void)state;
    make(0, &keys[0], &certs[0]);
    make(2048, &keys[1], &certs[1]);
    make(0, &keys[2], &certs[2]);
    assert_int_equal(
        cms_seal((const struct signet_cert *const *)certs, 2, "3x@mpl3", 7, &sealed, &err), 0);
    assert_null(memmem(sealed.data, sealed.len, "3x@", 3));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(cms_open(keys[i], sealed.data, sealed.len, &plain, &err), SIGNET_OK);
        assert_int_equal(plain.len, 7);
        assert_memory_equal(plain.data, "3x@mpl3", 7);
    }
    assert_int_equal(cms_open(keys[2], sealed.data, sealed.len, &plain, &err), SIGNET_E_CRYPTO);
    assert_memory_equal(plain.data, "3x@mpl3", 7); /* as before */
    for (size_t i = 0; i < 3; i++) {               /* whose key it is that is needed */
        struct signet_cert_view view;
        assert_int_equal(signet_cert_describe(certs[i], &view, NULL), SIGNET_OK);
        assert_int_equal(strstr(err.hint, view.serial) != NULL, i < 2);
    }
    secret_wipe(&plain);
    signet_bytes_free(&sealed);
    for (size_t i = 0; i < 3; i++) {
        signet_key_free(&keys[i]);
        signet_cert_free(&certs[i]);
    }
}

/* Its key usage counts, also where another extension is malformed. */
static void what_a_recipient_s_key_is_for(void **state)
{
    static const struct {
        const char *usage, *says;
    } rows[] = {{"keyAgreement", NULL},
                {"digitalSignature", "its key usage does not allow sealing to it"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct test_ca receiver = ca_make("receiver", "EC", NULL, NULL);
        struct signet_bytes sealed = {0};
        struct signet_cert *cert = NULL;
        unsigned char *der = NULL;

        while (X509_get_ext_count(receiver.cert))
            X509_EXTENSION_free(X509_delete_ext(receiver.cert, 0));
        ca_extension(receiver.cert, NID_key_usage, rows[i].usage);
        ca_extension(receiver.cert, NID_authority_key_identifier, "DER:0500");
        assert_true(X509_sign(receiver.cert, receiver.key, EVP_sha256()) > 0);
        int len = i2d_X509(receiver.cert, &der);
        assert_int_equal(signet_cert_load(&cert, der, (size_t)len, &err), SIGNET_OK);
        const struct signet_cert *const certs[] = {cert};
        assert_int_equal(cms_check_recipient(cert, &err), rows[i].says ? SIGNET_E_CERT : SIGNET_OK);
        if (rows[i].says)
            assert_string_equal(err.msg, rows[i].says);
        else
            assert_int_equal(cms_seal(certs, 1, "x", 1, &sealed, &err), SIGNET_OK);
        signet_bytes_free(&sealed);
        signet_cert_free(&cert);
        OPENSSL_free(der);
        ca_free(&receiver);
    }
}

/* Of a good certificate: OpenSSL has no memory for it. */
static void a_certificate_that_is_not_read(void **state)
{
    struct signet_bytes sealed = {0};
    struct issuer *issuer = NULL;
    struct signet_key *key;
    struct signet_cert *cert;

    (void)state;
    make(0, &key, &cert);
    const struct signet_cert *const certs[] = {cert};
    const struct buf none = {0};
    no_memory = true;
    assert_int_equal(cms_check_recipient(cert, &err), SIGNET_E_CRYPTO);
    assert_int_equal(cms_seal(certs, 1, "x", 1, &sealed, &err), SIGNET_E_CRYPTO);
    assert_null(sealed.data);
    assert_int_equal(cert_check_public(cert, &none, &err), SIGNET_E_CRYPTO);
    assert_int_equal(issuer_open(&issuer, certs, 1, key, NULL, &err), SIGNET_E_CRYPTO);
    assert_null(issuer);
    no_memory = false;
    signet_key_free(&key);
    signet_cert_free(&cert);
}

/* What nothing authenticates, of two recipients: who they are, and what is not for the one that
 * opens. */
static void find_open_zones(const struct signet_bytes *sealed, struct der zones[static 3])
{
    struct der at = {sealed->data, sealed->data + sealed->len}, info;

    for (int depth = 0; depth < 3; depth++) {
        assert_true(der_next(&at, depth == 1 ? 0xa0 : DER_SEQUENCE, NULL, &at));
        if (depth == 0)
            assert_true(der_next(&at, DER_OID, NULL, NULL));
    }
    assert_true(der_next(&at, DER_INTEGER, NULL, NULL) && der_next(&at, 0x31, NULL, &at));
    assert_true(der_next(&at, DER_SEQUENCE, NULL, &info)); /* RSA, first by the order of a SET */
    assert_true(der_next(&info, DER_INTEGER, NULL, NULL));
    assert_true(der_next(&info, DER_SEQUENCE, NULL, &zones[0]));
    assert_true(der_next(&info, DER_SEQUENCE, NULL, NULL));
    assert_true(der_next(&info, DER_OCTETS, NULL, &zones[1]));
    assert_true(der_next(&at, 0xa1, NULL, &info) && der_next(&info, DER_INTEGER, NULL, NULL));
    assert_true(der_next(&info, 0xa0, NULL, NULL) && der_next(&info, DER_SEQUENCE, NULL, NULL));
    assert_true(der_next(&info, DER_SEQUENCE, NULL, &info) &&
                der_next(&info, DER_SEQUENCE, NULL, &zones[2]));
}

static bool is_open_zone(const struct der *zone, const uint8_t *at)
{
    return at >= zone->at && at < zone->end;
}

/* Whatever is changed or cut off: nothing comes out that is not what was sealed. */
static void what_was_changed_does_not_open(void **state)
{
    struct signet_key *keys[2];
    struct signet_cert *certs[2];
    struct signet_bytes sealed = {0};
    struct der zones[3];

    (void)state;
    make(0, &keys[0], &certs[0]);
    make(2048, &keys[1], &certs[1]);
    assert_int_equal(
        cms_seal((const struct signet_cert *const *)certs, 2, "text", 4, &sealed, &err), 0);
    find_open_zones(&sealed, zones);
    for (size_t i = 0; i < sealed.len; i++) {
        uint8_t *at = sealed.data + i, bit = (uint8_t)(1 << i % 8);
        struct secret plain = {0};

        *at ^= bit;
        int rc = cms_open(keys[0], sealed.data, sealed.len, &plain, &err);
        *at ^= bit;
        if (rc == SIGNET_OK) {
            assert_memory_equal(plain.data, "text", 5);
            assert_true(is_open_zone(&zones[0], at) || is_open_zone(&zones[1], at) ||
                        is_open_zone(&zones[2], at));
        } else {
            assert_null(plain.data);
        }
        secret_wipe(&plain);
        if (i % 16 == 0) {
            assert_int_not_equal(cms_open(keys[0], sealed.data, i, &plain, &err), SIGNET_OK);
            assert_null(plain.data);
        }
    }
    signet_bytes_free(&sealed);
    for (size_t i = 0; i < 2; i++) {
        signet_key_free(&keys[i]);
        signet_cert_free(&certs[i]);
    }
}

/* How the key of the message is written: unused bits, and forms of the same point. */
static void a_point_that_is_written_otherwise(void **state)
{
    struct signet_key *key;
    struct signet_cert *cert;
    struct secret plain = {0};
    (void)state;

    make(0, &key, &cert);
    for (int round = 0; round < 16; round++) { /* a point ends in a bit 0, or has an odd half */
        struct signet_bytes sealed = {0};

        assert_int_equal(
            cms_seal((const struct signet_cert *const *)&cert, 1, "text", 4, &sealed, &err), 0);
        uint8_t *at = memmem(sealed.data, sealed.len, "\x03\x42\x00\x04", 4);
        assert_non_null(at);
        at[2] = 1;
        assert_int_not_equal(cms_open(key, sealed.data, sealed.len, &plain, &err), SIGNET_OK);
        at[2] = 0;
        at[3] = (uint8_t)(6 + round % 2);
        assert_int_not_equal(cms_open(key, sealed.data, sealed.len, &plain, &err), SIGNET_OK);
        at[3] = 4;
        assert_int_equal(cms_open(key, sealed.data, sealed.len, &plain, &err), SIGNET_OK);
        secret_wipe(&plain);
        signet_bytes_free(&sealed);
    }
    signet_key_free(&key);
    signet_cert_free(&cert);
}

/* OpenSSL would take the first byte of a tag for the tag: one of 256 changes would pass. */
static void a_tag_that_is_cut_does_not_open(void **state)
{
    struct signet_key *key;
    struct signet_cert *cert;
    struct signet_bytes sealed = {0};
    struct secret plain = {0};

    (void)state;
    make(0, &key, &cert);
    assert_int_equal(
        cms_seal((const struct signet_cert *const *)&cert, 1, "text", 4, &sealed, &err), 0);
    for (uint8_t cut = 1; cut < 16;
         cut++) { /* all lengths around it have two bytes, or are theirs */
        struct buf shorter = {0};
        size_t len = sealed.len - cut;

        buf_append(&shorter, sealed.data, len);
        shorter.data[len - (16u - cut) - 1] = (uint8_t)(16 - cut);
        for (size_t at = 0; at < 32; at++) /* of the SEQUENCE, of [0] and of the SEQUENCE in it */
            if (shorter.data[at] == 0x82) {
                size_t inner = (size_t)shorter.data[at + 1] << 8 | shorter.data[at + 2];
                shorter.data[at + 1] = (uint8_t)((inner - cut) >> 8);
                shorter.data[at + 2] = (uint8_t)(inner - cut);
                at += 2;
            }
        assert_int_equal(cms_open(key, shorter.data, shorter.len, &plain, &err),
                         SIGNET_E_UNSUPPORTED);
        assert_null(plain.data);
        buf_free(&shorter);
    }
    signet_bytes_free(&sealed);
    signet_key_free(&key);
    signet_cert_free(&cert);
}

static void nothing_and_much_can_be_sealed(void **state)
{
    const size_t much = 3 * 1024 * 1024;
    uint8_t *text = calloc(1, much);
    struct signet_key *key;
    struct signet_cert *cert;
    struct signet_bytes sealed = {0};
    struct secret plain = {0};

    (void)state;
    make(0, &key, &cert);
    for (size_t len = 0; len <= much; len += much) {
        assert_int_equal(
            cms_seal((const struct signet_cert *const *)&cert, 1, text, len, &sealed, &err), 0);
        assert_int_equal(cms_open(key, sealed.data, sealed.len, &plain, &err), SIGNET_OK);
        assert_int_equal(plain.len, len);
        signet_bytes_free(&sealed);
    }
    assert_int_equal(cms_seal((const struct signet_cert *const *)&cert, 1, text,
                              (size_t)CMS_MAX + 1, &sealed, &err),
                     SIGNET_E_LIMIT);
    secret_wipe(&plain);
    signet_key_free(&key);
    signet_cert_free(&cert);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_recipient_opens_and_nobody_else),
        cmocka_unit_test(what_a_recipient_s_key_is_for),
        cmocka_unit_test(a_certificate_that_is_not_read),
        cmocka_unit_test(what_was_changed_does_not_open),
        cmocka_unit_test(a_point_that_is_written_otherwise),
        cmocka_unit_test(a_tag_that_is_cut_does_not_open),
        cmocka_unit_test(nothing_and_much_can_be_sealed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
