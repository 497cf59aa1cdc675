/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/cbor.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(struct buf *b, const char *hex)
{
    char text[128];

    assert_false(b->failed);
    assert_true(2 * b->len < sizeof(text));
    hex_encode(b->data, b->len, text);
    assert_string_equal(text, hex);
    buf_reset(b);
}

static void integers_are_the_shortest(void **state)
{
    static const struct {
        uint64_t value;
        const char *hex, *negative; /* of -1 - value */
    } cases[] = {
        {0, "00", "20"},
        {23, "17", "37"},
        {24, "1818", "3818"},
        {255, "18ff", "38ff"},
        {256, "190100", "390100"},
        {65535, "19ffff", "39ffff"},
        {65536, "1a00010000", "3a00010000"},
        {UINT32_MAX, "1affffffff", "3affffffff"},
        {(uint64_t)UINT32_MAX + 1, "1b0000000100000000", "3b0000000100000000"},
        {INT64_MAX, "1b7fffffffffffffff", "3b7fffffffffffffff"},
    };
    struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cbor_put_uint(&b, cases[i].value);
        expect(&b, cases[i].hex);
        cbor_put_int(&b, (int64_t)cases[i].value);
        expect(&b, cases[i].hex);
        cbor_put_int(&b, -1 - (int64_t)cases[i].value);
        expect(&b, cases[i].negative);
        assert_int_equal(cbor_head_size(cases[i].value), strlen(cases[i].hex) / 2);
    }
    cbor_put_uint(&b, UINT64_MAX);
    expect(&b, "1bffffffffffffffff");
    buf_free(&b);
}

static void strings_and_heads(void **state)
{
    uint8_t long_one[24] = {0};
    struct buf b = {0};

    (void)state;
    cbor_put_text(&b, "");
    expect(&b, "60");
    cbor_put_text(&b, "IETF");
    expect(&b, "6449455446");
    cbor_put_text_n(&b, "a\0b", 3);
    expect(&b, "63610062");
    cbor_put_bytes(&b, NULL, 0);
    expect(&b, "40");
    cbor_put_bytes(&b, long_one, sizeof(long_one));
    expect(&b, "5818"
               "000000000000000000000000000000000000000000000000");
    cbor_put_array(&b, 3);
    cbor_put_map(&b, 300);
    cbor_put_bool(&b, true);
    cbor_put_bool(&b, false);
    expect(&b, "83b9012cf5f4");
    buf_free(&b);
}

static void floats_are_the_shortest_exact_form(void **state)
{
    static const struct {
        double value;
        const char *hex;
    } cases[] = {
        {0.0, "f90000"},
        {-0.0, "f98000"},
        {1.5, "f93e00"},
        {65504.0, "f97bff"},
        {65505.0, "fa477fe100"},
        {0x1p-24, "f90001"},
        {-0x1p-14, "f98400"},
        {0x1p-25, "fa33000000"},
        {100000.0, "fa47c35000"},
        {1.1, "fb3ff199999999999a"},
        {1e300, "fb7e37e43c8800759c"},
        {-INFINITY, "f9fc00"},
        {0x1.004p-15, "fa38002000"}, /* half of the last bit of a half */
        {0x1.008p-15, "f90201"},
        {0x1.fffffep127, "fa7f7fffff"},
        {0x1.ffffffp127, "fb47effffff0000000"},
    };
    struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cbor_put_double(&b, cases[i].value);
        expect(&b, cases[i].hex);
    }
    cbor_put_double(&b, -NAN);
    expect(&b, "f97e00");
    buf_free(&b);
}

static void a_full_buffer_fails(void **state)
{
    struct buf b = {.max = 4};

    (void)state;
    cbor_put_text(&b, "abc");
    expect(&b, "63616263");
    cbor_put_text(&b, "abcd");
    assert_int_equal(buf_check(&b, NULL), SIGNET_E_LIMIT);
    cbor_put_uint(&b, 1); /* stays failed */
    cbor_put_uint(&b, 1000);
    cbor_put_bytes(&b, "a", 1);
    assert_int_equal(buf_check(&b, NULL), SIGNET_E_LIMIT);
    assert_null(b.data);
    buf_free(&b);
    cbor_put_bytes(&b, "a", SIZE_MAX - 4); /* with its head it would be few bytes */
    assert_int_equal(buf_check(&b, NULL), SIGNET_E_LIMIT);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_the_shortest),
        cmocka_unit_test(strings_and_heads),
        cmocka_unit_test(floats_are_the_shortest_exact_form),
        cmocka_unit_test(a_full_buffer_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
