/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "place.h"

static const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "no"};

static int claim(const char *endpoint, const char *hw_id, struct signet_lease *lease)
{
    must(signet_ledger_recover(ledger, order, &err));
    return signet_ledger_claim(ledger, order, endpoint, hw_id, "9", lease, &err);
}

/* Reworked, it is the same identity, and on the same board once it left the host. */
static void rework_keeps_the_board(void **state)
{
    struct signet_device_facts facts = {.hw_id = "board2"};
    struct signet_lease lease, back = {0};
    (void)state;
    begin(9);
    lease = reserve("one", "1");
    bring(&lease, SIGNET_DEVICE_WRITTEN, "board1");
    refused(signet_ledger_rework(ledger, "one", &err), SIGNET_E_USAGE, "is written");
    must(signet_ledger_fail(ledger, &lease, &why, &err));
    must(signet_ledger_rework(ledger, "one", &err));
    refused(signet_ledger_rework(ledger, "one", &err), SIGNET_E_USAGE, "is reserved");
    refused(claim("one", "board2", &back), SIGNET_E_CONFLICT, "board1");
    must(claim("one", "board1", &back));
    assert_int_equal(back.attempt, 2);
    assert_int_equal(back.state, SIGNET_DEVICE_RESERVED);
    refused(signet_ledger_advance(ledger, &back, SIGNET_DEVICE_KEYED, &facts, &err),
            SIGNET_E_CONFLICT, "another board");
    bring(&back, SIGNET_DEVICE_VERIFIED, "board1");
    refused(signet_ledger_rework(ledger, "two", &err), SIGNET_E_NOT_FOUND, "two");
    verified();
    /* void gives back nothing that left the host, whatever its state is now */
    must(signet_ledger_fail(ledger, &back, &why, &err));
    must(signet_ledger_rework(ledger, "one", &err));
    assert_int_equal(sql_number("SELECT state FROM devices"), SIGNET_DEVICE_VERIFIED);
    must(signet_ledger_void(ledger, "one", "test", &err));
    assert_int_equal(sql_number("SELECT issued FROM orders"), 1);
    refused(signet_ledger_reserve(ledger, order, "one", "1", &lease, &err), SIGNET_E_CONFLICT, "");
    refused(signet_ledger_void(ledger, "one", "again", &err), SIGNET_E_EXISTS, "void already");
    verified();
}

/* From under the hands of a station, in every state. */
static void void_while_it_is_worked_on(void **state)
{
    struct signet_lease lease;
    char name[16];
    (void)state;
    begin(20);
    for (int s = SIGNET_DEVICE_RESERVED; s <= SIGNET_DEVICE_DONE; s++) {
        snprintf(name, sizeof(name), "dev-%d", s);
        lease = reserve(name, "1");
        bring(&lease, (enum signet_device_state)s, NULL);
        must(signet_ledger_void(ledger, name, "test", &err));
        assert_int_equal(signet_ledger_advance(ledger, &lease, lease.state, NULL, &err),
                         SIGNET_E_BUSY);
        refused(signet_ledger_fail(ledger, &lease, &why, &err), SIGNET_E_BUSY, name);
        verified();
    }
    assert_int_equal(sql_number("SELECT issued FROM orders"), 5); /* two never left the host */
    assert_int_equal(sql_number("SELECT count(*) FROM devices WHERE freed = 1"), 2);
}

/* Not without force, and the message says until when. */
static void not_from_the_hands_of_another(void **state)
{
    struct signet_ledger *other;
    char words[128];
    struct tm tm;
    (void)state;
    begin(9);
    other = ledger;
    reserve("one", "7");
    const time_t until = (time_t)sql_number("SELECT lease_until FROM devices");
    open_as("B");
    strftime(words, sizeof(words),
             "one is in the hands of station A (slot 7) until %Y-%m-%dT%H:%M:%SZ",
             gmtime_r(&until, &tm));
    refused(signet_ledger_void(ledger, "one", "test", &err), SIGNET_E_BUSY, words);
    signet_ledger_close(&other);
    verified();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rework_keeps_the_board, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(void_while_it_is_worked_on, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(not_from_the_hands_of_another, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
