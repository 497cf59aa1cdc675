/* SPDX-License-Identifier: Apache-2.0 */
#include "line/private.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static const struct presence board = {
    .there = true, .path = "/dev/ttyACM0", .serial = "S1", .device = 5, .inode = 7, .changed = 9};

static void any_trace_makes_another_board(void **state)
{
    struct presence now = board;

    (void)state;
    assert_true(presence_same(&now, &board));
    now.serial[0] = '\0'; /* it is looked up for a board that is taken only */
    assert_true(presence_same(&now, &board));
    now.there = false;
    assert_false(presence_same(&now, &board));
    now = board;
    now.device = 6;
    assert_false(presence_same(&now, &board));
    now = board;
    now.inode = 8;
    assert_false(presence_same(&now, &board));
    now = board;
    now.changed = 10;
    assert_false(presence_same(&now, &board));
    now = board;
    strcpy(now.path, "/dev/ttyACM1");
    assert_false(presence_same(&now, &board));
}

/* Enumerated anew, its device file is another one. */
static void a_port_that_came_back_at_once_is_the_same_board(void **state)
{
    struct presence now = board;

    (void)state;
    now.inode = 8;
    assert_true(presence_is_back(&now, &board, 0));
    assert_true(presence_is_back(&now, &board, 1999));
    assert_false(presence_is_back(&now, &board, 2000)); /* a hand may be that fast */
    strcpy(now.serial, "S2");
    assert_false(presence_is_back(&now, &board, 0));
    now.serial[0] = '\0'; /* two ports without a number are not one */
    assert_false(presence_is_back(&now, &now, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_trace_makes_another_board),
        cmocka_unit_test(a_port_that_came_back_at_once_is_the_same_board)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
