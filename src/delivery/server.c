/* SPDX-License-Identifier: Apache-2.0 */
/* Devices on their way to one server, a batch at a time. */
#include "delivery/private.h"

#include <signet/server.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 128, BATCH_MAX = 512 };

/* All arrays have room for size devices. */
struct server_worker {
    const struct delivery_setup *setup;
    struct opened *opened;
    struct signet_server *server;
    struct signet_delivery_report *report;
    struct signet_server_report *server_report;
    size_t size;
    int64_t after;            /* the ledger's place in this round */
    struct signet_error away; /* in this round: why a device could not be opened */
    struct parcel *parcels;
    struct signet_lease *leases;
    struct signet_error *outcomes;
    struct signet_device *devices; /* of those that were opened, without gaps */
    struct signet_server_result *results;
};

/* A device that was opened. */
struct parcel {
    const struct device *unit;
    size_t lease; /* its place among the leases */
};

static size_t size_of_batches(struct signet_server *server)
{
    struct signet_server_capabilities can;

    signet_server_capabilities(server, &can);
    return can.batch_max <= BATCH ? BATCH : can.batch_max < BATCH_MAX ? can.batch_max : BATCH_MAX;
}

int server_worker_new(struct server_worker **out, const struct delivery_setup *setup,
                      struct opened *opened, size_t server, struct signet_delivery_report *report,
                      struct signet_error *err)
{
    struct server_worker *w = calloc(1, sizeof(*w));

    if (!w)
        return error_nomem(err);
    w->setup = setup;
    w->opened = opened;
    w->server = setup->servers[server];
    w->report = report;
    w->server_report = &report->servers[server];
    w->size = size_of_batches(w->server);
    w->parcels = calloc(w->size, sizeof(*w->parcels));
    w->leases = calloc(w->size, sizeof(*w->leases));
    w->outcomes = calloc(w->size, sizeof(*w->outcomes));
    w->devices = calloc(w->size, sizeof(*w->devices));
    w->results = calloc(w->size, sizeof(*w->results));
    if (!w->parcels || !w->leases || !w->outcomes || !w->devices || !w->results) {
        server_worker_free(&w);
        return error_nomem(err);
    }
    *out = w;
    return SIGNET_OK;
}

void server_worker_free(struct server_worker **worker)
{
    struct server_worker *w = *worker;

    if (!w)
        return;
    free(w->parcels);
    free(w->leases);
    free(w->outcomes);
    free(w->devices);
    free(w->results);
    free(w);
    *worker = NULL;
}

/* The device stays as it is, and comes again. */
static void put_off(struct server_worker *w, struct signet_error *outcome, struct signet_error *why)
{
    if (why->code == SIGNET_OK) {
        *why = *outcome;
        error_prefix(why, "%s", w->server_report->name);
    }
    outcome->code = SIGNET_E_BUSY; /* the ledger's word for it */
}

/* A device that cannot be opened: no server is asked. */
static int dispose(struct server_worker *w, const struct signet_lease *lease,
                   struct signet_error *outcome, struct signet_error *err)
{
    const struct signet_error why = *outcome;
    int rc = opened_judge(&why);

    if (rc == SIGNET_E_BUSY) {
        put_off(w, outcome, &w->away);
        return SIGNET_OK;
    }
    if (rc != SIGNET_OK) {
        if (err)
            *err = why;
        return rc;
    }
    outcome->code = SIGNET_E_BUSY;
    rc = signet_ledger_set_aside(w->setup->job->ledger, lease, &why, err);
    if (rc == SIGNET_OK)
        report_refused(w->setup, w->report, STAGE_REGISTER, lease->endpoint, &why);
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc; /* another server's thread was faster */
}

/* Those whose packets can be opened; the others have their outcome. */
static int open_devices(struct server_worker *w, size_t count, size_t *opened,
                        struct signet_error *err)
{
    *opened = 0;
    for (size_t i = 0; i < count; i++) {
        struct signet_error *outcome = &w->outcomes[i];
        const struct device *unit = NULL;

        *outcome = (struct signet_error){0};
        int rc = opened_take(w->opened, &w->leases[i], &unit, outcome);
        if (rc == SIGNET_OK) {
            w->devices[*opened] = unit->view;
            w->parcels[(*opened)++] = (struct parcel){.unit = unit, .lease = i};
            continue;
        }
        rc = dispose(w, &w->leases[i], outcome, err);
        if (rc != SIGNET_OK)
            return rc;
    }
    return SIGNET_OK;
}

/* Asks the server; then outcomes are final, but for those that wait. */
static void ask(struct server_worker *w, size_t opened, struct round *round)
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
                         w->server_report->name);
    }
}

static void report(struct server_worker *w, size_t count, double seconds, struct round *round)
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
            report_refused(w->setup, w->report, STAGE_REGISTER, w->leases[i].endpoint, outcome);
        }
    }
    pthread_mutex_lock(&job->lock);
    w->server_report->registered += taken;
    w->server_report->refused += refused;
    pthread_mutex_unlock(&job->lock);
    round->moved += taken + refused;
}

/* The next devices, at most max; *count 0: there are none. */
static int one_batch(struct server_worker *w, size_t max, size_t *count, struct round *round,
                     struct signet_error *err)
{
    struct job *job = w->setup->job;
    const char *name = w->server_report->name;
    double begin = clock_seconds();
    size_t opened = 0;
    int rc =
        signet_ledger_waiting(job->ledger, job->order, name, &w->after, w->leases, max, count, err);

    if (rc != SIGNET_OK || *count == 0)
        return rc;
    rc = open_devices(w, *count, &opened, err);
    if (rc == SIGNET_OK)
        ask(w, opened, round);
    for (size_t i = 0; i < opened; i++)
        opened_give(w->opened, w->parcels[i].unit);
    failpoint("before-delivered");
    if (rc == SIGNET_OK)
        rc = signet_ledger_delivered(job->ledger, name, w->leases, *count, w->outcomes, err);
    failpoint("after-delivered");
    if (rc == SIGNET_OK)
        report(w, *count, (clock_seconds() - begin) / (double)*count, round);
    return rc;
}

int server_round(struct server_worker *w, struct round *round, struct signet_error *err)
{
    struct job *job = w->setup->job;
    /* one device is enough to see that a server is still away */
    size_t count = 0, max = w->server_report->away.code == SIGNET_OK ? w->size : 1;
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
    w->server_report->away = round->away;
    pthread_mutex_unlock(&job->lock);
    return rc;
}

int server_count_waiting(struct server_worker *w, struct signet_error *err)
{
    struct job *job = w->setup->job;
    const char *name = w->server_report->name;
    size_t count = 0;
    int rc;

    w->server_report->waiting = 0;
    w->after = 0;
    do {
        rc = signet_ledger_waiting(job->ledger, job->order, name, &w->after, w->leases, w->size,
                                   &count, err);
        for (size_t i = 0; i < count; i++)
            w->outcomes[i] = (struct signet_error){.code = SIGNET_E_BUSY};
        if (rc == SIGNET_OK && count > 0)
            rc = signet_ledger_delivered(job->ledger, name, w->leases, count, w->outcomes, err);
        w->server_report->waiting += (int64_t)count;
    } while (rc == SIGNET_OK && count > 0);
    return rc;
}
