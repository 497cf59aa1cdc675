/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* RFC 6979, A.2.5: P-256, SHA-256, "sample" */
static const char published_point[] =
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
static const char published_signature[] =
    "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";

static void a_published_signature_is_verified(void **state)
{
    uint8_t point[P256_POINT], signature[P256_POINT], digest[32];
    struct signet_error err = {0};

    (void)state;
    hex_decode(published_point, 2 * P256_POINT, point, sizeof(point));
    hex_decode(published_signature, 2 * P256_POINT, signature, sizeof(signature));
    assert_int_equal(sha256("sample", 6, digest, NULL), 0);
    assert_int_equal(p256_verify(point, digest, sizeof(digest), signature, &err), 0);
    signature[63] ^= 1;
    assert_int_equal(p256_verify(point, digest, sizeof(digest), signature, &err), SIGNET_E_CRYPTO);
    memset(signature, 0, sizeof(signature));
    assert_int_equal(p256_verify(point, digest, sizeof(digest), signature, &err), SIGNET_E_CRYPTO);
    memset(point, 0, sizeof(point));
    assert_int_equal(p256_verify(point, digest, sizeof(digest), signature, &err), SIGNET_E_CRYPTO);
}

static void a_point_is_on_the_curve(void **state)
{
    uint8_t point[P256_POINT];

    (void)state;
    hex_decode(published_point, 2 * P256_POINT, point, sizeof(point));
    assert_true(p256_is_point(point));
    point[63] ^= 1;
    assert_false(p256_is_point(point));
    memset(point, 0, sizeof(point));
    assert_false(p256_is_point(point));
    memset(point, 0xff, sizeof(point)); /* larger than the field */
    assert_false(p256_is_point(point));
}

static void what_it_signs_it_verifies(void **state)
{
    uint8_t point[P256_POINT], signature[P256_POINT], digest[32];
    struct signet_key *key = NULL;

    (void)state;
    assert_int_equal(signet_key_generate(&key, NULL, NULL, NULL), 0);
    assert_int_equal(p256_point(key, point, NULL), 0);
    assert_int_equal(p256_sign(key, "text", 4, signature, NULL), 0);
    assert_int_equal(sha256("text", 4, digest, NULL), 0);
    assert_int_equal(p256_verify(point, digest, sizeof(digest), signature, NULL), 0);
    signet_key_free(&key);
}

static void a_key_on_another_curve_is_refused(void **state)
{
    uint8_t point[P256_POINT];
    const struct signet_cert_info other = {.elliptic_curve = (char[]){"secp384r1"}};
    struct signet_key *key = NULL;

    (void)state;
    assert_int_equal(signet_key_generate(&key, &other, NULL, NULL), 0);
    assert_int_equal(p256_point(key, point, NULL), SIGNET_E_CERT);
    signet_key_free(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_published_signature_is_verified),
                                       cmocka_unit_test(a_point_is_on_the_curve),
                                       cmocka_unit_test(what_it_signs_it_verifies),
                                       cmocka_unit_test(a_key_on_another_curve_is_refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
