/* SPDX-License-Identifier: Apache-2.0 */

/* Is the ledger what its events made it? */
#include "ledger/trust.h"
#include "pki/pki.h"

#include <stdio.h>
#include <string.h>

struct verify {
    struct signet_ledger *ledger;
    struct trust *trust; /* NULL: nothing is known from elsewhere */
    int64_t events;
    struct buf heads; /* what all chains end with */
};

struct chain {
    struct signet_ledger *ledger;
    int64_t base;                                    /* chain_own() */
    int64_t station, last, time;                     /* as its head has it */
    char name[STATION_MAX + SITE_MAX + 2], head[65]; /* name: here */
    char there[STATION_MAX + 1];                     /* name: where its events were recorded */
    char previous[STATION_MAX + 1]; /* hash; before the first event, the station's name */
    struct log_check log;
    int64_t next, latest; /* number of the event that should follow; time of the last */
};

static int check_event_hash(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    struct chain *c = ctx;
    char hash[65];
    uint8_t leaf[TLOG_HASH];
    const struct chain_event e = chain_event_of(row, c->station, c->base);

    if (e.seq != c->next)
        return error_set(err, SIGNET_E_LEDGER, "event %lld of station %s is missing",
                         (long long)c->next, c->name);
    int rc = chain_hash(c->ledger, c->previous, &e, hash, leaf, err);
    if (rc == SIGNET_OK && strcmp(hash, db_text(row, 9)) != 0)
        rc = error_set(err, SIGNET_E_LEDGER, "event %lld of station %s was changed",
                       (long long)e.seq, c->name);
    if (rc == SIGNET_OK)
        rc = log_check_event(&c->log, c->there, c->name, hash, leaf, err);
    memcpy(c->previous, hash, sizeof(hash));
    c->latest = e.time;
    c->next++;
    return rc;
}

/* Whether the chain ends where its head says. */
static int check_head(const struct chain *c, struct signet_error *err)
{
    if (c->next <= c->last)
        return error_set(err, SIGNET_E_LEDGER,
                         "event %lld of station %s is missing: the chain's end was cut off",
                         (long long)c->next, c->name);
    if (c->last < 1 || c->next != c->last + 1 || c->latest != c->time ||
        strcmp(c->previous, c->head) != 0)
        return error_set(err, SIGNET_E_LEDGER,
                         "the head of station %s was changed: its last event is %lld", c->name,
                         (long long)c->next - 1);
    return SIGNET_OK;
}

/* The name that its chain begins with. */
static void name_there(struct chain *c)
{
    const char *site = c->base ? strrchr(c->name, '@') : NULL;

    snprintf(c->there, sizeof(c->there), "%.*s",
             (int)(site ? (size_t)(site - c->name) : strlen(c->name)), c->name);
    memcpy(c->previous, c->there, sizeof(c->previous));
}

/* Of one station. */
static int check_station(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    struct verify *v = ctx;
    struct chain c = {.ledger = v->ledger,
                      .station = db_int(row, 0),
                      .last = db_int(row, 2),
                      .time = db_int(row, 4),
                      .base = db_int(row, 5),
                      .log = {.trust = v->trust},
                      .next = 1};
    const struct db_walk walk = {
        .sql = "SELECT seq, device, n, time, kind, detail, operator, tool, row_sha256, hash"
               " FROM events WHERE station = $3 AND seq > $2 ORDER BY seq LIMIT $1",
        .keys = 1,
        .row = check_event_hash,
        .ctx = &c};

    if (snprintf(c.name, sizeof(c.name), "%s", db_text(row, 1)) >= (int)sizeof(c.name) ||
        snprintf(c.head, sizeof(c.head), "%s", db_text(row, 3)) >= (int)sizeof(c.head))
        return error_set(err, SIGNET_E_LEDGER, "the head of station %s was changed", c.name);
    name_there(&c);
    int rc = db_walk(v->ledger->db, &walk, err, "i", c.station);
    if (rc == SIGNET_OK)
        rc = check_head(&c, err);
    if (rc == SIGNET_OK)
        rc = log_check_end(&c.log, c.name, db_text(row, 7), db_text(row, 6), err);
    v->events += c.last;
    buf_printf(&v->heads, "%lld:%lld:%s,", (long long)c.station, (long long)c.last, c.head);
    return rc;
}

static int check_chains(struct verify *v, struct signet_error *err)
{
    static const char before_4[] =
        "SELECT id, name, seq, hash, time, 0, '', '' FROM stations ORDER BY id";
    static const char before_5[] =
        "SELECT id, name, seq, hash, time, base, '', '' FROM stations ORDER BY id";
    static const char stations[] =
        "SELECT id, name, seq, hash, time, base, checkpoint, tree FROM stations ORDER BY id";
    const struct db_walk walk = {.sql = v->ledger->schema < 4   ? before_4
                                        : v->ledger->schema < 5 ? before_5
                                                                : stations,
                                 .row = check_station,
                                 .ctx = v};
    int rc = db_walk(v->ledger->db, &walk, err, "");

    return rc == SIGNET_OK && v->trust ? trust_end(v->trust, err) : rc;
}

struct table {
    struct signet_ledger *ledger;
    const char *what;
    int columns;
};

static int check_row(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    const struct table *t = ctx;
    char hash[65];
    int rc = row_hash(t->ledger, row, t->columns, hash, err);

    return rc == SIGNET_OK && strcmp(hash, db_text(row, t->columns)) != 0
               ? error_set(err, SIGNET_E_LEDGER, "%s %s was changed, and no event says so", t->what,
                           db_text(row, t->columns + 1))
               : rc;
}

/* The rows of a table against the last event of each. The query gives the row's columns, then the
 * hash of its last event, its name and its number. */
static int check_rows(struct signet_ledger *l, const char *sql, int columns, const char *what,
                      struct signet_error *err)
{
    struct table t = {.ledger = l, .what = what, .columns = columns};
    const struct db_walk walk = {
        .sql = sql, .keys = 1, .key = columns + 2, .row = check_row, .ctx = &t};

    return db_walk(l->db, &walk, err, "");
}

/* One query whose first row names what is wrong. */
static int check_none(struct signet_ledger *l, const char *sql, const char *before,
                      const char *after, struct signet_error *err)
{
    struct db_rows row;
    int rc = db_find(l->db, &row, err, sql, "");

    if (rc == SIGNET_E_NOT_FOUND)
        return SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = error_set(err, SIGNET_E_LEDGER, "%s %s %s", before, db_text(&row, 0), after);
    db_end(&row);
    return rc;
}

/* Each finds the first row that is not what the events say, and gives its name. Rows that have
 * their own hash are looked at before. */
static const struct {
    const char *before, *after, *sql;
} rules[] = {
    {"the head of station number", "is missing",
     "SELECT station FROM events WHERE station NOT IN (SELECT id FROM stations) LIMIT 1"},
    {"device number", "is missing: it has events", /* nobody's events are not of a device */
     "SELECT e.device FROM events e WHERE e.device > 0 AND NOT EXISTS(SELECT 1 FROM devices d"
     " WHERE d.id = e.device) AND e.device % " OWN_END_SQL " <> 0 LIMIT 1"},
    {"order number", "is missing: it has events",
     "SELECT -e.device FROM events e WHERE e.device < 0 AND NOT EXISTS(SELECT 1 FROM orders o"
     " WHERE o.id = -e.device) LIMIT 1"},
    {"device", "is older than its events",
     "SELECT d.endpoint FROM events e JOIN devices d ON d.id = e.device WHERE e.n > d.events"
     " LIMIT 1"},
    {"order", "is older than its events",
     "SELECT o.name FROM events e JOIN orders o ON o.id = -e.device WHERE e.n > o.events LIMIT 1"},
    {"of device number", "an event is missing: all events of a station were taken away",
     "SELECT device FROM events GROUP BY device HAVING count(*) <> max(n) OR min(n) <> 1 LIMIT 1"},
    {"order", "has another number of devices than it issued",
     "SELECT o.name FROM orders o WHERE o.issued <> (SELECT count(*) FROM devices d"
     " WHERE d.order_id = o.id AND d.freed = 0) LIMIT 1"},
    {"the delivery of device", "has no event, or another one",
     "SELECT COALESCE(d.endpoint, 'number ' || v.device) || ' to ' || v.server FROM deliveries v"
     " LEFT JOIN devices d ON d.id = v.device WHERE d.id IS NULL OR CASE v.state"
     " WHEN 0 THEN v.error IS NOT NULL"
     " WHEN 1 THEN v.error IS NOT NULL OR NOT EXISTS(SELECT 1 FROM events e JOIN stations s ON"
     " s.id = e.station WHERE e.device = v.device AND e.kind = 'delivered' AND e.detail = v.server"
     " AND e.time = v.changed AND s.name = v.station)"
     " WHEN 3 THEN v.error IS NOT NULL OR NOT EXISTS(SELECT 1 FROM events e WHERE"
     " e.device = v.device AND e.kind = 'remove' AND e.detail = v.server AND e.time = v.changed)"
     " WHEN 4 THEN NOT EXISTS(SELECT 1 FROM events e JOIN stations s ON s.id = e.station"
     " WHERE e.device = v.device AND e.kind = 'removed'"
     " AND e.detail = v.server || COALESCE(': ' || v.error, '')"
     " AND e.time = v.changed AND s.name = v.station)"
     " WHEN 2 THEN NOT EXISTS(SELECT 1 FROM events e JOIN stations s ON s.id = e.station"
     " WHERE e.device = v.device AND e.kind IN ('failed', 'refused')"
     " AND e.detail = v.server || ': ' || v.error"
     " AND e.time = v.changed AND s.name = v.station)"
     " ELSE TRUE END LIMIT 1"},
    {"the delivery of device", "is missing: it has an event",
     "SELECT d.endpoint || ' to ' || e.detail FROM events e JOIN devices d ON d.id = e.device"
     " WHERE e.kind = 'delivered' AND NOT EXISTS(SELECT 1 FROM deliveries v"
     " WHERE v.device = e.device AND v.server = e.detail AND v.state IN (1, 3, 4)) LIMIT 1"},
    {"the removal of device", "is missing: it has an event",
     "SELECT d.endpoint || ' from ' || e.detail FROM events e JOIN devices d ON d.id = e.device"
     " WHERE e.kind = 'remove' AND NOT EXISTS(SELECT 1 FROM deliveries v"
     " WHERE v.device = e.device AND v.server = e.detail AND v.state IN (3, 4)) LIMIT 1"},
    {"the retired device", "has no newer edition",
     "SELECT d.endpoint FROM devices d WHERE d.freed = 1 AND d.state = {retired} AND NOT EXISTS("
     "SELECT 1 FROM devices x WHERE x.endpoint = d.endpoint AND x.freed = 0) AND NOT EXISTS("
     "SELECT 1 FROM devices x WHERE x.endpoint = d.endpoint AND x.freed = 1 AND x.id > d.id)"
     " LIMIT 1"},
};

/* The last migration says which schema the ledger has. */
static int check_schema(struct signet_ledger *l, struct signet_error *err)
{
    char hash[65];
    struct db_rows row;
    int rc = db_find(l->db, &row, err,
                     "SELECT 0, $1 + 0, n, row_sha256 FROM events WHERE device = 0"
                     " ORDER BY n DESC LIMIT 1",
                     "i", l->schema);

    if (rc == SIGNET_OK)
        rc = row_hash(l, &row, SCHEMA_COLUMNS, hash, err);
    if (rc == SIGNET_OK && strcmp(hash, db_text(&row, SCHEMA_COLUMNS)) != 0)
        rc = error_set(err, SIGNET_E_LEDGER, "the ledger has another schema than its events say");
    db_end(&row);
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc; /* it was made with this schema */
}

/* With the last event of each row, and the base of the station that wrote it. */
#define DEVICES(base)                                                                              \
    "SELECT devices.id - " base ", order_id - " base ", " DEVICE_FACTS                             \
    ", row_sha256, endpoint, devices.id FROM devices LEFT JOIN events ON device = devices.id"      \
    " AND n = devices.events LEFT JOIN stations ON stations.id = events.station"                   \
    " WHERE devices.id > $2 ORDER BY devices.id LIMIT $1"
#define NAME_THERE_OR_HERE                                                                         \
    "CASE WHEN orders.id < " OWN_END_SQL " THEN orders.name ELSE " NAME_THERE("orders.name") " EN" \
                                                                                             "D"
#define ORDERS(base)                                                                               \
    "SELECT -orders.id + " base ", orders.id - " base ", " NAME_THERE_OR_HERE ", " ORDER_COUNTS    \
    ", row_sha256, orders.name, orders.id FROM orders LEFT JOIN events ON device = -orders.id"     \
    " AND n = orders.events LEFT JOIN stations ON stations.id = events.station"                    \
    " WHERE orders.id > $2 ORDER BY orders.id LIMIT $1"
static const char devices_before_4[] = DEVICES("0"), orders_before_4[] = ORDERS("0");
static const char devices_based[] = DEVICES("COALESCE(base, 0)");
static const char orders_based[] = ORDERS("COALESCE(base, 0)");

static int check_tables(struct signet_ledger *l, struct signet_error *err)
{
    bool based = l->schema >= 4; /* the column is of that schema */
    int rc = check_rows(l, based ? devices_based : devices_before_4, ROW_COLUMNS, "device", err);

    if (rc == SIGNET_OK)
        rc = check_rows(l, based ? orders_based : orders_before_4, ORDER_COLUMNS, "order", err);
    for (size_t i = 0; rc == SIGNET_OK && i < sizeof(rules) / sizeof(rules[0]); i++)
        rc = check_none(l, rules[i].sql, rules[i].before, rules[i].after, err);
    if (rc == SIGNET_OK && l->schema >= 3) /* the column is of that schema */
        rc = check_none(l,
                        "SELECT endpoint FROM devices d WHERE delivered <> (SELECT count(*) FROM"
                        " deliveries v WHERE v.device = d.id AND v.state = 1) LIMIT 1",
                        "the number of deliveries of device", "was changed", err);
    return rc;
}

/* The states of each device, event by event. */

enum { NONE = -1 };

struct history {
    int64_t device, state; /* state: that its row has */
    int64_t error;         /* that its row has: of its last failure */
    int at, failed_from;   /* state after the event before */
    bool reworked;         /* by the event before */
    bool anew; /* since its last failure it was made anew, though it had been verified */
    char endpoint[SIGNET_ENDPOINT_SIZE];
};

static int skipped(const struct history *h, const char *kind, struct signet_error *err)
{
    const char *from =
        h->at == NONE ? "nothing" : signet_device_state_name((enum signet_device_state)h->at);

    return error_set(err, SIGNET_E_LEDGER, "device %s went from %s to %.20s: states were skipped",
                     h->endpoint, from, kind);
}

/* A failed device comes back by a rework, and by nothing else; it may also end. */
static bool may_follow(const struct history *h, int to, bool rework)
{
    if (h->at == NONE)
        return to == SIGNET_DEVICE_RESERVED && !rework;
    if (rework != (h->at == SIGNET_DEVICE_FAILED && to < SIGNET_DEVICE_VOID))
        return false;
    return state_may((enum signet_device_state)h->at, (enum signet_device_state)to);
}

/* Just reworked it is made anew, verified or not, when its sealed credentials were lost. */
static void settle_rework(struct history *h, int to)
{
    if (h->at == SIGNET_DEVICE_VERIFIED && h->reworked && to < SIGNET_DEVICE_VERIFIED) {
        h->at = SIGNET_DEVICE_RESERVED;
        h->anew = true;
    }
    h->reworked = false;
}

static int change_state(struct history *h, const char *kind, struct signet_error *err)
{
    bool rework = strcmp(kind, "rework") == 0;
    int to = state_of_word(kind, strlen(kind));

    if (rework)
        to = h->failed_from >= SIGNET_DEVICE_VERIFIED ? SIGNET_DEVICE_VERIFIED
                                                      : SIGNET_DEVICE_RESERVED;
    if (to < 0 && h->at != NONE) /* an event that changes no state */
        return SIGNET_OK;
    if (to >= 0)
        settle_rework(h, to);
    if (to < 0 || !may_follow(h, to, rework))
        return skipped(h, kind, err);
    if (to == SIGNET_DEVICE_FAILED) {
        h->failed_from = h->at;
        h->anew = false;
    }
    h->reworked = rework;
    h->at = to;
    return SIGNET_OK;
}

static int end_history(struct history *h, struct signet_error *err)
{
    settle_rework(h, (int)h->state);
    if (h->anew && h->error != SIGNET_E_SEAL)
        return error_set(err, SIGNET_E_LEDGER, "device %s is in another state than its events say",
                         h->endpoint);
    if (h->device == 0 || h->at == h->state)
        return SIGNET_OK;
    return error_set(err, SIGNET_E_LEDGER, "device %s is in another state than its events say",
                     h->endpoint);
}

static int check_event(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    struct history *h = ctx;
    int rc = SIGNET_OK;

    if (db_int(row, 0) != h->device) {
        rc = end_history(h, err);
        *h = (struct history){
            .device = db_int(row, 0), .state = db_int(row, 4), .error = db_int(row, 5), .at = NONE};
        snprintf(h->endpoint, sizeof(h->endpoint), "%s", db_text(row, 3));
    }
    return rc == SIGNET_OK ? change_state(h, db_text(row, 2), err) : rc;
}

static int check_histories(struct signet_ledger *l, struct signet_error *err)
{
    struct history h = {0};
    const struct db_walk walk = {
        .sql = "SELECT e.device, e.n, e.kind, d.endpoint, d.state, d.error_code FROM events e JOIN "
               "devices d"
               " ON d.id = e.device WHERE (e.device, e.n) > ($2, $3) ORDER BY e.device, e.n"
               " LIMIT $1",
        .keys = 2,
        .row = check_event,
        .ctx = &h};
    int rc = db_walk(l->db, &walk, err, "");

    return rc == SIGNET_OK ? end_history(&h, err) : rc;
}

static int check_database(struct signet_ledger *l, bool first, struct signet_error *err)
{
    struct buf schema = {0};
    int rc = ledger_schema(l->db->ops, 0, l->schema, &schema, err);

    if (rc == SIGNET_OK)
        rc = l->db->ops->check(l->db, (const char *)schema.data, first, err);
    buf_free(&schema);
    return rc;
}

static int verify_with(struct signet_ledger *l, struct trust *trust, int64_t *events, char head[65],
                       struct signet_error *err)
{
    struct verify v = {.ledger = l, .trust = trust};

    for (size_t i = 0; trust && i < trust->known_count; i++) /* it may be a second try */
        trust->known[i].found = false;
    uint8_t digest[32];
    int rc = check_database(l, true, err);

    if (rc == SIGNET_OK)
        rc = check_chains(&v, err);
    if (rc == SIGNET_OK)
        rc = check_tables(l, err);
    if (rc == SIGNET_OK)
        rc = check_schema(l, err);
    if (rc == SIGNET_OK)
        rc = check_histories(l, err);
    if (rc == SIGNET_OK)
        rc = check_database(l, false, err);
    if (rc == SIGNET_OK)
        rc = buf_check(&v.heads, err);
    if (rc == SIGNET_OK)
        rc = sha256(v.heads.data ? v.heads.data : (const uint8_t *)"", v.heads.len, digest, err);
    if (rc == SIGNET_OK) {
        hex_encode(digest, sizeof(digest), head);
        *events = v.events;
    }
    buf_free(&v.heads);
    return rc;
}

int verify_ledger(struct signet_ledger *l, int64_t *events, char head[65], struct signet_error *err)
{
    return verify_with(l, NULL, events, head, err);
}

struct verified {
    struct trust trust;
    int64_t events;
    char head[65];
};

static int verify(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct verified *v = arg;

    return verify_with(l, &v->trust, &v->events, v->head, err);
}

int signet_ledger_verify(struct signet_ledger *ledger, int64_t *events, char head[65],
                         struct signet_error *err)
{
    return signet_ledger_verify_against(ledger, NULL, events, head, err);
}

int signet_ledger_verify_against(struct signet_ledger *ledger,
                                 const struct signet_ledger_trust *trust, int64_t *events,
                                 char head[65], struct signet_error *err)
{
    struct verified v = {0};
    int rc = trust_open(&v.trust, trust, err);

    if (rc != SIGNET_OK)
        return rc;
    rc = store_read(ledger, verify, &v, err);
    trust_close(&v.trust);
    if (rc == SIGNET_OK) {
        *events = v.events;
        memcpy(head, v.head, sizeof(v.head));
    }
    return rc;
}
