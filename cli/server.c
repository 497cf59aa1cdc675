/* SPDX-License-Identifier: Apache-2.0 */
/* signet server: is it there, does it know us, what does it take */
#include "cli.h"

#include <string.h>

/* What is wrong with what the file says: the file has to be in the message. */
static int open_described(const char *file, const struct signet_server_info *info,
                          const struct signet_server_options *options,
                          const struct signet_bytes *token, const struct signet_observer *observer,
                          struct signet_server **out, struct signet_error *err)
{
    int rc = signet_server_open(out, info, options, token->data, token->len, observer,
                                process_cancel(), err);
    const struct signet_error said = *err;

    if (rc != SIGNET_OK)
        cli_error(err, said.code, said.hint, "%s: %s", file, said.msg);
    err->sys = said.sys;
    return signet_file_blame(rc, file, err);
}

int cli_server_open(const struct server_access *access, const struct signet_observer *observer,
                    struct signet_server **out, struct signet_error *err)
{
    struct signet_server_info info = {0};
    struct signet_bytes token = {0};
    int rc = cli_token(access->token, access->token_file, &token, err);

    if (rc == SIGNET_OK)
        rc = signet_server_info_load(access->file, &info, err);
    if (rc == SIGNET_OK)
        rc = open_described(access->file, &info, &access->options, &token, observer, out, err);
    signet_server_info_free(&info);
    signet_bytes_free(&token);
    return rc;
}

static void tell_checked(const struct cli *cli, const char *kind)
{
    if (cli->json)
        json_line("server_checked", M_TEXT("step", "server-check"), M_TEXT("kind", kind),
                  M_TEXT("result", "ok"));
    else
        printf("%s: ok\n", kind);
}

static int check_server(int argc, char **argv)
{
    struct signet_server_capabilities can;
    struct signet_server *server = NULL;
    struct server_access access = {0};
    struct cli cli = {0};
    const struct option_row rows[] = {
        TEXT(0, "token-file", "FILE",
             "The access token, mode 0600 ('-': standard input); or set SIGNET_TOKEN",
             &access.token_file),
        TEXT(0, "ca-file", "FILE", "The server's certificate authority (PEM)",
             &access.options.ca_file),
        FLAG(0, "allow-http", "Speak plain http: token and keys go in clear",
             &access.options.allow_http),
        {0}};

    if (!cli_parse(&cli, argc, argv, rows, "FILE",
                   "Asks the server of this JSON file whether it is there and takes the token; "
                   "changes nothing.",
                   1, 1))
        return EXIT_USAGE;
    access.file = cli.args[0];
    cli.begun = true;
    int rc = cli_server_open(&access, NULL, &server, &cli.err);
    if (rc == SIGNET_OK)
        rc = signet_file_blame(signet_server_check(server, &cli.err), access.file, &cli.err);
    if (rc == SIGNET_OK) {
        signet_server_capabilities(server, &can);
        tell_checked(&cli, can.kind);
    }
    signet_server_close(&server);
    return cli_end(&cli, rc);
}

static void capabilities_json(const struct signet_server_capabilities *can)
{
    struct json j;

    json_event(&j, "capabilities");
    json_put(&j, M_TEXT("kind", can->kind));
    json_open(&j, "modes", '[');
    for (int mode = 0; mode < SIGNET_MODES; mode++)
        if (can->modes & 1u << mode)
            json_put(&j, M_TEXT(NULL, signet_mode_name((enum signet_mode)mode)));
    json_close(&j, ']');
    json_put(&j, M_INT("psk_min", can->psk_min), M_INT("psk_max", can->psk_max),
             M_INT("psk_multiple", can->psk_multiple), M_TEXT("identity", can->identity_charset),
             M_INT("endpoint_max", can->endpoint_max), M_BOOL("common_name", can->common_name),
             M_BOOL("ec_keys", can->ec_keys), M_INT("batch_max", can->batch_max),
             M_BOOL("overwrites", can->upsert), M_BOOL("needs_token", can->needs_token),
             M_BOOL("removes", can->removes), M_BOOL("uploads", can->uploads),
             M_TEXT("manual_steps", can->manual_steps));
    json_open(&j, "options", '{');
    for (const struct signet_option_info *o = can->options; o && o->name; o++)
        json_put(&j, M_TEXT(o->name, o->help));
    json_close(&j, '}');
    json_end(&j);
}

static const char *certificates_taken(const struct signet_server_capabilities *can)
{
    return can->common_name && can->ec_keys ? "EC keys only; the common name is the endpoint name"
           : can->common_name               ? "the common name is the endpoint name"
           : can->ec_keys                   ? "EC keys only"
                                            : "any";
}

static void capabilities_text(const struct signet_server_capabilities *can)
{
    printf("kind          %s\nmodes        ", can->kind);
    for (int mode = 0; mode < SIGNET_MODES; mode++)
        if (can->modes & 1u << mode)
            printf(" %s", signet_mode_name((enum signet_mode)mode));
    printf("\nPSK           %u to %u bytes", can->psk_min, can->psk_max);
    if (can->psk_multiple > 1)
        printf(", a multiple of %u", can->psk_multiple);
    printf("\nPSK identity  %s\nendpoint name ", can->identity_charset);
    if (can->endpoint_max)
        printf("at most %u bytes\n", can->endpoint_max);
    else
        puts("of any length");
    if (can->modes & 1u << SIGNET_MODE_CERT)
        printf("certificates  %s\n", certificates_taken(can));
    printf("batch         %u\nadding again  %s\nremoving      %s\ntoken         %s\nby hand       "
           "%s\n",
           can->batch_max, can->upsert ? "overwrites" : "is compared",
           can->removes ? "can be asked for" : "is done by hand",
           can->needs_token ? "needed" : "none",
           can->manual_steps[0] ? can->manual_steps : "nothing");
    for (const struct signet_option_info *o = can->options; o && o->name; o++)
        printf("%-13s %s: %s\n", o == can->options ? "options" : "", o->name, o->help);
}

static int show_capabilities(int argc, char **argv)
{
    /* nothing is sent: any word does for the token, and any scheme */
    const struct signet_server_options options = {.allow_http = true};
    const struct signet_bytes token = {(uint8_t[]){'-'}, 1};
    struct signet_server_capabilities can;
    struct signet_server_info info = {0};
    struct signet_server *server = NULL;
    struct cli cli = {0};

    if (!cli_parse(&cli, argc, argv, NULL, "FILE",
                   "Shows what the kind of server in this JSON file takes; no request is sent.", 1,
                   1))
        return EXIT_USAGE;
    cli.begun = true;
    int rc = signet_server_info_load(cli.args[0], &info, &cli.err);
    if (rc == SIGNET_OK)
        rc = open_described(cli.args[0], &info, &options, &token, NULL, &server, &cli.err);
    if (rc == SIGNET_OK) {
        signet_server_capabilities(server, &can);
        (cli.json ? capabilities_json : capabilities_text)(&can);
    }
    signet_server_close(&server);
    signet_server_info_free(&info);
    return cli_end(&cli, rc);
}

const struct verb server_verbs[] = {
    {"check", "is it there, and does it take the token", check_server},
    {"capabilities", "what it takes of a device, and what is left to do by hand",
     show_capabilities},
    {0},
};
