/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever was added is found, as often as it was, in order; nothing else is. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { UPPER = 36 }; /* bits of a place; those above count in a hash */

static uint64_t of_number(const struct index *index, int number)
{
    char text[16];
    int len = snprintf(text, sizeof(text), "row-%d", number);

    return index_hash(index, text, (size_t)len);
}

static void expect(const struct index *index, uint64_t hash, const uint64_t *places, size_t count)
{
    size_t probe = 0;
    uint64_t place;

    for (size_t i = 0; i < count; i++) {
        assert_true(index_next(index, hash, &probe, &place));
        assert_int_equal(place, places[i]);
    }
    assert_false(index_next(index, hash, &probe, &place));
    assert_false(index_next(index, hash, &probe, &place)); /* it stays so */
}

/* Nothing is left to sort them by. */
static void one_place_many_times(void **state)
{
    enum { COUNT = 100 };
    uint64_t places[COUNT];
    struct index index;

    (void)state;
    assert_int_equal(index_open(&index, NULL), SIGNET_OK);
    for (size_t i = 0; i < COUNT; i++) {
        places[i] = 0;
        assert_int_equal(index_add(&index, 0, 0, NULL), SIGNET_OK);
    }
    expect(&index, 0, places, COUNT);
    index_free(&index);
}

static void an_empty_one(void **state)
{
    struct index index;

    (void)state;
    assert_int_equal(index_open(&index, NULL), SIGNET_OK);
    expect(&index, 0, NULL, 0);
    expect(&index, UINT64_MAX, NULL, 0);
    index_free(&index);
    assert_null(index.entries);
}

/* After each entry, so that every number of sorted runs is there. */
static void every_count(void **state)
{
    enum { COUNT = 300, KINDS = 7 };
    uint64_t places[KINDS][COUNT];
    size_t counts[KINDS] = {0};
    struct index index;

    (void)state;
    assert_int_equal(index_open(&index, NULL), SIGNET_OK);
    for (uint64_t i = 0; i < COUNT; i++) {
        size_t kind = (size_t)(i * i % KINDS);

        places[kind][counts[kind]++] = i * 3;
        assert_int_equal(index_add(&index, kind << UPPER | i, i * 3, NULL), SIGNET_OK);
        for (size_t k = 0; k < KINDS; k++)
            expect(&index, k << UPPER, places[k], counts[k]);
        expect(&index, (uint64_t)KINDS << UPPER, NULL, 0);
    }
    index_free(&index);
}

static void a_million(void **state)
{
    enum { ROWS = 1000000 };
    struct index index;
    uint64_t place, others = 0, strangers = 0;

    (void)state;
    assert_int_equal(index_open(&index, NULL), SIGNET_OK);
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(index_add(&index, of_number(&index, i), (uint64_t)i, NULL), SIGNET_OK);
    assert_int_equal(index.count, ROWS);
    for (int i = 0; i < ROWS; i++) {
        uint64_t hash = of_number(&index, i);
        bool found = false;

        for (size_t probe = 0; index_next(&index, hash, &probe, &place);) {
            found = found || place == (uint64_t)i;
            others += place != (uint64_t)i;
        }
        if (!found)
            fail_msg("%d is lost", i);
        size_t probe = 0;
        strangers += index_next(&index, of_number(&index, ROWS + i), &probe, &place);
    }
    assert_in_range(others, 0, ROWS / 50); /* 28 bits: 3,700 are to be expected */
    assert_in_range(strangers, 0, ROWS / 50);
    index_free(&index);
}

/* All of one hash, and falling hashes: no order is slow. A quadratic one would run for minutes. */
static void hostile_orders(void **state)
{
    enum { ROWS = 100000 };
    struct index index;
    uint64_t place, next = 0;
    size_t probe = 0;

    (void)state;
    assert_int_equal(index_open(&index, NULL), SIGNET_OK);
    for (uint64_t i = 0; i < ROWS; i++)
        assert_int_equal(index_add(&index, UINT64_MAX, i, NULL), SIGNET_OK);
    while (index_next(&index, UINT64_MAX, &probe, &place))
        assert_int_equal(place, next++);
    assert_int_equal(next, ROWS);
    index_free(&index);
    assert_int_equal(index_open(&index, NULL), SIGNET_OK);
    for (uint64_t i = ROWS; i-- > 0;)
        assert_int_equal(index_add(&index, i << UPPER, i, NULL), SIGNET_OK);
    for (uint64_t i = 0; i < ROWS; i++)
        expect(&index, i << UPPER, &i, 1);
    index_free(&index);
}

static void places(void **state)
{
    static const uint64_t last = ((uint64_t)1 << UPPER) - 1;
    struct signet_error err = {0};
    struct index index;

    (void)state;
    assert_int_equal(index_open(&index, NULL), SIGNET_OK);
    assert_int_equal(index_add(&index, UINT64_MAX, last, NULL), SIGNET_OK);
    assert_int_equal(index_add(&index, UINT64_MAX, last + 1, &err), SIGNET_E_LIMIT);
    assert_string_equal(err.msg, "an index has places below 2^36");
    expect(&index, UINT64_MAX, &last, 1);
    index_free(&index);
}

/* Another process has other hashes, and each byte counts. */
static void hashes(void **state)
{
    char text[40] = {0};
    struct index a, b;

    (void)state;
    assert_int_equal(index_open(&a, NULL), SIGNET_OK);
    assert_int_equal(index_open(&b, NULL), SIGNET_OK);
    assert_int_not_equal(index_hash(&a, "text", 4), index_hash(&b, "text", 4));
    assert_int_equal(index_hash(&a, "text", 4), index_hash(&a, "text", 4));
    for (size_t len = 0; len < sizeof(text); len++) {
        uint64_t hash = index_hash(&a, text, len);

        if (len)
            assert_int_not_equal(hash, index_hash(&a, text, len - 1)); /* zeros, one fewer */
        for (size_t i = 0; i < len; i++) {
            text[i] = 1;
            assert_int_not_equal(hash, index_hash(&a, text, len));
            text[i] = 0;
        }
    }
    index_free(&a);
    index_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_place_many_times),
        cmocka_unit_test(an_empty_one),
        cmocka_unit_test(every_count),
        cmocka_unit_test(a_million),
        cmocka_unit_test(hostile_orders),
        cmocka_unit_test(places),
        cmocka_unit_test(hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
