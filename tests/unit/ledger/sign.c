/* SPDX-License-Identifier: Apache-2.0 */
/* What a station signs of events from before it had a key, and what is refused of ledgers that
 * sign. */
#include <setjmp.h>
#include <signet/ledger_read.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static char key_file[400];

static int sign_setup(void **state)
{
    static char keys[FOLDER_SIZE];

    if (!folder_make(keys))
        return -1;
    snprintf(key_file, sizeof(key_file), "%s/key", keys);
    return place_setup(state);
}

static void open_signed(const char *station)
{
    const struct signet_ledger_options options = {.station = station, .sign_file = key_file};

    signet_ledger_close(&ledger);
    must(signet_ledger_open(&ledger, place, &options, &err));
}

/* As somebody does who writes into the file. */
static void behind_its_back(const char *text)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(place, &db), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void events_from_before_the_key(void **state)
{
    static const struct {
        const char *change, *words; /* NULL: they are signed */
    } rows[] = {
        {"SELECT 1", NULL},
        {"UPDATE events SET detail = 'x' WHERE seq = 1", "events of station A"},
        {"UPDATE events SET detail = 'x' WHERE seq = 3", "events of station A were changed"},
        {"DELETE FROM events WHERE seq = 3", "events of station A are missing"},
        {"DELETE FROM events WHERE seq = 2", "events of station A"},
    };

    if (on_postgres())
        skip();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_lease lease;

        assert_int_equal(sign_setup(state), 0);
        begin(9);
        reserve("one", "1");
        reserve("two", "1");
        behind_its_back(rows[i].change);
        open_signed("A");
        int rc = signet_ledger_reserve(ledger, order, "three", "1", &lease, &err);
        if (rc != (rows[i].words ? SIGNET_E_LEDGER : SIGNET_OK) ||
            (rows[i].words && !strstr(err.msg, rows[i].words)))
            fail_msg("%s: %d %s", rows[i].change, rc, err.msg);
        assert_int_equal(place_teardown(state), 0);
    }
    assert_int_equal(place_setup(state), 0);
}

static int no_key(void *ctx, const char *station, const char *key, struct signet_error *e)
{
    (void)station, (void)key, (void)e;
    ++*(int *)ctx;
    return SIGNET_OK;
}

static int no_proof(void *ctx, const struct signet_ledger_proof *proof, struct signet_error *e)
{
    (void)proof, (void)e;
    ++*(int *)ctx;
    return SIGNET_OK;
}

/* Several stations, a key of none of them, and a checkpoint of yesterday. */
static void what_was_signed(void **state)
{
    struct signet_bytes text = {0};
    struct signet_ledger_evidence evidence;
    int keys = 0, proofs = 0;

    (void)state;
    if (on_postgres())
        skip();
    open_signed("A");
    must(signet_ledger_order(ledger, "o", "h", 9, &order, &err));
    reserve("one", "1");
    sql("CREATE TABLE yesterday AS SELECT checkpoint FROM stations WHERE name = 'A'");
    reserve("two", "1");
    must(signet_ledger_proofs(ledger, "one", no_proof, &proofs, &err));
    assert_int_equal(proofs, 1);
    must(signet_ledger_checkpoint(ledger, NULL, NULL, &text, &err));
    signet_bytes_free(&text);
    open_signed("B");
    reserve("three", "1");
    refused(signet_ledger_checkpoint(ledger, NULL, NULL, &text, &err), SIGNET_E_USAGE,
            "several stations sign in this ledger");
    must(signet_ledger_checkpoint(ledger, "B", NULL, &text, &err));
    signet_bytes_free(&text);
    refused(signet_ledger_checkpoint(ledger, "C", NULL, &text, &err), SIGNET_E_NOT_FOUND,
            "no station C");
    must(signet_ledger_keys(ledger, key_file, no_key, &keys, &err));
    assert_int_equal(keys, 2);
    strcat(key_file, "2"); /* as another ledger's */
    char other[336];
    snprintf(other, sizeof(other), "%s2", place);
    struct signet_ledger *elsewhere = NULL;
    const struct signet_ledger_options options = {.station = "A", .sign_file = key_file};
    int64_t id = 0;
    must(signet_ledger_open(&elsewhere, other, &options, &err));
    must(signet_ledger_order(elsewhere, "o", "h", 9, &id, &err));
    signet_ledger_close(&elsewhere);
    unlink(other);
    refused(signet_ledger_keys(ledger, key_file, no_key, &keys, &err), SIGNET_E_NOT_FOUND,
            "no station signed in this ledger with that key");
    assert_int_equal(keys, 2);
    behind_its_back("UPDATE stations SET checkpoint = (SELECT checkpoint FROM yesterday)"
                    " WHERE name = 'A'");
    refused(signet_ledger_proofs(ledger, "one", no_proof, &proofs, &err), SIGNET_E_LEDGER,
            "what station A signed is not what the ledger has");
    assert_int_equal(proofs, 1);
    refused(signet_ledger_evidence(ledger, "none", &evidence, NULL, NULL, &err), SIGNET_E_NOT_FOUND,
            "the ledger has no order 'none'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_from_before_the_key, sign_setup, place_teardown),
        cmocka_unit_test_setup_teardown(what_was_signed, sign_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
