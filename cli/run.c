/* SPDX-License-Identifier: Apache-2.0 */
/* signet run: a work order. */
#include "run.h"
#include "panel.h"

#include <inttypes.h>
#include <malloc.h>
#include <string.h>
#include <time.h>

struct options {
    bool dry_run, watch, plain;
    unsigned wait, sync;
    const char *operator_name, *shift;
};

/* Plain lines of a run without slots, now and then. */
enum { LINE_SECONDS = 5 };

struct watcher {
    struct signet_observer next;
    bool lines;      /* progress in lines */
    double reported; /* 0: not yet */
    uint64_t made;
};

static double seconds_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void watch_event(void *ctx, const struct signet_event *event)
{
    struct watcher *w = ctx;
    double at = seconds_now();
    w->next.on_event(w->next.ctx, event);
    if (event->kind == SIGNET_EVENT_LINE && !strcmp(event->stage, "stopping"))
        process_stop(); /* what waits for a server or a programmer ends, too */
    if (!w->lines || event->kind != SIGNET_EVENT_PROGRESS || at - w->reported < LINE_SECONDS)
        return;
    if (w->reported > 0)
        fprintf(stderr, "%" PRIu64 " of %s, %.0f/s\n", event->done,
                COUNT(event->total, "device", "devices"),
                (double)(event->done - w->made) / (at - w->reported));
    w->reported = at;
    w->made = event->done;
}

/* Makes what the order wants, and tells of it. Returns the exit code, or -1 and *err. */
static int make_devices(const struct cli *cli, const struct signet_order *order,
                        struct signet_run *run, struct panel *panel, struct signet_error *err)
{
    struct signet_run_report report = {0};
    int code = EXIT_DONE;
    panel_begin(panel, run);
    int rc = signet_run_make(run, &report, err);
    panel_end(panel);
    if (report.quota)
        code = report_print(cli, order, &report, signet_cancel_fired(process_cancel()),
                            rc == SIGNET_OK);
    signet_run_report_free(&report);
    return rc == SIGNET_OK ? code : -1;
}

static int open_and_run(const struct cli *cli, const struct signet_order *order,
                        const struct options *o, struct panel *panel, struct signet_error *err)
{
    struct watcher watcher = {.next = panel_observer(panel),
                              .lines = !order->recipe && !cli->json && !panel_draws(panel)};
    const struct signet_observer observer = {.on_event = watch_event, .ctx = &watcher};
    const struct signet_run_options options = {.size = sizeof(options),
                                               .watch = o->watch,
                                               .wait_seconds = (int)o->wait,
                                               .sync_seconds = (int)o->sync,
                                               .ask_servers = o->dry_run,
                                               .dry_run = o->dry_run,
                                               .observer = &observer,
                                               .cancel = process_cancel()};
    struct signet_run *run = NULL;
    int code = EXIT_DONE;

    if (signet_run_open(&run, order, &options, err) != SIGNET_OK)
        code = -1;
    else if (o->dry_run)
        plan_print(cli, order, run);
    else
        code = make_devices(cli, order, run, panel, err);
    signet_run_close(&run);
    return code;
}

static int run_with_panel(struct cli *cli, const struct signet_order *order,
                          const struct options *o)
{
    struct panel *panel = NULL;
    /* what one thread frees, the next takes: with an arena for each, memory grows with the order */
    mallopt(M_ARENA_MAX, 1);
    if (panel_open(&panel, cli, o->plain, &cli->err) != SIGNET_OK)
        return cli_fail(cli, &cli->err);
    int code = open_and_run(cli, order, o, panel, &cli->err);
    panel_close(&panel);
    return code >= 0 ? cli_close(cli, code) : cli_fail(cli, &cli->err);
}

static int run_order(int argc, char **argv)
{
    struct cli cli = {0};
    struct options o = {0};
    struct signet_order *order = NULL;
    const struct option_row rows[] = {
        FLAG('n', "dry-run", "Check everything, print the plan, touch no board", &o.dry_run),
        FLAG('w', "watch", "Slots may be empty; each waits for boards until the order is used up",
             &o.watch),
        NUMBER('W', "wait", "SECONDS",
               "Without --watch: how long a slot waits for its next board (5)", &o.wait, 1, 86400),
        NUMBER(0, "sync", "SECONDS", "At the end: how long servers that are away are tried (10)",
               &o.sync, 1, 86400),
        TEXT('o', "operator", "NAME", "Who is at work; else the order's", &o.operator_name),
        TEXT(0, "shift", "NAME", "The shift that works; else the order's", &o.shift),
        FLAG('p', "plain", "Lines instead of the panel", &o.plain),
        {0}};
    if (!cli_parse(&cli, argc, argv, rows, "ORDER.yaml",
                   "Makes the devices of a work order, in all slots at the same time; without a "
                   "board, their packets into a folder or a file. To resume an interrupted run, "
                   "run the same command. Exit 0: every device is done or void, or in work at "
                   "another station.",
                   1, 1))
        return EXIT_USAGE;
    if (signet_order_load(&order, cli.args[0], &cli.err) != SIGNET_OK)
        return cli_fail(&cli, &cli.err);
    order->operator_name = o.operator_name ? o.operator_name : order->operator_name;
    order->shift = o.shift ? o.shift : order->shift;
    int code = run_with_panel(&cli, order, &o);
    signet_order_free(&order);
    return code;
}

const struct verb run_verbs[] = {{"", "the devices of a work order, in many slots", run_order},
                                 {0}};
