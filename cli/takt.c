/* SPDX-License-Identifier: Apache-2.0 */
/* The takt report: how the shift went. */
#include "takt.h"

#include <inttypes.h>

static int64_t done_of(const struct signet_line_report *r)
{
    return r->states[SIGNET_DEVICE_DONE];
}

static double yield(uint64_t good, uint64_t failed)
{
    return good + failed ? 100.0 * (double)good / (double)(good + failed) : 0;
}

void takt_json_servers(struct json *j, const struct signet_line_report *r)
{
    json_open(j, "servers", '[');
    for (size_t i = 0; i < r->server_count; i++) {
        const struct signet_line_server_report *s = &r->servers[i];
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
}

static void print_json(const struct signet_line_report *r)
{
    struct json j;
    json_begin(&j, stdout);
    json_text(&j, "event", "report");
    json_real(&j, "seconds", r->seconds);
    json_integer(&j, "passed", (int64_t)r->passed);
    json_integer(&j, "failed", (int64_t)r->failed);
    json_integer(&j, "first_pass", (int64_t)r->first_pass);
    json_integer(&j, "retries", (int64_t)r->retries);
    json_integer(&j, "proved", (int64_t)r->proved);
    json_integer(&j, "refused", (int64_t)r->refused);
    json_real(&j, "devices_per_hour", r->per_hour);
    json_integer(&j, "quota", r->quota);
    json_states(&j, r->states);
    json_open(&j, "stages", '[');
    for (size_t i = 0; i < r->stage_count; i++) {
        json_open(&j, NULL, '{');
        json_text(&j, "stage", r->stages[i].name);
        json_integer(&j, "count", (int64_t)r->stages[i].count);
        json_real(&j, "median", r->stages[i].median);
        json_real(&j, "p95", r->stages[i].p95);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_open(&j, "slots", '[');
    for (size_t i = 0; i < r->slot_count; i++) {
        json_open(&j, NULL, '{');
        json_text(&j, "slot", r->slots[i].name);
        json_integer(&j, "passed", (int64_t)r->slots[i].passed);
        json_integer(&j, "failed", (int64_t)r->slots[i].failed);
        json_integer(&j, "first_pass", (int64_t)r->slots[i].first_pass);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    takt_json_servers(&j, r);
    json_open(&j, "errors", '{');
    for (int i = 1; i < SIGNET_LINE_CODES; i++)
        if (r->errors[i])
            json_integer(&j, signet_code_name((enum signet_code)i), (int64_t)r->errors[i]);
    json_close(&j, '}');
    json_end(&j);
}

void takt_print_servers(const struct signet_line_report *r)
{
    if (r->server_count)
        printf("\n%-12s %10s %8s %8s\n", "server", "registered", "refused", "waiting");
    for (size_t i = 0; i < r->server_count; i++) {
        const struct signet_line_server_report *s = &r->servers[i];
        printf("%-12s %10" PRIu64 " %8" PRIu64 " %8" PRId64 "%s%s\n", s->name, s->registered,
               s->refused, s->waiting, s->away.code ? "   " : "", s->away.msg);
    }
    if (r->proved)
        printf("\n%" PRIu64 " devices proved that they get in\n", r->proved);
    if (r->unproved.code)
        printf("\nproofs wait: %s\n", r->unproved.msg);
}

void takt_print_void(int64_t count)
{
    if (count == 1)
        printf("1 device is void, and its unit of the quota is used: raise 'quota' in the order to "
               "make another\n");
    else if (count > 1)
        printf("%" PRId64 " devices are void, and their units of the quota are used: raise 'quota' "
               "in the order to make others\n",
               count);
}

static void print_left(const struct signet_line_report *r, bool stopped)
{
    const int64_t *s = r->states;
    int64_t half = s[SIGNET_DEVICE_WRITING] + s[SIGNET_DEVICE_WRITTEN];
    int64_t wait = s[SIGNET_DEVICE_VERIFIED] + s[SIGNET_DEVICE_REGISTERED];
    int64_t issued = 0;
    for (int i = 0; i < SIGNET_DEVICE_STATES; i++)
        issued += s[i];
    int64_t open = r->quota - issued + s[SIGNET_DEVICE_RESERVED] + s[SIGNET_DEVICE_KEYED];
    if (half)
        printf("%" PRId64 " boards may hold half of their credentials: put them back into a slot, "
               "or `signet ledger void` them\n",
               half);
    if (wait)
        printf("%" PRId64 " devices wait for their servers: `signet ledger sync ORDER.yaml` goes "
               "on with them\n",
               wait);
    if (s[SIGNET_DEVICE_FAILED])
        printf("%" PRId64 " devices were set aside: `signet ledger rework` lets one be tried "
               "again\n",
               s[SIGNET_DEVICE_FAILED]);
    takt_print_void(s[SIGNET_DEVICE_VOID]);
    if (open > 0)
        printf("%" PRId64 " of %" PRId64 " devices are still to be made: run the order again\n",
               open, r->quota);
    if (stopped)
        printf("Stopped as you asked. Nothing is lost: run the order again to go on.\n");
}

static void print_text(const struct signet_line_report *r, bool stopped)
{
    printf("\n%" PRId64 " of %" PRId64 " devices done; this run: %" PRIu64
           " boards passed, %" PRIu64 " failed, %.1f s\n",
           done_of(r), r->quota, r->passed, r->failed, r->seconds);
    if (r->passed + r->failed > 0)
        printf("%.0f devices per hour, first-pass yield %.1f %%, yield %.1f %%, %" PRIu64
               " retries\n",
               r->per_hour, yield(r->first_pass, r->passed - r->first_pass + r->failed),
               yield(r->passed, r->failed), r->retries);
    if (r->stage_count)
        printf("\n%-12s %8s %10s %10s\n", "stage", "count", "median", "p95");
    for (size_t i = 0; i < r->stage_count; i++)
        printf("%-12s %8" PRIu64 " %8.2f s %8.2f s\n", r->stages[i].name, r->stages[i].count,
               r->stages[i].median, r->stages[i].p95);
    printf("\n%-12s %8s %10s %10s\n", "slot", "passed", "failed", "yield");
    for (size_t i = 0; i < r->slot_count; i++)
        printf("%-12s %8" PRIu64 " %10" PRIu64 " %8.1f %%\n", r->slots[i].name, r->slots[i].passed,
               r->slots[i].failed, yield(r->slots[i].passed, r->slots[i].failed));
    takt_print_servers(r);
    bool titled = false;
    for (int i = 1; i < SIGNET_LINE_CODES; i++) {
        if (r->errors[i] && !titled)
            printf("\n%-12s %8s\n", "error", "count");
        titled = titled || r->errors[i];
        if (r->errors[i])
            printf("%-12s %8" PRIu64 "\n", signet_code_name((enum signet_code)i), r->errors[i]);
    }
    printf("\n");
    print_left(r, stopped);
}

int takt_print(const struct cli *cli, const struct signet_line_report *r, bool stopped, bool whole)
{
    if (cli->json)
        print_json(r);
    else
        print_text(r, stopped);
    return whole && done_of(r) >= r->quota ? EXIT_DONE : EXIT_FAILED;
}
