/* SPDX-License-Identifier: Apache-2.0 */
/* What a caller gets wrong is said before anything is recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static void no_text(void **state)
{
    struct signet_lease lease;
    int64_t after = 0;
    size_t count;
    char head[65];
    int64_t events;

    (void)state;
    begin(9);
    refused(signet_ledger_claim(ledger, order, "a\xff", "b", "1", &lease, &err), SIGNET_E_USAGE,
            "is not UTF-8");
    refused(signet_ledger_claim(ledger, order, "a", "b\xff", "1", &lease, &err), SIGNET_E_USAGE,
            "is not UTF-8");
    refused(signet_ledger_claim(ledger, order, "a", "b", "\xff", &lease, &err), SIGNET_E_USAGE,
            "is not UTF-8");
    refused(signet_ledger_waiting(ledger, order, "", &after, &lease, 1, &count, &err),
            SIGNET_E_USAGE, "a server's name");
    refused(signet_ledger_waiting(ledger, order, NULL, &after, &lease, 1, &count, &err),
            SIGNET_E_USAGE, "a server's name");
    refused(signet_ledger_waiting(ledger, order, "\xff", &after, &lease, 1, &count, &err),
            SIGNET_E_USAGE, "a server's name");
    refused(signet_ledger_label(ledger, "a", SIGNET_LABEL_NONE, "", &err), SIGNET_E_USAGE,
            "is no event");
    refused(signet_ledger_label(ledger, "\xff", SIGNET_LABEL_SENT, "", &err), SIGNET_E_USAGE,
            "is not UTF-8");
    must(signet_ledger_verify(ledger, &events, head, &err));
    assert_int_equal(events, 1);
}

/* What has to be named: nothing, "" and bytes that are no text are no name. */
static void names_that_are_none(void **state)
{
    static const char *const none[] = {NULL, "", "\xff"};
    struct signet_ledger_removal removal;
    struct signet_lease lease;
    int64_t after = 0, id = 0;
    size_t count;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct signet_ledger_options as = {.station = none[i]};
        refused(signet_ledger_open(&ledger, place, &as, &err), SIGNET_E_USAGE, "station");
    }
    begin(9);
    for (size_t i = 0; i < 3; i++) {
        refused(signet_ledger_order(ledger, none[i], "h", 1, &id, &err), SIGNET_E_USAGE, "a name");
        refused(signet_ledger_removals(ledger, order, none[i], &after, &removal, 1, &count, &err),
                SIGNET_E_USAGE, "a removal needs");
        refused(signet_ledger_removed(ledger, none[i], &removal, 0, NULL, &err), SIGNET_E_USAGE,
                "a removal needs");
        refused(signet_ledger_delivered(ledger, none[i], &lease, 0, NULL, &err), SIGNET_E_USAGE,
                "a delivery needs");
        refused(signet_ledger_note(ledger, &lease, none[i], "", &err), SIGNET_E_USAGE, "a note");
    }
    refused(signet_ledger_order(ledger, "p", NULL, 1, &id, &err), SIGNET_E_USAGE, "a hash");
    refused(signet_ledger_order(ledger, "p", "\xff", 1, &id, &err), SIGNET_E_USAGE, "a hash");
    refused(signet_ledger_order(ledger, "p", "h", 0, &id, &err), SIGNET_E_USAGE, "a quota");
    for (size_t i = 0; i < 3; i++)
        refused(signet_ledger_erased(ledger, i == 0 ? "\xff" : "a", i == 1 ? "\xff" : "b",
                                     i == 2 ? "\xff" : "", &err),
                SIGNET_E_USAGE, "not UTF-8");
    assert_int_equal(verified(), 1);
}

/* What a person decides is refused before a device is touched, and so is what a board cannot be. */
static void decisions_that_are_none(void **state)
{
    static const char *const names[] = {"a", "b"};
    static const struct {
        struct signet_ledger_decision how;
        size_t names;
        const char *says;
    } all[] = {
        {{.what = SIGNET_LEDGER_VOID}, 1, "needs a reason"},
        {{.what = SIGNET_LEDGER_VOID, .reason = ""}, 1, "needs a reason"},
        {{.what = SIGNET_LEDGER_VOID, .reason = "r", .new_edition = true}, 1, "for a rework"},
        {{.what = SIGNET_LEDGER_VOID, .reason = "r", .board = "x"}, 1, "for a rework"},
        {{.what = SIGNET_LEDGER_REWORK, .remove = true}, 1, "for a void device"},
        {{.what = SIGNET_LEDGER_REWORK, .board = "x"}, 0, "for one device"},
        {{.what = SIGNET_LEDGER_REWORK, .board = "x"}, 2, "for one device"},
        {{.what = SIGNET_LEDGER_REWORK, .board = "\xff"}, 1, "the board is not UTF-8"},
        {{.what = SIGNET_LEDGER_VOID, .reason = "\xff"}, 1, "the reason is not UTF-8"},
    };
    struct signet_error why = {.code = SIGNET_E_WRONG_BOARD};
    struct signet_ledger_board board = {.verdict = "fail", .why = &why};
    (void)state;
    begin(9);
    struct signet_lease lease = reserve("a", "1");
    int64_t before = verified();
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const struct signet_ledger_selection which = {
            .names = all[i].names ? names : NULL, .name_count = all[i].names, .state = -1};

        refused(signet_ledger_decide(ledger, &which, &all[i].how, NULL, NULL, &err), SIGNET_E_USAGE,
                all[i].says);
    }
    for (size_t i = 0; i < 3; i++) {
        board.slot = i == 0 ? NULL : "1";
        board.verdict = i == 1 ? NULL : "fail";
        board.why = i == 2 ? NULL : &why;
        refused(
            signet_ledger_board(ledger, order, &board, &lease, SIGNET_DEVICE_FAILED, NULL, &err),
            SIGNET_E_USAGE, "a board has a slot and a verdict");
    }
    assert_int_equal(verified(), before);
}

static void boards_with_long_ids(void **state)
{
    char id[SIGNET_ENDPOINT_SIZE + 1];
    static const char *const names[] = {"a"};
    const struct signet_ledger_selection which = {.names = names, .name_count = 1, .state = -1};
    struct signet_ledger_decision how = {
        .size = sizeof(how), .what = SIGNET_LEDGER_REWORK, .board = id};

    (void)state;
    begin(9);
    memset(id, 'x', sizeof(id) - 1);
    id[sizeof(id) - 1] = '\0';
    refused(signet_ledger_decide(ledger, &which, &how, NULL, NULL, &err), SIGNET_E_USAGE,
            "hardware id is too long");
    id[SIGNET_ENDPOINT_SIZE - 1] = '\0'; /* that fits: there is no such device */
    err = (struct signet_error){0};
    signet_ledger_decide(ledger, &which, &how, NULL, NULL, &err);
    assert_null(strstr(err.msg, "too long"));
}

static void places_that_are_none(void **state)
{
    static const char *const places[] = {":memory:", "file:x", ":x"};
    const struct signet_ledger_options station = {.station = "A"};

    (void)state;
    if (on_postgres())
        skip();
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        refused(signet_ledger_open(&ledger, places[i], &station, &err), SIGNET_E_USAGE,
                "a ledger needs a path");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_text, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(names_that_are_none, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(decisions_that_are_none, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(boards_with_long_ids, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(places_that_are_none, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
