/* SPDX-License-Identifier: Apache-2.0 */
/* The gate before each board: while the line is paused, or a slot is off, a board that is in work
 * is finished, and no other is begun; no port or programmer is touched. */
#include "line/private.h"

static bool set_gate(struct job *job, bool *shut, bool to)
{
    pthread_mutex_lock(&job->lock);
    bool changed = *shut != to;
    *shut = to;
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
    return changed;
}

bool line_pause(struct job *job, struct line_gate *gate, bool paused)
{
    return set_gate(job, &gate->paused, paused);
}

bool line_slot(struct job *job, struct line_gate *gate, size_t slot, bool off)
{
    if (!off) {
        pthread_mutex_lock(&job->lock);
        gate->on[slot]++;
        pthread_mutex_unlock(&job->lock);
    }
    return set_gate(job, &gate->off[slot], off);
}

bool gate_is_shut(const struct slot *slot)
{
    const struct line_gate *gate = slot->line->setup->gate;

    return gate->paused || gate->off[slot_index(slot)];
}

/* Without --watch a slot that is off stays for as long as others are at work. */
static bool waits_at_gate(const struct slot *slot)
{
    const struct line *line = slot->line;
    const struct line_gate *gate = line->setup->gate;

    return gate->paused || line->setup->watch ||
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

int gate_wait(struct slot *slot, bool *waited, struct signet_error *err)
{
    struct line *line = slot->line;
    struct job *job = line->job;

    pthread_mutex_lock(&job->lock);
    *waited = gate_is_shut(slot);
    line->off_slots += *waited;
    pthread_cond_broadcast(&job->changed);
    while (gate_is_shut(slot) && waits_at_gate(slot) && !rules_stop(slot) &&
           job_units_left(job) > 0 && !job_stopped(job))
        wait_and_watch(slot);
    int rc = gate_is_shut(slot) && !waits_at_gate(slot)
                 ? error_set(err, SIGNET_E_NOT_FOUND, "the slot is off")
                 : SIGNET_OK;
    line->off_slots -= *waited;
    pthread_mutex_unlock(&job->lock);
    return rc;
}
