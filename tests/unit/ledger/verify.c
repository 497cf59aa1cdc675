/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever can write the file or the tables changes something: it is found, and named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

enum { DEVICES = 50, MAX = 16 };

static void at(const char *station)
{
    signet_ledger_close(&ledger);
    open_as(station);
}

static void deliver(const char *server, enum signet_code code)
{
    struct signet_lease leases[MAX];
    struct signet_error outcomes[MAX] = {0};
    int64_t after = 0;
    size_t count = 0;

    must(signet_ledger_waiting(ledger, order, server, &after, leases, MAX, &count, &err));
    for (size_t i = 0; i < count; i++) {
        outcomes[i].code = i == 2 ? code : SIGNET_OK;
        snprintf(outcomes[i].msg, sizeof(outcomes[i].msg), "it says no");
    }
    must(signet_ledger_delivered(ledger, server, leases, count, outcomes, &err));
}

/* Devices of two orders and two stations in all states. */
static void make_some(int devices)
{
    static const char *const servers[] = {"a", "b"};
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "the board is broken"};
    struct signet_lease lease, leases[MAX];
    char name[32], key[32], hw[32];
    size_t count = 0;

    begin(devices + 10);
    for (int i = 0; i < devices; i++) {
        snprintf(name, sizeof(name), "dev-%d", i);
        snprintf(key, sizeof(key), "%02d-%020d", i, i);
        snprintf(hw, sizeof(hw), "board-%d", i);
        const struct signet_device_facts facts = {.hw_id = hw,
                                                  .psk_identity = name,
                                                  .psk_sha256 = key,
                                                  .spki_sha256 = key,
                                                  .cert_issuer = "CN=a",
                                                  .cert_serial = key,
                                                  .packet_sha256 = key,
                                                  .image_sha256 = key,
                                                  .note = "a note"};
        if (i == devices / 2) {
            at("B");
            must(signet_ledger_order(ledger, "o2", "h2", devices + 10, &order, &err));
        }
        lease = reserve(name, "1");
        int to = i % 8;
        if (to > SIGNET_DEVICE_RESERVED)
            must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_KEYED, &facts, &err));
        bring(&lease, to > 4 ? SIGNET_DEVICE_VERIFIED : (enum signet_device_state)to, NULL);
        if (to == 7)
            must(signet_ledger_fail(ledger, &lease, &why, &err));
        else
            must(signet_ledger_release(ledger, &lease, &err));
        if (i % 16 == 8 || i % 16 == 10)
            must(signet_ledger_void(ledger, name, "a reason", &err));
        if (i % 16 == 15)
            must(signet_ledger_rework(ledger, name, &err));
    }
    deliver("a", SIGNET_E_SERVER);
    deliver("b", SIGNET_E_BUSY);
    must(signet_ledger_settled(ledger, order, servers, 2, leases, 3, &count, &err));
    assert_true(count > 0);
    must(signet_ledger_advance(ledger, leases, SIGNET_DEVICE_DONE, NULL, &err));
    at("A");
    verified();
}

/* Not covered, each for a reason. */
static bool is_free(const char *table, const char *column)
{
    static const char *const columns[][2] = {
        {"devices", "token"},          /* a higher one costs a station its turn; a lower one and */
        {"devices", "lease_until"},    /* one that is too long are deeds, below */
        {"deliveries", "token"},       /* as above */
        {"deliveries", "lease_until"}, /* as above */
        {"orders", "cursor"},          /* a deed, below: here all devices have chosen names */
    };

    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        if (strcmp(columns[i][0], table) == 0 && strcmp(columns[i][1], column) == 0)
            return true;
    return false;
}

static sqlite3 *raw;

static void run(const char *text)
{
    char *message = NULL;

    if (sqlite3_exec(raw, text, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", text, message);
}

static int rc_of_verify(void)
{
    int64_t events;
    char head[65];

    err = (struct signet_error){0};
    return signet_ledger_verify(ledger, &events, head, &err);
}

/* One field of one row. Waiting deliveries are not promised: they are made again. */
static void change_field(const char *table, const char *column, int64_t rowid, const char *key,
                         size_t *tried)
{
    char text[512];

    /* to a value of the same type: a number one more, NULL to a text, a text longer by a letter */
    snprintf(
        text, sizeof(text),
        "SAVEPOINT t; UPDATE %s SET %s = CASE typeof(%s) WHEN 'integer' THEN %s + 1 WHEN 'null'"
        " THEN (SELECT CASE WHEN type = 'TEXT' THEN 'x' ELSE 1 END FROM"
        " pragma_table_info('%s') WHERE name = '%s') ELSE %s || 'x' END"
        " WHERE %s IN (SELECT %s FROM %s ORDER BY 1 LIMIT 1 OFFSET %lld)",
        table, column, column, column, table, column, column, key, key, table, (long long)rowid);
    char *message = NULL;
    int done = sqlite3_exec(raw, text, NULL, NULL, &message);
    if (done == SQLITE_OK) {
        run("RELEASE t");
        ++*tried;
    } else { /* a unique index, or the quota, would not have it */
        sqlite3_free(message);
        run("ROLLBACK TO t; RELEASE t");
    }
}

static int64_t raw_number(const char *text)
{
    sqlite3_stmt *stmt = NULL;

    assert_int_equal(sqlite3_prepare_v2(raw, text, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

/* A copy of the file before, to put back after each change. */
static void save(const char *from, const char *to)
{
    sqlite3 *a = NULL, *b = NULL;

    assert_int_equal(sqlite3_open(from, &a), SQLITE_OK);
    assert_int_equal(sqlite3_open(to, &b), SQLITE_OK);
    sqlite3_backup *backup = sqlite3_backup_init(b, "main", a, "main");
    assert_non_null(backup);
    assert_int_equal(sqlite3_backup_step(backup, -1), SQLITE_DONE);
    sqlite3_backup_finish(backup);
    sqlite3_close(a);
    sqlite3_close(b);
}

static void open_raw(void)
{
    assert_int_equal(sqlite3_open(place, &raw), SQLITE_OK);
    run("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;"
        "PRAGMA ignore_check_constraints = ON");
    assert_int_equal(sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL), SQLITE_OK);
}

/* Every column of every row of every table, one at a time. The devices repeat after 16. */
static void every_field(void **state)
{
    static const char *const tables[][2] = {{"orders", "id"},
                                            {"devices", "id"},
                                            {"stations", "id"},
                                            {"events", "station * 100000 + seq"},
                                            {"deliveries", "device || server"}};
    char text[256], columns[40][32];
    size_t tried = 0;
    (void)state;
    if (on_postgres())
        skip();
    make_some(getenv("SIGNET_TORTURE") ? DEVICES : DEVICES / 2);
    open_raw();
    for (size_t t = 0; t < 5; t++) {
        const char *table = tables[t][0], *key = tables[t][1];
        sqlite3_stmt *stmt = NULL;
        size_t n = 0;
        snprintf(text, sizeof(text), "SELECT name FROM pragma_table_info('%s')", table);
        assert_int_equal(sqlite3_prepare_v2(raw, text, -1, &stmt, NULL), SQLITE_OK);
        while (sqlite3_step(stmt) == SQLITE_ROW)
            snprintf(columns[n++], sizeof(columns[0]), "%s",
                     (const char *)sqlite3_column_text(stmt, 0));
        sqlite3_finalize(stmt);
        snprintf(text, sizeof(text), "SELECT count(*) FROM %s", table);
        int64_t rows = raw_number(text);
        snprintf(text, sizeof(text), "CREATE TEMP TABLE kept AS SELECT * FROM main.%s", table);
        run(text);
        for (size_t c = 0; c < n; c++)
            for (int64_t r = 0; r < rows && !is_free(table, columns[c]); r++) {
                char undo[700];
                size_t before = tried;
                change_field(table, columns[c], r, key, &tried);
                int rc = rc_of_verify();
                snprintf(text, sizeof(text),
                         "SELECT state = 0 FROM kept ORDER BY %s LIMIT 1 OFFSET %lld", key,
                         (long long)r);
                bool waits = t == 4 && strcmp(columns[c], "state") != 0 &&
                             strcmp(columns[c], "error") != 0 && raw_number(text);
                if (tried > before && rc != SIGNET_E_LEDGER && !waits)
                    fail_msg("%s.%s, row %lld: not found", table, columns[c], (long long)r);
                if (tried > before && rc != SIGNET_OK && strlen(err.msg) < 12)
                    fail_msg("'%s' names nothing", err.msg);
                snprintf(undo, sizeof(undo),
                         "BEGIN; DELETE FROM main.%s; INSERT INTO main.%s SELECT * FROM kept;"
                         "COMMIT",
                         table, table);
                run(undo);
                if (tried == before)
                    assert_int_equal(rc, SIGNET_OK);
            }
        run("DROP TABLE kept");
    }
    sqlite3_close(raw);
    verified();
    assert_true(tried > 1500);
}

/* Deeds, and what is said of them. */
static void deeds(void **state)
{
    static const struct {
        const char *sql, *says;
    } deeds[] = {
        {"UPDATE events SET detail = 'x' WHERE station = 1 AND seq = 7", "event 7 of station A"},
        {"DELETE FROM events WHERE station = 1 AND seq = 7", "event 7 of station A is missing"},
        {"DELETE FROM events WHERE station = 2 AND seq = (SELECT max(seq) FROM events WHERE station"
         " = 2)",
         "of station B is missing: the chain's end"},
        {"UPDATE events SET seq = -seq WHERE station = 1 AND seq IN (7, 8);"
         "UPDATE events SET seq = 15 + seq WHERE seq < 0",
         "event 7 of station A"}, /* 7 and 8 changed places */
        {"UPDATE events SET hash = (SELECT hash FROM events WHERE station = 1 AND seq = 8) WHERE"
         " station = 1 AND seq = 7",
         "event 7 of station A"},
        {"UPDATE stations SET name = 'C' WHERE name = 'B'", "event 1 of station C"},
        {"UPDATE stations SET name = CASE name WHEN 'A' THEN 'B' || '' ELSE name END WHERE 0;"
         "UPDATE stations SET seq = seq - 1, hash = (SELECT hash FROM events e WHERE e.station = 1"
         " AND e.seq = stations.seq - 1) WHERE id = 1",
         "head of station A"},
        {"DELETE FROM stations WHERE id = 2", "head of station number 2 is missing"},
        {"DELETE FROM stations WHERE id = 2; DELETE FROM events WHERE station = 2", "dev-25"},
        {"INSERT INTO stations(name) VALUES('D')", "head of station D"},
        {"UPDATE devices SET psk_sha256 = 'x' WHERE endpoint = 'dev-3'", "device dev-3"},
        {"UPDATE devices SET state = 6 WHERE endpoint = 'dev-4'", "device dev-4"},
        {"DELETE FROM devices WHERE endpoint = 'dev-0'", "device number 1 is missing"},
        {"INSERT INTO devices(order_id, number, endpoint, station, slot, created, changed,"
         " lease_until) VALUES(1, -1, 'ghost', 'A', '1', 0, 0, 0)",
         "device ghost"},
        /* nothing is another value than an empty text */
        {"UPDATE devices SET hw_id = '' WHERE endpoint = 'dev-0'", "device dev-0"},
        /* a ghost that borrows another's history */
        {"UPDATE events SET device = 999 WHERE device = 5", "of station A"},
        {"UPDATE orders SET quota = 99999 WHERE id = 1", "order o "},
        {"UPDATE orders SET issued = issued - 1 WHERE id = 2", "order o2"},
        {"DELETE FROM orders WHERE id = 2", "order number 2 is missing"},
        {"DELETE FROM deliveries WHERE state = 1", "delivery of device dev-"},
        {"UPDATE deliveries SET state = 0 WHERE state = 1", "delivery of device dev-"},
        {"UPDATE deliveries SET state = 1, error = NULL WHERE state = 2",
         "delivery of device dev-"},
        {"UPDATE deliveries SET state = 0, error = NULL WHERE state = 2", "refusal of device dev-"},
        {"DELETE FROM deliveries WHERE state = 2", "refusal of device dev-"},
        {"WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 257) INSERT INTO"
         " deliveries(device, server, station, changed, lease_until) SELECT 1, 's' || i, 'A', 0, 0"
         " FROM r",
         "the deliveries of device number 1 are more"},
        {"UPDATE deliveries SET server = 'c' WHERE state = 1 AND server = 'a'",
         "delivery of device dev-"},
        /* the row as it was before, with its former number of events */
        {"UPDATE devices SET events = events - 1 WHERE endpoint = 'dev-4'", "device dev-4"},
        /* what no hash covers */
        {"UPDATE devices SET token = 1 WHERE state = 8", "the token of device dev-"},
        {"UPDATE devices SET token = 0 WHERE endpoint = 'dev-0'", "token of device number 1"},
        {"UPDATE deliveries SET token = -1 WHERE state = 1", "token of the delivery of device"},
        {"UPDATE devices SET lease_until = -1 WHERE endpoint = 'dev-0'", "the lease of device"},
        {"UPDATE devices SET lease_until = 9999999999 WHERE endpoint = 'dev-1'",
         "the lease of device dev-1 "},
        {"UPDATE deliveries SET lease_until = 9999999999 WHERE state = 0 OR state = 1",
         "the lease of the delivery of device"},
        {"UPDATE orders SET cursor = 61 WHERE id = 1", "names of order o were passed over"},
        {"UPDATE orders SET quota = quota + 1 WHERE id = 2", "order o2 was changed"},
        {"CREATE TRIGGER sqliteXstat_t AFTER UPDATE ON devices BEGIN"
         " SELECT 1; END",
         "was dropped, added or changed"},
        {"UPDATE devices SET endpoint = 'dev-3' || char(0) || 'x' WHERE endpoint = 'dev-3'",
         "zero byte"},
    };
    char copy[336];
    (void)state;
    if (on_postgres())
        skip();
    make_some(DEVICES);
    snprintf(copy, sizeof(copy), "%s.copy", place);
    save(place, copy);
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        open_raw();
        run(deeds[i].sql);
        sqlite3_close(raw);
        if (rc_of_verify() != SIGNET_E_LEDGER || !strstr(err.msg, deeds[i].says))
            fail_msg("%s: '%s' is not in '%s'", deeds[i].sql, deeds[i].says, err.msg);
        signet_ledger_close(&ledger);
        save(copy, place);
        open_as("A");
        verified();
    }
    unlink(copy);
}

/* With a hash that was made to fit, the next event gives it away; the last one, its head. */
static void a_hash_made_to_fit(void **state)
{
    (void)state;
    if (on_postgres())
        skip();
    make_some(8);
    int64_t last = sql_number("SELECT seq FROM stations WHERE id = 1");
    open_raw();
    char text[256];
    snprintf(text, sizeof(text),
             "UPDATE events SET detail = 'x', hash = substr(hash, 2) || '0' WHERE station = 1 AND"
             " seq = %lld",
             (long long)last);
    run(text);
    sqlite3_close(raw);
    assert_int_equal(rc_of_verify(), SIGNET_E_LEDGER);
    assert_non_null(strstr(err.msg, "was changed"));
}

/* An old copy is whole in itself; its head is another. */
static void an_old_copy(void **state)
{
    char copy[336], before[65], after[65];
    int64_t events;
    (void)state;
    if (on_postgres())
        skip();
    make_some(8);
    snprintf(copy, sizeof(copy), "%s.copy", place);
    save(place, copy);
    must(signet_ledger_verify(ledger, &events, before, &err));
    reserve("one-more", "1");
    must(signet_ledger_verify(ledger, &events, after, &err));
    assert_string_not_equal(before, after);
    signet_ledger_close(&ledger);
    save(copy, place);
    open_as("A");
    char now[65];
    must(signet_ledger_verify(ledger, &events, now, &err));
    assert_string_equal(now, before);
    assert_string_not_equal(now, after);
    unlink(copy);
}

/* Bytes of the file itself: the ledger is damaged, or says what it said before. */
static void any_byte(void **state)
{
    char before[65], after[65];
    int64_t events;
    size_t found = 0, tries = getenv("SIGNET_TORTURE") ? 400 : 150;
    (void)state;
    if (on_postgres())
        skip();
    make_some(DEVICES);
    must(signet_ledger_verify(ledger, &events, before, &err));
    signet_ledger_close(&ledger);
    sql("PRAGMA journal_mode = DELETE");
    FILE *f = fopen(place, "r+b");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    srand(1);
    for (size_t i = 0; i < tries; i++) {
        const struct signet_ledger_options options = {.station = "A", .must_exist = true};
        long where = rand() % size;
        fseek(f, where, SEEK_SET);
        int byte = fgetc(f), flipped = byte ^ (1 << rand() % 8);
        fseek(f, where, SEEK_SET);
        fputc(flipped, f);
        fflush(f);
        int rc = signet_ledger_open(&ledger, place, &options, &err);
        if (rc == SIGNET_OK)
            rc = signet_ledger_verify(ledger, &events, after, &err);
        if (rc == SIGNET_OK && strcmp(before, after) != 0)
            fail_msg("byte %ld: another head, and no word of it", where);
        found += rc != SIGNET_OK;
        signet_ledger_close(&ledger);
        sql("PRAGMA user_version"); /* whatever it left behind is in the file */
        fseek(f, where, SEEK_SET);
        fputc(byte, f);
        fflush(f);
        if (rc == SIGNET_OK && i % 50 == 0)
            sql("PRAGMA integrity_check");
    }
    fclose(f);
    assert_true(found > tries / 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_field, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(deeds, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_hash_made_to_fit, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(an_old_copy, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(any_byte, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
