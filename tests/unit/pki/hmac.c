/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* RFC 4231, test cases 2 and 6. */
static void test_published_values(void **state)
{
    uint8_t key[131], mac[32];
    char hex[65];

    (void)state;
    assert_int_equal(hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, mac, NULL), 0);
    hex_encode(mac, sizeof(mac), hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    assert_int_equal(hmac_sha256(key, sizeof(key),
                                 "Test Using Larger Than Block-Size Key - Hash Key First", 54, mac,
                                 NULL),
                     0);
    hex_encode(mac, sizeof(mac), hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_published_values)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
