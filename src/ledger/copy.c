/* SPDX-License-Identifier: Apache-2.0 */

/* Rows of a ledger, into another one of the same schema: what both databases speak. Values go over
 * as text, which the columns' types take back. */

#include "ledger/copy.h"

enum { ROWS_A_COMMIT = 20000, ROWS_A_LOOK = 500 };

struct table {
    const char *select, *insert;
    size_t columns;
    bool named; /* it has names of stations or orders */
};

/* The number in from, by which the rows come, then the columns. 1 how many, 2 after, 3 base, 4 end,
 * 5 site; of events 4 station, 5 after which. A delivery has no number: a page is that of whole
 * devices. */
static const struct table tables[COPY_TABLES] = {
    [COPY_EVENTS] =
        {"SELECT seq, station + $3, seq, CASE WHEN device < 0 THEN device - $3 ELSE device + $3"
         " END, n, time, kind, detail, operator, tool, row_sha256, hash FROM events"
         " WHERE station = $4 AND seq > $2 AND seq > $5 ORDER BY seq LIMIT $1",
         "INSERT INTO events(station, seq, device, n, time, kind, detail, operator, tool,"
         " row_sha256, hash) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
         11},
    [COPY_ORDERS] =
        {"SELECT id, id + $3, name || $5, hash, quota, issued, cursor, created, events FROM orders"
         " WHERE id > $2 AND id < $4 ORDER BY id LIMIT $1",
         "INSERT INTO orders(id, name, hash, quota, issued, cursor, created, events)"
         " VALUES($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT(id) DO UPDATE SET"
         " quota = excluded.quota, issued = excluded.issued, cursor = excluded.cursor,"
         " events = excluded.events",
         8, true},
    [COPY_DEVICES] =
        {"SELECT id, id + $3, order_id + $3, number, endpoint, state, exposed, freed, attempt,"
         " station, slot, hw_id, psk_identity, psk_sha256, spki_sha256, cert_issuer, cert_serial,"
         " packet_sha256, image_sha256, error_code, error, failed_from, created, changed, events,"
         " token, lease_until, delivered FROM devices WHERE id > $2 AND id < $4 ORDER BY id"
         " LIMIT $1",
         "INSERT INTO devices(id, order_id, number, endpoint, state, exposed, freed, attempt,"
         " station, slot, hw_id, psk_identity, psk_sha256, spki_sha256, cert_issuer, cert_serial,"
         " packet_sha256, image_sha256, error_code, error, failed_from, created, changed, events,"
         " token, lease_until, delivered) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
         " $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)"
         " ON CONFLICT(id) DO NOTHING",
         COPY_COLUMNS},
    [COPY_DELIVERIES] =
        {"SELECT device, device + $3, server, state, station || $5, error, changed, token, "
         "lease_until"
         " FROM deliveries WHERE device > $2 AND device < $4 AND device <= (SELECT max(device)"
         " FROM (SELECT DISTINCT device FROM deliveries WHERE device > $2 ORDER BY device"
         " LIMIT $1) page) ORDER BY device, server",
         "INSERT INTO deliveries(device, server, state, station, error, changed, token,"
         " lease_until) VALUES($1, $2, $3, $4, $5, $6, $7, $8)"
         " ON CONFLICT(device, server) DO NOTHING",
         8, true},
    [COPY_STATIONS] =
        {"SELECT id, id + $3, name || $5, seq, hash, time, base + $3, tree, checkpoint"
         " FROM stations WHERE id > $2 AND id < $4 ORDER BY id LIMIT $1",
         "INSERT INTO stations(id, name, seq, hash, time, base, tree, checkpoint)"
         " VALUES($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT(id) DO UPDATE SET"
         " seq = excluded.seq, hash = excluded.hash, time = excluded.time,"
         " tree = excluded.tree, checkpoint = excluded.checkpoint",
         8, true},
};

struct walk {
    struct copy *copy;
    enum copy_table table;
};

static int count_row(struct copy *c, enum copy_table table, struct signet_error *err)
{
    struct db *db = c->to->db;
    int64_t rows = ++c->rows[table];
    int rc = SIGNET_OK;

    if (rows % ROWS_A_LOOK == 0 && signet_cancel_fired(c->cancel))
        return error_set(err, SIGNET_E_CANCELLED, "stopped");
    if (c->commits && rows % ROWS_A_COMMIT == 0)
        rc = db->ops->commit(db, err);
    if (rc == SIGNET_OK && c->commits && rows % ROWS_A_COMMIT == 0)
        rc = db->ops->begin(db, true, err);
    return rc;
}

static int copy_row(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    const struct walk *w = ctx;
    const struct table *t = &tables[w->table];
    const char *values[DB_PARAMS];
    bool takes = true;
    int rc = w->copy->takes ? w->copy->takes(w->copy, w->table, row, &takes, err) : SIGNET_OK;

    if (rc != SIGNET_OK || !takes)
        return rc;
    for (size_t i = 0; i < t->columns; i++)
        values[i] = db_null(row, (int)i + 1);
    rc = db_insert(w->copy->to->db, t->insert, values, t->columns, err);
    if (rc == SIGNET_E_CONFLICT && w->copy->refused)
        w->copy->refused(w->copy, w->table, values, t->columns);
    return rc == SIGNET_OK ? count_row(w->copy, w->table, err) : rc;
}

int copy_table(struct copy *c, enum copy_table table, struct signet_error *err)
{
    struct walk w = {.copy = c, .table = table};
    const struct db_walk walk = {
        .sql = tables[table].select, .keys = 1, .row = copy_row, .ctx = &w};

    return db_walk(c->from->db, &walk, err, tables[table].named ? "iis" : "ii", c->base,
                   c->base ? OWN_END : INT64_MAX, c->site);
}

int copy_events(struct copy *c, int64_t station, int64_t after, struct signet_error *err)
{
    struct walk w = {.copy = c, .table = COPY_EVENTS};
    const struct db_walk walk = {
        .sql = tables[COPY_EVENTS].select, .keys = 1, .row = copy_row, .ctx = &w};

    return db_walk(c->from->db, &walk, err, "iii", c->base, station, after);
}

int copy_check_schema(const struct signet_ledger *from, const struct signet_ledger *to,
                      struct signet_error *err)
{
    if (from->schema == to->schema)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_LEDGER,
                          "open it once for changes, such as by a run, so that it is migrated",
                          "the ledger has schema %lld, and this program copies schema %lld",
                          (long long)from->schema, (long long)to->schema);
}
