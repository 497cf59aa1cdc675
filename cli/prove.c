/* SPDX-License-Identifier: Apache-2.0 */
/* signet prove */
#include "cli.h"

#include <string.h>

enum { PACKET_MAX = 4 * 1024 * 1024 };

static void tell_json(const struct signet_proof *proof, bool in)
{
    struct json j;

    json_begin(&j, stdout);
    json_text(&j, "event", "proof");
    json_bool(&j, "in", in);
    json_text(&j, "step", proof->step);
    json_text(&j, "uri", proof->uri);
    if (proof->cipher[0])
        json_text(&j, "cipher", proof->cipher);
    if (proof->code)
        json_integer(&j, "code", proof->code);
    if (proof->location[0])
        json_text(&j, "location", proof->location);
    json_integer(&j, "accounts", proof->accounts);
    json_integer(&j, "bootstraps", proof->bootstraps);
    json_real(&j, "seconds", proof->seconds);
    json_end(&j);
}

static void tell(const struct signet_proof *proof)
{
    printf("in: %u server%s let the device in and out again", proof->accounts,
           proof->accounts == 1 ? "" : "s");
    if (proof->bootstraps)
        printf(", %u of them for bootstrap", proof->bootstraps);
    printf(" (%.2f s)\n%s  %s%s%s\n", proof->seconds, proof->uri,
           proof->cipher[0] ? proof->cipher : "no security", proof->location[0] ? "  " : "",
           proof->location);
}

/* A packet, or the configuration of one. */
static int load(const struct cli *cli, bool config, struct signet_tree **tree,
                struct signet_error *err)
{
    struct signet_bytes data = {0};
    int code = cli_read(cli->args[0], PACKET_MAX, &data, err);

    if (!code && config)
        code = signet_config_parse((const char *)data.data, data.len, cli->args[0], tree, err);
    else if (!code)
        code = signet_packet_decode(data.data, data.len, tree, err);
    signet_bytes_free(&data);
    return code;
}

/* The other side: the server's own view of who is registered. */
struct asked {
    const char *file, *token, *token_file, *ca_file;
    bool allow_http;
    struct signet_server *server;
};

static int open_server(struct asked *asked, const struct signet_observer *observer,
                       struct signet_error *err)
{
    const struct signet_server_options options = {.allow_http = asked->allow_http,
                                                  .ca_file = asked->ca_file};
    struct signet_server_info info = {0};
    struct signet_bytes token = {0};
    int code = cli_token(asked->token, asked->token_file, &token, err);

    if (!code)
        code = signet_server_info_load(asked->file, &info, err);
    if (!code)
        code = signet_server_open(&asked->server, &info, &options, token.data, token.len, observer,
                                  process_cancel(), err);
    signet_server_info_free(&info);
    signet_bytes_free(&token);
    return code;
}

static int ask(void *ctx, const char *endpoint, struct signet_error *err)
{
    return signet_server_seen(((struct asked *)ctx)->server, endpoint, err);
}

static int knows(void *ctx, const char *endpoint, struct signet_error *err)
{
    return signet_server_find(((struct asked *)ctx)->server, endpoint, err);
}

static int prove(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_prove_options options = {0};
    struct signet_proof proof = {0};
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};
    struct asked asked = {0};
    bool config = false;
    long timeout = 20;
    /* clang-format off */
    const struct option_row rows[] = {
        {'a', "ask", "FILE", "Ask this server's API, too, whether it saw the device (JSON file)", OPTION_TEXT, &asked.file, 0, 0},
        {256, "allow-http", NULL, "--ask may speak plain http", OPTION_FLAG, &asked.allow_http, 0, 0},
        {257, "ca-file", "FILE", "--ask: trust these authorities (PEM)", OPTION_TEXT, &asked.ca_file, 0, 0},
        {258, "token-file", "FILE", "--ask: the access token (else SIGNET_TOKEN)", OPTION_TEXT, &asked.token_file, 0, 0},
        {'c', "config", NULL, "FILE is a configuration, not a packet", OPTION_FLAG, &config, 0, 0},
        {'e', "endpoint", "NAME", "Endpoint client name (else the PSK identity)", OPTION_TEXT, &options.endpoint, 0, 0},
        {'t', "timeout", "S", "Longest time for each server (20)", OPTION_NUMBER, &timeout, 1, 600},
        {'u', "uri", "URI", "Go there instead: coaps://HOST:PORT", OPTION_TEXT, &options.uri, 0, 0},
        {0},
    };
    /* clang-format on */

    if (!cli_parse(&cli, argc, argv, rows, "FILE",
                   "Proves that a device with this packet gets in: acts as the device at the "
                   "packet's servers (DTLS handshake, Register, Deregister; bootstrap first where "
                   "the packet has it). FILE may be - for standard input.",
                   1, 1))
        return EXIT_USAGE;
    const struct signet_observer observer = cli_observer(&cli);
    options.observer = &observer;
    options.timeout_ms = (unsigned)timeout * 1000;
    options.cancel = (struct signet_cancel *)process_cancel();
    int code = load(&cli, config, &tree, &err);
    if (!code) /* the proof shows the rest; what a device would refuse is worth a word */
        code = signet_device_check(tree, SIGNET_CHECK_WARN_ONLY, &observer, &err);
    if (!code && asked.file) {
        code = open_server(&asked, &observer, &err);
        options.on_registered = ask;
        options.knows = knows;
        options.ctx = &asked;
    }
    if (!code) {
        code = signet_prove(tree, &options, &proof, &err);
        if (cli.json)
            tell_json(&proof, !code);
        else if (!code)
            tell(&proof);
    }
    signet_tree_free(&tree);
    signet_server_close(&asked.server);
    return code ? cli_fail(&cli, &err) : cli_close(&cli, EXIT_DONE);
}

const struct verb prove_verbs[] = {
    {"", "act as the device: does it get in at its servers?", prove},
    {0},
};
