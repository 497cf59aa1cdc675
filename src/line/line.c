/* SPDX-License-Identifier: Apache-2.0 */
/* All slots of a line. */
#include "flasher/flasher.h"
#include "line/private.h"

#include <stdlib.h>
#include <string.h>

enum { RENEW_MS = 30000 };

/* An event of a slot's board: which slot it is, and the lease does not run out meanwhile. */
static void on_event(void *ctx, const struct signet_event *event)
{
    struct slot *slot = ctx;
    struct signet_event full = *event;

    full.board = slot->order->name;
    if (!full.endpoint && slot->lease.device)
        full.endpoint = slot->lease.endpoint;
    job_report(slot->line->job, &full);
    if (slot->lease.device && clock_ms() >= slot->renew_at) {
        slot->renew_at = clock_ms() + RENEW_MS;
        signet_ledger_renew(slot->line->job->ledger, &slot->lease, NULL); /* the next step tells */
    }
}

static int check_slots(const struct signet_order *order, struct signet_error *err)
{
    if (!order->recipe || order->slot_count == 0)
        return error_set(err, SIGNET_E_USAGE, "a line needs a board recipe and slots");
    for (size_t i = 0; i < order->slot_count; i++) {
        const struct signet_slot *slot = &order->slots[i];

        if (!slot->name || !slot->name[0] || !slot->where)
            return error_set(err, SIGNET_E_USAGE, "slot %zu has no name or place", i + 1);
        for (size_t j = 0; j < i; j++)
            if (strcmp(order->slots[j].name, slot->name) == 0 ||
                (order->slots[j].kind == slot->kind &&
                 strcmp(order->slots[j].where, slot->where) == 0))
                return error_set(err, SIGNET_E_USAGE, "slots %zu and %zu are the same", j + 1,
                                 i + 1);
    }
    return SIGNET_OK;
}

/* Whether its board is there shows when the line runs. */
static int check_slot(const struct signet_order *order, const struct signet_slot *slot,
                      struct signet_error *err)
{
    struct signet_board_options options = order->board;
    struct signet_board *board = NULL;

    options.port = slot->kind == SIGNET_SLOT_PORT ? slot->where : NULL;
    options.serial = slot->kind == SIGNET_SLOT_SERIAL ? slot->where : slot->serial;
    if (slot->kind == SIGNET_SLOT_HUB)
        options.port = "/dev/null"; /* not opened here */
    int rc = signet_board_open(&board, order->recipe, &options, NULL, NULL, err);
    if (rc != SIGNET_OK)
        error_prefix(err, "slot %s", slot->name);
    signet_board_close(&board);
    return rc;
}

/* A lamp that cannot be switched is noticed before the shift, not after its first board. */
static int check_hook(const char *key, const char *const *argv, struct signet_error *err)
{
    int rc = argv ? flasher_command_check(argv[0], err) : SIGNET_OK;

    if (rc != SIGNET_OK)
        error_prefix(err, "%s", key);
    return rc;
}

int line_check(const struct signet_order *order, struct signet_error *err)
{
    int rc = check_slots(order, err);

    for (size_t i = 0; rc == SIGNET_OK && i < order->slot_count; i++)
        rc = check_slot(order, &order->slots[i], err);
    if (rc == SIGNET_OK)
        rc = check_hook("on_pass", order->on_pass, err);
    return rc == SIGNET_OK ? check_hook("on_fail", order->on_fail, err) : rc;
}

static void start_slots(struct line *line, struct slot *slots)
{
    const struct signet_order *order = line->setup->order;
    struct signet_error err = {0};

    for (size_t i = 0; i < order->slot_count; i++) {
        struct slot *slot = &slots[i];

        *slot = (struct slot){
            .line = line, .order = &order->slots[i], .report = &line->report->slots[i]};
        slot->report->name = slot->order->name;
        slot->observer = (struct signet_observer){.on_event = on_event, .ctx = slot};
        pthread_mutex_lock(&line->job->lock);
        line->open_slots++;
        pthread_mutex_unlock(&line->job->lock);
        int rc = pthread_create(&slot->thread, NULL, slot_run, slot);
        slot->started = rc == 0;
        if (rc != 0) {
            error_sys(&err, SIGNET_E_NOMEM, rc, "cannot start a thread for slot %s",
                      slot->order->name);
            job_thread_ended(line->job, &line->open_slots);
            job_fail(line->job, &err);
        }
    }
}

int line_run(const struct line_setup *setup, struct signet_line_report *report,
             struct signet_error *err)
{
    struct line line = {.setup = setup, .job = setup->job, .report = report};
    size_t count = setup->order->slot_count;
    struct slot *slots = calloc(count, sizeof(*slots));

    report->slots = calloc(count + 1, sizeof(*report->slots));
    if (!slots || !report->slots) {
        free(slots);
        return error_nomem(err);
    }
    report->slot_count = count;
    start_slots(&line, slots);
    job_attend(line.job, &line.open_slots);
    for (size_t i = 0; i < count; i++)
        if (slots[i].started)
            pthread_join(slots[i].thread, NULL);
    if (report->passed && line.last > line.first)
        report->per_hour = (double)report->passed * 3600 / (line.last - line.first);
    free(slots);
    return SIGNET_OK;
}
