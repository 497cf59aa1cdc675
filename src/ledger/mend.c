/* SPDX-License-Identifier: Apache-2.0 */

/* What a person decides about a device: void and rework. */

#include "ledger/store.h"

struct request {
    const char *endpoint, *reason;
    int64_t device, order, number, exposed, at_servers;
    enum signet_device_state state;
};

/* The one device that goes by this name. Its order is locked first, as everywhere. at_servers: a
 * rework goes back to there; with its sealed credentials lost, the device needs others. */
static int find_named(struct signet_ledger *l, struct request *r, struct signet_error *err)
{
    struct db_rows row;
    int rc = db_run(l->db, err,
                    "UPDATE orders SET issued = issued WHERE id = (SELECT order_id FROM devices"
                    " WHERE endpoint = $1 AND freed = 0)",
                    "s", r->endpoint);

    if (rc == SIGNET_OK)
        rc = db_find(l->db, &row, err,
                     "SELECT id, order_id, number, exposed, state, CASE WHEN failed_from >="
                     " {verified} AND error_code <> $2 THEN 1 ELSE 0 END FROM devices"
                     " WHERE endpoint = $1 AND freed = 0 /*+ FOR UPDATE */",
                     "si", r->endpoint, (int64_t)SIGNET_E_SEAL);
    if (rc == SIGNET_E_NOT_FOUND)
        return error_set(err, rc, "the ledger has no device %s", r->endpoint);
    if (rc != SIGNET_OK)
        return rc;
    r->device = db_int(&row, 0);
    r->order = db_int(&row, 1);
    r->number = db_int(&row, 2);
    r->exposed = db_int(&row, 3);
    r->state = (enum signet_device_state)db_int(&row, 4);
    r->at_servers = db_int(&row, 5);
    db_end(&row);
    return SIGNET_OK;
}

static int void_named(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    int rc = find_named(l, r, err);

    if (rc == SIGNET_OK && !state_may(r->state, SIGNET_DEVICE_VOID))
        return error_set(err, SIGNET_E_EXISTS, "%s is void already", r->endpoint);
    if (rc == SIGNET_OK)
        rc = db_run(l->db, err,
                    "UPDATE devices SET state = {void}, token = token + 1, lease_until = 0,"
                    " freed = 1 - exposed, error = $2, changed = $3, events = events + 1"
                    " WHERE id = $1",
                    "isi", r->device, r->reason, l->db->now);
    if (rc == SIGNET_OK)
        rc = device_event(l, r->device, "void", r->reason, err);
    if (rc == SIGNET_OK && !r->exposed) /* the name is there again, at its number */
        rc = db_run(l->db, err,
                    "UPDATE orders SET issued = issued - 1, cursor = CASE WHEN $2 < 0 THEN 0"
                    " WHEN $2 < cursor THEN $2 ELSE cursor END WHERE id = $1",
                    "ii", r->order, r->number);
    return rc;
}

int signet_ledger_void(struct signet_ledger *ledger, const char *endpoint, const char *reason,
                       struct signet_error *err)
{
    struct request r = {.endpoint = endpoint, .reason = reason};

    if (!endpoint || !reason || !*reason || !text_is_clean(reason) || !text_is_clean(endpoint))
        return error_set(err, SIGNET_E_USAGE, "void needs an endpoint and a reason");
    return store_change(ledger, void_named, &r, err);
}

static int rework_named(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    int rc = find_named(l, r, err);

    if (rc == SIGNET_OK && r->state != SIGNET_DEVICE_FAILED)
        return error_set(err, SIGNET_E_USAGE, "%s is %s; only a failed device is reworked",
                         r->endpoint, signet_device_state_name(r->state));
    if (rc == SIGNET_OK)
        rc = db_run(l->db, err,
                    "UPDATE devices SET state = $2, attempt = attempt + 1, lease_until = 0,"
                    " failed_from = NULL, changed = $3, events = events + 1"
                    " WHERE id = $1",
                    "iii", r->device,
                    (int64_t)(r->at_servers ? SIGNET_DEVICE_VERIFIED : SIGNET_DEVICE_RESERVED),
                    l->db->now);
    if (rc == SIGNET_OK)
        rc = device_event(l, r->device, "rework", "", err);
    if (rc == SIGNET_OK)
        rc = db_run(l->db, err,
                    "UPDATE deliveries SET state = 0, lease_until = 0, error = NULL"
                    " WHERE device = $1 AND (state = 2 OR $2 = 0)",
                    "ii", r->device, r->at_servers);
    return rc;
}

int signet_ledger_rework(struct signet_ledger *ledger, const char *endpoint,
                         struct signet_error *err)
{
    struct request r = {.endpoint = endpoint};

    if (!endpoint || !text_is_clean(endpoint))
        return error_set(err, SIGNET_E_USAGE, "rework needs an endpoint");
    return store_change(ledger, rework_named, &r, err);
}
