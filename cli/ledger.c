/* SPDX-License-Identifier: Apache-2.0 */
/* signet ledger: what was made, and what is to be done about it. */
#include "ledger.h"

static int verify_events(struct signet_ledger *ledger, void *ctx, struct signet_error *err)
{
    const struct cli *cli = ctx;
    int64_t events = 0;
    char head[65] = "";
    int rc = signet_ledger_verify(ledger, &events, head, err);

    if (rc == SIGNET_OK)
        ledger_print_head(cli, events, head);
    return rc;
}

static int ledger_verify(int argc, char **argv)
{
    struct cli cli = {0};

    if (!cli_parse(&cli, argc, argv, NULL, "LEDGER",
                   "Checks the chain of events, and names the first one that was changed, dropped "
                   "or reordered. The head, written down elsewhere, shows later whether an old "
                   "copy was put back.",
                   1, 1))
        return EXIT_USAGE;
    return ledger_read(&cli, verify_events, &cli);
}

const struct verb ledger_verbs[] = {
    {"list", "devices, one a line", ledger_list},
    {"show", "one device with its history", ledger_show},
    {"stats", "orders, states, yield, errors", ledger_stats},
    {"export", "devices or history, as CSV or JSON", ledger_export},
    {"verify", "check the chain of events", ledger_verify},
    {"sync", "register what waits for its servers", ledger_sync},
    {"backup", "copy a ledger that is in use", ledger_backup},
    {"archive", "finished orders, in a file of their own", ledger_archive},
    {"import", "bring another site's ledger in", ledger_import},
    {"recover", "after an old copy was put back", ledger_recover},
    {"rework", "let devices be tried again, or be made again", ledger_rework},
    {"void", "end devices for ever", ledger_void},
    {0},
};
