/* SPDX-License-Identifier: Apache-2.0 */

/* Who may work on a device, and for how long. */

#include "ledger/store.h"
#include <stdio.h>

void lease_read(const struct db_rows *row, struct signet_lease *lease)
{
    *lease = (struct signet_lease){.device = db_int(row, 0),
                                   .token = db_int(row, 1),
                                   .index = db_int(row, 2),
                                   .attempt = (int)db_int(row, 3),
                                   .state = (enum signet_device_state)db_int(row, 4)};
    snprintf(lease->endpoint, sizeof(lease->endpoint), "%s", db_text(row, 5));
}

int lease_collect(struct db_rows *rows, struct signet_lease *leases, size_t max, size_t *count,
                  struct signet_error *err)
{
    int rc = SIGNET_OK;

    while (rc == SIGNET_OK && *count < max) {
        rc = db_step(rows, err);
        if (rc == SIGNET_OK)
            lease_read(rows, &leases[(*count)++]);
    }
    return db_done(rows, rc);
}

/* A second statement, and not RETURNING, for which SQLite makes a table each time. */
int device_event(struct signet_ledger *l, int64_t device, const char *kind, const char *detail,
                 struct signet_error *err)
{
    struct db_rows row;
    int rc =
        db_find(l->db, &row, err, "SELECT " DEVICE_ROW " FROM devices WHERE id = $1", "i", device);

    if (rc == SIGNET_OK)
        rc = chain_append(l, &row, ROW_COLUMNS, kind, detail, err);
    db_end(&row);
    return rc;
}

int lease_take(struct signet_ledger *l, struct signet_lease *lease, const char *slot,
               struct signet_error *err)
{
    int rc =
        db_run(l->db, err,
               "UPDATE devices SET token = token + 1, lease_until = $2, station = $3,"
               " slot = COALESCE($4, slot), changed = $5, events = events + 1 WHERE id = $1",
               "iissi", lease->device, l->db->now + l->lease_seconds, l->station, slot, l->db->now);

    lease->token++;
    return rc == SIGNET_OK ? device_event(l, lease->device, "resumed", slot, err) : rc;
}

int lease_lost(const struct signet_lease *lease, struct signet_error *err)
{
    return error_set(err, SIGNET_E_BUSY, "%s: this station no longer holds the device",
                     lease->endpoint);
}

struct extension {
    const struct signet_lease *leases;
    size_t count;
    int64_t seconds; /* from now to the end of the lease; 0 ends it */
};

static int extend_one(struct signet_ledger *l, const struct signet_lease *lease, int64_t seconds,
                      struct signet_error *err)
{
    int rc = db_change(l->db, err,
                       "UPDATE devices SET lease_until = $3 WHERE id = $1 AND token = $2"
                       " AND state < {done}",
                       "iii", lease->device, lease->token, seconds ? l->db->now + seconds : 0);

    return rc == SIGNET_E_NOT_FOUND ? lease_lost(lease, err) : rc;
}

int lease_release(struct signet_ledger *l, const struct signet_lease *lease,
                  struct signet_error *err)
{
    return extend_one(l, lease, 0, err);
}

static int extend(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct extension *e = arg;
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < e->count; i++)
        rc = extend_one(l, &e->leases[i], e->seconds, err);
    return rc;
}

int signet_ledger_renew(struct signet_ledger *ledger, const struct signet_lease *lease,
                        struct signet_error *err)
{
    struct extension e = {.leases = lease, .count = 1, .seconds = ledger->lease_seconds};

    return store_change(ledger, extend, &e, err);
}

int signet_ledger_release_many(struct signet_ledger *ledger, const struct signet_lease *leases,
                               size_t count, struct signet_error *err)
{
    struct extension e = {.leases = leases, .count = count};

    return store_change(ledger, extend, &e, err);
}

int signet_ledger_release(struct signet_ledger *ledger, const struct signet_lease *lease,
                          struct signet_error *err)
{
    return signet_ledger_release_many(ledger, lease, 1, err);
}

static int recover(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const int64_t *order = arg;
    int rc = db_run(l->db, err,
                    "UPDATE devices SET lease_until = 0, token = token + 1 WHERE order_id = $1"
                    " AND station = $2 AND state < {done} AND state <> {done} AND lease_until > 0",
                    "is", *order, l->station);

    if (rc == SIGNET_OK)
        rc = db_run(l->db, err,
                    "UPDATE deliveries SET lease_until = 0, token = token + 1"
                    " WHERE station = $2 AND state = 0 AND lease_until > 0 AND device IN"
                    " (SELECT id FROM devices WHERE order_id = $1 AND state = {verified})",
                    "is", *order, l->station);
    if (rc == SIGNET_OK)
        rc = db_run(l->db, err,
                    "UPDATE deliveries SET lease_until = 0, token = token + 1"
                    " WHERE state = 3 AND station = $2 AND lease_until > 0"
                    " AND $1 = (SELECT order_id FROM devices d WHERE d.id = deliveries.device)",
                    "is", *order, l->station);
    return rc;
}

int signet_ledger_recover(struct signet_ledger *ledger, int64_t order, struct signet_error *err)
{
    return store_change(ledger, recover, &order, err);
}
