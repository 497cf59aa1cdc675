/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static void expose(const char *endpoint, int64_t number)
{
    struct signet_ledger_lost lost = {.number = number};

    snprintf(lost.endpoint, sizeof(lost.endpoint), "%s", endpoint);
    must(signet_ledger_expose(ledger, order, &lost, 1, "an old copy", &err));
    verified();
}

static int name_of(void *ctx, int64_t index, char endpoint[SIGNET_ENDPOINT_SIZE],
                   struct signet_error *e)
{
    (void)ctx;
    (void)e;
    snprintf(endpoint, SIGNET_ENDPOINT_SIZE, "dev-%d", (int)index);
    return SIGNET_OK;
}

/* A name that the ledger does not know is taken, and no run gets it. */
static void unknown_names_are_taken(void **state)
{
    const struct signet_ledger_names names = {.name = name_of};
    struct signet_lease lease;
    size_t count = 0;
    (void)state;
    begin(4);
    expose("dev-0", 0);
    expose("dev-2", 2);
    expose("dev-1", 1);
    assert_int_equal(sql_number("SELECT count(*) FROM devices WHERE state = 8 AND exposed = 1"
                                " AND freed = 0"),
                     3);
    assert_int_equal(sql_number("SELECT cursor FROM orders"), 3);
    must(signet_ledger_reserve_next(ledger, order, "1", &names, &lease, 1, &count, &err));
    assert_string_equal(lease.endpoint, "dev-3");
    struct signet_ledger_lost lost = {.number = 4, .endpoint = "dev-4"};
    refused(signet_ledger_expose(ledger, order, &lost, 1, "an old copy", &err), SIGNET_E_QUOTA,
            "at least 5 units");
    refused(signet_ledger_expose(ledger, order, &lost, 1, "", &err), SIGNET_E_USAGE, "reason");
    must(signet_ledger_expose(ledger, order, NULL, 0, "", &err));
}

/* By the state that the ledger has of it, and in no hands any more. */
static void known_devices_come_to_an_end(void **state)
{
    static const enum signet_device_state ends[] = {
        SIGNET_DEVICE_VOID,   SIGNET_DEVICE_VOID,   SIGNET_DEVICE_VOID, SIGNET_DEVICE_VOID,
        SIGNET_DEVICE_FAILED, SIGNET_DEVICE_FAILED, SIGNET_DEVICE_DONE};
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "no"};
    char name[16], query[80];
    (void)state;
    begin(9);
    for (int s = SIGNET_DEVICE_RESERVED; s <= SIGNET_DEVICE_DONE; s++) {
        snprintf(name, sizeof(name), "dev-%d", s);
        struct signet_lease lease = reserve(name, "1");
        bring(&lease, (enum signet_device_state)s, NULL);
        expose(name, -1);
        snprintf(query, sizeof(query), "SELECT state FROM devices WHERE endpoint = '%s'", name);
        assert_int_equal(sql_number(query), ends[s]);
        assert_int_equal(signet_ledger_advance(ledger, &lease, lease.state, NULL, &err),
                         SIGNET_E_BUSY);
    }
    struct signet_lease failed = reserve("failed", "1");
    must(signet_ledger_fail(ledger, &failed, &why, &err));
    expose("failed", -1);
    assert_int_equal(sql_number("SELECT count(*) FROM devices WHERE state = 8"), 5);
    assert_int_equal(sql_number("SELECT issued FROM orders"), 8);
}

static void orders_have_notes(void **state)
{
    (void)state;
    begin(2);
    must(signet_ledger_order_note(ledger, order, "recovered", "all", &err));
    assert_int_equal(sql_number("SELECT count(*) FROM events WHERE kind = 'recovered'"), 1);
    refused(signet_ledger_order_note(ledger, 99, "recovered", "", &err), SIGNET_E_USAGE,
            "no such order");
    refused(signet_ledger_order_note(ledger, order, "quota", "", &err), SIGNET_E_USAGE, "'quota'");
    refused(signet_ledger_order_note(ledger, order, NULL, "", &err), SIGNET_E_USAGE, "''");
    verified();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unknown_names_are_taken, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(known_devices_come_to_an_end, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(orders_have_notes, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
