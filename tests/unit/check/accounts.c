/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: how many there may be, and their other halves. */
#include <setjmp.h>
#include <signet/profile.h>
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

struct doubt {
    const char *words;
    bool told;
};

static void note_doubt(void *ctx, const struct signet_event *event)
{
    struct doubt *doubt = ctx;

    doubt->told = doubt->told || strstr(event->error->msg, doubt->words);
}

static void lengths_of_psks(void **state)
{
    static const struct {
        const char *profile;
        size_t key, identity;
        const char *doubt;
        bool told;
    } rows[] = {
        {"any", 15, 1, "fewer than 16", true},         {"any", 16, 1, "fewer than 16", false},
        {"any", 64, 1, "need take 64 only", false},    {"any", 65, 1, "need take 64 only", true},
        {"any", 16, 128, "need take 128 only", false}, {"any", 16, 129, "need take 128 only", true},
        {"wakaama", 16, 1, "takes 16", false},         {"wakaama", 17, 1, "takes 16", true},
        {"wakaama", 16, 32, "takes 32", false},        {"wakaama", 16, 33, "takes 32", true},
        {"anjay-3", 16, 129, "the TLS of", false},
    };
    const struct signet_value psk = {SIGNET_TYPE_INTEGER, {.integer = 0}};
    static uint8_t bytes[129];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)('a' + i * i % 23);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct signet_value key = {SIGNET_TYPE_OPAQUE, {.bytes = {bytes, rows[i].key}}};
        const struct signet_value name = {SIGNET_TYPE_OPAQUE, {.bytes = {bytes, rows[i].identity}}};
        struct doubt doubt = {rows[i].doubt, false};
        const struct signet_observer observer = {note_doubt, &doubt};
        const struct signet_profile *profile;
        struct signet_tree *tree = NULL;

        assert_int_equal(signet_tree_new(&tree, NULL), 0);
        assert_int_equal(signet_profile_open(&profile, rows[i].profile, NULL), 0);
        signet_tree_set_profile(tree, profile);
        signet_tree_put(tree, (struct signet_path){0, 1, 2, SIGNET_NO_ID}, &psk, NULL);
        signet_tree_put(tree, (struct signet_path){0, 1, 3, SIGNET_NO_ID}, &name, NULL);
        signet_tree_put(tree, (struct signet_path){0, 1, 5, SIGNET_NO_ID}, &key, NULL);
        signet_tree_check(tree, SIGNET_CHECK_WARN_ONLY, &observer, NULL);
        if (doubt.told != rows[i].told)
            fail_msg("%s, %zu and %zu: %s", rows[i].profile, rows[i].key, rows[i].identity,
                     doubt.words);
        signet_tree_free(&tree);
        signet_profile_close(&profile);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounts_are_limited),
        cmocka_unit_test(many_servers_are_matched_with_many_accounts),
        cmocka_unit_test(lengths_of_psks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
