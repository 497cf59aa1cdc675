/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_POSTGRES_CONNECTION_H
#define LEDGER_POSTGRES_CONNECTION_H

#include "ledger/db.h"

#include <libpq-fe.h>

/* libpq, loaded when first needed: linked, its 25 libraries would cost 4 ms of every start. */
/* clang-format off */
#define LIBPQ_FUNCTIONS(ROW)                                                                       \
    ROW(connectdbParams) ROW(finish) ROW(status) ROW(errorMessage) ROW(setNoticeProcessor)         \
    ROW(connectStartParams) ROW(connectPoll) ROW(socket) ROW(setnonblocking) ROW(flush)            \
    ROW(consumeInput) ROW(isBusy) ROW(getResult) ROW(sendQuery) ROW(sendPrepare)                   \
    ROW(sendQueryPrepared) ROW(conninfoParse) ROW(conninfoFree) ROW(freemem) ROW(exec)             \
    ROW(resultStatus) ROW(resultErrorField) ROW(getvalue) ROW(getisnull) ROW(ntuples)              \
    ROW(cmdTuples) ROW(clear) ROW(user)
/* clang-format on */
#define LIBPQ_MEMBER(name) __typeof__(PQ##name) *(name);
struct libpq {
    LIBPQ_FUNCTIONS(LIBPQ_MEMBER)
};
/* The same table for all threads; SIGNET_E_UNSUPPORTED when the library is not there. */
int libpq_load(const struct libpq **out, struct signet_error *err);

/* How long a server may stay away, and how often it is asked. */
enum { RECONNECT_MS = 60000, PAUSE_MS = 200 };

/* A server that says nothing: since when, and when it is told next. */
struct silence {
    int64_t since, tell_at; /* clock_ms(); since 0: it answers */
};

struct station {
    struct db base;
    const struct libpq *pq;
    PGconn *conn;
    char *where, *hosts, *ports; /* the last two as in the address, NULL: none */
    struct db_watch watch;
    struct silence silence;
    bool
        given_up; /* the caller wants to end, and the server is silent: nothing is asked any more */
    int64_t client, commits; /* of this handle: a number of its own, and how many it made */
    bool writes;             /* the transaction that is open */
};

/* The answer to what was sent, when it is good; *out may be NULL. Else its error. */
int postgres_answer(struct station *s, int sent, PGresult **out, struct signet_error *err);
/* Statements without parameters. */
int postgres_run(struct station *s, const char *sql, PGresult **out, struct signet_error *err);
/* One whose answer is one number. */
int postgres_number(struct station *s, const char *sql, int64_t *out, struct signet_error *err);
/* Once. */
int postgres_connect(struct station *s, struct signet_error *err);
/* Until the server is back, or patience ends. */
int postgres_reconnect(struct station *s, struct signet_error *err);

/* postgres_check.c: db_ops.check */
int postgres_check(struct db *db, const char *schema, bool first, struct signet_error *err);

#endif
