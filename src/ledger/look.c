/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at what is recorded, without a change. */
#include "ledger/store.h"

#include <string.h>

enum { PAGE = 256 };

struct look {
    const struct signet_ledger_filter *filter;
    const char *name; /* of an endpoint or an order; NULL: all */
    int (*device)(void *, const struct signet_ledger_device *, struct signet_error *);
    int (*event)(void *, const struct signet_ledger_event *, struct signet_error *);
    int (*delivery)(void *, const struct signet_ledger_delivery *, struct signet_error *);
    int (*group)(void *, const struct signet_ledger_group *, struct signet_error *);
    int (*order)(void *, const struct signet_ledger_order_view *, struct signet_error *);
    void *ctx;
    bool told, stopped; /* a row was given; the callback has enough */
};

/* What a callback returned, which ends the walk. */
static int heard(struct look *k, int rc)
{
    k->stopped = rc != SIGNET_OK;
    return rc;
}

/* Rows cannot be told twice: no second try once there were some. */
static int begin_telling(struct look *k, struct signet_error *err)
{
    if (!k->told) {
        k->told = true;
        return SIGNET_OK;
    }
    error_set(err, SIGNET_E_LEDGER, "the ledger's database server went away while it was read");
    error_hint(err, "nothing is lost; start again when the server is there");
    return SIGNET_E_LEDGER;
}

/* A walk that came to the end of its rows has done well. */
static int walked(const struct look *k, int rc)
{
    return rc == SIGNET_E_NOT_FOUND && !k->stopped ? SIGNET_OK : rc;
}

static const char *text(const char *value)
{
    return value ? value : "";
}

static int tell_device(struct look *k, const struct db_rows *row, struct signet_error *err)
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

    return heard(k, k->device(k->ctx, &d, err));
}

static int devices(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    static const char sql[] =
        "SELECT d.id, o.name, d.endpoint, d.station, d.slot, d.state, d.attempt, d.exposed,"
        " d.freed, d.created, d.changed, d.hw_id, d.psk_identity, d.psk_sha256, d.spki_sha256,"
        " d.packet_sha256, d.image_sha256, d.error_code, d.error, d.cert_issuer, d.cert_serial"
        " FROM devices d JOIN orders o ON o.id = d.order_id WHERE d.id > $1"
        " AND ($2 = '' OR o.name = $2) AND ($3 = '' OR d.endpoint = $3)"
        " AND ($4 = '' OR d.station = $4) AND ($5 < 0 OR d.state = $5) ORDER BY d.id LIMIT $6";
    static const struct signet_ledger_filter any = {.state = -1};
    struct look *k = arg;
    const struct signet_ledger_filter *f = k->filter ? k->filter : &any;
    int64_t after = 0;
    int count = PAGE, rc = begin_telling(k, err);

    while (rc == SIGNET_OK && count == PAGE) {
        struct db_rows row;
        rc = db_query(l->db, &row, err, sql, "isssii", after, text(f->order), text(f->endpoint),
                      text(f->station), (int64_t)f->state, (int64_t)PAGE);
        for (count = 0; rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK; count++) {
            after = db_int(&row, 0);
            rc = tell_device(k, &row, err);
            if (rc != SIGNET_OK)
                break;
        }
        db_end(&row);
        rc = walked(k, rc);
    }
    return rc;
}

static int look(struct signet_ledger *ledger, const struct change_kind *kind, struct look *k,
                struct signet_error *err)
{
    return store_change(ledger, kind, k, err);
}

int signet_ledger_devices(struct signet_ledger *ledger, const struct signet_ledger_filter *filter,
                          int (*row)(void *, const struct signet_ledger_device *,
                                     struct signet_error *),
                          void *ctx, struct signet_error *err)
{
    static const struct change_kind kind = {.apply = devices, .reads = true};
    struct look k = {.filter = filter, .device = row, .ctx = ctx};

    return look(ledger, &kind, &k, err);
}

#define EVENT                                                                                      \
    "SELECT s.name, e.seq, e.time, COALESCE(d.endpoint, ''), e.kind, e.detail, e.operator, "       \
    "e.tool,"                                                                                      \
    " e.hash, e.station FROM events e JOIN stations s ON s.id = e.station"                         \
    " LEFT JOIN devices d ON d.id = e.device"

static int tell_event(struct look *k, const struct db_rows *row, struct signet_error *err)
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

    return heard(k, k->event(k->ctx, &e, err));
}

static int events(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    static const char of_all[] =
        EVENT " WHERE (e.station, e.seq) > ($1, $2) ORDER BY e.station, e.seq LIMIT $3";
    static const char of_one[] = EVENT " WHERE d.endpoint = $1 ORDER BY e.device, e.n";
    struct look *k = arg;
    int64_t station = 0, seq = 0;
    int count = PAGE, rc = begin_telling(k, err);

    while (rc == SIGNET_OK && count == PAGE) {
        struct db_rows row;
        if (k->name) /* a handful: one page */
            rc = db_query(l->db, &row, err, of_one, "s", k->name);
        else
            rc = db_query(l->db, &row, err, of_all, "iii", station, seq, (int64_t)PAGE);
        for (count = 0; rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK; count++) {
            seq = db_int(&row, 1);
            station = db_int(&row, 9);
            rc = tell_event(k, &row, err);
            if (rc != SIGNET_OK)
                break;
        }
        db_end(&row);
        rc = walked(k, rc);
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
    static const struct change_kind kind = {.apply = events, .reads = true};
    struct look k = {.name = endpoint, .event = row, .ctx = ctx};

    return look(ledger, &kind, &k, err);
}

static int deliveries(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct look *k = arg;
    struct db_rows row = {0};
    int rc = begin_telling(k, err);

    if (rc == SIGNET_OK)
        rc = db_query(l->db, &row, err,
                      "SELECT v.server, v.state, v.changed, v.error FROM deliveries v JOIN devices"
                      " d ON d.id = v.device WHERE d.endpoint = $1 ORDER BY v.server",
                      "s", text(k->name));

    while (rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK) {
        const struct signet_ledger_delivery d = {.server = db_text(&row, 0),
                                                 .delivered = db_int(&row, 1) == 1,
                                                 .refused = db_int(&row, 1) == 2,
                                                 .changed = db_int(&row, 2),
                                                 .error = db_text(&row, 3)};
        rc = heard(k, k->delivery(k->ctx, &d, err));
        if (rc != SIGNET_OK)
            break;
    }
    db_end(&row);
    return walked(k, rc);
}

int signet_ledger_deliveries(struct signet_ledger *ledger, const char *endpoint,
                             int (*row)(void *, const struct signet_ledger_delivery *,
                                        struct signet_error *),
                             void *ctx, struct signet_error *err)
{
    static const struct change_kind kind = {.apply = deliveries, .reads = true};
    struct look k = {.name = endpoint, .delivery = row, .ctx = ctx};

    return look(ledger, &kind, &k, err);
}

#define COUNTS                                                                                     \
    " count(*), SUM(CASE WHEN d.state IN (4, 5, 6) THEN 1 ELSE 0 END),"                            \
    " SUM(CASE WHEN d.state = 7 THEN 1 ELSE 0 END),"                                               \
    " SUM(CASE WHEN d.state IN (4, 5, 6) AND NOT EXISTS(SELECT 1 FROM events e WHERE"              \
    " e.device = d.id AND e.kind IN ('retry', 'failed', 'rework')) THEN 1 ELSE 0 END)"             \
    " FROM devices d JOIN orders o ON o.id = d.order_id"                                           \
    " WHERE ($1 = '' OR o.name = $1) AND d.freed = 0"

static int stats(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    static const struct {
        const char *by, *sql;
    } groups[] = {
        {"state", "SELECT d.state," COUNTS " GROUP BY d.state ORDER BY d.state"},
        {"slot", "SELECT d.station || '/' || d.slot AS place," COUNTS
                 " GROUP BY d.station || '/' || d.slot ORDER BY 1"},
        {"error",
         "SELECT d.error_code," COUNTS " AND d.state = 7 GROUP BY d.error_code ORDER BY 1"},
    };
    struct look *k = arg;
    int rc = begin_telling(k, err);

    for (size_t i = 0; rc == SIGNET_OK && i < sizeof(groups) / sizeof(groups[0]); i++) {
        struct db_rows row;
        rc = db_query(l->db, &row, err, groups[i].sql, "s", text(k->name));
        while (rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK) {
            const char *name =
                i == 0   ? signet_device_state_name((enum signet_device_state)db_int(&row, 0))
                : i == 2 ? signet_code_name((enum signet_code)db_int(&row, 0))
                         : db_text(&row, 0);
            const struct signet_ledger_group g = {.by = groups[i].by,
                                                  .name = text(name),
                                                  .devices = db_int(&row, 1),
                                                  .done = db_int(&row, 2),
                                                  .failed = db_int(&row, 3),
                                                  .first_pass = db_int(&row, 4)};
            rc = heard(k, k->group(k->ctx, &g, err));
            if (rc != SIGNET_OK)
                break;
        }
        db_end(&row);
        rc = walked(k, rc);
    }
    return rc;
}

int signet_ledger_stats(struct signet_ledger *ledger, const char *order,
                        int (*row)(void *, const struct signet_ledger_group *,
                                   struct signet_error *),
                        void *ctx, struct signet_error *err)
{
    static const struct change_kind kind = {.apply = stats, .reads = true};
    struct look k = {.name = order, .group = row, .ctx = ctx};

    return look(ledger, &kind, &k, err);
}

/* Those that are done are the rest: only the others are counted, by an index. */
static int count_states(struct signet_ledger *l, int64_t order, int64_t issued,
                        int64_t states[SIGNET_DEVICE_STATES], struct signet_error *err)
{
    struct db_rows row;
    int rc = db_query(l->db, &row, err,
                      "SELECT state, count(*) FROM devices WHERE order_id = $1 AND state <> 6"
                      " AND freed = 0 GROUP BY state",
                      "i", order);

    memset(states, 0, SIGNET_DEVICE_STATES * sizeof(states[0]));
    states[SIGNET_DEVICE_DONE] = issued;
    while (rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK) {
        int64_t state = db_int(&row, 0), count = db_int(&row, 1);
        if (state >= 0 && state < SIGNET_DEVICE_STATES)
            states[state] = count;
        states[SIGNET_DEVICE_DONE] -= count;
    }
    db_end(&row);
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

struct states {
    int64_t order, states[SIGNET_DEVICE_STATES];
};

static int order_states(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct states *s = arg;
    struct db_rows row;
    int rc = db_find(l->db, &row, err, "SELECT issued FROM orders WHERE id = $1", "i", s->order);
    int64_t issued = rc == SIGNET_OK ? db_int(&row, 0) : 0;

    db_end(&row);
    if (rc == SIGNET_E_NOT_FOUND)
        return error_set(err, SIGNET_E_USAGE, "the ledger has no such order");
    return rc == SIGNET_OK ? count_states(l, s->order, issued, s->states, err) : rc;
}

int signet_ledger_states(struct signet_ledger *ledger, int64_t order,
                         int64_t states[SIGNET_DEVICE_STATES], struct signet_error *err)
{
    static const struct change_kind kind = {.apply = order_states, .reads = true};
    struct states s = {.order = order};
    int rc = store_change(ledger, &kind, &s, err);

    if (rc == SIGNET_OK)
        memcpy(states, s.states, sizeof(s.states));
    return rc;
}

static int orders(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct look *k = arg;
    int64_t after = 0;
    int rc = begin_telling(k, err);

    while (rc == SIGNET_OK) {
        struct db_rows row;
        rc = db_find(l->db, &row, err,
                     "SELECT id, name, quota, issued, created FROM orders WHERE id > $1"
                     " ORDER BY id LIMIT 1",
                     "i", after);
        if (rc != SIGNET_OK)
            break;
        struct signet_ledger_order_view o = {.name = db_text(&row, 1),
                                             .quota = db_int(&row, 2),
                                             .issued = db_int(&row, 3),
                                             .created = db_int(&row, 4)};
        after = db_int(&row, 0);
        rc = count_states(l, after, o.issued, o.states, err);
        if (rc == SIGNET_OK)
            rc = heard(k, k->order(k->ctx, &o, err));
        db_end(&row);
    }
    return walked(k, rc);
}

int signet_ledger_orders(struct signet_ledger *ledger,
                         int (*row)(void *, const struct signet_ledger_order_view *,
                                    struct signet_error *),
                         void *ctx, struct signet_error *err)
{
    static const struct change_kind kind = {.apply = orders, .reads = true};
    struct look k = {.order = row, .ctx = ctx};

    return look(ledger, &kind, &k, err);
}
