/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct signet_option_info table[] = {{"domain", "d"}, {"realm", "r"}, {0}};

static void options_are_copied_and_found(void **state)
{
    char value[] = "/acme/";
    const struct signet_option given[SIGNET_OPTIONS_MAX] = {
        {"realm", NULL}, {"domain", value}, {"unknown", NULL}};
    struct signet_option options[SIGNET_OPTIONS_MAX] = {{0}};
    struct signet_error err;

    (void)state;
    assert_int_equal(adapter_options_add(options, "coiote", table, given, &err), SIGNET_OK);
    memset(value, 'x', sizeof(value) - 1);
    assert_string_equal(adapter_option(options, "domain"), "/acme/");
    assert_null(adapter_option(options, "realm"));
    assert_null(adapter_option(options, "unknown"));
    assert_int_equal(adapter_options_add(options, "coiote", table, given, &err), SIGNET_OK);
    assert_string_equal(adapter_option(options, "domain"), "xxxxxx");
    assert_null(options[1].name);
    adapter_options_free(options);
    assert_null(adapter_option(options, "domain"));
}

static void an_option_of_another_kind_is_refused(void **state)
{
    const struct signet_option near[SIGNET_OPTIONS_MAX] = {{"domian", "v"}};
    const struct signet_option none[SIGNET_OPTIONS_MAX] = {{"domain", "v"}};
    struct signet_option options[SIGNET_OPTIONS_MAX] = {{0}};
    struct signet_error err;

    (void)state;
    assert_int_equal(adapter_options_add(options, "coiote", table, near, &err), SIGNET_E_USAGE);
    assert_string_equal(err.msg, "coiote: unknown option 'domian'");
    assert_string_equal(err.hint, "did you mean 'domain'?");
    assert_int_equal(adapter_options_add(options, "other", NULL, none, &err), SIGNET_E_USAGE);
    assert_string_equal(err.msg, "other: unknown option 'domain'");
    assert_null(options[0].name);
    assert_false(adapter_option_declared(NULL, "domain"));
    assert_false(adapter_option_declared(table, "domai"));
    assert_true(adapter_option_declared(table, "realm"));
}

static void all_places_can_be_used(void **state)
{
    static const struct signet_option_info many[] = {{"a", ""}, {"b", ""}, {"c", ""},
                                                     {"d", ""}, {"e", ""}, {"f", ""},
                                                     {"g", ""}, {"h", ""}, {0}};
    struct signet_option given[SIGNET_OPTIONS_MAX], options[SIGNET_OPTIONS_MAX] = {{0}};

    (void)state;
    for (size_t i = 0; i < SIGNET_OPTIONS_MAX; i++)
        given[i] = (struct signet_option){many[i].name, many[i].name};
    assert_int_equal(adapter_options_add(options, "k", many, given, NULL), SIGNET_OK);
    assert_string_equal(adapter_option(options, "a"), "a");
    assert_string_equal(adapter_option(options, "h"), "h");
    assert_null(adapter_option(options, "i"));
    adapter_options_free(options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(options_are_copied_and_found),
                                       cmocka_unit_test(an_option_of_another_kind_is_refused),
                                       cmocka_unit_test(all_places_can_be_used)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
