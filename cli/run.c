/* SPDX-License-Identifier: Apache-2.0 */
/* signet run: a work order. */
#include "cli.h"
#include "panel.h"
#include "plan.h"
#include "run_report.h"

#include <inttypes.h>
#include <malloc.h>
#include <time.h>

struct options {
    bool dry_run, watch, plain;
    long wait, sync;
};

/* Plain lines of a run without slots, now and then. */
enum { LINE_SECONDS = 5 };

struct watcher {
    struct signet_observer next;
    double reported; /* 0: not yet */
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
    double at = now();
    w->next.on_event(w->next.ctx, event);
    if (event->kind != SIGNET_EVENT_PROGRESS || at - w->reported < LINE_SECONDS)
        return;
    if (w->reported > 0)
        fprintf(stderr, "%" PRIu64 " of %" PRIu64 " devices, %.0f/s\n", event->done, event->total,
                (double)(event->done - w->made) / (at - w->reported));
    w->reported = at;
    w->made = event->done;
}

/* The exit code, or -1 and *err. */
static int run_order(const struct cli *cli, const struct signet_order *order,
                     const struct options *o, struct panel *panel, struct signet_error *err)
{
    struct watcher watcher = {.next = panel_observer(panel)};
    const struct signet_observer lines = {.on_event = on_event, .ctx = &watcher};
    bool plain_lines = !order->recipe && !cli->json && !panel_draws(panel);
    const struct signet_run_options options = {.size = sizeof(options),
                                               .watch = o->watch,
                                               .wait_seconds = (int)o->wait,
                                               .sync_seconds = (int)o->sync,
                                               .ask_servers = o->dry_run,
                                               .dry_run = o->dry_run,
                                               .observer = plain_lines ? &lines : &watcher.next,
                                               .cancel = process_cancel()};
    struct signet_run_report report = {0};
    struct signet_run *run = NULL;
    int code = EXIT_DONE;
    int rc = signet_run_open(&run, order, &options, err);

    if (rc == SIGNET_OK && o->dry_run) {
        plan_print(cli, order, run);
    } else if (rc == SIGNET_OK) {
        panel_begin(panel);
        rc = signet_run_make(run, &report, err);
        panel_end(panel);
        if (report.quota)
            code = report_print(cli, order, &report, signet_cancel_fired(process_cancel()),
                                rc == SIGNET_OK);
    }
    signet_run_report_free(&report);
    signet_run_close(&run);
    return rc == SIGNET_OK ? code : -1;
}

static int run_with_panel(const struct cli *cli, const struct signet_order *order,
                          const struct options *o)
{
    struct signet_error err = {0};
    struct panel *panel = NULL;
    /* what one thread frees, the next takes: with an arena for each, memory grows with the order */
    mallopt(M_ARENA_MAX, 1);
    if (panel_open(&panel, cli, order, o->plain, &err) != SIGNET_OK)
        return cli_fail(cli, &err);
    int code = run_order(cli, order, o, panel, &err);
    panel_close(&panel);
    return code >= 0 ? cli_close(cli, code) : cli_fail(cli, &err);
}

static int run(int argc, char **argv)
{
    struct cli cli = {0};
    struct options o = {0};
    struct signet_order *order = NULL;
    struct signet_error err = {0};
    const struct option_row rows[] = {
        {'n', "dry-run", NULL, "Check everything, print the plan, touch no board", OPTION_FLAG,
         &o.dry_run, 0, 0},
        {'w', "watch", NULL, "Slots may be empty; each waits for boards until the order is used up",
         OPTION_FLAG, &o.watch, 0, 0},
        {'W', "wait", "SECONDS", "Without --watch: how long a slot waits for its next board (5)",
         OPTION_NUMBER, &o.wait, 1, 86400},
        {256, "sync", "SECONDS", "At the end: how long servers that are away are tried (10)",
         OPTION_NUMBER, &o.sync, 1, 86400},
        {'p', "plain", NULL, "Lines instead of the panel", OPTION_FLAG, &o.plain, 0, 0},
        {0}};
    if (!cli_parse(&cli, argc, argv, rows, "ORDER.yaml",
                   "Makes the devices of a work order, in all slots at the same time; without a "
                   "board, their packets into a folder or a file. To resume an interrupted run, "
                   "run the same command. Exit 0: every device is done.",
                   1, 1))
        return EXIT_USAGE;
    if (signet_order_load(&order, cli.args[0], &err) != SIGNET_OK)
        return cli_fail(&cli, &err);
    int code = run_with_panel(&cli, order, &o);
    signet_order_free(&order);
    return code;
}

const struct verb run_verbs[] = {{"", "the devices of a work order, in many slots", run}, {0}};
