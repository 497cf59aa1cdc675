/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: how many there may be, and their other halves. */
#include <setjmp.h>
#include <signet/tree.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void accounts_are_limited(void **state)
{
    const struct signet_value nosec = {SIGNET_TYPE_INTEGER, {.integer = 3}};
    const struct signet_value uri = {SIGNET_TYPE_STRING,
                                     {.bytes = {(const uint8_t *)"coap://a", 8}}};
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(signet_tree_new(&tree, NULL), 0);
    for (uint16_t i = 0; i <= 1000; i++) {
        const struct signet_value ssid = {SIGNET_TYPE_INTEGER, {.integer = i + 1}};
        signet_tree_put(tree, (struct signet_path){0, i, 0, SIGNET_NO_ID}, &uri, NULL);
        signet_tree_put(tree, (struct signet_path){0, i, 2, SIGNET_NO_ID}, &nosec, NULL);
        signet_tree_put(tree, (struct signet_path){0, i, 10, SIGNET_NO_ID}, &ssid, NULL);
    }
    assert_int_equal(signet_tree_check(tree, 0, NULL, &err), SIGNET_E_MEANING);
    assert_string_equal(err.msg, "RID.Security.ServerURI (/0/0/0) has more than 1000 instances");
    for (uint16_t rid = 0; rid <= 10; rid++)
        signet_tree_remove(tree, (struct signet_path){0, 5, rid, SIGNET_NO_ID});
    assert_int_equal(signet_tree_check(tree, 0, NULL, &err), 0); /* 1000 of them */
    signet_tree_free(&tree);
}

static void count_halves(void *ctx, const struct signet_event *event)
{
    if (strstr(event->error->msg, "instance has that number"))
        ++*(size_t *)ctx;
    assert_null(strstr(event->error->msg, "is 4294967295"));
}

/* Each with each would take minutes. */
static void many_servers_are_matched_with_many_accounts(void **state)
{
    size_t halves = 0;
    const struct signet_observer observer = {count_halves, &halves};
    struct signet_tree *tree = NULL;

    (void)state;
    assert_int_equal(signet_tree_new(&tree, NULL), 0);
    for (int i = 0; i < 1000 + 10000; i++) {
        bool account = i < 1000;
        const struct signet_path path = {account ? 0 : 1, (uint16_t)i, account ? 10 : 0,
                                         SIGNET_NO_ID};
        const struct signet_value ssid = {SIGNET_TYPE_INTEGER, {.integer = i - 1}};
        assert_int_equal(signet_tree_put(tree, path, &ssid, NULL), 0);
    }
    assert_int_equal(signet_tree_check(tree, SIGNET_CHECK_WARN_ONLY, &observer, NULL), 0);
    assert_int_equal(halves, 999 + 10000); /* -1 and 0 are no Short Server IDs of an account */
    signet_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounts_are_limited),
        cmocka_unit_test(many_servers_are_matched_with_many_accounts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
