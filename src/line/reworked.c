/* SPDX-License-Identifier: Apache-2.0 */
/* A board that holds credentials, and whose device a person let be made again. */
#include "line/work.h"

#include <stdio.h>

static int claim_board(struct slot *slot, const char *board, struct signet_error *err)
{
    struct job *job = slot->line->job;

    return signet_ledger_claim(job->ledger, job->order, NULL, board, slot->order->name,
                               &slot->lease, err);
}

int reworked_claim(struct slot *slot, const char *serial, struct signet_error *err)
{
    struct signet_error why = {0};
    char place[SIGNET_ENDPOINT_SIZE];
    int rc = serial[0] ? claim_board(slot, serial, &why) : SIGNET_E_NOT_FOUND;

    snprintf(place, sizeof(place), "slot:%s/%s", slot->line->setup->order->station,
             slot->order->name);
    if (rc == SIGNET_E_NOT_FOUND)
        rc = claim_board(slot, place, &why);
    if (signet_error_class(&(struct signet_error){.code = (enum signet_code)rc}) ==
        SIGNET_CLASS_STATION)
        return error_copy(err, &why);
    return rc == SIGNET_OK ? SIGNET_OK : SIGNET_E_PROVISIONED;
}

bool work_is_another(const struct work *w)
{
    return w->name[0] && !source_has_names(w->setup->source) &&
           strcmp(w->name, w->lease->endpoint) != 0;
}

int work_drop_retired(struct work *w, struct signet_error *err)
{
    bool retired = false;

    if (w->lease->state >= SIGNET_DEVICE_WRITING)
        return SIGNET_OK;
    int rc =
        job_is_retired(w->job, w->lease->endpoint, w->device.facts.packet_sha256, &retired, err);
    if (rc != SIGNET_OK || !retired)
        return work_judged(w, rc);
    device_free(&w->device);
    w->device = (struct device){0};
    return SIGNET_E_NOT_FOUND;
}
