/* SPDX-License-Identifier: Apache-2.0 */
/* What all threads of a run share.
 * wrap: signet_ledger_states
 */
#include "job/job.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void the_first_failure_counts(void **state)
{
    const struct signet_error first = {.code = SIGNET_E_IO, .msg = "the disk is full"};
    const struct signet_error second = {.code = SIGNET_E_LEDGER, .msg = "what followed"};
    struct signet_error err = {0};
    struct job job = {0};

    (void)state;
    assert_int_equal(job_open(&job, NULL), SIGNET_OK);
    assert_false(job_stopped(&job));
    assert_false(job_failed(&job));
    assert_int_equal(job_result(&job, &err), SIGNET_OK);
    job_fail(&job, &first);
    job_fail(&job, &second);
    assert_true(job_stopped(&job));
    assert_true(job_failed(&job));
    assert_int_equal(job_result(&job, &err), SIGNET_E_IO);
    assert_string_equal(err.msg, "the disk is full");
    job_close(&job);
}

struct worker {
    struct job *job;
    size_t threads;
};

static void *until_stopped(void *arg)
{
    struct worker *w = arg;

    pthread_mutex_lock(&w->job->lock);
    while (!job_stopped(w->job))
        job_wait(w->job, INT64_MAX);
    pthread_mutex_unlock(&w->job->lock);
    job_thread_ended(w->job, &w->threads);
    return NULL;
}

/* The caller's wish reaches threads that wait for something else; that is no failure. */
static void the_callers_cancel_is_passed_on(void **state)
{
    struct signet_cancel *cancel = NULL;
    struct job job = {0};
    struct worker w = {.job = &job, .threads = 1};
    pthread_t thread;

    (void)state;
    assert_int_equal(signet_cancel_new(&cancel, NULL), SIGNET_OK);
    job.cancel = cancel;
    assert_int_equal(job_open(&job, NULL), SIGNET_OK);
    assert_int_equal(pthread_create(&thread, NULL, until_stopped, &w), 0);
    signet_cancel_fire(cancel);
    job_attend(&job, &w.threads);
    assert_int_equal(w.threads, 0);
    pthread_join(thread, NULL);
    assert_true(job_stopped(&job));
    assert_false(job_failed(&job));
    job_close(&job);
    signet_cancel_free(&cancel);
}

static void units_are_left_until_they_are_verified_or_at_their_end(void **state)
{
    static const enum signet_device_state open[] = {SIGNET_DEVICE_RESERVED, SIGNET_DEVICE_KEYED,
                                                    SIGNET_DEVICE_WRITING, SIGNET_DEVICE_WRITTEN};
    static const enum signet_device_state over[] = {SIGNET_DEVICE_VERIFIED,
                                                    SIGNET_DEVICE_REGISTERED, SIGNET_DEVICE_DONE,
                                                    SIGNET_DEVICE_FAILED, SIGNET_DEVICE_VOID};
    struct job job = {.quota = 5};

    (void)state;
    for (size_t i = 0; i < sizeof(over) / sizeof(over[0]); i++) {
        assert_int_equal(job_units_left(&job), 5 - (int)i);
        job.figures.states[over[i]] = 1;
    }
    assert_int_equal(job_units_left(&job), 0);
    job.quota = 9;
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        job.figures.states[open[i]] = 1;
    assert_int_equal(job_units_left(&job), 4);
}

static void count(void *ctx, const struct signet_event *event)
{
    *(unsigned *)ctx += 1;
    assert_string_equal(event->stage, "prove");
}

static void a_failed_stage_is_counted_once(void **state)
{
    const struct signet_error why = {.code = SIGNET_E_PROOF};
    unsigned events = 0;
    const struct signet_observer observer = {.on_event = count, .ctx = &events};
    struct job job = {.observer = &observer};

    (void)state;
    assert_int_equal(job_open(&job, NULL), SIGNET_OK);
    for (int i = 0; i < 2; i++)
        job_report_stage(&job, SIGNET_EVENT_STAGE_END, STAGE_PROVE, 1, "d", &why);
    job_report_stage(&job, SIGNET_EVENT_STAGE_END, STAGE_PROVE, 1, "d", NULL);
    job_report_stage(&job, SIGNET_EVENT_WARNING, STAGE_PROVE, 1, NULL, &why);
    assert_int_equal(events, 4);
    assert_int_equal(job.figures.errors[SIGNET_E_PROOF], 2);
    job_count_error(&job, (enum signet_code)JOB_CODES); /* out of range: nothing is written */
    job_close(&job);
}

static void a_wait_ends_in_time(void **state)
{
    struct job job = {0};

    (void)state;
    assert_int_equal(job_open(&job, NULL), SIGNET_OK);
    pthread_mutex_lock(&job.lock);
    int64_t until = clock_ms() + 30;
    while (clock_ms() < until)
        job_wait(&job, until);
    pthread_mutex_unlock(&job.lock);
    job_close(&job);
}

static sem_t first_reads, second_reads;
static int64_t made;

int __wrap_signet_ledger_states(struct signet_ledger *ledger, int64_t order,
                                int64_t states[SIGNET_DEVICE_STATES], struct signet_error *err);

/* The first caller has its answer late: another one may ask meanwhile. */
int __wrap_signet_ledger_states(struct signet_ledger *ledger, int64_t order,
                                int64_t states[SIGNET_DEVICE_STATES], struct signet_error *err)
{
    struct timespec until;
    int64_t now = ++made;

    (void)ledger, (void)order, (void)err;
    if (now == 1) {
        sem_post(&first_reads);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 50 * 1000 * 1000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        sem_timedwait(&second_reads, &until);
    }
    memset(states, 0, SIGNET_DEVICE_STATES * sizeof(*states));
    states[SIGNET_DEVICE_DONE] = now;
    return SIGNET_OK;
}

static void take_count(void *ctx, const struct signet_event *event)
{
    *(uint64_t *)ctx = event->done;
}

static void *count_once(void *arg)
{
    job_count(arg, NULL);
    sem_post(&second_reads);
    return NULL;
}

/* Who looks at the line keeps what it heard last. */
static void the_newest_count_is_told_last(void **state)
{
    uint64_t told = 0;
    const struct signet_observer observer = {.on_event = take_count, .ctx = &told};
    struct job job = {.quota = 9, .observer = &observer};
    pthread_t first, second;
    (void)state;

    sem_init(&first_reads, 0, 0);
    sem_init(&second_reads, 0, 0);
    assert_int_equal(job_open(&job, NULL), SIGNET_OK);
    assert_int_equal(pthread_create(&first, NULL, count_once, &job), 0);
    sem_wait(&first_reads);
    assert_int_equal(pthread_create(&second, NULL, count_once, &job), 0);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    assert_int_equal(told, 2);
    assert_int_equal(job.figures.states[SIGNET_DEVICE_DONE], 2);
    job_close(&job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_failure_counts),
        cmocka_unit_test(the_callers_cancel_is_passed_on),
        cmocka_unit_test(units_are_left_until_they_are_verified_or_at_their_end),
        cmocka_unit_test(a_failed_stage_is_counted_once),
        cmocka_unit_test(a_wait_ends_in_time),
        cmocka_unit_test(the_newest_count_is_told_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
