/* SPDX-License-Identifier: Apache-2.0 */

/* What waits for a server, at whatever station. */

#include "ledger/store.h"

struct at_server {
    const char *order, *server;
    int64_t count;
};

static int count_at_server(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct at_server *a = arg;
    return db_get(l->db, err,
                  "SELECT count(*) FROM devices d LEFT JOIN deliveries v ON v.device = d.id"
                  " AND v.server = $2 WHERE d.order_id = (SELECT id FROM orders WHERE name = $1)"
                  " AND d.state = {verified} AND (v.device IS NULL OR v.state = 0)",
                  "ss:i", a->order, a->server, &a->count);
}

int signet_ledger_at_server(struct signet_ledger *ledger, const char *order, const char *server,
                            int64_t *count, struct signet_error *err)
{
    struct at_server a = {.order = order, .server = server};
    int rc = store_read(ledger, count_at_server, &a, err);

    if (rc == SIGNET_OK)
        *count = a.count;
    return rc;
}

struct pending {
    int64_t order;
    signet_ledger_pending_each *row;
    void *ctx;
};

static int give_pending(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    const struct pending *o = ctx;

    return o->row(o->ctx, db_text(row, 0), db_int(row, 1) == 3, db_int(row, 2), err);
}

static int walk_pending(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct pending *o = arg;
    const struct db_walk walk = {
        .sql = "SELECT v.server, v.state, count(*) FROM deliveries v JOIN devices d"
               " ON d.id = v.device WHERE d.order_id = $1 AND (v.state = 3 OR (v.state = 0 AND"
               " d.state IN ({verified}, {registered}, {done})))"
               " AND v.server NOT IN (" LEDGER_NO_SERVERS ") GROUP BY v.server, v.state"
               " ORDER BY v.server, v.state",
        .row = give_pending,
        .ctx = arg};

    return db_walk(l->db, &walk, err, "i", o->order);
}

int signet_ledger_pending(struct signet_ledger *ledger, int64_t order,
                          signet_ledger_pending_each *row, void *ctx, struct signet_error *err)
{
    struct pending o = {.order = order, .row = row, .ctx = ctx};

    return store_read_once(ledger, walk_pending, &o, err);
}
