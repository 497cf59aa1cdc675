/* SPDX-License-Identifier: Apache-2.0 */

/* Devices that were begun: which one is the board in a slot, and which are there to be gone on
 * with.
 */

#include "ledger/store.h"

struct request {
    int64_t order;
    const char *endpoint, *hw_id, *slot;
    struct signet_lease *leases;
    size_t max, count;
};

/* After LEASE_COLUMNS */
enum { COL_EXPOSED = 6, COL_HW_ID, COL_FREE };
#define FREE LEASE_ENDED("lease_until", "$3")
#define CLAIM                                                                                      \
    "SELECT " LEASE_COLUMNS ", exposed, hw_id, CASE WHEN " FREE " THEN 1 ELSE 0 END FROM devices"
/* 1 order, 2 what to look for, 3 now */
static const char by_endpoint[] =
    CLAIM " WHERE order_id = $1 AND freed = 0 AND endpoint = $2 /*+ FOR UPDATE */";
static const char by_hardware[] =
    CLAIM " WHERE order_id = $1 AND freed = 0 AND hw_id = $2 AND state < {void} /*+ FOR UPDATE */";
/* 2 state: one at a time, so that the index not_done gives the first that fits. A new edition may
 * wait for the board of the one before. */
static const char unexposed[] =
    CLAIM " WHERE order_id = $1 AND state = $2 AND state <> {done} AND exposed = 0"
          " AND hw_id IS NULL AND " FREE
          " ORDER BY lease_until, id LIMIT 1 /*+ FOR UPDATE SKIP LOCKED */";

static int find_begun(struct signet_ledger *l, const struct request *r, struct db_rows *row,
                      struct signet_error *err)
{
    int rc = SIGNET_E_NOT_FOUND;

    for (int64_t state = SIGNET_DEVICE_KEYED;
         !r->endpoint && !r->hw_id && state >= SIGNET_DEVICE_RESERVED && rc == SIGNET_E_NOT_FOUND;
         state--)
        rc = db_find(l->db, row, err, unexposed, "iii", r->order, state, l->db->now);
    if (r->endpoint)
        rc = db_find(l->db, row, err, by_endpoint, "isi", r->order, r->endpoint, l->db->now);
    if (rc == SIGNET_E_NOT_FOUND && r->hw_id && r->hw_id[0])
        rc = db_find(l->db, row, err, by_hardware, "isi", r->order, r->hw_id, l->db->now);
    return rc == SIGNET_E_NOT_FOUND ? error_set(err, rc, "the order does not know it") : rc;
}

static int refuse_claim(const struct request *r, const struct db_rows *row,
                        const struct signet_lease *lease, struct signet_error *err)
{
    const char *hw = db_null(row, COL_HW_ID);

    if (lease->state == SIGNET_DEVICE_VOID)
        return error_set(err, SIGNET_E_CONFLICT, "%s is void", lease->endpoint);
    if (lease->state == SIGNET_DEVICE_FAILED)
        return error_set_hint(err, SIGNET_E_BUSY, "a rework lets it be tried again",
                              "%s was set aside", lease->endpoint);
    if (lease->state >= SIGNET_DEVICE_VERIFIED)
        return error_set_hint(err, SIGNET_E_EXISTS, "its history says when it was made",
                              "%s is %s already", lease->endpoint,
                              signet_device_state_name(lease->state));
    if (db_int(row, COL_EXPOSED) && (!hw || !r->hw_id || strcmp(hw, r->hw_id) != 0))
        return error_set(err, SIGNET_E_CONFLICT,
                         "the credentials of %s may be on the board %s already", lease->endpoint,
                         hw ? hw : "of an unknown name");
    if (!db_int(row, COL_FREE))
        return error_set(err, SIGNET_E_BUSY, "%s is being worked on elsewhere", lease->endpoint);
    return SIGNET_OK;
}

static int claim(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    struct db_rows row = {0};
    int rc = find_begun(l, r, &row, err);

    if (rc == SIGNET_OK) {
        lease_read(&row, r->leases);
        rc = refuse_claim(r, &row, r->leases, err);
    }
    db_end(&row);
    return rc == SIGNET_OK ? lease_take(l, r->leases, r->slot, err) : rc;
}

int signet_ledger_claim(struct signet_ledger *ledger, int64_t order, const char *endpoint,
                        const char *hw_id, const char *slot, struct signet_lease *lease,
                        struct signet_error *err)
{
    struct signet_lease taken = {0};
    struct request r = {
        .order = order, .endpoint = endpoint, .hw_id = hw_id, .slot = slot, .leases = &taken};
    if (!text_is_clean(endpoint) || !text_is_clean(hw_id) || !text_is_clean(slot))
        return error_set(err, SIGNET_E_USAGE, "what a board is called is not UTF-8");
    int rc = store_change(ledger, claim, &r, err);

    if (rc == SIGNET_OK)
        *lease = taken;
    return rc;
}

#define RESUME_FREE LEASE_ENDED("lease_until", "$2")

static int resume(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    static const char in_state[] =
        "SELECT " LEASE_COLUMNS " FROM devices WHERE order_id = $1 AND state = $5"
        " AND state <> {done} AND (exposed = 0 OR station = $4) AND " RESUME_FREE
        " ORDER BY lease_until, id LIMIT $3 /*+ FOR UPDATE SKIP LOCKED */";
    struct request *r = arg;
    int rc = SIGNET_OK;

    r->count = 0;
    for (int64_t state = SIGNET_DEVICE_WRITTEN;
         rc == SIGNET_OK && state >= SIGNET_DEVICE_RESERVED && r->count < r->max; state--) {
        struct db_rows row;
        rc = db_query(l->db, &row, err, in_state, "iiisi", r->order, l->db->now,
                      (int64_t)(r->max - r->count), l->station, state);
        if (rc == SIGNET_OK)
            rc = lease_collect(&row, r->leases, r->max, &r->count, err);
    }
    for (size_t i = 0; rc == SIGNET_OK && i < r->count; i++)
        rc = lease_take(l, &r->leases[i], r->slot, err);
    return rc;
}

int signet_ledger_resume(struct signet_ledger *ledger, int64_t order, const char *slot,
                         struct signet_lease *leases, size_t max, size_t *count,
                         struct signet_error *err)
{
    struct request r = {.order = order, .slot = slot, .leases = leases, .max = max};
    int rc = store_change(ledger, resume, &r, err);

    if (rc == SIGNET_OK)
        *count = r.count;
    return rc;
}

/* The last device of each slot, of whatever order. */

enum { PAGE = 512 };

struct last {
    const char *const *slots;
    int *states;
    size_t count, found;
};

static void take_last(struct last *k, const char *slot, int state)
{
    for (size_t i = 0; i < k->count; i++)
        if (k->states[i] < 0 && strcmp(k->slots[i], slot) == 0) {
            k->states[i] = state;
            k->found++;
        }
}

/* Back from the newest: mostly all slots are among the last few. One that is new is looked for in
 * the whole ledger, but once for all of them; a station that is new has none. */
static int find_last_devices(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct last *k = arg;
    int64_t before = OWN_END;
    int rows = PAGE, rc = SIGNET_OK;

    k->found = 0;
    for (size_t i = 0; i < k->count; i++)
        k->states[i] = -1;
    while (rc == SIGNET_OK && rows == PAGE && k->found < k->count) {
        struct db_rows row;
        rc = db_query(l->db, &row, err,
                      "SELECT id, slot, state FROM devices WHERE id < $1 AND station = $2"
                      " AND freed = 0 AND EXISTS(SELECT 1 FROM stations WHERE name = $2)"
                      " ORDER BY id DESC LIMIT $3",
                      "isi", before, l->station, (int64_t)PAGE);
        for (rows = 0; rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK; rows++) {
            take_last(k, db_text(&row, 1), (int)db_int(&row, 2));
            before = db_int(&row, 0);
        }
        rc = db_done(&row, rc);
    }
    return rc;
}

int signet_ledger_last(struct signet_ledger *ledger, const char *const *slots, size_t count,
                       int *states, struct signet_error *err)
{
    struct last k = {.slots = slots, .states = states, .count = count};

    return store_read(ledger, find_last_devices, &k, err);
}
