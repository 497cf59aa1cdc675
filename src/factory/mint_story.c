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
    int rc = work_batch_seal(m->job->units, m->tag, b->number, &b->plain, err);
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

static int announce(struct minting *m, struct batch *b, struct signet_error *err)
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
    int rc = work_batch_wipe(m->job->units, m->tag, b->number, err);
    failpoint("after-wipe");
    return rc;
}

static int advance(struct minting *m, struct batch *b, enum signet_device_state state,
                   const char *before, const char *after, struct signet_error *err)
{
    failpoint(before);
    int rc = signet_ledger_advance_many(m->job->ledger, b->leases, b->count, state, NULL, err);
    failpoint(after);
    return rc;
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
        return SIGNET_OK; /* nothing was sealed, or no more */
    if (m->job->server_count)
        rc = advance(m, b, SIGNET_DEVICE_VERIFIED, "before-verified", "after-verified", err);
    if (m->job->server_count && rc == SIGNET_OK) /* to the outbox */
        rc = signet_ledger_release_many(m->job->ledger, b->leases, b->count, err);
    if (!m->job->server_count)
        rc = advance(m, b, SIGNET_DEVICE_DONE, "before-done", "after-done", err);
    if (rc != SIGNET_OK)
        return rc;
    tell(m, b->count);
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
        rc = announce(m, b, err);
    if (rc == SIGNET_OK)
        rc = seal_what_is_left(m, b, err);
    if (rc == SIGNET_OK)
        rc = put_out(m, b, again, err);
    if (rc == SIGNET_OK)
        rc = mark(m, b, err);
    return rc == SIGNET_OK ? batch_finish(m, b, err) : rc;
}
