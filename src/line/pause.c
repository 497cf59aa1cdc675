/* SPDX-License-Identifier: Apache-2.0 */
/* A pause before a board: while the line is paused, or a slot is off, a board that is in work
 * is finished, and no other is begun; no port or programmer is touched. */
#include "line/private.h"

static bool set_held(struct job *job, bool *held, bool to)
{
    pthread_mutex_lock(&job->lock);
    bool changed = *held != to;
    *held = to;
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
    return changed;
}

bool line_pause(struct job *job, struct line_changes *changes, bool paused)
{
    return set_held(job, &changes->paused, paused);
}

bool line_slot(struct job *job, struct line_changes *changes, size_t slot, bool off)
{
    if (!off) {
        pthread_mutex_lock(&job->lock);
        changes->on[slot]++;
        pthread_mutex_unlock(&job->lock);
    }
    return set_held(job, &changes->off[slot], off);
}

bool slot_is_held(const struct slot *slot)
{
    const struct line_changes *changes = slot->line->setup->changes;

    return changes->paused || changes->off[slot_index(slot)];
}

/* Without --watch a slot that is off stays for as long as others are at work. */
static bool waits_held(const struct slot *slot)
{
    const struct line *line = slot->line;
    const struct line_changes *changes = line->setup->changes;

    return changes->paused || line->setup->watch ||
           line->halted_slots + line->off_slots < line->open_slots;
}

static void wait_and_watch(struct slot *slot)
{
    struct job *job = slot->line->job;

    job_wait(job, clock_ms() + POLL_MS);
    pthread_mutex_unlock(&job->lock);
    presence_watch(slot);
    pthread_mutex_lock(&job->lock);
}

int slot_wait_held(struct slot *slot, bool *waited, struct signet_error *err)
{
    struct line *line = slot->line;
    struct job *job = line->job;

    pthread_mutex_lock(&job->lock);
    *waited = slot_is_held(slot);
    line->off_slots += *waited;
    pthread_cond_broadcast(&job->changed);
    while (slot_is_held(slot) && waits_held(slot) && !rules_stop(slot) && job_units_left(job) > 0 &&
           !job_stopped(job))
        wait_and_watch(slot);
    int rc = slot_is_held(slot) && !waits_held(slot)
                 ? error_set(err, SIGNET_E_NOT_FOUND, "the slot is off")
                 : SIGNET_OK;
    line->off_slots -= *waited;
    pthread_mutex_unlock(&job->lock);
    return rc;
}
