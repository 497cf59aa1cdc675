/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of RFC 8949 appendix A, and what the real reference writes. */
#include "packet/private.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct signet_path path = {1, 2, 3, SIGNET_NO_ID};

/* The packet of one value at /1/2/3, without "81 a2 00 66 /1/2/3", in hex. */
static void expect(struct signet_value value, const char *hex)
{
    struct signet_tree *tree = NULL;
    struct signet_bytes out = {0};
    char text[256];
    assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
    assert_int_equal(signet_tree_put(tree, path, &value, NULL), SIGNET_OK);
    assert_int_equal(signet_packet_encode(tree, &out, NULL), SIGNET_OK);
    assert_true(out.len > 10 && out.len < 120);
    assert_memory_equal(out.data, "\x81\xa2\x00\x66/1/2/3", 10);
    hex_encode(out.data + 10, out.len - 10, text);
    assert_string_equal(text, hex);
    signet_bytes_free(&out);
    signet_tree_free(&tree);
}

static void what_has_no_form_in_a_packet(void **state)
{
    static const enum signet_type types[] = {SIGNET_TYPE_NONE, SIGNET_TYPE_TIME,
                                             SIGNET_TYPE_CORELNK, SIGNET_TYPE_EXECUTABLE};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        const struct signet_value value = {.type = types[i]};
        struct signet_tree *tree = NULL;
        struct signet_bytes out = {0};
        struct signet_error err = {0};

        assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
        assert_int_equal(signet_tree_put(tree, path, &value, NULL), SIGNET_OK);
        assert_int_equal(signet_packet_encode(tree, &out, &err), SIGNET_E_USAGE);
        assert_string_equal(err.msg, "/1/2/3: a record without a value");
        signet_tree_free(&tree);
    }
}

static void expect_float(double number, const char *hex)
{
    expect((struct signet_value){.type = SIGNET_TYPE_FLOAT, .as.number = number}, hex);
}

static void floats_are_the_shortest_exact_form(void **state)
{
    (void)state;
    expect_float(0.0, "02f90000");
    expect_float(-0.0, "02f98000");
    expect_float(1.0, "02f93c00");
    expect_float(1.1, "02fb3ff199999999999a");
    expect_float(1.5, "02f93e00");
    expect_float(65504.0, "02f97bff");
    expect_float(100000.0, "02fa47c35000");
    expect_float(3.4028234663852886e+38, "02fa7f7fffff");
    expect_float(1.0e+300, "02fb7e37e43c8800759c");
    expect_float(5.960464477539063e-8, "02f90001");
    expect_float(0.00006103515625, "02f90400");
    expect_float(-4.0, "02f9c400");
    expect_float(-4.1, "02fbc010666666666666");
    expect_float(INFINITY, "02f97c00");
    expect_float(-INFINITY, "02f9fc00");
    expect_float(NAN, "02f97e00");
    expect_float(-NAN, "02f97e00");
    expect_float(6.097555160522461e-05, "02f903ff"); /* the largest subnormal half */
    expect_float(65505.0, "02fa477fe100");
    expect_float(65536.0, "02fa47800000");
    expect_float(2.98023223876953125e-8, "02fa33000000"); /* half of the smallest half */
    expect_float(1.401298464324817e-45, "02fa00000001");  /* the smallest single */
    expect_float(5e-324, "02fb0000000000000001");
}

static void integers_are_the_shortest(void **state)
{
    static const struct {
        int64_t value;
        const char *hex;
    } rows[] = {
        {0, "0200"},
        {23, "0217"},
        {24, "021818"},
        {255, "0218ff"},
        {256, "02190100"},
        {65535, "0219ffff"},
        {65536, "021a00010000"},
        {4294967295, "021affffffff"},
        {4294967296, "021b0000000100000000"},
        {INT64_MAX, "021b7fffffffffffffff"},
        {-1, "0220"},
        {-24, "0237"},
        {-25, "023818"},
        {-256, "0238ff"},
        {-257, "02390100"},
        {INT64_MIN, "023b7fffffffffffffff"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect((struct signet_value){.type = SIGNET_TYPE_INTEGER, .as.integer = rows[i].value},
               rows[i].hex);
    expect((struct signet_value){.type = SIGNET_TYPE_UNSIGNED, .as.unsigned_integer = UINT64_MAX},
           "021bffffffffffffffff");
}

static void other_types_have_their_labels(void **state)
{
    struct signet_value text = {.type = SIGNET_TYPE_STRING,
                                .as.bytes = {(const uint8_t *)"a\0\xc3\xbc", 4}};
    struct signet_value opaque = {.type = SIGNET_TYPE_OPAQUE, .as.bytes = {NULL, 0}};
    struct signet_value link = {.type = SIGNET_TYPE_OBJLNK, .as.objlnk = {66, 65535}};
    (void)state;
    expect(text, "03646100c3bc");
    expect(opaque, "0840");
    expect(link, "63766c6f6836363a3635353335");
    expect((struct signet_value){.type = SIGNET_TYPE_BOOLEAN, .as.boolean = true}, "04f5");
    expect((struct signet_value){.type = SIGNET_TYPE_BOOLEAN}, "04f4");
}

static void many_records_and_resource_instances(void **state)
{
    struct signet_tree *tree = NULL;
    struct buf out = {0};
    (void)state;
    assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
    assert_int_equal(packet_encode(tree, &out, NULL), SIGNET_OK);
    assert_int_equal(out.len, 1);
    assert_int_equal(out.data[0], 0x80);
    for (uint16_t i = 0; i < 300; i++) {
        struct signet_value value = {.type = SIGNET_TYPE_INTEGER, .as.integer = 1};
        struct signet_path at = {65534, 0, 7, (uint16_t)(i + 1000)};
        assert_int_equal(signet_tree_put(tree, at, &value, NULL), SIGNET_OK);
    }
    buf_reset(&out);
    assert_int_equal(packet_encode(tree, &out, NULL), SIGNET_OK);
    assert_memory_equal(out.data, "\x99\x01\x2c\xa2\x00\x6f/65534/0/7/1000\x02\x01\xa2", 24);
    assert_int_equal(out.len, 3 + 300 * 20);
    buf_free(&out);
    signet_tree_free(&tree);
}

static void a_full_buffer_is_an_error(void **state)
{
    struct signet_tree *tree = NULL;
    struct buf out = {.max = 10};
    struct signet_error err = {0};
    struct signet_value value = {.type = SIGNET_TYPE_INTEGER, .as.integer = 1};
    (void)state;
    assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
    assert_int_equal(signet_tree_put(tree, path, &value, NULL), SIGNET_OK);
    assert_int_equal(packet_encode(tree, &out, &err), SIGNET_E_LIMIT);
    buf_free(&out);
    signet_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_no_form_in_a_packet),
        cmocka_unit_test(floats_are_the_shortest_exact_form),
        cmocka_unit_test(integers_are_the_shortest),
        cmocka_unit_test(other_types_have_their_labels),
        cmocka_unit_test(many_records_and_resource_instances),
        cmocka_unit_test(a_full_buffer_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
