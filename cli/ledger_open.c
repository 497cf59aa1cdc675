/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <pwd.h>
#include <unistd.h>

const char *ledger_user(void)
{
    const struct passwd *user = getpwuid(geteuid());

    return user ? user->pw_name : NULL;
}

static int open_watched(struct signet_ledger **out, const char *where, enum ledger_use use,
                        const char *sign_file, const struct signet_observer *observer,
                        struct signet_error *err)
{
    char station[80] = "office", host[65] = "";
    const struct signet_ledger_options options = {.station = station,
                                                  .operator_name = ledger_user(),
                                                  .must_exist = use != LEDGER_MAKE,
                                                  .read_only = use == LEDGER_READ,
                                                  .observer = observer,
                                                  .sign_file = sign_file};

    if (gethostname(host, sizeof(host) - 1) == 0)
        snprintf(station, sizeof(station), "office@%s", host);
    return signet_ledger_open(out, where, &options, err);
}

int ledger_open(struct signet_ledger **out, const char *where, enum ledger_use use,
                const char *sign_file, struct signet_error *err)
{
    return open_watched(out, where, use, sign_file, NULL, err);
}

static int with_ledger(struct cli *cli, enum ledger_use use, ledger_work *work, void *ctx)
{
    const struct signet_observer observer = cli_observer(cli);
    struct signet_ledger *ledger = NULL;
    int rc = open_watched(&ledger, cli->args[0], use, cli->sign_file, &observer, &cli->err);

    if (rc == SIGNET_OK)
        rc = work(ledger, ctx, &cli->err);
    signet_ledger_close(&ledger);
    return cli_end(cli, rc);
}

int ledger_read(struct cli *cli, ledger_work *work, void *ctx)
{
    return with_ledger(cli, LEDGER_READ, work, ctx);
}

int ledger_change(struct cli *cli, ledger_work *work, void *ctx)
{
    return with_ledger(cli, LEDGER_CHANGE, work, ctx);
}

void ledger_print_head(const struct cli *cli, int64_t events, const char *head,
                       const bool *is_signed)
{
    struct json j;

    if (!cli->json) {
        printf("%s, unbroken\nhead %s\n", COUNT(events, "event", "events"), head);
        return;
    }
    json_event(&j, "verified");
    json_put(&j, M_INT("events", events), M_TEXT("head", head));
    if (is_signed)
        json_put(&j, M_BOOL("signed", *is_signed));
    json_end(&j);
}
