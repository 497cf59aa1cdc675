/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal that stands still, and moves again: nothing waits for it, what was begun is ended, and
 * lines that had no room are counted. */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "../cli/panel.h"

static int master, before;

/* Standard error is a terminal that nobody reads. */
static int set_up(void **state)
{
    struct termios raw;
    int slave;

    (void)state;
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    assert_int_equal(tcgetattr(slave, &raw), 0);
    cfmakeraw(&raw);
    assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
    before = dup(STDERR_FILENO);
    assert_int_equal(dup2(slave, STDERR_FILENO), STDERR_FILENO);
    close(slave);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dup2(before, STDERR_FILENO);
    close(before);
    close(master);
    return 0;
}

static void put(struct panel_screen *s, char with, size_t len)
{
    char *frame = malloc(len);

    memset(frame, with, len);
    panel_screen_put(s, frame, len);
}

/* What the terminal has now; how many of them are such characters. */
static size_t drain(char with, int ms)
{
    struct pollfd ready = {.fd = master, .events = POLLIN};
    size_t found = 0;

    while (poll(&ready, 1, ms) > 0) {
        char piece[4096];
        ssize_t n = read(master, piece, sizeof(piece));

        for (ssize_t i = 0; i < n; i++)
            found += piece[i] == with;
    }
    return found;
}

static void a_frame_is_ended_later(void **state)
{
    struct panel_screen *s = panel_screen_open();
    size_t found = 0;

    (void)state;
    assert_int_equal(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0); /* others' mode is as before */
    assert_true(panel_screen_ready(s));
    put(s, 'a', 1 << 18);
    assert_false(panel_screen_ready(s));
    while (!panel_screen_ready(s))
        found += drain('a', 0);
    found += drain('a', 100);
    assert_int_equal(found, 1 << 18);
    panel_screen_close(&s);
    assert_null(s);
    panel_screen_close(&s);
}

static void lines_wait_until_there_is_no_room(void **state)
{
    struct panel_screen *s = panel_screen_open();
    char line[1024];
    unsigned left_out;

    (void)state;
    assert_string_equal(panel_screen_said(s, &left_out), "");
    assert_int_equal(left_out, 0);
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\0';
    for (int i = 0; i < 70; i++)
        panel_screen_say(s, line);
    assert_int_equal(strlen(panel_screen_said(s, &left_out)), 64 * 1023);
    assert_int_equal(left_out, 6);
    put(s, 'b', 10);
    assert_string_equal(panel_screen_said(s, &left_out), "");
    assert_int_equal(left_out, 0);
    assert_int_equal(drain('b', 100), 10);
    panel_screen_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_frame_is_ended_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_wait_until_there_is_no_room, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
