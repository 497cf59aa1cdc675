/* SPDX-License-Identifier: Apache-2.0 */
/* A count that is another index, none, or not there.
 * wrap: library_load
 */
#include "unit/tpm/fake.h"

#include <setjmp.h>

#include <cmocka.h>

enum { FIVES = 5 };
#define COUNTS                                                                                     \
    ((TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT) | TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD |         \
     TPMA_NV_NO_DA | TPMA_NV_WRITTEN)
static const struct tpm_count count = {.conf = FAKE_CONF, .index = FAKE_COUNT, .first = 1};

static void refused(int code, const char *word)
{
    struct signet_error err = {0};
    uint64_t value = 0;

    assert_int_equal(tpm_count_read(&count, &value, &err), code);
    assert_non_null(strstr(err.msg, word));
    assert_int_equal(tpm_count_add(&count, &err), fake.count_size ? SIGNET_OK : code);
    assert_int_equal(value, 0);
}

static void it_is_read_and_counts(void **state)
{
    uint64_t value = 0;

    (void)state;
    fake.plain = COUNTS;
    assert_int_equal(tpm_count_read(&count, &value, NULL), SIGNET_OK);
    assert_true(value == ((uint64_t)FIVES << 32 | FIVES));
    assert_int_equal(tpm_count_add(&count, NULL), SIGNET_OK);
    assert_int_equal(fake.writes, 1);
}

static void another_index_is_refused(void **state)
{
    static const uint32_t others[] = {
        (COUNTS) & ~(uint32_t)TPMA_NV_WRITTEN, (COUNTS) | TPMA_NV_AUTHWRITE,
        TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD | TPMA_NV_NO_DA | TPMA_NV_WRITTEN, 0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        fake.plain = others[i];
        refused(SIGNET_E_CRYPTO, "0x01800042 of the TPM is not the count");
    }
    assert_int_equal(fake.writes, 0);
}

static void refusals_name_the_index(void **state)
{
    (void)state;
    fake.plain = COUNTS;
    fake.find = TPM2_RC_HANDLE;
    refused(SIGNET_E_IO, "the count at index 0x01800042: the TPM refused: it is not in this TPM");
    fake.find = 0;
    fake.count_size = 7;
    refused(SIGNET_E_IO, "the TPM's count is none");
    fake.count_size = 0;
    fake.increment = TPM2_RC_NV_RATE;
    assert_int_equal(tpm_count_add(&count, NULL), SIGNET_E_IO);
}

static void a_new_one_takes_a_free_index_or_leaves_none(void **state)
{
    struct signet_error err = {0};
    struct tpm_count made;

    (void)state;
    fake.define = TPM2_RC_NV_DEFINED; /* twice */
    assert_int_equal(count_new(FAKE_CONF, &made, NULL), SIGNET_OK);
    assert_int_equal(made.index, FAKE_COUNT);
    assert_int_equal(fake.defined, 1);
    fake.increment = TPM2_RC_NV_RATE;
    assert_int_equal(count_new(FAKE_CONF, &made, &err), SIGNET_E_IO);
    assert_int_equal(fake.defined, 1);
    fake.define = TPM2_RC_NV_SPACE;
    assert_int_equal(count_new(FAKE_CONF, &made, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "no room for an index"));
    fake.define = TPM2_RC_NV_DEFINED;
    fake.tried = -100; /* all are taken */
    assert_int_equal(count_new(FAKE_CONF, &made, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "no room for an index"));
    assert_int_equal(count_new("device:/dev/no ne", &made, &err), SIGNET_E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_read_and_counts, fake_enter, fake_leave),
        cmocka_unit_test_setup_teardown(another_index_is_refused, fake_enter, fake_leave),
        cmocka_unit_test_setup_teardown(refusals_name_the_index, fake_enter, fake_leave),
        cmocka_unit_test_setup_teardown(a_new_one_takes_a_free_index_or_leaves_none, fake_enter,
                                        fake_leave)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
