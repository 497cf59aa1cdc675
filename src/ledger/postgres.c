/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger that several stations share: PostgreSQL. A connection that is lost is made again;
 * whether a commit that was under way took place is asked of the server. */
#include "ledger/db.h"
#include "ledger/libpq.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECONNECT_MS = 60000, PAUSE_MS = 200, DIGITS = 24 };

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

static struct station *station_of(struct db *db)
{
    return (struct station *)db;
}

static bool takes(const char *where)
{
    return strncmp(where, "postgresql://", 13) == 0 || strncmp(where, "postgres://", 11) == 0;
}

/* The server's words on one line, without a trailing blank. */
static void words(const char *from, char out[256])
{
    size_t n = 0;

    for (; *from && n < 255; from++)
        out[n++] = *from == '\n' || *from == '\t' ? ' ' : *from;
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

static int lost(struct station *s, struct signet_error *err)
{
    char text[256];

    words(s->pq->errorMessage(s->conn), text);
    s->base.again = true;
    error_set(err, SIGNET_E_LEDGER, "the ledger's database server is away: %s", text);
    error_hint(err, "nothing is lost; start again when the server is there");
    return SIGNET_E_LEDGER;
}

/* result is NULL or bad, and is cleared. */
static int failed(struct station *s, PGresult *result, struct signet_error *err)
{
    const char *state = result ? s->pq->resultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *said = result ? s->pq->resultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    char text[256];
    int rc;

    words(said ? said : s->pq->errorMessage(s->conn), text);
    if (!state || s->pq->status(s->conn) != CONNECTION_OK || strncmp(state, "08", 2) == 0 ||
        strncmp(state, "57P", 3) == 0) { /* shut down, terminated, starting up */
        rc = lost(s, err);
    } else if (strcmp(state, "23505") == 0) {
        rc = error_set(err, SIGNET_E_CONFLICT, "%s", text);
    } else if (strncmp(state, "40", 2) == 0 || strcmp(state, "55P03") == 0) {
        s->base.again = true; /* a deadlock, or a lock that did not come */
        rc = error_set(err, SIGNET_E_IO, "the ledger is locked: %s", text);
    } else if (strncmp(state, "53", 2) == 0 || strncmp(state, "58", 2) == 0) {
        rc = error_set(err, SIGNET_E_IO, "the ledger's disk: %s", text);
        error_hint(err, "free or repair the database server; what was recorded before is kept");
    } else {
        rc = error_set(err, SIGNET_E_LEDGER, "the ledger: %s (SQLSTATE %s)", text, state);
    }
    s->pq->clear(result);
    return rc;
}

static int simple(struct station *s, const char *sql, PGresult **out, struct signet_error *err)
{
    PGresult *result = s->pq->exec(s->conn, sql);
    ExecStatusType status = s->pq->resultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        return failed(s, result, err);
    if (out)
        *out = result;
    else
        s->pq->clear(result);
    return SIGNET_OK;
}

/* One number. */
static int get(struct station *s, const char *sql, int64_t *out, struct signet_error *err)
{
    PGresult *result = NULL;
    int rc = simple(s, sql, &result, err);

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

static int connect_now(struct station *s, struct signet_error *err)
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
    s->count = 0;
    s->conn = s->pq->connectdbParams(keywords, values, 1);
    if (!s->conn)
        return error_nomem(err);
    s->pq->setNoticeProcessor(s->conn, ignore_notice, NULL);
    if (s->pq->status(s->conn) == CONNECTION_OK)
        return simple(s, settings, NULL, err);
    words(s->pq->errorMessage(s->conn), text);
    s->base.again = true;
    error_set(err, SIGNET_E_NET, "cannot reach the database server: %s", text);
    error_hint(err, "%s",
               strstr(text, "too many") || strstr(text, "remaining connection")
                   ? "each station needs one connection: raise max_connections, or end others"
                   : "is it running, and does ~/.pgpass have the password?");
    return SIGNET_E_NET;
}

/* Until the server is back, or patience ends. */
static int reconnect(struct station *s, struct signet_error *err)
{
    int64_t end = clock_ms() + RECONNECT_MS;
    int rc = connect_now(s, err);

    while (rc != SIGNET_OK && s->conn && clock_ms() < end) {
        cancel_sleep_until(NULL, clock_ms() + PAUSE_MS, NULL);
        rc = connect_now(s, err);
    }
    s->base.again = rc != SIGNET_OK;
    return rc == SIGNET_E_NET
               ? error_set(err, SIGNET_E_LEDGER,
                           "the ledger's database server stayed away for %d s", RECONNECT_MS / 1000)
               : rc;
}

/* Asked of the catalogue's table: what to_regclass() once did not find, it may go on not to find.
 */
static int version(struct db *db, int64_t *out, struct signet_error *err)
{
    int64_t found = 0;
    int rc = get(station_of(db),
                 "SELECT count(*) FROM pg_class WHERE relname = 'signet_schema'"
                 " AND pg_table_is_visible(oid)",
                 &found, err);

    *out = 0;
    return rc == SIGNET_OK && found
               ? get(station_of(db), "SELECT version FROM signet_schema", out, err)
               : rc;
}

static int set_version(struct db *db, int64_t to, struct signet_error *err)
{
    char sql[64];

    snprintf(sql, sizeof(sql), "UPDATE signet_schema SET version = %" PRId64, to);
    return simple(station_of(db), sql, NULL, err);
}

static int script(struct db *db, const char *sql, struct signet_error *err)
{
    int rc = simple(station_of(db), sql, NULL, err);

    if (rc == SIGNET_E_LEDGER && !db->again)
        error_hint(err, "a ledger needs a database of its own, where this user may make tables");
    return rc;
}

static const struct db_word dialect[] = {
    {"id", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"},
    {"int", "BIGINT"},
    {"packed", ""},
    {"table", ""},
    {"house", "CREATE FUNCTION events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS"
              " $$ BEGIN RAISE EXCEPTION 'events are append-only' USING ERRCODE = '42501';"
              " END $$;"
              "CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON events"
              " FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only();"
              "CREATE TABLE signet_commits(client BIGINT PRIMARY KEY, n BIGINT NOT NULL,"
              " at TIMESTAMPTZ NOT NULL);"
              "CREATE TABLE signet_schema(version INTEGER NOT NULL);"
              "INSERT INTO signet_schema VALUES(2);"},
    {"counts", "CREATE FUNCTION count_delivered() RETURNS trigger LANGUAGE plpgsql AS"
               " $$ BEGIN UPDATE devices SET delivered = delivered + (NEW.state = 1)::int"
               " - (OLD.state = 1)::int WHERE id = NEW.device; RETURN NULL; END $$;"
               "CREATE TRIGGER count_delivered AFTER UPDATE OF state ON deliveries FOR EACH ROW"
               " WHEN ((NEW.state = 1) <> (OLD.state = 1)) EXECUTE FUNCTION count_delivered();"},
    /* stations that start at the same time migrate once */
    {"alone", "SELECT pg_advisory_xact_lock(7310585123459827)"},
    {0},
};

/* A password in an address would stand in files, arguments and messages. */
static int refuse_password(struct station *s, const char *where, struct signet_error *err)
{
    char *said = NULL;
    PQconninfoOption *options = s->pq->conninfoParse(where, &said);
    bool has = false;

    if (!options) {
        s->pq->freemem(said); /* it may quote a password */
        return error_set(err, SIGNET_E_USAGE, "the ledger is no postgresql:// address");
    }
    for (PQconninfoOption *o = options; o->keyword; o++)
        if ((strcmp(o->keyword, "password") == 0 || strcmp(o->keyword, "sslpassword") == 0) &&
            o->val && o->val[0]) {
            has = true;
            wipe(o->val, strlen(o->val));
        }
    s->pq->conninfoFree(options);
    if (!has)
        return SIGNET_OK;
    error_set(err, SIGNET_E_USAGE, "the ledger's address holds a password");
    error_hint(err, "take it out, and put it into ~/.pgpass (mode 0600)");
    return SIGNET_E_USAGE;
}

static void close_station(struct db *db)
{
    struct station *s = station_of(db);
    char sql[128];

    if (s->conn && s->commits > 0 && s->pq->status(s->conn) == CONNECTION_OK) {
        snprintf(sql, sizeof(sql),
                 "DELETE FROM signet_commits WHERE client = %" PRId64 " OR at < now() - interval"
                 " '30 days'",
                 s->client);
        simple(s, sql, NULL, NULL);
    }
    if (s->conn)
        s->pq->finish(s->conn);
    free(s->where);
    free(s);
}

static int open_station(struct db **out, const char *where, enum db_open how,
                        struct signet_error *err)
{
    struct station *s = calloc(1, sizeof(*s));

    (void)how;
    if (!s)
        return error_nomem(err);
    s->base.ops = &postgres_ops;
    int rc = libpq_load(&s->pq, err);
    if (rc == SIGNET_OK)
        rc = random_bytes(&s->client, sizeof(s->client), err);
    if (rc == SIGNET_OK)
        rc = refuse_password(s, where, err);
    if (rc == SIGNET_OK && !(s->where = strdup(where)))
        rc = error_nomem(err);
    if (rc == SIGNET_OK) /* once: whoever starts a station is there to see that the server is not */
        rc = connect_now(s, err);
    if (rc != SIGNET_OK)
        close_station(&s->base);
    else
        *out = &s->base;
    return rc;
}

static int begin(struct db *db, bool write, struct signet_error *err)
{
    static const char writing[] =
        "BEGIN; SELECT CAST(extract(epoch FROM clock_timestamp()) AS bigint)";
    static const char reading[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
                                  " SET LOCAL idle_in_transaction_session_timeout = 0;"
                                  " SET LOCAL enable_seqscan = on; SET LOCAL enable_sort = on;"
                                  " SET LOCAL enable_bitmapscan = on;"
                                  " SET LOCAL enable_hashjoin = on;"
                                  " SET LOCAL enable_mergejoin = on;"
                                  " SELECT CAST(extract(epoch FROM clock_timestamp()) AS bigint)";
    struct station *s = station_of(db);

    if (s->pq->status(s->conn) != CONNECTION_OK) {
        int rc = reconnect(s, err);
        if (rc != SIGNET_OK)
            return rc;
    }
    s->writes = write;
    return get(s, write ? writing : reading, &db->now, err);
}

static int in_doubt(struct station *s, struct signet_error *err)
{
    s->base.again = false;
    error_set(err, SIGNET_E_LEDGER,
              "the ledger's connection was lost, and whether the last change was recorded is not "
              "known");
    error_hint(err, "start again: what was recorded is found");
    return SIGNET_E_LEDGER;
}

/* The connection went away while a commit was under way: did it take place? The row of this client
 * tells, once nobody holds it any more. A transaction's number would not do: after a crash of the
 * server it may be given out a second time. */
static int find_out(struct station *s, struct signet_error *err)
{
    char sql[192];
    int64_t end = clock_ms() + RECONNECT_MS, done = 0;

    /* an INSERT, since it waits also for a first row that is not committed yet */
    snprintf(sql, sizeof(sql),
             "INSERT INTO signet_commits(client, n, at) VALUES(%" PRId64 ", 0, now())"
             " ON CONFLICT(client) DO UPDATE SET at = excluded.at RETURNING n",
             s->client);
    while (clock_ms() < end) {
        int rc = s->pq->status(s->conn) == CONNECTION_OK ? SIGNET_OK : reconnect(s, err);
        if (rc != SIGNET_OK)
            break;
        rc = get(s, sql, &done, err);
        if (rc == SIGNET_OK && done == s->commits)
            return SIGNET_OK;
        if (rc == SIGNET_OK) {
            s->base.again = true;
            return error_set(err, SIGNET_E_LEDGER,
                             "the ledger's connection was lost before the commit");
        }
        cancel_sleep_until(NULL, clock_ms() + PAUSE_MS, NULL);
    }
    return in_doubt(s, err);
}

/* Counts the commit, as a part of it. *counted: there is something to commit. */
static int count_commit(struct station *s, bool *counted, struct signet_error *err)
{
    char sql[320];
    int64_t n = 0;

    snprintf(sql, sizeof(sql),
             "INSERT INTO signet_commits(client, n, at) SELECT %" PRId64 ", %" PRId64
             ", now() WHERE txid_current_if_assigned() IS NOT NULL"
             " ON CONFLICT(client) DO UPDATE SET n = excluded.n, at = excluded.at RETURNING n",
             s->client, s->commits + 1);
    int rc = get(s, sql, &n, err);
    *counted = n != 0;
    s->commits += *counted;
    return rc;
}

static int commit(struct db *db, struct signet_error *err)
{
    struct station *s = station_of(db);
    PGresult *result = NULL;
    bool counted = false;
    int rc = s->writes ? count_commit(s, &counted, err) : SIGNET_OK;

    if (rc != SIGNET_OK)
        return rc;
    rc = simple(s, "COMMIT", &result, err);
    if (rc == SIGNET_OK) {
        if (strcmp(s->pq->cmdStatus(result), "COMMIT") != 0) /* after an error that went unseen */
            rc = error_set(err, SIGNET_E_LEDGER, "the ledger: the transaction was rolled back");
        s->pq->clear(result);
        return rc;
    }
    return counted && s->pq->status(s->conn) != CONNECTION_OK ? find_out(s, err) : rc;
}

static bool open_still(struct db *db)
{
    (void)db;
    return true;
}

static void rollback(struct db *db)
{
    struct station *s = station_of(db);

    if (s->pq->status(s->conn) == CONNECTION_OK)
        simple(s, "ROLLBACK", NULL, NULL);
}

static int find_statement(struct station *s, const char *sql, int count, char name[16],
                          struct signet_error *err)
{
    struct buf text = {0};
    size_t i = 0;

    while (i < s->count && s->statements[i] != sql)
        i++;
    snprintf(name, 16, "s%zu", i);
    if (i < s->count)
        return SIGNET_OK;
    if (i == DB_STATEMENTS)
        return error_set(err, SIGNET_E_LIMIT, "the ledger has more than %d statements",
                         DB_STATEMENTS);
    int rc = db_expand(&postgres_ops, sql, &text, err);
    if (rc != SIGNET_OK) {
        buf_free(&text);
        return rc;
    }
    PGresult *result = s->pq->prepare(s->conn, name, (const char *)text.data, count, NULL);
    buf_free(&text);
    if (s->pq->resultStatus(result) != PGRES_COMMAND_OK)
        return failed(s, result, err);
    s->pq->clear(result);
    s->statements[s->count++] = sql;
    return SIGNET_OK;
}

static int query(struct db *db, struct db_rows *rows, const char *sql,
                 const struct db_param *params, size_t count, struct signet_error *err)
{
    struct station *s = station_of(db);
    const char *values[DB_PARAMS];
    char numbers[DB_PARAMS][DIGITS], name[16];
    PGresult *result;
    ExecStatusType status;

    for (size_t i = 0; i < count; i++) {
        values[i] = params[i].is_text ? params[i].text : numbers[i];
        if (!params[i].is_text)
            snprintf(numbers[i], sizeof(numbers[i]), "%" PRId64, params[i].integer);
    }
    if (strncmp(sql, "SAVEPOINT", 9) == 0 || strncmp(sql, "RELEASE", 7) == 0 ||
        strncmp(sql, "ROLLBACK", 8) == 0) { /* a prepared one could not be run after an error */
        result = s->pq->exec(s->conn, sql);
    } else {
        int rc = find_statement(s, sql, (int)count, name, err);
        if (rc != SIGNET_OK)
            return rc;
        result = s->pq->execPrepared(s->conn, name, (int)count, values, NULL, NULL, 0);
    }
    status = s->pq->resultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        return failed(s, result, err);
    rows->at = result;
    rows->row = -1;
    return SIGNET_OK;
}

static int step(struct db_rows *rows, struct signet_error *err)
{
    (void)err;
    return ++rows->row < station_of(rows->db)->pq->ntuples(rows->at) ? SIGNET_OK
                                                                     : SIGNET_E_NOT_FOUND;
}

static const char *text(const struct db_rows *rows, int column)
{
    const struct libpq *pq = station_of(rows->db)->pq;

    return pq->getisnull(rows->at, rows->row, column) ? NULL
                                                      : pq->getvalue(rows->at, rows->row, column);
}

static int64_t integer(const struct db_rows *rows, int column)
{
    const char *value = text(rows, column);

    return value ? strtoll(value, NULL, 10) : 0;
}

static int64_t changes(const struct db_rows *rows)
{
    return strtoll(station_of(rows->db)->pq->cmdTuples(rows->at), NULL, 10);
}

static void end(struct db_rows *rows)
{
    if (rows->at)
        station_of(rows->db)->pq->clear(rows->at);
    rows->at = NULL;
}

/* An index or a trigger whose name stands at name. */
static int check_object(struct station *s, const char *name, bool index, bool unique,
                        struct signet_error *err)
{
    char sql[400];
    int len = (int)strcspn(name, " ");
    int64_t found = 0;

    if (index)
        snprintf(sql, sizeof(sql),
                 "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE"
                 " c.relname = '%.*s' AND i.indisvalid AND i.indisunique = %s AND"
                 " pg_table_is_visible(i.indrelid)",
                 len, name, unique ? "true" : "false");
    else
        snprintf(sql, sizeof(sql),
                 "SELECT count(*) FROM pg_trigger WHERE tgname = '%.*s' AND tgenabled = 'O' AND"
                 " pg_table_is_visible(tgrelid)",
                 len, name);
    int rc = get(s, sql, &found, err);
    return rc == SIGNET_OK && found == 0
               ? error_set(err, SIGNET_E_LEDGER, "the %s %.*s was dropped, changed or disabled",
                           index ? "index" : "trigger", len, name)
               : rc;
}

/* Indexes and triggers by their names. */
static int check(struct db *db, const char *schema, struct signet_error *err)
{
    static const char *const made[] = {"CREATE INDEX ", "CREATE UNIQUE INDEX ", "CREATE TRIGGER "};
    int rc = SIGNET_OK;

    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        for (const char *at = schema; rc == SIGNET_OK && (at = strstr(at, made[i]));) {
            at += strlen(made[i]);
            rc = check_object(station_of(db), at, i < 2, i == 1, err);
        }
    return rc;
}

const struct db_ops postgres_ops = {
    .place = "database",
    .words = dialect,
    .many_writers = true,
    .takes = takes,
    .open = open_station,
    .close = close_station,
    .version = version,
    .set_version = set_version,
    .script = script,
    .begin = begin,
    .commit = commit,
    .open_still = open_still,
    .check = check,
    .rollback = rollback,
    .query = query,
    .step = step,
    .text = text,
    .integer = integer,
    .changes = changes,
    .end = end,
};
