/* SPDX-License-Identifier: Apache-2.0 */

/* The connection to PostgreSQL: what is said over it, what its errors mean for a ledger, and how it
 * is made again. */
#include "ledger/postgres_connection.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Filled once under pthread_once and constant afterwards. */
static struct libpq table;
static bool loaded;

static void load_libpq(void)
{
#define LIBPQ_ROW(name) {"PQ" #name, offsetof(struct libpq, name)},
    static const struct library_function functions[] = {LIBPQ_FUNCTIONS(LIBPQ_ROW)};

    loaded =
        library_load("libpq.so.5", functions, sizeof(functions) / sizeof(functions[0]), &table);
}

int libpq_load(const struct libpq **out, struct signet_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, load_libpq);
    if (!loaded)
        return error_set_hint(err, SIGNET_E_UNSUPPORTED, "install Debian's package libpq5",
                              "libpq.so.5 cannot be loaded");
    *out = &table;
    return SIGNET_OK;
}

/* The server's words on one line, without a trailing blank. */
static void one_line(const char *from, char out[256])
{
    size_t n = 0;

    for (; *from && n < 255; from++)
        out[n++] = *from == '\n' || *from == '\t' ? ' ' : *from;
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

/* result is NULL or bad. */
static int failed(struct station *s, PGresult *result, struct signet_error *err)
{
    const char *state = result ? s->pq->resultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *said = result ? s->pq->resultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    char text[256];

    if (!state || s->pq->status(s->conn) != CONNECTION_OK || strncmp(state, "08", 2) == 0 ||
        strncmp(state, "57P", 3) == 0) { /* shut down, terminated, starting up */
        one_line(s->pq->errorMessage(s->conn), text);
        s->base.again = true;
        return error_set_hint(err, SIGNET_E_LEDGER,
                              "nothing is lost; start again when the server is there",
                              "the ledger's database server is away: %s", text);
    }
    one_line(said ? said : s->pq->errorMessage(s->conn), text);
    if (strcmp(state, "23505") == 0)
        return error_set(err, SIGNET_E_CONFLICT, "%s", text);
    if (strncmp(state, "40", 2) == 0 || strcmp(state, "55P03") == 0) {
        s->base.again = true; /* a deadlock, or a lock that did not come */
        return error_set(err, SIGNET_E_IO, "the ledger is locked: %s", text);
    }
    if (strncmp(state, "53", 2) == 0 || strncmp(state, "58", 2) == 0)
        return error_set_hint(
            err, SIGNET_E_IO,
            "free or repair the database server; what was recorded before is kept",
            "the ledger's disk: %s", text);
    return error_set(err, SIGNET_E_LEDGER, "the ledger: %s (SQLSTATE %s)", text, state);
}

int postgres_answer(struct station *s, PGresult *result, PGresult **out, struct signet_error *err)
{
    ExecStatusType status = s->pq->resultStatus(result);
    bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    int rc = good ? SIGNET_OK : failed(s, result, err);

    if (good && out)
        *out = result;
    else
        s->pq->clear(result);
    return rc;
}

int postgres_run(struct station *s, const char *sql, PGresult **out, struct signet_error *err)
{
    return postgres_answer(s, s->pq->exec(s->conn, sql), out, err);
}

int postgres_number(struct station *s, const char *sql, int64_t *out, struct signet_error *err)
{
    PGresult *result = NULL;
    int rc = postgres_run(s, sql, &result, err);

    if (rc != SIGNET_OK)
        return rc;
    *out = s->pq->ntuples(result) ? strtoll(s->pq->getvalue(result, 0, 0), NULL, 10) : 0;
    s->pq->clear(result);
    return SIGNET_OK;
}

/* libpq would print them. */
static void ignore_notice(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

int postgres_connect(struct station *s, struct signet_error *err)
{
    static const char *const keywords[] = {
        "dbname",          "application_name",    "connect_timeout",  "keepalives_idle",
        "client_encoding", "keepalives_interval", "tcp_user_timeout", NULL};
    const char *const values[] = {s->where, "signet", "10", "10", "UTF8", "5", "20000", NULL};
    static const char settings[] =
        "SET synchronous_commit = on; SET lock_timeout = '20s'; SET statement_timeout = '120s';"
        "SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = warning;"
        "SET default_transaction_isolation = 'read committed';"
        /* A change finds its few rows by an index in the order of that index. The planner, which
         * does not know how few are wanted, would read and sort all that wait. */
        "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off;"
        "SET enable_hashjoin = off; SET enable_mergejoin = off";
    char text[256];

    if (s->conn)
        s->pq->finish(s->conn);
    s->base.count = 0;
    s->conn = s->pq->connectdbParams(keywords, values, 1);
    if (!s->conn)
        return error_nomem(err);
    s->pq->setNoticeProcessor(s->conn, ignore_notice, NULL);
    if (s->pq->status(s->conn) == CONNECTION_OK)
        return postgres_run(s, settings, NULL, err);
    one_line(s->pq->errorMessage(s->conn), text);
    s->base.again = true;
    error_set(err, SIGNET_E_NET, "cannot reach the database server: %s", text);
    error_hint(err, "%s",
               strstr(text, "too many") || strstr(text, "remaining connection")
                   ? "each station needs one connection: raise max_connections, or end others"
                   : "is it running, and does ~/.pgpass have the password?");
    return SIGNET_E_NET;
}

int postgres_reconnect(struct station *s, struct signet_error *err)
{
    int64_t end = clock_ms() + RECONNECT_MS;
    int rc = postgres_connect(s, err);

    while (rc != SIGNET_OK && s->conn && clock_ms() < end) {
        cancel_sleep_until(NULL, clock_ms() + PAUSE_MS, NULL);
        rc = postgres_connect(s, err);
    }
    s->base.again = rc != SIGNET_OK;
    if (rc == SIGNET_E_NET)
        rc = error_set(err, SIGNET_E_LEDGER, "the ledger's database server stayed away for %d s",
                       RECONNECT_MS / 1000);
    return rc;
}
