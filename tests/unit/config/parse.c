/* SPDX-License-Identifier: Apache-2.0 */
/* What the language refuses, and how it says so: line and column, what, and what to do. What it
 * takes is compared with Python in tests/conformance/language.py.
 * wrap: wipe
 */
#include <setjmp.h>
#include <signet/config.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct refusal {
    const char *text, *place, *what, *hint;
};

static const struct refusal refusals[] = {
    {"", "1:1", "nothing in it", "dictionary"},
    {" # only a comment\n", "1:", "nothing in it", "dictionary"},
    {"[1]", "1:1", "no lists", "{0: 1, 1: 2}"},
    {"(1, 2)", "1:1", "no tuples", "{0: 1, 1: 2}"},
    {"{1: {1: {1: ()}}}", "1:13", "no tuples", "{0: 1"},
    {"{1: {1: {1: 1}}} 2", "1:18", "after the end", "one dictionary"},
    {"{1: {1: {1: 1}}", "1:1", "never closed", "}"},
    {"{1: {\n1: {\n1: 1}\n", "1:5", "never closed", "}"},
    {"{1: {1: {1: 1,, 2: 3}}}", "1:15", "value", "number"},
    {"{1: {1: {1 1}}}", "1:12", "':' should follow", "identifier: value"},
    {"{1: {1: {1: 1 2}}}", "1:15", "should follow", "is a comma missing"},
    {"{1: {1: {1: 1 if True else 2}}}", "1:15", "should follow", "no conditions"},
    {"{1: {1: {1: -}}}", "1:14", "value", "number"},
    {"{1: {1: {1: (1}}}", "1:15", "')' should follow", "close the parenthesis"},
    /* numbers */
    {"{1: {1: {1: 08}}}", "1:13", "start with 0", "0o17"},
    {"{1: {1: {1: 0x}}}", "1:13", "malformed number", "0x1f"},
    {"{1: {1: {1: 1__0}}}", "1:13", "malformed number", "1_000"},
    {"{1: {1: {1: 18446744073709551616}}}", "1:13", "64 bits", "-2^63 to 2^64-1"},
    {"{1: {1: {1: -9223372036854775809}}}", "1:13", "64 bits", "-2^63"},
    {"{1: {1: {1: 1e999}}}", "1:13", "this is no finite", ""},
    {"{1: {1: {1: 1 // 0}}}", "1:15", "division by zero", "number itself"},
    {"{1: {1: {1: 1 % 0}}}", "1:15", "division by zero", "number itself"},
    {"{1: {1: {1: 1 / 2}}}", "1:15", "'/' is not among", "//"},
    {"{1: {1: {1: 2 ** 2 ** 99}}}", "1:", "too large", ""},
    {"{1: {1: {1: 1 << -1}}}", "1:15", "", ""},
    {"{1: {1: {1: 1.5 << 1}}}", "1:17", "for integers", ""},
    {"{1: {1: {1: 'a' + b'b'}}}", "1:17", "operator does not take", "strings with strings"},
    {"{1: {1: {1: 'a' * 5000000}}}", "1:17", "longer than 4194304", ""},
    {"{1: {1: {1: 1.5 // 0}}}", "1:17", "division by zero", "number itself"},
    {"{1: {1: {1: 1.5 % 0.0}}}", "1:17", "division by zero", "number itself"},
    {"{1: {1: {1: 0.0 ** -1}}}", "1:17", "division by zero", "number itself"},
    {"{1: {1: {1: 0 ** -1}}}", "1:15", "division by zero", "number itself"},
    {"{1: {1: {1: (-1.5) ** 0.5}}}", "1:20", "complex", ""},
    {"{1: {1: {1: 1j}}}", "1:13", "complex", ""},
    {"{1: {1: {1: 1e308 * 10}}}", "1:19", "no finite number", ""},
    {"{1: {1: {1: 9007199254740993 * 1.0}}}", "1:13", "exact floating point", "result itself"},
    {"{1: {1: {1: 1.0 * 9007199254740993}}}", "1:19", "exact floating point", "result itself"},
    {"{1: {1: {1: -'a'}}}", "1:13", "sign is for numbers", ""},
    {"{1: {1: {1: ~1.5}}}", "1:13", "sign is for numbers", ""},
    {"{1: {1: {1: 1 << 127}}}", "1:15", "too large", "-2^63"},
    {"{1: {1: {1: (-1 << 127) // -1}}}", "1:25", "too large", "-2^63"},
    {"{1: {1: {1: -(-1 << 127)}}}", "1:13", "too large", "-2^63"},
    {"{1: {1: {1: (-1 << 127) - 1}}}", "1:25", "too large", "-2^63"},
    {"{1: {1: {1: 170141183460469231731687303715884105728}}}", "1:13", "too large", "-2^63"},
    {"{1: {1: {1: 1.5_}}}", "1:13", "malformed number", "1_000"},
    {"{1: {1: {1: 0xg}}}", "1:13", "malformed number", "0x1f"},
    {"{1: {1: {1: 0b102}}}", "1:17", "does not belong to a number", "quotes"},
    {"{1: {1: {1: 0_7}}}", "1:13", "start with 0", "0o17"},
    /* strings */
    {"{1: {1: {1: 'a' b'b'}}}", "1:17", "cannot be joined", "before both"},
    {"{1: {1: {1: 'a' * 2097153 + 'a' * 2097153}}}", "1:33", "more than 4194304 bytes", ""},
    {"{1: {1: {1: bytes.fromhex(5)}}}", "1:27", "hex digits stand in a string", "fromhex"},
    {"{1: {1: {1: 'abc}}}", "1:13", "no end", "quote that opened"},
    {"{1: {1: {1: '''abc'}}}", "1:13", "no end", "quote that opened"},
    {"{1: {1: {1: 'a\nb'}}}", "1:13", "no end", "quote"},
    {"{1: {1: {1: 'a\\xg'}}}", "1:15", "2 hex digits", "\\\\"},
    {"{1: {1: {1: '\\u12'}}}", "1:14", "4 hex digits", "\\\\"},
    {"{1: {1: {1: '\\N{DASH}'}}}", "1:14", "by name", "\\uXXXX"},
    {"{1: {1: {1: b'\xc3\xa9'}}}", "1:15", "ASCII", "\\xNN"},
    {"{1: {1: {1: f'{x}'}}}", "1:13", "f-strings are code", "text itself"},
    {"{1: {1: {1: bytes.fromhex('0')}}}", "1:27", "half of a pair", "two hex digits"},
    {"{1: {1: {1: bytes('0')}}}", "1:18", "bytes", "fromhex"},
    {"{1: {1: {1: bytes.hex('0')}}}", "1:19", "bytes.", "fromhex"},
    {"{1: {1: {1: '\\U00110000'}}}", "1:14", "no Unicode character", "character itself"},
    {"{1: {1: {1: '\\ud800'}}}", "1:14", "no Unicode character", "character itself"},
    /* names */
    {"{OID.Securty: {}}", "1:6", "'OID.Securty'", "OID.Security?"},
    {"{OID: {}}", "1:5", "must follow OID", "OID.Security"},
    {"{OID.: {}}", "1:6", "must follow OID.", "OID.Security"},
    {"{OID.Security: {1: {RID.Security.Mod: 1}}}", "1:34", "RID.Security.Mod'", "Security.Mode?"},
    {"{OID.Security: {1: {RID.Securiti.Mode: 1}}}", "1:25", "RID.Securiti", "RID.Security?"},
    {"{1: {1: {1: true}}}", "1:13", "'true'", "True?"},
    {"{1: {1: {1: None}}}", "1:13", "None", "leave the resource out"},
    {"{1: {1: {1: open('x')}}}", "1:13", "unknown name", "quotes"},
    {"__import__('os').system('touch pwned')", "1:1", "unknown name", "quotes"},
    {"(lambda: 1)()", "1:2", "unknown name", ""},
    /* the shape */
    {"{**5}", "1:4", "only a dictionary can follow **", ""},
    {"{1: {2: {3: 4}}, **{1: {2: {}}}}", "1:21", "first in line 1, column 2", "one of the two"},
    {"{1: {1}}", "1:7", "no ':' and value", "identifier: value"},
    {"{1: ", "1:5", "the file ends where a value should follow", ""},
    {"{1: {1: {1: 'a'.b}}}", "1:16", "attributes and subscripts", "result itself"},
    {"{'a': 1}", "1:2", "whole numbers", "OID.Security"},
    {"{1: {1: 5}}", "1:9", "dictionary of resources", "instance: {resource: value}"},
    {"{1: 5}", "1:5", "dictionary", ""},
    {"{70000: {}}", "1:2", "object identifier", "0 to 65534"},
    {"{1: {65535: {}}}", "1:6", "identifier", "0 to 65534"},
    {"{1: {1: {-1: 1}}}", "1:10", "resource identifier", "0 to 65534"},
    {"{1: {1: {1: {1: {1: 1}}}}}", "1:17", "this deep", "one value"},
    {"{1: {1: {1: Objlink(1)}}}", "1:22", "',' should follow", "Objlink(object, instance)"},
    {"{1: {1: {1: Objlink(1, 70000)}}}", "1:24", "0 to 65535", "Objlink(object, instance)"},
    {"{1: {1: {1: 5, 1: 6}}}", "1:16", "first in line 1, column 10", "one of the two"},
    {"{1: {1: {1: 5,\n 0x1: 6}}}", "2:2", "first in line 1, column 10", "one of the two"},
    {"{OID.Server: {},\n\n 1: {}}", "3:2", "first in line 1, column 2", "one of the two"},
};

/* What is well-formed and too much for Signet has its own code. */
static int code_of(const char *what)
{
    static const char *const limits[] = {
        "64 bits",        "too large",           "no finite number",
        "exact floating", "longer than 4194304", "more than 4194304"};

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (strstr(what, limits[i]))
            return SIGNET_E_LIMIT;
    return SIGNET_E_SYNTAX;
}

static void refused_with_place_and_hint(void **state)
{
    bool good = true;

    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *r = &refusals[i];
        struct signet_tree *tree = NULL;
        struct signet_error err = {0};
        char place[40];

        int code = signet_config_parse(r->text, strlen(r->text), "cfg", &tree, &err);
        snprintf(place, sizeof place, "cfg:%s%s", r->place,
                 r->place[strlen(r->place) - 1] == ':' ? "" : ":");
        bool fits = code == code_of(r->what) && (int)err.code == code && !tree &&
                    strncmp(err.msg, place, strlen(place)) == 0 && strstr(err.msg, r->what) &&
                    strstr(err.hint, r->hint);
        if (!fits)
            print_message("%s\nis told as: %d %s\nhint: %s\nwanted: %s %s, %s\n\n", r->text, code,
                          err.msg, err.hint, place, r->what, r->hint);
        good = good && fits;
        signet_tree_free(&tree);
    }
    assert_true(good);
}

/* The excerpt is the line with a caret under the place, and nothing of what stands in quotes. */
static void caret_and_no_secret(void **state)
{
    static const char text[] = "{0: {1: {\n    5: b'top-secret-key', 3: 'hidden' * ,\n}}}";
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(signet_config_parse(text, sizeof text - 1, "cfg", &tree, &err),
                     SIGNET_E_SYNTAX);
    const char *caret = strchr(err.excerpt, '\n');
    assert_non_null(caret);
    assert_null(strstr(err.excerpt, "secret"));
    assert_null(strstr(err.excerpt, "hidden"));
    assert_null(strstr(err.msg, "secret"));
    unsigned line, column;
    assert_int_equal(sscanf(err.msg, "cfg:%u:%u", &line, &column), 2);
    assert_int_equal(line, 2);
    assert_int_equal(strlen(caret + 1), column); /* spaces, then the caret */
    assert_int_equal(caret[column], '^');
}

static void limits(void **state)
{
    static const struct {
        const char *unit, *tail;
        size_t count;
        int code;
    } floods[] = {
        {"{1: ", "", 33, SIGNET_E_LIMIT},
        {"(", "1", 100000, SIGNET_E_LIMIT},
        {"(", "1", 200, SIGNET_E_LIMIT},
        {"(", "1", 199, SIGNET_E_SYNTAX}, /* not closed */
        {"{1: {1: {1: 'a' * 4194304}}} x", "", 1, SIGNET_E_LIMIT},
        {"{1: {1: {1: 'a' * 4194303}}} x", "", 1, SIGNET_E_SYNTAX},
        {"#", "", (1 << 20) + 1, SIGNET_E_LIMIT},
        {" ", "", 1 << 20, SIGNET_E_SYNTAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof floods / sizeof floods[0]; i++) {
        size_t unit = strlen(floods[i].unit), tail = strlen(floods[i].tail);
        char *text = malloc(unit * floods[i].count + tail + 1);
        struct signet_tree *tree = NULL;
        struct signet_error err = {0};

        for (size_t k = 0; k < floods[i].count; k++)
            memcpy(text + k * unit, floods[i].unit, unit);
        strcpy(text + unit * floods[i].count, floods[i].tail);
        assert_int_equal(signet_config_parse(text, strlen(text), "cfg", &tree, &err),
                         floods[i].code);
        assert_true(err.msg[0] != '\0');
        free(text);
    }
}

static void records_keep_their_order_and_place(void **state)
{
    static const char text[] =
        "\xef\xbb\xbf{OID.Server: {3: {7: 'U',\n 1: 5}},\n 0: {}, 9999: {0: {4: "
        "{2: Objlink(1, 65535), 1: 1.5}}}}";
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};

    (void)state;
    if (signet_config_parse(text, sizeof text - 1, "cfg", &tree, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(signet_tree_count(tree), 4);
    const struct signet_record *r = signet_tree_at(tree, 0);
    assert_int_equal(r->path.oid, 1);
    assert_int_equal(r->path.iid, 3);
    assert_int_equal(r->path.rid, 7);
    assert_int_equal(r->path.riid, SIGNET_NO_ID);
    assert_int_equal(r->value.type, SIGNET_TYPE_STRING);
    r = signet_tree_at(tree, 1);
    assert_int_equal(r->line, 2);
    assert_int_equal(r->value.as.integer, 5);
    r = signet_tree_at(tree, 2);
    assert_int_equal(r->path.riid, 2);
    assert_int_equal(r->value.type, SIGNET_TYPE_OBJLNK);
    assert_int_equal(r->value.as.objlnk.iid, 65535);
    r = signet_tree_at(tree, 3);
    assert_int_equal(r->value.type, SIGNET_TYPE_FLOAT);
    assert_true(r->value.as.number == 1.5);
    signet_tree_free(&tree);
}

/* Whatever stands around it: a key is not shown, and what helps to find the place is. */
static void excerpts_hide_what_may_be_a_key(void **state)
{
    static const char *const lines[][2] = {
        {"{1: 'secret-key', 2: x}", "{1: '..........', 2: x}"},
        {"{1: '', 2: 'ab', 3: x}", "{1: '', 2: '..', 3: x}"},
        {"{1: '''se'cret''', 2: x}", "{1: '''.......''', 2: x}"},
        {"{1: '''a\nsecret', b''', 2: x}", "..........''', 2: x}"},
        {"{1: 'it\\'s secret', 2: x}", "{1: '............', 2: x}"},
        {"{1: 'a\n secret: 'x', \xff", " ......: '.', ?"},
        {"{1: 2, # 'secret\n 3: x}", " 3: x}"},
        {"{1: 2 x # secret", "{1: 2 x ........"},
        {"{1: deadbeef, 2: 123456, 3: 1234567}", "{1: ........, 2: 123456, 3: .......}"},
        {"{OID.Securty: Objlnk(x)}", "{OID.Securty: Objlnk(x)}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct signet_tree *tree = NULL;
        struct signet_error err = {0};

        assert_int_not_equal(
            signet_config_parse(lines[i][0], strlen(lines[i][0]), "cfg", &tree, &err), SIGNET_OK);
        err.excerpt[strcspn(err.excerpt, "\n")] = '\0';
        assert_string_equal(err.excerpt, lines[i][1]);
    }
}

static void text_that_is_none_has_a_place(void **state)
{
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(signet_config_parse("{1:\n \xc3\xa9\xff}", 9, "cfg", &tree, &err),
                     SIGNET_E_SYNTAX);
    assert_string_equal(err.msg, "cfg:2:3: this is not UTF-8 text");
    assert_int_equal(signet_config_parse("{1:\r\n\0}", 7, "cfg", &tree, &err), SIGNET_E_SYNTAX);
    assert_string_equal(err.msg, "cfg:2:1: a zero byte");
    assert_int_equal(signet_config_parse("{1:\r\r\n x}", 8, "cfg", &tree, &err), SIGNET_E_SYNTAX);
    assert_non_null(strstr(err.msg, "cfg:3:2: "));
    assert_int_equal(signet_config_parse("{1:\xff", 4, "cfg", &tree, NULL), SIGNET_E_SYNTAX);
}

void __real_wipe(void *data, size_t len);
void __wrap_wipe(void *data, size_t len);

static const char half_of_key[] = "8899aabbccddeeff";
static bool half_wiped;

void __wrap_wipe(void *data, size_t len)
{
    half_wiped = half_wiped || (len == 16 && memcmp(data, half_of_key, 16) == 0);
    __real_wipe(data, len);
}

/* Bytes are decoded where their text was: the half of it that is left is wiped. */
static void digits_of_a_key_are_wiped(void **state)
{
    static const char text[] = "{0: {1: {5: bytes.fromhex('00112233445566778899aabbccddeeff')}}}";
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};

    (void)state;
    half_wiped = false;
    assert_int_equal(signet_config_parse(text, strlen(text), "cfg", &tree, &err), SIGNET_OK);
    assert_true(half_wiped);
    signet_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_with_place_and_hint),
        cmocka_unit_test(caret_and_no_secret),
        cmocka_unit_test(excerpts_hide_what_may_be_a_key),
        cmocka_unit_test(text_that_is_none_has_a_place),
        cmocka_unit_test(digits_of_a_key_are_wiped),
        cmocka_unit_test(limits),
        cmocka_unit_test(records_keep_their_order_and_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
