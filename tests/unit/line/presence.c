/* SPDX-License-Identifier: Apache-2.0 */
#include "line/private.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static const struct presence board = {
    .there = true, .path = "/dev/ttyACM0", .serial = "S1", .device = 5, .inode = 7, .changed = 9};

static void any_trace_makes_another_board(void **state)
{
    struct presence now = board;

    (void)state;
    assert_true(presence_same(&now, &board));
    now.serial[0] = '\0'; /* it is looked up for a board that is taken only */
    assert_true(presence_same(&now, &board));
    now.there = false;
    assert_false(presence_same(&now, &board));
    now = board;
    now.device = 6;
    assert_false(presence_same(&now, &board));
    now = board;
    now.inode = 8;
    assert_false(presence_same(&now, &board));
    now = board;
    now.changed = 10;
    assert_false(presence_same(&now, &board));
    now = board;
    strcpy(now.path, "/dev/ttyACM1");
    assert_false(presence_same(&now, &board));
}

/* Enumerated anew, its device file is another one. */
static void a_port_that_came_back_at_once_is_the_same_board(void **state)
{
    struct presence now = board;

    (void)state;
    now.inode = 8;
    assert_true(presence_is_back(&now, &board, 0));
    assert_true(presence_is_back(&now, &board, 1999));
    assert_false(presence_is_back(&now, &board, 2000)); /* a hand may be that fast */
    strcpy(now.serial, "S2");
    assert_false(presence_is_back(&now, &board, 0));
    now.serial[0] = '\0'; /* two ports without a number are not one */
    assert_false(presence_is_back(&now, &now, 0));
}

static struct slot slot_with_board(void)
{
    return (struct slot){.presence = board, .seen_at = clock_ms()};
}

/* Its serial number says that it is the one of before, while nobody can have changed it. */
static void a_board_that_was_enumerated_anew_is_kept(void **state)
{
    struct slot slot = slot_with_board();
    struct presence now = board;

    (void)state;
    slot.presence.path[0] = now.path[0] = '\0'; /* no port of this machine */
    now.inode = 8;
    assert_false(presence_new(&slot, &now));
    assert_int_equal(slot.presence.inode, 8);
    now.inode = 9;
    slot.seen_at = clock_ms() - BACK_MS;
    assert_true(presence_new(&slot, &now));
    assert_true(presence_new(&slot, &now)); /* until it is begun */
    assert_int_equal(slot.presence.inode, 8);
    presence_keep(&slot, &now);
    assert_false(presence_new(&slot, &now));
}

static void a_board_that_stays_is_seen(void **state)
{
    struct slot slot = slot_with_board();
    struct presence now = board;

    (void)state;
    now.serial[0] = '\0';
    slot.seen_at = clock_ms() - BACK_MS;
    assert_false(presence_new(&slot, &now));
    assert_string_equal(slot.presence.serial, "S1");
    assert_true(slot.seen_at > clock_ms() - BACK_MS);
}

static void one_that_was_missed_may_be_another_one(void **state)
{
    struct slot slot = slot_with_board();
    struct presence none = {0}, now = board;

    (void)state;
    assert_false(presence_new(&slot, &none));
    assert_true(slot.gone);
    slot.presence.path[0] = now.path[0] = now.serial[0] = '\0';
    assert_true(presence_new(&slot, &now));
}

/* A pause */

struct hall {
    struct signet_slot place;
    struct signet_order order;
    struct line_changes changes;
    struct job job;
    struct line_setup setup;
    struct line line;
    struct slot slot;
};

static bool waits(struct hall *h)
{
    pthread_mutex_lock(&h->job.lock);
    bool waits = h->line.off_slots > 0;
    pthread_mutex_unlock(&h->job.lock);
    return waits;
}

static void *open_the_gate(void *arg)
{
    struct hall *h = arg;

    while (!waits(h))
        cancel_sleep_until(NULL, clock_ms() + 5, NULL);
    line_pause(&h->job, &h->changes, false);
    return NULL;
}

static void open_hall(struct hall *h)
{
    h->place = (struct signet_slot){.kind = SIGNET_SLOT_PORT, .where = "/dev/signet-none"};
    h->order.slots[0] = h->place;
    h->order.slot_count = 1;
    assert_int_equal(job_open(&h->job, NULL), SIGNET_OK);
    h->job.quota = 1;
    h->setup = (struct line_setup){.job = &h->job, .order = &h->order, .changes = &h->changes};
    h->line = (struct line){.setup = &h->setup, .job = &h->job, .open_slots = 1};
    h->slot = slot_with_board();
    h->slot.line = &h->line;
    h->slot.order = &h->order.slots[0];
}

static void a_board_that_is_taken_out_in_a_pause_is_missed(void **state)
{
    struct hall h = {.changes = {.paused = true}};
    pthread_t thread;
    bool waited = false;

    (void)state;
    open_hall(&h);
    assert_int_equal(pthread_create(&thread, NULL, open_the_gate, &h), 0);
    assert_int_equal(slot_wait_held(&h.slot, &waited, NULL), SIGNET_OK);
    pthread_join(thread, NULL);
    assert_true(waited && h.slot.gone);
    job_close(&h.job);
}

/* Another board gets nothing of what a person asked for the last one. */
static void what_was_asked_ends_with_its_board(void **state)
{
    struct hall h = {0};

    (void)state;
    open_hall(&h);
    h.order.slots[0].where = "tcp:127.0.0.1:1"; /* no file of this machine: it is there */
    assert_int_equal(presence_look(&h.slot, &h.slot.presence, NULL), SIGNET_OK);
    h.slot.again = (struct again){.may = "retry", .asked = true};
    h.changes.ended[0] = &h.slot;
    presence_watch(&h.slot);
    assert_true(again_asked(&h.slot) && h.changes.ended[0] == &h.slot);
    h.order.slots[0].where = "/dev/signet-none";
    presence_watch(&h.slot);
    assert_false(again_asked(&h.slot) || h.changes.ended[0]);
    job_close(&h.job);
}

/* Who waits there learns at once that the run ends; a slot that is off is told when nobody else is
 * left. */
static void what_ends_a_wait_at_the_gate(void **state)
{
    static const struct {
        bool paused, off, watch, stopped, used_up;
        int code;
    } rows[] = {
        {.code = SIGNET_OK},
        {.paused = true, .stopped = true, .code = SIGNET_OK},
        {.paused = true, .used_up = true, .code = SIGNET_OK},
        {.off = true, .watch = true, .stopped = true, .code = SIGNET_OK},
        {.off = true, .watch = true, .used_up = true, .code = SIGNET_OK},
        {.off = true, .code = SIGNET_E_NOT_FOUND},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hall h = {.changes = {.paused = rows[i].paused, .off = {rows[i].off}}};
        struct signet_error err = {0}, why = {.code = SIGNET_E_LEDGER};
        bool waited = false;

        open_hall(&h);
        h.setup.watch = rows[i].watch;
        h.job.quota = !rows[i].used_up;
        if (rows[i].stopped)
            job_fail(&h.job, &why);
        assert_int_equal(slot_wait_held(&h.slot, &waited, &err), rows[i].code);
        assert_int_equal(waited, i > 0);
        assert_int_equal(h.line.off_slots, 0);
        assert_string_equal(err.msg, rows[i].code == SIGNET_OK ? "" : "the slot is off");
        job_close(&h.job);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_trace_makes_another_board),
        cmocka_unit_test(a_port_that_came_back_at_once_is_the_same_board),
        cmocka_unit_test(a_board_that_was_enumerated_anew_is_kept),
        cmocka_unit_test(a_board_that_stays_is_seen),
        cmocka_unit_test(one_that_was_missed_may_be_another_one),
        cmocka_unit_test(a_board_that_is_taken_out_in_a_pause_is_missed),
        cmocka_unit_test(what_was_asked_ends_with_its_board),
        cmocka_unit_test(what_ends_a_wait_at_the_gate)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
