/* SPDX-License-Identifier: Apache-2.0 */

/* What an order's record comes to, for whoever has to show how its devices were made. */

#include "ledger/store.h"

struct evidence {
    struct signet_ledger *ledger;
    const char *name; /* of the order */
    struct signet_ledger_evidence *out;
    signet_ledger_share_each *row;
    void *ctx;
    int64_t order;
};

/* As far as the unique indexes go: a retired edition has left its name and its board to the next,
 * and no key comes again at all. */
static const char uniques[] =
    "SELECT count(*), count(CASE WHEN freed = 0 THEN 1 END),"
    " count(DISTINCT CASE WHEN freed = 0 THEN endpoint END),"
    " count(CASE WHEN freed = 0 THEN psk_identity END),"
    " count(DISTINCT CASE WHEN freed = 0 THEN psk_identity END),"
    " count(psk_sha256), count(DISTINCT psk_sha256), count(spki_sha256),"
    " count(DISTINCT spki_sha256), count(CASE WHEN state < {void} THEN hw_id END),"
    " count(DISTINCT CASE WHEN state < {void} THEN hw_id END)"
    " FROM devices WHERE order_id = $1";

static int count_uniques(struct evidence *e, struct signet_error *err)
{
    struct signet_ledger_evidence *o = e->out;

    return db_get(e->ledger->db, err, uniques, "i:iiiiiiiiiii", e->order, &o->devices,
                  &o->names.count, &o->names.different, &o->identities.count,
                  &o->identities.different, &o->psks.count, &o->psks.different,
                  &o->public_keys.count, &o->public_keys.different, &o->boards.count,
                  &o->boards.different);
}

static int count_locked(struct evidence *e, struct signet_error *err)
{
    return db_get(e->ledger->db, err,
                  "SELECT count(*), count(CASE WHEN EXISTS(SELECT 1 FROM events e"
                  " WHERE e.device = d.id AND e.kind = 'locked') THEN 1 END) FROM devices d"
                  " WHERE d.order_id = $1 AND d.state IN ({verified}, {registered}, {done})",
                  "i:ii", e->order, &e->out->made, &e->out->locked);
}

/* The events of the order itself, and of its devices. */
#define EVENTS_OF_ORDER                                                                            \
    "(SELECT e.station, e.time, e.kind, e.tool FROM orders o JOIN events e ON e.device = -o.id"    \
    " WHERE o.id = $1 UNION ALL SELECT e.station, e.time, e.kind, e.tool FROM devices d"           \
    " JOIN events e ON e.device = d.id WHERE d.order_id = $1) x"

static int count_events(struct evidence *e, struct signet_error *err)
{
    return db_get(e->ledger->db, err,
                  "SELECT count(*), min(x.time), max(x.time) FROM " EVENTS_OF_ORDER, "i:iii",
                  e->order, &e->out->events, &e->out->first, &e->out->last);
}

static int give_share(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    const struct evidence *e = ctx;
    const struct signet_ledger_share share = {
        .of = db_text(row, 0), .name = db_text(row, 1), .count = db_int(row, 2)};

    return e->row(e->ctx, &share, err);
}

static int give_shares(struct evidence *e, struct signet_error *err)
{
    static const char *const all[] = {
        "SELECT 'image', image_sha256, count(*) FROM devices WHERE order_id = $1"
        " AND image_sha256 IS NOT NULL GROUP BY image_sha256 ORDER BY image_sha256",
        "SELECT 'event', x.kind, count(*) FROM " EVENTS_OF_ORDER " GROUP BY x.kind ORDER BY x.kind",
        "SELECT 'tool', x.tool, count(*) FROM " EVENTS_OF_ORDER " GROUP BY x.tool ORDER BY x.tool",
        "SELECT 'station', s.name, count(*) FROM stations s JOIN " EVENTS_OF_ORDER
        " ON x.station = s.id GROUP BY s.name ORDER BY s.name"};
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < COUNT_OF(all); i++) {
        const struct db_walk walk = {.sql = all[i], .row = give_share, .ctx = e};

        rc = db_walk(e->ledger->db, &walk, err, "i", e->order);
    }
    return rc;
}

static int find_evidence_order(struct evidence *e, struct signet_error *err)
{
    int rc = db_get(e->ledger->db, err, "SELECT id, hash FROM orders WHERE name = $1", "s:is",
                    e->name, &e->order, e->out->hash, sizeof(e->out->hash));

    return rc == SIGNET_E_NOT_FOUND ? error_set(err, rc, "the ledger has no order '%s'", e->name)
                                    : rc;
}

static int walk_evidence(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct evidence *e = arg;

    e->ledger = l;
    int rc = find_evidence_order(e, err);

    if (rc == SIGNET_OK)
        rc = count_uniques(e, err);
    if (rc == SIGNET_OK)
        rc = count_locked(e, err);
    if (rc == SIGNET_OK)
        rc = count_events(e, err);
    return rc == SIGNET_OK ? give_shares(e, err) : rc;
}

int signet_ledger_evidence(struct signet_ledger *ledger, const char *order,
                           struct signet_ledger_evidence *out, signet_ledger_share_each *row,
                           void *ctx, struct signet_error *err)
{
    struct signet_ledger_evidence found = {0};
    struct evidence e = {.out = &found, .name = order ? order : "", .row = row, .ctx = ctx};
    int rc = store_read_once(ledger, walk_evidence, &e, err);

    if (rc == SIGNET_OK)
        *out = found;
    return rc;
}
