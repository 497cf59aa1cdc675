/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_LEDGER_PLACE_H
#define TESTS_UNIT_LEDGER_PLACE_H

/* A place for a ledger that is empty before each test: a file in a folder of its own, or the
 * database that SIGNET_TEST_LEDGER names (tests/fault/postgres.py). With what tests do to a ledger
 * behind its back. Include after cmocka.h. */
#include "ledger/postgres_connection.h"

#include <errno.h>
#include <signet/ledger_copy.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/folder.h"

static char folder[FOLDER_SIZE], place[320];
static struct signet_ledger *ledger;
static struct signet_error err;
static int64_t order;

static inline bool on_postgres(void)
{
    return getenv("SIGNET_TEST_LEDGER") != NULL;
}

/* The first column of the first row, or "". Fails on an error. */
static inline void sql_text(const char *text, char *out, size_t size)
{
    out[0] = '\0';
    if (on_postgres()) {
        const struct libpq *pq = NULL;
        const char *const keywords[] = {"dbname", NULL}, *const values[] = {place, NULL};
        assert_int_equal(libpq_load(&pq, &err), SIGNET_OK);
        PGconn *conn = pq->connectdbParams(keywords, values, 1);
        pq->clear(pq->exec(conn, "SET client_min_messages = error"));
        PGresult *result = pq->exec(conn, text);
        ExecStatusType status = pq->resultStatus(result);
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
            fail_msg("%s: %s", text, pq->errorMessage(conn));
        if (status == PGRES_TUPLES_OK && pq->ntuples(result))
            snprintf(out, size, "%s", pq->getvalue(result, 0, 0));
        pq->clear(result);
        pq->finish(conn);
        return;
    }
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    const char *rest = text;
    assert_int_equal(sqlite3_open(place, &db), SQLITE_OK);
    while (rest && *rest) {
        if (sqlite3_prepare_v2(db, rest, -1, &stmt, &rest) != SQLITE_OK)
            fail_msg("%s: %s", text, sqlite3_errmsg(db));
        int step = sqlite3_step(stmt);
        if (step == SQLITE_ROW && sqlite3_column_text(stmt, 0))
            snprintf(out, size, "%s", (const char *)sqlite3_column_text(stmt, 0));
        if (step != SQLITE_ROW && step != SQLITE_DONE)
            fail_msg("%s: %s", text, sqlite3_errmsg(db));
        sqlite3_finalize(stmt);
    }
    sqlite3_close(db);
}

static inline void sql(const char *text)
{
    char out[8];

    sql_text(text, out, sizeof(out));
}

static inline int64_t sql_number(const char *text)
{
    char out[32];

    sql_text(text, out, sizeof(out));
    return strtoll(out, NULL, 10);
}

static int place_setup(void **state)
{
    (void)state;
    if (on_postgres()) {
        snprintf(place, sizeof(place), "%s", getenv("SIGNET_TEST_LEDGER"));
        sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
        return 0;
    }
    if (!folder_make(folder))
        return -1;
    snprintf(place, sizeof(place), "%s/l.db", folder);
    return 0;
}

static int place_teardown(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char name[336];
    (void)state;

    signet_ledger_close(&ledger);
    if (on_postgres())
        return 0;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        snprintf(name, sizeof(name), "%s%s", place, ends[i]);
        unlink(name);
    }
    return rmdir(folder);
}

#define must(call)                                                                                 \
    do {                                                                                           \
        if ((call) != SIGNET_OK)                                                                   \
            fail_msg("%s: %s", #call, err.msg);                                                    \
    } while (0)
/* It fails with this code and says something that has this in it. */
#define refused(call, expected, words)                                                             \
    do {                                                                                           \
        err = (struct signet_error){0};                                                            \
        assert_int_equal(call, expected);                                                          \
        assert_int_equal(err.code, expected);                                                      \
        if (!strstr(err.msg, words))                                                               \
            fail_msg("'%s' is not in '%s'", words, err.msg);                                       \
    } while (0)

static inline void open_as(const char *station)
{
    const struct signet_ledger_options options = {.station = station, .operator_name = "eve"};

    must(signet_ledger_open(&ledger, place, &options, &err));
}

static inline void begin(int64_t quota)
{
    open_as("A");
    must(signet_ledger_order(ledger, "o", "h", quota, &order, &err));
}

static inline struct signet_lease reserve(const char *endpoint, const char *slot)
{
    struct signet_lease lease = {0};

    must(signet_ledger_reserve(ledger, order, endpoint, slot, &lease, &err));
    return lease;
}

/* State by state. */
static inline void bring(struct signet_lease *lease, enum signet_device_state to, const char *hw_id)
{
    const struct signet_device_facts facts = {.hw_id = hw_id};

    while (lease->state < to)
        must(signet_ledger_advance(ledger, lease, (enum signet_device_state)(lease->state + 1),
                                   &facts, &err));
}

static inline int64_t verified(void)
{
    int64_t events = 0;
    char head[65];

    must(signet_ledger_verify(ledger, &events, head, &err));
    return events;
}

#endif
