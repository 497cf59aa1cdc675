/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signet/version.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void text_and_numbers_are_one_version(void **state)
{
    char text[32];

    (void)state;
    snprintf(text, sizeof(text), "%d.%d.%d", SIGNET_VERSION_MAJOR, SIGNET_VERSION_MINOR,
             SIGNET_VERSION_PATCH);
    assert_string_equal(text, SIGNET_VERSION);
    assert_string_equal(signet_version(), SIGNET_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_numbers_are_one_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
