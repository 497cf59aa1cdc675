/* SPDX-License-Identifier: Apache-2.0 */
/* One board of a line, from blank to verified. Nothing leaves the host before the ledger says so.
 */
#include "line/work.h"

#include <errno.h>
#include <stdio.h>

/* Which device? */

/* The one that was taken before the erase, else one that nobody has. */
static int identify_any(struct work *w, struct signet_error *err)
{
    if (w->spare.device) {
        *w->lease = w->spare;
        w->spare.device = 0;
        return SIGNET_OK;
    }
    int rc = work_claim(w, NULL, NULL, w->lease, err);
    return rc == SIGNET_E_NOT_FOUND ? work_reserve(w, NULL, w->lease, err) : rc;
}

static int identify(struct work *w, struct signet_error *err)
{
    bool named = source_has_names(w->setup->source);
    const char *hw_id = work_hw_id(w);
    const char *name = w->name[0] ? w->name : NULL;
    int rc = SIGNET_E_NOT_FOUND;

    if (work_is_scanned(w))
        return work_identify_scanned(w, err);
    if (name || hw_id)
        rc = work_claim(w, named ? NULL : name, hw_id, w->lease, err);
    if (rc != SIGNET_E_NOT_FOUND)
        return rc;
    if (!named) { /* a name that the manifest does not know takes no unit of the quota */
        rc = signet_board_makes_key(w->board)
                 ? source_try(w->setup->source, name, err)
                 : source_make_for_board(w->setup->source, name, -1, hw_id, &w->device, err);
        return rc == SIGNET_OK ? work_reserve(w, name, w->lease, err) : rc;
    }
    rc = work_judged(w, reworked_claim(w->slot, "", err));
    return rc == SIGNET_E_PROVISIONED ? identify_any(w, err) : rc;
}

/* What was sealed for it before. SIGNET_E_NOT_FOUND: nothing was, or what cannot be opened never
 * left the host. */
static int restore(struct work *w, struct signet_error *err)
{
    struct secret packet = {0};
    int rc = vault_find(w->setup->vault, w->lease->endpoint, -1, &packet, err);

    if (rc == SIGNET_OK)
        rc = source_restore(w->setup->source, &packet, w->lease->endpoint, &w->device, err);
    secret_wipe(&packet);
    if (rc == SIGNET_OK)
        return work_drop_retired(w, err);
    return rc == SIGNET_E_SEAL && w->lease->state < SIGNET_DEVICE_WRITING ? SIGNET_E_NOT_FOUND : rc;
}

static int make_new(struct work *w, struct signet_error *err)
{
    return source_make_for_board(w->setup->source, w->lease->endpoint, w->lease->index,
                                 work_hw_id(w), &w->device, err);
}

static int seal_and_record(struct work *w, bool sealed, struct signet_error *err)
{
    int rc = sealed ? SIGNET_OK : work_seal(w, err);

    return rc == SIGNET_OK ? work_record(w, SIGNET_DEVICE_KEYED, &w->device.facts, err) : rc;
}

/* Its credentials: those of before, or new ones; safe over a crash before anybody hears of them. */
static int make_credentials(struct work *w, struct signet_error *err)
{
    bool made = w->device.packet.data, restored = false;
    int rc = SIGNET_OK;

    if (!made) {
        rc = restore(w, err);
        restored = rc == SIGNET_OK;
        if (rc == SIGNET_E_NOT_FOUND)
            rc = make_new(w, err);
    }
    if (rc == SIGNET_OK)
        rc = seal_and_record(w, restored, err);
    if (rc != SIGNET_E_CONFLICT || !restored || w->lease->state != SIGNET_DEVICE_RESERVED)
        return rc;
    device_free(&w->device); /* those of a void device, whose name was given back */
    rc = make_new(w, err);
    return rc == SIGNET_OK ? seal_and_record(w, false, err) : rc;
}

/* The stages */

static int read_name(struct work *w, struct signet_error *err)
{
    struct signet_board_state state;
    int rc = signet_board_endpoint(w->board, w->name, err);

    signet_board_state(w->board, &state);
    snprintf(w->hw_id, sizeof(w->hw_id), "%s", state.hw_id[0] ? state.hw_id : state.serial);
    if (work_is_scanned(w)) /* whatever the board calls itself */
        memcpy(w->name, w->slot->scanned.endpoint, sizeof(w->name));
    return rc;
}

static int get_credentials(struct work *w, struct signet_error *err)
{
    int rc = work_refuse_golden(w, w->hw_id, err);

    if (rc != SIGNET_OK)
        return rc;

    if (w->lease->device && work_is_another(w)) { /* not the board that the rework was about */
        rc = work_judged(w, signet_ledger_release(w->job->ledger, w->lease, err));
        w->lease->device = 0;
        w->slot->again.endpoint[0] = '\0';
    }
    if (rc == SIGNET_OK && w->lease->device == 0)
        rc = identify(w, err);
    if (rc == SIGNET_OK && w->not_noted[0]) {
        rc = work_note_retry(w, w->not_noted, err);
        w->not_noted[0] = '\0';
    }
    if (rc == SIGNET_OK && w->lease->state >= SIGNET_DEVICE_WRITING)
        signet_board_take_over(w->board);
    if (rc == SIGNET_OK && signet_board_makes_key(w->board))
        return born_credentials(w, err);
    if (rc == SIGNET_OK && w->lease->state >= SIGNET_DEVICE_KEYED && w->device.packet.data)
        return SIGNET_OK; /* another attempt of this run */
    return rc == SIGNET_OK ? make_credentials(w, err) : rc;
}

static int load_packet(struct work *w, struct signet_error *err)
{
    const struct signet_device_facts facts = {.hw_id = work_hw_id(w)};
    struct presence before = {0};
    int rc = mark_write(w->slot, err);

    if (rc == SIGNET_OK)
        rc = work_record(w, SIGNET_DEVICE_WRITING, &facts, err);
    if (rc == SIGNET_OK)
        rc = work_judged(w, job_remember(w->job, w->lease->index, err));
    if (rc != SIGNET_OK)
        return rc;
    work_failpoint("before", "load");
    presence_look(w->slot, &before, NULL);
    rc = signet_board_load(w->board, w->device.packet.data, w->device.packet.len, err);
    if (rc == SIGNET_OK)
        work_keep_port(w, &before);
    work_failpoint("after", "load");
    return rc == SIGNET_OK ? work_record(w, SIGNET_DEVICE_WRITTEN, NULL, err) : rc;
}

/* The verdict of a device says that its debug port is locked. */
static int lock_board(struct work *w, struct signet_error *err)
{
    work_failpoint("before", "lock");
    int rc = signet_board_lock(w->board, err);
    work_failpoint("after", "lock");
    if (rc == SIGNET_OK)
        rc = work_judged(w, signet_ledger_note(w->job->ledger, w->lease, "locked",
                                               "after a reset a read was refused", err));
    if (rc != SIGNET_OK)
        return rc;
    pthread_mutex_lock(&w->job->lock);
    w->slot->line->report->locked++;
    pthread_mutex_unlock(&w->job->lock);
    return SIGNET_OK;
}

static bool has_final(const struct work *w)
{
    return w->setup->order->board.final || w->setup->order->board.image_dir;
}

static const struct step {
    enum job_stage stage;
    int (*board)(struct signet_board *board, struct signet_error *err);
    int (*work)(struct work *w, struct signet_error *err); /* where the board alone is not enough */
} steps[] = {
    {STAGE_FLASH, signet_board_prepare, NULL},
    {STAGE_NAME, NULL, read_name},
    {STAGE_CREDENTIALS, NULL, get_credentials},
    {STAGE_LOAD, NULL, load_packet},
    {STAGE_RESULT, signet_board_result, NULL},
    {STAGE_FINAL, signet_board_finish, NULL},
    {STAGE_LOCK, NULL, lock_board},
};

/* Erased for a device that waits for the next board in this slot. What becomes of the board now, it
 * was that one: a later one is not erased for it. A board that brings a name may be another's. */
static int end_wait_for_slot(struct work *w, struct signet_error *err)
{
    if (!w->lease->device || !source_has_names(w->setup->source))
        return SIGNET_OK;
    return work_judged(w, signet_ledger_slot_used(w->job->ledger, w->lease, err));
}

static int do_step(struct work *w, const struct step *step, struct signet_error *err)
{
    if (job_stopped(w->job))
        return error_set(err, SIGNET_E_CANCELLED, "stopped");
    if (step->work)
        return step->work(w, err);
    work_failpoint("before", job_stage_name(step->stage));
    int rc = step->board(w->board, err);
    work_failpoint("after", job_stage_name(step->stage));
    return rc == SIGNET_OK && step->stage == STAGE_FLASH ? end_wait_for_slot(w, err) : rc;
}

/* Measured and reported. */
static int run_step(struct work *w, const struct step *step, struct signet_error *err)
{
    struct line *line = w->slot->line;
    struct signet_event event = {.kind = SIGNET_EVENT_STAGE_BEGIN,
                                 .stage = job_stage_name(step->stage)};
    double begin = clock_seconds();

    pthread_mutex_lock(&w->job->lock);
    if (line->first <= 0)
        line->first = begin;
    pthread_mutex_unlock(&w->job->lock);
    event_send(&w->slot->observer, &event);
    w->slot->stage = event.stage;
    int rc = do_step(w, step, err);
    event.kind = SIGNET_EVENT_STAGE_END;
    event.seconds = w->took[step->stage] = clock_seconds() - begin;
    event.error = rc == SIGNET_OK ? NULL : err;
    if (rc == SIGNET_OK)
        job_cycle(w->job, step->stage, event.seconds);
    event_send(&w->slot->observer, &event);
    return rc;
}

static void forget_times(struct work *w)
{
    for (size_t i = 0; i < STAGES; i++)
        w->took[i] = -1;
}

static int attempt(struct work *w, struct signet_error *err)
{
    int rc = SIGNET_OK;

    w->ledger_refused = false;
    forget_times(w);
    for (size_t i = 0; rc == SIGNET_OK && i < COUNT_OF(steps); i++)
        if ((steps[i].stage != STAGE_FINAL || has_final(w)) &&
            (steps[i].stage != STAGE_LOCK || w->setup->order->lock))
            rc = run_step(w, &steps[i], err);
    return rc;
}

/* What a second attempt could mend, and where the same credentials may be written again. */
static bool may_try_again(struct work *w, int rc)
{
    struct signet_board_state state;

    signet_board_state(w->board, &state);
    if (w->took[STAGE_LOCK] >= 0) /* it may be locked, and could not be erased */
        return false;
    switch (rc) {
    case SIGNET_E_TIMEOUT:
    case SIGNET_E_LINK:
    case SIGNET_E_SMP:
    case SIGNET_E_SYNTAX:
    case SIGNET_E_FLASH:
    case SIGNET_E_BOARD:
        return state.retry_safe || !state.bytes_sent;
    default:
        return false;
    }
}

/* Not a board's fault, and nothing was done to one: what is missing is the programmer or its tool,
 * the port, or the right to open it. */
static bool nothing_there(struct work *w, int rc, struct signet_error *err)
{
    struct signet_error missing = {0};
    bool port = !work_erases(w->setup->order) && rc == SIGNET_E_NOT_FOUND;
    bool right = rc == SIGNET_E_LINK && err->sys == EACCES;

    if (rc == SIGNET_OK || rc == SIGNET_E_CANCELLED || rc == SIGNET_E_PROVISIONED ||
        w->lease->device || w->took[STAGE_NAME] >= 0)
        return false;
    if (signet_board_plugged(w->board, &missing) == SIGNET_E_NOT_FOUND)
        *err = missing;
    else if (!port && !right)
        return false;
    return w->slot->absent = true;
}

static int attempts(struct work *w, struct signet_error *err)
{
    unsigned *retries = &w->slot->retries;

    for (*retries = 0;; ++*retries) {
        int rc = attempt(w, err);

        if (rc == SIGNET_OK || rc == SIGNET_E_CANCELLED || rc == SIGNET_E_QUOTA ||
            nothing_there(w, rc, err))
            return rc;
        job_count_error(w->job, (enum signet_code)rc);
        if (w->ledger_refused || *retries >= (unsigned)w->setup->order->retries ||
            !may_try_again(w, rc))
            return rc;
        struct signet_error why = *err;
        rc = work_pause(w, &why, err);
        if (rc == SIGNET_OK)
            rc = work_look_again(w, err);
        if (rc == SIGNET_E_NOT_FOUND || rc == SIGNET_E_PROVISIONED)
            return error_copy(err, &why); /* that board is gone */
        if (rc != SIGNET_OK)
            return rc;
    }
}

static int open_board(struct work *w, struct signet_error *err)
{
    const struct signet_slot *slot = w->slot->order;
    struct signet_board_options options = w->setup->order->board;

    options.endpoint = NULL; /* the ledger knows which one it must be */
    options.port = slot->kind == SIGNET_SLOT_SERIAL ? NULL : w->slot->presence.path;
    options.serial = slot->kind == SIGNET_SLOT_SERIAL ? slot->where : slot->serial;
    return signet_board_open(&w->board, w->setup->order->recipe, &options, &w->slot->observer,
                             w->job->stop, err);
}

/* The board tells whose it was only now. That device is at its servers, and on no board any more.
 */
static int tell_erased(struct work *w, int why, struct signet_error *err)
{
    struct signet_error refused = {0};
    char detail[128];

    snprintf(detail, sizeof(detail), "in slot %s", w->slot->order->name);
    int rc = signet_ledger_erased(w->job->ledger, w->name, w->hw_id, detail, &refused);
    if (rc == SIGNET_E_NOT_FOUND) /* it is not finished */
        return why;
    if (rc != SIGNET_OK)
        return work_judged(w, error_copy(err, &refused));
    error_prefix(err, "the board was erased");
    error_hint(err, "a rework of that device for this board makes it again");
    w->slot->needs_rework = true;
    return why;
}

/* Left as it is only what holds the credentials of another time: by its name or serial number the
 * board is a device's that was finished, or it says that it holds some before anything was done. */
static int judge_attempts(struct work *w, enum signet_device_state last, int rc,
                          struct signet_error *err)
{
    bool erases = work_erases(w->setup->order);

    if (w->golden)
        return rc;
    if (rc == SIGNET_E_EXISTS && !erases) {
        rc = work_made(w, w->name, w->hw_id, err);
        return rc == SIGNET_OK ? error_set(err, SIGNET_E_PROVISIONED, "it was made before") : rc;
    }
    if (erases && w->took[STAGE_FLASH] >= 0 && (rc == SIGNET_E_EXISTS || rc == SIGNET_E_CONFLICT))
        return tell_erased(w, rc, err);
    /* what it holds was left by an attempt of ours, or is there although it was programmed */
    if (rc == SIGNET_E_PROVISIONED && (erases || work_is_interrupted(last) || w->lease->device))
        return (int)(err->code = SIGNET_E_BOARD);
    return rc;
}

int board_run(struct slot *slot, enum signet_device_state last, struct signet_error *err)
{
    struct work w = {.slot = slot,
                     .lease = &slot->lease,
                     .setup = slot->line->setup,
                     .job = slot->line->job,
                     .began = clock_seconds()};

    slot->lease = (struct signet_lease){0};
    slot->retries = 0;
    slot->stage = "look";
    slot->verdict = NULL;
    slot->edition = 0;
    slot->absent = slot->held = slot->needs_rework = false;
    forget_times(&w);
    int rc = open_board(&w, err);
    if (rc == SIGNET_OK)
        rc = work_look(&w, last, err);
    if (rc != SIGNET_OK && w.board)
        nothing_there(&w, rc, err);
    if (rc == SIGNET_OK)
        rc = work_take_unit(&w, err);
    if (rc == SIGNET_OK)
        rc = judge_attempts(&w, last, attempts(&w, err), err);
    if (work_drop_spare(&w, rc == SIGNET_OK ? err : NULL) != SIGNET_OK && rc == SIGNET_OK)
        rc = SIGNET_E_LEDGER;
    snprintf(slot->endpoint, sizeof(slot->endpoint), "%s",
             slot->lease.device ? slot->lease.endpoint
             : w.made[0]        ? w.made
                                : w.name);
    snprintf(slot->hw_id, sizeof(slot->hw_id), "%s", w.hw_id);
    rc = work_end(&w, rc, err);
    slot->lease.device = 0;
    if (w.ledger_broken) {
        struct signet_error reason = *err;
        error_prefix(&reason, "slot %s", slot->order->name);
        job_fail(w.job, &reason);
    }
    device_free(&w.device);
    signet_board_close(&w.board);
    return rc;
}

int board_plugged(struct slot *slot, struct signet_error *err)
{
    struct work w = {.slot = slot, .setup = slot->line->setup, .job = slot->line->job};
    int rc = open_board(&w, err);

    if (rc == SIGNET_OK)
        rc = signet_board_plugged(w.board, err);
    signet_board_close(&w.board);
    return rc;
}
