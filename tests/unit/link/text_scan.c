/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a console, and texts that are waited for in them. tests/fuzz/board_text.c has the rest.
 */
#include "link/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void keep(void *ctx, const char *line, size_t len)
{
    buf_append(ctx, line, len);
    buf_byte(ctx, '|');
}

static void becomes(const char *text, const char *lines)
{
    struct buf got = {0};
    struct text_scan scan = {.on_line = keep, .ctx = &got};

    assert_int_equal(text_scan_feed(&scan, (const uint8_t *)text, strlen(text)), strlen(text));
    text_scan_end(&scan);
    buf_byte(&got, 0);
    assert_string_equal((char *)got.data, lines);
    buf_free(&got);
}

static void lines_without_codes(void **state)
{
    (void)state;
    becomes("one\r\ntwo\n\n\nthree", "one|two|three|");
    becomes("\x1b[1;32muart:~$ \x1b[0mok\n", "uart:~$ ok|");
    becomes("\x1b]0;title\x07shown\n", "shown|");
    becomes("\x1b]0;title\x1b\\shown\n", "shown|");
    becomes("\x1b]0;title\nshown\n", "shown|");       /* a title that never ends takes one line */
    becomes("\x1b]0;ti\x1btle\x07shown\n", "shown|"); /* an escape that ends nothing */
    becomes("\x1bPdevice\x1b\\shown\n", "shown|");
    becomes("\x1b(Bshown\n", "shown|");
    becomes("\x1b Fshown\n", "shown|");
    becomes("\x1b[12\nshown\n", "shown|"); /* broken off */
    becomes("abx\bc\n", "abc|");
    becomes("\b\bab\n", "ab|");
    becomes("a\tb\x01\x7f"
            "c\n",
            "a\tbc|");
}

/* A line of any length is handed over in parts, and a text over the cut is found. */
static void long_lines_are_cut(void **state)
{
    static const char *const texts[] = {"needle", "unused"};

    (void)state;
    for (size_t before = TEXT_LINE_MAX - 10; before < TEXT_LINE_MAX + 10; before++) {
        char text[TEXT_LINE_MAX + 64];
        struct buf got = {0};
        struct text_scan scan = {.on_line = keep, .ctx = &got};

        memset(text, '.', before);
        strcpy(text + before, "needle and more");
        text_scan_expect(&scan, texts, 2);
        assert_int_equal(text_scan_feed(&scan, (const uint8_t *)text, strlen(text)), before + 6);
        assert_int_equal(scan.which, 0);
        assert_true(scan.len <= TEXT_LINE_MAX);
        buf_free(&got);
    }
}

static void stops_behind_the_text(void **state)
{
    static const char *const texts[] = {"b", "abc", ""};
    struct text_scan scan = {0};

    (void)state;
    text_scan_expect(&scan, texts + 1, 2); /* nothing is found by an empty text */
    assert_int_equal(text_scan_feed(&scan, (const uint8_t *)"ab", 2), 2);
    assert_int_equal(scan.which, 2);
    assert_int_equal(text_scan_feed(&scan, (const uint8_t *)"cab", 3), 1);
    assert_int_equal(scan.which, 0);
    text_scan_expect(&scan, texts, 1); /* the find is forgotten, the line is not */
    assert_int_equal(scan.which, 1);
    assert_int_equal(scan.len, 3);
    assert_int_equal(text_scan_feed(&scan, (const uint8_t *)"ab", 2), 2);
    assert_int_equal(scan.which, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_without_codes),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(stops_behind_the_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
