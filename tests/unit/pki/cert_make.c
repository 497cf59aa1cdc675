/* SPDX-License-Identifier: Apache-2.0 */
/* The making of certificates: every curve, digest, refusal and date.
 * wrap: clock_wall clock_check random_bytes
 */
#include "pki/pki.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int64_t now = 1700000000;
static bool random_fails, clock_is_judged;
static unsigned warnings;

int64_t __wrap_clock_wall(void);
int __real_clock_check(struct signet_error *err);
int __wrap_clock_check(struct signet_error *err);
int __real_random_bytes(void *out, size_t len, struct signet_error *err);
int __wrap_random_bytes(void *out, size_t len, struct signet_error *err);

int64_t __wrap_clock_wall(void)
{
    return now;
}

/* These tests live in 2023 and in 2049. */
int __wrap_clock_check(struct signet_error *err)
{
    return clock_is_judged ? __real_clock_check(err) : SIGNET_OK;
}

int __wrap_random_bytes(void *out, size_t len, struct signet_error *err)
{
    if (random_fails)
        return error_set(err, SIGNET_E_CRYPTO, "no random bytes");
    return __real_random_bytes(out, len, err);
}

static void on_event(void *ctx, const struct signet_event *event)
{
    (void)ctx;
    warnings += event->kind == SIGNET_EVENT_WARNING && event->error->msg[0];
}
static const struct signet_observer observer = {on_event, NULL};

static void make(const struct signet_cert_info *info, struct signet_key **key,
                 struct signet_cert **cert)
{
    struct signet_error err = {0};

    if (signet_key_generate(key, info, &observer, &err))
        fail_msg("%s", err.msg);
    if (signet_cert_make(cert, *key, info, "urn:dev:1", &observer, &err))
        fail_msg("%s", err.msg);
}

static void test_curves(void **state)
{
    static const char *const names[] = {
        "secp192r1", "secp224r1",       "secp256r1",       "secp256k1",       "secp384r1",
        "secp521r1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1", "sect163k1",
        "sect163r2", "sect233k1",       "sect233r1",       "sect283k1",       "sect283r1",
        "sect409k1", "sect409r1",       "sect571k1",       "sect571r1"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct signet_cert_info info = {.elliptic_curve = (char *)names[i]};
        bool usual = !strncmp(names[i], "brain", 5) || !strcmp(names[i], "secp256r1") ||
                     !strcmp(names[i], "secp384r1") || !strcmp(names[i], "secp521r1");
        struct signet_key *key = NULL, *again = NULL;
        struct signet_bytes der = {0}, pem = {0};
        struct signet_cert *cert = NULL;
        struct signet_cert_view view;
        struct signet_error err;
        char want[64];

        warnings = 0;
        make(&info, &key, &cert);
        assert_int_equal(warnings, usual ? 0 : 1);
        assert_int_equal(signet_cert_describe(cert, &view, &err), 0);
        snprintf(want, sizeof want, "EC %s", names[i]);
        assert_string_equal(view.key, want);
        assert_string_equal(view.subject, "CN=urn:dev:1");
        assert_true(view.self_issued);
        assert_int_equal(view.not_after - view.not_before, 220752000);
        assert_int_equal(view.not_before, now);
        assert_int_equal(signet_key_der(key, &der, &err), 0);
        if (!strcmp(names[i], "secp256r1"))
            assert_int_equal(der.len, 138);
        assert_int_equal(signet_key_load(&again, der.data, der.len, &err), 0);
        assert_int_equal(signet_cert_check_key(cert, again, &err), 0);
        signet_key_free(&again);
        assert_int_equal(signet_key_pem(key, &pem, &err), 0);
        assert_int_equal(signet_key_load(&again, pem.data, pem.len, &err), 0);
        assert_int_equal(signet_cert_check_key(cert, again, &err), 0);
        signet_key_free(&again);
        signet_bytes_free(&pem);
        signet_bytes_free(&der);
        signet_cert_free(&cert);
        signet_key_free(&key);
    }
}

static void test_digests(void **state)
{
    static const struct {
        const char *digest, *ec, *rsa;
    } rows[] = {
        {"sha1", "ecdsa-with-SHA1", "sha1WithRSAEncryption"},
        {"sha224", "ecdsa-with-SHA224", "sha224WithRSAEncryption"},
        {"sha256", "ecdsa-with-SHA256", "sha256WithRSAEncryption"},
        {"sha384", "ecdsa-with-SHA384", "sha384WithRSAEncryption"},
        {"sha512", "ecdsa-with-SHA512", "sha512WithRSAEncryption"},
        {"sha3-224", "ecdsa_with_SHA3-224", "RSA-SHA3-224"},
        {"SHA3_256", "ecdsa_with_SHA3-256", "RSA-SHA3-256"},
        {"sha3-384", "ecdsa_with_SHA3-384", "RSA-SHA3-384"},
        {"sha3-512", "ecdsa_with_SHA3-512", "RSA-SHA3-512"},
        {"md5", NULL, "md5WithRSAEncryption"},
    };
    struct signet_cert_info rsa = {.rsa_key_len = 1024};
    struct signet_key *ec_key = NULL, *rsa_key = NULL;
    struct signet_cert *cert = NULL;
    struct signet_cert_view view;
    struct signet_error err;

    (void)state;
    warnings = 0;
    assert_int_equal(signet_key_generate(&ec_key, NULL, &observer, &err), 0);
    assert_int_equal(warnings, 0);
    assert_int_equal(signet_key_generate(&rsa_key, &rsa, &observer, &err), 0);
    assert_int_equal(warnings, 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signet_cert_info info = {.digest = (char *)rows[i].digest};
        int rc = signet_cert_make(&cert, ec_key, &info, "e", NULL, &err);

        if (!rows[i].ec) {
            assert_int_equal(rc, SIGNET_E_MEANING);
        } else {
            assert_int_equal(rc, 0);
            assert_int_equal(signet_cert_describe(cert, &view, &err), 0);
            assert_string_equal(view.signature, rows[i].ec);
            signet_cert_free(&cert);
        }
        assert_int_equal(signet_cert_make(&cert, rsa_key, &info, "e", NULL, &err), 0);
        assert_int_equal(signet_cert_describe(cert, &view, &err), 0);
        assert_string_equal(view.signature, rows[i].rsa);
        assert_string_equal(view.key, "RSA 1024");
        signet_cert_free(&cert);
    }
    signet_key_free(&ec_key);
    signet_key_free(&rsa_key);
}

static void test_refusals(void **state)
{
    char long_name[70], p159[] = "730750818665451459101842416358141509827966271488";
    const struct {
        struct signet_cert_info info;
        const char *endpoint, *word;
    } rows[] = {
        {{.elliptic_curve = "secp256r1", .rsa_key_len = 2048}, "e", "both"},
        {{.rsa_key_len = 511}, "e", "511"},
        {{.rsa_key_len = 20000}, "e", "20000"},
        {{.elliptic_curve = "secp256r2"}, "e", "curve"},
        {{.elliptic_curve = ""}, "e", "curve"},
        {{.digest = "sha257"}, "e", "digest"},
        {{.country_name = "POL"}, "e", "countryName"},
        {{.country_name = "P"}, "e", "countryName"},
        {{.country_name = "P\n"}, "e", "countryName"},
        {{.country_name = "\xc3\x93"}, "e", "countryName"},
        {{.email_address = "\xc3\xb3@x"}, "e", "emailAddress"},
        {{.subject_alt_name = "a_b.de"}, "e", "subjectAltName"},
        {{.subject_alt_name = "-a.de"}, "e", "neither a URI nor the name of a host"},
        {{.organization_name = long_name}, "e", "organizationName"},
        {{.organization_unit_name = long_name}, "e", "organizationUnitName"},
        {{.organization_unit_name = "U\x1b[2J"}, "e", "control"},
        {{.locality_name = ""}, "e", "localityName"},
        {{.state_or_province_name = "\xff"}, "e", "stateOrProvinceName"},
        {{.common_name = long_name}, "e", "commonName"},
        {{0}, long_name, "endpoint name"},
        {{0}, NULL, "name"},
        {{.serial_number = "0"}, "e", "serialNumber"},
        {{.serial_number = "-1"}, "e", "serialNumber"},
        {{.serial_number = ""}, "e", "serialNumber"},
        {{.serial_number = "0x"}, "e", "serialNumber"},
        {{.serial_number = "12a"}, "e", "serialNumber"},
        {{.serial_number = p159}, "e", "serialNumber"},
        {{.validity_offset_seconds = -1}, "e", "validityOffset"},
        {{.validity_offset_seconds = INT64_MAX}, "e", "9999"},
    };

    (void)state;
    memset(long_name, 'x', sizeof long_name);
    long_name[65] = '\0';
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signet_error err = {0};
        struct signet_key *key = NULL;
        struct signet_cert *cert = NULL;
        int rc = signet_key_generate(&key, &rows[i].info, NULL, &err);

        if (!rc)
            rc = signet_cert_make(&cert, key, &rows[i].info, rows[i].endpoint, NULL, &err);
        if (rc != SIGNET_E_MEANING || !strstr(err.msg, rows[i].word))
            fail_msg("row %zu: %d '%s'", i, rc, err.msg);
        assert_null(strchr(err.msg, '\n'));
        assert_null(cert);
        signet_key_free(&key);
    }
}

static void test_serials(void **state)
{
    static const struct {
        const char *given, *hex;
    } rows[] = {{"1", "01"},
                {"255", "ff"},
                {"0x80", "80"},
                {"0xABCdef", "abcdef"},
                {"0007", "07"},
                {"730750818665451459101842416358141509827966271487",
                 "7fffffffffffffffffffffffffffffffffffffff"}};
    struct signet_key *key = NULL;
    struct signet_cert *cert = NULL;
    struct signet_cert_view view;
    struct signet_error err;

    (void)state;
    assert_int_equal(signet_key_generate(&key, NULL, NULL, &err), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signet_cert_info info = {.serial_number = (char *)rows[i].given};

        assert_int_equal(signet_cert_make(&cert, key, &info, "e", NULL, &err), 0);
        assert_int_equal(signet_cert_describe(cert, &view, &err), 0);
        assert_string_equal(view.serial, rows[i].hex);
        signet_cert_free(&cert);
    }
    signet_key_free(&key);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void test_random_serials(void **state)
{
    enum { N = 10000 };
    char(*seen)[64] = calloc(N, sizeof *seen);
    struct signet_key *key = NULL;
    struct signet_cert *cert = NULL;
    struct signet_cert_view view;
    struct signet_error err;

    (void)state;
    assert_non_null(seen);
    assert_int_equal(signet_key_generate(&key, NULL, NULL, &err), 0);
    for (int i = 0; i < N; i++) {
        assert_int_equal(signet_cert_make(&cert, key, NULL, "e", NULL, &err), 0);
        assert_int_equal(signet_cert_describe(cert, &view, &err), 0);
        assert_true(strlen(view.serial) < 40 || view.serial[0] < '8');
        assert_true(strlen(view.serial) > 16 && view.serial[0] != '-');
        memcpy(seen[i], view.serial, 64);
        signet_cert_free(&cert);
    }
    qsort(seen, N, sizeof *seen, by_text);
    for (int i = 1; i < N; i++)
        assert_string_not_equal(seen[i - 1], seen[i]);
    signet_key_free(&key);
    free(seen);
}

static bool holds(const struct signet_bytes *der, const char *tag_and_text, size_t len)
{
    return memmem(der->data, der->len, tag_and_text, len) != NULL;
}

/* 64 bytes of RSA cannot hold a SHA-512 with its name. */
static void an_rsa_key_too_short_for_the_digest(void **state)
{
    struct signet_cert_info info = {.rsa_key_len = 512, .digest = (char *)"sha512"};
    struct signet_key *key = NULL;
    struct signet_cert *cert = NULL;
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(signet_key_generate(&key, &info, NULL, &err), SIGNET_OK);
    assert_int_equal(signet_cert_make(&cert, key, &info, "e", NULL, &err), SIGNET_E_CRYPTO);
    assert_non_null(strstr(err.msg, "cannot make a certificate: cannot sign the certificate: "));
    assert_string_equal(err.hint, "an RSA key of 512 bits is too short for this digest");
    assert_null(cert);
    signet_key_free(&key);
}

static void a_clock_that_is_not_set(void **state)
{
    /* one that began in 1970, and others that nobody has set */
    static const int64_t times[] = {-1, 12345, 1700000000, 4133980800, 253402300800};
    static const char begin[] = "cannot make a certificate: this machine's clock is wrong: it is ";
    struct signet_key *key = NULL;
    struct signet_cert *cert = NULL;
    struct signet_error err = {0};

    (void)state;
    clock_is_judged = true;
    assert_int_equal(signet_key_generate(&key, NULL, NULL, &err), SIGNET_OK);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        now = times[i];
        assert_int_equal(signet_cert_make(&cert, key, NULL, "e", NULL, &err), SIGNET_E_IO);
        assert_memory_equal(err.msg, begin, sizeof begin - 1);
        assert_int_equal(signet_error_class(&err), SIGNET_CLASS_STATION);
        assert_string_equal(err.hint, "set this machine's clock");
    }
    clock_is_judged = false;
    now = 1700000000;
    signet_key_free(&key);
}

static void test_dates(void **state)
{
    static const struct {
        int64_t now, offset;
        const char *from, *to; /* tag, length, text */
    } rows[] = {
        {1700000000, 1,
         "\x17\x0d"
         "231114221320Z",
         "\x17\x0d"
         "231114221321Z"},
        {2524607998, 1,
         "\x17\x0d"
         "491231235958Z",
         "\x17\x0d"
         "491231235959Z"},
        {2524607999, 1,
         "\x17\x0d"
         "491231235959Z",
         "\x18\x0f"
         "20500101000000Z"},
        {2524608000, 1,
         "\x18\x0f"
         "20500101000000Z",
         "\x18\x0f"
         "20500101000001Z"},
        {1709164800, 86400,
         "\x17\x0d"
         "240229000000Z",
         "\x17\x0d"
         "240301000000Z"},
        {4107542399, 1,
         "\x18\x0f"
         "21000228235959Z",
         "\x18\x0f"
         "21000301000000Z"},
        {0, 253402300799,
         "\x17\x0d"
         "700101000000Z",
         "\x18\x0f"
         "99991231235959Z"},
    };
    struct signet_key *key = NULL;
    struct signet_cert *cert = NULL;
    struct signet_error err;

    (void)state;
    assert_int_equal(signet_key_generate(&key, NULL, NULL, &err), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signet_cert_info info = {.validity_offset_seconds = rows[i].offset};
        struct signet_bytes der = {0};

        now = rows[i].now;
        assert_int_equal(signet_cert_make(&cert, key, &info, "e", NULL, &err), 0);
        assert_int_equal(signet_cert_der(cert, &der, &err), 0);
        assert_true(holds(&der, rows[i].from, strlen(rows[i].from)));
        assert_true(holds(&der, rows[i].to, strlen(rows[i].to)));

        warnings = 0;
        assert_int_equal(signet_cert_check_dates(cert, &observer, &err), 0);
        assert_int_equal(warnings, rows[i].offset < 30 * 86400 ? 1 : 0);
        now = rows[i].now - 1;
        assert_int_equal(signet_cert_check_dates(cert, NULL, &err), SIGNET_E_CERT);
        assert_non_null(strstr(err.msg, "not valid before"));
        now = rows[i].now + rows[i].offset + 1;
        assert_int_equal(signet_cert_check_dates(cert, NULL, &err), SIGNET_E_CERT);
        assert_non_null(strstr(err.msg, "expired"));
        signet_bytes_free(&der);
        signet_cert_free(&cert);
    }
    now = 1700000000;
    signet_key_free(&key);
}

static void test_names(void **state)
{
    struct signet_cert_info info = {.country_name = "PL",
                                    .state_or_province_name = "Ma\xc5\x82opolskie",
                                    .locality_name = "Krak\xc3\xb3w",
                                    .organization_name = "O",
                                    .organization_unit_name = "U",
                                    .email_address = "a@b",
                                    .common_name = "c,n"};
    struct signet_key *key = NULL;
    struct signet_cert *cert = NULL;
    struct signet_cert_view view;
    struct signet_bytes der = {0};
    struct signet_error err;

    (void)state;
    make(&info, &key, &cert);
    assert_int_equal(signet_cert_describe(cert, &view, &err), 0);
    assert_non_null(strstr(view.subject, "CN=\"c,n\""));
    assert_int_equal(signet_cert_der(cert, &der, &err), 0);
    assert_true(holds(&der, "\x13\x02PL", 4));
    assert_true(holds(&der, "\x0c\x07Krak\xc3\xb3w", 9));
    assert_true(holds(&der,
                      "\x16\x03"
                      "a@b",
                      5));
    assert_true(holds(&der,
                      "\x0c\x03"
                      "c,n",
                      5));
    signet_bytes_free(&der);
    signet_cert_free(&cert);
    signet_key_free(&key);
}

static void *make_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < 50; i++) {
        struct signet_key *key = NULL;
        struct signet_cert *cert = NULL;

        if (signet_key_generate(&key, NULL, NULL, NULL) ||
            signet_cert_make(&cert, key, NULL, "e", NULL, NULL) ||
            signet_cert_check_key(cert, key, NULL))
            return "failed";
        signet_cert_free(&cert);
        signet_key_free(&key);
    }
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[4];
    void *failed;

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, NULL), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

static void test_no_random(void **state)
{
    struct signet_key *key = NULL;
    struct signet_cert *cert = NULL;
    struct secret psk = {0};
    struct signet_error err;

    (void)state;
    assert_int_equal(signet_key_generate(&key, NULL, NULL, &err), 0);
    random_fails = true;
    assert_int_equal(signet_cert_make(&cert, key, NULL, "e", NULL, &err), SIGNET_E_CRYPTO);
    assert_null(cert);
    assert_int_equal(psk_mint(&psk, 32, false, &err), SIGNET_E_CRYPTO);
    assert_int_equal(psk_mint(&psk, 32, true, &err), SIGNET_E_CRYPTO);
    assert_null(psk.data);
    random_fails = false;
    signet_key_free(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curves),
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_serials),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(an_rsa_key_too_short_for_the_digest),
        cmocka_unit_test(a_clock_that_is_not_set),
        cmocka_unit_test(test_random_serials),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_no_random),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
