/* SPDX-License-Identifier: Apache-2.0 */
/* Security instances as accounts: what each needs, and which one is meant. */
#include "lwm2m/lwm2m.h"

#include <setjmp.h>
#include <signet/config.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct signet_tree *parse(const char *text)
{
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};

    if (signet_config_parse(text, strlen(text), "test", &tree, &err))
        fail_msg("%s: %s", text, err.msg);
    return tree;
}

static void modes(void **state)
{
    static const char *const names[] = {"none", "psk", "rpk", "cert", "nosec", "est", "none"};

    (void)state;
    for (int mode = SIGNET_MODE_NONE; mode <= SIGNET_MODE_EST + 1; mode++)
        assert_string_equal(signet_mode_name((enum signet_mode)mode), names[mode + 1]);
    assert_true(mode_has_certs(SIGNET_MODE_CERT) && mode_has_certs(SIGNET_MODE_EST));
    assert_false(mode_has_certs(SIGNET_MODE_PSK) || mode_has_certs(SIGNET_MODE_RPK));
}

/* Server URIs a, b, c; b and c are alike but for their Short Server IDs. */
#define TWO                                                                                        \
    "{0: {1: {0: 'coap://b', 1: False, 10: 5}, 0: {0: 'coap://a', 1: True},"                       \
    " 2: {0: 'coap://\\x1b', 1: False, 10: 65535}}, 1: {7: {0: 5, 1: 60, 7: 'U'}}}"

static void the_account_that_is_meant(void **state)
{
    static const struct {
        const char *text, *which;
        int iid; /* -1: none */
        const char *message, *hint;
    } rows[] = {
        {TWO, "bootstrap", 0, NULL, NULL},
        {TWO, "5", 1, NULL, NULL},
        {TWO, "00005", 1, NULL, NULL},
        {TWO, "65535", 2, NULL, NULL},
        {TWO, "coap://a", 0, NULL, NULL},
        {TWO, "coap://b", 1, NULL, NULL},
        {TWO, NULL, -1, "the device has 2 accounts that this may mean",
         "say which with \"account\": 5 or coap://b, bootstrap or coap://a, 65535 or "
         "coap://\\x1b"},
        {TWO, "management", -1, "the device has 2 accounts that this may mean", NULL},
        {TWO, "6", -1, "'6' is no account of the device", NULL},
        {TWO, "coap://", -1, "'coap://' is no account of the device", NULL},
        {TWO, "18446744073709551621", -1, "'18446744073709551621' is no account of the device",
         NULL},
        {"{0: {1: {1: True}}}", NULL, 1, NULL, NULL},
        {"{0: {1: {1: True}}}", "management", -1, "the device has no management account", NULL},
        {"{0: {1: {0: 5}}}", NULL, 1, NULL, NULL},
        {"{0: {1: {0: 5}}}", "bootstrap", -1, "the device has no bootstrap account", NULL},
        {"{0: {1: {0: 5, 10: 65536}}}", "65536", -1, "'65536' is no account of the device", NULL},
        {"{1: {1: {0: 5}}}", NULL, -1, "the packet has no server account", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signet_tree *tree = parse(rows[i].text);
        struct signet_account account = {.iid = 77};
        struct signet_error err = {0};
        int rc = signet_tree_account_choose(tree, rows[i].which, &account, &err);

        if (rc != (rows[i].iid < 0 ? SIGNET_E_MEANING : SIGNET_OK))
            fail_msg("row %zu: %d %s", i, rc, err.msg);
        if (rows[i].iid >= 0)
            assert_int_equal(account.iid, rows[i].iid);
        else
            assert_string_equal(err.msg, rows[i].message);
        if (rows[i].hint)
            assert_string_equal(err.hint, rows[i].hint);
        signet_tree_free(&tree);
    }
}

static void accounts_in_order(void **state)
{
    struct signet_tree *tree = parse(TWO), *none = parse("{1: {1: {0: 5}}}");
    struct signet_account a;

    (void)state;
    assert_int_equal(signet_tree_account_count(tree), 3);
    assert_true(signet_tree_account(tree, 0, &a));
    assert_true(a.iid == 1 && a.has_ssid && a.ssid == 5 && a.has_server && !a.bootstrap);
    assert_true(a.lifetime->as.integer == 60 && a.binding->as.bytes.len == 1);
    assert_int_equal(a.mode, SIGNET_MODE_NONE);
    assert_true(signet_tree_account(tree, 1, &a));
    assert_true(a.iid == 0 && a.bootstrap && !a.has_ssid && !a.has_server && !a.lifetime);
    assert_true(signet_tree_account(tree, 2, &a));
    assert_true(a.has_ssid && a.ssid == 65535 && !a.has_server);
    assert_false(signet_tree_account(tree, 3, &a));
    assert_true(account_main(tree, &a) && a.iid == 1);
    assert_false(account_main(none, &a));
    assert_int_equal(signet_tree_account_count(none), 0);
    signet_tree_free(&tree);
    signet_tree_free(&none);
    tree = parse("{0: {1: {0: 'coap://a', 10: 0}}, 1: {2: {0: 0, 1: 60}}}");
    assert_true(signet_tree_account(tree, 0, &a));
    assert_true(a.has_ssid && a.ssid == 0 && a.has_server); /* a number, though none to use */
    signet_tree_free(&tree);
    tree = parse("{0: {3: {1: True}, 4: {1: True}}}");
    assert_true(account_main(tree, &a) && a.iid == 3); /* the first, where all are bootstrap ones */
    signet_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes),
        cmocka_unit_test(the_account_that_is_meant),
        cmocka_unit_test(accounts_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
