/* SPDX-License-Identifier: Apache-2.0 */
/* signet sim scanner: a scanner, whose codes come from standard input. */
#include "sim_verbs.h"

#include <stdlib.h>
#include <string.h>

/* The next word of the list, or "ok". */
static const char *next_way(char **list)
{
    const char *way = *list ? strsep(list, ",") : NULL;
    return way && way[0] ? way : "ok";
}

static int read_codes(struct sim_scanner *scanner, char *ways, struct signet_error *err)
{
    char *line = NULL;
    size_t size = 0;
    int rc = SIGNET_OK;
    while (rc == SIGNET_OK && getline(&line, &size, stdin) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        rc = sim_scanner_read(scanner, line, next_way(&ways), err);
    }
    free(line);
    return rc;
}

int sim_scanner(int argc, char **argv)
{
    const char *link = "scanner", *misbehave = NULL;
    struct cli cli = {0};
    const struct option_row rows[] = {
        TEXT(0, "link", "PATH", "A link to its pseudo-terminal, for the order's scanners (scanner)",
             &link),
        TEXT('m', "misbehave", "LIST",
             "How it reads each code, in their order, then well: " SIM_SCANNER_WAYS
             "; or a wrong keyboard layout, such as german",
             &misbehave),
        {0}};
    if (!cli_parse(&cli, argc, argv, rows, "",
                   "A scanner on a serial port to rehearse with: each line of standard input is a "
                   "code that it reads. It ends with standard input.",
                   0, 0))
        return EXIT_USAGE;
    struct sim_scanner *scanner = NULL;
    char *ways = misbehave ? strdup(misbehave) : NULL;
    int rc = sim_scanner_start(&scanner, link, &cli.err);
    if (rc == SIGNET_OK) {
        printf("%s\n", PLAIN(link));
        fflush(stdout);
        rc = read_codes(scanner, ways, &cli.err);
    }
    sim_scanner_stop(&scanner);
    free(ways);
    return cli_end(&cli, rc);
}
