/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of the control socket: what is written is read again, and nothing else is believed. */
#include "run/control.h"

#include <setjmp.h>
#include <signet/run.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct signet_order order = {.name = "o",
                                          .operator_name = "J\303\274rgen",
                                          .shift = "night",
                                          .quota = 10,
                                          .slots = {{.name = "left one"}, {.name = "right"}},
                                          .slot_count = 2};

static void add(struct signet_status *status, enum signet_event_kind kind, const char *stage,
                const char *slot, const char *name, const struct signet_error *why)
{
    signet_status_add(status, &(struct signet_event){.kind = kind,
                                                     .stage = stage,
                                                     .board = slot,
                                                     .name = name,
                                                     .endpoint = why ? "urn:x" : NULL,
                                                     .error = why});
}

static void a_status_comes_back(void **state)
{
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "no\nanswer \033[31m"};
    struct signet_control_view view = {0};
    struct signet_status *status = NULL;
    struct buf text = {0};

    (void)state;
    assert_int_equal(signet_status_new(&status, &order, NULL), SIGNET_OK);
    add(status, SIGNET_EVENT_LINE, "paused", NULL, NULL, NULL);
    add(status, SIGNET_EVENT_LINE, "off", "right", NULL, NULL);
    add(status, SIGNET_EVENT_LINE, "operator", NULL, "Zo\303\253 S.", NULL);
    add(status, SIGNET_EVENT_SLOT, "working", "left one", NULL, NULL);
    add(status, SIGNET_EVENT_SLOT, "fail", "left one", NULL, &why);
    add(status, SIGNET_EVENT_SLOT, "working", "right", NULL, NULL); /* it stays off */
    control_put_status(&text, status);
    assert_int_equal(buf_check(&text, NULL), SIGNET_OK);
    assert_int_equal(control_read_answer((char *)text.data, &view, NULL), SIGNET_OK);
    assert_string_equal(view.order.name, "o");
    assert_string_equal(view.order.operator_name, "Zo\303\253 S.");
    assert_string_equal(view.order.shift, "night");
    assert_true(view.order.paused && !view.order.stopping);
    assert_int_equal(view.order.quota, 10);
    assert_int_equal(view.order.failed, 1);
    assert_true(view.order.left < 0);
    assert_int_equal(view.slot_count, 2);
    assert_string_equal(view.slots[0].name, "left one");
    assert_int_equal(view.slots[0].state, SIGNET_SLOT_FAIL);
    assert_string_equal(view.slots[0].endpoint, "urn:x");
    assert_string_equal(view.slots[0].reason, "no\\x0aanswer \\x1b[31m");
    assert_int_equal(view.slots[1].state, SIGNET_SLOT_WORKING);
    assert_true(view.slots[1].off && !view.slots[0].off);
    free(view.slots);
    buf_free(&text);
    signet_status_free(&status);
}

static void every_state_has_a_word(void **state)
{
    static const char *const words[] = {"empty",       "working", "pass",   "fail",
                                        "made-before", "closed",  "halted", "waiting"};
    struct signet_control_view view = {0};
    char text[128];

    (void)state;
    for (int i = SIGNET_SLOT_EMPTY; i <= SIGNET_SLOT_WAITING; i++) {
        snprintf(text, sizeof(text), "ok \norder o\nslot 1\nstate %s\nunknown x\n", words[i]);
        assert_int_equal(control_read_answer(text, &view, NULL), SIGNET_OK);
        assert_int_equal(view.slots[0].state, i);
        free(view.slots);
        view = (struct signet_control_view){0};
    }
}

static void an_error_comes_back(void **state)
{
    struct signet_error why = {0}, err = {0};
    struct signet_control_view view = {0};
    struct buf text = {0};

    (void)state;
    error_set_hint(&why, SIGNET_E_NOT_FOUND, "known: 1, 2", "unknown slot '3'");
    control_put_error(&text, &why);
    assert_int_equal(control_read_answer((char *)text.data, &view, &err), SIGNET_E_NOT_FOUND);
    assert_string_equal(err.msg, "unknown slot '3'");
    assert_string_equal(err.hint, "known: 1, 2");
    buf_free(&text);
}

static void nothing_else_is_believed(void **state)
{
    static const char *const bad[] = {"",
                                      "ok",
                                      "ok \n",
                                      "ok \npaused 1\n",
                                      "error 0\nmessage x\n",
                                      "error -1\n",
                                      "error 32\n",
                                      "error x\n",
                                      "okay \norder o\n",
                                      "ok \norder \033[31m\n",
                                      "ok \norder o\nslot \377\n",
                                      "error 5\nmessage \a\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct signet_control_view view = {0};
        struct signet_error err = {0};
        char *text = strdup(bad[i]);
        int rc = control_read_answer(text, &view, &err);
        if (rc != SIGNET_E_SYNTAX && rc != SIGNET_E_MEANING)
            fail_msg("%s: %d", bad[i], rc);
        free(view.slots);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_comes_back),
        cmocka_unit_test(every_state_has_a_word),
        cmocka_unit_test(an_error_comes_back),
        cmocka_unit_test(nothing_else_is_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
