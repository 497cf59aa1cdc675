/* SPDX-License-Identifier: Apache-2.0 */
/* signet order: orders that their owner signs. */
#include "cli.h"
#include "when.h"

#include <signet/signed_order.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct signing {
    const char *file, *name, *from, *until, *output;
};

static int sign_order(struct cli *cli, const struct signing *s, int64_t from, int64_t until)
{
    struct signet_order *order = NULL;
    struct signet_bytes text = {0};
    char path[4200];
    int rc = cli_order(cli, cli->args[0], &order);

    cli->begun = false; /* --from, --until and --name are of the command line */
    if (rc == SIGNET_OK)
        rc = signet_order_sign(order, s->file, s->name, from, until, &text, &cli->err);
    snprintf(path, sizeof(path), "%s.sig", cli->args[0]);
    if (rc == SIGNET_OK)
        rc = cli_write(s->output ? s->output : path, text.data, text.len, &cli->err);
    signet_bytes_free(&text);
    signet_order_free(&order);
    return cli_end(cli, rc);
}

static int order_sign(int argc, char **argv)
{
    struct cli cli = {0};
    struct signing s = {.name = "owner"};
    struct signet_bytes owner = {0};
    int64_t from = 0, until = 0;
    const struct option_row rows[] = {
        TEXT(0, "sign", "FILE", "The owner's key, which is made if it is missing (required)",
             &s.file),
        TEXT(0, "name", "NAME", "The owner's name, when the key is made (owner)", &s.name),
        TEXT(0, "from", "TIME", "Not to be worked on before: " WHEN_HELP, &s.from),
        TEXT(0, "until", "TIME", "Not to be worked on from then on", &s.until),
        TEXT('o', "output", "FILE", "Into this file (ORDER.yaml.sig)", &s.output),
        {0}};

    if (!cli_parse(&cli, argc, argv, rows, "[ORDER.yaml]",
                   "Signs an order as it is: its bytes, quota, period, template, manifest, and the "
                   "files of its certificates and servers. Without an order: shows the owner's "
                   "public key.",
                   0, 1))
        return EXIT_USAGE;
    if (cli.arg_count == 0)
        return cli_end_owner(&cli, signet_order_key(s.file, s.name, &owner, &cli.err), &owner);
    if (!when_parse(&cli, "from", s.from, false, &from) ||
        !when_parse(&cli, "until", s.until, true, &until))
        return EXIT_USAGE;
    return sign_order(&cli, &s, from, until);
}

static int order_verify(int argc, char **argv)
{
    struct cli cli = {0};
    struct option_list keys = {0};
    struct signet_order *order = NULL;
    const struct option_row rows[] = {
        LIST(0, "vkey", "VKEY", "The owner's public key (required)", &keys), {0}};

    if (!cli_parse(&cli, argc, argv, rows, "ORDER.yaml",
                   "Whether ORDER.yaml is as its owner signed it (ORDER.yaml.sig), and today is in "
                   "its period.",
                   1, 1))
        return EXIT_USAGE;
    int rc = cli_order(&cli, cli.args[0], &order);
    if (rc == SIGNET_OK)
        rc = signet_order_verify(order, keys.items, keys.count, time(NULL), &cli.err);
    if (rc == SIGNET_OK && cli.json) {
        json_line("signed", M_TEXT("order", order->name), M_INT("quota", order->quota));
    } else if (rc == SIGNET_OK) {
        printf("order %s is as its owner signed it: %s\n", PLAIN(order->name),
               COUNT(order->quota, "device", "devices"));
    }
    signet_order_free(&order);
    return cli_end(&cli, rc);
}

/* Of the station; here, since what it knows of is an order's owner. */
static int order_owner(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_order *order = NULL;
    struct signet_bytes owners = {0};

    if (!cli_parse(&cli, argc, argv, NULL, "ORDER.yaml [VKEY]",
                   "Whose orders the station of ORDER.yaml makes; with VKEY, one owner more. A "
                   "station that knows an owner makes only orders that are signed.",
                   1, 2))
        return EXIT_USAGE;
    int rc = cli_order(&cli, cli.args[0], &order);
    if (rc == SIGNET_OK && cli.arg_count == 2)
        rc = signet_order_add_owner(order, cli.args[1], &cli.err);
    if (rc == SIGNET_OK)
        rc = signet_order_owners(order, &owners, &cli.err);
    if (rc == SIGNET_OK && cli.json) {
        json_line("owners", M_TEXT("keys", owners.data ? (const char *)owners.data : ""));
    } else if (rc == SIGNET_OK) {
        for (char *rest = (char *)owners.data, *line; rest && (line = strsep(&rest, "\n"));)
            if (*line)
                printf("%s\n", PLAIN(line));
        if (owners.len == 0)
            printf("nobody: orders need no signature\n");
    }
    signet_bytes_free(&owners);
    signet_order_free(&order);
    return cli_end(&cli, rc);
}

const struct verb order_verbs[] = {
    {"sign", "an order, by who owns the product", order_sign},
    {"verify", "is an order as its owner signed it", order_verify},
    {"owner", "whose orders a station makes", order_owner},
    {"grant", "certificates that a key in a station's TPM may sign", order_grant},
    {0},
};
