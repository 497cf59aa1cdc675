/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, times, paths and links of a packet's records. */
#include "packet/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct signet_value integer(int64_t n)
{
    return (struct signet_value){.type = SIGNET_TYPE_INTEGER, .as.integer = n};
}

static struct signet_value whole(uint64_t n)
{
    return (struct signet_value){.type = SIGNET_TYPE_UNSIGNED, .as.unsigned_integer = n};
}

static struct signet_value real(double n)
{
    return (struct signet_value){.type = SIGNET_TYPE_FLOAT, .as.number = n};
}

/* A sum is exact or refused: between -2^63 and 2^64 - 1. */
static void sums(void **state)
{
    const struct {
        struct signet_value a, b, sum;
        bool good;
    } rows[] = {
        {integer(1), integer(2), integer(3), true},
        {integer(INT64_MAX), integer(0), integer(INT64_MAX), true},
        {integer(INT64_MAX), integer(1), whole((uint64_t)INT64_MAX + 1), true},
        {integer(INT64_MAX), integer(INT64_MAX), whole(UINT64_MAX - 1), true},
        {whole(UINT64_MAX), integer(0), whole(UINT64_MAX), true},
        {whole(UINT64_MAX), integer(1), integer(0), false},
        {whole(UINT64_MAX), whole(UINT64_MAX), integer(0), false},
        {whole((uint64_t)INT64_MAX + 1), whole((uint64_t)INT64_MAX + 1), integer(0), false},
        {whole(UINT64_MAX), integer(-1), whole(UINT64_MAX - 1), true},
        {whole((uint64_t)INT64_MAX + 1), integer(-1), integer(INT64_MAX), true},
        {integer(INT64_MIN), integer(0), integer(INT64_MIN), true},
        {integer(INT64_MIN), integer(-1), integer(0), false},
        {integer(INT64_MIN), whole(UINT64_MAX), integer(INT64_MAX), true},
        {integer(2), real(0.5), real(2.5), true},
        {whole((uint64_t)1 << 63), real(0.0), real(0x1p63), true},
    };

    (void)state;
    for (size_t i = 0; i < 2 * (sizeof(rows) / sizeof(rows[0])); i++) {
        size_t n = i / 2;
        struct signet_value a = i % 2 ? rows[n].b : rows[n].a, b = i % 2 ? rows[n].a : rows[n].b;

        if (value_add(&a, &b) != rows[n].good)
            fail_msg("case %zu", n);
        if (!rows[n].good)
            continue;
        assert_int_equal(a.type, rows[n].sum.type);
        if (a.type == SIGNET_TYPE_FLOAT)
            assert_true(a.as.number == rows[n].sum.as.number);
        else
            assert_true(a.as.unsigned_integer == rows[n].sum.as.unsigned_integer);
    }
    struct signet_value zero = integer(0), one = whole(1), none = real(-0.0);
    assert_true(value_is_zero(&zero) && value_is_zero(&none) && !value_is_zero(&one));
}

static void times(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: refused */
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2013-03-21T20:04:00Z", 1363896240},
        {"2013-03-21t20:04:00z", 1363896240},
        {"2013-03-21 20:04:00Z", 1363896240},
        {"2013-03-21T20:04:00.000Z", 1363896240},
        {"2013-03-21T21:34:00+01:30", 1363896240},
        {"2013-03-21T18:34:00-01:30", 1363896240},
        {"2000-02-29T00:00:00Z", 951782400},
        {"2016-02-29T23:59:60Z", 1456790400}, /* a leap second */
        {"2013-03-21T20:04:00+23:59", 1363896240 - 86340},
        {"2013-03-21T20:04:00.5Z", -1},
        {"2013-03-21T20:04:00.Z", -1},
        {"2013-03-21T20:04:00", -1},
        {"2013-03-21T20:04:00Zx", -1},
        {"2013-03-21T20:04:00ZZ", -1},
        {"2013-03-21T20:04:00+24:00", -1},
        {"2013-03-21T20:04:00+01:60", -1},
        {"2013-03-21T20:04:00+0100", -1},
        {"2013-03-21T24:00:00Z", -1},
        {"2013-03-21T20:60:00Z", -1},
        {"2013-03-21T20:04:61Z", -1},
        {"2013-00-21T20:04:00Z", -1},
        {"2013-13-21T20:04:00Z", -1},
        {"2013-03-00T20:04:00Z", -1},
        {"2013-04-31T20:04:00Z", -1},
        {"2013-02-29T20:04:00Z", -1},
        {"1900-02-29T20:04:00Z", -1},
        {"2013-03-21", -1},
        {"13-03-21T20:04:00Z", -1},
        {"2o13-03-21T20:04:00Z", -1},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t seconds = -1;

        bool good = value_time((const uint8_t *)rows[i].text, strlen(rows[i].text), &seconds);
        if (good != (rows[i].seconds >= 0) || seconds != rows[i].seconds)
            fail_msg("%s: %lld", rows[i].text, (long long)seconds);
    }
    int64_t before = 0;
    assert_true(value_time((const uint8_t *)"1969-12-31T23:59:59Z", 20, &before));
    assert_int_equal(before, -1);
}

static void paths(void **state)
{
    static const struct {
        const char *text;
        bool good;
        uint16_t riid;
    } rows[] = {
        {"/1/2/3", true, SIGNET_NO_ID},
        {"/1/2/3/4", true, 4},
        {"/00001/2/3", true, SIGNET_NO_ID},
        {"/65534/65534/65534/65534", true, 65534},
        {"/65535/2/3", false, 0},
        {"/1/2/65535", false, 0},
        {"/1/2/3/65535", false, 0},
        {"/000001/2/3", false, 0},
        {"/1/2", false, 0},
        {"/1/2/", false, 0},
        {"/1//3", false, 0},
        {"1/2/3", false, 0},
        {"/1/2/3/4/5", false, 0},
        {"/1/2/3/", false, 0},
        {"/1/2/3x", false, 0},
        {"/1/2/-3", false, 0},
        {"/1/2/3 ", false, 0},
        {"", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_path path = {0};
        const char *wrong = value_path(rows[i].text, strlen(rows[i].text), &path);

        if (!wrong != rows[i].good)
            fail_msg("%s: %s", rows[i].text, wrong ? wrong : "taken");
        if (!wrong)
            assert_int_equal(path.riid, rows[i].riid);
    }
}

static void links(void **state)
{
    static const char *const bad[] = {"",      ":",       "1",       "1:",        ":1",
                                      "1:2:3", "65536:1", "1:65536", "1:2 ",      " 1:2",
                                      "-1:2",  "1;2",     "a:b",     "1:000002x", "99999999999:1"};
    struct signet_value value = {0};

    (void)state;
    assert_true(value_objlink((const uint8_t *)"3303:0", 6, &value));
    assert_int_equal(value.type, SIGNET_TYPE_OBJLNK);
    assert_int_equal(value.as.objlnk.oid, 3303);
    assert_true(value_objlink((const uint8_t *)"65535:65535", 11, &value)); /* a link to nothing */
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (value_objlink((const uint8_t *)bad[i], strlen(bad[i]), &value))
            fail_msg("'%s' is taken", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sums), cmocka_unit_test(times),
                                       cmocka_unit_test(paths), cmocka_unit_test(links)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
