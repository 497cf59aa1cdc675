/* SPDX-License-Identifier: Apache-2.0 */

/* Devices, events and deliveries, as they are recorded. */
#include "ledger/look.h"

#include <string.h>

enum { PAGE = 256 };

/* Devices that have or had a name: those whose name was given back are in an index of their own. */
#define OF_NAME                                                                                    \
    "(SELECT id FROM devices WHERE endpoint = $1 AND freed = 0 UNION ALL"                          \
    " SELECT id FROM devices WHERE endpoint = $1 AND freed = 1)"

static const char *text(const char *value)
{
    return value ? value : "";
}

static int give_device(struct look *k, const struct db_rows *row, struct signet_error *err)
{
    bool failed = db_null(row, 17) != NULL;
    const struct signet_ledger_device d = {
        .order = db_text(row, 1),
        .endpoint = db_text(row, 2),
        .station = db_text(row, 3),
        .slot = db_text(row, 4),
        .state = (enum signet_device_state)db_int(row, 5),
        .attempt = (int)db_int(row, 6),
        .exposed = db_int(row, 7) != 0,
        .freed = db_int(row, 8) != 0,
        .created = db_int(row, 9),
        .changed = db_int(row, 10),
        .hw_id = db_text(row, 11),
        .psk_identity = db_text(row, 12),
        .psk_sha256 = db_text(row, 13),
        .spki_sha256 = db_text(row, 14),
        .packet_sha256 = db_text(row, 15),
        .image_sha256 = db_text(row, 16),
        .error_code = failed ? text(signet_code_name((enum signet_code)db_int(row, 17))) : "",
        .error = db_text(row, 18),
        .cert_issuer = db_text(row, 19),
        .cert_serial = db_text(row, 20),
    };

    return look_row(k, k->device(k->ctx, &d, err));
}

#define DEVICE                                                                                     \
    "SELECT d.id, o.name, d.endpoint, d.station, d.slot, d.state, d.attempt, d.exposed,"           \
    " d.freed, d.created, d.changed, d.hw_id, d.psk_identity, d.psk_sha256, d.spki_sha256,"        \
    " d.packet_sha256, d.image_sha256, d.error_code, d.error, d.cert_issuer, d.cert_serial"        \
    " FROM devices d JOIN orders o ON o.id = d.order_id WHERE d.id > $2"                           \
    " AND ($3 = '' OR o.name = $3) AND ($4 = '' OR d.station = $4) AND ($5 < 0 OR d.state = $5)"

static int devices(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    static const char of_all[] = DEVICE " AND $1 = '' ORDER BY d.id LIMIT $6";
    static const char of_one[] = DEVICE " AND d.id IN " OF_NAME " ORDER BY d.id LIMIT $6";
    static const struct signet_ledger_filter any = {.state = -1};
    struct look *k = arg;
    const struct signet_ledger_filter *f = k->filter ? k->filter : &any;
    const char *endpoint = text(f->endpoint);
    int64_t after = 0;
    int count = PAGE, rc = look_begin(k, err);

    while (rc == SIGNET_OK && count == PAGE) {
        struct db_rows row;
        rc = db_query(l->db, &row, err, *endpoint ? of_one : of_all, "sissii", endpoint, after,
                      text(f->order), text(f->station), (int64_t)f->state, (int64_t)PAGE);
        for (count = 0; rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK; count++) {
            after = db_int(&row, 0);
            rc = give_device(k, &row, err);
            if (rc != SIGNET_OK)
                break;
        }
        db_end(&row);
        rc = look_end(k, rc);
    }
    return rc;
}

int signet_ledger_devices(struct signet_ledger *ledger, const struct signet_ledger_filter *filter,
                          int (*row)(void *, const struct signet_ledger_device *,
                                     struct signet_error *),
                          void *ctx, struct signet_error *err)
{
    struct look k = {.filter = filter, .device = row, .ctx = ctx};

    return store_read(ledger, devices, &k, err);
}

#define EVENT                                                                                      \
    "SELECT s.name, e.seq, e.time, COALESCE(d.endpoint, ''), e.kind, e.detail, e.operator, "       \
    "e.tool,"                                                                                      \
    " e.hash, e.station FROM events e JOIN stations s ON s.id = e.station"                         \
    " LEFT JOIN devices d ON d.id = e.device"

static int give_event(struct look *k, const struct db_rows *row, struct signet_error *err)
{
    const struct signet_ledger_event e = {.station = db_text(row, 0),
                                          .seq = db_int(row, 1),
                                          .time = db_int(row, 2),
                                          .endpoint = db_text(row, 3),
                                          .kind = db_text(row, 4),
                                          .detail = db_text(row, 5),
                                          .operator_name = db_text(row, 6),
                                          .tool = db_text(row, 7),
                                          .hash = db_text(row, 8)};

    return look_row(k, k->event(k->ctx, &e, err));
}

static int events(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    static const char of_all[] =
        EVENT " WHERE (e.station, e.seq) > ($1, $2) ORDER BY e.station, e.seq LIMIT $3";
    static const char of_one[] = EVENT " WHERE e.device IN " OF_NAME " ORDER BY e.device, e.n";
    struct look *k = arg;
    int64_t station = 0, seq = 0;
    int count = PAGE, rc = look_begin(k, err);

    while (rc == SIGNET_OK && count == PAGE) {
        struct db_rows row;
        if (k->name) /* a handful: one page */
            rc = db_query(l->db, &row, err, of_one, "s", k->name);
        else
            rc = db_query(l->db, &row, err, of_all, "iii", station, seq, (int64_t)PAGE);
        for (count = 0; rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK; count++) {
            seq = db_int(&row, 1);
            station = db_int(&row, 9);
            rc = give_event(k, &row, err);
            if (rc != SIGNET_OK)
                break;
        }
        db_end(&row);
        rc = look_end(k, rc);
        if (k->name)
            break;
    }
    return rc;
}

int signet_ledger_events(struct signet_ledger *ledger, const char *endpoint,
                         int (*row)(void *, const struct signet_ledger_event *,
                                    struct signet_error *),
                         void *ctx, struct signet_error *err)
{
    struct look k = {.name = endpoint, .event = row, .ctx = ctx};

    return store_read(ledger, events, &k, err);
}

static int deliveries(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct look *k = arg;
    struct db_rows row = {0};
    int rc = look_begin(k, err);

    if (rc == SIGNET_OK)
        rc = db_query(l->db, &row, err,
                      "SELECT v.server, v.state, v.changed, v.error FROM deliveries v JOIN devices"
                      " d ON d.id = v.device WHERE d.id IN " OF_NAME " ORDER BY v.server",
                      "s", text(k->name));

    while (rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK) {
        const struct signet_ledger_delivery d = {.server = db_text(&row, 0),
                                                 .delivered = db_int(&row, 1) == 1,
                                                 .refused = db_int(&row, 1) == 2,
                                                 .changed = db_int(&row, 2),
                                                 .error = db_text(&row, 3)};
        rc = look_row(k, k->delivery(k->ctx, &d, err));
        if (rc != SIGNET_OK)
            break;
    }
    db_end(&row);
    return look_end(k, rc);
}

int signet_ledger_deliveries(struct signet_ledger *ledger, const char *endpoint,
                             int (*row)(void *, const struct signet_ledger_delivery *,
                                        struct signet_error *),
                             void *ctx, struct signet_error *err)
{
    struct look k = {.name = endpoint, .delivery = row, .ctx = ctx};

    return store_read(ledger, deliveries, &k, err);
}
