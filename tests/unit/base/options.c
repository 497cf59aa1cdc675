/* SPDX-License-Identifier: Apache-2.0 */
/* Options of callers who were built with another version of the headers. */
#include "base/base.h"

#include <setjmp.h>

#include <cmocka.h>

struct now {
    size_t size;
    int first, second;
};

struct before {
    size_t size;
    int first;
};

struct later {
    size_t size;
    int first, second, third;
};

static void what_the_caller_does_not_know_is_zero(void **state)
{
    const struct before given = {.size = sizeof(given) - sizeof(int), .first = 7};
    struct now now = {.second = 9};

    (void)state;
    options_copy(&now, sizeof(now), &given, offsetof(struct before, first) + sizeof(int));
    assert_int_equal(now.first, 7);
    assert_int_equal(now.second, 0);
}

static void what_we_do_not_know_is_left_out(void **state)
{
    const struct later given = {.size = sizeof(given), .first = 7, .second = 8, .third = 9};
    struct now now;

    (void)state;
    options_copy(&now, sizeof(now), &given, given.size);
    assert_int_equal(now.first, 7);
    assert_int_equal(now.second, 8);
}

static void no_size_is_this_version(void **state)
{
    const struct now values = {.first = 7, .second = 8}, *given = &values, *none = NULL;
    struct now now;

    (void)state;
    options_take(&now, given);
    assert_int_equal(now.second, 8);
    options_take(&now, none);
    assert_int_equal(now.first, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_caller_does_not_know_is_zero),
        cmocka_unit_test(what_we_do_not_know_is_left_out),
        cmocka_unit_test(no_size_is_this_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
