/* SPDX-License-Identifier: Apache-2.0 */
#include "line/private.h"

double stage_begin(struct slot *slot, enum job_stage stage)
{
    const struct signet_event event = {.kind = SIGNET_EVENT_STAGE_BEGIN,
                                       .stage = job_stage_name(stage)};
    double now = clock_seconds();

    pthread_mutex_lock(&slot->line->job->lock);
    if (slot->line->first <= 0)
        slot->line->first = now;
    pthread_mutex_unlock(&slot->line->job->lock);
    event_send(&slot->observer, &event);
    return now;
}

double stage_end(struct slot *slot, enum job_stage stage, double begin, int rc,
                 const struct signet_error *err)
{
    const struct signet_event event = {.kind = SIGNET_EVENT_STAGE_END,
                                       .stage = job_stage_name(stage),
                                       .seconds = clock_seconds() - begin,
                                       .error = rc == SIGNET_OK ? NULL : err};

    if (rc == SIGNET_OK)
        job_cycle(slot->line->job, stage, event.seconds);
    event_send(&slot->observer, &event);
    return event.seconds;
}
