/* SPDX-License-Identifier: Apache-2.0 */
/* What a slot shows: empty, working, waiting, pass, fail, made-before, stopped, halted, closed. */
#include "line/private.h"

void slot_lamp(struct slot *slot, const char *state, const char *endpoint,
               const struct signet_error *why)
{
    const struct signet_event event = {.kind = SIGNET_EVENT_SLOT,
                                       .stage = state,
                                       .board = slot->order->name,
                                       .endpoint = endpoint && endpoint[0] ? endpoint : NULL,
                                       .error = why,
                                       .may = slot->again.may};

    job_report(slot->line->job, &event);
}
