/* SPDX-License-Identifier: Apache-2.0 */
/* How a run stands, as JSON: for `signet line status` and for the page. */
#include "run/control.h"

/* Also an empty one: a reader finds the member. */
static void view_text(struct buf *out, const char *key, const char *text)
{
    if (*text)
        buf_json_put(out, J_GIVEN(key, text));
    else
        buf_printf(out, ", \"%s\": \"\"", key);
}

static void view_slot(struct buf *out, const struct signet_slot_status *s)
{
    buf_json_open(out, NULL, '{');
    buf_json_put(out, J_GIVEN("slot", s->name), J_GIVEN("state", signet_slot_state_name(s->state)),
                 J_BOOL("off", s->off));
    view_text(out, "stage", s->stage);
    view_text(out, "endpoint", s->endpoint);
    buf_json_put(out, J_REAL("part", s->part), J_REAL("seconds", s->seconds),
                 J_BOOL("retried", s->retried), J_GIVEN("may", s->may),
                 J_GIVEN("reason", s->reason), J_GIVEN("hint", s->hint));
    buf_byte(out, '}');
}

static void view_order(struct buf *out, const struct signet_order_status *o)
{
    buf_json_put(out, J_GIVEN("order", o->name));
    view_text(out, "operator", o->operator_name);
    view_text(out, "shift", o->shift);
    buf_json_put(out, J_BOOL("paused", o->paused), J_BOOL("stopping", o->stopping),
                 J_TRUE("scans", o->scans), J_REAL("seconds", o->seconds), J_INT("quota", o->quota),
                 J_INT("made", o->made), J_INT("made_before", o->made_before),
                 J_INT("waiting", o->waiting), J_INT("passed", o->passed),
                 J_INT("failed", o->failed), J_INT("first_pass", o->first_pass),
                 J_REAL("seconds_left", o->left));
    buf_json_open(out, "servers", '[');
    for (size_t i = 0; i < o->server_count; i++)
        buf_json_put(out, J_GIVEN(NULL, o->servers[i]));
    buf_byte(out, ']');
}

static void view_notify(struct buf *out, const struct signet_order_status *o)
{
    if (o->notify_count == 0)
        return;
    buf_json_open(out, "notify", '[');
    for (size_t i = 0; i < o->notify_count; i++) {
        buf_json_object(out, NULL, J_GIVEN("name", o->notify[i].name),
                        J_INT("told", o->notify[i].told), J_INT("waiting", o->notify[i].waiting),
                        J_GIVEN("away", o->notify[i].away));
    }
    buf_byte(out, ']');
}

static void view_alarms(struct buf *out, const struct signet_figures *f)
{
    buf_json_open(out, "alarms", '[');
    for (size_t i = 0; i < f->alarm_count; i++) {
        buf_json_object(out, NULL, J_GIVEN("message", f->alarms[i].text),
                        J_GIVEN("hint", f->alarms[i].hint), J_INT("count", f->alarms[i].count),
                        J_REAL("seconds", f->alarms[i].seconds));
    }
    buf_byte(out, ']');
}

int signet_control_view_json(const struct signet_control_view *view, struct signet_bytes *out,
                             struct signet_error *err)
{
    struct buf text = {0};

    buf_json_open(&text, NULL, '{');
    buf_json_put(&text, J_GIVEN("event", "status"));
    view_order(&text, &view->order);
    view_notify(&text, &view->order);
    view_alarms(&text, &view->figures);
    buf_json_open(&text, "slots", '[');
    for (size_t i = 0; i < view->slot_count; i++)
        view_slot(&text, &view->slots[i]);
    buf_text(&text, "]}");
    return buf_take(&text, out, err);
}
