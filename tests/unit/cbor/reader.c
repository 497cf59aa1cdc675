/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/cbor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct cbor_reader reader(const char *hex, uint8_t *to)
{
    ssize_t len = hex_decode(hex, strlen(hex), to, 256);

    assert_true(len >= 0);
    return (struct cbor_reader){.data = to, .len = (size_t)len};
}

static struct cbor_item first(const char *hex)
{
    uint8_t data[256];
    struct cbor_reader r = reader(hex, data);
    struct cbor_item item;

    assert_int_equal(cbor_next(&r, &item, NULL), SIGNET_OK);
    assert_int_equal(item.at, 0);
    assert_int_equal(cbor_end(&r, NULL), SIGNET_OK);
    return item;
}

static void items_of_every_kind(void **state)
{
    static const struct {
        const char *hex;
        enum cbor_kind kind;
        uint64_t number;
    } whole[] = {
        {"00", CBOR_UNSIGNED, 0},
        {"17", CBOR_UNSIGNED, 23},
        {"1818", CBOR_UNSIGNED, 24},
        {"190100", CBOR_UNSIGNED, 256},
        {"1a00010000", CBOR_UNSIGNED, 65536},
        {"1bffffffffffffffff", CBOR_UNSIGNED, UINT64_MAX},
        {"20", CBOR_NEGATIVE, 0},
        {"38ff", CBOR_NEGATIVE, 255},
        {"39ffff", CBOR_NEGATIVE, 65535},
        {"3affffffff", CBOR_NEGATIVE, UINT32_MAX},
        {"3bffffffffffffffff", CBOR_NEGATIVE, UINT64_MAX},
        {"83", CBOR_ARRAY, 3},
        {"9f", CBOR_ARRAY_START, 0},
        {"a2", CBOR_MAP, 2},
        {"bf", CBOR_MAP_START, 0},
        {"5f", CBOR_BYTES_START, 0},
        {"7f", CBOR_TEXT_START, 0},
        {"d9d9f7", CBOR_TAG, 55799},
        {"f6", CBOR_NULL, 0},
        {"f7", CBOR_UNDEFINED, 0},
        {"ff", CBOR_BREAK, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
        struct cbor_item item = first(whole[i].hex);

        assert_int_equal(item.kind, whole[i].kind);
        assert_int_equal(item.number, whole[i].number);
    }
    assert_true(first("f5").kind == CBOR_BOOLEAN && first("f5").boolean);
    assert_true(first("f4").kind == CBOR_BOOLEAN && !first("f4").boolean);
    assert_true(first("f93e00").kind == CBOR_FLOAT && first("f93e00").real == 1.5);
    assert_true(first("fa47c35000").real == 100000.0);
    assert_true(first("fb3ff199999999999a").real == 1.1);
}

/* All of hex, read item by item; the code of the first error. */
static int skipped(const char *hex, unsigned depth, const char *message)
{
    uint8_t data[256];
    struct cbor_reader r = reader(hex, data);
    struct signet_error err = {0};
    struct cbor_item item;
    int rc;

    r.depth_max = depth;
    rc = cbor_next(&r, &item, &err);
    if (rc == SIGNET_OK)
        rc = cbor_skip(&r, &item, &err);
    if (rc == SIGNET_OK)
        rc = cbor_end(&r, &err);
    if (rc == SIGNET_OK)
        assert_int_equal(r.depth, 0);
    if (message && !strstr(err.msg, message))
        fail_msg("'%s' is not in '%s'", message, err.msg);
    return rc;
}

static void what_is_no_item_is_refused(void **state)
{
    (void)state;
    assert_int_equal(skipped("", 0, "byte 0: the data ends too early"), SIGNET_E_SYNTAX);
    assert_int_equal(skipped("8201", 0, "byte 2: the data ends too early"), SIGNET_E_SYNTAX);
    assert_int_equal(skipped("19ff", 0, "ends after the data"), SIGNET_E_SYNTAX);
    assert_int_equal(skipped("7bffffffffffffffff", 0, "ends after the data"), SIGNET_E_SYNTAX);
    assert_int_equal(skipped("9bffffffffffffffff", 0, "ends too early"), SIGNET_E_SYNTAX);
    assert_int_equal(skipped("bbffffffffffffffff", 0, "ends too early"), SIGNET_E_SYNTAX);
    assert_int_equal(skipped("811c", 0, "byte 1: 0x1c begins no CBOR item"), SIGNET_E_SYNTAX);
    assert_int_equal(skipped("0000", 0, "byte 1: 1 bytes follow"), SIGNET_E_SYNTAX);
    assert_int_equal(skipped("ff", 0, "a break where nothing is open"), SIGNET_E_SYNTAX);
    assert_int_equal(skipped("8200ff", 0, "byte 2: a break where"), SIGNET_E_SYNTAX);
    assert_int_equal(skipped("bf6161ff", 0, "byte 3: a break where"), SIGNET_E_SYNTAX);
    assert_int_equal(skipped("7f4161ff", 0, "a byte string among the pieces of a text"),
                     SIGNET_E_SYNTAX);
    assert_int_equal(skipped("5f5f4100ffff", 0, "among the pieces"), SIGNET_E_SYNTAX);
    assert_int_equal(skipped("7f6161", 0, "ends too early"), SIGNET_E_SYNTAX);
}

static void whole_items_are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(skipped("9f01820203bf61619f0405ffffff", 0, NULL), SIGNET_OK);
    assert_int_equal(skipped("a2616101616282f5f6", 0, NULL), SIGNET_OK);
    assert_int_equal(skipped("c482211a00010000", 0, NULL), SIGNET_OK);
    assert_int_equal(skipped("825f4101ff7f6161616200ff", 0, "among"), SIGNET_E_SYNTAX);
    assert_int_equal(skipped("825f4101ff7f61616162ff", 0, NULL), SIGNET_OK);
}

static void depth_is_limited(void **state)
{
    char sixteen[2 * 18 + 1] = "";

    (void)state;
    assert_int_equal(skipped("818100", 2, NULL), SIGNET_OK);
    assert_int_equal(skipped("81818100", 2, "byte 2: nested more than 2 deep"), SIGNET_E_LIMIT);
    assert_int_equal(skipped("8180", 1, "nested more than 1 deep"), SIGNET_E_LIMIT);
    assert_int_equal(skipped("81a10180", 2, "nested more than 2 deep"), SIGNET_E_LIMIT);
    assert_int_equal(skipped("c1c1c100", 2, "nested more than 2 deep"), SIGNET_E_LIMIT);
    assert_int_equal(skipped("c1c100", 2, NULL), SIGNET_OK);
    assert_int_equal(skipped("83818081808180", 3, NULL), SIGNET_OK); /* beside is not below */
    for (int i = 0; i < 16; i++)
        strcat(sixteen, "81");
    strcat(sixteen, "00");
    assert_int_equal(skipped(sixteen, 0, NULL), SIGNET_OK);
    memmove(sixteen + 2, sixteen, sizeof(sixteen) - 2);
    sixteen[sizeof(sixteen) - 1] = '\0';
    assert_int_equal(skipped(sixteen, 0, "nested more than 16 deep"), SIGNET_E_LIMIT);
}

static void the_number_of_items_is_limited(void **state)
{
    static uint8_t zeros[CBOR_ITEMS_MAX + 1];
    struct cbor_reader r = {.data = zeros, .len = sizeof(zeros)};
    struct signet_error err = {0};
    struct cbor_item item;

    (void)state;
    for (size_t i = 0; i < CBOR_ITEMS_MAX; i++)
        assert_int_equal(cbor_next(&r, &item, NULL), SIGNET_OK);
    assert_int_equal(cbor_next(&r, &item, &err), SIGNET_E_LIMIT);
    assert_non_null(strstr(err.msg, "more than 2097152 items"));
    r = (struct cbor_reader){.data = zeros, .len = 3, .items_max = 2};
    assert_int_equal(cbor_next(&r, &item, NULL), SIGNET_OK);
    assert_int_equal(cbor_next(&r, &item, NULL), SIGNET_OK);
    assert_int_equal(cbor_next(&r, &item, NULL), SIGNET_E_LIMIT);
}

static void runs_give_elements_and_keys(void **state)
{
    uint8_t data[256];
    struct cbor_reader r = reader("a2010203049f07ff", data);
    struct cbor_item item;
    struct cbor_run run;

    (void)state;
    assert_int_equal(cbor_next(&r, &item, NULL), SIGNET_OK);
    assert_false(cbor_run_begin(&run, &item, false));
    assert_true(cbor_run_begin(&run, &item, true));
    for (uint64_t key = 1; key < 5; key += 2) {
        assert_int_equal(cbor_run_next(&r, &run, &item, NULL), SIGNET_OK);
        assert_true(item.number == key && r.depth == 1);
        assert_int_equal(cbor_next(&r, &item, NULL), SIGNET_OK);
        assert_int_equal(item.number, key + 1);
    }
    assert_int_equal(cbor_run_next(&r, &run, &item, NULL), SIGNET_OK);
    assert_true(item.kind == CBOR_BREAK && r.depth == 0);
    assert_int_equal(cbor_next(&r, &item, NULL), SIGNET_OK);
    assert_true(cbor_run_begin(&run, &item, false));
    assert_int_equal(cbor_run_next(&r, &run, &item, NULL), SIGNET_OK);
    assert_true(item.kind == CBOR_UNSIGNED && item.number == 7);
    assert_int_equal(cbor_run_next(&r, &run, &item, NULL), SIGNET_OK);
    assert_int_equal(item.kind, CBOR_BREAK);
    assert_int_equal(cbor_end(&r, NULL), SIGNET_OK);
}

static void strings_are_in_place_or_gathered(void **state)
{
    uint8_t data[256];
    struct cbor_reader r = reader("63616263"
                                  "5f420102420304ff"
                                  "7fff"
                                  "00",
                                  data);
    struct buf scratch = {0};
    struct signet_error err = {0};
    struct cbor_item item;
    const uint8_t *bytes;
    size_t len;

    (void)state;
    assert_int_equal(cbor_next(&r, &item, NULL), SIGNET_OK);
    assert_int_equal(cbor_string(&r, &item, &scratch, &bytes, &len, NULL), SIGNET_OK);
    assert_ptr_equal(bytes, data + 1);
    assert_int_equal(len, 3);
    assert_null(scratch.data);
    assert_int_equal(cbor_next(&r, &item, NULL), SIGNET_OK);
    assert_int_equal(cbor_string(&r, &item, &scratch, &bytes, &len, NULL), SIGNET_OK);
    assert_int_equal(len, 4);
    assert_memory_equal(bytes, "\1\2\3\4", 4);
    assert_int_equal(cbor_next(&r, &item, NULL), SIGNET_OK);
    assert_int_equal(cbor_string(&r, &item, &scratch, &bytes, &len, NULL), SIGNET_OK);
    assert_int_equal(len, 0);
    assert_int_equal(cbor_next(&r, &item, NULL), SIGNET_OK);
    assert_int_equal(cbor_string(&r, &item, &scratch, &bytes, &len, &err), SIGNET_E_SYNTAX);
    assert_non_null(strstr(err.msg, "an integer where a string must be"));
    buf_free(&scratch);
}

static void gathered_strings_have_the_buffers_limit(void **state)
{
    uint8_t data[256];
    struct cbor_reader r = reader("5f420102420304ff", data);
    struct buf scratch = {.max = 3};
    struct cbor_item item;
    const uint8_t *bytes;
    size_t len;

    (void)state;
    assert_int_equal(cbor_next(&r, &item, NULL), SIGNET_OK);
    assert_int_equal(cbor_string(&r, &item, &scratch, &bytes, &len, NULL), SIGNET_E_LIMIT);
    buf_free(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_of_every_kind),
        cmocka_unit_test(what_is_no_item_is_refused),
        cmocka_unit_test(whole_items_are_passed_over),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(the_number_of_items_is_limited),
        cmocka_unit_test(runs_give_elements_and_keys),
        cmocka_unit_test(strings_are_in_place_or_gathered),
        cmocka_unit_test(gathered_strings_have_the_buffers_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
