/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static void base64_round_trip(void **state)
{
    uint8_t data[64], back[64];
    char text[128];

    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 37 + 200);
    for (size_t len = 0; len <= sizeof data; len++) {
        base64_encode(data, len, text);
        assert_int_equal(strlen(text), base64_encode_size(len));
        assert_int_equal(base64_decode(text, strlen(text), back, sizeof back), (ssize_t)len);
        assert_memory_equal(data, back, len);
    }
}

static void base64_refuses(void **state)
{
    static const char *const bad[] = {
        "A", "AA", "AAA", "AA=A", "====", "A===", "AAA!", "AB==", "AAB=", "AA==AAAA", "AA A"};
    uint8_t out[16];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(base64_decode(bad[i], strlen(bad[i]), out, sizeof out), -1);
    assert_int_equal(base64_decode("AAAA", 4, out, 2), -1);
}

static void hex_refuses(void **state)
{
    uint8_t out[4];

    (void)state;
    assert_int_equal(hex_decode("00fF", 4, out, 4), 2);
    assert_int_equal(out[1], 0xff);
    assert_int_equal(hex_decode("0", 1, out, 4), -1);
    assert_int_equal(hex_decode("0g", 2, out, 4), -1);
    assert_int_equal(hex_decode("0011223344", 10, out, 4), -1);
}

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

static void utf8_edges(void **state)
{
    (void)state;
    assert_true(utf8_valid((const uint8_t *)"\xf4\x8f\xbf\xbf", 4));
    assert_false(utf8_valid((const uint8_t *)"\xf4\x90\x80\x80", 4));
    assert_false(utf8_valid((const uint8_t *)"\xed\xa0\x80", 3)); /* surrogate */
    assert_false(utf8_valid((const uint8_t *)"\xc0\x80", 2));
    assert_false(utf8_valid((const uint8_t *)"\xe0\x80\x80", 3));
    assert_false(utf8_valid((const uint8_t *)"\xe2\x82", 2));
}

static void nearest_word(void **state)
{
    static const char *const names[] = {"Mode", "ServerURI", "ShortServerID", "Bootstrap"};

    (void)state;
    assert_string_equal(text_nearest("Mod", names, 4), "Mode");
    assert_string_equal(text_nearest("serveruri", names, 4), "ServerURI");
    assert_string_equal(text_nearest("ShortSreverID", names, 4), "ShortServerID");
    assert_null(text_nearest("Zzzzzzzz", names, 4));
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
    assert_false(endpoint_name_valid("a/../b", 6));
    assert_false(endpoint_name_valid("a\nb", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_round_trip), cmocka_unit_test(base64_refuses),
        cmocka_unit_test(hex_refuses),       cmocka_unit_test(escape_shows_no_control),
        cmocka_unit_test(utf8_edges),        cmocka_unit_test(nearest_word),
        cmocka_unit_test(endpoint_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
