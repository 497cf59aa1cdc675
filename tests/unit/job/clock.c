/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that jumps during a run.
 * wrap: clock_wall clock_boot */
#include "job/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

int64_t __wrap_clock_wall(void);
int64_t __wrap_clock_boot(void);

static int64_t wall, boot;

int64_t __wrap_clock_wall(void)
{
    return wall;
}

int64_t __wrap_clock_boot(void)
{
    return boot;
}

static struct {
    int count;
    char text[400];
} told;

static void on_event(void *ctx, const struct signet_event *event)
{
    (void)ctx;
    assert_int_equal(event->kind, SIGNET_EVENT_WARNING);
    assert_non_null(strstr(event->error->hint, "set the right time"));
    told.count++;
    strcpy(told.text, event->error->msg);
}

static const struct signet_observer observer = {.on_event = on_event};

/* What a board or a batch calls, after so many seconds. */
static void pass(struct job *job, int64_t seconds, int64_t shown)
{
    boot += seconds;
    wall += shown;
    assert_int_equal(job_remember(job, -1, NULL), SIGNET_OK);
}

static void begin(struct job *job)
{
    *job = (struct job){.observer = &observer};
    told.count = 0;
    wall = 1800000000;
    boot = 7;
    assert_int_equal(job_open(job, NULL), SIGNET_OK);
    job_watch_clock(job);
}

static void time_that_passes(void **state)
{
    struct job job;

    (void)state;
    begin(&job);
    pass(&job, 0, 0);
    pass(&job, 60, 60);
    pass(&job, 100000, 100000); /* a night, asleep */
    for (int i = 0; i < 100; i++)
        pass(&job, 3600, 3602); /* a time server that corrects a slow clock bit by bit */
    pass(&job, 10, 190);        /* three minutes: nobody's business yet */
    pass(&job, 400, 220);
    assert_int_equal(told.count, 0);
    job_close(&job);
}

static void a_jump(void **state)
{
    struct job job;

    (void)state;
    begin(&job);
    pass(&job, 60, 60);
    pass(&job, 60, 60 - 86400);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.text,
                        "the station's clock jumped back by 86400 s during the run: it is"
                        " 2027-01-14T08:02:00Z, and 2027-01-15T08:02:00Z was due");
    pass(&job, 60, 60 + 86400); /* once in a run */
    assert_int_equal(told.count, 1);
    job_close(&job);
    begin(&job);
    pass(&job, 10, 191);
    assert_int_equal(told.count, 1);
    assert_non_null(strstr(told.text, "jumped ahead by 181 s"));
    job_close(&job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_that_passes),
        cmocka_unit_test(a_jump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
