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
    assert_int_equal(sim_board_control(control, "next", NULL, 0, &err), SIGNET_OK);
    assert_false(there(link));
    assert_int_equal(sim_board_control(control, "reset", NULL, 0, &err), SIGNET_E_FLASH);
    until(link, true);
    assert_int_equal(sim_board_control(control, "state", answer, sizeof answer, &err), SIGNET_OK);
    assert_non_null(strstr(answer, "endpoint=demo-0100"));
    assert_non_null(strstr(answer, "provisioned=0 halted=0"));
    sim_board_stop(&board);
    assert_false(there(link));
    assert_int_equal(rmdir(folder), 0);
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
        cmocka_unit_test(a_file_is_not_taken_for_a_link),
        cmocka_unit_test(turns_need_a_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
