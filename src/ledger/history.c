/* SPDX-License-Identifier: Apache-2.0 */

/* The states of each device, event by event. */

#include "ledger/store.h"
#include <stdio.h>
#include <string.h>

enum { NONE = -1 };

struct history {
    int64_t device, state; /* state: that its row has */
    int at, failed_from;   /* state after the event before */
    char endpoint[SIGNET_ENDPOINT_SIZE];
};

static int skipped(const struct history *h, const char *kind, struct signet_error *err)
{
    const char *from =
        h->at == NONE ? "nothing" : signet_device_state_name((enum signet_device_state)h->at);

    return error_set(err, SIGNET_E_LEDGER, "device %s went from %s to %.20s: states were skipped",
                     h->endpoint, from, kind);
}

/* A failed device comes back by a rework, and by nothing else. */
static bool may_follow(const struct history *h, int to, bool rework)
{
    if (h->at == NONE)
        return to == SIGNET_DEVICE_RESERVED && !rework;
    if (rework != (h->at == SIGNET_DEVICE_FAILED && to != SIGNET_DEVICE_VOID))
        return false;
    return state_may((enum signet_device_state)h->at, (enum signet_device_state)to);
}

static int change_state(struct history *h, const char *kind, struct signet_error *err)
{
    bool rework = strcmp(kind, "rework") == 0;
    int to = state_of_word(kind, strlen(kind));

    if (rework)
        to = h->failed_from >= SIGNET_DEVICE_VERIFIED ? SIGNET_DEVICE_VERIFIED
                                                      : SIGNET_DEVICE_RESERVED;
    if (to < 0 && h->at != NONE) /* an event that changes no state */
        return SIGNET_OK;
    if (to < 0 || !may_follow(h, to, rework))
        return skipped(h, kind, err);
    if (to == SIGNET_DEVICE_FAILED)
        h->failed_from = h->at;
    h->at = to;
    return SIGNET_OK;
}

static int end_history(const struct history *h, struct signet_error *err)
{
    if (h->device == 0 || h->at == h->state)
        return SIGNET_OK;
    return error_set(err, SIGNET_E_LEDGER, "device %s is in another state than its events say",
                     h->endpoint);
}

static int check_event(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    struct history *h = ctx;
    int rc = SIGNET_OK;

    if (db_int(row, 0) != h->device) {
        rc = end_history(h, err);
        *h = (struct history){.device = db_int(row, 0), .state = db_int(row, 4), .at = NONE};
        snprintf(h->endpoint, sizeof(h->endpoint), "%s", db_text(row, 3));
    }
    return rc == SIGNET_OK ? change_state(h, db_text(row, 2), err) : rc;
}

int check_histories(struct signet_ledger *l, struct signet_error *err)
{
    struct history h = {0};
    const struct db_walk walk = {
        .sql = "SELECT e.device, e.n, e.kind, d.endpoint, d.state FROM events e JOIN devices d"
               " ON d.id = e.device WHERE (e.device, e.n) > ($2, $3) ORDER BY e.device, e.n"
               " LIMIT $1",
        .keys = 2,
        .row = check_event,
        .ctx = &h};
    int rc = db_walk(l->db, &walk, err, "");

    return rc == SIGNET_OK ? end_history(&h, err) : rc;
}
