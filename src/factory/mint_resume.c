/* SPDX-License-Identifier: Apache-2.0 */
/* What a run before left: batches that are sealed are written again, the same bytes; devices whose
 * credentials were never sealed get new ones, since nothing of the old ones left the host. */
#include "minting.h"

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
static int take_all(struct minting *m, struct leases *out, struct signet_error *err)
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
        rc = signet_ledger_resume(m->job->ledger, m->job->order, MINT_SLOT, more + out->count, TAKE,
                                  &count, err);
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
static int is_current(struct minting *m, const struct batch *b, size_t i, bool *current,
                      struct signet_error *err)
{
    const struct signet_lease *lease = &b->leases[i];
    const struct signet_ledger_filter filter = {.endpoint = lease->endpoint, .state = -1};
    struct known known = {.packet_sha256 = ""};

    if (lease->state < SIGNET_DEVICE_WRITING) { /* it has none yet, and may have these */
        *current = b->number > m->state.batch;
        return SIGNET_OK;
    }
    int rc = signet_ledger_devices(m->job->ledger, &filter, see_device, &known, err);
    *current = rc == SIGNET_OK && strcmp(known.packet_sha256, b->facts[i].packet_sha256) == 0;
    return rc;
}

/* Keeps what is current, and notes that those leases are in hands. */
static int choose(struct minting *m, struct batch *b, const struct leases *leases,
                  struct signet_error *err)
{
    bool *keep = calloc(b->count + 1, sizeof(*keep));
    int rc = keep ? SIGNET_OK : error_nomem(err);

    for (size_t i = 0; rc == SIGNET_OK && i < b->count; i++) {
        const struct signet_lease *lease =
            lease_find(leases->all, leases->count, b->leases[i].endpoint);

        rc = is_current(m, b, i, &keep[i], err);
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
static int finish_batch(struct minting *m, struct batch *b, const struct leases *leases,
                        uint64_t number, struct signet_error *err)
{
    batch_reset(b);
    static const struct signet_lease none;
    int rc = batch_read(m, b, number, leases->all ? leases->all : &none, leases->count, err);

    if (rc == SIGNET_OK)
        rc = choose(m, b, leases, err);
    if (rc != SIGNET_OK)
        return rc;
    if (number <= m->state.batch) /* nobody works on it, or it waits for its servers */
        return b->count ? batch_finish(m, b, err) : SIGNET_OK;
    if (!b->count) /* all void, or another station took them: nothing of it is to be seen */
        return vault_batch_wipe(m->vault, number, err);
    m->to_write = m->to_mark = number;
    return batch_story(m, b, err);
}

static int finish_batches(struct minting *m, const struct leases *leases, struct signet_error *err)
{
    uint64_t *seals = NULL;
    size_t count = 0;
    struct batch b = {0};
    int rc = vault_batch_list(m->vault, &seals, &count, err);

    if (rc == SIGNET_OK)
        rc = batch_init(&b, MINT_READ_MAX, err);
    for (size_t i = 0; rc == SIGNET_OK && i < count; i++)
        if (seals[i] > m->state.batch || leases->count)
            rc = finish_batch(m, &b, leases, seals[i], err);
    m->next = m->state.batch + 1;
    if (count && seals[count - 1] >= m->next)
        m->next = seals[count - 1] + 1;
    m->to_write = m->to_mark = m->next;
    batch_free(&b);
    free(seals);
    return rc;
}

/* What no seal of ours is for: made anew when nothing of it left the host, else left to a person,
 * since its seal is lost. */
static int sort_rest(struct minting *m, struct leases *leases, struct signet_error *err)
{
    int rc = SIGNET_OK;
    size_t n = 0;

    for (size_t i = 0; rc == SIGNET_OK && i < leases->count; i++) {
        const struct signet_lease *lease = &leases->all[i];

        if (!lease->device)
            continue;
        if (lease->state < SIGNET_DEVICE_WRITING) {
            leases->all[n++] = *lease;
            continue;
        }
        rc = signet_ledger_release(m->job->ledger, lease, err);
    }
    m->spare = leases->all;
    m->spare_count = n;
    leases->all = NULL;
    return rc;
}

int mint_resume(struct minting *m, struct signet_error *err)
{
    struct leases leases = {0};
    int rc = signet_ledger_recover(m->job->ledger, m->job->order, err);

    if (rc == SIGNET_OK)
        rc = take_all(m, &leases, err);
    if (rc == SIGNET_OK && leases.count && (m->packets.gone || m->records.gone))
        rc = mint_gone(m, err);
    if (rc == SIGNET_OK)
        rc = finish_batches(m, &leases, err);
    if (rc == SIGNET_OK)
        rc = sort_rest(m, &leases, err);
    free(leases.all);
    return rc;
}
