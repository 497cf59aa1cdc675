/* SPDX-License-Identifier: Apache-2.0 */
/* Any CBOR in diagnostic notation (RFC 8949, section 8), and what is hidden of it. */
#include "packet/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int diagnose(const char *hex, unsigned flags, struct signet_bytes *out,
                    struct signet_error *err)
{
    uint8_t data[256];
    ssize_t len = hex_decode(hex, strlen(hex), data, sizeof data);

    assert_true(len >= 0);
    return signet_packet_diagnose(data, (size_t)len, NULL, flags, out, err);
}

static void notation(void **state)
{
    static const struct {
        const char *hex, *text;
        unsigned flags;
    } rows[] = {
        {"1863", "99", 0},
        {"20", "-1", 0},
        {"3bfffffffffffffffe", "-18446744073709551615", 0},
        {"3bffffffffffffffff", "-18446744073709551616", 0}, /* 65 bits */
        {"1bffffffffffffffff", "18446744073709551615", 0},
        {"f4", "false", 0},
        {"f5", "true", 0},
        {"f6", "null", 0},
        {"f7", "undefined", 0},
        {"f93e00", "1.5", 0},
        {"f97c00", "Infinity", 0},
        {"f9fc00", "-Infinity", 0},
        {"f97e00", "NaN", 0},
        {"c101", "1(1)", 0},
        {"80", "[]", 0},
        {"820102", "[\n  1,\n  2\n]", 0},
        {"9f01ff", "[_ \n  1\n]", 0},
        {"a10102", "{1: 2}", 0},
        {"bf0102ff", "{_ 1: 2}", 0},
        {"8182a0a0", "[\n  [{}, {}]\n]", 0},
        {"6161", "/ 1 bytes, hidden / ...", 0},
        {"4161", "/ 1 bytes, hidden / h'...'", 0},
        {"7f6161ff", "/ hidden / ...", 0},
        {"5f4161ff", "/ hidden / h'...'", 0},
        {"6161", "\"a\"", SIGNET_PACKET_REVEAL},
        {"61ff", "/ not UTF-8 / h'ff'", SIGNET_PACKET_REVEAL},
        {"41ff", "h'ff'", SIGNET_PACKET_REVEAL},
        {"7f61616162ff", "(_ \"a\", \"b\")", SIGNET_PACKET_REVEAL},
        {"5f41004101ff", "(_ h'00', h'01')", SIGNET_PACKET_REVEAL},
        {"a1616101", "{\"a\": 1}", 0}, /* a key is a name */
        {"a1006161", "{0: \"a\"}", 0}, /* what 0 and -2 label too */
        {"a1216161", "{-2: \"a\"}", 0},
        {"a1016161", "{1: / 1 bytes, hidden / ...}", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signet_bytes out = {0};
        size_t len;

        if (diagnose(rows[i].hex, rows[i].flags, &out, NULL) != SIGNET_OK)
            fail_msg("%s", rows[i].hex);
        len = strlen(rows[i].text);
        if (out.len != len + 1 || memcmp(out.data, rows[i].text, len) != 0)
            fail_msg("%s: %s", rows[i].hex, (const char *)out.data);
        signet_bytes_free(&out);
    }
}

/* In a packet, what is no secret is shown. */
static void packets(void **state)
{
    /* [{0: "/0/1/5", 8: h'61'}, {0: "/0/1/3", 8: h'62'}, {8: (_ h'61'), 0: "/0/2/5"}] */
    static const char packet[] = "83a200662f302f312f35084161"
                                 "a200662f302f312f33084162"
                                 "a2085f4161ff00662f302f322f35";
    struct signet_bytes out = {0};

    (void)state;
    assert_int_equal(diagnose(packet, 0, &out, NULL), SIGNET_OK);
    assert_string_equal((const char *)out.data,
                        "[\n"
                        "  {0: \"/0/1/5\", 8: / 1 bytes, hidden / h'...'},\n"
                        "  {0: \"/0/1/3\", 8: h'62'},\n"
                        "  {8: / hidden / h'...', 0: \"/0/2/5\"}\n]\n");
    signet_bytes_free(&out);
}

static void refusals(void **state)
{
    static const struct {
        const char *hex, *message;
        enum signet_code code;
    } rows[] = {
        {"", "byte 0: the data ends too early", SIGNET_E_SYNTAX},
        {"ff", "byte 0: a break where nothing is open", SIGNET_E_SYNTAX},
        {"81ff", "byte 1: a break where nothing is open", SIGNET_E_SYNTAX},
        {"a101ff", "byte 2: a break where nothing is open", SIGNET_E_SYNTAX},
        {"c1ff", "byte 1: a break where nothing is open", SIGNET_E_SYNTAX},
        {"0000", "byte 1: 1 bytes follow the end", SIGNET_E_SYNTAX},
        {"8101f6", "byte 2: 1 bytes follow the end", SIGNET_E_SYNTAX},
        {"81", "byte 1: the data ends too early", SIGNET_E_SYNTAX},
        {"a101", "byte 2: the data ends too early", SIGNET_E_SYNTAX},
        {"c1", "byte 1: the data ends too early", SIGNET_E_SYNTAX},
        {"7f4161ff", "byte 1: a byte string among the pieces of a text string", SIGNET_E_SYNTAX},
        {"c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c101", "byte 16: nested more than 16 deep",
         SIGNET_E_LIMIT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (unsigned flags = 0; flags <= SIGNET_PACKET_REVEAL; flags++) {
            struct signet_bytes out = {0};
            struct signet_error err = {0};

            assert_int_equal(diagnose(rows[i].hex, flags, &out, &err), rows[i].code);
            assert_string_equal(err.msg, rows[i].message);
            assert_null(out.data);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notation),
        cmocka_unit_test(packets),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
