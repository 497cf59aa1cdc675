/* SPDX-License-Identifier: Apache-2.0 */
/* Which device was made on a board before, as the ledger knows it. */
#include "line/work.h"

#include <stdio.h>

struct made {
    char endpoint[SIGNET_ENDPOINT_SIZE];
    char place[200]; /* where and when */
};

static int take_made(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    struct made *made = ctx;
    char when[24];

    (void)err;
    if (d->state < SIGNET_DEVICE_VERIFIED || d->state > SIGNET_DEVICE_DONE)
        return SIGNET_OK;
    clock_format(d->changed, when);
    snprintf(made->endpoint, sizeof(made->endpoint), "%s", d->endpoint);
    snprintf(made->place, sizeof(made->place), "order %.60s, slot %.40s of station %.40s, %s",
             d->order, d->slot, d->station, when);
    return SIGNET_OK;
}

int work_made(struct work *w, const char *endpoint, const char *hw_id, struct signet_error *err)
{
    const struct signet_ledger_filter by_name = {.endpoint = endpoint, .state = -1};
    const struct signet_ledger_filter by_board = {.hw_id = hw_id, .state = -1};
    struct made made = {0};
    int rc = SIGNET_OK;

    if (endpoint[0])
        rc = signet_ledger_devices(w->job->ledger, &by_name, take_made, &made, err);
    if (rc == SIGNET_OK && !made.endpoint[0] && hw_id[0])
        rc = signet_ledger_devices(w->job->ledger, &by_board, take_made, &made, err);
    if (rc != SIGNET_OK)
        return work_judged(w, rc);
    if (!made.endpoint[0])
        return SIGNET_OK;
    memcpy(w->made, made.endpoint, sizeof(w->made));
    return error_set_hint(err, SIGNET_E_PROVISIONED,
                          "put another board in; a rework gives this one another edition",
                          "%.100s was made before: %s", made.endpoint, made.place);
}
