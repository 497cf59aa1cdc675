/* SPDX-License-Identifier: Apache-2.0 */
/* Which device was made on a board: by the name that it gave, else by its serial number.
 * wrap: signet_ledger_devices work_judged
 */
#include "line/work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct row {
    const char *endpoint, *hw_id;
    enum signet_device_state by_name, by_board; /* of the devices that the ledger has */
    int fails;
    const char *made; /* "": none */
    const char *asked;
} rows[] = {
    {"", "", SIGNET_DEVICE_DONE, SIGNET_DEVICE_DONE, SIGNET_OK, "", ""},
    {"n", "", SIGNET_DEVICE_DONE, SIGNET_DEVICE_DONE, SIGNET_OK, "name", "n"},
    {"", "h", SIGNET_DEVICE_DONE, SIGNET_DEVICE_DONE, SIGNET_OK, "board", "h"},
    {"n", "h", SIGNET_DEVICE_DONE, SIGNET_DEVICE_DONE, SIGNET_OK, "name", "n"},
    {"n", "h", SIGNET_DEVICE_WRITTEN, SIGNET_DEVICE_VERIFIED, SIGNET_OK, "board", "nh"},
    {"n", "h", SIGNET_DEVICE_VERIFIED, SIGNET_DEVICE_RESERVED, SIGNET_OK, "name", "n"},
    {"n", "h", SIGNET_DEVICE_WRITTEN, SIGNET_DEVICE_WRITTEN, SIGNET_OK, "", "nh"},
    {"n", "h", SIGNET_DEVICE_VOID, SIGNET_DEVICE_FAILED, SIGNET_OK, "", "nh"},
    {"n", "h", SIGNET_DEVICE_DONE, SIGNET_DEVICE_DONE, SIGNET_E_LEDGER, "", "n"},
    {"", "h", SIGNET_DEVICE_DONE, SIGNET_DEVICE_DONE, SIGNET_E_LEDGER, "", "h"},
};
static const struct row *row;
static char asked[4];

int __wrap_work_judged(struct work *w, int rc);
int __wrap_work_judged(struct work *w, int rc)
{
    w->ledger_refused = rc != SIGNET_OK;
    return rc;
}

int __wrap_signet_ledger_devices(struct signet_ledger *l, const struct signet_ledger_filter *filter,
                                 signet_ledger_device_each *each, void *ctx,
                                 struct signet_error *err);
int __wrap_signet_ledger_devices(struct signet_ledger *l, const struct signet_ledger_filter *filter,
                                 signet_ledger_device_each *each, void *ctx,
                                 struct signet_error *err)
{
    const struct signet_ledger_device d = {
        .order = "o",
        .endpoint = filter->endpoint ? "name" : "board",
        .slot = "3",
        .station = "A",
        .state = filter->endpoint ? row->by_name : row->by_board,
    };

    (void)l;
    snprintf(asked + strlen(asked), 2, "%s", filter->endpoint ? filter->endpoint : filter->hw_id);
    return row->fails ? error_set(err, (enum signet_code)row->fails, "so it is")
                      : each(ctx, &d, err);
}

static void made_before(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct job job = {0};
        struct work w = {.job = &job};
        struct signet_error err = {0};
        char says[80];

        row = &rows[i];
        asked[0] = '\0';
        int rc = work_made(&w, row->endpoint, row->hw_id, &err);
        snprintf(says, sizeof(says), "%s was made before: order o, slot 3 of station A, 1970",
                 row->made);
        if (rc != (row->fails   ? row->fails
                   : *row->made ? SIGNET_E_PROVISIONED
                                : SIGNET_OK) ||
            strcmp(w.made, row->made) != 0 || strcmp(asked, row->asked) != 0 ||
            (*row->made && !strstr(err.msg, says)))
            fail_msg("row %zu: %d '%s', asked for %s: %s", i, rc, w.made, asked, err.msg);
        assert_int_equal(w.ledger_refused, row->fails != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(made_before)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
