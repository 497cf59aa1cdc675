/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static enum signet_ledger_age against(const struct signet_ledger_head *known)
{
    enum signet_ledger_age age = SIGNET_LEDGER_SAME;

    must(signet_ledger_compare(ledger, known, &age, &err));
    return age;
}

static void head_says_how_far_it_is(void **state)
{
    struct signet_ledger_head before, head;
    (void)state;
    open_as("A");
    must(signet_ledger_head(ledger, 0, &head, &err));
    assert_string_equal(head.ledger, "");
    assert_string_equal(head.station, "A");
    assert_true(head.seq == 0 && head.now > 0 && head.names == 0);
    signet_ledger_close(&ledger);
    begin(5);
    must(signet_ledger_head(ledger, order, &before, &err));
    assert_string_equal(before.ledger, before.hash); /* one event, the first */
    reserve("dev-1", "1");
    must(signet_ledger_head(ledger, order, &head, &err));
    assert_string_equal(head.ledger, before.ledger);
    assert_true(head.seq == 2 && head.issued == 1 && strcmp(head.hash, before.hash) != 0);
    assert_true(head.time <= head.now);
    /* another station has not done anything yet */
    signet_ledger_close(&ledger);
    open_as("B");
    must(signet_ledger_head(ledger, order, &head, &err));
    assert_true(head.seq == 0 && head.hash[0] == '\0' && head.issued == 1);
    assert_string_equal(head.ledger, before.ledger);
    assert_int_equal(against(&head), SIGNET_LEDGER_SAME);
}

static void old_copies_are_known(void **state)
{
    struct signet_ledger_head head, other;
    (void)state;
    begin(5);
    reserve("dev-1", "1");
    must(signet_ledger_head(ledger, order, &head, &err));
    assert_int_equal(against(&head), SIGNET_LEDGER_SAME);
    reserve("dev-2", "1");
    assert_int_equal(against(&head), SIGNET_LEDGER_SAME); /* further */
    other = head;
    other.seq = 4;
    assert_int_equal(against(&other), SIGNET_LEDGER_BEHIND);
    other = head;
    other.hash[0] = other.hash[0] == '0' ? '1' : '0';
    assert_int_equal(against(&other), SIGNET_LEDGER_FORKED);
    other.ledger[0] = other.ledger[0] == '0' ? '1' : '0';
    assert_int_equal(against(&other), SIGNET_LEDGER_OTHER);
    snprintf(other.station, sizeof(other.station), "Z");
    memcpy(other.ledger, head.ledger, sizeof(head.ledger));
    assert_int_equal(against(&other), SIGNET_LEDGER_BEHIND); /* a chain that is missing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(head_says_how_far_it_is, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(old_copies_are_known, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
