/* SPDX-License-Identifier: Apache-2.0 */
/* Devices on their way to the servers. A delivery is a row for a device and a server; it is made
 * when somebody first takes it up: the station that made the device, where its secret is sealed. */
#include "ledger/lease.h"

#include <string.h>

enum { SERVERS_MAX = 8 };

struct request {
    int64_t order, after;
    const char *server;
    const char *const *servers;
    size_t server_count;
    struct signet_lease *leases;
    const struct signet_lease *given;
    const struct signet_error *outcomes;
    size_t max, count;
};

/* The rows of a query into leases, which are fewer than max. */
static int collect(struct db_rows *row, struct request *r, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (r->count = 0; rc == SIGNET_OK && r->count < r->max; r->count += rc == SIGNET_OK) {
        rc = db_step(row, err);
        if (rc == SIGNET_OK)
            lease_read(row, &r->leases[r->count]);
    }
    db_end(row);
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

static int take_delivery(struct signet_ledger *l, const struct request *r,
                         struct signet_lease *lease, struct signet_error *err)
{
    struct db_rows row;
    int rc = db_find(l->db, &row, err,
                     "INSERT INTO deliveries(device, server, station, changed, lease_until)"
                     " VALUES($1, $2, $3, $4, $5) ON CONFLICT(device, server) DO UPDATE SET"
                     " token = deliveries.token + 1, station = excluded.station,"
                     " lease_until = excluded.lease_until RETURNING token",
                     "issii", lease->device, r->server, l->station, l->db->now,
                     l->db->now + l->lease_seconds);

    if (rc == SIGNET_OK)
        lease->token = db_int(&row, 0);
    db_end(&row);
    return rc;
}

static int waiting(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    struct db_rows row;
    int rc = db_query(
        l->db, &row, err,
        "SELECT d.id, d.token, d.number, d.attempt, d.state, d.endpoint FROM devices d"
        " LEFT JOIN deliveries v ON v.device = d.id AND v.server = $2"
        " WHERE d.order_id = $1 AND d.state = 4 AND d.state <> 6 AND d.id > $3"
        " AND d.lease_until < $4 AND (v.device IS NULL OR (v.state = 0 AND v.lease_until < $4))"
        " AND d.station = $6 ORDER BY d.id LIMIT $5 /*+ FOR UPDATE OF d SKIP LOCKED */",
        "isiiis", r->order, r->server, r->after, l->db->now, (int64_t)r->max, l->station);

    if (rc == SIGNET_OK)
        rc = collect(&row, r, err);
    for (size_t i = 0; rc == SIGNET_OK && i < r->count; i++)
        rc = take_delivery(l, r, &r->leases[i], err);
    return rc;
}

int signet_ledger_waiting(struct signet_ledger *ledger, int64_t order, const char *server,
                          int64_t *after, struct signet_lease *leases, size_t max, size_t *count,
                          struct signet_error *err)
{
    static const struct change_kind kind = {.apply = waiting};
    struct request r = {
        .order = order, .after = *after, .server = server, .leases = leases, .max = max};
    int rc = store_change(ledger, &kind, &r, err);

    if (rc != SIGNET_OK)
        return rc;
    *count = r.count;
    if (r.count)
        *after = leases[r.count - 1].device;
    return SIGNET_OK;
}

static int settle_one(struct signet_ledger *l, const struct request *r, size_t i,
                      struct signet_error *err)
{
    const struct signet_lease *lease = &r->given[i];
    const struct signet_error *why = &r->outcomes[i];
    int state = why->code == SIGNET_OK ? 1 : why->code == SIGNET_E_BUSY ? 0 : 2;
    int rc = db_change(l->db, err,
                       "UPDATE deliveries SET state = $4, lease_until = 0, changed = $5, error = $6"
                       " WHERE device = $1 AND server = $2 AND token = $3 AND state = 0",
                       "isiiis", lease->device, r->server, lease->token, (int64_t)state, l->db->now,
                       state == 2 ? why->msg : NULL);

    if (rc != SIGNET_OK || state == 0)
        return rc;
    if (state == 2)
        return device_set_aside(l, lease->device, why, err);
    /* also when another server has refused it meanwhile: this one has it */
    rc = db_change(l->db, err, "UPDATE devices SET changed = $2, events = events + 1 WHERE id = $1",
                   "ii", lease->device, l->db->now);
    return rc == SIGNET_OK ? device_event(l, lease->device, "delivered", r->server, err) : rc;
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
    static const struct change_kind kind = {.apply = delivered};
    struct request r = {.server = server, .given = leases, .outcomes = outcomes, .count = count};

    return store_change(ledger, &kind, &r, err);
}

static int settled(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    static const char find[] =
        "SELECT " LEASE_COLUMNS " FROM devices d WHERE order_id = $1 AND state <> 6"
        " AND lease_until < $2 AND (state = 5 OR (state = 4 AND $3 = (SELECT count(*)"
        " FROM deliveries v WHERE v.device = d.id AND v.state = 1"
        " AND v.server IN ($5, $6, $7, $8, $9, $10, $11, $12)))) AND station = $13 ORDER BY id "
        "LIMIT $4"
        " /*+ FOR UPDATE OF d SKIP LOCKED */";
    static const char registered[] =
        "UPDATE devices SET state = 5, token = token + 1, lease_until = $2, changed = $3,"
        " events = events + 1 WHERE id = $1";
    struct request *r = arg;
    const char *s[SERVERS_MAX] = {"", "", "", "", "", "", "", ""};
    struct db_rows row;

    for (size_t i = 0; i < r->server_count; i++)
        s[i] = r->servers[i];
    int rc = db_query(l->db, &row, err, find, "iiiisssssssss", r->order, l->db->now,
                      (int64_t)r->server_count, (int64_t)r->max, s[0], s[1], s[2], s[3], s[4], s[5],
                      s[6], s[7], l->station);
    if (rc == SIGNET_OK)
        rc = collect(&row, r, err);
    for (size_t i = 0; rc == SIGNET_OK && i < r->count; i++) {
        struct signet_lease *lease = &r->leases[i];
        if (lease->state == SIGNET_DEVICE_REGISTERED || r->server_count == 0) {
            rc = lease_take(l, lease, NULL, NULL, err);
            continue;
        }
        rc = db_run(l->db, err, registered, "iii", lease->device, l->db->now + l->lease_seconds,
                    l->db->now);
        if (rc == SIGNET_OK)
            rc = device_event(l, lease->device, "registered", "", err);
        lease->token++;
        lease->state = SIGNET_DEVICE_REGISTERED;
    }
    return rc;
}

int signet_ledger_settled(struct signet_ledger *ledger, int64_t order, const char *const *servers,
                          size_t server_count, struct signet_lease *leases, size_t max,
                          size_t *count, struct signet_error *err)
{
    static const struct change_kind kind = {.apply = settled};
    struct request r = {.order = order,
                        .servers = servers,
                        .server_count = server_count,
                        .leases = leases,
                        .max = max};

    if (server_count > SERVERS_MAX)
        return error_set(err, SIGNET_E_LIMIT, "more than %d servers", SERVERS_MAX);
    int rc = store_change(ledger, &kind, &r, err);
    if (rc == SIGNET_OK)
        *count = r.count;
    return rc;
}
