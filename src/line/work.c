/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a board: what the ledger keeps of it. */
#include "line/work.h"

#include <stdio.h>

/* A ledger that cannot be written ends the line; what it refuses is about this device only. */
int work_judged(struct work *w, int rc)
{
    w->ledger_refused = rc != SIGNET_OK;
    w->ledger_broken = signet_error_class(&(struct signet_error){.code = (enum signet_code)rc}) ==
                       SIGNET_CLASS_STATION;
    return rc;
}

void work_failpoint(const char *when, const char *what)
{
    char name[64];

    snprintf(name, sizeof(name), "%s-%s", when, what);
    failpoint(name);
}

int work_seal(struct work *w, struct signet_error *err)
{
    work_failpoint("before", "seal");
    int rc = vault_seal(w->setup->vault, w->lease->endpoint, &w->device.packet, err);
    work_failpoint("after", "seal");
    return rc;
}

int work_record(struct work *w, enum signet_device_state state,
                const struct signet_device_facts *facts, struct signet_error *err)
{
    enum signet_device_state to = w->lease->state > state ? w->lease->state : state;

    work_failpoint("before", signet_device_state_name(state));
    int rc = signet_ledger_advance(w->job->ledger, w->lease, to, facts, err);
    work_failpoint("after", signet_device_state_name(state));
    return work_judged(w, rc);
}

static const char *verdict_of(int rc)
{
    if (rc == SIGNET_E_CANCELLED || rc == SIGNET_E_QUOTA)
        return NULL; /* nothing was made of it */
    return rc == SIGNET_OK ? "pass" : rc == SIGNET_E_PROVISIONED ? "made-before" : "fail";
}

/* One whose credentials never left the host, and whose name is not this board's own, is there for
 * the next board. */
static enum signet_device_state end_state(const struct work *w, int rc)
{
    bool own_name = !source_has_names(w->setup->source) && !work_is_scanned(w);
    bool untouched = w->lease->state < SIGNET_DEVICE_WRITING && !own_name;

    if (rc == SIGNET_OK)
        return SIGNET_DEVICE_VERIFIED;
    return untouched ? w->lease->state : SIGNET_DEVICE_FAILED;
}

struct stage_times {
    const char *names[STAGES];
    double seconds[STAGES];
    size_t count;
    char note[256]; /* the same as text */
};

static void stage_times(const struct work *w, struct stage_times *t)
{
    size_t used = 0;

    *t = (struct stage_times){0};
    for (enum job_stage i = 0; i < STAGES; i++)
        if (w->took[i] >= 0) {
            t->names[t->count] = job_stage_name(i);
            t->seconds[t->count++] = w->took[i];
            if (used < sizeof(t->note))
                used += (size_t)snprintf(t->note + used, sizeof(t->note) - used, "%s%s %.2f s",
                                         used ? ", " : "", job_stage_name(i), w->took[i]);
        }
}

static int record_board(struct work *w, int rc, const struct signet_error *why,
                        struct signet_error *err)
{
    struct signet_board_state state = {0};
    char shift[sizeof(w->job->shift)];
    struct stage_times times;
    struct buf stop = {0};

    if (w->board)
        signet_board_state(w->board, &state);
    stage_times(w, &times);
    pthread_mutex_lock(&w->job->lock);
    memcpy(shift, w->job->shift, sizeof(shift));
    pthread_mutex_unlock(&w->job->lock);
    w->slot->seconds = clock_seconds() - w->began;
    const struct signet_device_facts facts = {.image_sha256 =
                                                  state.final_sha256[0]     ? state.final_sha256
                                                  : state.initial_sha256[0] ? state.initial_sha256
                                                                            : NULL,
                                              .note = times.note};
    struct signet_ledger_board board = {.slot = w->slot->order->name,
                                        .verdict = verdict_of(rc),
                                        .endpoint = w->slot->endpoint,
                                        .hw_id = w->slot->hw_id,
                                        .shift = shift,
                                        .seconds = w->slot->seconds,
                                        .retries = w->slot->retries,
                                        .why = rc == SIGNET_OK ? NULL : why,
                                        .stages = times.names,
                                        .stage_seconds = times.seconds,
                                        .stage_count = times.count};

    if (rc != SIGNET_E_PROVISIONED && rc != SIGNET_E_REFUSED &&
        rules_count(w->slot, rc == SIGNET_OK, &stop))
        board.stop = (const char *)stop.data;
    work_failpoint("before", rc == SIGNET_OK ? "verified" : "board");
    int done = signet_ledger_board(w->job->ledger, w->job->order, &board, w->lease,
                                   end_state(w, rc), &facts, err);
    work_failpoint("after", rc == SIGNET_OK ? "verified" : "board");
    buf_free(&stop);
    w->slot->edition = board.edition;
    return work_judged(w, done);
}

/* One that was interrupted stays as it is. What the ledger refuses about the device (another
 * station has it by now, it became void) is the reason why its board failed. */
int work_end(struct work *w, int rc, struct signet_error *err)
{
    struct signet_error refused = {0};
    int done = SIGNET_OK;

    w->slot->verdict = NULL;
    if (w->ledger_broken || w->slot->absent)
        return rc;
    if (verdict_of(rc))
        done = record_board(w, rc, err, &refused);
    else if (w->lease->device)
        done = work_judged(w, signet_ledger_release(w->job->ledger, w->lease, &refused));
    if (done != SIGNET_OK && rc == SIGNET_OK)
        rc = error_copy(err, &refused);
    if (done != SIGNET_OK && verdict_of(rc) && w->lease->device && !w->ledger_broken) {
        w->lease->device = 0;
        done = record_board(w, rc, err, &refused);
    }
    if (w->ledger_broken && done != SIGNET_OK)
        return error_copy(err, &refused);
    w->slot->verdict = verdict_of(rc);
    if (w->lease->device && end_state(w, rc) == SIGNET_DEVICE_FAILED)
        w->slot->needs_rework = rc != SIGNET_E_WRONG_BOARD; /* that one is no board of the device */
    return rc;
}

int work_claim(struct work *w, const char *endpoint, const char *hw_id, struct signet_lease *lease,
               struct signet_error *err)
{
    return work_judged(w, signet_ledger_claim(w->job->ledger, w->job->order, endpoint, hw_id,
                                              w->slot->order->name, lease, err));
}

/* A device of this name, or of the next of the order's that no station has taken. */
int work_reserve(struct work *w, const char *name, struct signet_lease *lease,
                 struct signet_error *err)
{
    const struct signet_ledger_names names = {.name = source_name, .ctx = w->setup->source};
    const char *slot = w->slot->order->name;
    size_t count = 0;

    work_failpoint("before", "reserved");
    int rc = name ? signet_ledger_reserve(w->job->ledger, w->job->order, name, slot, lease, err)
                  : signet_ledger_reserve_next(w->job->ledger, w->job->order, slot, &names, lease,
                                               1, &count, err);
    work_failpoint("after", "reserved");
    if (rc == SIGNET_E_NOT_FOUND)
        rc = error_set(err, SIGNET_E_QUOTA, "the names of the order are used up");
    return work_judged(w, rc);
}

bool work_erases(const struct signet_order *order)
{
    const struct signet_board_options *o = &order->board;

    return (o->initial || o->image_dir) && !(o->flasher && strcmp(o->flasher, "none") == 0);
}
