/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job.h"

#include <stdio.h>
#include <stdlib.h>

enum { ATTEND_MS = 100 };

static const char *const stage_names[STAGES] = {
    [STAGE_FLASH] = "flash", [STAGE_NAME] = "name",         [STAGE_CREDENTIALS] = "credentials",
    [STAGE_LOAD] = "load",   [STAGE_RESULT] = "result",     [STAGE_FINAL] = "final",
    [STAGE_MINT] = "mint",   [STAGE_LABEL] = "label",       [STAGE_LOCK] = "lock",
    [STAGE_PROVE] = "prove", [STAGE_REGISTER] = "register",
};

const char *job_stage_name(enum job_stage stage)
{
    return stage_names[stage];
}

int job_open(struct job *job, struct signet_error *err)
{
    int rc = signet_cancel_new(&job->stop, err);

    if (rc != SIGNET_OK)
        return rc;
    pthread_mutex_init(&job->reporting, NULL);
    pthread_mutex_init(&job->counting, NULL);
    pthread_mutex_init(&job->lock, NULL);
    pthread_mutex_init(&job->memory.writing, NULL);
    clock_cond(&job->changed);
    return SIGNET_OK;
}

void job_close(struct job *job)
{
    if (!job->stop)
        return;
    pthread_cond_destroy(&job->changed);
    pthread_mutex_destroy(&job->memory.writing);
    pthread_mutex_destroy(&job->lock);
    pthread_mutex_destroy(&job->counting);
    pthread_mutex_destroy(&job->reporting);
    signet_cancel_free(&job->stop);
    free(job->memory.path);
}

void job_report(struct job *job, const struct signet_event *event)
{
    pthread_mutex_lock(&job->reporting);
    event_send(job->observer, event);
    pthread_mutex_unlock(&job->reporting);
}

void job_report_stage(struct job *job, enum signet_event_kind kind, enum job_stage stage,
                      double seconds, const char *endpoint, const struct signet_error *why)
{
    const struct signet_event event = {.kind = kind,
                                       .stage = stage_names[stage],
                                       .endpoint = endpoint,
                                       .seconds = seconds,
                                       .error = why};

    if (kind == SIGNET_EVENT_STAGE_END && why)
        job_count_error(job, why->code);
    job_report(job, &event);
}

void job_fail(struct job *job, const struct signet_error *why)
{
    pthread_mutex_lock(&job->lock);
    if (job->fatal.code == SIGNET_OK)
        job->fatal = *why;
    signet_cancel_fire(job->stop);
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
}

bool job_failed(struct job *job)
{
    pthread_mutex_lock(&job->lock);
    bool failed = job->fatal.code != SIGNET_OK;
    pthread_mutex_unlock(&job->lock);
    return failed;
}

bool job_stopped(const struct job *job)
{
    return signet_cancel_fired(job->stop);
}

int job_result(const struct job *job, struct signet_error *err)
{
    return job->fatal.code == SIGNET_OK ? SIGNET_OK : error_copy(err, &job->fatal);
}

void job_wait(struct job *job, int64_t until)
{
    clock_cond_wait(&job->changed, &job->lock, until);
}

void job_attend(struct job *job, const size_t *threads)
{
    pthread_mutex_lock(&job->lock);
    while (*threads > 0) {
        job_wait(job, clock_ms() + ATTEND_MS);
        if (signet_cancel_fired(job->cancel) && !job_stopped(job)) {
            signet_cancel_fire(job->stop);
            pthread_cond_broadcast(&job->changed);
        }
    }
    pthread_mutex_unlock(&job->lock);
}

int job_start_thread(struct job *job, pthread_t *thread, size_t *threads, void *(*run)(void *),
                     void *arg)
{
    pthread_mutex_lock(&job->lock);
    int rc = pthread_create(thread, NULL, run, arg);
    *threads += rc == 0;
    pthread_mutex_unlock(&job->lock);
    return rc;
}

void job_thread_ended(struct job *job, size_t *threads)
{
    pthread_mutex_lock(&job->lock);
    --*threads;
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
}

static int64_t at_servers(const int64_t *states)
{
    return states[SIGNET_DEVICE_VERIFIED] + states[SIGNET_DEVICE_REGISTERED];
}

static void report_count(struct job *job, const int64_t states[SIGNET_DEVICE_STATES])
{
    struct signet_event event = {.kind = SIGNET_EVENT_TOTALS,
                                 .stage = "order",
                                 .done =
                                     (uint64_t)(at_servers(states) + states[SIGNET_DEVICE_DONE]),
                                 .total = (uint64_t)job->quota};

    job_report(job, &event);
    event.stage = "servers";
    event.done = (uint64_t)states[SIGNET_DEVICE_DONE];
    event.total = (uint64_t)at_servers(states);
    if (job->delivers)
        job_report(job, &event);
}

int job_count(struct job *job, struct signet_error *err)
{
    int64_t states[SIGNET_DEVICE_STATES];

    pthread_mutex_lock(&job->counting);
    int rc = signet_ledger_states(job->ledger, job->order, states, err);
    if (rc == SIGNET_OK) {
        pthread_mutex_lock(&job->lock);
        memcpy(job->figures.states, states, sizeof(states));
        pthread_cond_broadcast(&job->changed);
        pthread_mutex_unlock(&job->lock);
        report_count(job, states);
    }
    pthread_mutex_unlock(&job->counting);
    return rc;
}

static int take_named(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    struct job_named *named = ctx;

    (void)err;
    if (d->freed)
        return SIGNET_OK;
    snprintf(named->order, sizeof(named->order), "%s", d->order);
    snprintf(named->hw_id, sizeof(named->hw_id), "%s", d->hw_id);
    snprintf(named->packet_sha256, sizeof(named->packet_sha256), "%s", d->packet_sha256);
    return SIGNET_OK;
}

int job_named_device(struct signet_ledger *ledger, const char *endpoint, struct job_named *out,
                     struct signet_error *err)
{
    const struct signet_ledger_filter filter = {.endpoint = endpoint, .state = -1};

    *out = (struct job_named){0};
    return signet_ledger_devices(ledger, &filter, take_named, out, err);
}

struct packet {
    const char *sha256;
    bool retired;
};

static int see_retired(void *ctx, const struct signet_ledger_device *device,
                       struct signet_error *err)
{
    struct packet *p = ctx;

    (void)err;
    p->retired = p->retired || (device->state == SIGNET_DEVICE_RETIRED &&
                                strcmp(device->packet_sha256, p->sha256) == 0);
    return SIGNET_OK;
}

int job_is_retired(struct job *job, const char *endpoint, const char *packet_sha256, bool *retired,
                   struct signet_error *err)
{
    const struct signet_ledger_filter filter = {.endpoint = endpoint, .state = -1};
    struct packet packet = {.sha256 = packet_sha256};
    int rc = signet_ledger_devices(job->ledger, &filter, see_retired, &packet, err);

    *retired = packet.retired;
    return rc;
}

int64_t job_units_left(const struct job *job)
{
    const int64_t *states = job->figures.states;

    return job->quota - at_servers(states) - states[SIGNET_DEVICE_DONE] -
           states[SIGNET_DEVICE_FAILED] - states[SIGNET_DEVICE_VOID];
}

void job_cycle(struct job *job, enum job_stage stage, double seconds)
{
    pthread_mutex_lock(&job->lock);
    cycle_time_add(&job->figures.cycles[stage], seconds);
    pthread_mutex_unlock(&job->lock);
}

void job_count_error(struct job *job, enum signet_code code)
{
    pthread_mutex_lock(&job->lock);
    if ((unsigned)code < JOB_CODES)
        job->figures.errors[code]++;
    pthread_mutex_unlock(&job->lock);
}
