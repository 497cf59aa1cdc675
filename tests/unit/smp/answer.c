/* SPDX-License-Identifier: Apache-2.0 */
#include "smp/smp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool decode(struct smp_answer *answer, const char *hex)
{
    static uint8_t data[1024]; /* the answer points into it */
    ssize_t len = hex_decode(hex, strlen(hex), data, sizeof(data));

    assert_true(len >= 0);
    return smp_answer_decode(answer, data, (size_t)len);
}

static void values_of_every_kind(void **state)
{
    struct smp_answer a;
    const struct smp_item *item;

    (void)state;
    assert_true(decode(&a, "a9"
                           "616101"
                           "616222"
                           "61634101"
                           "616461786165"
                           "f5"
                           "6166f6"
                           "6167f93c00"
                           "6168a0"
                           "6169820304"));
    assert_int_equal(a.count, 11);
    assert_int_equal(smp_answer_want(&a, "a", CBOR_UNSIGNED)->value, 1);
    assert_int_equal(smp_answer_want(&a, "b", CBOR_NEGATIVE)->value, 2);
    item = smp_answer_want(&a, "c", CBOR_BYTES);
    assert_true(item && item->len == 1 && item->data[0] == 1);
    item = smp_answer_want(&a, "d", CBOR_TEXT);
    assert_true(item && item->len == 1 && item->data[0] == 'x');
    assert_int_equal(smp_answer_want(&a, "e", CBOR_BOOLEAN)->value, 1);
    assert_int_equal(smp_answer_want(&a, "f", CBOR_NULL)->value, 0);
    assert_int_equal(smp_answer_want(&a, "g", CBOR_FLOAT)->value, 0);
    assert_non_null(smp_answer_want(&a, "h", CBOR_MAP));
    item = smp_answer_want(&a, "i", CBOR_ARRAY);
    assert_int_equal(item->value, 0);
    assert_ptr_equal(item, &a.items[8]);
    assert_true(a.items[9].parent == 8 && !a.items[9].key && a.items[9].value == 3);
    assert_true(a.items[10].parent == 8 && a.items[10].value == 4);
    assert_null(smp_answer_want(&a, "a", CBOR_TEXT));
    assert_null(smp_answer_get(&a, -1, "z"));
    assert_null(smp_answer_get(&a, -1, ""));
}

static void numbers_are_cut_to_an_int(void **state)
{
    static const struct {
        const char *hex;
        int number;
    } rows[] = {{"a161610a", 10},
                {"a1616129", -10},
                {"a161611a7fffffff", INT32_MAX},
                {"a161611a80000000", INT32_MAX},
                {"a161613a7fffffff", INT32_MIN},
                {"a161613a80000000", INT32_MIN},
                {"a161613bffffffffffffffff", INT32_MIN}};
    struct smp_answer a;
    int number = 7;

    (void)state;
    assert_true(decode(&a, "a161616178"));
    assert_false(smp_answer_number(smp_answer_get(&a, -1, "a"), &number));
    assert_false(smp_answer_number(NULL, &number));
    assert_int_equal(number, 7);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(decode(&a, rows[i].hex));
        assert_true(smp_answer_number(smp_answer_get(&a, -1, "a"), &number));
        assert_int_equal(number, rows[i].number);
    }
}

/* The next key is not taken for what a tag is on. */
static void tags_are_refused(void **state)
{
    struct smp_answer a;

    (void)state;
    assert_false(decode(&a, "bf6161c0616201ff"));
    assert_true(decode(&a, "bf616102616201ff"));
}

static void keys_belong_to_their_map(void **state)
{
    struct smp_answer a;
    const struct smp_item *map;

    (void)state;
    assert_true(decode(&a, "bf63657272bf626772016272630a"
                           "ff"
                           "62726303ff"));
    map = smp_answer_want(&a, "err", CBOR_MAP);
    assert_int_equal(smp_answer_get(&a, (int)(map - a.items), "rc")->value, 10);
    assert_int_equal(smp_answer_get(&a, -1, "rc")->value, 3);
    assert_null(smp_answer_get(&a, -1, "gr"));
}

static void what_is_no_answer(void **state)
{
    static const char *const bad[] = {
        "",               /* nothing */
        "80",             /* an array */
        "01",             /* a number */
        "a1",             /* cut */
        "a1616161",       /* cut in a text */
        "a000",           /* something behind it */
        "a0a0",           /* twice */
        "a10102",         /* a key that is a number */
        "a1410102",       /* a key of bytes */
        "a1a001",         /* a key that is a map */
        "a17f6161ff01",   /* a key in pieces */
        "a161617f6161ff", /* a value in pieces */
        "a161615f4101ff",
        "a16161c101", /* a tag */
        "bf6161ff",   /* a key without a value */
        "a16161ff",   /* a break */
        "ff",
        "a161619bffffffffffffffff", /* more than there is */
        "bbffffffffffffffff",
        "a161617bffffffffffffffff",
    };
    struct smp_answer a;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (decode(&a, bad[i]))
            fail_msg("%s was taken", bad[i]);
}

static void depth_and_number_are_limited(void **state)
{
    char hex[2048];
    struct smp_answer a;

    (void)state;
    for (int deep = 1; deep <= SMP_DEPTH_MAX + 1; deep++) {
        hex[0] = '\0';
        for (int i = 1; i < deep; i++)
            strcat(hex, "a16161");
        strcat(hex, "a0");
        assert_int_equal(decode(&a, hex), deep <= SMP_DEPTH_MAX);
    }
    for (int items = SMP_ITEMS_MAX; items <= SMP_ITEMS_MAX + 1; items++) {
        strcpy(hex, "bf");
        for (int i = 0; i < items; i++)
            strcat(hex, "616100");
        strcat(hex, "ff");
        assert_int_equal(decode(&a, hex), items == SMP_ITEMS_MAX);
        strcpy(hex, "a161619f");
        for (int i = 1; i < items; i++)
            strcat(hex, "00");
        strcat(hex, "ff");
        assert_int_equal(decode(&a, hex), items == SMP_ITEMS_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_kind), cmocka_unit_test(numbers_are_cut_to_an_int),
        cmocka_unit_test(tags_are_refused),     cmocka_unit_test(keys_belong_to_their_map),
        cmocka_unit_test(what_is_no_answer),    cmocka_unit_test(depth_and_number_are_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
