/* SPDX-License-Identifier: Apache-2.0 */
/* One device of its tree: what it has to have, and what is known of it. */
#include "device/device.h"
#include "pki/pki.h"

#include <setjmp.h>
#include <signet/config.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SERVER  " 1: {1: {0: 1, 1: 60, 6: False, 7: 'U'}}}"
#define ACCOUNT "{0: {1: {0: 'coaps://s', 1: False, "

static struct signet_error err;

static int make(const char *text, struct device *out)
{
    struct signet_tree *tree = NULL;

    *out = (struct device){0};
    if (signet_config_parse(text, strlen(text), "text", &tree, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
    return device_from_tree(out, tree, NULL, "urn:d", &err);
}

static void trees_that_are_no_device(void **state)
{
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"{3: {0: {0: 'maker'}}}", "the packet has no server account"},
        {ACCOUNT "2: 0, 5: b'key', 10: 1}}," SERVER, "/0/1: identity and key must be bytes"},
        {ACCOUNT "2: 0, 3: b'it', 10: 1}}," SERVER, "/0/1: identity and key must be bytes"},
        {ACCOUNT "2: 0, 3: 'it', 5: b'key', 10: 1}}," SERVER,
         "/0/1: identity and key must be bytes"},
        {ACCOUNT "2: 0, 3: b'it', 5: 'key', 10: 1}}," SERVER,
         "/0/1: identity and key must be bytes"},
        {ACCOUNT "2: 2, 5: b'key', 10: 1}}," SERVER, "/0/1: identity and key must be bytes"},
        {ACCOUNT "2: 2, 3: b'it', 5: 'key', 10: 1}}," SERVER,
         "/0/1: identity and key must be bytes"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct device device;
        int rc = make(rows[i].text, &device);

        if (rc != SIGNET_E_MEANING || !strstr(err.msg, rows[i].said))
            fail_msg("row %zu: %d %s", i, rc, err.msg);
        device_free(&device);
    }
}

static void what_is_known_of_one(void **state)
{
    struct device device;
    uint8_t digest[32];
    char sum[65];

    (void)state;
    assert_int_equal(make(ACCOUNT "2: 0, 3: b'i\\xff', 5: b'key', 10: 1}}," SERVER, &device),
                     SIGNET_OK);
    assert_string_equal(device.view.endpoint, "urn:d");
    assert_int_equal(device.view.mode, SIGNET_MODE_PSK);
    assert_string_equal(device.facts.psk_identity, "i\\xff");
    assert_int_equal(sha256("key", 3, digest, &err), SIGNET_OK);
    hex_encode(digest, sizeof(digest), sum);
    assert_string_equal(device.facts.psk_sha256, sum);
    assert_int_equal(sha256(device.packet.data, device.packet.len, digest, &err), SIGNET_OK);
    hex_encode(digest, sizeof(digest), sum);
    assert_string_equal(device.facts.packet_sha256, sum);
    assert_null(device.facts.spki_sha256);
    device_free(&device);
    /* without security nothing is a secret */
    assert_int_equal(make("{0: {1: {0: 'coap://s', 1: False, 2: 3, 10: 1}}," SERVER, &device),
                     SIGNET_OK);
    assert_null(device.facts.psk_identity);
    assert_null(device.facts.psk_sha256);
    assert_non_null(device.facts.packet_sha256);
    device_free(&device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_that_are_no_device),
        cmocka_unit_test(what_is_known_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
