/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a run. */
#include "run.h"

#include <inttypes.h>

static int64_t done_of(const struct signet_run_report *r)
{
    return r->states[SIGNET_DEVICE_DONE];
}

static int64_t waiting_of(const struct signet_run_report *r)
{
    return r->states[SIGNET_DEVICE_VERIFIED] + r->states[SIGNET_DEVICE_REGISTERED];
}

/* What is left of the order: here, and at other stations that are at work on it. */
struct left {
    int64_t open;    /* to be made */
    int64_t exposed; /* half made */
    int64_t waiting; /* for servers or proof */
    int64_t in_work; /* elsewhere */
};

static struct left left_of(const struct signet_run_report *r)
{
    const int64_t *s = r->states;
    struct left left = {.exposed = s[SIGNET_DEVICE_WRITING] + s[SIGNET_DEVICE_WRITTEN],
                        .waiting = waiting_of(r)};

    left.open = r->quota - left.exposed - left.waiting - done_of(r) - s[SIGNET_DEVICE_FAILED] -
                s[SIGNET_DEVICE_VOID];
    for (size_t i = 0; i < r->elsewhere_count; i++) {
        const struct signet_elsewhere_report *e = &r->elsewhere[i];
        left.open -= e->begun;
        left.exposed -= e->exposed;
        left.waiting -= e->waiting;
        left.in_work += e->begun + e->exposed + e->waiting;
    }
    return left;
}

/* Nothing is left that this station could do, or that somebody has to look at. */
static bool is_finished(const struct signet_run_report *r)
{
    const struct left left = left_of(r);

    return left.open <= 0 && left.exposed <= 0 && left.waiting <= 0 &&
           r->states[SIGNET_DEVICE_FAILED] == 0;
}

static double yield(uint64_t good, uint64_t failed)
{
    return good + failed ? 100.0 * (double)good / (double)(good + failed) : 0;
}

static double per_second(const struct signet_run_report *r)
{
    return r->seconds > 0 ? (double)r->batch.made / r->seconds : 0;
}

/* as JSON */

static void json_servers(struct json *j, const struct signet_delivery_report *d)
{
    json_open(j, "servers", '[');
    for (size_t i = 0; i < d->server_count; i++) {
        const struct signet_server_report *s = &d->servers[i];
        json_open(j, NULL, '{');
        json_text(j, "server", s->name);
        json_integer(j, "registered", (int64_t)s->registered);
        json_integer(j, "refused", (int64_t)s->refused);
        json_integer(j, "waiting", s->waiting);
        if (s->away.code)
            json_text(j, "away", s->away.msg);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_integer(j, "proved", (int64_t)d->proved);
    if (d->unproved.code)
        json_text(j, "unproved", d->unproved.msg);
    json_integer(j, "refused", (int64_t)d->refused);
}

static void json_stages(struct json *j, const struct signet_run_report *r)
{
    json_open(j, "stages", '[');
    for (size_t i = 0; i < r->stage_count; i++) {
        json_open(j, NULL, '{');
        json_text(j, "stage", r->stages[i].name);
        json_integer(j, "count", (int64_t)r->stages[i].count);
        json_real(j, "median", r->stages[i].median);
        json_real(j, "p95", r->stages[i].p95);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void json_elsewhere(struct json *j, const struct signet_run_report *r)
{
    json_open(j, "in_work", '[');
    for (size_t i = 0; i < r->elsewhere_count; i++) {
        json_open(j, NULL, '{');
        json_text(j, "station", r->elsewhere[i].station);
        json_integer(j, "begun", r->elsewhere[i].begun);
        json_integer(j, "exposed", r->elsewhere[i].exposed);
        json_integer(j, "waiting", r->elsewhere[i].waiting);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void json_line(struct json *j, const struct signet_line_report *r)
{
    json_integer(j, "passed", (int64_t)r->passed);
    json_integer(j, "failed", (int64_t)r->failed);
    json_integer(j, "first_pass", (int64_t)r->first_pass);
    json_integer(j, "made_before", (int64_t)r->made_before);
    json_integer(j, "retries", (int64_t)r->retries);
    json_real(j, "devices_per_hour", r->per_hour);
    json_open(j, "slots", '[');
    for (size_t i = 0; i < r->slot_count; i++) {
        json_open(j, NULL, '{');
        json_text(j, "slot", r->slots[i].name);
        json_integer(j, "passed", (int64_t)r->slots[i].passed);
        json_integer(j, "failed", (int64_t)r->slots[i].failed);
        json_integer(j, "first_pass", (int64_t)r->slots[i].first_pass);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void json_file(struct json *j, const char *key, const char *path,
                      const struct signet_output_report *file)
{
    if (!path)
        return;
    json_open(j, key, '{');
    json_text(j, "file", path);
    if (file->bytes) {
        json_integer(j, "bytes", (int64_t)file->bytes);
        json_text(j, "sha256", file->sha256);
    }
    json_close(j, '}');
}

static void json_batch(struct json *j, const struct signet_order *o,
                       const struct signet_run_report *r)
{
    json_integer(j, "made", (int64_t)r->batch.made);
    json_integer(j, "failed", (int64_t)r->batch.failed);
    json_integer(j, "registered", (int64_t)(o->server_count ? r->delivery.done : 0));
    json_integer(j, "elsewhere", (int64_t)r->batch.elsewhere);
    json_real(j, "devices_per_second", per_second(r));
    json_file(j, "packets", o->packets, &r->batch.packets);
    json_file(j, "records", o->records, &r->batch.records);
}

static void report_json(const struct signet_order *o, const struct signet_run_report *r, bool whole)
{
    struct json j;
    json_event(&j, "report");
    json_real(&j, "seconds", r->seconds);
    if (o->recipe)
        json_line(&j, &r->line);
    else
        json_batch(&j, o, r);
    json_integer(&j, "quota", r->quota);
    json_states(&j, r->states);
    json_elsewhere(&j, r);
    json_bool(&j, "finished", whole && is_finished(r));
    json_stages(&j, r);
    json_servers(&j, &r->delivery);
    json_open(&j, "errors", '{');
    for (int i = 1; i < SIGNET_RUN_CODES; i++)
        if (r->errors[i])
            json_integer(&j, signet_code_name((enum signet_code)i), (int64_t)r->errors[i]);
    json_close(&j, '}');
    json_end(&j);
}

/* as text */

static void print_delivery(const struct signet_delivery_report *d)
{
    if (d->server_count)
        printf("\n%-12s %10s %8s %8s\n", "server", "registered", "refused", "waiting");
    for (size_t i = 0; i < d->server_count; i++) {
        const struct signet_server_report *s = &d->servers[i];
        printf("%-12s %10" PRIu64 " %8" PRIu64 " %8" PRId64 "%s%s\n", s->name, s->registered,
               s->refused, s->waiting, s->away.code ? "   " : "", s->away.msg);
    }
    if (d->proved)
        printf("\n%s\n", COUNT(d->proved, "device proved that it gets in",
                               "devices proved that they get in"));
    if (d->unproved.code)
        printf("\nproofs wait: %s\n", d->unproved.msg);
}

/* Devices whose credentials may have left the host, and that are not verified. */
static void print_half(const struct signet_order *o, int64_t half)
{
    if (half > 0 && o->recipe)
        printf("%s\n",
               COUNT(half,
                     "board may hold half of its credentials: put it back into a slot, or "
                     "`signet ledger void` it",
                     "boards may hold half of their credentials: put them back into a slot, or "
                     "`signet ledger void` them"));
    else if (half > 0)
        printf("%s\n", COUNT(half,
                             "device was begun at another station, which has it sealed: run the "
                             "order there, or `signet ledger void` it",
                             "devices were begun at another station, which has them sealed: run "
                             "the order there, or `signet ledger void` them"));
}

/* They are in good hands: no advice. */
static void print_elsewhere(const struct signet_run_report *r)
{
    for (size_t i = 0; i < r->elsewhere_count; i++) {
        const struct signet_elsewhere_report *e = &r->elsewhere[i];
        printf("%s in work at station %s\n",
               COUNT(e->begun + e->exposed + e->waiting, "device is", "devices are"),
               PLAIN(e->station));
    }
}

static void print_left(const struct signet_order *o, const struct signet_run_report *r)
{
    const int64_t *s = r->states;
    const struct left left = left_of(r);
    print_elsewhere(r);
    print_half(o, left.exposed);
    if (left.waiting > 0)
        printf("%s\n", COUNT(left.waiting,
                             "device waits for its servers: `signet ledger sync ORDER.yaml` "
                             "registers it",
                             "devices wait for their servers: `signet ledger sync ORDER.yaml` "
                             "registers them"));
    if (s[SIGNET_DEVICE_FAILED])
        printf("%s: `signet ledger rework` lets one be tried again\n",
               COUNT(s[SIGNET_DEVICE_FAILED], "device was set aside", "devices were set aside"));
    if (s[SIGNET_DEVICE_VOID])
        printf("%s\n", COUNT(s[SIGNET_DEVICE_VOID],
                             "device is void, and its unit of the quota is used: raise 'quota' in "
                             "the order to make another",
                             "devices are void, and their units of the quota are used: raise "
                             "'quota' in the order to make others"));
    if (left.open > 0)
        printf("%" PRId64 " of %s still to be made: run the order again%s\n", left.open,
               COUNT(r->quota, "device is", "devices are"),
               o->recipe ? "" : "; names that other orders have are passed over");
    else if (is_finished(r) && !left.in_work && done_of(r) < r->quota)
        printf("The order is finished.\n");
}

static void print_slots(const struct signet_run_report *r)
{
    printf("\n%-12s %8s %10s %10s\n", "slot", "passed", "failed", "yield");
    for (size_t i = 0; i < r->line.slot_count; i++) {
        const struct signet_slot_report *s = &r->line.slots[i];
        printf("%-12s %8" PRIu64 " %10" PRIu64 " %8.1f %%\n", s->name, s->passed, s->failed,
               yield(s->passed, s->failed));
    }
}

static void print_stages(const struct signet_run_report *r)
{
    if (r->stage_count)
        printf("\n%-12s %8s %10s %10s\n", "stage", "count", "median", "p95");
    for (size_t i = 0; i < r->stage_count; i++)
        printf("%-12s %8" PRIu64 " %8.2f s %8.2f s\n", r->stages[i].name, r->stages[i].count,
               r->stages[i].median, r->stages[i].p95);
}

static void print_errors(const struct signet_run_report *r)
{
    const char *title = "\nerror           count\n";
    for (int i = 1; i < SIGNET_RUN_CODES; i++)
        if (r->errors[i]) {
            printf("%s%-12s %8" PRIu64 "\n", title, signet_code_name((enum signet_code)i),
                   r->errors[i]);
            title = "";
        }
}

static void print_line(const struct signet_run_report *r)
{
    const struct signet_line_report *l = &r->line;
    printf("\n%" PRId64 " of %s done; this run: %s passed, %" PRIu64 " failed, %.1f s\n",
           done_of(r), COUNT(r->quota, "device", "devices"), COUNT(l->passed, "board", "boards"),
           l->failed, r->seconds);
    if (l->passed + l->failed > 0)
        printf("%.0f devices per hour, first-pass yield %.1f %%, yield %.1f %%, %s\n", l->per_hour,
               yield(l->first_pass, l->passed - l->first_pass + l->failed),
               yield(l->passed, l->failed), COUNT(l->retries, "retry", "retries"));
    if (l->made_before)
        printf("%s\n", COUNT(l->made_before, "board was made before, and left as it is",
                             "boards were made before, and left as they are"));
    print_stages(r);
    print_slots(r);
}

static void print_file(const char *what, const char *path, const struct signet_output_report *file)
{
    if (!path)
        return;
    printf("%-9s %s\n", what, path);
    if (file->bytes)
        printf("          %s, sha256 %s\n", COUNT(file->bytes, "byte", "bytes"), file->sha256);
}

static void print_batch(const struct signet_order *o, const struct signet_run_report *r)
{
    printf("%" PRId64 " of %s done; this run: %" PRIu64 " made", done_of(r),
           COUNT(r->quota, "device", "devices"), r->batch.made);
    if (r->batch.failed)
        printf(", %" PRIu64 " failed", r->batch.failed);
    if (r->batch.made)
        printf(" in %.2f s, %.0f devices/s", r->seconds, per_second(r));
    printf("\n");
    print_file("packets", o->packets, &r->batch.packets);
    print_file("records", o->records, &r->batch.records);
}

int report_print(const struct cli *cli, const struct signet_order *order,
                 const struct signet_run_report *r, bool stopped, bool whole)
{
    if (cli->json) {
        report_json(order, r, whole);
    } else {
        if (order->recipe)
            print_line(r);
        else
            print_batch(order, r);
        print_delivery(&r->delivery);
        print_errors(r);
        if (order->recipe)
            printf("\n");
        print_left(order, r);
        if (stopped)
            printf("Stopped as you asked. Nothing is lost: to resume, run the order again.\n");
    }
    return whole && is_finished(r) ? EXIT_DONE : EXIT_FAILED;
}

int report_print_synced(const struct cli *cli, const struct signet_run_report *r)
{
    if (cli->json) {
        struct json j;
        json_event(&j, "synced");
        json_servers(&j, &r->delivery);
        json_integer(&j, "registered", (int64_t)r->delivery.done);
        json_integer(&j, "waiting", waiting_of(r));
        json_integer(&j, "done", done_of(r));
        json_end(&j);
    } else {
        print_delivery(&r->delivery);
        printf("\n%s registered now, %" PRIu64 " refused\n",
               COUNT(r->delivery.done, "device", "devices"), r->delivery.refused);
        printf("%" PRId64 " of %s done, %" PRId64 " still %s\n", done_of(r),
               COUNT(r->quota, "device", "devices"), waiting_of(r),
               waiting_of(r) == 1 ? "waits" : "wait");
    }
    return r->delivery.refused == 0 && waiting_of(r) == 0 ? EXIT_DONE : EXIT_FAILED;
}
