/* SPDX-License-Identifier: Apache-2.0 */
/* signet register: one device at a server, from its configuration or its packet. */
#include "cli.h"

struct request {
    const char *endpoint, *config, *packet;
    struct server_access access;
    bool remove, find;
};

static int send_request(struct signet_server *server, const struct request *request,
                        const struct signet_tree *tree, const char **what, struct signet_error *err)
{
    const struct signet_device device = {.endpoint = request->endpoint, .tree = tree};
    bool existed = false;

    if (request->remove) {
        int rc = signet_server_remove(server, request->endpoint, &existed, err);

        *what = existed ? "removed" : "was not there";
        return rc;
    }
    if (request->find) {
        *what = "found";
        return signet_server_find(server, request->endpoint, err);
    }
    int rc = signet_server_add(server, &device, &existed, err);
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

static void tell_registered(const struct cli *cli, const struct request *request, const char *what)
{
    if (cli->json)
        json_line("registered", M_TEXT("step", "register"), M_TEXT("endpoint", request->endpoint),
                  M_TEXT("result", what));
    else
        printf("%s: %s\n", request->endpoint, what);
}

static int run_request(struct cli *cli, const struct request *request, struct signet_error *err)
{
    const char *data = request->config ? request->config : request->packet, *what = "";
    struct signet_observer observer = cli_observer(cli);
    struct signet_server *server = NULL;
    struct signet_tree *tree = NULL;
    int rc = cli_server_open(&request->access, &observer, &server, err); /* hides the token */

    if (rc == SIGNET_OK && data)
        rc = cli_load(cli, data, request->config ? LOAD_CONFIG : LOAD_PACKET, &tree, err);
    if (rc == SIGNET_OK && tree) /* a configuration's certificates may come later, the server needs
                                    the name */
        rc = signet_device_check(tree, request->config ? SIGNET_CHECK_PARTIAL : 0, &observer, err);
    if (rc == SIGNET_OK && tree)
        rc = signet_endpoint_check(request->endpoint, &observer, err);
    if (rc == SIGNET_OK)
        rc = send_request(server, request, tree, &what, err);
    if (rc == SIGNET_E_MEANING || rc == SIGNET_E_IO || /* of what the file says */
        (rc != SIGNET_OK && signet_error_class(err) == SIGNET_CLASS_AWAY))
        signet_file_blame(rc, request->access.file, err);
    if (rc == SIGNET_OK)
        tell_registered(cli, request, what);
    if (rc == SIGNET_OK && !cli->json && !request->remove && !request->find)
        remind(server, tree);
    signet_server_close(&server);
    signet_tree_free(&tree);
    return rc;
}

static int run_checked(struct cli *cli, const struct request *request)
{
    const struct server_access *access = &request->access;

    if (!access->file || !request->endpoint)
        return cli_usage(cli, access->file ? "an endpoint name is missing: -e NAME"
                                           : "a server is missing: -s FILE");
    if (!request->find && !request->remove && !request->config && !request->packet)
        return cli_usage(cli, "the device's data is missing: -c CONFIGURATION or -P PACKET");
    if (request->find && request->remove)
        return cli_usage(cli, "--find and --remove: one of the two");
    if (request->config && request->packet)
        return cli_usage(cli, "-c and -P are both given: one is enough");
    if (access->token && access->token_file)
        return cli_usage(cli, "--token and --token-file: one is enough");
    if (access->token)
        fputs("signet: warning: a token in the command line can be seen by others on this machine; "
              "use --token-file or SIGNET_TOKEN\n",
              stderr);
    cli->begun = true;
    return cli_end(cli, run_request(cli, request, &cli->err));
}

static int register_device(int argc, char **argv)
{
    struct request r = {0};
    struct signet_server_options *options = &r.access.options;
    unsigned seconds = 0;
    struct cli cli = {0};
    const struct option_row rows[] = {
        TEXT('s', "server", "FILE", "Server information: a JSON file with url, port and domain",
             &r.access.file),
        TEXT('e', "endpoint", "NAME", "Endpoint client name", &r.endpoint),
        TEXT('c', "config", "FILE", "The device's configuration", &r.config),
        DEVICE_ROW(&cli),
        OBJECTS_ROW(&cli),
        TEXT('P', "packet", "FILE", "or its packet ('-': standard input)", &r.packet),
        TEXT(0, "token-file", "FILE",
             "The access token, mode 0600 ('-': standard input); or set SIGNET_TOKEN",
             &r.access.token_file),
        TEXT('t', "token", "TOKEN", "The access token; others on this machine may see it",
             &r.access.token),
        TEXT(0, "ca-file", "FILE", "The server's certificate authority (PEM)", &options->ca_file),
        FLAG(0, "allow-http", "Speak plain http: token and keys go in clear", &options->allow_http),
        FLAG(0, "find", "Only say whether the server has the device", &r.find),
        FLAG(0, "remove", "Remove the device from the server", &r.remove),
        NUMBER(0, "timeout", "SECONDS", "For one request (30)", &seconds, 1, 600),
        NUMBER(0, "attempts", "N", "For one request (4)", &options->attempts, 1, 20),
        {0},
    };

    if (!cli_parse(&cli, argc, argv, rows, "", "Registers one device at a server.", 0, 0))
        return EXIT_USAGE;
    options->total_timeout_ms = seconds * 1000;
    return run_checked(&cli, &r);
}

const struct verb register_verbs[] = {
    {"", "one device at a server: add, find or remove", register_device},
    {0},
};
