/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

enum { MAX = 16 };
static struct signet_lease leases[MAX];
static size_t count;

static void make(const char *endpoint)
{
    struct signet_lease lease = reserve(endpoint, "1");

    bring(&lease, SIGNET_DEVICE_VERIFIED, NULL);
    must(signet_ledger_release(ledger, &lease, &err));
}

static size_t waiting(const char *server, int64_t after)
{
    must(signet_ledger_waiting(ledger, order, server, &after, leases, MAX, &count, &err));
    return count;
}

/* The same outcome for all that wait. */
static void answer(const char *server, enum signet_code code)
{
    struct signet_error outcomes[MAX] = {0};

    waiting(server, 0);
    for (size_t i = 0; i < count; i++) {
        outcomes[i].code = code;
        snprintf(outcomes[i].msg, sizeof(outcomes[i].msg), "%s says no", server);
    }
    must(signet_ledger_delivered(ledger, server, leases, count, outcomes, &err));
}

static size_t settled(size_t server_count)
{
    static const char *const servers[] = {"a", "b"};

    must(signet_ledger_settled(ledger, order, servers, server_count, leases, MAX, &count, &err));
    return count;
}

static int64_t said(const char *kind)
{
    char text[128];

    snprintf(text, sizeof(text), "SELECT count(*) FROM events WHERE kind = '%s'", kind);
    return sql_number(text);
}

/* Each server for itself; done when both have it. */
static void two_servers(void **state)
{
    (void)state;
    begin(9);
    make("one");
    make("two");
    assert_int_equal(waiting("a", 0), 2);
    assert_int_equal(waiting("a", 0), 0); /* the leases run */
    assert_int_equal(sql_number("SELECT lease_until - changed FROM deliveries"), 120);
    assert_int_equal(waiting("b", 0), 2);
    must(signet_ledger_recover(ledger, order, &err));
    answer("a", SIGNET_E_BUSY);
    assert_int_equal(settled(2), 0);
    answer("a", SIGNET_OK);
    assert_int_equal(waiting("a", 0), 0);
    assert_int_equal(settled(2), 0); /* b is away */
    assert_int_equal(settled(1), 2);
    must(signet_ledger_recover(ledger, order, &err));
    answer("b", SIGNET_OK);
    assert_int_equal(said("delivered"), 2); /* those that are registered are asked for no more */
    assert_int_equal(settled(1), 2);
    must(signet_ledger_advance_many(ledger, leases, 2, SIGNET_DEVICE_DONE, NULL, &err));
    assert_int_equal(settled(1), 0);
    assert_int_equal(said("registered"), 2);
    verified();
}

static void no_servers(void **state)
{
    (void)state;
    begin(9);
    make("one");
    assert_int_equal(settled(0), 1);
    assert_int_equal(leases[0].state, SIGNET_DEVICE_VERIFIED);
    assert_int_equal(settled(0), 0); /* leased */
    must(signet_ledger_advance(ledger, leases, SIGNET_DEVICE_DONE, NULL, &err));
    verified();
}

/* A walk takes each once, in order. */
static void pages(void **state)
{
    char name[16];
    int64_t after = 0;
    struct signet_error outcome = {.code = SIGNET_E_BUSY};
    (void)state;
    begin(99);
    for (int i = 0; i < 7; i++) {
        snprintf(name, sizeof(name), "dev-%d", i);
        make(name);
    }
    for (int i = 0; i < 7; i++) {
        must(signet_ledger_waiting(ledger, order, "a", &after, leases, 1, &count, &err));
        assert_int_equal(count, 1);
        snprintf(name, sizeof(name), "dev-%d", i);
        assert_string_equal(leases[0].endpoint, name);
        must(signet_ledger_delivered(ledger, "a", leases, 1, &outcome, &err));
    }
    must(signet_ledger_waiting(ledger, order, "a", &after, leases, 1, &count, &err));
    assert_int_equal(count, 0);
}

/* What another connection took after this one had looked is no end of the outbox: the next page is
 * looked at. A trigger stands for the other, which has to come between two statements. */
static void taken_meanwhile(void **state)
{
    int64_t after = 0;
    (void)state;
    begin(9);
    make("one");
    make("two");
    sql(on_postgres()
            ? "CREATE FUNCTION taken() RETURNS trigger LANGUAGE plpgsql AS"
              " 'BEGIN RETURN NULL; END'; CREATE TRIGGER taken BEFORE INSERT ON deliveries FOR EACH"
              " ROW WHEN (NEW.device = 1) EXECUTE FUNCTION taken()"
            : "CREATE TRIGGER taken BEFORE INSERT ON deliveries WHEN NEW.device = 1"
              " BEGIN SELECT RAISE(IGNORE); END");
    must(signet_ledger_waiting(ledger, order, "a", &after, leases, 1, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(leases[0].endpoint, "two");
    assert_int_equal(after, leases[0].device);
    must(signet_ledger_waiting(ledger, order, "a", &after, leases, 1, &count, &err));
    assert_int_equal(count, 0);
}

/* A refusal sets the device aside, for all servers; rework lets it wait again, but only where it is
 * not yet. */
static void refused_and_reworked(void **state)
{
    int64_t states[SIGNET_DEVICE_STATES];
    (void)state;
    begin(9);
    make("one");
    answer("a", SIGNET_OK);
    answer("b", SIGNET_E_SERVER);
    must(signet_ledger_states(ledger, order, states, &err));
    assert_int_equal(states[SIGNET_DEVICE_FAILED], 1);
    verified();
    must(signet_ledger_rework(ledger, "one", &err));
    verified();
    assert_int_equal(waiting("a", 0), 0);
    answer("b", SIGNET_OK);
    assert_int_equal(settled(2), 1);
    verified();
}

/* Others' outcomes come after the end of a device: they are on record, and the ledger is whole. */
static void outcomes_that_come_late(void **state)
{
    struct signet_error outcomes[MAX] = {0};
    struct signet_lease of_a[MAX], of_b[MAX];
    (void)state;
    begin(9);
    make("void-taken");
    make("void-refused");
    make("failed-taken");
    make("failed-refused");
    assert_int_equal(waiting("a", 0), 4);
    memcpy(of_a, leases, sizeof(of_a));
    assert_int_equal(waiting("b", 0), 4);
    memcpy(of_b, leases, sizeof(of_b));
    outcomes[2].code = outcomes[3].code = SIGNET_E_SERVER;
    must(signet_ledger_delivered(ledger, "a", of_a, 4, outcomes, &err));
    must(signet_ledger_void(ledger, "void-taken", "test", &err));
    must(signet_ledger_void(ledger, "void-refused", "test", &err));
    outcomes[2].code = SIGNET_OK;
    outcomes[1].code = outcomes[3].code = SIGNET_E_AUTH;
    must(signet_ledger_delivered(ledger, "b", of_b, 4, outcomes, &err));
    assert_int_equal(said("delivered"), 4);
    assert_int_equal(said("refused"), 2);
    assert_int_equal(sql_number("SELECT count(*) FROM devices WHERE state = 8 AND freed = 0"), 2);
    verified();
    /* told twice: passed over */
    must(signet_ledger_delivered(ledger, "b", of_b, 4, outcomes, &err));
    assert_int_equal(said("delivered"), 4);
    verified();
}

/* A delivery that was taken away counts no more. */
static void a_lost_delivery(void **state)
{
    struct signet_error outcome = {0};
    struct signet_lease late;
    (void)state;
    begin(9);
    make("one");
    assert_int_equal(waiting("a", 0), 1);
    late = leases[0];
    must(signet_ledger_recover(ledger, order, &err));
    assert_int_equal(waiting("a", 0), 1);
    must(signet_ledger_delivered(ledger, "a", &late, 1, &outcome, &err));
    assert_int_equal(said("delivered"), 0);
    must(signet_ledger_delivered(ledger, "a", leases, 1, &outcome, &err));
    assert_int_equal(said("delivered"), 1);
    refused(signet_ledger_delivered(ledger, "", leases, 1, &outcome, &err), SIGNET_E_USAGE, "name");
    verified();
}

/* Where the secret is, and nowhere else. */
static void only_at_the_station_that_made_it(void **state)
{
    (void)state;
    begin(9);
    make("one");
    signet_ledger_close(&ledger);
    open_as("B");
    assert_int_equal(waiting("a", 0), 0);
    assert_int_equal(settled(0), 0);
    signet_ledger_close(&ledger);
    open_as("A");
    assert_int_equal(waiting("a", 0), 1);
}

/* A server that is not in the order any more counts for none that is. */
static void other_servers(void **state)
{
    static const char *const servers[] = {"a", "b"}, *const many[9] = {"a"};
    const struct signet_error good = {0}, busy = {.code = SIGNET_E_BUSY};
    static const struct {
        const char *server;
        bool takes;
    } asked[] = {{"a", true}, {"gone", true}, {"b", false}};
    struct signet_lease lease;
    (void)state;
    begin(9);
    lease = reserve("one", "1");
    bring(&lease, SIGNET_DEVICE_VERIFIED, NULL);
    must(signet_ledger_release(ledger, &lease, &err));
    for (size_t i = 0; i < 3; i++) {
        int64_t after = 0;
        must(
            signet_ledger_waiting(ledger, order, asked[i].server, &after, &lease, 1, &count, &err));
        assert_int_equal(count, 1);
        must(signet_ledger_delivered(ledger, asked[i].server, &lease, 1,
                                     asked[i].takes ? &good : &busy, &err));
    }
    must(signet_ledger_settled(ledger, order, servers, 2, &lease, 1, &count, &err));
    assert_int_equal(count, 0);
    refused(signet_ledger_settled(ledger, order, many, 9, &lease, 1, &count, &err), SIGNET_E_LIMIT,
            "more than 8 servers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_servers, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(no_servers, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(pages, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(taken_meanwhile, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(refused_and_reworked, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(outcomes_that_come_late, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_lost_delivery, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(only_at_the_station_that_made_it, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(other_servers, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
