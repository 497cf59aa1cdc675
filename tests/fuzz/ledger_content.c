/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger in which somebody wrote: each line of the input is "TABLE COLUMN ROW VALUE", and the
 * value goes there in SQLite, past all triggers; or "+ DEVICE STATE KIND DETAIL", which is recorded
 * by the ledger's own hand, without its checks. What reads a ledger then ends, with an error of
 * printable text or without; verify takes it only when it says of its devices what it said before.
 */
#include "base/base.h"
#include "fuzz.h"
#include "ledger/store.h"

#include <fcntl.h>
#include <limits.h>
#include <signet/ledger_read.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINES_MAX = 8 };

static char place[PATH_MAX], made[PATH_MAX];

static void must(int rc)
{
    require(rc == SIGNET_OK);
}

/* Devices in several states, with a board's event and a server that refuses. */
static void fill(struct signet_ledger *l)
{
    const struct signet_device_facts facts = {
        .hw_id = "board-1", .psk_identity = "d1", .note = "flash 1.0 s"};
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "the board is broken"};
    const char *const stages[] = {"flash", "load"};
    const double seconds[] = {1.5, 2};
    struct signet_ledger_board board = {.slot = "1",
                                        .verdict = "pass",
                                        .endpoint = "d1",
                                        .shift = "early",
                                        .seconds = 4,
                                        .stages = stages,
                                        .stage_seconds = seconds,
                                        .stage_count = 2};
    struct signet_ledger_begun before;
    struct signet_lease lease;
    int64_t order = 0, after = 0;
    size_t count = 0;

    must(signet_ledger_order(l, "o", "h", 9, &order, NULL));
    must(signet_ledger_begin(l, order, "folder", &before, NULL));
    must(signet_ledger_reserve(l, order, "d1", "1", &lease, NULL));
    must(signet_ledger_advance(l, &lease, SIGNET_DEVICE_KEYED, &facts, NULL));
    must(signet_ledger_advance(l, &lease, SIGNET_DEVICE_WRITING, NULL, NULL));
    must(signet_ledger_advance(l, &lease, SIGNET_DEVICE_WRITTEN, NULL, NULL));
    must(signet_ledger_board(l, order, &board, &lease, SIGNET_DEVICE_VERIFIED, NULL, NULL));
    must(signet_ledger_release(l, &lease, NULL));
    must(signet_ledger_reserve(l, order, "d2", "2", &lease, NULL));
    must(signet_ledger_fail(l, &lease, &why, NULL));
    must(signet_ledger_waiting(l, order, "server", &after, &lease, 1, &count, NULL));
    require(count == 1);
    must(signet_ledger_delivered(l, "server", &lease, 1, &(struct signet_error){0}, NULL));
    must(signet_ledger_run(l, order, "{\"quota\": 9, \"passed\": 1, \"failed\": 1}", NULL));
}

static void set_up(void)
{
    const char *folder = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    struct signet_ledger *l = NULL;

    snprintf(made, sizeof(made), "%s/signet-fuzz-%d.made", folder, (int)getpid());
    snprintf(place, sizeof(place), "%s/signet-fuzz-%d.db", folder, (int)getpid());
    unlink(made);
    must(signet_ledger_open(&l, made, &(struct signet_ledger_options){.station = "A"}, NULL));
    fill(l);
    signet_ledger_close(&l);
}

static void remove_database(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[PATH_MAX + 8];

    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        unlink(name);
    }
}

static struct buf before; /* of the ledger as it was made, which is read first */

static void remove_files(void)
{
    buf_free(&before);
    remove_database(made);
    remove_database(place);
}

static void copy(void)
{
    static uint8_t all[1 << 20];

    remove_database(place);
    int from = open(made, O_RDONLY | O_CLOEXEC),
        to = open(place, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t n = read(from, all, sizeof(all));

    require(from >= 0 && to >= 0 && n > 0 && n < (ssize_t)sizeof(all) &&
            write(to, all, (size_t)n) == n);
    close(from);
    close(to);
}

/* Words are names of tables and columns only: what they are for SQLite is not what is tried. */
static bool is_name(const char *text)
{
    return *text && strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789") == strlen(text);
}

static void write_value(sqlite3 *db, const char *line, size_t len)
{
    char table[32], column[32], sql[200];
    sqlite3_stmt *put = NULL;
    int row = 0, at = 0;

    if (sscanf(line, "%31s %31s %d %n", table, column, &row, &at) != 3 || !at || (size_t)at > len ||
        !is_name(table) || !is_name(column))
        return;
    snprintf(sql, sizeof(sql), "UPDATE %s SET %s = ?1 WHERE %s = %d", table, column,
             strcmp(table, "events") == 0       ? "seq"
             : strcmp(table, "deliveries") == 0 ? "device"
                                                : "id",
             row);
    if (sqlite3_prepare_v2(db, sql, -1, &put, NULL) == SQLITE_OK) {
        if (line[at] == 'x') /* any bytes */
            sqlite3_bind_blob(put, 1, line + at + 1, (int)(len - (size_t)at - 1), SQLITE_STATIC);
        else
            sqlite3_bind_text(put, 1, line + at, (int)(len - (size_t)at), SQLITE_STATIC);
        sqlite3_step(put);
    }
    sqlite3_finalize(put);
}

static void change(const uint8_t *data, size_t size)
{
    sqlite3 *db = NULL;

    require(sqlite3_open(place, &db) == SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_exec(db, "PRAGMA synchronous = off; PRAGMA ignore_check_constraints = on; BEGIN", NULL,
                 NULL, NULL);
    for (int n = 0; n < LINES_MAX && size; n++) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t len = end ? (size_t)(end - data) : size;
        char line[1024];

        if (len < sizeof(line)) {
            memcpy(line, data, len);
            line[len] = '\0';
            write_value(db, line, len);
        }
        data += len + (end != NULL);
        size -= len + (end != NULL);
    }
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(db);
}

/* What the ledger says of its devices, of which each has an event. */
static int on_device(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    (void)err;
    buf_printf(ctx, "%s %s %d %d %s %s %s\n", d->order, d->endpoint, (int)d->state, d->attempt,
               d->hw_id, d->psk_identity, d->psk_sha256);
    return SIGNET_OK;
}

static int on_event(void *ctx, const struct signet_ledger_event *e, struct signet_error *err)
{
    (void)err;
    (void)e;
    ++*(int *)ctx;
    return SIGNET_OK;
}

static int on_order(void *ctx, const struct signet_ledger_order_view *o, struct signet_error *err)
{
    (void)err;
    (void)o;
    ++*(int *)ctx;
    return SIGNET_OK;
}

static int on_row(void *ctx, const struct signet_report_row *row, struct signet_error *err)
{
    struct signet_bytes json = {0};

    ++*(int *)ctx;
    int rc = signet_report_row_json(SIGNET_REPORT_BY_SHIFT, row, &json, err);
    signet_bytes_free(&json);
    return rc;
}

static int on_run(void *ctx, const struct signet_run_record *run, struct signet_error *err)
{
    (void)err;
    require(run->json && run->order && run->station);
    ++*(int *)ctx;
    return SIGNET_OK;
}

static int on_delivery(void *ctx, const struct signet_ledger_delivery *d, struct signet_error *err)
{
    (void)err;
    require(d->server && d->error);
    ++*(int *)ctx;
    return SIGNET_OK;
}

static void ended(int rc, struct signet_error *err)
{
    if (rc != SIGNET_OK)
        require_error(err);
    *err = (struct signet_error){0};
}

struct forged {
    int64_t device, state;
    char kind[32], detail[200];
};

static int forge_one(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct forged *f = arg;
    int rc =
        db_change(l->db, err, "UPDATE devices SET state = $2, events = events + 1 WHERE id = $1",
                  "ii", f->device, f->state);

    return rc == SIGNET_OK ? device_event(l, f->device, f->kind, f->detail, err) : rc;
}

/* Hashes that are right, of what no station would do. How many lines were taken. */
static int forge(const uint8_t *data, size_t size)
{
    struct buf text = {0};
    struct signet_ledger *l = NULL;
    int count = 0;

    buf_append(&text, data, size < 4096 ? size : 4096);
    buf_byte(&text, '\0');
    for (char *rest = (char *)text.data, *line;
         (line = strsep(&rest, "\n")) && count < LINES_MAX;) {
        struct forged f = {.device = 0};
        int device = 0, state = 0;

        if (sscanf(line, "+ %d %d %31s %199[^\n]", &device, &state, f.kind, f.detail) < 3)
            continue;
        if (!l && signet_ledger_open(&l, place, &(struct signet_ledger_options){.station = "A"},
                                     NULL) != SIGNET_OK)
            break;
        f.device = device, f.state = state;
        store_change(l, forge_one, &f, NULL);
        count++;
    }
    signet_ledger_close(&l);
    buf_free(&text);
    return count;
}

/* forged: it is not the ledger that was made. */
static void read_all(bool forged)
{
    const struct signet_report_options report = {.by = SIGNET_REPORT_BY_SHIFT};
    struct signet_ledger *l = NULL;
    struct signet_error err = {0};
    int64_t events = 0;
    char head[65];
    struct buf devices = {0};
    int count = 0,
        rc = signet_ledger_open(
            &l, place, &(struct signet_ledger_options){.station = "A", .read_only = true}, &err);

    ended(rc, &err);
    if (rc != SIGNET_OK)
        return;
    int verdict = signet_ledger_verify(l, &events, head, &err);
    ended(verdict, &err);
    rc = signet_ledger_devices(l, &(struct signet_ledger_filter){.state = -1}, on_device, &devices,
                               &err);
    ended(rc, &err);
    if (verdict == SIGNET_OK && !before.len)
        buf_append(&before, devices.data, devices.len);
    if (verdict == SIGNET_OK && !forged)
        require(rc == SIGNET_OK && devices.len == before.len &&
                memcmp(devices.data, before.data, before.len) == 0);
    buf_free(&devices);
    ended(signet_ledger_events(l, NULL, on_event, &count, &err), &err);
    ended(signet_ledger_events(l, "d1", on_event, &count, &err), &err);
    ended(signet_ledger_orders(l, on_order, &count, &err), &err);
    ended(signet_ledger_report(l, &report, on_row, &count, &err), &err);
    ended(signet_ledger_runs(l, &report, on_run, &count, &err), &err);
    ended(signet_ledger_deliveries(l, "d1", on_delivery, &count, &err), &err);
    signet_ledger_close(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!made[0]) {
        set_up();
        atexit(remove_files);
        copy();
        read_all(false);
    }
    copy();
    bool forged = forge(data, size) > 0;
    change(data, size);
    read_all(forged);
    return 0;
}
