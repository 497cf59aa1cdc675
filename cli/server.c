/* SPDX-License-Identifier: Apache-2.0 */
/* signet server: is it there, does it know us, what does it take */
#include "cli.h"

struct asked {
    const char *ca_file, *token_file, *token;
    bool allow_http;
};

static int open_server(const struct asked *asked, const char *file, struct signet_server **out,
                       struct signet_error *err)
{
    const struct signet_server_options options = {.allow_http = asked->allow_http,
                                                  .ca_file = asked->ca_file};
    struct signet_server_info info = {0};
    struct signet_bytes token = {0};
    int rc = cli_token(asked->token, asked->token_file, &token, err);

    if (!rc)
        rc = signet_server_info_load(file, &info, err);
    if (!rc)
        rc = signet_server_open(out, &info, &options, token.data, token.len, NULL, process_cancel(),
                                err);
    signet_server_info_free(&info);
    signet_bytes_free(&token);
    return rc;
}

static bool parse(struct cli *cli, struct asked *asked, int argc, char **argv, const char *what)
{
    const struct option_row rows[] = {
        {256, "token-file", "FILE",
         "the access token, mode 0600 ('-': standard input); or set "
         "SIGNET_TOKEN",
         OPTION_TEXT, &asked->token_file, 0, 0},
        {257, "ca-file", "FILE", "the server's certificate authority (PEM)", OPTION_TEXT,
         &asked->ca_file, 0, 0},
        {258, "allow-http", NULL, "speak plain http: token and keys go in clear", OPTION_FLAG,
         &asked->allow_http, 0, 0},
        {0}};

    return cli_parse(cli, argc, argv, rows, "FILE", what, 1, 1);
}

static int check(int argc, char **argv)
{
    struct signet_server_capabilities can;
    struct signet_server *server = NULL;
    struct signet_error err = {0};
    struct asked asked = {0};
    struct cli cli = {0};
    int rc;

    if (!parse(&cli, &asked, argc, argv,
               "Asks the server of this JSON file whether it is there and takes the token; changes "
               "nothing."))
        return EXIT_USAGE;
    rc = open_server(&asked, cli.args[0], &server, &err);
    if (!rc)
        rc = signet_server_check(server, &err);
    if (!rc)
        signet_server_capabilities(server, &can);
    signet_server_close(&server);
    if (rc)
        return cli_fail(&cli, &err);
    if (cli.json) {
        struct json j;

        json_begin(&j, stdout);
        json_text(&j, "step", "server-check");
        json_text(&j, "kind", can.kind);
        json_text(&j, "result", "ok");
        json_end(&j);
    } else {
        printf("%s: ok\n", can.kind);
    }
    return cli_close(&cli, EXIT_DONE);
}

static void show_json(const struct signet_server_capabilities *can)
{
    struct json j;

    json_begin(&j, stdout);
    json_text(&j, "kind", can->kind);
    json_open(&j, "modes", '[');
    for (int mode = 0; mode <= SIGNET_MODE_EST; mode++)
        if (can->modes & 1u << mode)
            json_text(&j, NULL, signet_mode_name((enum signet_mode)mode));
    json_close(&j, ']');
    json_integer(&j, "psk_min", can->psk_min);
    json_integer(&j, "psk_max", can->psk_max);
    json_integer(&j, "psk_multiple", can->psk_multiple);
    json_text(&j, "identity", can->identity_charset);
    json_integer(&j, "endpoint_max", can->endpoint_max);
    json_integer(&j, "batch_max", can->batch_max);
    json_bool(&j, "overwrites", can->upsert);
    json_bool(&j, "needs_token", can->needs_token);
    json_bool(&j, "uploads", can->uploads);
    json_text(&j, "manual_steps", can->manual_steps);
    json_open(&j, "options", '{');
    for (const struct signet_option_info *o = can->options; o && o->name; o++)
        json_text(&j, o->name, o->help);
    json_close(&j, '}');
    json_end(&j);
}

static void show(const struct signet_server_capabilities *can)
{
    printf("kind          %s\nmodes        ", can->kind);
    for (int mode = 0; mode <= SIGNET_MODE_EST; mode++)
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
    printf("batch         %u\nadding again  %s\ntoken         %s\nby hand       %s\n",
           can->batch_max, can->upsert ? "overwrites" : "is compared",
           can->needs_token ? "needed" : "none",
           can->manual_steps[0] ? can->manual_steps : "nothing");
    for (const struct signet_option_info *o = can->options; o && o->name; o++)
        printf("%-13s %s: %s\n", o == can->options ? "options" : "", o->name, o->help);
}

static int capabilities(int argc, char **argv)
{
    struct signet_server_capabilities can;
    struct signet_server_info info = {0};
    struct signet_server *server = NULL;
    struct signet_error err = {0};
    struct cli cli = {0};
    int rc;

    if (!cli_parse(&cli, argc, argv, (const struct option_row[]){{0}}, "FILE",
                   "Says what the kind of server in this JSON file takes; asks nobody.", 1, 1))
        return EXIT_USAGE;
    rc = signet_server_info_load(cli.args[0], &info, &err);
    if (!rc) /* nothing is sent: any word does for the token, and any scheme */
        rc = signet_server_open(&server, &info,
                                &(const struct signet_server_options){.allow_http = true}, "none",
                                4, NULL, NULL, &err);
    if (!rc)
        signet_server_capabilities(server, &can);
    signet_server_close(&server);
    signet_server_info_free(&info);
    if (rc)
        return cli_fail(&cli, &err);
    if (cli.json)
        show_json(&can);
    else
        show(&can);
    return cli_close(&cli, EXIT_DONE);
}

const struct verb server_verbs[] = {
    {"check", "is it there, and does it take the token", check},
    {"capabilities", "what it takes of a device, and what is left to do by hand", capabilities},
    {0},
};
