/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_sha256(void **state)
{
    static const uint8_t abc[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                    0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                    0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    struct sha256 h = {0};
    struct signet_error err;
    uint8_t out[32];

    (void)state;
    assert_int_equal(sha256("abc", 3, out, &err), 0);
    assert_memory_equal(out, abc, 32);
    memset(out, 0, 32);
    assert_int_equal(sha256_begin(&h, &err), 0);
    assert_int_equal(sha256_add(&h, "a", 1, &err), 0);
    assert_int_equal(sha256_add(&h, "bc", 2, &err), 0);
    assert_int_equal(sha256_peek(&h, out, &err), 0);
    assert_memory_equal(out, abc, 32);
    sha256_drop(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
