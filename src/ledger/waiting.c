/* SPDX-License-Identifier: Apache-2.0 */
/* What a line asks of its order: which devices wait for the servers, how many are in each state. */
#include "ledger/store.h"

#include <stdio.h>
#include <string.h>

struct request {
    int64_t order, after;
    const char *slot;
    struct signet_lease *leases;
    size_t max, count;
    int64_t states[9];
};

static int take(struct signet_ledger *ledger, struct request *r, int64_t now,
                struct signet_error *err)
{
    for (size_t i = 0; i < r->count; i++) {
        struct signet_lease *lease = &r->leases[i];
        int rc = store_run(
            ledger, err, "UPDATE devices SET token = ?, station = ?, lease_until = ? WHERE id = ?",
            "isii", ++lease->token, ledger->station, now + ledger->lease_seconds, lease->device);
        if (rc != SIGNET_OK)
            return rc;
        r->after = lease->device;
    }
    return SIGNET_OK;
}

static int waiting(struct signet_ledger *ledger, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    sqlite3_stmt *row = NULL;
    int64_t now;
    int step = SQLITE_DONE, rc = store_now(&now, err);

    r->count = 0;
    if (rc == SIGNET_OK)
        rc = store_prepare(ledger, &row, err,
                           "SELECT id, token, attempt, state, endpoint FROM devices"
                           " WHERE order_id = ? AND id > ? AND state IN (4, 5)"
                           " AND lease_until < ? ORDER BY id LIMIT ?",
                           "iiii", r->order, r->after, now, (int64_t)r->max);
    while (rc == SIGNET_OK && (step = sqlite3_step(row)) == SQLITE_ROW && r->count < r->max) {
        struct signet_lease *lease = &r->leases[r->count++];

        *lease =
            (struct signet_lease){.device = sqlite3_column_int64(row, 0),
                                  .token = sqlite3_column_int64(row, 1),
                                  .attempt = sqlite3_column_int(row, 2),
                                  .state = (enum signet_device_state)sqlite3_column_int(row, 3)};
        snprintf(lease->endpoint, sizeof lease->endpoint, "%s",
                 (const char *)sqlite3_column_text(row, 4));
    }
    if (rc == SIGNET_OK && step != SQLITE_DONE && step != SQLITE_ROW)
        rc = store_fail(ledger, err);
    sqlite3_finalize(row);
    return rc == SIGNET_OK ? take(ledger, r, now, err) : rc;
}

int signet_ledger_waiting(struct signet_ledger *ledger, int64_t order, int64_t *after,
                          struct signet_lease *leases, size_t max, size_t *count,
                          struct signet_error *err)
{
    struct request r = {.order = order, .after = *after, .leases = leases, .max = max};
    int rc = store_change(ledger, waiting, &r, err);

    if (rc != SIGNET_OK)
        return rc;
    *after = r.after;
    *count = r.count;
    return SIGNET_OK;
}

static int count_states(struct signet_ledger *ledger, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    sqlite3_stmt *row = NULL;
    int step = SQLITE_DONE;
    int rc = store_prepare(ledger, &row, err,
                           "SELECT state, count(*) FROM devices WHERE order_id = ? AND freed = 0"
                           " GROUP BY state",
                           "i", r->order);

    memset(r->states, 0, sizeof r->states);
    while (rc == SIGNET_OK && (step = sqlite3_step(row)) == SQLITE_ROW)
        if (sqlite3_column_int(row, 0) >= 0 && sqlite3_column_int(row, 0) < 9)
            r->states[sqlite3_column_int(row, 0)] = sqlite3_column_int64(row, 1);
    if (rc == SIGNET_OK && step != SQLITE_DONE)
        rc = store_fail(ledger, err);
    sqlite3_finalize(row);
    return rc;
}

int signet_ledger_states(struct signet_ledger *ledger, int64_t order, int64_t states[9],
                         struct signet_error *err)
{
    struct request r = {.order = order};
    int rc = store_change(ledger, count_states, &r, err);

    if (rc == SIGNET_OK)
        memcpy(states, r.states, sizeof r.states);
    return rc;
}

static int last(struct signet_ledger *ledger, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    sqlite3_stmt *row = NULL;
    int rc = store_prepare(ledger, &row, err,
                           "SELECT state, endpoint FROM devices WHERE station = ? AND slot = ?"
                           " AND freed = 0 ORDER BY id DESC LIMIT 1",
                           "ss", ledger->station, r->slot);
    int step = rc == SIGNET_OK ? sqlite3_step(row) : SQLITE_DONE;

    if (step == SQLITE_ROW) {
        r->leases->state = (enum signet_device_state)sqlite3_column_int(row, 0);
        snprintf(r->leases->endpoint, sizeof r->leases->endpoint, "%s",
                 (const char *)sqlite3_column_text(row, 1));
    } else if (rc == SIGNET_OK && step != SQLITE_DONE) {
        rc = store_fail(ledger, err);
    } else if (rc == SIGNET_OK) {
        rc = error_set(err, SIGNET_E_NOT_FOUND, "no device was in slot %s", r->slot);
    }
    sqlite3_finalize(row);
    return rc;
}

int signet_ledger_last(struct signet_ledger *ledger, const char *slot, char endpoint[152],
                       enum signet_device_state *state, struct signet_error *err)
{
    struct signet_lease lease = {0};
    struct request r = {.slot = slot, .leases = &lease};
    int rc = store_change(ledger, last, &r, err);

    if (rc == SIGNET_OK) {
        memcpy(endpoint, lease.endpoint, sizeof lease.endpoint);
        *state = lease.state;
    }
    return rc;
}
