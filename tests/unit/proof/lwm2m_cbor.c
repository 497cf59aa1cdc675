/* SPDX-License-Identifier: Apache-2.0 */
/* LwM2M CBOR, and CBOR of one value, as a bootstrap server writes them; and what it reads. */
#include "proof/coap.h"

#include <setjmp.h>
#include <signet/tree.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct row {
    const char *what;
    const char *bytes;
    size_t len;
    unsigned depth;
    bool good;
};
#define ROW(what, bytes, depth, good)                                                              \
    {                                                                                              \
        what, bytes, sizeof(bytes) - 1, depth, good                                                \
    }

/* Below /1, or /1/1. */
static void maps(void **state)
{
    static const struct row rows[] = {
        ROW("maps in maps", "\xa1\x01\xa1\x01\xa1\x00\x07", 2, true),
        ROW("one key of three identifiers", "\xa1\x83\x01\x01\x00\x07", 2, true),
        ROW("a key of two, and one of one", "\xa1\x82\x01\x01\xa1\x00\x07", 2, true),
        ROW("of indefinite length", "\xbf\x01\xbf\x01\xbf\x00\x07\xff\xff\xff", 2, true),
        ROW("a key of indefinite length", "\xa1\x9f\x01\x01\x00\xff\x07", 2, true),
        ROW("two instances", "\xa1\x01\xa2\x01\xa1\x00\x07\x02\xa1\x00\x08", 1, true),
        ROW("text and a flag", "\xa1\x01\xa1\x01\xa2\x07\x61U\x06\xf5", 2, true),
        ROW("text in pieces", "\xa1\x01\xa1\x01\xa1\x07\x7f\x61U\x61Q\xff", 2, true),
        ROW("a whole number with a point", "\xa1\x83\x01\x01\x00\xf9\x47\x00", 2, true),
        ROW("nothing", "\xa0", 2, true),
        ROW("no map", "\x07", 2, false),
        ROW("no bytes", "", 2, false),
        ROW("another instance", "\xa1\x83\x01\x02\x00\x07", 2, false),
        ROW("another object", "\xa1\x83\x00\x01\x0a\x07", 2, false),
        ROW("a key of no identifiers", "\xa1\x80\xa1\x83\x01\x01\x00\x07", 2, false),
        ROW("a key of five", "\xa1\x85\x01\x01\x00\x00\x00\x07", 2, false),
        ROW("five levels", "\xa1\x01\xa1\x01\xa1\x00\xa1\x00\xa1\x00\x07", 2, false),
        ROW("a text as a key",
            "\xa1\x61"
            "1\xa1\x01\xa1\x00\x07",
            2, false),
        ROW("an identifier that is none", "\xa1\x83\x01\x01\x19\xff\xff\x07", 2, false),
        ROW("one below zero", "\xa1\x83\x01\x01\x20\x07", 2, false),
        ROW("a value for an instance", "\xa1\x82\x01\x01\x07", 2, false),
        ROW("one value as several", "\xa1\x84\x01\x01\x00\x00\x07", 2, false),
        ROW("out of its range", "\xa1\x83\x01\x01\x00\x00", 2, false),
        ROW("beyond 63 bits", "\xa1\x83\x01\x01\x05\x1b\xff\xff\xff\xff\xff\xff\xff\xff", 2, false),
        ROW("text that is not UTF-8", "\xa1\x83\x01\x01\x07\x61\xff", 2, false),
        ROW("null", "\xa1\x83\x01\x01\x00\xf6", 2, false),
        ROW("an array as a value", "\xa1\x83\x01\x01\x00\x81\x07", 2, false),
        ROW("a tag", "\xa1\x83\x01\x01\x00\xc1\x07", 2, false),
        ROW("bytes behind it", "\xa1\x83\x01\x01\x00\x07\x07", 2, false),
        ROW("cut in a key", "\xa1\x83\x01", 2, false),
        ROW("cut before a value", "\xa1\x83\x01\x01\x00", 2, false),
        ROW("cut in a map", "\xa2\x83\x01\x01\x00\x07", 2, false),
        ROW("cut in a text", "\xa1\x83\x01\x01\x07\x62U", 2, false),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *r = &rows[i];
        const struct signet_path base = {1, r->depth > 1 ? 1 : SIGNET_NO_ID, SIGNET_NO_ID,
                                         SIGNET_NO_ID};
        struct signet_tree *tree = NULL;

        assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
        if (lwm2m_cbor_read(tree, base, r->depth, COAP_LWM2M_CBOR, (const uint8_t *)r->bytes,
                            r->len) != r->good)
            fail_msg("%s", r->what);
        signet_tree_free(&tree);
    }
}

/* /0/1/R */
static void one_value(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        uint16_t rid;
        bool good;
    } rows[] = {
        {"\x03", 1, 2, true},
        {"\xf4", 1, 1, true},
        {"\x42\x00\xff", 3, 5, true},
        {"\x68"
         "coap://h",
         9, 0, true},
        {"\x38\x64", 2, 12, true}, /* -101 */
        {"\x63"
         "coa",
         4, 5, false},
        {"\xf4", 1, 2, false},
        {"\x03\x03", 2, 2, false},
        {"", 0, 2, false},
        {"\xa1\x00\x03", 3, 2, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct signet_path path = {0, 1, rows[i].rid, SIGNET_NO_ID};
        struct signet_tree *tree = NULL;

        assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
        if (lwm2m_cbor_read(tree, path, 3, COAP_CBOR, (const uint8_t *)rows[i].bytes,
                            rows[i].len) != rows[i].good)
            fail_msg("row %zu", i);
        assert_true(signet_tree_find(tree, path) || !rows[i].good);
        signet_tree_free(&tree);
    }
}

static void written_and_read(void **state)
{
    static const uint8_t server[] = "\xa4\x83\x01\x01\x00\x07\x83\x01\x01\x02\x38\x64\x83\x01\x01"
                                    "\x06\xf5\x83\x01\x01\x07\x62UQ";
    static const uint8_t acl[] = "\xa2\x84\x02\x01\x02\x00\x07\x84\x02\x01\x02\x01\x08";
    struct signet_tree *tree = NULL;
    struct buf out = {0};

    (void)state;
    for (uint16_t oid = 1; oid <= 2; oid++) {
        const struct signet_path base = {oid, SIGNET_NO_ID, SIGNET_NO_ID, SIGNET_NO_ID};
        const uint8_t *data = oid == 1 ? server : acl;
        size_t len = oid == 1 ? sizeof(server) - 1 : sizeof(acl) - 1;

        assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
        assert_true(lwm2m_cbor_read(tree, base, 1, COAP_LWM2M_CBOR, data, len));
        buf_reset(&out);
        lwm2m_cbor_put(&out, tree);
        assert_int_equal(out.len, len);
        assert_memory_equal(out.data, data, len);
        signet_tree_free(&tree);
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(maps), cmocka_unit_test(one_value),
                                       cmocka_unit_test(written_and_read)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
