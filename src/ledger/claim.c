/* SPDX-License-Identifier: Apache-2.0 */
/* Which device of the order is the board that is in a slot now? */
#include "ledger/store.h"

#include <stdio.h>
#include <string.h>

struct request {
    int64_t order, now;
    const char *endpoint, *hw_id, *slot;
    struct signet_lease lease;
};

/* 1 order, 2 what to look for, 3 now */
#define COLUMNS                                                                                    \
    "SELECT id, token, attempt, state, endpoint, exposed, hw_id, lease_until < ?3 FROM devices"    \
    " WHERE order_id = ?1 AND freed = 0"
static const char by_endpoint[] = COLUMNS " AND endpoint = ?2";
static const char by_hardware[] = COLUMNS " AND hw_id = ?2 AND state <> 8";
static const char unexposed[] = COLUMNS " AND ?2 IS NULL AND exposed = 0 AND state < 2"
                                        " AND lease_until < ?3"
                                        " ORDER BY id LIMIT 1";

static int search(struct signet_ledger *ledger, const struct request *r, const char *sql,
                  const char *what, sqlite3_stmt **out, struct signet_error *err)
{
    int rc = store_prepare(ledger, out, err, sql, "isi", r->order, what, r->now);

    if (rc != SIGNET_OK)
        return rc;
    int step = sqlite3_step(*out);
    if (step == SQLITE_ROW)
        return SIGNET_OK;
    rc = step == SQLITE_DONE ? error_set(err, SIGNET_E_NOT_FOUND, "the order does not know it")
                             : store_fail(ledger, err);
    sqlite3_finalize(*out);
    *out = NULL;
    return rc;
}

static int find(struct signet_ledger *ledger, const struct request *r, sqlite3_stmt **out,
                struct signet_error *err)
{
    int rc = SIGNET_E_NOT_FOUND;

    if (!r->endpoint && !r->hw_id)
        return search(ledger, r, unexposed, NULL, out, err);
    if (r->endpoint)
        rc = search(ledger, r, by_endpoint, r->endpoint, out, err);
    if (rc == SIGNET_E_NOT_FOUND && r->hw_id && r->hw_id[0])
        rc = search(ledger, r, by_hardware, r->hw_id, out, err);
    return rc;
}

static int refuse(const struct request *r, sqlite3_stmt *row, struct signet_error *err)
{
    const char *name = (const char *)sqlite3_column_text(row, 4);
    const char *hw = (const char *)sqlite3_column_text(row, 6);
    int state = sqlite3_column_int(row, 3);
    const char *now_hw = r->hw_id;

    if (state == SIGNET_DEVICE_VOID)
        return error_set(err, SIGNET_E_CONFLICT, "%s is void", name);
    if (state == SIGNET_DEVICE_FAILED) {
        error_set(err, SIGNET_E_BUSY, "%s was set aside", name);
        error_hint(err, "`signet ledger rework` lets it be tried again");
        return SIGNET_E_BUSY;
    }
    if (state >= SIGNET_DEVICE_VERIFIED)
        return error_set(err, SIGNET_E_EXISTS, "%s is %s already", name,
                         signet_device_state_name((enum signet_device_state)state));
    if (sqlite3_column_int(row, 5) && (!hw || !now_hw || strcmp(hw, now_hw) != 0))
        return error_set(err, SIGNET_E_CONFLICT,
                         "the credentials of %s may be on the board %s already", name,
                         hw ? hw : "of an unknown name");
    if (!sqlite3_column_int(row, 7))
        return error_set(err, SIGNET_E_BUSY, "%s is being worked on elsewhere", name);
    return SIGNET_OK;
}

static int take(struct signet_ledger *ledger, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    sqlite3_stmt *row = NULL;
    int rc = store_now(&r->now, err);

    if (rc == SIGNET_OK)
        rc = find(ledger, r, &row, err);
    if (rc == SIGNET_OK)
        rc = refuse(r, row, err);
    if (rc == SIGNET_OK) {
        r->lease =
            (struct signet_lease){.device = sqlite3_column_int64(row, 0),
                                  .token = sqlite3_column_int64(row, 1) + 1,
                                  .attempt = sqlite3_column_int(row, 2),
                                  .state = (enum signet_device_state)sqlite3_column_int(row, 3)};
        snprintf(r->lease.endpoint, sizeof r->lease.endpoint, "%s",
                 (const char *)sqlite3_column_text(row, 4));
    }
    sqlite3_finalize(row);
    if (rc == SIGNET_OK)
        rc = store_run(ledger, err,
                       "UPDATE devices SET token = ?, station = ?, slot = ?, lease_until = ?"
                       " WHERE id = ?",
                       "issii", r->lease.token, ledger->station, r->slot,
                       r->now + ledger->lease_seconds, r->lease.device);
    if (rc == SIGNET_OK)
        rc = chain_append(ledger, r->lease.device, "resumed", r->slot, err);
    return rc;
}

int signet_ledger_claim(struct signet_ledger *ledger, int64_t order, const char *endpoint,
                        const char *hw_id, const char *slot, struct signet_lease *lease,
                        struct signet_error *err)
{
    struct request r = {.order = order, .endpoint = endpoint, .hw_id = hw_id, .slot = slot};
    int rc = store_change(ledger, take, &r, err);

    if (rc == SIGNET_OK)
        *lease = r.lease;
    return rc;
}

static int recover(struct signet_ledger *ledger, void *arg, struct signet_error *err)
{
    const struct request *r = arg;

    return store_run(ledger, err,
                     "UPDATE devices SET lease_until = 0, token = token + 1"
                     " WHERE order_id = ? AND station = ? AND state < 6 AND lease_until > 0",
                     "is", r->order, ledger->station);
}

int signet_ledger_recover(struct signet_ledger *ledger, int64_t order, struct signet_error *err)
{
    struct request r = {.order = order};

    return store_change(ledger, recover, &r, err);
}
