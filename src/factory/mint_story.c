/* SPDX-License-Identifier: Apache-2.0 */
/* One batch, from its credentials to the end. The ledger says writing before a byte leaves the work
 * folder, and verified, or done where no server waits, only after the output is synced, read again
 * and marked in the state file. The seal goes last: as long as it is there, all of this can be done
 * again. */
#include "minting.h"

#include <stdlib.h>
#include <string.h>

static int turn_take(struct minting *m, const uint64_t *turn, uint64_t number,
                     struct signet_error *err)
{
    pthread_mutex_lock(&m->lock);
    while (!m->stop && *turn != number)
        pthread_cond_wait(&m->changed, &m->lock);
    bool stop = m->stop;
    pthread_mutex_unlock(&m->lock);
    return stop ? error_set(err, SIGNET_E_CANCELLED, "another batch failed") : SIGNET_OK;
}

static void turn_give(struct minting *m, uint64_t *turn)
{
    pthread_mutex_lock(&m->lock);
    ++*turn;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

static int seal_batch(struct minting *m, struct batch *b, struct signet_error *err)
{
    failpoint("before-seal");
    int rc = vault_batch_seal(m->vault, b->number, &b->plain, err);
    failpoint("after-seal");
    b->sealed = rc == SIGNET_OK;
    b->thin = b->thin && rc != SIGNET_OK;
    return rc;
}

/* A key, an identity or a serial number that another device has: only this device is set aside. */
static int announce_each(struct minting *m, struct batch *b, struct signet_error *err)
{
    bool *keep = calloc(b->count, sizeof(*keep));
    int rc = keep ? SIGNET_OK : error_nomem(err);

    for (size_t i = 0; rc == SIGNET_OK && i < b->count; i++) {
        struct signet_error why = {0};

        keep[i] = true;
        if (b->leases[i].state >= SIGNET_DEVICE_WRITING)
            continue;
        rc = signet_ledger_advance(m->job->ledger, &b->leases[i], SIGNET_DEVICE_WRITING,
                                   &b->facts[i], &why);
        if (rc == SIGNET_E_CONFLICT) {
            const struct signet_event event = {.kind = SIGNET_EVENT_STAGE_END,
                                               .stage = "mint",
                                               .endpoint = b->leases[i].endpoint,
                                               .error = &why};
            keep[i] = false;
            mint_tell(m, &event);
            pthread_mutex_lock(&m->lock);
            m->report.failed++;
            pthread_mutex_unlock(&m->lock);
            rc = signet_ledger_fail(m->job->ledger, &b->leases[i], &why, err);
        } else if (rc != SIGNET_OK && err) {
            *err = why;
        }
    }
    if (rc == SIGNET_OK)
        batch_keep(b, keep);
    free(keep);
    return rc;
}

static void tell_lost(struct minting *m, size_t lost, struct signet_error *first)
{
    const struct signet_event event = {.kind = SIGNET_EVENT_WARNING, .error = first};

    error_prefix(first, "%zu of a batch left out: void, or another station has them; the first",
                 lost);
    mint_tell(m, &event);
}

/* A device that a person made void, or that another station took over, is ours no more: the others
 * go on. One that is in the output from a run before, perhaps, is not left out here, since its seal
 * would go: the next run looks at it. *why is what the ledger said; when nothing can be left out,
 * that remains the error. */
static int drop_lost(struct minting *m, struct batch *b, bool is_out, struct signet_error *why)
{
    bool *keep = calloc(b->count + 1, sizeof(*keep));
    struct signet_error first = {0};
    size_t lost = 0;
    int rc = keep ? SIGNET_OK : error_nomem(why);

    for (size_t i = 0; rc == SIGNET_OK && i < b->count; i++) {
        struct signet_error gone = {0};

        rc = signet_ledger_renew(m->job->ledger, &b->leases[i], &gone);
        keep[i] = rc == SIGNET_OK;
        if (rc == SIGNET_E_BUSY && (is_out || b->leases[i].state < SIGNET_DEVICE_WRITING)) {
            first = lost++ ? first : gone;
            rc = SIGNET_OK;
        } else if (rc != SIGNET_OK) {
            *why = gone;
        }
    }
    if (rc == SIGNET_OK && lost) {
        batch_keep(b, keep);
        tell_lost(m, lost, &first);
    }
    free(keep);
    return rc == SIGNET_OK && !lost ? SIGNET_E_BUSY : rc;
}

static int announce_all(struct minting *m, struct batch *b, struct signet_error *err)
{
    size_t fresh = 0;

    for (size_t i = 0; i < b->count; i++)
        fresh += b->leases[i].state < SIGNET_DEVICE_WRITING;
    if (!fresh)
        return SIGNET_OK;
    failpoint("before-writing");
    int rc = fresh == b->count ? signet_ledger_advance_many(m->job->ledger, b->leases, b->count,
                                                            SIGNET_DEVICE_WRITING, b->facts, err)
                               : SIGNET_E_CONFLICT;
    if (rc == SIGNET_E_CONFLICT)
        rc = announce_each(m, b, err);
    failpoint("after-writing");
    return rc;
}

/* A change of all, and once more without those that were lost. */
static int insist(struct minting *m, struct batch *b, bool is_out,
                  int (*change)(struct minting *, struct batch *, struct signet_error *),
                  struct signet_error *err)
{
    struct signet_error why = {0};
    int rc = b->count ? change(m, b, &why) : SIGNET_OK;

    while (rc == SIGNET_E_BUSY) {
        rc = drop_lost(m, b, is_out, &why);
        if (rc == SIGNET_OK && b->count)
            rc = change(m, b, &why);
        else
            break;
    }
    if (rc != SIGNET_OK && err)
        *err = why;
    return rc;
}

struct place {
    uint64_t lines, rows;
};

/* In the order of the batches. */
static int append(struct minting *m, struct batch *b, struct place *at, struct signet_error *err)
{
    int rc = turn_take(m, &m->to_write, b->number, err);

    if (rc != SIGNET_OK)
        return rc;
    failpoint("before-append");
    rc = file_append(&m->packets, &b->lines, &at->lines, err);
    failpoint("between-append");
    if (rc == SIGNET_OK)
        rc = file_append(&m->records, &b->rows, &at->rows, err);
    if (rc == SIGNET_OK && m->packets.path)
        rc = file_mark(&m->packets, &b->packets, err);
    if (rc == SIGNET_OK && m->records.path)
        rc = file_mark(&m->records, &b->records, err);
    failpoint("after-append");
    if (rc == SIGNET_OK)
        turn_give(m, &m->to_write);
    return rc;
}

/* Everything on disk, where it belongs. */
static int put_out(struct minting *m, struct batch *b, bool again, struct signet_error *err)
{
    struct place at = {0};
    int rc = SIGNET_OK;

    failpoint("before-output");
    if (m->folder >= 0)
        rc = folder_write(m->folder, b, again, err);
    failpoint("between-output");
    if (rc == SIGNET_OK)
        rc = append(m, b, &at, err);
    if (rc == SIGNET_OK && m->folder >= 0)
        rc = folder_check(m->folder, b, err);
    if (rc == SIGNET_OK)
        rc = file_settle(&m->packets, &b->lines, at.lines, err);
    if (rc == SIGNET_OK)
        rc = file_settle(&m->records, &b->rows, at.rows, err);
    failpoint("after-output");
    return rc;
}

static int mark(struct minting *m, const struct batch *b, struct signet_error *err)
{
    int rc = turn_take(m, &m->to_mark, b->number, err);

    if (rc != SIGNET_OK)
        return rc;
    m->state.batch = b->number;
    m->state.devices += b->count;
    if (m->packets.path)
        m->state.packets = b->packets;
    if (m->records.path)
        m->state.records = b->records;
    failpoint("before-mark");
    rc = state_write(m, err);
    failpoint("after-mark");
    if (rc == SIGNET_OK)
        turn_give(m, &m->to_mark);
    return rc;
}

static int wipe_batch(struct minting *m, const struct batch *b, struct signet_error *err)
{
    failpoint("before-wipe");
    int rc = vault_batch_wipe(m->vault, b->number, err);
    failpoint("after-wipe");
    return rc;
}

static int to_verified(struct minting *m, struct batch *b, struct signet_error *err)
{
    failpoint("before-verified");
    int rc = signet_ledger_advance_many(m->job->ledger, b->leases, b->count, SIGNET_DEVICE_VERIFIED,
                                        NULL, err);
    failpoint("after-verified");
    return rc;
}

static int to_done(struct minting *m, struct batch *b, struct signet_error *err)
{
    failpoint("before-done");
    int rc = signet_ledger_advance_many(m->job->ledger, b->leases, b->count, SIGNET_DEVICE_DONE,
                                        NULL, err);
    failpoint("after-done");
    return rc;
}

static int to_outbox(struct minting *m, struct batch *b, struct signet_error *err)
{
    return signet_ledger_release_many(m->job->ledger, b->leases, b->count, err);
}

static void tell(struct minting *m, size_t made)
{
    pthread_mutex_lock(&m->lock);
    m->report.made += made;
    m->issued += (int64_t)made;
    const struct signet_event event = {.kind = SIGNET_EVENT_PROGRESS,
                                       .stage = "mint",
                                       .done = (uint64_t)m->issued,
                                       .total = (uint64_t)m->job->quota};
    pthread_mutex_unlock(&m->lock);
    mint_tell(m, &event);
}

int batch_finish(struct minting *m, struct batch *b, struct signet_error *err)
{
    int rc = SIGNET_OK;

    if (!b->count)
        return SIGNET_OK;   /* nothing was sealed, or no more */
    size_t made = b->count; /* all of them are in the output */
    if (m->job->server_count)
        rc = insist(m, b, true, to_verified, err);
    if (m->job->server_count && rc == SIGNET_OK)
        rc = insist(m, b, true, to_outbox, err);
    if (!m->job->server_count)
        rc = insist(m, b, true, to_done, err);
    if (rc != SIGNET_OK)
        return rc;
    tell(m, made);
    if (b->count < made || b->thin) /* the seal stays as long as another in it may need it */
        return waiting_look(m, b->number, err);
    return m->job->server_count ? waiting_add(m, b, err) : wipe_batch(m, b, err);
}

/* The seal is what may be in the output, no more and no less: a run after this one compares. */
static int seal_what_is_left(struct minting *m, struct batch *b, struct signet_error *err)
{
    if (b->sealed && !b->thin)
        return SIGNET_OK;
    return b->count ? seal_batch(m, b, err) : b->sealed ? wipe_batch(m, b, err) : SIGNET_OK;
}

int batch_story(struct minting *m, struct batch *b, struct signet_error *err)
{
    bool again = b->sealed;
    int rc = seal_what_is_left(m, b, err);

    if (rc == SIGNET_OK)
        rc = insist(m, b, false, announce_all, err);
    if (rc == SIGNET_OK)
        rc = seal_what_is_left(m, b, err);
    if (rc == SIGNET_OK)
        rc = put_out(m, b, again, err);
    if (rc == SIGNET_OK)
        rc = mark(m, b, err);
    return rc == SIGNET_OK ? batch_finish(m, b, err) : rc;
}
