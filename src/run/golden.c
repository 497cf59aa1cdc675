/* SPDX-License-Identifier: Apache-2.0 */
/* A station is checked with its golden board, end to end. The name is in the ledger, void, in an
 * order of its own: no product gets it, and no count has it. What servers get is taken away again.
 */
#include "delivery/delivery.h"
#include "run/private.h"

#include <signet/link.h>
#include <stdio.h>

#define GOLDEN_ORDER "golden"

struct golden {
    struct signet_run *run;
    const struct signet_order *order;
    const struct signet_slot *slot;
    int64_t kept; /* the order of golden boards, in the ledger */
    struct device device;
    struct signet_board *board;
    struct signet_golden *report;
};

/* The name */

/* *order: that of golden boards, in the ledger. */
static int keep_name(struct signet_run *r, int64_t *order, struct signet_error *err)
{
    const char *endpoint = r->order->golden.endpoint;
    struct signet_ledger *ledger = r->job.ledger;
    struct signet_ledger_lost lost = {.number = -1};
    struct run_order golden = {.name = GOLDEN_ORDER};
    struct job_named named;

    snprintf(lost.endpoint, sizeof(lost.endpoint), "%s", endpoint);
    int rc = job_named_device(ledger, endpoint, &named, err);
    bool kept = strcmp(named.order, GOLDEN_ORDER) == 0;
    if (rc == SIGNET_OK && named.order[0] && !kept)
        return error_set_hint(err, SIGNET_E_CONFLICT, "give the golden board another name",
                              "'%s' is a device of order '%s'", endpoint, named.order);
    if (rc == SIGNET_OK) /* as many names as are kept for golden boards */
        rc = run_find_order(r, &golden, err);
    if (rc == SIGNET_OK)
        rc = signet_ledger_order(ledger, GOLDEN_ORDER, GOLDEN_ORDER, golden.issued + !kept, order,
                                 err);
    return rc == SIGNET_OK && !kept
               ? signet_ledger_expose(ledger, *order, &lost, 1, "kept for a golden board", err)
               : rc;
}

int run_keep_golden(struct signet_run *r, struct signet_error *err)
{
    struct signet_error why = {0};
    int64_t order;
    int rc = r->order->golden.endpoint ? keep_name(r, &order, &why) : SIGNET_OK;

    if (rc != SIGNET_E_CONFLICT)
        return rc == SIGNET_OK ? rc : error_copy(err, &why);
    error_prefix(&why, "golden");
    event_warn(&r->observer, &why);
    return SIGNET_OK;
}

/* A dry run opens a ledger that is there. */
static int open_golden_ledger(struct golden *g, struct signet_error *err)
{
    const struct signet_ledger_options options = {.station = g->order->station,
                                                  .operator_name = g->order->operator_name,
                                                  .observer = &g->run->observer,
                                                  .cancel = g->run->options.cancel};

    return g->run->job.ledger
               ? SIGNET_OK
               : signet_ledger_open(&g->run->job.ledger, g->order->ledger, &options, err);
}

/* The device, with credentials of its own; no column of a manifest is there for it. */
static int make_golden_device(struct golden *g, struct signet_error *err)
{
    const struct signet_order *o = g->order;
    struct run_model model;
    struct source *source = NULL;
    int rc = run_model_load(g->run, NULL, &model, err);

    if (rc == SIGNET_OK)
        rc = source_open(&source, &model.options, err);
    if (rc == SIGNET_OK)
        rc = source_make(source, o->golden.endpoint, -1, &g->device, err);
    for (size_t i = 0; rc == SIGNET_OK && i < o->server_count; i++)
        rc = error_pass(signet_server_validate(g->run->servers[i], &g->device.view, err), err, "%s",
                        o->servers[i].name);
    source_close(&source);
    run_model_free(&model);
    return rc;
}

/* The board */

static int open_golden_board(struct golden *g, struct signet_error *err)
{
    const struct signet_slot *slot = g->slot;
    const struct signet_port_filter filter = {.nth = (int)g->order->board.vcom,
                                              .usb_path = slot->where};
    struct signet_board_options options = g->order->board;
    struct signet_port port = {0};
    int rc = slot->kind == SIGNET_SLOT_HUB ? signet_port_find(&port, &filter, err) : SIGNET_OK;

    options.endpoint = NULL;
    options.port = slot->kind == SIGNET_SLOT_PORT  ? slot->where
                   : slot->kind == SIGNET_SLOT_HUB ? port.path
                                                   : NULL;
    options.serial = slot->kind == SIGNET_SLOT_SERIAL ? slot->where : slot->serial;
    return rc == SIGNET_OK ? signet_board_open(&g->board, g->order->recipe, &options,
                                               &g->run->observer, g->run->options.cancel, err)
                           : rc;
}

/* Which board it is shows only now; a finished one that stood there is no longer what its servers
 * think. */
static int check_golden_board(struct golden *g, struct signet_error *err)
{
    const char *wanted = g->order->golden.board, *hw_id = g->report->hw_id;
    struct signet_board_state state;
    char name[SIGNET_ENDPOINT_SIZE], detail[160];
    int rc = signet_board_endpoint(g->board, name, err);

    if (rc != SIGNET_OK)
        return rc;
    signet_board_state(g->board, &state);
    snprintf(g->report->hw_id, sizeof(g->report->hw_id), "%s",
             state.hw_id[0] ? state.hw_id : state.serial);
    if (text_same_serial(hw_id, wanted) || text_same_serial(state.serial, wanted))
        return SIGNET_OK;
    snprintf(detail, sizeof(detail), "in slot %.100s, in place of the golden board", g->slot->name);
    signet_ledger_erased(g->run->job.ledger, name, hw_id, detail, NULL);
    return error_set_hint(err, SIGNET_E_WRONG_BOARD, "put the golden board into the slot",
                          "it is not the golden board %s, but %s, which was erased", wanted,
                          hw_id[0] ? hw_id : "one without a name");
}

static int load_golden(struct golden *g, struct signet_error *err)
{
    return signet_board_load(g->board, g->device.packet.data, g->device.packet.len, err);
}

static int prepare_golden(struct golden *g, struct signet_error *err)
{
    return signet_board_prepare(g->board, err);
}

static int finish_golden(struct golden *g, struct signet_error *err)
{
    int rc = signet_board_result(g->board, err);

    return rc == SIGNET_OK ? signet_board_finish(g->board, err) : rc;
}

/* The servers */

static int register_golden(struct golden *g, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < g->order->server_count; i++) {
        struct signet_server *server = g->run->servers[i];
        struct signet_server_capabilities can;

        signet_server_capabilities(server, &can);
        if (!can.removes) /* what an export has it keeps */
            continue;
        rc = signet_server_remove(server, g->order->golden.endpoint, NULL, err);
        if (rc == SIGNET_OK)
            rc = signet_server_add(server, &g->device.view, NULL, err);
        g->report->servers += rc == SIGNET_OK;
        rc = error_pass(rc, err, "%s", g->order->servers[i].name);
    }
    return rc;
}

static int prove_golden(struct golden *g, struct signet_error *err)
{
    struct job job = {.stop = (struct signet_cancel *)(uintptr_t)g->run->options.cancel};
    const struct delivery_setup setup = {
        .job = &job, .order = g->order, .seen_by = g->run->seen_by};

    if (!g->order->prove)
        return SIGNET_OK;
    int rc = proof_of_device(&setup, &g->device, err);
    g->report->proved = rc == SIGNET_OK;
    return rc;
}

/* Whatever became of the check. */
static int remove_golden(struct golden *g, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < g->order->server_count; i++) {
        struct signet_server_capabilities can;

        signet_server_capabilities(g->run->servers[i], &can);
        if (can.removes)
            rc = error_pass(
                signet_server_remove(g->run->servers[i], g->order->golden.endpoint, NULL, err), err,
                "%s still has the golden board", g->order->servers[i].name);
    }
    return rc;
}

static int go_through(struct golden *g, struct signet_error *err)
{
    static const struct {
        const char *name;
        int (*run)(struct golden *g, struct signet_error *err);
    } steps[] = {
        {"board", open_golden_board}, {"flash", prepare_golden}, {"name", check_golden_board},
        {"load", load_golden},        {"result", finish_golden}, {"register", register_golden},
        {"prove", prove_golden},
    };
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < COUNT_OF(steps); i++)
        rc = error_pass(steps[i].run(g, err), err, "%s", steps[i].name);
    return rc;
}

static int note_golden(struct golden *g, const struct signet_error *why, struct signet_error *err)
{
    struct buf json = {0};

    buf_byte(&json, '{');
    buf_json_put(&json, J_GIVEN("order", g->order->name), J_GIVEN("slot", g->slot->name),
                 J_GIVEN("endpoint", g->order->golden.endpoint), J_GIVEN("hw_id", g->report->hw_id),
                 J_GIVEN("verdict", why ? "fail" : "pass"),
                 J_REAL("seconds", (double)(int64_t)(g->report->seconds * 1000) / 1000));
    if (why) {
        buf_json_put(&json, J_GIVEN("code", signet_code_name(why->code)),
                     J_GIVEN("message", why->msg));
    }
    buf_byte(&json, '}');
    int rc = buf_check(&json, err);
    if (rc == SIGNET_OK)
        rc = signet_ledger_order_note(g->run->job.ledger, g->kept, "golden",
                                      (const char *)json.data, err);
    buf_free(&json);
    return rc;
}

int signet_run_golden(struct signet_run *r, struct signet_golden *report, struct signet_error *err)
{
    struct golden g = {.run = r, .order = r->order, .report = report};
    struct signet_error why = {0}, left = {0};
    double begin = clock_seconds();

    *report = (struct signet_golden){0};
    if (r->order->golden.slot)
        g.slot = order_slot(r->order, r->order->golden.slot);
    if (!g.slot || !r->options.dry_run)
        return error_set(err, SIGNET_E_USAGE, "a golden board is checked in a dry run");
    int rc = open_golden_ledger(&g, err);
    if (rc == SIGNET_OK)
        rc = keep_name(r, &g.kept, err);
    if (rc == SIGNET_OK)
        rc = make_golden_device(&g, err);
    if (rc == SIGNET_OK) {
        int gone = (rc = go_through(&g, &why)) == SIGNET_E_CANCELLED ? SIGNET_OK
                                                                     : remove_golden(&g, &left);
        report->seconds = clock_seconds() - begin;
        if (rc == SIGNET_OK && gone != SIGNET_OK)
            rc = error_copy(&why, &left);
        if (rc != SIGNET_OK)
            error_copy(err, &why);
        int noted = note_golden(&g, rc == SIGNET_OK ? NULL : &why, &left);
        if (rc == SIGNET_OK && noted != SIGNET_OK)
            rc = error_copy(err, &left);
    }
    device_free(&g.device);
    signet_board_close(&g.board);
    return rc;
}
