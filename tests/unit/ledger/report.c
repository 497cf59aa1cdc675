/* SPDX-License-Identifier: Apache-2.0 */
/* Reports, from events: boards of a line, devices without boards, shifts, what came later. */
#include <setjmp.h>
#include <signet/ledger_read.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static char seen[8192];

static int one_row(void *ctx, const struct signet_report_row *r, struct signet_error *error)
{
    size_t n = strlen(seen);

    (void)ctx;
    (void)error;
    snprintf(seen + n, sizeof(seen) - n, "%s:%lld/%lld/%lld/%lld/%lld/%lld%s%s\n", r->name,
             (long long)r->passed, (long long)r->first_pass, (long long)r->failed,
             (long long)r->made_before, (long long)r->refused, (long long)r->done,
             r->message[0] ? " " : "", r->message);
    return SIGNET_OK;
}

static void says(struct signet_report_options options, const char *wanted)
{
    seen[0] = '\0';
    must(signet_ledger_report(ledger, &options, one_row, NULL, &err));
    assert_string_equal(seen, wanted);
}

#define BY(what) ((struct signet_report_options){.by = SIGNET_REPORT_BY_##what})

static void board(const char *slot, const char *verdict, unsigned retries, const char *shift,
                  struct signet_lease *lease, enum signet_device_state to)
{
    const struct signet_error why = {.code = SIGNET_E_TIMEOUT, .msg = "no answer"};
    struct signet_ledger_board b = {.slot = slot,
                                    .verdict = verdict,
                                    .shift = shift,
                                    .seconds = 10,
                                    .retries = retries,
                                    .why = strcmp(verdict, "pass") ? &why : NULL};

    must(signet_ledger_board(ledger, order, &b, lease, to, NULL, &err));
}

static struct signet_lease half_made(const char *name, const char *slot)
{
    struct signet_lease lease = reserve(name, slot);

    bring(&lease, SIGNET_DEVICE_WRITTEN, name);
    return lease;
}

static void a_day_of_boards(void **state)
{
    struct signet_lease one, two, three;

    (void)state;
    begin(9);
    one = half_made("one", "1");
    board("1", "pass", 0, "night", &one, SIGNET_DEVICE_VERIFIED);
    two = half_made("two", "2");
    board("2", "pass", 1, "night", &two, SIGNET_DEVICE_VERIFIED);
    three = half_made("three", "2");
    board("2", "fail", 0, "day", &three, SIGNET_DEVICE_FAILED);
    board("3", "fail", 0, NULL, NULL, SIGNET_DEVICE_FAILED); /* no name was known */
    board("3", "made-before", 0, NULL, NULL, SIGNET_DEVICE_FAILED);
    says(BY(ORDER), "o:2/1/2/1/0/0\n");
    says(BY(SLOT), "A/1:1/1/0/0/0/0\nA/2:1/0/1/0/0/0\nA/3:0/0/1/1/0/0\n");
    says(BY(SHIFT), ":0/0/1/1/0/0\nday:0/0/1/0/0/0\nnight:2/1/0/0/0/0\n");
    says(BY(ERROR), "timeout:0/0/2/0/0/0 no answer\n");
    verified();
}

/* A server or a proof that refuses, and the end, are told by the devices themselves. */
static void what_comes_later(void **state)
{
    const struct signet_error why = {.code = SIGNET_E_EXISTS, .msg = "another has it"};
    const struct signet_report_options none = {.by = SIGNET_REPORT_BY_ORDER, .order = "p"};
    struct signet_lease one, two;

    (void)state;
    begin(9);
    one = half_made("one", "1");
    board("1", "pass", 0, NULL, &one, SIGNET_DEVICE_VERIFIED);
    two = half_made("two", "1");
    board("1", "pass", 0, NULL, &two, SIGNET_DEVICE_VERIFIED);
    must(signet_ledger_set_aside(ledger, &one, &why, &err));
    must(signet_ledger_advance(ledger, &two, SIGNET_DEVICE_DONE, NULL, &err));
    says(BY(ORDER), "o:2/2/0/0/1/1\n");
    says(BY(ERROR), "exists:0/0/0/0/1/0 another has it\n");
    says(none, "");
}

/* Orders without boards have no events of boards. */
static void devices_without_boards(void **state)
{
    const struct signet_error why = {.code = SIGNET_E_IO, .msg = "full"};
    struct signet_lease lease;

    (void)state;
    begin(9);
    lease = reserve("verified", "mint");
    bring(&lease, SIGNET_DEVICE_WRITTEN, NULL);
    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_VERIFIED, NULL, &err));
    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_DONE, NULL, &err));
    lease = reserve("at-once", "mint");
    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_WRITING, NULL, &err));
    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_DONE, NULL, &err));
    lease = reserve("aside", "mint");
    must(signet_ledger_fail(ledger, &lease, &why, &err));
    must(signet_ledger_rework(ledger, "aside", &err));
    must(signet_ledger_claim(ledger, order, "aside", NULL, "mint", &lease, &err));
    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_WRITING, NULL, &err));
    must(signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_VERIFIED, NULL, &err));
    says(BY(SLOT), "A/mint:3/2/1/0/0/2\n");
}

static void a_time_and_a_station(void **state)
{
    const struct signet_report_options later = {.by = SIGNET_REPORT_BY_ORDER,
                                                .since = INT64_C(4000000000)},
                                       before = {.by = SIGNET_REPORT_BY_ORDER, .until = 1000},
                                       whole = {.by = SIGNET_REPORT_BY_STATION,
                                                .since = 1000,
                                                .until = INT64_C(4000000000)},
                                       elsewhere = {.by = SIGNET_REPORT_BY_STATION, .station = "B"};

    (void)state;
    begin(9);
    board("1", "fail", 0, NULL, NULL, SIGNET_DEVICE_FAILED);
    says(later, "");
    says(before, "");
    says(whole, "A:0/0/1/0/0/0\n");
    says(elsewhere, "");
}

static int one_run(void *ctx, const struct signet_run_record *run, struct signet_error *error)
{
    size_t n = strlen(seen);

    (void)error;
    snprintf(seen + n, sizeof(seen) - n, "%s %s %s: %d/%d/%.1f\n", run->order, run->station,
             run->json, (int)run->done, (int)run->passed, run->seconds);
    return *(int *)ctx;
}

static void reports_of_runs(void **state)
{
    const struct signet_report_options all = {0}, of_another = {.order = "p"};
    int answer = SIGNET_OK;

    (void)state;
    begin(9);
    must(signet_ledger_run(ledger, order, "{\"done\": 1}", &err));
    must(signet_ledger_run(ledger, order, "{\"made\": 3, \"seconds\": 4.5}", &err));
    seen[0] = '\0';
    must(signet_ledger_runs(ledger, &all, one_run, &answer, &err));
    assert_string_equal(
        seen, "o A {\"done\": 1}: 1/0/0.0\no A {\"made\": 3, \"seconds\": 4.5}: 0/3/4.5\n");
    seen[0] = '\0';
    must(signet_ledger_runs(ledger, &of_another, one_run, &answer, &err));
    assert_string_equal(seen, "");
    answer = SIGNET_E_IO;
    assert_int_equal(signet_ledger_runs(ledger, &all, one_run, &answer, &err), SIGNET_E_IO);
    assert_string_equal(seen, "o A {\"done\": 1}: 1/0/0.0\n");
    assert_int_equal(signet_ledger_run(ledger, 99, "{}", &err), SIGNET_E_USAGE);
    verified();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_day_of_boards, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(what_comes_later, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(devices_without_boards, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_time_and_a_station, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(reports_of_runs, place_setup, place_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
