/* SPDX-License-Identifier: Apache-2.0 */
/* What is sealed, and what cannot be.
 * wrap: library_load
 */
#include "unit/tpm/fake.h"

#include <setjmp.h>

#include <cmocka.h>

static void seals(size_t size, int code)
{
    struct secret bytes = {0};
    struct buf text = {0};

    assert_int_equal(secret_alloc(&bytes, size, NULL), 0);
    assert_int_equal(tpm_seal(FAKE_CONF, &bytes, &text, NULL), code);
    secret_wipe(&bytes);
    buf_free(&text);
}

static void no_more_is_sealed_than_a_tpm_takes(void **state)
{
    struct signet_key *key = fake_file();

    fake_number(fake.owner, &fake.key.publicArea.unique.ecc.x);
    fake_number(fake.owner + 32, &fake.key.publicArea.unique.ecc.y);
    seals(TPM2_MAX_SYM_DATA, SIGNET_OK);
    seals(TPM2_MAX_SYM_DATA + 1, SIGNET_E_LIMIT);
    seals(65536 + 8, SIGNET_E_LIMIT); /* 8 in 16 bits */
    signet_key_free(&key);
}

static void what_is_damaged_does_not_open(void **state)
{
    static const char *const texts[] = {
        "", "00", "00 ", "00 00", "0g 00 " FAKE_CONF, "00 00 " FAKE_CONF};
    struct secret out = {0};

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_int_equal(tpm_unseal(texts[i], &out, NULL), SIGNET_E_CRYPTO);
    assert_null(out.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_more_is_sealed_than_a_tpm_takes, fake_enter, fake_leave),
        cmocka_unit_test_setup_teardown(what_is_damaged_does_not_open, fake_enter, fake_leave)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
