/* SPDX-License-Identifier: Apache-2.0 */

/* The tables of a ledger, and how they came to be: numbered schemas, each with the SQL that makes
 * it of the one before. What an event's hash covers (DEVICE_ROW, ORDER_ROW) never changes: a column
 * that a later schema adds follows from what is covered, and verify compares the two. */

#include "ledger/store.h"
#include <inttypes.h>
#include <stdio.h>

enum { NEWEST = 5, OLDEST = 2 };

/* {id}: a key that counts up. {packed}: rows may be kept in the order of the primary key; {table}
 * ends the other tables. {own_N}: what only one kind of database needs, and the number.
 * number: of the device in its manifest. freed: the name was given back. A device's station is
 * text, for people; an event's is a number, since there are many of them. 80 bits of a fingerprint
 * tell apart what will ever be made, and their index is a third as large. */
static const char schema_2[] =
    "CREATE TABLE orders(id {id}, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL,"
    " quota {int} NOT NULL, issued {int} NOT NULL DEFAULT 0, cursor {int} NOT NULL DEFAULT 0,"
    " created {int} NOT NULL, events {int} NOT NULL DEFAULT 1, CHECK(issued <= quota)){table};"
    "CREATE TABLE devices(id {id}, order_id {int} NOT NULL REFERENCES orders(id),"
    " number {int} NOT NULL, endpoint TEXT NOT NULL, state INTEGER NOT NULL DEFAULT 0,"
    " exposed INTEGER NOT NULL DEFAULT 0, freed INTEGER NOT NULL DEFAULT 0,"
    " attempt INTEGER NOT NULL DEFAULT 1, station TEXT NOT NULL, slot TEXT NOT NULL, hw_id TEXT,"
    " psk_identity TEXT, psk_sha256 TEXT, spki_sha256 TEXT, cert_issuer TEXT, cert_serial TEXT,"
    " packet_sha256 TEXT, image_sha256 TEXT, error_code INTEGER, error TEXT, failed_from INTEGER,"
    " created {int} NOT NULL, changed {int} NOT NULL, events {int} NOT NULL DEFAULT 1,"
    " token {int} NOT NULL DEFAULT 1, lease_until {int} NOT NULL){table};"
    "CREATE UNIQUE INDEX u_endpoint ON devices(endpoint) WHERE freed = 0;"
    "CREATE UNIQUE INDEX u_identity ON devices(psk_identity)"
    " WHERE freed = 0 AND psk_identity IS NOT NULL;"
    "CREATE UNIQUE INDEX u_psk ON devices(substr(psk_sha256, 1, 20))"
    " WHERE psk_sha256 IS NOT NULL;"
    "CREATE UNIQUE INDEX u_spki ON devices(substr(spki_sha256, 1, 20))"
    " WHERE spki_sha256 IS NOT NULL;"
    "CREATE UNIQUE INDEX u_cert ON devices(cert_issuer, cert_serial)"
    " WHERE cert_serial IS NOT NULL;"
    "CREATE UNIQUE INDEX u_hw ON devices(hw_id) WHERE state <> {void} AND hw_id IS NOT NULL;"
    "CREATE INDEX not_done ON devices(order_id, state, id) WHERE state <> {done};"
    "CREATE TABLE deliveries(device {int} NOT NULL REFERENCES devices(id), server TEXT NOT NULL,"
    " state INTEGER NOT NULL DEFAULT 0, station TEXT NOT NULL, error TEXT,"
    " changed {int} NOT NULL, token {int} NOT NULL DEFAULT 1, lease_until {int} NOT NULL,"
    " PRIMARY KEY(device, server)){packed};"
    "CREATE TABLE stations(id {id}, name TEXT NOT NULL UNIQUE, seq {int} NOT NULL DEFAULT 0,"
    " hash TEXT NOT NULL DEFAULT '', time {int} NOT NULL DEFAULT 0){table};"
    "CREATE TABLE events(station {int} NOT NULL, seq {int} NOT NULL, device {int} NOT NULL,"
    " n {int} NOT NULL, time {int} NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL,"
    " operator TEXT NOT NULL, tool TEXT NOT NULL, row_sha256 TEXT NOT NULL, hash TEXT NOT NULL,"
    " PRIMARY KEY(station, seq)){packed};"
    "CREATE UNIQUE INDEX u_history ON events(device, n);"
    "{own_2}";

/* Indexes that hold up with 100,000 devices in work.
 * delivered: to how many servers; a trigger counts, so that a program of schema 2 that is still
 * running counts as well. not_done begins with devices whose lease has ended; outbox has those that
 * wait for servers, by number, and settled those of them that enough servers have. */
static const char schema_3[] =
    "ALTER TABLE devices ADD COLUMN delivered {int} NOT NULL DEFAULT 0;"
    "UPDATE devices SET delivered = (SELECT count(*) FROM deliveries v WHERE v.device = devices.id"
    " AND v.state = 1) WHERE id IN (SELECT device FROM deliveries WHERE state = 1);"
    "DROP INDEX not_done;"
    "CREATE INDEX not_done ON devices(order_id, state, lease_until, id) WHERE state <> {done};"
    "CREATE INDEX outbox ON devices(order_id, station, id) WHERE state = {verified};"
    "CREATE INDEX settled ON devices(order_id, station, delivered, id) WHERE state = {verified};"
    "CREATE INDEX freed ON devices(endpoint) WHERE freed = 1;"
    "{own_3}";

/* Editions: a board that holds a retired one is there for the next. removals: what is to be removed
 * at a server. base: of a chain that was brought from another ledger, what its numbers of devices,
 * orders and stations are higher here (store.h, chain_own()). */
static const char schema_4[] =
    "DROP INDEX u_hw;"
    "CREATE UNIQUE INDEX u_hw ON devices(hw_id) WHERE state < {void} AND hw_id IS NOT NULL;"
    "CREATE INDEX removals ON deliveries(server, device) WHERE state = 3;"
    "ALTER TABLE stations ADD COLUMN base {int} NOT NULL DEFAULT 0;"
    "{own_4}";

/* What a station signed last: the tree of its events, and its checkpoint (sign.c). */
static const char schema_5[] =
    "ALTER TABLE stations ADD COLUMN tree TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE stations ADD COLUMN checkpoint TEXT NOT NULL DEFAULT '';"
    "{own_5}";

static const struct {
    int64_t version;
    const char *sql;
} schemas[] = {{2, schema_2}, {3, schema_3}, {4, schema_4}, {5, schema_5}};

int ledger_schema(const struct db_ops *ops, int64_t from, int64_t to, struct buf *sql,
                  struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < COUNT_OF(schemas); i++)
        if (schemas[i].version > from && schemas[i].version <= to)
            rc = db_expand(ops, schemas[i].sql, sql, err);
    return rc;
}

int ledger_event(struct signet_ledger *l, const char *kind, const char *detail,
                 struct signet_error *err)
{
    struct db_rows row = {0};
    int rc = db_run(l->db, err, "{alone}", "");

    if (rc == SIGNET_OK)
        rc = db_find(l->db, &row, err,
                     "SELECT 0, $1 + 0, (SELECT count(*) FROM events WHERE device = 0) + 1", "i",
                     (int64_t)NEWEST);
    if (rc == SIGNET_OK)
        rc = chain_append(l, &row, SCHEMA_COLUMNS, kind, detail, err);
    db_end(&row);
    return rc;
}

/* The chain holds when the schema was changed, by whom, and to which. */
static int record_migration(struct signet_ledger *l, int64_t from, struct signet_error *err)
{
    char text[64];

    snprintf(text, sizeof(text), "schema %" PRId64 " to %d", from, NEWEST);
    return ledger_event(l, "migrated", text, err);
}

static int find_version(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    (void)arg;
    return l->db->ops->version(l->db, &l->schema, err);
}

static int migrate(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct buf sql = {0};
    int rc = db_run(l->db, err, "{alone}", "");

    if (rc == SIGNET_OK)
        rc = find_version(l, arg, err);
    const int64_t from = l->schema;
    if (rc != SIGNET_OK || from >= NEWEST) /* somebody else was faster */
        return rc;
    failpoint("before-migration");
    rc = ledger_schema(l->db->ops, from, NEWEST, &sql, err);
    if (rc == SIGNET_OK)
        rc = l->db->ops->script(l->db, (const char *)sql.data, err);
    if (rc == SIGNET_OK && from != 0)
        rc = record_migration(l, from, err);
    failpoint("after-migration");
    buf_free(&sql);
    if (rc == SIGNET_OK)
        l->schema = NEWEST;
    return rc;
}

static int refuse_schema(const struct signet_ledger *l, enum db_open how, struct signet_error *err)
{
    if (l->schema == 0 && how > DB_COPY)
        return error_set_hint(err, SIGNET_E_NOT_FOUND, "the work order's 'ledger' says where it is",
                              "there is no ledger in this %s", l->db->ops->place);
    if (l->schema > NEWEST)
        return error_set_hint(err, SIGNET_E_LEDGER,
                              "use the version of Signet that wrote it, or a later one",
                              "the ledger has schema %" PRId64 ", which is newer than this "
                              "program: it knows schemas up to %d",
                              l->schema, NEWEST);
    if (l->schema != 0 && l->schema < OLDEST)
        return error_set_hint(err, SIGNET_E_LEDGER, "use the program that made it",
                              "the ledger has schema %" PRId64 ", which no release of Signet made",
                              l->schema);
    return SIGNET_OK;
}

int ledger_migrate(struct signet_ledger *l, enum db_open how, struct signet_error *err)
{
    int rc = store_read(l, find_version, NULL, err);

    if (rc == SIGNET_OK)
        rc = refuse_schema(l, how, err);
    if (rc == SIGNET_OK && l->schema < NEWEST && how != DB_READ)
        rc = store_change(l, migrate, NULL, err);
    return rc;
}
