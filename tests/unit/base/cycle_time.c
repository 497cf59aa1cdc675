/* SPDX-License-Identifier: Apache-2.0 */
/* Durations in a fixed space, within 2 %. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool near(double value, double wanted)
{
    return value > wanted * 0.975 && value < wanted * 1.025;
}

static void quantiles_are_within_two_percent(void **state)
{
    struct cycle_time t = {0};

    (void)state;
    assert_true(cycle_time_quantile(&t, 0.5) == 0);
    for (int i = 1; i <= 1000; i++)
        cycle_time_add(&t, i / 100.0); /* 0.01 s to 10 s */
    assert_int_equal(t.count, 1000);
    assert_true(near(cycle_time_quantile(&t, 0.5), 5));
    assert_true(near(cycle_time_quantile(&t, 0.95), 9.5));
    assert_true(near(cycle_time_quantile(&t, 1), 10));
    assert_true(near(cycle_time_quantile(&t, 0), 0.01)); /* the first */
}

static void what_is_out_of_range_is_kept_at_its_ends(void **state)
{
    struct cycle_time t = {0};

    (void)state;
    cycle_time_add(&t, 0);
    cycle_time_add(&t, -1);
    assert_true(near(cycle_time_quantile(&t, 1), 0.00101));
    cycle_time_add(&t, 1e9);
    assert_true(cycle_time_quantile(&t, 1) > 86400);
    assert_int_equal(t.count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_within_two_percent),
        cmocka_unit_test(what_is_out_of_range_is_kept_at_its_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
