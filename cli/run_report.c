/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a run. */
#include "run.h"

#include <inttypes.h>
#include <string.h>

static int64_t done_of(const struct signet_run_report *r)
{
    return r->states[SIGNET_DEVICE_DONE];
}

static int64_t waiting_of(const struct signet_run_report *r)
{
    return r->states[SIGNET_DEVICE_VERIFIED] + r->states[SIGNET_DEVICE_REGISTERED];
}

static double yield(uint64_t good, uint64_t failed)
{
    return good + failed ? 100.0 * (double)good / (double)(good + failed) : 0;
}

static double per_second(const struct signet_run_report *r)
{
    return r->seconds > 0 ? (double)r->batch.made / r->seconds : 0;
}

/* The report as an event of this name. */
static void report_json(const char *event, const struct signet_order *o,
                        const struct signet_run_report *r)
{
    struct signet_bytes json = {0};

    if (signet_run_report_json(o, r, &json, NULL) == SIGNET_OK)
        printf("{\"event\": \"%s\", %.*s\n", event, (int)json.len - 1, (const char *)json.data + 1);
    signet_bytes_free(&json);
}

/* as text */

static void print_removals(const struct signet_server_report *s)
{
    if (s->removed)
        printf("%s: %s\n", s->name, COUNT(s->removed, "device removed", "devices removed"));
    if (s->by_hand)
        printf("%s: %s by hand: %s\n", s->name,
               COUNT(s->by_hand, "device is to be removed", "devices are to be removed"),
               s->to_do.msg);
    if (s->removing)
        printf("%s: %s%s%s\n", s->name,
               COUNT(s->removing,
                     "device is still to be removed: `signet ledger sync ORDER.yaml` does it",
                     "devices are still to be removed: `signet ledger sync ORDER.yaml` does it"),
               s->unremoved.code ? "; " : "", s->unremoved.msg);
}

static void print_delivery(const struct signet_delivery_report *d)
{
    if (d->server_count)
        printf("\n%-12s %10s %8s %8s\n", "server", "registered", "refused", "waiting");
    for (size_t i = 0; i < d->server_count; i++) {
        const struct signet_server_report *s = &d->servers[i];
        printf("%-12s %10" PRIu64 " %8" PRIu64 " %8" PRId64 "%s%s\n", s->name, s->registered,
               s->refused, s->waiting, s->away.code ? "   " : "", s->away.msg);
    }
    for (size_t i = 0; i < d->server_count; i++)
        print_removals(&d->servers[i]);
    if (d->proved)
        printf("\n%s\n", COUNT(d->proved, "device proved that it gets in",
                               "devices proved that they get in"));
    if (d->unproved.code)
        printf("\nproofs wait: %s\n", d->unproved.msg);
}

/* Of those that have all there is nothing to say. */
static void print_notify(const struct signet_run_report *r)
{
    for (size_t i = 0; i < r->notify_count; i++) {
        const struct signet_notify_report *n = &r->notify[i];

        if (n->refused)
            printf("%s refused %s\n", n->name, COUNT(n->refused, "event", "events"));
        if (n->waiting)
            printf("%s: %s%s%s\n", n->name,
                   COUNT(n->waiting, "event waits: the next run or `signet ledger sync` tells it",
                         "events wait: the next run or `signet ledger sync` tells them"),
                   n->away.code ? "; " : "", n->away.msg);
    }
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

/* Their boards may be among those that were left as they are. */
static void print_reworked(const struct signet_order *o, const struct signet_run_report *r)
{
    if (!r->reworked)
        return;
    printf("%s:",
           COUNT(r->reworked, "device waits to be made again", "devices wait to be made again"));
    for (size_t i = 0; i < r->reworked_name_count; i++)
        printf("%s %s", i ? "," : "", PLAIN(r->reworked_names[i]));
    printf("%s\n", r->reworked > (int64_t)r->reworked_name_count ? " ..." : "");
    printf("    a board that cannot tell whose it is before it is erased stays as it is: name the "
           "slot "
           "that it is put\n    into, for each of them: `signet ledger rework --board "
           "slot:%s/SLOT LEDGER NAME`\n",
           PLAIN(o->station));
}

/* By scanners, which no synchronisation brings. */
static bool only_labels_wait(const struct signet_delivery_report *d)
{
    bool labels = false;

    for (size_t i = 0; i < d->server_count; i++) {
        if (strcmp(d->servers[i].name, SIGNET_LEDGER_SCANNER) == 0)
            labels = d->servers[i].waiting > 0;
        else if (d->servers[i].waiting > 0)
            return false;
    }
    return labels;
}

static void print_left(const struct signet_order *o, const struct signet_run_report *r)
{
    const int64_t *s = r->states;
    const struct signet_run_left left = r->left;
    print_notify(r);
    print_elsewhere(r);
    print_half(o, left.exposed);
    if (left.waiting > 0 && only_labels_wait(&r->delivery))
        printf("%s\n", COUNT(left.waiting, "device waits until its label is read",
                             "devices wait until their labels are read"));
    else if (left.waiting > 0)
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
    print_reworked(o, r);
    if (left.open > 0)
        printf("%" PRId64 " of %s still to be made: run the order again%s\n", left.open,
               COUNT(r->quota, "device is", "devices are"),
               o->recipe ? "" : "; names that other orders have are passed over");
    else if (r->finished && !left.in_work && done_of(r) < r->quota)
        printf("The order is finished.\n");
}

static void print_slots(const struct signet_run_report *r)
{
    printf("\n%-12s %8s %10s %10s\n", "slot", "passed", "failed", "yield");
    for (size_t i = 0; i < r->line.slot_count; i++) {
        const struct signet_slot_report *s = &r->line.slots[i];
        printf("%-12s %8" PRIu64 " %10" PRIu64, s->name, s->passed, s->failed);
        if (s->passed + s->failed)
            printf(" %8.1f %%\n", yield(s->passed, s->failed));
        else /* no board was judged in it */
            printf(" %10s\n", "-");
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
    if (l->locked)
        printf("%s\n", COUNT(l->locked, "board is locked: a read was refused",
                             "boards are locked: a read was refused"));
    print_stages(r);
    print_slots(r);
}

static void print_file(const char *what, const char *path, const struct signet_output_report *file,
                       bool sealed)
{
    if (!path)
        return;
    printf("%-9s %s\n", what, path);
    if (file->bytes)
        printf("          %s, %s %s\n", COUNT(file->bytes, "byte", "bytes"),
               sealed ? "sealed; sha256 of the last manifest" : "sha256", file->sha256);
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
    print_file("packets", o->packets, &r->batch.packets, o->seal_to_count > 0);
    print_file("records", o->records, &r->batch.records, o->seal_to_count > 0);
}

/* What somebody writes down who wants to know later that the ledger only grew. */
static void print_checkpoint(const struct signet_run_report *r)
{
    const char *size = strchr(r->checkpoint, '\n'), *root = size ? strchr(size + 1, '\n') : NULL;
    if (root)
        printf("head %.*s, root %.*s\n     of %.*s\n", (int)(root - size - 1), size + 1,
               (int)strcspn(root + 1, "\n"), root + 1, (int)(size - r->checkpoint), r->checkpoint);
}

/* Whether this run brought a device further. */
static bool moved(const struct signet_run_report *r)
{
    bool any = r->line.passed || r->batch.made || r->delivery.done || r->delivery.proved;

    for (size_t i = 0; i < r->delivery.server_count; i++)
        any = any || r->delivery.servers[i].registered || r->delivery.servers[i].removed;
    return any;
}

static int exit_code(const struct signet_run_report *r, bool all, bool stopped)
{
    return all ? EXIT_DONE : stopped ? EXIT_INTERRUPTED : moved(r) ? EXIT_PARTLY : EXIT_FAILED;
}

int report_print(const struct cli *cli, const struct signet_order *order,
                 const struct signet_run_report *r, bool stopped)
{
    if (cli->json) {
        report_json("report", order, r);
    } else {
        if (order->recipe)
            print_line(r);
        else
            print_batch(order, r);
        if (r->line.refused_scans)
            printf("%s\n", COUNT(r->line.refused_scans, "scan was refused", "scans were refused"));
        print_delivery(&r->delivery);
        print_errors(r);
        if (order->recipe)
            printf("\n");
        print_left(order, r);
        print_checkpoint(r);
        if (stopped)
            printf("Stopped as you asked. Nothing is lost: to resume, run the order again.\n");
    }
    return exit_code(r, r->finished, stopped);
}

int report_print_synced(const struct cli *cli, const struct signet_order *order,
                        const struct signet_run_report *r, bool stopped)
{
    if (cli->json) {
        report_json("synced", order, r);
    } else {
        print_delivery(&r->delivery);
        printf("\n%s registered now, %" PRIu64 " refused\n",
               COUNT(r->delivery.done, "device", "devices"), r->delivery.refused);
        printf("%" PRId64 " of %s done, %" PRId64 " still %s\n", done_of(r),
               COUNT(r->quota, "device", "devices"), waiting_of(r),
               waiting_of(r) == 1 ? "waits" : "wait");
        print_checkpoint(r);
    }
    return exit_code(r, r->delivery.refused == 0 && waiting_of(r) + r->left.removing == 0, stopped);
}
