/* SPDX-License-Identifier: Apache-2.0 */
/* signet sim server */
#include "sim_verbs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void announce_server(const struct cli *cli, const struct sim_server *server,
                            const struct sim_lwm2m *lwm2m, const char *ca_file)
{
    char url[48], uri[48] = "";

    if (lwm2m)
        snprintf(uri, sizeof(uri), "coaps://127.0.0.1:%u", sim_lwm2m_port(lwm2m));
    snprintf(url, sizeof(url), "https://127.0.0.1:%u", sim_server_port(server));
    if (cli->json) {
        struct json j;

        json_event(&j, "server");
        json_put(&j, M_TEXT("url", url), M_INT("port", sim_server_port(server)),
                 M_TEXT("ca_file", ca_file));
        if (lwm2m)
            json_put(&j, M_TEXT("lwm2m", uri));
        json_end(&j);
    } else {
        printf("%s %s%s%s\n", url, ca_file, lwm2m ? " " : "", uri);
    }
    fflush(stdout);
}

/* What the tests ask for, as one line at the end. */
static void summarise(const struct cli *cli, struct sim_server *server,
                      const struct sim_lwm2m *lwm2m)
{
    struct json j;

    if (!cli->json) {
        printf("%s, ", COUNT(sim_server_devices(server), "device", "devices"));
        printf("%s, ", COUNT(sim_server_requests(server), "request", "requests"));
        printf("%s, ", COUNT(sim_server_connections(server), "connection", "connections"));
        printf("%s\n", COUNT(sim_server_logins(server), "login", "logins"));
        if (lwm2m)
            printf("%s a device came in\n", COUNT(sim_lwm2m_registered(lwm2m), "time", "times"));
        return;
    }
    json_event(&j, "served");
    json_put(&j, M_INT("devices", (int64_t)sim_server_devices(server)),
             M_INT("requests", (int64_t)sim_server_requests(server)),
             M_INT("connections", (int64_t)sim_server_connections(server)),
             M_INT("logins", (int64_t)sim_server_logins(server)));
    if (lwm2m)
        json_put(&j, M_INT("registrations", (int64_t)sim_lwm2m_registered(lwm2m)));
    json_end(&j);
}

struct place {
    bool wanted, silent; /* the LwM2M server, too; it never answers */
    uint16_t port;       /* 0: any */
};

/* What an order's entry of this server names. */
struct access_files {
    const char *server, *token;
};

static int write_server_file(const char *path, const struct sim_server_options *options,
                             const struct sim_server *server, struct signet_error *err)
{
    char *ca = realpath(options->ca_file, NULL), body[4600];
    bool coiote = strcmp(options->kind, "coiote") == 0;
    int n = snprintf(body, sizeof(body),
                     "{\"kind\": \"%s\", \"url\": \"https://127.0.0.1\", \"port\": %u,%s "
                     "\"ca_file\": \"%s\"}\n",
                     options->kind, sim_server_port(server),
                     coiote ? " \"domain\": \"/acme/\"," : "", ca ? ca : options->ca_file);
    bool odd = (size_t)n >= sizeof(body) || (ca && strpbrk(ca, "\"\\"));
    free(ca);
    return odd ? cli_error(err, SIGNET_E_LIMIT, "", "%s: no name for a file", options->ca_file)
               : cli_write(path, body, (size_t)n, err);
}

/* est: the password alone, as an order's authority takes it. */
static int write_access(const struct access_files *files, const struct sim_server_options *options,
                        const struct sim_server *server, struct signet_error *err)
{
    int rc = files->server ? write_server_file(files->server, options, server, err) : SIGNET_OK;
    const char *token = options->token;

    if (rc == SIGNET_OK && files->token) {
        token += strcmp(options->kind, "est") == 0 ? strcspn(token, ":") + 1 : 0;
        rc = cli_write(files->token, token, strlen(token), err);
    }
    return rc;
}

/* With a file for it, the token of an earlier start, which a run may still use, or a new one. It is
 * no word: messages have dots in place of a token. */
static void choose_token(struct sim_server_options *options, const char *file, char made[40])
{
    struct signet_bytes old = {0};
    uint64_t value = 0;

    if (options->token || !file)
        return;
    /* NOLINTNEXTLINE(cert-err34-c): 16 digits fit */
    if (cli_read(file, 64, &old, NULL) != SIGNET_OK || old.len != 20 ||
        sscanf((const char *)old.data, "sim-%16" SCNx64, &value) != 1)
        (void)!getentropy(&value, sizeof(value));
    signet_bytes_free(&old);
    snprintf(made, 40, "%ssim-%016" PRIx64, strcmp(options->kind, "est") == 0 ? "user:" : "",
             value);
    options->token = made;
}

static bool server_stopped(void *ctx)
{
    return sim_server_stopped(ctx);
}

static int run_server(struct cli *cli, const struct sim_server_options *options,
                      const struct place *lwm2m_at, const struct access_files *files,
                      bool until_eof)
{
    struct sim_server *server = NULL;
    struct sim_lwm2m *lwm2m = NULL;
    process_cancel();
    int rc = sim_server_start(&server, options, &cli->err);
    if (rc == SIGNET_OK && lwm2m_at->wanted)
        rc = sim_lwm2m_start(&lwm2m, server, lwm2m_at->port, lwm2m_at->silent, &cli->err);
    if (rc == SIGNET_OK)
        rc = write_access(files, options, server, &cli->err);
    if (rc == SIGNET_OK) {
        announce_server(cli, server, lwm2m, options->ca_file);
        sim_wait(until_eof, server_stopped, server);
        summarise(cli, server, lwm2m);
    }
    sim_lwm2m_stop(&lwm2m);
    sim_server_stop(&server);
    return cli_end(cli, rc);
}

/* Nothing is passed over that a kind has no use for. */
static bool fits_kind(const struct cli *cli, const struct sim_server_options *o,
                      const struct place *lwm2m, const struct access_files *files)
{
    bool est = !strcmp(o->kind, "est");
    const char *why =
        lwm2m->silent && !lwm2m->wanted ? "--silent goes with --lwm2m"
        : est && lwm2m->wanted          ? "--lwm2m: an authority has no devices"
        : est && files->server ? "--server-file: an order names an authority as its 'authority', "
                                 "and not in 'servers'"
        : est && o->token && !strchr(o->token, ':') ? "--token: that of est is USER:PASSWORD"
        : o->token_seconds && (est || !strncmp(o->kind, "leshan", 6))
            ? "--token-seconds: at this kind of server nobody logs in"
            : NULL;

    if (why)
        cli_usage(cli, "%s", why);
    return !why;
}

int sim_server(int argc, char **argv)
{
    struct sim_server_options options = {.kind = "coiote", .ca_file = "signet-sim-ca.pem"};
    struct cli cli = {0};
    bool until_eof = false, silent = false;
    unsigned port = UINT32_MAX, own_port = 0;
    struct access_files files = {0};
    char token[40];
    const struct option_row rows[] = {
        TEXT(0, "kind", "NAME",
             "coiote (default), thingsboard, leshan, leshan-bootstrap, or est: an authority",
             &options.kind),
        TEXT_OR_EMPTY(
            'm', "misbehave", "LIST",
            "latency=MS, date=SECONDS, bad-tls=expired|not-yet-valid|wrong-host|untrusted; and "
            "for one new "
            "device each, *N for N: a status (429=SECONDS: with Retry-After), html, page=STATUS, "
            "huge, truncate, drop, commit-then-drop, slow, redirect, portal; remove-WORD: "
            "for a device to remove, look-WORD: for another request",
            &options.misbehave),
        NUMBER('p', "port", "N", "Its port (any that is free)", &own_port, 1, 65535),
        TEXT(0, "server-file", "FILE", "Write the JSON file there that an order names as its file",
             &files.server),
        TEXT(0, "token-file", "FILE",
             "Write the token there, 0600; what is there from an earlier start stays the token",
             &files.token),
        TEXT(0, "keep", "FILE",
             "Keep its devices there over a restart, and its certificate in FILE.pem",
             &options.state),
        TEXT(0, "control", "PATH", "UNIX socket for `sim tell`", &options.control),
        TEXT('t', "token", "WORD",
             "The token, or password, that it takes (token, or with --token-file a new one); est: "
             "USER:PASSWORD (of user)",
             &options.token),
        TEXT(0, "ca-file", "FILE", "Where to write its certificate (signet-sim-ca.pem)",
             &options.ca_file),
        NUMBER(0, "token-seconds", "N", "Life of the tokens that a login brings (300)",
               &options.token_seconds, 1, 86400),
        NUMBER(0, "lwm2m", "PORT",
               "Be the LwM2M server, too, that its devices go to, at coaps://127.0.0.1:PORT (0: "
               "any)",
               &port, 0, 65535),
        FLAG('q', "silent", "--lwm2m never answers", &silent),
        FLAG('u', "until-eof", "End when standard input ends", &until_eof),
        {0}};

    if (!cli_parse(&cli, argc, argv, rows, "",
                   "An onboarding server to rehearse with, on 127.0.0.1: prints its URL and the "
                   "file to trust. It runs until Ctrl-C.",
                   0, 0))
        return EXIT_USAGE;
    const struct place lwm2m = {port != UINT32_MAX, silent, (uint16_t)port};
    options.port = (uint16_t)own_port;
    if (!fits_kind(&cli, &options, &lwm2m, &files))
        return EXIT_USAGE;
    choose_token(&options, files.token, token);
    return run_server(&cli, &options, &lwm2m, &files, until_eof);
}
