/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of an order: slots in the order of a hall, and a yield of devices that are at an end. */
#include <setjmp.h>
#include <signet/ledger_read.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static char seen[8192];

static int one_group(void *ctx, const struct signet_ledger_group *g, struct signet_error *error)
{
    (void)ctx;
    (void)error;
    size_t n = strlen(seen);
    snprintf(seen + n, sizeof(seen) - n, "%s %s %lld %lld %lld %lld %lld\n", g->by, g->name,
             (long long)g->devices, (long long)g->done, (long long)g->failed, (long long)g->ended,
             (long long)g->first_pass);
    return SIGNET_OK;
}

static void slots_as_in_a_hall(void **state)
{
    char name[32], slot[16];
    (void)state;
    begin(99);
    for (int i = 90; i > 0; i--) {
        snprintf(name, sizeof(name), "dev-%d", i);
        snprintf(slot, sizeof(slot), "%d", i);
        reserve(name, slot);
    }
    seen[0] = '\0';
    must(signet_ledger_stats(ledger, NULL, one_group, NULL, &err));
    const char *at = seen;
    for (int i = 1; i <= 90; i++) {
        snprintf(name, sizeof(name), "slot A/%d 1 ", i);
        at = strstr(at, name);
        if (!at)
            fail_msg("%s is not where it belongs: %s", name, seen);
    }
}

static void what_is_at_an_end(void **state)
{
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "no"};
    struct signet_lease lease;
    (void)state;
    begin(99);
    reserve("begun", "1");
    lease = reserve("made", "1");
    bring(&lease, SIGNET_DEVICE_VERIFIED, "hw1");
    lease = reserve("again", "1");
    must(signet_ledger_note(ledger, &lease, "retry", "", &err));
    bring(&lease, SIGNET_DEVICE_DONE, "hw2");
    lease = reserve("aside", "1");
    must(signet_ledger_fail(ledger, &lease, &why, &err));
    lease = reserve("crushed", "1");
    bring(&lease, SIGNET_DEVICE_WRITING, "hw3");
    must(signet_ledger_void(ledger, "crushed", "test", &err));
    reserve("given-back", "1");
    must(signet_ledger_void(ledger, "given-back", "test", &err));
    seen[0] = '\0';
    must(signet_ledger_stats(ledger, "o", one_group, NULL, &err));
    assert_string_equal(seen, "state reserved 1 0 0 0 0\nstate verified 1 1 0 1 1\n"
                              "state done 1 1 0 1 0\nstate failed 1 0 1 1 0\nstate void 1 0 0 1 0\n"
                              "slot A/1 5 2 1 4 1\nerror board 1 0 1 1 0\n");
    seen[0] = '\0';
    must(signet_ledger_stats(ledger, "another", one_group, NULL, &err));
    assert_string_equal(seen, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(slots_as_in_a_hall, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(what_is_at_an_end, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
