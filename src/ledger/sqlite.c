/* SPDX-License-Identifier: Apache-2.0 */

/* A ledger in a file: SQLite with WAL and synchronous FULL, so that a commit survives a power cut.
 */
#include "ledger/sqlite_call.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS = 30000, TELL_MS = 3000 };

struct file {
    struct db base;
    dev_t device; /* of the file under its name when it was opened */
    ino_t inode;
    sqlite3 *handle;
    sqlite3_stmt **statements;
    const struct signet_observer *observer;
    int64_t busy_since; /* of a lock that another program has */
    bool told;
};

static struct file *file_of(struct db *db)
{
    return (struct file *)db;
}

/* What is not "Sign" is another program's, unless nothing is there. */
static int sqlite_version(struct db *db, int64_t *out, struct signet_error *err)
{
    char number[24];
    int rc = sqlite_text(file_of(db)->handle,
                         /* a view or a virtual table has no page of its own */
                         "SELECT CASE WHEN EXISTS(SELECT 1 FROM sqlite_schema WHERE type IN"
                         " ('table', 'view') AND COALESCE(rootpage, 0) = 0) THEN -1"
                         " WHEN application_id = 0x5369676e OR (application_id = 0"
                         " AND user_version = 0 AND NOT EXISTS(SELECT 1 FROM sqlite_schema))"
                         " THEN user_version ELSE -1 END"
                         " FROM pragma_application_id, pragma_user_version",
                         number, sizeof(number), err);

    if (rc == SIGNET_OK)
        *out = strtoll(number, NULL, 10);
    if (rc != SIGNET_OK || *out >= 0)
        return rc;
    return error_set_hint(err, SIGNET_E_LEDGER,
                          "name a file that is a ledger, or that is not there yet",
                          "this is another program's database");
}

static int sqlite_script(struct db *db, const char *sql, struct signet_error *err)
{
    return sqlite_run(file_of(db)->handle, sql, err);
}

/* The highest that is there, and one: what was brought here does not count. */
#define NEXT(table) "(SELECT COALESCE(max(id), 0) + 1 FROM " table " WHERE id < " OWN_END_SQL ")"

static const struct db_word sqlite_words[] = {
    {"next_device", NEXT("devices")},
    {"next_order", NEXT("orders")},
    {"next_station", NEXT("stations")},
    {"id", "INTEGER PRIMARY KEY"},
    {"int", "INTEGER"},
    {"packed", " WITHOUT ROWID, STRICT"},
    {"table", " STRICT"},
    {"own_2", "PRAGMA application_id = 0x5369676e; PRAGMA user_version = 2;"
              "CREATE TRIGGER events_update BEFORE UPDATE ON events BEGIN"
              " SELECT RAISE(ABORT, 'events are append-only'); END;"
              "CREATE TRIGGER events_delete BEFORE DELETE ON events BEGIN"
              " SELECT RAISE(ABORT, 'events are append-only'); END;"},
    {"own_3", "PRAGMA user_version = 3;"
              "CREATE TRIGGER count_delivered AFTER UPDATE OF state ON deliveries"
              " WHEN (NEW.state = 1) <> (OLD.state = 1) BEGIN UPDATE devices SET delivered ="
              " delivered + (NEW.state = 1) - (OLD.state = 1) WHERE id = NEW.device; END;"},
    {"own_4", "PRAGMA user_version = 4;"},
    {"own_5", "PRAGMA user_version = 5;"},
    {"alone", "SELECT 1"}, /* whoever writes is alone */
    {0},
};

/* A program that is not Signet may keep its lock for long: that is told. */
static int wait_for_lock(void *ctx, int count)
{
    struct file *f = ctx;
    int64_t now = clock_ms();

    if (count == 0) {
        f->busy_since = now;
        f->told = false;
    }
    if (!f->told && now - f->busy_since >= TELL_MS) {
        f->told = true;
        event_note(f->observer, "end the program that has it open, or wait: nothing is lost",
                   "another program has locked the ledger %s: waiting up to %d s",
                   sqlite3_db_filename(f->handle, "main"), BUSY_MS / 1000);
    }
    cancel_sleep_until(NULL, now + (count < 10 ? 1 + count : 25), NULL);
    return now - f->busy_since < BUSY_MS;
}

/* Processes that open a new file at the same time get in each other's way here, and SQLite does
 * not wait by itself. */
static int use_wal(struct file *f, struct signet_error *err)
{
    static const char use[] = "PRAGMA journal_mode = WAL";
    char mode[16];
    int count = 0, rc = sqlite_text(f->handle, use, mode, sizeof(mode), err);

    while (rc != SIGNET_OK && sqlite3_errcode(f->handle) == SQLITE_BUSY &&
           wait_for_lock(f, count++))
        rc = sqlite_text(f->handle, use, mode, sizeof(mode), err);
    if (rc != SIGNET_OK || strcmp(mode, "wal") == 0)
        return rc;
    return error_set_hint(err, SIGNET_E_IO, "put the ledger on a local disk, or use PostgreSQL",
                          "the ledger's file system cannot do what a write-ahead log needs");
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

/* As if: the index of the log is in memory, and the log stays as it is. */
static int be_alone(struct file *f, struct signet_error *err)
{
    sqlite3_db_config(f->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return sqlite_run(f->handle, "PRAGMA locking_mode = EXCLUSIVE", err);
}

static int open_handle(struct file *f, const char *where, int flags, struct signet_error *err)
{
    static const char pragmas[] =
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
        /* 250 KiB: more of it is hardly faster, and grows with the ledger */
        "PRAGMA cache_size = -250; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 8000;";

    if (sqlite3_open_v2(where, &f->handle, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return f->handle ? sqlite_failed(f->handle, err) : error_nomem(err);
    sqlite3_busy_handler(f->handle, wait_for_lock, f);
    int rc = flags & SQLITE_OPEN_URI ? be_alone(f, err) : SIGNET_OK; /* before all else */
    return rc == SIGNET_OK ? sqlite_run(f->handle, pragmas, err) : rc;
}

/* Where nothing can be written, and what nobody writes to. */
static int open_unlocked(struct file *f, const char *where, struct signet_error *err)
{
    struct buf name = {0};
    int rc = unlocked_name(where, &name, err);

    if (rc == SIGNET_OK) {
        sqlite3_close(f->handle);
        rc = open_handle(f, (const char *)name.data, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    }
    buf_free(&name);
    return rc;
}

static int set_up(struct file *f, const char *where, enum db_open how, struct signet_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int64_t there = 0;

    pthread_once(&once, no_statistics);
    if (how <= DB_COPY)
        make_file(where);
    if (how == DB_READ && unlocked_fits(where))
        return open_unlocked(f, where, err);
    int rc =
        open_handle(f, where, how == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE, err);
    if (rc == SIGNET_OK)
        rc = sqlite_version(&f->base, &there, err);
    int code = sqlite3_errcode(f->handle);
    if (rc != SIGNET_OK && how == DB_READ && (code == SQLITE_CANTOPEN || code == SQLITE_READONLY))
        return open_unlocked(f, where, err);
    if (rc == SIGNET_OK && how <= DB_COPY && there == 0) /* in the file itself, before the log */
        rc = sqlite_run(f->handle, "PRAGMA application_id = 0x5369676e", err);
    return rc == SIGNET_OK && (how <= DB_COPY || (how == DB_EXISTS && there != 0)) ? use_wal(f, err)
                                                                                   : rc;
}

static bool in_transaction(struct db *db)
{
    return !sqlite3_get_autocommit(file_of(db)->handle);
}

static void sqlite_close(struct db *db)
{
    struct file *f = file_of(db);

    for (size_t i = 0; i < db->count; i++)
        sqlite3_finalize(f->statements[i]);
    sqlite3_close(f->handle);
    free(f->statements);
    free(db->statements);
    free(f);
}

/* SQLite keeps log and locks beside the name: under two names, two programs write into each other.
 */
static int one_name(const char *where, struct signet_error *err)
{
    struct stat st;
    struct statx x;

    if (stat(where, &st) == 0 && st.st_nlink > 1)
        return error_set_hint(err, SIGNET_E_IO,
                              "remove the other name; a backup is a copy of its own",
                              "the ledger '%s' has a second name (a hard link)", where);
    if (statx(AT_FDCWD, where, 0, STATX_TYPE, &x) == 0 &&
        x.stx_attributes & x.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT)
        return error_set_hint(err, SIGNET_E_IO, "mount its folder, and name the file in there",
                              "the ledger '%s' is a file that is mounted alone: what belongs "
                              "beside it is elsewhere",
                              where);
    return SIGNET_OK;
}

static int sqlite_open(struct db **out, const char *where, enum db_open how,
                       const struct db_watch *watch, struct signet_error *err)
{
    struct stat st;
    int rc = how == DB_READ || how == DB_COPY ? SIGNET_OK : file_system_check(where, err);
    if (rc != SIGNET_OK)
        return rc;
    if (stat(where, &st) == 0 && !S_ISREG(st.st_mode)) /* SQLite would wait for a pipe's writer */
        return error_set_hint(err, SIGNET_E_IO, "name the file of a ledger",
                              "this is not a plain file, so it is no ledger");
    if (stat(where, &st) != 0 && errno == ENOENT && lstat(where, &st) == 0)
        return error_set_hint(err, SIGNET_E_NOT_FOUND,
                              "is its disk there? Take the link away, or make what it points to",
                              "this is a link, and what it points to is not there");
    if (how > DB_COPY && stat(where, &st) != 0) {
        rc = errno == ENOENT ? error_set(err, SIGNET_E_NOT_FOUND, "there is no such ledger")
                             : error_sys(err, SIGNET_E_IO, errno, "cannot open the ledger");
        error_hint(err, "%s",
                   file_path_doubt(where) ? file_path_doubt(where)
                   : text_has_tail(where, "-wal") || text_has_tail(where, "-shm")
                       ? "it is a part of a ledger: name the file without '-wal' and '-shm'"
                       : "is the path right? The work order's 'ledger' says "
                         "where it is, and its first run makes it");
        return rc;
    }
    rc = beside_check(where, err);
    if (rc == SIGNET_OK && how != DB_READ)
        rc = one_name(where, err);
    if (rc != SIGNET_OK)
        return rc;
    if (*where == ':' || strncmp(where, "file:", 5) == 0) /* ":memory:" would keep nothing */
        return error_set(err, SIGNET_E_USAGE, "a ledger needs a path, and %s is none", where);
    bool there = stat(where, &st) == 0;
    if (there && st.st_size == 0 && st.st_uid != geteuid()) /* he could change what is written */
        return error_set_hint(err, SIGNET_E_IO, "remove it, or name another file",
                              "the empty file '%s' is another user's", where);
    struct file *f = calloc(1, sizeof(*f));
    if (!f)
        return error_nomem(err);
    f->base.ops = &sqlite_ops;
    f->observer = watch->observer;
    if (there && st.st_mode & S_IWOTH)
        event_note(f->observer, "chmod 600 it", "%s: everyone may change the ledger (mode %03o)",
                   where, (unsigned)st.st_mode & 0777u);
    rc = set_up(f, where, how, err);
    if (rc == SIGNET_OK && stat(where, &st) == 0) {
        f->device = st.st_dev;
        f->inode = st.st_ino;
    }
    if (rc != SIGNET_OK)
        sqlite_close(&f->base);
    else
        *out = &f->base;
    return rc;
}

static void sqlite_rollback(struct db *db)
{
    if (in_transaction(db)) /* some errors have rolled back already */
        sqlite3_exec(file_of(db)->handle, "ROLLBACK", NULL, NULL, NULL);
}

/* What is written into a file that has lost its name, or its log's, is lost with the last program
 * that has it open. */
static int ledger_is_there(struct file *f, struct signet_error *err)
{
    const char *path = sqlite3_db_filename(f->handle, "main");
    struct stat st;

    if (!f->inode || !path || !*path ||
        (stat(path, &st) == 0 && st.st_ino == f->inode && st.st_dev == f->device))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_IO,
                          "put it back where it was, with the files beside it, then run the order "
                          "again",
                          "the ledger '%s' was moved, removed or replaced while it was in use",
                          path);
}

static int sqlite_begin(struct db *db, bool write, struct signet_error *err)
{
    sqlite_rollback(db); /* one for which there was no memory */
    int rc = write ? ledger_is_there(file_of(db), err) : SIGNET_OK;

    if (rc != SIGNET_OK)
        return rc;
    rc = sqlite_run(file_of(db)->handle, write ? "BEGIN IMMEDIATE" : "BEGIN", err);

    db->now = clock_wall(); /* after the waiting */
    return rc;
}

static int sqlite_commit(struct db *db, struct signet_error *err)
{
    return sqlite_run(file_of(db)->handle, "COMMIT", err);
}

static int sqlite_statement(struct file *f, const char *sql, sqlite3_stmt **out,
                            struct signet_error *err)
{
    struct buf text = {0};
    size_t place;
    int rc = db_statement(&f->base, sql, &place, &text, err);

    bool is_new = rc == SIGNET_OK && place == f->base.count;
    if (is_new)
        rc = list_room(f->statements, place, err);
    if (rc == SIGNET_OK && is_new) {
        if (sqlite3_prepare_v3(f->handle, (const char *)text.data, -1, SQLITE_PREPARE_PERSISTENT,
                               &f->statements[place], NULL) == SQLITE_OK)
            f->base.count++;
        else
            rc = sqlite_failed(f->handle, err);
    }
    buf_free(&text);
    if (rc == SIGNET_OK)
        *out = f->statements[place];
    return rc;
}

static int sqlite_query(struct db *db, struct db_rows *rows, const char *sql,
                        const struct db_param *params, size_t count, struct signet_error *err)
{
    struct file *f = file_of(db);
    sqlite3_stmt *stmt = NULL;

    /* Memory or a disk that fails may end the transaction at any call, also at one whose outcome
     * nobody asked for; what comes after it would be committed by itself. */
    if (!in_transaction(db))
        return error_set(err, SIGNET_E_IO, "the ledger's transaction was ended by an error");
    int rc = sqlite_statement(f, sql, &stmt, err);
    if (rc != SIGNET_OK)
        return rc;
    rows->at = stmt;
    for (int i = 0; i < (int)count; i++) {
        int bound = params[i].is_text
                        ? sqlite3_bind_text(stmt, i + 1, params[i].text, -1, SQLITE_STATIC)
                        : sqlite3_bind_int64(stmt, i + 1, params[i].integer);
        if (bound != SQLITE_OK)
            return sqlite_failed(f->handle, err);
    }
    rows->row = sqlite3_step(stmt); /* the effect is there when this returns */
    return rows->row == SQLITE_ROW || rows->row == SQLITE_DONE ? SIGNET_OK
                                                               : sqlite_failed(f->handle, err);
}

static int sqlite_step(struct db_rows *rows, struct signet_error *err)
{
    if (!rows->first && rows->row == SQLITE_ROW)
        rows->row = sqlite3_step(rows->at);
    rows->first = false;
    if (rows->row == SQLITE_ROW)
        return SIGNET_OK;
    return rows->row == SQLITE_DONE ? SIGNET_E_NOT_FOUND
                                    : sqlite_failed(file_of(rows->db)->handle, err);
}

static const char *sqlite_column(const struct db_rows *rows, int column)
{
    bool is_null = sqlite3_column_type(rows->at, column) == SQLITE_NULL;
    const char *value = is_null ? NULL : (const char *)sqlite3_column_text(rows->at, column);

    if (!is_null && !value)
        rows->db->nomem = true;
    if (value && strlen(value) != (size_t)sqlite3_column_bytes(rows->at, column)) {
        rows->db->zero = true; /* what is behind it must not go unseen */
        return NULL;
    }
    return value;
}

static int64_t sqlite_integer(const struct db_rows *rows, int column)
{
    return sqlite3_column_int64(rows->at, column);
}

static int64_t sqlite_changed(const struct db_rows *rows)
{
    return sqlite3_changes(file_of(rows->db)->handle);
}

static void sqlite_end(struct db_rows *rows)
{
    if (rows->at)
        sqlite3_reset(rows->at);
    rows->at = NULL;
}

static int sqlite_check(struct db *db, const char *schema, bool first, struct signet_error *err)
{
    return sqlite_check_handle(file_of(db)->handle, schema, first, err);
}

const struct db_ops sqlite_ops = {
    .place = "file",
    .words = sqlite_words,
    .open = sqlite_open,
    .close = sqlite_close,
    .version = sqlite_version,
    .script = sqlite_script,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .check = sqlite_check,
    .query = sqlite_query,
    .step = sqlite_step,
    .text = sqlite_column,
    .integer = sqlite_integer,
    .changes = sqlite_changed,
    .end = sqlite_end,
};
