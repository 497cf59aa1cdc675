/* SPDX-License-Identifier: Apache-2.0 */
/* signet page: the operator's page of a run elsewhere, and of what was made. */
#include "page.h"
#include "ledger.h"
#include "when.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void page_tell(const struct cli *cli, const struct signet_page *page)
{
    const char *url = signet_page_url(page);

    if (!cli->json) {
        fprintf(stderr, "signet: page at %s\n", url);
        return;
    }
    json_line("page", M_TEXT("url", url));
}

int page_begin(const struct page_choice *choice, struct signet_page **out, struct signet_error *err)
{
    bool page = choice->address != NULL;
    const char *address = page ? choice->address : choice->metrics;
    const struct signet_page_options options = {.size = sizeof(options),
                                                .address = address && *address ? address : NULL,
                                                .cert_file = choice->cert_file,
                                                .key_file = choice->key_file,
                                                .logins_file = choice->logins_file,
                                                .metrics = choice->metrics != NULL,
                                                .only_metrics = !page};

    if (!address)
        return choice->cert_file || choice->key_file || choice->logins_file
                   ? cli_error(err, SIGNET_E_USAGE, "", "--page-%s goes with --page",
                               choice->logins_file ? "logins"
                               : choice->cert_file ? "cert"
                                                   : "key")
                   : SIGNET_OK;
    if (page && choice->metrics && *choice->metrics)
        return cli_error(err, SIGNET_E_USAGE, "leave out the address of --metrics",
                         "--metrics is at the address of the page");
    return signet_page_open(out, &options, err);
}

static void wait_for_the_end(void)
{
    const struct timespec piece = {.tv_nsec = 100 * 1000 * 1000};

    while (!signet_cancel_fired(process_cancel()))
        nanosleep(&piece, NULL);
}

/* Another file is refused; one that is not there may be made by a run. */
static int page_look(struct cli *cli)
{
    struct signet_ledger *ledger = NULL;
    int rc = strstr(cli->args[0], "://")
                 ? SIGNET_OK
                 : ledger_open(&ledger, cli->args[0], LEDGER_READ, NULL, &cli->err);
    signet_ledger_close(&ledger);
    if (rc == SIGNET_E_NOT_FOUND && !cli->json)
        fprintf(stderr, "signet: warning: %s; the page shows it when it is there\n", cli->err.msg);
    if (rc == SIGNET_E_NOT_FOUND)
        cli->err = (struct signet_error){0};
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

static int page_ledger(int argc, char **argv)
{
    struct cli cli = {0};
    struct page_choice choice = {.address = ""};
    const char *work = NULL, *order = NULL;
    struct signet_page *page = NULL;
    const struct option_row rows[] = {
        TEXT('l', "listen", "ADDR:PORT", "Where the page is (127.0.0.1:8470); port 0: any",
             &choice.address),
        TEXT(0, "work", "FOLDER", "Work folder of an order: its run on this computer is shown",
             &work),
        TEXT(0, "order", "NAME", "Of this order, where the folder has several runs", &order),
        MAYBE(0, "metrics", "ADDR:PORT",
              "Figures for a monitoring system, at /metrics of the page; no address here",
              &choice.metrics),
        PAGE_CERT_ROWS(&choice),
        {0}};

    if (!cli_parse(&cli, argc, argv, rows, "LEDGER",
                   "Shows in a browser what is in a ledger, and what the run in a work folder does "
                   "now, until Ctrl-C.",
                   1, 1))
        return EXIT_USAGE;
    when_check_zone(); /* of its plots */
    int rc = page_look(&cli);
    if (rc == SIGNET_OK && work && access(work, F_OK) != 0 && !cli.json)
        fprintf(
            stderr,
            "signet: warning: there is no folder '%s'; the page shows its run when it is there\n",
            PLAIN(work));
    if (rc == SIGNET_OK)
        rc = page_begin(&choice, &page, &cli.err);
    if (rc == SIGNET_OK)
        rc = signet_page_show(page, work, order, cli.args[0], &cli.err);
    if (rc == SIGNET_OK) {
        page_tell(&cli, page);
        wait_for_the_end();
    }
    signet_page_close(&page);
    return cli_end(&cli, rc);
}

enum { LINE_SIZE = 256 };

/* One line, without its end; what is too long for a password is cut, and refused. */
static int read_password(struct signet_bytes *out, struct signet_error *err)
{
    char *line = calloc(1, LINE_SIZE);

    if (!line)
        return cli_error(err, SIGNET_E_NOMEM, "", "out of memory");
    out->data = (uint8_t *)line;
    out->len = LINE_SIZE;
    if (!fgets(line, LINE_SIZE, stdin))
        return cli_error(err, SIGNET_E_USAGE, "", "standard input has no password");
    line[strcspn(line, "\n")] = '\0';
    return SIGNET_OK;
}

static int ask_password(struct signet_bytes *out, struct signet_error *err)
{
    struct signet_bytes again = {0};

    if (!isatty(STDIN_FILENO))
        return read_password(out, err);
    int rc = cli_ask(NULL, "password", out, err);
    if (rc == SIGNET_OK)
        rc = cli_ask(NULL, "the password once more", &again, err);
    if (rc == SIGNET_OK && strcmp((char *)out->data, (char *)again.data) != 0)
        rc = cli_error(err, SIGNET_E_USAGE, "", "these are two different passwords");
    signet_bytes_free(&again);
    return rc;
}

static int page_password(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_bytes password = {0};

    if (!cli_parse(&cli, argc, argv, NULL, "FILE NAME",
                   "Adds a person who may change something at the page to a file of logins, or "
                   "changes the password, which is asked for, or is a line of standard input.",
                   2, 2))
        return EXIT_USAGE;
    if (!access(cli.args[1], F_OK) && access(cli.args[0], F_OK))
        return cli_usage(&cli, "'%s' is a file: FILE stands before NAME", PLAIN(cli.args[1]));
    int rc = ask_password(&password, &cli.err);
    if (rc == SIGNET_OK)
        rc = signet_page_login(cli.args[0], cli.args[1], (char *)password.data, &cli.err);
    signet_bytes_free(&password);
    return cli_end(&cli, rc);
}

const struct verb page_verbs[] = {
    {"", "a line and a ledger in a browser", page_ledger},
    {"password", "who may change something at a page", page_password},
    {0},
};
