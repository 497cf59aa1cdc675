/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a JSON file, and where. */
#include "config/json_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct text_source source_of(const char *text, size_t len)
{
    return (struct text_source){.name = "f", .text = text, .len = len, .hide = text_hide_secrets};
}

static void what_is_wrong_and_where(void **state)
{
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"", "f:1:1: there is nothing in it"},
        {" \n ", "f:1:1: there is nothing in it"},
        {"{\"a\":", "f:1:6: the file ends where something should follow"},
        {"{\"a\": \xe2\x80\x9cx\xe2\x80\x9d}", "f:1:7: a curly quote"},
        {"{\xc2\xab", "f:1:2: a curly quote"},
        {"{\"a\": 'x'}", "f:1:7: a single quote"},
        {"{# no\n}", "f:1:2: a comment"},
        {"{// no\n}", "f:1:2: a comment"},
        {"{/* no */}", "f:1:2: a comment"},
        {"{\"a\": \"\\x\"}", "f:1:8: a backslash that begins no escape"},
        {"{\"a\": \"b\tc\"}", "f:1:9: a control character in a text"},
        {"{\"a\": \"b\x1f\"}", "f:1:9: a control character in a text"},
        {"{\"a\": \"b\nc\"}", "f:1:7: this quote is never closed"},
        {"{\"a\": \"b", "f:1:7: this quote is never closed"},
        {"{\"a\": \"b\\", "f:1:7: this quote is never closed"},
        {"{\"a\": 01}", "f:1:7: a number with a zero in front"},
        {"{\"a\": -00}", "f:1:7: a number with a zero in front"},
        {"{\"a\": 1x}", "f:1:7: this is no number"},
        {"{\"a\": 0x1f}", "f:1:7: this is no number"},
        {"{\"a\": True}", "f:1:7: this is no word of JSON"},
        {"{\"a\": no}", "f:1:7: this is no word of JSON"},
        {"{\"a\": word}", "f:1:7: a text without quotes"},
        {"{a: 1}", "f:1:2: a name in double quotes should stand here"},
        {"{\"a\" 1}", "f:1:6: a colon should follow the name"},
        {"{\"a\": 1 \"b\": 2}", "f:1:9: a comma or } should follow"},
        {"[1 2]", "f:1:4: a comma or ] should follow"},
        {"{\"a\": 1,}", "f:1:8: a comma behind the last entry"},
        {"[1,\n]", "f:1:3: a comma behind the last entry"},
        {"{\"a\": [1", "f:1:7: this [ is never closed"},
        {"{\"a\": 1", "f:1:1: this { is never closed"},
        {"{\"a\": ;}", "f:1:7: a value should stand here"},
        {"{\"a\": 1}\n}", "f:2:1: this stands after the end"},
        {"{\"a\": \"\xff\"}", "f:1:8: this is not UTF-8"},
        {"{\"a\": [0, 10, -1, -0.5, 1e5, true, false, null, \"\\u00e4\\\"\"]}",
         "f:1:1: this is not JSON that can be read"}, /* nothing is wrong with it */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct text_source source = source_of(rows[i].text, strlen(rows[i].text));
        struct signet_error err = {0};

        assert_int_equal(json_explain(&source, &err), SIGNET_E_SYNTAX);
        if (strncmp(err.msg, rows[i].said, strlen(rows[i].said)) != 0)
            fail_msg("row %zu: %s, not %s", i, err.msg, rows[i].said);
        assert_true(err.hint[0]);
    }
}

static void nested_too_deep(void **state)
{
    static char text[8000];
    struct signet_error err = {0};

    (void)state;
    memset(text, '[', sizeof(text));
    const struct text_source source = source_of(text, sizeof(text));
    assert_int_equal(json_explain(&source, &err), SIGNET_E_SYNTAX);
    assert_non_null(strstr(err.msg, "nested too deep"));
}

/* Of the object itself, not of one in it; the first of two. */
static void where_a_member_stands(void **state)
{
    static const char text[] = "{\"x\": {\"a\": 1}, \"a\" : 2, \"a\": 3, \"ab\": 4}";
    const struct text_source source = source_of(text, strlen(text));

    (void)state;
    assert_int_equal(json_member_at(&source, "a", false), 16);
    assert_int_equal(json_member_at(&source, "a", true), 22);
    assert_int_equal(json_member_at(&source, "x", true), 6);
    assert_int_equal(json_member_at(&source, "ab", true), 39);
    assert_int_equal(json_member_at(&source, "b", true), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_and_where),
        cmocka_unit_test(nested_too_deep),
        cmocka_unit_test(where_a_member_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
