/* SPDX-License-Identifier: Apache-2.0 */

/* Devices that a server is to lose: each is a delivery in state 3, until the server does not have
 * it. Any station may do it: no secret is needed. */

#include "ledger/store.h"

#include <stdio.h>

#define REMOVAL_FREE LEASE_ENDED("v.lease_until", "$4")

struct request {
    int64_t order, after, seen;
    const char *server;
    struct signet_ledger_removal *removals;
    const struct signet_ledger_removal *given;
    const struct signet_error *outcomes;
    size_t max, count;
};

static int read_removals(struct db_rows *row, struct request *r, struct signet_error *err)
{
    int rc = SIGNET_OK;

    while (rc == SIGNET_OK && r->count < r->max && (rc = db_step(row, err)) == SIGNET_OK) {
        struct signet_ledger_removal *one = &r->removals[r->count++];
        *one = (struct signet_ledger_removal){
            .device = db_int(row, 0), .token = db_int(row, 1) + 1, .has_cert = db_int(row, 3) != 0};
        snprintf(one->endpoint, sizeof(one->endpoint), "%s", db_text(row, 2));
    }
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

static int take_removals(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    struct db_rows row;
    int rc = db_query(l->db, &row, err,
                      "SELECT v.device, v.token, d.endpoint, CASE WHEN d.cert_serial IS NULL THEN 0"
                      " ELSE 1 END FROM deliveries v JOIN devices d ON d.id = v.device"
                      " WHERE v.server = $2 AND v.state = 3 AND v.device > $3 AND d.order_id = $1"
                      " AND " REMOVAL_FREE " ORDER BY v.device LIMIT $5"
                      " /*+ FOR UPDATE OF v SKIP LOCKED */",
                      "isiii", r->order, r->server, r->after, l->db->now, (int64_t)r->max);

    r->count = 0;
    r->seen = r->after;
    if (rc == SIGNET_OK)
        rc = read_removals(&row, r, err);
    db_end(&row);
    for (size_t i = 0; rc == SIGNET_OK && i < r->count; i++) {
        r->seen = r->removals[i].device;
        rc = db_run(l->db, err,
                    "UPDATE deliveries SET token = token + 1, lease_until = $3, station = $4"
                    " WHERE device = $1 AND server = $2",
                    "isis", r->removals[i].device, r->server, l->db->now + l->lease_seconds,
                    l->station);
    }
    return rc;
}

int signet_ledger_removals(struct signet_ledger *ledger, int64_t order, const char *server,
                           int64_t *after, struct signet_ledger_removal *removals, size_t max,
                           size_t *count, struct signet_error *err)
{
    struct request r = {
        .order = order, .after = *after, .server = server, .removals = removals, .max = max};

    if (!server || !*server || !text_is_clean(server))
        return error_set(err, SIGNET_E_USAGE, "a removal needs a server's name");
    int rc = store_change(ledger, take_removals, &r, err);
    if (rc != SIGNET_OK)
        return rc;
    *count = r.count;
    *after = r.seen;
    return SIGNET_OK;
}

/* by_hand: what a person has to do, or NULL. */
static int note_removed(struct signet_ledger *l, const struct request *r, size_t i,
                        const char *by_hand, struct signet_error *err)
{
    struct buf detail = {0};
    int64_t now = 0;
    int rc = chain_time(l, &now, err);

    if (rc == SIGNET_OK)
        rc = db_change(l->db, err,
                       "UPDATE deliveries SET state = 4, lease_until = 0, changed = $4, error = $5,"
                       " station = $6 WHERE device = (SELECT id FROM devices WHERE id = $1"
                       " /*+ FOR UPDATE */) AND server = $2 AND token = $3 AND state = 3",
                       "isiiss", r->given[i].device, r->server, r->given[i].token, now, by_hand,
                       l->station);
    buf_printf(&detail, "%s%s%s", r->server, by_hand ? ": " : "", by_hand ? by_hand : "");
    if (rc == SIGNET_OK)
        rc = buf_check(&detail, err);
    if (rc == SIGNET_OK)
        rc = device_note(l, r->given[i].device, 0, "removed", (const char *)detail.data, err);
    buf_free(&detail);
    return rc;
}

static int settle_removal(struct signet_ledger *l, const struct request *r, size_t i,
                          struct signet_error *err)
{
    const struct signet_error *why = &r->outcomes[i];
    struct buf room = {0};
    int rc;

    if (why->code == SIGNET_OK || why->code == SIGNET_E_UNSUPPORTED)
        rc =
            note_removed(l, r, i, why->code == SIGNET_OK ? NULL : text_clean(why->msg, &room), err);
    else
        rc = db_run(l->db, err,
                    "UPDATE deliveries SET lease_until = 0 WHERE device = $1 AND server = $2"
                    " AND token = $3 AND state = 3",
                    "isi", r->given[i].device, r->server, r->given[i].token);
    buf_free(&room);
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc; /* somebody else has it by now */
}

static int removed(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    int rc = SIGNET_OK;

    for (size_t i = 0; i < r->count && rc == SIGNET_OK; i++)
        rc = settle_removal(l, r, i, err);
    return rc;
}

int signet_ledger_removed(struct signet_ledger *ledger, const char *server,
                          const struct signet_ledger_removal *removals, size_t count,
                          const struct signet_error *outcomes, struct signet_error *err)
{
    struct request r = {.server = server, .given = removals, .outcomes = outcomes, .count = count};

    if (!server || !*server || !text_is_clean(server))
        return error_set(err, SIGNET_E_USAGE, "a removal needs a server's name");
    return store_change(ledger, removed, &r, err);
}
