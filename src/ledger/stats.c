/* SPDX-License-Identifier: Apache-2.0 */

/* Counts: groups of devices, and orders. */
#include "ledger/store.h"

#include <stdlib.h>

enum by { BY_STATE, BY_SLOT, BY_ERROR };

struct group {
    enum by by;
    int64_t number; /* of a state or an error; 0 for a slot */
    char *name;     /* of a slot */
    struct signet_ledger_group counts;
};

/* One walk over the devices; what is kept is a handful of groups. */
struct stats {
    struct group *groups;
    size_t count;
    struct buf place; /* "station/slot" */
};

static void free_stats(struct stats *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->groups[i].name);
    free(s->groups);
    buf_free(&s->place);
}

/* NULL: no memory. */
static struct group *find_group(struct stats *s, enum by by, int64_t number, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        struct group *g = &s->groups[i];
        if (g->by == by && g->number == number && strcmp(g->name, name) == 0)
            return g;
    }
    char *copy = strdup(name);
    if (!copy || list_room(s->groups, s->count, NULL) != SIGNET_OK) {
        free(copy);
        return NULL;
    }
    s->groups[s->count] = (struct group){.by = by, .number = number, .name = copy};
    return &s->groups[s->count++];
}

static int count_in(struct stats *s, enum by by, int64_t number, const char *name,
                    const struct signet_ledger_group *one, struct signet_error *err)
{
    struct group *g = find_group(s, by, number, name);

    if (!g)
        return error_nomem(err);
    g->counts.devices++;
    g->counts.done += one->done;
    g->counts.failed += one->failed;
    g->counts.ended += one->ended;
    g->counts.first_pass += one->first_pass;
    return SIGNET_OK;
}

/* A name that is only kept, such as that of a golden board, was never in a slot. */
static int count_device(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    struct stats *s = ctx;
    int64_t state = db_int(row, 1);
    const struct signet_ledger_group one = {.done = state >= SIGNET_DEVICE_VERIFIED &&
                                                    state <= SIGNET_DEVICE_DONE,
                                            .failed = state == SIGNET_DEVICE_FAILED,
                                            .ended = state >= SIGNET_DEVICE_VERIFIED,
                                            .first_pass = db_int(row, 5)};

    buf_reset(&s->place);
    buf_printf(&s->place, "%s/%s", db_text(row, 2), db_text(row, 3));
    int rc = buf_check(&s->place, err);
    if (rc == SIGNET_OK)
        rc = count_in(s, BY_STATE, state, "", &one, err);
    if (rc == SIGNET_OK && (db_text(row, 3)[0] || state != SIGNET_DEVICE_VOID))
        rc = count_in(s, BY_SLOT, 0, (const char *)s->place.data, &one, err);
    if (rc == SIGNET_OK && one.failed)
        rc = count_in(s, BY_ERROR, db_int(row, 4), "", &one, err);
    return rc;
}

/* Slots in the order that a person expects: 1, 2, 10. */
static int compare_groups(const void *a, const void *b)
{
    const struct group *x = a, *y = b;

    if (x->by != y->by)
        return x->by < y->by ? -1 : 1;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return strverscmp(x->name, y->name);
}

static int give_groups(const struct look *k, struct stats *s, struct signet_error *err)
{
    static const char *const by[] = {"state", "slot", "error"};
    int rc = SIGNET_OK;

    if (s->count > 0)
        qsort(s->groups, s->count, sizeof(*s->groups), compare_groups);
    for (size_t i = 0; rc == SIGNET_OK && i < s->count; i++) {
        const struct group *g = &s->groups[i];
        struct signet_ledger_group out = g->counts;
        out.by = by[g->by];
        out.name = g->by == BY_STATE ? signet_device_state_name((enum signet_device_state)g->number)
                   : g->by == BY_ERROR ? signet_code_name((enum signet_code)g->number)
                                       : g->name;
        rc = k->group(k->ctx, &out, err);
    }
    return rc;
}

static int walk_groups(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct look *k = arg;
    struct stats s = {0};
    const struct db_walk walk = {
        .sql = "SELECT d.id, d.state, " STATION_OF_D ", d.slot, d.error_code, CASE WHEN d.state IN"
               " ({verified}, {registered}, {done}) AND NOT EXISTS(SELECT 1 FROM events e"
               " WHERE e.device = d.id AND e.kind IN ('retry', 'failed', 'rework'))"
               " THEN 1 ELSE 0 END FROM devices d JOIN orders o ON o.id = d.order_id"
               " WHERE d.id > $2 AND ($3 = '' OR o.name = $3) AND d.freed = 0 ORDER BY d.id"
               " LIMIT $1",
        .keys = 1,
        .row = count_device,
        .ctx = &s};
    int rc = db_walk(l->db, &walk, err, "s", k->name ? k->name : "");

    if (rc == SIGNET_OK)
        rc = give_groups(k, &s, err);
    free_stats(&s);
    return rc;
}

int signet_ledger_stats(struct signet_ledger *ledger, const char *order,
                        signet_ledger_group_each *row, void *ctx, struct signet_error *err)
{
    struct look k = {.name = order, .group = row, .ctx = ctx};

    return store_read_once(ledger, walk_groups, &k, err);
}

/* Those that are done are the rest: only the others are counted, by an index. A void device whose
 * name was given back has no unit, and a retired edition has left its unit to the next. */
static int count_states(struct db *db, int64_t order, int64_t issued,
                        int64_t states[SIGNET_DEVICE_STATES], struct signet_error *err)
{
    struct db_rows row;
    int rc = db_query(db, &row, err,
                      "SELECT state, count(*) FROM devices WHERE order_id = $1 AND state <> {done}"
                      " AND state <> {retired} GROUP BY state UNION ALL SELECT {void}, -count(*)"
                      " FROM devices WHERE order_id = $1 AND state = {void} AND state <> {done}"
                      " AND freed = 1",
                      "i", order);

    memset(states, 0, SIGNET_DEVICE_STATES * sizeof(states[0]));
    states[SIGNET_DEVICE_DONE] = issued;
    while (rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK) {
        int64_t state = db_int(&row, 0), count = db_int(&row, 1);
        if (state >= 0 && state < SIGNET_DEVICE_STATES)
            states[state] += count;
        states[SIGNET_DEVICE_DONE] -= count;
    }
    return db_done(&row, rc);
}

struct states {
    int64_t order, states[SIGNET_DEVICE_STATES];
};

static int order_states(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct states *s = arg;
    int64_t issued = 0;
    int rc =
        db_get(l->db, err, "SELECT issued FROM orders WHERE id = $1", "i:i", s->order, &issued);

    if (rc == SIGNET_E_NOT_FOUND)
        return error_set(err, SIGNET_E_USAGE, "the ledger has no such order");
    return rc == SIGNET_OK ? count_states(l->db, s->order, issued, s->states, err) : rc;
}

int signet_ledger_states(struct signet_ledger *ledger, int64_t order,
                         int64_t states[SIGNET_DEVICE_STATES], struct signet_error *err)
{
    struct states s = {.order = order};
    int rc = store_read(ledger, order_states, &s, err);

    if (rc == SIGNET_OK)
        memcpy(states, s.states, sizeof(s.states));
    return rc;
}

static int give_order(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    const struct look *k = ctx;
    struct signet_ledger_order_view o = {.name = db_text(row, 1),
                                         .quota = db_int(row, 2),
                                         .issued = db_int(row, 3),
                                         .created = db_int(row, 4)};
    int rc = count_states(row->db, db_int(row, 0), o.issued, o.states, err);

    return rc == SIGNET_OK ? k->order(k->ctx, &o, err) : rc;
}

static int walk_orders(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct db_walk walk = {
        .sql = "SELECT id, name, quota, issued, created FROM orders ORDER BY id",
        .row = give_order,
        .ctx = arg};

    return db_walk(l->db, &walk, err, "");
}

int signet_ledger_orders(struct signet_ledger *ledger, signet_ledger_order_view_each *row,
                         void *ctx, struct signet_error *err)
{
    struct look k = {.order = row, .ctx = ctx};

    return store_read_once(ledger, walk_orders, &k, err);
}
