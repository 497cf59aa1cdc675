/* SPDX-License-Identifier: Apache-2.0 */
/* A line of simulated boards, from reserved to done. */
#include "base/base.h"
#include "sim.h"

#include <dirent.h>
#include <setjmp.h>
#include <signet/run.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

enum { SLOTS_MAX = 8 };

static const char template[] = "{OID.Security: {1: {RID.Security.ServerURI: 'coaps://localhost',"
                               " RID.Security.Bootstrap: False, RID.Security.Mode: 0,"
                               " RID.Security.ShortServerID: 1}},"
                               " OID.Server: {1: {RID.Server.ShortServerID: 1,"
                               " RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False,"
                               " RID.Server.Binding: 'U'}}}";

/* A line in a folder. */
struct fixture {
    char folder[FOLDER_SIZE];
    struct signet_error err;
    struct sim_board *boards[SLOTS_MAX];
    char links[SLOTS_MAX][96], names[SLOTS_MAX][24], files[5][96];
    struct signet_order order;
    struct signet_run_options options;
    struct signet_run *run;
    struct signet_run_report report;
    struct signet_observer observer;
    int pass, fail, retry, working;
};

#define OK(h, call)                                                                                \
    do {                                                                                           \
        if ((call) != SIGNET_OK)                                                                   \
            fail_msg("%s: %s", #call, (h)->err.msg);                                               \
    } while (0)

static void on_event(void *ctx, const struct signet_event *event)
{
    struct fixture *h = ctx;

    if (event->kind == SIGNET_EVENT_SLOT && strcmp(event->stage, "pass") == 0)
        h->pass++;
    if (event->kind == SIGNET_EVENT_SLOT && strcmp(event->stage, "fail") == 0)
        h->fail++;
    h->retry += event->kind == SIGNET_EVENT_RETRY;
    if (event->kind == SIGNET_EVENT_SLOT && strcmp(event->stage, "working") == 0)
        h->working++;
}

static const char *in(const struct fixture *h, const char *name, char out[96])
{
    snprintf(out, 96, "%s/%s", h->folder, name);
    return out;
}

static void build(struct fixture *h, size_t slots, int64_t quota, unsigned boards_each)
{
    char info[FOLDER_SIZE + 128];

    *h = (struct fixture){0};
    assert_true(folder_make(h->folder));
    h->observer = (struct signet_observer){.on_event = on_event, .ctx = h};
    h->options = (struct signet_run_options){
        .size = sizeof(h->options), .wait_seconds = 60, .observer = &h->observer};
    h->order = (struct signet_order){.name = "o",
                                     .quota = quota,
                                     .template_file = in(h, "template", h->files[0]),
                                     .ledger = in(h, "ledger.db", h->files[1]),
                                     .work = in(h, "work", h->files[2]),
                                     .key_file = in(h, "station.key", h->files[3]),
                                     .station = "A",
                                     .recipe = "anjay-zephyr",
                                     .board = {.ready_timeout_ms = 4000},
                                     .psk_len = 32,
                                     .identity = "{endpoint}",
                                     .slot_count = slots};
    snprintf(info, sizeof info, "{\"kind\": \"export\", \"file\": \"%s/keys.csv\"}", h->folder);
    h->order.servers[0] =
        (struct signet_order_server){.name = "keys", .file = in(h, "keys.json", h->files[4])};
    h->order.server_count = 1; /* so that the keys have a receiver */
    OK(h, signet_bytes_write(h->files[4], info, strlen(info), &h->err));
    OK(h, signet_bytes_write(h->files[0], template, strlen(template), &h->err));
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
        h->order.slots[i] = (struct signet_slot){
            .name = h->names[i], .kind = SIGNET_SLOT_PORT, .where = h->links[i]};
    }
}

/* The whole order, once. */
static void run_order(struct fixture *h)
{
    signet_run_report_free(&h->report);
    OK(h, signet_run_open(&h->run, &h->order, &h->options, &h->err));
    OK(h, signet_run_make(h->run, &h->report, &h->err));
    signet_run_close(&h->run);
}

static size_t sealed_files(const struct fixture *h)
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

static void tear_down(struct fixture *h)
{
    char command[128];

    for (size_t i = 0; i < SLOTS_MAX; i++)
        sim_board_stop(&h->boards[i]);
    signet_run_report_free(&h->report);
    signet_run_close(&h->run);
    snprintf(command, sizeof command, "rm -r %s", h->folder);
    assert_int_equal(system(command), 0);
}

static void one_bad_board_stops_nobody(void **state)
{
    struct fixture h;
    (void)state;
    build(&h, 4, 4, 1);
    h.order.retries = 1;
    h.options.wait_seconds = 1;
    run_order(&h);
    assert_int_equal(h.report.line.passed, 3);
    assert_int_equal(h.report.line.first_pass, 3);
    assert_int_equal(h.report.line.failed, 1);
    assert_int_equal(h.report.line.retries, 1);
    assert_int_equal(h.report.errors[SIGNET_E_TIMEOUT], 2);
    assert_int_equal(h.report.line.slots[2].failed, 1);
    assert_int_equal(h.report.states[SIGNET_DEVICE_DONE], 3);
    assert_int_equal(h.pass, 3);
    assert_int_equal(h.fail, 1);
    assert_int_equal(h.retry, 1);
    assert_true(h.report.line.per_hour > 0);
    for (size_t i = 0; i < 4; i++) {
        struct signet_bytes packet = {0};
        int rc = sim_board_applied(h.boards[i], &packet, NULL);
        assert_int_equal(rc, i == 2 ? SIGNET_E_NOT_FOUND : SIGNET_OK);
        signet_bytes_free(&packet);
    }
    assert_int_equal(sealed_files(&h), 0);
    struct signet_ledger *ledger = NULL;
    int64_t events = 0;
    OK(&h, signet_ledger_open(&ledger, h.order.ledger,
                              &(struct signet_ledger_options){.station = "A"}, &h.err));
    OK(&h, signet_ledger_verify(ledger, &events, (char[65]){0}, &h.err));
    signet_ledger_close(&ledger);
    tear_down(&h);
}

static void boards_take_their_turns(void **state)
{
    struct fixture h;
    (void)state;
    build(&h, 2, 6, 3);
    run_order(&h);
    assert_int_equal(h.report.line.passed, 6);
    assert_int_equal(h.report.line.failed, 0);
    assert_int_equal(h.report.states[SIGNET_DEVICE_DONE], 6);
    assert_int_equal(h.report.line.slots[0].passed, 3);
    tear_down(&h);
}

static void a_second_run_touches_nothing(void **state)
{
    struct fixture h;
    (void)state;
    build(&h, 1, 2, 1);
    h.options.wait_seconds = 1;
    run_order(&h);
    assert_int_equal(h.report.line.passed, 1);
    run_order(&h); /* the board is still there */
    assert_int_equal(h.report.line.passed, 0);
    assert_int_equal(h.report.line.failed, 0);
    assert_int_equal(h.report.states[SIGNET_DEVICE_DONE], 1);
    tear_down(&h);
}

/* A board is erased before its name is known: none is begun for which no unit is left. */
static void no_board_is_touched_for_nothing(void **state)
{
    struct fixture h;
    (void)state;
    build(&h, 2, 1, 3);
    h.options.wait_seconds = 1;
    run_order(&h);
    assert_int_equal(h.report.line.passed, 1);
    assert_int_equal(h.working, 1);
    run_order(&h); /* a complete order, started again */
    assert_int_equal(h.report.line.passed, 0);
    assert_int_equal(h.working, 1);
    assert_int_equal(h.report.states[SIGNET_DEVICE_DONE], 1);
    tear_down(&h);
}

/* Of an order that was made in memory there is no place to show. A board that is not plugged in has
 * not failed. */
static void no_board_of_that_serial_number(void **state)
{
    struct fixture h;
    (void)state;
    build(&h, 1, 1, 1);
    h.order.slots[0] = (struct signet_slot){
        .name = h.names[0], .kind = SIGNET_SLOT_SERIAL, .where = "of-no-board"};
    h.options.wait_seconds = 1;
    assert_int_equal(signet_run_open(&h.run, &h.order, &h.options, &h.err), SIGNET_E_USAGE);
    assert_non_null(strstr(h.err.msg, "'of-no-board' is no serial number"));
    h.order.slots[0].where = "ofnoboard";
    run_order(&h);
    assert_int_equal(h.report.line.passed, 0);
    assert_int_equal(h.report.line.failed, 0);
    assert_int_equal(h.fail, 0);
    assert_int_equal(h.retry, 0);
    tear_down(&h);
}

static void an_order_has_one_process(void **state)
{
    struct fixture h;
    struct signet_run *second = NULL;
    (void)state;
    build(&h, 1, 1, 1);
    OK(&h, signet_run_open(&h.run, &h.order, &h.options, &h.err));
    assert_int_equal(signet_run_open(&second, &h.order, &h.options, &h.err), SIGNET_E_BUSY);
    struct signet_golden golden;
    assert_int_equal(signet_run_golden(h.run, &golden, &h.err), SIGNET_E_USAGE);
    assert_null(second);
    tear_down(&h);
}

/* Not even where the ledger is there, and the order in it. */
static void a_dry_run_does_no_work(void **state)
{
    struct fixture h;
    (void)state;
    build(&h, 1, 1, 1);
    h.options.dry_run = true;
    for (int again = 0; again < 2; again++) {
        OK(&h, signet_run_open(&h.run, &h.order, &h.options, &h.err));
        assert_int_equal(signet_run_make(h.run, &h.report, &h.err), SIGNET_E_USAGE);
        assert_int_equal(signet_run_deliver(h.run, &h.report, &h.err), SIGNET_E_USAGE);
        assert_int_equal(signet_run_operator(h.run, "Ada", &h.err), SIGNET_E_USAGE);
        assert_int_equal(signet_run_shift(h.run, "early", &h.err), SIGNET_E_USAGE);
        signet_run_close(&h.run);
        h.options.dry_run = false;
        OK(&h, signet_run_open(&h.run, &h.order, &h.options, &h.err));
        signet_run_close(&h.run);
        h.options.dry_run = true;
    }
    tear_down(&h);
}

static void packets_are_not_paused(void **state)
{
    struct fixture h;
    (void)state;
    build(&h, 0, 1, 0);
    h.order.recipe = NULL;
    h.order.pattern = "urn:{serial}";
    h.order.packets = in(&h, "p.ndjson", h.links[0]);
    OK(&h, signet_run_open(&h.run, &h.order, &h.options, &h.err));
    assert_int_equal(signet_run_pause(h.run, true, &h.err), SIGNET_E_UNSUPPORTED);
    assert_string_equal(h.err.msg, "an order without boards is not paused");
    OK(&h, signet_run_make(h.run, &h.report, &h.err));
    assert_int_equal(h.report.batch.made, 1);
    tear_down(&h);
}

static void stops_when_asked(void **state)
{
    struct fixture h;
    struct signet_cancel *cancel = NULL;
    (void)state;
    build(&h, 2, 5, 1);
    OK(&h, signet_cancel_new(&cancel, &h.err));
    signet_cancel_fire(cancel);
    h.options.cancel = cancel;
    run_order(&h);
    assert_int_equal(h.report.line.failed, 0);
    assert_int_equal(h.report.line.passed, 0);
    signet_cancel_free(&cancel);
    tear_down(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_bad_board_stops_nobody),
        cmocka_unit_test(boards_take_their_turns),
        cmocka_unit_test(a_second_run_touches_nothing),
        cmocka_unit_test(no_board_is_touched_for_nothing),
        cmocka_unit_test(no_board_of_that_serial_number),
        cmocka_unit_test(an_order_has_one_process),
        cmocka_unit_test(a_dry_run_does_no_work),
        cmocka_unit_test(packets_are_not_paused),
        cmocka_unit_test(stops_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
