/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signet/ledger_read.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "the board is broken"};
static char seen[16384];
static int rows, stop_at, stop_with;

/* Appends what a row says; stops the walk where the test wants it to. */
static int tell(const char *fmt, ...)
{
    va_list args;
    size_t n = strlen(seen);

    va_start(args, fmt);
    vsnprintf(seen + n, sizeof(seen) - n, fmt, args);
    va_end(args);
    return ++rows == stop_at ? stop_with : SIGNET_OK;
}

static void look_again(int stop, int with)
{
    seen[0] = '\0';
    rows = 0;
    stop_at = stop;
    stop_with = with;
}

static int one_device(void *ctx, const struct signet_ledger_device *d, struct signet_error *e)
{
    (void)ctx;
    (void)e;
    return tell("%s/%s %s/%s %s %d%s%s %s %s|%s\n", d->order, d->endpoint, d->station, d->slot,
                signet_device_state_name(d->state), d->attempt, d->exposed ? " exposed" : "",
                d->freed ? " freed" : "", d->hw_id, d->error_code, d->error);
}

static int one_event(void *ctx, const struct signet_ledger_event *e, struct signet_error *error)
{
    (void)ctx;
    (void)error;
    return tell("%s%lld %s %s=%s by %s\n", e->station, (long long)e->seq, e->endpoint, e->kind,
                e->detail, e->operator_name);
}

static int one_delivery(void *ctx, const struct signet_ledger_delivery *d, struct signet_error *e)
{
    (void)ctx;
    (void)e;
    return tell("%s %s %s\n", d->server,
                d->delivered ? "delivered"
                : d->refused ? "refused"
                             : "waiting",
                d->error);
}

static int one_group(void *ctx, const struct signet_ledger_group *g, struct signet_error *e)
{
    (void)ctx;
    (void)e;
    return tell("%s %s %lld %lld %lld %lld\n", g->by, g->name, (long long)g->devices,
                (long long)g->done, (long long)g->failed, (long long)g->first_pass);
}

static int one_order(void *ctx, const struct signet_ledger_order_view *o, struct signet_error *e)
{
    (void)ctx;
    (void)e;
    return tell("%s %lld/%lld %lld done\n", o->name, (long long)o->issued, (long long)o->quota,
                (long long)o->states[SIGNET_DEVICE_DONE]);
}

/* One made, one set aside, one that was given back; and another order. */
static void make_some(void)
{
    struct signet_error outcome = {.code = SIGNET_E_AUTH, .msg = "it says no"};
    struct signet_lease lease, leases[4];
    int64_t after = 0;
    size_t count;

    begin(9);
    lease = reserve("made", "1");
    bring(&lease, SIGNET_DEVICE_DONE, "board1");
    lease = reserve("aside", "2");
    bring(&lease, SIGNET_DEVICE_WRITING, "board2");
    must(signet_ledger_fail(ledger, &lease, &why, &err));
    reserve("gone", "1");
    must(signet_ledger_void(ledger, "gone", "a reason", &err));
    lease = reserve("slow", "1");
    bring(&lease, SIGNET_DEVICE_WRITING, "board3");
    must(signet_ledger_note(ledger, &lease, "retry", "again", &err));
    bring(&lease, SIGNET_DEVICE_VERIFIED, NULL);
    must(signet_ledger_release(ledger, &lease, &err));
    must(signet_ledger_waiting(ledger, order, "a", &after, leases, 4, &count, &err));
    must(signet_ledger_delivered(ledger, "a", leases, count, &outcome, &err));
    must(signet_ledger_rework(ledger, "slow", &err));
    must(signet_ledger_order(ledger, "other", "h", 5, &order, &err));
    reserve("made-elsewhere", "1");
}

static int name_of(void *ctx, int64_t index, char endpoint[152], struct signet_error *e)
{
    (void)ctx;
    (void)e;
    snprintf(endpoint, 152, "dev-%lld", (long long)index);
    return SIGNET_OK;
}

static void devices(void **state)
{
    struct signet_ledger_filter f = {.state = -1};
    (void)state;
    make_some();
    look_again(0, 0);
    must(signet_ledger_devices(ledger, NULL, one_device, NULL, &err));
    assert_string_equal(seen, "o/made A/1 done 1 exposed board1 |\n"
                              "o/aside A/2 failed 1 exposed board2 board|the board is broken\n"
                              "o/gone A/1 void 1 freed  |a reason\n"
                              "o/slow A/1 verified 2 exposed board3 auth|it says no\n"
                              "other/made-elsewhere A/1 reserved 1  |\n");
    f.order = "other";
    look_again(0, 0);
    must(signet_ledger_devices(ledger, &f, one_device, NULL, &err));
    assert_int_equal(rows, 1);
    f = (struct signet_ledger_filter){.state = SIGNET_DEVICE_FAILED, .station = "A"};
    look_again(0, 0);
    must(signet_ledger_devices(ledger, &f, one_device, NULL, &err));
    assert_int_equal(rows, 1);
    f = (struct signet_ledger_filter){.state = -1, .endpoint = "nobody"};
    look_again(0, 0);
    must(signet_ledger_devices(ledger, &f, one_device, NULL, &err));
    assert_int_equal(rows, 0);
}

static void events(void **state)
{
    (void)state;
    make_some();
    look_again(0, 0);
    must(signet_ledger_events(ledger, "slow", one_event, NULL, &err));
    assert_string_equal(seen, "A15 slow reserved=slow by eve\nA16 slow keyed=board3 by eve\n"
                              "A17 slow writing=board3 by eve\nA18 slow retry=again by eve\n"
                              "A19 slow written= by eve\nA20 slow verified= by eve\n"
                              "A21 slow failed=a: it says no by eve\nA22 slow rework= by eve\n");
    look_again(0, 0);
    must(signet_ledger_events(ledger, NULL, one_event, NULL, &err));
    assert_int_equal(rows, 24);
    assert_non_null(strstr(seen, "A1  order=o by eve\n"));
    look_again(0, 0);
    must(signet_ledger_deliveries(ledger, "slow", one_delivery, NULL, &err));
    assert_string_equal(seen, "a waiting \n");
}

static void groups_and_orders(void **state)
{
    int64_t states[SIGNET_DEVICE_STATES];
    (void)state;
    make_some();
    look_again(0, 0);
    must(signet_ledger_stats(ledger, "o", one_group, NULL, &err));
    assert_string_equal(seen, "state verified 1 1 0 0\nstate done 1 1 0 1\nstate failed 1 0 1 0\n"
                              "slot A/1 2 2 0 1\nslot A/2 1 0 1 0\nerror board 1 0 1 0\n");
    look_again(0, 0);
    must(signet_ledger_orders(ledger, one_order, NULL, &err));
    assert_string_equal(seen, "o 3/9 1 done\nother 1/5 0 done\n");
    must(signet_ledger_states(ledger, order, states, &err));
    assert_int_equal(states[SIGNET_DEVICE_RESERVED], 1);
    refused(signet_ledger_states(ledger, 99, states, &err), SIGNET_E_USAGE, "no such order");
}

/* More rows than a page has, each once. */
static void pages(void **state)
{
    char name[16];
    (void)state;
    begin(1000);
    for (int i = 0; i < 520; i++) {
        snprintf(name, sizeof(name), "dev-%d", i);
        reserve(name, "1");
    }
    look_again(0, 0);
    must(signet_ledger_devices(ledger, NULL, one_device, NULL, &err));
    assert_int_equal(rows, 520);
    look_again(0, 0);
    must(signet_ledger_events(ledger, NULL, one_event, NULL, &err));
    assert_int_equal(rows, 521);
    assert_int_equal(verified(), 521);
}

/* What the callback returns is what the walk returns, whatever it is. */
static void a_walk_that_is_stopped(void **state)
{
    static const int codes[] = {SIGNET_E_IO, SIGNET_E_NOT_FOUND, SIGNET_E_CANCELLED};
    (void)state;
    make_some();
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        int with = codes[i];
        look_again(1, with);
        assert_int_equal(signet_ledger_devices(ledger, NULL, one_device, NULL, &err), with);
        assert_int_equal(rows, 1);
        look_again(2, with);
        assert_int_equal(signet_ledger_events(ledger, NULL, one_event, NULL, &err), with);
        assert_int_equal(rows, 2);
        look_again(1, with);
        assert_int_equal(signet_ledger_events(ledger, "slow", one_event, NULL, &err), with);
        look_again(1, with);
        assert_int_equal(signet_ledger_deliveries(ledger, "slow", one_delivery, NULL, &err), with);
        look_again(2, with);
        assert_int_equal(signet_ledger_stats(ledger, NULL, one_group, NULL, &err), with);
        look_again(1, with);
        assert_int_equal(signet_ledger_orders(ledger, one_order, NULL, &err), with);
        assert_int_equal(rows, 1);
    }
    reserve("goes-on", "1");
}

static int end_connections(void *ctx, const struct signet_ledger_device *d, struct signet_error *e)
{
    (void)ctx;
    (void)d;
    (void)e;
    if (++rows == 10)
        sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()");
    return SIGNET_OK;
}

/* Rows that were given cannot be given again. */
static void a_server_that_goes_away_meanwhile(void **state)
{
    struct signet_lease leases[520];
    const struct signet_ledger_names names = {.name = name_of};
    size_t count = 0;
    (void)state;
    if (!on_postgres())
        skip();
    begin(1000);
    must(signet_ledger_reserve_next(ledger, order, "1", &names, leases, 520, &count, &err));
    assert_int_equal(count, 520);
    look_again(0, 0);
    refused(signet_ledger_devices(ledger, NULL, end_connections, NULL, &err), SIGNET_E_LEDGER,
            "went away while it was read");
    assert_non_null(strstr(err.hint, "start again"));
    assert_int_equal(rows, 512); /* a page */
    look_again(0, 0);
    must(signet_ledger_devices(ledger, NULL, one_device, NULL, &err));
    assert_int_equal(rows, 520);
}

static void the_last_of_a_slot(void **state)
{
    static const char *const slots[] = {"1", "2", "3", "old"};
    int states[4];
    (void)state;
    begin(2000);
    struct signet_lease old = reserve("old", "old");
    bring(&old, SIGNET_DEVICE_KEYED, NULL);
    for (int i = 0; i < 1024; i++) { /* more than one page */
        char name[16];
        snprintf(name, sizeof(name), "void-%d", i);
        reserve(name, "1");
    }
    struct signet_lease aside = reserve("aside", "2");
    must(signet_ledger_fail(ledger, &aside, &(struct signet_error){.code = SIGNET_E_BOARD}, &err));
    must(signet_ledger_last(ledger, slots, 4, states, &err));
    assert_int_equal(states[0], SIGNET_DEVICE_RESERVED);
    assert_int_equal(states[1], SIGNET_DEVICE_FAILED);
    assert_int_equal(states[2], -1);
    assert_int_equal(states[3], SIGNET_DEVICE_KEYED);
    must(signet_ledger_last(ledger, slots, 0, states, &err));
    signet_ledger_close(&ledger);
    open_as("new");
    must(signet_ledger_last(ledger, slots, 4, states, &err));
    assert_int_equal(states[0], -1);
}

static int count_row(void *ctx, const struct signet_ledger_device *d, struct signet_error *e)
{
    (void)e;
    assert_string_equal(d->endpoint, "on-it");
    ++*(int *)ctx;
    return SIGNET_OK;
}

/* Not of one that is void: another may be on that board. */
static void the_device_on_a_board(void **state)
{
    const struct signet_ledger_filter board = {.hw_id = "HW1", .state = -1};
    const struct signet_ledger_filter other = {.hw_id = "HW2", .state = -1};
    int count = 0;

    (void)state;
    begin(9);
    struct signet_lease gone = reserve("gone", "1");
    bring(&gone, SIGNET_DEVICE_WRITING, "HW1");
    must(signet_ledger_void(ledger, "gone", "test", &err));
    struct signet_lease on = reserve("on-it", "1");
    bring(&on, SIGNET_DEVICE_DONE, "HW1");
    must(signet_ledger_devices(ledger, &board, count_row, &count, &err));
    assert_int_equal(count, 1);
    must(signet_ledger_devices(ledger, &other, count_row, &count, &err));
    assert_int_equal(count, 1);
}

static int call_again(void *ctx, const struct signet_ledger_device *d, struct signet_error *e)
{
    struct signet_ledger_head head;

    (void)d;
    *(int *)ctx += signet_ledger_head(ledger, 0, &head, e) == SIGNET_E_USAGE &&
                   signet_ledger_void(ledger, "gone", "test", e) == SIGNET_E_USAGE;
    return SIGNET_OK;
}

/* It would wait for itself for ever. */
static void a_row_that_calls_its_ledger_is_refused(void **state)
{
    int refused = 0;

    (void)state;
    make_some();
    must(signet_ledger_devices(ledger, NULL, call_again, &refused, &err));
    assert_int_equal(refused, 5);
    must(signet_ledger_void(ledger, "slow", "test", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(devices, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(events, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(groups_and_orders, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(pages, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_walk_that_is_stopped, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_server_that_goes_away_meanwhile, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(the_last_of_a_slot, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(the_device_on_a_board, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_row_that_calls_its_ledger_is_refused, place_setup,
                                        place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
