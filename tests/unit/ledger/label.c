/* SPDX-License-Identifier: Apache-2.0 */
/* Labels that are printed, and scanned back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static void make(const char *endpoint, enum signet_device_state state)
{
    struct signet_lease lease = reserve(endpoint, "1");

    bring(&lease, state, NULL);
    must(signet_ledger_release(ledger, &lease, &err));
}

static int label(const char *endpoint, enum signet_ledger_label what)
{
    return signet_ledger_label(ledger, endpoint, what, "slot 1", &err);
}

static int64_t waiting(void)
{
    int64_t count;

    must(signet_ledger_undelivered(ledger, order, SIGNET_LEDGER_SCANNER, &count, &err));
    return count;
}

/* The printer's delivery, as its worker makes it. */
static void deliver_label(const char *endpoint)
{
    struct signet_error outcome = {0};
    struct signet_lease leases[8];
    int64_t after = 0;
    size_t count;

    must(label(endpoint, SIGNET_LABEL_PRINTED));
    must(
        signet_ledger_waiting(ledger, order, SIGNET_LEDGER_LABEL, &after, leases, 8, &count, &err));
    for (size_t i = 0; i < count; i++) {
        outcome.code = strcmp(leases[i].endpoint, endpoint) == 0 ? SIGNET_OK : SIGNET_E_BUSY;
        must(signet_ledger_delivered(ledger, SIGNET_LEDGER_LABEL, &leases[i], 1, &outcome, &err));
    }
}

static void what_is_read_was_printed_and_is_read_once(void **state)
{
    enum signet_ledger_label is;
    char head[65];
    int64_t events;

    (void)state;
    begin(9);
    make("one", SIGNET_DEVICE_VERIFIED);
    make("half", SIGNET_DEVICE_KEYED);
    assert_int_equal(label("one", SIGNET_LABEL_READ), SIGNET_E_CONFLICT);
    must(label("one", SIGNET_LABEL_SENT));
    assert_int_equal(label("one", SIGNET_LABEL_READ), SIGNET_E_CONFLICT);
    assert_int_equal(label("half", SIGNET_LABEL_READ), SIGNET_E_CONFLICT);
    assert_int_equal(label("nobody", SIGNET_LABEL_READ), SIGNET_E_NOT_FOUND);
    must(label("one", SIGNET_LABEL_PRINTED));
    must(label("one", SIGNET_LABEL_REFUSED));
    must(signet_ledger_label_state(ledger, "one", &is, &err));
    assert_int_equal(is, SIGNET_LABEL_PRINTED);
    assert_int_equal(waiting(), 1);
    must(label("one", SIGNET_LABEL_READ));
    must(signet_ledger_label_state(ledger, "one", &is, &err));
    assert_int_equal(is, SIGNET_LABEL_READ);
    assert_int_equal(waiting(), 0);
    assert_int_equal(label("one", SIGNET_LABEL_READ), SIGNET_E_EXISTS);
    must(label("one", SIGNET_LABEL_PRINTED)); /* once more: it may be read again */
    must(label("one", SIGNET_LABEL_READ));
    assert_int_equal(sql_number("SELECT count(*) FROM events WHERE kind = 'delivered'"), 1);
    must(signet_ledger_verify(ledger, &events, head, &err));
}

static void the_first_that_is_printed_and_not_read_is_named(void **state)
{
    struct signet_ledger_unread unread;

    (void)state;
    begin(9);
    make("one", SIGNET_DEVICE_VERIFIED);
    make("two", SIGNET_DEVICE_VERIFIED);
    make("three", SIGNET_DEVICE_VERIFIED);
    must(signet_ledger_label_unread(ledger, order, &unread, &err));
    assert_string_equal(unread.endpoint, "");
    deliver_label("two");
    deliver_label("three");
    must(signet_ledger_label_unread(ledger, order, &unread, &err));
    assert_string_equal(unread.endpoint, "two");
    assert_string_equal(unread.slot, "1");
    assert_int_equal(unread.read, 0);
    must(label("two", SIGNET_LABEL_READ));
    must(signet_ledger_label_unread(ledger, order, &unread, &err));
    assert_string_equal(unread.endpoint, "three");
    assert_int_equal(unread.read, 1);
}

/* A label that was printed and read is no registration, and holds nothing back. */
static void a_device_is_settled_when_its_label_was_read(void **state)
{
    static const char *const names[] = {SIGNET_LEDGER_LABEL, SIGNET_LEDGER_SCANNER};
    struct signet_lease leases[4];
    size_t count;

    (void)state;
    begin(9);
    make("one", SIGNET_DEVICE_VERIFIED);
    deliver_label("one");
    must(signet_ledger_settled(ledger, order, names, 2, leases, 4, &count, &err));
    assert_int_equal(count, 0);
    must(label("one", SIGNET_LABEL_READ));
    must(signet_ledger_settled(ledger, order, names, 2, leases, 4, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(leases[0].state, SIGNET_DEVICE_VERIFIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_read_was_printed_and_is_read_once, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(the_first_that_is_printed_and_not_read_is_named,
                                        place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_device_is_settled_when_its_label_was_read, place_setup,
                                        place_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
