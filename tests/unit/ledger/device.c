/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static void life_of_a_device(void **state)
{
    struct signet_lease a, b, late;
    struct signet_device_facts facts = {.psk_sha256 = "aa", .hw_id = "board1"};
    size_t count = 0;
    (void)state;
    begin(2);
    refused(signet_ledger_order(ledger, "o", "x", 2, &order, &err), SIGNET_E_CONFLICT, "'o' was");
    a = reserve("dev1", "1");
    refused(signet_ledger_reserve(ledger, order, "dev1", "1", &b, &err), SIGNET_E_CONFLICT,
            "endpoint dev1 is in use by another device: that of order '");
    must(signet_ledger_advance(ledger, &a, SIGNET_DEVICE_KEYED, &facts, &err));
    b = reserve("dev2", "2");
    refused(signet_ledger_advance(ledger, &b, SIGNET_DEVICE_KEYED, &facts, &err), SIGNET_E_CONFLICT,
            "dev1");
    refused(signet_ledger_reserve(ledger, order, "dev3", "3", &b, &err), SIGNET_E_QUOTA, "quota");
    /* never left the host: void gives name and unit back */
    must(signet_ledger_void(ledger, "dev2", "test", &err));
    b = reserve("dev2", "2");
    /* a restarted slot fences off its former self */
    late = a;
    must(signet_ledger_resume(ledger, order, "1", &a, 1, &count, &err));
    assert_int_equal(count, 0);
    must(signet_ledger_recover(ledger, order, &err));
    must(signet_ledger_resume(ledger, order, "1", &a, 1, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(a.endpoint, "dev1");
    refused(signet_ledger_advance(ledger, &late, SIGNET_DEVICE_WRITING, NULL, &err), SIGNET_E_BUSY,
            "no longer");
    must(signet_ledger_advance(ledger, &a, SIGNET_DEVICE_WRITING, NULL, &err));
    facts.hw_id = "board2";
    refused(signet_ledger_advance(ledger, &a, SIGNET_DEVICE_WRITTEN, &facts, &err),
            SIGNET_E_CONFLICT, "another board");
    must(signet_ledger_void(ledger, "dev1", "broken", &err));
    refused(signet_ledger_reserve(ledger, order, "dev1", "1", &a, &err), SIGNET_E_QUOTA, "quota");
    verified();
}

/* What a lease says and what the ledger says agree; each pair of states, and whether it is legal.
 */
static void every_transition(void **state)
{
    static const char *const table[9] = {
        "YYY......", /* reserved, keyed, writing */
        ".YY......", /* keyed */
        "..YYY.Y..", /* writing */
        "...YY....", /* written */
        "....YYY..", /* verified */
        ".....YY..", /* registered */
        ".........", /* done: it is over */
        ".........", /* failed */
        ".........", /* void */
    };
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "no"};
    char endpoint[32];
    int64_t events = 1;
    (void)state;
    begin(100);
    for (int from = 0; from < 9; from++)
        for (int to = 0; to < 9; to++) {
            snprintf(endpoint, sizeof(endpoint), "dev-%d-%d", from, to);
            struct signet_lease lease = reserve(endpoint, "1");
            bring(&lease, from <= 6 ? (enum signet_device_state)from : SIGNET_DEVICE_WRITING, NULL);
            if (from == SIGNET_DEVICE_FAILED)
                must(signet_ledger_fail(ledger, &lease, &why, &err));
            if (from == SIGNET_DEVICE_VOID)
                must(signet_ledger_void(ledger, endpoint, "test", &err));
            events += from <= 6 ? from + 1 : 4;
            lease.state = (enum signet_device_state)from;
            int rc =
                signet_ledger_advance(ledger, &lease, (enum signet_device_state)to, NULL, &err);
            if (table[from][to] == 'Y') {
                assert_int_equal(rc, SIGNET_OK);
                assert_int_equal(lease.state, to);
                events++;
            } else {
                if (rc != SIGNET_E_USAGE && rc != SIGNET_E_BUSY)
                    fail_msg("from %d to %d: %d", from, to, rc);
                assert_int_equal(lease.state, from);
            }
        }
    assert_int_equal(verified(), events);
    /* a lease that was told something else */
    struct signet_lease lease = reserve("liar", "1");
    lease.state = SIGNET_DEVICE_WRITTEN;
    refused(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_VERIFIED, NULL, &err),
            SIGNET_E_USAGE, "no way from reserved to verified");
    lease.state = (enum signet_device_state)99;
    refused(signet_ledger_advance(ledger, &lease, (enum signet_device_state) - 1, NULL, &err),
            SIGNET_E_USAGE, "no way from ? to ?");
}

/* Nothing that names or opens a device is ever another's: not in another order, nor at another
 * station. Void gives back only what never left the host. */
static void facts_are_one_devices(void **state)
{
    const struct {
        struct signet_device_facts facts;
        const char *what;
        bool after_void; /* free again when its device is void, having left the host */
        bool after_free; /* free again when its device is void, and never left the host */
    } cases[] = {
        {{.hw_id = "board"}, "hw_id", true, true},
        {{.psk_identity = "who"}, "psk_identity", false, true},
        {{.psk_sha256 = "0123456789012345678901"}, "psk_sha256", false, false},
        {{.spki_sha256 = "0123456789012345678901"}, "spki_sha256", false, false},
        {{.cert_issuer = "CN=a", .cert_serial = "1"}, "cert_serial", false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int exposed = 0; exposed < 2; exposed++) {
            char first[32], second[32], name[16];
            snprintf(first, sizeof(first), "a-%zu-%d", i, exposed);
            snprintf(second, sizeof(second), "b-%zu-%d", i, exposed);
            snprintf(name, sizeof(name), "o-%zu-%d", i, exposed);
            if (i || exposed) /* each pair in an empty place */
                place_setup(NULL);
            begin(9);
            struct signet_lease a = reserve(first, "1"), b;
            must(signet_ledger_advance(ledger, &a, SIGNET_DEVICE_KEYED, &cases[i].facts, &err));
            must(signet_ledger_advance(ledger, &a, SIGNET_DEVICE_KEYED, &cases[i].facts, &err));
            if (exposed)
                bring(&a, SIGNET_DEVICE_WRITING, NULL);
            must(signet_ledger_release(ledger, &a, &err));
            signet_ledger_close(&ledger);
            open_as("B");
            must(signet_ledger_order(ledger, name, "h", 9, &order, &err));
            b = reserve(second, "1");
            refused(signet_ledger_advance(ledger, &b, SIGNET_DEVICE_KEYED, &cases[i].facts, &err),
                    SIGNET_E_CONFLICT, first);
            assert_non_null(strstr(err.msg, cases[i].what));
            must(signet_ledger_void(ledger, first, "test", &err));
            bool free = exposed ? cases[i].after_void : cases[i].after_free;
            assert_int_equal(
                signet_ledger_advance(ledger, &b, SIGNET_DEVICE_KEYED, &cases[i].facts, &err),
                free ? SIGNET_OK : SIGNET_E_CONFLICT);
            assert_int_equal(signet_ledger_reserve(ledger, order, first, "1", &a, &err),
                             exposed ? SIGNET_E_CONFLICT : SIGNET_OK);
            verified();
            place_teardown(NULL);
        }
    place_setup(NULL);
}

/* All or none, with the one that is in the way. */
static void many_in_one(void **state)
{
    struct signet_lease leases[3];
    const struct signet_device_facts facts[3] = {
        {.psk_sha256 = "a"}, {.psk_sha256 = "b"}, {.psk_sha256 = "a"}};
    (void)state;
    begin(9);
    leases[0] = reserve("one", "1");
    leases[1] = reserve("two", "1");
    leases[2] = reserve("three", "1");
    refused(signet_ledger_advance_many(ledger, leases, 3, SIGNET_DEVICE_KEYED, facts, &err),
            SIGNET_E_CONFLICT, "three");
    for (int i = 0; i < 3; i++)
        assert_int_equal(leases[i].state, SIGNET_DEVICE_RESERVED);
    assert_int_equal(sql_number("SELECT count(*) FROM devices WHERE state = 0"), 3);
    must(signet_ledger_advance_many(ledger, leases, 2, SIGNET_DEVICE_KEYED, facts, &err));
    assert_int_equal(verified(), 6);
    must(signet_ledger_release_many(ledger, leases, 3, &err));
}

/* A lower quota is nothing, a higher one is an event, and the one that was used up goes on. */
static void quota_is_raised(void **state)
{
    struct signet_lease lease;
    int64_t id;
    (void)state;
    begin(1);
    reserve("one", "1");
    refused(signet_ledger_reserve(ledger, order, "two", "1", &lease, &err), SIGNET_E_QUOTA, "");
    must(signet_ledger_order(ledger, "o", "h", 2, &id, &err));
    assert_int_equal(id, order);
    reserve("two", "1");
    must(signet_ledger_order(ledger, "o", "h", 1, &id, &err));
    refused(signet_ledger_reserve(ledger, order, "three", "1", &lease, &err), SIGNET_E_QUOTA, "");
    assert_int_equal(sql_number("SELECT quota FROM orders"), 2);
    assert_int_equal(verified(), 4);
    refused(signet_ledger_order(ledger, "", "h", 1, &id, &err), SIGNET_E_USAGE, "needs a name");
    refused(signet_ledger_order(ledger, "p", "h", 0, &id, &err), SIGNET_E_USAGE, "needs a name");
    refused(signet_ledger_reserve(ledger, 999, "x", "1", &lease, &err), SIGNET_E_USAGE, "no such");
    refused(signet_ledger_reserve(ledger, order, "a b", "1", &lease, &err), SIGNET_E_USAGE, "name");
}

/* A message is cut where it ends in the middle of a letter, and boards send any bytes. */
static void words_that_are_no_text(void **state)
{
    const struct signet_device_facts bad = {.hw_id = "board\xff"};
    struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "d\xc3\xa9truit: \xe2\x82"};
    char text[400];
    (void)state;
    begin(9);
    struct signet_lease lease = reserve("dev", "1");
    refused(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_KEYED, &bad, &err), SIGNET_E_USAGE,
            "UTF-8");
    must(signet_ledger_note(ledger, &lease, "retry", "\x80 what it sent", &err));
    refused(signet_ledger_note(ledger, &lease, "delivered", "", &err), SIGNET_E_USAGE, "word");
    refused(signet_ledger_note(ledger, &lease, "void", "", &err), SIGNET_E_USAGE, "word");
    must(signet_ledger_fail(ledger, &lease, &why, &err));
    sql_text("SELECT error FROM devices", text, sizeof(text));
    assert_string_equal(text, "d\xc3\xa9truit: \\xe2\\x82");
    refused(signet_ledger_void(ledger, "dev", "\xff", &err), SIGNET_E_USAGE, "reason");
    refused(signet_ledger_void(ledger, "dev", "", &err), SIGNET_E_USAGE, "reason");
    verified();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(life_of_a_device, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(every_transition, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(facts_are_one_devices, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(many_in_one, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(quota_is_raised, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(words_that_are_no_text, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
