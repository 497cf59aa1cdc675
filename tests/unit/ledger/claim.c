/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signet/ledger.h>
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

static struct signet_ledger *ledger;
static struct signet_error err;
static int64_t order;

static struct signet_lease reserve(const char *endpoint, const char *slot)
{
    struct signet_lease lease = {0};

    assert_int_equal(signet_ledger_reserve(ledger, order, endpoint, slot, &lease, &err), SIGNET_OK);
    return lease;
}

static void advance(struct signet_lease *lease, enum signet_device_state to, const char *hw_id)
{
    const struct signet_device_facts facts = {.hw_id = hw_id};

    while (lease->state < to)
        assert_int_equal(signet_ledger_advance(ledger, lease,
                                               (enum signet_device_state)(lease->state + 1), &facts,
                                               &err),
                         SIGNET_OK);
}

static int claim(const char *endpoint, const char *hw_id, bool recover, struct signet_lease *lease)
{
    if (recover)
        assert_int_equal(signet_ledger_recover(ledger, order, &err), SIGNET_OK);
    return signet_ledger_claim(ledger, order, endpoint, hw_id, "9", lease, &err);
}

static void same_board_only(void **state)
{
    struct signet_lease half, fresh, back = {0};
    (void)state;
    assert_int_equal(signet_ledger_open(&ledger, path, &options, &err), SIGNET_OK);
    assert_int_equal(signet_ledger_order(ledger, "o", "h", 9, &order, &err), SIGNET_OK);
    half = reserve("half", "1");
    advance(&half, SIGNET_DEVICE_WRITING, "board1");
    fresh = reserve("fresh", "2");
    advance(&fresh, SIGNET_DEVICE_KEYED, NULL);

    assert_int_equal(claim("half", "board1", false, &back), SIGNET_E_BUSY); /* its lease runs */
    assert_int_equal(claim("half", "board2", true, &back), SIGNET_E_CONFLICT);
    assert_int_equal(claim("half", NULL, true, &back), SIGNET_E_CONFLICT);
    assert_int_equal(claim(NULL, "board2", true, &back), SIGNET_E_NOT_FOUND);
    assert_int_equal(claim(NULL, "board1", true, &back), SIGNET_OK);
    assert_string_equal(back.endpoint, "half");
    assert_int_equal(back.state, SIGNET_DEVICE_WRITING);
    /* the station that was fenced off cannot go on */
    assert_int_equal(signet_ledger_advance(ledger, &half, SIGNET_DEVICE_WRITTEN, NULL, &err),
                     SIGNET_E_BUSY);
    assert_int_equal(claim(NULL, NULL, true, &back), SIGNET_OK); /* only what never left */
    assert_string_equal(back.endpoint, "fresh");
    advance(&back, SIGNET_DEVICE_WRITING, "board3");
    assert_int_equal(claim(NULL, NULL, true, &back), SIGNET_E_NOT_FOUND);
    signet_ledger_close(&ledger);
}

static void what_is_over_is_refused(void **state)
{
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "no"};
    struct signet_lease done, aside, gone, back;
    (void)state;
    assert_int_equal(signet_ledger_open(&ledger, path, &options, &err), SIGNET_OK);
    assert_int_equal(signet_ledger_order(ledger, "o", "h", 9, &order, &err), SIGNET_OK);
    done = reserve("done", "1");
    advance(&done, SIGNET_DEVICE_VERIFIED, "board1");
    aside = reserve("aside", "2");
    assert_int_equal(signet_ledger_fail(ledger, &aside, &why, &err), SIGNET_OK);
    gone = reserve("gone", "3");
    advance(&gone, SIGNET_DEVICE_WRITING, "board3");
    assert_int_equal(signet_ledger_void(ledger, "gone", "burnt", &err), SIGNET_OK);

    assert_int_equal(claim("done", "board1", true, &back), SIGNET_E_EXISTS);
    assert_int_equal(claim(NULL, "board1", true, &back), SIGNET_E_EXISTS);
    assert_int_equal(claim("aside", NULL, true, &back), SIGNET_E_BUSY);
    assert_int_equal(claim("gone", "board3", true, &back), SIGNET_E_CONFLICT);
    assert_int_equal(claim(NULL, "board3", true, &back), SIGNET_E_NOT_FOUND);
    assert_int_equal(signet_ledger_rework(ledger, "aside", &err), SIGNET_OK);
    assert_int_equal(claim("aside", NULL, true, &back), SIGNET_OK);
    assert_int_equal(back.attempt, 2);
    signet_ledger_close(&ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_board_only, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_over_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
