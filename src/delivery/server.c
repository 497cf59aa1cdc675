/* SPDX-License-Identifier: Apache-2.0 */
/* Devices on their way to one server, a batch at a time. */
#include "delivery/private.h"

#include <signet/server.h>
#include <stdlib.h>

enum {
    BATCH = 128,
    BATCH_MAX = 512,
    UNCLEAR = 5 /* devices, before a server is left alone whose answers say nothing */
};

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
    struct refusals *refusals;
    size_t size;      /* of a batch */
    unsigned unclear; /* batches in a row, in this round, of which it took and refused none */
    bool trusted;     /* it took the last device: it gets whole batches */
    int64_t after;    /* the ledger's place in this round */
    int64_t tried;    /* where a server that is not trusted is tried next */
    struct signet_error away; /* in this round: why a device could not be opened */
    struct signet_lease leases[BATCH_MAX];
    struct signet_error outcomes[BATCH_MAX];
    struct parcel parcels[BATCH_MAX]; /* of those that were opened, without gaps */
    struct signet_device devices[BATCH_MAX];
    struct signet_server_result results[BATCH_MAX];
};

static int remember_answer(void *ctx, const char *endpoint, const char *words,
                           struct signet_error *err)
{
    (void)err;
    return refusals_remember(ctx, endpoint, words) ? SIGNET_OK : SIGNET_E_NOT_FOUND;
}

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
    w->refusals = refusals_new(setup->order->stop_after_refusals);
    if (!w->refusals) {
        server_worker_free(w);
        return error_nomem(err);
    }
    int rc = signet_ledger_answers(setup->job->ledger, w->report->name, remember_answer,
                                   w->refusals, err);
    if (rc != SIGNET_OK)
        server_worker_free(w);
    else
        *out = w;
    return rc;
}

void server_worker_free(struct server_worker *w)
{
    if (w)
        free(w->refusals);
    free(w);
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
        if (refusals_rests(w->refusals, w->leases[i].device, clock_ms(), &w->outcomes[i])) {
            put_off(w, &w->outcomes[i], &w->away);
            continue;
        }
        rc = device_cache_take(w->opened, &w->leases[i], &parcel->device, &w->outcomes[i]);
        if (rc == SIGNET_OK) {
            parcel->lease = i;
            w->devices[*opened] = parcel->device->view;
            w->devices[(*opened)++].replaces = w->leases[i].edition > 1;
        } else {
            rc = dispose(w, &w->leases[i], &w->outcomes[i], err);
        }
    }
    return rc;
}

/* One device's answer is its outcome; in_row: no device behind it was taken. */
static void judge_delivery(struct server_worker *w, size_t i, bool in_row, struct round *round)
{
    size_t lease = w->parcels[i].lease;
    const char *endpoint = w->devices[i].endpoint;
    struct signet_error *outcome = &w->outcomes[lease];

    *outcome = w->results[i].error;
    if (outcome->code == SIGNET_OK)
        return;
    if ((signet_error_class(outcome) != SIGNET_CLASS_DEVICE &&
         !refusals_held(w->refusals, w->leases[lease].device, clock_ms(), outcome)) ||
        (in_row && refusals_too_many(w->refusals, endpoint, outcome)))
        put_off(w, outcome, &round->away);
    else
        error_prefix(outcome, "%s is made, but %s refuses it", endpoint, w->report->name);
}

/* Was there an answer that may be about this device alone, although it refuses nothing? */
static bool is_unclear(const struct signet_error *outcome)
{
    return (outcome->code == SIGNET_E_SERVER && outcome->sys != 429 && outcome->sys != 503) ||
           refusals_not_found(outcome);
}

/* Asks the server; then outcomes are final, but for those that wait. False: it is away. */
static bool ask_server(struct server_worker *w, size_t opened, struct round *round)
{
    size_t in_row = 0, said = 0; /* in_row: behind the last device that it took */

    failpoint("before-register");
    signet_server_add_batch(w->server, w->devices, opened, w->results, NULL);
    failpoint("after-register");
    for (size_t i = 0; i < opened; i++) {
        enum signet_code code = w->results[i].error.code;

        said +=
            code == SIGNET_OK || signet_error_class(&w->results[i].error) == SIGNET_CLASS_DEVICE;
        if (code == SIGNET_OK) {
            refusals_took_one(w->refusals);
            in_row = i + 1;
        }
    }
    for (size_t i = 0; i < opened; i++)
        judge_delivery(w, i, i >= in_row, round);
    round->there = round->there || said > 0;
    if (said > 0)
        w->trusted = in_row > 0 && !refusals_in_a_row(w->refusals);
    w->unclear = said > 0 ? 0 : w->unclear + 1;
    return said > 0 || (is_unclear(&w->results[0].error) && w->unclear < UNCLEAR);
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

/* The next devices, at most max; *count 0: there are none. *away: the server is. */
static int one_batch(struct server_worker *w, size_t max, size_t *count, bool *away,
                     struct round *round, struct signet_error *err)
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
    if (rc == SIGNET_OK && opened > 0)
        *away = !ask_server(w, opened, round);
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

/* Batch after batch. One device is enough to see that a server is still away, a few when its
 * answers are unclear, and others the next time: an answer may be about one device alone. */
static int walk_outbox(struct server_worker *w, struct round *round, struct signet_error *err)
{
    bool from_begin = w->trusted || w->tried == 0, away = false, more;
    int rc;

    w->unclear = 0;
    w->after = from_begin ? 0 : w->tried;
    do {
        size_t count = 0;

        rc = one_batch(w, w->trusted ? w->size : 1, &count, &away, round, err);
        more = count > 0;
        if (!from_begin && !away && (w->trusted || !more)) { /* what was left out before it */
            from_begin = more = true;
            w->after = 0;
        }
        round->stopped = refusals_stop(w->refusals, w->report->name, &round->away);
    } while (rc == SIGNET_OK && more && !away && !round->stopped && !job_stopped(w->setup->job));
    if (away)
        w->trusted = false;
    w->tried = w->trusted || !more ? 0 : w->after;
    return rc;
}

int server_round(struct server_worker *w, struct round *round, struct signet_error *err)
{
    struct job *job = w->setup->job;
    int rc;

    w->away = (struct signet_error){0};
    rc = walk_outbox(w, round, err);
    if (round->away.code == SIGNET_OK)
        round->away = w->away;
    pthread_mutex_lock(&job->lock);
    w->report->away = round->away;
    w->report->stopped = round->stopped;
    pthread_mutex_unlock(&job->lock);
    return rc;
}
