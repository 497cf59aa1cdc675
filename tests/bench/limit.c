/* SPDX-License-Identifier: Apache-2.0 */
/* The least that the disk and SQLite need for a ledger and its output files: the rows of a ledger
 * that is there, written again into an empty database with the same tables, indexes and triggers,
 * in the order of its events. Each run of events of one kind is a transaction; behind each that
 * says writing, the devices' share of the output files is appended and synced. Only the writing is
 * timed. It is one thread: where a sync takes long, the lanes of a batch, which wait at the same
 * time, may be faster; on a disk that is idle this is the bound. */
#include "base/base.h"
#include "bench.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS_MAX = 4096, COLUMNS = 24, FILES = 2 };

/* An event, and of its device what a new row holds, then the facts that come with its packet. */
static const char columns[] =
    "SELECT e.station, e.seq, e.device, e.n, e.time, e.kind, e.detail, e.operator, e.tool,"
    " e.row_sha256, e.hash,"
    " d.id, d.order_id, d.number, d.endpoint, d.station, d.slot, d.created, d.changed,"
    " d.lease_until,"
    " d.id, d.psk_identity, d.psk_sha256, d.packet_sha256"
    " FROM real.events e LEFT JOIN real.devices d ON d.id = e.device ORDER BY e.station, e.seq";

static const char *const copies[FILES] = {"limit.0", "limit.1"};

enum { EVENT, RESERVED, WRITING, DONE, TOTALS, STATEMENTS };

static const struct {
    const char *kind, *sql;
    int first, count; /* of the columns, its parameters */
} statements[STATEMENTS] = {
    {"", "INSERT INTO events VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", 0, 11},
    {"reserved",
     "INSERT INTO devices(id, order_id, number, endpoint, station, slot, created, changed,"
     " lease_until) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
     11, 9},
    {"writing",
     "UPDATE devices SET state = 2, exposed = 1, psk_identity = ?2, psk_sha256 = ?3,"
     " packet_sha256 = ?4, events = 2 WHERE id = ?1",
     20, 4},
    {"done", "UPDATE devices SET state = 6, events = 3 WHERE id = ?1", 20, 1},
    {"", "UPDATE stations SET seq = ?2, hash = ?11 WHERE id = ?1", 0, 11},
};

struct limit {
    const char *folder;
    sqlite3 *db;
    sqlite3_stmt *stmts[STATEMENTS], *source;
    sqlite3_value *rows[ROWS_MAX][COLUMNS];
    size_t count;
    struct buf texts[FILES];
    size_t written[FILES];
    int files[FILES];
    long devices;
    double seconds;
};

static void must(struct limit *l, bool good)
{
    bench_require(good, sqlite3_errmsg(l->db));
}

static void exec(struct limit *l, const char *sql)
{
    must(l, sqlite3_exec(l->db, sql, NULL, NULL, NULL) == SQLITE_OK);
}

static sqlite3_stmt *prepare(struct limit *l, const char *sql)
{
    sqlite3_stmt *stmt = NULL;

    must(l, sqlite3_prepare_v2(l->db, sql, -1, &stmt, NULL) == SQLITE_OK);
    return stmt;
}

static void copy_schema(struct limit *l)
{
    struct buf sql = {0};
    sqlite3_stmt *stmt =
        prepare(l, "SELECT sql FROM real.sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid");

    while (sqlite3_step(stmt) == SQLITE_ROW)
        buf_printf(&sql, "%s;", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    buf_text(&sql, "INSERT INTO orders SELECT * FROM real.orders;"
                   "INSERT INTO stations SELECT * FROM real.stations;");
    bench_require(buf_check(&sql, NULL) == SIGNET_OK, "no memory");
    exec(l, (const char *)sql.data);
    buf_free(&sql);
}

static void path_in(const struct limit *l, const char *name, char path[256])
{
    snprintf(path, 256, "%s/%s", l->folder, name);
}

static void open_limit(struct limit *l, const char *ledger, const char *const outputs[FILES])
{
    char path[256], attach[300];

    path_in(l, "limit.db", path);
    bench_require(sqlite3_open(path, &l->db) == SQLITE_OK, "no database");
    exec(l, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "PRAGMA wal_autocheckpoint = 8000");
    path_in(l, ledger, path);
    snprintf(attach, sizeof(attach), "ATTACH '%s' AS real", path);
    exec(l, attach);
    copy_schema(l);
    for (int i = 0; i < STATEMENTS; i++)
        l->stmts[i] = prepare(l, statements[i].sql);
    l->source = prepare(l, columns);
    for (int i = 0; i < FILES; i++) {
        path_in(l, outputs[i], path);
        bench_require(file_read(path, SIZE_MAX, &l->texts[i], NULL) == SIGNET_OK, "no output");
        path_in(l, copies[i], path);
        l->files[i] = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
        bench_require(l->files[i] >= 0, "no file");
    }
}

static const char *kind_of(sqlite3_value *const row[COLUMNS])
{
    return (const char *)sqlite3_value_text(row[5]);
}

/* Keeps the row at which the source stands; whether it is of the kind of those before. */
static bool keep_row(struct limit *l)
{
    sqlite3_value **row = l->rows[l->count];

    for (int i = 0; i < COLUMNS; i++) {
        sqlite3_value_free(row[i]);
        row[i] = sqlite3_value_dup(sqlite3_column_value(l->source, i));
    }
    return strcmp(kind_of(row), kind_of(l->rows[0])) == 0;
}

static void step(struct limit *l, int which, sqlite3_value *const row[COLUMNS])
{
    sqlite3_stmt *stmt = l->stmts[which];

    for (int i = 0; i < statements[which].count; i++)
        sqlite3_bind_value(stmt, i + 1, row[statements[which].first + i]);
    must(l, sqlite3_step(stmt) == SQLITE_DONE);
    sqlite3_reset(stmt);
}

static void append_share(struct limit *l, long devices)
{
    l->devices += (long)l->count;
    for (int i = 0; i < FILES; i++) {
        size_t to = l->texts[i].len * (size_t)l->devices / (size_t)devices;
        ssize_t n = write(l->files[i], l->texts[i].data + l->written[i], to - l->written[i]);

        bench_require(n == (ssize_t)(to - l->written[i]) && fdatasync(l->files[i]) == 0,
                      "cannot write");
        l->written[i] = to;
    }
}

static void write_rows(struct limit *l, long devices)
{
    const char *kind = kind_of(l->rows[0]);
    int change = DONE;
    double begin = clock_seconds();

    while (change > EVENT && strcmp(statements[change].kind, kind) != 0)
        change--;
    exec(l, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < l->count; i++) {
        if (change != EVENT)
            step(l, change, l->rows[i]);
        step(l, EVENT, l->rows[i]);
    }
    step(l, TOTALS, l->rows[l->count - 1]);
    exec(l, "COMMIT");
    if (change == WRITING)
        append_share(l, devices);
    l->seconds += clock_seconds() - begin;
}

static void close_limit(struct limit *l, long devices)
{
    char path[256];
    double begin = clock_seconds();

    sqlite3_finalize(l->source);
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(l->stmts[i]);
    sqlite3_close(l->db); /* and the last of the write-ahead log into the file */
    l->seconds += clock_seconds() - begin;
    bench_require(l->devices == devices, "the limit wrote another number of devices");
    for (size_t i = 0; i < ROWS_MAX; i++)
        for (int k = 0; k < COLUMNS; k++)
            sqlite3_value_free(l->rows[i][k]);
    path_in(l, "limit.db", path);
    unlink(path);
    for (int i = 0; i < FILES; i++) {
        path_in(l, copies[i], path);
        unlink(path);
        close(l->files[i]);
        buf_free(&l->texts[i]);
    }
}

double bench_limit(const char *folder, const char *ledger, const char *const outputs[2],
                   long devices)
{
    struct limit *l = calloc(1, sizeof(*l));

    bench_require(l, "no memory");
    l->folder = folder;
    open_limit(l, ledger, outputs);
    while (sqlite3_step(l->source) == SQLITE_ROW) {
        bool same = keep_row(l);

        if (same && l->count + 1 < ROWS_MAX) {
            l->count++;
            continue;
        }
        write_rows(l, devices);
        l->count = 0;
        keep_row(l);
        l->count = 1;
    }
    write_rows(l, devices);
    close_limit(l, devices);
    double seconds = l->seconds;
    free(l);
    return seconds;
}
