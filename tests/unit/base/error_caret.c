/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct signet_error shown(const char *text, size_t at)
{
    const struct text_source source = {"f", text, strlen(text), text_hide_secrets, NULL};
    struct signet_error err = {0};

    assert_int_equal(error_at_hint(&err, SIGNET_E_SYNTAX, &source, at, "do", "what"),
                     SIGNET_E_SYNTAX);
    assert_string_equal(err.hint, "do");
    return err;
}

static void a_place_is_line_and_character(void **state)
{
    static const struct {
        const char *text;
        size_t at;
        unsigned line, column;
    } rows[] = {
        {"abc", 0, 1, 1},
        {"abc", 3, 1, 4},
        {"a\nb", 2, 2, 1},
        {"a\r\nbc", 4, 2, 2},
        {"a\rbc", 3, 2, 2},
        {"\xef\xbb\xbf"
         "ab",
         4, 1, 2},
        {"\xc3\xb6x", 2, 1, 2},
        {"a\n\nb", 3, 3, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        size_t len = strlen(rows[i].text);
        struct line_column place = text_place(rows[i].text, len, rows[i].at);

        if (place.line != rows[i].line || place.column != rows[i].column)
            fail_msg("row %zu: %u:%u", i, place.line, place.column);
        if (text_offset(rows[i].text, len, place) != rows[i].at)
            fail_msg("row %zu: back at %zu", i, text_offset(rows[i].text, len, place));
    }
    assert_int_equal(text_offset("a\n", 2, (struct line_column){9, 1}), 2);
}

static void the_line_is_shown_with_a_caret(void **state)
{
    char longer[400];

    (void)state;
    assert_string_equal(shown("a: 1\nb: 2\n", 8).msg, "f:2:4: what");
    assert_string_equal(shown("a: 1\nb: 2\n", 8).excerpt, "b: 2\n   ^");
    assert_string_equal(shown("a: 1\r\nb\x1b[0m\t2\r\n", 12).excerpt, "b?[0m 2\n      ^");
    assert_string_equal(shown("\xef\xbb\xbf\xc3\xb6l\n", 5).excerpt, "\xc3\xb6l\n ^");
    assert_string_equal(shown("", 0).excerpt, "\n^");
    for (size_t i = 0; i < sizeof(longer); i++) /* three bytes a character */
        longer[i] = "\xe2\x82\xac"[i % 3];
    longer[396] = '\0';
    struct signet_error err = shown(longer, 300);
    assert_true(utf8_valid((const uint8_t *)err.excerpt, strlen(err.excerpt)));
    assert_non_null(strchr(err.excerpt, '^'));
}

static void what_may_be_a_secret_is_dots(void **state)
{
    static const char *const rows[][2] = {
        {"token: hunter2", "token:........"},
        {"{\"client_secret\": \"x y\", \"a\": 1}", "{\"client_secret\":..............."},
        {"token_file: token", "token_file: token"},
        {"a: 00112233445566778899aabbccddeeff", "a: ................................"},
        {"name: batch-2026-48", "name: batch-2026-48"},
        {"at: https://me:pw@host/x", "at: https://.....@host/x"},
        {"at: https://me:p/w@host/x", "at: https://......@host/x"},
        {"at: https://host/x?a=b&password=pw", "at: https://host/x?a=b&password=.."},
        {"Authorization: Bearer pw", "Authorization:.........."},
        {"on_pass: [/bin/true]", "on_pass: [/bin/true]"},
        {"\"token\" is \"\xe2\x80\x9cno\"", "\"token\" is \"\xe2\x80\x9cno\""},
        {"{\"pasword\": \"x\", \"port\": 1}", "{\"pasword\":................"},
        {"acces_tokn: x", "acces_tokn:.."},
        {"api-keys: [x]", "api-keys:...."},
        {"Passphrse=x", "Passphrse=."},
        {"topic: t, template: c.cfg", "topic: t, template: c.cfg"},
        {"\xe2\x80\x9cpsk\xe2\x80\x9d: abc", "\xe2\x80\x9cpsk\xe2\x80\x9d:...."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct signet_error err = shown(rows[i][0], 0);

        err.excerpt[strcspn(err.excerpt, "\n")] = '\0';
        assert_string_equal(err.excerpt, rows[i][1]);
    }
}

/* Its name says nothing: whatever it is. */
static void the_value_of_an_unknown_name_is_dots(void **state)
{
    static const char text[] = "a: 1\n{user: me, geheim: x, y: 2}\n";
    const struct text_source source = {"f", text, strlen(text), text_hide_secrets, NULL};
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(error_at_unknown(&err, SIGNET_E_MEANING, &source, 16, "what"),
                     SIGNET_E_MEANING);
    assert_string_equal(err.msg, "f:2:12: what");
    assert_string_equal(err.excerpt, "{user: me, geheim:.........\n           ^");
}

/* A value may stand in the line behind that of its name. */
static void a_line_whose_name_stands_before_it_is_dots(void **state)
{
    static const char *const before[] = {"{\"token\":\n", "{\"token\"\n :\r\n", "psk: |\n",
                                         "psk: >-\n", "\"key\": [\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
        char text[64];
        int len = snprintf(text, sizeof text, "%s'pw'", before[i]);
        struct signet_error err = shown(text, (size_t)len - 1);

        assert_true(strncmp(err.excerpt, "....\n", 5) == 0);
    }
    struct signet_error err = shown("token: one\nname: pw\n", 11);
    assert_true(strncmp(err.excerpt, "name: pw\n", 9) == 0);
    err = shown("token\nname: pw\n", 6);
    assert_true(strncmp(err.excerpt, "name: pw\n", 9) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_is_line_and_character),
        cmocka_unit_test(the_line_is_shown_with_a_caret),
        cmocka_unit_test(what_may_be_a_secret_is_dots),
        cmocka_unit_test(the_value_of_an_unknown_name_is_dots),
        cmocka_unit_test(a_line_whose_name_stands_before_it_is_dots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
