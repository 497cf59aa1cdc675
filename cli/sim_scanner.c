/* SPDX-License-Identifier: Apache-2.0 */
/* signet sim scanner: a scanner, whose codes come from standard input, or from printed labels. */
#include "sim_verbs.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_stopped(void)
{
    return signet_cancel_fired(process_cancel());
}

/* The next word of the list, or "ok". */
static const char *next_way(char **list)
{
    const char *way = *list ? strsep(list, ",") : NULL;
    return way && way[0] ? way : "ok";
}

static int check_ways(const char *list, struct signet_error *err)
{
    char *copy = list ? strdup(list) : NULL, *rest = copy;
    int rc = SIGNET_OK;
    while (rc == SIGNET_OK && rest)
        rc = sim_scanner_check(next_way(&rest), err);
    free(copy);
    return rc;
}

/* False: it was stopped. */
static bool wait_input(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    while (!is_stopped() && poll(&input, 1, 100) <= 0)
        ;
    return !is_stopped();
}

static int read_codes(struct sim_scanner *scanner, char *ways, struct signet_error *err)
{
    char *line = NULL;
    size_t size = 0;
    int rc = SIGNET_OK;
    setvbuf(stdin, NULL, _IONBF, 0); /* poll() knows of all that is not read yet */
    while (rc == SIGNET_OK && wait_input() && getline(&line, &size, stdin) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        rc = sim_scanner_read(scanner, line, next_way(&ways), err);
    }
    free(line);
    return rc;
}

/* False: it was stopped, or standard input has ended. */
static bool wait_ms(int ms)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char dropped[256];
    int ready = poll(&input, 1, ms);
    return !is_stopped() &&
           (ready == 0 || (ready > 0 && read(STDIN_FILENO, dropped, sizeof(dropped)) > 0));
}

/* As a person reads each label once it is on its board. */
static int read_labels(struct sim_scanner *scanner, const char *folder, int delay_ms, char *ways,
                       struct signet_error *err)
{
    char code[SIM_LABEL_CODE_SIZE];
    unsigned number = 1;
    int rc = SIGNET_OK;
    while (rc == SIGNET_OK && wait_ms(100)) {
        if (!sim_label_read(folder, number, code))
            continue;
        number++;
        if (wait_ms(delay_ms) && code[0])
            rc = sim_scanner_read(scanner, code, next_way(&ways), err);
    }
    return rc;
}

static void announce_scanner(const struct cli *cli, const char *port)
{
    if (cli->json)
        json_line("scanner", M_TEXT("port", port));
    else
        printf("%s\n", PLAIN(port));
    fflush(stdout);
}

int sim_scanner(int argc, char **argv)
{
    const char *link = "scanner", *misbehave = NULL, *labels = NULL;
    unsigned delay = 1000;
    struct cli cli = {0};
    const struct option_row rows[] = {
        TEXT(0, "link", "PATH", "A link to its pseudo-terminal, for the order's scanners (scanner)",
             &link),
        TEXT_OR_EMPTY('m', "misbehave", "LIST",
                      "How it reads each code, in their order, then well: " SIM_SCANNER_WAYS
                      "; or a wrong keyboard layout, such as german",
                      &misbehave),
        TEXT(0, "labels", "FOLDER",
             "Read the first code of each label that `sim printer` prints there, and none of "
             "standard input",
             &labels),
        NUMBER(0, "delay", "MS", "So long after it was printed (1000)", &delay, 1, 600000),
        {0}};
    if (!cli_parse(&cli, argc, argv, rows, "",
                   "A scanner on a serial port to rehearse with: each line of standard input is a "
                   "code that it reads. It ends with standard input, or by Ctrl-C.",
                   0, 0))
        return EXIT_USAGE;
    struct sim_scanner *scanner = NULL;
    char *ways = misbehave ? strdup(misbehave) : NULL;
    process_cancel();
    int rc = check_ways(misbehave, &cli.err);
    if (rc == SIGNET_OK)
        rc = sim_scanner_start(&scanner, link, &cli.err);
    if (rc == SIGNET_OK) {
        announce_scanner(&cli, link);
        rc = labels ? read_labels(scanner, labels, (int)delay, ways, &cli.err)
                    : read_codes(scanner, ways, &cli.err);
    }
    sim_scanner_stop(&scanner);
    free(ways);
    return cli_end(&cli, rc);
}
