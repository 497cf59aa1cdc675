/* SPDX-License-Identifier: Apache-2.0 */
/* What is mandatory in an instance and is not there. */
#include <setjmp.h>
#include <signet/config.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void count_missing(void *ctx, const struct signet_event *event)
{
    *(int *)ctx += strstr(event->error->msg, "is missing, and mandatory") != NULL;
}

static void a_mandatory_resource_is_missed(void **state)
{
    static const struct {
        const char *config;
        int missing;
    } rows[] = {
        {"{11: {0: {0: 'profile'}}}", 1},
        {"{11: {0: {0: 'profile', 4: 0}}}", 0},
        {"{11: {0: {0: 'profile'}, 1: {4: 0}}}", 2}, /* each instance for itself */
        {"{5: {0: {0: b'firmware'}}}", 0},           /* Package, or its URI: one is enough */
        {"{5: {0: {1: 'coap://a/b'}}}", 0},
        {"{5: {0: {11: 1}}}", 2},
        {"{9999: {0: {0: 1}}}", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signet_tree *tree = NULL;
        struct signet_error err = {0};
        int missing = 0;
        const struct signet_observer observer = {count_missing, &missing};

        assert_int_equal(
            signet_config_parse(rows[i].config, strlen(rows[i].config), "cfg", &tree, &err), 0);
        if (signet_tree_check(tree, 0, &observer, &err) || missing != rows[i].missing)
            fail_msg("%s: %d missing, %s", rows[i].config, missing, err.msg);
        signet_tree_free(&tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_mandatory_resource_is_missed)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
