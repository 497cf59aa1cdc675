/* SPDX-License-Identifier: Apache-2.0 */
/* The table of recipes, as a program that shows them reads it. */
#include "board/recipe.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void the_table(void **state)
{
    static const char *const names[] = {"anjay-zephyr", "smp-file", "zephyr-credentials", "nrf91"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct signet_option_info *own = signet_recipe_options_of(i);
        bool keygen = false;

        assert_string_equal(signet_recipe_name(i), names[i]);
        for (; own && own->name; own++)
            keygen = keygen || strcmp(own->name, "keygen") == 0;
        assert_int_equal(keygen, i >= 2); /* those with a console */
    }
    for (size_t i = COUNT_OF(names); i < COUNT_OF(names) + 2; i++) {
        assert_null(signet_recipe_name(i));
        assert_null(signet_recipe_options_of(i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_table)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
