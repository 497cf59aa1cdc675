/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices still need what is sealed. A batch is wiped with the last of its devices. */
#include "vault/private.h"

#include <stdlib.h>

int vault_track_batch(struct vault *v, uint64_t number, int64_t first, int64_t last, size_t left,
                      struct signet_error *err)
{
    const struct kept kept = {.number = number, .first = first, .last = last, .left = left};
    size_t i = 0;

    pthread_mutex_lock(&v->lock);
    while (i < v->kept_count && v->kept[i].number != number)
        i++;
    struct kept *more = v->kept; /* no secret */
    if (i == v->kept_count && (more = reallocarray(v->kept, i + 1, sizeof(*more)))) {
        v->kept = more;
        v->kept_count++;
    }
    if (more)
        more[i] = kept;
    pthread_mutex_unlock(&v->lock);
    return more ? SIGNET_OK : error_nomem(err);
}

static void forget_batch(struct vault *v, struct kept *kept)
{
    for (size_t i = 0; i < OPENED; i++)
        if (v->opened[i].number == kept->number) {
            secret_wipe(&v->opened[i].plain);
            v->opened[i] = (struct open_batch){0};
        }
    *kept = v->kept[--v->kept_count];
}

int vault_batch_wipe(struct vault *v, uint64_t number, struct signet_error *err)
{
    pthread_mutex_lock(&v->lock);
    for (size_t i = 0; i < v->kept_count; i++)
        if (v->kept[i].number == number) {
            forget_batch(v, &v->kept[i]);
            break;
        }
    pthread_mutex_unlock(&v->lock);
    return batch_wipe(v, number, err);
}

int vault_wipe_unneeded(struct vault *v, uint64_t number, vault_needs *ask, void *ctx,
                        struct signet_error *err)
{
    struct secret plain = {0};
    struct vault_entry entry;
    int64_t first = INT64_MAX, last = -1;
    bool needs = false;
    size_t at = 0, left = 0;
    int rc = vault_batch_read(v, number, &plain, err);

    while (rc == SIGNET_OK && vault_entry_next(&plain, &at, &entry)) {
        rc = ask(ctx, &entry, &needs, err);
        first = entry.index < first ? entry.index : first;
        last = entry.index > last ? entry.index : last;
        left += needs;
    }
    secret_wipe(&plain);
    if (rc == SIGNET_E_SEAL) /* its devices are set aside, each */
        return vault_track_batch(v, number, INT64_MAX, -1, 1, err);
    if (rc != SIGNET_OK)
        return rc;
    return left ? vault_track_batch(v, number, first, last, left, err)
                : vault_batch_wipe(v, number, err);
}

/* The newest kept batch below this number that may have the device, with the lock held. A device
 * that was made anew is in an older one too. */
static struct kept *candidate(struct vault *v, int64_t index, uint64_t below)
{
    struct kept *found = NULL;

    for (size_t i = 0; i < v->kept_count; i++) {
        struct kept *k = &v->kept[i];

        if (k->first <= index && index <= k->last && k->number < below &&
            (!found || k->number > found->number))
            found = k;
    }
    return found;
}

/* The batch, opened; with the lock held. */
static int open_kept(struct vault *v, uint64_t number, struct open_batch **out,
                     struct signet_error *err)
{
    struct secret plain = {0};

    for (size_t i = 0; i < OPENED; i++)
        if (v->opened[i].number == number) {
            *out = &v->opened[i];
            return SIGNET_OK;
        }
    int rc = vault_batch_read(v, number, &plain, err);
    if (rc != SIGNET_OK)
        return rc;
    struct open_batch *o = &v->opened[v->next++ % OPENED];
    secret_wipe(&o->plain);
    *o = (struct open_batch){.number = number, .plain = plain};
    *out = o;
    return SIGNET_OK;
}

/* From where the last one was found to the end, then from the front. */
static bool scan_batch(struct open_batch *o, const char *endpoint, struct vault_entry *entry)
{
    for (int pass = 0; pass < 2; pass++, o->at = 0)
        while (vault_entry_next(&o->plain, &o->at, entry))
            if (strcmp(entry->endpoint, endpoint) == 0)
                return true;
    return false;
}

/* Nothing else has the device. Is there a damaged batch, which may have had it? */
static int blame_damage(struct vault *v, struct signet_error *err)
{
    struct open_batch *opened = NULL;

    for (size_t i = 0; i < v->kept_count; i++)
        if (v->kept[i].first > v->kept[i].last)
            return open_kept(v, v->kept[i].number, &opened, err);
    return SIGNET_E_NOT_FOUND;
}

/* SIGNET_E_NOT_FOUND: no kept batch below this number has it. With the lock held. */
static int find_kept(struct vault *v, const char *endpoint, int64_t index, uint64_t below,
                     struct kept **kept, struct vault_entry *entry, struct signet_error *err)
{
    while ((*kept = candidate(v, index, below))) {
        struct open_batch *opened = NULL;
        int rc = open_kept(v, (*kept)->number, &opened, err);

        if (rc == SIGNET_OK && scan_batch(opened, endpoint, entry))
            return SIGNET_OK;
        below = (*kept)->number;
        if (rc != SIGNET_OK && rc != SIGNET_E_SEAL)
            return rc;
        if (rc == SIGNET_E_SEAL) { /* it may have any device: it is looked at last */
            (*kept)->first = INT64_MAX;
            (*kept)->last = -1;
        }
    }
    return SIGNET_E_NOT_FOUND;
}

int vault_find(struct vault *v, const char *endpoint, int64_t index, struct secret *packet,
               struct signet_error *err)
{
    struct vault_entry entry;
    struct kept *kept = NULL;

    pthread_mutex_lock(&v->lock);
    int rc = find_kept(v, endpoint, index, UINT64_MAX, &kept, &entry, err);
    if (rc == SIGNET_OK)
        rc = secret_set(packet, entry.packet, entry.len, err);
    pthread_mutex_unlock(&v->lock);
    if (rc == SIGNET_E_NOT_FOUND)
        rc = vault_read(v, endpoint, packet, err);
    if (rc == SIGNET_E_NOT_FOUND) {
        pthread_mutex_lock(&v->lock);
        rc = blame_damage(v, err);
        pthread_mutex_unlock(&v->lock);
    }
    return rc;
}

/* *below: the number of the batch that had it. */
static int release_newest(struct vault *v, const char *endpoint, int64_t index, uint64_t *below,
                          struct signet_error *err)
{
    struct vault_entry entry;
    struct kept *kept = NULL;
    bool is_empty = false;

    pthread_mutex_lock(&v->lock);
    int rc = find_kept(v, endpoint, index, *below, &kept, &entry, err);
    if (rc == SIGNET_OK) {
        *below = kept->number;
        is_empty = --kept->left == 0;
        if (is_empty)
            forget_batch(v, kept);
    }
    pthread_mutex_unlock(&v->lock);
    if (!is_empty)
        return rc;
    failpoint("before-wipe");
    rc = batch_wipe(v, *below, err);
    failpoint("after-wipe");
    return rc;
}

int vault_release(struct vault *v, const char *endpoint, int64_t index, struct signet_error *err)
{
    uint64_t below = UINT64_MAX;
    int rc = SIGNET_OK;

    while (rc == SIGNET_OK) /* a device that was made anew is in older batches too */
        rc = release_newest(v, endpoint, index, &below, err);
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}
