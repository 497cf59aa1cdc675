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
    assert_int_equal(psk_mint(&a, 15, &err), SIGNET_E_LIMIT);
    assert_int_equal(psk_mint(&a, 65, &err), SIGNET_E_LIMIT);
    assert_null(a.data);
    assert_int_equal(psk_mint(&a, 16, &err), 0);
    assert_int_equal(a.len, 16);
    assert_int_equal(psk_mint(&a, 64, &err), 0);
    assert_int_equal(psk_mint(&b, 64, &err), 0);
    assert_int_equal(b.len, 64);
    assert_memory_not_equal(a.data, b.data, 64);
    secret_wipe(&a);
    secret_wipe(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_psk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
