/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a device's way: all servers have it; now it is proved, its secret ends, and it is
 * done. A device whose proof fails is set aside with the verdict. */
#include "outbox.h"

#include <string.h>

enum {
    BATCH = 64,
    PROVED = 8,  /* at a time: each may take as long as a server is given */
    PATIENCE = 2 /* proofs without an answer, one after the other: the server is away */
};

/* Devices that are leased for their end. Those that wait stay leased until the round is over: else
 * they would come again in the same round. */
struct settling {
    struct line *line;
    struct signet_lease leases[BATCH], waiting[BATCH];
    size_t count, waits;
    unsigned unanswered; /* proofs in a row */
};

static int find_proof(void *ctx, const struct signet_ledger_event *event, struct signet_error *err)
{
    bool *proved = ctx;

    (void)err;
    *proved = (*proved || strcmp(event->kind, "proved") == 0) && strcmp(event->kind, "rework") != 0;
    return SIGNET_OK;
}

/* Where nothing is sealed any more: a run that was cut off may have come as far as the end of the
 * secret, which is after the proof. Else the secret is at another station, or lost. */
static int proved_before(struct line *line, const char *endpoint, struct signet_error *why)
{
    struct signet_error err = {0};
    bool proved = false;
    int rc = signet_ledger_events(line->job->ledger, endpoint, find_proof, &proved, &err);

    if (rc != SIGNET_OK)
        *why = err;
    return rc != SIGNET_OK ? rc : proved ? SIGNET_OK : SIGNET_E_NOT_FOUND;
}

static int prove(struct line *line, struct signet_lease *lease, struct signet_error *why)
{
    const struct signet_line *job = line->job;
    const struct signet_line_units *units = job->units;
    struct signet_line_unit unit = {0};
    double begin = clock_seconds();
    int rc = units->open(units->ctx, lease->endpoint, &unit, why);

    if (rc == SIGNET_E_NOT_FOUND)
        return proved_before(line, lease->endpoint, why);
    if (rc != SIGNET_OK)
        return rc;
    outbox_tell(line, SIGNET_EVENT_STAGE_BEGIN, STAGE_PROVE, 0, lease->endpoint, NULL);
    failpoint("before-prove");
    rc = job->prove(job->prove_ctx, &unit, line->stop, why);
    failpoint("after-prove");
    units->free(units->ctx, &unit);
    if (rc == SIGNET_OK) {
        line_cycle(line, STAGE_PROVE, clock_seconds() - begin);
        outbox_tell(line, SIGNET_EVENT_STAGE_END, STAGE_PROVE, clock_seconds() - begin,
                    lease->endpoint, NULL);
    }
    return rc;
}

/* The verdict is written down before the secret that it was had with ends. */
static int judge(struct settling *s, struct signet_lease *lease, int verdict,
                 struct signet_error *why, struct round *round, struct signet_error *err)
{
    struct line *line = s->line;
    int rc;

    if (verdict != SIGNET_OK) {
        rc = signet_ledger_fail(line->job->ledger, lease, why, err);
        if (rc == SIGNET_OK)
            outbox_refused(line, STAGE_PROVE, lease->endpoint, why);
        round->moved += rc == SIGNET_OK;
        return rc == SIGNET_E_BUSY ? SIGNET_OK : rc;
    }
    failpoint("before-proved");
    rc = signet_ledger_note(line->job->ledger, lease, "proved", "", err);
    failpoint("after-proved");
    pthread_mutex_lock(&line->lock);
    line->report.proved += rc == SIGNET_OK;
    pthread_mutex_unlock(&line->lock);
    return rc;
}

static bool waits(int rc, const struct signet_error *why)
{
    return is_away(rc, why) || rc == SIGNET_E_NOT_FOUND; /* sealed at another station */
}

/* Leaves in leases those that may end. */
static int prove_all(struct settling *s, struct round *round, struct signet_error *err)
{
    size_t kept = 0;
    int rc = SIGNET_OK;

    for (size_t i = 0; i < s->count; i++) {
        struct signet_lease lease = s->leases[i];
        struct signet_error why = {0};
        int verdict = SIGNET_E_CANCELLED;

        if (rc == SIGNET_OK && s->unanswered < PATIENCE && !line_stopped(s->line)) {
            rc = signet_ledger_renew(s->line->job->ledger, &lease, err);
            if (rc == SIGNET_E_BUSY) { /* another station was faster */
                rc = SIGNET_OK;
                continue;
            }
            if (rc == SIGNET_OK)
                verdict = prove(s->line, &lease, &why);
            s->unanswered = waits(verdict, &why) ? s->unanswered + 1 : 0;
        }
        if (rc != SIGNET_OK || waits(verdict, &why)) {
            s->waiting[s->waits++] = lease;
            if (round->away.code == SIGNET_OK && why.code != SIGNET_OK) {
                round->away = why;
                error_prefix(&round->away, "proof of %s", lease.endpoint);
            }
            continue;
        }
        if (verdict != SIGNET_OK)
            error_prefix(&why, "%s is on its board, but does not get in", lease.endpoint);
        rc = judge(s, &lease, verdict, &why, round, err);
        if (rc == SIGNET_OK && verdict == SIGNET_OK)
            s->leases[kept++] = lease;
    }
    s->count = kept;
    return rc;
}

/* Nothing secret is left over when the ledger says that a device is done. */
static int end_all(struct settling *s, struct round *round, struct signet_error *err)
{
    const struct signet_line *job = s->line->job;
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < s->count; i++) {
        failpoint("before-wipe");
        rc = job->units->wipe(job->units->ctx, s->leases[i].endpoint, err);
        failpoint("after-wipe");
    }
    if (rc != SIGNET_OK || s->count == 0)
        return rc;
    failpoint("before-done");
    rc =
        signet_ledger_advance_many(job->ledger, s->leases, s->count, SIGNET_DEVICE_DONE, NULL, err);
    for (size_t i = 0; rc == SIGNET_E_BUSY && i < s->count; i++) { /* one was lost: each alone */
        int one = signet_ledger_advance(job->ledger, &s->leases[i], SIGNET_DEVICE_DONE, NULL, err);
        rc = one == SIGNET_OK ? SIGNET_E_BUSY : one;
    }
    failpoint("after-done");
    round->moved += rc == SIGNET_OK || rc == SIGNET_E_BUSY ? s->count : 0;
    return rc == SIGNET_E_BUSY ? SIGNET_OK : rc;
}

static int some(struct settling *s, size_t max, size_t *found, struct round *round,
                struct signet_error *err)
{
    const struct signet_line *job = s->line->job;
    size_t room = BATCH - s->waits;

    failpoint("before-settled");
    int rc = signet_ledger_settled(job->ledger, job->order, job->server_names, job->server_count,
                                   s->leases, max < room ? max : room, &s->count, err);
    failpoint("after-settled");
    *found = s->count;
    if (rc == SIGNET_OK && s->count > 0 && job->prove)
        rc = prove_all(s, round, err);
    return rc == SIGNET_OK ? end_all(s, round, err) : rc;
}

int settle_round(struct line *line, struct round *round, struct signet_error *err)
{
    struct settling s = {.line = line};
    size_t max = line->job->prove ? PROVED : BATCH, found = 0;
    int rc;

    do
        rc = some(&s, max, &found, round, err);
    while (rc == SIGNET_OK && found > 0 && s.waits < BATCH && s.unanswered < PATIENCE &&
           !line_stopped(line));
    for (size_t i = 0; i < s.waits; i++) {
        int released = signet_ledger_release(line->job->ledger, &s.waiting[i], err);
        rc = rc == SIGNET_OK && released != SIGNET_E_BUSY ? released : rc;
    }
    pthread_mutex_lock(&line->lock);
    line->report.unproved = round->away;
    pthread_mutex_unlock(&line->lock);
    return rc;
}
