/* SPDX-License-Identifier: Apache-2.0 */

/* What the other stations have in hand. */

#include "ledger/store.h"

static int give_in_work(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    const struct look *k = ctx;
    const struct signet_ledger_in_work in_work = {.station = db_text(row, 0),
                                                  .begun = db_int(row, 1),
                                                  .exposed = db_int(row, 2),
                                                  .waiting = db_int(row, 3)};

    return k->in_work(k->ctx, &in_work, err);
}

/* Nobody holds a device that waits for its servers: that its station is at work shows by when it
 * came so far. */
static int walk_in_work(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct look *k = arg;
    const struct db_walk walk = {
        .sql =
            "SELECT station, sum(CASE WHEN state < {verified} AND exposed = 0 THEN 1 ELSE 0 END),"
            " sum(CASE WHEN state < {verified} AND exposed = 1 THEN 1 ELSE 0 END),"
            " sum(CASE WHEN state >= {verified} THEN 1 ELSE 0 END)"
            " FROM devices WHERE order_id = $1 AND state <> {done} AND station <> $2"
            " AND ((state < {verified} AND NOT " LEASE_ENDED(
                "lease_until",
                "$3") ")"
                      " OR (state IN ({verified}, {registered}) AND changed >= $3 - $4))"
                      " GROUP BY station ORDER BY station",
        .row = give_in_work,
        .ctx = arg};

    return db_walk(l->db, &walk, err, "isii", k->order_id, l->station, l->db->now,
                   (int64_t)l->lease_seconds);
}

int signet_ledger_in_work(struct signet_ledger *ledger, int64_t order,
                          signet_ledger_in_work_each *row, void *ctx, struct signet_error *err)
{
    struct look k = {.order_id = order, .in_work = row, .ctx = ctx};

    return store_read_once(ledger, walk_in_work, &k, err);
}
