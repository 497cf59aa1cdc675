/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of the object table. */
#include "lwm2m/lwm2m.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct signet_value whole(int64_t n)
{
    return (struct signet_value){.type = SIGNET_TYPE_INTEGER, .as.integer = n};
}

static struct signet_value high(uint64_t n)
{
    return (struct signet_value){.type = SIGNET_TYPE_UNSIGNED, .as.unsigned_integer = n};
}

static struct signet_value real(double n)
{
    return (struct signet_value){.type = SIGNET_TYPE_FLOAT, .as.number = n};
}

static struct signet_value text(size_t len)
{
    return (struct signet_value){.type = SIGNET_TYPE_STRING, .as.bytes = {NULL, len}};
}

static void a_value_is_in_its_range(void **state)
{
    const struct {
        const char *range;
        struct signet_value in, out;
    } rows[] = {
        {"0..100", whole(0), whole(-1)},
        {"0..100", whole(100), whole(101)},
        {"0..65535", whole(65535), high(UINT64_C(1) << 63)},
        {"0..18446744073709551614", high(UINT64_MAX - 1), high(UINT64_MAX)},
        {"0..9223372036854775807", whole(INT64_MAX), high(UINT64_C(1) << 63)},
        {"-9223372036854775807..0", whole(-INT64_MAX), whole(INT64_MIN)},
        {"-140..-44", whole(-44), whole(-43)},
        {"0..3,99", whole(99), whole(4)},
        {"16,32,48", text(32), text(33)},
        {"0..255", text(255), text(256)},
        {"-1..1", real(-1), real(-1.001)},
        {"0.000001..1.0", real(0.000001), real(0.0000009)},
        {"0.5..1", whole(1), whole(0)},
        {"0..1", real(1), real(__builtin_nan(""))},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!range_valid(rows[i].range) || !range_has(rows[i].range, &rows[i].in) ||
            range_has(rows[i].range, &rows[i].out) || !range_has("", &rows[i].out))
            fail_msg("row %zu: %s", i, rows[i].range);
    assert_true(range_has("1..2", &(struct signet_value){.type = SIGNET_TYPE_BOOLEAN}));
}

static void what_is_no_range(void **state)
{
    static const char *const rows[] = {"a",
                                       "1..",
                                       "..1",
                                       "2..1",
                                       "1,",
                                       ",1",
                                       "1;2",
                                       "1...3",
                                       "- 1",
                                       "1.0000001",
                                       "1111111111111111111111111"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (range_valid(rows[i]))
            fail_msg("%s", rows[i]);
}

static void ranges_in_words(void **state)
{
    char out[RANGE_TEXT_MAX];

    (void)state;
    assert_string_equal(range_text("0..100", out), "0 to 100");
    assert_string_equal(range_text("16,32,48", out), "16 or 32 or 48");
    assert_string_equal(range_text("-1.5..1.5", out), "-1.5 to 1.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_in_its_range),
        cmocka_unit_test(what_is_no_range),
        cmocka_unit_test(ranges_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
