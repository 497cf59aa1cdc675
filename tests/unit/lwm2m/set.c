/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of imported definitions: names, versions, and what the core table adds. */
#include "lwm2m/lwm2m.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { MULTIPLE = SIGNET_DEFINED_MULTIPLE };

static const char *const files[] = {"a.xml", "b.xml", "c.xml"};

static struct signet_objects *build(const struct signet_object *defined, size_t count)
{
    struct signet_objects *set = NULL;
    struct signet_error err = {0};

    if (objects_build(&set, defined, files, count, &err))
        fail_msg("%s", err.msg);
    return set;
}

static void names_become_words(void **state)
{
    static const struct {
        const char *name, *word;
    } rows[] = {
        {"Will QoS", "WillQoS"},
        {"IP address (2)", "IPAddress"},
        {"Acceptable RSSI (GSM)", "AcceptableRSSIGSM"},
        {"LWM2M  Server URI", "LWM2MServerURI"},
        {"3GPP cause", "_3GPPCause"},
        {"snake_case", "Snake_case"},
        {"pH-value", "PHValue"},
        {"\xc3\xbc\xc3\xb6", ""},
        {"", ""},
    };
    char word[SIGNET_NAME_MAX + 1], name[200];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        object_word(rows[i].name, word);
        assert_string_equal(word, rows[i].word);
    }
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    object_word(name, word);
    assert_int_equal(strlen(word), SIGNET_NAME_MAX);
}

/* Names are there once, so that a configuration that is shown means the same when it is read. */
static void names_that_come_twice_have_numbers(void **state)
{
    static const struct signet_resource rows[] = {
        {1, SIGNET_TYPE_STRING, 0, 10, "", "Mode 7", ""},
        {5, SIGNET_TYPE_STRING, 0, 10, "", "Mode", ""},
        {7, SIGNET_TYPE_STRING, 0, 10, "", "mode", ""},
        {9, SIGNET_TYPE_STRING, 0, 10, "", "Mode_5", ""},
        {11, SIGNET_TYPE_STRING, 0, 10, "", "\xc3\xbc", ""},
    };
    static const struct signet_object defined[] = {
        {33700, 0, 10, "Pump", "", "1.0", rows, 5},
        {33701, 0, 10, "Pump", "", "1.0", rows, 1},
        {33702, 0, 10, "Device", "", "1.0", rows, 1},
    };
    struct signet_objects *set = build(defined, 3);
    const struct signet_object *o = signet_object_find(set, 33700);

    (void)state;
    assert_string_equal(o->name, "Pump_33700");
    assert_string_equal(signet_object_find(set, 33701)->name, "Pump_33701");
    assert_string_equal(signet_object_find(set, 33702)->name, "Device_33702");
    assert_int_equal(object_by_name(set, "Device", 6)->id, 3);
    assert_null(object_by_name(set, "Pump", 4));
    assert_null(resource_by_name(o, "Mode", 4));
    for (size_t i = 0; i < o->count; i++)
        assert_ptr_equal(resource_by_name(o, o->resources[i].name, strlen(o->resources[i].name)),
                         &o->resources[i]);
    assert_string_equal(o->resources[0].name, "Mode7");
    assert_string_equal(o->resources[2].name, "Mode_7");
    assert_string_equal(o->resources[4].name, "Resource");
    signet_objects_free(&set);
    assert_null(set);
}

static void the_newest_version_stands(void **state)
{
    static const struct signet_resource rows[] = {
        {0, SIGNET_TYPE_STRING, 0, 10, "", "A", ""},
        {1, SIGNET_TYPE_STRING, 0, 10, "", "B", ""},
    };
    static const struct signet_object defined[] = {
        {33700, 0, 10, "Pump", "", "1.9", rows, 1},
        {33700, 0, 10, "Pump", "", "1.10", rows, 2},
        {33700, 0, 10, "Pump", "", "1.0", rows, 0},
    };
    static const struct signet_object differ[] = {
        {33700, 0, 10, "Pump", "", "1.0", rows, 1},
        {33700, 0, 10, "Pump", "", "1.0", rows, 1},
        {33700, 0, 10, "Pump", "", "1.0", rows, 2},
    };
    struct signet_objects *set = build(defined, 3);
    struct signet_error err = {0};

    (void)state;
    assert_string_equal(signet_object_find(set, 33700)->version, "1.10");
    assert_int_equal(signet_object_find(set, 33700)->count, 2);
    assert_null(signet_objects_at(set, 1));
    signet_objects_free(&set);
    set = build(differ, 2); /* the same twice is no conflict */
    signet_objects_free(&set);
    assert_int_equal(objects_build(&set, differ, files, 3, &err), SIGNET_E_CONFLICT);
    assert_non_null(strstr(err.msg, "'a.xml' and in 'c.xml'"));
    assert_null(set);
}

/* The file's types and instances, the table's names, secrets and other rows. */
static void an_object_of_the_core_table(void **state)
{
    static const struct signet_resource rows[] = {
        {5, SIGNET_TYPE_STRING, MULTIPLE, 10, "1..9", "Secret Key", ""},
        {99, SIGNET_TYPE_STRING, 0, 13, "", "Mode", ""},
    };
    static const struct signet_object defined = {0,  MULTIPLE, 13,   "LWM2M Security",
                                                 "", "1.3",    rows, 2};
    struct signet_objects *set = build(&defined, 1);
    const struct signet_object *o = signet_object_find(set, 0);
    const struct signet_resource *key = signet_resource_find(set, 0, 5);

    (void)state;
    assert_string_equal(o->name, "Security");
    assert_int_equal(o->count, signet_object_find(NULL, 0)->count + 1);
    assert_int_equal(key->type, SIGNET_TYPE_STRING);
    assert_string_equal(key->range, "1..9");
    assert_string_equal(key->name, "SecretKey");
    assert_true(resource_is_secret(set, 0, 5));
    assert_string_equal(resource_name(set, 0, 2), "Mode");
    assert_string_equal(resource_name(set, 0, 99), "Mode_99");
    assert_string_equal(resource_name(set, 1, 0), "ShortServerID");
    signet_objects_free(&set);
}

static void all_objects_by_number(void **state)
{
    static const struct signet_object defined[] = {
        {8, 0, 10, "Lock", "", "1.0", NULL, 0},
        {65534, 0, 10, "Last", "", "1.0", NULL, 0},
        {3, 0, 10, "Device", "", "1.2", NULL, 0},
    };
    struct signet_objects *set = build(defined, 3);
    const struct signet_object *o;
    size_t count = 0;
    long before = -1;

    (void)state;
    for (; (o = signet_object_at(set, count)); count++) {
        assert_true(o->id > before);
        before = o->id;
        assert_ptr_equal(signet_object_find(set, o->id), o);
    }
    assert_int_equal(before, 65534);
    assert_null(signet_object_at(set, count + 1));
    before = (long)count;
    for (count = 0; signet_object_at(NULL, count); count++) {
    }
    assert_int_equal(before, count + 2);
    signet_objects_free(&set);
}

/* A tree keeps its set, and a copy as well. */
static void trees_share_a_set(void **state)
{
    static const struct signet_object defined = {33700, 0, 10, "Pump", "", "1.0", NULL, 0};
    struct signet_objects *set = build(&defined, 1);
    struct signet_tree *tree = NULL, *copy = NULL;

    (void)state;
    assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
    signet_tree_set_objects(tree, set);
    signet_objects_free(&set);
    signet_tree_set_objects(tree, (struct signet_objects *)(uintptr_t)signet_tree_objects(tree));
    assert_int_equal(signet_tree_copy(&copy, tree, NULL), SIGNET_OK);
    signet_tree_free(&tree);
    assert_string_equal(object_name(signet_tree_objects(copy), 33700), "Pump");
    signet_tree_set_objects(copy, NULL);
    assert_null(object_name(signet_tree_objects(copy), 33700));
    signet_tree_free(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_words),
        cmocka_unit_test(names_that_come_twice_have_numbers),
        cmocka_unit_test(the_newest_version_stands),
        cmocka_unit_test(an_object_of_the_core_table),
        cmocka_unit_test(all_objects_by_number),
        cmocka_unit_test(trees_share_a_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
