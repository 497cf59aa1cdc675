/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <math.h>
#include <setjmp.h>
#include <signet/text.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void json_strings_are_ascii(void **state)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"", "\"\""},
        {"a b/'~", "\"a b/'~\""},
        {"\"\\", "\"\\\"\\\\\""},
        {"\n\r\t\x01\x1b\x1f\x7f", "\"\\n\\r\\t\\u0001\\u001b\\u001f\\u007f\""},
        {"\xc2\x9b", "\"\\u009b\""},
        {"\xc5\xba", "\"\\u017a\""},
        {"\xe2\x80\xae", "\"\\u202e\""},
        {"\xef\xbf\xbf", "\"\\uffff\""},
        {"\xf0\x90\x80\x80", "\"\\ud800\\udc00\""},
        {"\xf0\x9f\x98\x80!", "\"\\ud83d\\ude00!\""},
        {"\xf4\x8f\xbf\xbf", "\"\\udbff\\udfff\""},
        {"a\xff\xc3", "\"a\\ufffd\\ufffd\""},
        {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""}, /* a surrogate */
    };
    struct signet_bytes json = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(signet_text_json(cases[i].text, strlen(cases[i].text), &json, NULL),
                         SIGNET_OK);
        assert_string_equal((char *)json.data, cases[i].json);
        assert_int_equal(json.len, strlen(cases[i].json));
        signet_bytes_free(&json);
    }
    assert_int_equal(signet_text_json("a\0b", 3, &json, NULL), SIGNET_OK);
    assert_string_equal((char *)json.data, "\"a\\u0000b\"");
    signet_bytes_free(&json);
}

static void cells_are_quoted_when_needed(void **state)
{
    static const struct {
        char delimiter;
        const char *text, *cell;
    } cases[] = {
        {',', "", ""},
        {',', "a b;c", "a b;c"},
        {',', "a,b", "\"a,b\""},
        {';', "a,b", "a,b"},
        {';', "a;b", "\"a;b\""},
        {',', "\"", "\"\"\"\""},
        {',', "a\nb", "\"a\nb\""},
        {',', "a\rb", "\"a\rb\""},
        {',', "a\"b\"", "\"a\"\"b\"\"\""},
        {',', "=a", "=a"},
    };
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buf_reset(&out);
        buf_byte(&out, '|');
        csv_cell(&out, cases[i].delimiter, cases[i].text, strlen(cases[i].text));
        assert_string_equal((char *)out.data + 1, cases[i].cell);
    }
    buf_reset(&out);
    csv_cell(&out, ';', "a,=1", 2); /* what stands behind is not of it */
    assert_string_equal((char *)out.data, "a,");
    buf_free(&out);
    csv_cell(&out, ',', NULL, 0);
    buf_free(&out);
}

static void formulas_are_refused_where_they_are_imported(void **state)
{
    struct signet_error err = {0};

    (void)state;
    for (const char *c = "=+-@\t\r"; *c; c++) {
        assert_int_equal(csv_check("name", (char[]){*c, 'a'}, 2, NULL), SIGNET_E_MEANING);
        assert_int_equal(csv_check("name", (char[]){'a', *c < ' ' ? '-' : *c}, 2, NULL), SIGNET_OK);
    }
    assert_int_equal(csv_check("name", "'=", 2, NULL), SIGNET_OK);
    assert_int_equal(csv_check("name", "\uff1d1", 4, NULL), SIGNET_E_MEANING);
    assert_int_equal(csv_check("name", "\uff20a", 4, NULL), SIGNET_E_MEANING);
    assert_int_equal(csv_check("name", "\uff21a", 4, NULL), SIGNET_OK);
    assert_int_equal(csv_check("name", "", 0, NULL), SIGNET_OK);
    assert_int_equal(csv_check("name", "-f", 2, &err), SIGNET_E_MEANING);
    assert_string_equal(err.msg, "the name begins as a formula does in a spreadsheet");
    assert_int_equal(csv_check("name", "a\nb", 3, &err), SIGNET_E_MEANING);
    assert_string_equal(err.msg, "the name has control characters");
}

static void formulas_are_text_where_they_are_shown(void **state)
{
    static const struct {
        const char *text, *cell;
    } cases[] = {
        {"", ""},
        {"abc-1", "abc-1"},
        {"=cmd()", "'=cmd()"},
        {"+1", "'+1"},
        {"-1", "'-1"},
        {"@a", "'@a"},
        {"\t=1", "'\\x09=1"},
        {"\r=1", "'\\x0d=1"},
        {"-a,\"b\"", "\"'-a,\"\"b\"\"\""},
        {"a\x1b[31m", "a\\x1b[31m"},
        {"\uff0b1", "'\uff0b1"},
        {"a;=1", "\"a;=1\""}, /* two cells where a semicolon separates them */
    };
    struct signet_bytes cell = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(signet_text_csv(cases[i].text, &cell, NULL), SIGNET_OK);
        assert_string_equal((char *)cell.data, cases[i].cell);
        signet_bytes_free(&cell);
    }
}

static void numbers_as_a_person_writes_them(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {30.0, "30.0"},
        {-30.0, "-30.0"},
        {86400.0, "86400.0"},
        {1.1, "1.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {100.25, "100.25"},
        {1234567.125, "1234567.125"},
        {0.5, "0.5"},
        {0.0001, "0.0001"},
        {0.00012345, "0.00012345"},
        {0.00001, "1e-05"},
        {1e15, "1000000000000000.0"},
        {1234567890123456.0, "1234567890123456.0"},
        {1e16, "1e+16"},
        {1.5e16, "1.5e+16"},
        {1e100, "1e+100"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {-2.2250738585072014e-308, "-2.2250738585072014e-308"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
    };
    char text[SIGNET_NUMBER_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        signet_text_number(cases[i].value, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void numbers_read_back_as_they_were(void **state)
{
    uint64_t bits = 88172645463325252;
    char text[SIGNET_NUMBER_SIZE];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        double value, back;

        bits ^= bits << 13; /* xorshift64 */
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&value, &bits, sizeof(value));
        if (i % 2)
            value = (double)(int64_t)(bits >> 20) / 1024;
        signet_text_number(value, text);
        back = strtod(text, NULL);
        assert_true(isnan(value) ? isnan(back) : back == value);
        assert_non_null(strpbrk(text, ".en"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_strings_are_ascii),
        cmocka_unit_test(cells_are_quoted_when_needed),
        cmocka_unit_test(formulas_are_refused_where_they_are_imported),
        cmocka_unit_test(formulas_are_text_where_they_are_shown),
        cmocka_unit_test(numbers_as_a_person_writes_them),
        cmocka_unit_test(numbers_read_back_as_they_were),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
