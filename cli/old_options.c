/* SPDX-License-Identifier: Apache-2.0 */
/* Options as versions before 0.2 spelt them. They work as before, and a note says what they are
 * called now; neither help nor completion shows them. */
#include "cli.h"

#include <string.h>
#include <unistd.h>

/* verb: "signet VERB" and all that begins with it; letter 0, name NULL: that did not change. */
static const struct old_option {
    const char *verb;
    char letter;
    const char *name, *now;
} table[] = {
    {"authority", 0, "order", "order-file"},
    {"board info", 'n', NULL, "endpoint-path"},
    {"board", 't', "timeout", "smp-timeout-ms"},
    {"board", 'V', NULL, "smp-version"},
    {"board", 0, "baudrate", "baud"},
    {"board", 0, "line-length", "smp-line-length"},
    {"board", 0, "packet-size", "smp-packet-size"},
    {"cert fetch", 't', NULL, "timeout"},
    {"cert", 0, "info", "cert-info"},
    {"ledger checkpoint", 's', "since", "since-checkpoint"},
    {"ledger import", 'n', NULL, "new"},
    {"ledger import", 's', NULL, "site"},
    {"ledger proof", 'k', "key", "vkey"},
    {"ledger rework", 'N', NULL, "new-edition"},
    {"ledger rework", 'b', NULL, "board"},
    {"ledger verify", 'k', "key", "vkey"},
    {"ledger verify", 's', "since", "since-checkpoint"},
    {"ledger verify", 'u', NULL, "unsigned"},
    {"ledger void", 'R', NULL, "remove"},
    {"ledger witness", 'k', "key", "vkey"},
    {"ledger witness", 'n', NULL, "name"},
    {"ledger", 'e', NULL, "error"},
    {"ledger", 'f', NULL, "force"},
    {"ledger", 'n', NULL, "names"},
    {"ledger", 'o', NULL, "order"},
    {"ledger", 's', NULL, "state"},
    {"object import", 0, "check", "dry-run"},
    {"open", 's', "signer", "vkey"},
    {"order sign", 'n', NULL, "name"},
    {"order verify", 'k', "key", "vkey"},
    {"page", 'o', NULL, "order"},
    {"page", 'w', NULL, "work"},
    {"prove", 'a', "ask", "server"},
    {"prove", 't', NULL, "timeout"},
    {"prove", 'u', NULL, "uri"},
    {"provision", 'B', "baudrate", "baud"},
    {"provision", 'P', NULL, "port"},
    {"provision", 'b', "board", "recipe"},
    {"provision", 'f', NULL, "final"},
    {"provision", 'n', NULL, "no-check"},
    {"provision", 'p', NULL, "server-cert"},
    {"provision", 'r', NULL, "device-cert"},
    {"provision", 0, "cert", "cert-info"},
    {"provision", 0, "line-length", "smp-line-length"},
    {"provision", 0, "out", "output"},
    {"provision", 0, "packet-size", "smp-packet-size"},
    {"report", 'b', NULL, "by"},
    {"report", 'o', NULL, "order"},
    {"report", 'p', NULL, "plot"},
    {"report", 'r', NULL, "runs"},
    {"report", 's', NULL, "since"},
    {"report", 'u', NULL, "until"},
    {"run", 'o', NULL, "operator"},
    {"run", 'p', NULL, "plain"},
    {"sim board", 'B', NULL, "buf-size"},
    {"sim board", 'P', NULL, "provisioned"},
    {"sim board", 'S', NULL, "seed"},
    {"sim board", 'g', NULL, "generation"},
    {"sim board", 'l', NULL, "link"},
    {"sim board", 'n', NULL, "no-parameters"},
    {"sim flasher", 'a', NULL, "as"},
    {"sim flasher", 'b', NULL, "board"},
    {"sim flasher", 'i', NULL, "install"},
    {"sim rack", 'F', NULL, "fresh"},
    {"sim rack", 'S', "state", "keep"},
    {"sim rack", 'n', NULL, "slots"},
    {"sim rack", 'p', NULL, "programmer"},
    {"sim server", 'C', NULL, "ca-file"},
    {"sim server", 'S', "state", "keep"},
    {"sim server", 'T', NULL, "token-seconds"},
    {"sim server", 'f', NULL, "token-file"},
    {"sim server", 'k', NULL, "kind"},
    {"sim server", 'l', NULL, "lwm2m"},
    {"sim server", 's', NULL, "server-file"},
    {"sim", 'c', NULL, "control"},
    {"sim", 'f', NULL, "firmware"},
    {"sim", 's', NULL, "save"},
    {"smp image", 'i', NULL, "image"},
    {"smp image", 's', "slot", "image-slot"},
    {"smp image", 'u', NULL, "upgrade"},
    {"smp upload", 'n', NULL, "no-compare"},
    {"smp", 't', "timeout", "smp-timeout-ms"},
    {"smp", 'V', NULL, "smp-version"},
    {"smp", 0, "baudrate", "baud"},
    {"smp", 0, "line-length", "smp-line-length"},
    {"smp", 0, "packet-size", "smp-packet-size"},
    {"station key", 't', NULL, "to"},
};

static const struct option_row *row_called(const struct option_row *rows, const char *name)
{
    for (; rows && rows->name; rows++)
        if (!strcmp(rows->name, name))
            return rows;
    return NULL;
}

static bool of_verb(const struct old_option *old, const char *verb)
{
    size_t len = strlen(old->verb);
    return !strncmp(verb, old->verb, len) && (!verb[len] || verb[len] == ' ');
}

void cli_old_options(const char *verb, struct option_row *rows, size_t max)
{
    static const char program[] = "signet ";
    size_t own = 0, n;
    if (!strncmp(verb, program, sizeof(program) - 1))
        verb += sizeof(program) - 1;
    while (own < max && rows[own].name)
        own++;
    n = own;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]) && n + 1 < max; i++) {
        const struct old_option *old = &table[i];
        const struct option_row *row = of_verb(old, verb) ? row_called(rows, old->now) : NULL;
        if (!row || row->of)
            continue;
        rows[n] = *row;
        rows[n].letter = old->letter;
        rows[n].name = old->name ? old->name : row->name;
        rows[n++].of = row->name;
    }
}

/* -p of other verbs is a port, and so is what stands here. */
static bool is_of_port(const struct option_row *rows, const struct option_row *row,
                       const char *value)
{
    static const char *const ports[] = {"/dev/", "tcp:", "udp:", "COM"};
    const struct option_row *port = row_called(rows, "port");
    bool is = false, there = value && access(value, R_OK) == 0 && strncmp(value, "/dev/tty", 8);
    for (size_t i = 0; port && value && !there && i < sizeof(ports) / sizeof(ports[0]); i++)
        is = is || !strncmp(value, ports[i], strlen(ports[i]));
    return is && strcmp(row->of, "port") != 0 && row->letter == 'p';
}

bool cli_old_option_fits(const struct cli *cli, const struct option_row *rows,
                         const struct option_row *row, const char *value)
{
    char letter[3] = {'-', row->letter, '\0'};
    bool named = strcmp(row->name, row->of) != 0;
    if (row->letter == 'o' && !strcmp(row->of, "order") && value && strpbrk(value, "./")) {
        cli_refuse(cli, "it writes to standard output: add > FILE",
                   "-o is --order here, and '%s' a file", PLAIN(value));
        return false;
    }
    if (is_of_port(rows, row, value)) {
        cli_refuse(cli, "did you mean --port?", "-p is --%s here, and '%s' a port", row->of,
                   PLAIN(value));
        return false;
    }
    fprintf(stderr, "signet: note: %s%s%s%s is --%s now\n", named ? "--" : "",
            named ? row->name : "", named && row->letter ? ", " : "", row->letter ? letter : "",
            row->of);
    return true;
}
