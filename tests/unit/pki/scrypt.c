/* SPDX-License-Identifier: Apache-2.0 */
/* scrypt, by the vector of RFC 7914 with r = 8 and p = 1. */
#include "pki/pki.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void the_vector_of_the_standard(void **state)
{
    static const uint8_t wanted[32] = {0x70, 0x23, 0xbd, 0xcb, 0x3a, 0xfd, 0x73, 0x48,
                                       0x46, 0x1c, 0x06, 0xcd, 0x81, 0xfd, 0x38, 0xeb,
                                       0xfd, 0xa8, 0xfb, 0xba, 0x90, 0x4f, 0x8e, 0x3e,
                                       0xa9, 0xb5, 0x43, 0xf6, 0x54, 0x5d, 0xa1, 0xf2};
    uint8_t out[32];

    (void)state;
    assert_int_equal(
        pki_scrypt("pleaseletmein", 13, (const uint8_t *)"SodiumChloride", 14, 14, out, NULL),
        SIGNET_OK);
    assert_memory_equal(out, wanted, sizeof(out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_vector_of_the_standard)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
