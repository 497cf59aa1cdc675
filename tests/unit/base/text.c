/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include <setjmp.h>
#include <signet/text.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void escape_shows_no_control(void **state)
{
    struct buf out = {0};
    const char in[] = "a\x1b[31m\n\\\xc2\x9b\xe2\x80\xae\xff\xc3\xa9";

    (void)state;
    text_escape(&out, (const uint8_t *)in, sizeof in - 1);
    assert_string_equal((char *)out.data,
                        "a\\x1b[31m\\x0a\\\\\\xc2\\x9b\\xe2\\x80\\xae\\xff\xc3\xa9");
    buf_free(&out);
}

static void plain_shows_no_control_and_keeps_backslashes(void **state)
{
    struct buf out = {0};
    const char in[] = "a\x1b\\x1b\x9b\xc5\xba";

    (void)state;
    text_plain(&out, (const uint8_t *)in, sizeof in - 1);
    assert_string_equal((char *)out.data, "a\\x1b\\x1b\\x9b\xc5\xba");
    buf_free(&out);
}

static void plain_is_cut_between_characters(void **state)
{
    char out[8];

    (void)state;
    assert_string_equal(signet_text_plain("abc", out, sizeof out), "abc");
    assert_string_equal(signet_text_plain("", out, sizeof out), "");
    assert_string_equal(signet_text_plain("abcdefgh", out, sizeof out), "abcdefg");
    assert_string_equal(signet_text_plain("abcdefg", out, sizeof out), "abcdefg");
    assert_string_equal(signet_text_plain("abcdef\xc5\xba", out, sizeof out), "abcdef");
    assert_string_equal(signet_text_plain("abcde\xc5\xba", out, sizeof out), "abcde\xc5\xba");
    assert_string_equal(signet_text_plain("x", out, 1), "");
}

static void control_characters_are_refused(void **state)
{
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(text_check("name", "a b~\xc5\xba", 6, NULL), SIGNET_OK);
    assert_int_equal(text_check("name", "", 0, NULL), SIGNET_OK);
    assert_int_equal(text_check("name", "a\x1f", 2, &err), SIGNET_E_MEANING);
    assert_string_equal(err.msg, "the name has control characters");
    assert_int_equal(text_check("name", "a\x7f", 2, NULL), SIGNET_E_MEANING);
    assert_int_equal(text_check("name", "a\0", 2, NULL), SIGNET_E_MEANING);
    assert_int_equal(text_check("name", "\xff", 1, &err), SIGNET_E_MEANING);
    assert_string_equal(err.msg, "the name is not UTF-8");
}

static void utf8_edges(void **state)
{
    (void)state;
    assert_true(utf8_valid((const uint8_t *)"\xf4\x8f\xbf\xbf", 4));
    assert_false(utf8_valid((const uint8_t *)"\xf4\x90\x80\x80", 4));
    assert_false(utf8_valid((const uint8_t *)"\xed\xa0\x80", 3)); /* surrogate */
    assert_false(utf8_valid((const uint8_t *)"\xc0\x80", 2));
    assert_false(utf8_valid((const uint8_t *)"\xe0\x80\x80", 3));
    assert_false(utf8_valid((const uint8_t *)"\xc1\xbf", 2)); /* the last that are too long */
    assert_false(utf8_valid((const uint8_t *)"\xe0\x9f\xbf", 3));
    assert_false(utf8_valid((const uint8_t *)"\xf0\x8f\xbf\xbf", 4));
    assert_true(utf8_valid((const uint8_t *)"\xc2\x80\xe0\xa0\x80\xf0\x90\x80\x80", 9));
    assert_false(utf8_valid((const uint8_t *)"\xe2\x82", 2));
}

/* The first and the last of each run of marks that hide or reorder text, and their neighbours. */
static void marks_are_not_shown(void **state)
{
    static const struct {
        const char *text;
        bool shown;
    } rows[] = {
        {"\u00a0", true},  {"\u200a", true},  {"\u200b", false},   {"\u200f", false},
        {"\u2010", true},  {"\u2027", true},  {"\u2028", false},   {"\u2029", false},
        {"\u202a", false}, {"\u202e", false}, {"\u202f", true},    {"\u205f", true},
        {"\u2060", false}, {"\u206f", false}, {"\u2070", true},    {"\ufefe", true},
        {"\ufeff", false}, {"\uff00", true},  {"\xc2\x80", false}, {"\xc2\x9f", false},
        {"\x7f", false},   {"~", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *shown = text_shown(rows[i].text, strlen(rows[i].text), 8);

        assert_int_equal(strcmp(shown, rows[i].text) == 0, rows[i].shown);
        assert_int_equal(shown[0] == '\\', !rows[i].shown);
    }
}

static void texts_are_cut_where_they_are_shown(void **state)
{
    (void)state;
    assert_string_equal(text_shown("ab\n", 3, 3), "ab\\x0a");
    assert_string_equal(text_shown("ab\n", 3, 2), "ab");
    assert_string_equal(text_shown("\n\n\n", 3, 3), "\\x0a\\x0a\\x0a");
    assert_string_equal(text_shown("", 0, 3), "");
}

static void expanded(const char *text, const char *wanted)
{
    static const char *const values[][2] = {{"{a}", "A{b}"}, {"{b}", ""}, {NULL, NULL}};
    struct buf out = {0};

    buf_byte(&out, '>');
    text_expand(&out, text, strlen(text), values);
    assert_string_equal((char *)out.data + 1, wanted);
    buf_free(&out);
}

static void placeholders(void **state)
{
    static const char *const values[][2] = {{"{a}", "A"}, {NULL, NULL}};
    struct buf out = {0};

    (void)state;
    expanded("", "");
    expanded("x{a}y{b}z{a}", "xA{b}yzA{b}"); /* what came in is not looked at again */
    expanded("{c}{a {", "{c}{a {");
    text_expand(&out, "{a}", 2, values); /* not beyond its end */
    assert_string_equal((char *)out.data, "{a");
    buf_free(&out);
}

static void serial_numbers(void **state)
{
    (void)state;
    assert_true(text_same_serial("000683aB", "683Ab"));
    assert_true(text_same_serial("0", "00"));
    assert_false(text_same_serial("6830", "683"));
    assert_false(text_same_serial("1683", "683"));
}

static void nearest_word(void **state)
{
    static const char *const names[] = {"Mode", "ServerURI", "ShortServerID", "Bootstrap"};
    char longer[101] = {0};
    const char *candidate = longer;

    (void)state;
    assert_string_equal(signet_word_nearest("Mod", names, 4), "Mode");
    assert_string_equal(signet_word_nearest("serveruri", names, 4), "ServerURI");
    assert_string_equal(signet_word_nearest("ShortSreverID", names, 4), "ShortServerID");
    assert_null(signet_word_nearest("Zzzzzzzz", names, 4));
    assert_null(
        signet_word_nearest("7", (const char *const[]){"1", "2"}, 2)); /* nothing is alike */
    memset(longer, 'M', sizeof(longer) - 1); /* of a longer candidate the beginning counts */
    assert_ptr_equal(signet_word_nearest(longer + 36, &candidate, 1), longer);
    assert_null(signet_word_nearest(longer + 35, &candidate, 1)); /* 65: longer than any name */
}

#define LONG_WORD "a-word-of-many-letters-which-is-as-long-as-a-hint-for-three-of-them-can-be-1"

static void unknown_words(void **state)
{
    static const char *const names[] = {"leshan", "export"};
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(text_unknown(SIGNET_E_USAGE, "server", "lesham", names, 2, &err),
                     SIGNET_E_USAGE);
    assert_string_equal(err.msg, "unknown server 'lesham'");
    assert_string_equal(err.hint, "did you mean 'leshan'?");
    err = (struct signet_error){0};
    assert_int_equal(text_unknown(SIGNET_E_MEANING, "server", "\x1b[2J", names, 2, &err),
                     SIGNET_E_MEANING);
    assert_null(strchr(err.msg, '\x1b'));
    assert_string_equal(err.hint, "known: leshan, export");

    const char *const many[] = {LONG_WORD, LONG_WORD, LONG_WORD, LONG_WORD};
    text_hint_known("x", many, 3, &err);
    assert_string_equal(err.hint, "known: " LONG_WORD ", " LONG_WORD ", " LONG_WORD);
    err.hint[0] = '\0';
    text_hint_known("x", many, 4, &err); /* too long: as many as have room */
    assert_string_equal(err.hint, "known: " LONG_WORD ", " LONG_WORD ", " LONG_WORD ", ...");
}

static void copies_and_ends(void **state)
{
    char *copy = NULL;

    (void)state;
    assert_int_equal(text_copy(&copy, NULL, NULL), SIGNET_OK);
    assert_null(copy);
    assert_int_equal(text_copy(&copy, "a", NULL), SIGNET_OK);
    assert_string_equal(copy, "a");
    free(copy);
    assert_true(text_ends_with("a.csv", ".csv"));
    assert_false(text_ends_with(".csv", ".csv")); /* a name is in front */
    assert_false(text_ends_with("a.csv2", ".csv"));
}

static void endpoint_names(void **state)
{
    char long_name[151];

    (void)state;
    memset(long_name, 'a', sizeof long_name);
    assert_true(endpoint_name_valid("urn:dev:os:0023C7-000001", 24));
    assert_true(endpoint_name_valid(long_name, 150));
    assert_false(endpoint_name_valid(long_name, 151));
    assert_false(endpoint_name_valid("", 0));
    static const char *const fronts[][2] = {{"-x", "_"},  {".x", "_"}, {"_-x", "_"}, {"__.x", "_"},
                                            {"a-.x", ""}, {"_x-", ""}, {"__", ""},   {"", ""}};
    for (size_t i = 0; i < sizeof(fronts) / sizeof(*fronts); i++)
        assert_string_equal(file_name_front(fronts[i][0]), fronts[i][1]);
    assert_false(endpoint_name_valid("a/../b", 6));
    assert_false(endpoint_name_valid("a\nb", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escape_shows_no_control),
        cmocka_unit_test(plain_shows_no_control_and_keeps_backslashes),
        cmocka_unit_test(plain_is_cut_between_characters),
        cmocka_unit_test(control_characters_are_refused),
        cmocka_unit_test(utf8_edges),
        cmocka_unit_test(marks_are_not_shown),
        cmocka_unit_test(texts_are_cut_where_they_are_shown),
        cmocka_unit_test(placeholders),
        cmocka_unit_test(serial_numbers),
        cmocka_unit_test(nearest_word),
        cmocka_unit_test(unknown_words),
        cmocka_unit_test(copies_and_ends),
        cmocka_unit_test(endpoint_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
