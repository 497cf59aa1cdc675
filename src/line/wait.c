/* SPDX-License-Identifier: Apache-2.0 */
/* The next board of a slot. */
#include "line/private.h"

enum { POLL_MS = 100, SETTLE_MS = 100, WAIT_SECONDS = 5 };

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

void let_board_go(struct line *line)
{
    pthread_mutex_lock(&line->job->lock);
    line->boards--;
    pthread_cond_broadcast(&line->job->changed);
    pthread_mutex_unlock(&line->job->lock);
}

/* Is there a board that is not the one of before? fresh: any board will do. *gone_at: clock_ms()
 * when that one was missed; 0: it was not, or it is back. */
static bool is_new(struct slot *slot, struct presence *now, bool fresh, int64_t *gone_at)
{
    int64_t gone_ms = *gone_at ? clock_ms() - *gone_at : 0;

    if (!now->there || (!fresh && !*gone_at && presence_same(now, &slot->presence)))
        return false;
    presence_identify(now);
    if (fresh || !presence_is_back(now, &slot->presence, gone_ms))
        return true;
    slot->presence = *now;
    *gone_at = 0;
    return false;
}

int wait_for_board(struct slot *slot, bool fresh, struct signet_error *err)
{
    const struct line_setup *setup = slot->line->setup;
    int seconds = setup->wait_seconds > 0 ? setup->wait_seconds : WAIT_SECONDS;
    int64_t deadline = clock_ms() + (int64_t)seconds * 1000, gone_at = 0;
    struct presence now;

    for (;;) {
        int rc = presence_look(slot, &now, err);

        if (rc == SIGNET_OK && is_new(slot, &now, fresh, &gone_at) && begin_board(slot->line))
            break;
        if (rc == SIGNET_OK && !now.there && !gone_at) {
            gone_at = clock_ms();
            slot_lamp(slot, "empty", NULL, NULL);
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
