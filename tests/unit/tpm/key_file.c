/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a key that counts.
 * wrap: library_load
 */
#include "unit/tpm/fake.h"

#include <setjmp.h>

#include <cmocka.h>

static int reads(const char *text, struct quota_file *out)
{
    assert_int_equal(file_write("ca.tpm", text, strlen(text), 0600, NULL), 0);
    return quota_file_read("ca.tpm", out, NULL);
}

static void a_file_is_read_as_it_was_written(void **state)
{
    struct signet_key *key = fake_file();
    struct quota_file f = {0};
    uint8_t point[P256_POINT];

    assert_int_equal(quota_file_read("ca.tpm", &f, NULL), 0);
    assert_int_equal(p256_point(key, point, NULL), 0);
    assert_memory_equal(f.point, point, sizeof(point));
    assert_memory_equal(f.owner, point, sizeof(point));
    assert_string_equal(f.conf, FAKE_CONF);
    assert_int_equal(f.index, SIGNET_TPM_INDEX);
    assert_int_equal(f.password.len, QUOTA_PASSWORD);
    assert_int_equal(f.public.len, 88);
    assert_int_equal(f.private.len, 10);
    assert_int_equal(quota_file_write("ca.tpm", &f, NULL), SIGNET_E_EXISTS);
    quota_file_wipe(&f);
    signet_key_free(&key);
}

static void other_files_are_refused(void **state)
{
    struct signet_key *key = fake_file();
    struct quota_file f = {0};
    struct buf text = {0};

    assert_int_equal(file_read("ca.tpm", QUOTA_TEXT_MAX, &text, NULL), 0);
    buf_byte(&text, '\0');
    char *index = strstr((char *)text.data, "0x01");
    assert_non_null(index);
    memcpy(index, "0x81", 4); /* a persistent key */
    assert_int_equal(reads((char *)text.data, &f), SIGNET_E_SYNTAX);
    memcpy(index, "0x01", 4);
    assert_int_equal(reads((char *)text.data, &f), 0);
    quota_file_wipe(&f);
    memcpy(strstr((char *)text.data, "password"), "passwore", 8);
    assert_int_equal(reads((char *)text.data, &f), SIGNET_E_SYNTAX);
    assert_null(f.password.data);
    buf_free(&text);
    signet_key_free(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_read_as_it_was_written, fake_enter, fake_leave),
        cmocka_unit_test_setup_teardown(other_files_are_refused, fake_enter, fake_leave)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
