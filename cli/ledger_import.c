/* SPDX-License-Identifier: Apache-2.0 */
/* signet ledger import: two sites are brought together. */
#include "ledger.h"

static void import_json(const struct signet_ledger_imported *i)
{
    json_line("imported", M_TEXT("site", i->site), M_BOOL("again", i->again),
              M_INT("stations", i->stations), M_INT("orders", i->orders),
              M_INT("devices", i->devices), M_INT("new_events", i->events),
              M_INT("passed_over", i->passed_over), M_INT("events", i->all_events),
              M_TEXT("head", i->head));
}

static void import_text(const struct signet_ledger_imported *i)
{
    if (i->events)
        printf("site %s: %s of %s and %s, %s\n", i->site, COUNT(i->devices, "device", "devices"),
               COUNT(i->orders, "order", "orders"), COUNT(i->stations, "station", "stations"),
               COUNT(i->events, "new event", "new events"));
    else
        printf("nothing is new in it%s%s\n", i->again ? " since it was imported as site " : "",
               i->again ? i->site : "");
    if (i->passed_over)
        printf("%s that came into it by imports: import the ledgers that they came from\n",
               COUNT(i->passed_over, "station was passed over", "stations were passed over"));
    printf("head there %s\n", i->head);
}

static int import_from(struct cli *cli, struct signet_ledger *ledger, struct signet_ledger *from,
                       const char *site)
{
    struct signet_ledger_imported imported = {0};
    int rc = signet_ledger_import(ledger, from, site, process_cancel(), &imported, &cli->err);

    if (rc == SIGNET_OK && cli->json)
        import_json(&imported);
    else if (rc == SIGNET_OK)
        import_text(&imported);
    return rc;
}

int ledger_import(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_ledger *from = NULL, *ledger = NULL;
    const char *site = NULL;
    bool new = false;
    const struct option_row rows[] = {
        TEXT(0, "site", "NAME", "What the other site is called behind its orders and stations",
             &site),
        FLAG(0, "new", "LEDGER need not be there: it is made", &new),
        SIGN_ROW(cli),
        {0}};

    if (!cli_parse(
            &cli, argc, argv, rows, "LEDGER FROM",
            "Brings what is in the ledger FROM, of a site that works without a network, into "
            "LEDGER: its orders and devices are read there, and changed with FROM only. Its "
            "names, keys and boards are taken then; its orders and stations are called "
            "NAME@SITE. Again, with a newer copy of FROM: what is "
            "new comes.",
            2, 2))
        return EXIT_USAGE;
    int rc = ledger_open(&from, cli.args[1], LEDGER_READ, NULL, &cli.err);
    if (rc == SIGNET_OK)
        rc = ledger_open(&ledger, cli.args[0], new ? LEDGER_MAKE : LEDGER_CHANGE, cli.sign_file,
                         &cli.err);
    if (rc == SIGNET_E_NOT_FOUND && from)
        rc = cli_error(&cli.err, SIGNET_E_NOT_FOUND, "is its path right? --new makes it",
                       "%s: there is no such ledger", PLAIN(cli.args[0]));
    if (rc == SIGNET_OK)
        rc = import_from(&cli, ledger, from, site);
    signet_ledger_close(&ledger);
    signet_ledger_close(&from);
    return cli_end(&cli, rc);
}
