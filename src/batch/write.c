/* SPDX-License-Identifier: Apache-2.0 */
/* One batch, from its credentials to the end. The ledger says writing before a byte leaves the work
 * folder, and verified, or done where no server waits, only after the output is synced, read again
 * and marked in the state file. The seal goes last: as long as it is there, all of this can be done
 * again. */
#include "batch/private.h"

static int turn_take(struct batch_run *l, const uint64_t *turn, uint64_t number,
                     struct signet_error *err)
{
    pthread_mutex_lock(&l->job->lock);
    while (l->job->fatal.code == SIGNET_OK && *turn != number)
        job_wait(l->job, INT64_MAX);
    pthread_mutex_unlock(&l->job->lock);
    return job_failed(l->job) ? error_set(err, SIGNET_E_CANCELLED, "another batch failed")
                              : SIGNET_OK;
}

static void turn_give(struct batch_run *l, uint64_t *turn)
{
    pthread_mutex_lock(&l->job->lock);
    ++*turn;
    pthread_cond_broadcast(&l->job->changed);
    pthread_mutex_unlock(&l->job->lock);
}

static int seal_batch(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    failpoint("before-seal");
    int rc = vault_batch_seal(l->setup.vault, b->number, &b->texts[PLAIN], err);
    failpoint("after-seal");
    b->sealed = true; /* else the run ends */
    b->partial = false;
    return rc;
}

/* A key, an identity or a serial number that another device has: only this device is set aside. */
static int announce_each(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < b->count; i++) {
        struct signet_error why = {0};

        b->keep[i] = true;
        if (b->leases[i].state >= SIGNET_DEVICE_WRITING)
            continue;
        rc = signet_ledger_advance(l->job->ledger, &b->leases[i], SIGNET_DEVICE_WRITING,
                                   &b->facts[i], &why);
        b->keep[i] = rc != SIGNET_E_CONFLICT;
        if (rc == SIGNET_E_CONFLICT)
            rc = batch_fail(l, &b->leases[i], &why, err);
        else if (rc != SIGNET_OK)
            error_copy(err, &why);
    }
    if (rc == SIGNET_OK)
        batch_keep(b);
    return rc;
}

static void report_lost(struct batch_run *l, size_t lost, struct signet_error *first)
{
    const struct signet_event event = {.kind = SIGNET_EVENT_WARNING, .error = first};

    error_prefix(first, "%zu of a batch left out: void, or another station has them; the first",
                 lost);
    job_report(l->job, &event);
}

/* A device that a person made void, or that another station took over, is ours no more: the others
 * go on. One that is in the output from a run before, perhaps, is not left out here, since its seal
 * would go: the next run looks at it. *why is what the ledger said; when nothing can be left out,
 * that remains the error. */
static int drop_lost(struct batch_run *l, struct batch *b, bool is_out, struct signet_error *why)
{
    struct signet_error first = {0};
    size_t lost = 0;
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < b->count; i++) {
        struct signet_error gone = {0};

        rc = signet_ledger_renew(l->job->ledger, &b->leases[i], &gone);
        b->keep[i] = rc == SIGNET_OK;
        if (rc == SIGNET_E_BUSY && (is_out || b->leases[i].state < SIGNET_DEVICE_WRITING)) {
            first = lost++ ? first : gone;
            rc = SIGNET_OK;
        } else if (rc != SIGNET_OK) {
            *why = gone;
        }
    }
    if (rc != SIGNET_OK || !lost)
        return rc == SIGNET_OK ? SIGNET_E_BUSY : rc;
    batch_keep(b);
    report_lost(l, lost, &first);
    return SIGNET_OK;
}

static int announce_all(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    size_t fresh = 0;

    for (size_t i = 0; i < b->count; i++)
        fresh += b->leases[i].state < SIGNET_DEVICE_WRITING;
    if (!fresh)
        return SIGNET_OK;
    failpoint("before-writing");
    int rc = fresh == b->count ? signet_ledger_advance_many(l->job->ledger, b->leases, b->count,
                                                            SIGNET_DEVICE_WRITING, b->facts, err)
                               : SIGNET_E_CONFLICT;
    if (rc == SIGNET_E_CONFLICT)
        rc = announce_each(l, b, err);
    failpoint("after-writing");
    return rc;
}

/* A change of all, and once more without those that were lost. */
static int insist(struct batch_run *l, struct batch *b, bool is_out,
                  int (*change)(struct batch_run *, struct batch *, struct signet_error *),
                  struct signet_error *err)
{
    struct signet_error why = {0};
    int rc;

    do
        rc = b->count ? change(l, b, &why) : SIGNET_OK;
    while (rc == SIGNET_E_BUSY && (rc = drop_lost(l, b, is_out, &why)) == SIGNET_OK);
    return rc == SIGNET_OK ? SIGNET_OK : error_copy(err, &why);
}

/* In the order of the batches. */
static int append_batch(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    int rc = turn_take(l, &l->turns.to_write, b->number, err);

    if (rc != SIGNET_OK)
        return rc;
    failpoint("before-append");
    rc = file_append(&l->out.files[PACKETS], &b->texts[PACKETS], &b->marks[PACKETS], err);
    failpoint("between-append");
    if (rc == SIGNET_OK)
        rc = file_append(&l->out.files[RECORDS], &b->texts[RECORDS], &b->marks[RECORDS], err);
    if (rc == SIGNET_OK && l->out.sealed.sealer)
        rc = sealed_append(l, b, err);
    failpoint("after-append");
    if (rc == SIGNET_OK)
        turn_give(l, &l->turns.to_write);
    return rc;
}

/* Everything on disk, where it belongs. */
static int put_out(struct batch_run *l, struct batch *b, bool again, struct signet_error *err)
{
    int folder = l->out.folder, rc = SIGNET_OK;

    failpoint("before-output");
    if (folder >= 0)
        rc = folder_write(folder, b, again, err);
    failpoint("between-output");
    if (rc == SIGNET_OK)
        rc = append_batch(l, b, err);
    if (rc == SIGNET_OK && folder >= 0)
        rc = folder_check(folder, b, err);
    if (rc == SIGNET_OK && l->out.sealed.sealer && b->count)
        rc = handover_sync(&l->out.sealed, b->number, err);
    for (size_t i = 0; rc == SIGNET_OK && i < OUTPUTS; i++)
        rc = file_settle(&l->out.files[i], &b->texts[i], &b->marks[i], err);
    failpoint("after-output");
    return rc;
}

static int mark_batch(struct batch_run *l, const struct batch *b, struct signet_error *err)
{
    int rc = turn_take(l, &l->turns.to_mark, b->number, err);

    if (rc != SIGNET_OK)
        return rc;
    l->out.state.batch = b->number;
    l->out.state.devices += b->count;
    for (size_t i = 0; i < OUTPUTS; i++)
        if (l->out.files[i].path || (l->out.sealed.sealer && l->out.sealed.names[i]))
            l->out.state.marks[i] = b->marks[i];
    failpoint("before-mark");
    rc = state_write(&l->out.state, l->setup.vault, err);
    failpoint("after-mark");
    if (rc == SIGNET_OK)
        turn_give(l, &l->turns.to_mark);
    return rc;
}

static int wipe_batch(struct batch_run *l, const struct batch *b, struct signet_error *err)
{
    failpoint("before-wipe");
    int rc = vault_batch_wipe(l->setup.vault, b->number, err);
    failpoint("after-wipe");
    return rc;
}

/* Verified, or done where nothing follows. */
static int batch_advance(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    bool follows = delivery_follows(l->setup.order);

    failpoint(follows ? "before-verified" : "before-done");
    int rc = signet_ledger_advance_many(l->job->ledger, b->leases, b->count,
                                        follows ? SIGNET_DEVICE_VERIFIED : SIGNET_DEVICE_DONE, NULL,
                                        err);
    failpoint(follows ? "after-verified" : "after-done");
    return rc;
}

static int batch_release(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    return signet_ledger_release_many(l->job->ledger, b->leases, b->count, err);
}

static void report_made(struct batch_run *l, size_t made)
{
    pthread_mutex_lock(&l->job->lock);
    l->report->made += made;
    l->written += (int64_t)made;
    const struct signet_event event = {.kind = SIGNET_EVENT_PROGRESS,
                                       .stage = job_stage_name(STAGE_MINT),
                                       .done = (uint64_t)l->written,
                                       .total = (uint64_t)l->job->quota};
    pthread_mutex_unlock(&l->job->lock);
    job_report(l->job, &event);
}

/* Whoever takes a verified device finds what is sealed for it. */
static int keep_seal(struct batch_run *l, const struct batch *b, struct signet_error *err)
{
    int64_t first = INT64_MAX, last = -1;

    for (size_t i = 0; i < b->count; i++) {
        int64_t index = b->leases[i].index;
        first = index < first ? index : first;
        last = index > last ? index : last;
    }
    return vault_track_batch(l->setup.vault, b->number, first, last, b->count, err);
}

static int hand_over(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    int rc = keep_seal(l, b, err);

    if (rc == SIGNET_OK)
        rc = insist(l, b, true, batch_advance, err);
    if (rc == SIGNET_OK)
        rc = insist(l, b, true, batch_release, err);
    if (rc == SIGNET_OK)
        delivery_notify(l->delivery);
    return rc;
}

int batch_finish(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    bool follows = delivery_follows(l->setup.order);

    if (!b->count)
        return SIGNET_OK;   /* nothing was sealed, or no more */
    size_t made = b->count; /* all of them are in the output */
    int rc = follows ? hand_over(l, b, err) : insist(l, b, true, batch_advance, err);
    if (rc != SIGNET_OK)
        return rc;
    report_made(l, made);
    if (b->count < made || b->partial) /* the seal stays as long as another in it may need it */
        return delivery_review_seal(l->delivery, b->number, err);
    return follows ? SIGNET_OK : wipe_batch(l, b, err);
}

/* The seal is what may be in the output, no more and no less: a run after this one compares. */
static int seal_what_is_left(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    if (b->sealed && !b->partial)
        return SIGNET_OK;
    return b->count ? seal_batch(l, b, err) : b->sealed ? wipe_batch(l, b, err) : SIGNET_OK;
}

static int64_t highest_index(const struct batch *b)
{
    int64_t highest = -1;

    for (size_t i = 0; i < b->count; i++)
        if (b->leases[i].index > highest)
            highest = b->leases[i].index;
    return highest;
}

int batch_write(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    bool again = b->sealed;
    int rc = seal_what_is_left(l, b, err);

    if (rc == SIGNET_OK)
        rc = insist(l, b, false, announce_all, err);
    if (rc == SIGNET_OK)
        rc = seal_what_is_left(l, b, err);
    if (rc == SIGNET_OK)
        rc = job_remember(l->job, highest_index(b), err);
    if (rc == SIGNET_OK)
        rc = put_out(l, b, again, err);
    if (rc == SIGNET_OK)
        rc = mark_batch(l, b, err);
    if (rc == SIGNET_OK && l->out.sealed.sealer && b->count)
        rc = handover_publish(&l->out.sealed, b->number, err);
    return rc == SIGNET_OK ? batch_finish(l, b, err) : rc;
}
