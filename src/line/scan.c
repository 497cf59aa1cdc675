/* SPDX-License-Identifier: Apache-2.0 */
/* What the slots were given by a scanner. A code is for one board: it is taken when the board is
 * begun, and gone when that board is over. */
#include "line/work.h"

#include <stdio.h>

static int refuse_twice(const struct line_scan *s, const char *slot, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_BUSY,
                          "put its board in; to take the code back, take the slot out and put it "
                          "in again",
                          "slot %s has the code '%s' already", slot, s->code);
}

static int refuse_other(const struct signet_order *order, size_t other, const char *code,
                        struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_CONFLICT, "scan the code of the board in your hand",
                          "'%s' was scanned already, for slot %s", code, order->slots[other].name);
}

/* With the job's lock. */
static int judge_scan(const struct line_scans *scans, const struct signet_order *order, size_t slot,
                      const char *endpoint, const char *code, struct signet_error *err)
{
    const struct line_scan *s = &scans->slots[slot];
    const char *name = order->slots[slot].name, *when = order->scan.when;

    if (s->ready)
        return refuse_twice(s, name, err);
    if (s->at_work)
        return error_set_hint(err, SIGNET_E_BUSY, "scan the next code when that board is over",
                              "a board is being made in slot %s", name);
    for (size_t i = 0; i < order->slot_count; i++)
        if ((scans->slots[i].ready || scans->slots[i].at_work) &&
            strcmp(scans->slots[i].endpoint, endpoint) == 0)
            return refuse_other(order, i, code, err);
    if (when && strcmp(when, "before") == 0 && s->waits)
        return error_set_hint(err, SIGNET_E_CONFLICT,
                              "take the board out, scan its code, put it in",
                              "the board in slot %s came before its code", name);
    if (when && strcmp(when, "after") == 0 && !s->waits)
        return error_set_hint(err, SIGNET_E_CONFLICT, "put the board in, then scan its code",
                              "no board waits for a code in slot %s", name);
    return SIGNET_OK;
}

int line_scan(struct job *job, struct line_scans *scans, const struct signet_order *order,
              size_t slot, const char *endpoint, const char *code, struct signet_error *err)
{
    struct line_scan *s = &scans->slots[slot];

    pthread_mutex_lock(&job->lock);
    int rc = judge_scan(scans, order, slot, endpoint, code, err);
    if (rc == SIGNET_OK) {
        snprintf(s->endpoint, sizeof(s->endpoint), "%s", endpoint);
        snprintf(s->code, sizeof(s->code), "%s", code);
        memcpy(s->carrier, scans->carrier, sizeof(s->carrier));
        s->ready = true;
        pthread_cond_broadcast(&job->changed);
    }
    pthread_mutex_unlock(&job->lock);
    return rc;
}

void line_scan_drop(struct job *job, struct line_scans *scans, size_t slot)
{
    pthread_mutex_lock(&job->lock);
    scans->slots[slot].ready = false;
    pthread_mutex_unlock(&job->lock);
}

void line_scan_refused(const struct line_setup *setup, const struct signet_slot *where,
                       const struct signet_error *why)
{
    struct line line = {.setup = setup, .job = setup->job};
    struct slot slot = {.line = &line, .order = where, .verdict = "refused-scan", .stage = "scan"};

    hook_run(&slot, why);
}

/* The side of the slots */

static struct line_scan *scan_of(const struct slot *slot)
{
    return slot->line->setup->order->scan.used ? &slot->line->setup->scans->slots[slot_index(slot)]
                                               : NULL;
}

void slot_scan_end(struct slot *slot)
{
    struct line_scan *s = scan_of(slot);

    if (!s)
        return;
    pthread_mutex_lock(&slot->line->job->lock);
    s->ready = slot->absent && s->at_work; /* its board is still to come */
    s->at_work = false;
    pthread_mutex_unlock(&slot->line->job->lock);
}

bool slot_scan_waits(struct slot *slot, bool there)
{
    struct line_scan *s = scan_of(slot);

    if (!s)
        return false;
    pthread_mutex_lock(&slot->line->job->lock);
    s->waits = there && !s->ready && !slot->again.asked; /* it has the code that it had */
    bool waits = s->waits;
    pthread_mutex_unlock(&slot->line->job->lock);
    return waits;
}

bool slot_scan_is_ready(const struct slot *slot)
{
    const struct line_scan *s = scan_of(slot);

    if (!s)
        return false;
    pthread_mutex_lock(&slot->line->job->lock);
    bool ready = s->ready;
    pthread_mutex_unlock(&slot->line->job->lock);
    return ready;
}

bool slot_scan_take(struct slot *slot)
{
    struct line_scan *s = scan_of(slot);

    if (!s)
        return true;
    if (s->ready == slot->again.asked) /* no code, or that of the next board */
        return false;
    if (s->ready)
        slot->scanned = *s;
    memcpy(s->endpoint, slot->scanned.endpoint, sizeof(s->endpoint));
    memcpy(s->code, slot->scanned.code, sizeof(s->code));
    s->ready = false;
    s->at_work = true;
    return true;
}

void slot_scan_ask(struct slot *slot)
{
    const char *when = slot->line->setup->order->scan.when;
    struct signet_error why = {0};
    bool before = when && strcmp(when, "before") == 0;

    error_set(&why, SIGNET_E_NOT_FOUND, "the board came before its code");
    if (!before)
        error_set(&why, SIGNET_E_NOT_FOUND, "the board waits for its code");
    error_hint(&why, before ? "take the board out, scan its code, put it in" : "scan its code");
    slot_lamp(slot, "waiting", NULL, &why);
}

void slot_scan_show(struct slot *slot)
{
    struct signet_error why = {0};

    pthread_mutex_lock(&slot->line->job->lock);
    const struct line_scan s = *scan_of(slot);
    pthread_mutex_unlock(&slot->line->job->lock);
    error_set_hint(&why, SIGNET_E_NOT_FOUND,
                   "put its board in; to take the code back, take the slot out and put it in again",
                   "the code '%s' waits for its board", s.code);
    slot_lamp(slot, "waiting", s.endpoint, &why);
}

/* Devices of boards in work */

/* What is on record before: its code, and the carrier that was scanned last. */
static int note_code(struct work *w, struct signet_error *err)
{
    const struct line_scan *s = &w->slot->scanned;
    char text[sizeof(s->code) + sizeof(s->carrier) + 16];

    snprintf(text, sizeof(text), "%s%s%s", s->code, s->carrier[0] ? ", carrier " : "", s->carrier);
    return work_judged(w, signet_ledger_note(w->job->ledger, w->lease, "scanned", text, err));
}

/* A device of that name that was begun, or a new one. */
static int claim_scanned(struct work *w, const char *hw_id, struct signet_lease *lease,
                         struct signet_error *err)
{
    const char *endpoint = w->slot->scanned.endpoint;
    int rc = work_claim(w, endpoint, NULL, lease, err);

    if (rc == SIGNET_E_CONFLICT && hw_id) /* its credentials are on a board: this one? */
        rc = work_claim(w, endpoint, hw_id, lease, err);
    return rc == SIGNET_E_NOT_FOUND ? work_reserve(w, endpoint, lease, err) : rc;
}

int work_take_scanned(struct work *w, struct signet_error *err)
{
    const char *endpoint = w->slot->scanned.endpoint;

    if (w->lease->device && strcmp(w->lease->endpoint, endpoint) != 0)
        return error_set_hint(err, SIGNET_E_WRONG_BOARD, "scan the code of the board in the slot",
                              "the board is %s, and its code is that of %s", w->lease->endpoint,
                              endpoint);
    if (w->lease->device || w->spare.device)
        return SIGNET_OK;
    int rc = claim_scanned(w, NULL, &w->spare, err);
    return rc == SIGNET_E_CONFLICT ? SIGNET_OK : rc; /* once the board said which it is */
}

int work_identify_scanned(struct work *w, struct signet_error *err)
{
    int rc = SIGNET_OK;

    if (w->spare.device) {
        *w->lease = w->spare;
        w->spare.device = 0;
    } else {
        rc = claim_scanned(w, work_hw_id(w), w->lease, err);
    }
    return rc == SIGNET_OK ? note_code(w, err) : rc;
}
