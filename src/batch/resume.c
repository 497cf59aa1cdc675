/* SPDX-License-Identifier: Apache-2.0 */
/* What a run before left: batches that are sealed are written again, the same bytes; devices whose
 * credentials were never sealed get new ones, since nothing of the old ones left the host. */
#include "batch/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAKE = 256 };

struct leases {
    struct signet_lease *all;
    size_t count;
};

static int by_endpoint(const void *a, const void *b)
{
    return strcmp(((const struct signet_lease *)a)->endpoint,
                  ((const struct signet_lease *)b)->endpoint);
}

/* All that are unfinished and in nobody's hands: no more than the batches that were under way. */
static int take_all(struct batch_run *l, struct leases *out, struct signet_error *err)
{
    size_t count = 0;
    int rc = SIGNET_OK;

    do {
        struct signet_lease *more =
            realloc(out->all, (out->count + TAKE) * sizeof(*more)); /* no secret */

        if (!more)
            return error_nomem(err);
        out->all = more;
        failpoint("before-resume");
        rc = signet_ledger_resume(l->job->ledger, l->job->order, BATCH_SLOT, more + out->count,
                                  TAKE, &count, err);
        failpoint("after-resume");
        out->count += rc == SIGNET_OK ? count : 0;
    } while (rc == SIGNET_OK && count);
    if (out->count)
        qsort(out->all, out->count, sizeof(*out->all), by_endpoint);
    return rc;
}

struct known {
    char packet_sha256[65];
};

static int see_device(void *ctx, const struct signet_ledger_device *device,
                      struct signet_error *err)
{
    struct known *known = ctx;

    (void)err;
    if (!device->freed)
        snprintf(known->packet_sha256, sizeof(known->packet_sha256), "%s", device->packet_sha256);
    return SIGNET_OK;
}

/* Is what was sealed what the device has? It may have got other credentials in a later batch. */
static int is_current(struct batch_run *l, const struct batch *b, size_t i, bool *current,
                      struct signet_error *err)
{
    const struct signet_lease *lease = &b->leases[i];
    const struct signet_ledger_filter filter = {.endpoint = lease->endpoint, .state = -1};
    struct known known = {.packet_sha256 = ""};

    if (lease->state < SIGNET_DEVICE_WRITING) { /* it has none yet, and may have these */
        *current = b->number > l->out.state.batch;
        return SIGNET_OK;
    }
    int rc = signet_ledger_devices(l->job->ledger, &filter, see_device, &known, err);
    *current = rc == SIGNET_OK && strcmp(known.packet_sha256, b->facts[i].packet_sha256) == 0;
    return rc;
}

/* Keeps what is current, and notes that those leases are in hands. */
static int choose(struct batch_run *l, struct batch *b, const struct leases *leases,
                  struct signet_error *err)
{
    bool *keep = calloc(b->count + 1, sizeof(*keep));
    int rc = keep ? SIGNET_OK : error_nomem(err);

    for (size_t i = 0; rc == SIGNET_OK && i < b->count; i++) {
        const struct signet_lease *lease =
            lease_find(leases->all, leases->count, b->leases[i].endpoint);

        rc = is_current(l, b, i, &keep[i], err);
        keep[i] = keep[i] && lease && lease->device; /* 0: an earlier batch had it */
        if (keep[i])
            leases->all[lease - leases->all].device = 0;
    }
    if (rc == SIGNET_OK)
        batch_keep(b, keep);
    free(keep);
    return rc;
}

/* A sealed batch: into the output when it is not there for certain, and to its end. */
static int finish_batch(struct batch_run *l, struct batch *b, const struct leases *leases,
                        uint64_t number, struct signet_error *err)
{
    batch_reset(b);
    static const struct signet_lease none;
    int rc = batch_read(l, b, number, leases->all ? leases->all : &none, leases->count, err);

    if (rc == SIGNET_E_SEAL) /* damaged: its devices are set aside, each */
        return SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = choose(l, b, leases, err);
    if (rc != SIGNET_OK)
        return rc;
    if (number <= l->out.state.batch) /* nobody works on it, or it waits for its servers */
        return b->count ? batch_finish(l, b, err) : SIGNET_OK;
    if (!b->count) /* all void, or another station took them: nothing of it is to be seen */
        return vault_batch_wipe(l->setup.vault, number, err);
    l->turns.to_write = l->turns.to_mark = number;
    return batch_write(l, b, err);
}

static int finish_batches(struct batch_run *l, const struct leases *leases,
                          struct signet_error *err)
{
    uint64_t *seals = NULL;
    size_t count = 0;
    struct batch b = {0};
    int rc = vault_batch_list(l->setup.vault, &seals, &count, err);

    if (rc == SIGNET_OK)
        rc = batch_init(&b, BATCH_READ_MAX, err);
    for (size_t i = 0; rc == SIGNET_OK && i < count; i++)
        if (seals[i] > l->out.state.batch || leases->count)
            rc = finish_batch(l, &b, leases, seals[i], err);
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
static int sort_rest(struct batch_run *l, struct leases *leases, struct signet_error *err)
{
    int rc = SIGNET_OK;
    size_t n = 0;

    for (size_t i = 0; rc == SIGNET_OK && i < leases->count; i++) {
        struct signet_lease *lease = &leases->all[i];

        if (!lease->device)
            continue;
        if (lease->state < SIGNET_DEVICE_WRITING) {
            leases->all[n++] = *lease;
            continue;
        }
        rc = leave(l, lease, err);
    }
    l->again.leases = leases->all;
    l->again.count = n;
    leases->all = NULL;
    return rc;
}

int batch_resume(struct batch_run *l, struct signet_error *err)
{
    struct leases leases = {0};
    int rc = take_all(l, &leases, err);
    if (rc == SIGNET_OK && leases.count && output_is_gone(&l->out))
        rc = output_gone(&l->out, err);
    if (rc == SIGNET_OK)
        rc = finish_batches(l, &leases, err);
    if (rc == SIGNET_OK)
        rc = sort_rest(l, &leases, err);
    free(leases.all);
    return rc;
}
