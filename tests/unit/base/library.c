/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

struct table {
    size_t (*length)(const char *text);
    void *nothing;
};

static void fills_the_table_or_fails(void **state)
{
    static const struct library_function known[] = {{"strlen", offsetof(struct table, length)}};
    static const struct library_function unknown[] = {
        {"strlen", offsetof(struct table, length)},
        {"not_in_libc", offsetof(struct table, nothing)}};
    struct table t = {0};

    (void)state;
    assert_true(library_load("libc.so.6", known, 1, &t));
    assert_int_equal(t.length("abc"), 3);
    assert_false(library_load("libc.so.6", unknown, 2, &t)); /* too old */
    assert_false(library_load("libnot-installed.so.1", known, 1, &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fills_the_table_or_fails)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
