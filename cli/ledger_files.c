/* SPDX-License-Identifier: Apache-2.0 */
/* signet ledger recover, backup, archive: what becomes of ledgers as files. */
#include "ledger.h"
#include "run.h"

enum { SHOWN = 20 }; /* names of each kind */

struct recover {
    const struct cli *cli;
    bool yes;
    int64_t shown;
};

static int lost_row(void *ctx, const struct signet_run_lost *lost, struct signet_error *err)
{
    struct recover *r = ctx;
    const char *state = lost->state < 0
                            ? "unknown"
                            : signet_device_state_name((enum signet_device_state)lost->state);

    (void)err;
    if (r->cli->json) {
        json_line("lost", M_TEXT("endpoint", lost->endpoint), M_TEXT("state", state),
                  M_BOOL("sealed", lost->sealed));
    } else if (r->shown < SHOWN || lost->sealed) {
        printf("%-32s %-10s %s\n", PLAIN(lost->endpoint), state,
               lost->sealed ? "in work: its credentials are in the work folder" : "");
        r->shown++;
    }
    return SIGNET_OK;
}

static const char *age_word(enum signet_ledger_age age)
{
    switch (age) {
    case SIGNET_LEDGER_SAME:
        return "whole";
    case SIGNET_LEDGER_BEHIND:
        return "behind";
    case SIGNET_LEDGER_FORKED:
        return "forked";
    case SIGNET_LEDGER_OTHER:
        break;
    }
    return "another";
}

static void print_recovery(const struct recover *r, const struct signet_run_recovery *found)
{
    if (r->cli->json) {
        json_line("recovery", M_TEXT("ledger", age_word(found->age)), M_INT("names", found->names),
                  M_INT("devices", found->devices), M_INT("unnamed", found->unnamed),
                  M_BOOL("accepted", found->accepted),
                  M_BOOL("done", r->yes && (found->accepted || found->age != SIGNET_LEDGER_SAME)));
        return;
    }
    if (found->accepted)
        printf("that the station was put back is %s: compare its devices with those of the servers "
               "before it goes on\n",
               r->yes ? "accepted and recorded" : "not accepted yet (--yes)");
    else if (found->age == SIGNET_LEDGER_SAME)
        printf("the ledger has all that the work folder knows of: nothing is to be done\n");
    if (found->age == SIGNET_LEDGER_SAME)
        return;
    printf("%s that the ledger does not know, and %s of it that may be on boards: %s\n",
           COUNT(found->names, "name", "names"), COUNT(found->devices, "device", "devices"),
           r->yes ? "they are void or set aside, and are not given again" : "nothing was changed");
    if (found->unnamed)
        printf("%s went to boards with names of their own, and are not in this ledger\n",
               COUNT(found->unnamed, "unit of the quota", "units of the quota"));
    printf(r->yes ? "run this at each station of the order before any of them makes devices again\n"
                  : "--yes does it; end the order's other stations before\n");
}

static int run_recover(struct cli *cli, const struct signet_order *order, bool yes,
                       const char *reason)
{
    const struct signet_observer observer = cli_observer(cli);
    const struct signet_run_options options = {.size = sizeof(options),
                                               .ask = cli_ask,
                                               .deliver_only = true,
                                               .recover = true,
                                               .reason = reason,
                                               .dry_run = !yes,
                                               .observer = &observer,
                                               .cancel = process_cancel()};
    struct signet_run_recovery found = {0};
    struct signet_run *run = NULL;
    struct recover r = {.cli = cli, .yes = yes};
    int rc = signet_run_open(&run, order, &options, &cli->err);

    if (rc == SIGNET_OK)
        rc = signet_run_recover(run, lost_row, &r, &found, &cli->err);
    if (rc == SIGNET_OK)
        print_recovery(&r, &found);
    signet_run_close(&run);
    return cli_end(cli, rc);
}

int ledger_recover(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_order *order = NULL;
    const char *reason = NULL;
    bool yes = false;
    const struct option_row rows[] = {
        FLAG('y', "yes", "Do it; else it is only shown", &yes),
        TEXT('r', "reason", "TEXT",
             "Why it is accepted that the whole station was put back, which its TPM has shown; it "
             "is recorded",
             &reason),
        {0}};

    if (!cli_parse(
            &cli, argc, argv, rows, "ORDER.yaml",
            "After an old copy of the ledger was put back, or the ledger was lost: the names "
            "that may have been given out since become void, so that no run gives them "
            "again. Shows first what it would do.",
            1, 1))
        return EXIT_USAGE;
    if (cli_order(&cli, cli.args[0], &order) != SIGNET_OK)
        return cli_fail(&cli, &cli.err);
    order->operator_name = ledger_user();
    int code = run_recover(&cli, order, yes, reason);
    signet_order_free(&order);
    return code;
}

static int back_up(struct signet_ledger *ledger, void *ctx, struct signet_error *err)
{
    const struct cli *cli = ctx;
    int64_t events = 0;
    char head[65] = "";
    int rc = signet_ledger_backup(ledger, cli->args[1], process_cancel(), &events, head, err);

    if (rc == SIGNET_OK)
        ledger_print_head(cli, events, head, NULL);
    return rc;
}

int ledger_backup(int argc, char **argv)
{
    struct cli cli = {0};

    if (!cli_parse(
            &cli, argc, argv, NULL, "LEDGER TO",
            "Copies a ledger into a new file, while runs go on, and verifies the copy. A file "
            "that is copied by other means while it is in use is no ledger.",
            2, 2))
        return EXIT_USAGE;
    return ledger_read(&cli, back_up, &cli);
}

static int archive(struct signet_ledger *ledger, void *ctx, struct signet_error *err)
{
    const struct cli *cli = ctx;
    int64_t events = 0;
    char head[65] = "";
    int rc = signet_ledger_archive(ledger, (const char *const *)&cli->args[2],
                                   (size_t)cli->arg_count - 2, cli->args[1], process_cancel(),
                                   &events, head, err);

    if (rc == SIGNET_OK)
        ledger_print_head(cli, events, head, NULL);
    return rc;
}

int ledger_archive(int argc, char **argv)
{
    struct cli cli = {0};
    const struct option_row rows[] = {SIGN_ROW(cli), {0}};

    if (!cli_parse(
            &cli, argc, argv, rows, "LEDGER TO ORDER...",
            "Copies finished orders, by name, into a new file that is a ledger of its own and "
            "verifies by itself. LEDGER keeps them, and records the head of the file.",
            3, 64))
        return EXIT_USAGE;
    return ledger_change(&cli, archive, &cli);
}
