/* SPDX-License-Identifier: Apache-2.0 */
/* signet ledger sync: what waits for its servers. */
#include "ledger.h"
#include "run.h"

static int run_sync(struct cli *cli, const struct signet_order *order)
{
    const struct signet_observer observer = cli_observer(cli);
    const struct signet_run_options options = {.size = sizeof(options),
                                               .ask = cli_ask,
                                               .deliver_only = true,
                                               .observer = &observer,
                                               .cancel = process_cancel()};
    struct signet_run_report report = {0};
    struct signet_run *run = NULL;
    int code = EXIT_FAILED;
    int rc = signet_run_open(&run, order, &options, &cli->err);
    if (rc == SIGNET_OK)
        rc = signet_run_deliver(run, &report, &cli->err);
    if (report.quota)
        code = report_print_synced(cli, order, &report, signet_cancel_fired(process_cancel()));
    signet_run_report_free(&report);
    signet_run_close(&run);
    return rc == SIGNET_OK ? cli_close(cli, code) : cli_fail(cli, &cli->err);
}

int ledger_sync(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_order *order = NULL;
    if (!cli_parse(&cli, argc, argv, NULL, "ORDER.yaml",
                   "Registers the devices of an order that wait for their servers, and proves them "
                   "where the order says so. Exit 0: nothing waits any more.",
                   1, 1))
        return EXIT_USAGE;
    if (cli_order(&cli, cli.args[0], &order) != SIGNET_OK)
        return cli_fail(&cli, &cli.err);
    int code = run_sync(&cli, order);
    signet_order_free(&order);
    return code;
}
