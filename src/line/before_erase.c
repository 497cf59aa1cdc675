/* SPDX-License-Identifier: Apache-2.0 */
/* Before anything is erased: is it a board for this order, and still the same one? */
#include "line/work.h"

#include <errno.h>
#include <stdio.h>

#define AGAIN_MS 500

/* What went wrong and is tried again stays on record. */
int work_note_retry(struct work *w, const char *why, struct signet_error *err)
{
    if (w->lease->device == 0) {
        snprintf(w->not_noted, sizeof(w->not_noted), "%s", why);
        return SIGNET_OK;
    }
    return work_judged(w, signet_ledger_note(w->job->ledger, w->lease, "retry", why, err));
}

static void report_retry(struct work *w, const struct signet_error *why)
{
    const struct signet_event event = {.kind = SIGNET_EVENT_RETRY, .stage = "device", .error = why};

    pthread_mutex_lock(&w->job->lock);
    w->slot->line->report->retries++;
    pthread_mutex_unlock(&w->job->lock);
    event_send(&w->slot->observer, &event);
}

int work_pause(struct work *w, const struct signet_error *why, struct signet_error *err)
{
    report_retry(w, why);
    int rc = work_note_retry(w, why->msg, err);
    return rc == SIGNET_OK ? cancel_sleep_until(w->job->stop, clock_ms() + AGAIN_MS, err) : rc;
}

/* It is kept for checking the station. */
int work_refuse_golden(struct work *w, const char *hw_id, struct signet_error *err)
{
    const char *golden = w->setup->order->golden.board;

    w->golden = golden && text_same_serial(hw_id, golden);
    return w->golden ? error_set_hint(err, SIGNET_E_PROVISIONED, "put another board in",
                                      "this is the golden board %s", golden)
                     : SIGNET_OK;
}

bool work_is_interrupted(enum signet_device_state last)
{
    return last == SIGNET_DEVICE_WRITING || last == SIGNET_DEVICE_WRITTEN;
}

/* The serial number of a board that has a USB port of its own: a programmer's is the fixture's. */
static const char *own_serial(const struct slot *slot)
{
    bool own = slot->order->kind != SIGNET_SLOT_SERIAL && !slot->order->serial;

    return own ? slot->presence.serial : "";
}

/* The port that went away in an attempt: a moment later it may be there again. */
static int wait_for_port(struct work *w, struct presence *now, struct signet_error *err)
{
    int64_t deadline = clock_ms() + BACK_MS;

    for (;;) {
        int rc = presence_look(w->slot, now, err);
        if (rc == SIGNET_OK && !now->there && clock_ms() >= deadline)
            rc = error_set(err, SIGNET_E_NOT_FOUND, "the port does not come back");
        if (rc != SIGNET_OK || now->there)
            return rc;
        rc = cancel_sleep_until(w->job->stop, clock_ms() + 50, err);
        if (rc != SIGNET_OK)
            return rc;
    }
}

/* A line that is bad, or a port that went during the look, says nothing of what the board holds. */
static int look_at_board(struct work *w, struct signet_error *err)
{
    unsigned *retries = &w->slot->retries;
    struct presence now;

    for (*retries = 0;; ++*retries) {
        int rc = signet_board_look(w->board, err);

        if (rc != SIGNET_E_LINK || err->sys == EACCES)
            return rc;
        job_count_error(w->job, (enum signet_code)rc);
        if (*retries >= (unsigned)w->setup->order->retries)
            return rc;
        const struct signet_error why = *err;
        rc = work_pause(w, &why, err);
        if (rc == SIGNET_OK)
            rc = wait_for_port(w, &now, err);
        if (rc != SIGNET_OK)
            return rc == SIGNET_E_NOT_FOUND ? error_copy(err, &why) : rc;
    }
}

static int take_state(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    enum signet_device_state *state = ctx;

    (void)err;
    if (!d->freed)
        *state = d->state;
    return SIGNET_OK;
}

/* The state of the device whose credentials the board in the slot got, before this run; void:
 * nobody knows. It need not be the slot's newest: an order goes on with a device that is older. */
static enum signet_device_state state_of_board(struct work *w)
{
    char name[SIGNET_ENDPOINT_SIZE];
    const struct signet_ledger_filter by_name = {.endpoint = name, .state = -1};
    enum signet_device_state state = SIGNET_DEVICE_VOID;

    if (mark_fits(w->slot, name))
        signet_ledger_devices(w->job->ledger, &by_name, take_state, &state, NULL);
    return state;
}

static bool is_finished(enum signet_device_state state)
{
    return state >= SIGNET_DEVICE_VERIFIED && state <= SIGNET_DEVICE_DONE;
}

/* Before anything is erased. A board whose device a kill interrupted holds no more than that
 * device's credentials, which it gets again. */
int work_look(struct work *w, enum signet_device_state last, struct signet_error *err)
{
    enum signet_device_state here = last == SIGNET_DEVICE_VOID ? last : state_of_board(w);

    if (work_refuse_golden(w, own_serial(w->slot), err) != SIGNET_OK)
        return SIGNET_E_PROVISIONED;
    bool known = work_is_interrupted(here) || w->setup->order->erase_finished || again_is_known(w);
    int rc = known ? SIGNET_OK : work_made(w, "", own_serial(w->slot), err);
    if (rc == SIGNET_OK)
        rc = work_ask_before(w, err);
    if (rc == SIGNET_OK)
        rc = again_claim(w, err);
    if (rc != SIGNET_OK || known) /* whatever slot a person named */
        return rc;
    rc = look_at_board(w, err);
    if (rc == SIGNET_E_UNSUPPORTED)
        rc = is_finished(last) || is_finished(here)
                 ? error_set(err, SIGNET_E_PROVISIONED, "the last board may still be in the slot")
                 : SIGNET_OK; /* better safe: a board that is put in anew is taken */
    return rc == SIGNET_E_PROVISIONED && !w->lease->device
               ? work_judged(w, reworked_claim(w->slot, own_serial(w->slot), err))
               : rc;
}

void work_keep_port(struct work *w, const struct presence *before)
{
    struct presence now;

    if (presence_look(w->slot, &now, NULL) != SIGNET_OK || !now.there ||
        !presence_same(&now, before) || presence_same(&now, &w->slot->presence))
        return;
    presence_identify(&now);
    presence_keep(w->slot, &now);
}

/* Between two attempts somebody may have put in another board, which may be a finished one. */
int work_look_again(struct work *w, struct signet_error *err)
{
    struct presence now;
    int rc = wait_for_port(w, &now, err);

    if (rc != SIGNET_OK || presence_same(&now, &w->slot->presence))
        return rc;
    presence_identify(&now);
    if (!presence_is_back(&now, &w->slot->presence, 0))
        rc = work_look(w, SIGNET_DEVICE_VOID, err);
    if (rc == SIGNET_OK)
        w->slot->presence = now;
    return rc;
}
