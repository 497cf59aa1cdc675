/* SPDX-License-Identifier: Apache-2.0 */
/* What a run before left: batches that are sealed are written again, the same bytes; devices whose
 * credentials were never sealed get new ones, since nothing of the old ones left the host. */
#include "batch/private.h"

#include <stdlib.h>

enum { TAKE = 256 };

/* All that are unfinished and in nobody's hands: no more than the batches that were under way. */
static int take_all(struct batch_run *l, struct signet_error *err)
{
    struct signet_lease some[TAKE];
    size_t count = 0;
    int rc;

    do {
        failpoint("before-resume");
        rc = signet_ledger_resume(l->job->ledger, l->job->order, BATCH_SLOT, some, TAKE, &count,
                                  err);
        failpoint("after-resume");
        if (rc == SIGNET_OK)
            rc = leases_add(&l->again, some, count, err);
    } while (rc == SIGNET_OK && count);
    leases_sort(&l->again);
    return rc;
}

/* Is what was sealed what the device has? It may have got other credentials in a later batch. */
static int is_newest(struct batch_run *l, const struct batch *b, size_t i, bool *current,
                     struct signet_error *err)
{
    const struct signet_lease *lease = &b->leases[i];
    struct job_named named;

    if (lease->state < SIGNET_DEVICE_WRITING) { /* it has none yet, and may have these */
        bool retired = false;
        int rc = job_is_retired(l->job, lease->endpoint, b->facts[i].packet_sha256, &retired, err);
        *current = b->number > l->out.state.batch && !retired;
        return rc;
    }
    int rc = job_named_device(l->job->ledger, lease->endpoint, &named, err);
    *current = rc == SIGNET_OK && strcmp(named.packet_sha256, b->facts[i].packet_sha256) == 0;
    return rc;
}

/* Keeps what is current, and notes that those leases are in hands. */
static int keep_current(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < b->count; i++) {
        struct signet_lease *lease = leases_find(&l->again, b->leases[i].endpoint);

        rc = is_newest(l, b, i, &b->keep[i], err);
        b->keep[i] = b->keep[i] && lease->device; /* 0: an earlier batch had it */
        if (b->keep[i])
            lease->device = 0;
    }
    if (rc == SIGNET_OK)
        batch_keep(b);
    return rc;
}

/* A sealed batch: into the output when it is not there for certain, and to its end. */
static int finish_batch(struct batch_run *l, struct batch *b, uint64_t number,
                        struct signet_error *err)
{
    batch_reset(b);
    int rc = batch_read(l, b, number, true, err);

    if (rc == SIGNET_E_SEAL) /* damaged: its devices are set aside, each */
        return SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = keep_current(l, b, err);
    if (rc != SIGNET_OK)
        return rc;
    if (number <= l->out.state.batch) /* nobody works on it, or it waits for its servers */
        return batch_finish(l, b, err);
    if (!b->count) /* all void, or another station took them: nothing of it is to be seen */
        return vault_batch_wipe(l->setup.vault, number, err);
    l->turns.to_write = l->turns.to_mark = number;
    return batch_write(l, b, err);
}

static int finish_batches(struct batch_run *l, struct signet_error *err)
{
    uint64_t *seals = NULL;
    size_t count = 0;
    struct batch b = {0};
    int rc = vault_batch_list(l->setup.vault, &seals, &count, err);

    if (rc == SIGNET_OK)
        rc = batch_init(&b, BATCH_READ_MAX, err);
    for (size_t i = 0; rc == SIGNET_OK && i < count; i++)
        if (seals[i] > l->out.state.batch || l->again.count)
            rc = finish_batch(l, &b, seals[i], err);
    l->turns.next = l->out.state.batch + 1;
    if (count && seals[count - 1] >= l->turns.next)
        l->turns.next = seals[count - 1] + 1;
    l->turns.to_write = l->turns.to_mark = l->turns.next;
    batch_free(&b);
    free(seals);
    return rc;
}

/* Its credentials may have left the host. Where the seal that had them is damaged the device is set
 * aside; where none is here, another work folder has it. */
static int leave(struct batch_run *l, struct signet_lease *lease, struct signet_error *err)
{
    struct secret packet = {0};
    struct signet_error why = {0};
    int rc = vault_find(l->setup.vault, lease->endpoint, lease->index, &packet, &why);

    secret_wipe(&packet);
    return rc == SIGNET_E_SEAL ? batch_fail(l, lease, &why, err)
                               : signet_ledger_release(l->job->ledger, lease, err);
}

/* What no seal of ours is for: made anew when nothing of it left the host. */
static int sort_rest(struct batch_run *l, struct signet_error *err)
{
    struct leases *again = &l->again;
    int rc = SIGNET_OK;
    size_t n = 0;

    for (size_t i = 0; rc == SIGNET_OK && i < again->count; i++) {
        struct signet_lease *lease = &again->all[i];

        if (lease->device && lease->state < SIGNET_DEVICE_WRITING)
            again->all[n++] = *lease;
        else if (lease->device)
            rc = leave(l, lease, err);
    }
    again->count = n;
    return rc;
}

int batch_resume(struct batch_run *l, struct signet_error *err)
{
    int rc = take_all(l, err);

    if (rc == SIGNET_OK && l->again.count)
        rc = output_check_there(&l->out, err);
    if (rc == SIGNET_OK)
        rc = finish_batches(l, err);
    return rc == SIGNET_OK ? sort_rest(l, err) : rc;
}
