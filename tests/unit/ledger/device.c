/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signet/ledger.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64], path[96];
static const struct signet_ledger_options options = {.station = "A"};

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/signet-ledger-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/l.db", folder);
    return 0;
}

static int teardown(void **state)
{
    char name[128];
    (void)state;
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s%s", path, i == 0 ? "" : i == 1 ? "-wal" : "-shm");
        unlink(name);
    }
    return rmdir(folder);
}

static void life_of_a_device(void **state)
{
    struct signet_ledger *l = NULL;
    struct signet_error err = {0};
    struct signet_lease a, b, late;
    struct signet_device_facts facts = {.psk_sha256 = "aa", .hw_id = "board1"};
    int64_t order, events;
    size_t count = 0;
    char head[65];
    (void)state;
    assert_int_equal(signet_ledger_open(&l, path, &options, &err), SIGNET_OK);
    assert_int_equal(signet_ledger_order(l, "o", "h", 2, &order, &err), SIGNET_OK);
    assert_int_equal(signet_ledger_order(l, "o", "x", 2, &order, &err), SIGNET_E_CONFLICT);
    assert_int_equal(signet_ledger_reserve(l, order, "dev1", "1", &a, &err), SIGNET_OK);
    assert_int_equal(signet_ledger_reserve(l, order, "dev1", "1", &b, &err), SIGNET_E_CONFLICT);
    assert_int_equal(signet_ledger_advance(l, &a, SIGNET_DEVICE_WRITTEN, NULL, &err),
                     SIGNET_E_USAGE);
    assert_int_equal(signet_ledger_advance(l, &a, SIGNET_DEVICE_KEYED, &facts, &err), SIGNET_OK);
    assert_int_equal(signet_ledger_reserve(l, order, "dev2", "2", &b, &err), SIGNET_OK);
    assert_int_equal(signet_ledger_advance(l, &b, SIGNET_DEVICE_KEYED, &facts, &err),
                     SIGNET_E_CONFLICT);
    assert_non_null(strstr(err.msg, "dev1"));
    assert_int_equal(signet_ledger_reserve(l, order, "dev3", "3", &b, &err), SIGNET_E_QUOTA);
    /* never left the host: void gives name and unit back */
    assert_int_equal(signet_ledger_void(l, "dev2", "test", &err), SIGNET_OK);
    assert_int_equal(signet_ledger_reserve(l, order, "dev2", "2", &b, &err), SIGNET_OK);
    /* a restarted slot fences off its former self */
    late = a;
    assert_int_equal(signet_ledger_resume(l, order, "1", &a, 1, &count, &err), SIGNET_OK);
    assert_int_equal(count, 0);
    assert_int_equal(signet_ledger_recover(l, order, &err), SIGNET_OK);
    assert_int_equal(signet_ledger_resume(l, order, "1", &a, 1, &count, &err), SIGNET_OK);
    assert_int_equal(count, 1);
    assert_string_equal(a.endpoint, "dev1");
    assert_int_equal(signet_ledger_advance(l, &late, SIGNET_DEVICE_WRITING, NULL, &err),
                     SIGNET_E_BUSY);
    assert_int_equal(signet_ledger_advance(l, &a, SIGNET_DEVICE_WRITING, NULL, &err), SIGNET_OK);
    facts.hw_id = "board2";
    assert_int_equal(signet_ledger_advance(l, &a, SIGNET_DEVICE_WRITTEN, &facts, &err),
                     SIGNET_E_CONFLICT);
    assert_int_equal(signet_ledger_void(l, "dev1", "broken", &err), SIGNET_OK);
    assert_int_equal(signet_ledger_reserve(l, order, "dev1", "1", &a, &err), SIGNET_E_QUOTA);
    assert_int_equal(signet_ledger_verify(l, &events, head, &err), SIGNET_OK);
    signet_ledger_close(&l);

    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(db, "DELETE FROM events", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "DROP TRIGGER events_update;"
                                  "UPDATE events SET detail = 'x' WHERE seq = 2",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(signet_ledger_open(&l, path, &options, &err), SIGNET_OK);
    assert_int_equal(signet_ledger_verify(l, &events, head, &err), SIGNET_E_LEDGER);
    assert_non_null(strstr(err.msg, "event 2 "));
    signet_ledger_close(&l);
}

struct worker {
    struct signet_ledger *ledger;
    int64_t order;
    int number, issued;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    for (int i = 0; i < 50; i++) {
        char name[32];
        struct signet_lease lease;
        snprintf(name, sizeof name, "dev-%d-%d", w->number, i);
        w->issued += signet_ledger_reserve(w->ledger, w->order, name, "s", &lease, NULL) == 0;
    }
    return NULL;
}

static void quota_is_exact_over_threads(void **state)
{
    struct signet_ledger *l = NULL;
    struct worker w[8] = {0};
    pthread_t threads[8];
    int64_t order, events;
    char head[65];
    int issued = 0;
    (void)state;
    assert_int_equal(signet_ledger_open(&l, path, &options, NULL), SIGNET_OK);
    assert_int_equal(signet_ledger_order(l, "o", "h", 123, &order, NULL), SIGNET_OK);
    for (int i = 0; i < 8; i++) {
        w[i] = (struct worker){l, order, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &w[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        issued += w[i].issued;
    }
    assert_int_equal(issued, 123);
    assert_int_equal(signet_ledger_verify(l, &events, head, NULL), SIGNET_OK);
    assert_int_equal(events, 124); /* the order's own is one */
    signet_ledger_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(life_of_a_device, setup, teardown),
        cmocka_unit_test_setup_teardown(quota_is_exact_over_threads, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
