/* SPDX-License-Identifier: Apache-2.0 */
/* signet run without boards: packets for another house. */
#include "mint.h"

#include "panel.h"
#include "plan.h"
#include "takt.h"

#include <inttypes.h>
#include <malloc.h>
#include <string.h>
#include <time.h>

/* progress in plain lines */

enum { LINE_SECONDS = 5 };

struct watcher {
    struct signet_observer next;
    bool lines;
    double told;
    uint64_t made;
};

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void on_event(void *ctx, const struct signet_event *event)
{
    struct watcher *w = ctx;
    w->next.on_event(w->next.ctx, event);
    if (!w->lines || event->kind != SIGNET_EVENT_PROGRESS)
        return;
    double at = now();
    if (!w->told) {
        w->told = at;
        w->made = event->done;
    } else if (at - w->told >= LINE_SECONDS) {
        fprintf(stderr, "%" PRIu64 " of %" PRIu64 " devices, %.0f/s\n", event->done, event->total,
                (double)(event->done - w->made) / (at - w->told));
        w->told = at;
        w->made = event->done;
    }
}

/* the report */

static void json_file(struct json *j, const char *key, const char *path,
                      const struct signet_mint_file *file)
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

static double per_second(const struct signet_mint_report *r)
{
    return r->seconds > 0 ? (double)r->made / r->seconds : 0;
}

static void print_json(const struct signet_order *o, const struct signet_mint_report *r)
{
    struct json j;
    json_begin(&j, stdout);
    json_text(&j, "event", "report");
    json_real(&j, "seconds", r->seconds);
    json_integer(&j, "made", (int64_t)r->made);
    json_integer(&j, "failed", (int64_t)r->failed);
    json_integer(&j, "registered", (int64_t)r->registered);
    json_integer(&j, "elsewhere", (int64_t)r->elsewhere);
    json_real(&j, "devices_per_second", per_second(r));
    json_integer(&j, "quota", r->quota);
    json_file(&j, "packets", o->packets, &r->packets);
    json_file(&j, "records", o->records, &r->records);
    json_states(&j, r->states);
    json_end(&j);
}

static void print_file(const char *what, const char *path, const struct signet_mint_file *file)
{
    if (!path)
        return;
    printf("%-9s %s\n", what, path);
    if (file->bytes)
        printf("          %" PRIu64 " bytes, sha256 %s\n", file->bytes, file->sha256);
}

static void print_left(const struct signet_mint_report *r, bool stopped)
{
    const int64_t *s = r->states;
    int64_t wait = s[SIGNET_DEVICE_VERIFIED] + s[SIGNET_DEVICE_REGISTERED];
    int64_t open =
        r->quota - wait - s[SIGNET_DEVICE_DONE] - s[SIGNET_DEVICE_FAILED] - s[SIGNET_DEVICE_VOID];
    if (wait)
        printf("%" PRId64 " devices wait for their servers: `signet ledger sync` registers them\n",
               wait);
    if (s[SIGNET_DEVICE_FAILED])
        printf("%" PRId64 " devices were set aside: `signet ledger rework` lets one be tried "
               "again\n",
               s[SIGNET_DEVICE_FAILED]);
    takt_print_void(s[SIGNET_DEVICE_VOID]);
    if (r->elsewhere)
        printf("%" PRIu64 " devices were begun at another station, which has them sealed: run the "
               "order there, or `signet ledger void` them\n",
               r->elsewhere);
    if (open > 0)
        printf("%" PRId64 " of %" PRId64 " devices are not written yet: run the order again, or "
               "wait for the other stations; names that other orders have are passed over\n",
               open, r->quota);
    if (stopped)
        printf("Stopped as you asked. Nothing is lost: run the order again to go on.\n");
}

static void print_text(const struct signet_order *o, const struct signet_mint_report *r,
                       bool stopped)
{
    printf("%" PRId64 " of %" PRId64 " devices done; this run: %" PRIu64 " made",
           r->states[SIGNET_DEVICE_DONE], r->quota, r->made);
    if (r->failed)
        printf(", %" PRIu64 " failed", r->failed);
    if (r->made)
        printf(" in %.2f s, %.0f devices/s", r->seconds, per_second(r));
    printf("\n");
    print_file("packets", o->packets, &r->packets);
    print_file("records", o->records, &r->records);
    print_left(r, stopped);
}

static int report(const struct cli *cli, const struct signet_order *o,
                  const struct signet_mint_report *r)
{
    if (cli->json)
        print_json(o, r);
    else
        print_text(o, r, signet_cancel_fired(process_cancel()));
    return r->states[SIGNET_DEVICE_DONE] >= r->quota ? EXIT_DONE : EXIT_FAILED;
}

static int run(const struct cli *cli, const struct signet_order *order,
               const struct mint_options *options, struct panel *panel, struct signet_error *err)
{
    struct watcher watcher = {.next = panel_observer(panel),
                              .lines = !cli->json && !panel_draws(panel)};
    const struct signet_observer observer = {.on_event = on_event, .ctx = &watcher};
    const struct signet_shop_options shop_options = {.sync_seconds = options->sync,
                                                     .ask_servers = options->dry_run,
                                                     .dry_run = options->dry_run,
                                                     .observer = &observer,
                                                     .cancel = process_cancel()};
    struct signet_mint_report result = {0};
    struct signet_shop *shop = NULL;
    int code = EXIT_DONE;
    int rc = signet_shop_open(&shop, order, &shop_options, err);
    if (rc == SIGNET_OK && options->dry_run) {
        rc = signet_mint_check(signet_shop_mint(shop), err);
        if (rc == SIGNET_OK)
            plan_print(cli, order, signet_shop_line(shop)->units);
    } else if (rc == SIGNET_OK) {
        panel_begin(panel);
        rc = signet_mint_run(signet_shop_mint(shop), &result, err);
        panel_end(panel);
        if (result.quota)
            code = report(cli, order, &result);
    }
    signet_shop_close(&shop);
    return rc == SIGNET_OK ? code : -1;
}

int mint_order(const struct cli *cli, const struct signet_order *order,
               const struct mint_options *options)
{
    struct signet_error err = {0};
    struct panel *panel = NULL;
    /* what one lane frees, the next takes: with an arena for each, memory grows with the order */
    mallopt(M_ARENA_MAX, 1);
    if (!panel_open(&panel, cli, order, options->plain)) {
        err.code = SIGNET_E_NOMEM;
        snprintf(err.msg, sizeof(err.msg), "out of memory");
        return cli_fail(cli, &err);
    }
    int code = run(cli, order, options, panel, &err);
    panel_close(&panel);
    return code >= 0 ? cli_close(cli, code) : cli_fail(cli, &err);
}

/* Zero when nothing waits any more. */
static int tell_synced(const struct cli *cli, const struct signet_mint_report *r)
{
    int64_t wait = r->states[SIGNET_DEVICE_VERIFIED] + r->states[SIGNET_DEVICE_REGISTERED];
    if (cli->json) {
        struct json j;
        json_begin(&j, stdout);
        json_text(&j, "event", "synced");
        json_integer(&j, "registered", (int64_t)r->registered);
        json_integer(&j, "refused", (int64_t)r->failed);
        json_integer(&j, "waiting", wait);
        json_integer(&j, "done", r->states[SIGNET_DEVICE_DONE]);
        json_end(&j);
    } else {
        printf("%" PRIu64 " devices registered\n%" PRId64 " of %" PRId64 " devices done, %" PRId64
               " still wait, %" PRIu64 " refused now\n",
               r->registered, r->states[SIGNET_DEVICE_DONE], r->quota, wait, r->failed);
    }
    return wait || r->failed ? EXIT_FAILED : EXIT_DONE;
}

int mint_sync(const struct cli *cli, const struct signet_order *order)
{
    const struct signet_observer observer = cli_observer(cli);
    const struct signet_shop_options options = {
        .servers_only = true, .observer = &observer, .cancel = process_cancel()};
    struct signet_mint_report result = {0};
    struct signet_shop *shop = NULL;
    struct signet_error err = {0};
    int code = EXIT_FAILED;
    int rc = signet_shop_open(&shop, order, &options, &err);
    if (rc == SIGNET_OK)
        rc = signet_mint_sync(signet_shop_mint(shop), &result, &err);
    if (result.quota)
        code = tell_synced(cli, &result);
    signet_shop_close(&shop);
    return rc == SIGNET_OK ? cli_close(cli, code) : cli_fail(cli, &err);
}
