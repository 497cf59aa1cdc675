/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void times_are_utc(void **state)
{
    char text[24];

    (void)state;
    clock_format(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00Z");
    clock_format(1795428000, text);
    assert_string_equal(text, "2026-11-23T10:00:00Z");
    clock_format(INT64_MAX, text); /* a year that struct tm cannot hold */
    assert_string_equal(text, "unknown");
    clock_format(253402300800, text); /* the year 10000 */
    assert_string_equal(text, "10000-01-01T00:00:00Z");
}

/* A wait may end sooner by chance, and not each time. */
static void a_wait_has_the_clock_of_its_deadline(void **state)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond;
    int64_t until = clock_ms() + 20;

    (void)state;
    clock_cond(&cond);
    pthread_mutex_lock(&lock);
    for (int i = 0; i < 100 && clock_ms() < until; i++)
        clock_cond_wait(&cond, &lock, until);
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&cond);
    assert_true(clock_ms() >= until);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(times_are_utc),
                                       cmocka_unit_test(a_wait_has_the_clock_of_its_deadline)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
