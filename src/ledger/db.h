/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_DB_H
#define LEDGER_DB_H

/* The SQL databases that a ledger may be in. Statements are written once, in SQL that all of them
 * take; what differs is here. In a statement
 * - parameters are $1, $2 ... (at most DB_PARAMS);
 * - {verified} is the number of that state; other words in braces are the database's own;
 * - a comment that begins with a plus sign is for databases with many writers only:
 *   SELECT ... LIMIT 1 / *+ FOR UPDATE SKIP LOCKED * /
 * Statements are string constants: they are prepared once and known by their address. */

#include "base/base.h"

enum { DB_PARAMS = 32 };

/* What a ledger made itself has smaller numbers; what was brought from another one has higher ones
 * (store.h, chain_own()). {next_device}, {next_order} and {next_station} are the next of its own.
 */
#define OWN_END       1099511627776
#define SQL_DIGITS(n) #n
#define SQL_NUMBER(n) SQL_DIGITS(n)
#define OWN_END_SQL   SQL_NUMBER(OWN_END)

struct db {
    const struct db_ops *ops;
    int64_t now; /* seconds since 1970, of the transaction: one clock for all stations */
    bool again;  /* after an error: nothing happened, and a second try may succeed */
    bool zero;   /* a text of a row has a zero byte: other programs put it there */
    bool nomem;  /* a value of a row could not be had: nothing that was read counts */
    const char **statements; /* those that are prepared on this connection */
    size_t count;
};

struct db_param {
    bool is_text;
    const char *text; /* NULL is SQL NULL */
    int64_t integer;
};

/* Answers of one statement, until db_end(). */
struct db_rows {
    struct db *db;
    void *at;
    int row;
    bool first;
};

struct db_word {
    const char *word, *text;
};

/* For those that wait for a server; both may be NULL. */
struct db_watch {
    const struct signet_observer *observer; /* hears of a server that is silent */
    const struct signet_cancel *cancel;     /* once fired, nothing is waited for much longer */
};

/* DB_COPY: made, by a program that is alone with it; it may be on any file system. */
enum db_open { DB_MAKE, DB_COPY, DB_EXISTS, DB_READ };

struct db_ops {
    const char *place;           /* what it is called in messages */
    const struct db_word *words; /* for {word} in statements, to {0} */
    bool many_writers;
    bool (*takes)(const char *where); /* not asked of the last: it takes all others */
    int (*open)(struct db **out, const char *where, enum db_open how, const struct db_watch *watch,
                struct signet_error *err);
    void (*close)(struct db *db);
    /* The number of the ledger's schema; 0: the database is empty. In a transaction, as what
     * follows. SIGNET_E_LEDGER: it is another program's. */
    int (*version)(struct db *db, int64_t *version, struct signet_error *err);
    /* Several statements without parameters, already expanded. */
    int (*script)(struct db *db, const char *sql, struct signet_error *err);
    /* write: other writers wait, or at least see nothing before the commit. else: one view of the
     * whole, which holds up nobody. */
    int (*begin)(struct db *db, bool write, struct signet_error *err);
    /* SIGNET_OK: it is on disk. After an error with again: it is certain that nothing happened. */
    int (*commit)(struct db *db, struct signet_error *err);
    void (*rollback)(struct db *db);
    /* What no row shows: damaged pages; tables, indexes and triggers that are not those of the
     * schema, the SQL that made it. first: only what makes reading safe. In a transaction. */
    int (*check)(struct db *db, const char *schema, bool first, struct signet_error *err);
    /* SIGNET_E_CONFLICT: a unique index said no; the transaction, or its savepoint, must be rolled
     * back. */
    int (*query)(struct db *db, struct db_rows *rows, const char *sql,
                 const struct db_param *params, size_t count, struct signet_error *err);
    /* SIGNET_OK: there is a row; SIGNET_E_NOT_FOUND, without a message: that was all. */
    int (*step)(struct db_rows *rows, struct signet_error *err);
    /* NULL is SQL NULL; valid until the next step. */
    const char *(*text)(const struct db_rows *rows, int column);
    int64_t (*integer)(const struct db_rows *rows, int column);
    /* How many rows the statement inserted, changed or deleted. */
    int64_t (*changes)(const struct db_rows *rows);
    void (*end)(struct db_rows *rows);
};

extern const struct db_ops sqlite_ops, postgres_ops;

/* file_system.c: SIGNET_E_UNSUPPORTED: a ledger in this file could be damaged. */
int file_system_check(const char *where, struct signet_error *err);
/* sqlite_unlocked.c: SIGNET_E_IO: what SQLite would use beside a ledger is none of its own. */
int beside_check(const char *where, struct signet_error *err);
/* nobody has the right to change this file, but for root. */
bool unlocked_fits(const char *where);
/* An URI that makes SQLite read it without locks. SIGNET_E_IO: changes are in its write-ahead log,
 * and that cannot be read, or in a journal. */
int unlocked_name(const char *where, struct buf *name, struct signet_error *err);
/* states.c: the state of this name; -1: none. */
int state_of_word(const char *word, size_t len);
/* SQL as this database takes it. */
int db_expand(const struct db_ops *ops, const char *sql, struct buf *out, struct signet_error *err);
/* Where a statement is among those that are prepared. At count: *text is to be prepared there. */
int db_statement(struct db *db, const char *sql, size_t *place, struct buf *text,
                 struct signet_error *err);

enum db_wants {
    DB_ROWS, /* all: db_step() gives the first */
    DB_ROW,  /* the first one, where db_step() stopped: SIGNET_E_NOT_FOUND, without a message, when
              * there is none */
    DB_EFFECT, /* nothing */
    DB_CHANGE  /* SIGNET_E_NOT_FOUND, without a message, when no row was changed */
};
/* Letters of types: s text (NULL is SQL NULL), i int64_t. Rows of a call that failed are ended. */
int db_call(struct db *db, enum db_wants wants, struct db_rows *rows, struct signet_error *err,
            const char *sql, const char *types, ...);
#define db_query(db, rows, err, ...) db_call((db), DB_ROWS, (rows), (err), __VA_ARGS__)
#define db_find(db, rows, err, ...)  db_call((db), DB_ROW, (rows), (err), __VA_ARGS__)
#define db_run(db, err, ...)         db_call((db), DB_EFFECT, NULL, (err), __VA_ARGS__)
#define db_change(db, err, ...)      db_call((db), DB_CHANGE, NULL, (err), __VA_ARGS__)
/* The first row of a query: types has the parameters, then ':' and the columns, i int64_t *, s char
 * [] and its size. SIGNET_E_NOT_FOUND, without a message: there is none, and all stays as it was.
 */
int db_get(struct db *db, struct signet_error *err, const char *sql, const char *types, ...);

/* An INSERT whose values are all text; NULL is SQL NULL. */
int db_insert(struct db *db, const char *sql, const char *const *values, size_t count,
              struct signet_error *err);

/* All rows of a query. Of a long one PostgreSQL would hold the whole answer: with keys it goes page
 * by page, $1 is how many rows a page has, and $2 (and $3) the key of the row before. */
struct db_walk {
    const char *sql;
    int keys; /* 0, 1 or 2 integers, by which the rows come */
    int key;  /* the column of the first */
    int (*row)(void *ctx, const struct db_rows *row, struct signet_error *err);
    void *ctx;
};
/* types: of the parameters after those. Returns what row() returned, if that is an error. */
int db_walk(struct db *db, const struct db_walk *walk, struct signet_error *err, const char *types,
            ...);

static inline int db_step(struct db_rows *rows, struct signet_error *err)
{
    return rows->db->ops->step(rows, err);
}
static inline int64_t db_int(const struct db_rows *rows, int column)
{
    return rows->db->ops->integer(rows, column);
}
static inline const char *db_null(const struct db_rows *rows, int column) /* or NULL */
{
    return rows->db->ops->text(rows, column);
}
static inline const char *db_text(const struct db_rows *rows, int column)
{
    const char *text = rows->db->ops->text(rows, column);
    return text ? text : "";
}
/* Also for rows that were never begun, {0}. */
static inline void db_end(struct db_rows *rows)
{
    if (rows->db)
        rows->db->ops->end(rows);
    rows->db = NULL;
}
/* The same; passes rc on, but that there was no row more is no error. */
static inline int db_done(struct db_rows *rows, int rc)
{
    db_end(rows);
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

#endif
