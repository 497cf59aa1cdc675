/* SPDX-License-Identifier: Apache-2.0 */
/* Void and rework of many: which are meant, what stands in the way, and what a preview does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static const struct signet_error no_board = {.code = SIGNET_E_BOARD, .msg = "no"};
static const struct signet_error no_answer = {.code = SIGNET_E_TIMEOUT, .msg = "silent"};

struct seen {
    int changed, refused;
    enum signet_code code; /* of the last that was refused */
    char last[SIGNET_ENDPOINT_SIZE], servers[64], said[400];
    int edition;
};

static int see(void *ctx, const struct signet_ledger_decided *d, struct signet_error *e)
{
    struct seen *s = ctx;

    (void)e;
    snprintf(s->last, sizeof(s->last), "%s", d->endpoint);
    snprintf(s->servers, sizeof(s->servers), "%s", d->servers);
    s->edition = d->edition;
    s->changed += d->error->code == SIGNET_OK;
    s->refused += d->error->code != SIGNET_OK;
    if (d->error->code != SIGNET_OK) {
        s->code = d->error->code;
        snprintf(s->said, sizeof(s->said), "%s", d->error->msg);
    }
    return SIGNET_OK;
}

static struct seen decide(struct signet_ledger_selection which, struct signet_ledger_decision how)
{
    struct seen seen = {0};

    must(signet_ledger_decide(ledger, &which, &how, see, &seen, &err));
    verified();
    return seen;
}

/* dev-0 ... in two orders, at two slots; every third one failed, with one error or the other. */
static void make_many(int devices)
{
    char name[32], slot[8];

    begin(devices);
    for (int i = 0; i < devices; i++) {
        if (i == devices / 2)
            must(signet_ledger_order(ledger, "o2", "h", devices, &order, &err));
        snprintf(name, sizeof(name), "dev-%d", i);
        snprintf(slot, sizeof(slot), "%d", i % 2);
        struct signet_lease lease = reserve(name, slot);
        bring(&lease, i % 3 ? SIGNET_DEVICE_DONE : SIGNET_DEVICE_WRITING, NULL);
        if (i % 3 == 0)
            must(signet_ledger_fail(ledger, &lease, i % 2 ? &no_board : &no_answer, &err));
    }
}

static int64_t in_state(enum signet_device_state state)
{
    char text[96];

    snprintf(text, sizeof(text), "SELECT count(*) FROM devices WHERE state = %d", (int)state);
    return sql_number(text);
}

#define WHICH(...)    ((struct signet_ledger_selection){.state = -1, __VA_ARGS__})
#define WHICH_IN(...) ((struct signet_ledger_selection){__VA_ARGS__})
#define REWORK(...)   ((struct signet_ledger_decision){.what = SIGNET_LEDGER_REWORK, __VA_ARGS__})
#define VOID(...)                                                                                  \
    ((struct signet_ledger_decision){.what = SIGNET_LEDGER_VOID, .reason = "test", __VA_ARGS__})

static void by_what_they_are(void **state)
{
    const char *const names[] = {"dev-3", "nobody", "dev-6"};
    (void)state;
    make_many(60);
    struct seen s = decide(WHICH(.error = "board"), REWORK(.preview = true));
    assert_int_equal(s.changed, 10);
    assert_int_equal(in_state(SIGNET_DEVICE_FAILED), 20);
    s = decide(WHICH(.error = "board", .order = "o2"), REWORK());
    assert_int_equal(s.changed, 5);
    assert_int_equal(in_state(SIGNET_DEVICE_FAILED), 15);
    s = decide(WHICH_IN(.error = "board", .state = SIGNET_DEVICE_FAILED), REWORK());
    assert_int_equal(s.changed, 5);
    s = decide(WHICH_IN(.slot = "0", .state = SIGNET_DEVICE_DONE, .order = "o"), VOID());
    assert_int_equal(s.changed, 10);
    assert_int_equal(in_state(SIGNET_DEVICE_VOID), 10);
    s = decide(WHICH(.names = names, .name_count = 3), VOID());
    assert_int_equal(s.changed, 2);
    assert_int_equal(s.refused, 1);
    assert_int_equal(s.code, SIGNET_E_NOT_FOUND);
    assert_non_null(strstr(s.said, "no device nobody"));
    s = decide(WHICH(.names = names, .name_count = 3, .station = "B"), VOID());
    assert_int_equal(s.refused, 3); /* none that fits */
    /* all that are left: what stands in the way of each is said */
    s = decide(WHICH(.names = NULL), REWORK());
    assert_int_equal(s.changed + s.refused, 60);
    assert_int_equal(s.refused, 9); /* those that wait for their board already */
    assert_int_equal(s.code, SIGNET_E_USAGE);
}

static void by_time(void **state)
{
    (void)state;
    make_many(3);
    sql("UPDATE devices SET changed = 1900000000 WHERE endpoint = 'dev-1'");
    struct seen s = {0};
    struct signet_ledger_selection which = WHICH(.since = 1900000000, .until = 1900000001);
    struct signet_ledger_decision how = VOID(.preview = true);
    must(signet_ledger_decide(ledger, &which, &how, see, &s, &err));
    assert_int_equal(s.changed, 1);
    assert_string_equal(s.last, "dev-1");
    s = (struct seen){0};
    which = WHICH(.until = 1900000000);
    must(signet_ledger_decide(ledger, &which, &how, see, &s, &err));
    assert_int_equal(s.changed, 2);
}

/* More than a page, each with its event. */
static void many_pages(void **state)
{
    (void)state;
    make_many(600);
    int64_t events = verified();
    struct seen s = decide(WHICH(.names = NULL), VOID());
    assert_int_equal(s.changed, 600);
    assert_int_equal(verified(), events + 600);
    s = decide(WHICH(.names = NULL), VOID());
    assert_int_equal(s.refused, 600);
    assert_int_equal(s.code, SIGNET_E_EXISTS);
    s = decide(WHICH(.names = NULL), REWORK()); /* what it makes on its way is not walked over */
    assert_int_equal(s.changed, 600);
    assert_int_equal(s.refused, 0);
    assert_int_equal(s.edition, 2);
    assert_int_equal(in_state(SIGNET_DEVICE_RETIRED), 600);
    assert_int_equal(in_state(SIGNET_DEVICE_RESERVED), 600);
}

/* What another station has in hand is not taken from it. */
static void in_the_hands_of_another(void **state)
{
    (void)state;
    begin(9);
    struct signet_lease lease = reserve("one", "7");
    bring(&lease, SIGNET_DEVICE_WRITING, NULL);
    signet_ledger_close(&ledger);
    open_as("B");
    refused(signet_ledger_void(ledger, "one", "x", &err), SIGNET_E_BUSY, "station A (slot 7)");
    assert_non_null(strstr(err.msg, "until 20"));
    struct seen s = decide(WHICH(.names = NULL), REWORK(.new_edition = true));
    assert_int_equal(s.code, SIGNET_E_BUSY);
    s = decide(WHICH(.names = NULL), VOID(.force = true));
    assert_int_equal(s.changed, 1);
    assert_int_equal(signet_ledger_renew(ledger, &lease, &err), SIGNET_E_BUSY);
    /* a server's thread has it in hand */
    int64_t after = 0;
    struct signet_lease taken;
    size_t count = 0;
    must(signet_ledger_order(ledger, "o", "h", 9, &order, &err));
    lease = reserve("two", "1");
    bring(&lease, SIGNET_DEVICE_VERIFIED, NULL);
    must(signet_ledger_release(ledger, &lease, &err));
    must(signet_ledger_waiting(ledger, order, "coiote", &after, &taken, 1, &count, &err));
    assert_int_equal(count, 1);
    must(signet_ledger_void(ledger, "two", "one's own is one's own", &err));
    signet_ledger_close(&ledger);
    open_as("C");
    refused(signet_ledger_rework(ledger, "two", &err), SIGNET_E_BUSY, "server coiote");
    sql("UPDATE deliveries SET lease_until = 1");
    must(signet_ledger_rework(ledger, "two", &err));
    verified();
}

/* Where a void device still is, and that it is taken away there. */
static int see_pending(void *ctx, const char *server, bool removal, int64_t n,
                       struct signet_error *error)
{
    char *said = ctx;

    (void)error;
    snprintf(said + strlen(said), 80 - strlen(said), "%s%s %lld ", server, removal ? " loses" : "",
             (long long)n);
    return SIGNET_OK;
}

static const char *pending(void)
{
    static char said[80];

    said[0] = '\0';
    must(signet_ledger_pending(ledger, order, see_pending, said, &err));
    return said;
}

static void at_servers(void **state)
{
    struct signet_error outcome = {0};
    struct signet_lease taken;
    size_t count = 0;
    (void)state;
    begin(9);
    struct signet_lease lease = reserve("one", "1");
    bring(&lease, SIGNET_DEVICE_VERIFIED, NULL);
    must(signet_ledger_release(ledger, &lease, &err));
    for (const char *server = "a"; server; server = *server == 'a' ? "b" : NULL) {
        int64_t after = 0;
        must(signet_ledger_waiting(ledger, order, server, &after, &taken, 1, &count, &err));
        assert_string_equal(pending(), *server == 'a' ? "a 1 " : "b 1 ");
        must(signet_ledger_delivered(ledger, server, &taken, count, &outcome, &err));
    }
    assert_string_equal(pending(), "");
    struct seen s = decide(WHICH(.names = NULL), VOID());
    assert_string_equal(s.servers, "a, b");
    s = decide(WHICH(.names = NULL), VOID());
    assert_int_equal(s.code, SIGNET_E_EXISTS);
    s = decide(WHICH(.names = NULL), VOID(.remove = true));
    assert_int_equal(s.changed, 1);
    assert_int_equal(sql_number("SELECT count(*) FROM deliveries WHERE state = 3"), 2);
    assert_string_equal(pending(), "a loses 1 b loses 1 ");
    assert_int_equal(sql_number("SELECT count(*) FROM events WHERE kind = 'remove'"), 2);
    s = decide(WHICH(.names = NULL), VOID(.remove = true));
    assert_int_equal(s.code, SIGNET_E_EXISTS);
    assert_non_null(strstr(s.said, "at no server"));
}

static void what_does_not_fit(void **state)
{
    const char *const names[] = {"one", "two"};
    struct signet_ledger_selection which = WHICH(.names = names, .name_count = 2);
    struct signet_ledger_decision how = REWORK(.board = "b");
    (void)state;
    begin(9);
    reserve("one", "1");
    refused(signet_ledger_decide(ledger, &which, &how, NULL, NULL, &err), SIGNET_E_USAGE,
            "one device");
    which.name_count = 1;
    struct seen s = decide(which, how); /* nothing of it left the host: only the board is chosen */
    assert_int_equal(s.changed, 1);
    assert_int_equal(sql_number("SELECT count(*) FROM devices WHERE hw_id = 'b'"), 1);
    must(signet_ledger_void(ledger, "one", "test", &err));
    struct signet_lease lease = reserve("one", "1");
    bring(&lease, SIGNET_DEVICE_WRITING, NULL);
    s = decide(which, how);
    assert_non_null(strstr(s.said, "no new edition"));
    how = REWORK(.remove = true);
    refused(signet_ledger_decide(ledger, &which, &how, NULL, NULL, &err), SIGNET_E_USAGE, "void");
    how = VOID(.new_edition = true);
    refused(signet_ledger_decide(ledger, &which, &how, NULL, NULL, &err), SIGNET_E_USAGE, "rework");
    how = VOID();
    which.error = "bored";
    refused(signet_ledger_decide(ledger, &which, &how, NULL, NULL, &err), SIGNET_E_USAGE,
            "no error 'bored'");
    which = WHICH(.slot = "\xff");
    refused(signet_ledger_decide(ledger, &which, &how, NULL, NULL, &err), SIGNET_E_USAGE,
            "slot is not UTF-8");
    static const char *const not_text[] = {"one", "\xff"};
    which = WHICH(.names = not_text, .name_count = 2);
    refused(signet_ledger_decide(ledger, &which, &how, NULL, NULL, &err), SIGNET_E_USAGE,
            "name 2 is not UTF-8");
    refused(signet_ledger_rework(ledger, NULL, &err), SIGNET_E_USAGE, "no device");
}

/* The board that is asked for is no other device's. */
static void a_board_of_another(void **state)
{
    static const char *const one[] = {"one"};
    struct signet_lease lease;

    (void)state;
    begin(9);
    lease = reserve("one", "1");
    bring(&lease, SIGNET_DEVICE_DONE, "board1");
    lease = reserve("two", "1");
    bring(&lease, SIGNET_DEVICE_DONE, "board2");
    struct seen s = decide(WHICH(.names = one, .name_count = 1), REWORK(.board = "board2"));
    assert_int_equal(s.changed, 0);
    assert_int_equal(s.code, SIGNET_E_CONFLICT);
    assert_string_equal(s.said, "one: the board board2 is that of two");
    s = decide(WHICH(.names = one, .name_count = 1), REWORK(.board = "board3"));
    assert_int_equal(s.changed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(by_what_they_are, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_board_of_another, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(by_time, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(many_pages, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(in_the_hands_of_another, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(at_servers, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
