/* SPDX-License-Identifier: Apache-2.0 */
/* Several lanes at one output: each device is in it once, and what fails ends all of them.
 * wrap: pthread_create */
#include "unit/batch/plant.h"

#include <errno.h>

static int threads_left = 1000;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg)
{
    return threads_left-- > 0 ? __real_pthread_create(thread, attr, run, arg) : EAGAIN;
}

static void each_device_is_there_once(void **state)
{
    struct plant p;

    (void)state;
    set_up(&p, 300);
    good(&p, plant_run(&p));
    assert_int_equal(p.report.made, 300);
    for (int i = 1; i <= 300; i++) {
        char row[40];

        snprintf(row, sizeof(row), "\"endpoint\": \"d-%03d\"", i);
        assert_int_equal(plant_count(&p, p.packets, row), 1);
    }
    tear_down(&p);
}

/* One lane does the work of all. */
static void with_fewer_threads(void **state)
{
    struct plant p;

    (void)state;
    set_up(&p, 40);
    threads_left = 2; /* of the delivery, and a lane */
    good(&p, plant_run(&p));
    assert_int_equal(p.report.made, 40);
    tear_down(&p);
    set_up(&p, 40);
    threads_left = 1;
    int rc = plant_run(&p);
    threads_left = 1000;
    refused(&p, rc, SIGNET_E_NOMEM, "cannot start a thread");
    assert_int_equal(plant_state_of(&p, "d-001"), -1);
    tear_down(&p);
}

/* The names are used up before the quota is. */
static void names_that_run_out(void **state)
{
    struct plant p;

    (void)state;
    set_up(&p, 5);
    p.order.quota = p.job.quota = 9;
    good(&p, signet_ledger_order(p.job.ledger, "o", "hash", 9, &p.job.order, &p.err));
    good(&p, plant_run(&p));
    assert_int_equal(p.report.made, 5);
    tear_down(&p);
}

static void a_ledger_that_fails(void **state)
{
    struct plant p;

    (void)state;
    set_up(&p, 9);
    p.job.order = 4711;
    assert_int_not_equal(plant_run(&p), SIGNET_OK);
    assert_int_equal(plant_count(&p, p.packets, "\n"), 0);
    tear_down(&p);
}

/* What a caller stopped makes nothing, and is no failure. */
static void one_that_is_stopped(void **state)
{
    struct plant p;

    (void)state;
    set_up(&p, 9);
    signet_cancel_fire(p.job.stop);
    good(&p, plant_run(&p));
    assert_int_equal(p.report.made, 0);
    tear_down(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_device_is_there_once), cmocka_unit_test(with_fewer_threads),
        cmocka_unit_test(names_that_run_out),        cmocka_unit_test(a_ledger_that_fails),
        cmocka_unit_test(one_that_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
