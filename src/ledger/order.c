/* SPDX-License-Identifier: Apache-2.0 */

/* Orders, and what is written down of them. */

#include "ledger/store.h"
#include <stdio.h>

struct order {
    const char *name, *hash;
    int64_t quota, id;
};

static int take_order(struct signet_ledger *l, struct order *o, const struct db_rows *row,
                      struct signet_error *err)
{
    char text[192];

    o->id = db_int(row, 0);
    if (o->id >= OWN_END)
        return chain_refuse(o->name, err);
    if (strcmp(db_text(row, 1), o->hash) != 0)
        return error_set(err, SIGNET_E_CONFLICT,
                         "order '%s' was started with another order or other files of it", o->name);
    if (db_int(row, 2) >= o->quota)
        return SIGNET_OK;
    snprintf(text, sizeof(text), "quota %lld", (long long)o->quota);
    int rc =
        db_run(l->db, err, "UPDATE orders SET quota = $2 WHERE id = $1", "ii", o->id, o->quota);
    return rc == SIGNET_OK ? order_event(l, o->id, "quota", text, err) : rc;
}

/* Its names are those of the other site. */
static int refuse_imported(struct signet_ledger *l, const struct order *o, struct signet_error *err)
{
    int rc =
        db_get(l->db, err,
               "SELECT 1 FROM orders WHERE id >= " OWN_END_SQL " AND " NAME_THERE("name") " = $1",
               "s:", o->name);

    if (rc == SIGNET_E_NOT_FOUND)
        return SIGNET_OK;
    return rc == SIGNET_OK
               ? error_set_hint(err, SIGNET_E_CONFLICT,
                                "go on with it at its site; a new order needs a name of its own",
                                "order %s is one of another site, and came here with an import",
                                o->name)
               : rc;
}

static int put_order(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct order *o = arg;
    struct db_rows row;
    int rc = db_find(l->db, &row, err,
                     "INSERT INTO orders(id, name, hash, quota, created)"
                     " VALUES({next_order}, $1, $2, $3, $4)"
                     " ON CONFLICT DO NOTHING RETURNING " ORDER_ROW,
                     "ssii", o->name, o->hash, o->quota, l->db->now);

    if (rc == SIGNET_OK) {
        o->id = db_int(&row, 1);
        rc = refuse_imported(l, o, err);
        if (rc == SIGNET_OK)
            rc = chain_append(l, &row, ORDER_COLUMNS, "order", o->name, err);
    } else if (rc == SIGNET_E_NOT_FOUND) {
        rc = db_find(l->db, &row, err,
                     "SELECT id, hash, quota FROM orders WHERE name = $1 /*+ FOR UPDATE */", "s",
                     o->name);
        if (rc == SIGNET_OK)
            rc = take_order(l, o, &row, err);
    }
    db_end(&row);
    return rc;
}

int signet_ledger_order(struct signet_ledger *ledger, const char *name, const char *hash,
                        int64_t quota, int64_t *id, struct signet_error *err)
{
    struct order o = {.name = name, .hash = hash, .quota = quota};

    if (!name || !*name || !hash || quota < 1 || !text_is_clean(name) || !text_is_clean(hash))
        return error_set(err, SIGNET_E_USAGE, "an order needs a name, a hash and a quota");
    int rc = store_change(ledger, put_order, &o, err);
    if (rc == SIGNET_OK)
        *id = o.id;
    return rc;
}

int order_event(struct signet_ledger *l, int64_t order, const char *kind, const char *detail,
                struct signet_error *err)
{
    struct db_rows row;
    int rc = db_find(l->db, &row, err,
                     "UPDATE orders SET events = events + 1 WHERE id = $1 RETURNING " ORDER_ROW,
                     "i", order);

    if (rc == SIGNET_E_NOT_FOUND)
        return error_set(err, SIGNET_E_USAGE, "the ledger has no such order");
    if (rc == SIGNET_OK)
        rc = chain_append(l, &row, ORDER_COLUMNS, kind, detail, err);
    db_end(&row);
    return rc;
}

struct order_note {
    int64_t order;
    const char *kind, *detail;
};

static int note_order(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct order_note *n = arg;

    return order_event(l, n->order, n->kind, n->detail, err);
}

int order_put_note(struct signet_ledger *l, int64_t order, const char *kind, const char *detail,
                   struct signet_error *err)
{
    return store_change(l, note_order, &(struct order_note){order, kind, detail}, err);
}

int signet_ledger_run(struct signet_ledger *ledger, int64_t order, const char *json,
                      struct signet_error *err)
{
    return order_put_note(ledger, order, "run", json, err);
}

int signet_ledger_order_note(struct signet_ledger *ledger, int64_t order, const char *kind,
                             const char *detail, struct signet_error *err)
{
    if (!note_kind_valid(kind ? kind : ""))
        return error_set(err, SIGNET_E_USAGE, "a note needs a word of its own, not '%s'",
                         kind ? kind : "");
    return order_put_note(ledger, order, kind, detail, err);
}
