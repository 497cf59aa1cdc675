/* SPDX-License-Identifier: Apache-2.0 */
/* signet station check: is everything there that an order needs, before the shift begins. */
#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum verdict { CHECK_PASS, CHECK_WARN, CHECK_FAIL };
enum { FREE_WARN_MIB = 512, FREE_FAIL_MIB = 32 };

struct check {
    const struct cli *cli;
    const struct signet_order *order;
    enum verdict worst;
};

static void put_check(struct check *c, enum verdict verdict, const char *what, const char *which,
                      const char *text, const char *hint)
{
    static const char *const words[] = {"PASS", "WARN", "FAIL"}, *const small[] = {"pass", "warn",
                                                                                   "fail"};
    char better[CLI_HINT_SIZE];
    struct json j;
    cli_hint(hint, better);
    c->worst = verdict > c->worst ? verdict : c->worst;
    if (!c->cli->json) {
        printf("%s  %-10s %-16s %s%s%s\n", words[verdict], what, PLAIN(which), PLAIN(text),
               better[0] ? "; " : "", better);
        fflush(stdout); /* a server may take a while */
        return;
    }
    json_event(&j, "check");
    json_text(&j, "what", what);
    json_text(&j, "which", which);
    json_text(&j, "verdict", small[verdict]);
    json_text(&j, "message", text);
    json_given(&j, "hint", better);
    json_end(&j);
}

/* rc of a call, as a row. */
static void put_result(struct check *c, int rc, const char *what, const char *which,
                       const char *text, const struct signet_error *why)
{
    if (rc == SIGNET_OK)
        put_check(c, CHECK_PASS, what, which, text, "");
    else
        put_check(c, CHECK_FAIL, what, which, why->msg, why->hint);
}

/* Warnings of the dry run are rows of their own. */
static void on_warning(void *ctx, const struct signet_event *event)
{
    if ((event->kind == SIGNET_EVENT_WARNING || event->kind == SIGNET_EVENT_ERROR) && event->error)
        put_check(ctx, event->kind == SIGNET_EVENT_ERROR ? CHECK_FAIL : CHECK_WARN, "order", "",
                  event->error->msg, event->error->hint);
}

/* All that a dry run looks at, but for the servers: template, names, images, tools, hooks, the key
 * and what the work folder knows of the ledger. */
static void check_order(struct check *c)
{
    const struct signet_observer observer = {.on_event = on_warning, .ctx = c};
    const struct signet_run_options options = {.size = sizeof(options),
                                               .dry_run = true,
                                               .observer = &observer,
                                               .cancel = process_cancel()};
    struct signet_run *run = NULL;
    struct signet_error err = {0};
    int rc = signet_run_open(&run, c->order, &options, &err);
    signet_run_close(&run);
    put_result(c, rc, "order", c->order->name,
               "template, names, images, tools, hooks, key and the memory of the ledger fit", &err);
}

static void check_programmer(struct check *c, const struct signet_slot *slot)
{
    struct signet_board_options options = c->order->board;
    struct signet_board *board = NULL;
    struct signet_error err = {0};
    const char *serial = slot->kind == SIGNET_SLOT_SERIAL ? slot->where : slot->serial;
    if (!serial)
        return;
    options.port = slot->kind == SIGNET_SLOT_PORT ? slot->where : NULL;
    options.serial = serial;
    int rc = signet_board_open(&board, c->order->recipe, &options, NULL, process_cancel(), &err);
    if (rc == SIGNET_OK)
        rc = signet_board_plugged(board, &err);
    signet_board_close(&board);
    put_result(c, rc, "programmer", slot->name, serial, &err);
}

/* Opened for a moment, as a run does it; nothing is sent. A slot may be empty. */
static void check_port(struct check *c, const struct signet_slot *slot)
{
    const struct signet_port_filter filter = {
        .nth = (int)c->order->board.vcom,
        .serial = slot->kind == SIGNET_SLOT_SERIAL ? slot->where : NULL,
        .usb_path = slot->kind == SIGNET_SLOT_HUB ? slot->where : NULL};
    struct signet_port port = {0};
    struct signet_link *link = NULL;
    struct signet_error err = {0};
    const char *path = slot->where;
    int rc = SIGNET_OK;
    if (slot->kind != SIGNET_SLOT_PORT) {
        rc = signet_port_find(&port, &filter, &err);
        path = port.path;
    }
    if (rc == SIGNET_OK)
        rc = signet_link_open(&link, path, c->order->board.baud, process_cancel(), &err);
    signet_link_close(&link);
    if (rc == SIGNET_E_NOT_FOUND)
        put_check(c, CHECK_WARN, "port", slot->name, err.msg, "is a board in the slot?");
    else
        put_result(c, rc, "port", slot->name, path, &err);
}

static void check_servers(struct check *c)
{
    for (size_t i = 0; i < c->order->server_count; i++) {
        const struct signet_order_server *from = &c->order->servers[i];
        const struct server_access access = {
            .file = from->file,
            .token_file = from->token_file,
            .options = {.allow_http = from->allow_http, .ca_file = from->ca_file, .attempts = 1}};
        struct signet_server *server = NULL;
        struct signet_error err = {0};
        int rc = cli_server_open(&access, NULL, &server, &err);
        if (rc == SIGNET_OK)
            rc = signet_server_check(server, &err);
        signet_server_close(&server);
        put_result(c, rc, "server", from->name, "it is there, and takes the token", &err);
    }
}

/* Of the file system that has the folder, or will have it. */
static void check_space(struct check *c, const char *which, const char *path, bool is_folder)
{
    struct statvfs fs;
    char folder[4096], text[64];
    const char *slash = strrchr(path, '/');
    if (is_folder && access(path, F_OK) == 0)
        snprintf(folder, sizeof(folder), "%s", path);
    else
        snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
                 slash ? path : ".");
    if (statvfs(folder, &fs) != 0) {
        put_check(c, CHECK_FAIL, "disk", which, strerror(errno), "does the folder exist?");
        return;
    }
    uint64_t mib = (uint64_t)fs.f_bavail * fs.f_frsize >> 20;
    snprintf(text, sizeof(text), "%" PRIu64 " MiB free", mib);
    put_check(c,
              mib < FREE_FAIL_MIB   ? CHECK_FAIL
              : mib < FREE_WARN_MIB ? CHECK_WARN
                                    : CHECK_PASS,
              "disk", which, text, "");
}

static void check_ledger(struct check *c)
{
    const struct signet_ledger_options options = {.size = sizeof(options),
                                                  .station = c->order->station,
                                                  .cancel = process_cancel(),
                                                  .read_only = true};
    struct signet_ledger *ledger = NULL;
    struct signet_error err = {0};
    char head[65] = "", text[160];
    int64_t events = 0;
    int rc = signet_ledger_open(&ledger, c->order->ledger, &options, &err);
    if (rc == SIGNET_OK)
        rc = signet_ledger_verify(ledger, &events, head, &err);
    signet_ledger_close(&ledger);
    snprintf(text, sizeof(text), "%s, head %.16s...", COUNT(events, "event", "events"), head);
    if (rc == SIGNET_E_NOT_FOUND)
        put_check(c, CHECK_WARN, "ledger", "", "there is none yet: the first run makes it", "");
    else
        put_result(c, rc, "ledger", "", text, &err);
}

static int station_check_verb(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_order *order = NULL;
    struct json j;
    if (!cli_parse(
            &cli, argc, argv, NULL, "ORDER.yaml",
            "Looks whether everything is there that an order needs: what a dry run checks, "
            "programmers, ports and who has them, servers, disks, the whole ledger. No board "
            "is changed. Exit 0: nothing failed.",
            1, 1))
        return EXIT_USAGE;
    if (signet_order_load(&order, cli.args[0], &cli.err) != SIGNET_OK)
        return cli_fail(&cli, &cli.err);
    struct check c = {.cli = &cli, .order = order};
    check_order(&c);
    for (size_t i = 0; i < order->slot_count; i++) {
        check_programmer(&c, &order->slots[i]);
        check_port(&c, &order->slots[i]);
    }
    check_servers(&c);
    check_space(&c, "work", order->work, true);
    if (!strstr(order->ledger, "://"))
        check_space(&c, "ledger", order->ledger, false);
    check_ledger(&c);
    if (cli.json) {
        json_event(&j, "checked");
        json_bool(&j, "ready", c.worst < CHECK_FAIL);
        json_end(&j);
    }
    signet_order_free(&order);
    return cli_close(&cli, c.worst < CHECK_FAIL ? EXIT_DONE : EXIT_FAILED);
}

const struct verb station_verbs[] = {
    {"check", "is everything there that an order needs", station_check_verb},
    {0},
};
