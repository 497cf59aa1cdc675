/* SPDX-License-Identifier: Apache-2.0 */
/* The line as a whole: its threads, its events, its report. */
#include "slots.h"

#include <stdlib.h>
#include <string.h>

enum { RENEW_MS = 30000, LOOK_MS = 100, SYNC_SECONDS = 10 };

void line_tell(struct line *line, const struct signet_event *event)
{
    pthread_mutex_lock(&line->telling);
    event_send(line->job->observer, event);
    pthread_mutex_unlock(&line->telling);
}

void line_stop(struct line *line, const struct signet_error *why)
{
    pthread_mutex_lock(&line->lock);
    if (line->fatal.code == SIGNET_OK)
        line->fatal = *why;
    signet_cancel_fire(line->stop);
    pthread_cond_broadcast(&line->changed);
    pthread_mutex_unlock(&line->lock);
}

bool line_stopped(struct line *line)
{
    return signet_cancel_fired(line->stop);
}

/* An event of a slot's board: which slot it is, and the lease does not run out meanwhile. */
static void on_event(void *ctx, const struct signet_event *event)
{
    struct slot *slot = ctx;
    struct signet_event full = *event;

    full.board = slot->job->name;
    if (!full.endpoint && slot->lease.device)
        full.endpoint = slot->lease.endpoint;
    line_tell(slot->line, &full);
    if (slot->lease.device && clock_ms() >= slot->renew_at) {
        slot->renew_at = clock_ms() + RENEW_MS;
        signet_ledger_renew(slot->line->job->ledger, &slot->lease, NULL); /* the next step tells */
    }
}

void line_cycle(struct line *line, enum job_stage stage, double seconds)
{
    pthread_mutex_lock(&line->lock);
    cycle_time_add(&line->cycles[stage], seconds);
    pthread_mutex_unlock(&line->lock);
}

double stage_begin(struct slot *slot, enum job_stage stage)
{
    const struct signet_event event = {.kind = SIGNET_EVENT_STAGE_BEGIN,
                                       .stage = job_stage_name(stage)};
    double now = clock_seconds();

    pthread_mutex_lock(&slot->line->lock);
    if (slot->line->first <= 0)
        slot->line->first = now;
    pthread_mutex_unlock(&slot->line->lock);
    event_send(&slot->observer, &event);
    return now;
}

double stage_end(struct slot *slot, enum job_stage stage, double begin, int rc,
                 const struct signet_error *err)
{
    const struct signet_event event = {.kind = SIGNET_EVENT_STAGE_END,
                                       .stage = job_stage_name(stage),
                                       .seconds = clock_seconds() - begin,
                                       .error = rc == SIGNET_OK ? NULL : err};

    if (rc == SIGNET_OK)
        line_cycle(slot->line, stage, event.seconds);
    event_send(&slot->observer, &event);
    return event.seconds;
}

int line_count(struct line *line, struct signet_error *err)
{
    int64_t states[SIGNET_DEVICE_STATES], issued = 0;
    int rc = signet_ledger_states(line->job->ledger, line->job->order, states, err);

    if (rc != SIGNET_OK)
        return rc;
    for (int i = 0; i < SIGNET_DEVICE_STATES; i++)
        issued += states[i];
    int64_t unfinished = states[SIGNET_DEVICE_RESERVED] + states[SIGNET_DEVICE_KEYED] +
                         states[SIGNET_DEVICE_WRITING] + states[SIGNET_DEVICE_WRITTEN];
    int64_t wait = states[SIGNET_DEVICE_VERIFIED] + states[SIGNET_DEVICE_REGISTERED];
    struct signet_event event = {.kind = SIGNET_EVENT_TOTALS,
                                 .stage = "order",
                                 .done = (uint64_t)(wait + states[SIGNET_DEVICE_DONE]),
                                 .total = (uint64_t)line->job->quota};

    line_tell(line, &event);
    event.stage = "servers";
    event.done = (uint64_t)states[SIGNET_DEVICE_DONE];
    event.total = (uint64_t)wait;
    if (line->job->server_count > 0)
        line_tell(line, &event);
    pthread_mutex_lock(&line->lock);
    memcpy(line->report.states, states, sizeof(states));
    line->used_up = line->used_up || issued >= line->job->quota;
    line->finished = line->used_up && unfinished == 0;
    if (line->finished)
        pthread_cond_broadcast(&line->changed);
    pthread_mutex_unlock(&line->lock);
    return SIGNET_OK;
}

static int check_outbox(const struct signet_line *job, struct signet_error *err)
{
    if (!job->ledger || !job->units || job->quota < 1)
        return error_set(err, SIGNET_E_USAGE, "a line needs a ledger, units and a quota");
    for (size_t i = 0; i < job->server_count; i++) {
        if (!job->server_names || !job->server_names[i] || !job->server_names[i][0])
            return error_set(err, SIGNET_E_USAGE, "server %zu has no name", i + 1);
        for (size_t j = 0; j < i; j++)
            if (strcmp(job->server_names[i], job->server_names[j]) == 0)
                return error_set(err, SIGNET_E_USAGE, "two servers are called '%s'",
                                 job->server_names[i]);
    }
    return SIGNET_OK;
}

static int check(const struct signet_line *job, struct signet_error *err)
{
    int rc = check_outbox(job, err);

    if (rc != SIGNET_OK)
        return rc;
    if (!job->recipe || job->slot_count == 0)
        return error_set(err, SIGNET_E_USAGE, "a line needs a board recipe and slots");
    for (size_t i = 0; i < job->slot_count; i++) {
        if (!job->slots[i].name || !job->slots[i].name[0] || !job->slots[i].where)
            return error_set(err, SIGNET_E_USAGE, "slot %zu has no name or place", i + 1);
        for (size_t j = 0; j < i; j++)
            if (strcmp(job->slots[i].name, job->slots[j].name) == 0 ||
                (job->slots[i].kind == job->slots[j].kind &&
                 strcmp(job->slots[i].where, job->slots[j].where) == 0))
                return error_set(err, SIGNET_E_USAGE, "slots %zu and %zu are the same", j + 1,
                                 i + 1);
    }
    return SIGNET_OK;
}

static int make_reports(struct line *line, struct signet_error *err)
{
    struct signet_line_report *r = &line->report;
    const struct signet_line *job = line->job;

    r->quota = job->quota;
    r->slots = calloc(job->slot_count + 1, sizeof(*r->slots));
    r->servers = calloc(job->server_count + 1, sizeof(*r->servers));
    if (!r->slots || !r->servers)
        return error_nomem(err);
    r->slot_count = job->slot_count;
    r->server_count = job->server_count;
    for (size_t i = 0; i < r->server_count; i++)
        r->servers[i].name = job->server_names[i];
    return SIGNET_OK;
}

static int set_up(struct line *line, const struct signet_line *job, struct signet_error *err)
{
    pthread_condattr_t attr;

    *line = (struct line){.job = job};
    pthread_mutex_init(&line->telling, NULL);
    pthread_mutex_init(&line->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&line->changed, &attr);
    pthread_condattr_destroy(&attr);
    int rc = make_reports(line, err);
    return rc == SIGNET_OK ? signet_cancel_new(&line->stop, err) : rc;
}

static void tear_down(struct line *line)
{
    pthread_cond_destroy(&line->changed);
    pthread_mutex_destroy(&line->lock);
    pthread_mutex_destroy(&line->telling);
    signet_cancel_free(&line->stop);
}

/* Until the count, of threads that are at work, is zero: the caller's wish to stop is passed on. */
static void attend(struct line *line, const size_t *count)
{
    while (*count > 0) {
        struct timespec at;

        clock_gettime(CLOCK_MONOTONIC, &at);
        at.tv_nsec += LOOK_MS * 1000000L;
        at.tv_sec += at.tv_nsec / 1000000000L;
        at.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&line->changed, &line->lock, &at);
        if (signet_cancel_fired(line->job->cancel) && !line_stopped(line)) {
            signet_cancel_fire(line->stop);
            pthread_cond_broadcast(&line->changed);
        }
    }
}

/* First the slots; then nothing new comes, and the outbox has a while for what is there. */
static void attend_all(struct line *line)
{
    int seconds = line->job->sync_seconds > 0 ? line->job->sync_seconds : SYNC_SECONDS;

    pthread_mutex_lock(&line->lock);
    attend(line, &line->open_slots);
    line->closing = true;
    line->end_at = clock_ms() + (int64_t)seconds * 1000;
    pthread_cond_broadcast(&line->changed);
    attend(line, &line->open_runners);
    pthread_mutex_unlock(&line->lock);
}

static void start_slots(struct line *line, struct slot *slots)
{
    struct signet_error err = {0};

    for (size_t i = 0; i < line->job->slot_count; i++) {
        struct slot *slot = &slots[i];

        *slot = (struct slot){.line = line, .job = &line->job->slots[i]};
        slot->report = &line->report.slots[i];
        slot->report->name = slot->job->name;
        slot->observer = (struct signet_observer){.on_event = on_event, .ctx = slot};
        pthread_mutex_lock(&line->lock);
        line->open_slots++;
        pthread_mutex_unlock(&line->lock);
        int rc = pthread_create(&slot->thread, NULL, slot_run, slot);
        slot->started = rc == 0;
        if (rc != 0) {
            error_sys(&err, SIGNET_E_NOMEM, rc, "cannot start a thread for slot %s",
                      slot->job->name);
            pthread_mutex_lock(&line->lock);
            line->open_slots--;
            pthread_mutex_unlock(&line->lock);
            line_stop(line, &err);
        }
    }
}

static void fill_report(struct line *line)
{
    struct signet_line_report *r = &line->report;

    for (size_t i = 0; i < STAGES; i++) {
        const struct cycle_time *t = &line->cycles[i];

        if (t->count)
            r->stages[r->stage_count++] =
                (struct signet_line_stage){.name = job_stage_name((enum job_stage)i),
                                           .count = t->count,
                                           .median = cycle_time_quantile(t, 0.5),
                                           .p95 = cycle_time_quantile(t, 0.95)};
    }
    if (r->passed && line->last > line->first)
        r->per_hour = (double)r->passed * 3600 / (line->last - line->first);
}

static int work(struct line *line, struct slot *slots, struct signet_error *err)
{
    struct outbox *outbox = NULL;
    int rc = signet_ledger_recover(line->job->ledger, line->job->order, err);

    if (rc == SIGNET_OK)
        rc = line_count(line, err);
    if (rc != SIGNET_OK)
        return rc;
    rc = outbox_begin(&outbox, line, err);
    if (rc == SIGNET_OK)
        start_slots(line, slots);
    else
        signet_cancel_fire(line->stop);
    attend_all(line);
    for (size_t i = 0; i < line->job->slot_count; i++)
        if (slots[i].started)
            pthread_join(slots[i].thread, NULL);
    outbox_finish(&outbox);
    return rc == SIGNET_OK ? line_count(line, err) : rc;
}

/* The first reason counts, not what followed from it. */
static int reason(const struct line *line, int rc, struct signet_error *err)
{
    if (line->fatal.code == SIGNET_OK)
        return rc;
    if (err)
        *err = line->fatal;
    return (int)line->fatal.code;
}

void signet_line_report_free(struct signet_line_report *report)
{
    free(report->slots);
    free(report->servers);
    *report = (struct signet_line_report){0};
}

int signet_line_run(const struct signet_line *job, struct signet_line_report *report,
                    struct signet_error *err)
{
    struct line *line = NULL;
    struct slot *slots = NULL;
    int rc = check(job, err);

    if (rc != SIGNET_OK)
        return rc;
    line = calloc(1, sizeof(*line));
    slots = calloc(job->slot_count, sizeof(*slots));
    rc = line && slots ? set_up(line, job, err) : error_nomem(err);
    if (rc == SIGNET_OK) {
        double begin = clock_seconds();
        rc = work(line, slots, err);
        line->report.seconds = clock_seconds() - begin;
        fill_report(line);
        rc = reason(line, rc, err);
    }
    if (line) {
        *report = line->report;
        tear_down(line);
    }
    free(slots);
    free(line);
    return rc;
}

int signet_line_sync(const struct signet_line *job, struct signet_line_report *report,
                     struct signet_error *err)
{
    struct signet_error away = {0};
    struct line *line = NULL;
    int rc = check_outbox(job, err);

    if (rc != SIGNET_OK)
        return rc;
    line = calloc(1, sizeof(*line));
    rc = line ? set_up(line, job, err) : error_nomem(err);
    if (rc == SIGNET_OK)
        rc = signet_ledger_recover(job->ledger, job->order, err);
    if (rc == SIGNET_OK)
        rc = outbox_once(line, &away, err);
    if (rc == SIGNET_OK)
        rc = line_count(line, err);
    if (rc == SIGNET_OK && away.code != SIGNET_OK) {
        rc = (int)away.code;
        if (err)
            *err = away;
    }
    if (line) {
        fill_report(line);
        *report = line->report;
        tear_down(line);
    }
    free(line);
    return rc;
}
