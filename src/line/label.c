/* SPDX-License-Identifier: Apache-2.0 */
/* A board and its label: what is printed belongs to the board that stands in the slot. */
#include "line/private.h"

#include <stdio.h>
#include <string.h>

enum { WITHOUT_WATCH_MS = 10000 };

/* Its lamp says once for each reason why the label does not come. */
static void show_reason(struct slot *slot, const struct signet_error *why,
                        struct signet_error *shown)
{
    if (why->code == SIGNET_OK || strcmp(why->msg, shown->msg) == 0)
        return;
    *shown = *why;
    slot_lamp(slot, "waiting", slot->endpoint, why);
}

/* Until the label is printed, the board is taken out, or the line ends. */
static void wait_for_label(struct slot *slot, struct label_wait *wait)
{
    struct job *job = slot->line->job;
    int64_t end = clock_ms() + WITHOUT_WATCH_MS;
    struct signet_error shown = {0}, why;
    bool over = false;

    while (!over) {
        pthread_mutex_lock(&job->lock);
        if (wait->state == LABEL_WAITS)
            job_wait(job, clock_ms() + POLL_MS);
        why = wait->why;
        over = wait->state != LABEL_WAITS;
        pthread_mutex_unlock(&job->lock);
        show_reason(slot, &why, &shown);
        presence_watch(slot);
        over = over || slot->gone || job_stopped(job) ||
               (!slot->line->setup->watch && clock_ms() >= end);
    }
}

int slot_label(struct slot *slot, struct signet_error *why)
{
    const struct line_setup *setup = slot->line->setup;
    const struct signet_event begin = {.kind = SIGNET_EVENT_STAGE_BEGIN,
                                       .stage = job_stage_name(STAGE_LABEL),
                                       .endpoint = slot->endpoint};
    struct label_wait wait = {.state = LABEL_WAITS};

    if (!setup->order->label.printer || strcmp(slot->verdict, "pass") != 0)
        return SIGNET_OK;
    snprintf(wait.endpoint, sizeof(wait.endpoint), "%s", slot->endpoint);
    event_send(&slot->observer, &begin);
    delivery_watch_label(setup->delivery, &wait);
    delivery_notify(setup->delivery);
    wait_for_label(slot, &wait);
    delivery_leave_label(setup->delivery, &wait);
    if (wait.state == LABEL_PRINTED)
        return SIGNET_OK;
    if (wait.why.code == SIGNET_OK)
        error_set(&wait.why, SIGNET_E_BUSY, "label not printed");
    return error_copy(why, &wait.why);
}
