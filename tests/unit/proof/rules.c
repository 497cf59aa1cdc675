/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps a client from its server before a message is sent: the last value that it takes, and
 * the first that it does not. */
#include "lwm2m/lwm2m.h"
#include "proof/coap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct signet_profile profile;
static struct signet_tree *tree;
static struct signet_account account;
static struct login_rules rules;
static struct signet_error err;
static uint8_t letters[1000];

static int set_up(void **state)
{
    (void)state;
    memset(letters, 'x', sizeof(letters));
    profile = (struct signet_profile){.name = "it"};
    profile.tls.sni = profile.tls.by_resource_16 = true;
    account = (struct signet_account){
        .iid = 1, .has_ssid = true, .has_server = true, .mode = SIGNET_MODE_PSK, .ssid = 7};
    memset(&rules, 0xff, sizeof(rules));
    rules.profile = &profile;
    return signet_tree_new(&tree, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    signet_tree_free(&tree);
    return 0;
}

static void put(uint16_t oid, uint16_t iid, uint16_t rid, uint16_t riid,
                const struct signet_value *value)
{
    assert_int_equal(signet_tree_put(tree, (struct signet_path){oid, iid, rid, riid}, value, NULL),
                     SIGNET_OK);
}

static void put_number(uint16_t oid, uint16_t iid, uint16_t rid, uint16_t riid, int64_t number)
{
    put(oid, iid, rid, riid,
        &(struct signet_value){.type = SIGNET_TYPE_INTEGER, .as.integer = number});
}

static struct signet_value text_of(enum signet_type type, size_t len)
{
    return (struct signet_value){.type = type, .as.bytes = {letters, len}};
}

/* NULL: it goes there. */
static void want(const char *words)
{
    int rc = rules_take(&rules, tree, &account, NULL, &err);

    if (rc != (words ? SIGNET_E_PROOF : SIGNET_OK) || (words && !strstr(err.msg, words)))
        fail_msg("%d %s, not %s", rc, err.msg, words);
}

static void a_server_object(void **state)
{
    (void)state;
    want(NULL);
    account.has_server = false;
    want("no Server object");
    account = (struct signet_account){.iid = 1, .has_server = true, .mode = SIGNET_MODE_PSK};
    want("no Server object");
    account = (struct signet_account){.iid = 1, .bootstrap = true, .mode = SIGNET_MODE_PSK};
    want(NULL);
}

/* The Server instance of the account, not another's. */
static void how_long_it_waits(void **state)
{
    (void)state;
    put_number(1, 3, 0, SIGNET_NO_ID, 7);
    put_number(1, 4, 0, SIGNET_NO_ID, 8);
    put_number(1, 4, 14, SIGNET_NO_ID, 99999);
    put_number(0, 1, 11, SIGNET_NO_ID, 99999);
    put_number(1, 3, 14, SIGNET_NO_ID, 86400);
    want(NULL);
    put_number(1, 3, 14, SIGNET_NO_ID, 86401);
    want("registers only after 86401 s (/1/3/14)");
    account.bootstrap = true;
    put_number(0, 1, 11, SIGNET_NO_ID, 86400);
    want(NULL);
    put_number(0, 1, 11, SIGNET_NO_ID, 86401);
    want("calls its bootstrap server only after 86401 s (/0/1/11)");
}

static void lengths_of_credentials(void **state)
{
    struct signet_value key = text_of(SIGNET_TYPE_OPAQUE, 32),
                        identity = text_of(SIGNET_TYPE_STRING, 128);

    (void)state;
    account.secret_key = &key;
    account.identity = &identity;
    want(NULL);
    key.as.bytes.len = 33;
    want("takes 32");
    profile.tls.psk_most = 64; /* a stack that says so */
    key.as.bytes.len = 64;
    want(NULL);
    key.as.bytes.len = 65;
    want("takes 64");
    profile.tls.psk_most = 0;
    profile.tls.stack = "openssl"; /* one that does not */
    want(NULL);
    profile.tls.identity_most = 128;
    want(NULL);
    identity.as.bytes.len = 129;
    want("takes 128");
}

static void a_server_name(void **state)
{
    struct signet_value name = text_of(SIGNET_TYPE_STRING, 255);

    (void)state;
    put(0, 1, 14, SIGNET_NO_ID, &name);
    want(NULL);
    assert_int_equal(strlen(rules.name), 255);
    name.as.bytes.len = 256;
    put(0, 1, 14, SIGNET_NO_ID, &name);
    want("256 bytes, and names have 255");
    profile.tls.sni = false;
    want(NULL);
    assert_string_equal(rules.name, "");
    profile.tls.sni = true;
    account.mode = SIGNET_MODE_NOSEC;
    want(NULL);
}

/* As many as there is room for; what is no suite is none of them. */
static void cipher_suites(void **state)
{
    enum { ROOM = sizeof(rules.suites) / sizeof(rules.suites[0]) };

    (void)state;
    put_number(0, 2, 16, 0, 49320); /* another account's */
    want(NULL);
    assert_int_equal(rules.suites[0], 0);
    put_number(0, 1, 16, 0, 0);
    put_number(0, 1, 16, 1, -1);
    put_number(0, 1, 16, 2, 65536);
    put_number(0, 1, 16, 3, 65535);
    put_number(0, 1, 16, 4, 1);
    want("none of the cipher suites in /0/1/16 is for mode psk");
    assert_int_equal(rules.suites[0], 65535);
    assert_int_equal(rules.suites[1], 1);
    assert_int_equal(rules.suites[2], 0);
    for (uint16_t i = 0; i < ROOM + 4; i++)
        put_number(0, 1, 16, i, 49320);
    want(NULL);
    assert_int_equal(rules.suites[ROOM - 2], 49320);
    assert_int_equal(rules.suites[ROOM - 1], 0);
    account.mode = SIGNET_MODE_CERT;
    profile.tls.usages = 1u << 3;
    want("none of the cipher suites in /0/1/16 is for mode cert");
    profile.tls.by_resource_16 = false;
    want(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_server_object, set_up, tear_down),
        cmocka_unit_test_setup_teardown(how_long_it_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lengths_of_credentials, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_server_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cipher_suites, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
