/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges as people write them. */
#include "object_xml/object_xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void ranges(void **state)
{
    static const struct {
        const char *text;
        enum signet_type type;
        const char *range;
    } rows[] = {
        {"", SIGNET_TYPE_INTEGER, ""},
        {"0..100", SIGNET_TYPE_INTEGER, "0..100"},
        {"0-100", SIGNET_TYPE_INTEGER, "0..100"},
        {"0...100", SIGNET_TYPE_INTEGER, "0..100"},
        {"0 to 100", SIGNET_TYPE_INTEGER, "0..100"},
        {"0 .. 100", SIGNET_TYPE_INTEGER, "0..100"},
        {"0\xe2\x80\x93"
         "100",
         SIGNET_TYPE_INTEGER, "0..100"},
        {"[1:4]", SIGNET_TYPE_INTEGER, "1..4"},
        {"-30..-120", SIGNET_TYPE_INTEGER, "-120..-30"},
        {"-110..-48", SIGNET_TYPE_INTEGER, "-110..-48"},
        {"0,1,2", SIGNET_TYPE_INTEGER, "0,1,2"},
        {"0..247, 255", SIGNET_TYPE_INTEGER, "0..247,255"},
        {"5, 10, 15", SIGNET_TYPE_INTEGER, "5,10,15"},
        {"0: off\n\t1: on 5 V\n\t255: none", SIGNET_TYPE_UNSIGNED, "0,1,255"},
        {"255", SIGNET_TYPE_INTEGER, "0..255"},
        {"2 bytes", SIGNET_TYPE_INTEGER, "0..65535"},
        {"16-bit", SIGNET_TYPE_INTEGER, "0..65535"},
        {"8-Bits", SIGNET_TYPE_INTEGER, "0..255"},
        {"64 bit", SIGNET_TYPE_UNSIGNED, "0..18446744073709551615"},
        {"65 bit", SIGNET_TYPE_UNSIGNED, ""},
        {"9 bytes", SIGNET_TYPE_UNSIGNED, ""},
        {"2305843009213693953 bytes", SIGNET_TYPE_UNSIGNED, ""}, /* eight times that is 8 */
        {"0..18446744073709551615", SIGNET_TYPE_UNSIGNED, "0..18446744073709551615"},
        {"0..255 bytes", SIGNET_TYPE_STRING, "0..255"},
        {"0 or 26 Bytes", SIGNET_TYPE_STRING, "0,26"},
        {"10,26", SIGNET_TYPE_STRING, "10,26"},
        {"64 Bytes", SIGNET_TYPE_STRING, "0..64"},
        {"16,32,48", SIGNET_TYPE_OPAQUE, "16,32,48"},
        {"8 bit", SIGNET_TYPE_OPAQUE, ""},
        {"0; 3.8..20.5", SIGNET_TYPE_FLOAT, "0,3.8..20.5"},
        {"0.000001..1.0", SIGNET_TYPE_FLOAT, "0.000001..1.0"},
        {"ON;OFF", SIGNET_TYPE_FLOAT, ""},
        {"<7 to >12.5", SIGNET_TYPE_INTEGER, ""},
        {"2 Instances", SIGNET_TYPE_INTEGER, ""},
        {"1..", SIGNET_TYPE_INTEGER, ""},
        {"1..5 6..7", SIGNET_TYPE_INTEGER, ""},
        {"[", SIGNET_TYPE_INTEGER, ""},
        {"[]", SIGNET_TYPE_INTEGER, ""},
        {"[:]", SIGNET_TYPE_INTEGER, ""},
        {"see section 5", SIGNET_TYPE_STRING, ""},
        {"1..2", SIGNET_TYPE_BOOLEAN, ""},
        {"1..2", SIGNET_TYPE_OBJLNK, ""},
        {"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,"
         "33",
         SIGNET_TYPE_INTEGER, ""}, /* longer than a range is kept */
        {"0.99999;999999999999999999999999999999999999999999999999999999999999999999999;"
         "9999999999V1",
         SIGNET_TYPE_UNSIGNED, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char range[RANGE_TEXT_MAX];

        object_xml_range(rows[i].text, rows[i].type, range);
        if (strcmp(range, rows[i].range) != 0)
            fail_msg("'%s': '%s', wanted '%s'", rows[i].text, range, rows[i].range);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ranges)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
