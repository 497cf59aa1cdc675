/* SPDX-License-Identifier: Apache-2.0 */
/* What is done for each device goes by indexes: SQLite's plan of each statement that a line, a
 * batch and a delivery need scans no table and sorts nothing.
 *
 * wrap: sqlite3_prepare_v3
 */
#include <setjmp.h>
#include <signet/ledger_read.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static char bad[2048];
static int statements;

int __real_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int len, unsigned flags,
                              sqlite3_stmt **out, const char **tail);
int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int len, unsigned flags,
                              sqlite3_stmt **out, const char **tail);

int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int len, unsigned flags,
                              sqlite3_stmt **out, const char **tail)
{
    char text[4096];
    sqlite3_stmt *stmt = NULL;

    snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", sql);
    if (__real_sqlite3_prepare_v3(db, text, -1, 0, &stmt, NULL) == SQLITE_OK) {
        statements++;
        while (sqlite3_step(stmt) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(stmt, 3);
            bool scans = strncmp(step, "SCAN ", 5) == 0 && strcmp(step, "SCAN CONSTANT ROW") != 0;
            bool all_of_station = strstr(step, "PRIMARY KEY (station=?)") != NULL;
            /* names that were given back are few, as are the servers of one device and the
             * stations that are at work; the first event is the first row. Labels that were read
             * are counted in each round of a line that reads them. */
            bool few = strstr(step, "USING INDEX freed") || strstr(sql, "ORDER BY v.server") ||
                       strstr(sql, "GROUP BY station") || strstr(sql, "seq LIMIT 1") ||
                       strncmp(sql, "SELECT count(*) FROM devices d JOIN deliveries", 46) == 0;
            if (!few && (scans || all_of_station || strstr(step, "TEMP B-TREE")))
                snprintf(bad + strlen(bad), sizeof(bad) - strlen(bad), "%s in: %s\n", step, sql);
        }
    }
    sqlite3_finalize(stmt);
    return __real_sqlite3_prepare_v3(db, sql, len, flags, out, tail);
}

static int names(void *ctx, int64_t index, char endpoint[152], struct signet_error *error)
{
    (void)ctx;
    (void)error;
    snprintf(endpoint, 152, "dev-%lld", (long long)index);
    return SIGNET_OK;
}

static int see_device(void *ctx, const struct signet_ledger_device *d, struct signet_error *e)
{
    (void)d;
    (void)e;
    ++*(int *)ctx;
    return SIGNET_OK;
}

static int see_event(void *ctx, const struct signet_ledger_event *e, struct signet_error *error)
{
    (void)e;
    (void)error;
    ++*(int *)ctx;
    return SIGNET_OK;
}

static int see_delivery(void *ctx, const struct signet_ledger_delivery *d, struct signet_error *e)
{
    (void)d;
    (void)e;
    ++*(int *)ctx;
    return SIGNET_OK;
}

static void make_one(void)
{
    static const char *const servers[] = {"a"};
    const struct signet_ledger_names of = {.name = names};
    const struct signet_device_facts facts = {.hw_id = "b", .psk_sha256 = "p", .cert_serial = "c"};
    const struct signet_error good = {0};
    struct signet_lease lease;
    int64_t after = 0;
    size_t count = 0;

    must(signet_ledger_reserve_next(ledger, order, "1", &of, &lease, 1, &count, &err));
    must(signet_ledger_release(ledger, &lease, &err));
    must(signet_ledger_claim(ledger, order, NULL, NULL, "1", &lease, &err));
    must(signet_ledger_release(ledger, &lease, &err));
    must(signet_ledger_resume(ledger, order, "1", &lease, 1, &count, &err));
    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_WRITING, &facts, &err));
    must(signet_ledger_release(ledger, &lease, &err));
    must(signet_ledger_claim(ledger, order, lease.endpoint, "b", "1", &lease, &err));
    must(signet_ledger_release(ledger, &lease, &err));
    must(signet_ledger_claim(ledger, order, NULL, "b", "1", &lease, &err));
    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_VERIFIED, NULL, &err));
    must(signet_ledger_note(ledger, &lease, "retry", "", &err));
    must(signet_ledger_renew(ledger, &lease, &err));
    must(signet_ledger_release(ledger, &lease, &err));
    must(signet_ledger_waiting(ledger, order, "a", &after, &lease, 1, &count, &err));
    must(signet_ledger_delivered(ledger, "a", &lease, 1, &good, &err));
    must(signet_ledger_settled(ledger, order, servers, 1, &lease, 1, &count, &err));
    assert_int_equal(count, 1);
    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_DONE, NULL, &err));
}

/* What SQLite does for each statement, in steps of its machine, with few devices and with more. */
static struct work {
    char sql[400];
    long long steps[2];
} work[200];
static size_t kinds, round_of_work;

static int count_work(unsigned what, void *ctx, void *stmt, void *unused)
{
    const char *sql = sqlite3_sql(stmt);
    size_t i = 0;

    (void)what;
    (void)ctx;
    (void)unused;
    while (i < kinds && strncmp(work[i].sql, sql, sizeof(work[i].sql) - 1) != 0)
        i++;
    assert_true(i < COUNT_OF(work));
    if (i == kinds)
        snprintf(work[kinds++].sql, sizeof(work[i].sql), "%s", sql);
    work[i].steps[round_of_work] += sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
    return 0;
}

static int watch(sqlite3 *db, const char **message, const struct sqlite3_api_routines *api)
{
    (void)message;
    (void)api;
    return sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, count_work, NULL);
}

static int see_group(void *ctx, const struct signet_ledger_group *group, struct signet_error *e)
{
    (void)group;
    (void)e;
    ++*(int *)ctx;
    return SIGNET_OK;
}

/* Orders with four devices each, one of them refused by its server, one without it. */
static void walk_whole(int orders)
{
    const struct signet_ledger_filter all = {.state = -1};
    struct signet_error outcomes[3] = {{0}, {0}, {.code = SIGNET_E_SERVER, .msg = "no"}};
    struct signet_lease leases[3];
    int seen = 0;

    open_as("A");
    for (int i = 0; i < orders; i++) {
        char name[32];
        int64_t after = 0;
        size_t count = 0;

        snprintf(name, sizeof(name), "o%d", i);
        must(signet_ledger_order(ledger, name, "h", 4, &order, &err));
        for (int k = 0; k < 4; k++) {
            snprintf(name, sizeof(name), "dev-%d-%d", i, k);
            struct signet_lease lease = reserve(name, "1");
            bring(&lease, k ? SIGNET_DEVICE_VERIFIED : SIGNET_DEVICE_KEYED, NULL);
            must(signet_ledger_release(ledger, &lease, &err));
        }
        must(signet_ledger_waiting(ledger, order, "a", &after, leases, 3, &count, &err));
        must(signet_ledger_delivered(ledger, "a", leases, count, outcomes, &err));
    }
    kinds = round_of_work ? kinds : 0; /* what made them is not meant */
    for (size_t i = 0; i < kinds; i++)
        work[i].steps[round_of_work] = 0;
    verified();
    must(signet_ledger_devices(ledger, &all, see_device, &seen, &err));
    must(signet_ledger_stats(ledger, NULL, see_group, &seen, &err));
    assert_true(seen > 4 * orders);
}

/* Also with many orders: twice as many rows take twice the time. */
static void in_proportion(void **state)
{
    assert_int_equal(sqlite3_auto_extension((void (*)(void))watch), SQLITE_OK);
    for (round_of_work = 0; round_of_work < 2; round_of_work++) {
        walk_whole(round_of_work ? 60 : 30);
        place_teardown(state);
        place_setup(state);
    }
    sqlite3_reset_auto_extension();
    assert_true(kinds > 30);
    for (size_t i = 0; i < kinds; i++)
        if (work[i].steps[1] > work[i].steps[0] * 5 / 2 + 1000)
            fail_msg("%lld steps, then %lld: %s", work[i].steps[0], work[i].steps[1], work[i].sql);
}

static int see_in_work(void *ctx, const struct signet_ledger_in_work *w, struct signet_error *e)
{
    (void)w;
    (void)e;
    ++*(int *)ctx;
    return SIGNET_OK;
}

static int see_answer(void *ctx, const char *endpoint, const char *words, struct signet_error *e)
{
    (void)endpoint;
    (void)words;
    (void)e;
    ++*(int *)ctx;
    return SIGNET_OK;
}

static int see_news(void *ctx, const struct signet_ledger_news *news, struct signet_error *e)
{
    (void)news;
    (void)e;
    ++*(int *)ctx;
    return SIGNET_OK;
}

/* What a run asks at its begin and its end, for each board, and while it waits. */
static void what_runs_ask(void)
{
    static const char *const slots[] = {"1", "2"};
    struct signet_ledger_board board = {.slot = "1", .verdict = "pass"};
    struct signet_lease none = {0};
    struct signet_ledger_begun before;
    struct signet_ledger_removal removal;
    struct signet_ledger_unread unread;
    struct signet_ledger_head head;
    enum signet_ledger_label label;
    enum signet_ledger_age age;
    int states[2], answers = 0, news = 0;
    int64_t after = 0, count;
    size_t n;

    must(signet_ledger_begin(ledger, order, "f", &before, &err));
    must(signet_ledger_board(ledger, order, &board, &none, SIGNET_DEVICE_VERIFIED, NULL, &err));
    must(signet_ledger_erased(ledger, "dev-0", NULL, "", &err));
    must(signet_ledger_run(ledger, order, "{}", &err));
    must(signet_ledger_undelivered(ledger, order, "a", &count, &err));
    must(signet_ledger_at_server(ledger, "o", "a", &count, &err));
    must(signet_ledger_label_state(ledger, "dev-0", &label, &err));
    must(signet_ledger_label_unread(ledger, order, &unread, &err));
    must(signet_ledger_in_work(ledger, order, see_in_work, &news, &err));
    must(signet_ledger_answers(ledger, "a", see_answer, &answers, &err));
    must(signet_ledger_last(ledger, slots, 2, states, &err));
    must(signet_ledger_removals(ledger, order, "a", &after, &removal, 1, &n, &err));
    must(signet_ledger_head(ledger, order, &head, &err));
    must(signet_ledger_compare(ledger, &head, &age, &err));
    after = 0;
    must(signet_ledger_news(ledger, order, &after, 9, see_news, &news, &err));
    assert_int_equal(answers, 1);
    assert_int_equal(news, 9);
}

static void by_indexes(void **state)
{
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "broken"};
    const struct signet_ledger_filter filter = {.endpoint = "dev-0", .state = -1};
    int64_t states[SIGNET_DEVICE_STATES];
    int devices = 0, events = 0, deliveries = 0;
    (void)state;
    begin(9);
    bad[0] = '\0'; /* what is asked once, to open a ledger */
    make_one();
    struct signet_lease lease = reserve("x", "1");
    must(signet_ledger_fail(ledger, &lease, &why, &err));
    must(signet_ledger_rework(ledger, "x", &err));
    must(signet_ledger_void(ledger, "x", "test", &err));
    must(signet_ledger_states(ledger, order, states, &err));
    must(signet_ledger_devices(ledger, &filter, see_device, &devices, &err));
    must(signet_ledger_events(ledger, "dev-0", see_event, &events, &err));
    must(signet_ledger_deliveries(ledger, "dev-0", see_delivery, &deliveries, &err));
    what_runs_ask();
    assert_int_equal(devices, 1);
    assert_int_equal(events, 11);
    assert_int_equal(deliveries, 1);
    if (bad[0])
        fail_msg("%s", bad);
    assert_true(statements > 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(by_indexes, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(in_proportion, place_setup, place_teardown),
    };
    unsetenv("SIGNET_TEST_LEDGER"); /* files only */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
