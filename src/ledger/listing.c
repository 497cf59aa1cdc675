/* SPDX-License-Identifier: Apache-2.0 */

/* Devices, events and deliveries, as they are recorded. */
#include "ledger/store.h"

static const char *or_empty(const char *value)
{
    return value ? value : "";
}

static int give_device(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    const struct look *k = ctx;
    bool failed = db_null(row, 17) != NULL;
    const struct signet_ledger_device d = {
        .order = db_text(row, 1),
        .endpoint = db_text(row, 2),
        .station = db_text(row, 3),
        .slot = db_text(row, 4),
        .state = (enum signet_device_state)db_int(row, 5),
        .attempt = (int)db_int(row, 6),
        .edition = (int)db_int(row, 21),
        .exposed = db_int(row, 7) != 0,
        .freed = db_int(row, 8) != 0,
        .imported = db_int(row, 0) >= OWN_END,
        .created = db_int(row, 9),
        .changed = db_int(row, 10),
        .hw_id = db_text(row, 11),
        .psk_identity = db_text(row, 12),
        .psk_sha256 = db_text(row, 13),
        .spki_sha256 = db_text(row, 14),
        .packet_sha256 = db_text(row, 15),
        .image_sha256 = db_text(row, 16),
        .error_code = failed ? signet_code_name((enum signet_code)db_int(row, 17)) : "",
        .error = db_text(row, 18),
        .cert_issuer = db_text(row, 19),
        .cert_serial = db_text(row, 20),
    };

    return k->device(k->ctx, &d, err);
}

#define DEVICE                                                                                     \
    "SELECT d.id, o.name, d.endpoint, " STATION_OF_D ", d.slot, d.state, d.attempt, d.exposed,"    \
    " d.freed, d.created, d.changed, d.hw_id, d.psk_identity, d.psk_sha256, d.spki_sha256,"        \
    " d.packet_sha256, d.image_sha256, d.error_code, d.error, d.cert_issuer, d.cert_serial,"       \
    " " EDITION " FROM devices d JOIN orders o ON o.id = d.order_id WHERE d.id > $2"               \
    " AND ($4 = '' OR o.name = $4) AND ($5 = '' OR " STATION_OF_D                                  \
    " = $5) AND ($6 < 0 OR d.state = $6)"

static int walk_devices(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    static const char of_all[] = DEVICE " AND $3 = '' ORDER BY d.id LIMIT $1";
    static const char of_one[] = DEVICE " AND d.id IN " OF_NAME("$3") " ORDER BY d.id LIMIT $1";
    static const char on_board[] = DEVICE
        " AND d.id IN (SELECT id FROM devices WHERE hw_id = $3 AND state < {void}) ORDER BY d.id"
        " LIMIT $1";
    static const struct signet_ledger_filter any = {.state = -1};
    const struct look *k = arg;
    const struct signet_ledger_filter *f = k->filter ? k->filter : &any;
    const char *name = or_empty(f->hw_id ? f->hw_id : f->endpoint);
    const struct db_walk walk = {.sql = f->hw_id ? on_board
                                        : *name  ? of_one
                                                 : of_all,
                                 .keys = 1,
                                 .row = give_device,
                                 .ctx = arg};

    return db_walk(l->db, &walk, err, "sssi", name, or_empty(f->order), or_empty(f->station),
                   (int64_t)f->state);
}

int signet_ledger_devices(struct signet_ledger *ledger, const struct signet_ledger_filter *filter,
                          signet_ledger_device_each *row, void *ctx, struct signet_error *err)
{
    struct look k = {.filter = filter, .device = row, .ctx = ctx};

    return store_read_once(ledger, walk_devices, &k, err);
}

#define EVENT(edition)                                                                             \
    "SELECT e.station, e.seq, s.name, e.time, COALESCE(d.endpoint, ''), e.kind, e.detail,"         \
    " e.operator, e.tool, e.hash, " edition " FROM events e JOIN stations s ON s.id = e.station"   \
    " LEFT JOIN devices d ON d.id = e.device"

static int give_event(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    const struct look *k = ctx;
    const struct signet_ledger_event e = {.seq = db_int(row, 1),
                                          .station = db_text(row, 2),
                                          .time = db_int(row, 3),
                                          .endpoint = db_text(row, 4),
                                          .kind = db_text(row, 5),
                                          .detail = db_text(row, 6),
                                          .operator_name = db_text(row, 7),
                                          .tool = db_text(row, 8),
                                          .hash = db_text(row, 9),
                                          .edition = (int)db_int(row, 10)};

    return k->event(k->ctx, &e, err);
}

static int walk_events(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    static const char of_all[] =
        EVENT("0") " WHERE (e.station, e.seq) > ($2, $3) ORDER BY e.station, e.seq LIMIT $1";
    static const char of_one[] =
        EVENT(EDITION) " WHERE e.device IN " OF_NAME("$1") " ORDER BY e.device, e.n";
    const struct look *k = arg;
    const struct db_walk all = {.sql = of_all, .keys = 2, .row = give_event, .ctx = arg};
    const struct db_walk one = {.sql = of_one, .row = give_event, .ctx = arg};

    return k->name ? db_walk(l->db, &one, err, "s", k->name) : db_walk(l->db, &all, err, "");
}

int signet_ledger_events(struct signet_ledger *ledger, const char *endpoint,
                         signet_ledger_event_each *row, void *ctx, struct signet_error *err)
{
    struct look k = {.name = endpoint, .event = row, .ctx = ctx};

    return store_read_once(ledger, walk_events, &k, err);
}

static int give_delivery(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    const struct look *k = ctx;
    const struct signet_ledger_delivery d = {.server = db_text(row, 0),
                                             .delivered = db_int(row, 1) == 1,
                                             .refused = db_int(row, 1) == 2,
                                             .removing = db_int(row, 1) == 3,
                                             .removed = db_int(row, 1) == 4,
                                             .edition = (int)db_int(row, 4),
                                             .changed = db_int(row, 2),
                                             .error = db_text(row, 3)};

    return k->delivery(k->ctx, &d, err);
}

static int walk_deliveries(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct look *k = arg;
    const struct db_walk walk = {.sql = "SELECT v.server, v.state, v.changed, v.error, " EDITION
                                        " FROM deliveries v"
                                        " JOIN devices d ON d.id = v.device WHERE d.id IN " OF_NAME(
                                            "$1") " ORDER BY d.id, v.server",
                                 .row = give_delivery,
                                 .ctx = arg};

    return db_walk(l->db, &walk, err, "s", or_empty(k->name));
}

int signet_ledger_deliveries(struct signet_ledger *ledger, const char *endpoint,
                             signet_ledger_delivery_each *row, void *ctx, struct signet_error *err)
{
    struct look k = {.name = endpoint, .delivery = row, .ctx = ctx};

    return store_read_once(ledger, walk_deliveries, &k, err);
}
