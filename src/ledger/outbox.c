/* SPDX-License-Identifier: Apache-2.0 */

/* Devices on their way to the servers. A delivery is a row for a device and a server; it is made
 * when somebody first takes it up: the station that made the device, where its secret is sealed. */

#include "ledger/store.h"

enum { SERVERS_MAX = 8 };
#define DEVICE_FREE   LEASE_ENDED("d.lease_until", "$4")
#define DELIVERY_FREE LEASE_ENDED("v.lease_until", "$4")
#define TAKEN_FREE    LEASE_ENDED("deliveries.lease_until", "$4")
#define SETTLED_FREE  LEASE_ENDED("lease_until", "$2")

struct request {
    int64_t order, after, seen;
    const char *server;
    const char *const *servers;
    size_t server_count;
    struct signet_lease *leases;
    const struct signet_lease *given;
    const struct signet_error *outcomes;
    size_t max, count;
};

/* SIGNET_E_NOT_FOUND: another station took it, or even brought it there, after the outbox was
 * looked through. */
static int take_delivery(struct signet_ledger *l, const struct request *r,
                         struct signet_lease *lease, struct signet_error *err)
{
    return db_get(l->db, err,
                  "INSERT INTO deliveries(device, server, station, changed, lease_until)"
                  " VALUES($1, $2, $3, $4, $5) ON CONFLICT(device, server) DO UPDATE SET"
                  " token = deliveries.token + 1, station = excluded.station,"
                  " lease_until = excluded.lease_until WHERE deliveries.state = 0"
                  " AND " TAKEN_FREE " RETURNING token",
                  "issii:i", lease->device, r->server, l->station, l->db->now,
                  l->db->now + l->lease_seconds, &lease->token);
}

/* As lease_collect(), with the edition. */
static int collect_waiting(struct db_rows *rows, const struct request *r, size_t *found,
                           struct signet_error *err)
{
    int rc = SIGNET_OK;

    while (rc == SIGNET_OK && *found < r->max && (rc = db_step(rows, err)) == SIGNET_OK) {
        struct signet_lease *lease = &r->leases[(*found)++];
        lease_read(rows, lease);
        lease->edition = (int)db_int(rows, 6);
    }
    return db_done(rows, rc);
}

static int wait_page(struct signet_ledger *l, struct request *r, struct signet_error *err)
{
    struct db_rows row;
    int rc = db_query(
        l->db, &row, err,
        "SELECT d.id, d.token, d.number, d.attempt, d.state, d.endpoint, " EDITION " FROM devices d"
        " LEFT JOIN deliveries v ON v.device = d.id AND v.server = $2"
        " WHERE d.order_id = $1 AND d.state = {verified} AND d.id > $3"
        " AND " DEVICE_FREE " AND (v.device IS NULL OR (v.state = 0 AND " DELIVERY_FREE "))"
        " AND d.station = $6 AND NOT EXISTS(SELECT 1 FROM devices o JOIN deliveries w"
        " ON w.device = o.id WHERE o.endpoint = d.endpoint AND o.freed = 1 AND w.server = $2"
        " AND w.state = 3) ORDER BY d.id LIMIT $5 /*+ FOR UPDATE OF d SKIP LOCKED */",
        "isiiis", r->order, r->server, r->seen, l->db->now, (int64_t)r->max, l->station);

    size_t found = 0;
    r->count = 0;
    if (rc == SIGNET_OK)
        rc = collect_waiting(&row, r, &found, err);
    for (size_t i = 0; rc == SIGNET_OK && i < found; i++) {
        r->seen = r->leases[i].device;
        r->leases[r->count] = r->leases[i];
        rc = take_delivery(l, r, &r->leases[r->count], err);
        r->count += rc == SIGNET_OK;
        if (rc == SIGNET_E_NOT_FOUND)
            rc = SIGNET_OK;
    }
    return rc;
}

/* Those that others took meanwhile are no end of the outbox. */
static int waiting(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    int64_t before;
    int rc;

    r->seen = r->after;
    do {
        before = r->seen;
        rc = wait_page(l, r, err);
    } while (rc == SIGNET_OK && r->count == 0 && r->seen != before);
    return rc;
}

int signet_ledger_waiting(struct signet_ledger *ledger, int64_t order, const char *server,
                          int64_t *after, struct signet_lease *leases, size_t max, size_t *count,
                          struct signet_error *err)
{
    if (!server || !*server || !text_is_clean(server))
        return error_set(err, SIGNET_E_USAGE, "an outbox needs a server's name");
    struct request r = {
        .order = order, .after = *after, .server = server, .leases = leases, .max = max};
    int rc = store_change(ledger, waiting, &r, err);

    if (rc != SIGNET_OK)
        return rc;
    *count = r.count;
    *after = r.seen;
    return SIGNET_OK;
}

static int undelivered(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    int64_t count = 0;
    int rc = db_get(l->db, err,
                    "SELECT count(*) FROM devices d LEFT JOIN deliveries v ON v.device = d.id AND"
                    " v.server = $2 WHERE d.order_id = $1 AND d.state = {verified}"
                    " AND (v.device IS NULL OR v.state = 0) AND d.station = $3",
                    "iss:i", r->order, r->server, l->station, &count);

    r->count = (size_t)count;
    return rc;
}

int signet_ledger_undelivered(struct signet_ledger *ledger, int64_t order, const char *server,
                              int64_t *count, struct signet_error *err)
{
    struct request r = {.order = order, .server = server};
    int rc = store_read(ledger, undelivered, &r, err);

    if (rc == SIGNET_OK)
        *count = (int64_t)r.count;
    return rc;
}

/* What a server did is on the device's record, whatever has become of the device meanwhile: it may
 * have one that is void. */
static int note_refusal(struct signet_ledger *l, int64_t device, const char *server,
                        const char *said, const struct signet_error *why, struct signet_error *err)
{
    struct buf detail = {0};

    buf_printf(&detail, "%s: %s", server, said);
    int rc = buf_check(&detail, err);
    if (rc == SIGNET_OK)
        rc = device_set_aside(l, device, 0, why, (const char *)detail.data, err);
    if (rc == SIGNET_E_NOT_FOUND) /* it is at its end already */
        rc = device_note(l, device, 0, "refused", (const char *)detail.data, err);
    buf_free(&detail);
    return rc;
}

/* The device is locked before its delivery, as everywhere. changed is the time of the event. */
static int settle_one(struct signet_ledger *l, const struct request *r, size_t i,
                      struct signet_error *err)
{
    const struct signet_lease *lease = &r->given[i];
    const struct signet_error *why = &r->outcomes[i];
    int state = why->code == SIGNET_OK ? 1 : why->code == SIGNET_E_BUSY ? 0 : 2;
    struct buf room = {0};
    int64_t now = 0;
    int rc = chain_time(l, &now, err);

    if (rc == SIGNET_OK)
        rc =
            db_change(l->db, err,
                      "UPDATE deliveries SET state = $4, lease_until = 0, changed = $5, error = $6,"
                      " station = $7 WHERE device = (SELECT id FROM devices WHERE id = $1"
                      " /*+ FOR UPDATE */) AND server = $2 AND token = $3 AND state = 0",
                      "isiiiss", lease->device, r->server, lease->token, (int64_t)state, now,
                      state == 2 ? text_clean(why->msg, &room) : NULL, l->station);
    if (rc == SIGNET_OK && state == 1)
        rc = device_note(l, lease->device, 0, "delivered", r->server, err);
    if (rc == SIGNET_OK && state == 2)
        rc = note_refusal(l, lease->device, r->server, text_clean(why->msg, &room), why, err);
    buf_free(&room);
    return rc;
}

static int delivered(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    int rc = SIGNET_OK;

    for (size_t i = 0; i < r->count && rc == SIGNET_OK; i++) {
        rc = settle_one(l, r, i, err);
        if (rc == SIGNET_E_NOT_FOUND) /* somebody else has it by now */
            rc = SIGNET_OK;
    }
    return rc;
}

int signet_ledger_delivered(struct signet_ledger *ledger, const char *server,
                            const struct signet_lease *leases, size_t count,
                            const struct signet_error *outcomes, struct signet_error *err)
{
    if (!server || !*server || !text_is_clean(server))
        return error_set(err, SIGNET_E_USAGE, "a delivery needs a server's name");
    struct request r = {.server = server, .given = leases, .outcomes = outcomes, .count = count};

    return store_change(ledger, delivered, &r, err);
}

/* 1 order, 2 now, 3 station, 4 how many. That a registered device is not done is said for the index
 * not_done. */
static const char registered_before[] =
    "SELECT " LEASE_COLUMNS " FROM devices WHERE order_id = $1 AND state = {registered}"
    " AND state <> {done} AND " SETTLED_FREE " AND station = $3 ORDER BY lease_until, id"
    " LIMIT $4 /*+ FOR UPDATE SKIP LOCKED */";
/* 5 number of servers, 6 to 13 servers */
static const char at_all_servers[] =
    "SELECT " LEASE_COLUMNS " FROM devices d WHERE order_id = $1 AND state = {verified}"
    " AND " SETTLED_FREE " AND station = $3 AND delivered >= $5 AND $5 = (SELECT count(*)"
    " FROM deliveries v WHERE v.device = d.id AND v.state = 1"
    " AND v.server IN ($6, $7, $8, $9, $10, $11, $12, $13)) ORDER BY delivered, id"
    " LIMIT $4 /*+ FOR UPDATE OF d SKIP LOCKED */";

static int find_settled(struct signet_ledger *l, struct request *r, struct signet_error *err)
{
    const char *s[SERVERS_MAX] = {"", "", "", "", "", "", "", ""};
    struct db_rows row;

    for (size_t i = 0; i < r->server_count; i++)
        s[i] = r->servers[i];
    r->count = 0;
    int rc = db_query(l->db, &row, err, registered_before, "iisi", r->order, l->db->now, l->station,
                      (int64_t)r->max);
    if (rc == SIGNET_OK)
        rc = lease_collect(&row, r->leases, r->max, &r->count, err);
    if (rc != SIGNET_OK || r->count == r->max)
        return rc;
    rc = db_query(l->db, &row, err, at_all_servers, "iisiissssssss", r->order, l->db->now,
                  l->station, (int64_t)(r->max - r->count), (int64_t)r->server_count, s[0], s[1],
                  s[2], s[3], s[4], s[5], s[6], s[7]);
    return rc == SIGNET_OK ? lease_collect(&row, r->leases, r->max, &r->count, err) : rc;
}

static const char register_now[] =
    "UPDATE devices SET state = {registered}, token = token + 1, lease_until = $2, changed = $3,"
    " events = events + 1 WHERE id = $1";
static const char take_again[] =
    "UPDATE devices SET token = token + 1, lease_until = $2 WHERE id = $1";

/* A label alone is no registration. */
bool server_registers(const char *server)
{
    return strcmp(server, SIGNET_LEDGER_LABEL) != 0 && strcmp(server, SIGNET_LEDGER_SCANNER) != 0;
}

static bool has_other_server(const struct request *r)
{
    for (size_t i = 0; i < r->server_count; i++)
        if (server_registers(r->servers[i]))
            return true;
    return false;
}

/* Also by a server that is no more among those of its order. */
static int is_registered_now(struct signet_ledger *l, const struct request *r,
                             const struct signet_lease *lease, bool *is_new,
                             struct signet_error *err)
{
    *is_new = lease->state != SIGNET_DEVICE_REGISTERED;
    if (!*is_new || has_other_server(r))
        return SIGNET_OK;
    int rc = db_get(l->db, err,
                    "SELECT 1 FROM deliveries WHERE device = $1 AND state = 1"
                    " AND server NOT IN (" LEDGER_NO_SERVERS ") LIMIT 1",
                    "i:", lease->device);
    *is_new = rc == SIGNET_OK;
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

static int settle_lease(struct signet_ledger *l, const struct request *r,
                        struct signet_lease *lease, struct signet_error *err)
{
    bool is_new;
    int rc = is_registered_now(l, r, lease, &is_new, err);

    lease->token++;
    if (rc == SIGNET_OK)
        rc = db_run(l->db, err, is_new ? register_now : take_again, is_new ? "iii" : "ii",
                    lease->device, l->db->now + l->lease_seconds, l->db->now);
    if (is_new)
        lease->state = SIGNET_DEVICE_REGISTERED;
    return is_new && rc == SIGNET_OK ? device_event(l, lease->device, "registered", "", err) : rc;
}

static int settled(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    int rc = find_settled(l, r, err);

    for (size_t i = 0; rc == SIGNET_OK && i < r->count; i++)
        rc = settle_lease(l, r, &r->leases[i], err);
    return rc;
}

int signet_ledger_settled(struct signet_ledger *ledger, int64_t order, const char *const *servers,
                          size_t server_count, struct signet_lease *leases, size_t max,
                          size_t *count, struct signet_error *err)
{
    struct request r = {.order = order,
                        .servers = servers,
                        .server_count = server_count,
                        .leases = leases,
                        .max = max};

    if (server_count > SERVERS_MAX)
        return error_set(err, SIGNET_E_LIMIT, "more than %d servers", SERVERS_MAX);
    int rc = store_change(ledger, settled, &r, err);
    if (rc == SIGNET_OK)
        *count = r.count;
    return rc;
}
