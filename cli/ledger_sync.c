/* SPDX-License-Identifier: Apache-2.0 */
/* signet ledger sync: what waits for its servers. */
#include "ledger_sync.h"

#include "cli.h"
#include "mint.h"
#include "takt.h"

#include <inttypes.h>

static int64_t still_waiting(const struct signet_line_report *r)
{
    return r->states[SIGNET_DEVICE_VERIFIED] + r->states[SIGNET_DEVICE_REGISTERED];
}

static void tell(const struct cli *cli, const struct signet_line_report *r)
{
    if (cli->json) {
        struct json j;
        json_begin(&j, stdout);
        json_text(&j, "event", "synced");
        takt_json_servers(&j, r);
        json_integer(&j, "proved", (int64_t)r->proved);
        json_integer(&j, "refused", (int64_t)r->refused);
        json_integer(&j, "waiting", still_waiting(r));
        json_integer(&j, "done", r->states[SIGNET_DEVICE_DONE]);
        json_end(&j);
        return;
    }
    takt_print_servers(r);
    printf("\n%" PRId64 " of %" PRId64 " devices done, %" PRId64 " still wait, %" PRIu64
           " refused now\n",
           r->states[SIGNET_DEVICE_DONE], r->quota, still_waiting(r), r->refused);
}

static int run_sync(const struct cli *cli, const struct signet_order *order)
{
    const struct signet_observer observer = cli_observer(cli);
    const struct signet_shop_options options = {
        .servers_only = true, .observer = &observer, .cancel = process_cancel()};
    struct signet_line_report report = {0};
    struct signet_shop *shop = NULL;
    struct signet_error err = {0};
    int rc = signet_shop_open(&shop, order, &options, &err);
    if (rc == SIGNET_OK)
        rc = signet_line_sync(signet_shop_line(shop), &report, &err);
    if (report.slots)
        tell(cli, &report);
    bool good = report.refused == 0 && still_waiting(&report) == 0;
    signet_line_report_free(&report);
    signet_shop_close(&shop);
    return rc == SIGNET_OK ? cli_close(cli, good ? EXIT_DONE : EXIT_FAILED) : cli_fail(cli, &err);
}

int ledger_sync(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_order *order = NULL;
    struct signet_error err = {0};
    const struct option_row rows[] = {{0}};
    if (!cli_parse(&cli, argc, argv, rows, "ORDER.yaml",
                   "Registers the devices of an order that wait for their servers, and proves them "
                   "where the order says so. Exit 0: nothing waits any more.",
                   1, 1))
        return EXIT_USAGE;
    if (signet_order_load(&order, cli.args[0], &err) != SIGNET_OK)
        return cli_fail(&cli, &err);
    int code = order->recipe ? run_sync(&cli, order) : mint_sync(&cli, order);
    signet_order_free(&order);
    return code;
}
