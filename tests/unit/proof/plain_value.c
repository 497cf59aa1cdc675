/* SPDX-License-Identifier: Apache-2.0 */
#include "lwm2m/lwm2m.h"
#include "proof/coap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void what_is_taken(void **state)
{
    static const struct {
        const char *what;
        struct signet_path path;
        const char *text;
        size_t len;
        bool good;
        int64_t number;
    } rows[] = {
        {"text", {0, 1, 0, SIGNET_NO_ID}, "coap://m", 8, true, 0},
        {"no text", {0, 1, 0, SIGNET_NO_ID}, "", 0, true, 0},
        {"text that is no UTF-8", {0, 1, 0, SIGNET_NO_ID}, "\xff", 1, false, 0},
        {"true", {0, 1, 1, SIGNET_NO_ID}, "1", 1, true, 1},
        {"false", {0, 1, 1, SIGNET_NO_ID}, "0", 1, true, 0},
        {"neither", {0, 1, 1, SIGNET_NO_ID}, "2", 1, false, 0},
        {"true, twice", {0, 1, 1, SIGNET_NO_ID}, "11", 2, false, 0},
        {"no flag", {0, 1, 1, SIGNET_NO_ID}, "", 0, false, 0},
        {"a number", {1, 1, 1, SIGNET_NO_ID}, "86400", 5, true, 86400},
        {"below zero", {1, 1, 5, SIGNET_NO_ID}, "-5", 2, true, -5},
        {"a lifetime below zero", {1, 1, 1, SIGNET_NO_ID}, "-5", 2, false, 0},
        {"a sign alone", {1, 1, 1, SIGNET_NO_ID}, "-", 1, false, 0},
        {"a plus", {1, 1, 1, SIGNET_NO_ID}, "+5", 2, false, 0},
        {"a space", {1, 1, 1, SIGNET_NO_ID}, " 5", 2, false, 0},
        {"two signs", {1, 1, 1, SIGNET_NO_ID}, "--5", 3, false, 0},
        {"a letter behind", {1, 1, 1, SIGNET_NO_ID}, "5s", 2, false, 0},
        {"a zero byte behind", {1, 1, 1, SIGNET_NO_ID}, "5\0", 2, false, 0},
        {"no number", {1, 1, 1, SIGNET_NO_ID}, "", 0, false, 0},
        {"the largest", {1, 1, 1, SIGNET_NO_ID}, "9223372036854775807", 19, true, INT64_MAX},
        {"larger", {1, 1, 1, SIGNET_NO_ID}, "9223372036854775808", 19, false, 0},
        {"of 24 digits", {1, 1, 1, SIGNET_NO_ID}, "000000000000000000000001", 24, false, 0},
        {"bytes as text", {0, 1, 5, SIGNET_NO_ID}, "AAAA", 4, false, 0},
        {"an unknown resource", {0, 1, 99, SIGNET_NO_ID}, "1", 1, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_tree *tree = NULL;
        const struct signet_record *r;

        assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
        if (plain_read(tree, rows[i].path, COAP_TEXT, (const uint8_t *)rows[i].text, rows[i].len) !=
            rows[i].good)
            fail_msg("%s", rows[i].what);
        r = signet_tree_find(tree, rows[i].path);
        assert_int_equal(r != NULL, rows[i].good);
        if (r && r->value.type == SIGNET_TYPE_INTEGER)
            assert_int_equal(r->value.as.integer, rows[i].number);
        if (r && r->value.type == SIGNET_TYPE_BOOLEAN)
            assert_int_equal(r->value.as.boolean, rows[i].number);
        signet_tree_free(&tree);
    }
}

static void bytes(void **state)
{
    struct signet_tree *tree = NULL;
    const struct signet_path key = {0, 1, 5, SIGNET_NO_ID}, uri = {0, 1, 0, SIGNET_NO_ID};

    (void)state;
    assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
    assert_true(plain_read(tree, key, COAP_OPAQUE, (const uint8_t *)"\0\xff", 2));
    assert_int_equal(signet_tree_find(tree, key)->value.as.bytes.len, 2);
    assert_false(plain_read(tree, uri, COAP_OPAQUE, (const uint8_t *)"coap://m", 8));
    assert_int_equal(signet_tree_count(tree), 1);
    signet_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken),
        cmocka_unit_test(bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
