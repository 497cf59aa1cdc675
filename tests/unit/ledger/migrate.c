/* SPDX-License-Identifier: Apache-2.0 */
/* The schema: what it is called, what is refused, and a ledger that may only be read. Ledgers of
 * earlier programs: tests/fault/migrate.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/store.h"
#include "place.h"

#include <sys/stat.h>

static const struct signet_ledger_options to_read = {.station = "R", .read_only = true};

static int verify(void)
{
    int64_t events;
    char head[65];

    err = (struct signet_error){0};
    return signet_ledger_verify(ledger, &events, head, &err);
}

static void only_to_read(void **state)
{
    int64_t states[SIGNET_DEVICE_STATES];
    struct signet_lease lease;
    (void)state;
    refused(signet_ledger_open(&ledger, place, &to_read, &err), SIGNET_E_NOT_FOUND, "no");
    assert_int_not_equal(access(place, F_OK), 0);
    begin(9);
    reserve("one", "1");
    signet_ledger_close(&ledger);
    must(signet_ledger_open(&ledger, place, &to_read, &err));
    assert_int_equal(verified(), 2);
    must(signet_ledger_states(ledger, order, states, &err));
    assert_int_equal(states[SIGNET_DEVICE_RESERVED], 1);
    refused(signet_ledger_order(ledger, "o", "h", 10, &order, &err), SIGNET_E_USAGE,
            "reading only");
    refused(signet_ledger_reserve(ledger, order, "two", "1", &lease, &err), SIGNET_E_USAGE,
            "reading only");
    refused(signet_ledger_void(ledger, "one", "test", &err), SIGNET_E_USAGE, "reading only");
    assert_int_equal(verified(), 2);
}

static void a_new_file_is_ones_own(void **state)
{
    struct stat st;
    (void)state;
    if (on_postgres())
        skip();
    mode_t before = umask(0);
    open_as("A");
    umask(before);
    assert_int_equal(stat(place, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    char wal[340];
    snprintf(wal, sizeof(wal), "%s-wal", place);
    assert_int_equal(stat(wal, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

/* Whatever is dropped or changed. */
static void other_objects(void **state)
{
    static const char *const files[][2] = {
        {"DROP INDEX u_psk", "index u_psk"},
        {"DROP INDEX not_done", "index not_done"},
        {"DROP INDEX u_hw; CREATE INDEX u_hw ON devices(hw_id)", "index u_hw"},
        {"DROP TRIGGER events_delete", "trigger events_delete"},
        {"DROP TRIGGER count_delivered", "trigger count_delivered"},
        {"CREATE TRIGGER zzz AFTER INSERT ON events BEGIN SELECT 1; END", "trigger zzz"},
        {"ALTER TABLE orders ADD COLUMN more INTEGER", "table orders"},
    };
    static const char *const databases[][2] = {
        {"DROP INDEX u_psk", "index u_psk"},
        {"DROP INDEX u_hw; CREATE INDEX u_hw ON devices(hw_id)", "index u_hw"},
        {"ALTER TABLE events DISABLE TRIGGER events_stay", "trigger events_stay"},
        {"DROP TRIGGER count_delivered ON deliveries", "trigger count_delivered"},
    };
    const char *const(*deeds)[2] = on_postgres() ? databases : files;
    size_t count =
        on_postgres() ? sizeof(databases) / sizeof(databases[0]) : sizeof(files) / sizeof(files[0]);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        begin(9);
        reserve("one", "1");
        verified();
        sql(deeds[i][0]);
        assert_int_equal(verify(), SIGNET_E_LEDGER);
        if (!strstr(err.msg, deeds[i][1]))
            fail_msg("%s: %s", deeds[i][0], err.msg);
        place_teardown(NULL);
        place_setup(NULL);
    }
    begin(9);
    sql("ANALYZE"); /* is everybody's */
    verified();
}

static void the_count_of_deliveries(void **state)
{
    const struct signet_error outcomes[2] = {{.code = SIGNET_OK}, {.code = SIGNET_E_BUSY}};
    struct signet_lease leases[2];
    int64_t after = 0;
    size_t count = 0;
    (void)state;
    begin(9);
    leases[0] = reserve("one", "1");
    leases[1] = reserve("two", "1");
    for (int i = 0; i < 2; i++) {
        bring(&leases[i], SIGNET_DEVICE_VERIFIED, NULL);
        must(signet_ledger_release(ledger, &leases[i], &err));
    }
    must(signet_ledger_waiting(ledger, order, "a", &after, leases, 2, &count, &err));
    assert_int_equal(count, 2);
    must(signet_ledger_delivered(ledger, "a", leases, 2, outcomes, &err));
    assert_int_equal(sql_number("SELECT sum(delivered) FROM devices"), 1);
    assert_int_equal(sql_number("SELECT delivered FROM devices WHERE endpoint = 'one'"), 1);
    verified();
    sql("UPDATE devices SET delivered = 1 WHERE endpoint = 'two'");
    assert_int_equal(verify(), SIGNET_E_LEDGER);
    assert_non_null(strstr(err.msg, "deliveries of device two"));
}

/* A migration that says another schema than the database has. */
static int forge_migration(struct signet_ledger *l, void *arg, struct signet_error *e)
{
    struct db_rows row;
    int rc = db_find(l->db, &row, e, "SELECT 0, $1 + 0, $2 + 0", "ii", (int64_t)(intptr_t)arg,
                     (int64_t)(intptr_t)arg);

    if (rc == SIGNET_OK)
        rc = chain_append(l, &row, SCHEMA_COLUMNS, "migrated", "schema 0 to N", e);
    db_end(&row);
    return rc;
}

static void another_schema_than_the_events_say(void **state)
{
    (void)state;
    begin(9);
    must(store_change(ledger, forge_migration, (void *)(intptr_t)1, &err));
    assert_int_equal(verify(), SIGNET_E_LEDGER);
    assert_non_null(strstr(err.msg, "another schema than its events say"));
}

/* Such as by somebody who put back an old copy of a table. */
static void a_head_that_was_set_back(void **state)
{
    struct signet_lease lease;
    (void)state;
    begin(9);
    reserve("one", "1");
    sql("UPDATE stations SET seq = seq - 1");
    refused(signet_ledger_reserve(ledger, order, "two", "1", &lease, &err), SIGNET_E_LEDGER,
            "the ledger went back: event 2 of station A");
    signet_ledger_close(&ledger);
    open_as("A"); /* knows nothing of before */
    refused(signet_ledger_reserve(ledger, order, "two", "1", &lease, &err), SIGNET_E_LEDGER,
            "another end than its head");
    assert_int_equal(sql_number("SELECT count(*) FROM devices"), 1);
}

static void a_station_without_events(void **state)
{
    (void)state;
    begin(9);
    sql("INSERT INTO stations(name, hash) VALUES('ghost', 'ghost')");
    assert_int_equal(verify(), SIGNET_E_LEDGER);
    assert_non_null(strstr(err.msg, "the head of station ghost was changed"));
}

/* The errors of a server by their classes. */
static void what_a_server_complains_of(void **state)
{
    static const struct {
        const char *state, *words, *hint;
        enum signet_code code;
    } cases[] = {
        {"53100", "the ledger's disk: ", "free or repair", SIGNET_E_IO},
        {"58030", "the ledger's disk: ", "free or repair", SIGNET_E_IO},
        {"42501", "has no right to do this in the ledger", "signet_supervisor", SIGNET_E_LEDGER},
        {"22012", "(SQLSTATE 22012)", "", SIGNET_E_LEDGER},
    };
    struct signet_lease lease;
    char text[400];
    (void)state;
    if (!on_postgres())
        skip();
    begin(9);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(
            text, sizeof(text),
            "CREATE OR REPLACE FUNCTION complain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'so it is' USING ERRCODE = '%s'; END $$;"
            "CREATE OR REPLACE TRIGGER complain BEFORE INSERT ON devices FOR EACH ROW"
            " EXECUTE FUNCTION complain();",
            cases[i].state);
        sql(text);
        refused(signet_ledger_reserve(ledger, order, "one", "1", &lease, &err), cases[i].code,
                cases[i].words);
        assert_non_null(strstr(err.msg, "so it is"));
        assert_non_null(strstr(err.hint, cases[i].hint));
    }
    sql("DROP TRIGGER complain ON devices");
    reserve("one", "1");
    assert_int_equal(verified(), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_to_read, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_new_file_is_ones_own, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(other_objects, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(the_count_of_deliveries, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(another_schema_than_the_events_say, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(a_head_that_was_set_back, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_station_without_events, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(what_a_server_complains_of, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
