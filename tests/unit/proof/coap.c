/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a message, and what is none. tests/fuzz/coap.c reads any bytes. */
#include "proof/coap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROW(what, bytes, good)                                                                     \
    {                                                                                              \
        what, bytes, sizeof(bytes) - 1, good                                                       \
    }

static void what_is_a_message(void **state)
{
    static const struct {
        const char *what, *bytes;
        size_t len;
        bool good;
    } rows[] = {
        ROW("an empty ACK", "\x60\x00\x12\x34", true),
        ROW("an empty message with something in it", "\x60\x00\x12\x34\xff\x01", false),
        ROW("an empty message with a token", "\x61\x00\x12\x34\x01", false),
        ROW("three bytes", "\x60\x00\x12", false),
        ROW("another version", "\xa0\x00\x12\x34", false),
        ROW("version 0", "\x20\x00\x12\x34", false),
        ROW("a token of 8",
            "\x48\x01\x12\x34"
            "12345678",
            true),
        ROW("a token of 9",
            "\x49\x01\x12\x34"
            "123456789",
            false),
        ROW("a token cut off",
            "\x48\x01\x12\x34"
            "1234567",
            false),
        ROW("a payload", "\x40\x45\x12\x34\xffx", true),
        ROW("a marker without a payload", "\x40\x45\x12\x34\xff", false),
        ROW("an option", "\x40\x01\x12\x34\xb1x", true),
        ROW("an option cut off", "\x40\x01\x12\x34\xb2x", false),
        ROW("a delta of 15", "\x40\x01\x12\x34\xf1x", false),
        ROW("a length of 15", "\x40\x01\x12\x34\x1fx", false),
        ROW("a delta of one byte more", "\x40\x01\x12\x34\xd0\x00", true),
        ROW("that byte cut off", "\x40\x01\x12\x34\xd0", false),
        ROW("a delta of two bytes more", "\x40\x01\x12\x34\xe0\x00\x00", true),
        ROW("one of them cut off", "\x40\x01\x12\x34\xe0\x00", false),
        ROW("the number 65535", "\x40\x01\x12\x34\xe0\xfe\xf2", true),
        ROW("the number 65536", "\x40\x01\x12\x34\xe0\xfe\xf3", false),
        ROW("the number 65536 in two steps", "\x40\x01\x12\x34\xe0\xfe\xf2\x10", false),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct coap_message m;

        if (coap_read(&m, (const uint8_t *)rows[i].bytes, rows[i].len) != rows[i].good)
            fail_msg("%s", rows[i].what);
    }
}

static void options_are_bounded(void **state)
{
    static uint8_t bytes[4 + COAP_OPTIONS_MAX + 1] = {0x40, 1, 0, 1}, out[8 + 2 * COAP_OPTIONS_MAX];
    static const uint8_t large[COAP_MESSAGE_MAX + 1];
    struct coap_message m = {.code = COAP_GET};

    (void)state;
    assert_true(coap_read(&m, bytes, sizeof(bytes) - 1));
    assert_int_equal(m.option_count, COAP_OPTIONS_MAX);
    assert_false(coap_read(&m, bytes, sizeof(bytes)));
    m = (struct coap_message){.code = COAP_GET};
    coap_add(&m, COAP_URI_PATH, large, sizeof(large));
    assert_true(m.cut && m.option_count == 0);
    assert_int_equal(coap_write(&m, out, sizeof(out)), 0);
    m = (struct coap_message){.code = COAP_GET};
    for (int i = 0; i < COAP_OPTIONS_MAX; i++)
        coap_add_text(&m, COAP_URI_PATH, "x");
    assert_int_equal(coap_write(&m, out, sizeof(out)), 4 + 2 * COAP_OPTIONS_MAX);
    coap_add_text(&m, COAP_URI_PATH, "x");
    assert_int_equal(m.option_count, COAP_OPTIONS_MAX);
    assert_int_equal(coap_write(&m, out, sizeof(out)), 0); /* rather than without it */
}

static void options_stand_in_order(void **state)
{
    struct coap_message m = {.code = COAP_GET, .id = 0x1234};
    uint8_t out[64];
    char path[16];

    (void)state;
    coap_add_text(&m, COAP_URI_QUERY, "q");
    coap_add_text(&m, COAP_URI_PATH, "a");
    coap_add(&m, COAP_BLOCK1, "\x01\x02\x03\x04", 4);
    coap_add_text(&m, COAP_URI_PATH, "b\x1b");
    size_t len = coap_write(&m, out, sizeof(out));
    assert_int_equal(len, 4 + 2 + 3 + 2 + 5);
    assert_memory_equal(out,
                        "\x40\x01\x12\x34\xb1"
                        "a\x02"
                        "b\x1b\x41q\xc4\x01\x02\x03\x04",
                        len);
    coap_path(&m, COAP_URI_PATH, path, sizeof(path));
    assert_string_equal(path, "/a/b\\x1b");
    assert_int_equal(coap_uint(&m, COAP_BLOCK1, 7), 0x01020304);
    assert_int_equal(coap_uint(&m, COAP_BLOCK2, 7), 7);
    m = (struct coap_message){.code = COAP_GET};
    coap_add(&m, COAP_BLOCK1, "\x00\x00\x00\x00\x01", 5); /* more than 32 bits */
    assert_int_equal(coap_uint(&m, COAP_BLOCK1, 7), 7);
}

/* At each size but the right one: nothing. */
static void what_does_not_fit_is_not_written(void **state)
{
    struct coap_message m = {
        .code = COAP_GET, .token_len = 2, .payload = (const uint8_t *)"pay", .payload_len = 3};
    uint8_t out[64];

    (void)state;
    coap_add_text(&m, COAP_URI_PATH, "abc");
    for (size_t size = 0; size < 14; size++)
        assert_int_equal(coap_write(&m, out, size), 0);
    assert_int_equal(coap_write(&m, out, 14), 14);
}

#define FRAME(what, bytes, size, good)                                                             \
    {                                                                                              \
        what, bytes, sizeof(bytes) - 1, size, good                                                 \
    }

/* Over TCP: how long it is, and whether all of it is a message. */
static void what_is_a_frame(void **state)
{
    static const struct {
        const char *what, *bytes;
        size_t len, size;
        bool good;
    } rows[] = {
        FRAME("nothing", "", 0, false),
        FRAME("an empty one", "\x00\x00", 2, true),
        FRAME("a code cut off", "\x00", 2, false),
        FRAME("a CSM", "\x00\xe1", 2, true),
        FRAME("a token", "\x01\x45t", 3, true),
        FRAME("a token of 9",
              "\x09\x45"
              "123456789",
              11, false),
        FRAME("a token cut off", "\x02\x45t", 4, false),
        FRAME("an option", "\x20\x01\xb1x", 4, true),
        FRAME("an option and another message", "\x20\x01\xb1x\x00", 4, false),
        FRAME("an option cut off by the length", "\x10\x01\xb1", 3, false),
        FRAME("a payload of 11",
              "\xc0\x45\xff"
              "12345678901",
              14, true),
        FRAME("a payload of 12",
              "\xd0\x00\x45\xff"
              "123456789012",
              16, true),
        FRAME("the length's byte cut off", "\xd0", 0, false),
        FRAME("one of its two cut off", "\xe0\x00", 0, false),
        FRAME("two bytes of length", "\xe0\x00\x00\x45", 273, false),
        FRAME("the longest of them", "\xe0\xff\xff\x45", 65808, false),
        FRAME("longer", "\xf0\x00\x00\x00\x00", SIZE_MAX, false),
        FRAME("a marker without a payload", "\x10\x45\xff", 3, false),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t *copy = malloc(rows[i].len + 1), out[64];
        struct coap_message m;

        assert_non_null(copy);
        memcpy(copy, rows[i].bytes, rows[i].len);
        if (coap_frame_size(copy, rows[i].len) != rows[i].size ||
            coap_read_frame(&m, copy, rows[i].len) != rows[i].good)
            fail_msg("%s", rows[i].what);
        if (rows[i].good) {
            assert_int_equal(m.type, COAP_NON);
            assert_int_equal(coap_write_frame(&m, out, sizeof(out)), rows[i].len);
            assert_memory_equal(out, copy, rows[i].len);
        }
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_a_message),
        cmocka_unit_test(what_is_a_frame),
        cmocka_unit_test(options_are_bounded),
        cmocka_unit_test(options_stand_in_order),
        cmocka_unit_test(what_does_not_fit_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
