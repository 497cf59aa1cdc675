/* SPDX-License-Identifier: Apache-2.0 */
/* What stations leave, however rarely, is not refused. What others change: verify.c. */
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

static void deliver(const char *server, enum signet_code code)
{
    const struct signet_error outcome = {.code = code, .msg = "it says no"};
    struct signet_lease lease;
    int64_t after = 0;
    size_t count = 0;

    must(signet_ledger_waiting(ledger, order, server, &after, &lease, 1, &count, &err));
    assert_int_equal(count, 1);
    must(signet_ledger_delivered(ledger, server, &lease, 1, &outcome, &err));
}

/* Its credentials are made anew, and its label is printed once more. */
static void a_label_of_a_device_whose_seal_was_lost(void **state)
{
    (void)state;
    begin(9);
    make("one", SIGNET_DEVICE_VERIFIED);
    deliver(SIGNET_LEDGER_LABEL, SIGNET_OK);
    deliver("a", SIGNET_E_SEAL);
    must(signet_ledger_rework(ledger, "one", &err));
    verified();
}

/* A label whose delivery is set back, and no rework says why. */
static void a_label_that_was_set_back(void **state)
{
    int64_t events;
    char head[65];

    (void)state;
    begin(9);
    make("one", SIGNET_DEVICE_VERIFIED);
    deliver(SIGNET_LEDGER_LABEL, SIGNET_OK);
    sql("UPDATE deliveries SET state = 0");
    sql("UPDATE devices SET delivered = 0");
    refused(signet_ledger_verify(ledger, &events, head, &err), SIGNET_E_LEDGER, "is missing");
}

/* Reworked, and not made anew before it gets a new edition. */
static void an_edition_of_a_reworked_device(void **state)
{
    const struct signet_ledger_decision renew = {.what = SIGNET_LEDGER_REWORK, .new_edition = true};
    const struct signet_ledger_selection one = {
        .names = (const char *const[]){"one"}, .name_count = 1, .state = -1};
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "it broke"};
    struct signet_lease lease;

    (void)state;
    begin(9);
    lease = reserve("one", "1");
    bring(&lease, SIGNET_DEVICE_WRITING, NULL);
    must(signet_ledger_fail(ledger, &lease, &why, &err));
    must(signet_ledger_rework(ledger, "one", &err));
    must(signet_ledger_decide(ledger, &one, &renew, NULL, NULL, &err));
    assert_int_equal(sql_number("SELECT count(*) FROM devices WHERE endpoint = 'one'"), 2);
    verified();
}

/* Servers of an order may be taken out of it while it runs. */
static void a_server_that_was_taken_out(void **state)
{
    static const char *const label[] = {SIGNET_LEDGER_LABEL};
    struct signet_lease lease;
    size_t count;

    (void)state;
    begin(9);
    make("one", SIGNET_DEVICE_VERIFIED);
    deliver("a", SIGNET_OK);
    deliver(SIGNET_LEDGER_LABEL, SIGNET_OK);
    must(signet_ledger_settled(ledger, order, label, 1, &lease, 1, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(lease.state, SIGNET_DEVICE_REGISTERED);
    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_DONE, NULL, &err));
    verified();
}

static int name_of(void *ctx, int64_t number, char name[152], struct signet_error *why)
{
    (void)ctx;
    (void)why;
    snprintf(name, 152, "d-%lld", (long long)number);
    return SIGNET_OK;
}

/* That d-1 was passed over is not in the old copy of the ledger. */
static void a_recovered_order_that_is_reworked(void **state)
{
    const struct signet_ledger_names names = {.name = name_of};
    const struct signet_ledger_lost lost = {.number = 2, .endpoint = "d-2"};
    struct signet_lease lease;
    int64_t other;
    size_t count;

    (void)state;
    begin(9);
    must(signet_ledger_reserve_next(ledger, order, "1", &names, &lease, 1, &count, &err));
    must(signet_ledger_order(ledger, "other", "h", 9, &other, &err));
    must(signet_ledger_reserve(ledger, other, "d-1", "1", &lease, &err));
    must(signet_ledger_expose(ledger, order, &lost, 1, "an old copy", &err));
    verified();
    must(signet_ledger_rework(ledger, "d-2", &err));
    verified();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_label_of_a_device_whose_seal_was_lost, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(a_label_that_was_set_back, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(an_edition_of_a_reworked_device, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(a_server_that_was_taken_out, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_recovered_order_that_is_reworked, place_setup,
                                        place_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
