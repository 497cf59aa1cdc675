/* SPDX-License-Identifier: Apache-2.0 */
/* All slots of a line. */
#include "flasher/flasher.h"
#include "line/private.h"
#include "order/order.h"

#include <stdlib.h>

enum { RENEW_MS = 30000 };

/* Whoever holds the port is in the lamp for as long as the board waits for it. */
static void show_holder(struct slot *slot, const struct signet_event *event)
{
    bool held = event->kind == SIGNET_EVENT_RETRY && strcmp(event->stage, "port") == 0;

    if (held || slot->held)
        slot_lamp(slot, held ? "waiting" : "working", NULL, held ? event->error : NULL);
    slot->held = held;
}

/* An event of a slot's board: which slot it is, and the lease does not run out meanwhile. */
static void on_slot_event(void *ctx, const struct signet_event *event)
{
    struct slot *slot = ctx;
    struct signet_event full = *event;

    full.board = slot->order->name;
    if (!full.endpoint && slot->lease.device)
        full.endpoint = slot->lease.endpoint;
    show_holder(slot, event);
    job_report(slot->line->job, &full);
    if (slot->lease.device && clock_ms() >= slot->renew_at) {
        slot->renew_at = clock_ms() + RENEW_MS;
        signet_ledger_renew(slot->line->job->ledger, &slot->lease, NULL); /* the next step tells */
    }
}

/* Said once for an order: all slots have the same kind of board and flasher. */
static void warn_blind(const struct signet_observer *observer)
{
    struct signet_error why = {0};
    const struct signet_event warning = {
        .kind = SIGNET_EVENT_WARNING, .stage = "look", .error = &why};

    error_set(&why, SIGNET_E_UNSUPPORTED,
              "boards are erased without a look at what they hold: this takes a flasher that can "
              "reset them, and ready_text, provisioned_text and restored_text");
    error_hint(&why, "put no finished board into a slot; or say erase_finished: true in the order");
    event_send(observer, &warning);
}

/* Boards that make their own key: somebody has to sign for it, and nobody can act as the device. */
static int check_born(const struct signet_order *order, struct signet_error *err)
{
    if (!signet_order_has_authority(order))
        return error_set_hint(err, SIGNET_E_MEANING,
                              "give the order an 'authority': a chain and a key",
                              "the board makes its key, but the order has no authority");
    if (order->prove)
        return error_set_hint(err, SIGNET_E_MEANING, "take 'prove' out of the order",
                              "the board makes its key, so that nobody else can be proved with it");
    if (order->golden.board)
        return error_set(err, SIGNET_E_MEANING,
                         "the board makes its key: an order with a golden board cannot");
    return SIGNET_OK;
}

static bool uses_own_names(const struct signet_order *o)
{
    return !o->scan.given && (o->from_board || (!o->manifest && !o->pattern));
}

/* Whether its board is there shows when the line runs. */
static int check_slot(const struct signet_order *order, size_t i,
                      const struct signet_observer *observer, struct signet_error *err)
{
    const struct signet_slot *slot = &order->slots[i];
    struct signet_board_options options = order->board;
    struct signet_board *board = NULL;

    options.port = slot->kind == SIGNET_SLOT_PORT ? slot->where : NULL;
    options.serial = slot->kind == SIGNET_SLOT_SERIAL ? slot->where : slot->serial;
    if (slot->kind == SIGNET_SLOT_HUB)
        options.port = "/dev/hub"; /* not opened here; none has that name */
    int rc = signet_board_open(&board, order->recipe, &options, NULL, NULL, err);
    if (rc == SIGNET_OK && i == 0 && !order->erase_finished && !signet_board_can_look(board))
        warn_blind(observer);
    if (rc == SIGNET_OK && uses_own_names(order) && !signet_board_tells_name(board))
        rc = error_set_hint(err, SIGNET_E_MEANING,
                            "add 'endpoint_path' to 'board', the file on the board with its name, "
                            "or 'names' with a manifest or a pattern",
                            "'%s' does not say how a board tells its name, and the order has no "
                            "names",
                            order->recipe);
    if (rc == SIGNET_OK && order->lock && !signet_board_can_lock(board))
        rc = error_set_hint(err, SIGNET_E_MEANING,
                            "nrfutil and nrfjprog can, and openocd with flasher_lock, the target's "
                            "command; with another, lock by the firmware, or after the line",
                            "the order says lock, but its flasher cannot lock a debug port");
    if (rc == SIGNET_OK && !order->lock && adapter_option(options.flash.options, "lock"))
        rc = error_set_hint(err, SIGNET_E_MEANING, "write lock: true in the order, too",
                            "flasher_lock says how to lock, but the order does not say lock");
    if (rc == SIGNET_OK && signet_board_makes_key(board))
        rc = check_born(order, err);
    signet_board_close(&board);
    return error_pass(rc, err, "slot %s", slot->name);
}

/* A lamp that cannot be switched is noticed before the shift, not after its first board. */
int line_check(const struct signet_order *order, const struct signet_observer *observer,
               struct signet_error *err)
{
    struct order_hook hooks[ORDER_HOOKS];
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < order->slot_count; i++)
        rc = check_slot(order, i, observer, err);
    order_hooks(order, hooks);
    for (size_t i = 0; rc == SIGNET_OK && i < ORDER_HOOKS; i++)
        if (hooks[i].words)
            rc = error_pass(flasher_command_check(hooks[i].words, err), err, "%s", hooks[i].key);
    return rc;
}

/* After a restart the last boards may still be there. */
static int find_last_states(struct line *line, struct slot *slots, struct signet_error *err)
{
    const struct signet_order *order = line->setup->order;
    const char **names = calloc(order->slot_count + 1, sizeof(*names));
    int *states = calloc(order->slot_count + 1, sizeof(*states));
    int rc = names && states ? SIGNET_OK : error_nomem(err);

    for (size_t i = 0; rc == SIGNET_OK && i < order->slot_count; i++)
        names[i] = order->slots[i].name;
    if (rc == SIGNET_OK)
        rc = signet_ledger_last(line->job->ledger, names, order->slot_count, states, err);
    for (size_t i = 0; rc == SIGNET_OK && i < order->slot_count; i++)
        slots[i].last = states[i] < 0 ? SIGNET_DEVICE_VOID : (enum signet_device_state)states[i];
    free(names);
    free(states);
    return rc;
}

/* Without a thread for each, those that run end. */
static size_t start_slots(struct line *line, struct slot *slots)
{
    const struct signet_order *order = line->setup->order;
    struct signet_error err = {0};
    size_t started = 0;
    int rc = 0;

    if (find_last_states(line, slots, &err) != SIGNET_OK) {
        job_fail(line->job, &err);
        return 0;
    }

    while (rc == 0 && started < order->slot_count) {
        struct slot *slot = &slots[started];

        *slot = (struct slot){.line = line,
                              .order = &order->slots[started],
                              .report = &line->report->slots[started],
                              .last = slot->last,
                              .observer = {.on_event = on_slot_event, .ctx = slot}};
        slot->report->name = slot->order->name;
        rc = job_start_thread(line->job, &slot->thread, &line->open_slots, slot_run, slot);
        started += rc == 0;
    }
    if (rc != 0) {
        error_sys(&err, SIGNET_E_NOMEM, rc, "cannot start a thread for slot %s",
                  order->slots[started].name);
        job_fail(line->job, &err);
    }
    return started;
}

static void tell_orphan(void *ctx, const char *name, int pid)
{
    struct job *job = ctx;
    struct signet_error why = {0};
    const struct signet_event warning = {
        .kind = SIGNET_EVENT_WARNING, .stage = "orphan", .error = &why};

    error_set(&why, SIGNET_E_BUSY,
              "%s (process %d), which a run that was killed had started, was "
              "still at work, and was ended",
              name, pid);
    job_report(job, &warning);
}

int line_run(const struct line_setup *setup, struct signet_line_report *report,
             struct signet_error *err)
{
    struct line line = {.setup = setup, .job = setup->job, .report = report};
    struct slot *slots = calloc(setup->order->slot_count, sizeof(*slots));

    report->slots = calloc(setup->order->slot_count + 1, sizeof(*report->slots));
    if (!slots || !report->slots) {
        free(slots);
        return error_nomem(err);
    }
    report->slot_count = setup->order->slot_count;
    flasher_end_orphans(tell_orphan, setup->job);
    size_t started = start_slots(&line, slots);
    job_attend(line.job, &line.open_slots);
    for (size_t i = 0; i < started; i++) {
        pthread_join(slots[i].thread, NULL);
        report->passed += report->slots[i].passed;
        report->failed += report->slots[i].failed;
        report->first_pass += report->slots[i].first_pass;
        report->made_before += slots[i].made_before;
    }
    report->rule = line.ended;
    if (line.halted_slots == report->slot_count)
        report->rule = slots[0].halted; /* nobody is left */
    if (report->passed && line.last > line.first)
        report->per_hour = (double)report->passed * 3600 / (line.last - line.first);
    free(slots);
    return SIGNET_OK;
}
