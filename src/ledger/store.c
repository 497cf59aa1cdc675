/* SPDX-License-Identifier: Apache-2.0 */

/* Commits that many threads share. */

#include "ledger/store.h"

enum { AGAIN_MS = 20, GIVE_UP_MS = 60000 };

int store_check_clock(int64_t now, const char *whose, struct signet_error *err)
{
    if (clock_check_at(now, whose, err) == SIGNET_OK)
        return SIGNET_OK;
    if (err)
        err->code = SIGNET_E_LEDGER;
    return SIGNET_E_LEDGER;
}

/* The changes of a batch that did not fail before, in one transaction. They all read or all write.
 * *bad: the change that failed now, if it was one. */
static int try_batch(struct signet_ledger *l, struct change *batch, struct change **bad,
                     struct signet_error *err)
{
    int rc = store_check_clock(clock_wall(), "this machine's", err);

    *bad = NULL;
    l->head = (struct head){0};
    l->db->again = l->db->nomem = l->db->zero = false;
    if (rc == SIGNET_OK)
        rc = l->db->ops->begin(l->db, !batch->reads, err);
    if (rc == SIGNET_OK)
        rc = store_check_clock(l->db->now, "the database server's", err);
    for (struct change *c = batch; c && rc == SIGNET_OK; c = c->next) {
        if (c->once && c->begun)
            rc = error_set_hint(err, SIGNET_E_LEDGER,
                                "nothing is lost; start again when the server is there",
                                "the ledger's database server went away while it was read");
        else if (c->rc == SIGNET_OK)
            rc = c->apply(l, c->arg, err);
        c->begun = true;
        if (l->db->nomem) /* what it decided may rest on a value that it did not see */
            rc = error_nomem(err);
        if (l->db->zero)
            rc = error_set(err, SIGNET_E_LEDGER,
                           "a text in the ledger has a zero byte: another program put it there");
        if (rc != SIGNET_OK)
            *bad = c;
    }
    if (rc == SIGNET_OK)
        rc = chain_flush(l, err);
    if (rc == SIGNET_OK &&
        batch->reads) /* all is read: a connection that is lost now loses nothing */
        l->db->ops->commit(l->db, NULL);
    else if (rc == SIGNET_OK)
        rc = l->db->ops->commit(l->db, err);
    if (rc == SIGNET_OK && l->head.moved)
        l->kept = l->head;
    if (rc != SIGNET_OK)
        l->db->ops->rollback(l->db);
    return rc;
}

/* After a change that failed the others are done again without it. */
static void commit_batch(struct signet_ledger *l, struct change *batch)
{
    int64_t end = clock_ms() + GIVE_UP_MS, pause = AGAIN_MS;
    struct signet_error err = {0};
    struct change *bad = NULL;
    int rc = try_batch(l, batch, &bad, &err);

    while (rc != SIGNET_OK && (l->db->again ? clock_ms() + pause < end : bad && batch->next)) {
        if (l->db->again) {
            cancel_sleep_until(NULL, clock_ms() + pause, NULL);
            pause = pause < 1000 ? pause * 2 : pause;
        } else {
            bad->rc = rc;
            bad->err = err;
        }
        rc = try_batch(l, batch, &bad, &err);
    }
    for (struct change *c = batch; c && rc != SIGNET_OK; c = c->next)
        if (c->rc == SIGNET_OK) {
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
    l->commits = pthread_self();
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
    if (l->busy && pthread_equal(l->commits, pthread_self())) { /* it would wait for itself */
        pthread_mutex_unlock(&l->lock);
        return error_set(err, SIGNET_E_USAGE,
                         "a function that a ledger calls must not call the same ledger");
    }
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

int store_read_once(struct signet_ledger *l, store_action *apply, void *arg,
                    struct signet_error *err)
{
    return run(l, &(struct change){.apply = apply, .arg = arg, .reads = true, .once = true}, err);
}
