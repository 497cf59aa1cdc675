/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a run, as JSON. */
#include "run/private.h"

static void put_servers(struct buf *b, const struct signet_delivery_report *d)
{
    buf_json_open(b, "servers", '[');
    for (size_t i = 0; i < d->server_count; i++) {
        const struct signet_server_report *s = &d->servers[i];

        buf_json_open(b, NULL, '{');
        buf_json_text(b, "server", s->name);
        buf_json_integer(b, "registered", (int64_t)s->registered);
        buf_json_integer(b, "refused", (int64_t)s->refused);
        buf_json_integer(b, "waiting", s->waiting);
        buf_json_text(b, "away", s->away.msg);
        if (s->stopped)
            buf_json_bool(b, "stopped", true);
        buf_json_integer(b, "removed", (int64_t)s->removed);
        buf_json_integer(b, "removing", s->removing);
        buf_json_integer(b, "by_hand", (int64_t)s->by_hand);
        buf_json_text(b, "to_do", s->to_do.msg);
        buf_json_text(b, "unremoved", s->unremoved.msg);
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
    buf_json_integer(b, "proved", (int64_t)d->proved);
    buf_json_text(b, "unproved", d->unproved.msg);
    buf_json_integer(b, "refused", (int64_t)d->refused);
}

static void put_notify(struct buf *b, const struct signet_run_report *r)
{
    if (r->notify_count == 0)
        return;
    buf_json_open(b, "notify", '[');
    for (size_t i = 0; i < r->notify_count; i++) {
        const struct signet_notify_report *n = &r->notify[i];

        buf_json_open(b, NULL, '{');
        buf_json_text(b, "name", n->name);
        buf_json_integer(b, "told", (int64_t)n->told);
        buf_json_integer(b, "refused", (int64_t)n->refused);
        buf_json_integer(b, "waiting", (int64_t)n->waiting);
        buf_json_text(b, "away", n->away.msg);
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
}

static void put_stages(struct buf *b, const struct signet_run_report *r)
{
    buf_json_open(b, "stages", '[');
    for (size_t i = 0; i < r->stage_count; i++) {
        buf_json_open(b, NULL, '{');
        buf_json_text(b, "stage", r->stages[i].name);
        buf_json_integer(b, "count", (int64_t)r->stages[i].count);
        buf_json_real(b, "median", r->stages[i].median);
        buf_json_real(b, "p95", r->stages[i].p95);
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
}

static void put_boards(struct buf *b, const struct signet_line_report *r)
{
    buf_json_integer(b, "passed", (int64_t)r->passed);
    buf_json_integer(b, "failed", (int64_t)r->failed);
    buf_json_integer(b, "first_pass", (int64_t)r->first_pass);
    buf_json_integer(b, "made_before", (int64_t)r->made_before);
    if (r->locked)
        buf_json_integer(b, "locked", (int64_t)r->locked);
    buf_json_integer(b, "retries", (int64_t)r->retries);
    buf_json_real(b, "devices_per_hour", r->per_hour);
    buf_json_open(b, "slots", '[');
    for (size_t i = 0; i < r->slot_count; i++) {
        buf_json_open(b, NULL, '{');
        buf_json_text(b, "slot", r->slots[i].name);
        buf_json_integer(b, "passed", (int64_t)r->slots[i].passed);
        buf_json_integer(b, "failed", (int64_t)r->slots[i].failed);
        buf_json_integer(b, "first_pass", (int64_t)r->slots[i].first_pass);
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
}

static void put_output(struct buf *b, const char *key, const char *path,
                       const struct signet_output_report *file)
{
    if (!path)
        return;
    buf_json_open(b, key, '{');
    buf_json_text(b, "file", path);
    if (file->bytes) {
        buf_json_integer(b, "bytes", (int64_t)file->bytes);
        buf_json_text(b, "sha256", file->sha256);
    }
    buf_byte(b, '}');
}

static void put_packets(struct buf *b, const struct signet_order *o,
                        const struct signet_run_report *r)
{
    buf_json_integer(b, "made", (int64_t)r->batch.made);
    buf_json_integer(b, "failed", (int64_t)r->batch.failed);
    buf_json_integer(b, "elsewhere", (int64_t)r->batch.elsewhere);
    buf_json_real(b, "devices_per_second", r->seconds > 0 ? (double)r->batch.made / r->seconds : 0);
    put_output(b, "packets", o->packets, &r->batch.packets);
    put_output(b, "records", o->records, &r->batch.records);
}

static void put_states(struct buf *b, const struct signet_run_report *r)
{
    buf_json_integer(b, "quota", r->quota);
    buf_json_integer(b, "done", r->states[SIGNET_DEVICE_DONE]);
    buf_json_integer(b, "waiting",
                     r->states[SIGNET_DEVICE_VERIFIED] + r->states[SIGNET_DEVICE_REGISTERED]);
    buf_json_open(b, "states", '{');
    for (int i = 0; i < SIGNET_DEVICE_STATES; i++)
        buf_json_integer(b, signet_device_state_name((enum signet_device_state)i), r->states[i]);
    buf_byte(b, '}');
    buf_json_open(b, "in_work", '[');
    for (size_t i = 0; i < r->elsewhere_count; i++) {
        const struct signet_elsewhere_report *e = &r->elsewhere[i];

        buf_json_open(b, NULL, '{');
        buf_json_text(b, "station", e->station);
        buf_json_integer(b, "begun", e->begun);
        buf_json_integer(b, "exposed", e->exposed);
        buf_json_integer(b, "waiting", e->waiting);
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
    if (r->reworked) {
        buf_json_open(b, "reworked", '[');
        for (size_t i = 0; i < r->reworked_name_count; i++)
            buf_json_text(b, NULL, r->reworked_names[i]);
        buf_byte(b, ']');
    }
    buf_json_bool(b, "finished", r->finished);
}

int signet_run_report_json(const struct signet_order *o, const struct signet_run_report *r,
                           struct signet_bytes *out, struct signet_error *err)
{
    struct buf b = {0};

    buf_byte(&b, '{');
    buf_json_real(&b, "seconds", r->seconds);
    if (o->recipe)
        put_boards(&b, &r->line);
    else
        put_packets(&b, o, r);
    if (r->line.refused_scans)
        buf_json_integer(&b, "refused_scans", (int64_t)r->line.refused_scans);
    put_states(&b, r);
    put_stages(&b, r);
    buf_json_integer(&b, "registered", (int64_t)(o->server_count ? r->delivery.done : 0));
    put_servers(&b, &r->delivery);
    put_notify(&b, r);
    buf_json_open(&b, "errors", '{');
    for (int i = 1; i < SIGNET_RUN_CODES; i++)
        if (r->errors[i])
            buf_json_integer(&b, signet_code_name((enum signet_code)i), (int64_t)r->errors[i]);
    buf_byte(&b, '}');
    buf_json_text(&b, "checkpoint", r->checkpoint);
    buf_byte(&b, '}');
    return buf_take(&b, out, err);
}
