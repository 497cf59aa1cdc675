/* SPDX-License-Identifier: Apache-2.0 */

/* The stations of a ledger, and what each did last. */

#include "ledger/store.h"

struct stations {
    signet_ledger_station_each *row;
    void *ctx;
};

static int give_station(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    const struct stations *s = ctx;
    const struct signet_ledger_station station = {.name = db_text(row, 0),
                                                  .time = db_int(row, 1),
                                                  .kind = db_text(row, 2),
                                                  .operator_name = db_text(row, 3),
                                                  .order = db_text(row, 4)};

    return s->row(s->ctx, &station, err);
}

static int walk_stations(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct db_walk walk = {
        .sql = "SELECT s.name, e.time, e.kind, e.operator, COALESCE(o.name, '') FROM stations s"
               " JOIN events e ON e.station = s.id AND e.seq ="
               " (SELECT max(x.seq) FROM events x WHERE x.station = s.id)"
               " LEFT JOIN devices d ON d.id = e.device AND e.device > 0 LEFT JOIN orders o"
               " ON o.id = CASE WHEN e.device < 0 THEN -e.device ELSE d.order_id END"
               " ORDER BY s.name",
        .row = give_station,
        .ctx = arg};

    return db_walk(l->db, &walk, err, "");
}

int signet_ledger_stations(struct signet_ledger *ledger, signet_ledger_station_each *row, void *ctx,
                           struct signet_error *err)
{
    struct stations s = {.row = row, .ctx = ctx};

    return store_read_once(ledger, walk_stations, &s, err);
}
