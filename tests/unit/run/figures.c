/* SPDX-License-Identifier: Apache-2.0 */
/* What a monitoring system sees of a run: cycle times, errors, alarms. */
#include "run/control.h"

#include <setjmp.h>
#include <signet/run.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct signet_order order = {.name = "o",
                                          .quota = 10,
                                          .slots = {{.name = "1"}},
                                          .slot_count = 1,
                                          .servers = {{.name = "coiote"}},
                                          .server_count = 1};

static void add(struct signet_status *status, enum signet_event_kind kind, const char *stage,
                const char *slot, const struct signet_error *why)
{
    signet_status_add(
        status, &(struct signet_event){.kind = kind, .stage = stage, .board = slot, .error = why});
}

static void boards_are_counted(void **state)
{
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "no answer", .hint = "press"};
    struct signet_figures f;
    struct signet_slot_status slot;
    struct signet_status *status = NULL;

    (void)state;
    assert_int_equal(signet_status_new(&status, &order, NULL), SIGNET_OK);
    add(status, SIGNET_EVENT_SLOT, "working", "1", NULL);
    add(status, SIGNET_EVENT_RETRY, "device", "1", &why);
    add(status, SIGNET_EVENT_RETRY, "load", "1", &why); /* a part of the board's work */
    add(status, SIGNET_EVENT_SLOT, "pass", "1", NULL);
    add(status, SIGNET_EVENT_SLOT, "working", "1", NULL);
    add(status, SIGNET_EVENT_SLOT, "fail", "1", &why);
    signet_status_slot(status, 0, &slot);
    assert_string_equal(slot.hint, "press");
    add(status, SIGNET_EVENT_SLOT, "working", "1", NULL);
    signet_status_slot(status, 0, &slot);
    assert_string_equal(slot.hint, "");
    add(status, SIGNET_EVENT_SLOT, "made-before", "1", NULL);
    signet_status_figures(status, &f);
    assert_int_equal(f.cycles[0], 1);
    assert_true(f.cycle_seconds >= 0 && f.cycle_seconds < 1000);
    assert_int_equal(f.errors[SIGNET_E_BOARD], 1);
    assert_int_equal(f.retries, 1);
    assert_int_equal(f.made_before, 1);
    signet_status_free(&status);
}

static void bounds_rise(void **state)
{
    (void)state;
    for (size_t i = 1; i < SIGNET_CYCLE_BOUNDS; i++)
        assert_true(signet_cycle_bound(i) > signet_cycle_bound(i - 1));
}

static void alarms_are_the_last_ones(void **state)
{
    struct signet_error why = {.code = SIGNET_E_NET};
    struct signet_figures f;
    struct signet_status *status = NULL;
    bool last = false, first = false;

    (void)state;
    assert_int_equal(signet_status_new(&status, &order, NULL), SIGNET_OK);
    for (int i = 0; i < SIGNET_ALARMS + 2; i++) {
        snprintf(why.msg, sizeof(why.msg), "server %d is away", i);
        add(status, SIGNET_EVENT_WARNING, "register", NULL, &why);
        add(status, SIGNET_EVENT_WARNING, "register", NULL, &why);
    }
    add(status, SIGNET_EVENT_STAGE_END, "register", NULL, &why); /* a device was set aside */
    add(status, SIGNET_EVENT_STAGE_END, "load", "1", &why);      /* its slot shows it */
    add(status, SIGNET_EVENT_WARNING, "register", NULL, NULL);   /* no words, no alarm */
    signet_status_figures(status, &f);
    assert_int_equal(f.alarm_count, SIGNET_ALARMS);
    for (size_t i = 0; i < f.alarm_count; i++) {
        bool is_last = strcmp(f.alarms[i].text, why.msg) == 0;
        assert_int_equal(f.alarms[i].count, is_last ? 3 : 2);
        assert_true(f.alarms[i].seconds >= 0);
        last = last || is_last;
        first = first || strcmp(f.alarms[i].text, "server 0 is away") == 0;
    }
    assert_true(last && !first);
    signet_status_free(&status);
}

/* Over the socket, and as JSON. */
static void they_come_back(void **state)
{
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "no \"answer\"", .hint = "go"};
    struct signet_control_view view = {0};
    struct signet_status *status = NULL;
    struct signet_bytes json = {0};
    struct buf text = {0};

    (void)state;
    assert_int_equal(signet_status_new(&status, &order, NULL), SIGNET_OK);
    add(status, SIGNET_EVENT_WARNING, "register", NULL, &why);
    add(status, SIGNET_EVENT_SLOT, "working", "1", NULL);
    add(status, SIGNET_EVENT_SLOT, "pass", "1", NULL);
    add(status, SIGNET_EVENT_SLOT, "working", "1", NULL);
    add(status, SIGNET_EVENT_SLOT, "fail", "1", &why);
    control_put_status(&text, status);
    assert_int_equal(control_read_answer((char *)text.data, &view, NULL), SIGNET_OK);
    assert_int_equal(view.order.server_count, 1);
    assert_string_equal(view.order.servers[0], "coiote");
    assert_int_equal(view.figures.cycles[0], 1);
    assert_int_equal(view.figures.errors[SIGNET_E_BOARD], 1);
    assert_int_equal(view.figures.alarm_count, 1);
    assert_string_equal(view.figures.alarms[0].hint, "go");
    assert_int_equal(view.figures.alarms[0].count, 1);
    assert_string_equal(view.slots[0].hint, "go");
    view.slots[0].state = (enum signet_slot_state)99; /* whoever filled it in */
    assert_int_equal(signet_control_view_json(&view, &json, NULL), SIGNET_OK);
    assert_non_null(strstr((const char *)json.data, "\"state\": \"?\""));
    signet_bytes_free(&json);
    view.slots[0].state = SIGNET_SLOT_FAIL;
    assert_int_equal(signet_control_view_json(&view, &json, NULL), SIGNET_OK);
    const char *told = (const char *)json.data;
    assert_non_null(strstr(told, "{\"event\": \"status\", \"order\": \"o\", \"operator\": \"\", "));
    assert_non_null(
        strstr(told, "\"alarms\": [{\"message\": \"no \\\"answer\\\"\", \"hint\": \"go\","));
    assert_non_null(strstr(told,
                           "\"slots\": [{\"slot\": \"1\", \"state\": \"fail\", \"off\": false, "
                           "\"stage\": \"\", \"endpoint\": \"\", "));
    assert_non_null(strstr(told, "\"reason\": \"no \\\"answer\\\"\", \"hint\": \"go\"}]}"));
    signet_bytes_free(&json);
    free(view.slots);
    buf_free(&text);
    signet_status_free(&status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boards_are_counted), cmocka_unit_test(bounds_rise),
        cmocka_unit_test(alarms_are_the_last_ones), cmocka_unit_test(they_come_back)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
