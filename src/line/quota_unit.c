/* SPDX-License-Identifier: Apache-2.0 */
/* A unit of the quota for a board, before it is erased: with other stations at the end of an order,
 * the last unit is one board's. Where the order has names, a device is reserved, and the board
 * becomes it unless it turns out to be one that was begun before; boards' own names are not known
 * yet, so that only what is left can be looked at. */
#include "line/work.h"

static int add_in_work(void *ctx, const struct signet_ledger_in_work *in_work,
                       struct signet_error *err)
{
    int64_t *open = ctx;

    (void)err;
    *open -= in_work->begun + in_work->exposed;
    return SIGNET_OK;
}

/* May the board be a device that was begun, and that nobody works on? Then it needs no unit. */
static int look_for_begun(struct work *w, struct signet_error *err)
{
    struct line *line = w->slot->line;
    int64_t open = 0;
    int rc = job_count(w->job, err);

    if (rc == SIGNET_OK)
        rc = signet_ledger_in_work(w->job->ledger, w->job->order, add_in_work, &open, err);
    if (rc != SIGNET_OK)
        return work_judged(w, rc);
    pthread_mutex_lock(&w->job->lock);
    for (int i = SIGNET_DEVICE_RESERVED; i <= SIGNET_DEVICE_WRITTEN; i++)
        open += w->job->figures.states[i];
    open -= (int64_t)line->boards - 1;
    pthread_mutex_unlock(&w->job->lock);
    return open > 0 ? SIGNET_OK
                    : error_set(err, SIGNET_E_QUOTA, "the order's last units are in work");
}

/* Where nothing is left to be named, the ledger says how many are taken. */
static int look_at_quota(struct work *w, struct signet_error *err)
{
    struct signet_ledger_head head;
    int rc = work_judged(w, signet_ledger_head(w->job->ledger, w->job->order, &head, err));

    return rc == SIGNET_OK && head.issued >= w->job->quota ? look_for_begun(w, err) : rc;
}

int work_take_unit(struct work *w, struct signet_error *err)
{
    if (work_is_scanned(w))
        return work_take_scanned(w, err);
    if (w->lease->device || w->spare.device || !work_erases(w->setup->order))
        return SIGNET_OK;
    if (!source_has_names(w->setup->source))
        return look_at_quota(w, err);
    int rc = work_claim(w, NULL, NULL, &w->spare, err);
    if (rc == SIGNET_E_NOT_FOUND)
        rc = work_reserve(w, NULL, &w->spare, err);
    return rc == SIGNET_E_QUOTA ? look_for_begun(w, err) : rc;
}

/* The device waits for the next board. */
int work_drop_spare(struct work *w, struct signet_error *err)
{
    int rc = w->spare.device && !w->ledger_broken
                 ? work_judged(w, signet_ledger_release(w->job->ledger, &w->spare, err))
                 : SIGNET_OK;

    w->spare.device = 0;
    return rc;
}
