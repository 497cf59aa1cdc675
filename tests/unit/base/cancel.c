/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <pthread.h>
#include <setjmp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static void *fire_soon(void *cancel)
{
    usleep(20000);
    signet_cancel_fire(cancel);
    return NULL;
}

static void wakes_a_sleeper(void **state)
{
    struct signet_cancel *cancel = NULL;
    pthread_t thread;
    int64_t start = clock_ms();

    (void)state;
    assert_int_equal(signet_cancel_new(&cancel, NULL), SIGNET_OK);
    assert_false(signet_cancel_fired(cancel));
    assert_int_equal(pthread_create(&thread, NULL, fire_soon, cancel), 0);
    assert_int_equal(cancel_sleep_until(cancel, start + 60000, NULL), SIGNET_E_CANCELLED);
    assert_true(clock_ms() - start < 50000);
    assert_int_equal(cancel_sleep_until(cancel, 0, NULL), SIGNET_E_CANCELLED); /* stays fired */
    pthread_join(thread, NULL);
    signet_cancel_free(&cancel);
    assert_null(cancel);
}

static void null_never_fires(void **state)
{
    (void)state;
    assert_false(signet_cancel_fired(NULL));
    assert_int_equal(cancel_sleep_until(NULL, clock_ms() + 5, NULL), SIGNET_OK);
    signet_cancel_fire(NULL);
    signet_cancel_free(NULL);
}

static void without_descriptors_there_is_none(void **state)
{
    struct signet_cancel *cancel = NULL;
    struct signet_error err = {0};
    struct rlimit before, none;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    int rc = signet_cancel_new(&cancel, &err);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(rc, SIGNET_E_IO);
    assert_string_equal(err.msg, "cannot make an event descriptor: Too many open files");
    assert_null(cancel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wakes_a_sleeper),
        cmocka_unit_test(null_never_fires),
        cmocka_unit_test(without_descriptors_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
