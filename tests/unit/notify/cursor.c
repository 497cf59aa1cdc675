/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notify/private.h"
#include "unit/ledger/place.h"

static char work[FOLDER_SIZE], path[FOLDER_SIZE + 40];
static const struct signet_order of_a = {.station = "A"}, of_b = {.station = "B"};

static int64_t opened(const struct signet_order *o)
{
    const struct notify_setup setup = {.order = o, .folder = work, .tag = "t"};
    struct notify_cursor c = {0};

    must(cursor_open(&c, &setup, "hook", ledger, &err));
    assert_string_equal(c.path, path);
    cursor_free(&c);
    return c.last.seq;
}

/* The first event of the order, told. */
static void keep_first(void)
{
    const struct notify_setup setup = {.order = &of_a, .folder = work, .tag = "t"};
    struct notify_message m = {.seq = 1};
    struct notify_cursor c = {0};

    sql_text("SELECT hash FROM events WHERE seq = 1", m.id, sizeof(m.id));
    must(cursor_open(&c, &setup, "hook", ledger, &err));
    must(cursor_keep(&c, &m, &err));
    cursor_free(&c);
}

static void what_was_told_is_known(void **state)
{
    (void)state;
    begin(3);
    assert_int_equal(opened(&of_a), 0);
    keep_first();
    assert_int_equal(opened(&of_a), 1);
    reserve("one", "1");
    assert_int_equal(opened(&of_a), 1);
    assert_int_equal(opened(&of_b), 0); /* another station's */
}

static void of_another_ledger(void **state)
{
    (void)state;
    begin(3);
    keep_first();
    place_teardown(NULL);
    place_setup(NULL);
    begin(4);
    assert_int_equal(opened(&of_a), 0);
}

/* A byte more, less or other: it counts for nothing, and is no error. */
static void what_is_damaged(void **state)
{
    static const char *const wrong[] = {"", "signet notify 1\n", "signet notify 2\nledger"};
    struct buf text = {0};
    (void)state;

    begin(3);
    keep_first();
    must(file_read(path, 1024, &text, &err));
    for (size_t i = 0; i < text.len; i++) {
        text.data[i] ^= 1;
        must(file_write(path, text.data, text.len, 0600, &err));
        assert_int_equal(opened(&of_a), 0);
        text.data[i] ^= 1;
    }
    must(file_write(path, text.data, text.len - 1, 0600, &err));
    assert_int_equal(opened(&of_a), 0);
    buf_byte(&text, '\n');
    must(file_write(path, text.data, text.len, 0600, &err));
    assert_int_equal(opened(&of_a), 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        must(file_write(path, wrong[i], strlen(wrong[i]), 0600, &err));
        assert_int_equal(opened(&of_a), 0);
    }
    must(file_write(path, text.data, text.len - 1, 0600, &err));
    assert_int_equal(opened(&of_a), 1);
    buf_free(&text);
}

static int set_up(void **state)
{
    if (!folder_make(work))
        return -1;
    snprintf(path, sizeof(path), "%s/notify-t-hook.cursor", work);
    return place_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_told_is_known, set_up, place_teardown),
        cmocka_unit_test_setup_teardown(of_another_ledger, set_up, place_teardown),
        cmocka_unit_test_setup_teardown(what_is_damaged, set_up, place_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
