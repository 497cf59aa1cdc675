/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and certificates that are read: what is told about each that cannot be used, and texts of
 * unusual certificates. */
#include "pki/pki.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct signet_key *key;
static struct signet_bytes key_der, cert_der, key_pem, cert_pem;

static int set_up(void **state)
{
    struct signet_cert_info info = {.serial_number = (char *)"0x1122334455667788"};
    struct signet_cert *cert = NULL;
    int rc;

    (void)state;
    if ((rc = signet_key_generate(&key, NULL, NULL, NULL)) ||
        (rc = signet_cert_make(&cert, key, &info, "urn:dev:1", NULL, NULL)) ||
        (rc = signet_key_der(key, &key_der, NULL)) || (rc = signet_key_pem(key, &key_pem, NULL)) ||
        (rc = signet_cert_der(cert, &cert_der, NULL)))
        return rc;
    rc = signet_cert_pem(cert, &cert_pem, NULL);
    signet_cert_free(&cert);
    return rc;
}

static int tear_down(void **state)
{
    (void)state;
    signet_key_free(&key);
    signet_bytes_free(&key_der);
    signet_bytes_free(&key_pem);
    signet_bytes_free(&cert_der);
    signet_bytes_free(&cert_pem);
    return 0;
}

/* What is said, without the place in the PEM. */
static const char *behind_place(char *msg)
{
    char *place = strstr(msg, " (line ");

    if (place)
        *place = '\0';
    return msg;
}

static void cert_says(const void *data, size_t len, const char *message)
{
    struct signet_cert *cert = NULL;
    struct signet_error err = {0};

    assert_int_equal(signet_cert_load(&cert, data, len, &err), message ? SIGNET_E_CERT : SIGNET_OK);
    assert_string_equal(behind_place(err.msg), message ? message : "");
    assert_true(!message == !!cert);
    signet_cert_free(&cert);
}

static void key_says(const void *data, size_t len, const char *message, const char *hint)
{
    struct signet_key *loaded = NULL;
    struct signet_error err = {0};

    assert_int_equal(signet_key_load(&loaded, data, len, &err),
                     message ? SIGNET_E_CERT : SIGNET_OK);
    assert_string_equal(behind_place(err.msg), message ? message : "");
    assert_null(memmem(err.excerpt, strlen(err.excerpt), "MI", 2)); /* of no key */
    assert_string_equal(err.hint, hint ? hint : "");
    assert_true(!message == !!loaded);
    signet_key_free(&loaded);
}

#define CERT_ONLY "give a file with the certificate only"
#define KEY_ONLY  "give a file with the private key only"
#define SWAPPED   KEY_ONLY "; are the two files swapped?"

/* %K: the key as PEM; %C: the certificate. */
static struct buf fill(const char *format)
{
    struct buf b = {0};

    for (; *format; format++) {
        if (format[0] == '%' && format[1] == 'K')
            buf_append(&b, key_pem.data, key_pem.len);
        else if (format[0] == '%' && format[1] == 'C')
            buf_append(&b, cert_pem.data, cert_pem.len);
        else
            buf_byte(&b, (uint8_t)*format);
        format += format[0] == '%';
    }
    return b;
}

static void blocks_of_pem(void **state)
{
    static const struct {
        const char *format, *as_key, *hint, *as_cert;
    } rows[] = {
        {"text\n%K", NULL, NULL, "there is a private key in this certificate file"},
        {"%C", "there is a certificate in this private key file", SWAPPED, NULL},
        {"%K%C", "there is a certificate in this private key file", SWAPPED,
         "there is a private key in this certificate file"},
        {"%K%K", "more than one private key in one PEM file", "keep the device's own key",
         "there is a private key in this certificate file"},
        {"%C%C", "there is a certificate in this private key file", SWAPPED,
         "more than one certificate in one PEM file"},
        {"-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n%K", NULL, NULL,
         "the PEM holds something that is not a certificate"},
        {"-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n",
         "there is no private key in the PEM", NULL,
         "the PEM holds something that is not a certificate"},
        {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
         "this is a public key, not a private key", KEY_ONLY,
         "this is a public key, not a certificate"},
        {"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
         "this is a certificate request, not a private key", KEY_ONLY,
         "this is a certificate request, not a certificate"},
        {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
         "the private key is encrypted", "decrypt the key first",
         "there is a private key in this certificate file"},
        {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n-----END RSA PRIVATE KEY-----",
         "the private key is encrypted", "decrypt the key first",
         "there is a private key in this certificate file"},
        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----",
         "malformed PEM: no END line belongs to the BEGIN line", "was the file cut short?",
         "malformed PEM: no END line belongs to the BEGIN line"},
        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY----",
         "malformed PEM: no END line belongs to the BEGIN line", "was the file cut short?",
         "malformed PEM: no END line belongs to the BEGIN line"},
        {"-----BEGIN PRIVATE KEY", "malformed PEM: a BEGIN line without an end",
         "it ends with five dashes: -----BEGIN CERTIFICATE-----",
         "malformed PEM: a BEGIN line without an end"},
        {"-----BEGIN AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-----",
         "malformed PEM: a BEGIN line without an end",
         "it ends with five dashes: -----BEGIN CERTIFICATE-----",
         "malformed PEM: a BEGIN line without an end"},
        {"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
         "empty: there is no private key in it", NULL,
         "there is a private key in this certificate file"},
        {"-----BEGIN PRIVATE KEY-----\nAAA\n-----END PRIVATE KEY-----",
         "malformed PEM: the private key is not base64",
         "copy the file again: something was changed or left out in between",
         "there is a private key in this certificate file"},
        {"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----",
         "not a private key (PKCS#8, SEC1 or PKCS#1)",
         "was the file damaged? openssl pkey -noout -check -in FILE tries it",
         "there is a private key in this certificate file"},
        {"-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----",
         "1 bytes follow the DER of the private key",
         "copy the file again: it is one value, and nothing behind it",
         "there is a private key in this certificate file"},
        {"nothing", "neither DER nor PEM: not a private key",
         "PEM has a line -----BEGIN ...-----; DER is binary",
         "neither DER nor PEM: not a certificate"},
        {"0-----BEGIN %C", "malformed PEM: no END line belongs to the BEGIN line",
         "was the file cut short?", "malformed PEM: no END line belongs to the BEGIN line"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = fill(rows[i].format);

        key_says(b.data, b.len, rows[i].as_key, rows[i].hint);
        cert_says(b.data, b.len, rows[i].as_cert);
        buf_free(&b);
    }
}

static void der_of_the_other_kind(void **state)
{
    (void)state;
    key_says(key_der.data, key_der.len, NULL, NULL);
    cert_says(cert_der.data, cert_der.len, NULL);
    key_says(cert_der.data, cert_der.len, "this is a certificate, not a private key", NULL);
    cert_says(key_der.data, key_der.len, "this is a private key, not a certificate");
    cert_says("\x30\x02\x30\x00", 4, "not an X.509 certificate");
    cert_says("", 0, "empty: there is no certificate in it");
}

/* A point in another form is of the same key: devices get both coordinates. */
/* A certificate that OpenSSL reads with a length of four bytes; a PKCS#12, whose version is 3. */
static void der_that_is_none(void **state)
{
    static const uint8_t pkcs12[] = {0x30, 0x09, 0x02, 0x01, 0x03, 0x30,
                                     0x04, 0x06, 0x02, 0x2a, 0x03};
    uint8_t long_form[2048] = {0x30, 0x84, 0, 0};

    (void)state;
    memcpy(long_form + 4, cert_der.data + 2, cert_der.len - 2);
    cert_says(
        long_form, cert_der.len + 2,
        "it is BER, and no DER: a length in it is not in its shortest form (RFC 5280, section "
        "4.1)");
    cert_says(pkcs12, sizeof pkcs12, "this is a PKCS#12 container, not a certificate");
}

/* RFC 5915, section 3: some make it longer by a zero, or shorter where its first byte is none. */
static void a_key_is_as_long_as_its_curve(void **state)
{
    uint8_t der[256];
    struct signet_error err = {0};
    const uint8_t *number = memmem(key_der.data, key_der.len, "\x02\x01\x01\x04\x20", 5);
    size_t at = (size_t)(number - key_der.data) + 5;

    (void)state;
    assert_int_equal(key_fits_stacks(key_der.data, key_der.len, key, &err), SIGNET_OK);
    memcpy(der, key_der.data, at);
    der[at] = 0;
    memcpy(der + at + 1, key_der.data + at, key_der.len - at);
    der[at - 1]++; /* lengths: of the number, of the key, of its wrapper, of all */
    der[at - 6]++;
    der[at - 8]++;
    der[2]++;
    assert_int_equal(key_fits_stacks(der, key_der.len + 1, key, &err), SIGNET_E_CERT);
    assert_non_null(strstr(err.msg, "is not as long as the curve's order (RFC 5915, section 3)"));
    assert_int_equal(key_fits_stacks(der, key_der.len + 1, NULL, &err), SIGNET_OK);
}

static void forms_of_a_point(void **state)
{
    static const char *const forms[] = {"compressed", "hybrid", "uncompressed"};
    const unsigned char *at = key_der.data;
    EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &at, (long)key_der.len);

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct signet_key *loaded = NULL;
        struct signet_bytes der = {0};
        unsigned char *form = NULL;
        char type[64];
        uint8_t want[32], hash[32];

        assert_int_equal(EVP_PKEY_set_utf8_string_param(
                             pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, forms[i]),
                         1);
        int len = i2d_PrivateKey(pkey, &form);
        assert_true(len > 0);
        assert_int_equal(signet_key_load(&loaded, form, (size_t)len, NULL), SIGNET_OK);
        assert_int_equal(signet_key_der(loaded, &der, NULL), SIGNET_OK);
        assert_int_equal(der.len, key_der.len);
        assert_memory_equal(der.data, key_der.data, der.len);
        assert_int_equal(signet_key_describe(key, type, want, NULL), SIGNET_OK);
        assert_int_equal(signet_key_describe(loaded, type, hash, NULL), SIGNET_OK);
        assert_memory_equal(hash, want, 32);
        signet_bytes_free(&der);
        signet_key_free(&loaded);
        OPENSSL_free(form);
    }
    EVP_PKEY_free(pkey);
}

static void size_is_limited(void **state)
{
    static uint8_t large[64 * 1024 + 1] = {0x30, 0x83, 0x00, 0xff, 0xfb};
    struct signet_cert *cert = NULL;
    struct signet_key *none = NULL;
    struct signet_error err = {0};

    (void)state;
    cert_says(large, sizeof large - 1, "not an X.509 certificate");
    assert_int_equal(signet_cert_load(&cert, large, sizeof large, &err), SIGNET_E_LIMIT);
    assert_string_equal(err.msg, "65537 bytes are too many for a certificate");
    assert_int_equal(signet_key_load(&none, large, sizeof large, &err), SIGNET_E_LIMIT);
    assert_string_equal(err.msg, "65537 bytes are too many for a private key");
}

/* Where the bytes stand in the certificate. */
static uint8_t *find(const char *what, size_t len)
{
    uint8_t *at = memmem(cert_der.data, cert_der.len, what, len);

    assert_non_null(at);
    return at;
}

static void unusual_certificates(void **state)
{
    struct signet_cert *cert = NULL;
    struct signet_cert_view view;
    struct cert_facts facts;
    struct signet_error err = {0};
    char name[CERT_NAME_SIZE];
    uint8_t *at;

    (void)state;
    *find("\x11\x22\x33\x44", 4) = 0x91; /* the serial number is now below zero */
    assert_int_equal(signet_cert_load(&cert, cert_der.data, cert_der.len, &err), SIGNET_OK);
    assert_int_equal(signet_cert_describe(cert, &view, &err), SIGNET_OK);
    assert_string_equal(view.serial, "-6eddccbbaa998878");
    signet_cert_free(&cert);

    at = find("Z\x17\x0d", 3); /* the end of notBefore */
    *at = 'x';
    assert_int_equal(signet_cert_load(&cert, cert_der.data, cert_der.len, &err), SIGNET_OK);
    assert_int_equal(signet_cert_check_dates(cert, NULL, &err), SIGNET_E_CERT);
    assert_string_equal(err.msg, "a date in the certificate is malformed");
    assert_int_equal(signet_cert_describe(cert, &view, &err), SIGNET_E_CERT);
    signet_cert_free(&cert);
    *at = 'Z';

    at = find("\x2a\x86\x48\xce\x3d\x02\x01", 7); /* id-ecPublicKey */
    at[6] = 0x7f;
    cert_says(cert_der.data, cert_der.len, "the certificate's public key is unusable");
    at[6] = 0x01;

    assert_int_equal(cert_facts(cert_der.data, cert_der.len, &facts, &err), SIGNET_OK);
    assert_true(cert_common_name(cert_der.data, cert_der.len, name));
    assert_string_equal(name, "urn:dev:1");
    for (size_t len = 0; len < cert_der.len - 80; len++) { /* the signature is not looked at */
        if (cert_facts(cert_der.data, len, &facts, &err) != SIGNET_E_CERT)
            fail_msg("%zu bytes of %zu", len, cert_der.len);
        assert_false(cert_common_name(cert_der.data, len, name));
    }
}

/* The zero in front of a number whose first bit is set is not of the number. */
static void serial_numbers_are_told_alike(void **state)
{
    static const char *const numbers[] = {"0x80", "0x7f", "0xff00000000000000000000000000000001"};
    struct signet_cert_view view;
    struct cert_facts facts;

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct signet_cert_info info = {.serial_number = (char *)numbers[i]};
        struct signet_cert *cert = NULL;
        struct signet_bytes der = {0};

        assert_int_equal(signet_cert_make(&cert, key, &info, "e", NULL, NULL), SIGNET_OK);
        assert_int_equal(signet_cert_der(cert, &der, NULL), SIGNET_OK);
        assert_int_equal(cert_facts(der.data, der.len, &facts, NULL), SIGNET_OK);
        assert_int_equal(signet_cert_describe(cert, &view, NULL), SIGNET_OK);
        assert_string_equal(facts.serial, numbers[i] + 2);
        assert_string_equal(view.serial, numbers[i] + 2);
        assert_string_equal(facts.issuer, view.issuer);
        assert_memory_equal(facts.key_sha256, view.key_sha256, 32);
        signet_bytes_free(&der);
        signet_cert_free(&cert);
    }
}

static void long_names_are_cut(void **state)
{
    char state_name[129], email[256], unit[65];
    struct signet_cert_info info = {.state_or_province_name = state_name,
                                    .locality_name = state_name,
                                    .organization_unit_name = unit,
                                    .email_address = email};
    struct signet_cert *cert = NULL;
    struct signet_cert_view view;

    (void)state;
    memset(state_name, 's', 128);
    memset(email, 'e', 255);
    memset(unit, 'u', 64);
    state_name[128] = email[255] = unit[64] = '\0';
    assert_int_equal(signet_cert_make(&cert, key, &info, "urn:dev:1", NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_describe(cert, &view, NULL), SIGNET_OK);
    assert_int_equal(strlen(view.subject), sizeof view.subject - 1);
    assert_string_equal(view.subject + sizeof view.subject - 5, "e...");
    assert_string_equal(view.issuer, view.subject);
    signet_cert_free(&cert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blocks_of_pem, set_up, tear_down),
        cmocka_unit_test_setup_teardown(der_of_the_other_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forms_of_a_point, set_up, tear_down),
        cmocka_unit_test_setup_teardown(der_that_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_is_as_long_as_its_curve, set_up, tear_down),
        cmocka_unit_test_setup_teardown(size_is_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unusual_certificates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(serial_numbers_are_told_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_names_are_cut, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
