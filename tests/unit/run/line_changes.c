/* SPDX-License-Identifier: Apache-2.0 */
/* What people at a line change: what is told of it, and what is refused before the line is asked.
 * wrap: line_pause line_slot line_again line_scan_drop job_report
 */
#include "run/private.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

/* What the line was asked, and what was told of it. */
static char asked[100], told[400];
static bool changed;
static int again_rc;

bool __wrap_line_pause(struct job *job, struct line_changes *changes, bool paused);
bool __wrap_line_pause(struct job *job, struct line_changes *changes, bool paused)
{
    (void)job, (void)changes;
    snprintf(asked, sizeof(asked), "pause %d", paused);
    return changed;
}

bool __wrap_line_slot(struct job *job, struct line_changes *changes, size_t slot, bool off);
bool __wrap_line_slot(struct job *job, struct line_changes *changes, size_t slot, bool off)
{
    size_t used = strlen(asked);

    (void)job, (void)changes;
    snprintf(asked + used, sizeof(asked) - used, "slot %zu %d", slot, off);
    return changed;
}

int __wrap_line_again(struct job *job, const struct line_changes *changes,
                      const struct signet_order *order, size_t slot, const char *reason,
                      struct signet_error *err);
int __wrap_line_again(struct job *job, const struct line_changes *changes,
                      const struct signet_order *order, size_t slot, const char *reason,
                      struct signet_error *err)
{
    (void)job, (void)changes, (void)order;
    snprintf(asked, sizeof(asked), "again %zu %zu", slot, reason ? strlen(reason) : 0);
    return again_rc ? error_set(err, SIGNET_E_BUSY, "not now") : SIGNET_OK;
}

void __wrap_line_scan_drop(struct job *job, struct line_scans *scans, size_t slot);
void __wrap_line_scan_drop(struct job *job, struct line_scans *scans, size_t slot)
{
    (void)job, (void)scans;
    snprintf(asked, sizeof(asked), "drop %zu ", slot);
}

void __wrap_job_report(struct job *job, const struct signet_event *event);
void __wrap_job_report(struct job *job, const struct signet_event *event)
{
    (void)job;
    assert_int_equal(event->kind, SIGNET_EVENT_LINE);
    snprintf(told, sizeof(told), "%s %s %s", event->stage, event->board ? event->board : "-",
             event->name ? event->name : "-");
}

static struct signet_order order;
static struct signet_run run;
static struct signet_error err;

static int set_up(void **state)
{
    static int scans;
    static char names[2][2] = {"1", "2"};

    (void)state;
    order = (struct signet_order){.recipe = "nrf91", .slot_count = 2};
    for (size_t i = 0; i < 2; i++)
        order.slots[i].name = names[i];
    run = (struct signet_run){.order = &order, .scans = (struct line_scans *)(void *)&scans};
    changed = true;
    again_rc = 0;
    asked[0] = told[0] = '\0';
    return 0;
}

static void want(const char *question, const char *words)
{
    assert_string_equal(asked, question);
    assert_string_equal(told, words);
    asked[0] = told[0] = '\0';
}

static void the_line_is_paused(void **state)
{
    (void)state;
    assert_int_equal(signet_run_pause(&run, true, &err), SIGNET_OK);
    want("pause 1", "paused - -");
    assert_int_equal(signet_run_pause(&run, false, &err), SIGNET_OK);
    want("pause 0", "resumed - -");
    changed = false; /* it was so before: nothing is told */
    assert_int_equal(signet_run_pause(&run, false, &err), SIGNET_OK);
    want("pause 0", "");
    order.recipe = NULL;
    assert_int_equal(signet_run_pause(&run, true, &err), SIGNET_E_UNSUPPORTED);
    want("", "");
}

/* What was scanned for a slot that is taken out is for nobody. */
static void a_slot_is_taken_out(void **state)
{
    (void)state;
    assert_int_equal(signet_run_slot(&run, "2", true, &err), SIGNET_OK);
    want("drop 1 slot 1 1", "off 2 -");
    assert_int_equal(signet_run_slot(&run, "2", false, &err), SIGNET_OK);
    want("slot 1 0", "on 2 -");
    changed = false;
    assert_int_equal(signet_run_slot(&run, "1", true, &err), SIGNET_OK);
    want("drop 0 slot 0 1", "");
    run.scans = NULL;
    assert_int_equal(signet_run_slot(&run, "1", true, &err), SIGNET_OK);
    want("slot 0 1", "");
    assert_int_equal(signet_run_slot(&run, "3", true, &err), SIGNET_E_NOT_FOUND);
    want("", "");
}

static void a_board_is_begun_again(void **state)
{
    (void)state;
    assert_int_equal(signet_run_retry(&run, "1", &err), SIGNET_OK);
    want("again 0 0", "retry 1 -");
    assert_int_equal(signet_run_rework(&run, "2", "it was loose", &err), SIGNET_OK);
    want("again 1 12", "rework 2 it was loose");
    assert_int_equal(signet_run_retry(&run, "3", &err), SIGNET_E_NOT_FOUND);
    assert_int_equal(signet_run_rework(&run, "3", "x", &err), SIGNET_E_NOT_FOUND);
    want("", "");
    again_rc = 1;
    assert_int_equal(signet_run_retry(&run, "1", &err), SIGNET_E_BUSY);
    want("again 0 0", "");
    assert_int_equal(signet_run_rework(&run, "1", "x", &err), SIGNET_E_BUSY);
    want("again 0 1", "");
}

static void the_reason_of_a_rework(void **state)
{
    static const char *const bad[] = {NULL, "", "   ", "a\nb", "\xff"};
    char longest[LINE_REASON_SIZE + 1], words[60];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_not_equal(signet_run_rework(&run, "1", bad[i], &err), SIGNET_OK);
        want("", "");
    }
    memset(longest, 'x', sizeof(longest));
    longest[LINE_REASON_SIZE] = '\0';
    assert_int_equal(signet_run_rework(&run, "1", longest, &err), SIGNET_E_USAGE);
    snprintf(words, sizeof(words), "a reason has at most %d bytes", LINE_REASON_SIZE - 1);
    assert_string_equal(err.msg, words);
    want("", "");
    longest[LINE_REASON_SIZE - 1] = '\0';
    assert_int_equal(signet_run_rework(&run, "1", longest, &err), SIGNET_OK);
    assert_int_equal(strlen(told), strlen("rework 1 ") + LINE_REASON_SIZE - 1);
}

static void whose_names_are_refused(void **state)
{
    static const struct {
        const char *operator_name, *shift;
        int rc;
        const char *words;
    } rows[] = {{NULL, NULL, SIGNET_OK, ""},
                {"Ann", "day", SIGNET_OK, ""},
                {"a\nb", "day", SIGNET_E_USAGE, "operator"},
                {"Ann", "a\nb", SIGNET_E_USAGE, "shift"},
                {NULL, "a\nb", SIGNET_E_USAGE, "shift"},
                {"a\nb", NULL, SIGNET_E_USAGE, "operator"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        order.operator_name = (char *)(uintptr_t)rows[i].operator_name;
        order.shift = (char *)(uintptr_t)rows[i].shift;
        err = (struct signet_error){0};
        if (run_check_names(&run, &err) != rows[i].rc || !strstr(err.msg, rows[i].words))
            fail_msg("%zu: %d %s", i, err.code, err.msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_line_is_paused, set_up),
        cmocka_unit_test_setup(a_slot_is_taken_out, set_up),
        cmocka_unit_test_setup(a_board_is_begun_again, set_up),
        cmocka_unit_test_setup(the_reason_of_a_rework, set_up),
        cmocka_unit_test_setup(whose_names_are_refused, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
