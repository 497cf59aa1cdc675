/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/private.h"

#include <stdlib.h>

int report_new(struct signet_delivery_report *report, const struct signet_order *order,
               struct signet_error *err)
{
    report->server_count = order->server_count;
    report->servers = calloc(order->server_count + 1, sizeof(*report->servers));
    if (!report->servers)
        return error_nomem(err);
    for (size_t i = 0; i < order->server_count; i++)
        report->servers[i].name = order->servers[i].name;
    return SIGNET_OK;
}

void report_refused(const struct delivery_setup *setup, struct signet_delivery_report *report,
                    enum job_stage stage, const char *endpoint, const struct signet_error *why)
{
    pthread_mutex_lock(&setup->job->lock);
    report->refused++;
    pthread_mutex_unlock(&setup->job->lock);
    job_report_stage(setup->job, SIGNET_EVENT_STAGE_END, stage, 0, endpoint, why);
}
