/* SPDX-License-Identifier: Apache-2.0 */
/* The command that is asked before a board: what each exit status means, how long "later" is waited
 * for, and whose words are shown.
 * wrap: hook_call clock_ms cancel_sleep_until signet_board_state
 */
#include "line/work.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

/* What the command does at each call; the last row stays. */
static const struct said {
    int rc, status;
    const char *words;
} * script;
static size_t calls, sleeps;
static int64_t now;
static int sleep_rc;

int __wrap_hook_call(struct slot *slot, struct hook_call *call, struct signet_error *err);
int __wrap_hook_call(struct slot *slot, struct hook_call *call, struct signet_error *err)
{
    const struct said *s = script;

    (void)slot;
    calls++;
    if (script[1].words)
        script++;
    if (s->rc != SIGNET_OK)
        return error_set(err, (enum signet_code)s->rc, "it did not run");
    buf_text(call->output, s->words);
    call->status = s->status;
    return SIGNET_OK;
}

int64_t __wrap_clock_ms(void);
int64_t __wrap_clock_ms(void)
{
    return now;
}

int __wrap_cancel_sleep_until(const struct signet_cancel *cancel, int64_t until,
                              struct signet_error *err);
int __wrap_cancel_sleep_until(const struct signet_cancel *cancel, int64_t until,
                              struct signet_error *err)
{
    (void)cancel;
    assert_int_equal(until, now + 1000);
    now = until;
    sleeps++;
    return sleep_rc ? error_set(err, SIGNET_E_CANCELLED, "stopped") : SIGNET_OK;
}

void __wrap_signet_board_state(const struct signet_board *board, struct signet_board_state *out);
void __wrap_signet_board_state(const struct signet_board *board, struct signet_board_state *out)
{
    (void)board;
    *out = (struct signet_board_state){0};
    snprintf(out->serial, sizeof(out->serial), "of-the-programmer");
}

static struct signet_order order;
static struct line_setup setup = {.order = &order};
static struct job job;
static struct slot slot;
static struct work work = {.slot = &slot, .setup = &setup, .job = &job};

static int ask(const struct said *rows, struct signet_error *err)
{
    script = rows;
    calls = sleeps = 0;
    now = 0;
    *err = (struct signet_error){0};
    work.hw_id[0] = '\0';
    return work_ask_before(&work, err);
}

static const char *command[] = {"mes", NULL};

static void answers(void **state)
{
    static const struct {
        struct said said[3];
        int rc;
        const char *words;
        size_t calls;
    } rows[] = {
        {{{0, 0, "yes"}}, SIGNET_OK, "", 1},
        {{{0, 1, ""}}, SIGNET_E_REFUSED, "ask_before said no", 1},
        {{{0, 1, "\n  not this one\nmore"}},
         SIGNET_E_REFUSED,
         "ask_before said no: not this one",
         1},
        {{{0, 2, "?"}}, SIGNET_E_FLASH, "ask_before: exit status 2: ?", 1},
        {{{0, 75, "wait"}, {0, 0, ""}}, SIGNET_OK, "", 2},
        {{{0, 75, "wait"}, {0, 1, "no, after all"}},
         SIGNET_E_REFUSED,
         "ask_before said no: no, after all",
         2},
        {{{0, 75, "wait"}}, SIGNET_E_TIMEOUT, "ask_before gave no answer in 60 s: wait", 60},
        {{{SIGNET_E_TIMEOUT, 0, ""}}, SIGNET_E_TIMEOUT, "ask_before: it did not run", 1},
        {{{0, 75, "wait"}, {SIGNET_E_IO, 0, ""}}, SIGNET_E_IO, "ask_before: it did not run", 2},
    };

    (void)state;
    order.ask_before = command;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct signet_error err;
        int rc = ask(rows[i].said, &err);

        if (rc != rows[i].rc || strcmp(err.msg, rows[i].words) != 0 || calls != rows[i].calls)
            fail_msg("%zu: %d '%s' after %zu calls", i, rc, err.msg, calls);
        assert_string_equal(work.hw_id, rc == SIGNET_OK ? "" : "of-the-programmer");
    }
}

static void nobody_is_asked(void **state)
{
    static const struct said no[2] = {{0, 1, "no"}};
    struct signet_error err;

    (void)state;
    order.ask_before = NULL;
    assert_int_equal(ask(no, &err), SIGNET_OK);
    assert_int_equal(calls, 0);
}

static void the_run_ends_meanwhile(void **state)
{
    static const struct said later[2] = {{0, 75, "wait"}};
    struct signet_error err;

    (void)state;
    order.ask_before = command;
    sleep_rc = 1;
    assert_int_equal(ask(later, &err), SIGNET_E_CANCELLED);
    assert_int_equal(calls, 1);
    sleep_rc = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers), cmocka_unit_test(nobody_is_asked),
                                       cmocka_unit_test(the_run_ends_meanwhile)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
