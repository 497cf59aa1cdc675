/* SPDX-License-Identifier: Apache-2.0 */
/* What one server is to lose: void devices, and credentials that were replaced. This comes before
 * the server gets anything new. A removal that was cut off before the ledger heard of it is done
 * again: what is not there any more is as good as removed. */
#include "delivery/private.h"

#include <signet/server.h>
#include <stdlib.h>

/* No more than are under way at once: their lease outlives them. */
enum { BATCH = 16 };

struct removing {
    const struct delivery_setup *setup;
    struct signet_server_report *report;
    struct signet_server *server;
    bool uploads; /* a person gave it the certificates */
    struct signet_ledger_removal removals[BATCH];
    const char *names[BATCH];
    struct signet_server_result results[BATCH];
    struct signet_error outcomes[BATCH];
    size_t count;
};

/* The ledger's word for what the server said. */
static void judge_removal(struct removing *r, size_t i)
{
    struct signet_error *outcome = &r->outcomes[i];

    *outcome = r->results[i].error;
    if (outcome->code == SIGNET_OK && r->uploads && r->removals[i].has_cert)
        error_set(outcome, SIGNET_E_UNSUPPORTED,
                  "a person uploaded the certificate of %s: take it out there too", r->names[i]);
    if (outcome->code != SIGNET_OK && outcome->code != SIGNET_E_UNSUPPORTED)
        error_prefix(outcome, "%s still has %s", r->report->name, r->names[i]);
}

static void count_removals(struct removing *r, struct round *round)
{
    struct signet_server_report *report = r->report;

    pthread_mutex_lock(&r->setup->job->lock);
    for (size_t i = 0; i < r->count; i++) {
        const struct signet_error *outcome = &r->outcomes[i];

        report->removed += outcome->code == SIGNET_OK;
        if (outcome->code == SIGNET_E_UNSUPPORTED && report->by_hand++ == 0)
            report->to_do = *outcome;
        if (outcome->code != SIGNET_OK && outcome->code != SIGNET_E_UNSUPPORTED) {
            if (round->away.code == SIGNET_OK)
                round->away = *outcome;
        } else {
            round->moved++;
        }
    }
    pthread_mutex_unlock(&r->setup->job->lock);
}

static int remove_some(struct removing *r, struct round *round, struct signet_error *err)
{
    for (size_t i = 0; i < r->count; i++)
        r->names[i] = r->removals[i].endpoint;
    failpoint("before-remove");
    signet_server_remove_batch(r->server, r->names, r->count, r->results, NULL);
    failpoint("after-remove");
    for (size_t i = 0; i < r->count; i++)
        judge_removal(r, i);
    failpoint("before-removed");
    int rc = signet_ledger_removed(r->setup->job->ledger, r->report->name, r->removals, r->count,
                                   r->outcomes, err);
    failpoint("after-removed");
    if (rc == SIGNET_OK)
        count_removals(r, round);
    return rc;
}

static struct removing *removing_new(const struct delivery_setup *setup, size_t i)
{
    struct signet_server_capabilities can;
    struct removing *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    signet_server_capabilities(setup->servers[i], &can);
    r->setup = setup;
    r->report = &setup->report->servers[i];
    r->server = setup->servers[i];
    r->uploads = can.uploads;
    return r;
}

static int next_removals(struct removing *r, size_t max, int64_t *after, struct signet_error *err)
{
    struct job *job = r->setup->job;

    return signet_ledger_removals(job->ledger, job->order, r->report->name, after, r->removals, max,
                                  &r->count, err);
}

int remove_round(const struct delivery_setup *setup, size_t i, struct round *round,
                 struct signet_error *err)
{
    struct removing *r = removing_new(setup, i);
    int64_t after = 0;
    int rc = r ? SIGNET_OK : error_nomem(err);
    /* one is enough to see that a server is still away */
    size_t max = r && r->report->unremoved.code != SIGNET_OK ? 1 : BATCH;

    while (rc == SIGNET_OK && round->away.code == SIGNET_OK && !job_stopped(setup->job)) {
        rc = next_removals(r, max, &after, err);
        if (rc != SIGNET_OK || !r->count)
            break;
        rc = remove_some(r, round, err);
        max = BATCH;
    }
    if (r) {
        pthread_mutex_lock(&setup->job->lock);
        r->report->unremoved = round->away;
        pthread_mutex_unlock(&setup->job->lock);
    }
    free(r);
    return rc;
}

int remove_count(const struct delivery_setup *setup, size_t i, struct signet_error *err)
{
    struct removing *r = removing_new(setup, i);
    int64_t after = 0;
    int rc = r ? SIGNET_OK : error_nomem(err);

    for (size_t k = 0; r && k < BATCH; k++)
        r->outcomes[k] = (struct signet_error){.code = SIGNET_E_BUSY};
    while (rc == SIGNET_OK) {
        rc = next_removals(r, BATCH, &after, err);
        if (rc != SIGNET_OK || !r->count)
            break;
        rc = signet_ledger_removed(setup->job->ledger, r->report->name, r->removals, r->count,
                                   r->outcomes, err);
        r->report->removing += (int64_t)r->count;
    }
    free(r);
    return rc;
}
