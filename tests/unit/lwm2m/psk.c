/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that somebody typed. */
#include "lwm2m/lwm2m.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void guesses(void **state)
{
    static const struct {
        const char *key, *doubt; /* of 16 bytes */
    } rows[] = {
        {"\x8f\x2c\x7a\x51\xd1\x7b\x43\xe9\x9a\x2e\x5d\x40\xc7\xb8\x13\x6e", NULL},
        {"0123456789abcdef", NULL},
        {"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10", "as far from"},
        {"\xff\xee\xdd\xcc\xbb\xaa\x99\x88\x77\x66\x55\x44\x33\x22\x11\x00", "as far from"},
        {"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef", "in their turn"},
        {"\xfe\xdc\xba\x98\x76\x54\x32\x10\xfe\xdc\xba\x98\x76\x54\x32\x10", "in their turn"},
        {"\x12\x34\x56\x78\x90\x12\x34\x56\x78\x90\x12\x34\x56\x78\x90\x12",
         "decimal digits alone, as"},
        {"\x12\x34\x56\x78\x90\x12\x34\x56\x78\x90\x12\x34\x56\x78\x90\x1a", NULL},
        {"1234567890123456", "text of decimal"},
        {"\xde\xad\xbe\xef\xde\xad\xbe\xef\xde\xad\xbe\xef\xde\xad\xbe\xef", "again and again"},
        {"\xde\xad\xbe\xef\xca\xfe\xba\xbe\xde\xad\xbe\xef\xca\xfe\xba\xbe", "again and again"},
        {"secretsecretsecr", "again and again"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *doubt = psk_doubt(rows[i].key, 16);

        if (!doubt != !rows[i].doubt || (doubt && !strstr(doubt, rows[i].doubt)))
            fail_msg("row %zu: %s", i, doubt ? doubt : "none");
    }
    assert_true(psk_is_sample("3x@mpl3P5K53cr3tK3y", 19));
    assert_false(psk_is_sample("3x@mpl3P5K53cr3tK3z", 19));
    assert_true(psk_counts_up("abcdefghijklmn01", "abcdefghijklmn02", 16));
    assert_true(psk_counts_up("01abcdefghijklmn", "02abcdefghijklmn", 16));
    assert_false(psk_counts_up("abcdefghijklmn01", "abcdefghijklmn01", 16));
    assert_false(psk_counts_up("abcdefghijkxmn01", "abcdefghijklmn02", 16));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(guesses)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
