/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/private.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct signet_error err;

/* The tree of a packet written in hex, or NULL with err set. */
static struct signet_tree *decode(const char *hex)
{
    size_t len = strlen(hex) / 2;
    uint8_t *data = malloc(len + 1); /* exact: a read past the end is seen by the sanitizer */
    struct signet_tree *tree = NULL;
    err = (struct signet_error){0};
    assert_non_null(data);
    assert_int_equal(hex_decode(hex, 2 * len, data, len), (ssize_t)len);
    uint8_t *exact = malloc(len ? len : 1);
    memcpy(exact, data, len);
    int code = signet_packet_decode(exact, len, &tree, &err);
    assert_int_equal(code, err.code);
    assert_true((code == SIGNET_OK) == (tree != NULL));
    free(exact);
    free(data);
    return tree;
}

static void refused(const char *hex, const char *words)
{
    struct signet_tree *tree = decode(hex);
    assert_null(tree);
    if (!strstr(err.msg, words))
        fail_msg("'%s' is not in '%s' (%s)", words, err.msg, hex);
}

/* The one record of a packet must be /1/2/3 (or instance 4 of it). */
static struct signet_value only(struct signet_tree *tree)
{
    if (!tree)
        fail_msg("%s", err.msg);
    assert_int_equal(signet_tree_count(tree), 1);
    const struct signet_record *r = signet_tree_at(tree, 0);
    assert_int_equal(r->path.oid, 1);
    assert_int_equal(r->path.iid, 2);
    assert_int_equal(r->path.rid, 3);
    return r->value;
}

#define NAME                                                                                       \
    "0066"                                                                                         \
    "2f312f322f33" /* 0: "/1/2/3" */

static void number_is(const char *hex, double number)
{
    struct signet_tree *tree = decode(hex);
    struct signet_value value = only(tree);
    assert_int_equal(value.type, SIGNET_TYPE_FLOAT);
    assert_true(value.as.number == number || (isnan(number) && isnan(value.as.number)));
    signet_tree_free(&tree);
}

static void integer_is(const char *hex, int64_t number)
{
    struct signet_tree *tree = decode(hex);
    struct signet_value value = only(tree);
    assert_int_equal(value.type, SIGNET_TYPE_INTEGER);
    assert_true(value.as.integer == number);
    signet_tree_free(&tree);
}

static void numbers_of_every_width(void **state)
{
    (void)state;
    integer_is("81a2" NAME "0200", 0);
    integer_is("81a2" NAME "021800", 0); /* not the shortest */
    integer_is("81a2" NAME "021b0000000000000005", 5);
    integer_is("81a2" NAME "023b7fffffffffffffff", INT64_MIN);
    number_is("81a2" NAME "02f93e00", 1.5);
    number_is("81a2" NAME "02f90001", 5.960464477539063e-8);
    number_is("81a2" NAME "02fa47c35000", 100000.0);
    number_is("81a2" NAME "02fb3ff199999999999a", 1.1);
    number_is("81a2" NAME "02f97c00", INFINITY);
    number_is("81a2" NAME "02f97e00", NAN);
    refused("81a2" NAME "023b8000000000000000", "below -2^63");
    refused("81a2" NAME "02c249010000000000000000", "bignum");
    struct signet_tree *tree = decode("81a2" NAME "021bffffffffffffffff");
    struct signet_value value = only(tree);
    assert_int_equal(value.type, SIGNET_TYPE_UNSIGNED);
    assert_true(value.as.unsigned_integer == UINT64_MAX);
    signet_tree_free(&tree);
}

static void decimal_fractions(void **state)
{
    (void)state;
    number_is("81a2" NAME "02c48221196ab3", 273.15); /* RFC 8949 section 3.4.4 */
    number_is("81a2" NAME "02c48220"
              "20",
              -0.1);
    number_is("81a2" NAME "02c49f2001ff", 0.1);
    integer_is("81a2" NAME "02c4820205", 500);
    integer_is("81a2" NAME "02c4821b7fffffffffffffff00", 0);
    number_is("81a2" NAME "02c4823b7ffffffffffffffe01", 0.0);
    number_is("81a2" NAME "02c4821301", 1e19); /* no 64-bit integer */
    refused("81a2" NAME "02c4821b7fffffffffffffff01", "beyond any float");
    refused("81a2" NAME "02c48101", "two 64-bit integers");
    refused("81a2" NAME "02c483010203", "two 64-bit integers");
    refused("81a2" NAME "02c48220c24101", "two 64-bit integers");
    refused("81a2" NAME "02c482011bffffffffffffffff", "two 64-bit integers"); /* more than 2^63 */
    refused("81a2" NAME "02c4821bffffffffffffffff01", "two 64-bit integers");
    refused("81a2" NAME "02c5820101", "tag 5");
}

static void times(void **state)
{
    (void)state;
    integer_is("81a2" NAME "02c11a514b67b0", 1363896240);
    number_is("81a2" NAME "02c1fb41d452d9ec200000", 1363896240.5);
    integer_is("81a2" NAME "02c074323031332d30332d32315432303a30343a30305a", 1363896240);
    integer_is("81a2" NAME "02c07819323031332d30332d32315432313a30343a30302b30313a3030",
               1363896240);
    refused("81a2" NAME "02c074323031332d31332d32315432303a30343a30305a", "RFC 3339");
    refused("81a2" NAME "02c06161", "RFC 3339");
    refused("81a2" NAME "02c04161", "RFC 3339");
    /* a good date, but in bytes */
    refused("81a2" NAME "02c054323031332d30332d32315432303a30343a30305a", "RFC 3339");
}

static void base_fields_carry(void **state)
{
    /* [{-2: "/1/2", 0: "/3", 2: 1}, {0: "/4", 3: "a"}, {-2: "/1/2/5"}, {-5: 10, 2: 1}, ...] */
    struct signet_tree *tree = decode("84a321642f312f3200622f330201"
                                      "a200622f34036161"
                                      "a121662f312f322f35"
                                      "a2240a0201");
    (void)state;
    if (!tree)
        fail_msg("%s", err.msg);
    assert_int_equal(signet_tree_count(tree), 3);
    assert_int_equal(signet_tree_at(tree, 1)->path.rid, 4);
    assert_int_equal(signet_tree_at(tree, 2)->path.rid, 5);
    assert_int_equal(signet_tree_at(tree, 2)->value.as.integer, 11);
    signet_tree_free(&tree);
    /* {-5: 2^64 - 1, 2: 1}, {-5: -1, 2: -2^63}: no 64 bits hold these */
    refused("81a3" NAME "241bffffffffffffffff0201", "leave 64 bits");
    refused("81a3" NAME "2420023b7fffffffffffffff", "leave 64 bits");
    integer_is("81a3" NAME "241bffffffffffffffff023b7fffffffffffffff", INT64_MAX);
    integer_is("81a3" NAME "22"
               "1a514b67b0"
               "0207",
               7); /* base time */
    integer_is("81a4" NAME "0666"
               "616263616263"
               "01"
               "6143"
               "0207",
               7); /* time, unit */
    integer_is("81a3" NAME "200a"
               "0207",
               7); /* version */
    refused("81a3" NAME "200b"
            "0207",
            "version");
    refused("81a3" NAME "2020"
            "0207",
            "version"); /* -1 */
}

static void strings_in_pieces(void **state)
{
    struct signet_tree *tree = decode("9fbf007f632f312f63322f61ff"
                                      "085f4101420203ffffff");
    (void)state;
    assert_null(tree);
    assert_non_null(strstr(err.msg, "identifier"));
    tree = decode("9fbf007f632f312f63322f33ff085f4101420203ffffff");
    struct signet_value value = only(tree);
    assert_int_equal(value.type, SIGNET_TYPE_OPAQUE);
    assert_int_equal(value.as.bytes.len, 3);
    assert_memory_equal(value.as.bytes.data, "\1\2\3", 3);
    signet_tree_free(&tree);
    tree = decode("81a2" NAME "037fff");
    value = only(tree);
    assert_int_equal(value.type, SIGNET_TYPE_STRING);
    assert_int_equal(value.as.bytes.len, 0);
    signet_tree_free(&tree);
    refused("81a2" NAME "037f4161ff", "among the pieces");
    refused("81a2" NAME "0361ff", "UTF-8");
}

static void object_links(void **state)
{
    struct signet_tree *tree = decode("81a200692f36352f302f302f3063766c6f6436363a30"); /* OMA 484 */
    (void)state;
    if (!tree)
        fail_msg("%s", err.msg);
    const struct signet_record *r = signet_tree_at(tree, 0);
    assert_int_equal(r->path.riid, 0);
    assert_int_equal(r->value.type, SIGNET_TYPE_OBJLNK);
    assert_int_equal(r->value.as.objlnk.oid, 66);
    assert_int_equal(r->value.as.objlnk.iid, 0);
    signet_tree_free(&tree);
    refused("81a2" NAME "63766c6f"
            "6136",
            "object link");
    refused("81a2" NAME "63766c6f"
            "67363a3635353336",
            "object link");
}

/* leshan issue 984: base name, empty strings, two Security instances */
static void what_coiote_sends(void **state)
{
    struct signet_tree *tree = decode(
        "8da321632f302f0063312f30037823636f6170733a2f2f6c776d326d2d746573742e617673797374656d2e696f"
        "3a35363934a20063312f320200a20063312f330847746573742d6a62a20063312f350858185859376d7343464f"
        "30476167643446776b56366f366a6b33a20063312f340840a20063312f3104f5a20063322f30037823636f6170"
        "733a2f2f6c776d326d2d746573742e617673797374656d2e696f3a35363834a20063322f320200a20063322f33"
        "0847746573742d6a62a20063322f350858186b72566343626e556142567253354859325242514e725276a20063"
        "322f340840a20063322f3104f4a20064322f31300201");
    (void)state;
    if (!tree)
        fail_msg("%s", err.msg);
    assert_int_equal(signet_tree_count(tree), 13);
    assert_int_equal(signet_tree_at(tree, 12)->path.rid, 10);
    assert_int_equal(signet_tree_at(tree, 3)->value.as.bytes.len, 24);
    signet_tree_free(&tree);
}

static void names_are_bounded(void **state)
{
    char hex[2 * 80 + 32];

    (void)state;
    for (unsigned len = 60; len <= 80; len++) { /* {0: "/00..", 2: 1} */
        int at = snprintf(hex, sizeof(hex), "81a20078%02x2f", len);
        for (unsigned i = 1; i < len; i++)
            at += snprintf(hex + at, sizeof(hex) - (size_t)at, "30");
        snprintf(hex + at, sizeof(hex) - (size_t)at, "0201");
        refused(hex, len <= 64 ? "identifier" : "is no LwM2M path");
    }
}

static void structure_is_refused_with_its_place(void **state)
{
    (void)state;
    refused("", "byte 0");
    refused("a0", "byte 0: a map where an array");
    refused("8001", "byte 1: 1 bytes follow");
    refused("8101", "record 1: byte 1: an integer where a record");
    refused("81a0", "record 1: byte 1: the record has no value");
    refused("81a1" NAME, "no value");
    refused("81a10201", "not the path of a resource");
    refused("81a200632f312f0201", "identifier");
    refused("81a200642f312f320201", "not the path of a resource");
    refused("81a2006a2f312f322f36353533350201", "65534");
    refused("81a3" NAME "02010202", "comes twice");
    refused("81a3" NAME "0201036161", "second value");
    refused("81a3" NAME "0201"
            "62785f"
            "01",
            "'_'");
    refused("81a2" NAME "02f6", "null");
    refused("81a2" NAME "0401", "boolean");
    refused("81a2" NAME "0861"
            "61",
            "byte string");
    refused("81a2" NAME "0341"
            "61",
            "text string");
    refused("81a2" NAME "02"
            "6161",
            "where a number must be");
    refused("81a2" NAME "05"
            "01",
            "no value");
    refused("81a20041610201", "name must be");
    refused("81a2" NAME "f501", "label must be");
    refused("81a2" NAME "021c", "begins no CBOR item");
    refused("81ff", "break");
    refused("81a2" NAME "0258", "ends after"); /* a byte string, cut */
}

static void what_has_no_meaning_is_passed_over(void **state)
{
    (void)state;
    integer_is("81a3" NAME "0201"
               "09"
               "a1018261619f01ff",
               1);
    integer_is("81a3" NAME "0201"
               "6161"
               "c1c25f4101ff",
               1);
    integer_is("81a3" NAME "0201"
               "38ff"
               "f6",
               1);
    integer_is("d9d9f781a2" NAME "0201", 1); /* self-described */
    integer_is("d9d9f7d9d9f781a2" NAME "0201", 1);
    refused("c081a2" NAME "0201", "byte 0: a tag where an array of records must be");
    integer_is("82a2" NAME "0201a2" NAME "0202", 2); /* the last one counts */
}

/* Lengths that are declared and not there must cost nothing. */
static void hostile_lengths_and_depths(void **state)
{
    char deep[2000] = "81a3" NAME "020109";
    (void)state;
    refused("9bffffffffffffffff", "ends too early");
    refused("81bbffffffffffffffff", "ends too early");
    refused("81a2005bffffffffffffffff", "ends after the data");
    refused("81a2007b7fffffffffffffff", "ends after the data");
    refused("81a3" NAME "0201099bffffffffffffffff", "ends too early");
    for (int i = 0; i < 400; i++)
        strcat(deep, "81");
    refused(deep, "deep");
    deep[4 + strlen(NAME) + 6] = '\0';
    for (int i = 0; i < 400; i++)
        strcat(deep, "c1");
    refused(deep, "deep");
}

static void records_are_bounded(void **state)
{
    size_t len = 70000;
    uint8_t *data = malloc(len);
    struct signet_tree *tree = NULL;
    (void)state;
    assert_non_null(data);
    memset(data, 0xa1, len);
    data[0] = 0x9f;
    for (size_t i = 1; i + 2 < len; i += 3)
        memcpy(data + i, "\xa1\x21\x60", 3); /* {-2: ""} */
    assert_int_equal(signet_packet_decode(data, len, &tree, &err), SIGNET_E_SYNTAX);
    free(data);
    len = 3 * 65537 + 1;
    data = malloc(len);
    assert_non_null(data);
    data[0] = 0x9f;
    for (size_t i = 1; i < len; i += 3)
        memcpy(data + i, "\xa1\x21\x60", 3);
    assert_int_equal(signet_packet_decode(data, len, &tree, &err), SIGNET_E_LIMIT);
    free(data);
}

static void every_cut_is_refused(void **state)
{
    static const uint8_t whole[] = "\x82\xa2\x00\x66/1/2/3\x02\xc4\x82\x21\x19\x6a\xb3\xa2\x00\x7f"
                                   "\x66/1/2/4\xff\x08\x5f\x41\x01\xff";
    struct signet_tree *tree = NULL;
    (void)state;
    assert_int_equal(signet_packet_decode(whole, sizeof(whole) - 1, &tree, &err), SIGNET_OK);
    signet_tree_free(&tree);
    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        uint8_t *cut = malloc(len + 1);
        assert_non_null(cut);
        memcpy(cut, whole, len);
        assert_int_equal(signet_packet_decode(cut, len, &tree, &err), SIGNET_E_SYNTAX);
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_every_width),
        cmocka_unit_test(decimal_fractions),
        cmocka_unit_test(times),
        cmocka_unit_test(names_are_bounded),
        cmocka_unit_test(base_fields_carry),
        cmocka_unit_test(strings_in_pieces),
        cmocka_unit_test(object_links),
        cmocka_unit_test(what_coiote_sends),
        cmocka_unit_test(structure_is_refused_with_its_place),
        cmocka_unit_test(what_has_no_meaning_is_passed_over),
        cmocka_unit_test(hostile_lengths_and_depths),
        cmocka_unit_test(records_are_bounded),
        cmocka_unit_test(every_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
