/* SPDX-License-Identifier: Apache-2.0 */
/* Outcomes of units, counted by group. */
#include "ledger/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct report_groups *groups;
static struct signet_error err;
static char seen[8192];

static int one_row(void *ctx, const struct signet_report_row *r, struct signet_error *error)
{
    size_t n = strlen(seen);
    const int *stop = ctx;

    (void)error;
    snprintf(seen + n, sizeof(seen) - n, "%s:%lld/%lld/%lld/%lld/%lld/%lld%s%s\n", r->name,
             (long long)r->passed, (long long)r->first_pass, (long long)r->failed,
             (long long)r->made_before, (long long)r->refused, (long long)r->done,
             r->message[0] ? " " : "", r->message);
    return stop ? *stop : SIGNET_OK;
}

static void begin(enum signet_report_by by)
{
    seen[0] = '\0';
    assert_int_equal(report_groups_new(&groups, by, &err), SIGNET_OK);
}

static void end_with(const char *wanted)
{
    assert_int_equal(report_groups_give(groups, one_row, NULL, &err), SIGNET_OK);
    assert_string_equal(seen, wanted);
    report_groups_free(groups);
}

static struct outcome unit(enum outcome_kind kind)
{
    return (struct outcome){.kind = kind,
                            .time = 1795867200, /* 2026-11-28T12:00:00Z */
                            .order = "o",
                            .station = "A",
                            .slot = "1",
                            .operator_name = "ann",
                            .shift = "night",
                            .code = "",
                            .message = ""};
}

static void add(struct outcome o)
{
    assert_int_equal(report_groups_add(groups, &o, &err), SIGNET_OK);
}

static void each_kind_has_its_count(void **state)
{
    struct outcome o = unit(OUTCOME_PASSED);

    (void)state;
    begin(SIGNET_REPORT_BY_ORDER);
    add(o);
    o.first_pass = true;
    add(o);
    add(unit(OUTCOME_FAILED));
    add(unit(OUTCOME_FAILED));
    add(unit(OUTCOME_FAILED));
    add(unit(OUTCOME_MADE_BEFORE));
    add(unit(OUTCOME_REFUSED));
    add(unit(OUTCOME_REFUSED));
    add(unit(OUTCOME_DONE));
    end_with("o:2/1/3/1/2/1\n");
}

static void slots_come_as_people_number_them(void **state)
{
    struct outcome o = unit(OUTCOME_PASSED);

    (void)state;
    begin(SIGNET_REPORT_BY_SLOT);
    o.slot = "10";
    add(o);
    o.slot = "2";
    add(o);
    o.slot = "1";
    add(o);
    end_with("A/1:1/0/0/0/0/0\nA/2:1/0/0/0/0/0\nA/10:1/0/0/0/0/0\n");
}

static void a_day_is_the_local_one(void **state)
{
    struct outcome o = unit(OUTCOME_PASSED);

    (void)state;
    setenv("TZ", "UTC-14", 1); /* 14 hours ahead: it is the 29th there */
    tzset();
    begin(SIGNET_REPORT_BY_DAY);
    add(o);
    o.time -= 12 * 3600 + 1;
    add(o);
    end_with("2026-11-28:1/0/0/0/0/0\n2026-11-29:1/0/0/0/0/0\n");
    setenv("TZ", "UTC", 1);
    tzset();
}

static void errors_are_those_of_bad_units_with_the_last_message(void **state)
{
    struct outcome o = unit(OUTCOME_FAILED);

    (void)state;
    begin(SIGNET_REPORT_BY_ERROR);
    add(unit(OUTCOME_PASSED));
    add(unit(OUTCOME_MADE_BEFORE));
    add(unit(OUTCOME_DONE));
    o.code = "timeout";
    o.message = "first";
    add(o);
    o.message = "last";
    add(o);
    o.kind = OUTCOME_REFUSED;
    o.code = "exists";
    o.message = "taken";
    add(o);
    end_with("exists:0/0/0/0/1/0 taken\ntimeout:0/0/2/0/0/0 last\n");
}

static void names_of_people_and_stations(void **state)
{
    static const struct {
        enum signet_report_by by;
        const char *name;
    } each[] = {{SIGNET_REPORT_BY_SHIFT, "night:1/0/0/0/0/0\n"},
                {SIGNET_REPORT_BY_OPERATOR, "ann:1/0/0/0/0/0\n"},
                {SIGNET_REPORT_BY_STATION, "A:1/0/0/0/0/0\n"}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        begin(each[i].by);
        add(unit(OUTCOME_PASSED));
        end_with(each[i].name);
    }
    assert_string_equal(signet_report_by_name(SIGNET_REPORT_BY_ERROR), "error");
    assert_string_equal(signet_report_by_name((enum signet_report_by)SIGNET_REPORT_BYS), "?");
    assert_int_equal(report_groups_new(&groups, (enum signet_report_by)SIGNET_REPORT_BYS, &err),
                     SIGNET_E_USAGE);
}

static int keep_median(void *ctx, const struct signet_report_row *r, struct signet_error *error)
{
    double *times = ctx;

    (void)error;
    times[0] = r->median;
    times[1] = r->p95;
    return SIGNET_OK;
}

static void cycle_times_of_passed_boards(void **state)
{
    struct outcome o = unit(OUTCOME_PASSED);
    double times[2];

    (void)state;
    begin(SIGNET_REPORT_BY_ORDER);
    for (int i = 1; i <= 100; i++) {
        o.seconds = i;
        add(o);
    }
    o = unit(OUTCOME_FAILED);
    o.seconds = 5000;
    add(o);
    assert_int_equal(report_groups_give(groups, keep_median, times, &err), SIGNET_OK);
    report_groups_free(groups);
    assert_true(times[0] > 48.5 && times[0] < 51.5);
    assert_true(times[1] > 92.5 && times[1] < 97.5);
}

static void too_many_groups_are_refused(void **state)
{
    struct outcome o = unit(OUTCOME_PASSED);
    char name[16];
    int rc = SIGNET_OK, i;

    (void)state;
    begin(SIGNET_REPORT_BY_OPERATOR);
    o.operator_name = name;
    for (i = 0; rc == SIGNET_OK && i < 5000; i++) {
        snprintf(name, sizeof(name), "%d", i);
        rc = report_groups_add(groups, &o, &err);
    }
    assert_int_equal(rc, SIGNET_E_LIMIT);
    assert_int_equal(i, 4097);
    report_groups_free(groups);
}

static void a_row_that_says_no_ends_it(void **state)
{
    int stop = SIGNET_E_IO;

    (void)state;
    begin(SIGNET_REPORT_BY_OPERATOR);
    add(unit(OUTCOME_PASSED));
    assert_int_equal(report_groups_give(groups, one_row, &stop, &err), SIGNET_E_IO);
    report_groups_free(groups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_count),
        cmocka_unit_test(slots_come_as_people_number_them),
        cmocka_unit_test(a_day_is_the_local_one),
        cmocka_unit_test(errors_are_those_of_bad_units_with_the_last_message),
        cmocka_unit_test(names_of_people_and_stations),
        cmocka_unit_test(cycle_times_of_passed_boards),
        cmocka_unit_test(too_many_groups_are_refused),
        cmocka_unit_test(a_row_that_says_no_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
