/* SPDX-License-Identifier: Apache-2.0 */
/* signet provision: one device, from its configuration to board and server. */
#include "cli.h"

#include <string.h>

enum { ROWS = 60, FLASHER_OPTIONS = 16 };

struct options {
    struct signet_provision_job job;
    struct signet_board_options board;
    const char *token, *token_file, *authority_file;
    struct signet_authority *authority;
    bool no_check, allow_http;
    unsigned smp_version, flash_ms, ready_ms, flash_seconds, ready_seconds;
};

/* One line a stage: "flash          12.3 s". What a stage warns of stands above its line. */
static void stage_event(void *ctx, const struct signet_event *event)
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

static void done_json(const struct signet_provision_result *result)
{
    const struct signet_board_state *board = &result->board;
    json_line("done", M_TEXT("endpoint", result->endpoint[0] ? result->endpoint : NULL),
              M_TEXT("port", board->port[0] ? board->port : NULL),
              M_TEXT("serial", board->serial[0] ? board->serial : NULL),
              M_BOOL("applied", board->applied), M_BOOL("registered", result->registered));
}

static void done_text(const struct signet_provision_job *job,
                      const struct signet_provision_result *result)
{
    const char *packet = job->packet_path ? job->packet_path : "SenMLCBOR";
    bool applied = result->board.applied;
    printf("%s: %s%s%s\n", result->endpoint[0] ? result->endpoint : "device",
           applied ? "its board applied the packet" : "the packet is ", applied ? "" : packet,
           result->registered ? "; the server knows it" : "");
}

/* "error" with the board, for machines; the stage's end has told it already. */
static int fail_with_board(const struct cli *cli, const struct signet_provision_result *result,
                           const struct signet_error *err)
{
    struct signet_error full = *err;
    const char *board = result->board.serial[0] ? result->board.serial : result->board.port;
    char text[2 * sizeof(full.msg)];
    if (!cli->json && board[0]) {
        snprintf(text, sizeof(text), "%s (board %s)", err->msg, board);
        signet_text_plain(text, full.msg, sizeof(full.msg));
    }
    return cli_fail(cli, &full);
}

static int no_recipe(const struct cli *cli)
{
    char hint[sizeof(cli->err.hint)] = "name the kind of board: ";
    size_t used = strlen(hint);

    for (size_t i = 0; signet_recipe_name(i) && used < sizeof(hint); i++)
        used += (size_t)snprintf(hint + used, sizeof(hint) - used, "%s--recipe %s", i ? " or " : "",
                                 signet_recipe_name(i));
    return cli_refuse(cli, hint, "options of a board are given, but no board: --recipe RECIPE");
}

static int fit_together(const struct cli *cli, const struct options *o)
{
    const struct signet_provision_job *job = &o->job;
    if (!job->device.endpoint_cfg)
        return cli_usage(cli, "a configuration is missing: -c FILE");
    if (!job->endpoint_cert != !job->endpoint_key)
        return cli_usage(cli, "--key and --device-cert have to be given together");
    if (job->endpoint_key && job->device.cert_info)
        return cli_usage(cli, "--cert-info makes a key and certificate, --key and --device-cert "
                              "give them: choose one");
    if (job->endpoint_key && o->authority_file)
        return cli_usage(
            cli, "--authority signs a certificate that is made, --key and --device-cert give one: "
                 "choose one");
    if (!job->device.server_info && (o->token || o->token_file))
        return cli_usage(cli, "a token is given, but no server: -s FILE");
    if (o->token && o->token_file)
        return cli_usage(cli, "--token and --token-file are both given");
    if (job->device.server_info && !job->device.endpoint_name && !job->recipe)
        return cli_usage(cli, "the server needs the endpoint name: -e NAME");
    if (job->recipe)
        return EXIT_DONE;
    const struct signet_board_options *b = &o->board;
    if (b->port || b->serial || b->initial || b->final || b->image_dir || b->flasher)
        return no_recipe(cli);
    return EXIT_DONE;
}

static int run_provision(struct cli *cli, struct options *o)
{
    struct signet_observer plain = cli_observer(cli);
    const struct signet_observer observer = {.on_event = stage_event, .ctx = &plain};
    struct signet_provision_result result = {0};
    struct signet_bytes token = {0};
    if (o->job.device.server_info &&
        cli_token(o->token, o->token_file, &token, &cli->err) != SIGNET_OK)
        return cli_fail(cli, &cli->err);

    if (cli_profile(cli, &cli->err) != SIGNET_OK ||
        (o->authority_file &&
         cli_authority(cli, o->authority_file, NULL, &o->authority, &cli->err) != SIGNET_OK)) {
        signet_bytes_free(&token);
        return cli_fail(cli, &cli->err);
    }
    o->job.device.authority = o->authority;
    o->job.device.profile = cli->profile;
    o->job.device.objects = cli->objects;
    o->job.device.token = (const char *)token.data;
    o->job.device.observer = &observer;
    o->job.device.cancel = (struct signet_cancel *)process_cancel();
    o->job.device.flags = (o->no_check ? SIGNET_FACTORY_NO_CHECK : 0u) |
                          (o->allow_http ? SIGNET_FACTORY_ALLOW_HTTP : 0u);
    o->board.smp_version = (int)o->smp_version;
    o->board.ready_timeout_ms = (int)(o->ready_ms ? o->ready_ms : o->ready_seconds * 1000);
    o->board.flash.timeout_ms = (int)(o->flash_ms ? o->flash_ms : o->flash_seconds * 1000);
    o->job.board = &o->board;
    int rc = signet_provision_run(&o->job, &result, &cli->err);
    signet_bytes_free(&token);
    signet_authority_close(&o->authority);
    signet_profile_close(&cli->profile);
    signet_objects_free(&cli->objects);
    o->job.device.observer = NULL;
    if (rc != SIGNET_OK)
        return fail_with_board(cli, &result, &cli->err);
    if (cli->json)
        done_json(&result);
    else
        done_text(&o->job, &result);
    return cli_close(cli, EXIT_DONE);
}

/* clang-format off */
/* What was in seconds before it had the name that orders have. */
#define SECONDS(name, now, to, max)                                                                          \
    {0, name, "SECONDS", "", KIND_NUMBER, 1 ? (to) : (unsigned *)NULL, 1, max, now}
#define DEVICE_ROWS(cli, o, d)                                                                                    \
    TEXT('c', "config", "FILE", "Configuration of the device", &(d)->endpoint_cfg),                          \
    DEVICE_ROW(cli),                                                                                         \
    OBJECTS_ROW(cli),                                                                                        \
    TEXT('e', "endpoint", "NAME", "Endpoint name; a board's own must be the same", &(d)->endpoint_name),     \
    TEXT('o', "output", "FILE", "File for the packet (SenMLCBOR; with a board, none)",                    \
         &(o)->job.packet_path),                                                                             \
    FLAG(0, "no-check", "Warn of what a device would refuse, instead of refusing", &(o)->no_check),                             \
    TEXT('C', "cert-info", "FILE", "Make the certificate that this JSON file describes", &(d)->cert_info),        \
    TEXT(0, "authority", "FILE", "Make it and have this authority sign it: YAML with chain, key, profile",    \
         &(o)->authority_file),                                                                              \
    TEXT('k', "key", "FILE", "Private key of the device, DER or PEM", &(o)->job.endpoint_key),               \
    TEXT(0, "device-cert", "FILE", "Certificate of the device, DER or PEM", &(o)->job.endpoint_cert),      \
    TEXT(0, "server-cert", "FILE", "Certificate of the server, DER or PEM", &(o)->job.server_cert),        \
    TEXT(0, "cert-folder", "FOLDER", "Folder for a certificate that is made (cert; with a board, none)",           \
         &(o)->job.cert_folder),                                                                             \
    TEXT('s', "server", "FILE", "Register at the server of this JSON file", &(d)->server_info),              \
    TEXT('t', "token", "TOKEN", "Its access token; -: standard input", &(o)->token),                         \
    TEXT(0, "token-file", "FILE", "Its access token (else SIGNET_TOKEN)", &(o)->token_file),                 \
    TEXT(0, "ca-file", "FILE", "Trust these authorities for the server", &(d)->ca_file),                     \
    FLAG(0, "allow-http", "Token and key may travel without TLS", &(o)->allow_http)

#define BOARD_ROWS(o, b)                                                                                     \
    TEXT(0, "recipe", "RECIPE", "How the board is loaded: anjay-zephyr, smp-file, zephyr-credentials, nrf91", &(o)->job.recipe),                \
    TEXT(0, "port", "PORT", "Its serial port, tcp:HOST:PORT or udp:HOST:PORT", &(b)->port),                           \
    TEXT('S', "serial", "NUMBER", "Serial number of its programmer or USB port", &(b)->serial),              \
    NUMBER(0, "vcom", "N", "Which of its serial ports, from 0", &(b)->vcom, 0, 15),                          \
    NUMBER(0, "baud", "N", "Speed of the port (115200)", &(b)->baud, 50, 20000000),                    \
    TEXT('I', "image-dir", "FOLDER", "Folder of initial.hex and final.hex", &(b)->image_dir),                   \
    TEXT('i', "initial", "FILE", "Image that takes the packet", &(b)->initial),                              \
    TEXT(0, "final", "FILE", "Image for the field", &(b)->final),                                          \
    NUMBER(0, "ready-timeout-ms", "MS", "Longest wait until the board is ready (60000)",                     \
           &(o)->ready_ms, 1, 3600000),                                                                      \
    SECONDS("ready-timeout", "ready-timeout-ms", &(o)->ready_seconds, 3600),                                 \
    NUMBER(0, "smp-version", "N", "Version of SMP to speak (2 where the board knows it)", &(o)->smp_version, 1, 2), \
    NUMBER(0, "smp-line-length", "N", "Longest line to the board, marker and line end counted (127)",           \
           &(b)->smp_line_length, SIGNET_SMP_LINE_LEAST, SIGNET_SMP_LINE_MOST),                              \
    NUMBER(0, "smp-packet-size", "N", "Largest packet of SMP (what the board says)",                             \
           &(b)->smp_packet_size, SIGNET_SMP_PACKET_LEAST, SIGNET_SMP_PACKET_MOST),                          \
    TEXT(0, "port-options", "LIST", "dtr=off&rts=off&hupcl=off&flow=rtscts, of its serial port",             \
         &(b)->port_options),                                                                                \
    TEXT(0, "packet-path", "PATH", "smp-file: where the board wants the packet", &(b)->packet_path),         \
    TEXT(0, "result-path", "PATH", "smp-file: path of the file with the result", &(b)->result_path),                \
    TEXT_OR_EMPTY(0, "endpoint-path", "PATH", "smp-file: path of the file with its name", &(b)->endpoint_path),              \
    TEXT(0, "success-text", "TEXT", "smp-file: the result that means success", &(b)->success_text)

#define FLASHER_ROWS(o, b)                                                                                   \
    TEXT('F', "flasher", "NAME", "nrfutil, nrfjprog, openocd, probe-rs, pyocd, jlink, stm32, esptool, west, exec, none", \
         &(b)->flasher),                                                                                     \
    TEXT(0, "flasher-tool", "PATH", "Path of its program", &(b)->flash.tool),                                        \
    NUMBER(0, "flasher-timeout-ms", "MS", "Longest run of the program (180000)", &(o)->flash_ms, 1, 86400000), \
    SECONDS("flasher-timeout", "flasher-timeout-ms", &(o)->flash_seconds, 86400)
/* clang-format on */

/* --flasher-NAME for each option that a flasher declares; what several have is one row. */
struct flasher_rows {
    struct signet_option given[FLASHER_OPTIONS];
    char name[FLASHER_OPTIONS][40], help[FLASHER_OPTIONS][700];
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
    const char *between = len ? "; " : "";
    size_t tail = strlen(option->help) + 2; /* ": " and the help: several may have the same */
    snprintf(f->name[k], sizeof(f->name[k]), "flasher-%s", option->name);
    if (len > tail && strcmp(f->help[k] + len - tail + 2, option->help) == 0) {
        len -= tail;
        between = ", ";
    }
    snprintf(f->help[k] + len, sizeof(f->help[k]) - len, "%s%s: %s", between, flasher,
             option->help);
    rows[k] = (struct option_row)TEXT(0, f->name[k], "VALUE", f->help[k], &f->given[k].value);
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

    for (size_t k = 0; k < FLASHER_OPTIONS; k++)
        if (f->given[k].value && n < SIGNET_OPTIONS_MAX)
            out[n++] = f->given[k];
        else if (f->given[k].value)
            return false;
    return true;
}

static int provision_device(int argc, char **argv)
{
    struct cli cli = {0};
    struct options o = {0};
    struct flasher_rows flasher = {0};
    struct option_row rows[ROWS] = {DEVICE_ROWS(&cli, &o, &o.job.device), BOARD_ROWS(&o, &o.board),
                                    FLASHER_ROWS(&o, &o.board)};
    size_t own = 0;
    while (rows[own].name)
        own++;
    add_flasher_options(&flasher, rows + own);
    if (!cli_parse(&cli, argc, argv, rows, "",
                   "One device, from its configuration to a board that holds its credentials and a "
                   "server that knows it. Without --recipe: to the packet and its files.",
                   0, 0))
        return EXIT_USAGE;
    if (!take_flasher_options(&flasher, o.board.flash.options))
        return cli_usage(&cli, "no flasher has all of these options");
    int code = fit_together(&cli, &o);
    return code == EXIT_DONE ? run_provision(&cli, &o) : code;
}

const struct verb provision_verbs[] = {
    {"", "one device, from its configuration to board and server", provision_device},
    {0},
};
