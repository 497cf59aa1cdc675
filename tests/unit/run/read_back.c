/* SPDX-License-Identifier: Apache-2.0 */
/* Whose label has the code?
 * wrap: signet_ledger_devices label_has_code signet_ledger_label
 */
#include "run/read_back.h"

#include <setjmp.h>
#include <signet/ledger_read.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct signet_ledger_device devices[2];
static char recorded[SIGNET_ENDPOINT_SIZE]; /* the device of the event; "": there is none */

int __wrap_signet_ledger_devices(struct signet_ledger *ledger,
                                 const struct signet_ledger_filter *filter,
                                 int (*row)(void *ctx, const struct signet_ledger_device *device,
                                            struct signet_error *err),
                                 void *ctx, struct signet_error *err);
int __wrap_label_has_code(const struct label *label, const struct signet_label_device *device,
                          const char *code, bool *has, struct signet_error *err);
int __wrap_signet_ledger_label(struct signet_ledger *ledger, const char *endpoint,
                               enum signet_ledger_label what, const char *detail,
                               struct signet_error *err);

int __wrap_signet_ledger_devices(struct signet_ledger *ledger,
                                 const struct signet_ledger_filter *filter,
                                 int (*row)(void *ctx, const struct signet_ledger_device *device,
                                            struct signet_error *err),
                                 void *ctx, struct signet_error *err)
{
    int rc = SIGNET_OK;
    (void)ledger;

    for (size_t i = 0; i < 2 && rc == SIGNET_OK; i++)
        if (filter->state < 0 || filter->state == (int)devices[i].state)
            rc = row(ctx, &devices[i], err);
    return rc;
}

/* Here a label has the hardware id of its board. */
int __wrap_label_has_code(const struct label *label, const struct signet_label_device *device,
                          const char *code, bool *has, struct signet_error *err)
{
    (void)label, (void)err;
    *has = strcmp(device->hw_id, code) == 0;
    return SIGNET_OK;
}

int __wrap_signet_ledger_label(struct signet_ledger *ledger, const char *endpoint,
                               enum signet_ledger_label what, const char *detail,
                               struct signet_error *err)
{
    (void)ledger, (void)detail, (void)err;
    assert_int_equal(what, SIGNET_LABEL_READ);
    snprintf(recorded, sizeof(recorded), "%s", endpoint);
    return SIGNET_OK;
}

static int read_at(const char *slot)
{
    const struct signet_order order = {.name = "o", .station = "A"};
    struct label_read read = {.order = &order, .code = "B2", .slot = slot};

    recorded[0] = '\0';
    int rc = run_read_label(&read, NULL);
    assert_string_equal(recorded, rc == SIGNET_OK ? "two" : "");
    return rc;
}

static void begin(void)
{
    devices[0] = (struct signet_ledger_device){
        .endpoint = "one", .hw_id = "B1", .slot = "1", .station = "A", .state = SIGNET_DEVICE_DONE};
    devices[1] = devices[0];
    devices[1].endpoint = "two";
    devices[1].hw_id = "B2";
}

static void a_label_is_of_the_newest_edition_and_of_this_ledger(void **state)
{
    (void)state;
    begin();
    assert_int_equal(read_at("1"), SIGNET_OK);
    devices[1].freed = true; /* the board of its edition before */
    assert_int_equal(read_at("1"), SIGNET_E_NOT_FOUND);
    devices[1].freed = false;
    devices[1].imported = true;
    assert_int_equal(read_at("1"), SIGNET_E_NOT_FOUND);
}

static void it_is_read_where_its_board_was_made(void **state)
{
    (void)state;
    begin();
    assert_int_equal(read_at(NULL), SIGNET_OK);
    devices[1].slot = "2";
    assert_int_equal(read_at("1"), SIGNET_E_CONFLICT);
    devices[1].slot = "1";
    devices[1].station = "B";
    assert_int_equal(read_at("1"), SIGNET_E_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label_is_of_the_newest_edition_and_of_this_ledger),
        cmocka_unit_test(it_is_read_where_its_board_was_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
