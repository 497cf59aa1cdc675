/* SPDX-License-Identifier: Apache-2.0 */
/* tpm2-tss is not installed here.
 * wrap: library_load
 */
#include "unit/tpm/fake.h"

#include <setjmp.h>

#include <cmocka.h>

static void without_its_library_there_is_no_tpm(void **state)
{
    struct signet_error err = {0};
    struct tpm t;

    fake.absent = true;
    assert_int_equal(tpm_open(&t, FAKE_CONF, &err), SIGNET_E_UNSUPPORTED);
    assert_non_null(strstr(err.hint, "libtss2-esys"));
    tpm_close(&t);
}

static void other_ways_are_refused(void **state)
{
    static const char *const ways[] = {"",          "/tmp/evil.so",    "libtss2:x",
                                       "devicex:",  "device:/dev/t x", "device:/dev/t\nowner 00",
                                       "tabrmd:\t", "swtpm:\x7f"};
    struct tpm t;

    for (size_t i = 0; i < COUNT_OF(ways); i++)
        assert_int_equal(tpm_open(&t, ways[i], NULL), SIGNET_E_USAGE);
}

static void numbers_of_handles_and_layers_do_not_matter(void **state)
{
    assert_true(tpm_answers(TPM2_RC_HANDLE, TPM2_RC_HANDLE));
    assert_true(tpm_answers(TPM2_RC_HANDLE | TPM2_RC_P | TPM2_RC_1, TPM2_RC_HANDLE));
    assert_true(tpm_answers(TPM2_RC_AUTH_FAIL | TPM2_RC_S | TPM2_RC_2, TPM2_RC_AUTH_FAIL));
    assert_true(tpm_answers(IN_MANAGER | TPM2_RC_LOCKOUT, TPM2_RC_LOCKOUT));
    assert_false(tpm_answers(TPM2_RC_HANDLE, TPM2_RC_INTEGRITY));
    assert_false(tpm_answers(TSS2_ESAPI_RC_LAYER | TPM2_RC_LOCKOUT, TPM2_RC_LOCKOUT));
    assert_false(tpm_answers(FAKE_LOST, TPM2_RC_LOCKOUT));
}

static void each_answer_has_a_hint_of_its_own(void **state)
{
    static const TSS2_RC answers[] = {TPM2_RC_NV_SPACE, TPM2_RC_CURVE | TPM2_RC_P | TPM2_RC_1,
                                      FAKE_LOST};
    static const char *const hints[] = {"tpm2_nvundefine", "tpm2_rc_decode", "is it still there?"};

    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct signet_error err = {0};

        assert_int_equal(tpm_fail(answers[i], "this", &err), SIGNET_E_IO);
        assert_int_equal(strncmp(err.msg, "this: ", 6), 0);
        assert_non_null(strstr(err.hint, hints[i]));
    }
}

/* A TPM leaves out the zeros that a number begins with. */
static void short_numbers_are_filled_up_with_zeros(void **state)
{
    TPM2B_ECC_PARAMETER first = {.size = 31}, second = {.size = 1};
    uint8_t out[P256_POINT], zeros[32] = {0};

    memset(first.buffer, 0x11, sizeof(first.buffer));
    memset(second.buffer, 0x22, sizeof(second.buffer));
    memset(out, 0xff, sizeof(out));
    assert_true(tpm_numbers(&first, &second, out));
    assert_int_equal(out[0], 0);
    assert_memory_equal(out + 1, first.buffer, 31);
    assert_memory_equal(out + 32, zeros, 31);
    assert_int_equal(out[63], 0x22);
    first.size = 32;
    assert_true(tpm_numbers(&first, &second, out));
    assert_memory_equal(out, first.buffer, 32);
    first.size = 33;
    assert_false(tpm_numbers(&first, &second, out));
    assert_false(tpm_numbers(&second, &first, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_its_library_there_is_no_tpm, fake_enter,
                                        fake_leave),
        cmocka_unit_test_setup_teardown(other_ways_are_refused, fake_enter, fake_leave),
        cmocka_unit_test_setup_teardown(numbers_of_handles_and_layers_do_not_matter, fake_enter,
                                        fake_leave),
        cmocka_unit_test_setup_teardown(each_answer_has_a_hint_of_its_own, fake_enter, fake_leave),
        cmocka_unit_test(short_numbers_are_filled_up_with_zeros)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
