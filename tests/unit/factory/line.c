/* SPDX-License-Identifier: Apache-2.0 */
/* A line of simulated boards, from reserved to done. */
#include "base/base.h"
#include "sim.h"

#include <dirent.h>
#include <setjmp.h>
#include <signet/config.h>
#include <signet/line.h>
#include <signet/units.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SLOTS_MAX = 8 };

static const char template[] = "{OID.Security: {1: {RID.Security.ServerURI: 'coaps://localhost',"
                               " RID.Security.Bootstrap: False, RID.Security.Mode: 0,"
                               " RID.Security.ShortServerID: 1}},"
                               " OID.Server: {1: {RID.Server.ShortServerID: 1,"
                               " RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False,"
                               " RID.Server.Binding: 'U'}}}";

/* A factory in a folder. */
struct hall {
    char folder[64];
    struct signet_error err;
    struct signet_ledger *ledger;
    struct signet_units *units;
    struct sim_board *boards[SLOTS_MAX];
    struct signet_line_slot slots[SLOTS_MAX];
    char links[SLOTS_MAX][96], names[SLOTS_MAX][24];
    struct signet_board_options board;
    struct signet_line line;
    struct signet_line_report report;
    struct signet_observer observer;
    int pass, fail, retry;
};

#define OK(h, call)                                                                                \
    do {                                                                                           \
        if ((call) != SIGNET_OK)                                                                   \
            fail_msg("%s: %s", #call, (h)->err.msg);                                               \
    } while (0)

static void on_event(void *ctx, const struct signet_event *event)
{
    struct hall *h = ctx;

    if (event->kind == SIGNET_EVENT_SLOT && strcmp(event->stage, "pass") == 0)
        h->pass++;
    if (event->kind == SIGNET_EVENT_SLOT && strcmp(event->stage, "fail") == 0)
        h->fail++;
    h->retry += event->kind == SIGNET_EVENT_RETRY;
}

static const char *in(const struct hall *h, const char *name, char out[96])
{
    snprintf(out, 96, "%s/%s", h->folder, name);
    return out;
}

static void open_units(struct hall *h)
{
    struct signet_tree *tree = NULL;
    char work[96], key[96];
    const struct signet_units_options options = {.work = in(h, "work", work),
                                                 .key_file = in(h, "station.key", key)};
    struct signet_units_options whole = options;

    OK(h, signet_config_parse(template, strlen(template), "template", &tree, &h->err));
    whole.model = tree;
    OK(h, signet_units_open(&h->units, &whole, &h->err));
    signet_tree_free(&tree);
}

static void build(struct hall *h, size_t slots, int64_t quota, unsigned boards_each)
{
    const struct signet_ledger_options station = {.station = "A", .lease_seconds = 600};
    char path[96];

    *h = (struct hall){.folder = "/tmp/signet-line-XXXXXX"};
    assert_non_null(mkdtemp(h->folder));
    OK(h, signet_ledger_open(&h->ledger, in(h, "ledger.db", path), &station, &h->err));
    OK(h, signet_ledger_order(h->ledger, "o", "hash", quota, &h->line.order, &h->err));
    open_units(h);
    for (size_t i = 0; i < slots; i++) {
        char name[64];
        snprintf(h->names[i], sizeof h->names[i], "%zu", i + 1);
        snprintf(name, sizeof name, "urn:dev:os:line-%08zu", (i + 1) * 1000);
        in(h, h->names[i], h->links[i]);
        const struct sim_board_options options = {.link = h->links[i],
                                                  .firmware = SIM_FIRMWARE_INITIAL,
                                                  .endpoint = name,
                                                  .boards = boards_each,
                                                  .hold_ms = 300,
                                                  .misbehave = i == 2 ? "never-ready" : NULL};
        OK(h, sim_board_start(&h->boards[i], &options, &h->err));
        h->slots[i] = (struct signet_line_slot){
            .name = h->names[i], .kind = SIGNET_SLOT_PORT, .where = h->links[i]};
    }
    h->observer = (struct signet_observer){.on_event = on_event, .ctx = h};
    h->board.ready_timeout_ms = 4000;
    h->line.ledger = h->ledger;
    h->line.quota = quota;
    h->line.recipe = "anjay-zephyr";
    h->line.board = &h->board;
    h->line.slots = h->slots;
    h->line.slot_count = slots;
    h->line.units = signet_units_line(h->units);
    h->line.observer = &h->observer;
    h->line.wait_seconds = 60;
}

static size_t sealed_files(const struct hall *h)
{
    char path[96];
    DIR *dir = opendir(in(h, "work", path));
    size_t n = 0;

    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));)
        n += strstr(e->d_name, ".sealed") != NULL;
    closedir(dir);
    return n;
}

static void tear_down(struct hall *h)
{
    char command[128];

    for (size_t i = 0; i < SLOTS_MAX; i++)
        sim_board_stop(&h->boards[i]);
    signet_line_report_free(&h->report);
    signet_units_close(&h->units);
    signet_ledger_close(&h->ledger);
    snprintf(command, sizeof command, "rm -r %s", h->folder);
    assert_int_equal(system(command), 0);
}

static void one_bad_board_stops_nobody(void **state)
{
    struct hall h;
    (void)state;
    build(&h, 4, 4, 1);
    h.line.retries = 1;
    h.line.wait_seconds = 1;
    OK(&h, signet_line_run(&h.line, &h.report, &h.err));
    assert_int_equal(h.report.passed, 3);
    assert_int_equal(h.report.first_pass, 3);
    assert_int_equal(h.report.failed, 1);
    assert_int_equal(h.report.retries, 1);
    assert_int_equal(h.report.errors[SIGNET_E_TIMEOUT], 2);
    assert_int_equal(h.report.slots[2].failed, 1);
    assert_int_equal(h.report.states[SIGNET_DEVICE_DONE], 3);
    assert_int_equal(h.pass, 3);
    assert_int_equal(h.fail, 1);
    assert_int_equal(h.retry, 1);
    assert_true(h.report.per_hour > 0);
    for (size_t i = 0; i < 4; i++) {
        struct signet_bytes packet = {0};
        int rc = sim_board_applied(h.boards[i], &packet, NULL);
        assert_int_equal(rc, i == 2 ? SIGNET_E_NOT_FOUND : SIGNET_OK);
        signet_bytes_free(&packet);
    }
    assert_int_equal(sealed_files(&h), 0);
    OK(&h, signet_ledger_verify(h.ledger, &h.line.quota, (char[65]){0}, &h.err));
    tear_down(&h);
}

static void boards_take_their_turns(void **state)
{
    struct hall h;
    (void)state;
    build(&h, 2, 6, 3);
    OK(&h, signet_line_run(&h.line, &h.report, &h.err));
    assert_int_equal(h.report.passed, 6);
    assert_int_equal(h.report.failed, 0);
    assert_int_equal(h.report.states[SIGNET_DEVICE_DONE], 6);
    assert_int_equal(h.report.slots[0].passed, 3);
    tear_down(&h);
}

static void a_second_run_touches_nothing(void **state)
{
    struct hall h;
    (void)state;
    build(&h, 1, 2, 1);
    h.line.wait_seconds = 1;
    OK(&h, signet_line_run(&h.line, &h.report, &h.err));
    assert_int_equal(h.report.passed, 1);
    signet_line_report_free(&h.report);
    OK(&h, signet_line_run(&h.line, &h.report, &h.err)); /* the board is still there */
    assert_int_equal(h.report.passed, 0);
    assert_int_equal(h.report.failed, 0);
    assert_int_equal(h.report.states[SIGNET_DEVICE_DONE], 1);
    tear_down(&h);
}

static void a_work_folder_has_one_process(void **state)
{
    struct hall h;
    struct signet_units *first;
    (void)state;
    build(&h, 0, 1, 1);
    first = h.units;
    struct signet_tree *tree = NULL;
    char work[96], key[96];
    OK(&h, signet_config_parse(template, strlen(template), "template", &tree, &h.err));
    const struct signet_units_options options = {
        .model = tree, .work = in(&h, "work", work), .key_file = in(&h, "station.key", key)};
    assert_int_equal(signet_units_open(&h.units, &options, &h.err), SIGNET_E_BUSY);
    assert_ptr_equal(h.units, first);
    signet_tree_free(&tree);
    tear_down(&h);
}

static void stops_when_asked(void **state)
{
    struct hall h;
    struct signet_cancel *cancel = NULL;
    (void)state;
    build(&h, 2, 5, 1);
    OK(&h, signet_cancel_new(&cancel, &h.err));
    signet_cancel_fire(cancel);
    h.line.cancel = cancel;
    OK(&h, signet_line_run(&h.line, &h.report, &h.err));
    assert_int_equal(h.report.failed, 0);
    assert_int_equal(h.report.passed, 0);
    signet_cancel_free(&cancel);
    tear_down(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_bad_board_stops_nobody),
        cmocka_unit_test(boards_take_their_turns),
        cmocka_unit_test(a_second_run_touches_nothing),
        cmocka_unit_test(a_work_folder_has_one_process),
        cmocka_unit_test(stops_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
