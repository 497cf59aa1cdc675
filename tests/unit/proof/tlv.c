/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/coap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct row {
    const char *what, *bytes;
    size_t len;
    unsigned depth;
    bool good;
};
#define ROW(what, bytes, depth, good)                                                              \
    {                                                                                              \
        what, bytes, sizeof(bytes) - 1, depth, good                                                \
    }

/* Below /1, or /1/1, or /1/1/N: the Server object. */
static void what_is_taken(void **state)
{
    static const struct row rows[] = {
        ROW("one resource", "\xc1\x00\x07", 2, true),
        ROW("an identifier of two bytes", "\xe1\x00\x00\x07", 2, true),
        ROW("a length of one byte", "\xc8\x07\x01U", 2, true),
        ROW("a length of three bytes", "\xd8\x07\x00\x00\x01U", 2, true),
        ROW("nothing", "", 2, true),
        ROW("its instance around it", "\x03\x01\xc1\x00\x07", 2, true),
        ROW("another instance around it", "\x03\x02\xc1\x00\x07", 2, false),
        ROW("instances", "\x03\x01\xc1\x00\x07\x03\x02\xc1\x00\x08", 1, true),
        ROW("a resource where an instance must be", "\xc1\x00\x07", 1, false),
        ROW("one that holds resources", "\xc3\x01\xc1\x00\x07", 1, false),
        ROW("a resource", "\xc1\x00\x07", 3, true),
        ROW("an instance among resources", "\xc1\x00\x07\x03\x01\xc1\x00\x07", 2, false),
        ROW("an instance of nothing among resources", "\xc1\x00\x07\x00\x01", 2, false),
        ROW("a resource instance without its resource", "\x41\x00\x07", 2, false),
        ROW("one that holds instances of a resource", "\x63\x0b\xb8\x41\x00\x07", 2, false),
        ROW("a length past the end", "\xc2\x00\x07", 2, false),
        ROW("a length past the end by much", "\xd8\x07\xff\xff\xffU", 2, false),
        ROW("cut in the head", "\xd8\x07\x00", 2, false),
        ROW("cut behind the first byte", "\xc1", 2, false),
        ROW("an integer of three bytes", "\xc3\x00\x00\x00\x07", 2, false),
        ROW("an integer of none", "\xc0\x00", 2, false),
        ROW("an integer of eight", "\xc8\x01\x08\x00\x00\x00\x00\x00\x00\x00\x07", 2, true),
        ROW("an integer of nine", "\xc8\x01\x09\x00\x00\x00\x00\x00\x00\x00\x00\x07", 2, false),
        ROW("True", "\xc1\x06\x01", 2, true),
        ROW("neither True nor False", "\xc1\x06\x02", 2, false),
        ROW("True in two bytes", "\xc2\x06\x00\x01", 2, false),
        ROW("text", "\xc2\x07UQ", 2, true),
        ROW("text that is not UTF-8", "\xc1\x07\xff", 2, false),
        ROW("one value as several", "\x86\x00\x41\x00\x07\x41\x01\x08", 2, false),
        ROW("a resource among them", "\x83\x00\xc1\x00\x07", 2, false),
        ROW("one of them cut", "\x83\x00\x42\x00\x07", 2, false),
        ROW("a value out of its range", "\xc1\x00\x00", 2, false),
        ROW("bytes of what is not known", "\xe2\x0b\xb8\xff\xff", 2, true),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *r = &rows[i];
        const struct signet_path base = {1, r->depth > 1 ? 1 : SIGNET_NO_ID,
                                         r->depth > 2 ? 0 : SIGNET_NO_ID, SIGNET_NO_ID};
        struct signet_tree *tree = NULL;

        assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
        if (tlv_read(tree, base, r->depth, (const uint8_t *)r->bytes, r->len) != r->good)
            fail_msg("%s", r->what);
        signet_tree_free(&tree);
    }
}

static const struct signet_value *value(const struct signet_tree *tree, uint16_t oid, uint16_t rid,
                                        uint16_t riid)
{
    const struct signet_record *r = signet_tree_find(tree, (struct signet_path){oid, 1, rid, riid});

    assert_non_null(r);
    return &r->value;
}

static void values(void **state)
{
    static const uint8_t server[] = "\xc1\x05\xff\xc2\x02\xff\x00\xc1\x06\x01";
    static const uint8_t single[] = "\xc4\x00\x3f\x00\x00\x00";
    static const uint8_t wide[] = "\xc8\x00\x08\xbf\xe0\x00\x00\x00\x00\x00\x00";
    static const uint8_t link[] = "\xc4\x0d\x00\x15\x00\x05";
    const struct signet_path security = {0, 1, SIGNET_NO_ID, SIGNET_NO_ID};
    const struct signet_path software = {9, 1, SIGNET_NO_ID, SIGNET_NO_ID};
    const struct signet_path one = {1, 1, SIGNET_NO_ID, SIGNET_NO_ID};
    const struct signet_path location = {33608, 1, SIGNET_NO_ID, SIGNET_NO_ID};
    struct signet_tree *tree = NULL;

    (void)state;
    assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
    assert_true(tlv_read(tree, one, 2, server, 10));
    assert_int_equal(value(tree, 1, 5, SIGNET_NO_ID)->as.integer, -1);
    assert_int_equal(value(tree, 1, 2, SIGNET_NO_ID)->as.integer, -256);
    assert_true(value(tree, 1, 6, SIGNET_NO_ID)->as.boolean);
    assert_true(tlv_read(tree, location, 2, single, 6));
    assert_true(value(tree, 33608, 0, SIGNET_NO_ID)->as.number == 0.5);
    assert_true(tlv_read(tree, location, 2, wide, 11));
    assert_true(value(tree, 33608, 0, SIGNET_NO_ID)->as.number == -0.5);
    assert_false(tlv_read(tree, location, 2, (const uint8_t *)"\xc2\x00\x3f\x00", 4));
    assert_true(tlv_read(tree, software, 2, link, 6));
    assert_int_equal(value(tree, 9, 13, SIGNET_NO_ID)->as.objlnk.oid, 21);
    assert_int_equal(value(tree, 9, 13, SIGNET_NO_ID)->as.objlnk.iid, 5);
    assert_false(tlv_read(tree, software, 2, (const uint8_t *)"\xc3\x0d\x00\x15\x00", 5));
    assert_false(tlv_read(tree, software, 2, (const uint8_t *)"\xc5\x0d\x00\x15\x00\x05\x00", 7));
    assert_true(tlv_read(tree, security, 2, (const uint8_t *)"\xc4\x11\x00\x15\x00\x05", 6));
    assert_int_equal(signet_tree_count(tree), 5); /* it is passed over: clients lack it */
    assert_true(tlv_read(tree, (struct signet_path){2, 1, SIGNET_NO_ID, SIGNET_NO_ID}, 2,
                         (const uint8_t *)"\x86\x02\x41\x00\x07\x41\x01\x08", 8));
    assert_int_equal(value(tree, 2, 2, 1)->as.integer, 8);
    signet_tree_free(&tree);
}

/* What is read comes back as it was written. */
static void written_and_read(void **state)
{
    static const uint8_t servers[] =
        "\x08\x01\x1f\xc1\x00\x07\xc2\x01\x01\x2c\xc4\x02\x00\x01\x00\x00\xc8\x0c\x08\x00\x00\x00"
        "\x01\x00\x00\x00\x00\xc1\x06\x01\xc2\x07UQ\x28\x01\x2c\x0a\xc1\x00\x08\xc2\x01\x00\x80\xc1"
        "\x06"
        "\x00";
    static const uint8_t acl[] = "\xc1\x00\x03\x87\x02\x41\x00\x07\x61\x01\x2c\x08";
    const struct signet_path all = {1, SIGNET_NO_ID, SIGNET_NO_ID, SIGNET_NO_ID};
    const struct signet_path one = {2, 1, SIGNET_NO_ID, SIGNET_NO_ID};
    struct signet_tree *tree = NULL;
    struct buf out = {0};

    (void)state;
    assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
    assert_true(tlv_read(tree, all, 1, servers, sizeof(servers) - 1));
    tlv_put(&out, tree, 1);
    assert_int_equal(out.len, sizeof(servers) - 1);
    assert_memory_equal(out.data, servers, out.len);
    signet_tree_free(&tree);
    buf_reset(&out);
    assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
    assert_true(tlv_read(tree, one, 2, acl, sizeof(acl) - 1));
    tlv_put(&out, tree, 2);
    assert_int_equal(out.len, sizeof(acl) - 1);
    assert_memory_equal(out.data, acl, out.len);
    signet_tree_free(&tree);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_taken), cmocka_unit_test(values),
                                       cmocka_unit_test(written_and_read)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
