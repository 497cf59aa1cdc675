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

/* What a device would refuse of it is said beside it; observer NULL: not. */
static int print_packet(const struct signet_bytes *data, const char *format, unsigned flags,
                        const struct signet_observer *observer, struct signet_bytes *out,
                        struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    enum signet_packet_format as = !strcmp(format, "json")  ? SIGNET_PACKET_JSON
                                   : !strcmp(format, "cfg") ? SIGNET_PACKET_CFG
                                                            : SIGNET_PACKET_TABLE;
    if (!strcmp(format, "cbor-diag"))
        return print_diagnosis(data, flags, out, err);
    int code = signet_packet_decode(data->data, data->len, &tree, err);
    if (!code && observer)
        code = signet_device_check(tree, SIGNET_CHECK_WARN_ONLY, observer, err);
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
    const struct signet_observer observer = cli_observer(&cli);
    struct signet_error err = {0};
    int code = cli_read(cli.args[0], PACKET_MAX, &data, &err);
    if (!code)
        code = print_packet(&data, format, reveal ? SIGNET_PACKET_REVEAL : 0,
                            cli.json ? NULL : &observer, &out, &err);
    if (!code)
        code = cli_write("-", out.data, out.len, &err);
    signet_bytes_free(&data);
    signet_bytes_free(&out);
    return code ? cli_fail(&cli, &err) : EXIT_DONE;
}

/* A configuration starts with a brace, a blank, a comment or a byte order mark; a packet with the
 * head of an array, or the tag of self-described CBOR. */
static bool looks_like_packet(const struct signet_bytes *data)
{
    return data->len && ((data->data[0] >= 0x80 && data->data[0] <= 0x9f) || data->data[0] == 0xd9);
}

static int load(const char *path, struct signet_tree **tree, struct signet_error *err)
{
    struct signet_bytes data = {0};
    int code = cli_read(path, PACKET_MAX, &data, err);
    if (!code && looks_like_packet(&data))
        code = signet_packet_decode(data.data, data.len, tree, err);
    else if (!code)
        code = signet_config_parse((const char *)data.data, data.len,
                                   strcmp(path, "-") ? path : "standard input", tree, err);
    signet_bytes_free(&data);
    return code;
}

static int load_config(const char *path, struct signet_tree **tree, struct signet_error *err)
{
    struct signet_bytes data = {0};
    if (strcmp(path, "-") != 0)
        return signet_config_load(path, tree, err);
    int code = cli_read(path, PACKET_MAX, &data, err);
    if (!code)
        code = signet_config_parse((const char *)data.data, data.len, "standard input", tree, err);
    signet_bytes_free(&data);
    return code;
}

static void tell_made(const char *file, const struct signet_tree *tree, size_t len)
{
    struct json j;
    json_begin(&j, stdout);
    json_text(&j, "event", "packet");
    json_text(&j, "file", file);
    json_integer(&j, "records", (int64_t)signet_tree_count(tree));
    json_integer(&j, "bytes", (int64_t)len);
    json_end(&j);
}

static int packet_make(int argc, char **argv)
{
    struct cli cli = {0};
    const char *config = NULL, *output = "SenMLCBOR";
    bool no_check = false;
    const struct option_row rows[] = {
        {'c', "config", "FILE", "The configuration (required)", OPTION_TEXT, &config, 0, 0},
        {'o', "output", "FILE", "Where the packet goes (default: SenMLCBOR)", OPTION_TEXT, &output,
         0, 0},
        {256, "no-check", NULL, "Warn of what a device would refuse, instead of refusing",
         OPTION_FLAG, &no_check, 0, 0},
        {0},
    };
    if (!cli_parse(&cli, argc, argv, rows, "",
                   "Makes the SenML CBOR packet of a configuration. A FILE may be -.", 0, 0))
        return EXIT_USAGE;
    if (!config)
        return cli_usage(&cli, "a configuration is missing: -c FILE");
    if (cli.json && !strcmp(output, "-"))
        return cli_usage(&cli, "--json and the packet cannot both go to standard output");
    struct signet_tree *tree = NULL;
    struct signet_bytes out = {0};
    struct signet_error err = {0};
    struct signet_observer observer = cli_observer(&cli);
    int code = load_config(config, &tree, &err);
    if (!code)
        code = signet_device_check(tree, no_check ? SIGNET_CHECK_WARN_ONLY : 0, &observer, &err);
    if (!code)
        code = signet_packet_encode(tree, &out, &err);
    if (!code)
        code = cli_write(output, out.data, out.len, &err);
    if (!code && cli.json)
        tell_made(output, tree, out.len);
    signet_bytes_free(&out);
    signet_tree_free(&tree);
    return code ? cli_fail(&cli, &err) : cli_close(&cli, EXIT_DONE);
}

/* Every refusal, not only the first. */
struct check {
    struct signet_observer tell;
    size_t refused, suspicious;
};

static void on_finding(void *ctx, const struct signet_event *event)
{
    struct check *check = ctx;
    if (event->kind == SIGNET_EVENT_WARNING && event->error) {
        if (event->error->code == SIGNET_OK)
            check->suspicious++;
        else
            check->refused++;
    }
    check->tell.on_event(check->tell.ctx, event);
}

static void tell_checked(const struct cli *cli, const struct check *check, size_t records)
{
    struct json j;
    if (!cli->json) {
        printf("%s: %zu records, %zu that a device would refuse, %zu suspicious\n",
               check->refused ? "refused" : "good", records, check->refused, check->suspicious);
        return;
    }
    json_begin(&j, stdout);
    json_text(&j, "event", "checked");
    json_bool(&j, "good", check->refused == 0);
    json_integer(&j, "records", (int64_t)records);
    json_integer(&j, "refused", (int64_t)check->refused);
    json_integer(&j, "suspicious", (int64_t)check->suspicious);
    json_end(&j);
}

static int packet_check(int argc, char **argv)
{
    struct cli cli = {0};
    if (!cli_parse(&cli, argc, argv, NULL, "FILE",
                   "Says what a device would refuse of a packet or a configuration, and what is "
                   "suspicious. FILE may be - for standard input.",
                   1, 1))
        return EXIT_USAGE;
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};
    struct check check = {.tell = cli_observer(&cli)};
    struct signet_observer observer = {on_finding, &check};
    int code = load(cli.args[0], &tree, &err);
    if (!code)
        code = signet_device_check(tree, SIGNET_CHECK_WARN_ONLY, &observer, &err);
    if (!code)
        tell_checked(&cli, &check, signet_tree_count(tree));
    signet_tree_free(&tree);
    if (code)
        return cli_fail(&cli, &err);
    return cli_close(&cli, check.refused ? EXIT_FAILED : EXIT_DONE);
}

const struct verb packet_verbs[] = {
    {"make", "make the packet of a configuration", packet_make},
    {"show", "show a packet as a table, JSON, a configuration or CBOR notation", packet_show},
    {"check", "tell what a device would refuse of a packet or a configuration", packet_check},
    {0},
};
