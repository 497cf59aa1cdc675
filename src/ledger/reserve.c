/* SPDX-License-Identifier: Apache-2.0 */

/* New devices: a name and a unit of the quota, taken together. */

#include "ledger/store.h"
#include <stdio.h>

struct request {
    int64_t order;
    const char *endpoint, *slot;
    const struct signet_ledger_names *names;
    struct signet_lease *leases;
    size_t max, count;
};

int device_insert(struct signet_ledger *l, int64_t order, int64_t number, const char *endpoint,
                  const char *slot, struct signet_lease *lease, struct signet_error *err)
{
    struct db_rows row;
    int rc = db_find(l->db, &row, err,
                     "INSERT INTO devices(id, order_id, number, endpoint, station, slot, created,"
                     " changed, lease_until) VALUES({next_device}, $1, $2, $3, $4, $5, $6, $6, $7)"
                     " ON CONFLICT DO NOTHING RETURNING " DEVICE_ROW,
                     "iisssii", order, number, endpoint, l->station, slot, l->db->now,
                     l->db->now + l->lease_seconds);

    if (rc != SIGNET_OK)
        return rc;
    *lease = (struct signet_lease){
        .device = db_int(&row, ROW_ID), .token = 1, .index = number, .attempt = 1};
    memcpy(lease->endpoint, endpoint, strnlen(endpoint, sizeof(lease->endpoint) - 1));
    rc = chain_append(l, &row, ROW_COLUMNS, "reserved", endpoint, err);
    db_end(&row);
    return rc;
}

static int take_quota(struct signet_ledger *l, const struct request *r, int64_t units,
                      int64_t cursor, struct signet_error *err)
{
    return db_run(l->db, err,
                  "UPDATE orders SET issued = issued + $2, cursor = CASE WHEN $3 < 0 THEN cursor"
                  " ELSE $3 END WHERE id = $1",
                  "iii", r->order, units, cursor);
}

/* Locks the order. */
static int look_at_order(struct signet_ledger *l, const struct request *r, int64_t *left,
                         int64_t *cursor, struct signet_error *err)
{
    int64_t issued;
    int rc = db_get(l->db, err,
                    "SELECT quota - issued, cursor, issued FROM orders WHERE id = $1"
                    " /*+ FOR UPDATE */",
                    "i:iii", r->order, left, cursor, &issued);

    if (rc == SIGNET_E_NOT_FOUND)
        return error_set(err, SIGNET_E_USAGE, "the ledger has no such order");
    if (rc != SIGNET_OK)
        return rc;
    if (l->limited == r->order && l->limit - issued < *left)
        *left = l->limit - issued;
    return *left > 0 ? SIGNET_OK : error_set(err, SIGNET_E_QUOTA, "the order's quota is used up");
}

void signet_ledger_limit(struct signet_ledger *ledger, int64_t order, int64_t units)
{
    ledger->limited = order;
    ledger->limit = units;
}

/* Whose name it is. */
static int reserve_refuse(struct signet_ledger *l, const char *endpoint, struct signet_error *err)
{
    struct db_rows row;
    int rc = db_find(l->db, &row, err,
                     "SELECT orders.name, state FROM devices JOIN orders ON orders.id = order_id "
                     "WHERE endpoint = $1 AND freed = 0",
                     "s", endpoint);

    if (rc == SIGNET_OK)
        error_set_hint(
            err, SIGNET_E_CONFLICT, "its history says when it was made; a rework makes it again",
            "endpoint %s is in use by another device: that of order '%s', which is %s", endpoint,
            db_text(&row, 0), signet_device_state_name((enum signet_device_state)db_int(&row, 1)));
    else if (rc == SIGNET_E_NOT_FOUND)
        error_set(err, SIGNET_E_CONFLICT, "endpoint %s is in use by another device", endpoint);
    rc = db_done(&row, rc);
    return rc == SIGNET_OK ? SIGNET_E_CONFLICT : rc;
}

static int reserve(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    int64_t left, cursor;
    int rc = look_at_order(l, r, &left, &cursor, err);

    if (rc == SIGNET_OK)
        rc = device_insert(l, r->order, -1, r->endpoint, r->slot, r->leases, err);
    if (rc == SIGNET_E_NOT_FOUND)
        return reserve_refuse(l, r->endpoint, err);
    return rc == SIGNET_OK ? take_quota(l, r, 1, -1, err) : rc;
}

int signet_ledger_reserve(struct signet_ledger *ledger, int64_t order, const char *endpoint,
                          const char *slot, struct signet_lease *lease, struct signet_error *err)
{
    struct signet_lease made = {0};
    struct request r = {.order = order, .endpoint = endpoint, .slot = slot, .leases = &made};

    if (!endpoint || !slot || !text_is_clean(slot) ||
        !endpoint_name_valid(endpoint, strlen(endpoint)))
        return error_set(err, SIGNET_E_USAGE, "a device needs an endpoint name and a slot");
    int rc = store_change(ledger, reserve, &r, err);
    if (rc == SIGNET_OK)
        *lease = made;
    return rc;
}

/* A name in use; *passed: how many were another number's or order's. */
static int pass_over(struct signet_ledger *l, const struct request *r, int64_t number,
                     const char *endpoint, int64_t *passed, struct signet_error *err)
{
    int64_t order, its_number;
    int rc =
        db_get(l->db, err, "SELECT order_id, number FROM devices WHERE endpoint = $1 AND freed = 0",
               "s:ii", endpoint, &order, &its_number);

    if (rc == SIGNET_OK && (order != r->order || its_number != number))
        ++*passed;
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

/* So that no number is left out without a reason (rules.c). */
static int note_passed(struct signet_ledger *l, const struct request *r, int64_t passed,
                       struct signet_error *err)
{
    char text[32];

    snprintf(text, sizeof(text), "%lld", (long long)passed);
    return passed ? order_event(l, r->order, "passed", text, err) : SIGNET_OK;
}

/* Names in use are passed over: the order's cursor is a hint where to begin, no promise. */
static int reserve_next(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    char endpoint[152];
    int64_t left, cursor, passed = 0;
    int rc = look_at_order(l, r, &left, &cursor, err);

    for (r->count = 0; rc == SIGNET_OK && r->count < r->max && left > 0; cursor++) {
        rc = r->names->name(r->names->ctx, cursor, endpoint, err);
        if (rc != SIGNET_OK)
            break;
        if (!endpoint_name_valid(endpoint, strnlen(endpoint, sizeof(endpoint))))
            return error_set(err, SIGNET_E_USAGE, "'%.40s' is no endpoint name", endpoint);
        rc = device_insert(l, r->order, cursor, endpoint, r->slot, &r->leases[r->count], err);
        if (rc == SIGNET_OK) {
            r->count++;
            left--;
        } else if (rc == SIGNET_E_NOT_FOUND) {
            rc = pass_over(l, r, cursor, endpoint, &passed, err);
        }
    }
    if (rc == SIGNET_E_NOT_FOUND) /* also when none was left: they are not looked through again */
        rc = SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = take_quota(l, r, (int64_t)r->count, cursor, err);
    return rc == SIGNET_OK ? note_passed(l, r, passed, err) : rc;
}

int signet_ledger_reserve_next(struct signet_ledger *ledger, int64_t order, const char *slot,
                               const struct signet_ledger_names *names, struct signet_lease *leases,
                               size_t max, size_t *count, struct signet_error *err)
{
    struct request r = {.order = order, .slot = slot, .names = names, .leases = leases, .max = max};

    if (!slot || !names || max == 0 || !text_is_clean(slot))
        return error_set(err, SIGNET_E_USAGE, "devices need names and a slot");
    int rc = store_change(ledger, reserve_next, &r, err);
    if (rc == SIGNET_OK && r.count == 0)
        return error_set(err, SIGNET_E_NOT_FOUND, "the order has no more names");
    if (rc == SIGNET_OK)
        *count = r.count;
    return rc;
}
