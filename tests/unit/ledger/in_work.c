/* SPDX-License-Identifier: Apache-2.0 */
/* What other stations have in hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static int add_row(void *ctx, const struct signet_ledger_in_work *w, struct signet_error *e)
{
    char *text = ctx;
    size_t used = strlen(text);

    (void)e;
    snprintf(text + used, 200 - used, "%s %d %d %d;", w->station, (int)w->begun, (int)w->exposed,
             (int)w->waiting);
    return SIGNET_OK;
}

static void in_work_is(const char *wanted)
{
    char text[200] = "";

    must(signet_ledger_in_work(ledger, order, add_row, text, &err));
    assert_string_equal(text, wanted);
}

static void what_others_have(void **state)
{
    struct signet_lease lease[6];
    const char *const names[] = {"a", "b", "c", "d", "e", "f"};

    (void)state;
    begin(9);
    for (size_t i = 0; i < 6; i++)
        lease[i] = reserve(names[i], "1");
    bring(&lease[1], SIGNET_DEVICE_WRITING, "1");
    bring(&lease[2], SIGNET_DEVICE_VERIFIED, "2");
    bring(&lease[3], SIGNET_DEVICE_DONE, "3");
    must(signet_ledger_void(ledger, "e", "test", &err));
    must(signet_ledger_release(ledger, &lease[5], &err)); /* nobody has it */
    in_work_is("");                                       /* what is ours is not elsewhere */
    signet_ledger_close(&ledger);
    open_as("B");
    in_work_is("A 1 1 1;");
    sql("UPDATE devices SET lease_until = 1, changed = changed - 1000"); /* long ago */
    in_work_is("");
    sql("UPDATE devices SET lease_until = changed + 1000000"); /* a clock that was ahead */
    in_work_is("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_others_have, place_setup, place_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
