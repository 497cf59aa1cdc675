/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a run, as JSON. */
#include "run/private.h"

static void put_servers(struct buf *b, const struct signet_delivery_report *d)
{
    buf_json_open(b, "servers", '[');
    for (size_t i = 0; i < d->server_count; i++) {
        const struct signet_server_report *s = &d->servers[i];

        buf_json_object(b, NULL, J_GIVEN("server", s->name), J_INT("registered", s->registered),
                        J_INT("refused", s->refused), J_INT("waiting", s->waiting),
                        J_GIVEN("away", s->away.msg), J_TRUE("stopped", s->stopped),
                        J_INT("removed", s->removed), J_INT("removing", s->removing),
                        J_INT("by_hand", s->by_hand), J_GIVEN("to_do", s->to_do.msg),
                        J_GIVEN("unremoved", s->unremoved.msg));
    }
    buf_byte(b, ']');
    buf_json_put(b, J_INT("proved", d->proved), J_GIVEN("unproved", d->unproved.msg),
                 J_INT("refused", d->refused));
}

static void put_notify(struct buf *b, const struct signet_run_report *r)
{
    if (r->notify_count == 0)
        return;
    buf_json_open(b, "notify", '[');
    for (size_t i = 0; i < r->notify_count; i++) {
        const struct signet_notify_report *n = &r->notify[i];

        buf_json_object(b, NULL, J_GIVEN("name", n->name), J_INT("told", n->told),
                        J_INT("refused", n->refused), J_INT("waiting", n->waiting),
                        J_GIVEN("away", n->away.msg));
    }
    buf_byte(b, ']');
}

static void put_stages(struct buf *b, const struct signet_run_report *r)
{
    buf_json_open(b, "stages", '[');
    for (size_t i = 0; i < r->stage_count; i++) {
        buf_json_object(b, NULL, J_GIVEN("stage", r->stages[i].name),
                        J_INT("count", r->stages[i].count), J_REAL("median", r->stages[i].median),
                        J_REAL("p95", r->stages[i].p95));
    }
    buf_byte(b, ']');
}

static void put_boards(struct buf *b, const struct signet_line_report *r)
{
    buf_json_put(b, J_INT("passed", r->passed), J_INT("failed", r->failed),
                 J_INT("first_pass", r->first_pass), J_INT("made_before", r->made_before),
                 J_COUNT("locked", r->locked), J_INT("retries", r->retries),
                 J_REAL("devices_per_hour", r->per_hour));
    buf_json_open(b, "slots", '[');
    for (size_t i = 0; i < r->slot_count; i++) {
        buf_json_object(b, NULL, J_GIVEN("slot", r->slots[i].name),
                        J_INT("passed", r->slots[i].passed), J_INT("failed", r->slots[i].failed),
                        J_INT("first_pass", r->slots[i].first_pass));
    }
    buf_byte(b, ']');
}

static void put_output(struct buf *b, const char *key, const char *path,
                       const struct signet_output_report *file)
{
    if (!path)
        return;
    buf_json_open(b, key, '{');
    buf_json_put(b, J_GIVEN("file", path));
    if (file->bytes) {
        buf_json_put(b, J_INT("bytes", file->bytes), J_GIVEN("sha256", file->sha256));
    }
    buf_byte(b, '}');
}

static void put_packets(struct buf *b, const struct signet_order *o,
                        const struct signet_run_report *r)
{
    buf_json_put(
        b, J_INT("made", r->batch.made), J_INT("failed", r->batch.failed),
        J_INT("elsewhere", r->batch.elsewhere),
        J_REAL("devices_per_second", r->seconds > 0 ? (double)r->batch.made / r->seconds : 0));
    put_output(b, "packets", o->packets, &r->batch.packets);
    put_output(b, "records", o->records, &r->batch.records);
}

static void put_states(struct buf *b, const struct signet_run_report *r)
{
    buf_json_put(
        b, J_INT("quota", r->quota), J_INT("done", r->states[SIGNET_DEVICE_DONE]),
        J_INT("waiting", r->states[SIGNET_DEVICE_VERIFIED] + r->states[SIGNET_DEVICE_REGISTERED]));
    buf_json_open(b, "states", '{');
    for (int i = 0; i < SIGNET_DEVICE_STATES; i++)
        buf_json_put(b, J_INT(signet_device_state_name((enum signet_device_state)i), r->states[i]));
    buf_byte(b, '}');
    buf_json_open(b, "in_work", '[');
    for (size_t i = 0; i < r->elsewhere_count; i++) {
        const struct signet_elsewhere_report *e = &r->elsewhere[i];

        buf_json_object(b, NULL, J_GIVEN("station", e->station), J_INT("begun", e->begun),
                        J_INT("exposed", e->exposed), J_INT("waiting", e->waiting));
    }
    buf_byte(b, ']');
    if (r->reworked) {
        buf_json_open(b, "reworked", '[');
        for (size_t i = 0; i < r->reworked_name_count; i++)
            buf_json_put(b, J_GIVEN(NULL, r->reworked_names[i]));
        buf_byte(b, ']');
    }
    buf_json_put(b, J_BOOL("finished", r->finished));
}

int signet_run_report_json(const struct signet_order *o, const struct signet_run_report *r,
                           struct signet_bytes *out, struct signet_error *err)
{
    struct buf b = {0};

    buf_byte(&b, '{');
    buf_json_put(&b, J_REAL("seconds", r->seconds));
    if (o->recipe)
        put_boards(&b, &r->line);
    else
        put_packets(&b, o, r);
    buf_json_put(&b, J_COUNT("refused_scans", r->line.refused_scans));
    put_states(&b, r);
    put_stages(&b, r);
    buf_json_put(&b, J_INT("registered", (int64_t)(o->server_count ? r->delivery.done : 0)));
    put_servers(&b, &r->delivery);
    put_notify(&b, r);
    buf_json_open(&b, "errors", '{');
    for (int i = 1; i < SIGNET_RUN_CODES; i++)
        if (r->errors[i])
            buf_json_put(&b, J_INT(signet_code_name((enum signet_code)i), r->errors[i]));
    buf_byte(&b, '}');
    buf_json_put(&b, J_GIVEN("checkpoint", r->checkpoint));
    buf_byte(&b, '}');
    return buf_take(&b, out, err);
}
