/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_POSTGRES_CONNECTION_H
#define LEDGER_POSTGRES_CONNECTION_H

#include "ledger/db.h"
#include "ledger/libpq.h"

/* How long a server may stay away, and how often it is asked. */
enum { RECONNECT_MS = 60000, PAUSE_MS = 200 };

struct station {
    struct db base;
    const struct libpq *pq;
    PGconn *conn;
    char *where;
    const char *statements[DB_STATEMENTS]; /* prepared on this connection, as "s0", "s1" ... */
    size_t count;
    int64_t client, commits; /* of this handle: a number of its own, and how many it made */
    bool writes;             /* the transaction that is open */
};

/* The error of result, which is NULL or bad, and is cleared. */
int postgres_failed(struct station *s, PGresult *result, struct signet_error *err);
/* A statement without parameters; *out (may be NULL) is its answer. */
int postgres_run(struct station *s, const char *sql, PGresult **out, struct signet_error *err);
/* One whose answer is one number. */
int postgres_number(struct station *s, const char *sql, int64_t *out, struct signet_error *err);
/* Once. */
int postgres_connect(struct station *s, struct signet_error *err);
/* Until the server is back, or patience ends. */
int postgres_reconnect(struct station *s, struct signet_error *err);

#endif
