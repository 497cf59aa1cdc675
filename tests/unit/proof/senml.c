/* SPDX-License-Identifier: Apache-2.0 */
/* SenML that a bootstrap server writes: as JSON what the CBOR reader takes, below the path of the
 * request, and only values that the client takes. */
#include "proof/coap.h"

#include <setjmp.h>
#include <signet/profile.h>
#include <signet/tree.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct signet_path instance = {0, 1, SIGNET_NO_ID, SIGNET_NO_ID};

static struct signet_tree *tree;

static bool read_json(struct signet_path base, unsigned depth, const char *text)
{
    signet_tree_free(&tree);
    assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
    return senml_read(tree, base, depth, COAP_SENML_JSON, (const uint8_t *)text, strlen(text));
}

static const struct signet_value *value(uint16_t oid, uint16_t iid, uint16_t rid)
{
    const struct signet_record *r =
        signet_tree_find(tree, (struct signet_path){oid, iid, rid, SIGNET_NO_ID});

    assert_non_null(r);
    return &r->value;
}

static void values(void **state)
{
    (void)state;
    assert_true(read_json(instance, 2,
                          "[{\"bn\": \"/0/1/\", \"n\": \"0\", \"vs\": \"coap://h\\u00e4\"},"
                          "{\"n\": \"1\", \"vb\": false}, {\"n\": \"2\", \"v\": 3},"
                          "{\"n\": \"10\", \"v\": 7.0}, {\"n\": \"3\", \"vd\": \"_-8AYQ\"}]"));
    assert_string_equal((const char *)value(0, 1, 0)->as.bytes.data, "coap://h\xc3\xa4");
    assert_int_equal(value(0, 1, 1)->type, SIGNET_TYPE_BOOLEAN);
    assert_int_equal(value(0, 1, 2)->as.integer, 3);
    assert_int_equal(value(0, 1, 10)->type, SIGNET_TYPE_INTEGER);
    assert_int_equal(value(0, 1, 10)->as.integer, 7);
    assert_int_equal(value(0, 1, 3)->as.bytes.len, 4);
    assert_memory_equal(value(0, 1, 3)->as.bytes.data, "\xff\xef\x00\x61", 4);
    assert_true(read_json((struct signet_path){33608, 1, 0, 0}, 2,
                          "[{\"n\": \"/33608/1/0\", \"v\": 5.25e1, \"t\": 1, \"u\": \"lat\"}]"));
    assert_true(value(33608, 1, 0)->as.number == 52.5);
    assert_true(read_json((struct signet_path){9, 1, 0, 0}, 2,
                          "[{\"n\": \"/9/1/13\", \"vlo\": \"21:5\"}]"));
    assert_int_equal(value(9, 1, 13)->as.objlnk.oid, 21);
    assert_true(read_json(instance, 2, "[]"));
}

static void what_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{}",
        "7",
        "[7]",
        "[[]]",
        "[{}]",
        "[{\"n\": \"/0/1/2\", \"v\": 3}",
        "[{\"n\": \"/0/1/2\", \"v\": 3}] 7",
        "[{\"n\": \"/0/1/2\"}]",
        "[{\"n\": \"/0/1/2\", \"v\": null}]",
        "[{\"n\": \"/0/1/2\", \"v\": [3]}]",
        "[{\"n\": \"/0/1/2\", \"v\": {}}]",
        "[{\"n\": \"/0/1/2\", \"v\": 3, \"v\": 3}]",
        "[{\"n\": \"/0/1/2\", \"v\": 3, \"vs\": \"a\"}]",
        "[{\"n\": \"/0/1/2\", \"v\": 9}]",      /* no such mode */
        "[{\"n\": \"/0/1/2\", \"v\": 3.5}]",    /* no whole number */
        "[{\"n\": \"/0/1/2\", \"vs\": \"3\"}]", /* of another type */
        "[{\"n\": \"/0/1/3\", \"vd\": \"a\"}]", /* no base64 */
        "[{\"n\": \"/0/1/3\", \"vd\": \"+/==\"}]",
        "[{\"n\": \"/0/1/3\", \"vd\": 3}]",
        "[{\"n\": \"/0/2/2\", \"v\": 3}]", /* not of the instance that is written */
        "[{\"n\": \"/1/1/0\", \"v\": 3}]",
        "[{\"n\": \"/0/1\", \"v\": 3}]",
        "[{\"n\": \"/0/1/2\", \"v\": 3, \"must_\": 1}]",
        "[{\"n\": \"/0/1/0\", \"vs\": \"\xff\"}]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (read_json(instance, 2, texts[i]))
            fail_msg("%s", texts[i]);
}

/* Times and units: Anjay takes none. */
static void forms_of_a_client(void **state)
{
    static const char *const texts[] = {"[{\"n\": \"/0/1/2\", \"v\": 3, \"t\": 1}]",
                                        "[{\"n\": \"/0/1/2\", \"v\": 3, \"u\": \"s\"}]",
                                        "[{\"bt\": 1, \"n\": \"/0/1/2\", \"v\": 3}]",
                                        "[{\"n\": \"/0/1/2\", \"v\": 3, \"x\": 1}]"};
    const struct signet_profile *anjay = NULL;

    (void)state;
    assert_int_equal(signet_profile_open(&anjay, "anjay-3", NULL), SIGNET_OK);
    for (size_t i = 0; i < 4; i++) {
        if (!read_json(instance, 2, texts[i]))
            fail_msg("%s", texts[i]);
        signet_tree_set_profile(tree, anjay);
        assert_false(senml_read(tree, instance, 2, COAP_SENML_JSON, (const uint8_t *)texts[i],
                                strlen(texts[i])));
        signet_tree_set_profile(tree, NULL);
    }
    signet_profile_close(&anjay);
}

/* What stands before it counts: a client reads one record after the other. */
static void up_to_the_first_that_is_refused(void **state)
{
    (void)state;
    assert_false(read_json(instance, 2,
                           "[{\"n\": \"/0/1/10\", \"v\": 7}, {\"n\": \"/0/1/2\", "
                           "\"v\": 9}, {\"n\": \"/0/1/1\", \"vb\": true}]"));
    assert_int_equal(signet_tree_count(tree), 1);
    assert_int_equal(value(0, 1, 10)->as.integer, 7);
    /* clients lack it, and pass it over */
    assert_true(read_json(instance, 2, "[{\"n\": \"/0/1/99\", \"v\": 7}]"));
    assert_int_equal(signet_tree_count(tree), 0);
}

static int tear_down(void **state)
{
    (void)state;
    signet_tree_free(&tree);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(values, tear_down),
        cmocka_unit_test_teardown(what_is_refused, tear_down),
        cmocka_unit_test_teardown(forms_of_a_client, tear_down),
        cmocka_unit_test_teardown(up_to_the_first_that_is_refused, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
