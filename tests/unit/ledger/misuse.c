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
        cmocka_unit_test_setup_teardown(boards_with_long_ids, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(places_that_are_none, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
