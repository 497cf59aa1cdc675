/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static int64_t names_asked;

static int numbered(void *ctx, int64_t index, char endpoint[152], struct signet_error *e)
{
    names_asked++;
    if (index >= *(int64_t *)ctx) {
        e->code = SIGNET_E_NOT_FOUND;
        return SIGNET_E_NOT_FOUND;
    }
    snprintf(endpoint, 152, "dev-%lld", (long long)index);
    return SIGNET_OK;
}

static int wrong(void *ctx, int64_t index, char endpoint[152], struct signet_error *e)
{
    snprintf(endpoint, 152, "%s", index == 1 ? "a name" : "good");
    return index == *(int64_t *)ctx ? (e->code = SIGNET_E_SYNTAX, SIGNET_E_SYNTAX) : SIGNET_OK;
}

static int next(int64_t *names, size_t max, struct signet_lease *leases, size_t *count)
{
    const struct signet_ledger_names n = {.name = numbered, .ctx = names};

    names_asked = 0;
    return signet_ledger_reserve_next(ledger, order, "1", &n, leases, max, count, &err);
}

static void names_and_quota_end(void **state)
{
    struct signet_lease leases[16];
    int64_t names = 10;
    size_t count = 0;
    (void)state;
    begin(8);
    must(next(&names, 5, leases, &count));
    assert_int_equal(count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(leases[i].index, (int64_t)i);
    must(next(&names, 5, leases, &count)); /* as far as the quota goes */
    assert_int_equal(count, 3);
    assert_string_equal(leases[2].endpoint, "dev-7");
    refused(next(&names, 5, leases, &count), SIGNET_E_QUOTA, "used up");
    must(signet_ledger_order(ledger, "o", "h", 20, &order, &err));
    must(next(&names, 5, leases, &count)); /* as far as the names go */
    assert_int_equal(count, 2);
    refused(next(&names, 5, leases, &count), SIGNET_E_NOT_FOUND, "no more names");
    names = 11; /* the manifest has grown */
    must(next(&names, 5, leases, &count));
    assert_string_equal(leases[0].endpoint, "dev-10");
    verified();
}

/* A name that is in use, by this order or another, is passed over; one that was given back is there
 * again; and what was looked through is not looked through each time. */
static void names_come_back(void **state)
{
    struct signet_lease leases[64];
    int64_t names = 50, first;
    size_t count = 0;
    (void)state;
    begin(100);
    first = order;
    must(signet_ledger_order(ledger, "other", "h", 100, &order, &err));
    reserve("dev-3", "1");
    order = first;
    must(next(&names, 64, leases, &count));
    assert_int_equal(count, 49);
    assert_string_equal(leases[3].endpoint, "dev-4");
    must(signet_ledger_void(ledger, "dev-3", "other order", &err));
    must(signet_ledger_void(ledger, "dev-40", "never left", &err));
    bring(&leases[9], SIGNET_DEVICE_WRITING, NULL);
    must(signet_ledger_void(ledger, "dev-10", "left the host", &err));
    must(next(&names, 64, leases, &count));
    assert_int_equal(count, 1);
    assert_string_equal(leases[0].endpoint, "dev-40");
    assert_int_equal(leases[0].index, 40);
    refused(next(&names, 64, leases, &count), SIGNET_E_NOT_FOUND, "no more names");
    refused(next(&names, 64, leases, &count), SIGNET_E_NOT_FOUND, "no more names");
    assert_int_equal(names_asked, 1);
    assert_int_equal(sql_number("SELECT count(DISTINCT endpoint) FROM devices WHERE freed = 0"),
                     49);
    verified();
}

/* One that had no number comes back too. */
static void a_name_without_a_number(void **state)
{
    struct signet_lease leases[8];
    int64_t names = 2;
    size_t count = 0;
    (void)state;
    begin(9);
    reserve("dev-0", "1");
    must(next(&names, 8, leases, &count));
    assert_string_equal(leases[0].endpoint, "dev-1");
    must(signet_ledger_void(ledger, "dev-0", "never left", &err));
    must(next(&names, 8, leases, &count));
    assert_string_equal(leases[0].endpoint, "dev-0");
}

/* All or none. */
static void names_that_fail(void **state)
{
    struct signet_lease leases[8];
    int64_t fails_at = 1;
    const struct signet_ledger_names n = {.name = wrong, .ctx = &fails_at};
    size_t count = 77;
    (void)state;
    begin(9);
    refused(signet_ledger_reserve_next(ledger, order, "1", &n, leases, 8, &count, &err),
            SIGNET_E_SYNTAX, "");
    fails_at = 2;
    refused(signet_ledger_reserve_next(ledger, order, "1", &n, leases, 8, &count, &err),
            SIGNET_E_USAGE, "'a name' is no endpoint name");
    assert_int_equal(count, 77);
    refused(signet_ledger_reserve_next(ledger, order, "1", &n, leases, 0, &count, &err),
            SIGNET_E_USAGE, "names and a slot");
    assert_int_equal(sql_number("SELECT count(*) FROM devices"), 0);
    assert_int_equal(verified(), 1);
}

static void what_a_reservation_needs(void **state)
{
    struct signet_lease leases[2];
    int64_t names = 2;
    const struct signet_ledger_names n = {.name = numbered, .ctx = &names};
    const char *const slots[] = {NULL, "a\xffslot"};
    size_t count = 77;
    (void)state;
    begin(9);
    for (size_t i = 0; i < 2; i++) {
        refused(signet_ledger_reserve(ledger, order, "one", slots[i], leases, &err), SIGNET_E_USAGE,
                "an endpoint name and a slot");
        refused(signet_ledger_reserve_next(ledger, order, slots[i], &n, leases, 2, &count, &err),
                SIGNET_E_USAGE, "names and a slot");
    }
    refused(signet_ledger_reserve(ledger, order, NULL, "1", leases, &err), SIGNET_E_USAGE,
            "an endpoint name and a slot");
    refused(signet_ledger_reserve(ledger, order, "a name", "1", leases, &err), SIGNET_E_USAGE,
            "an endpoint name and a slot");
    refused(signet_ledger_reserve_next(ledger, order, "1", NULL, leases, 2, &count, &err),
            SIGNET_E_USAGE, "names and a slot");
    refused(signet_ledger_reserve(ledger, order + 1, "one", "1", leases, &err), SIGNET_E_USAGE,
            "no such order");
    assert_int_equal(count, 77);
    assert_int_equal(sql_number("SELECT count(*) FROM devices"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_and_quota_end, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(names_come_back, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_name_without_a_number, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(names_that_fail, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(what_a_reservation_needs, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
