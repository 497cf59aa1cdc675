/* SPDX-License-Identifier: Apache-2.0 */
/* Where in its text the entry of a path is. */
#include "lwm2m/lwm2m.h"

#include <setjmp.h>
#include <signet/config.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char text[] = "{0: {1: {0: 'coap://x', 5: b'a secret key 12345'},\n"
                           "     2: {10: 7}}, # 0011223344556677\n"
                           " 3: {0: {6: {4: 1, 5: 2}}}}\n";

static struct signet_tree *parse(void)
{
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};

    if (signet_config_parse(text, sizeof text - 1, "cfg", &tree, &err))
        fail_msg("%s", err.msg);
    return tree;
}

static void blamed(const struct signet_tree *tree, struct signet_path path, const char *place,
                   const char *excerpt)
{
    struct signet_error err = {.msg = "no"};

    tree_blame(tree, path, &err);
    assert_string_equal(err.msg, place);
    assert_string_equal(err.excerpt, excerpt);
}

static void the_entry_or_what_it_is_in(void **state)
{
    static const char first[] = "{0: {1: {0: '........', 5: b'..................'},\n";
    struct signet_tree *tree = parse();
    char want[160];

    (void)state;
    snprintf(want, sizeof want, "%s%*s", first, 25, "^");
    blamed(tree, (struct signet_path){0, 1, 5, SIGNET_NO_ID}, "cfg:1:25: no", want);
    snprintf(want, sizeof want, "%s%*s", first, 6, "^");
    blamed(tree, (struct signet_path){0, 1, 2, SIGNET_NO_ID}, "cfg:1:6: no", want);
    snprintf(want, sizeof want, "%s^", first);
    blamed(tree, (struct signet_path){1, 0, 0, SIGNET_NO_ID}, "cfg:1:1: no", want);
    blamed(tree, (struct signet_path){0, 2, 0, SIGNET_NO_ID}, "cfg:2:6: no",
           "     2: {10: 7}}, ..................\n     ^");
    blamed(tree, (struct signet_path){3, 0, 6, 5}, "cfg:3:20: no",
           " 3: {0: {6: {4: 1, 5: 2}}}}\n                   ^");
    blamed(tree, (struct signet_path){3, 0, 6, SIGNET_NO_ID}, "cfg:3:10: no",
           " 3: {0: {6: {4: 1, 5: 2}}}}\n         ^");
    tree_blame(tree, (struct signet_path){0, 0, 0, 0}, NULL);
    signet_tree_free(&tree);
}

static void copies_share_it(void **state)
{
    struct signet_tree *tree = parse(), *copy = NULL;
    struct signet_value value = {.type = SIGNET_TYPE_INTEGER, .as.integer = 8};

    (void)state;
    assert_int_equal(signet_tree_copy(&copy, tree, NULL), SIGNET_OK);
    signet_tree_free(&tree);
    const struct signet_path path = {0, 2, 10, SIGNET_NO_ID};
    assert_int_equal(signet_tree_put(copy, path, &value, NULL), SIGNET_OK);
    blamed(copy, path, "cfg:2:10: no", "     2: {10: 7}}, ..................\n         ^");
    tree_set_source(copy, NULL);
    blamed(copy, path, "no", "");
    signet_tree_free(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_entry_or_what_it_is_in),
        cmocka_unit_test(copies_share_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
