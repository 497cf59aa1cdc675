/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a run, as text and as JSON, word for word: of nothing, of one of each, of many;
 * data/golden/run_report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "../cli/run.h"
#include "unit/golden.h"

static char reworked[][SIGNET_ENDPOINT_SIZE] = {"urn:dev:os:again-1", "urn:dev:os:again-2"};
static struct signet_slot_report slots[] = {
    {.name = "1", .passed = 19, .failed = 2, .first_pass = 18},
    {.name = "2"},
    {.name = "3", .failed = 1}};
static struct signet_elsewhere_report elsewhere[] = {
    {.station = "B", .begun = 1}, {.station = "C", .begun = 2, .exposed = 3, .waiting = 4}};
static struct signet_server_report servers[] = {
    {.name = "keys",
     .registered = 1,
     .removed = 1,
     .by_hand = 1,
     .removing = 1,
     .to_do = {.code = SIGNET_E_CONFLICT, .msg = "look for it"}},
    {.name = "things",
     .registered = 20,
     .refused = 21,
     .waiting = 22,
     .stopped = true,
     .removed = 23,
     .by_hand = 24,
     .removing = 25,
     .away = {.code = SIGNET_E_NET, .msg = "no route"},
     .to_do = {.code = SIGNET_E_CONFLICT, .msg = "delete it"},
     .unremoved = {.code = SIGNET_E_AUTH, .msg = "no token"}},
    {.name = SIGNET_LEDGER_SCANNER, .waiting = 26}};

#define CHECKPOINT "signet/A\n357\nbdMX9zFJYwlOln6pbqlNy/1X0Ng=\n\n\xe2\x80\x94 signet/A sig\n"

static const struct signet_run_report of_one = {
    .seconds = 1,
    .quota = 1,
    .states = {[SIGNET_DEVICE_VERIFIED] = 1, [SIGNET_DEVICE_FAILED] = 1, [SIGNET_DEVICE_VOID] = 1},
    .elsewhere = elsewhere,
    .elsewhere_count = 1,
    .left = {1, 1, 1, 1, 1},
    .reworked = 1,
    .reworked_names = reworked,
    .reworked_name_count = 1,
    .line = {.passed = 1,
             .first_pass = 1,
             .made_before = 1,
             .locked = 1,
             .retries = 1,
             .per_hour = 3600,
             .refused_scans = 1,
             .slots = slots,
             .slot_count = 1},
    .batch = {.made = 1, .packets = {.bytes = 1, .sha256 = "aa"}},
    .delivery = {.done = 1, .proved = 1, .servers = servers, .server_count = 1},
    .notify = {{.name = "mes", .told = 1, .refused = 1, .waiting = 1}},
    .notify_count = 1,
    .stages = {{"flash", 1, 1.234, 2.345}},
    .stage_count = 1,
    .errors = {[SIGNET_E_USAGE] = 1},
    .checkpoint = CHECKPOINT};

static const struct signet_run_report of_many = {
    .seconds = 12.5,
    .quota = 99,
    .states = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
    .elsewhere = elsewhere,
    .elsewhere_count = 2,
    .left = {30, 31, 32, 33, 34},
    .reworked = 3,
    .reworked_names = reworked,
    .reworked_name_count = 2,
    .line = {.passed = 19,
             .failed = 3,
             .first_pass = 18,
             .made_before = 40,
             .locked = 41,
             .retries = 42,
             .per_hour = 1234.5,
             .refused_scans = 43,
             .slots = slots,
             .slot_count = 3},
    .batch = {.made = 50,
              .failed = 51,
              .elsewhere = 52,
              .packets = {.bytes = 53, .sha256 = "bb"},
              .records = {.sha256 = "cc"}},
    .delivery = {.done = 60,
                 .proved = 61,
                 .refused = 62,
                 .servers = servers,
                 .server_count = 3,
                 .unproved = {.code = SIGNET_E_TIMEOUT, .msg = "no answer"}},
    .notify = {{.name = "mes",
                .told = 70,
                .refused = 71,
                .waiting = 72,
                .away = {.code = SIGNET_E_NET, .msg = "gone"}},
               {.name = "log", .told = 73}},
    .notify_count = 2,
    .stages = {{"flash", 80, 1.5, 2.5}, {"load", 81, 0.25, 100}},
    .stage_count = 2,
    .errors = {[SIGNET_E_BOARD] = 90, [SIGNET_E_REFUSED] = 91}};

static const struct signet_run_report over = {
    .quota = 5,
    .states = {[SIGNET_DEVICE_DONE] = 4, [SIGNET_DEVICE_VOID] = 1},
    .finished = true,
    .delivery = {.done = 1}};

/* Labels alone wait. */
static const struct signet_run_report labels = {
    .quota = 2, .left = {.waiting = 2}, .delivery = {.servers = servers + 2, .server_count = 1}};

static void both(const struct signet_order *order, const struct signet_run_report *r, bool json)
{
    struct cli cli = {.json = json};
    bool stopped = r == &of_many;

    printf("== %s, %s\n", order->name, json ? "JSON" : "text");
    int code = report_print(&cli, order, r, stopped);
    printf("[%d]\n", code);
    code = report_print_synced(&cli, order, r, stopped);
    printf("[%d]\n", code);
}

static void reports_are_these(void **state)
{
    const struct signet_order boards = {
        .name = "boards", .station = "A", .recipe = "smp-file", .server_count = 3};
    const struct signet_order packets = {.name = "packets",
                                         .station = "A",
                                         .packets = "p.ndjson",
                                         .records = "r.csv",
                                         .seal_to_count = 1};
    static const struct signet_run_report nothing = {0};
    const struct signet_run_report *const reports[] = {&nothing, &of_one, &of_many, &over, &labels};
    static char text[1 << 17];
    int file = memfd_create("stdout", 0), out = dup(STDOUT_FILENO);

    (void)state;
    fflush(stdout);
    assert_true(file >= 0 && out >= 0 && dup2(file, STDOUT_FILENO) >= 0);
    for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
        for (int json = 0; json < 2; json++) {
            both(&boards, reports[i], json);
            both(&packets, reports[i], json);
        }
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    assert_true(pread(file, text, sizeof(text) - 1, 0) > 0);
    close(file);
    close(out);
    golden_is("run_report", text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reports_are_these)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
