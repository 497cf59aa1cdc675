/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/cred.h"
#include "ledger/store.h"

#include <stdio.h>
#include <string.h>

struct event {
    int64_t seq, device, time;
    const char *kind, *detail, *station, *operator_name, *tool;
};

static void put(struct buf *b, const char *text)
{
    buf_printf(b, "%zu:", strlen(text));
    buf_text(b, text);
}

/* SHA-256 over the previous hash and every field; each text with its length in front, so that no
 * two events have the same bytes. */
static int hash_event(const char *previous, const struct event *e, char out[65],
                      struct signet_error *err)
{
    struct buf b = {0};
    uint8_t digest[32];
    put(&b, previous);
    buf_printf(&b, "%lld,%lld,%lld,", (long long)e->seq, (long long)e->device, (long long)e->time);
    put(&b, e->kind);
    put(&b, e->detail);
    put(&b, e->station);
    put(&b, e->operator_name);
    put(&b, e->tool);
    int rc = buf_check(&b, err);
    if (rc == SIGNET_OK)
        rc = sha256(b.data, b.len, digest, err);
    if (rc == SIGNET_OK)
        hex_encode(digest, sizeof digest, out);
    buf_free(&b);
    return rc;
}

static const char *text(sqlite3_stmt *stmt, int column)
{
    const char *t = (const char *)sqlite3_column_text(stmt, column);
    return t ? t : "";
}

static int read_head(struct signet_ledger *ledger, int64_t *seq, char hash[65], int64_t *time,
                     struct signet_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = store_prepare(ledger, &stmt, err, "SELECT seq, hash, time FROM head", "");
    if (rc != SIGNET_OK)
        return rc;
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        *seq = sqlite3_column_int64(stmt, 0);
        snprintf(hash, 65, "%s", text(stmt, 1));
        *time = sqlite3_column_int64(stmt, 2);
    } else {
        rc = error_set(err, SIGNET_E_LEDGER, "the ledger has lost the head of its event chain");
    }
    sqlite3_finalize(stmt);
    return rc;
}

int chain_append(struct signet_ledger *ledger, int64_t device, const char *kind, const char *detail,
                 struct signet_error *err)
{
    char previous[65], hash[65];
    int64_t seq, now, last;
    int rc = store_now(&now, err);
    if (rc == SIGNET_OK)
        rc = read_head(ledger, &seq, previous, &last, err);
    if (rc != SIGNET_OK)
        return rc;
    /* a clock that jumps back does not make time run back in the ledger */
    struct event e = {seq + 1, device,          now > last ? now : last, kind,
                      detail,  ledger->station, ledger->operator_name,   SIGNET_VERSION};
    rc = hash_event(previous, &e, hash, err);
    if (rc == SIGNET_OK)
        rc = store_run(ledger, err, "INSERT INTO events VALUES(?,?,?,?,?,?,?,?,?)", "iiissssss",
                       e.seq, e.device, e.time, e.kind, e.detail, e.station, e.operator_name,
                       e.tool, hash);
    if (rc == SIGNET_OK)
        rc = store_run(ledger, err, "UPDATE head SET seq = ?, hash = ?, time = ?", "isi", e.seq,
                       hash, e.time);
    return rc;
}

struct verify {
    int64_t events;
    char head[65];
};

static int verify(struct signet_ledger *ledger, void *arg, struct signet_error *err)
{
    struct verify *v = arg;
    sqlite3_stmt *stmt = NULL;
    char previous[65] = "", hash[65], head[65];
    int64_t expected = 1, last, time;
    int step = SQLITE_DONE;
    int rc = read_head(ledger, &last, head, &time, err);
    if (rc == SIGNET_OK)
        rc = store_prepare(ledger, &stmt, err,
                           "SELECT seq, device, time, kind, detail, station, operator, tool, hash"
                           " FROM events ORDER BY seq",
                           "");
    while (rc == SIGNET_OK && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct event e = {sqlite3_column_int64(stmt, 0),
                          sqlite3_column_int64(stmt, 1),
                          sqlite3_column_int64(stmt, 2),
                          text(stmt, 3),
                          text(stmt, 4),
                          text(stmt, 5),
                          text(stmt, 6),
                          text(stmt, 7)};
        if (e.seq != expected) {
            rc = error_set(err, SIGNET_E_LEDGER, "event %lld is missing", (long long)expected);
            break;
        }
        rc = hash_event(previous, &e, hash, err);
        if (rc == SIGNET_OK && strcmp(hash, text(stmt, 8)) != 0)
            rc = error_set(err, SIGNET_E_LEDGER, "event %lld was changed", (long long)e.seq);
        memcpy(previous, hash, sizeof hash);
        expected++;
    }
    if (rc == SIGNET_OK && step != SQLITE_DONE)
        rc = store_fail(ledger, err);
    sqlite3_finalize(stmt);
    if (rc == SIGNET_OK && (expected != last + 1 || strcmp(previous, head) != 0))
        rc = error_set(err, SIGNET_E_LEDGER, "event %lld is missing: the chain's end was cut off",
                       (long long)expected);
    if (rc == SIGNET_OK) {
        v->events = last;
        memcpy(v->head, head, sizeof head);
    }
    return rc;
}

int signet_ledger_verify(struct signet_ledger *ledger, int64_t *events, char head[65],
                         struct signet_error *err)
{
    struct verify v = {0};
    int rc = store_change(ledger, verify, &v, err);
    if (rc == SIGNET_OK) {
        *events = v.events;
        memcpy(head, v.head, sizeof v.head);
    }
    return rc;
}
