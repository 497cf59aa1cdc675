/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a slot: a board comes, is provisioned or set aside, and goes. */
#include "line/private.h"

#include <string.h>

enum { POLL_MS = 100, SETTLE_MS = 100, WAIT_SECONDS = 5 };

static void lamp(struct slot *slot, const char *state, const char *endpoint,
                 const struct signet_error *why)
{
    const struct signet_event event = {.kind = SIGNET_EVENT_SLOT,
                                       .stage = state,
                                       .board = slot->order->name,
                                       .endpoint = endpoint && endpoint[0] ? endpoint : NULL,
                                       .error = why};

    job_report(slot->line->job, &event);
}

/* A moment in which nothing may happen but the end of the line. False: that is it. */
static bool pause_for(struct job *job, int ms)
{
    int64_t until = clock_ms() + ms;

    pthread_mutex_lock(&job->lock);
    while (job_units_left(job) > 0 && !job_stopped(job) && clock_ms() < until)
        job_wait(job, until);
    bool over = job_units_left(job) <= 0;
    pthread_mutex_unlock(&job->lock);
    return !over;
}

/* A board is erased before it is known which device it becomes: so no more boards are begun than
 * there are units left. */
static bool begin_board(struct line *line)
{
    pthread_mutex_lock(&line->job->lock);
    bool may = job_units_left(line->job) > (int64_t)line->boards;
    line->boards += may;
    pthread_mutex_unlock(&line->job->lock);
    return may;
}

static void let_board_go(struct line *line)
{
    pthread_mutex_lock(&line->job->lock);
    line->boards--;
    pthread_cond_broadcast(&line->job->changed);
    pthread_mutex_unlock(&line->job->lock);
}

/* Is there a board that is not the one of before? gone_at: clock_ms() when that one was missed; 0:
 * it was not. fresh: any board will do. */
static bool is_new(const struct slot *slot, struct presence *now, bool fresh, int64_t gone_at)
{
    if (!now->there || (!fresh && !gone_at && presence_same(now, &slot->presence)))
        return false;
    presence_identify(now);
    return fresh || !presence_is_back(now, &slot->presence, gone_at ? clock_ms() - gone_at : 0);
}

/* Waits for a board that is not the one that was there last. */
static int wait_for_board(struct slot *slot, bool fresh, struct signet_error *err)
{
    const struct line_setup *setup = slot->line->setup;
    int seconds = setup->wait_seconds > 0 ? setup->wait_seconds : WAIT_SECONDS;
    int64_t deadline = clock_ms() + (int64_t)seconds * 1000, gone_at = 0;
    struct presence now;

    for (;;) {
        int rc = presence_look(slot, &now, err);

        if (rc == SIGNET_OK && is_new(slot, &now, fresh, gone_at) && begin_board(slot->line))
            break;
        if (rc == SIGNET_OK && !now.there && !gone_at) {
            gone_at = clock_ms();
            lamp(slot, "empty", NULL, NULL);
        }
        if (!setup->watch && clock_ms() >= deadline)
            return error_set(err, SIGNET_E_NOT_FOUND, "no %sboard came within %d s",
                             fresh ? "" : "other ", seconds);
        if (!pause_for(slot->line->job, POLL_MS))
            return error_set(err, SIGNET_E_QUOTA, "the order is used up");
        if (job_stopped(slot->line->job))
            return error_set(err, SIGNET_E_CANCELLED, "stopped");
    }
    slot->presence = now;
    if (cancel_sleep_until(slot->line->job->stop, clock_ms() + SETTLE_MS, err) == SIGNET_OK)
        return SIGNET_OK;
    let_board_go(slot->line);
    return SIGNET_E_CANCELLED;
}

/* After a restart the last board may still be there. */
static enum signet_device_state last_state(struct slot *slot)
{
    char endpoint[SIGNET_ENDPOINT_SIZE];
    enum signet_device_state state = SIGNET_DEVICE_VOID;
    int rc = signet_ledger_last(slot->line->job->ledger, slot->order->name, endpoint, &state, NULL);

    return rc == SIGNET_OK ? state : SIGNET_DEVICE_VOID;
}

static void count_outcome(struct slot *slot, bool passed)
{
    struct line *line = slot->line;

    slot->report->passed += passed;
    slot->report->failed += !passed;
    slot->report->first_pass += passed && slot->retries == 0;
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
    lamp(slot, "working", NULL, NULL);
    int rc = board_run(slot, last, &err);
    const struct signet_error *why = rc == SIGNET_OK ? NULL : &err;
    if (rc == SIGNET_E_CANCELLED || job_stopped(slot->line->job)) {
        lamp(slot, "stopped", slot->endpoint, why);
        return false;
    }
    if (rc == SIGNET_E_QUOTA) {
        lamp(slot, "empty", NULL, &err);
    } else if (rc == SIGNET_E_PROVISIONED) {
        slot->made_before++; /* which device it is shows only where it gave its name */
        lamp(slot, "made-before", slot->endpoint, &err);
        hook_run(slot, "made-before", &err);
    } else {
        count_outcome(slot, rc == SIGNET_OK);
        lamp(slot, rc == SIGNET_OK ? "pass" : "fail", slot->endpoint, why);
        hook_run(slot, rc == SIGNET_OK ? "pass" : "fail", why);
    }
    if (job_count(slot->line->job, &err) != SIGNET_OK)
        job_fail(slot->line->job, &err);
    return true;
}

void *slot_run(void *arg)
{
    struct slot *slot = arg;
    struct signet_error err = {0};
    enum signet_device_state last = last_state(slot);
    bool fresh = true, more = true;
    int rc;

    do {
        rc = wait_for_board(slot, fresh, &err);
        if (rc == SIGNET_OK) {
            more = work_on_board(slot, last);
            let_board_go(slot->line);
        }
        fresh = false;
        last = SIGNET_DEVICE_VOID;
    } while (rc == SIGNET_OK && more);
    bool wanted = rc == SIGNET_OK || rc == SIGNET_E_QUOTA || rc == SIGNET_E_CANCELLED;
    lamp(slot, "closed", NULL, wanted ? NULL : &err);
    job_thread_ended(slot->line->job, &slot->line->open_slots);
    return NULL;
}
