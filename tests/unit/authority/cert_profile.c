/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles of certificates: the three that are built in, byte for byte where a standard says so,
 * and files. */
#include "authority/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "../ca.h"

static char folder[FOLDER_SIZE], chain[200], key[200], own[200];
static struct signet_key *device;

static X509 *sign(const char *profile, const char *serial, struct signet_error *err)
{
    const struct signet_authority_info info = {.chain = chain, .key = key, .profile = profile};
    const struct signet_authority_options options = {.info = &info};
    const struct signet_authority_subject subject = {.endpoint = "urn:dev:os:1", .serial = serial};
    struct signet_authority *a = NULL;
    struct signet_cert *cert = NULL;
    struct signet_bytes der = {0};
    X509 *x = NULL;

    *err = (struct signet_error){0};
    if (signet_authority_open(&a, &options, err) == SIGNET_OK &&
        signet_authority_sign_key(a, device, &subject, NULL, &cert, NULL, err) == SIGNET_OK) {
        assert_int_equal(signet_cert_der(cert, &der, NULL), 0);
        const unsigned char *at = der.data;
        x = d2i_X509(NULL, &at, (long)der.len);
        assert_non_null(x);
    }
    signet_bytes_free(&der);
    signet_cert_free(&cert);
    signet_authority_close(&a);
    return x;
}

static X509 *sign_own(const char *text, struct signet_error *err)
{
    FILE *f = fopen(own, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return sign(own, "SN-7", err);
}

static bool has(X509 *x, int nid)
{
    return X509_get_ext_by_NID(x, nid, -1) >= 0;
}

static void built_in_profiles(void **state)
{
    struct signet_error err;
    char text[80];
    X509 *x = sign(NULL, NULL, &err);

    (void)state;
    assert_non_null(x);
    assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_get_extended_key_usage(x), XKU_SSL_CLIENT);
    assert_true(has(x, NID_authority_key_identifier) && has(x, NID_subject_alt_name));
    assert_false(has(x, NID_subject_key_identifier));
    X509_free(x);

    x = sign("idevid", "SN-7", &err);
    assert_non_null(x);
    assert_int_equal(ASN1_STRING_length(X509_get0_notAfter(x)), 15);
    assert_memory_equal(ASN1_STRING_get0_data(X509_get0_notAfter(x)), "99991231235959Z", 15);
    assert_int_equal(
        X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_serialNumber, text, sizeof(text)),
        4);
    assert_string_equal(text, "SN-7");
    assert_false(has(x, NID_ext_key_usage));
    assert_true(has(x, NID_key_usage) && has(x, NID_authority_key_identifier));
    X509_free(x);
    x = sign("idevid", NULL, &err);
    assert_true(X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_serialNumber, text,
                                          sizeof(text)) == 12);
    X509_free(x);
    assert_null(sign("idevid", "SN_7", &err));
    assert_non_null(strstr(err.msg, "serial number 'SN_7'"));

    x = sign("reference", NULL, &err);
    assert_non_null(x);
    assert_int_equal(X509_get_ext_count(x), 0);
    X509_free(x);
}

/* RFC 4108: type and serial number of the hardware. */
static void hardware_names(void **state)
{
    static const uint8_t wanted[] = {0xa0, 0x1b, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07,
                                     0x08, 0x04, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x05, 0x2b, 0x06,
                                     0x01, 0x04, 0x07, 0x04, 0x04, 'S',  'N',  '-',  '7'};
    struct signet_error err;
    X509 *x = sign_own("base: idevid\nhardware_type: 1.3.6.1.4.7\nsubject_alt_name: false\n", &err);

    (void)state;
    assert_non_null(x);
    int at = X509_get_ext_by_NID(x, NID_subject_alt_name, -1);
    assert_true(at >= 0);
    ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(x, at));
    assert_int_equal(ASN1_STRING_length(value), sizeof(wanted) + 2);
    assert_memory_equal(ASN1_STRING_get0_data(value) + 2, wanted, sizeof(wanted));
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    assert_int_equal(sk_GENERAL_NAME_num(names), 1);
    assert_int_equal(sk_GENERAL_NAME_value(names, 0)->type, GEN_OTHERNAME);
    GENERAL_NAMES_free(names);
    X509_free(x);
}

/* RFC 7093, section 2, method 1 */
static void assert_key_id(X509 *x)
{
    const ASN1_BIT_STRING *public = X509_get0_pubkey_bitstr(x);
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(x);
    uint8_t hash[32];

    assert_int_equal(sha256(public->data, (size_t) public->length, hash, NULL), SIGNET_OK);
    assert_non_null(id);
    assert_int_equal(id->length, 20);
    assert_memory_equal(id->data, hash, 20);
}

static void files_of_profiles(void **state)
{
    struct signet_error err;
    X509 *x = sign_own("key_usage: [digitalSignature, keyAgreement]\n"
                       "extended_key_usage: [clientAuth, 1.3.6.1.4.1.99999.1]\n"
                       "subject_key_id: true\nauthority_key_id: false\nvalidity_days: 30\n",
                       &err);
    int days = 0, seconds = 0;

    (void)state;
    assert_non_null(x);
    assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT);
    EXTENDED_KEY_USAGE *purposes = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
    assert_int_equal(sk_ASN1_OBJECT_num(purposes), 2);
    EXTENDED_KEY_USAGE_free(purposes);
    assert_true(!has(x, NID_authority_key_identifier));
    assert_key_id(x);
    ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(x), X509_get0_notAfter(x));
    assert_int_equal(days, 30);
    X509_free(x);
    x = sign_own("base: reference\nkey_usage: [digitalSignature]\n", &err);
    assert_non_null(x);
    assert_int_equal(X509_get_ext_count(x), 1);
    X509_free(x);
}

/* 100 characters at most, nine digits a number, 39 as the second one behind 0 and 1. */
static void numbers_of_purposes(void **state)
{
    static const char *const taken[] = {"0.9", "1.39.4", "2.16.840", "2.100.3", "1.2.999999999"};
    static const char *const refused[] = {"0.40",   "1.40", "3.1",  "1",  "1.2x",
                                          "1.2.3-", "1.",   "1..2", ".1", "1.2.1234567890"};
    char text[160];
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        snprintf(text, sizeof(text), "extended_key_usage: [\"%s\"]\n", taken[i]);
        X509 *x = sign_own(text, &err);
        if (!x)
            fail_msg("%s: %s", taken[i], err.msg);
        X509_free(x);
    }
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        snprintf(text, sizeof(text), "extended_key_usage: [\"%s\"]\n", refused[i]);
        assert_null(sign_own(text, &err));
        if (!strstr(err.msg, "'extended_key_usage' cannot have"))
            fail_msg("%s: %s", refused[i], err.msg);
    }
    int used = snprintf(text, sizeof(text), "extended_key_usage: [\"1.2");
    for (int i = 0; i < 48; i++)
        used += snprintf(text + used, sizeof(text) - (size_t)used, ".7");
    snprintf(text + used, sizeof(text) - (size_t)used, "7\"]\n");
    X509 *x = sign_own(text, &err);
    assert_non_null(x);
    X509_free(x);
    snprintf(text + used, sizeof(text) - (size_t)used, "77\"]\n");
    assert_null(sign_own(text, &err));
}

static void usages_of_another_type_of_key(void **state)
{
    struct signet_error err;
    struct signet_key *ec = device;
    const struct signet_cert_info rsa = {.rsa_key_len = 1024};

    (void)state;
    assert_null(sign_own("key_usage: [keyEncipherment]\n", &err));
    assert_string_equal(
        err.msg,
        "cannot sign a certificate: an EC key cannot have keyEncipherment (RFC 8813, section 3)");
    device = NULL;
    assert_int_equal(signet_key_generate(&device, &rsa, NULL, NULL), SIGNET_OK);
    assert_null(sign_own("key_usage: [digitalSignature, keyAgreement]\n", &err));
    assert_non_null(
        strstr(err.msg, "an RSA key cannot have keyAgreement (RFC 3279, section 2.3.1)"));
    X509 *x = sign_own("key_usage: [digitalSignature, keyEncipherment]\n", &err);
    assert_non_null(x);
    X509_free(x);
    signet_key_free(&device);
    device = ec;
}

static void bad_files(void **state)
{
    static const char *const cases[][2] = {
        {"base: idevids\n", "'base'"},
        {"key_usage: []\n", "key_usage"},
        {"key_usage: [keyCertSign]\n", "'key_usage' cannot have 'keyCertSign'"},
        {"extended_key_usage: [clientauth]\n", "cannot have 'clientauth'"},
        {"extended_key_usage: [1.2.x]\n", "cannot have '1.2.x'"},
        {"extended_key_usage: [1.40.1]\n", "cannot have '1.40.1'"},
        {"extended_key_usage: [1.2.03]\n", "cannot have '1.2.03'"},
        {"hardware_type: 3.1\n", "'hardware_type' cannot have '3.1'"},
        {"validity_days: 0\n", "validity_days"},
        {"path_length: 0\n", "path_length"},
        {"", "empty"},
    };
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_null(sign_own(cases[i][0], &err));
        if (!strstr(err.msg, cases[i][1]) || !strstr(err.msg, "own.yaml"))
            fail_msg("'%s': %s", cases[i][0], err.msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_profiles),   cmocka_unit_test(hardware_names),
        cmocka_unit_test(files_of_profiles),   cmocka_unit_test(usages_of_another_type_of_key),
        cmocka_unit_test(numbers_of_purposes), cmocka_unit_test(bad_files),
    };

    if (!folder_make(folder) || signet_key_generate(&device, NULL, NULL, NULL))
        return 1;
    snprintf(chain, sizeof(chain), "%s/chain.pem", folder);
    snprintf(key, sizeof(key), "%s/ca.key", folder);
    snprintf(own, sizeof(own), "%s/own.yaml", folder);
    struct test_ca ca = ca_make("root", "EC", NULL, NULL);
    ca_write_cert(chain, &ca);
    ca_write_key(key, &ca, NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    ca_free(&ca);
    signet_key_free(&device);
    return failed;
}
