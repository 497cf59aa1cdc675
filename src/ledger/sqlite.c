/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger in a file: SQLite with WAL and synchronous FULL, so that a commit survives a power cut.
 */
#include "ledger/db.h"
#include "ledger/sqlite_call.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS = 30000 };

struct statement {
    const char *sql; /* its address is its name */
    sqlite3_stmt *stmt;
    int place[DB_PARAMS]; /* of $1, $2 ...; 0: not in it */
};

struct file {
    struct db base;
    sqlite3 *handle;
    struct statement statements[DB_STATEMENTS];
    size_t count;
    bool begun;
};

static struct file *file_of(struct db *db)
{
    return (struct file *)db;
}

static bool takes(const char *where)
{
    return *where != '\0';
}

enum { LEDGER_ID = 0x5369676e }; /* "Sign": tells our files from other programs' */

static int version(struct db *db, int64_t *out, struct signet_error *err)
{
    struct file *f = file_of(db);
    int64_t id = 0, tables = 0;
    int rc = sqlite_number(f->handle, "PRAGMA user_version", out, err);

    if (rc == SIGNET_OK)
        rc = sqlite_number(f->handle, "PRAGMA application_id", &id, err);
    if (rc == SIGNET_OK)
        rc = sqlite_number(f->handle, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (rc == SIGNET_OK && id != LEDGER_ID && (id != 0 || *out != 0 || tables != 0)) {
        rc = error_set(err, SIGNET_E_LEDGER, "this is another program's database");
        error_hint(err, "name a file that is a ledger, or that is not there yet");
    }
    return rc;
}

static int set_version(struct db *db, int64_t to, struct signet_error *err)
{
    char pragmas[96];

    snprintf(pragmas, sizeof(pragmas), "PRAGMA user_version = %d; PRAGMA application_id = %d",
             (int)to, LEDGER_ID);
    return sqlite_run(file_of(db)->handle, pragmas, err);
}

static int script(struct db *db, const char *sql, struct signet_error *err)
{
    return sqlite_run(file_of(db)->handle, sql, err);
}

static const struct db_word words[] = {
    {"id", "INTEGER PRIMARY KEY"},
    {"int", "INTEGER"},
    {"packed", " WITHOUT ROWID, STRICT"},
    {"table", " STRICT"},
    {"house", "CREATE TRIGGER events_update BEFORE UPDATE ON events BEGIN"
              " SELECT RAISE(ABORT, 'events are append-only'); END;"
              "CREATE TRIGGER events_delete BEFORE DELETE ON events BEGIN"
              " SELECT RAISE(ABORT, 'events are append-only'); END;"},
    {"counts", "CREATE TRIGGER count_delivered AFTER UPDATE OF state ON deliveries"
               " WHEN (NEW.state = 1) <> (OLD.state = 1) BEGIN UPDATE devices SET delivered ="
               " delivered + (NEW.state = 1) - (OLD.state = 1) WHERE id = NEW.device; END;"},
    {"alone", "SELECT 1"}, /* whoever writes is alone */
    {0},
};

/* Processes that open a new file at the same time get in each other's way here, and SQLite does
 * not wait by itself. */
static int use_wal(struct file *f, struct signet_error *err)
{
    int64_t end = clock_ms() + BUSY_MS;
    sqlite3_stmt *stmt = NULL;
    int step = SQLITE_BUSY;
    bool is_wal = false;

    while (step == SQLITE_BUSY && clock_ms() < end) {
        if (sqlite3_prepare_v2(f->handle, "PRAGMA journal_mode = WAL", -1, &stmt, NULL) !=
            SQLITE_OK)
            return sqlite_failed(f->handle, err);
        step = sqlite3_step(stmt);
        is_wal = step == SQLITE_ROW && sqlite3_column_type(stmt, 0) == SQLITE_TEXT &&
                 strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
        if (step != SQLITE_ROW && step != SQLITE_BUSY) {
            int rc = sqlite_failed(f->handle, err);
            sqlite3_finalize(stmt);
            return rc;
        }
        sqlite3_finalize(stmt);
        if (step == SQLITE_BUSY)
            cancel_sleep_until(NULL, clock_ms() + 10, NULL);
    }
    if (is_wal)
        return SIGNET_OK;
    if (step == SQLITE_BUSY)
        return error_set(err, SIGNET_E_IO, "the ledger is locked by another process");
    error_set(err, SIGNET_E_IO, "the ledger's file system cannot do what a write-ahead log needs");
    error_hint(err, "put the ledger on a local disk, or use PostgreSQL");
    return SIGNET_E_IO;
}

/* Its count of allocated bytes, which nobody reads, takes a lock for each allocation. A program
 * that used SQLite before us keeps what it chose. */
static void no_statistics(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* The file is nobody else's to read. It is made here only when it is not there: to close a file
 * that this process has open elsewhere would end the locks that SQLite has on it. What goes wrong
 * is said by SQLite, which opens it next. */
static void make_file(const char *where)
{
    int fd = open(where, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
}

static int open_handle(struct file *f, const char *where, int flags, struct signet_error *err)
{
    static const char pragmas[] =
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
        /* 250 KiB: more of it is hardly faster, and grows with the ledger */
        "PRAGMA cache_size = -250; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 8000;";

    if (sqlite3_open_v2(where, &f->handle, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return f->handle ? sqlite_failed(f->handle, err) : error_nomem(err);
    sqlite3_busy_timeout(f->handle, BUSY_MS);
    return sqlite_run(f->handle, pragmas, err);
}

/* Where nothing can be written, SQLite reads a file only if it is told that nobody changes it. That
 * is so: who had the file open for writing left a write-ahead log beside it, or none. */
static int open_immutable(struct file *f, const char *where, struct signet_error *err)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./";
    struct buf name = {0};
    struct stat st;

    buf_printf(&name, "%s-wal", where);
    if (!name.failed && stat((const char *)name.data, &st) == 0 && st.st_size > 0) {
        buf_free(&name);
        error_set(err, SIGNET_E_IO, "changes are in its file -wal, and cannot be read from here");
        error_hint(err, "copy both files to a folder where they may be written");
        return SIGNET_E_IO;
    }
    buf_reset(&name);
    buf_text(&name, "file:");
    for (; *where; where++)
        buf_printf(&name, strchr(plain, *where) ? "%c" : "%%%02x", (unsigned char)*where);
    buf_text(&name, "?immutable=1");
    int rc = buf_check(&name, err);
    if (rc == SIGNET_OK) {
        sqlite3_close(f->handle);
        f->handle = NULL;
        rc = open_handle(f, (const char *)name.data, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    }
    buf_free(&name);
    return rc;
}

static bool cannot_write(struct file *f)
{
    int code = sqlite3_errcode(f->handle);

    return code == SQLITE_CANTOPEN || code == SQLITE_READONLY;
}

static int open_to_read(struct file *f, const char *where, int64_t *there, struct signet_error *err)
{
    int rc = open_handle(f, where, SQLITE_OPEN_READONLY, err);

    if (rc == SIGNET_OK)
        rc = version(&f->base, there, err);
    if (rc != SIGNET_OK && f->handle && cannot_write(f)) {
        rc = open_immutable(f, where, err);
        if (rc == SIGNET_OK)
            rc = version(&f->base, there, err);
    }
    return rc;
}

static int set_up(struct file *f, const char *where, enum db_open how, struct signet_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int64_t there = 0;

    pthread_once(&once, no_statistics);
    if (how == DB_READ)
        return open_to_read(f, where, &there, err);
    if (how == DB_MAKE)
        make_file(where);
    int rc = open_handle(f, where, SQLITE_OPEN_READWRITE, err);
    if (rc == SIGNET_OK)
        rc = version(&f->base, &there, err);
    return rc == SIGNET_OK && (there != 0 || how == DB_MAKE) ? use_wal(f, err) : rc;
}

static void close_file(struct db *db)
{
    struct file *f = file_of(db);

    for (size_t i = 0; i < f->count; i++)
        sqlite3_finalize(f->statements[i].stmt);
    sqlite3_close(f->handle);
    free(f);
}

static int open_file(struct db **out, const char *where, enum db_open how, struct signet_error *err)
{
    struct stat st;

    if (how != DB_MAKE && stat(where, &st) != 0) {
        int rc = errno == ENOENT ? error_set(err, SIGNET_E_NOT_FOUND, "there is no such ledger")
                                 : error_sys(err, SIGNET_E_IO, errno, "cannot open the ledger");
        error_hint(err, "the work order's 'ledger' says where it is");
        return rc;
    }
    if (*where == ':' || strncmp(where, "file:", 5) == 0) /* ":memory:" would keep nothing */
        return error_set(err, SIGNET_E_USAGE, "a ledger needs a path, and %s is none", where);
    struct file *f = calloc(1, sizeof(*f));
    if (!f)
        return error_nomem(err);
    f->base.ops = &sqlite_ops;
    int rc = set_up(f, where, how, err);
    if (rc != SIGNET_OK)
        close_file(&f->base);
    else
        *out = &f->base;
    return rc;
}

static bool open_still(struct db *db)
{
    return !sqlite3_get_autocommit(file_of(db)->handle);
}

static void rollback(struct db *db)
{
    struct file *f = file_of(db);

    f->begun = false;
    if (open_still(db)) /* some errors have rolled back already */
        sqlite3_exec(f->handle, "ROLLBACK", NULL, NULL, NULL);
}

static int begin(struct db *db, bool write, struct signet_error *err)
{
    rollback(db); /* one for which there was no memory */
    int rc = sqlite_run(file_of(db)->handle, write ? "BEGIN IMMEDIATE" : "BEGIN", err);

    db->now = clock_wall(); /* after the waiting */
    file_of(db)->begun = rc == SIGNET_OK;
    return rc;
}

static int commit(struct db *db, struct signet_error *err)
{
    struct file *f = file_of(db);

    if (db->nomem)
        return error_nomem(err);
    int rc = sqlite_run(f->handle, "COMMIT", err);
    f->begun = f->begun && rc != SIGNET_OK;
    return rc;
}

static int find_statement(struct file *f, const char *sql, struct statement **out,
                          struct signet_error *err)
{
    struct statement *s = f->statements;

    for (size_t i = 0; i < f->count; i++, s++)
        if (s->sql == sql) {
            *out = s;
            return SIGNET_OK;
        }
    if (f->count == DB_STATEMENTS)
        return error_set(err, SIGNET_E_LIMIT, "the ledger has more than %d statements",
                         DB_STATEMENTS);
    struct buf text = {0};
    int rc = db_expand(&sqlite_ops, sql, &text, err);
    if (rc == SIGNET_OK &&
        sqlite3_prepare_v3(f->handle, (const char *)text.data, -1, SQLITE_PREPARE_PERSISTENT,
                           &s->stmt, NULL) != SQLITE_OK)
        rc = sqlite_failed(f->handle, err);
    buf_free(&text);
    if (rc != SIGNET_OK)
        return rc;
    s->sql = sql;
    for (int i = 0; i < DB_PARAMS; i++) {
        char name[8];
        snprintf(name, sizeof(name), "$%d", i + 1);
        s->place[i] = sqlite3_bind_parameter_index(s->stmt, name);
    }
    f->count++;
    *out = s;
    return SIGNET_OK;
}

static int query(struct db *db, struct db_rows *rows, const char *sql,
                 const struct db_param *params, size_t count, struct signet_error *err)
{
    struct file *f = file_of(db);
    struct statement *s = NULL;

    /* Memory or a disk that fails may end the transaction at any call, also at one whose outcome
     * nobody asked for; what comes after it would be committed by itself. */
    if (db->nomem)
        return error_nomem(err);
    if (f->begun && !open_still(db))
        return error_set(err, SIGNET_E_IO, "the ledger's transaction was ended by an error");
    int rc = find_statement(f, sql, &s, err);
    if (rc != SIGNET_OK)
        return rc;
    rows->at = s->stmt;
    for (size_t i = 0; i < count; i++) {
        int place = s->place[i];
        int bound = !place ? SQLITE_OK
                    : !params[i].is_text
                        ? sqlite3_bind_int64(s->stmt, place, params[i].integer)
                        : sqlite3_bind_text(s->stmt, place, params[i].text, -1, SQLITE_STATIC);
        if (bound != SQLITE_OK)
            return sqlite_failed(f->handle, err);
    }
    int step = sqlite3_step(s->stmt); /* the effect is there when this returns */
    rows->row = step;
    return step == SQLITE_ROW || step == SQLITE_DONE ? SIGNET_OK : sqlite_failed(f->handle, err);
}

static int step_rows(struct db_rows *rows, struct signet_error *err)
{
    if (!rows->first && rows->row == SQLITE_ROW)
        rows->row = sqlite3_step(rows->at);
    rows->first = false;
    if (rows->row == SQLITE_ROW)
        return SIGNET_OK;
    return rows->row == SQLITE_DONE ? SIGNET_E_NOT_FOUND
                                    : sqlite_failed(file_of(rows->db)->handle, err);
}

static const char *text(const struct db_rows *rows, int column)
{
    bool is_null = sqlite3_column_type(rows->at, column) == SQLITE_NULL;
    const char *value = is_null ? NULL : (const char *)sqlite3_column_text(rows->at, column);

    if (!is_null && !value)
        rows->db->nomem = true;
    /* a zero byte was put there by somebody else: what is behind it must not go unseen */
    return value && strlen(value) == (size_t)sqlite3_column_bytes(rows->at, column) ? value : NULL;
}

static int64_t integer(const struct db_rows *rows, int column)
{
    return sqlite3_column_int64(rows->at, column);
}

static int64_t changes(const struct db_rows *rows)
{
    return sqlite3_changes(file_of(rows->db)->handle);
}

static void end(struct db_rows *rows)
{
    if (rows->at)
        sqlite3_reset(rows->at);
    rows->at = NULL;
}

/* Pages, indexes and types, which no event answers for. */
static int check_pages(struct file *f, struct signet_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = SIGNET_OK;

    if (sqlite3_prepare_v2(f->handle, "PRAGMA integrity_check(1)", -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW) {
        rc = sqlite_failed(f->handle, err);
    } else {
        const char *said = (const char *)sqlite3_column_text(stmt, 0);
        if (!said)
            rc = error_nomem(err);
        else if (strcmp(said, "ok") != 0)
            rc = error_set(err, SIGNET_E_LEDGER, "the file is damaged: %.200s", said);
    }
    sqlite3_finalize(stmt);
    return rc;
}

/* Tables, indexes and triggers of both; what ANALYZE left is nobody's. */
static const char objects[] = "SELECT type, name, COALESCE(sql, '') FROM sqlite_schema"
                              " WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name";

static int compare_objects(struct file *f, sqlite3_stmt *is, sqlite3_stmt *should,
                           struct signet_error *err)
{
    for (;;) {
        int a = sqlite3_step(is), b = sqlite3_step(should);
        if (a != SQLITE_ROW && a != SQLITE_DONE)
            return sqlite_failed(f->handle, err);
        if (b != SQLITE_ROW && b != SQLITE_DONE)
            return error_nomem(err);
        if (a == SQLITE_DONE && b == SQLITE_DONE)
            return SIGNET_OK;
        bool same = a == b;
        for (int i = 0; same && i < 3; i++) {
            const char *x = (const char *)sqlite3_column_text(is, i);
            const char *y = (const char *)sqlite3_column_text(should, i);
            same = x && y && strcmp(x, y) == 0;
        }
        if (!same)
            return error_set(
                err, SIGNET_E_LEDGER,
                "a table, index or trigger was dropped, added or changed, at %s %.100s",
                sqlite3_column_text(b == SQLITE_ROW ? should : is, 0),
                sqlite3_column_text(b == SQLITE_ROW ? should : is, 1));
    }
}

/* The schema as it is, and as the same statements make it in memory. */
static int check(struct db *db, const char *schema, struct signet_error *err)
{
    struct file *f = file_of(db);
    sqlite3 *fresh = NULL;
    sqlite3_stmt *is = NULL, *should = NULL;
    int rc = check_pages(f, err);

    if (rc == SIGNET_OK && (sqlite3_open(":memory:", &fresh) != SQLITE_OK ||
                            sqlite3_exec(fresh, schema, NULL, NULL, NULL) != SQLITE_OK ||
                            sqlite3_prepare_v2(fresh, objects, -1, &should, NULL) != SQLITE_OK))
        rc = error_nomem(err);
    if (rc == SIGNET_OK && sqlite3_prepare_v2(f->handle, objects, -1, &is, NULL) != SQLITE_OK)
        rc = sqlite_failed(f->handle, err);
    if (rc == SIGNET_OK)
        rc = compare_objects(f, is, should, err);
    sqlite3_finalize(is);
    sqlite3_finalize(should);
    sqlite3_close(fresh);
    return rc;
}

const struct db_ops sqlite_ops = {
    .place = "file",
    .words = words,
    .takes = takes,
    .open = open_file,
    .close = close_file,
    .version = version,
    .set_version = set_version,
    .script = script,
    .begin = begin,
    .commit = commit,
    .open_still = open_still,
    .check = check,
    .rollback = rollback,
    .query = query,
    .step = step_rows,
    .text = text,
    .integer = integer,
    .changes = changes,
    .end = end,
};
