/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <pwd.h>
#include <unistd.h>

static int with_ledger(struct cli *cli, bool read_only, ledger_work *work, void *ctx)
{
    char station[80] = "office", host[65] = "";
    const struct passwd *user = getpwuid(geteuid());
    const struct signet_ledger_options options = {.station = station,
                                                  .operator_name = user ? user->pw_name : NULL,
                                                  .must_exist = true,
                                                  .read_only = read_only};
    struct signet_ledger *ledger = NULL;

    if (gethostname(host, sizeof(host) - 1) == 0)
        snprintf(station, sizeof(station), "office@%s", host);
    int rc = signet_ledger_open(&ledger, cli->args[0], &options, &cli->err);
    if (rc == SIGNET_OK)
        rc = work(ledger, ctx, &cli->err);
    signet_ledger_close(&ledger);
    return cli_end(cli, rc);
}

int ledger_read(struct cli *cli, ledger_work *work, void *ctx)
{
    return with_ledger(cli, true, work, ctx);
}

int ledger_change(struct cli *cli, ledger_work *work, void *ctx)
{
    return with_ledger(cli, false, work, ctx);
}

void ledger_print_head(const struct cli *cli, int64_t events, const char *head)
{
    struct json j;

    if (!cli->json) {
        printf("%s, unbroken\nhead %s\n", COUNT(events, "event", "events"), head);
        return;
    }
    json_event(&j, "verified");
    json_integer(&j, "events", events);
    json_text(&j, "head", head);
    json_end(&j);
}
