/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signet/ledger_read.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

#define OWN "1099511627776"

/* The ledgers of other sites, in files; the one at hand is this site's. */
static char others[FOLDER_SIZE];
static struct signet_ledger *other;
static char order_file[8]; /* of that site: its hash, which tells ledgers of one second apart */
static struct signet_ledger_imported imported;

static int sites_setup(void **state)
{
    return folder_make(others) ? place_setup(state) : -1;
}

static int sites_teardown(void **state)
{
    char command[FOLDER_SIZE + 16];

    signet_ledger_close(&other);
    snprintf(command, sizeof(command), "rm -r '%s'", others);
    return system(command) == 0 ? place_teardown(state) : -1;
}

static void open_other(const char *site, const char *station)
{
    const struct signet_ledger_options options = {.station = station};
    char file[320];

    signet_ledger_close(&other);
    snprintf(order_file, sizeof(order_file), "h%s", site);
    snprintf(file, sizeof(file), "%s/%s.db", others, site);
    must(signet_ledger_open(&other, file, &options, &err));
}

/* A device of the other ledger, which is one of an order "o" there. */
static struct signet_lease make_there(const char *endpoint, enum signet_device_state to,
                                      const struct signet_device_facts *facts)
{
    struct signet_lease lease = {0};
    int64_t id = 0;

    must(signet_ledger_order(other, "o", order_file, 1000, &id, &err));
    must(signet_ledger_reserve(other, id, endpoint, "1", &lease, &err));
    while (lease.state < to)
        must(signet_ledger_advance(other, &lease, (enum signet_device_state)(lease.state + 1),
                                   facts, &err));
    return lease;
}

static struct signet_lease make_here(const char *endpoint, const struct signet_device_facts *facts)
{
    struct signet_lease lease = reserve(endpoint, "1");

    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_WRITING, facts, &err));
    return lease;
}

static int import(const char *site)
{
    return signet_ledger_import(ledger, other, site, NULL, &imported, &err);
}

/* Numbers of what is made here stay below those of what was brought. */
static void own_numbers_go_on(void **state)
{
    struct signet_lease lease;
    (void)state;
    begin(9);
    lease = make_here("here-1", NULL);
    open_other("b", "A"); /* stations and orders may have the same names */
    make_there("there-1", SIGNET_DEVICE_DONE, NULL);
    make_there("there-2", SIGNET_DEVICE_DONE, NULL);
    must(import("b"));
    assert_int_equal(imported.devices, 2);
    assert_int_equal(imported.orders, 1);
    assert_int_equal(imported.stations, 1);
    assert_int_equal(verified(), 2 + 1 + 1 + imported.events);
    must(signet_ledger_fail(ledger, &lease, &(struct signet_error){.code = SIGNET_E_BOARD}, &err));
    reserve("here-2", "1");
    must(signet_ledger_order(ledger, "p", "h", 1, &order, &err));
    reserve("here-3", "1");
    signet_ledger_close(&ledger);
    open_as("C");
    must(signet_ledger_rework(ledger, "here-1", &err));
    must(signet_ledger_void(ledger, "here-1", "x", &err));
    must(signet_ledger_rework(ledger, "here-1", &err)); /* a new edition */
    verified();
    assert_int_equal(sql_number("SELECT count(*) FROM devices WHERE id < " OWN), 4);
    assert_int_equal(sql_number("SELECT count(*) FROM orders WHERE id < " OWN), 2);
    assert_int_equal(sql_number("SELECT count(*) FROM stations WHERE id < " OWN), 2);
    assert_int_equal(sql_number("SELECT count(*) FROM devices WHERE id > " OWN), 2);
    assert_int_equal(sql_number("SELECT count(*) FROM events WHERE kind = 'imported'"), 1);
}

static int count_row(void *ctx, const struct signet_ledger_device *d, struct signet_error *e)
{
    (void)e;
    assert_true(d->imported);
    assert_string_equal(d->station, "B@b");
    ++*(int *)ctx;
    return SIGNET_OK;
}

/* A name or a board of the other site is known here, and nothing here changes it. */
static void known_and_read_only(void **state)
{
    const struct signet_device_facts facts = {.hw_id = "board"};
    const struct signet_ledger_filter by_board = {.hw_id = "board", .state = -1};
    const struct signet_ledger_lost lost = {.number = -1, .endpoint = "there-2"};
    struct signet_lease lease;
    int64_t id = 0;
    int count = 0;
    (void)state;
    begin(9);
    open_other("b", "B");
    make_there("there-1", SIGNET_DEVICE_DONE, &facts);
    make_there("there-2", SIGNET_DEVICE_WRITING, NULL);
    must(import("b"));
    must(signet_ledger_devices(ledger, &by_board, count_row, &count, &err));
    assert_int_equal(count, 1);
    refused(signet_ledger_reserve(ledger, order, "there-1", "1", &lease, &err), SIGNET_E_CONFLICT,
            "in use");
    lease = reserve("here-1", "1");
    refused(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_WRITING, &facts, &err),
            SIGNET_E_CONFLICT, "its hw_id is in use by there-1");
    refused(signet_ledger_rework(ledger, "there-1", &err), SIGNET_E_CONFLICT, "of station B@b");
    refused(signet_ledger_void(ledger, "there-2", "x", &err), SIGNET_E_CONFLICT, "of station B@b");
    refused(signet_ledger_order(ledger, "o@b", "h", 100, &id, &err), SIGNET_E_CONFLICT,
            "o@b came here with an import");
    must(signet_ledger_expose(ledger, order, &lost, 1, "an old copy", &err));
    must(signet_ledger_erased(ledger, "", "board", "in slot 1", &err));
    char text[80];
    sql_text("SELECT detail FROM events WHERE kind = 'erased' AND device = 0", text, sizeof(text));
    assert_string_equal(text, "there-1 in slot 1");
    assert_int_equal(sql_number("SELECT count(*) FROM devices WHERE state = 2"), 1);
    verified();
    /* another ledger's order of that name goes on where it was made; a station's name is free */
    signet_ledger_close(&ledger);
    open_as("B@b");
    refused(signet_ledger_order(ledger, "new", "h", 1, &id, &err), SIGNET_E_CONFLICT,
            "one of a ledger that was imported");
    signet_ledger_close(&ledger);
    open_as("B");
    must(signet_ledger_order(ledger, "new", "h", 1, &id, &err));
    const char *slots[] = {"1"};
    int last = 0;
    must(signet_ledger_last(ledger, slots, 1, &last, &err));
    assert_int_equal(last, -1); /* the other site's slot 1 is another one */
    verified();
}

/* A line that passes over what is not changed here still holds against a caller that does not. */
static void no_event_of_it(void **state)
{
    struct signet_lease lease;
    (void)state;
    begin(9);
    open_other("b", "B");
    lease = make_there("there-1", SIGNET_DEVICE_RESERVED, NULL);
    must(import("b"));
    lease.device += INT64_C(1) << 40;
    refused(signet_ledger_note(ledger, &lease, "word", "", &err), SIGNET_E_CONFLICT,
            "there-1 came here with an import");
    refused(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_WRITING, NULL, &err),
            SIGNET_E_CONFLICT, "came here");
    refused(signet_ledger_order_note(ledger, (INT64_C(1) << 40) + 1, "word", "", &err),
            SIGNET_E_CONFLICT, "o@b came here");
    verified();
}

/* What two devices have in common is named, with both. */
static void conflicts(void **state)
{
    static const struct {
        const char *fact;
        struct signet_device_facts facts;
    } rows[] = {
        {"hw_id", {.hw_id = "board"}},
        {"psk_identity", {.psk_identity = "me"}},
        {"psk_sha256", {.psk_sha256 = "aa"}},
        {"spki_sha256", {.spki_sha256 = "bb"}},
        {"cert_serial", {.cert_issuer = "ca", .cert_serial = "cc"}},
    };
    char words[120], site[2] = "a";
    (void)state;
    begin(9);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char here[16];
        snprintf(here, sizeof(here), "here-%zu", i);
        make_here(here, &rows[i].facts);
        open_other((site[0]++, site), "B");
        make_there("ok", SIGNET_DEVICE_WRITING, NULL);
        make_there("there", SIGNET_DEVICE_WRITING, &rows[i].facts);
        snprintf(words, sizeof(words),
                 "there (station B, there) and %s (station A, here) have one %s", here,
                 rows[i].fact);
        refused(import(site), SIGNET_E_CONFLICT, words);
    }
    open_other("z", "B");
    make_there("here-2", SIGNET_DEVICE_RESERVED, NULL);
    refused(import("z"), SIGNET_E_CONFLICT,
            "both ledgers have a device here-2: of station B there, of station A here");
    must(signet_ledger_void(other, "here-2", "not ours", &err)); /* it never left the host there */
    must(import("z"));
    assert_int_equal(sql_number("SELECT count(*) FROM stations"), 2);
    verified();
    must(signet_ledger_void(ledger, "here-0", "a board made twice", &err));
    open_other("b", "B");
    must(import("b"));
    verified();
}

/* Whose stations are as they are here, but one that is not there yet. */
static void an_older_copy(void **state)
{
    char copy[320], head[65];
    int64_t events = 0;

    (void)state;
    begin(9);
    open_other("b", "A");
    make_there("one", SIGNET_DEVICE_DONE, NULL);
    snprintf(copy, sizeof(copy), "%s/old.db", others);
    must(signet_ledger_backup(other, copy, NULL, &events, head, &err));
    open_other("b", "B");
    make_there("two", SIGNET_DEVICE_DONE, NULL);
    must(import("b"));
    open_other("old", "A");
    refused(import("b"), SIGNET_E_CONFLICT, "a station is missing there");
    verified();
}

static int no_row(void *ctx, const struct signet_ledger_delivery *d, struct signet_error *e)
{
    (void)ctx;
    (void)e;
    assert_true(d->delivered || d->removing || d->refused);
    return SIGNET_OK;
}

/* What changed there since, comes: states, editions, deliveries, stations; a board that went to
 * another device does not stand in the way. */
static void again(void **state)
{
    const struct signet_error good = {0}, no = {.code = SIGNET_E_SERVER, .sys = 400, .msg = "no"};
    const struct signet_device_facts facts = {.hw_id = "board"};
    struct signet_lease lease, first;
    int64_t after = 0, events;
    size_t count = 0;
    (void)state;
    begin(9);
    open_other("b", "B");
    first = make_there("there-1", SIGNET_DEVICE_RESERVED, NULL);
    lease = make_there("there-2", SIGNET_DEVICE_VERIFIED, &facts);
    must(signet_ledger_release(other, &lease, &err));
    must(import(NULL));
    assert_int_equal(strlen(imported.site), 8);
    assert_false(imported.again);
    events = verified();
    must(import(NULL));
    assert_true(imported.again);
    assert_int_equal(imported.events, 0);
    assert_int_equal(verified(), events);

    must(signet_ledger_waiting(other, 1, "s", &after, &lease, 1, &count, &err));
    must(signet_ledger_delivered(other, "s", &lease, 1, &good, &err));
    after = 0;
    must(signet_ledger_waiting(other, 1, "t", &after, &lease, 1, &count, &err));
    must(signet_ledger_delivered(other, "t", &lease, 1, &no, &err));
    must(import(NULL));
    verified();
    must(signet_ledger_deliveries(ledger, "there-2", no_row, NULL, &err));
    must(signet_ledger_void(other, "there-2", "broken", &err));
    must(signet_ledger_advance(other, &first, SIGNET_DEVICE_WRITING, &facts, &err));
    must(signet_ledger_rework(other, "there-2", &err));
    open_other("b", "B2");
    must(signet_ledger_void(other, "there-2", "too", &err));
    must(import(NULL));
    assert_int_equal(imported.stations, 2);
    verified();
    assert_int_equal(sql_number("SELECT count(*) FROM devices WHERE endpoint = 'there-2'"), 2);
    assert_int_equal(sql_number("SELECT count(*) FROM deliveries WHERE state = 3"), 1);
    assert_int_equal(sql_number("SELECT count(*) FROM events WHERE kind = 'imported'"), 3);
    must(signet_ledger_deliveries(ledger, "there-2", no_row, NULL, &err));
}

/* Several sites, each with a name; what came to one by an import is not brought on. */
/* A site may have several ledgers, with other names of stations and orders. */
static void two_ledgers_of_one_site(void **state)
{
    struct signet_lease lease;
    int64_t id;

    (void)state;
    begin(9);
    open_other("b", "B");
    make_there("there-1", SIGNET_DEVICE_RESERVED, NULL);
    must(import("hall"));
    open_other("c", "C");
    must(signet_ledger_order(other, "p", "h", 9, &id, &err));
    must(signet_ledger_reserve(other, id, "there-2", "1", &lease, &err));
    must(signet_ledger_reserve(other, id, "there-3", "1", &lease, &err));
    must(import("hall"));
    verified();
    must(signet_ledger_reserve(other, id, "there-4", "1", &lease, &err));
    must(import("hall"));
    verified();
}

static void many_sites(void **state)
{
    (void)state;
    begin(9);
    reserve("here", "1");
    open_other("b", "B");
    make_there("there-b", SIGNET_DEVICE_DONE, NULL);
    must(import("b"));
    open_other("c", "B");
    make_there("there-c", SIGNET_DEVICE_DONE, NULL);
    refused(import("b"), SIGNET_E_CONFLICT, "already");
    refused(import(""), SIGNET_E_USAGE, "at most 32");
    refused(import("123456789012345678901234567890123"), SIGNET_E_USAGE, "at most 32");
    must(import("12345678901234567890123456789012"));
    assert_int_equal(sql_number("SELECT max(base) FROM stations") / (INT64_C(1) << 40), 2);
    verified();
    must(signet_ledger_import(other, ledger, "a", NULL, &imported, &err));
    assert_int_equal(imported.devices, 1);
    assert_int_equal(imported.passed_over, 2);
    must(import(NULL)); /* what it knows of this ledger is passed over here */
    assert_int_equal(imported.passed_over, 1);
    verified();
}

/* All or nothing, and the reasons why not. */
static void nothing(void **state)
{
    struct signet_cancel *cancel = NULL;
    const struct signet_ledger_options reading = {.station = "A", .read_only = true};
    (void)state;
    begin(9);
    reserve("here", "1");
    int64_t before = verified();
    open_other("e", "B");
    must(import("e"));
    assert_int_equal(imported.events, 0); /* it is empty */
    open_other("b", "B");
    for (int i = 0; i < 400; i++) {
        char name[16];
        snprintf(name, sizeof(name), "there-%d", i);
        make_there(name, SIGNET_DEVICE_WRITING, NULL);
    }
    must(signet_cancel_new(&cancel, &err));
    signet_cancel_fire(cancel);
    refused(signet_ledger_import(ledger, other, "b", cancel, &imported, &err), SIGNET_E_CANCELLED,
            "stopped");
    signet_cancel_free(&cancel);
    assert_int_equal(verified(), before);
    signet_ledger_close(&ledger);
    must(signet_ledger_open(&ledger, place, &reading, &err));
    refused(import("b"), SIGNET_E_USAGE, "reading only");
    assert_int_equal(verified(), before);
}

/* An order goes into an archive when nothing of it is left to do, and from its own ledger. */
static void archive_refused(void **state)
{
    static const char *const there[] = {"o@b"}, *const here[] = {"o"};
    const struct signet_ledger_options reading = {.station = "A", .read_only = true};
    char file[320], head[65];
    int64_t events = 0;
    (void)state;
    begin(3);
    snprintf(file, sizeof(file), "%s/archive.db", others);
    open_other("b", "B");
    make_there("there", SIGNET_DEVICE_DONE, NULL);
    must(import("b"));
    struct signet_lease lease = reserve("here-1", "1");
    bring(&lease, SIGNET_DEVICE_DONE, NULL);
    reserve("here-2", "1");
    int64_t before = verified();
    refused(signet_ledger_archive(ledger, there, 1, file, NULL, &events, head, &err),
            SIGNET_E_CONFLICT, "o@b came here with an import");
    refused(signet_ledger_archive(ledger, here, 1, file, NULL, &events, head, &err), SIGNET_E_USAGE,
            "order o is not finished: 1 not begun, 1 reserved");
    sql("INSERT INTO deliveries(device, server, state, station, changed, lease_until)"
        " VALUES(1, 's', 3, 'A', 0, 0)");
    refused(signet_ledger_archive(ledger, here, 1, file, NULL, &events, head, &err), SIGNET_E_USAGE,
            "1 not begun, 1 reserved, 1 to be removed at servers");
    sql("DELETE FROM deliveries");
    refused(signet_ledger_archive(ledger, here, 0, file, NULL, &events, head, &err), SIGNET_E_USAGE,
            "1 to 256 orders");
    refused(signet_ledger_archive(ledger, here, 257, file, NULL, &events, head, &err),
            SIGNET_E_USAGE, "1 to 256 orders");
    assert_int_equal(verified(), before);
    assert_int_not_equal(access(file, F_OK), 0);
    signet_ledger_close(&ledger);
    must(signet_ledger_open(&ledger, place, &reading, &err));
    refused(signet_ledger_archive(ledger, here, 1, file, NULL, &events, head, &err), SIGNET_E_USAGE,
            "reading only");
}

/* One device of the order at hand, which a server has, and which is done. */
static void finish_here(const char *endpoint)
{
    static const char *const servers[] = {"s"};
    struct signet_error outcome = {0};
    struct signet_lease lease = reserve(endpoint, "1");
    int64_t after = 0;
    size_t count;

    bring(&lease, SIGNET_DEVICE_VERIFIED, NULL);
    must(signet_ledger_release(ledger, &lease, &err));
    must(signet_ledger_waiting(ledger, order, "s", &after, &lease, 1, &count, &err));
    assert_int_equal(count, 1);
    must(signet_ledger_delivered(ledger, "s", &lease, 1, &outcome, &err));
    must(signet_ledger_settled(ledger, order, servers, 1, &lease, 1, &count, &err));
    assert_int_equal(count, 1);
    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_DONE, NULL, &err));
}

/* All of the orders that are named, with their deliveries, and nothing of the others. */
static void what_an_archive_has(void **state)
{
    static const char *const wanted[][2] = {
        {"SELECT group_concat(name) FROM orders", "p"},
        {"SELECT group_concat(endpoint) FROM devices", "here-2,here-3"},
        {"SELECT group_concat(device || server) FROM deliveries", "2s,3s"}};
    static const char *const orders[] = {"p"};
    char file[320], head[65];
    int64_t events = 0;
    sqlite3 *db = NULL;
    (void)state;
    begin(1);
    finish_here("here-1");
    must(signet_ledger_order(ledger, "p", "h", 2, &order, &err));
    finish_here("here-2");
    finish_here("here-3");
    snprintf(file, sizeof(file), "%s/archive.db", others);
    must(signet_ledger_archive(ledger, orders, 1, file, NULL, &events, head, &err));
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        sqlite3_stmt *stmt = NULL;

        assert_int_equal(sqlite3_prepare_v2(db, wanted[i][0], -1, &stmt, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        assert_string_equal((const char *)sqlite3_column_text(stmt, 0), wanted[i][1]);
        sqlite3_finalize(stmt);
    }
    sqlite3_close(db);
    verified();
}

/* What the last run says of the units that were not begun: its quota was lowered to what there is.
 */
static void archive_of_a_lowered_quota(void **state)
{
    static const char *const orders[] = {"o"};
    static const struct {
        const char *run;
        bool taken;
    } all[] = {{"{\"finished\": false, \"quota\": 1}", false},
               {"{\"finished\": true, \"quota\": 2}", false},
               {"{\"quota\": 1}", false},
               {"{\"finished\": true, \"quota\": 1}", true}};
    char file[320], head[65];
    int64_t events = 0;
    (void)state;
    begin(2); /* one is made, one is missing */
    finish_here("here-1");
    snprintf(file, sizeof(file), "%s/archive.db", others);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        must(signet_ledger_run(ledger, order, all[i].run, &err));
        if (all[i].taken)
            must(signet_ledger_archive(ledger, orders, 1, file, NULL, &events, head, &err));
        else
            refused(signet_ledger_archive(ledger, orders, 1, file, NULL, &events, head, &err),
                    SIGNET_E_USAGE, "order o is not finished: 1 not begun");
    }
}

/* What was brought answers to its chain, like all else. */
static void changed_here(void **state)
{
    static const char *const tampers[][3] = {
        {"devices SET slot = '9'", "device there was changed", "devices SET slot = '1'"},
        {"orders SET quota = quota + 1", "order o@b was changed", "orders SET quota = quota - 1"},
        {"orders SET name = 'x@b'", "order x@b was changed", "orders SET name = 'o@b'"},
        {"orders SET name = 'o@c'", "site of order o@c is not that", "orders SET name = 'o@b'"},
        {"stations SET name = 'C@b'", "event 1 of station C@b was", "stations SET name = 'B@b'"},
        {"stations SET name = 'B@c'", "site @c was never imported", "stations SET name = 'B@b'"},
        {"stations SET base = 2 * base", "event 1 of station B@b", "stations SET base = base / 2"},
    };
    char text[200];
    int64_t events = 0;
    char head[65];
    (void)state;
    begin(9);
    reserve("here", "1");
    open_other("b", "B");
    make_there("there", SIGNET_DEVICE_DONE, NULL);
    must(import("b"));
    verified();
    for (size_t i = 0; i < sizeof(tampers) / sizeof(tampers[0]); i++) {
        snprintf(text, sizeof(text), "UPDATE %s WHERE id > " OWN, tampers[i][0]);
        sql(text);
        refused(signet_ledger_verify(ledger, &events, head, &err), SIGNET_E_LEDGER, tampers[i][1]);
        snprintf(text, sizeof(text), "UPDATE %s WHERE id > " OWN, tampers[i][2]);
        sql(text);
        verified();
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, sites_setup, sites_teardown)
    const struct CMUnitTest tests[] = {
        TEST(own_numbers_go_on),
        TEST(known_and_read_only),
        TEST(no_event_of_it),
        TEST(conflicts),
        TEST(an_older_copy),
        TEST(again),
        TEST(two_ledgers_of_one_site),
        TEST(many_sites),
        TEST(nothing),
        TEST(archive_refused),
        TEST(what_an_archive_has),
        TEST(archive_of_a_lowered_quota),
        TEST(changed_here),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
