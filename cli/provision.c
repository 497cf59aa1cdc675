/* SPDX-License-Identifier: Apache-2.0 */
/* signet provision: the whole story of one device. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

enum { ROWS = 60, FLASHER_OPTIONS = 16 };

struct options {
    struct signet_provision_job job;
    struct signet_board_options board;
    const char *token, *token_file;
    bool no_check, allow_http;
    long vcom, baud, smp_version, flash_timeout, ready_timeout;
};

/* One line a stage: "flash          12.3 s". What a stage warns of stands above its line. */
static void on_event(void *ctx, const struct signet_event *event)
{
    const struct signet_observer *plain = ctx;
    const struct cli *cli = plain->ctx;
    if (cli->json ||
        (event->kind != SIGNET_EVENT_STAGE_BEGIN && event->kind != SIGNET_EVENT_STAGE_END)) {
        plain->on_event(plain->ctx, event);
        return;
    }
    bool terminal = cli_colour(stderr);
    if (event->kind == SIGNET_EVENT_STAGE_BEGIN) {
        if (terminal)
            fprintf(stderr, "\r\033[K%s ...", event->stage);
    } else {
        fprintf(stderr, "%s%-12s %8.1f s  %s\n", terminal ? "\r\033[K" : "", event->stage,
                event->seconds, event->error ? "failed" : "ok");
    }
    fflush(stderr);
}

static void report(const struct cli *cli, const struct signet_provision_job *job,
                   const struct signet_provision_result *result)
{
    const struct signet_board_state *board = &result->board;
    if (cli->json) {
        struct json j;
        json_begin(&j, stdout);
        json_text(&j, "event", "done");
        json_text(&j, "endpoint", result->endpoint[0] ? result->endpoint : NULL);
        json_text(&j, "port", board->port[0] ? board->port : NULL);
        json_text(&j, "serial", board->serial[0] ? board->serial : NULL);
        json_bool(&j, "applied", board->applied);
        json_bool(&j, "registered", result->registered);
        json_end(&j);
        return;
    }
    printf("%s: %s%s%s\n", result->endpoint[0] ? result->endpoint : "device",
           board->applied ? "its board applied the packet" : "the packet is ",
           board->applied     ? ""
           : job->packet_path ? job->packet_path
                              : "SenMLCBOR",
           result->registered ? "; the server knows it" : "");
}

/* "error" with the board, for machines; the stage's end has told it already. */
static int fail(const struct cli *cli, const struct signet_provision_result *result,
                const struct signet_error *err)
{
    struct signet_error full = *err;
    const char *board = result->board.serial[0] ? result->board.serial : result->board.port;
    size_t used = strlen(full.msg);
    if (!cli->json && board[0])
        snprintf(full.msg + used, sizeof(full.msg) - used, " (board %s)", board);
    return cli_fail(cli, &full);
}

static int usage(const struct cli *cli, const struct options *o)
{
    const struct signet_provision_job *job = &o->job;
    if (!job->device.endpoint_cfg)
        return cli_usage(cli, "a configuration is missing: -c FILE");
    if (!job->endpoint_cert != !job->endpoint_key)
        return cli_usage(cli, "-k KEY and -r CERT are given together");
    if (job->endpoint_key && job->device.cert_info)
        return cli_usage(cli, "-C makes a key and certificate, -k and -r give them: choose one");
    if (!job->device.server_info && (o->token || o->token_file))
        return cli_usage(cli, "a token is given, but no server: -s FILE");
    if (o->token && o->token_file)
        return cli_usage(cli, "-t and --token-file are both given");
    if (job->device.server_info && !job->device.endpoint_name && !job->recipe)
        return cli_usage(cli, "the server needs the endpoint name: -e NAME");
    if (job->recipe)
        return EXIT_DONE;
    const struct signet_board_options *b = &o->board;
    if (b->port || b->serial || b->initial || b->final || b->image_dir || b->flasher)
        return cli_usage(cli, "options of a board are given, but no board: --board RECIPE");
    return EXIT_DONE;
}

static int run(struct cli *cli, struct options *o)
{
    struct signet_observer plain = cli_observer(cli);
    const struct signet_observer observer = {.on_event = on_event, .ctx = &plain};
    struct signet_provision_result result = {0};
    struct signet_bytes token = {0};
    struct signet_error err = {0};
    if (o->job.device.server_info && cli_token(o->token, o->token_file, &token, &err) != SIGNET_OK)
        return cli_fail(cli, &err);

    o->job.device.token = (const char *)token.data;
    o->job.device.observer = &observer;
    o->job.device.cancel = (struct signet_cancel *)process_cancel();
    o->job.device.flags = (o->no_check ? SIGNET_FACTORY_NO_CHECK : 0u) |
                          (o->allow_http ? SIGNET_FACTORY_ALLOW_HTTP : 0u);
    o->board.vcom = (unsigned)o->vcom;
    o->board.baud = (unsigned)o->baud;
    o->board.smp_version = (int)o->smp_version;
    o->board.ready_timeout_ms = (int)o->ready_timeout * 1000;
    o->board.flash.timeout_ms = (int)o->flash_timeout * 1000;
    o->job.board = &o->board;
    int rc = signet_provision_run(&o->job, &result, &err);
    signet_bytes_free(&token);
    o->job.device.observer = NULL;
    if (rc != SIGNET_OK)
        return fail(cli, &result, &err);
    report(cli, &o->job, &result);
    return cli_close(cli, EXIT_DONE);
}

/* --flasher-NAME for each option that a flasher declares; what several have is one row. */
struct flasher_rows {
    struct signet_option given[FLASHER_OPTIONS];
    char name[FLASHER_OPTIONS][40], help[FLASHER_OPTIONS][400];
};

static void add_flasher_option(struct flasher_rows *f, const char *flasher,
                               const struct signet_option_info *option, struct option_row *rows)
{
    size_t k = 0, len;

    while (k < FLASHER_OPTIONS - 1 && f->given[k].name &&
           strcmp(f->given[k].name, option->name) != 0)
        k++;
    f->given[k].name = option->name;
    len = strlen(f->help[k]);
    snprintf(f->name[k], sizeof(f->name[k]), "flasher-%s", option->name);
    snprintf(f->help[k] + len, sizeof(f->help[k]) - len, "%s%s: %s", len ? "; " : "", flasher,
             option->help);
    rows[k] = (struct option_row){300 + (int)k, f->name[k],         "VALUE", f->help[k],
                                  OPTION_TEXT,  &f->given[k].value, 0,       0};
}

static void add_flasher_options(struct flasher_rows *f, struct option_row *rows)
{
    for (size_t i = 0; signet_flasher_name(i); i++)
        for (const struct signet_option_info *o = signet_flasher_options_of(i); o && o->name; o++)
            add_flasher_option(f, signet_flasher_name(i), o, rows);
}

/* False: more than any flasher has. */
static bool take_flasher_options(const struct flasher_rows *f,
                                 struct signet_option out[SIGNET_OPTIONS_MAX])
{
    size_t n = 0;

    for (size_t k = 0; k < FLASHER_OPTIONS; k++) {
        if (!f->given[k].value)
            continue;
        if (n == SIGNET_OPTIONS_MAX)
            return false;
        out[n++] = f->given[k];
    }
    return true;
}

static int provision(int argc, char **argv)
{
    struct cli cli = {0};
    struct options o = {0};
    struct flasher_rows flasher = {0};
    struct signet_factory_args *d = &o.job.device;
    struct signet_board_options *b = &o.board;
    struct option_row rows[ROWS] = {
        {'c', "config", "FILE", "Configuration of the device", OPTION_TEXT, &d->endpoint_cfg, 0, 0},
        {'e', "endpoint", "NAME", "Endpoint name; a board's own must be the same", OPTION_TEXT,
         &d->endpoint_name, 0, 0},
        {'o', "out", "FILE", "Write the packet there (SenMLCBOR; with a board, nowhere)",
         OPTION_TEXT, &o.job.packet_path, 0, 0},
        {'n', "no-check", NULL, "Warn of what a device would refuse", OPTION_FLAG, &o.no_check, 0,
         0},
        {'C', "cert", "FILE", "Make the certificate that this JSON file describes", OPTION_TEXT,
         &d->cert_info, 0, 0},
        {'k', "key", "FILE", "Private key of the device, DER or PEM", OPTION_TEXT,
         &o.job.endpoint_key, 0, 0},
        {'r', "device-cert", "FILE", "Certificate of the device, DER or PEM", OPTION_TEXT,
         &o.job.endpoint_cert, 0, 0},
        {'p', "server-cert", "FILE", "Certificate of the server, DER or PEM", OPTION_TEXT,
         &o.job.server_cert, 0, 0},
        {256, "cert-folder", "DIR", "Keep a certificate that is made (cert; with a board, nowhere)",
         OPTION_TEXT, &o.job.cert_folder, 0, 0},
        {'s', "server", "FILE", "Register at the server of this JSON file", OPTION_TEXT,
         &d->server_info, 0, 0},
        {'t', "token", "TOKEN", "Its access token; -: standard input", OPTION_TEXT, &o.token, 0, 0},
        {257, "token-file", "FILE", "Its access token (else SIGNET_TOKEN)", OPTION_TEXT,
         &o.token_file, 0, 0},
        {258, "ca-file", "FILE", "Trust these authorities for the server", OPTION_TEXT, &d->ca_file,
         0, 0},
        {259, "allow-http", NULL, "Token and key may travel without TLS", OPTION_FLAG,
         &o.allow_http, 0, 0},
        {'b', "board", "RECIPE", "Load a board: anjay-zephyr or smp-file", OPTION_TEXT,
         &o.job.recipe, 0, 0},
        {'P', "port", "ADDRESS", "Its serial port, or tcp:HOST:PORT", OPTION_TEXT, &b->port, 0, 0},
        {'S', "serial", "NUMBER", "Serial number of its programmer or USB port", OPTION_TEXT,
         &b->serial, 0, 0},
        {260, "vcom", "N", "Which of its serial ports, from 0", OPTION_NUMBER, &o.vcom, 0, 15},
        {'B', "baudrate", "N", "Speed of the port (115200)", OPTION_NUMBER, &o.baud, 50, 20000000},
        {'I', "image-dir", "DIR", "Folder of initial.hex and final.hex", OPTION_TEXT, &b->image_dir,
         0, 0},
        {'i', "initial", "FILE", "Image that takes the packet", OPTION_TEXT, &b->initial, 0, 0},
        {'f', "final", "FILE", "Image for the field", OPTION_TEXT, &b->final, 0, 0},
        {'F', "flasher", "NAME", "nrfutil, nrfjprog, openocd, probe-rs, esptool, exec, none",
         OPTION_TEXT, &b->flasher, 0, 0},
        {261, "flasher-tool", "PATH", "Its program", OPTION_TEXT, &b->flash.tool, 0, 0},
        {266, "flasher-timeout", "S", "Longest run of the program (180)", OPTION_NUMBER,
         &o.flash_timeout, 1, 86400},
        {272, "ready-timeout", "S", "Longest wait until the board is ready (60)", OPTION_NUMBER,
         &o.ready_timeout, 1, 3600},
        {267, "smp-version", "N", "1 or 2", OPTION_NUMBER, &o.smp_version, 1, 2},
        {268, "packet-path", "PATH", "smp-file: where the board wants the packet", OPTION_TEXT,
         &b->packet_path, 0, 0},
        {269, "result-path", "PATH", "smp-file: where it tells the result", OPTION_TEXT,
         &b->result_path, 0, 0},
        {270, "endpoint-path", "PATH", "smp-file: where it tells its name", OPTION_TEXT,
         &b->endpoint_path, 0, 0},
        {271, "success-text", "TEXT", "smp-file: the result that means success", OPTION_TEXT,
         &b->success_text, 0, 0},
    };
    size_t own = 0;

    while (rows[own].name)
        own++;
    add_flasher_options(&flasher, rows + own);
    if (!cli_parse(&cli, argc, argv, rows, "",
                   "One device, from its configuration to a board that holds its credentials and a "
                   "server that knows it. Without --board: to the packet and its files.",
                   0, 0))
        return EXIT_USAGE;
    if (!take_flasher_options(&flasher, b->flash.options))
        return cli_usage(&cli, "no flasher has all of these options");
    int rc = usage(&cli, &o);
    return rc == EXIT_DONE ? run(&cli, &o) : rc;
}

const struct verb provision_verbs[] = {
    {"", "the whole story of one device", provision},
    {0},
};
