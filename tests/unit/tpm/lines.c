/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static char word[8];
static int64_t number;
static uint32_t place;
static uint8_t two[2], some[4];
static size_t some_len;
static const struct line lines[] = {
    {"word", LINE_TEXT, word, sizeof(word), NULL},
    {"number", LINE_NUMBER, &number, 300, NULL},
    {"index", LINE_INDEX, &place, 0, NULL},
    {"two", LINE_HEX, two, sizeof(two), NULL},
    {"some", LINE_HEX, some, sizeof(some), &some_len},
};

static bool reads(const char *text, size_t len)
{
    return lines_read(text, len, "first/v1", lines, COUNT_OF(lines));
}

#define GOOD "first/v1\nword abc\nnumber 300\nindex 0x01800021\ntwo 00ff\nsome 010203\n"

static void lines_are_read(void **state)
{
    (void)state;
    assert_true(reads(GOOD, strlen(GOOD)));
    assert_string_equal(word, "abc");
    assert_int_equal(number, 300);
    assert_int_equal(place, 0x01800021);
    assert_memory_equal(two, "\x00\xff", 2);
    assert_int_equal(some_len, 3);
    assert_memory_equal(some, "\1\2\3", 3);
    assert_true(lines_read("two 0102\n", 9, NULL, &lines[3], 1));
}

static void any_cut_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < strlen(GOOD); len++)
        assert_false(reads(GOOD, len));
}

/* What stands in a good text, and what does in its place. */
static void other_texts_are_refused(void **state)
{
    static const struct {
        const char *good, *bad;
    } rows[] = {
        {"first/v1", "first/v2"},
        {"first/v1\n", ""},
        {"word abc", "word "},
        {"word abc", "word 12345678"},
        {"word abc", "word abc\nword abc"},
        {"word abc\n", "word abc\n\n"},
        {"word abc\n", ""},
        {"word abc", "words abc"},
        {"word abc", "wordxabc"},
        {"number 300", "number 301"},
        {"number 300", "number 0300"},
        {"number 300", "number 0x12"},
        {"number 300", "number -1"},
        {"number 300", "number +1"},
        {"number 300", "number  1"},
        {"number 300", "number 1 "},
        {"number 300", "number 18446744073709551617"}, /* 1, after 64 bits */
        {"number 300", "number 300\r"},
        {"0x01800021", "0x00800021"},
        {"0x01800021", "0x81800021"},
        {"0x01800021", "0x1800021"},
        {"0x01800021", "25165857"},
        {"0x01800021", "0x018000210"},
        {"0x01800021", "0X01800021"},
        {"two 00ff", "two 00"},
        {"two 00ff", "two 00ff00"},
        {"two 00ff", "two 00fg"},
        {"some 010203", "some 0"},
        {"some 010203", "some 0102030405"},
        {"two 00ff\nsome 010203", "some 010203\ntwo 00ff"},
        {"some 010203\n", "some 010203\nmore 1\n"},
        {"some 010203\n", "some 010203\n "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *at = strstr(GOOD, rows[i].good);
        struct buf text = {0};

        assert_non_null(at);
        buf_append(&text, GOOD, (size_t)(at - GOOD));
        buf_text(&text, rows[i].bad);
        buf_text(&text, at + strlen(rows[i].good));
        if (reads((const char *)text.data, text.len))
            fail_msg("taken: %s", rows[i].bad);
        buf_free(&text);
    }
}

static void zero_bytes_are_refused_everywhere(void **state)
{
    char text[] = GOOD;

    (void)state;
    for (size_t i = 0; i < strlen(GOOD); i++) {
        text[i] = '\0';
        assert_false(reads(text, strlen(GOOD)));
        text[i] = GOOD[i];
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines_are_read),
                                       cmocka_unit_test(any_cut_is_refused),
                                       cmocka_unit_test(other_texts_are_refused),
                                       cmocka_unit_test(zero_bytes_are_refused_everywhere)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
