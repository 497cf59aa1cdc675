/* SPDX-License-Identifier: Apache-2.0 */
/* Leases and clocks. In a file the clock is ours; a database server has its own.
 * wrap: clock_wall clock_check_at */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static int64_t now = 1800000000;
static bool clock_is_judged;

int64_t __wrap_clock_wall(void);
int64_t __wrap_clock_wall(void)
{
    return now;
}

int __real_clock_check_at(int64_t at, const char *whose, struct signet_error *why);
int __wrap_clock_check_at(int64_t at, const char *whose, struct signet_error *why);
int __wrap_clock_check_at(int64_t at, const char *whose, struct signet_error *why)
{
    return clock_is_judged ? __real_clock_check_at(at, whose, why) : SIGNET_OK;
}

static size_t resume(struct signet_lease *lease)
{
    size_t count = 0;

    must(signet_ledger_resume(ledger, order, "2", lease, 1, &count, &err));
    return count;
}

static void reopen(const char *station)
{
    signet_ledger_close(&ledger);
    open_as(station);
}

static int file_setup(void **state)
{
    now = 1800000000;
    return place_setup(state);
}

static void a_secret_stays_with_its_station(void **state)
{
    struct signet_lease a, b;
    (void)state;
    begin(9);
    a = reserve("one", "1");
    must(signet_ledger_advance(ledger, &a, SIGNET_DEVICE_KEYED, NULL, &err));
    must(signet_ledger_recover(ledger, order, &err));
    reopen("B");
    assert_int_equal(resume(&b), 1); /* nothing left the host: anybody's */
    must(signet_ledger_advance(ledger, &b, SIGNET_DEVICE_WRITING, NULL, &err));
    must(signet_ledger_recover(ledger, order, &err));
    reopen("A");
    assert_int_equal(resume(&a), 0); /* what it is sealed with is at B */
    reopen("B");
    assert_int_equal(resume(&b), 1);
}

static void a_lease_ends(void **state)
{
    struct signet_lease a, b;
    (void)state;
    if (on_postgres())
        skip();
    begin(9);
    a = reserve("one", "1");
    reopen("B");
    now += 120;
    assert_int_equal(resume(&b), 0); /* its last second */
    must(signet_ledger_renew(ledger, &a, &err));
    now += 120;
    assert_int_equal(resume(&b), 0);
    now++;
    assert_int_equal(resume(&b), 1);
    assert_int_equal(b.token, a.token + 1);
    refused(signet_ledger_renew(ledger, &a, &err), SIGNET_E_BUSY, "no longer holds");
    refused(signet_ledger_release(ledger, &a, &err), SIGNET_E_BUSY, "no longer holds");
    refused(signet_ledger_note(ledger, &a, "retry", "", &err), SIGNET_E_BUSY, "no longer holds");
    refused(signet_ledger_fail(ledger, &a, &err, &err), SIGNET_E_BUSY, "no longer holds");
    refused(signet_ledger_advance(ledger, &a, SIGNET_DEVICE_KEYED, NULL, &err), SIGNET_E_BUSY,
            "no longer holds");
    must(signet_ledger_release(ledger, &b, &err));
    assert_int_equal(resume(&b), 1);
    verified();
}

/* Its own leases only: those of others run on. */
static void recover_is_of_a_station(void **state)
{
    struct signet_lease lease;
    (void)state;
    if (on_postgres())
        skip();
    begin(9);
    reserve("one", "1");
    reopen("B");
    reserve("two", "1");
    must(signet_ledger_recover(ledger, order, &err));
    assert_int_equal(resume(&lease), 1);
    assert_string_equal(lease.endpoint, "two");
    assert_int_equal(resume(&lease), 0);
}

/* What nobody holds is left as it is. */
static void recover_leaves_what_is_free(void **state)
{
    struct signet_lease lease;
    (void)state;
    begin(9);
    lease = reserve("one", "1");
    must(signet_ledger_release(ledger, &lease, &err));
    must(signet_ledger_recover(ledger, order, &err));
    assert_int_equal(sql_number("SELECT token FROM devices"), lease.token);
}

/* What a process of this station held before it was ended is refused, also when nobody has taken
 * the device up again. */
static void recover_fences_off(void **state)
{
    const struct signet_error good = {0};
    struct signet_lease lease, late;
    int64_t after = 0;
    size_t count = 0;
    (void)state;
    begin(9);
    lease = reserve("one", "1");
    must(signet_ledger_recover(ledger, order, &err));
    refused(signet_ledger_renew(ledger, &lease, &err), SIGNET_E_BUSY, "no longer");
    refused(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_KEYED, NULL, &err), SIGNET_E_BUSY,
            "no longer");
    assert_int_equal(resume(&lease), 1);
    bring(&lease, SIGNET_DEVICE_VERIFIED, NULL);
    must(signet_ledger_release(ledger, &lease, &err));
    must(signet_ledger_waiting(ledger, order, "a", &after, &late, 1, &count, &err));
    assert_int_equal(count, 1);
    must(signet_ledger_recover(ledger, order, &err));
    must(signet_ledger_delivered(ledger, "a", &late, 1, &good, &err)); /* is passed over */
    assert_int_equal(sql_number("SELECT count(*) FROM deliveries WHERE state = 1"), 0);
    verified();
}

static void a_clock_that_is_not_set(void **state)
{
    static const int64_t times[] = {0, 1700000000, 4133980800};
    const struct signet_ledger_options options = {.station = "A"};
    struct signet_lease lease;
    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        if (i == 0)
            begin(9);
        else
            open_as("A");
        clock_is_judged = true;
        now = times[i];
        refused(signet_ledger_reserve(ledger, order, "one", "1", &lease, &err), SIGNET_E_LEDGER,
                "this machine's clock is wrong: it is ");
        assert_string_equal(err.hint, "set this machine's clock");
        signet_ledger_close(&ledger);
        refused(signet_ledger_open(&ledger, place, &options, &err), SIGNET_E_LEDGER,
                "this machine's clock is wrong: it is ");
        clock_is_judged = false;
        now = 1800000000;
    }
    open_as("A");
    reserve("one", "1");
    assert_int_equal(verified(), 2);
}

/* Time in the ledger runs forward at each station, and a lease that was given in a future that did
 * not come holds up nobody. */
static void a_clock_that_jumps(void **state)
{
    static const int64_t moments[] = {1800000000, 1799990000, 1800000001,   2147483647, 2147483648,
                                      4102444800, 1800000100, 253402300799, 1800000200};
    struct signet_lease lease, other;
    char name[16];
    (void)state;
    if (on_postgres())
        skip();
    begin(99);
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        now = moments[i];
        snprintf(name, sizeof(name), "dev-%zu", i);
        lease = reserve(name, "1");
        must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_KEYED, NULL, &err));
        must(signet_ledger_renew(ledger, &lease, &err));
    }
    assert_int_equal(sql_number("SELECT count(*) FROM events a JOIN events b ON a.station ="
                                " b.station AND a.seq < b.seq AND a.time > b.time"),
                     0);
    verified();
    reopen("B");
    size_t taken = 0;
    while (resume(&other))
        taken++;
    assert_int_equal(taken, 7); /* all but what was reserved within the last 120 s */
    verified();
}

static void the_length_of_a_lease(void **state)
{
    struct signet_ledger_options options = {.station = "A", .lease_seconds = 86401};
    (void)state;
    refused(signet_ledger_open(&ledger, place, &options, &err), SIGNET_E_USAGE, "86400");
    options.lease_seconds = 86400;
    must(signet_ledger_open(&ledger, place, &options, &err));
    signet_ledger_close(&ledger);
    options.station = "a name that is longer than any station has, by far: it would not fit where "
                      "verify keeps it, and nobody would read it to the end";
    refused(signet_ledger_open(&ledger, place, &options, &err), SIGNET_E_USAGE, "station");
    options.station = "";
    refused(signet_ledger_open(&ledger, place, &options, &err), SIGNET_E_USAGE,
            "a place and a station name");
    options.station = "A";
    refused(signet_ledger_open(&ledger, "", &options, &err), SIGNET_E_USAGE,
            "a place and a station name");
    options.station = "\xff";
    refused(signet_ledger_open(&ledger, place, &options, &err), SIGNET_E_USAGE, "station");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_secret_stays_with_its_station, file_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(a_lease_ends, file_setup, place_teardown),
        cmocka_unit_test_setup_teardown(recover_is_of_a_station, file_setup, place_teardown),
        cmocka_unit_test_setup_teardown(recover_leaves_what_is_free, file_setup, place_teardown),
        cmocka_unit_test_setup_teardown(recover_fences_off, file_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_is_not_set, file_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_jumps, file_setup, place_teardown),
        cmocka_unit_test_setup_teardown(the_length_of_a_lease, file_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
