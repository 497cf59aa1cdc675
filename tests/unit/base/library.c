/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

struct table {
    size_t (*length)(const char *text);
    void *nothing;
};

static bool begins_not(void)
{
    return false;
}

static void fills_the_table_or_fails(void **state)
{
    static const struct library_function known[] = {{"strlen", offsetof(struct table, length)}};
    static const struct library_function unknown[] = {
        {"strlen", offsetof(struct table, length)},
        {"not_in_libc", offsetof(struct table, nothing)}};
    struct table t = {0};
    struct library libc = {"libc.so.6", known, 1, &t, NULL, "no libc", "install it", 0};
    struct library old = {"libc.so.6", unknown, 2, &t, NULL, "too old", "install it", 0};
    struct library none = {"libnot-installed.so.1", known, 1, &t, NULL, "none", "install it", 0};
    struct library fails = {"libc.so.6", known, 1, &t, begins_not, "none", "install it", 0};
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(library_load(&libc, &err), SIGNET_OK);
    assert_int_equal(t.length("abc"), 3);
    assert_int_equal(library_load(&old, &err), SIGNET_E_UNSUPPORTED);
    assert_string_equal(err.msg, "too old");
    assert_string_equal(err.hint, "install it");
    assert_int_equal(library_load(&none, &err), SIGNET_E_UNSUPPORTED);
    assert_int_equal(library_load(&none, &err), SIGNET_E_UNSUPPORTED); /* also the second time */
    assert_int_equal(library_load(&fails, &err), SIGNET_E_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fills_the_table_or_fails)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
