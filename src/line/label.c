/* SPDX-License-Identifier: Apache-2.0 */
/* A board and its label: what is printed belongs to the board that stands in the slot. */
#include "line/private.h"

#include <stdio.h>

enum { WITHOUT_WATCH_MS = 10000, LOOK_MS = 2000 };

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

static struct line_scan *reading_of(const struct slot *slot)
{
    return &slot->line->setup->scans->slots[slot_index(slot)];
}

/* Which label may be read at the slot; "": none. */
static void expect_label(struct slot *slot, const char *endpoint)
{
    struct line_scan *s = reading_of(slot);

    pthread_mutex_lock(&slot->line->job->lock);
    snprintf(s->label, sizeof(s->label), "%s", endpoint);
    s->label_read = false;
    pthread_mutex_unlock(&slot->line->job->lock);
}

/* At the slot, or by hand in another program. */
static bool label_was_read(struct slot *slot, int64_t *look_at)
{
    struct job *job = slot->line->job;
    enum signet_ledger_label state = SIGNET_LABEL_NONE;

    pthread_mutex_lock(&job->lock);
    if (!reading_of(slot)->label_read)
        job_wait(job, clock_ms() + POLL_MS);
    bool read = reading_of(slot)->label_read;
    pthread_mutex_unlock(&job->lock);
    if (read || clock_ms() < *look_at)
        return read;
    *look_at = clock_ms() + LOOK_MS;
    signet_ledger_label_state(job->ledger, slot->endpoint, &state, NULL);
    return state == SIGNET_LABEL_READ;
}

/* The board stays in its slot until its label is read there, it is taken out, or the line ends. */
static int wait_for_reading(struct slot *slot, struct signet_error *why)
{
    const struct line_setup *setup = slot->line->setup;
    int64_t end = clock_ms() + (int64_t)setup->read_seconds * 1000, look_at = 0;
    struct signet_error asks = {0};
    bool read = false, over = false;

    error_set_hint(&asks, SIGNET_E_BUSY, "once it is on its board", "scan the label of %s",
                   slot->endpoint);
    expect_label(slot, slot->endpoint);
    slot_lamp(slot, "waiting", slot->endpoint, &asks);
    while (!over && !(read = label_was_read(slot, &look_at))) {
        presence_watch(slot);
        over = slot->gone || job_stopped(slot->line->job) || (!setup->watch && clock_ms() >= end);
    }
    expect_label(slot, "");
    if (read)
        delivery_notify(setup->delivery);
    return read ? SIGNET_OK
                : error_set_hint(why, SIGNET_E_BUSY, "scan it at this slot",
                                 "the label of %s was not read", slot->endpoint);
}

static int note_found(void *ctx, const struct signet_ledger_device *device,
                      struct signet_error *err)
{
    (void)device, (void)err;
    *(bool *)ctx = true;
    return SIGNET_OK;
}

/* A board of an earlier run, or one that was taken out and is back, whose label was not read. */
static bool is_unread(const struct slot *slot)
{
    const struct line_setup *setup = slot->line->setup;
    const struct signet_ledger_filter filter = {
        .order = setup->order->name, .endpoint = slot->endpoint, .state = SIGNET_DEVICE_VERIFIED};
    struct signet_ledger *ledger = slot->line->job->ledger;
    enum signet_ledger_label state = SIGNET_LABEL_NONE;
    bool waits = false;

    if (!setup->order->label.scan_back || strcmp(slot->verdict, "made-before") != 0)
        return false;
    return signet_ledger_devices(ledger, &filter, note_found, &waits, NULL) == SIGNET_OK && waits &&
           signet_ledger_label_state(ledger, slot->endpoint, &state, NULL) == SIGNET_OK &&
           state == SIGNET_LABEL_PRINTED;
}

int slot_label(struct slot *slot, struct signet_error *why)
{
    const struct line_setup *setup = slot->line->setup;
    const struct signet_event begin = {.kind = SIGNET_EVENT_STAGE_BEGIN,
                                       .stage = job_stage_name(STAGE_LABEL),
                                       .endpoint = slot->endpoint};
    struct label_wait wait = {.state = LABEL_WAITS};

    if (is_unread(slot))
        return wait_for_reading(slot, why);
    if (!setup->order->label.printer || strcmp(slot->verdict, "pass") != 0)
        return SIGNET_OK;
    snprintf(wait.endpoint, sizeof(wait.endpoint), "%s", slot->endpoint);
    event_send(&slot->observer, &begin);
    delivery_watch_label(setup->delivery, &wait);
    delivery_notify(setup->delivery);
    wait_for_label(slot, &wait);
    delivery_leave_label(setup->delivery, &wait);
    if (wait.state == LABEL_PRINTED)
        return setup->order->label.scan_back ? wait_for_reading(slot, why) : SIGNET_OK;
    if (wait.why.code == SIGNET_OK)
        error_set(&wait.why, SIGNET_E_BUSY, "label not printed");
    return error_copy(why, &wait.why);
}
