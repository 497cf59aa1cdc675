/* SPDX-License-Identifier: Apache-2.0 */
/* Commits that many threads share. */
#include "ledger/lease.h"

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
    l->db->again = false;
    c->rc = c->kind->apply(l, c->arg, &c->err);
    if (l->db->again) {
        *err = c->err;
        return c->rc;
    }
    if (l->db->nomem) /* what it decided may rest on a value that it did not see */
        c->rc = error_nomem(&c->err);
    if (alone)
        return SIGNET_OK;
    if (c->rc != SIGNET_OK && !l->db->ops->open_still(l->db)) { /* a full disk ends it for all */
        *err = c->err;
        return c->rc;
    }
    if (c->rc != SIGNET_OK) {
        rc = db_run(l->db, err, "ROLLBACK TO SAVEPOINT one", "");
        l->head = before;
        if (rc == SIGNET_OK && c->rc == SIGNET_E_CONFLICT && c->kind->explain)
            c->kind->explain(l, c->arg, &c->err);
    }
    return rc == SIGNET_OK ? db_run(l->db, err, "RELEASE SAVEPOINT one", "") : rc;
}

/* All changes of batch in one transaction. Of the same kind, reading or writing. */
static int try_batch(struct signet_ledger *l, struct change *batch, struct signet_error *err)
{
    bool alone = !batch->next;
    int rc = store_check_clock(clock_wall(), "station's", err);

    l->head = (struct head){0};
    l->db->nomem = false;
    if (rc == SIGNET_OK)
        rc = l->db->ops->begin(l->db, !batch->kind->reads, err);
    if (rc == SIGNET_OK)
        rc = store_check_clock(l->db->now, "database server's", err);
    for (struct change *c = batch; c && rc == SIGNET_OK; c = c->next)
        rc = apply_one(l, c, alone, err);
    if (rc == SIGNET_OK && alone && batch->rc != SIGNET_OK) {
        l->db->ops->rollback(l->db);
        if (batch->rc == SIGNET_E_CONFLICT && batch->kind->explain)
            batch->kind->explain(l, batch->arg, &batch->err);
        l->db->again = false;
        return SIGNET_OK; /* it has its own error */
    }
    if (rc == SIGNET_OK)
        rc = chain_flush(l, err);
    if (rc == SIGNET_OK)
        rc = l->db->ops->commit(l->db, err);
    if (rc != SIGNET_OK) {
        bool again = l->db->again;
        l->db->ops->rollback(l->db);
        l->db->again = again;
    }
    return rc;
}

static void commit_batch(struct signet_ledger *l, struct change *batch)
{
    int64_t end = clock_ms() + GIVE_UP_MS;
    struct signet_error err = {0};
    int rc;

    for (int64_t pause = AGAIN_MS;; pause = pause < 1000 ? pause * 2 : pause) {
        l->db->again = false;
        rc = try_batch(l, batch, &err);
        if (rc == SIGNET_OK || !l->db->again || clock_ms() + pause >= end)
            break;
        cancel_sleep_until(NULL, clock_ms() + pause, NULL);
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

    while (!batch->kind->reads && end->next && !end->next->kind->reads)
        end = end->next;
    l->first = end->next;
    if (!l->first)
        l->last = &l->first;
    end->next = NULL;
    return batch;
}

int store_change(struct signet_ledger *l, const struct change_kind *kind, void *arg,
                 struct signet_error *err)
{
    struct change mine = {.kind = kind, .arg = arg};

    if (l->read_only && !kind->reads)
        return error_set(err, SIGNET_E_USAGE, "the ledger was opened for reading only");
    pthread_mutex_lock(&l->lock);
    *l->last = &mine;
    /* mine is off the list again before this returns */
    l->last = &mine.next; /* cppcheck-suppress autoVariables */
    while (!mine.finished) {
        if (l->busy) {
            pthread_cond_wait(&l->settled, &l->lock);
            continue;
        }
        struct change *batch = take_batch(l);
        l->busy = true;
        pthread_mutex_unlock(&l->lock);
        commit_batch(l, batch);
        pthread_mutex_lock(&l->lock);
        for (struct change *c = batch, *next; c; c = next) {
            next = c->next;
            c->finished = true;
        }
        l->busy = false;
        pthread_cond_broadcast(&l->settled);
    }
    pthread_mutex_unlock(&l->lock);
    if (mine.rc != SIGNET_OK && err)
        *err = mine.err;
    return mine.rc;
}
