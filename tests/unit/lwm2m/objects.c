/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of objects and of types, as the other rooms see them. */
#include "lwm2m/lwm2m.h"

#include <setjmp.h>
#include <signet/tree.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 64 };

/* Finding bisects: a row that stands in the wrong place would not be found. */
static void each_name_is_found_by_its_number(void **state)
{
    const char *objects[MANY], *resources[MANY];
    size_t object_count = object_names(objects, MANY), found = 0;

    (void)state;
    assert_int_equal(object_count, 26);
    for (size_t i = 0; i < object_count; i++) {
        size_t count;
        uint16_t oid, rid;

        assert_true(object_by_name(objects[i], strlen(objects[i]), &oid));
        assert_string_equal(signet_object_name(oid), objects[i]);
        count = resource_names(oid, resources, MANY);
        for (size_t k = 0; k < count; k++) {
            assert_true(resource_by_name(oid, resources[k], strlen(resources[k]), &rid));
            assert_non_null(signet_resource_name(oid, rid));
            assert_string_equal(signet_resource_name(oid, rid), resources[k]);
            assert_int_not_equal(signet_resource_type(oid, rid), SIGNET_TYPE_NONE);
        }
        found += count;
    }
    assert_int_equal(found, 305);
}

static void what_is_not_there_has_no_name(void **state)
{
    const char *names[MANY];
    uint16_t id = 7;

    (void)state;
    assert_null(signet_object_name(8));
    assert_null(signet_resource_name(0, 18));
    assert_null(signet_resource_name(8, 0));
    assert_int_equal(signet_resource_type(65535, 65535), SIGNET_TYPE_NONE);
    assert_false(signet_resource_is_secret(65535, 65535));
    assert_false(object_by_name("Securit", 7, &id));
    assert_false(object_by_name("Security", 7, &id));
    assert_false(resource_by_name(0, "Lifetime", 8, &id)); /* of Server */
    assert_false(resource_by_name(8, "Mode", 4, &id));
    assert_int_equal(id, 7);
    assert_int_equal(resource_names(8, names, MANY), 0);
    assert_int_equal(resource_names(0, names, 2), 2); /* no more than there is room for */
    assert_int_equal(object_names(names, 3), 3);
}

static void secrets(void **state)
{
    (void)state;
    assert_true(signet_resource_is_secret(0, 5));
    assert_true(signet_resource_is_secret(0, 8));
    assert_true(signet_resource_is_secret(9, 15));
    assert_true(signet_resource_is_secret(11, 6));
    assert_true(signet_resource_is_secret(21, 0));
    assert_true(signet_resource_is_secret(21, 5));
    assert_true(signet_resource_is_secret(23, 0));
    assert_false(signet_resource_is_secret(0, 3));
}

static void types(void **state)
{
    (void)state;
    for (int t = SIGNET_TYPE_NONE; t <= SIGNET_TYPE_EXECUTABLE; t++)
        assert_non_null(type_info((enum signet_type)t)->hint);
    assert_int_equal(type_info(SIGNET_TYPE_TIME)->value, SIGNET_TYPE_INTEGER);
    assert_int_equal(type_info(SIGNET_TYPE_CORELNK)->value, SIGNET_TYPE_STRING);
    assert_int_equal(type_info(SIGNET_TYPE_EXECUTABLE)->value, SIGNET_TYPE_NONE);
    assert_string_equal(type_info((enum signet_type)(SIGNET_TYPE_EXECUTABLE + 1))->name, "none");
    assert_true(type_has_bytes(SIGNET_TYPE_OPAQUE) && !type_has_bytes(SIGNET_TYPE_CORELNK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name_is_found_by_its_number),
        cmocka_unit_test(what_is_not_there_has_no_name),
        cmocka_unit_test(secrets),
        cmocka_unit_test(types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
