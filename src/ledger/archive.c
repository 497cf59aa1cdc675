/* SPDX-License-Identifier: Apache-2.0 */

/* Finished orders in a file of their own, which is a ledger: rows and events as they are, and the
 * chain of each station made anew from the events that are taken. The ledger keeps what it has. */

#include "ledger/copy.h"

#include <jansson.h>
#include <stdio.h>

enum { ORDERS_MAX = 256 };

struct archive {
    struct copy copy; /* first: takes() is given it */
    const char *const *names;
    size_t count;
    int64_t orders[ORDERS_MAX];
    struct {
        int64_t id, seq, time;
        char hash[STATION_MAX + 1]; /* of the last event; before the first, the station's name */
    } chain;
};

/* what is left to do */

static int put_unfinished(struct signet_ledger *l, int64_t order, struct buf *left,
                          struct signet_error *err)
{
    struct db_rows row;
    int rc = db_query(l->db, &row, err,
                      "SELECT state, count(*) FROM devices WHERE order_id = $1 AND state <> {done}"
                      " AND state < {void} GROUP BY state ORDER BY state",
                      "i", order);

    while (rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK)
        buf_printf(left, "%s%lld %s", left->len ? ", " : "", (long long)db_int(&row, 1),
                   signet_device_state_name((enum signet_device_state)db_int(&row, 0)));
    return db_done(&row, rc);
}

static int put_removals(struct signet_ledger *l, int64_t order, struct buf *left,
                        struct signet_error *err)
{
    int64_t count = 0;
    int rc = db_get(l->db, err,
                    "SELECT count(*) FROM deliveries v JOIN devices d ON d.id = v.device"
                    " WHERE v.state = 3 AND d.order_id = $1",
                    "i:i", order, &count);

    if (count > 0)
        buf_printf(left, "%s%lld to be removed at servers", left->len ? ", " : "",
                   (long long)count);
    return rc;
}

static int check_finished(struct signet_ledger *l, const char *name, int64_t order, int64_t missing,
                          struct signet_error *err)
{
    struct buf left = {0};

    if (missing > 0)
        buf_printf(&left, "%lld not begun", (long long)missing);
    int rc = put_unfinished(l, order, &left, err);
    if (rc == SIGNET_OK)
        rc = put_removals(l, order, &left, err);
    if (rc == SIGNET_OK && left.len) {
        buf_byte(&left, '\0');
        rc = buf_check(&left, err);
        if (rc == SIGNET_OK)
            rc = error_set_hint(err, SIGNET_E_USAGE,
                                "run it to its end; rework or void what was set aside",
                                "order %.100s is not finished: %.200s", name, (char *)left.data);
    }
    buf_free(&left);
    return rc;
}

/* A quota that was lowered is the last run's; the ledger keeps the highest that there was. */
static int see_lowered_quota(struct signet_ledger *l, int64_t order, int64_t issued,
                             int64_t *missing, struct signet_error *err)
{
    struct db_rows row;
    int rc = db_find(l->db, &row, err,
                     "SELECT detail FROM events WHERE device = $1 AND kind = 'run'"
                     " ORDER BY n DESC LIMIT 1",
                     "i", -order);

    if (rc != SIGNET_OK)
        return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
    json_t *run = json_loads(db_text(&row, 0), 0, NULL);
    if (json_is_true(json_object_get(run, "finished")) &&
        json_integer_value(json_object_get(run, "quota")) == issued)
        *missing = 0;
    json_decref(run);
    db_end(&row);
    return SIGNET_OK;
}

static int find_finished_order(struct archive *a, size_t i, struct signet_error *err)
{
    struct signet_ledger *l = a->copy.from;
    int64_t missing, issued;
    int rc = db_get(l->db, err, "SELECT id, quota - issued, issued FROM orders WHERE name = $1",
                    "s:iii", a->names[i], &a->orders[i], &missing, &issued);

    if (rc == SIGNET_E_NOT_FOUND)
        return error_set_hint(err, SIGNET_E_NOT_FOUND, "the ledger's figures name its orders",
                              "the ledger has no order %s", a->names[i]);
    if (rc != SIGNET_OK)
        return rc;
    if (missing > 0)
        rc = see_lowered_quota(l, a->orders[i], issued, &missing, err);
    if (rc != SIGNET_OK)
        return rc;
    for (size_t k = 0; k < i; k++)
        if (a->orders[k] == a->orders[i])
            return error_set(err, SIGNET_E_USAGE, "order %s is named twice", a->names[i]);
    return a->orders[i] >= OWN_END ? chain_refuse(a->names[i], err)
                                   : check_finished(l, a->names[i], a->orders[i], missing, err);
}

/* what is taken */

static bool takes_order(const struct archive *a, int64_t order)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->orders[i] == order)
            return true;
    return false;
}

/* Devices are there before what belongs to them. */
static int takes_device(const struct archive *a, int64_t device, bool *takes,
                        struct signet_error *err)
{
    int64_t one;
    int rc =
        db_get(a->copy.to->db, err, "SELECT 1 FROM devices WHERE id = $1", "i:i", device, &one);

    *takes = rc == SIGNET_OK;
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

static int takes_row(struct copy *c, enum copy_table table, const struct db_rows *row, bool *takes,
                     struct signet_error *err)
{
    const struct archive *a = (const struct archive *)c;

    if (table == COPY_DELIVERIES)
        return takes_device(a, db_int(row, 0), takes, err);
    *takes = takes_order(a, db_int(row, table == COPY_ORDERS ? 0 : 2));
    return SIGNET_OK;
}

/* the chains */

static int end_chain(struct archive *a, struct signet_error *err)
{
    return a->chain.seq ? db_run(a->copy.to->db, err,
                                 "UPDATE stations SET seq = $2, time = $3, hash = $4 WHERE id = $1",
                                 "iiis", a->chain.id, a->chain.seq, a->chain.time, a->chain.hash)
                        : SIGNET_OK;
}

static int begin_chain(struct archive *a, int64_t station, const char *name,
                       struct signet_error *err)
{
    int rc = end_chain(a, err);

    a->chain.id = station;
    a->chain.seq = 0;
    snprintf(a->chain.hash, sizeof(a->chain.hash), "%s", name);
    return rc == SIGNET_OK
               ? db_run(a->copy.to->db, err, "INSERT INTO stations(id, name) VALUES($1, $2)", "is",
                        station, name)
               : rc;
}

/* Columns: those of chain_event_of(), then the key of the walk (station, seq), and the station's
 * name */
static int take_event(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    struct archive *a = ctx;
    struct chain_event e = chain_event_of(row, db_int(row, 9), 0);
    bool takes = e.device < 0 && takes_order(a, -e.device);
    char hash[65];
    int rc = e.device > 0 ? takes_device(a, e.device, &takes, err) : SIGNET_OK;

    if (rc != SIGNET_OK || !takes)
        return rc;
    if (e.station != a->chain.id)
        rc = begin_chain(a, e.station, db_text(row, 11), err);
    e.seq = a->chain.seq + 1;
    if (rc == SIGNET_OK)
        rc = chain_hash(a->copy.to, a->chain.hash, &e, hash, NULL, err);
    if (rc == SIGNET_OK)
        rc = chain_insert(a->copy.to, &e, hash, err);
    if (rc != SIGNET_OK)
        return rc;
    a->chain.seq = e.seq;
    a->chain.time = e.time;
    memcpy(a->chain.hash, hash, sizeof(hash));
    return signet_cancel_fired(a->copy.cancel) ? error_set(err, SIGNET_E_CANCELLED, "stopped")
                                               : SIGNET_OK;
}

static int take_rows(struct copy *c, struct signet_error *err)
{
    struct archive *a = (struct archive *)c;
    static const enum copy_table tables[] = {COPY_ORDERS, COPY_DEVICES, COPY_DELIVERIES};
    const struct db_walk walk = {
        .sql = "SELECT e.seq, e.device, e.n, e.time, e.kind, e.detail, e.operator, e.tool,"
               " e.row_sha256, e.station, e.seq, s.name FROM events e JOIN stations s"
               " ON s.id = e.station"
               " WHERE (e.station, e.seq) > ($2, $3) AND e.station < " OWN_END_SQL
               " ORDER BY e.station, e.seq LIMIT $1",
        .keys = 2,
        .key = 9,
        .row = take_event,
        .ctx = a};
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < COUNT_OF(tables); i++)
        rc = copy_table(&a->copy, tables[i], err);
    if (rc == SIGNET_OK)
        rc = db_walk(a->copy.from->db, &walk, err, "");
    return rc == SIGNET_OK ? end_chain(a, err) : rc;
}

static int archive_begins(struct copy *c, struct signet_error *err)
{
    struct archive *a = (struct archive *)c;
    int64_t events;
    char head[65];
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < a->count; i++)
        rc = find_finished_order(a, i, err);
    if (rc == SIGNET_OK) /* else its chain would hide what was changed */
        rc = error_pass(verify_ledger(c->from, &events, head, err), err,
                        "the ledger does not verify");
    return rc;
}

int signet_ledger_archive(struct signet_ledger *ledger, const char *const *orders, size_t count,
                          const char *to, const struct signet_cancel *cancel, int64_t *events,
                          char head[65], struct signet_error *err)
{
    struct archive a = {.copy = {.from = ledger, .cancel = cancel, .site = "", .takes = takes_row},
                        .names = orders,
                        .count = count};
    const struct copy_file f = {.copy = &a.copy, .begins = archive_begins, .take = take_rows};

    if (count == 0 || count > ORDERS_MAX)
        return error_set(err, SIGNET_E_USAGE, "an archive has 1 to %d orders", ORDERS_MAX);
    if (ledger->read_only)
        return error_set(err, SIGNET_E_USAGE, "the ledger was opened for reading only");
    int rc = copy_to_file(&f, to, events, head, err);
    for (size_t i = 0; rc == SIGNET_OK && i < count; i++)
        rc = order_put_note(ledger, a.orders[i], "archived", head, err);
    return rc;
}
