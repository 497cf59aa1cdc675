/* SPDX-License-Identifier: Apache-2.0 */
/* signet prove */
#include "cli.h"

static void proof_json(const struct signet_proof *proof, bool in)
{
    json_line("proof", M_BOOL("in", in), M_TEXT("step", proof->step), M_TEXT("uri", proof->uri),
              M_GIVEN("cipher", proof->cipher), M_COUNT("code", proof->code),
              M_GIVEN("location", proof->location), M_INT("accounts", proof->accounts),
              M_INT("bootstraps", proof->bootstraps), M_REAL("seconds", proof->seconds),
              M_GIVEN("stack", proof->stack));
}

static void proof_text(const struct signet_proof *proof)
{
    printf("in: %s the device in", COUNT(proof->accounts, "server let", "servers let"));
    if (proof->bootstraps)
        printf(", %u of them for bootstrap", proof->bootstraps);
    printf(" (%.2f s)\n%s  %s%s%s\n", proof->seconds, proof->uri,
           proof->cipher[0] ? proof->cipher : "no security", proof->location[0] ? "  " : "",
           proof->location);
}

/* The other side: the server's own view of who is registered. */
static int server_saw(void *ctx, const char *endpoint, struct signet_error *err)
{
    return signet_server_seen(ctx, endpoint, err);
}

static int server_knows(void *ctx, const char *endpoint, struct signet_error *err)
{
    return signet_server_find(ctx, endpoint, err);
}

static int run_proof(struct cli *cli, const char *path, enum load_form form,
                     const struct server_access *access, const struct signet_prove_options *given)
{
    const struct signet_observer observer = cli_observer(cli);
    struct signet_server *server = NULL;
    struct signet_proof proof = {0};
    struct signet_tree *tree = NULL;
    struct signet_prove_options options = *given;
    options.observer = &observer;
    options.cancel = (struct signet_cancel *)process_cancel();
    int rc = cli_load(cli, path, form, &tree, &cli->err);
    if (rc == SIGNET_OK) /* with a packet that it refuses, a device goes nowhere */
        rc = signet_device_check(tree, SIGNET_CHECK_CERTS_LATER, &observer, &cli->err);
    if (rc == SIGNET_OK && access->file) {
        rc = cli_server_open(access, &observer, &server, &cli->err);
        options.on_registered = server_saw;
        options.knows = server_knows;
        options.ctx = server;
    }
    if (rc == SIGNET_OK) {
        rc = signet_prove(tree, &options, &proof, &cli->err);
        if (cli->json)
            proof_json(&proof, rc == SIGNET_OK);
        else if (rc == SIGNET_OK)
            proof_text(&proof);
    }
    signet_tree_free(&tree);
    signet_server_close(&server);
    return cli_end(cli, rc);
}

static int prove_device(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_prove_options options = {0};
    struct server_access ask = {0};
    const char *config = NULL;
    bool handshake = false;
    unsigned seconds = 20;
    const struct option_row rows[] = {
        TEXT('s', "server", "FILE",
             "Ask this server's API, too, whether it saw the device (JSON file; kind leshan)",
             &ask.file),
        FLAG(0, "allow-http", "--server may speak plain http", &ask.options.allow_http),
        TEXT(0, "ca-file", "FILE", "--server: trust these authorities (PEM)", &ask.options.ca_file),
        TEXT(0, "token-file", "FILE", "--server: the access token (else SIGNET_TOKEN)",
             &ask.token_file),
        MAYBE('c', "config", "FILE", "FILE is a configuration, not a packet", &config),
        DEVICE_ROW(&cli),
        OBJECTS_ROW(&cli),
        TEXT('e', "endpoint", "NAME", "Endpoint client name (else the PSK identity)",
             &options.endpoint),
        TEXT(0, "follow", "HOSTS", "A bootstrap server may send it there, too (commas; any: all)",
             &options.follow),
        FLAG(0, "handshake", "End after the handshake: for peers that speak no LwM2M", &handshake),
        TEXT(0, "stack", "NAME", "Who does the handshake: openssl (default) or mbedtls",
             &options.stack),
        NUMBER(0, "timeout", "SECONDS", "Longest time for each server (20)", &seconds, 1, 600),
        TEXT(0, "uri", "URI", "Go there instead: coaps://HOST:PORT, coaps+tcp://HOST:PORT",
             &options.uri),
        {0},
    };

    if (!cli_parse(
            &cli, argc, argv, rows, "FILE",
            "Proves that a device with this packet gets in: acts as the device at the "
            "packet's servers (DTLS or TLS handshake, Register, Deregister; bootstrap first where "
            "the packet has it). FILE may be - for standard input.",
            0, 1))
        return EXIT_USAGE;
    const char *path = cli.arg_count ? cli.args[0] : config; /* --config=FILE */
    if (!path || !path[0])
        return cli_usage(&cli, "FILE is missing");
    options.timeout_ms = seconds * 1000;
    options.flags = handshake ? SIGNET_PROVE_HANDSHAKE : 0;
    return run_proof(&cli, path, config ? LOAD_CONFIG : LOAD_PACKET, &ask, &options);
}

const struct verb prove_verbs[] = {
    {"", "act as the device: does it get in at its servers?", prove_device},
    {0},
};
