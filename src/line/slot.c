/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a slot: a board comes, is provisioned or set aside, and goes. */
#include "line/private.h"

static void count_outcome(struct slot *slot)
{
    struct line *line = slot->line;
    bool passed = strcmp(slot->verdict, "pass") == 0;

    slot->report->passed += passed;
    slot->report->failed += strcmp(slot->verdict, "fail") == 0;
    slot->report->first_pass += passed && slot->retries == 0;
    if (strcmp(slot->verdict, "made-before") == 0) {
        slot->made_before++;
        return;
    }
    pthread_mutex_lock(&line->job->lock);
    line->last = clock_seconds();
    pthread_mutex_unlock(&line->job->lock);
    if (passed)
        delivery_notify(line->setup->delivery);
}

/* One board. False: the slot's work is over. */
static bool work_on_board(struct slot *slot, enum signet_device_state last)
{
    struct signet_error err = {0};

    slot->endpoint[0] = '\0';
    slot_lamp(slot, "working", NULL, NULL);
    int rc = board_run(slot, last, &err);
    const struct signet_error *why = rc == SIGNET_OK ? NULL : &err;
    if (slot->absent) {
        slot->absent_since = slot->absent_since ? slot->absent_since : clock_ms();
        slot->missing = err;
        slot_lamp(slot, "waiting", NULL, &err);
        return true;
    }
    slot->absent_since = 0;
    if (!slot->verdict && rc != SIGNET_E_QUOTA) {
        slot_lamp(slot, "stopped", slot->endpoint, why);
        return false;
    }
    if (slot->verdict) {
        count_outcome(slot);
        if (slot_label(slot, &err) != SIGNET_OK)
            why = &err;
        again_offer(slot);
        slot_lamp(slot, slot->verdict, slot->endpoint, why);
        hook_run(slot, why);
        if (slot->halted.code)
            slot_lamp(slot, "halted", NULL, &slot->halted);
    } else {
        slot_lamp(slot, "empty", NULL, &err);
    }
    if (job_count(slot->line->job, &err) != SIGNET_OK)
        job_fail(slot->line->job, &err);
    return !job_stopped(slot->line->job);
}

void *slot_run(void *arg)
{
    struct slot *slot = arg;
    struct signet_error err = {0};
    bool stands = boards_recall(slot), fresh = !stands, more = true, worked = false;
    enum signet_device_state last = stands ? SIGNET_DEVICE_VOID : slot->last;
    int rc;

    do {
        rc = wait_for_board(slot, fresh, &err);
        if (rc == SIGNET_OK) {
            worked = true;
            more = work_on_board(slot, last);
            slot_scan_end(slot);
            let_board_go(slot->line);
        }
        fresh = slot->absent;
        last = slot->absent ? last : SIGNET_DEVICE_VOID;
    } while (rc == SIGNET_OK && more);
    slot_scan_waits(slot, false);
    again_leave(slot);
    if (worked || slot->gone) /* else the one that stood there still does */
        boards_keep(slot);
    bool wanted = rc == SIGNET_OK || rc == SIGNET_E_QUOTA || rc == SIGNET_E_CANCELLED;
    slot_lamp(slot, "closed", NULL, wanted ? NULL : &err);
    job_thread_ended(slot->line->job, &slot->line->open_slots);
    return NULL;
}
