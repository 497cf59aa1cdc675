/* SPDX-License-Identifier: Apache-2.0 */
/* signet run: a work order. */
#include "run.h"
#include "page.h"
#include "panel.h"
#include "when.h"

#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct options {
    bool dry_run, watch, plain;
    unsigned wait, sync;
    const char *operator_name, *shift;
    struct page_choice page;
};

/* Plain lines of a run without slots, now and then. */
enum { LINE_SECONDS = 5, ORDERS_MAX = 16, LIST_MAX = 64 };

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

/* Orders one after the other, and what the people at the line said during those before. */
struct series {
    struct cli *cli;
    const struct options *o;
    struct panel *panel;
    struct signet_page *page; /* NULL: none */
    struct signet_boards *boards;
    bool paused, known; /* known: a run was before */
    char operator_name[SIGNET_PERSON_SIZE], shift[SIGNET_PERSON_SIZE];
    struct option_list off; /* slots; names of the orders */
};

/* Slots that another order does not have do not matter to it. */
static void series_hand_over(struct series *s, struct signet_run *run)
{
    if (s->paused)
        signet_run_pause(run, true, NULL);
    for (size_t i = 0; i < s->off.count; i++)
        signet_run_slot(run, s->off.items[i], true, NULL);
}

static void series_take_over(struct series *s, struct signet_run *run)
{
    struct signet_status *status = signet_run_status(run);
    struct signet_order_status order;
    struct signet_slot_status slot;
    signet_status_order(status, &order);
    s->known = true;
    s->paused = order.paused;
    memcpy(s->operator_name, order.operator_name, sizeof(s->operator_name));
    memcpy(s->shift, order.shift, sizeof(s->shift));
    s->off.count = 0;
    for (size_t i = 0; i < signet_status_slot_count(status) && s->off.count < LIST_MAX; i++) {
        signet_status_slot(status, i, &slot);
        if (slot.off)
            s->off.items[s->off.count++] = slot.name;
    }
}

/* Makes what the order wants, and tells of it. Returns the exit code, or -1 and *err. *over: it is
 * used up, the next may begin. */
static int make_devices(struct series *s, const struct signet_order *order, struct signet_run *run,
                        bool *over)
{
    struct signet_run_report report = {0};
    struct cli *cli = s->cli;
    int code = EXIT_DONE;
    series_hand_over(s, run);
    int rc = s->page ? signet_page_show(s->page, order->work, order->name, order->ledger, &cli->err)
                     : SIGNET_OK;
    if (rc != SIGNET_OK)
        return -1;
    panel_begin(s->panel, run);
    rc = signet_run_make(run, &report, &cli->err);
    panel_end(s->panel);
    series_take_over(s, run);
    bool stopped = signet_cancel_fired(process_cancel());
    if (report.quota)
        code = report_print(cli, order, &report, stopped);
    *over = rc == SIGNET_OK && !stopped && report.left.open <= 0;
    signet_run_report_free(&report);
    return rc == SIGNET_OK ? code : -1;
}

/* A name that nobody has said is none. */
static const char *said_name(const char *name)
{
    return name[0] ? name : NULL;
}

/* dry_run: looks at the order, and makes nothing. */
static int open_and_run(struct series *s, const struct signet_order *order, bool dry_run,
                        bool *over)
{
    const struct options *o = s->o;
    struct watcher watcher = {.next = panel_observer(s->panel),
                              .lines = !order->recipe && !s->cli->json && !panel_draws(s->panel)};
    const struct signet_observer observer = {.on_event = watch_event, .ctx = &watcher};
    const struct signet_run_options options = {.size = sizeof(options),
                                               .ask = cli_ask,
                                               .watch = o->watch,
                                               .wait_seconds = (int)o->wait,
                                               .sync_seconds = (int)o->sync,
                                               .ask_servers = o->dry_run,
                                               .dry_run = dry_run,
                                               .boards = s->boards,
                                               .observer =
                                                   dry_run && !o->dry_run ? NULL : &observer,
                                               .cancel = process_cancel()};
    struct signet_run *run = NULL;
    int code = EXIT_DONE;

    if (signet_run_open(&run, order, &options, &s->cli->err) != SIGNET_OK)
        code = -1;
    else if (o->dry_run)
        plan_print(s->cli, order, run);
    else if (!dry_run)
        code = make_devices(s, order, run, over);
    signet_run_close(&run);
    return code;
}

static int run_one(struct series *s, struct signet_order *order, bool *over)
{
    const struct options *o = s->o;
    if (s->known) {
        order->operator_name = said_name(s->operator_name);
        order->shift = said_name(s->shift);
    } else {
        order->operator_name = o->operator_name ? o->operator_name : order->operator_name;
        order->shift = o->shift ? o->shift : order->shift;
    }
    return open_and_run(s, order, o->dry_run, over);
}

/* One after the other; the next begins when the one before is used up. The exit code of all. */
static int run_series(struct series *s, struct signet_order **orders, size_t count)
{
    bool over = true;
    int all = EXIT_DONE;
    for (size_t i = 1; i < count && all >= 0 && !s->o->dry_run; i++)
        all = open_and_run(s, orders[i], true, &over); /* before the first board is touched */
    for (size_t i = 0; i < count && all >= 0; i++) {
        over = s->o->dry_run;
        int code = run_one(s, orders[i], &over);
        all = code < 0 || i == 0 ? code : cli_both(all, code);
        if (over || all < 0 || i + 1 == count)
            continue;
        if (!s->cli->json)
            printf("%s is not used up: %s was not begun.\n", orders[i]->name, orders[i + 1]->name);
        return cli_both(all, EXIT_FAILED);
    }
    return all;
}

static int run_with_panel(struct cli *cli, struct signet_order **orders, size_t count,
                          const struct options *o)
{
    struct series s = {.cli = cli, .o = o};
    /* what one thread frees, the next takes: with an arena for each, memory grows with the order */
    mallopt(M_ARENA_MAX, 1);
    int code = -1;
    if (panel_open(&s.panel, cli, o->plain, &cli->err) != SIGNET_OK)
        return cli_fail(cli, &cli->err);
    cli->begun = false; /* --page and on are words of the command line */
    if (signet_boards_new(&s.boards, &cli->err) == SIGNET_OK &&
        (o->dry_run || page_begin(&o->page, &s.page, &cli->err) == SIGNET_OK)) {
        cli->begun = true;
        if (s.page)
            page_tell(cli, s.page);
        code = run_series(&s, orders, count);
    }
    signet_page_close(&s.page);
    panel_close(&s.panel);
    signet_boards_free(&s.boards);
    return code >= 0 ? cli_close(cli, code) : cli_fail(cli, &cli->err);
}

/* The path with its folder as the file system knows it; as it is where that is not there. */
static const char *whole_path(const char *path, char out[static PATH_MAX])
{
    char folder[PATH_MAX];
    size_t end = strlen(path), at;
    while (end > 1 && path[end - 1] == '/')
        end--;
    for (at = end; at > 0 && path[at - 1] != '/';)
        at--;
    snprintf(folder, sizeof(folder), "%.*s", at ? (int)at : 1, at ? path : ".");
    if (!realpath(folder, out) || strlen(out) + end - at + 2 > PATH_MAX)
        return path;
    snprintf(out + strlen(out), PATH_MAX - strlen(out), "/%.*s", (int)(end - at), path + at);
    return out;
}

static bool is_shared(const char *a, const char *b)
{
    char one[PATH_MAX], other[PATH_MAX];
    return a && b && !strcmp(whole_path(a, one), whole_path(b, other));
}

/* All of them, before the first one is opened. */
static bool is_one_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int load_orders(struct cli *cli, struct signet_order **orders)
{
    int rc = SIGNET_OK;
    for (int i = 0; rc == SIGNET_OK && i < cli->arg_count; i++) {
        rc = cli_order(cli, cli->args[i], &orders[i]);
        for (int k = 0; rc == SIGNET_OK && k < i; k++)
            if (!strcmp(orders[i]->name, orders[k]->name)) {
                cli->begun = false;
                rc = cli_error(&cli->err, SIGNET_E_USAGE,
                               is_one_file(cli->args[i], cli->args[k])
                                   ? "it is one file: name it once"
                                   : "give each of them a name of its own",
                               "two orders are called '%s'", orders[i]->name);
            } else if (is_shared(orders[i]->packets, orders[k]->packets) ||
                       is_shared(orders[i]->records, orders[k]->records)) {
                rc = cli_error(&cli->err, SIGNET_E_MEANING, "give each order files of its own",
                               "orders '%s' and '%s' have the same 'output'",
                               PLAIN(orders[k]->name), PLAIN(orders[i]->name));
            }
    }
    return rc;
}

static int run_order(int argc, char **argv)
{
    struct cli cli = {0};
    struct options o = {0};
    struct signet_order *orders[ORDERS_MAX] = {0};
    const struct option_row rows[] = {
        FLAG('n', "dry-run", "Check everything, print the plan, touch no board", &o.dry_run),
        FLAG('w', "watch", "Slots may be empty; each waits for boards until the order is used up",
             &o.watch),
        NUMBER('W', "wait", "SECONDS",
               "Without --watch: how long a slot waits for its next board (5)", &o.wait, 1, 86400),
        NUMBER(0, "sync", "SECONDS", "At the end: how long servers that are away are tried (10)",
               &o.sync, 1, 86400),
        TEXT(0, "operator", "NAME", "Who is at work; else the order's", &o.operator_name),
        TEXT(0, "shift", "NAME", "The shift that works; else the order's", &o.shift),
        FLAG(0, "plain", "Lines instead of the panel", &o.plain),
        MAYBE(0, "page", "ADDR:PORT", "The line in a browser, there (127.0.0.1:8470)",
              &o.page.address),
        MAYBE(0, "metrics", "ADDR:PORT",
              "Figures for a monitoring system (OpenMetrics), at /metrics of the page; without one "
              "there",
              &o.page.metrics),
        PAGE_CERT_ROWS(&o.page),
        {0}};
    if (!cli_parse(&cli, argc, argv, rows, "ORDER.yaml [ORDER.yaml ...]",
                   "Makes the devices of a work order, in all slots at the same time; without a "
                   "board, their packets into a folder or a file. Another order begins when the "
                   "one before is used up. To resume an interrupted run, run the same command. "
                   "Exit 0: every device is done or void, or in work at another station.",
                   1, ORDERS_MAX))
        return EXIT_USAGE;
    when_check_zone(); /* of the panel's clock */
    int code = load_orders(&cli, orders) == SIGNET_OK
                   ? run_with_panel(&cli, orders, (size_t)cli.arg_count, &o)
                   : cli_fail(&cli, &cli.err);
    for (size_t i = 0; i < ORDERS_MAX; i++)
        signet_order_free(&orders[i]);
    return code;
}

const struct verb run_verbs[] = {{"", "the devices of a work order, in many slots", run_order},
                                 {0}};
