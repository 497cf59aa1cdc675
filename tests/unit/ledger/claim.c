/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static int claim(const char *endpoint, const char *hw_id, bool recover, struct signet_lease *lease)
{
    if (recover)
        must(signet_ledger_recover(ledger, order, &err));
    return signet_ledger_claim(ledger, order, endpoint, hw_id, "9", lease, &err);
}

static void same_board_only(void **state)
{
    struct signet_lease half, fresh, back = {0};
    (void)state;
    begin(9);
    half = reserve("half", "1");
    bring(&half, SIGNET_DEVICE_WRITING, "board1");
    fresh = reserve("fresh", "2");
    bring(&fresh, SIGNET_DEVICE_KEYED, NULL);

    assert_int_equal(claim("half", "board1", false, &back), SIGNET_E_BUSY); /* its lease runs */
    assert_int_equal(claim("half", "board2", true, &back), SIGNET_E_CONFLICT);
    assert_int_equal(claim("half", NULL, true, &back), SIGNET_E_CONFLICT);
    assert_int_equal(claim("half", "", true, &back), SIGNET_E_CONFLICT);
    assert_int_equal(claim(NULL, "board2", true, &back), SIGNET_E_NOT_FOUND);
    assert_int_equal(claim(NULL, "", true, &back), SIGNET_E_NOT_FOUND);
    assert_int_equal(claim(NULL, "board1", true, &back), SIGNET_OK);
    assert_string_equal(back.endpoint, "half");
    assert_int_equal(back.state, SIGNET_DEVICE_WRITING);
    /* the station that was fenced off cannot go on */
    assert_int_equal(signet_ledger_advance(ledger, &half, SIGNET_DEVICE_WRITTEN, NULL, &err),
                     SIGNET_E_BUSY);
    assert_int_equal(claim(NULL, NULL, true, &back), SIGNET_OK); /* only what never left */
    assert_string_equal(back.endpoint, "fresh");
    bring(&back, SIGNET_DEVICE_WRITING, "board3");
    assert_int_equal(claim(NULL, NULL, true, &back), SIGNET_E_NOT_FOUND);
}

static void what_is_over_is_refused(void **state)
{
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "no"};
    struct signet_lease done, aside, gone, back;
    (void)state;
    begin(9);
    done = reserve("done", "1");
    bring(&done, SIGNET_DEVICE_VERIFIED, "board1");
    aside = reserve("aside", "2");
    assert_int_equal(signet_ledger_fail(ledger, &aside, &why, &err), SIGNET_OK);
    gone = reserve("gone", "3");
    bring(&gone, SIGNET_DEVICE_WRITING, "board3");
    assert_int_equal(signet_ledger_void(ledger, "gone", "burnt", &err), SIGNET_OK);

    assert_int_equal(claim("done", "board1", true, &back), SIGNET_E_EXISTS);
    assert_int_equal(claim(NULL, "board1", true, &back), SIGNET_E_EXISTS);
    assert_int_equal(claim("aside", NULL, true, &back), SIGNET_E_BUSY);
    assert_int_equal(claim("gone", "board3", true, &back), SIGNET_E_CONFLICT);
    assert_int_equal(claim(NULL, "board3", true, &back), SIGNET_E_NOT_FOUND);
    assert_int_equal(signet_ledger_rework(ledger, "aside", &err), SIGNET_OK);
    assert_int_equal(claim("aside", NULL, true, &back), SIGNET_OK);
    assert_int_equal(back.attempt, 2);
}

/* A device that is reworked may be on a board already: no other board gets it. */
static void reworked_is_not_anybodys(void **state)
{
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "no"};
    struct signet_lease lease;
    (void)state;
    begin(9);
    lease = reserve("one", "1");
    bring(&lease, SIGNET_DEVICE_WRITING, "hw1");
    must(signet_ledger_fail(ledger, &lease, &why, &err));
    must(signet_ledger_rework(ledger, "one", &err));
    refused(signet_ledger_claim(ledger, order, NULL, NULL, "1", &lease, &err), SIGNET_E_NOT_FOUND,
            "does not know it");
    must(signet_ledger_claim(ledger, order, NULL, "hw1", "1", &lease, &err));
}

/* Credentials that may be on a board of which nothing is known are no other board's. */
static void on_an_unknown_board(void **state)
{
    struct signet_lease lease, back;
    (void)state;
    begin(9);
    lease = reserve("one", "1");
    bring(&lease, SIGNET_DEVICE_WRITING, NULL);
    must(signet_ledger_recover(ledger, order, &err));
    refused(signet_ledger_claim(ledger, order, "one", "hw1", "1", &back, &err), SIGNET_E_CONFLICT,
            "on the board of an unknown name already");
    refused(signet_ledger_claim(ledger, order, "one", NULL, "1", &back, &err), SIGNET_E_CONFLICT,
            "may be on the board");
    lease = reserve("two", "2");
    bring(&lease, SIGNET_DEVICE_WRITING, "");
    must(signet_ledger_recover(ledger, order, &err));
    refused(signet_ledger_claim(ledger, order, NULL, "", "1", &back, &err), SIGNET_E_NOT_FOUND,
            "does not know it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_board_only, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(what_is_over_is_refused, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(on_an_unknown_board, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(reworked_is_not_anybodys, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
