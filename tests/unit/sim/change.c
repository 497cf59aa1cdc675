/* SPDX-License-Identifier: Apache-2.0 */
/* Boards that take their turns in one socket. */
#include "base/base.h"
#include "sim.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

static bool there(const char *link)
{
    struct stat st;

    return lstat(link, &st) == 0;
}

static void until(const char *link, bool wanted)
{
    int64_t deadline = clock_ms() + 60000;

    while (there(link) != wanted) {
        assert_true(clock_ms() < deadline);
        nanosleep(&(struct timespec){0, 5000000}, NULL);
    }
}

static void the_next_board_has_the_next_number(void **state)
{
    char folder[FOLDER_SIZE], link[96], control[96], answer[512] = "";
    struct sim_board *board = NULL;
    struct signet_error err = {0};
    struct sim_board_options options = {.link = link,
                                        .control = control,
                                        .firmware = SIM_FIRMWARE_INITIAL,
                                        .endpoint = "demo-0099"};
    (void)state;
    assert_true(folder_make(folder));
    snprintf(link, sizeof link, "%s/port", folder);
    snprintf(control, sizeof control, "%s/control", folder);
    assert_int_equal(sim_board_start(&board, &options, &err), SIGNET_OK);
    assert_true(there(link));
    assert_int_equal(sim_control(control, "next", NULL, 0, &err), SIGNET_OK);
    assert_false(there(link));
    assert_int_equal(sim_control(control, "reset", NULL, 0, &err), SIGNET_E_FLASH);
    until(link, true);
    assert_int_equal(sim_control(control, "state", answer, sizeof answer, &err), SIGNET_OK);
    assert_non_null(strstr(answer, "endpoint=demo-0100"));
    assert_non_null(strstr(answer, "provisioned=0 halted=0"));
    sim_board_stop(&board);
    assert_false(there(link));
    assert_int_equal(rmdir(folder), 0);
}

static void tell(const char *control, const char *request, const char *wanted)
{
    char answer[512] = "";
    struct signet_error err = {0};

    if (sim_control(control, request, answer, sizeof answer, &err) != SIGNET_OK)
        snprintf(answer, sizeof answer, "%s", err.msg);
    if (!strstr(answer, wanted))
        fail_msg("%s: %s, not %s", request, answer, wanted);
}

struct slots {
    char folder[FOLDER_SIZE], keep[96], journal[96], link[2][96], control[2][96];
    struct sim_board *board[2];
};

static void start_slots(struct slots *s, bool fresh)
{
    for (unsigned i = 0; i < 2; i++) {
        char name[32];
        snprintf(name, sizeof name, "demo-%u01", i + 1);
        snprintf(s->link[i], sizeof s->link[i], "%s/%u", s->folder, i);
        snprintf(s->control[i], sizeof s->control[i], "%s/%u.control", s->folder, i);
        const struct sim_board_options options = {.link = s->link[i],
                                                  .control = s->control[i],
                                                  .firmware = SIM_FIRMWARE_INITIAL,
                                                  .endpoint = name,
                                                  .state = s->keep,
                                                  .journal = s->journal,
                                                  .fresh = fresh,
                                                  .slot = i + 1};
        assert_int_equal(sim_board_start(&s->board[i], &options, NULL), SIGNET_OK);
    }
}

static void stop_slots(struct slots *s)
{
    sim_board_stop(&s->board[0]);
    sim_board_stop(&s->board[1]);
}

static void open_slots(struct slots *s)
{
    assert_true(folder_make(s->folder));
    snprintf(s->keep, sizeof s->keep, "%s/keep", s->folder);
    snprintf(s->journal, sizeof s->journal, "%s/journal", s->folder);
    assert_int_equal(mkdir(s->keep, 0700), 0);
    start_slots(s, false);
}

static void boards_outlive_the_simulator(void **state)
{
    struct slots s = {0};
    (void)state;
    open_slots(&s);
    tell(s.control[0], "program final chip", "ok");
    tell(s.control[0], "name other-7", "ok");
    stop_slots(&s);
    start_slots(&s, false);
    tell(s.control[0], "state", "firmware=2");
    tell(s.control[0], "state", "board=101 endpoint=other-7");
    tell(s.control[1], "state", "board=201 endpoint=demo-201");
    stop_slots(&s);
    start_slots(&s, true);
    tell(s.control[0], "state", "firmware=1");
    tell(s.control[0], "state", "board=102 endpoint=demo-102");
    tell(s.control[1], "state", "board=202 endpoint=demo-202");
    stop_slots(&s);
}

static void a_pulled_board_is_put_in_elsewhere(void **state)
{
    struct slots s = {0};
    (void)state;
    open_slots(&s);
    tell(s.control[0], "pull", "ok");
    assert_false(there(s.link[0]));
    tell(s.control[0], "state", "there=0");
    tell(s.control[0], "pull", "no board");
    tell(s.control[0], "replug", "no board");
    tell(s.control[1], "insert 999", "no such board");
    tell(s.control[1], "insert ../101", "no such board");
    tell(s.control[0], "insert 201", "in a slot");
    tell(s.control[1], "insert 101", "ok");
    until(s.link[1], true);
    tell(s.control[1], "state", "there=1 board=101");
    tell(s.control[0], "insert 201", "ok");
    until(s.link[0], true);
    tell(s.control[0], "next", "ok"); /* a number that nobody had */
    until(s.link[0], true);
    tell(s.control[0], "state", "board=102");
    stop_slots(&s);
}

static void the_journal_says_what_happened(void **state)
{
    static const char *const wanted[] = {
        "\"slot\": 1, \"board\": \"101\", \"event\": \"in\"",
        "\"slot\": 2, \"board\": \"201\", \"event\": \"in\"",
        "\"slot\": 1, \"board\": \"101\", \"event\": \"erase\", \"firmware\": \"initial\"",
        "\"slot\": 1, \"board\": \"101\", \"event\": \"program\", \"firmware\": \"final\"",
        "\"slot\": 1, \"board\": \"101\", \"event\": \"reset\"",
        "\"slot\": 1, \"board\": \"101\", \"event\": \"out\"",
        "\"slot\": 1, \"board\": \"101\", \"event\": \"in\"",
    };
    struct slots s = {0};
    struct buf text = {0};
    const char *at;
    (void)state;
    open_slots(&s);
    tell(s.control[0], "program initial chip", "ok");
    tell(s.control[0], "program final sectors", "ok");
    tell(s.control[0], "reset", "ok");
    tell(s.control[0], "replug", "ok");
    until(s.link[0], true);
    stop_slots(&s);
    assert_int_equal(file_read(s.journal, 65536, &text, NULL), SIGNET_OK);
    at = (const char *)text.data;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const char *found = strstr(at, wanted[i]);
        if (!found)
            fail_msg("no %s in %s", wanted[i], at);
        at = found + 1;
    }
    buf_free(&text);
}

static void boards_that_are_not_kept(void **state)
{
    char folder[FOLDER_SIZE], link[96], control[96];
    struct sim_board *board = NULL;
    const struct sim_board_options options = {.link = link, .control = control};
    (void)state;
    assert_true(folder_make(folder));
    snprintf(link, sizeof link, "%s/port", folder);
    snprintf(control, sizeof control, "%s/control", folder);
    assert_int_equal(sim_board_start(&board, &options, NULL), SIGNET_OK);
    tell(control, "pull", "ok");
    tell(control, "insert 351358811124772", "--state");
    tell(control, "next", "ok");
    until(link, true);
    tell(control, "state", "board=351358811124773");
    sim_board_stop(&board);
}

static void a_file_is_not_taken_for_a_link(void **state)
{
    char folder[FOLDER_SIZE], file[96];
    struct sim_board *board = NULL;
    const struct sim_board_options options = {.link = file};
    (void)state;
    assert_true(folder_make(folder));
    snprintf(file, sizeof(file), "%s/port", folder);
    close(open(file, O_WRONLY | O_CREAT, 0600));
    assert_int_equal(sim_board_start(&board, &options, NULL), SIGNET_E_EXISTS);
    assert_true(there(file));
}

static void turns_need_a_link(void **state)
{
    struct sim_board *board = NULL;
    const struct sim_board_options options = {.boards = 2};
    (void)state;
    assert_int_equal(sim_board_start(&board, &options, NULL), SIGNET_E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_board_has_the_next_number),
        cmocka_unit_test(boards_outlive_the_simulator),
        cmocka_unit_test(a_pulled_board_is_put_in_elsewhere),
        cmocka_unit_test(the_journal_says_what_happened),
        cmocka_unit_test(boards_that_are_not_kept),
        cmocka_unit_test(a_file_is_not_taken_for_a_link),
        cmocka_unit_test(turns_need_a_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
