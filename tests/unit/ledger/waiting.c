/* SPDX-License-Identifier: Apache-2.0 */
/* What waits for a server: verified devices of the order that it does not have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static int64_t waits(const char *of, const char *server)
{
    int64_t count = 99;

    must(signet_ledger_at_server(ledger, of, server, &count, &err));
    return count;
}

static void make(const char *endpoint, enum signet_device_state state)
{
    struct signet_lease lease = reserve(endpoint, "1");

    bring(&lease, state, NULL);
    must(signet_ledger_release(ledger, &lease, &err));
}

static void deliver(const char *server, size_t devices, enum signet_code code)
{
    const struct signet_error outcome = {.code = code, .msg = "as it came"};
    struct signet_lease leases[8];
    int64_t after = 0;
    size_t count;

    must(signet_ledger_waiting(ledger, order, server, &after, leases, devices, &count, &err));
    assert_int_equal(count, devices);
    for (size_t i = 0; i < count; i++)
        must(signet_ledger_delivered(ledger, server, &leases[i], 1, &outcome, &err));
}

static void verified_and_not_delivered(void **state)
{
    int64_t first;

    (void)state;
    begin(9);
    first = order;
    make("a", SIGNET_DEVICE_VERIFIED);
    make("b", SIGNET_DEVICE_VERIFIED);
    make("half", SIGNET_DEVICE_WRITING);
    assert_int_equal(waits("o", "s"), 2);
    assert_int_equal(waits("o", "t"), 2);
    assert_int_equal(waits("p", "s"), 0);
    must(signet_ledger_order(ledger, "p", "h", 9, &order, &err));
    make("c", SIGNET_DEVICE_VERIFIED);
    assert_int_equal(waits("o", "s"), 2);
    assert_int_equal(waits("p", "s"), 1);
    order = first;
    deliver("s", 1, SIGNET_OK);
    assert_int_equal(waits("o", "s"), 1);
    assert_int_equal(waits("o", "t"), 2);
    deliver("t", 2, SIGNET_E_BUSY); /* it is tried again */
    assert_int_equal(waits("o", "t"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(verified_and_not_delivered, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
