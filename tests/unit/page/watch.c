/* SPDX-License-Identifier: Apache-2.0 */
/* What viewers of a run are told; and what there is no memory for.
 * wrap: signet_control_ask
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc
 */
#include "page/watch.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/starve.h"

enum { SLOTS = 3, LONG_MS = 20000 };

/* The run that is asked: parts[i] of slot i; off: there is none. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static double parts[SLOTS];
static const char *order = "first";
static bool off, paused;
static double seconds;
static int64_t asks;
static struct signet_notify_status notify = {.name = "mes"};
/* The rest of the order, of the first slot, and of the figures. */
static struct signet_order_status rest;
static struct signet_slot_status first = {.state = SIGNET_SLOT_WORKING};
static struct signet_figures figures;

int __wrap_signet_control_ask(const char *work, const char *name, const char *command,
                              const char *argument, struct signet_control_view *view,
                              struct signet_error *err);
int __wrap_signet_control_ask(const char *work, const char *name, const char *command,
                              const char *argument, struct signet_control_view *view,
                              struct signet_error *err)
{
    static const char *const names[SLOTS] = {"1", "2", "<b>3"};

    (void)argument, (void)name;
    assert_string_equal(work, "w");
    assert_string_equal(command, "status");
    pthread_mutex_lock(&lock);
    asks++;
    int rc = off ? error_set(err, SIGNET_E_NOT_FOUND, "no run is at work") : SIGNET_OK;
    if (!off) {
        view->order = rest;
        view->order.name = order;
        view->order.paused = paused;
        view->order.seconds = seconds++;
        view->order.notify[0] = notify;
        view->order.notify_count = 1;
        view->figures = figures;
        view->slots = calloc(SLOTS, sizeof(*view->slots));
        view->slot_count = SLOTS;
        for (int i = 0; i < SLOTS; i++)
            view->slots[i] = (struct signet_slot_status){.name = names[i],
                                                         .state = SIGNET_SLOT_WORKING,
                                                         .part = parts[i],
                                                         .seconds = seconds};
        first.name = names[0];
        first.part = parts[0];
        first.seconds = first.state == SIGNET_SLOT_WORKING ? seconds : first.seconds;
        view->slots[0] = first;
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

static void change(void (*how)(void))
{
    pthread_mutex_lock(&lock);
    how();
    pthread_mutex_unlock(&lock);
}

static void move_second(void)
{
    parts[1] += 0.1;
}
static void move_all(void)
{
    for (int i = 0; i < SLOTS; i++)
        parts[i] += 0.1;
}
static void pause_line(void)
{
    paused = true;
}
static void tell_one(void)
{
    notify.told++;
}
static void let_one_wait(void)
{
    notify.waiting++;
}
static void lose_who_hears(void)
{
    strcpy(notify.away, "no answer");
}
static void count_anew(void)
{
    asks = 0;
}
static void go_away(void)
{
    off = true;
}
static void come_back(void)
{
    off = paused = false;
    order = "second";
    seconds = 0;
}

/* The next message; the last id is copied. */
static void next(struct watch *w, struct viewer *v, struct buf *out, char id[40])
{
    struct message *message;

    buf_reset(out);
    assert_true(watch_next(w, v, clock_ms() + LONG_MS, &message));
    assert_non_null(message);
    buf_append(out, message->text, message->len);
    watch_drop(w, &message);
    assert_null(message);
    const char *at = strstr((const char *)out->data, "\nid: ");
    assert_non_null(at);
    snprintf(id, 40, "%.*s", (int)strcspn(at + 5, "\n"), at + 5);
}

static size_t slots_in(const struct buf *out)
{
    size_t count = 0;

    for (const char *at = (const char *)out->data; (at = strstr(at, "{\"slot\": ")); at++)
        count++;
    return count;
}

#define BEGINS(out, text) assert_memory_equal((out)->data, text, strlen(text))

static void changes_alone_are_told(void **state)
{
    struct watch *w = NULL;
    struct viewer v, late, behind;
    struct message *none, *one, *two;
    struct buf out = {0};
    char id[40], begun_at[40];

    (void)state;
    assert_int_equal(watch_open(&w, NULL), SIGNET_OK);
    assert_int_equal(watch_show(w, "w", NULL, NULL), SIGNET_OK);
    assert_true(watch_join(w, &v, NULL));
    next(w, &v, &out, begun_at);
    BEGINS(&out, "event: status\n");
    assert_int_equal(slots_in(&out), SLOTS);
    assert_non_null(strstr((char *)out.data, "\"slot\": \"<b>3\""));

    change(move_second);
    next(w, &v, &out, id);
    BEGINS(&out, "event: change\n");
    assert_int_equal(slots_in(&out), 1);
    int64_t begun = clock_ms(), asked;
    change(count_anew);
    assert_true(watch_next(w, &v, clock_ms() + 600, &none)); /* time alone is no change */
    assert_null(none);
    pthread_mutex_lock(&lock);
    asked = asks;
    pthread_mutex_unlock(&lock);
    assert_true(asked <= (clock_ms() - begun) / 250 + 2); /* it pauses between its looks */
    change(pause_line);
    next(w, &v, &out, id);
    assert_int_equal(slots_in(&out), 0);
    assert_non_null(strstr((char *)out.data, "\"paused\": true"));
    change(tell_one);
    next(w, &v, &out, id);
    assert_non_null(strstr((char *)out.data, "\"told\": 1, \"waiting\": 0}"));
    change(let_one_wait);
    next(w, &v, &out, id);
    assert_non_null(strstr((char *)out.data, "\"told\": 1, \"waiting\": 1}"));
    change(lose_who_hears);
    next(w, &v, &out, id);
    assert_non_null(strstr((char *)out.data, "\"waiting\": 1, \"away\": \"no answer\"}"));

    /* one that slept gets what it missed, once; an id of another page gets all */
    assert_true(watch_join(w, &late, begun_at));
    next(w, &late, &out, id);
    BEGINS(&out, "event: change\n");
    assert_int_equal(slots_in(&out), 1);
    assert_true(watch_join(w, &behind, "0-1"));
    next(w, &behind, &out, id);
    BEGINS(&out, "event: status\n");
    strcpy(strchr(id, '-'), "-99999"); /* a number that has not been yet */
    assert_true(watch_join(w, &behind, id));
    next(w, &behind, &out, id);
    BEGINS(&out, "event: status\n");
    watch_leave(w), watch_leave(w), watch_leave(w);

    /* viewers that want the same have the same; it stays as long as one has it */
    change(move_second);
    behind = v;
    assert_true(watch_next(w, &v, clock_ms() + LONG_MS, &one));
    assert_true(watch_next(w, &behind, clock_ms() + LONG_MS, &two));
    assert_ptr_equal(one, two);
    watch_drop(w, &one);

    /* one that does not read misses nothing but what came between */
    for (int i = 0; i < 3; i++) {
        change(move_all);
        next(w, &v, &out, id);
    }
    next(w, &late, &out, id);
    assert_int_equal(slots_in(&out), SLOTS);
    assert_true(out.len < 4096);
    assert_memory_equal(two->text, "event: change\n", 14);
    watch_drop(w, &two);
    watch_leave(w);
    buf_free(&out);
    watch_close(&w);
}

#define CHANGE(name, what)                                                                         \
    static void change_##name(void)                                                                \
    {                                                                                              \
        what;                                                                                      \
    }
CHANGE(off, first.off = true)
CHANGE(retried, first.retried = true)
CHANGE(endpoint, strcpy(first.endpoint, "d"))
CHANGE(stage, strcpy(first.stage, "load"))
CHANGE(state, first.state = SIGNET_SLOT_FAIL)
CHANGE(slot_seconds, first.seconds += 1)
CHANGE(reason, strcpy(first.reason, "why"))
CHANGE(hint, strcpy(first.hint, "what to do"))
CHANGE(may, strcpy(first.may, "retry"))
CHANGE(stopping, rest.stopping = true)
CHANGE(made, rest.made++)
CHANGE(quota, rest.quota++)
CHANGE(waiting, rest.waiting++)
CHANGE(passed, rest.passed++)
CHANGE(failed, rest.failed++)
CHANGE(first_pass, rest.first_pass++)
CHANGE(operator, strcpy(rest.operator_name, "anna"))
CHANGE(shift, strcpy(rest.shift, "early"))
CHANGE(alarms, figures.alarm_count++)
CHANGE(alarm_text, strcpy(figures.alarms[0].text, "a cable is loose"))
CHANGE(alarm_count, figures.alarms[0].count++)

/* How many slots each of them tells of. */
static void each_of_these_is_a_change(void **state)
{
    static const struct {
        void (*how)(void);
        size_t slots;
    } changes[] = {{change_off, 1},        {change_retried, 1},    {change_endpoint, 1},
                   {change_stage, 1},      {change_state, 1},      {change_slot_seconds, 1},
                   {change_reason, 1},     {change_hint, 1},       {change_may, 1},
                   {change_stopping, 0},   {change_made, 0},       {change_quota, 0},
                   {change_waiting, 0},    {change_passed, 0},     {change_failed, 0},
                   {change_first_pass, 0}, {change_operator, 0},   {change_shift, 0},
                   {change_alarms, 0},     {change_alarm_text, 0}, {change_alarm_count, 0}};
    struct watch *w = NULL;
    struct buf out = {0};
    struct viewer v;
    char id[40];

    (void)state;
    assert_int_equal(watch_open(&w, NULL), SIGNET_OK);
    assert_int_equal(watch_show(w, "w", NULL, NULL), SIGNET_OK);
    assert_true(watch_join(w, &v, NULL));
    next(w, &v, &out, id);
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        change(changes[i].how);
        next(w, &v, &out, id);
        BEGINS(&out, "event: change\n");
        if (slots_in(&out) != changes[i].slots)
            fail_msg("change %zu: %s", i, (char *)out.data);
    }
    rest = (struct signet_order_status){0};
    first = (struct signet_slot_status){.state = SIGNET_SLOT_WORKING};
    figures = (struct signet_figures){0};
    watch_leave(w);
    buf_free(&out);
    watch_close(&w);
}

static void a_run_ends_and_another_begins(void **state)
{
    struct watch *w = NULL;
    struct viewer v, new;
    struct buf out = {0};
    char id[40];

    (void)state;
    assert_int_equal(watch_open(&w, NULL), SIGNET_OK);
    assert_int_equal(watch_ask(w, "status", NULL, NULL, NULL),
                     SIGNET_E_NOT_FOUND); /* none is shown */
    assert_int_equal(watch_show(w, "w", "o", NULL), SIGNET_OK);
    assert_true(watch_join(w, &v, NULL));
    next(w, &v, &out, id);
    change(go_away);
    next(w, &v, &out, id);
    BEGINS(&out, "event: away\n");
    assert_non_null(strstr((char *)out.data, "no run is at work"));
    assert_true(watch_join(w, &new, NULL)); /* sees how it was, and that it is no more */
    next(w, &new, &out, id);
    BEGINS(&out, "event: status\n");
    assert_non_null(strstr((char *)out.data, "event: away\n"));
    change(come_back);
    next(w, &v, &out, id);
    BEGINS(&out, "event: status\n");
    assert_int_equal(slots_in(&out), SLOTS);
    assert_non_null(strstr((char *)out.data, "\"second\""));
    watch_leave(w), watch_leave(w);
    buf_free(&out);
    watch_close(&w);
}

static void viewers_are_bounded(void **state)
{
    struct watch *w = NULL;
    struct viewer v;
    struct message *none;

    (void)state;
    assert_int_equal(watch_open(&w, NULL), SIGNET_OK);
    for (int i = 0; i < VIEWERS_MAX; i++)
        assert_true(watch_join(w, &v, NULL));
    assert_false(watch_join(w, &v, NULL));
    watch_leave(w);
    assert_true(watch_join(w, &v, "x"));
    watch_end(w);
    assert_false(watch_next(w, &v, clock_ms() + LONG_MS, &none));
    for (int i = 0; i < VIEWERS_MAX; i++)
        watch_leave(w);
    assert_false(watch_join(w, &v, NULL));
    watch_close(&w);
    watch_close(&w);
}

static struct watch *starved;

static int tell_a_viewer(struct signet_error *err)
{
    struct viewer v = {0};
    struct message *message;

    if (!watch_next(starved, &v, clock_ms() + LONG_MS, &message))
        return error_nomem(err);
    assert_non_null(memmem(message->text, message->len, "<b>3", 4)); /* nothing is missing */
    watch_drop(starved, &message);
    return SIGNET_OK;
}

static int show_another(struct signet_error *err)
{
    int rc = watch_show(starved, "w", "o", err);

    return rc == SIGNET_OK ? watch_show(starved, "w", NULL, err) : rc;
}

static void without_memory_a_viewer_leaves(void **state)
{
    struct viewer v;
    struct message *message;

    (void)state;
    assert_int_equal(watch_open(&starved, NULL), SIGNET_OK);
    assert_int_equal(watch_show(starved, "w", NULL, NULL), SIGNET_OK);
    assert_true(watch_join(starved, &v, NULL));
    assert_true(watch_next(starved, &v, clock_ms() + LONG_MS, &message));
    watch_drop(starved, &message);
    change(move_second);
    assert_true(watch_next(starved, &(struct viewer){1}, clock_ms() + LONG_MS, &message));
    watch_drop(starved, &message);
    starve_each(tell_a_viewer);
    starve_each(show_another);
    watch_leave(starved);
    watch_close(&starved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_alone_are_told), cmocka_unit_test(each_of_these_is_a_change),
        cmocka_unit_test(a_run_ends_and_another_begins),
        cmocka_unit_test(without_memory_a_viewer_leaves), cmocka_unit_test(viewers_are_bounded)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
