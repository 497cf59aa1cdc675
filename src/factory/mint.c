/* SPDX-License-Identifier: Apache-2.0 */
/* Devices without boards: the lanes, and what is around them. */
#include "minting.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCH_LEAST = 32, BATCH_MOST = 160, BATCH_FIRST = 1000 };

void mint_tell(struct minting *m, const struct signet_event *event)
{
    pthread_mutex_lock(&m->telling);
    event_send(m->job->observer, event);
    pthread_mutex_unlock(&m->telling);
}

void mint_stop(struct minting *m, const struct signet_error *why)
{
    pthread_mutex_lock(&m->lock);
    if (!m->stop)
        m->fatal = *why;
    m->stop = true;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

bool mint_stopped(struct minting *m)
{
    pthread_mutex_lock(&m->lock);
    bool stop = m->stop;
    pthread_mutex_unlock(&m->lock);
    return stop;
}

int mint_gone(const struct minting *m, struct signet_error *err)
{
    const struct mint_file *f = m->packets.gone ? &m->packets : &m->records;

    error_set(err, SIGNET_E_NOT_FOUND, "'%s' is gone: it had %llu bytes, and more should follow",
              f->path, (unsigned long long)f->end);
    error_hint(err, "put it back, or name another file in the order for the devices to come");
    return SIGNET_E_NOT_FOUND;
}

static int mint_count(struct minting *m, struct signet_error *err)
{
    int64_t states[SIGNET_DEVICE_STATES];
    int rc = signet_ledger_states(m->job->ledger, m->job->order, states, err);

    if (rc != SIGNET_OK)
        return rc;
    int64_t wait = states[SIGNET_DEVICE_VERIFIED] + states[SIGNET_DEVICE_REGISTERED];
    struct signet_event event = {.kind = SIGNET_EVENT_TOTALS,
                                 .stage = "order",
                                 .done = (uint64_t)(wait + states[SIGNET_DEVICE_DONE]),
                                 .total = (uint64_t)m->job->quota};
    pthread_mutex_lock(&m->lock);
    m->issued = (int64_t)event.done;
    memcpy(m->report.states, states, sizeof(states));
    pthread_mutex_unlock(&m->lock);
    mint_tell(m, &event);
    event.stage = "servers";
    event.done = (uint64_t)states[SIGNET_DEVICE_DONE];
    event.total = (uint64_t)wait;
    if (m->job->server_count)
        mint_tell(m, &event);
    return SIGNET_OK;
}

/* the lanes */

/* About a second's work, so that an end that is asked for is not far. */
static size_t size_of_next(struct minting *m)
{
    pthread_mutex_lock(&m->lock);
    double fit = m->pace > 0 ? 1 / m->pace : BATCH_LEAST;
    pthread_mutex_unlock(&m->lock);
    return fit < 1 ? 1 : fit < (double)m->batch_max ? (size_t)fit : m->batch_max;
}

static size_t take_spare(struct minting *m, struct batch *b, size_t max)
{
    pthread_mutex_lock(&m->lock);
    size_t n = m->spare_count < max ? m->spare_count : max;
    m->spare_count -= n;
    for (size_t i = 0; i < n; i++)
        b->leases[i] = m->spare[m->spare_count + i];
    pthread_mutex_unlock(&m->lock);
    return n;
}

/* SIGNET_E_QUOTA, SIGNET_E_NOT_FOUND: there are no more. */
static int take(struct minting *m, struct batch *b, struct signet_error *err)
{
    const struct signet_ledger_names names = {.name = m->units->name, .ctx = m->units->ctx};
    size_t max = size_of_next(m);
    int rc = SIGNET_OK;

    batch_reset(b);
    pthread_mutex_lock(&m->taking);
    b->count = take_spare(m, b, max);
    if (!b->count) {
        failpoint("before-reserve");
        rc = signet_ledger_reserve_next(m->job->ledger, m->job->order, MINT_SLOT, &names, b->leases,
                                        max, &b->count, err);
        failpoint("after-reserve");
    }
    if (rc == SIGNET_OK)
        b->number = m->next++;
    pthread_mutex_unlock(&m->taking);
    return rc;
}

static void *lane(void *arg)
{
    struct minting *m = arg;
    struct signet_error err = {0};
    struct batch b;
    int rc = batch_init(&b, m->batch_max, &err);

    while (rc == SIGNET_OK && !mint_stopped(m) && !signet_cancel_fired(m->job->cancel)) {
        rc = take(m, &b, &err);
        if (rc == SIGNET_E_QUOTA || rc == SIGNET_E_NOT_FOUND)
            break;
        if (rc == SIGNET_OK)
            rc = batch_make(m, &b, &err);
        if (rc == SIGNET_OK)
            rc = batch_story(m, &b, &err);
    }
    if (rc != SIGNET_OK && rc != SIGNET_E_QUOTA && rc != SIGNET_E_NOT_FOUND)
        mint_stop(m, &err);
    batch_free(&b);
    return NULL;
}

/* One for each core, and one that waits for the disk. */
static size_t lanes_of_machine(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    return cores < 1 ? 2 : cores + 1 < MINT_LANES ? (size_t)cores + 1 : MINT_LANES;
}

/* The lanes share 1000 devices, so that memory is the same however many there are to make; and the
 * pages that one change of the ledger touches are memory, too. */
static size_t size_of_batches(size_t lanes)
{
    size_t size = BATCH_FIRST / lanes;

    return size < BATCH_LEAST ? BATCH_LEAST : size > BATCH_MOST ? BATCH_MOST : size;
}

static void run_lanes(struct minting *m, size_t count)
{
    pthread_t threads[MINT_LANES];
    size_t started = 0;

    for (; started < count; started++)
        if (pthread_create(&threads[started], NULL, lane, m) != 0)
            break;
    if (!started && count)
        lane(m); /* alone, then */
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_lock(&m->lock);
    m->closing = true;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

/* Is there anything left to make? Only then must the output be where it was. */
static int check_gone(struct minting *m, struct signet_error *err)
{
    int64_t issued = 0;

    for (int i = 0; i < SIGNET_DEVICE_STATES; i++)
        issued += m->report.states[i];
    if ((m->packets.gone || m->records.gone) && (issued < m->job->quota || m->spare_count))
        return mint_gone(m, err);
    return SIGNET_OK;
}

static int work(struct minting *m, struct signet_error *err)
{
    size_t lanes = lanes_of_machine();
    struct signet_error away = {0};
    pthread_t outbox;

    m->batch_max = size_of_batches(lanes);
    int rc = mint_resume(m, err);
    if (rc == SIGNET_OK)
        rc = waiting_find(m, err);
    if (rc == SIGNET_OK && !m->job->server_count)
        rc = mint_round(m, &away, err); /* what a run before left as verified */
    if (rc == SIGNET_OK)
        rc = mint_count(m, err);
    if (rc == SIGNET_OK)
        rc = check_gone(m, err);
    if (rc != SIGNET_OK)
        return rc;
    bool sends = m->job->server_count && pthread_create(&outbox, NULL, mint_outbox, m) == 0;
    if (m->job->server_count && !sends)
        return error_set(err, SIGNET_E_NOMEM, "cannot start a thread");
    run_lanes(m, m->packets.gone || m->records.gone ? 0 : lanes);
    if (sends)
        pthread_join(outbox, NULL);
    return SIGNET_OK;
}

/* begin and end */

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);

    return len > tail && strcmp(text + len - tail, end) == 0;
}

enum purpose { TRY, RUN, SYNC };

static int check(const struct signet_mint *job, enum purpose purpose, struct signet_error *err)
{
    if ((!job->ledger && purpose != TRY) || !job->units || !job->name ||
        (job->server_count && (!job->servers || !job->server_names)))
        return error_set(err, SIGNET_E_USAGE, "minting needs a ledger, an order and units");
    if (purpose == SYNC)
        return SIGNET_OK;
    if (!signet_units_line(job->units)->name) {
        error_set(err, SIGNET_E_USAGE, "without boards, names come from a pattern or a manifest");
        error_hint(err, "add names, or a manifest, to the order");
        return SIGNET_E_USAGE;
    }
    if (!job->packets || (!ends_with(job->packets, "/") && !ends_with(job->packets, ".ndjson"))) {
        error_set(err, SIGNET_E_USAGE, "an order without a board needs a place for its packets");
        error_hint(err, "a folder, ending in '/', or a file ending in .ndjson");
        return SIGNET_E_USAGE;
    }
    if (job->records && !ends_with(job->records, ".csv") && !ends_with(job->records, ".ndjson"))
        return error_set(err, SIGNET_E_USAGE, "the file for records ends in .csv or .ndjson");
    return SIGNET_OK;
}

static void set_up(struct minting *m, const struct signet_mint *job)
{
    pthread_condattr_t attr;

    *m = (struct minting){.job = job,
                          .units = signet_units_line(job->units),
                          .vault = units_vault(job->units),
                          .packets = {.fd = -1},
                          .records = {.fd = -1},
                          .folder = -1,
                          .report = {.quota = job->quota}};
    pthread_mutex_init(&m->telling, NULL);
    pthread_mutex_init(&m->taking, NULL);
    pthread_mutex_init(&m->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&m->changed, &attr);
    pthread_condattr_destroy(&attr);
}

static void tear_down(struct minting *m)
{
    file_close(&m->packets);
    file_close(&m->records);
    if (m->folder >= 0)
        close(m->folder);
    free(m->spare);
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->lock);
    pthread_mutex_destroy(&m->taking);
    pthread_mutex_destroy(&m->telling);
    free(m);
}

static int begin(struct minting **out, const struct signet_mint *job, enum purpose purpose,
                 struct signet_error *err)
{
    struct minting *m = NULL;
    int rc = check(job, purpose, err);

    if (rc == SIGNET_OK && !(m = malloc(sizeof(*m))))
        rc = error_nomem(err);
    if (rc != SIGNET_OK)
        return rc;
    set_up(m, job);
    *out = m;
    return SIGNET_OK;
}

static void fill_file(struct signet_mint_file *to, const struct mint_mark *mark)
{
    to->bytes = mark->bytes;
    memcpy(to->sha256, mark->bytes ? mark->sha256 : "", mark->bytes ? sizeof(to->sha256) : 1);
}

int signet_mint_check(const struct signet_mint *mint, struct signet_error *err)
{
    struct minting *m = NULL;
    int rc = begin(&m, mint, TRY, err);

    if (rc != SIGNET_OK)
        return rc;
    rc = mint_open(m, false, err);
    tear_down(m);
    return rc;
}

int signet_mint_run(const struct signet_mint *mint, struct signet_mint_report *report,
                    struct signet_error *err)
{
    struct minting *m = NULL;
    double from = clock_seconds();
    int rc = begin(&m, mint, RUN, err);

    if (rc != SIGNET_OK)
        return rc;
    rc = mint_open(m, true, err);
    if (rc == SIGNET_OK)
        rc = work(m, err);
    if (m->fatal.code) { /* the first reason, not what followed from it */
        rc = (int)m->fatal.code;
        if (err)
            *err = m->fatal;
    }
    int counted = mint_count(m, rc == SIGNET_OK ? err : NULL);
    m->report.seconds = clock_seconds() - from;
    if (rc == SIGNET_OK) /* ours have come to their end */
        m->report.elsewhere = (uint64_t)(m->report.states[SIGNET_DEVICE_WRITING] +
                                         m->report.states[SIGNET_DEVICE_WRITTEN]);
    fill_file(&m->report.packets, &m->state.packets);
    fill_file(&m->report.records, &m->state.records);
    *report = m->report;
    tear_down(m);
    return rc == SIGNET_OK ? counted : rc;
}

int signet_mint_sync(const struct signet_mint *mint, struct signet_mint_report *report,
                     struct signet_error *err)
{
    struct signet_error away = {0};
    struct minting *m = NULL;
    bool there = false;
    int rc = begin(&m, mint, SYNC, err);

    if (rc != SIGNET_OK)
        return rc;
    rc = signet_ledger_recover(mint->ledger, mint->order, err);
    if (rc == SIGNET_OK)
        rc = state_read(m, &there, err);
    if (rc == SIGNET_OK)
        rc = waiting_find(m, err);
    if (rc == SIGNET_OK)
        rc = mint_round(m, &away, err);
    if (rc == SIGNET_OK)
        rc = mint_count(m, err);
    *report = m->report;
    if (rc == SIGNET_OK && away.code) {
        rc = (int)away.code;
        if (err)
            *err = away;
    }
    tear_down(m);
    return rc;
}
