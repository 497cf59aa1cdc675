/* SPDX-License-Identifier: Apache-2.0 */

/* Commits that many threads share. */

#include "ledger/store.h"
#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 20, GIVE_UP_MS = 60000 };
#define CLOCK_FLOOR 1763856000 /* 2025-11-23 */

int store_check_clock(int64_t now, const char *whose, struct signet_error *err)
{
    if (now >= CLOCK_FLOOR)
        return SIGNET_OK;
    error_set(err, SIGNET_E_LEDGER, "the %s clock is before this program was written", whose);
    error_hint(err, "set the %s clock, then start again", whose);
    return SIGNET_E_LEDGER;
}

/* One of a batch. Behind a savepoint only where there are others to be left alone. */
static int apply_one(struct signet_ledger *l, struct change *c, bool alone,
                     struct signet_error *err)
{
    const struct head before = l->head;
    int rc = alone ? SIGNET_OK : db_run(l->db, err, "SAVEPOINT one", "");

    if (rc != SIGNET_OK)
        return rc;
    l->db->nomem = false;
    c->rc = c->apply(l, c->arg, &c->err);
    if (l->db->nomem) /* what it decided may rest on a value that it did not see */
        c->rc = error_nomem(&c->err);
    if (c->rc != SIGNET_OK && !alone && !l->db->again) {
        l->head = before;
        if (db_run(l->db, err, "ROLLBACK TO SAVEPOINT one", "") == SIGNET_OK)
            return db_run(l->db, err, "RELEASE SAVEPOINT one", "");
    }
    if (c->rc != SIGNET_OK) { /* a full disk ends the transaction for all */
        *err = c->err;
        return c->rc;
    }
    return alone ? SIGNET_OK : db_run(l->db, err, "RELEASE SAVEPOINT one", "");
}

/* All changes of batch in one transaction. Of the same kind, reading or writing. */
static int try_batch(struct signet_ledger *l, struct change *batch, struct signet_error *err)
{
    int rc = store_check_clock(clock_wall(), "station's", err);

    l->head = (struct head){0};
    l->db->again = false;
    if (rc == SIGNET_OK)
        rc = l->db->ops->begin(l->db, !batch->reads, err);
    if (rc == SIGNET_OK)
        rc = store_check_clock(l->db->now, "database server's", err);
    for (struct change *c = batch; c && rc == SIGNET_OK; c = c->next)
        rc = apply_one(l, c, !batch->next, err);
    if (rc == SIGNET_OK)
        rc = chain_flush(l, err);
    if (rc == SIGNET_OK)
        rc = l->db->ops->commit(l->db, err);
    if (rc != SIGNET_OK)
        l->db->ops->rollback(l->db);
    return rc;
}

static void commit_batch(struct signet_ledger *l, struct change *batch)
{
    int64_t end = clock_ms() + GIVE_UP_MS;
    struct signet_error err = {0};
    int rc = try_batch(l, batch, &err);

    for (int64_t pause = AGAIN_MS; rc != SIGNET_OK && l->db->again && clock_ms() + pause < end;
         pause = pause < 1000 ? pause * 2 : pause) {
        cancel_sleep_until(NULL, clock_ms() + pause, NULL);
        rc = try_batch(l, batch, &err);
    }
    for (struct change *c = batch; c && rc != SIGNET_OK; c = c->next)
        if (c->rc == SIGNET_OK || l->db->again) {
            c->rc = rc;
            c->err = err;
        }
}

/* From the queue: what may share a transaction, in the order of its coming. */
static struct change *take_batch(struct signet_ledger *l)
{
    struct change *batch = l->first, *end = batch;

    while (!batch->reads && end->next && !end->next->reads)
        end = end->next;
    l->first = end->next;
    if (!l->first)
        l->last = &l->first;
    end->next = NULL;
    return batch;
}

/* With the lock held. */
static void commit_next(struct signet_ledger *l)
{
    struct change *batch = take_batch(l);

    l->busy = true;
    pthread_mutex_unlock(&l->lock);
    commit_batch(l, batch);
    pthread_mutex_lock(&l->lock);
    for (; batch; batch = batch->next)
        batch->finished = true;
    l->busy = false;
    pthread_cond_broadcast(&l->settled);
}

static int run(struct signet_ledger *l, struct change *mine, struct signet_error *err)
{
    pthread_mutex_lock(&l->lock);
    *l->last = mine;
    l->last = &mine->next;
    while (!mine->finished)
        if (l->busy)
            pthread_cond_wait(&l->settled, &l->lock);
        else
            commit_next(l);
    pthread_mutex_unlock(&l->lock);
    if (mine->rc != SIGNET_OK && err)
        *err = mine->err;
    return mine->rc;
}

int store_change(struct signet_ledger *l, store_action *apply, void *arg, struct signet_error *err)
{
    if (l->read_only)
        return error_set(err, SIGNET_E_USAGE, "the ledger was opened for reading only");
    return run(l, &(struct change){.apply = apply, .arg = arg}, err);
}

int store_read(struct signet_ledger *l, store_action *apply, void *arg, struct signet_error *err)
{
    return run(l, &(struct change){.apply = apply, .arg = arg, .reads = true}, err);
}
