/* SPDX-License-Identifier: Apache-2.0 */
/* signet packet make|show|check */
#include "cli.h"

#include <string.h>

enum { PACKET_MAX = 16 * 1024 * 1024 };

static int print_diagnosis(const struct signet_bytes *data, unsigned flags,
                           struct signet_bytes *out, struct signet_error *err)
{
    return signet_packet_diagnose(data->data, data->len, flags, out, err);
}

static int print_packet(const struct signet_bytes *data, const char *format, unsigned flags,
                        struct signet_bytes *out, struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    enum signet_packet_format as = !strcmp(format, "json")  ? SIGNET_PACKET_JSON
                                   : !strcmp(format, "cfg") ? SIGNET_PACKET_CFG
                                                            : SIGNET_PACKET_TABLE;
    if (!strcmp(format, "cbor-diag"))
        return print_diagnosis(data, flags, out, err);
    int code = signet_packet_decode(data->data, data->len, &tree, err);
    if (!code)
        code = signet_packet_print(tree, as, flags, out, err);
    signet_tree_free(&tree);
    return code;
}

static bool known_format(const struct cli *cli, const char *format)
{
    static const char *const formats[] = {"table", "json", "cfg", "cbor-diag"};
    for (size_t i = 0; i < 4; i++)
        if (!strcmp(format, formats[i]))
            return true;
    cli_usage(cli, "'%s' is not one of table, json, cfg, cbor-diag", format);
    return false;
}

static int packet_show(int argc, char **argv)
{
    struct cli cli = {0};
    const char *format = NULL;
    bool reveal = false;
    const struct option_row rows[] = {
        {'f', "format", "NAME", "table (default), json, cfg or cbor-diag", OPTION_TEXT, &format, 0,
         0},
        {'R', "reveal", NULL, "Show secrets: the output is then a secret itself", OPTION_FLAG,
         &reveal, 0, 0},
        {0},
    };
    if (!cli_parse(&cli, argc, argv, rows, "FILE",
                   "Shows a SenML CBOR packet. FILE may be - for standard input.", 1, 1))
        return EXIT_USAGE;
    if (!format)
        format = cli.json ? "json" : "table";
    if (!known_format(&cli, format))
        return EXIT_USAGE;
    struct signet_bytes data = {0}, out = {0};
    struct signet_error err = {0};
    int code = cli_read(cli.args[0], PACKET_MAX, &data, &err);
    if (!code)
        code = print_packet(&data, format, reveal ? SIGNET_PACKET_REVEAL : 0, &out, &err);
    if (!code)
        code = cli_write("-", out.data, out.len, &err);
    signet_bytes_free(&data);
    signet_bytes_free(&out);
    return code ? cli_fail(&cli, &err) : EXIT_DONE;
}

const struct verb packet_verbs[] = {
    {"show", "decode a packet into a table, JSON, a configuration or CBOR notation", packet_show},
    {0},
};
