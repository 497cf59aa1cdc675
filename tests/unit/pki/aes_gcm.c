/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t counted[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
static const struct secret key = {.data = (uint8_t *)(uintptr_t)counted, .len = sizeof(counted)};
static const struct buf row = {.data = (uint8_t *)(uintptr_t) "row 1", .len = 5};
static const struct buf nothing;

/* What cryptography, a package of Python, makes of the same. */
static void the_bytes_are_those_of_another_implementation(void **state)
{
    static const uint8_t expected[] =
        "\x3c\x7e\xa6\x12\x0c\xb2\xea\x1a\x66\xed\xa2\x5c\xb6\x9d\x66\x89\x72\xba\xbc\x45";
    static const uint8_t of_nothing[] =
        "\x60\x9b\xd5\x0f\x6a\xd7\x6d\xf6\x65\xf0\x48\xba\x8c\x5f\xd7\x06";
    const struct aes_gcm with = {
        .key = &key, .nonce = (const uint8_t *)"defghijklmno", .aad = &row};
    const struct aes_gcm bare = {.key = &key, .nonce = with.nonce, .aad = &nothing};
    uint8_t out[20], back[4];

    (void)state;
    assert_int_equal(aes_gcm_encrypt(&with, "text", 4, out, NULL), SIGNET_OK);
    assert_memory_equal(out, expected, sizeof(expected) - 1);
    assert_int_equal(aes_gcm_decrypt(&with, out, 4, back, NULL), SIGNET_OK);
    assert_memory_equal(back, "text", 4);
    assert_int_equal(aes_gcm_encrypt(&bare, "", 0, out, NULL), SIGNET_OK);
    assert_memory_equal(out, of_nothing, sizeof(of_nothing) - 1);
    assert_int_equal(aes_gcm_decrypt(&bare, out, 0, back, NULL), SIGNET_OK);
}

static void what_was_changed_does_not_open(void **state)
{
    struct aes_gcm with = {.key = &key, .nonce = (const uint8_t *)"defghijklmno", .aad = &row};
    struct signet_error err;
    uint8_t out[20], back[4];

    (void)state;
    assert_int_equal(aes_gcm_encrypt(&with, "text", 4, out, &err), SIGNET_OK);
    for (size_t i = 0; i < sizeof(out); i++) {
        out[i] ^= 1;
        assert_int_equal(aes_gcm_decrypt(&with, out, 4, back, &err), SIGNET_E_CRYPTO);
        assert_non_null(strstr(err.msg, "another key"));
        out[i] ^= 1;
    }
    with.aad = &nothing;
    assert_int_equal(aes_gcm_decrypt(&with, out, 4, back, &err), SIGNET_E_CRYPTO);
    with.aad = &row;
    with.nonce = (const uint8_t *)"defghijklmnp";
    assert_int_equal(aes_gcm_decrypt(&with, out, 4, back, &err), SIGNET_E_CRYPTO);
}

static void sizes_are_checked(void **state)
{
    const struct secret short_key = {.data = key.data, .len = 31};
    const struct buf large = {.data = key.data, .len = AES_GCM_MAX + 1};
    struct aes_gcm with = {.key = &short_key, .nonce = key.data, .aad = &row};
    uint8_t out[20];

    (void)state;
    assert_int_equal(aes_gcm_encrypt(&with, "text", 4, out, NULL), SIGNET_E_USAGE);
    assert_int_equal(aes_gcm_decrypt(&with, out, 4, out, NULL), SIGNET_E_USAGE);
    with.key = &key;
    assert_int_equal(aes_gcm_encrypt(&with, "text", AES_GCM_MAX + 1, out, NULL), SIGNET_E_LIMIT);
    with.aad = &large;
    assert_int_equal(aes_gcm_encrypt(&with, "text", 4, out, NULL), SIGNET_E_LIMIT);
    assert_int_equal(aes_gcm_decrypt(&with, out, 4, out, NULL), SIGNET_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_those_of_another_implementation),
        cmocka_unit_test(what_was_changed_does_not_open),
        cmocka_unit_test(sizes_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
