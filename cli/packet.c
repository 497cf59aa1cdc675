/* SPDX-License-Identifier: Apache-2.0 */
/* signet packet make|show|check */
#include "cli.h"

#include <string.h>

enum { PACKET_MAX = 16 * 1024 * 1024 };

/* What a device would refuse of it is said beside it; observer NULL: not. */
static int print_packet(const struct cli *cli, const struct signet_bytes *data, const char *format,
                        unsigned flags, const struct signet_observer *observer,
                        struct signet_bytes *out, struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    enum signet_packet_format as = !strcmp(format, "json")    ? SIGNET_PACKET_JSON
                                   : !strcmp(format, "cfg")   ? SIGNET_PACKET_CFG
                                   : !strcmp(format, "lines") ? SIGNET_PACKET_LINES
                                                              : SIGNET_PACKET_TABLE;
    if (!strcmp(format, "cbor-diag"))
        return signet_packet_diagnose(data->data, data->len, cli->objects, flags, out, err);
    int code = signet_packet_decode(data->data, data->len, &tree, err);
    if (!code)
        signet_tree_set_profile(tree, cli->profile);
    if (!code)
        signet_tree_set_objects(tree, cli->objects);
    if (!code && observer)
        code =
            signet_device_check(tree, SIGNET_CHECK_WARN_ONLY | SIGNET_CHECK_SUM_UP, observer, err);
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
    return cli_wrong(cli, "--format: '%s' is not one of table, json, cfg, cbor-diag",
                     PLAIN(format));
}

static int show_packet(struct cli *cli, const char *format, unsigned flags)
{
    struct signet_bytes data = {0}, out = {0};
    const struct signet_observer observer = cli_observer(cli);
    int rc = cli_read(cli->args[0], PACKET_MAX, &data, &cli->err);
    if (rc == SIGNET_OK)
        rc = cli_profile(cli, &cli->err);
    if (rc == SIGNET_OK)
        rc = print_packet(cli, &data, format, flags, cli->json ? NULL : &observer, &out, &cli->err);
    rc = signet_file_explain(rc, SIGNET_FILE_PACKET, cli->args[0], &cli->err);
    if (rc == SIGNET_OK)
        rc = cli_write("-", out.data, out.len, &cli->err);
    signet_bytes_free(&data);
    signet_bytes_free(&out);
    return cli_end(cli, rc);
}

static int packet_show(int argc, char **argv)
{
    struct cli cli = {0};
    const char *format = NULL;
    bool reveal = false;
    const struct option_row rows[] = {
        TEXT('f', "format", "NAME", "table (default), json, cfg or cbor-diag", &format),
        DEVICE_ROW(&cli),
        OBJECTS_ROW(&cli),
        FLAG('R', "reveal", "Show secrets: the output is then a secret itself", &reveal),
        {0},
    };
    if (!cli_parse(&cli, argc, argv, rows, "FILE",
                   "Shows a SenML CBOR packet. FILE may be - for standard input.", 1, 1))
        return EXIT_USAGE;
    if (format && !known_format(&cli, format))
        return EXIT_USAGE;
    if (format && cli.json)
        return cli_usage(&cli, "--json is a format of its own: leave out --format");
    if (!format)
        format = cli.json ? "lines" : "table";
    return show_packet(&cli, format, reveal ? SIGNET_PACKET_REVEAL : 0);
}

static void tell_made(const char *file, const struct signet_tree *tree, size_t len)
{
    json_line("packet", M_TEXT("file", file), M_INT("records", (int64_t)signet_tree_count(tree)),
              M_INT("bytes", (int64_t)len));
}

/* In its place, where recipients are given. */
static int seal_packet(const struct cli *cli, const struct option_list *to,
                       struct signet_bytes *packet, struct signet_error *err)
{
    const struct signet_observer observer = cli_observer(cli);
    struct signet_sealer *sealer = NULL;
    struct signet_bytes sealed = {0};
    if (!to->count)
        return SIGNET_OK;
    int rc = signet_sealer_open(&sealer, to->items, to->count, &observer, err);
    if (rc == SIGNET_OK)
        rc = signet_seal(sealer, packet->data, packet->len, &sealed, err);
    signet_sealer_close(&sealer);
    if (rc != SIGNET_OK)
        return rc;
    signet_bytes_free(packet);
    *packet = sealed;
    return SIGNET_OK;
}

static int make_packet(struct cli *cli, const char *config, const char *output, unsigned flags,
                       const struct option_list *seal_to)
{
    struct signet_tree *tree = NULL;
    struct signet_bytes out = {0};
    struct signet_observer observer = cli_observer(cli);
    int rc = cli_load(cli, config, LOAD_CONFIG, &tree, &cli->err);
    if (rc == SIGNET_OK)
        rc = signet_device_check(tree, flags, &observer, &cli->err);
    if (rc == SIGNET_OK)
        rc = signet_packet_encode(tree, &out, &cli->err);
    if (rc == SIGNET_OK)
        rc = seal_packet(cli, seal_to, &out, &cli->err);
    if (rc == SIGNET_OK)
        rc = cli_write(output, out.data, out.len, &cli->err);
    if (rc == SIGNET_OK && cli->json)
        tell_made(output, tree, out.len);
    signet_bytes_free(&out);
    signet_tree_free(&tree);
    return cli_end(cli, rc);
}

static int packet_make(int argc, char **argv)
{
    struct cli cli = {0};
    const char *config = NULL, *output = "SenMLCBOR";
    struct option_list seal_to = {0};
    bool no_check = false;
    const struct option_row rows[] = {
        TEXT('c', "config", "FILE", "The configuration (required)", &config),
        TEXT('o', "output", "FILE", "Where the packet goes (default: SenMLCBOR)", &output),
        DEVICE_ROW(&cli),
        OBJECTS_ROW(&cli),
        LIST(0, "seal-to", "CERT", "Sealed to this certificate, as CMS: signet open opens it",
             &seal_to),
        FLAG(0, "no-check", "Warn of what a device would refuse, instead of refusing", &no_check),
        {0},
    };
    if (!cli_parse(&cli, argc, argv, rows, "",
                   "Makes the SenML CBOR packet of a configuration. A FILE may be -.", 0, 0))
        return EXIT_USAGE;
    if (cli.json && !strcmp(output, "-"))
        return cli_usage(&cli, "--json and the packet cannot both go to standard output");
    return make_packet(&cli, config, output,
                       no_check ? SIGNET_CHECK_WARN_ONLY | SIGNET_CHECK_SUM_UP : 0, &seal_to);
}

/* Every refusal, not only the first. */
struct check {
    struct signet_observer tell;
    size_t refused, suspicious;
};

static void on_finding(void *ctx, const struct signet_event *event)
{
    struct check *check = ctx;
    struct signet_event told = *event;
    if (event->kind == SIGNET_EVENT_WARNING && event->error) {
        if (event->error->code == SIGNET_OK) {
            check->suspicious++;
        } else {
            check->refused++;
            told.kind = SIGNET_EVENT_ERROR; /* as where the first one ends the verb */
        }
    }
    check->tell.on_event(check->tell.ctx, &told);
}

static void tell_findings(const struct cli *cli, const struct check *check, size_t records)
{
    if (cli->json)
        json_line("checked", M_BOOL("good", check->refused == 0),
                  M_INT("records", (int64_t)records), M_INT("refused", (int64_t)check->refused),
                  M_INT("suspicious", (int64_t)check->suspicious));
    else
        printf("%s: %s, %zu that a device would refuse, %zu suspicious\n",
               check->refused ? "refused" : "good", COUNT(records, "record", "records"),
               check->refused, check->suspicious);
}

static int packet_check(int argc, char **argv)
{
    struct cli cli = {0};
    const struct option_row rows[] = {DEVICE_ROW(&cli), OBJECTS_ROW(&cli), {0}};
    if (!cli_parse(&cli, argc, argv, rows, "FILE",
                   "Says what a device would refuse of a packet or a configuration, and what is "
                   "suspicious. FILE may be - for standard input.",
                   1, 1))
        return EXIT_USAGE;
    struct signet_tree *tree = NULL;
    struct check check = {.tell = cli_observer(&cli)};
    struct signet_observer observer = {on_finding, &check};
    int rc = cli_load(&cli, cli.args[0], LOAD_EITHER, &tree, &cli.err);
    if (rc == SIGNET_OK)
        rc = signet_device_check(tree, SIGNET_CHECK_WARN_ONLY, &observer, &cli.err);
    if (rc == SIGNET_OK)
        tell_findings(&cli, &check, signet_tree_count(tree));
    signet_tree_free(&tree);
    rc = cli_end(&cli, rc);
    return rc == EXIT_DONE && check.refused ? EXIT_FAILED : rc;
}

const struct verb packet_verbs[] = {
    {"make", "make the packet of a configuration", packet_make},
    {"show", "show a packet: table, JSON, configuration, CBOR notation", packet_show},
    {"check", "say what a device would refuse of it", packet_check},
    {0},
};
