/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/store.h"

#include <stdio.h>
#include <string.h>

static const char *const names[] = {"reserved",   "keyed", "writing", "written", "verified",
                                    "registered", "done",  "failed",  "void"};

const char *signet_device_state_name(enum signet_device_state state)
{
    return (unsigned)state < sizeof names / sizeof *names ? names[state] : NULL;
}

struct request {
    const char *name, *detail, *slot;
    int64_t order, quota;
    struct signet_lease lease;
    enum signet_device_state state;
    const struct signet_device_facts *facts;
    const struct signet_error *why;
};

/* One row of integers and one text; SIGNET_E_NOT_FOUND without a message when there is none. */
static int find(struct signet_ledger *ledger, sqlite3_stmt *stmt, struct signet_error *err)
{
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
        return SIGNET_OK;
    return step == SQLITE_DONE ? error_set(err, SIGNET_E_NOT_FOUND, "none")
                               : store_fail(ledger, err);
}

static int put_order(struct signet_ledger *ledger, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    sqlite3_stmt *stmt = NULL;
    int rc = store_run(ledger, err,
                       "INSERT INTO orders(name, hash, quota) VALUES(?,?,?) ON CONFLICT(name) DO"
                       " UPDATE SET quota = max(quota, excluded.quota)",
                       "ssi", r->name, r->detail, r->quota);
    if (rc == SIGNET_OK)
        rc = store_prepare(ledger, &stmt, err, "SELECT id, hash = ? FROM orders WHERE name = ?",
                           "ss", r->detail, r->name);
    if (rc == SIGNET_OK)
        rc = find(ledger, stmt, err);
    if (rc == SIGNET_OK && !sqlite3_column_int(stmt, 1))
        rc = error_set(err, SIGNET_E_CONFLICT, "order %s was started with another order file",
                       r->name);
    if (rc == SIGNET_OK)
        r->order = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return rc;
}

int signet_ledger_order(struct signet_ledger *ledger, const char *name, const char *hash,
                        int64_t quota, int64_t *id, struct signet_error *err)
{
    struct request r = {.name = name, .detail = hash, .quota = quota};
    if (!name || !*name || !hash || quota < 1)
        return error_set(err, SIGNET_E_USAGE, "an order needs a name, a hash and a quota");
    int rc = store_change(ledger, put_order, &r, err);
    if (rc == SIGNET_OK)
        *id = r.order;
    return rc;
}

static int reserve(struct signet_ledger *ledger, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    int64_t now;
    int rc = store_now(&now, err);
    if (rc == SIGNET_OK)
        rc = store_run(ledger, err,
                       "UPDATE orders SET issued = issued + 1 WHERE id = ? AND issued < quota", "i",
                       r->order);
    if (rc != SIGNET_OK)
        return rc;
    if (sqlite3_changes(ledger->db) != 1)
        return error_set(err, SIGNET_E_QUOTA, "the order's quota is used up");
    rc = store_run(ledger, err,
                   "INSERT INTO devices(order_id, endpoint, station, slot, lease_until)"
                   " VALUES(?,?,?,?,?)",
                   "isssi", r->order, r->name, ledger->station, r->slot,
                   now + ledger->lease_seconds);
    if (rc != SIGNET_OK) {
        if (sqlite3_extended_errcode(ledger->db) == SQLITE_CONSTRAINT_UNIQUE)
            return error_set(err, SIGNET_E_CONFLICT, "endpoint %s is in use by another device",
                             r->name);
        return rc;
    }
    r->lease = (struct signet_lease){
        .device = sqlite3_last_insert_rowid(ledger->db), .token = 1, .attempt = 1};
    snprintf(r->lease.endpoint, sizeof r->lease.endpoint, "%s", r->name);
    return chain_append(ledger, r->lease.device, "reserved", r->name, err);
}

int signet_ledger_reserve(struct signet_ledger *ledger, int64_t order, const char *endpoint,
                          const char *slot, struct signet_lease *lease, struct signet_error *err)
{
    struct request r = {.name = endpoint, .order = order, .slot = slot};
    if (!endpoint || !slot || !endpoint_name_valid(endpoint, strlen(endpoint)))
        return error_set(err, SIGNET_E_USAGE, "a device needs an endpoint name and a slot");
    int rc = store_change(ledger, reserve, &r, err);
    if (rc == SIGNET_OK)
        *lease = r.lease;
    return rc;
}

static int resume(struct signet_ledger *ledger, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    sqlite3_stmt *stmt = NULL;
    int64_t now;
    int rc = store_now(&now, err);
    if (rc == SIGNET_OK)
        rc = store_prepare(ledger, &stmt, err,
                           "SELECT id, token, attempt, state, endpoint FROM devices"
                           " WHERE order_id = ?1 AND state < 6 AND"
                           " ((station = ?2 AND slot = ?3) OR lease_until < ?4)"
                           " ORDER BY (station = ?2 AND slot = ?3) DESC, id LIMIT 1",
                           "issi", r->order, ledger->station, r->slot, now);
    if (rc == SIGNET_OK)
        rc = find(ledger, stmt, err);
    if (rc == SIGNET_OK) {
        r->lease =
            (struct signet_lease){.device = sqlite3_column_int64(stmt, 0),
                                  .token = sqlite3_column_int64(stmt, 1) + 1,
                                  .attempt = sqlite3_column_int(stmt, 2),
                                  .state = (enum signet_device_state)sqlite3_column_int(stmt, 3)};
        snprintf(r->lease.endpoint, sizeof r->lease.endpoint, "%s",
                 (const char *)sqlite3_column_text(stmt, 4));
    }
    sqlite3_finalize(stmt);
    if (rc == SIGNET_OK)
        rc = store_run(ledger, err,
                       "UPDATE devices SET token = ?, station = ?, slot = ?, lease_until = ?"
                       " WHERE id = ?",
                       "issii", r->lease.token, ledger->station, r->slot,
                       now + ledger->lease_seconds, r->lease.device);
    if (rc == SIGNET_OK)
        rc = chain_append(ledger, r->lease.device, "resumed", r->slot, err);
    return rc;
}

int signet_ledger_resume(struct signet_ledger *ledger, int64_t order, const char *slot,
                         struct signet_lease *lease, struct signet_error *err)
{
    struct request r = {.order = order, .slot = slot};
    int rc = store_change(ledger, resume, &r, err);
    if (rc == SIGNET_OK)
        *lease = r.lease;
    else if (rc == SIGNET_E_NOT_FOUND)
        error_set(err, rc, "the order has no unfinished device to take up");
    return rc;
}

/* Loads state, exposed and hw_id of the leased device. */
static int leased(struct signet_ledger *ledger, const struct signet_lease *lease,
                  sqlite3_stmt **stmt, struct signet_error *err)
{
    int rc = store_prepare(ledger, stmt, err,
                           "SELECT state, exposed, hw_id FROM devices WHERE id = ? AND token = ?"
                           " AND state < 6",
                           "ii", lease->device, lease->token);
    if (rc == SIGNET_OK)
        rc = find(ledger, *stmt, err);
    if (rc == SIGNET_E_NOT_FOUND)
        error_set(err, rc = SIGNET_E_BUSY, "%s: this station no longer holds the device",
                  lease->endpoint);
    return rc;
}

static int set_facts(struct signet_ledger *ledger, const struct request *r,
                     struct signet_error *err)
{
    static const struct signet_device_facts none;
    const struct signet_device_facts *f = r->facts ? r->facts : &none;
    const struct {
        const char *column, *value;
    } facts[] = {{"hw_id", f->hw_id},
                 {"psk_identity", f->psk_identity},
                 {"psk_sha256", f->psk_sha256},
                 {"spki_sha256", f->spki_sha256},
                 {"cert_issuer", f->cert_issuer},
                 {"cert_serial", f->cert_serial},
                 {"packet_sha256", f->packet_sha256},
                 {"image_sha256", f->image_sha256}};
    int rc = SIGNET_OK;
    for (size_t i = 0; i < sizeof facts / sizeof *facts && rc == SIGNET_OK; i++) {
        char sql[96];
        if (!facts[i].value)
            continue;
        snprintf(sql, sizeof sql, "UPDATE devices SET %s = ? WHERE id = ?", facts[i].column);
        rc = store_run(ledger, err, sql, "si", facts[i].value, r->lease.device);
        if (rc == SIGNET_OK || sqlite3_extended_errcode(ledger->db) != SQLITE_CONSTRAINT_UNIQUE)
            continue;
        char other[152] = "another device";
        sqlite3_stmt *stmt = NULL;
        snprintf(sql, sizeof sql, "SELECT endpoint FROM devices WHERE %s = ? AND id <> ?",
                 facts[i].column);
        if (store_prepare(ledger, &stmt, NULL, sql, "si", facts[i].value, r->lease.device) ==
                SIGNET_OK &&
            sqlite3_step(stmt) == SQLITE_ROW)
            snprintf(other, sizeof other, "%s", (const char *)sqlite3_column_text(stmt, 0));
        sqlite3_finalize(stmt);
        rc = error_set(err, SIGNET_E_CONFLICT, "%s: its %s is in use by %s", r->lease.endpoint,
                       facts[i].column, other);
    }
    return rc;
}

static int advance(struct signet_ledger *ledger, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    sqlite3_stmt *stmt = NULL;
    int rc = leased(ledger, &r->lease, &stmt, err);
    if (rc == SIGNET_OK) {
        int from = sqlite3_column_int(stmt, 0);
        const char *hw = (const char *)sqlite3_column_text(stmt, 2);
        const char *now_hw = r->facts ? r->facts->hw_id : NULL;
        /* no server to feed: verified -> done */
        bool legal = (int)r->state == from || (int)r->state == from + 1 ||
                     (from == SIGNET_DEVICE_VERIFIED && r->state == SIGNET_DEVICE_DONE);
        if (!legal || r->state > SIGNET_DEVICE_DONE)
            rc = error_set(err, SIGNET_E_USAGE, "%s: no way from %s to %s", r->lease.endpoint,
                           names[from], r->state <= 8 ? names[r->state] : "?");
        else if (sqlite3_column_int(stmt, 1) && hw && now_hw && strcmp(hw, now_hw) != 0)
            rc =
                error_set(err, SIGNET_E_CONFLICT,
                          "%s: its credentials may be on another board already", r->lease.endpoint);
    }
    sqlite3_finalize(stmt);
    if (rc == SIGNET_OK)
        rc = set_facts(ledger, r, err);
    if (rc == SIGNET_OK)
        rc = store_run(ledger, err,
                       "UPDATE devices SET state = ?1, exposed = exposed OR ?1 >= 2 WHERE id = ?2",
                       "ii", (int64_t)r->state, r->lease.device);
    if (rc == SIGNET_OK)
        rc = chain_append(ledger, r->lease.device, names[r->state],
                          r->facts && r->facts->hw_id ? r->facts->hw_id : "", err);
    return rc;
}

int signet_ledger_advance(struct signet_ledger *ledger, struct signet_lease *lease,
                          enum signet_device_state state, const struct signet_device_facts *facts,
                          struct signet_error *err)
{
    struct request r = {.lease = *lease, .state = state, .facts = facts};
    int rc = store_change(ledger, advance, &r, err);
    if (rc == SIGNET_OK)
        lease->state = state;
    return rc;
}

static int fail(struct signet_ledger *ledger, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    sqlite3_stmt *stmt = NULL;
    int rc = leased(ledger, &r->lease, &stmt, err);
    sqlite3_finalize(stmt);
    if (rc == SIGNET_OK)
        rc = store_run(ledger, err,
                       "UPDATE devices SET state = 7, lease_until = 0, error_code = ?, error = ?"
                       " WHERE id = ?",
                       "isi", (int64_t)r->why->code, r->why->msg, r->lease.device);
    return rc == SIGNET_OK ? chain_append(ledger, r->lease.device, "failed", r->why->msg, err) : rc;
}

int signet_ledger_fail(struct signet_ledger *ledger, struct signet_lease *lease,
                       const struct signet_error *why, struct signet_error *err)
{
    struct request r = {.lease = *lease, .why = why};
    int rc = store_change(ledger, fail, &r, err);
    if (rc == SIGNET_OK)
        lease->state = SIGNET_DEVICE_FAILED;
    return rc;
}

/* quota: seconds from now to the end of the lease; -1 ends it */
static int extend(struct signet_ledger *ledger, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    sqlite3_stmt *stmt = NULL;
    int64_t now;
    int rc = store_now(&now, err);
    if (rc == SIGNET_OK)
        rc = leased(ledger, &r->lease, &stmt, err);
    sqlite3_finalize(stmt);
    if (rc == SIGNET_OK)
        rc = store_run(ledger, err, "UPDATE devices SET lease_until = ? WHERE id = ?", "ii",
                       r->quota < 0 ? 0 : now + r->quota, r->lease.device);
    return rc;
}

int signet_ledger_renew(struct signet_ledger *ledger, const struct signet_lease *lease,
                        struct signet_error *err)
{
    struct request r = {.lease = *lease, .quota = ledger->lease_seconds};
    return store_change(ledger, extend, &r, err);
}

int signet_ledger_release(struct signet_ledger *ledger, const struct signet_lease *lease,
                          struct signet_error *err)
{
    struct request r = {.lease = *lease, .quota = -1};
    return store_change(ledger, extend, &r, err);
}

/* The one device that goes by this name. */
static int named(struct signet_ledger *ledger, struct request *r, bool *exposed,
                 struct signet_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = store_prepare(ledger, &stmt, err,
                           "SELECT id, state, exposed, order_id FROM devices"
                           " WHERE endpoint = ? AND freed = 0",
                           "s", r->name);
    if (rc == SIGNET_OK)
        rc = find(ledger, stmt, err);
    if (rc == SIGNET_E_NOT_FOUND)
        error_set(err, rc, "the ledger has no device %s", r->name);
    if (rc == SIGNET_OK) {
        r->lease.device = sqlite3_column_int64(stmt, 0);
        r->state = (enum signet_device_state)sqlite3_column_int(stmt, 1);
        *exposed = sqlite3_column_int(stmt, 2) != 0;
        r->order = sqlite3_column_int64(stmt, 3);
    }
    sqlite3_finalize(stmt);
    return rc;
}

static int make_void(struct signet_ledger *ledger, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    bool exposed = false;
    int rc = named(ledger, r, &exposed, err);
    if (rc == SIGNET_OK && r->state == SIGNET_DEVICE_VOID)
        return error_set(err, SIGNET_E_EXISTS, "%s is void already", r->name);
    if (rc == SIGNET_OK)
        rc = store_run(ledger, err,
                       "UPDATE devices SET state = 8, token = token + 1, freed = ?, error = ?"
                       " WHERE id = ?",
                       "isi", (int64_t)!exposed, r->detail, r->lease.device);
    if (rc == SIGNET_OK && !exposed)
        rc = store_run(ledger, err, "UPDATE orders SET issued = issued - 1 WHERE id = ?", "i",
                       r->order);
    return rc == SIGNET_OK ? chain_append(ledger, r->lease.device, "void", r->detail, err) : rc;
}

int signet_ledger_void(struct signet_ledger *ledger, const char *endpoint, const char *reason,
                       struct signet_error *err)
{
    struct request r = {.name = endpoint, .detail = reason};
    if (!endpoint || !reason || !*reason)
        return error_set(err, SIGNET_E_USAGE, "void needs an endpoint and a reason");
    return store_change(ledger, make_void, &r, err);
}

static int rework(struct signet_ledger *ledger, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    bool exposed;
    int rc = named(ledger, r, &exposed, err);
    if (rc == SIGNET_OK && r->state != SIGNET_DEVICE_FAILED)
        return error_set(err, SIGNET_E_USAGE, "%s is %s; only a failed device is reworked", r->name,
                         names[r->state]);
    if (rc == SIGNET_OK)
        rc = store_run(ledger, err,
                       "UPDATE devices SET state = 0, attempt = attempt + 1, lease_until = 0"
                       " WHERE id = ?",
                       "i", r->lease.device);
    return rc == SIGNET_OK ? chain_append(ledger, r->lease.device, "rework", "", err) : rc;
}

int signet_ledger_rework(struct signet_ledger *ledger, const char *endpoint,
                         struct signet_error *err)
{
    struct request r = {.name = endpoint};
    return store_change(ledger, rework, &r, err);
}
