/* SPDX-License-Identifier: Apache-2.0 */
/* The next board of a slot. */
#include "line/private.h"

#include <errno.h>
#include <unistd.h>

enum { ABSENT_MS = 1000, SETTLE_MS = 100, WAIT_SECONDS = 5 };

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

/* No more boards are looked at than there are units left. */
static bool begin_board(struct slot *slot)
{
    struct line *line = slot->line;

    pthread_mutex_lock(&line->job->lock);
    bool unit = again_has_unit(slot) || job_units_left(line->job) > (int64_t)line->boards;
    bool may = unit && !rules_stop(slot) && !slot_is_held(slot) && slot_scan_take(slot);
    if (may)
        again_take(slot);
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

/* Is there a board that is not the one of before, or that one, and a person wants it begun once
 * more? fresh: any board will do. */
static bool is_new(struct slot *slot, struct presence *now, bool fresh)
{
    bool new = (fresh && now->there) || presence_new(slot, now);

    if (new)
        again_leave(slot);
    new = new || (now->there && again_asked(slot));
    if (new)
        presence_identify(now);
    return new;
}

/* What was missing when the last board was begun, or is missing now. */
static int look_for_missing(struct slot *slot, const struct presence *now, struct signet_error *err)
{
    if (now->path[0] && access(now->path, R_OK | W_OK) != 0 && errno == EACCES)
        return SIGNET_E_LINK; /* as it was told */
    return board_plugged(slot, err);
}

/* The lamp says it once. */
static void tell_missing(struct slot *slot, const struct signet_error *why)
{
    if (strcmp(slot->missing.msg, why->msg) == 0)
        return;
    slot->missing = *why;
    slot_lamp(slot, "waiting", NULL, why);
}

static int nobody_came(const struct slot *slot, const struct presence *now, bool fresh, int seconds,
                       struct signet_error *err)
{
    char place[160];

    if (slot->missing.code)
        return error_copy(err, &slot->missing);
    if (now->there)
        return error_set(err, SIGNET_E_NOT_FOUND, "no %sboard came within %d s",
                         fresh ? "" : "other ", seconds);
    return error_set_hint(
        err, SIGNET_E_NOT_FOUND, "is it plugged in? The list of boards shows what is there",
        "no board came within %d s: nothing is at the %s", seconds, presence_place(slot, place));
}

/* Its lamp says once that there is no board, or that a code waits for one. */
static void tell_empty(struct slot *slot, bool *told)
{
    bool ready = slot_scan_is_ready(slot);

    again_leave(slot);
    if (*told && ready == slot->code_told)
        return;
    *told = true;
    slot->code_told = ready;
    if (ready)
        slot_scan_show(slot);
    else
        slot_lamp(slot, "empty", NULL, NULL);
}

/* Is there a board to begin? fresh: as in is_new(). *told: the lamp says that there is none. */
static bool look_for_board(struct slot *slot, struct presence *now, bool fresh, bool *told)
{
    struct signet_error why = {0};
    int rc = presence_look(slot, now, &why);

    slot->short_of_units = false;
    if (rc == SIGNET_OK && slot->absent && now->there) {
        rc = look_for_missing(slot, now, &why);
        slot->absent = rc != SIGNET_OK;
    }
    if (rc != SIGNET_OK && why.code)
        tell_missing(slot, &why);
    if (rc == SIGNET_OK && !now->there)
        tell_empty(slot, told);
    else if (rc == SIGNET_OK)
        *told = false;
    bool there = rc == SIGNET_OK && is_new(slot, now, fresh), waits = slot_scan_waits(slot, there);
    if (waits && !slot->scan_told)
        slot_scan_ask(slot);
    slot->scan_told = waits;
    if (!there || waits)
        return false;
    slot->missing = (struct signet_error){0};
    slot->short_of_units = !begin_board(slot);
    return !slot->short_of_units;
}

/* A person turned the slot on again: its lamp says so where its last board still stands there. */
static void show_resumed(struct slot *slot)
{
    struct signet_error why = {0};

    if (slot->gone)
        return;
    again_offer(slot);
    error_set_hint(&why, SIGNET_E_NOT_FOUND, "put the next board in, or have this one tried again",
                   "the slot is on again, and its last board still stands there");
    slot_lamp(slot, "waiting", slot->endpoint, &why);
}

/* A rule stopped the slot: without --watch it stays for as long as others are at work. */
static int wait_halted(struct slot *slot, struct signet_error *err)
{
    struct line *line = slot->line;
    struct job *job = line->job;
    bool halted = slot->halted.code != SIGNET_OK;
    int rc = SIGNET_OK;

    pthread_mutex_lock(&job->lock);
    rules_resume(slot);
    while (slot->halted.code && !line->ended.code && job_units_left(job) > 0 && !job_stopped(job) &&
           (line->setup->watch || line->halted_slots < line->open_slots)) {
        job_wait(job, clock_ms() + POLL_MS);
        pthread_mutex_unlock(&job->lock);
        presence_watch(slot);
        pthread_mutex_lock(&job->lock);
        rules_resume(slot);
    }
    if (rules_stop(slot))
        rc = error_copy(err, line->ended.code ? &line->ended : &slot->halted);
    pthread_mutex_unlock(&job->lock);
    if (halted && rc == SIGNET_OK && !slot->halted.code)
        show_resumed(slot);
    return rc;
}

/* Until the slot may look for a board; *waited: it could not for a while. */
static int wait_to_look(struct slot *slot, bool *waited, struct signet_error *err)
{
    struct job *job = slot->line->job;
    int rc = wait_halted(slot, err);

    if (rc == SIGNET_OK)
        rc = slot_wait_held(slot, waited, err);
    if (rc != SIGNET_OK)
        return rc;
    if (!pause_for(job, 0))
        return error_set(err, SIGNET_E_QUOTA, "the order is used up");
    if (job_stopped(job))
        return error_set(err, SIGNET_E_CANCELLED, "stopped");
    return SIGNET_OK;
}

int wait_for_board(struct slot *slot, bool fresh, struct signet_error *err)
{
    const struct line_setup *setup = slot->line->setup;
    int seconds = setup->wait_seconds > 0 ? setup->wait_seconds : WAIT_SECONDS, rc;
    int64_t begin = slot->absent_since ? slot->absent_since : clock_ms();
    struct presence now;
    bool waited, told = false;

    slot->seen_at = clock_ms(); /* it was worked on until now */
    while ((rc = wait_to_look(slot, &waited, err)) == SIGNET_OK &&
           !look_for_board(slot, &now, fresh, &told)) {
        if (waited || slot->short_of_units || slot->scan_told ||
            slot_scan_is_ready(slot)) /* a board has all its time when its turn comes */
            begin = clock_ms();
        if (!setup->watch && clock_ms() >= begin + (int64_t)seconds * 1000)
            return nobody_came(slot, &now, fresh, seconds, err);
        pause_for(slot->line->job, slot->absent ? ABSENT_MS : POLL_MS);
    }
    if (rc != SIGNET_OK)
        return rc;
    presence_keep(slot, &now);
    if (cancel_sleep_until(slot->line->job->stop, clock_ms() + SETTLE_MS, err) == SIGNET_OK)
        return SIGNET_OK;
    let_board_go(slot->line);
    return SIGNET_E_CANCELLED;
}
