/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* P-256's base point as an owner, index 0x01800021: what tpm2_nvreadpublic showed of it in swtpm.
 */
static const char owner_text[] = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                                 "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
static const char policy_text[] =
    "18db26087a6dffb10a49a8f4ac8e72b86516a5c2723292daf8cc2d89459cc243";
static const char name_text[] =
    "000bedccf764e60c3ce3f07b6be97a0b057dc94a7cab25e21836452e812c5783a73e";

static void policies_are_as_a_tpm_computes_them(void **state)
{
    uint8_t owner[P256_POINT], policy[32], name[NAME_LEN];
    char hex[2 * NAME_LEN + 1];

    (void)state;
    hex_decode(owner_text, 2 * P256_POINT, owner, sizeof(owner));
    assert_int_equal(policy_owner(owner, policy, NULL), 0);
    hex_encode(policy, sizeof(policy), hex);
    assert_string_equal(hex, policy_text);
    assert_int_equal(policy_index_name(0x01800021, owner, false, name, NULL), 0);
    hex_encode(name, sizeof(name), hex);
    assert_string_equal(hex, name_text);
    assert_int_equal(policy_index_name(0x01800021, owner, true, name, NULL), 0);
    hex_encode(name, sizeof(name), hex);
    assert_string_not_equal(hex, name_text);
}

static void a_statement_is_nonce_no_expiration_and_command(void **state)
{
    static const uint8_t zeros[4] = {0};
    uint8_t name[NAME_LEN] = {1}, nonce[NONCE_LEN] = {2}, one[STATEMENT_LEN], two[STATEMENT_LEN],
            pin[PIN_LEN];

    (void)state;
    policy_pin(0x01020304, pin);
    assert_memory_equal(pin, "\0\0\0\0\1\2\3\4", PIN_LEN);
    assert_int_equal(policy_statement(name, nonce, 1, one, NULL), 0);
    assert_int_equal(policy_statement(name, nonce, 2, two, NULL), 0);
    assert_memory_equal(one, nonce, NONCE_LEN);
    assert_memory_equal(one + NONCE_LEN, zeros, sizeof(zeros));
    assert_memory_not_equal(one + NONCE_LEN + 4, two + NONCE_LEN + 4, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_are_as_a_tpm_computes_them),
        cmocka_unit_test(a_statement_is_nonce_no_expiration_and_command)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
