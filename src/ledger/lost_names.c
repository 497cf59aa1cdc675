/* SPDX-License-Identifier: Apache-2.0 */

/* Names that were given out, and that an old copy of the ledger does not know of, or does not know
 * how far they came. They are void: nobody gets them again. */

#include "ledger/store.h"

struct exposure {
    int64_t order, added, cursor;
    const struct signet_ledger_lost *lost;
    size_t count;
    const char *reason;
};

static int void_exposed(struct signet_ledger *l, int64_t device, const char *reason,
                        struct signet_error *err)
{
    int rc = db_run(l->db, err,
                    "UPDATE devices SET state = {void}, exposed = 1, token = token + 1,"
                    " lease_until = 0, error = $2, changed = $3, events = events + 1 WHERE id = $1",
                    "isi", device, reason, l->db->now);

    return rc == SIGNET_OK ? device_event(l, device, "void", reason, err) : rc;
}

/* What waited for its servers is whole on its board, and they may have it. The name of a device
 * that was brought from another ledger is not this order's to give. */
static int end_known(struct signet_ledger *l, int64_t device, enum signet_device_state state,
                     const char *reason, struct signet_error *err)
{
    struct signet_error why = {0};

    if (device >= OWN_END)
        return SIGNET_OK;
    if (state == SIGNET_DEVICE_VERIFIED || state == SIGNET_DEVICE_REGISTERED) {
        error_set(&why, SIGNET_E_SEAL, "%s", reason);
        return device_set_aside(l, device, 0, &why, reason, err);
    }
    return state < SIGNET_DEVICE_DONE || state == SIGNET_DEVICE_FAILED
               ? void_exposed(l, device, reason, err)
               : SIGNET_OK;
}

static int expose_one(struct signet_ledger *l, struct exposure *x,
                      const struct signet_ledger_lost *lost, struct signet_error *err)
{
    struct signet_lease lease = {0};
    int64_t device, state;
    int rc = db_get(l->db, err, "SELECT id, state FROM devices WHERE endpoint = $1 AND freed = 0",
                    "s:ii", lost->endpoint, &device, &state);

    if (rc == SIGNET_OK)
        return end_known(l, device, (enum signet_device_state)state, x->reason, err);
    if (rc == SIGNET_E_NOT_FOUND)
        rc = device_insert(l, x->order, lost->number, lost->endpoint, "", &lease, err);
    if (rc == SIGNET_OK)
        rc = void_exposed(l, lease.device, x->reason, err);
    x->added++;
    x->cursor = lost->number >= x->cursor ? lost->number + 1 : x->cursor;
    return rc;
}

static int check_units(struct signet_ledger *l, const struct exposure *x, struct signet_error *err)
{
    int64_t left, quota;
    int rc = db_get(l->db, err,
                    "SELECT quota - issued, quota FROM orders WHERE id = $1 /*+ FOR UPDATE */",
                    "i:ii", x->order, &left, &quota);

    if (rc == SIGNET_OK && left < (int64_t)x->count)
        rc =
            error_set_hint(err, SIGNET_E_QUOTA, "raise the order's quota to that",
                           "at least %lld units of the order were given out, and its quota is %lld",
                           (long long)(quota - left) + (long long)x->count, (long long)quota);
    return rc;
}

static int expose(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct exposure *x = arg;
    int rc = x->lost->number >= 0 ? check_units(l, x, err) : SIGNET_OK;

    x->added = x->cursor = 0;
    for (size_t i = 0; rc == SIGNET_OK && i < x->count; i++)
        rc = expose_one(l, x, &x->lost[i], err);
    if (rc == SIGNET_OK && x->added)
        rc = db_run(l->db, err,
                    "UPDATE orders SET issued = issued + $2, cursor = CASE WHEN cursor < $3 THEN $3"
                    " ELSE cursor END WHERE id = $1",
                    "iii", x->order, x->added, x->cursor);
    return rc;
}

int signet_ledger_expose(struct signet_ledger *ledger, int64_t order,
                         const struct signet_ledger_lost *lost, size_t count, const char *reason,
                         struct signet_error *err)
{
    struct exposure x = {.order = order, .lost = lost, .count = count, .reason = reason};

    if (!count)
        return SIGNET_OK;
    if (!reason || !*reason || !text_is_clean(reason))
        return error_set(err, SIGNET_E_USAGE, "a reason is missing");
    return store_change(ledger, expose, &x, err);
}
