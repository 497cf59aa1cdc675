/* SPDX-License-Identifier: Apache-2.0 */
/* A board that came to its end, and is begun once more where it stands because a person asked for
 * it. What a rework changes in the ledger is changed when the board is begun: not for another one
 * that was put in meanwhile. */
#include "line/work.h"

#include <stdio.h>

static struct slot **again_place(const struct slot *slot)
{
    return &slot->line->setup->changes->ended[slot_index(slot)];
}

static bool has_failed(const struct slot *slot)
{
    return strcmp(slot->verdict, "fail") == 0;
}

/* The side of the slots */

static const char *what_may(const struct slot *slot)
{
    if (has_failed(slot))
        return slot->needs_rework ? "rework" : "retry";
    return slot->endpoint[0] && work_erases(slot->line->setup->order) ? "rework" : NULL;
}

void again_offer(struct slot *slot)
{
    if (slot->halted.code)
        return;
    pthread_mutex_lock(&slot->line->job->lock);
    slot->again.may = what_may(slot);
    *again_place(slot) = slot;
    pthread_mutex_unlock(&slot->line->job->lock);
}

void again_take(struct slot *slot)
{
    struct again *a = &slot->again;

    if (!a->asked) /* another board */
        a->endpoint[0] = a->reason[0] = '\0';
    *again_place(slot) = NULL;
    a->may = NULL;
    a->asked = false;
}

void again_leave(struct slot *slot)
{
    pthread_mutex_lock(&slot->line->job->lock);
    slot->again.asked = false;
    again_take(slot);
    pthread_mutex_unlock(&slot->line->job->lock);
}

bool again_asked(const struct slot *slot)
{
    pthread_mutex_lock(&slot->line->job->lock);
    bool asked = slot->again.asked;
    pthread_mutex_unlock(&slot->line->job->lock);
    return asked;
}

bool again_has_unit(const struct slot *slot)
{
    return slot->again.asked && slot->again.endpoint[0];
}

/* What is decided about a device for the board in a slot. */
struct decision {
    const char *order;
    bool failed; /* the board did */
    int edition; /* that it gets, as it was said when a person asked; 0: not yet */
    enum signet_device_state state;
};

static int judge_device(void *ctx, const struct signet_ledger_decided *d, struct signet_error *err)
{
    struct decision *of = ctx;

    if (d->order[0] && strcmp(d->order, of->order) != 0)
        return error_set_hint(err, SIGNET_E_CONFLICT, "run that order, or put another board in",
                              "%s is of order %s", d->endpoint, d->order);
    if (d->error->code == SIGNET_E_USAGE) /* its state, and not what was said */
        return error_set_hint(err, SIGNET_E_CONFLICT, d->error->hint, "%s", d->error->msg);
    if (d->error->code)
        return error_copy(err, d->error);
    if (of->edition && of->edition != d->edition)
        return error_set_hint(err, SIGNET_E_CONFLICT, "put another board in",
                              "%s got another edition meanwhile", d->endpoint);
    of->edition = d->edition;
    of->state = d->state;
    if (d->state == SIGNET_DEVICE_DONE || (of->failed && d->state == SIGNET_DEVICE_FAILED))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_CONFLICT,
                          d->state == SIGNET_DEVICE_FAILED
                              ? "a rework lets it wait for its servers again"
                              : "put another board in",
                          "%s is %s: its board is not what has to be made again", d->endpoint,
                          signet_device_state_name(d->state));
}

/* reason NULL: what would become of it, which is judged; else it is as it was judged, or stays as
 * it is. */
static int again_decide(struct job *job, struct decision *of, const char *endpoint,
                        const char *reason, struct signet_error *err)
{
    const struct signet_ledger_selection one = {.order = reason ? of->order : NULL,
                                                .names = &endpoint,
                                                .name_count = 1,
                                                .state = reason ? (int)of->state : -1};
    const struct signet_ledger_decision how = {
        .what = SIGNET_LEDGER_REWORK, .reason = reason, .preview = !reason};

    return signet_ledger_decide(job->ledger, &one, &how, judge_device, of, err);
}

bool again_is_known(const struct work *w)
{
    return w->slot->again.endpoint[0] && !w->lease->device;
}

int again_claim(struct work *w, struct signet_error *err)
{
    struct again *a = &w->slot->again;
    struct decision of = {.order = w->setup->order->name, .failed = true, .edition = a->edition};
    int rc = SIGNET_OK;

    if (!again_is_known(w))
        return SIGNET_OK;
    memcpy(w->made, a->endpoint, sizeof(w->made));
    memcpy(w->hw_id, a->hw_id, sizeof(w->hw_id));
    if (a->reason[0])
        rc = again_decide(w->job, &of, a->endpoint, NULL, err);
    if (a->reason[0] && rc == SIGNET_OK)
        rc = again_decide(w->job, &of, a->endpoint, a->reason, err);
    work_failpoint("after", "rework");
    if (rc != SIGNET_OK) /* a database may refuse its user a rework: no board and no line fails */
        return rc == SIGNET_E_CANCELLED ? rc : (int)(err->code = SIGNET_E_PROVISIONED);
    a->reason[0] = '\0';
    rc = work_claim(w, a->endpoint, a->hw_id, w->lease, err);
    if (rc == SIGNET_OK)
        w->made[0] = '\0';
    return rc;
}

/* The side of whoever asks */

static int refuse_retry(const struct slot *slot, const char *name, struct signet_error *err)
{
    return has_failed(slot)
               ? error_set_hint(err, SIGNET_E_CONFLICT, "a rework of the slot lets it be tried",
                                "%s was set aside, and another attempt alone is of no use",
                                slot->endpoint)
               : error_set_hint(err, SIGNET_E_CONFLICT, "a rework of the slot makes it again",
                                "the board in slot %s did not fail", name);
}

static int refuse_rework(const struct slot *slot, const char *name, struct signet_error *err)
{
    if (has_failed(slot))
        return error_set_hint(err, SIGNET_E_CONFLICT, "let it be tried again without a rework",
                              "the board in slot %s has no device that was set aside", name);
    if (!slot->endpoint[0])
        return error_set_hint(err, SIGNET_E_NOT_FOUND,
                              "rework its device by its name, and name this slot as its board",
                              "nobody knows which device the board in slot %s is", name);
    return error_set_hint(
        err, SIGNET_E_UNSUPPORTED,
        "erase the board, then put it in again; a 'flasher' in 'board' does it here",
        "the order erases no boards, and the one in slot %s holds credentials", name);
}

/* With the job's lock. */
static int again_judge(const struct slot *slot, const char *name, bool rework,
                       struct signet_error *err)
{
    const struct line_scans *scans = slot ? slot->line->setup->scans : NULL;

    if (!slot)
        return error_set_hint(err, SIGNET_E_CONFLICT,
                              "a board can be tried again while it stands where it came to its end",
                              "no board that came to its end stands in slot %s", name);
    if (slot->again.asked)
        return error_set_hint(err, SIGNET_E_CONFLICT, "wait until the slot begins it",
                              "that was asked for already, for the board in slot %s", name);
    if (!slot->again.may || strcmp(slot->again.may, rework ? "rework" : "retry") != 0)
        return (rework ? refuse_rework : refuse_retry)(slot, name, err);
    if (scans && scans->slots[slot_index(slot)].ready)
        return error_set_hint(err, SIGNET_E_CONFLICT,
                              "put that board in; to take the code back, take the slot out and put "
                              "it in again",
                              "the code of the next board was scanned for slot %s", name);
    return SIGNET_OK;
}

/* With the job's lock, but not while the ledger is asked: meanwhile the board may leave. */
static int again_judge_rework(struct job *job, const struct line_changes *changes, size_t i,
                              struct decision *of, struct signet_error *err)
{
    const struct slot *slot = changes->ended[i];
    const char *name = slot->order->name;
    char endpoint[SIGNET_ENDPOINT_SIZE];

    of->failed = has_failed(slot);
    memcpy(endpoint, slot->endpoint, sizeof(endpoint));
    pthread_mutex_unlock(&job->lock);
    int rc = again_decide(job, of, endpoint, NULL, err);
    pthread_mutex_lock(&job->lock);
    slot = changes->ended[i];
    if (slot && strcmp(slot->endpoint, endpoint) != 0)
        slot = NULL;
    return rc == SIGNET_OK ? again_judge(slot, name, true, err) : rc;
}

/* A retry after a rework that failed is still that rework. */
static void again_ask(struct slot *slot, const char *reason, int edition)
{
    struct again *a = &slot->again;

    a->asked = true;
    if (!reason)
        return;
    snprintf(a->reason, sizeof(a->reason), "%s", reason);
    a->edition = edition;
    memcpy(a->endpoint, slot->endpoint, sizeof(a->endpoint));
    memcpy(a->hw_id, slot->hw_id, sizeof(a->hw_id));
}

int line_again(struct job *job, const struct line_changes *changes,
               const struct signet_order *order, size_t i, const char *reason,
               struct signet_error *err)
{
    struct decision of = {.order = order->name};

    pthread_mutex_lock(&job->lock);
    int rc = again_judge(changes->ended[i], order->slots[i].name, reason, err);
    if (rc == SIGNET_OK && reason)
        rc = again_judge_rework(job, changes, i, &of, err);
    if (rc == SIGNET_OK)
        again_ask(changes->ended[i], reason, of.edition);
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
    return rc;
}
