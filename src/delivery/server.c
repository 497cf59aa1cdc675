/* SPDX-License-Identifier: Apache-2.0 */
/* Devices on their way to one server, a batch at a time. */
#include "delivery/private.h"

#include <signet/server.h>
#include <stdlib.h>

enum { BATCH = 128, BATCH_MAX = 512 };

/* A device that was opened. */
struct parcel {
    struct device *device;
    size_t lease; /* its place among the leases */
};

struct server_worker {
    const struct delivery_setup *setup;
    struct device_cache *opened;
    struct signet_server *server;
    struct signet_server_report *report;
    size_t size;              /* of a batch */
    int64_t after;            /* the ledger's place in this round */
    struct signet_error away; /* in this round: why a device could not be opened */
    struct signet_lease leases[BATCH_MAX];
    struct signet_error outcomes[BATCH_MAX];
    struct parcel parcels[BATCH_MAX]; /* of those that were opened, without gaps */
    struct signet_device devices[BATCH_MAX];
    struct signet_server_result results[BATCH_MAX];
};

int server_worker_new(struct server_worker **out, const struct delivery_setup *setup,
                      struct device_cache *opened, size_t i, struct signet_error *err)
{
    struct server_worker *w = calloc(1, sizeof(*w));
    struct signet_server_capabilities can;

    if (!w)
        return error_nomem(err);
    w->setup = setup;
    w->opened = opened;
    w->server = setup->servers[i];
    w->report = &setup->report->servers[i];
    signet_server_capabilities(w->server, &can);
    w->size = can.batch_max < BATCH ? BATCH : can.batch_max < BATCH_MAX ? can.batch_max : BATCH_MAX;
    *out = w;
    return SIGNET_OK;
}

/* The device stays as it is, and comes again. */
static void put_off(struct server_worker *w, struct signet_error *outcome, struct signet_error *why)
{
    if (why->code == SIGNET_OK) {
        *why = *outcome;
        error_prefix(why, "%s", w->report->name);
    }
    outcome->code = SIGNET_E_BUSY; /* the ledger's word for it */
}

/* A device that cannot be opened: no server is asked. */
static int dispose(struct server_worker *w, const struct signet_lease *lease,
                   struct signet_error *outcome, struct signet_error *err)
{
    const struct signet_error why = *outcome;
    int rc = judge_unopened(&why);

    if (rc == SIGNET_E_BUSY) {
        put_off(w, outcome, &w->away);
        return SIGNET_OK;
    }
    if (rc != SIGNET_OK)
        return error_copy(err, &why);
    outcome->code = SIGNET_E_BUSY;
    rc = signet_ledger_set_aside(w->setup->job->ledger, lease, &why, err);
    if (rc == SIGNET_OK)
        report_refused(w->setup, STAGE_REGISTER, lease->endpoint, &why);
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc; /* another server's thread was faster */
}

/* Those whose packets can be opened; the others have their outcome. */
static int open_devices(struct server_worker *w, size_t count, size_t *opened,
                        struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < count; i++) {
        struct parcel *parcel = &w->parcels[*opened];

        w->outcomes[i] = (struct signet_error){0};
        rc = device_cache_take(w->opened, &w->leases[i], &parcel->device, &w->outcomes[i]);
        if (rc == SIGNET_OK) {
            parcel->lease = i;
            w->devices[(*opened)++] = parcel->device->view;
        } else {
            rc = dispose(w, &w->leases[i], &w->outcomes[i], err);
        }
    }
    return rc;
}

/* Asks the server; then outcomes are final, but for those that wait. */
static void ask_server(struct server_worker *w, size_t opened, struct round *round)
{
    if (opened == 0)
        return;
    failpoint("before-register");
    signet_server_add_batch(w->server, w->devices, opened, w->results, NULL);
    failpoint("after-register");
    for (size_t i = 0; i < opened; i++) {
        struct signet_error *outcome = &w->outcomes[w->parcels[i].lease];

        *outcome = w->results[i].error;
        if (outcome->code == SIGNET_OK)
            continue;
        if (signet_error_class(outcome) != SIGNET_CLASS_DEVICE)
            put_off(w, outcome, &round->away);
        else
            error_prefix(outcome, "%s is made, but %s refuses it", w->devices[i].endpoint,
                         w->report->name);
    }
}

static void report_batch(struct server_worker *w, size_t count, double seconds, struct round *round)
{
    struct job *job = w->setup->job;
    uint64_t taken = 0, refused = 0;

    for (size_t i = 0; i < count; i++) {
        const struct signet_error *outcome = &w->outcomes[i];

        if (outcome->code == SIGNET_OK) {
            taken++;
            job_cycle(job, STAGE_REGISTER, seconds);
            job_report_stage(job, SIGNET_EVENT_STAGE_END, STAGE_REGISTER, seconds,
                             w->leases[i].endpoint, NULL);
        } else if (outcome->code != SIGNET_E_BUSY) {
            refused++;
            report_refused(w->setup, STAGE_REGISTER, w->leases[i].endpoint, outcome);
        }
    }
    pthread_mutex_lock(&job->lock);
    w->report->registered += taken;
    w->report->refused += refused;
    pthread_mutex_unlock(&job->lock);
    round->moved += taken + refused;
}

/* The next devices, at most max; *count 0: there are none. */
static int one_batch(struct server_worker *w, size_t max, size_t *count, struct round *round,
                     struct signet_error *err)
{
    struct job *job = w->setup->job;
    const char *name = w->report->name;
    double begin = clock_seconds();
    size_t opened = 0;
    int rc =
        signet_ledger_waiting(job->ledger, job->order, name, &w->after, w->leases, max, count, err);

    if (rc != SIGNET_OK || *count == 0)
        return rc;
    rc = open_devices(w, *count, &opened, err);
    if (rc == SIGNET_OK)
        ask_server(w, opened, round);
    for (size_t i = 0; i < opened; i++)
        device_cache_give(w->opened, w->parcels[i].device);
    failpoint("before-delivered");
    if (rc == SIGNET_OK)
        rc = signet_ledger_delivered(job->ledger, name, w->leases, *count, w->outcomes, err);
    failpoint("after-delivered");
    if (rc == SIGNET_OK)
        report_batch(w, *count, (clock_seconds() - begin) / (double)*count, round);
    return rc;
}

int server_round(struct server_worker *w, struct round *round, struct signet_error *err)
{
    struct job *job = w->setup->job;
    /* one device is enough to see that a server is still away */
    size_t count = 0, max = w->report->away.code == SIGNET_OK ? w->size : 1;
    int rc;

    w->after = 0;
    w->away = (struct signet_error){0};
    do {
        rc = one_batch(w, max, &count, round, err);
        max = w->size;
    } while (rc == SIGNET_OK && count > 0 && round->away.code == SIGNET_OK && !job_stopped(job));
    if (round->away.code == SIGNET_OK)
        round->away = w->away;
    pthread_mutex_lock(&job->lock);
    w->report->away = round->away;
    pthread_mutex_unlock(&job->lock);
    return rc;
}

int server_count_waiting(struct server_worker *w, struct signet_error *err)
{
    struct job *job = w->setup->job;
    const char *name = w->report->name;
    size_t count = 0;
    int rc;

    w->after = 0;
    for (size_t i = 0; i < w->size; i++)
        w->outcomes[i] = (struct signet_error){.code = SIGNET_E_BUSY};
    do {
        rc = signet_ledger_waiting(job->ledger, job->order, name, &w->after, w->leases, w->size,
                                   &count, err);
        if (rc == SIGNET_OK && count > 0)
            rc = signet_ledger_delivered(job->ledger, name, w->leases, count, w->outcomes, err);
        w->report->waiting += (int64_t)count;
    } while (rc == SIGNET_OK && count > 0);
    return rc;
}
