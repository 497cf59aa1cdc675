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
enum { FREE_WARN_MIB = 512, FREE_FAIL_MIB = 32, CLOCK_WARN_SECONDS = 60 };

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
    cli_hint(hint, false, better);
    c->worst = verdict > c->worst ? verdict : c->worst;
    if (!c->cli->json) {
        printf("%s  %-10s %-16s %s%s%s\n", words[verdict], what, PLAIN(which), PLAIN(text),
               better[0] ? "; " : "", better);
        fflush(stdout); /* a server may take a while */
        return;
    }
    json_line("check", M_TEXT("what", what), M_TEXT("which", which),
              M_TEXT("verdict", small[verdict]), M_TEXT("message", text), M_GIVEN("hint", better));
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
                                               .cancel = process_cancel(),
                                               .ask = cli_ask};
    struct signet_run *run = NULL;
    struct signet_error err = {0};
    int rc = signet_run_open(&run, c->order, &options, &err);
    signet_run_close(&run);
    bool key = rc == SIGNET_E_CRYPTO;
    put_result(c, key ? SIGNET_OK : rc, "order", c->order->name,
               "template, names, images, tools, hooks and the memory of the ledger fit", &err);
    if (rc == SIGNET_OK || key)
        put_result(c, rc, "key", c->order->key_file, "what is sealed in the work folder opens",
                   &err);
}

/* What the dry run had signed for the first device is verified there. */
static void check_authority(struct check *c)
{
    const struct signet_order *o = c->order;
    struct signet_authority *authority = NULL;
    struct signet_authority_view view;
    struct signet_error err = {0};
    char text[700] = "";
    if (!signet_order_has_authority(o))
        return;
    int rc = cli_authority(c->cli, o->authority_file, o->authority_file ? NULL : &o->authority,
                           &authority, &err);
    if (rc == SIGNET_OK)
        rc = signet_authority_describe(authority, &view, &err);
    if (rc == SIGNET_OK)
        snprintf(text, sizeof(text), "%s, valid until %s", view.cert.subject,
                 TIME(view.cert.not_after));
    put_result(c, rc, "authority", rc == SIGNET_OK ? view.kind : "", text, &err);
    signet_authority_close(&authority);
}

/* By its path, or on PATH, as a run starts it. */
static bool find_program(const char *name)
{
    const char *given = getenv("PATH");
    char path[4096], *list = strdup(given ? given : ""), *rest = list, *folder;
    bool found = strchr(name, '/') && access(name, X_OK) == 0;
    while (!found && !strchr(name, '/') && (folder = strsep(&rest, ":"))) {
        snprintf(path, sizeof(path), "%s/%s", folder, name);
        found = folder[0] && access(path, X_OK) == 0;
    }
    free(list);
    return found;
}

static void check_hooks(struct check *c)
{
    const struct signet_order *o = c->order;
    const struct {
        const char *key, *const *words;
    } hooks[] = {{"ask_before", (const char *const *)o->ask_before},
                 {"on_pass", (const char *const *)o->on_pass},
                 {"on_fail", (const char *const *)o->on_fail},
                 {"on_made_before", (const char *const *)o->on_made_before},
                 {"on_refused_scan", (const char *const *)o->on_refused_scan}};
    for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
        if (hooks[i].words) {
            bool found = find_program(hooks[i].words[0]);
            put_check(c, found ? CHECK_PASS : CHECK_FAIL, "hook", hooks[i].key,
                      found ? hooks[i].words[0] : "its program is not there, or may not be run",
                      found ? "" : hooks[i].words[0]);
        }
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

/* A scanner that is not there stops the line: no board is begun without a code. */
static void check_scanner(struct check *c, const struct signet_scanner *scanner)
{
    struct signet_link *link = NULL;
    struct signet_error err = {0};
    int rc =
        signet_link_open(&link, scanner->port, (unsigned)scanner->baud, process_cancel(), &err);
    signet_link_close(&link);
    put_result(c, rc, "scanner", scanner->slot ? scanner->slot : "", scanner->port, &err);
}

/* Credentials, tokens and certificates have times. */
static void check_server_clock(struct check *c, const char *name, const struct signet_server *s)
{
    int64_t ahead;
    char text[96];
    if (signet_server_clock(s, &ahead, NULL) != SIGNET_OK)
        return;
    bool good = ahead <= CLOCK_WARN_SECONDS && ahead >= -CLOCK_WARN_SECONDS;
    if (good)
        snprintf(text, sizeof(text), "within a minute of this station's");
    else
        snprintf(text, sizeof(text), "it is %" PRId64 " s %s this station's",
                 ahead < 0 ? -ahead : ahead, ahead < 0 ? "behind" : "ahead of");
    put_check(c, good ? CHECK_PASS : CHECK_WARN, "clock", name, text,
              good ? "" : "which of the two is right?");
}

static void check_servers(struct check *c)
{
    for (size_t i = 0; i < c->order->server_count; i++) {
        const struct signet_order_server *from = &c->order->servers[i];
        const struct server_access access = {.file = from->file,
                                             .token_file = from->token_file,
                                             .options = {.allow_http = from->allow_http,
                                                         .ca_file = from->ca_file,
                                                         .pin = from->pin,
                                                         .attempts = 1}};
        struct signet_server *server = NULL;
        struct signet_error err = {0};
        int rc = cli_server_open(&access, NULL, &server, &err);
        if (rc == SIGNET_OK)
            rc = signet_server_check(server, &err);
        put_result(c, rc, "server", from->name, "it is there, and lets the station in", &err);
        if (rc == SIGNET_OK)
            check_server_clock(c, from->name, server);
        signet_server_close(&server);
    }
}

static void check_label(struct check *c)
{
    struct signet_error err = {0};
    if (!c->order->label.printer)
        return;
    int rc = signet_label_printer(c->order->label.printer, process_cancel(), &err);
    put_result(c, rc, "label", "printer", c->order->label.printer, &err);
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

/* What the order's check has used so far. */
static void check_memory(struct check *c)
{
    bool locked = signet_secrets_locked();
    put_check(c, locked ? CHECK_PASS : CHECK_WARN, "memory", "",
              locked ? "secrets are locked, and stay out of the swap"
                     : "not all secrets are locked: they may get into the swap",
              locked ? "" : "raise RLIMIT_MEMLOCK, as LimitMEMLOCK=64M does in a systemd unit");
}

/* Events are recorded with the ledger's clock. */
static void check_clock(struct check *c, struct signet_ledger *ledger)
{
    struct signet_ledger_head head;
    char text[160] = "not behind this station's last event";
    struct signet_error err = {0};
    int rc = signet_ledger_head(ledger, 0, &head, &err);
    bool good = rc == SIGNET_OK && head.now >= head.time - 5;
    if (rc == SIGNET_OK && !good)
        snprintf(text, sizeof(text), "%" PRId64 " s behind this station's last event",
                 head.time - head.now);
    put_check(c, good ? CHECK_PASS : CHECK_FAIL, "clock", "station", rc ? err.msg : text,
              good || rc ? "" : "set the right time");
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
        check_clock(c, ledger);
    if (rc == SIGNET_OK)
        rc = signet_ledger_verify(ledger, &events, head, &err);
    signet_ledger_close(&ledger);
    snprintf(text, sizeof(text), "%s, head %.16s...", COUNT(events, "event", "events"), head);
    if (rc == SIGNET_E_NOT_FOUND)
        put_check(c, CHECK_WARN, "ledger", "", "there is none yet: the first run makes it", "");
    else
        put_result(c, rc, "ledger", "", text, &err);
}

/* Somebody has put it into its slot, and says so: a board can tell only afterwards which one it is.
 */
static void check_golden(struct check *c, bool wanted)
{
    const struct signet_run_options options = {
        .size = sizeof(options), .dry_run = true, .cancel = process_cancel(), .ask = cli_ask};
    const char *slot = c->order->golden.slot;
    struct signet_golden report = {0};
    struct signet_run *run = NULL;
    struct signet_error err = {0};
    char text[200];
    if (!wanted) {
        snprintf(text, sizeof(text), "not asked for: board %s in slot %s", c->order->golden.board,
                 slot);
        put_check(c, CHECK_WARN, "golden", slot, text,
                  "put it in, then give --golden: the board in the slot is erased");
        return;
    }
    int rc = signet_run_open(&run, c->order, &options, &err);
    if (rc == SIGNET_OK)
        rc = signet_run_golden(run, &report, &err);
    signet_run_close(&run);
    snprintf(text, sizeof(text), "board %s, made in %.1f s; %s%s", report.hw_id, report.seconds,
             COUNT(report.servers, "server had it", "servers had it"),
             report.proved ? "; it got in" : "");
    put_result(c, rc, "golden", slot, text, &err);
}

static int station_check_verb(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_order *order = NULL;
    bool golden = false;
    const struct option_row rows[] = {
        FLAG('g', "golden", "Also the golden board, end to end; the board in its slot is erased",
             &golden),
        {0}};
    if (!cli_parse(
            &cli, argc, argv, rows, "ORDER.yaml",
            "Looks whether everything is there that an order needs: what a dry run checks, "
            "hooks, programmers, ports and who has them, servers, clocks, disks, the whole ledger. "
            "No board is changed without --golden. Exit 0: nothing failed.",
            1, 1))
        return EXIT_USAGE;
    if (cli_order(&cli, cli.args[0], &order) != SIGNET_OK)
        return cli_fail(&cli, &cli.err);
    struct check c = {.cli = &cli, .order = order};
    check_order(&c);
    check_memory(&c);
    check_authority(&c);
    check_hooks(&c);
    for (size_t i = 0; i < order->slot_count; i++) {
        check_programmer(&c, &order->slots[i]);
        check_port(&c, &order->slots[i]);
    }
    for (size_t i = 0; i < order->scan.scanner_count; i++)
        check_scanner(&c, &order->scan.scanners[i]);
    check_servers(&c);
    check_label(&c);
    check_space(&c, "work", order->work, true);
    if (!strstr(order->ledger, "://"))
        check_space(&c, "ledger", order->ledger, false);
    check_ledger(&c);
    if (golden && !order->golden.slot)
        put_check(&c, CHECK_FAIL, "golden", "", "the order has none", "see 'golden' in an order");
    else if (order->golden.slot)
        check_golden(&c, golden);
    if (cli.json)
        json_line("checked", M_BOOL("ready", c.worst < CHECK_FAIL));
    signet_order_free(&order);
    if (signet_cancel_fired(process_cancel()))
        return cli_close(&cli, EXIT_INTERRUPTED);
    return cli_close(&cli, c.worst < CHECK_FAIL ? EXIT_DONE : EXIT_FAILED);
}

const struct verb station_verbs[] = {
    {"check", "is everything there that an order needs", station_check_verb},
    {"key", "the key that seals the station's secrets: show, rotate", station_key},
    {0},
};
