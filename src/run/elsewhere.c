/* SPDX-License-Identifier: Apache-2.0 */
/* What other stations have in hand when a run ends: it is neither left to do here, nor in trouble.
 */
#include "run/private.h"

#include <stdio.h>
#include <stdlib.h>

static int add_station(void *ctx, const struct signet_ledger_in_work *in_work,
                       struct signet_error *err)
{
    struct signet_run_report *report = ctx;
    size_t count = report->elsewhere_count;
    struct signet_elsewhere_report *more =
        reallocarray(report->elsewhere, count + 1, sizeof(*more));

    if (!more)
        return error_nomem(err);
    report->elsewhere = more;
    more[count] = (struct signet_elsewhere_report){
        .begun = in_work->begun, .exposed = in_work->exposed, .waiting = in_work->waiting};
    snprintf(more[count].station, sizeof(more[count].station), "%s", in_work->station);
    report->elsewhere_count++;
    return SIGNET_OK;
}

int run_report_elsewhere(struct signet_run *r, struct signet_run_report *report,
                         struct signet_error *err)
{
    return signet_ledger_in_work(r->job.ledger, r->job.order, add_station, report, err);
}
