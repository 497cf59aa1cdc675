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
        assert_int_equal(strlen(text), (len + 2) / 3 * 4);
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
    assert_int_equal(base64_decode(&"="[1], 0, out, sizeof out), 0); /* what is before is not its */
}

static void hex_refuses(void **state)
{
    uint8_t out[4];

    (void)state;
    assert_int_equal(hex_decode("00fF", 4, out, 4), 2);
    assert_int_equal(out[1], 0xff);
    assert_int_equal(hex_decode("0", 1, out, 4), -1);
    assert_int_equal(hex_decode("0011", 3, out, 4), -1);
    assert_int_equal(hex_decode("0g", 2, out, 4), -1);
    assert_int_equal(hex_decode("g0", 2, out, 4), -1);
    assert_int_equal(hex_decode("0011223344", 10, out, 4), -1);
}

static void appended_to_a_buffer(void **state)
{
    uint8_t back[8];
    struct buf out = {0};

    (void)state;
    buf_text(&out, "<");
    buf_hex(&out, (const uint8_t *)"\x00\x9f\xf0", 3);
    assert_int_equal(base64url_decode("_-8AYQ", 6, back, sizeof(back)), 4);
    assert_memory_equal(back, "\xff\xef\x00\x61", 4);
    assert_int_equal(base64url_decode("_-8A", 4, back, 2), -1);
    assert_int_equal(base64url_decode("_", 1, back, sizeof(back)), -1);
    buf_base64(&out, (const uint8_t *)"\xfb\xff", 2);
    buf_hex(&out, NULL, 0);
    buf_base64(&out, NULL, 0);
    buf_text(&out, ">");
    assert_string_equal((char *)out.data, "<009ff0+/8=>");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_round_trip),
        cmocka_unit_test(base64_refuses),
        cmocka_unit_test(hex_refuses),
        cmocka_unit_test(appended_to_a_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
