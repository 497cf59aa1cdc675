/* SPDX-License-Identifier: Apache-2.0 */

/* Is the ledger what its events made it? */
#include "ledger/trust.h"
#include "pki/pki.h"

#include <stdio.h>

struct verify {
    struct signet_ledger *ledger;
    struct trust *trust; /* NULL: nothing is known from elsewhere */
    int64_t events;
    struct buf heads; /* what all chains end with */
};

struct chain {
    int64_t base;                                    /* chain_own() */
    int64_t station, last, time;                     /* as its head has it */
    char name[STATION_MAX + SITE_MAX + 2], head[65]; /* name: here */
    char there[STATION_MAX + 1];                     /* name: where its events were recorded */
    char tail[65];                                   /* hash of the last event that was looked at */
    struct log_check log;
    int64_t next, latest; /* number of the event that should follow; time of the last */
};

static int check_event_hash(void *ctx, const struct log_entry *entry, struct signet_error *err)
{
    struct chain *c = ctx;
    const struct chain_event *e = entry->event;

    if (e->seq != c->next)
        return error_set(err, SIGNET_E_LEDGER, "event %lld of station %s is missing",
                         (long long)c->next, c->name);
    if (strcmp(entry->hash, entry->stored) != 0)
        return error_set(err, SIGNET_E_LEDGER, "event %lld of station %s was changed",
                         (long long)e->seq, c->name);
    if (e->time < c->latest)
        return error_set(err, SIGNET_E_LEDGER,
                         "event %lld of station %s is older than the one before it",
                         (long long)e->seq, c->name);
    memcpy(c->tail, entry->hash, sizeof(c->tail));
    c->latest = e->time;
    c->next++;
    return log_check_event(&c->log, c->there, c->name, entry->hash, entry->leaf, err);
}

/* Whether the chain ends where its head says. */
static int check_head(const struct chain *c, struct signet_error *err)
{
    if (c->next <= c->last)
        return error_set(err, SIGNET_E_LEDGER,
                         "event %lld of station %s is missing: the chain's end was cut off",
                         (long long)c->next, c->name);
    if (c->last < 1 || c->next != c->last + 1 || c->latest != c->time ||
        strcmp(c->tail, c->head) != 0)
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
}

/* Of one station. */
static int check_station(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    struct verify *v = ctx;
    struct chain c = {.station = db_int(row, 0),
                      .last = db_int(row, 2),
                      .time = db_int(row, 4),
                      .base = db_int(row, 5),
                      .log = {.trust = v->trust},
                      .next = 1};
    const struct log_place place = {.station = c.station, .base = c.base, .there = c.there};

    if (snprintf(c.name, sizeof(c.name), "%s", db_text(row, 1)) >= (int)sizeof(c.name) ||
        snprintf(c.head, sizeof(c.head), "%s", db_text(row, 3)) >= (int)sizeof(c.head))
        return error_set(err, SIGNET_E_LEDGER, "the head of station %s was changed", c.name);
    name_there(&c);
    int rc = log_walk(v->ledger, &place, check_event_hash, &c, err);
    if (rc == SIGNET_OK)
        rc = check_head(&c, err);
    if (rc == SIGNET_OK)
        rc = log_check_end(&c.log, c.name, db_text(row, 7), db_text(row, 6), err);
    v->events += c.last;
    heads_add(&v->heads, c.station, c.last, c.head);
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

    if (rc == SIGNET_OK)
        rc = sites_check(v->ledger, err);
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
    return db_done(&row, rc); /* it was made with this schema */
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
/* n: which of its events, and its number in the row. */
#define ORDERS_AT(n, base, where)                                                                  \
    "SELECT -orders.id + " base ", orders.id - " base ", " NAME_THERE_OR_HERE                      \
    ", orders.hash, quota, created, " n ", row_sha256, orders.name, orders.id FROM orders"         \
    " LEFT JOIN events ON device = -orders.id AND n = " n                                          \
    " LEFT JOIN stations ON stations.id = events.station WHERE orders.id > $2" where               \
    " ORDER BY orders.id LIMIT $1"
#define ORDERS(base) ORDERS_AT("orders.events", base, "")
/* Its quota is that of its beginning, unless an event says what it became (rules.c). */
#define BEGUN(base)                                                                                \
    ORDERS_AT("1", base,                                                                           \
              " AND NOT EXISTS(SELECT 1 FROM events q WHERE q.device = -orders.id"                 \
              " AND q.kind = 'quota')")
static const char devices_before_4[] = DEVICES("0"), orders_before_4[] = ORDERS("0");
static const char devices_based[] = DEVICES("COALESCE(base, 0)");
static const char orders_based[] = ORDERS("COALESCE(base, 0)");
static const char begun_before_4[] = BEGUN("0"), begun_based[] = BEGUN("COALESCE(base, 0)");

static int check_tables(struct signet_ledger *l, struct signet_error *err)
{
    bool based = l->schema >= 4; /* the column is of that schema */
    int rc = check_rows(l, based ? devices_based : devices_before_4, ROW_COLUMNS, "device", err);

    if (rc == SIGNET_OK)
        rc = check_rows(l, based ? orders_based : orders_before_4, ORDER_COLUMNS, "order", err);
    if (rc == SIGNET_OK)
        rc = check_rows(l, based ? begun_based : begun_before_4, ORDER_COLUMNS, "order", err);
    return rc == SIGNET_OK ? rules_check(l, err) : rc;
}

/* The states of each device, event by event. */

enum { NONE = -1 };

struct history {
    int64_t device, state;  /* state: that its row has */
    int64_t error;          /* that its row has: of its last failure */
    int64_t exposed, token; /* that its row has */
    int64_t taken;          /* how often its events say that it got a new token, and 1 */
    int at, failed_from;    /* state after the event before */
    bool reworked;          /* by the event before */
    bool left;              /* its credentials may be elsewhere */
    bool delivered;         /* a server has it */
    bool first_release;     /* 0.1.0 wrote this event */
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
    if (h->at < SIGNET_DEVICE_WRITING && to == SIGNET_DEVICE_RETIRED)
        return h->left; /* a rework has it begin anew, and another one gave it a new edition */
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

/* What a server has is registered before it is done; 0.1.0 did not where the server had been taken
 * out of the order. */
static bool passes_servers(const struct history *h, int to)
{
    return to != SIGNET_DEVICE_DONE || !h->delivered || h->at == SIGNET_DEVICE_REGISTERED ||
           h->first_release;
}

/* Events that give a device to another. */
static bool takes_it(const char *kind, int to)
{
    return to == SIGNET_DEVICE_VOID || to == SIGNET_DEVICE_RETIRED || strcmp(kind, "resumed") == 0;
}

static int change_state(struct history *h, const char *kind, const char *detail,
                        struct signet_error *err)
{
    bool rework = strcmp(kind, "rework") == 0;
    int to = state_of_word(kind, strlen(kind));

    h->taken += takes_it(kind, to);
    if (strcmp(kind, "delivered") == 0 && server_registers(detail))
        h->delivered = true;

    if (rework)
        to = h->failed_from >= SIGNET_DEVICE_VERIFIED ? SIGNET_DEVICE_VERIFIED
                                                      : SIGNET_DEVICE_RESERVED;
    if (to < 0 && h->at != NONE) /* an event that changes no state */
        return SIGNET_OK;
    if (to >= 0)
        settle_rework(h, to);
    if (to < 0 || !may_follow(h, to, rework) || !passes_servers(h, to))
        return skipped(h, kind, err);
    h->left = h->left || (!rework && to >= SIGNET_DEVICE_WRITING && to <= SIGNET_DEVICE_DONE);
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
    if (h->left && !h->exposed)
        return error_set(err, SIGNET_E_LEDGER,
                         "the credentials of device %s were on their way to a board, and its row "
                         "says that they were not",
                         h->endpoint);
    if (h->token < h->taken)
        return error_set(err, SIGNET_E_LEDGER,
                         "the token of device %s was set back: who lost it could work on it again",
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
        *h = (struct history){.device = db_int(row, 0),
                              .state = db_int(row, 4),
                              .error = db_int(row, 5),
                              .exposed = db_int(row, 6),
                              .token = db_int(row, 7),
                              .taken = 1,
                              .at = NONE};
        snprintf(h->endpoint, sizeof(h->endpoint), "%s", db_text(row, 3));
    }
    h->first_release = strcmp(db_text(row, 9), "0.1.0") == 0;
    return rc == SIGNET_OK ? change_state(h, db_text(row, 2), db_text(row, 8), err) : rc;
}

static int check_histories(struct signet_ledger *l, struct signet_error *err)
{
    struct history h = {0};
    const struct db_walk walk = {
        .sql = "SELECT e.device, e.n, e.kind, d.endpoint, d.state, d.error_code, d.exposed,"
               " d.token, e.detail, e.tool FROM events e JOIN devices d ON d.id = e.device WHERE "
               "(e.device, e.n) > ($2, $3) ORDER BY e.device, e.n"
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
        rc = heads_hash(&v.heads, head, err);
    if (rc == SIGNET_OK)
        *events = v.events;
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
