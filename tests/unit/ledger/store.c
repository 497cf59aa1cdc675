/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads on one handle, and memory that runs out at each place.
 * wrap: malloc calloc strdup */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/store.h"
#include "place.h"

#include <pthread.h>

enum { THREADS = 8, QUOTA = 123, EACH = 25 };

struct worker {
    int64_t order;
    int number, issued, lost;
};

/* A factory's day, in small: devices are made, noted, set aside, looked at, delivered. */
static void *work(void *arg)
{
    static const char *const servers[] = {"a"};
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "no"};
    struct worker *w = arg;
    struct signet_error e = {0};
    struct signet_lease lease, leases[4];
    struct signet_error outcomes[4] = {0};
    int64_t states[SIGNET_DEVICE_STATES], after = 0;
    char name[32], key[32];
    size_t count = 0;

    for (int i = 0; i < EACH; i++) {
        snprintf(name, sizeof(name), "dev-%d-%d", w->number, i);
        snprintf(key, sizeof(key), "%d-%d", w->number, i);
        const struct signet_device_facts facts = {.psk_sha256 = key, .hw_id = key};
        int rc = signet_ledger_reserve(ledger, w->order, name, key, &lease, &e);
        w->issued += rc == SIGNET_OK;
        w->lost += rc != SIGNET_OK && rc != SIGNET_E_QUOTA;
        for (int s = 1; s <= 4 && rc == SIGNET_OK; s++)
            rc = signet_ledger_advance(ledger, &lease, (enum signet_device_state)s,
                                       s == 1 ? &facts : NULL, &e);
        if (rc == SIGNET_OK && i % 5 == 0)
            rc = signet_ledger_fail(ledger, &lease, &why, &e);
        else if (rc == SIGNET_OK)
            rc = signet_ledger_release(ledger, &lease, &e);
        /* two may ask for the same name: one of them gets it */
        snprintf(name, sizeof(name), "shared-%d", i);
        int shared = signet_ledger_reserve(ledger, w->order, name, key, &lease, &e);
        w->issued += shared == SIGNET_OK;
        w->lost += shared != SIGNET_OK && shared != SIGNET_E_QUOTA && shared != SIGNET_E_CONFLICT;
        w->lost += signet_ledger_states(ledger, w->order, states, &e) != SIGNET_OK;
        after = 0;
        w->lost += signet_ledger_waiting(ledger, w->order, "a", &after, leases, 4, &count, &e) ||
                   signet_ledger_delivered(ledger, "a", leases, count, outcomes, &e);
        w->lost += signet_ledger_settled(ledger, w->order, servers, 1, leases, 4, &count, &e) ||
                   signet_ledger_advance_many(ledger, leases, count, SIGNET_DEVICE_DONE, NULL, &e);
    }
    return NULL;
}

static void threads_share_a_handle(void **state)
{
    struct worker w[THREADS] = {0};
    pthread_t threads[THREADS];
    int64_t states[SIGNET_DEVICE_STATES];
    int issued = 0;
    (void)state;
    begin(QUOTA);
    for (int i = 0; i < THREADS; i++) {
        w[i] = (struct worker){.order = order, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &w[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        issued += w[i].issued;
        assert_int_equal(w[i].lost, 0);
    }
    assert_int_equal(issued, QUOTA);
    must(signet_ledger_states(ledger, order, states, &err));
    assert_true(states[SIGNET_DEVICE_DONE] > 0);
    assert_int_equal(sql_number("SELECT count(DISTINCT endpoint) FROM devices"), QUOTA);
    assert_int_equal(sql_number("SELECT count(*) FROM events WHERE kind = 'delivered'"),
                     sql_number("SELECT count(*) FROM deliveries WHERE state = 1"));
    verified();
}

/* One change of a batch that fails leaves the others alone, and says what is the matter with it. */
static void *conflict(void *arg)
{
    struct worker *w = arg;
    struct signet_error e = {0};
    struct signet_lease lease;
    char name[32];

    for (int i = 0; i < EACH; i++) {
        snprintf(name, sizeof(name), "x-%d-%d", w->number, i);
        const struct signet_device_facts facts = {.psk_identity = i % 2 ? "same" : name};
        if (signet_ledger_reserve(ledger, w->order, name, "1", &lease, &e) != SIGNET_OK) {
            w->lost++;
            continue;
        }
        int rc = signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_KEYED, &facts, &e);
        w->issued += rc == SIGNET_OK;
        w->lost += i % 2 ? rc != SIGNET_OK &&
                               (rc != SIGNET_E_CONFLICT || !strstr(e.msg, "psk_identity is in use"))
                         : rc != SIGNET_OK;
    }
    return NULL;
}

static void one_of_a_batch_fails(void **state)
{
    struct worker w[THREADS] = {0};
    pthread_t threads[THREADS];
    int issued = 0;
    (void)state;
    begin(1000);
    for (int i = 0; i < THREADS; i++) {
        w[i] = (struct worker){.order = order, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, conflict, &w[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        issued += w[i].issued;
        assert_int_equal(w[i].lost, 0);
    }
    assert_int_equal(issued, THREADS * (EACH / 2 + 1) + 1);
    verified();
}

/* memory */

static sqlite3_mem_methods real_memory;
static long allocations, fail_at; /* 0: never */
static bool for_ever;

static bool runs_out(void)
{
    allocations++;
    return fail_at && (allocations == fail_at || (for_ever && allocations > fail_at));
}

static atomic_bool at_work;

/* Changes that come while another commits are committed together. */
static int wait_for_three(struct signet_ledger *l, void *arg, struct signet_error *e)
{
    size_t waiting = 0;

    (void)arg;
    (void)e;
    at_work = true;
    while (waiting < 3) {
        usleep(1000);
        pthread_mutex_lock(&l->lock);
        waiting = 0;
        for (const struct change *c = l->first; c; c = c->next)
            waiting++;
        pthread_mutex_unlock(&l->lock);
    }
    return SIGNET_OK;
}

static int note_it(struct signet_ledger *l, void *arg, struct signet_error *e)
{
    return device_event(l, *(int64_t *)arg, "noted", "", e);
}

/* It fails after it has written an event. */
static int note_and_fail(struct signet_ledger *l, void *arg, struct signet_error *e)
{
    int rc = note_it(l, arg, e);

    return rc == SIGNET_OK ? error_set(e, SIGNET_E_USAGE, "it was not to be") : rc;
}

struct thread {
    pthread_t id;
    store_action *apply;
    int64_t device;
    int rc;
};

static int touch(struct signet_ledger *l, int64_t device, struct signet_error *e)
{
    return db_run(l->db, e, "UPDATE devices SET events = events + 1 WHERE id = $1", "i", device);
}

static int good_change(struct signet_ledger *l, void *arg, struct signet_error *e)
{
    int rc = touch(l, *(int64_t *)arg, e);

    return rc == SIGNET_OK ? note_it(l, arg, e) : rc;
}

static int bad_change(struct signet_ledger *l, void *arg, struct signet_error *e)
{
    int rc = touch(l, *(int64_t *)arg, e);

    return rc == SIGNET_OK ? note_and_fail(l, arg, e) : rc;
}

static void *change_in_thread(void *arg)
{
    struct thread *t = arg;
    struct signet_error e = {0};

    t->rc = store_change(ledger, t->apply, &t->device, &e);
    return NULL;
}

/* The chain goes on where it was before the change that failed. */
static void the_chain_after_a_failed_change(void **state)
{
    struct thread threads[4] = {{.apply = wait_for_three},
                                {.apply = good_change},
                                {.apply = bad_change},
                                {.apply = bad_change}};
    (void)state;
    begin(9);
    at_work = false;
    struct signet_lease lease = reserve("one", "1");
    for (size_t i = 0; i < 4; i++) {
        threads[i].device = lease.device;
        assert_int_equal(pthread_create(&threads[i].id, NULL, change_in_thread, &threads[i]), 0);
        while (!at_work) /* before the others come */
            usleep(1000);
    }
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i].id, NULL);
    assert_int_equal(threads[0].rc, SIGNET_OK);
    assert_int_equal(threads[1].rc, SIGNET_OK);
    assert_int_equal(threads[2].rc, SIGNET_E_USAGE);
    assert_int_equal(threads[3].rc, SIGNET_E_USAGE);
    assert_int_equal(verified(), 3);
    reserve("two", "1");
    assert_int_equal(verified(), 4);
}

/* A handle may be used for all that a ledger can, however much that is. */
static int run_many(struct signet_ledger *l, void *arg, struct signet_error *e)
{
    static char texts[300][16];
    int64_t number = 0;
    int rc = SIGNET_OK;

    (void)arg;
    for (int64_t i = 0; rc == SIGNET_OK && i < 600; i++) {
        snprintf(texts[i % 300], sizeof(texts[0]), "SELECT %d", (int)i % 300);
        rc = db_get(l->db, e, texts[i % 300], ":i", &number);
        assert_int_equal(number, i % 300);
    }
    return rc;
}

static void a_handle_has_any_number_of_statements(void **state)
{
    (void)state;
    begin(9);
    must(store_read(ledger, run_many, NULL, &err));
    reserve("goes-on", "1");
}

/* What comes after the end of a transaction would be committed by itself. */
static int go_on_without_transaction(struct signet_ledger *l, void *arg, struct signet_error *e)
{
    (void)arg;
    int rc = db_run(l->db, e, "ROLLBACK", "");
    return rc == SIGNET_OK ? db_run(l->db, e, "UPDATE orders SET quota = 99", "") : rc;
}

static void a_transaction_that_was_ended(void **state)
{
    (void)state;
    if (on_postgres())
        skip();
    begin(9);
    refused(store_change(ledger, go_on_without_transaction, NULL, &err), SIGNET_E_IO,
            "was ended by an error");
    assert_int_equal(sql_number("SELECT quota FROM orders"), 9);
    reserve("goes-on", "1");
    assert_int_equal(verified(), 2);
}

static void *memory_get(int n)
{
    return runs_out() ? NULL : real_memory.xMalloc(n);
}

static void *memory_more(void *p, int n)
{
    return runs_out() ? NULL : real_memory.xRealloc(p, n);
}

/* malloc of the rooms: buffers, strings, the handle. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
char *__wrap_strdup(const char *text);
void *__wrap_malloc(size_t n)
{
    return runs_out() ? NULL : __real_malloc(n);
}
void *__wrap_calloc(size_t n, size_t size)
{
    return runs_out() ? NULL : __real_calloc(n, size);
}
char *__wrap_strdup(const char *text)
{
    return runs_out() ? NULL : __real_strdup(text);
}

static int64_t said;

static int tell(void *ctx, const struct signet_ledger_device *d, struct signet_error *e)
{
    (void)e;
    *(int64_t *)ctx += d->endpoint[0] != '\0';
    return SIGNET_OK;
}

static int counted(int rc, int64_t events)
{
    said += rc == SIGNET_OK ? events : 0;
    return rc;
}

static int name_of(void *ctx, int64_t index, char endpoint[152], struct signet_error *e)
{
    (void)ctx;
    (void)e;
    snprintf(endpoint, 152, "dev-%lld", (long long)index);
    return SIGNET_OK;
}

/* Whatever a ledger does, until the first error. */
static int story(void)
{
    static const char *const servers[] = {"a"};
    const struct signet_ledger_options options = {.station = "A"};
    const struct signet_ledger_names names = {.name = name_of};
    const struct signet_device_facts facts = {.hw_id = "board", .psk_identity = "who"};
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "no \xff"};
    struct signet_error outcome = {0};
    struct signet_lease l[2], d[2];
    int64_t after = 0, rows = 0, events = 0, states[SIGNET_DEVICE_STATES];
    char head[65];
    size_t count = 0;

#define step(call, n)                                                                              \
    do {                                                                                           \
        int rc_ = counted(call, n);                                                                \
        if (rc_ != SIGNET_OK)                                                                      \
            return rc_;                                                                            \
    } while (0)
    step(signet_ledger_open(&ledger, place, &options, &err), 0);
    step(signet_ledger_order(ledger, "o", "h", 50, &order, &err), 1);
    step(signet_ledger_recover(ledger, order, &err), 0);
    step(signet_ledger_reserve_next(ledger, order, "1", &names, l, 2, &count, &err), 2);
    step(signet_ledger_advance(ledger, &l[0], SIGNET_DEVICE_WRITING, &facts, &err), 1);
    step(signet_ledger_advance(ledger, &l[0], SIGNET_DEVICE_VERIFIED, NULL, &err), 1);
    step(signet_ledger_release(ledger, &l[0], &err), 0);
    step(signet_ledger_note(ledger, &l[1], "retry", "\xfe", &err), 1);
    step(signet_ledger_fail(ledger, &l[1], &why, &err), 1);
    step(signet_ledger_rework(ledger, "dev-1", &err), 1);
    step(signet_ledger_waiting(ledger, order, "a", &after, d, 2, &count, &err), 0);
    step(signet_ledger_delivered(ledger, "a", d, count, &outcome, &err), 1);
    step(signet_ledger_settled(ledger, order, servers, 1, d, 2, &count, &err), 1);
    step(signet_ledger_advance_many(ledger, d, count, SIGNET_DEVICE_DONE, NULL, &err), 1);
    step(signet_ledger_void(ledger, "dev-1", "a reason", &err), 1);
    step(signet_ledger_devices(ledger, NULL, tell, &rows, &err), 0);
    if (rows != 2)
        fail_msg("%lld devices were told, not 2", (long long)rows);
    step(signet_ledger_states(ledger, order, states, &err), 0);
    step(signet_ledger_verify(ledger, &events, head, &err), 0);
    return SIGNET_OK;
#undef step
}

/* Each allocation fails once; without SIGNET_TORTURE one of seven of the first 300, then fewer. */
static void memory_runs_out(void **state)
{
    const bool all = getenv("SIGNET_TORTURE");
    size_t failed = 0;
    (void)state;
    if (on_postgres())
        skip();
    for (int kind = 0; kind < 2; kind++)
        for (long n = 1 + kind;; n += all ? 1 : n < 300 ? 7 : 197) {
            said = 0;
            err = (struct signet_error){0};
            allocations = 0;
            for_ever = kind;
            fail_at = n;
            int rc = story();
            bool hit = allocations >= n;
            fail_at = 0;
            if (rc != SIGNET_OK && rc != SIGNET_E_NOMEM)
                fail_msg("allocation %ld: %d '%s'", n, rc, err.msg);
            failed += rc != SIGNET_OK;
            if (rc != SIGNET_OK && ledger) { /* the same handle goes on */
                must(signet_ledger_order(ledger, "o", "h", 50, &order, &err));
                reserve("goes-on", "1");
                said += said ? 1 : 2;
            }
            signet_ledger_close(&ledger);
            open_as("A");
            int64_t there = verified();
            if (said && there < said)
                fail_msg("allocation %ld: %lld events were recorded, fewer are there", n,
                         (long long)said);
            place_teardown(NULL);
            assert_int_equal(place_setup(NULL), 0);
            if (!hit)
                break;
        }
    assert_true(failed > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(threads_share_a_handle, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(one_of_a_batch_fails, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(the_chain_after_a_failed_change, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(a_transaction_that_was_ended, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_handle_has_any_number_of_statements, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(memory_runs_out, place_setup, place_teardown),
    };
    sqlite3_mem_methods ours;

    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory);
    ours = real_memory;
    ours.xMalloc = memory_get;
    ours.xRealloc = memory_more;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
