/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/store.h"

#include <stdlib.h>
#include <string.h>

#define SCHEMA_VERSION 1
#define CLOCK_FLOOR    1763856000 /* 2025-11-23 */

static const char schema[] =
    "CREATE TABLE orders(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL,"
    " quota INTEGER NOT NULL, issued INTEGER NOT NULL DEFAULT 0 CHECK(issued <= quota));"
    "CREATE TABLE devices(id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders,"
    " endpoint TEXT NOT NULL, state INTEGER NOT NULL DEFAULT 0,"
    " exposed INTEGER NOT NULL DEFAULT 0, freed INTEGER NOT NULL DEFAULT 0,"
    " attempt INTEGER NOT NULL DEFAULT 1, station TEXT NOT NULL, slot TEXT NOT NULL,"
    " token INTEGER NOT NULL DEFAULT 1, lease_until INTEGER NOT NULL, hw_id TEXT,"
    " psk_identity TEXT, psk_sha256 TEXT, spki_sha256 TEXT, cert_issuer TEXT, cert_serial TEXT,"
    " packet_sha256 TEXT, image_sha256 TEXT, error_code INTEGER, error TEXT);"
    "CREATE UNIQUE INDEX u_endpoint ON devices(endpoint) WHERE freed = 0;"
    "CREATE UNIQUE INDEX u_identity ON devices(psk_identity) WHERE freed = 0;"
    "CREATE UNIQUE INDEX u_psk ON devices(psk_sha256);"
    "CREATE UNIQUE INDEX u_spki ON devices(spki_sha256);"
    "CREATE UNIQUE INDEX u_cert ON devices(cert_issuer, cert_serial);"
    "CREATE UNIQUE INDEX u_hw ON devices(hw_id) WHERE state <> 8;"
    "CREATE INDEX open_devices ON devices(order_id, station, slot) WHERE state < 6;"
    "CREATE TABLE events(seq INTEGER PRIMARY KEY, device INTEGER NOT NULL, time INTEGER NOT NULL,"
    " kind TEXT NOT NULL, detail TEXT NOT NULL, station TEXT NOT NULL, operator TEXT NOT NULL,"
    " tool TEXT NOT NULL, hash TEXT NOT NULL);"
    "CREATE TABLE head(id INTEGER PRIMARY KEY CHECK(id = 1), seq INTEGER NOT NULL,"
    " hash TEXT NOT NULL, time INTEGER NOT NULL);"
    "INSERT INTO head VALUES(1, 0, '', 0);"
    "CREATE TRIGGER events_update BEFORE UPDATE ON events BEGIN"
    " SELECT RAISE(ABORT, 'events are append-only'); END;"
    "CREATE TRIGGER events_delete BEFORE DELETE ON events BEGIN"
    " SELECT RAISE(ABORT, 'events are append-only'); END;"
    "PRAGMA user_version = 1;";

int store_now(int64_t *now, struct signet_error *err)
{
    *now = clock_wall();
    if (*now < CLOCK_FLOOR) {
        error_set(err, SIGNET_E_LEDGER, "the clock is before this program was written");
        error_hint(err, "set the station's clock, then start again");
        return SIGNET_E_LEDGER;
    }
    return SIGNET_OK;
}

int store_fail(struct signet_ledger *ledger, struct signet_error *err)
{
    int code = sqlite3_errcode(ledger->db);
    int sys = sqlite3_system_errno(ledger->db);
    switch (code) {
    case SQLITE_NOMEM:
        return error_nomem(err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        error_set(err, SIGNET_E_BUSY, "the ledger is locked by another process");
        break;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
        error_set(err, SIGNET_E_IO, "the ledger's disk: %s", sqlite3_errmsg(ledger->db));
        error_hint(err, "free or repair the disk; what was recorded before is kept");
        break;
    default:
        error_set(err, SIGNET_E_LEDGER, "the ledger: %s", sqlite3_errmsg(ledger->db));
    }
    if (err)
        err->sys = sys;
    return err ? (int)err->code : SIGNET_E_LEDGER;
}

static int prepare(struct signet_ledger *ledger, sqlite3_stmt **out, struct signet_error *err,
                   const char *sql, const char *types, va_list args)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(ledger->db, sql, -1, &stmt, NULL);
    for (int i = 1; rc == SQLITE_OK && *types; i++, types++) {
        if (*types == 's')
            rc = sqlite3_bind_text(stmt, i, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
        else
            rc = sqlite3_bind_int64(stmt, i, va_arg(args, int64_t));
    }
    if (rc != SQLITE_OK) {
        store_fail(ledger, err);
        sqlite3_finalize(stmt);
        return err ? (int)err->code : SIGNET_E_LEDGER;
    }
    *out = stmt;
    return SIGNET_OK;
}

int store_prepare(struct signet_ledger *ledger, sqlite3_stmt **out, struct signet_error *err,
                  const char *sql, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    int rc = prepare(ledger, out, err, sql, types, args);
    va_end(args);
    return rc;
}

int store_run(struct signet_ledger *ledger, struct signet_error *err, const char *sql,
              const char *types, ...)
{
    sqlite3_stmt *stmt = NULL;
    va_list args;
    va_start(args, types);
    int rc = prepare(ledger, &stmt, err, sql, types, args);
    va_end(args);
    if (rc == SIGNET_OK && sqlite3_step(stmt) != SQLITE_DONE)
        rc = store_fail(ledger, err);
    sqlite3_finalize(stmt);
    return rc;
}

/* All changes of batch in one transaction, each behind its own savepoint. */
static void commit_batch(struct signet_ledger *ledger, struct change *batch)
{
    struct signet_error err = {0};
    int rc = store_run(ledger, &err, "BEGIN IMMEDIATE", "");
    for (struct change *c = batch; c && rc == SIGNET_OK; c = c->next) {
        rc = store_run(ledger, &err, "SAVEPOINT one", "");
        if (rc != SIGNET_OK)
            break;
        c->rc = c->apply(ledger, c->arg, &c->err);
        if (c->rc != SIGNET_OK)
            rc = store_run(ledger, &err, "ROLLBACK TO one", "");
        if (rc == SIGNET_OK)
            rc = store_run(ledger, &err, "RELEASE one", "");
    }
    if (rc == SIGNET_OK)
        rc = store_run(ledger, &err, "COMMIT", "");
    if (rc == SIGNET_OK)
        return;
    if (!sqlite3_get_autocommit(ledger->db))
        sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
    for (struct change *c = batch; c; c = c->next) {
        if (c->rc == SIGNET_OK) {
            c->rc = rc;
            c->err = err;
        }
    }
}

int store_change(struct signet_ledger *ledger,
                 int (*apply)(struct signet_ledger *, void *, struct signet_error *), void *arg,
                 struct signet_error *err)
{
    struct change mine = {.apply = apply, .arg = arg};
    pthread_mutex_lock(&ledger->lock);
    *ledger->last = &mine;
    /* mine is off the list again before this returns */
    ledger->last = &mine.next; /* cppcheck-suppress autoVariables */
    while (!mine.finished && ledger->busy)
        pthread_cond_wait(&ledger->settled, &ledger->lock);
    if (!mine.finished) {
        struct change *batch = ledger->first;
        ledger->first = NULL;
        ledger->last = &ledger->first;
        ledger->busy = true;
        pthread_mutex_unlock(&ledger->lock);
        commit_batch(ledger, batch);
        pthread_mutex_lock(&ledger->lock);
        for (struct change *c = batch, *next; c; c = next) {
            next = c->next;
            c->finished = true;
        }
        ledger->busy = false;
        pthread_cond_broadcast(&ledger->settled);
    }
    pthread_mutex_unlock(&ledger->lock);
    if (mine.rc != SIGNET_OK && err)
        *err = mine.err;
    return mine.rc;
}

static int migrate(struct signet_ledger *ledger, struct signet_error *err)
{
    static const char pragmas[] =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        "PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;";
    sqlite3_stmt *stmt = NULL;
    int version = 0;
    if (sqlite3_exec(ledger->db, pragmas, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(ledger->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return store_fail(ledger, err);
    int rc = store_prepare(ledger, &stmt, err, "PRAGMA user_version", "");
    if (rc != SIGNET_OK)
        return rc;
    if (sqlite3_step(stmt) == SQLITE_ROW)
        version = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    if (version == 0 && sqlite3_exec(ledger->db, schema, NULL, NULL, NULL) != SQLITE_OK)
        return store_fail(ledger, err);
    if (version != 0 && version != SCHEMA_VERSION)
        return error_set(err, SIGNET_E_LEDGER, "the ledger has schema %d, this program knows %d",
                         version, SCHEMA_VERSION);
    if (sqlite3_exec(ledger->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        return store_fail(ledger, err);
    return SIGNET_OK;
}

int signet_ledger_open(struct signet_ledger **out, const char *path,
                       const struct signet_ledger_options *options, struct signet_error *err)
{
    int64_t now;
    if (!path || !*path || !options || !options->station || !*options->station)
        return error_set(err, SIGNET_E_USAGE, "a ledger needs a path and a station name");
    if (strncmp(path, "postgres", 8) == 0 && strstr(path, "://"))
        return error_set(err, SIGNET_E_UNSUPPORTED, "this build has no PostgreSQL ledger");
    int rc = store_now(&now, err);
    if (rc != SIGNET_OK)
        return rc;
    struct signet_ledger *ledger = calloc(1, sizeof *ledger);
    if (!ledger)
        return error_nomem(err);
    ledger->last = &ledger->first;
    ledger->lease_seconds = options->lease_seconds > 0 ? options->lease_seconds : 120;
    pthread_mutex_init(&ledger->lock, NULL);
    pthread_cond_init(&ledger->settled, NULL);
    ledger->station = strdup(options->station);
    ledger->operator_name = strdup(options->operator_name ? options->operator_name : "");
    if (!ledger->station || !ledger->operator_name) {
        rc = error_nomem(err);
    } else if (sqlite3_open_v2(path, &ledger->db,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                               NULL) != SQLITE_OK) {
        rc = ledger->db ? store_fail(ledger, err) : error_nomem(err);
    } else {
        sqlite3_busy_timeout(ledger->db, 30000);
        rc = migrate(ledger, err);
    }
    if (rc != SIGNET_OK) {
        error_prefix(err, "%s", path);
        signet_ledger_close(&ledger);
        return rc;
    }
    *out = ledger;
    return SIGNET_OK;
}

void signet_ledger_close(struct signet_ledger **ledger)
{
    struct signet_ledger *l = ledger ? *ledger : NULL;
    if (!l)
        return;
    sqlite3_close(l->db);
    pthread_cond_destroy(&l->settled);
    pthread_mutex_destroy(&l->lock);
    free(l->station);
    free(l->operator_name);
    free(l);
    *ledger = NULL;
}
