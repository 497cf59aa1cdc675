/* SPDX-License-Identifier: Apache-2.0 */
/* signet sim server */
#include "sim_server.h"
#include "cli.h"
#include "sim.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_MS = 100 };

static void announce(const struct cli *cli, const struct sim_server *server,
                     const struct sim_lwm2m *lwm2m, const char *ca_file)
{
    char url[48], uri[48] = "";

    if (lwm2m)
        snprintf(uri, sizeof uri, "coaps://127.0.0.1:%u", sim_lwm2m_port(lwm2m));
    snprintf(url, sizeof url, "https://127.0.0.1:%u", sim_server_port(server));
    if (cli->json) {
        struct json j;

        json_begin(&j, stdout);
        json_text(&j, "url", url);
        json_integer(&j, "port", sim_server_port(server));
        json_text(&j, "ca_file", ca_file);
        if (lwm2m)
            json_text(&j, "lwm2m", uri);
        json_end(&j);
    } else {
        printf("%s %s%s%s\n", url, ca_file, lwm2m ? " " : "", uri);
    }
    fflush(stdout);
}

static void wait_for_end(bool until_eof)
{
    while (!signet_cancel_fired(process_cancel())) {
        struct pollfd in = {.fd = until_eof ? STDIN_FILENO : -1, .events = POLLIN};
        char byte;

        if (poll(&in, 1, LOOK_MS) > 0 && read(STDIN_FILENO, &byte, 1) <= 0)
            return;
    }
}

/* What the tests ask for, as one line at the end. */
static void summarise(const struct cli *cli, struct sim_server *server,
                      const struct sim_lwm2m *lwm2m)
{
    struct json j;

    if (!cli->json) {
        printf("%zu devices, %zu requests, %zu connections, %zu logins\n",
               sim_server_devices(server), sim_server_requests(server),
               sim_server_connections(server), sim_server_logins(server));
        if (lwm2m)
            printf("%zu times a device came in\n", sim_lwm2m_registered(lwm2m));
        return;
    }
    json_begin(&j, stdout);
    json_integer(&j, "devices", (int64_t)sim_server_devices(server));
    json_integer(&j, "requests", (int64_t)sim_server_requests(server));
    json_integer(&j, "connections", (int64_t)sim_server_connections(server));
    json_integer(&j, "logins", (int64_t)sim_server_logins(server));
    if (lwm2m)
        json_integer(&j, "registrations", (int64_t)sim_lwm2m_registered(lwm2m));
    json_end(&j);
}

int sim_server(int argc, char **argv)
{
    struct sim_server_options options = {.kind = "coiote", .ca_file = "signet-sim-ca.pem"};
    struct signet_error err = {0};
    struct sim_server *server = NULL;
    struct cli cli = {0};
    struct sim_lwm2m *lwm2m = NULL;
    bool until_eof = false, silent = false;
    long seconds = 300, port = -1;
    const struct option_row rows[] = {
        {'k', "kind", "NAME", "coiote (default), thingsboard, leshan or leshan-bootstrap",
         OPTION_TEXT, &options.kind, 0, 0},
        {'m', "misbehave", "LIST",
         "latency=MS, bad-tls=expired|not-yet-valid|wrong-host|untrusted; and for one new device "
         "each, *N for N: a status (429=SECONDS: with Retry-After), html, page=STATUS, huge, "
         "truncate, drop, commit-then-drop, slow, redirect, portal; look-WORD: for another request",
         OPTION_TEXT, &options.misbehave, 0, 0},
        {'t', "token", "WORD", "The token, or password, that it takes (token)", OPTION_TEXT,
         &options.token, 0, 0},
        {'C', "ca-file", "FILE", "Where to write its certificate (signet-sim-ca.pem)", OPTION_TEXT,
         &options.ca_file, 0, 0},
        {'T', "token-seconds", "N", "Life of the tokens that a login brings (300)", OPTION_NUMBER,
         &seconds, 1, 86400},
        {'l', "lwm2m", "PORT",
         "Be the LwM2M server, too, that its devices go to, at coaps://127.0.0.1:PORT (0: any)",
         OPTION_NUMBER, &port, 0, 65535},
        {'q', "silent", NULL, "--lwm2m never answers", OPTION_FLAG, &silent, 0, 0},
        {'u', "until-eof", NULL, "End when standard input ends", OPTION_FLAG, &until_eof, 0, 0},
        {0}};

    if (!cli_parse(&cli, argc, argv, rows, "",
                   "An onboarding server to rehearse with, on 127.0.0.1: prints its URL and the "
                   "file to trust. It keeps devices in memory and runs until Ctrl-C.",
                   0, 0))
        return EXIT_USAGE;
    options.token_seconds = (unsigned)seconds;
    if (sim_server_start(&server, &options, &err) != SIGNET_OK)
        return cli_fail(&cli, &err);
    int rc = port < 0 ? SIGNET_OK : sim_lwm2m_start(&lwm2m, server, (uint16_t)port, silent, &err);
    if (rc == SIGNET_OK) {
        announce(&cli, server, lwm2m, options.ca_file);
        wait_for_end(until_eof);
        summarise(&cli, server, lwm2m);
    }
    sim_lwm2m_stop(&lwm2m);
    sim_server_stop(&server);
    return rc == SIGNET_OK ? cli_close(&cli, EXIT_DONE) : cli_fail(&cli, &err);
}
