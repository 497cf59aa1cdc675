/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a device's way: all servers have it; now it is proved, its secret ends, and it is
 * done. A device whose proof fails is set aside with the verdict. */
#include "delivery/private.h"

enum {
    BATCH = 256,
    PROVED = 8,  /* at a time: each may take as long as a server is given */
    PATIENCE = 2 /* proofs without an answer, one after the other: the server is away */
};

/* Devices that are leased for their end. Those that wait stay leased until the round is over: else
 * they would come again in the same round. */
struct ending {
    const struct delivery_setup *setup;
    struct device_cache *opened;
    struct job *job;
    struct round *round;
    struct signet_lease leases[BATCH], waiting[BATCH];
    size_t count, waits;
    unsigned unanswered; /* proofs in a row */
};

static int find_proof(void *ctx, const struct signet_ledger_event *event, struct signet_error *err)
{
    bool *proved = ctx;

    (void)err;
    *proved = (*proved || strcmp(event->kind, "proved") == 0) &&
              strcmp(event->kind, "rework") != 0 && strcmp(event->kind, "reserved") != 0;
    return SIGNET_OK;
}

/* Where nothing is sealed any more: a run that was cut off may have come as far as the end of the
 * secret, which is after the proof. *why is why it could not be opened. */
static int proved_before(struct job *job, const char *endpoint, struct signet_error *why)
{
    bool proved = false;
    int rc = signet_ledger_events(job->ledger, endpoint, find_proof, &proved, why);

    return rc != SIGNET_OK || proved ? rc : SIGNET_E_NOT_FOUND;
}

static int prove(struct ending *e, const struct signet_lease *lease, struct signet_error *why)
{
    struct device *device = NULL;
    double begin = clock_seconds();
    int rc = device_cache_take(e->opened, lease, &device, why);

    if (rc == SIGNET_E_NOT_FOUND)
        return proved_before(e->job, lease->endpoint, why);
    if (rc != SIGNET_OK)
        return rc;
    job_report_stage(e->job, SIGNET_EVENT_STAGE_BEGIN, STAGE_PROVE, 0, lease->endpoint, NULL);
    failpoint("before-prove");
    rc = proof_of_device(e->setup, device, why);
    failpoint("after-prove");
    device_cache_give(e->opened, device);
    if (rc == SIGNET_OK) {
        double seconds = clock_seconds() - begin;
        job_cycle(e->job, STAGE_PROVE, seconds);
        job_report_stage(e->job, SIGNET_EVENT_STAGE_END, STAGE_PROVE, seconds, lease->endpoint,
                         NULL);
    }
    return rc;
}

/* A device that is void by now, or another station's, is ours no more. */
static int ours(int rc)
{
    return rc == SIGNET_E_BUSY ? SIGNET_OK : rc;
}

static int set_aside_unproved(struct ending *e, struct signet_lease *lease,
                              struct signet_error *why, struct signet_error *err)
{
    error_prefix(why, "%s is made, but does not get in", lease->endpoint);
    int rc = signet_ledger_fail(e->job->ledger, lease, why, err);
    if (rc != SIGNET_OK)
        return ours(rc);
    report_refused(e->setup, STAGE_PROVE, lease->endpoint, why);
    e->round->moved++;
    return SIGNET_OK;
}

/* The verdict is written down before the secret that it was had with ends; then it may end. */
static int note_proof(struct ending *e, const struct signet_lease *lease, struct signet_error *err)
{
    failpoint("before-proved");
    int rc = signet_ledger_note(e->job->ledger, lease, "proved", "", err);
    failpoint("after-proved");
    if (rc != SIGNET_OK)
        return ours(rc);
    e->leases[e->count++] = *lease;
    pthread_mutex_lock(&e->job->lock);
    e->setup->report->proved++;
    pthread_mutex_unlock(&e->job->lock);
    return SIGNET_OK;
}

static void wait_on(struct ending *e, const struct signet_lease *lease,
                    const struct signet_error *why)
{
    struct signet_error *away = &e->round->away;

    e->waiting[e->waits++] = *lease;
    if (away->code == SIGNET_OK && why) {
        *away = *why;
        error_prefix(away, "proof of %s", lease->endpoint);
    }
}

static int prove_one(struct ending *e, struct signet_lease *lease, struct signet_error *err)
{
    struct signet_error why = {0};
    int rc = signet_ledger_renew(e->job->ledger, lease, err);

    if (rc != SIGNET_OK)
        return ours(rc);
    bool proved = prove(e, lease, &why) == SIGNET_OK;
    rc = proved ? SIGNET_OK : judge_unopened(&why);
    if (rc == SIGNET_OK) {
        e->unanswered = 0;
        return proved ? note_proof(e, lease, err) : set_aside_unproved(e, lease, &why, err);
    }
    e->unanswered++;
    wait_on(e, lease, &why);
    return rc == SIGNET_E_BUSY ? SIGNET_OK : error_copy(err, &why);
}

/* Leaves in leases those that may end. */
static int prove_leases(struct ending *e, struct signet_error *err)
{
    size_t count = e->count;
    int rc = SIGNET_OK;

    e->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct signet_lease lease = e->leases[i];

        if (rc == SIGNET_OK && e->unanswered < PATIENCE && !job_stopped(e->job))
            rc = prove_one(e, &lease, err);
        else
            wait_on(e, &lease, NULL);
    }
    return rc;
}

/* All of them done, and once more each alone when one was lost: done[i] says which are. */
static int finish_to_done(struct ending *e, bool done[BATCH], struct signet_error *err)
{
    struct signet_ledger *ledger = e->job->ledger;
    int rc = signet_ledger_advance_many(ledger, e->leases, e->count, SIGNET_DEVICE_DONE, NULL, err);

    if (rc != SIGNET_E_BUSY) {
        memset(done, rc == SIGNET_OK, e->count);
        return rc;
    }
    rc = SIGNET_OK;
    for (size_t i = 0; rc == SIGNET_OK && i < e->count; i++) {
        rc = signet_ledger_advance(ledger, &e->leases[i], SIGNET_DEVICE_DONE, NULL, err);
        done[i] = rc == SIGNET_OK;
        rc = ours(rc);
    }
    return rc;
}

/* Nothing secret is left over when the ledger says that a device is done, but for a batch's seal,
 * which others still need. */
static int end_all(struct ending *e, struct signet_error *err)
{
    struct vault *vault = e->setup->vault;
    bool done[BATCH] = {0};
    int rc = SIGNET_OK;

    if (e->count == 0)
        return SIGNET_OK;
    for (size_t i = 0; rc == SIGNET_OK && i < e->count; i++) {
        failpoint("before-wipe");
        rc = vault_wipe(vault, e->leases[i].endpoint, err);
        failpoint("after-wipe");
    }
    if (rc != SIGNET_OK)
        return rc;
    failpoint("before-done");
    rc = finish_to_done(e, done, err);
    failpoint("after-done");
    for (size_t i = 0; rc == SIGNET_OK && i < e->count; i++) {
        device_cache_drop(e->opened, &e->leases[i]);
        if (done[i])
            rc = vault_release(vault, e->leases[i].endpoint, e->leases[i].index, err);
        e->setup->report->done += done[i];
    }
    e->round->moved += e->count;
    return rc;
}

/* Some of those that all servers have; *found: how many. */
static int end_some(struct ending *e, size_t *found, struct signet_error *err)
{
    const struct signet_order *order = e->setup->order;
    const char *names[SIGNET_ORDER_SERVERS + 1];
    size_t room = BATCH - e->waits, max = order->prove ? PROVED : BATCH, count;

    for (count = 0; count < order->server_count; count++)
        names[count] = order->servers[count].name;
    if (order->label.printer)
        names[count++] = SIGNET_LEDGER_LABEL;
    if (order->label.scan_back)
        names[count++] = SIGNET_LEDGER_SCANNER;
    failpoint("before-settled");
    int rc = signet_ledger_settled(e->job->ledger, e->job->order, names, count, e->leases,
                                   max < room ? max : room, &e->count, err);
    failpoint("after-settled");
    *found = e->count;
    if (rc == SIGNET_OK && order->prove)
        rc = prove_leases(e, err);
    return rc == SIGNET_OK ? end_all(e, err) : rc;
}

int finish_round(const struct delivery_setup *setup, struct device_cache *opened,
                 struct round *round, struct signet_error *err)
{
    struct ending e = {.setup = setup, .opened = opened, .job = setup->job, .round = round};
    size_t found = 0;
    int rc;

    do
        rc = end_some(&e, &found, err);
    while (rc == SIGNET_OK && found > 0 && e.waits < BATCH && e.unanswered < PATIENCE &&
           !job_stopped(e.job));
    for (size_t i = 0; i < e.waits; i++) {
        struct signet_error *first = rc == SIGNET_OK ? err : NULL;
        int released = ours(signet_ledger_release(e.job->ledger, &e.waiting[i], first));
        rc = rc == SIGNET_OK ? released : rc;
    }
    pthread_mutex_lock(&e.job->lock);
    setup->report->unproved = round->away;
    pthread_mutex_unlock(&e.job->lock);
    return rc;
}
