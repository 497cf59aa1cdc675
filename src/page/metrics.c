/* SPDX-License-Identifier: Apache-2.0 */
/* Figures for a monitoring system: OpenMetrics 1.0, text. */
#include "page/private.h"

#include <signet/text.h>
#include <stdio.h>

enum { STATES_SECONDS = 10 };

static void metric_family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# TYPE signet_%s %s\n# HELP signet_%s %s\n", name, type, name, help);
}

/* {label="value"}; what is not UTF-8 is shown as \xNN. */
static void metric_label(struct buf *out, const char *label, const char *value)
{
    struct buf plain = {0};

    text_plain(&plain, (const uint8_t *)value, strlen(value));
    buf_printf(out, "%s=\"", label);
    for (size_t i = 0; i < plain.len; i++) {
        if (char_in(plain.data[i], "\\\""))
            buf_byte(out, '\\');
        buf_byte(out, plain.data[i]);
    }
    buf_byte(out, '"');
    buf_fail_with(out, &plain);
    buf_free(&plain);
}

static void metric_count(struct buf *out, const char *name, const char *label, const char *value,
                         uint64_t count)
{
    buf_printf(out, "signet_%s", name);
    if (label) {
        buf_byte(out, '{');
        metric_label(out, label, value);
        buf_byte(out, '}');
    }
    buf_printf(out, " %llu\n", (unsigned long long)count);
}

static void metric_real(struct buf *out, const char *name, double value)
{
    char text[SIGNET_NUMBER_SIZE];

    signet_text_number(value, text);
    buf_printf(out, "signet_%s %s\n", name, text);
}

static void put_order_metrics(struct buf *out, const struct signet_order_status *o)
{
    metric_family(out, "order", "info", "The order that is made, and who is at work.");
    buf_text(out, "signet_order_info{");
    metric_label(out, "order", o->name);
    buf_byte(out, ',');
    metric_label(out, "operator", o->operator_name);
    buf_byte(out, ',');
    metric_label(out, "shift", o->shift);
    buf_text(out, "} 1\n");
    metric_family(out, "paused", "gauge", "1: no slot begins a board.");
    metric_count(out, "paused", NULL, NULL, o->paused);
    metric_family(out, "quota_devices", "gauge", "Devices that the order is for.");
    metric_count(out, "quota_devices", NULL, NULL, o->quota);
    metric_family(out, "made_devices", "gauge",
                  "Devices of the order that are verified or further.");
    metric_count(out, "made_devices", NULL, NULL, o->made);
    metric_family(out, "waiting_devices", "gauge", "Devices that wait for servers or proof.");
    metric_count(out, "waiting_devices", NULL, NULL, o->waiting);
}

static void put_notify_metrics(struct buf *out, const struct signet_order_status *o)
{
    if (o->notify_count == 0)
        return;
    metric_family(out, "notify_events", "counter", "Events of this run that were told, by target.");
    for (size_t i = 0; i < o->notify_count; i++)
        metric_count(out, "notify_events_total", "target", o->notify[i].name, o->notify[i].told);
    metric_family(out, "notify_waiting_events", "gauge", "Events that wait, by target.");
    for (size_t i = 0; i < o->notify_count; i++)
        metric_count(out, "notify_waiting_events", "target", o->notify[i].name,
                     o->notify[i].waiting);
    metric_family(out, "notify_up", "gauge", "1: the target was there, the last time.");
    for (size_t i = 0; i < o->notify_count; i++)
        metric_count(out, "notify_up", "target", o->notify[i].name, !o->notify[i].away[0]);
}

static void put_board_metrics(struct buf *out, const struct signet_control_view *view)
{
    const struct signet_figures *f = &view->figures;

    metric_family(out, "boards", "counter", "Boards of this run, by verdict.");
    metric_count(out, "boards_total", "verdict", "pass", view->order.passed);
    metric_count(out, "boards_total", "verdict", "fail", view->order.failed);
    metric_count(out, "boards_total", "verdict", "made-before", f->made_before);
    metric_family(out, "first_pass_boards", "counter", "Boards that passed without a retry.");
    metric_count(out, "first_pass_boards_total", NULL, NULL, view->order.first_pass);
    metric_family(out, "board_retries", "counter", "Second attempts at a board.");
    metric_count(out, "board_retries_total", NULL, NULL, f->retries);
    metric_family(out, "board_errors", "counter", "Boards that failed, by the error's code.");
    for (int i = 1; i < SIGNET_STATUS_CODES; i++)
        if (f->errors[i])
            metric_count(out, "board_errors_total", "code", signet_code_name((enum signet_code)i),
                         f->errors[i]);
}

static void put_cycle_metrics(struct buf *out, const struct signet_figures *f)
{
    char bound[SIGNET_NUMBER_SIZE];
    uint64_t sum = 0;

    metric_family(out, "board_cycle_seconds", "histogram",
                  "Time of a board that passed, from its coming to verified.");
    buf_text(out, "# UNIT signet_board_cycle_seconds seconds\n");
    for (size_t i = 0; i <= SIGNET_CYCLE_BOUNDS; i++) {
        sum += f->cycles[i];
        if (i < SIGNET_CYCLE_BOUNDS)
            signet_text_number(signet_cycle_bound(i), bound);
        metric_count(out, "board_cycle_seconds_bucket", "le",
                     i < SIGNET_CYCLE_BOUNDS ? bound : "+Inf", sum);
    }
    metric_count(out, "board_cycle_seconds_count", NULL, NULL, sum);
    metric_real(out, "board_cycle_seconds_sum", f->cycle_seconds);
}

static void put_slot_metrics(struct buf *out, const struct signet_control_view *view)
{
    uint64_t counts[SIGNET_SLOT_STATES] = {0}, off = 0;

    for (size_t i = 0; i < view->slot_count; i++) {
        counts[view->slots[i].state]++;
        off += view->slots[i].off;
    }
    metric_family(out, "slots", "gauge", "Slots, by state.");
    for (int i = 0; i < SIGNET_SLOT_STATES; i++)
        metric_count(out, "slots", "state", signet_slot_state_name((enum signet_slot_state)i),
                     counts[i]);
    metric_family(out, "slots_off", "gauge", "Slots that are off.");
    metric_count(out, "slots_off", NULL, NULL, off);
}

/* of the ledger */

static int put_server_counts(struct signet_ledger *ledger, const struct signet_order_status *o,
                             struct buf *out, struct signet_error *err)
{
    int rc = SIGNET_OK;

    if (o->server_count)
        metric_family(out, "server_waiting_devices", "gauge", "Devices that wait, by server.");
    for (size_t i = 0; rc == SIGNET_OK && i < o->server_count; i++) {
        int64_t count = 0;
        rc = signet_ledger_at_server(ledger, o->name, o->servers[i], &count, err);
        metric_count(out, "server_waiting_devices", "server", o->servers[i], (uint64_t)count);
    }
    return rc;
}

struct state_counts {
    const char *order;
    struct buf *out;
};

static int metric_states(void *ctx, const struct signet_ledger_order_view *order,
                         struct signet_error *err)
{
    const struct state_counts *c = ctx;

    (void)err;
    if (strcmp(order->name, c->order) != 0)
        return SIGNET_OK;
    metric_family(c->out, "devices", "gauge", "Devices of the order, by state.");
    for (int i = 0; i < SIGNET_DEVICE_STATES; i++)
        metric_count(c->out, "devices", "state",
                     signet_device_state_name((enum signet_device_state)i),
                     (uint64_t)order->states[i]);
    return SIGNET_OK;
}

static int put_record_metrics(struct signet_ledger *ledger, const void *ctx, struct buf *out,
                              struct signet_error *err)
{
    const struct signet_order_status *o = ctx;
    struct state_counts counts = {.order = o->name, .out = out};
    int rc = signet_ledger_orders(ledger, metric_states, &counts, err);

    return rc == SIGNET_OK ? put_server_counts(ledger, o, out, err) : rc;
}

/* A ledger that is away leaves its figures out, and no others. */
void answer_metrics(struct request *r)
{
    struct signet_control_view view = {0};
    struct buf *out = &r->answer;
    char key[320];
    bool up = watch_ask(r->page->watch, "status", NULL, &view, NULL) == SIGNET_OK;

    metric_family(out, "line_up", "gauge", "1: a run is at work.");
    metric_count(out, "line_up", NULL, NULL, up);
    if (up) {
        put_order_metrics(out, &view.order);
        put_notify_metrics(out, &view.order);
        put_board_metrics(out, &view);
        put_cycle_metrics(out, &view.figures);
        put_slot_metrics(out, &view);
        snprintf(key, sizeof(key), "metrics %.300s", view.order.name);
        records_get(r->page->records, key, STATES_SECONDS, put_record_metrics, &view.order, out,
                    NULL);
    }
    buf_text(out, "# EOF\n");
    signet_control_view_free(&view);
    r->type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
}
