/* SPDX-License-Identifier: Apache-2.0 */
/* The lanes, and what is around them. */
#include "batch/private.h"

#include <stdlib.h>
#include <unistd.h>

enum { LANES_MAX = 16, BATCH_LEAST = 32, BATCH_MOST = 240, DEVICES_AT_ONCE = 1000 };

/* About a second's work, so that an end that is asked for is not far. */
static size_t size_of_next(struct batch_run *l)
{
    pthread_mutex_lock(&l->job->lock);
    double fit = l->pace > 0 ? 1 / l->pace : BATCH_LEAST;
    pthread_mutex_unlock(&l->job->lock);
    return fit < 1 ? 1 : fit < (double)l->batch_max ? (size_t)fit : l->batch_max;
}

static size_t take_again(struct batch_run *l, struct batch *b, size_t max)
{
    struct leases *again = &l->again;

    pthread_mutex_lock(&l->job->lock);
    size_t n = again->count < max ? again->count : max;
    again->count -= n;
    for (size_t i = 0; i < n; i++)
        b->leases[i] = again->all[again->count + i];
    pthread_mutex_unlock(&l->job->lock);
    return n;
}

/* SIGNET_E_QUOTA, SIGNET_E_NOT_FOUND: there are no more. */
static int take(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    const struct signet_ledger_names names = {.name = source_name, .ctx = l->setup.source};
    size_t max = size_of_next(l);
    int rc = SIGNET_OK;

    batch_reset(b);
    pthread_mutex_lock(&l->taking);
    b->count = take_again(l, b, max);
    if (!b->count) {
        failpoint("before-reserve");
        rc = signet_ledger_reserve_next(l->job->ledger, l->job->order, BATCH_SLOT, &names,
                                        b->leases, max, &b->count, err);
        failpoint("after-reserve");
    }
    if (rc == SIGNET_OK)
        b->number = l->turns.next++;
    pthread_mutex_unlock(&l->taking);
    return rc;
}

static bool is_all(int rc)
{
    return rc == SIGNET_E_QUOTA || rc == SIGNET_E_NOT_FOUND;
}

static void *lane(void *arg)
{
    struct batch_run *l = arg;
    struct signet_error err = {0};
    struct batch b;
    int rc = batch_init(&b, l->batch_max, &err);

    while (rc == SIGNET_OK && !job_stopped(l->job)) {
        rc = take(l, &b, &err);
        if (is_all(rc))
            break;
        if (rc == SIGNET_OK)
            rc = batch_make(l, &b, &err);
        if (rc == SIGNET_OK)
            rc = batch_write(l, &b, &err);
    }
    if (rc != SIGNET_OK && !is_all(rc))
        job_fail(l->job, &err);
    batch_free(&b);
    job_thread_ended(l->job, &l->open);
    return NULL;
}

/* One for each core, and one that waits for the disk. */
static size_t lanes_of_machine(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    return cores < 1 ? 2 : cores + 1 < LANES_MAX ? (size_t)cores + 1 : LANES_MAX;
}

/* The lanes share DEVICES_AT_ONCE, so that memory is the same however many there are to make; and
 * the pages that one change of the ledger touches are memory, too. */
static size_t size_of_batches(size_t lanes)
{
    size_t size = DEVICES_AT_ONCE / lanes;

    return size < BATCH_LEAST ? BATCH_LEAST : size > BATCH_MOST ? BATCH_MOST : size;
}

static int run_lanes(struct batch_run *l, size_t count, struct signet_error *err)
{
    pthread_t threads[LANES_MAX];
    size_t started = 0;
    int rc = 0;

    while (started < count &&
           (rc = job_start_thread(l->job, &threads[started], &l->open, lane, l)) == 0)
        started++;
    job_attend(l->job, &l->open);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    return started ? SIGNET_OK : error_sys(err, SIGNET_E_NOMEM, rc, "cannot start a thread");
}

static int batch_work(struct batch_run *l, struct signet_error *err)
{
    size_t lanes = lanes_of_machine();
    const int64_t *states = l->job->figures.states;
    int64_t issued = 0;

    l->batch_max = size_of_batches(lanes);
    int rc = batch_resume(l, err);
    if (rc == SIGNET_OK)
        rc = job_count(l->job, err);
    pthread_mutex_lock(&l->job->lock);
    for (int i = 0; i < SIGNET_DEVICE_STATES; i++)
        issued += states[i];
    l->written = states[SIGNET_DEVICE_VERIFIED] + states[SIGNET_DEVICE_REGISTERED] +
                 states[SIGNET_DEVICE_DONE];
    pthread_mutex_unlock(&l->job->lock);
    if (rc != SIGNET_OK || (issued >= l->job->quota && !l->again.count))
        return rc; /* nothing is left to make: the output need not be there any more */
    rc = output_check_there(&l->out, err);
    return rc == SIGNET_OK ? run_lanes(l, lanes, err) : rc;
}

int batch_open(struct batch_run **out, const struct batch_setup *setup, struct signet_error *err)
{
    struct batch_run *l = calloc(1, sizeof(*l));

    if (!l)
        return error_nomem(err);
    l->setup = *setup;
    l->job = setup->job;
    l->out = (struct output){.folder = -1, .sealed.folder = -1};
    pthread_mutex_init(&l->taking, NULL);
    int rc = output_open(l, !setup->dry_run, err);
    if (rc == SIGNET_OK)
        *out = l;
    else
        batch_close(&l);
    return rc;
}

bool batch_has_one_account(const struct batch_run *l)
{
    return l->out.state.form == RECORDS_ONE_ROW;
}

void batch_close(struct batch_run **lanes)
{
    struct batch_run *l = *lanes;

    if (!l)
        return;
    output_close(&l->out);
    free(l->again.all);
    pthread_mutex_destroy(&l->taking);
    free(l);
    *lanes = NULL;
}

static void report_output(struct signet_output_report *to, const struct mark *mark)
{
    to->bytes = mark->bytes;
    memcpy(to->sha256, mark->bytes ? mark->sha256 : "", mark->bytes ? sizeof(to->sha256) : 1);
}

int batch_run(struct batch_run *l, struct delivery *delivery, struct signet_batch_report *report,
              struct signet_error *err)
{
    l->delivery = delivery;
    l->report = report;
    int rc = batch_work(l, err);
    report_output(&report->packets, &l->out.state.marks[PACKETS]);
    report_output(&report->records, &l->out.state.marks[RECORDS]);
    return rc;
}
