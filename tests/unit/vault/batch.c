/* SPDX-License-Identifier: Apache-2.0 */
/* One sealed file for many devices. */
#include "unit/vault/fixture.h"

static void entries_come_back_in_order(void **state)
{
    struct fixture f;
    struct secret plain = {0};
    struct vault_entry entry;
    size_t at = 0;

    (void)state;
    set_up(&f);
    seal_batch(&f, 7, 1, 3);
    good(&f, vault_batch_read(f.vault, 7, &plain, &f.err));
    for (int i = 1; i <= 3; i++) {
        assert_true(vault_entry_next(&plain, &at, &entry));
        assert_int_equal(entry.index, i);
        assert_int_equal(entry.endpoint[1], '0' + i);
        assert_int_equal(entry.len, strlen("d1 of 7"));
    }
    assert_false(vault_entry_next(&plain, &at, &entry));
    assert_int_equal(at, plain.len);
    secret_wipe(&plain);
    tear_down(&f);
}

/* A plain text that is cut anywhere is broken, and nothing behind its end is read. */
static void what_is_cut_short_is_broken(void **state)
{
    struct buf plain = {0};
    const struct vault_entry entry = {
        .endpoint = "device", .index = 1, .packet = (const uint8_t *)"packet", .len = 6};

    (void)state;
    vault_entry_add(&plain, &entry);
    for (size_t len = 0; len <= plain.len; len++) {
        uint8_t *copy = malloc(len + 1); /* a sanitizer sees a step too far */
        assert_non_null(copy);
        memcpy(copy, plain.data, len);
        const struct secret cut = {.data = copy, .len = len};
        struct vault_entry out;
        size_t at = 0;
        bool found = vault_entry_next(&cut, &at, &out);

        assert_int_equal(found, len == plain.len);
        assert_int_equal(at, found ? len : 0);
        free(copy);
    }
    buf_free(&plain);
}

static void a_name_that_is_too_long_is_broken(void **state)
{
    uint8_t bytes[400] = {200};
    const struct secret plain = {.data = bytes, .len = sizeof(bytes)};
    struct vault_entry out;
    size_t at = 0;

    (void)state;
    assert_false(vault_entry_next(&plain, &at, &out));
    assert_int_equal(at, 0);
}

static void one_batch_cannot_pass_for_another(void **state)
{
    struct fixture f;
    struct secret plain = {0};
    char one[400], two[400];

    (void)state;
    set_up(&f);
    seal_batch(&f, 1, 1, 2);
    path_of_batch(&f, 1, one);
    path_of_batch(&f, 2, two);
    assert_int_equal(rename(one, two), 0);
    assert_int_equal(vault_batch_read(f.vault, 2, &plain, &f.err), SIGNET_E_SEAL);
    assert_null(plain.data);
    tear_down(&f);
}

static void the_list_is_in_order_and_of_this_order(void **state)
{
    static const char *const others[][2] = {{"mint", "-.sealed"},   {"mint", "-5"},
                                            {"mint", "-x5.sealed"}, {"mint", "-5.sealed2"},
                                            {"mint", "x5.sealed"},  {"mine", "-5.sealed"},
                                            {"mint", "-5x.sealed"}};
    struct fixture f;
    uint64_t *numbers = NULL;
    size_t count = 0;
    char path[600];

    (void)state;
    set_up(&f);
    seal_batch(&f, 12, 1, 1);
    seal_batch(&f, 3, 1, 1);
    seal_one(&f, "d1", "no batch");
    snprintf(path, sizeof(path), "%s/mint-0123456789abcdef-00000005.sealed", f.work);
    good(&f, file_write(path, "of another order", 16, 0600, &f.err));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) { /* nor are these a batch */
        snprintf(path, sizeof(path), "%s/%s-%s%s", f.work, others[i][0], vault_tag(f.vault),
                 others[i][1]);
        good(&f, file_write(path, "x", 1, 0600, &f.err));
    }
    good(&f, vault_batch_list(f.vault, &numbers, &count, &f.err));
    assert_int_equal(count, 2);
    assert_int_equal(numbers[0], 3);
    assert_int_equal(numbers[1], 12);
    free(numbers);
    tear_down(&f);
}

/* A power cut may bring back the name of a file that was wiped. */
static void a_file_of_zeros_is_no_batch(void **state)
{
    static const uint8_t zeros[100];
    struct fixture f;
    uint64_t *numbers = NULL;
    size_t count = 9;
    char path[400];

    (void)state;
    set_up(&f);
    path_of_batch(&f, 4, path);
    good(&f, file_write(path, zeros, sizeof(zeros), 0600, &f.err));
    good(&f, vault_batch_list(f.vault, &numbers, &count, &f.err));
    assert_int_equal(count, 0);
    assert_int_equal(access(path, F_OK), -1);
    free(numbers);
    tear_down(&f);
}

/* Not a list without batches: their seals would be taken for wiped. */
static void a_folder_that_went_has_no_list(void **state)
{
    struct fixture f;
    uint64_t *numbers = NULL;
    size_t count = 9;
    char away[300];

    (void)state;
    set_up(&f);
    snprintf(away, sizeof(away), "%s/away", f.folder);
    assert_int_equal(rename(f.work, away), 0);
    assert_int_equal(vault_batch_list(f.vault, &numbers, &count, &f.err), SIGNET_E_IO);
    assert_non_null(strstr(f.err.msg, "cannot look into"));
    assert_null(numbers);
    assert_int_equal(count, 9);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_back_in_order),
        cmocka_unit_test(what_is_cut_short_is_broken),
        cmocka_unit_test(a_name_that_is_too_long_is_broken),
        cmocka_unit_test(one_batch_cannot_pass_for_another),
        cmocka_unit_test(the_list_is_in_order_and_of_this_order),
        cmocka_unit_test(a_file_of_zeros_is_no_batch),
        cmocka_unit_test(a_folder_that_went_has_no_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
