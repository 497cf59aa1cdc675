/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signet/ledger_read.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

/* "EVENT ENDPOINT SLOT HW_ID EDITION;" of each event that was given. */
static char given[4096];
static size_t rows;
static int64_t last_seq;
static char detail[1024];
static bool json;

static int take(void *ctx, const struct signet_ledger_news *n, struct signet_error *e)
{
    size_t len = strlen(given);
    (void)e;

    snprintf(given + len, sizeof(given) - len, "%s %s %s %s %d;", n->event, n->endpoint, n->slot,
             n->hw_id, n->edition);
    assert_true(n->seq > last_seq && n->time > 0);
    assert_int_equal(strlen(n->hash), 64);
    assert_string_equal(n->operator_name, "eve");
    last_seq = n->seq;
    snprintf(detail, sizeof(detail), "%s", n->detail);
    json = n->detail_is_json;
    rows++;
    return ctx ? *(int *)ctx : SIGNET_OK;
}

static const char *news(int64_t *after, size_t max)
{
    given[0] = '\0';
    rows = 0;
    last_seq = *after;
    must(signet_ledger_news(ledger, order, after, max, take, NULL, &err));
    return given;
}

static void board(const char *verdict, struct signet_lease *lease, enum signet_device_state to)
{
    const struct signet_error why = {.code = SIGNET_E_TIMEOUT, .msg = "no answer"};
    struct signet_ledger_board b = {.slot = "1",
                                    .verdict = verdict,
                                    .endpoint = lease ? "one" : "",
                                    .hw_id = "77",
                                    .why = strcmp(verdict, "pass") == 0 ? NULL : &why};

    must(signet_ledger_board(ledger, order, &b, lease, to, NULL, &err));
}

static void what_became_of_a_board_and_of_a_run(void **state)
{
    int64_t after = 0;
    (void)state;

    begin(3);
    struct signet_lease lease = reserve("one", "1");
    bring(&lease, SIGNET_DEVICE_WRITTEN, "77");
    board("pass", &lease, SIGNET_DEVICE_VERIFIED);
    board("fail", NULL, SIGNET_DEVICE_FAILED);
    assert_string_equal(news(&after, 100),
                        "order    0;reserved one 1 77 1;keyed one 1 77 1;writing one 1 77 1;"
                        "written one 1 77 1;pass one 1 77 1;verified one 1 77 1;fail  1 77 0;");
    assert_true(json && strstr(detail, "no answer"));
    must(signet_ledger_run(ledger, order, "{\"finished\": false}", &err));
    must(signet_ledger_run(ledger, order, "{\"finished\": true}", &err));
    must(signet_ledger_order_note(ledger, order, "recovered", "{no JSON", &err));
    assert_string_equal(news(&after, 100), "ended    0;finished    0;recovered    0;");
    assert_true(!json && strcmp(detail, "{no JSON") == 0);
    assert_string_equal(news(&after, 100), "");
}

static void page_by_page(void **state)
{
    int64_t after = 0, whole = 0;
    char all[4096], joined[8192] = "";
    size_t count;
    (void)state;

    begin(3);
    reserve("one", "1");
    reserve("two", "2");
    strcpy(all, news(&whole, 100));
    count = rows;
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        strcat(joined, news(&after, 1));
        assert_int_equal(rows, 1);
    }
    assert_string_equal(joined, all);
    assert_int_equal(after, whole);
    assert_string_equal(news(&after, 1), "");
    reserve("three", "1");
    assert_string_equal(news(&after, 1), "reserved three 1  1;");
}

/* Not of another order, and not what another station recorded; the number moves on past both. */
static void of_this_order_and_this_station(void **state)
{
    int64_t after = 0, other = 0, mine, none = 0;
    (void)state;

    begin(3);
    mine = order;
    must(signet_ledger_order(ledger, "other", "h", 3, &other, &err));
    reserve("one", "1");
    order = other;
    reserve("two", "1");
    assert_string_equal(news(&after, 100), "order    0;reserved two 1  1;");
    after = 0;
    order = mine;
    assert_string_equal(news(&after, 100), "order    0;reserved one 1  1;");
    assert_int_equal(after, sql_number("SELECT max(seq) FROM events"));
    signet_ledger_close(&ledger);
    open_as("B");
    assert_string_equal(news(&none, 100), "");
    reserve("three", "1");
    assert_string_equal(news(&none, 100), "reserved three 1  1;");
    signet_ledger_close(&ledger);
    open_as("A");
    after = 0;
    assert_string_equal(news(&after, 100), "order    0;reserved one 1  1;");
}

static void a_reader_that_stops(void **state)
{
    int stop = SIGNET_E_CANCELLED;
    int64_t after = 0;
    (void)state;

    begin(3);
    reserve("one", "1");
    last_seq = 0;
    rows = 0;
    assert_int_equal(signet_ledger_news(ledger, order, &after, 100, take, &stop, &err),
                     SIGNET_E_CANCELLED);
    assert_int_equal(rows, 1);
    assert_int_equal(after, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_became_of_a_board_and_of_a_run, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(page_by_page, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(of_this_order_and_this_station, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(a_reader_that_stops, place_setup, place_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
