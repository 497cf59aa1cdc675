/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_psk(void **state)
{
    struct secret a = {0}, b = {0};
    struct signet_error err;

    (void)state;
    assert_int_equal(psk_mint(&a, 15, false, &err), SIGNET_E_LIMIT);
    assert_int_equal(psk_mint(&a, 65, false, &err), SIGNET_E_LIMIT);
    assert_null(a.data);
    assert_int_equal(psk_mint(&a, 16, false, &err), 0);
    assert_int_equal(a.len, 16);
    assert_int_equal(psk_mint(&a, 64, false, &err), 0);
    assert_int_equal(psk_mint(&b, 64, false, &err), 0);
    assert_int_equal(b.len, 64);
    assert_memory_not_equal(a.data, b.data, 64);
    secret_wipe(&a);
    secret_wipe(&b);
}

/* Keys that are text: half as many random bytes, and no fewer than 16. */
static void test_hex(void **state)
{
    static const size_t bad[] = {16, 30, 33, 63, 66};
    struct secret a = {0}, b = {0};
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(psk_mint(&a, bad[i], true, &err), SIGNET_E_LIMIT);
    assert_null(a.data);
    for (size_t len = 32; len <= 64; len += 2) {
        assert_int_equal(psk_mint(&a, len, true, &err), 0);
        assert_int_equal(psk_mint(&b, len, true, &err), 0);
        assert_int_equal(a.len, len);
        assert_int_equal(strspn((const char *)a.data, "0123456789abcdef"), len);
        assert_memory_not_equal(a.data, b.data, len);
    }
    secret_wipe(&a);
    secret_wipe(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_psk),
        cmocka_unit_test(test_hex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
