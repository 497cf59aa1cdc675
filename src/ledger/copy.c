/* SPDX-License-Identifier: Apache-2.0 */

/* All rows of a ledger, into another one of the same schema: what both databases speak. Values go
 * over as text, which the columns' types take back. */

#include "ledger/store.h"

enum { ROWS_A_COMMIT = 20000, ROWS_A_LOOK = 500 };

struct table {
    const char *select, *insert;
    int keys;
    size_t columns;
};

/* A delivery has no number: a page is that of whole devices. */
static const struct table copied[] = {
    {"SELECT id, name, hash, quota, issued, cursor, created, events FROM orders WHERE id > $2"
     " ORDER BY id LIMIT $1",
     "INSERT INTO orders(id, name, hash, quota, issued, cursor, created, events)"
     " VALUES($1, $2, $3, $4, $5, $6, $7, $8)",
     1, 8},
    {"SELECT id, order_id, number, endpoint, state, exposed, freed, attempt, station, slot, hw_id,"
     " psk_identity, psk_sha256, spki_sha256, cert_issuer, cert_serial, packet_sha256,"
     " image_sha256, error_code, error, failed_from, created, changed, events, token, lease_until,"
     " delivered FROM devices WHERE id > $2 ORDER BY id LIMIT $1",
     "INSERT INTO devices(id, order_id, number, endpoint, state, exposed, freed, attempt, station,"
     " slot, hw_id, psk_identity, psk_sha256, spki_sha256, cert_issuer, cert_serial,"
     " packet_sha256, image_sha256, error_code, error, failed_from, created, changed, events,"
     " token, lease_until, delivered) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
     " $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)",
     1, 27},
    {"SELECT device, server, state, station, error, changed, token, lease_until FROM deliveries"
     " WHERE device > $2 AND device <= (SELECT max(device) FROM (SELECT DISTINCT device"
     " FROM deliveries WHERE device > $2 ORDER BY device LIMIT $1) page) ORDER BY device, server",
     "INSERT INTO deliveries(device, server, state, station, error, changed, token, lease_until)"
     " VALUES($1, $2, $3, $4, $5, $6, $7, $8)",
     1, 8},
    {"SELECT id, name, seq, hash, time, base FROM stations WHERE id > $2 ORDER BY id LIMIT $1",
     "INSERT INTO stations(id, name, seq, hash, time, base) VALUES($1, $2, $3, $4, $5, $6)", 1, 6},
    {"SELECT station, seq, device, n, time, kind, detail, operator, tool, row_sha256, hash"
     " FROM events WHERE (station, seq) > ($2, $3) ORDER BY station, seq LIMIT $1",
     "INSERT INTO events(station, seq, device, n, time, kind, detail, operator, tool, row_sha256,"
     " hash) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
     2, 11},
};

struct copy {
    struct signet_ledger *to;
    const struct signet_cancel *cancel;
    const struct table *table;
    int64_t rows;
    bool begun;
};

/* One commit for many rows, so that its log stays small. */
static int commit_some(struct copy *c, struct signet_error *err)
{
    struct db *db = c->to->db;
    int rc = SIGNET_OK;

    c->rows++;
    if (c->rows % ROWS_A_LOOK == 0 && signet_cancel_fired(c->cancel))
        return error_set(err, SIGNET_E_CANCELLED, "stopped");
    if (c->rows % ROWS_A_COMMIT == 0)
        rc = db->ops->commit(db, err);
    if (rc == SIGNET_OK && c->rows % ROWS_A_COMMIT == 0)
        rc = db->ops->begin(db, true, err);
    return rc;
}

static int copy_row(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    struct copy *c = ctx;
    const char *values[DB_PARAMS];

    for (size_t i = 0; i < c->table->columns; i++)
        values[i] = db_null(row, (int)i);
    int rc = db_insert(c->to->db, c->table->insert, values, c->table->columns, err);
    return rc == SIGNET_OK ? commit_some(c, err) : rc;
}

static int copy_tables(struct signet_ledger *from, struct copy *c, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < sizeof(copied) / sizeof(copied[0]); i++) {
        const struct db_walk walk = {
            .sql = copied[i].select, .keys = copied[i].keys, .row = copy_row, .ctx = c};

        c->table = &copied[i];
        rc = db_walk(from->db, &walk, err, "");
    }
    return rc;
}

static int copy_all(struct signet_ledger *from, void *arg, struct signet_error *err)
{
    struct copy *c = arg;
    struct db *db = c->to->db;

    if (c->begun) /* by rows that are there now */
        return error_set_hint(err, SIGNET_E_LEDGER, "start again when the server is there",
                              "the ledger's database server went away while it was read");
    c->begun = true;
    int rc = db->ops->begin(db, true, err);
    if (rc == SIGNET_OK)
        rc = copy_tables(from, c, err);
    if (rc == SIGNET_OK)
        rc = db->ops->commit(db, err);
    if (rc != SIGNET_OK)
        db->ops->rollback(db);
    return rc;
}

int ledger_copy(struct signet_ledger *from, struct signet_ledger *to,
                const struct signet_cancel *cancel, struct signet_error *err)
{
    struct copy c = {.to = to, .cancel = cancel};

    if (from->schema != to->schema)
        return error_set_hint(err, SIGNET_E_LEDGER,
                              "open it once for changes, such as by a run, so that it is migrated",
                              "the ledger has schema %lld, and this program copies schema %lld",
                              (long long)from->schema, (long long)to->schema);
    return store_read(from, copy_all, &c, err);
}
