/* SPDX-License-Identifier: Apache-2.0 */
/* signet ledger: what was made, and what is to be done about it. */
#include "cli.h"
#include "ledger_look.h"
#include "ledger_open.h"
#include "ledger_stats.h"
#include "ledger_sync.h"

static int verify(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_ledger *ledger = NULL;
    struct signet_error err = {0};
    int64_t events = 0;
    char head[65] = "";
    const struct option_row rows[] = {{0}};
    if (!cli_parse(&cli, argc, argv, rows, "LEDGER",
                   "Checks the chain of events, and names the first one that was changed, dropped "
                   "or reordered. The head, written down elsewhere, shows later whether an old "
                   "copy was put back.",
                   1, 1))
        return EXIT_USAGE;
    int rc = ledger_open_to_read(&ledger, cli.args[0], &err);
    if (rc == SIGNET_OK)
        rc = signet_ledger_verify(ledger, &events, head, &err);
    signet_ledger_close(&ledger);
    if (rc != SIGNET_OK)
        return cli_fail(&cli, &err);
    if (cli.json) {
        struct json j;
        json_begin(&j, stdout);
        json_text(&j, "event", "verified");
        json_integer(&j, "events", events);
        json_text(&j, "head", head);
        json_end(&j);
    } else {
        printf("%lld events, unbroken; head %s\n", (long long)events, head);
    }
    return cli_close(&cli, EXIT_DONE);
}

static int change(int argc, char **argv, const char *doc, bool voids)
{
    struct cli cli = {0};
    struct signet_ledger *ledger = NULL;
    struct signet_error err = {0};
    const char *reason = NULL;
    const struct option_row with_reason[] = {
        {'r', "reason", "TEXT", "Why; it is recorded (required)", OPTION_TEXT, &reason, 0, 0}, {0}};
    const struct option_row none[] = {{0}};
    if (!cli_parse(&cli, argc, argv, voids ? with_reason : none, "LEDGER ENDPOINT", doc, 2, 2))
        return EXIT_USAGE;
    if (voids && !reason)
        return cli_usage(&cli, "a reason is missing: --reason TEXT");
    int rc = ledger_open_to_change(&ledger, cli.args[0], &err);
    if (rc == SIGNET_OK)
        rc = voids ? signet_ledger_void(ledger, cli.args[1], reason, &err)
                   : signet_ledger_rework(ledger, cli.args[1], &err);
    signet_ledger_close(&ledger);
    return rc == SIGNET_OK ? cli_close(&cli, EXIT_DONE) : cli_fail(&cli, &err);
}

static int make_void(int argc, char **argv)
{
    return change(argc, argv,
                  "Ends a device for ever. Its name comes back only when its credentials never "
                  "left the host.",
                  true);
}

static int rework(int argc, char **argv)
{
    return change(argc, argv,
                  "Lets a device that was set aside be tried again, with the same identity on the "
                  "same board.",
                  false);
}

const struct verb ledger_verbs[] = {
    {"list", "devices, one a line", ledger_list},
    {"show", "one device with its history", ledger_show},
    {"stats", "orders, states, yield, errors", ledger_stats},
    {"export", "devices or history, as CSV or JSON", ledger_export},
    {"verify", "check the chain of events", verify},
    {"sync", "register what waits for its servers", ledger_sync},
    {"rework", "let a device be tried again", rework},
    {"void", "end a device for ever", make_void},
    {0},
};
