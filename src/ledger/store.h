/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include "base/base.h"
#include "ledger/ledger.h"
#include <pthread.h>
#include <sqlite3.h>

/* A change waiting for its group commit; lives on the stack of the thread that asks. */
struct change {
    int (*apply)(struct signet_ledger *ledger, void *arg, struct signet_error *err);
    void *arg;
    struct signet_error err;
    int rc;
    bool finished;
    struct change *next;
};

struct signet_ledger {
    sqlite3 *db;
    char *station, *operator_name;
    int lease_seconds;
    pthread_mutex_t lock; /* the queue */
    pthread_cond_t settled;
    struct change *first, **last;
    bool busy; /* one thread commits; it alone uses db */
};

/* Runs apply in a transaction that is on disk when this returns OK. Changes of threads that come
 * at the same time share one commit; a change that fails leaves the others alone. */
int store_change(struct signet_ledger *ledger,
                 int (*apply)(struct signet_ledger *, void *, struct signet_error *), void *arg,
                 struct signet_error *err);

/* Letters of types: s text (NULL is SQL NULL), i int64_t. */
int store_prepare(struct signet_ledger *ledger, sqlite3_stmt **out, struct signet_error *err,
                  const char *sql, const char *types, ...);
/* Runs a statement that returns no row. */
int store_run(struct signet_ledger *ledger, struct signet_error *err, const char *sql,
              const char *types, ...);
int store_fail(struct signet_ledger *ledger, struct signet_error *err);

/* Appends to the hash chain, inside a change. */
int chain_append(struct signet_ledger *ledger, int64_t device, const char *kind, const char *detail,
                 struct signet_error *err);
/* The clock, refused when it is before this program was written. */
int store_now(int64_t *now, struct signet_error *err);

#endif
