/* SPDX-License-Identifier: Apache-2.0 */
/* signet run: a whole line. */
#include "cli.h"
#include "mint.h"
#include "panel.h"
#include "plan.h"
#include "takt.h"

#include <string.h>

struct options {
    bool dry_run, watch, plain;
    long wait, sync;
};

static int run_line(const struct cli *cli, const struct signet_order *order,
                    const struct options *o)
{
    struct signet_error err = {0};
    struct signet_shop *shop = NULL;
    struct signet_line_report report = {0};
    struct panel *panel = NULL;
    if (!panel_open(&panel, cli, order, o->plain)) {
        err.code = SIGNET_E_NOMEM;
        snprintf(err.msg, sizeof(err.msg), "out of memory");
        return cli_fail(cli, &err);
    }
    const struct signet_observer observer = panel_observer(panel);
    const struct signet_shop_options options = {.watch = o->watch,
                                                .wait_seconds = (int)o->wait,
                                                .sync_seconds = (int)o->sync,
                                                .ask_servers = o->dry_run,
                                                .dry_run = o->dry_run,
                                                .observer = &observer,
                                                .cancel = process_cancel()};
    int rc = signet_shop_open(&shop, order, &options, &err);
    if (rc == SIGNET_OK && !o->dry_run) {
        panel_begin(panel);
        rc = signet_line_run(signet_shop_line(shop), &report, &err);
    }
    panel_close(&panel);
    int code = rc == SIGNET_OK ? EXIT_DONE : EXIT_FAILED;
    if (rc == SIGNET_OK && o->dry_run)
        plan_print(cli, order, signet_shop_line(shop)->units);
    else if (report.slots)
        code = takt_print(cli, &report, signet_cancel_fired(process_cancel()), rc == SIGNET_OK);
    signet_line_report_free(&report);
    signet_shop_close(&shop);
    return rc == SIGNET_OK ? cli_close(cli, code) : cli_fail(cli, &err);
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
                   "board, their packets into a folder or a file. A run that was cut off is gone "
                   "on with: start it again. Exit 0: every device is done.",
                   1, 1))
        return EXIT_USAGE;
    if (signet_order_load(&order, cli.args[0], &err) != SIGNET_OK)
        return cli_fail(&cli, &err);
    const struct mint_options mint = {.dry_run = o.dry_run, .plain = o.plain, .sync = (int)o.sync};
    int code = order->recipe ? run_line(&cli, order, &o) : mint_order(&cli, order, &mint);
    signet_order_free(&order);
    return code;
}

const struct verb run_verbs[] = {{"", "the devices of a work order, in many slots", run}, {0}};
