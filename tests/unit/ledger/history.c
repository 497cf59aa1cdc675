/* SPDX-License-Identifier: Apache-2.0 */
/* A chain whose hashes are right, with states that no program would write one after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/store.h"
#include "place.h"

struct forged {
    int64_t device, state;
    const char *kind;
};

/* As the ledger itself does it, without its checks. */
static int forge_one(struct signet_ledger *l, void *arg, struct signet_error *e)
{
    const struct forged *f = arg;
    int rc = db_change(l->db, e,
                       "UPDATE devices SET state = $2, events = events + 1,"
                       " token = token + CASE WHEN $2 >= {void} THEN 1 ELSE 0 END,"
                       " exposed = CASE WHEN $2 >= {writing} THEN 1 ELSE exposed END WHERE id = $1",
                       "ii", f->device, f->state);

    return rc == SIGNET_OK ? device_event(l, f->device, f->kind, "", e) : rc;
}

static void forge(int64_t device, enum signet_device_state state, const char *kind)
{
    struct forged f = {.device = device, .state = state, .kind = kind};

    must(store_change(ledger, forge_one, &f, &err));
}

/* What a rework does to the edition that it replaces; the next one is there by its side. */
static int forge_next(struct signet_ledger *l, void *arg, struct signet_error *e)
{
    const int64_t *device = arg;
    struct db_rows row = {0};
    int rc = db_run(l->db, e, "UPDATE devices SET freed = 1 WHERE id = $1", "i", *device);

    if (rc == SIGNET_OK)
        rc = db_find(l->db, &row, e,
                     "INSERT INTO devices(order_id, number, endpoint, station, slot, created,"
                     " changed, lease_until) SELECT order_id, number, endpoint, station, slot,"
                     " created, changed, 0 FROM devices WHERE id = $1 RETURNING " DEVICE_ROW,
                     "i", *device);
    if (rc == SIGNET_OK)
        rc = chain_append(l, &row, ROW_COLUMNS, "reserved", "", e);
    db_end(&row);
    return rc;
}

static void void_exposed(struct signet_lease *lease)
{
    bring(lease, SIGNET_DEVICE_WRITING, NULL);
    must(signet_ledger_void(ledger, "one", "test", &err));
}

static int verify(void)
{
    int64_t events;
    char head[65];

    return signet_ledger_verify(ledger, &events, head, &err);
}

/* After each state each kind of event: found where the table has no way. */
static void every_step(void **state)
{
    static const char *const ways[] = {
        "YYY....YY..", /* reserved: reserved, keyed, writing; failed, void */
        ".YY....YY..", /* keyed */
        "..YYY.YYYY.", /* writing: also retired */
        "...YY..YYY.", /* written */
        "....YYYYYY.", /* verified */
        ".....YYYYY.", /* registered */
        "........YY.", /* done: void, retired */
        "........YYY", /* failed: void, retired, and rework */
        ".........Y.", /* void: retired */
        "...........", /* retired */
    };
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "no"};
    (void)state;
    for (int from = 0; from < SIGNET_DEVICE_STATES; from++)
        for (int to = 0; to <= SIGNET_DEVICE_STATES; to++) {
            bool rework = to == SIGNET_DEVICE_STATES;
            begin(2);
            struct signet_lease lease = reserve("one", "1");
            if (from <= SIGNET_DEVICE_DONE)
                bring(&lease, (enum signet_device_state)from, NULL);
            else if (from == SIGNET_DEVICE_FAILED)
                must(signet_ledger_fail(ledger, &lease, &why, &err));
            else
                void_exposed(&lease);
            if (from == SIGNET_DEVICE_RETIRED)
                forge(lease.device, SIGNET_DEVICE_RETIRED, "retired");
            if (from == SIGNET_DEVICE_RETIRED || to == SIGNET_DEVICE_RETIRED)
                must(store_change(ledger, forge_next, &lease.device, &err));
            forge(lease.device, rework ? SIGNET_DEVICE_RESERVED : (enum signet_device_state)to,
                  rework ? "rework" : signet_device_state_name((enum signet_device_state)to));
            int rc = verify();
            if ((ways[from][to] == 'Y') != (rc == SIGNET_OK))
                fail_msg("from %d to %d: %d %s", from, to, rc, err.msg);
            if (rc != SIGNET_OK)
                assert_non_null(strstr(err.msg, "device one "));
            place_teardown(NULL);
            place_setup(NULL);
        }
}

static void where_it_begins_and_ends(void **state)
{
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "no"};
    (void)state;
    begin(9);
    struct signet_lease a = reserve("a", "1"), b = reserve("b", "1");
    /* a state that no event says */
    forge(a.device, SIGNET_DEVICE_WRITING, "retry");
    assert_int_equal(verify(), SIGNET_E_LEDGER);
    assert_non_null(strstr(err.msg, "device a is in another state than its events say"));
    forge(a.device, SIGNET_DEVICE_RESERVED, "retry");
    must(verify());
    forge(b.device, SIGNET_DEVICE_WRITING, "retry"); /* the last one of all */
    assert_int_equal(verify(), SIGNET_E_LEDGER);
    assert_non_null(strstr(err.msg, "device b is in another state"));
    forge(b.device, SIGNET_DEVICE_RESERVED, "retry");
    /* rework goes to where the device had been */
    bring(&b, SIGNET_DEVICE_VERIFIED, NULL);
    must(signet_ledger_fail(ledger, &b, &why, &err));
    forge(b.device, SIGNET_DEVICE_RESERVED, "rework");
    assert_int_equal(verify(), SIGNET_E_LEDGER);
}

/* Its sealed credentials were lost when it waited for its servers. */
static void a_verified_device_made_anew(void **state)
{
    const struct signet_error lost = {.code = SIGNET_E_SEAL, .msg = "no"};
    (void)state;
    begin(9);
    struct signet_lease lease = reserve("one", "1");
    bring(&lease, SIGNET_DEVICE_VERIFIED, NULL);
    must(signet_ledger_fail(ledger, &lease, &lost, &err));
    must(signet_ledger_rework(ledger, "one", &err));
    must(verify());
    forge(lease.device, SIGNET_DEVICE_KEYED, "keyed");
    must(verify());
    forge(lease.device, SIGNET_DEVICE_WRITING, "writing");
    must(verify());
}

/* A history that does not begin with reserved. */
static int begin_elsewhere(struct signet_ledger *l, void *arg, struct signet_error *e)
{
    struct db_rows row;
    int rc =
        db_find(l->db, &row, e,
                "INSERT INTO devices(order_id, number, endpoint, state, station, slot, created,"
                " changed, lease_until) VALUES($1, -1, 'ghost', {keyed}, 'A', '1', 0, 0, 0)"
                " RETURNING " DEVICE_ROW,
                "i", order);

    if (rc == SIGNET_OK)
        rc = chain_append(l, &row, ROW_COLUMNS, arg, "", e);
    db_end(&row);
    return rc == SIGNET_OK ? db_run(l->db, e, "UPDATE orders SET issued = issued + 1", "") : rc;
}

static void no_beginning(void **state)
{
    static char *const kinds[] = {"keyed", "retry", "rework"};
    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        begin(9);
        must(store_change(ledger, begin_elsewhere, kinds[i], &err));
        assert_int_equal(verify(), SIGNET_E_LEDGER);
        assert_non_null(strstr(err.msg, "device ghost went from nothing"));
        place_teardown(NULL);
        place_setup(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_step, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(where_it_begins_and_ends, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_verified_device_made_anew, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(no_beginning, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
