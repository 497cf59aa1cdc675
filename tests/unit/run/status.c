/* SPDX-License-Identifier: Apache-2.0 */
/* What a panel or a page sees of a run. */
#include <setjmp.h>
#include <signet/status.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct signet_order order = {
    .name = "o", .quota = 10, .slots = {{.name = "left"}, {.name = "right"}}, .slot_count = 2};

static struct signet_status *make(void)
{
    struct signet_status *status = NULL;

    assert_int_equal(signet_status_new(&status, &order, NULL), SIGNET_OK);
    return status;
}

static void slot_is(struct signet_status *status, const char *slot, const char *state,
                    const char *endpoint, const struct signet_error *why)
{
    signet_status_add(status, &(struct signet_event){.kind = SIGNET_EVENT_SLOT,
                                                     .board = slot,
                                                     .stage = state,
                                                     .endpoint = endpoint,
                                                     .error = why});
}

static void stage(struct signet_status *status, const char *slot, const char *name)
{
    signet_status_add(status, &(struct signet_event){
                                  .kind = SIGNET_EVENT_STAGE_BEGIN, .board = slot, .stage = name});
}

static struct signet_slot_status left(struct signet_status *status)
{
    struct signet_slot_status out;

    signet_status_slot(status, 0, &out);
    return out;
}

static struct signet_order_status whole(struct signet_status *status)
{
    struct signet_order_status out;

    signet_status_order(status, &out);
    return out;
}

static void a_board_passes(void **state)
{
    struct signet_status *status = make();

    (void)state;
    assert_int_equal(signet_status_slot_count(status), 2);
    assert_string_equal(left(status).name, "left");
    assert_int_equal(left(status).state, SIGNET_SLOT_EMPTY);
    slot_is(status, "left", "working", NULL, NULL);
    assert_int_equal(left(status).state, SIGNET_SLOT_WORKING);
    assert_true(left(status).part < 0.01);
    stage(status, "left", "load");
    signet_status_add(status, &(struct signet_event){.kind = SIGNET_EVENT_PROGRESS,
                                                     .board = "left",
                                                     .stage = "load",
                                                     .done = 50,
                                                     .total = 100});
    assert_string_equal(left(status).stage, "load");
    assert_true(left(status).part > 0.57 && left(status).part < 0.59); /* 3.5 of 6 stages */
    slot_is(status, "left", "pass", "urn:1", NULL);
    assert_int_equal(left(status).state, SIGNET_SLOT_PASS);
    assert_string_equal(left(status).endpoint, "urn:1");
    assert_true(left(status).part == 1);
    assert_int_equal(whole(status).passed, 1);
    assert_int_equal(whole(status).first_pass, 1);
    slot_is(status, "left", "closed", NULL, NULL); /* what came of the last board stays */
    assert_int_equal(left(status).state, SIGNET_SLOT_PASS);
    slot_is(status, "left", "working", NULL, NULL);
    assert_string_equal(left(status).endpoint, "");
    signet_status_free(&status);
    assert_null(status);
}

static void a_board_fails_after_a_second_attempt(void **state)
{
    const struct signet_error why = {.code = SIGNET_E_TIMEOUT, .msg = "no answer in time"};
    struct signet_status *status = make();
    struct signet_event retry = {
        .kind = SIGNET_EVENT_RETRY, .board = "left", .stage = "device", .error = &why};

    (void)state;
    slot_is(status, "left", "working", NULL, NULL);
    assert_true(signet_event_is_retry(&retry));
    signet_status_add(status, &retry);
    assert_true(left(status).retried);
    slot_is(status, "left", "fail", "urn:1", &why);
    assert_int_equal(left(status).state, SIGNET_SLOT_FAIL);
    assert_string_equal(left(status).reason, "no answer in time");
    assert_int_equal(whole(status).failed, 1);
    slot_is(status, "left", "working", NULL, NULL);
    assert_string_equal(left(status).reason, "");
    signet_status_add(status, &retry);
    slot_is(status, "left", "pass", "urn:1", NULL);
    assert_int_equal(whole(status).passed, 1);
    assert_int_equal(whole(status).first_pass, 0);
    retry.stage = "register"; /* a request that is sent again is no news */
    assert_false(signet_event_is_retry(&retry));
    signet_status_free(&status);
}

static void a_board_was_made_before(void **state)
{
    const struct signet_error why = {.code = SIGNET_E_PROVISIONED, .msg = "it holds credentials"};
    struct signet_status *status = make();

    (void)state;
    slot_is(status, "left", "working", NULL, NULL);
    slot_is(status, "left", "made-before", NULL, &why);
    assert_int_equal(left(status).state, SIGNET_SLOT_MADE_BEFORE);
    assert_string_equal(left(status).endpoint, "");
    assert_string_equal(left(status).reason, "it holds credentials");
    assert_int_equal(whole(status).passed + whole(status).failed, 0);
    slot_is(status, "left", "closed", NULL, NULL);
    assert_int_equal(left(status).state, SIGNET_SLOT_MADE_BEFORE);
    signet_status_free(&status);
}

static void totals(struct signet_status *status, const char *of, uint64_t done, uint64_t total)
{
    signet_status_add(status,
                      &(struct signet_event){
                          .kind = SIGNET_EVENT_TOTALS, .stage = of, .done = done, .total = total});
}

static void the_order_is_counted(void **state)
{
    struct signet_status *status = make();

    (void)state;
    assert_int_equal(whole(status).quota, 10);
    assert_true(whole(status).left < 0); /* nothing was made: who knows */
    totals(status, "order", 4, 12);
    totals(status, "servers", 1, 3);
    assert_int_equal(whole(status).made, 4);
    assert_int_equal(whole(status).made_before, 4);
    assert_int_equal(whole(status).quota, 12);
    assert_int_equal(whole(status).waiting, 3);
    assert_true(whole(status).left < 0);
    totals(status, "order", 6, 12);
    assert_int_equal(whole(status).made_before, 4);
    assert_true(whole(status).left >= 0);
    signet_status_free(&status);
}

static void a_slot_of_another_line_is_nobodys(void **state)
{
    struct signet_status *status = make();

    (void)state;
    slot_is(status, "middle", "working", NULL, NULL);
    assert_int_equal(left(status).state, SIGNET_SLOT_EMPTY);
    signet_status_free(&status);
}

static void only_on_puts_a_slot_in_again(void **state)
{
    static const struct {
        const char *stage;
        bool off;
    } events[] = {
        {"scanned", false}, {"off", true}, {"scanned", true}, {"set-up-code", true}, {"on", false}};
    struct signet_status *status = make();

    (void)state;
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        signet_status_add(status, &(struct signet_event){.kind = SIGNET_EVENT_LINE,
                                                         .board = "left",
                                                         .stage = events[i].stage});
        assert_int_equal(left(status).off, events[i].off);
    }
    signet_status_free(&status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_board_passes),
        cmocka_unit_test(a_board_fails_after_a_second_attempt),
        cmocka_unit_test(a_board_was_made_before),
        cmocka_unit_test(the_order_is_counted),
        cmocka_unit_test(a_slot_of_another_line_is_nobodys),
        cmocka_unit_test(only_on_puts_a_slot_in_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
