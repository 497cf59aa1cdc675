/* SPDX-License-Identifier: Apache-2.0 */
/* signet register: one device at a server, from its configuration or its packet. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

enum { PACKET_MAX = 1024 * 1024 };

struct request {
    const char *server, *endpoint, *config, *packet, *ca_file, *token_file;
    const char *token; /* into argv */
    bool allow_http, remove, find;
    long timeout, attempts;
};

static int load_tree(const struct request *request, struct signet_tree **out,
                     struct signet_error *err)
{
    struct signet_bytes data = {0};
    int rc;

    if (request->config)
        return signet_config_load(request->config, out, err);
    rc = cli_read(request->packet, PACKET_MAX, &data, err);
    if (!rc)
        rc = signet_packet_decode(data.data, data.len, out, err);
    signet_bytes_free(&data);
    return rc;
}

static int ask(struct signet_server *server, const struct request *request,
               const struct signet_tree *tree, const char **what, struct signet_error *err)
{
    const struct signet_device device = {.endpoint = request->endpoint, .tree = tree};
    bool existed = false;
    int rc;

    if (request->remove) {
        *what = "removed";
        return signet_server_remove(server, request->endpoint, err);
    }
    if (request->find) {
        *what = "found";
        return signet_server_find(server, request->endpoint, err);
    }
    rc = signet_server_add(server, &device, &existed, err);
    *what = existed ? "registered before" : "registered";
    return rc;
}

/* What is left for a person to do. */
static void remind(const struct signet_server *server, const struct signet_tree *tree)
{
    struct signet_server_capabilities can;
    struct signet_account account;

    bool certs = false;

    signet_server_capabilities(server, &can);
    for (size_t i = 0; tree && signet_tree_account(tree, i, &account); i++)
        certs = certs || account.mode == SIGNET_MODE_CERT;
    if (can.uploads && certs)
        printf("by hand: %s\n", can.manual_steps);
}

static int run_request(const struct cli *cli, const struct request *request,
                       struct signet_error *err)
{
    struct signet_server_options options = {.allow_http = request->allow_http,
                                            .ca_file = request->ca_file,
                                            .total_timeout_ms = (unsigned)request->timeout * 1000u,
                                            .attempts = (unsigned)request->attempts};
    struct signet_observer observer = cli_observer(cli);
    struct signet_server_info info = {0};
    struct signet_server *server = NULL;
    struct signet_tree *tree = NULL;
    struct signet_bytes token = {0};
    const char *what = "";
    int rc;

    rc = cli_token(request->token, request->token_file, &token, err);
    if (!rc && (request->config || request->packet))
        rc = load_tree(request, &tree, err);
    if (!rc && tree) /* a configuration's certificates may come later, the server needs the name */
        rc = signet_device_check(tree, request->config ? SIGNET_CHECK_PARTIAL : 0, &observer, err);
    if (!rc)
        rc = signet_server_info_load(request->server, &info, err);
    if (!rc)
        rc = signet_server_open(&server, &info, &options, token.data, token.len, &observer,
                                process_cancel(), err);
    if (!rc)
        rc = ask(server, request, tree, &what, err);
    if (!rc && cli->json) {
        struct json j;

        json_begin(&j, stdout);
        json_text(&j, "step", "register");
        json_text(&j, "endpoint", request->endpoint);
        json_text(&j, "result", what);
        json_end(&j);
    } else if (!rc) {
        printf("%s: %s\n", request->endpoint, what);
        if (!request->remove && !request->find)
            remind(server, tree);
    }
    signet_server_close(&server);
    signet_server_info_free(&info);
    signet_tree_free(&tree);
    signet_bytes_free(&token);
    return rc;
}

static int register_device(int argc, char **argv)
{
    struct request request = {0};
    struct signet_error err = {0};
    struct cli cli = {0};
    const struct option_row rows[] = {
        {'s', "server", "FILE", "server information: a JSON file with url, port and domain",
         OPTION_TEXT, &request.server, 0, 0},
        {'e', "endpoint", "NAME", "endpoint client name", OPTION_TEXT, &request.endpoint, 0, 0},
        {'c', "config", "FILE", "the device's configuration", OPTION_TEXT, &request.config, 0, 0},
        {'P', "packet", "FILE", "or its packet ('-': standard input)", OPTION_TEXT, &request.packet,
         0, 0},
        {256, "token-file", "FILE",
         "the access token, mode 0600 ('-': standard input); or set SIGNET_TOKEN", OPTION_TEXT,
         &request.token_file, 0, 0},
        {'t', "token", "TOKEN", "the access token; others on this machine may see it", OPTION_TEXT,
         &request.token, 0, 0},
        {257, "ca-file", "FILE", "the server's certificate authority (PEM)", OPTION_TEXT,
         &request.ca_file, 0, 0},
        {258, "allow-http", NULL, "speak plain http: token and keys go in clear", OPTION_FLAG,
         &request.allow_http, 0, 0},
        {259, "find", NULL, "only say whether the server has the device", OPTION_FLAG,
         &request.find, 0, 0},
        {260, "remove", NULL, "remove the device from the server", OPTION_FLAG, &request.remove, 0,
         0},
        {261, "timeout", "SECONDS", "for one request (30)", OPTION_NUMBER, &request.timeout, 1,
         600},
        {262, "attempts", "N", "for one request (4)", OPTION_NUMBER, &request.attempts, 1, 20},
        {0},
    };

    if (!cli_parse(&cli, argc, argv, rows, "", "Registers one device at a server.", 0, 0))
        return EXIT_USAGE;
    if (!request.server || !request.endpoint)
        return cli_usage(&cli, "--server and --endpoint are needed");
    if (!request.find && !request.remove && !request.config == !request.packet)
        return cli_usage(&cli, "either --config or --packet is needed");
    if (request.token && request.token_file)
        return cli_usage(&cli, "--token and --token-file: one is enough");
    if (request.token)
        fputs("signet: warning: a token in the command line can be seen by others on this machine; "
              "use --token-file or SIGNET_TOKEN\n",
              stderr);
    if (run_request(&cli, &request, &err) != SIGNET_OK)
        return cli_fail(&cli, &err);
    return cli_close(&cli, EXIT_DONE);
}

const struct verb register_verbs[] = {
    {"", "one device at a server: add, find or remove", register_device},
    {0},
};
