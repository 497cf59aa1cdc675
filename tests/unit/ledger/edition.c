/* SPDX-License-Identifier: Apache-2.0 */
/* A name that gets new credentials: what becomes of the old ones, of the board, of the servers. */
#include <setjmp.h>
#include <signet/ledger_read.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

enum { MAX = 16 };
static struct signet_lease leases[MAX];
static struct signet_ledger_removal removals[MAX];
static struct signet_error outcomes[MAX];
static size_t count;

/* A device that is done, at these servers. */
static struct signet_lease finished(const char *endpoint, const char *hw_id, const char *key,
                                    const char *const *servers, size_t server_count)
{
    const struct signet_device_facts facts = {
        .hw_id = hw_id, .psk_identity = endpoint, .psk_sha256 = key, .packet_sha256 = key};
    struct signet_lease lease = reserve(endpoint, "1");
    int64_t after = 0;

    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_WRITING, &facts, &err));
    bring(&lease, SIGNET_DEVICE_VERIFIED, NULL);
    must(signet_ledger_release(ledger, &lease, &err));
    memset(outcomes, 0, sizeof(outcomes));
    for (size_t i = 0; i < server_count; i++, after = 0) {
        must(signet_ledger_waiting(ledger, order, servers[i], &after, leases, MAX, &count, &err));
        assert_int_equal(count, 1);
        must(signet_ledger_delivered(ledger, servers[i], leases, count, outcomes, &err));
    }
    must(signet_ledger_settled(ledger, order, servers, server_count, leases, MAX, &count, &err));
    assert_int_equal(count, 1);
    lease = leases[0];
    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_DONE, NULL, &err));
    return lease;
}

static int keep_edition(void *ctx, const struct signet_ledger_device *d, struct signet_error *e)
{
    int *of_state = ctx;

    (void)e;
    of_state[d->state] = d->edition;
    return SIGNET_OK;
}

/* The edition that is in this state; 0: none. */
static int edition_in(const char *endpoint, enum signet_device_state state)
{
    const struct signet_ledger_filter filter = {.endpoint = endpoint, .state = -1};
    int of_state[SIGNET_DEVICE_STATES] = {0};

    must(signet_ledger_devices(ledger, &filter, keep_edition, of_state, &err));
    return of_state[state];
}

static size_t to_remove(const char *server)
{
    int64_t after = 0;

    must(signet_ledger_removals(ledger, order, server, &after, removals, MAX, &count, &err));
    return count;
}

static size_t waiting(const char *server)
{
    int64_t after = 0;

    must(signet_ledger_waiting(ledger, order, server, &after, leases, MAX, &count, &err));
    return count;
}

/* Done, reworked, and done again: one unit, two editions, and each server loses the old one before
 * it gets the new one. */
static void new_credentials_for_an_old_name(void **state)
{
    static const char *const servers[] = {"a", "b"};
    int64_t states[SIGNET_DEVICE_STATES];
    struct signet_lease lease;
    (void)state;
    begin(1);
    struct signet_lease old = finished("one", "board1", "11111111112222222222", servers, 2);
    must(signet_ledger_rework(ledger, "one", &err));
    assert_int_equal(edition_in("one", SIGNET_DEVICE_RETIRED), 1);
    assert_int_equal(edition_in("one", SIGNET_DEVICE_RESERVED), 2);
    must(signet_ledger_states(ledger, order, states, &err));
    for (int i = 0; i < SIGNET_DEVICE_STATES; i++)
        assert_int_equal(states[i], i == SIGNET_DEVICE_RESERVED);
    verified();
    refused(signet_ledger_rework(ledger, "one", &err), SIGNET_E_USAGE, "is reserved");
    /* a blank board does not get it: the board of the old edition will */
    assert_int_equal(signet_ledger_claim(ledger, order, NULL, NULL, "2", &lease, &err),
                     SIGNET_E_NOT_FOUND);
    assert_int_equal(signet_ledger_claim(ledger, order, NULL, "board2", "2", &lease, &err),
                     SIGNET_E_NOT_FOUND);
    must(signet_ledger_claim(ledger, order, NULL, "board1", "2", &lease, &err));
    assert_int_not_equal(lease.device, old.device);
    assert_int_equal(lease.index, old.index);
    assert_int_equal(lease.attempt, 1);
    /* the identity is free, the key is not */
    struct signet_device_facts facts = {
        .hw_id = "board1", .psk_identity = "one", .psk_sha256 = "11111111112222222222"};
    refused(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_WRITING, &facts, &err),
            SIGNET_E_CONFLICT, "psk_sha256");
    facts.psk_sha256 = "33333333334444444444";
    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_WRITING, &facts, &err));
    bring(&lease, SIGNET_DEVICE_VERIFIED, NULL);
    must(signet_ledger_release(ledger, &lease, &err));
    assert_int_equal(waiting("a"), 0);
    assert_int_equal(to_remove("a"), 1);
    assert_string_equal(removals[0].endpoint, "one");
    assert_int_equal(to_remove("a"), 0); /* somebody has it in hand */
    assert_int_equal(waiting("a"), 0);
    memset(outcomes, 0, sizeof(outcomes));
    must(signet_ledger_removed(ledger, "a", removals, 1, outcomes, &err));
    assert_int_equal(waiting("b"), 0); /* each server for itself */
    assert_int_equal(waiting("a"), 1);
    assert_int_equal(leases[0].edition, 2);
    must(signet_ledger_delivered(ledger, "a", leases, 1, outcomes, &err));
    verified();
    assert_int_equal(to_remove("b"), 1);
    must(signet_ledger_removed(ledger, "b", removals, 1, outcomes, &err));
    assert_int_equal(waiting("b"), 1);
    must(signet_ledger_delivered(ledger, "b", leases, 1, outcomes, &err));
    must(signet_ledger_settled(ledger, order, servers, 2, leases, MAX, &count, &err));
    assert_int_equal(count, 1);
    must(signet_ledger_advance(ledger, &leases[0], SIGNET_DEVICE_DONE, NULL, &err));
    assert_int_equal(edition_in("one", SIGNET_DEVICE_DONE), 2);
    must(signet_ledger_states(ledger, order, states, &err));
    assert_int_equal(states[SIGNET_DEVICE_DONE], 1);
    refused(signet_ledger_reserve(ledger, order, "two", "1", &lease, &err), SIGNET_E_QUOTA, "");
    /* once more, from void */
    must(signet_ledger_void(ledger, "one", "lost", &err));
    must(signet_ledger_rework(ledger, "one", &err));
    assert_int_equal(edition_in("one", SIGNET_DEVICE_RESERVED), 3);
    verified();
}

/* A removal that was cut off, or that its server did not answer, comes again; one that came too
 * late is passed over. */
static void removals_end_once(void **state)
{
    static const char *const servers[] = {"a"};
    (void)state;
    begin(9);
    finished("one", "board1", "11111111112222222222", servers, 1);
    must(signet_ledger_rework(ledger, "one", &err));
    assert_int_equal(to_remove("a"), 1);
    struct signet_ledger_removal first = removals[0];
    assert_int_equal(to_remove("a"), 0);              /* leased */
    must(signet_ledger_recover(ledger, order, &err)); /* as the next run begins */
    assert_int_equal(to_remove("a"), 1);
    memset(outcomes, 0, sizeof(outcomes));
    must(signet_ledger_removed(ledger, "a", &first, 1, outcomes, &err));
    assert_int_equal(sql_number("SELECT state FROM deliveries"), 3);
    outcomes[0].code = SIGNET_E_BUSY;
    must(signet_ledger_removed(ledger, "a", removals, 1, outcomes, &err));
    assert_int_equal(sql_number("SELECT state FROM deliveries"), 3);
    verified();
    assert_int_equal(to_remove("a"), 1);
    outcomes[0].code = SIGNET_E_UNSUPPORTED;
    snprintf(outcomes[0].msg, sizeof(outcomes[0].msg), "take it out by hand");
    must(signet_ledger_removed(ledger, "a", removals, 1, outcomes, &err));
    assert_int_equal(sql_number("SELECT state FROM deliveries"), 4);
    assert_int_equal(
        sql_number("SELECT count(*) FROM events WHERE detail = 'a: take it out by hand'"), 1);
    verified();
    must(signet_ledger_removed(ledger, "a", removals, 1, outcomes, &err)); /* over */
    assert_int_equal(sql_number("SELECT count(*) FROM events WHERE kind = 'removed'"), 1);
    refused(signet_ledger_removed(ledger, "", removals, 1, outcomes, &err), SIGNET_E_USAGE,
            "server's name");
    int64_t after = 0;
    refused(signet_ledger_removals(ledger, order, "\xff", &after, removals, 1, &count, &err),
            SIGNET_E_USAGE, "server's name");
}

/* Which board a new edition is for. */
static void the_board_of_an_edition(void **state)
{
    const char *one = "one";
    const struct signet_ledger_selection of_one = {.names = &one, .name_count = 1, .state = -1};
    struct signet_ledger_decision how = {.what = SIGNET_LEDGER_REWORK, .board = "board9"};
    struct signet_lease lease;
    (void)state;
    begin(9);
    finished("one", "board1", "11111111112222222222", NULL, 0);
    must(signet_ledger_decide(ledger, &of_one, &how, NULL, NULL, &err));
    assert_int_equal(signet_ledger_claim(ledger, order, NULL, "board1", "2", &lease, &err),
                     SIGNET_E_NOT_FOUND);
    must(signet_ledger_claim(ledger, order, NULL, "board9", "2", &lease, &err));
    bring(&lease, SIGNET_DEVICE_WRITING, "board9");
    /* lost in the middle: whichever board comes */
    refused(signet_ledger_rework(ledger, "one", &err), SIGNET_E_USAGE, "is writing");
    how = (struct signet_ledger_decision){.what = SIGNET_LEDGER_REWORK, .new_edition = true};
    must(signet_ledger_decide(ledger, &of_one, &how, NULL, NULL, &err));
    must(signet_ledger_claim(ledger, order, NULL, NULL, "2", &lease, &err));
    assert_string_equal(lease.endpoint, "one");
    assert_int_equal(edition_in("one", SIGNET_DEVICE_RESERVED), 3);
    bring(&lease, SIGNET_DEVICE_DONE, "board9");
    verified();
    /* a board that is another's by now stays with that one */
    must(signet_ledger_void(ledger, "one", "test", &err));
    finished("two", "board9", "55555555556666666666", NULL, 0);
    must(signet_ledger_rework(ledger, "one", &err));
    assert_int_equal(sql_number("SELECT count(*) FROM devices WHERE endpoint = 'one' AND freed = 0"
                                " AND hw_id IS NULL"),
                     1);
    assert_int_equal(signet_ledger_claim(ledger, order, NULL, "board9", "2", &lease, &err),
                     SIGNET_E_EXISTS);
    verified();
}

/* Once another device was finished in the slot, that board would be erased as the one that was
 * meant. One that only failed there changes nothing, nor does one of another slot. */
static void the_next_board_of_a_slot(void **state)
{
    static const char *const slots[] = {"2", "1", "1"};
    const char *one = "one";
    const struct signet_ledger_selection of_one = {.names = &one, .name_count = 1, .state = -1};
    const struct signet_ledger_decision how = {.what = SIGNET_LEDGER_REWORK, .board = "slot:A/1"};
    const struct signet_error why = {.code = SIGNET_E_TIMEOUT, .msg = "no answer"};

    (void)state;
    begin(9);
    finished("one", "board1", "11111111112222222222", NULL, 0);
    must(signet_ledger_decide(ledger, &of_one, &how, NULL, NULL, &err));
    for (size_t i = 0; i < 3; i++) {
        char name[8], key[24];
        struct signet_ledger_board board = {.slot = slots[i], .verdict = i == 1 ? "fail" : "pass"};
        struct signet_lease lease;

        snprintf(name, sizeof name, "n%zu", i);
        snprintf(key, sizeof key, "%zu333333333", i);
        const struct signet_device_facts facts = {
            .hw_id = name, .psk_identity = name, .psk_sha256 = key, .packet_sha256 = key};
        lease = reserve(name, slots[i]);
        must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_WRITING, &facts, &err));
        board.endpoint = name;
        board.why = i == 1 ? &why : NULL;
        must(signet_ledger_board(ledger, order, &board, &lease,
                                 i == 1 ? SIGNET_DEVICE_FAILED : SIGNET_DEVICE_VERIFIED, NULL,
                                 &err));
        assert_int_equal(sql_number("SELECT count(*) FROM devices WHERE hw_id = 'slot:A/1'"),
                         i < 2);
        verified();
    }
    struct signet_lease lease;
    assert_int_equal(signet_ledger_claim(ledger, order, NULL, "slot:A/1", "1", &lease, &err),
                     SIGNET_E_NOT_FOUND);
    must(
        signet_ledger_claim(ledger, order, NULL, NULL, "1", &lease, &err)); /* the next blank one */
    assert_string_equal(lease.endpoint, "one");
    assert_int_equal(sql_number("SELECT count(*) FROM events WHERE kind = 'any-board'"
                                " AND detail = 'slot:A/1'"),
                     1);
}

/* That wish is over when a board gets the device's credentials, also where nothing else is told. */
static void a_board_that_came_for_the_slot(void **state)
{
    const char *one = "one";
    const struct signet_ledger_selection of_one = {.names = &one, .name_count = 1, .state = -1};
    const struct signet_ledger_decision how = {.what = SIGNET_LEDGER_REWORK, .board = "slot:A/1"};
    const char waits[] = "SELECT count(*) FROM devices WHERE hw_id = 'slot:A/1'";
    struct signet_lease lease;

    (void)state;
    begin(9);
    finished("one", "board1", "11111111112222222222", NULL, 0);
    must(signet_ledger_decide(ledger, &of_one, &how, NULL, NULL, &err));
    must(signet_ledger_claim(ledger, order, NULL, "slot:A/1", "1", &lease, &err));
    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_KEYED, NULL, &err));
    assert_int_equal(sql_number(waits), 1);
    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_WRITING, NULL, &err));
    assert_int_equal(sql_number(waits), 0);
    verified();
}

/* Its credentials are lost after one server had them: nobody can tell the others the same. */
static void torn_between_servers(void **state)
{
    struct signet_error lost = {.code = SIGNET_E_SEAL, .msg = "the sealed file is damaged"};
    int64_t after = 0;
    (void)state;
    begin(9);
    struct signet_lease lease = reserve("one", "1");
    bring(&lease, SIGNET_DEVICE_VERIFIED, "board1");
    must(signet_ledger_release(ledger, &lease, &err));
    memset(outcomes, 0, sizeof(outcomes));
    must(signet_ledger_waiting(ledger, order, "a", &after, leases, MAX, &count, &err));
    must(signet_ledger_delivered(ledger, "a", leases, count, outcomes, &err));
    must(signet_ledger_set_aside(ledger, &lease, &lost, &err));
    refused(signet_ledger_set_aside(ledger, &lease, &lost, &err), SIGNET_E_NOT_FOUND,
            "device 'one' is at its end already");
    must(signet_ledger_rework(ledger, "one", &err));
    assert_int_equal(edition_in("one", SIGNET_DEVICE_RESERVED), 2);
    assert_int_equal(to_remove("a"), 1);
    verified();
}

/* What a recorded edition, or removal, may not be. */
static void a_forged_edition_is_found(void **state)
{
    static const char *const servers[] = {"a"};
    int64_t events;
    char head[65];
    (void)state;
    begin(9);
    finished("one", "board1", "11111111112222222222", servers, 1);
    must(signet_ledger_rework(ledger, "one", &err));
    verified();
    sql("UPDATE deliveries SET state = 4");
    assert_int_equal(signet_ledger_verify(ledger, &events, head, &err), SIGNET_E_LEDGER);
    assert_non_null(strstr(err.msg, "one to a has no event"));
    sql("UPDATE deliveries SET state = 1");
    assert_int_equal(signet_ledger_verify(ledger, &events, head, &err), SIGNET_E_LEDGER);
    sql("UPDATE deliveries SET state = 3");
    verified();
    sql("DELETE FROM deliveries");
    assert_int_equal(signet_ledger_verify(ledger, &events, head, &err), SIGNET_E_LEDGER);
}

/* The next board in the slot is one board: it was erased, and no other is for it. */
static void the_slot_that_was_used(void **state)
{
    const struct signet_ledger_decision how = {.what = SIGNET_LEDGER_REWORK, .board = "slot:A/1"};
    const char *const one = "one";
    const struct signet_ledger_selection selected = {.names = &one, .name_count = 1, .state = -1};
    struct signet_lease lease, lost;

    (void)state;
    begin(9);
    finished("one", "AB", "11111111112222222222", NULL, 0);
    must(signet_ledger_decide(ledger, &selected, &how, NULL, NULL, &err));
    must(signet_ledger_claim(ledger, order, NULL, "slot:A/1", "1", &lease, &err));
    lost = lease;
    lost.token++;
    refused(signet_ledger_slot_used(ledger, &lost, &err), SIGNET_E_BUSY, "no longer holds");
    for (int i = 0; i < 2; i++) { /* once */
        must(signet_ledger_slot_used(ledger, &lease, &err));
        assert_int_equal(sql_number("SELECT count(*) FROM devices WHERE hw_id = 'slot:A/1'"), 0);
        assert_int_equal(sql_number("SELECT count(*) FROM events WHERE kind = 'any-board'"
                                    " AND detail = 'slot:A/1'"),
                         1);
    }
    bring(&lease, SIGNET_DEVICE_WRITING, "AB");
    must(signet_ledger_slot_used(ledger, &lease, &err)); /* it has a board of its own */
    assert_int_equal(sql_number("SELECT count(*) FROM devices WHERE hw_id = 'AB' AND freed = 0"),
                     1);
    verified();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(new_credentials_for_an_old_name, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(removals_end_once, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(the_board_of_an_edition, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(the_next_board_of_a_slot, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_board_that_came_for_the_slot, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(the_slot_that_was_used, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(torn_between_servers, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_forged_edition_is_found, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
