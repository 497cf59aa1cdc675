/* SPDX-License-Identifier: Apache-2.0 */
/* How a run stands, as JSON: for `signet line status` and for the page. */
#include "run/control.h"

/* Also an empty one: a reader finds the member. */
static void view_text(struct buf *out, const char *key, const char *text)
{
    if (*text)
        buf_json_text(out, key, text);
    else
        buf_printf(out, ", \"%s\": \"\"", key);
}

static void view_slot(struct buf *out, const struct signet_slot_status *s)
{
    buf_json_open(out, NULL, '{');
    buf_json_text(out, "slot", s->name);
    buf_json_text(out, "state", signet_slot_state_name(s->state));
    buf_json_bool(out, "off", s->off);
    view_text(out, "stage", s->stage);
    view_text(out, "endpoint", s->endpoint);
    buf_json_real(out, "part", s->part);
    buf_json_real(out, "seconds", s->seconds);
    buf_json_bool(out, "retried", s->retried);
    buf_json_text(out, "may", s->may);
    buf_json_text(out, "reason", s->reason);
    buf_json_text(out, "hint", s->hint);
    buf_byte(out, '}');
}

static void view_order(struct buf *out, const struct signet_order_status *o)
{
    buf_json_text(out, "order", o->name);
    view_text(out, "operator", o->operator_name);
    view_text(out, "shift", o->shift);
    buf_json_bool(out, "paused", o->paused);
    buf_json_bool(out, "stopping", o->stopping);
    if (o->scans)
        buf_json_bool(out, "scans", true);
    buf_json_real(out, "seconds", o->seconds);
    buf_json_integer(out, "quota", (int64_t)o->quota);
    buf_json_integer(out, "made", (int64_t)o->made);
    buf_json_integer(out, "made_before", (int64_t)o->made_before);
    buf_json_integer(out, "waiting", (int64_t)o->waiting);
    buf_json_integer(out, "passed", (int64_t)o->passed);
    buf_json_integer(out, "failed", (int64_t)o->failed);
    buf_json_integer(out, "first_pass", (int64_t)o->first_pass);
    buf_json_real(out, "seconds_left", o->left);
    buf_json_open(out, "servers", '[');
    for (size_t i = 0; i < o->server_count; i++)
        buf_json_text(out, NULL, o->servers[i]);
    buf_byte(out, ']');
}

static void view_notify(struct buf *out, const struct signet_order_status *o)
{
    if (o->notify_count == 0)
        return;
    buf_json_open(out, "notify", '[');
    for (size_t i = 0; i < o->notify_count; i++) {
        buf_json_open(out, NULL, '{');
        buf_json_text(out, "name", o->notify[i].name);
        buf_json_integer(out, "told", (int64_t)o->notify[i].told);
        buf_json_integer(out, "waiting", (int64_t)o->notify[i].waiting);
        buf_json_text(out, "away", o->notify[i].away);
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
}

static void view_alarms(struct buf *out, const struct signet_figures *f)
{
    buf_json_open(out, "alarms", '[');
    for (size_t i = 0; i < f->alarm_count; i++) {
        buf_json_open(out, NULL, '{');
        buf_json_text(out, "message", f->alarms[i].text);
        buf_json_text(out, "hint", f->alarms[i].hint);
        buf_json_integer(out, "count", (int64_t)f->alarms[i].count);
        buf_json_real(out, "seconds", f->alarms[i].seconds);
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
}

int signet_control_view_json(const struct signet_control_view *view, struct signet_bytes *out,
                             struct signet_error *err)
{
    struct buf text = {0};

    buf_json_open(&text, NULL, '{');
    buf_json_text(&text, "event", "status");
    view_order(&text, &view->order);
    view_notify(&text, &view->order);
    view_alarms(&text, &view->figures);
    buf_json_open(&text, "slots", '[');
    for (size_t i = 0; i < view->slot_count; i++)
        view_slot(&text, &view->slots[i]);
    buf_text(&text, "]}");
    return buf_take(&text, out, err);
}
