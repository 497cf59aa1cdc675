/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of objects and of types, as the other rooms see them. */
#include "lwm2m/lwm2m.h"

#include <setjmp.h>
#include <signet/objects.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 64 };

static void take_object(const struct signet_object *object)
{
    for (size_t i = 0; i < object->count; i++) {
        const struct signet_resource *r = &object->resources[i];

        assert_ptr_equal(signet_resource_find(NULL, object->id, r->id), r);
        assert_ptr_equal(resource_by_name(object, r->name, strlen(r->name)), r);
        assert_true(!*r->alias || resource_by_name(object, r->alias, strlen(r->alias)));
        assert_in_range(r->type, SIGNET_TYPE_STRING, SIGNET_TYPE_EXECUTABLE);
        assert_in_range(r->since, 10, 12);
        assert_true(range_valid(r->range));
        assert_true(strlen(r->name) <= SIGNET_NAME_MAX);
    }
}

/* Finding bisects: a row that stands in the wrong place would not be found. */
static void each_name_is_found_by_its_number(void **state)
{
    const struct signet_object *object;
    size_t objects = 0, resources = 0;
    long before = -1;

    (void)state;
    while ((object = signet_object_at(NULL, objects))) {
        assert_true(object->id > before);
        before = object->id;
        assert_ptr_equal(signet_object_find(NULL, object->id), object);
        assert_ptr_equal(object_by_name(NULL, object->name, strlen(object->name)), object);
        take_object(object);
        objects++;
        resources += object->count;
    }
    assert_int_equal(objects, 30);
    assert_int_equal(resources, 417);
}

static void what_is_not_there_has_no_name(void **state)
{
    const struct signet_object *security = signet_object_find(NULL, 0);
    const char *names[MANY];

    (void)state;
    assert_null(object_name(NULL, 8));
    assert_null(resource_name(NULL, 0, 31));
    assert_null(resource_name(NULL, 8, 0));
    assert_null(signet_resource_find(NULL, 65535, 65535));
    assert_false(resource_is_secret(NULL, 65535, 65535));
    assert_null(object_by_name(NULL, "Securit", 7));
    assert_null(object_by_name(NULL, "Security", 7));
    assert_null(resource_by_name(security, "Lifetime", 8));  /* of Server */
    assert_int_equal(resource_names(security, names, 2), 2); /* no more than there is room for */
    assert_int_equal(object_names(NULL, names, 3), 3);
    assert_string_equal(names[2], "AccessControl");
}

/* As the OMA registry has them: what was wrong once, and one of each kind. */
static void definitions(void **state)
{
    enum {
        R = SIGNET_DEFINED_READ,
        W = SIGNET_DEFINED_WRITE,
        MULTIPLE = SIGNET_DEFINED_MULTIPLE,
        MANDATORY = SIGNET_DEFINED_MANDATORY,
        SECRET = SIGNET_DEFINED_SECRET,
    };
    static const struct {
        uint16_t oid, rid;
        enum signet_type type;
        unsigned flags, since;
        const char *range;
    } rows[] = {
        {0, 25, SIGNET_TYPE_STRING, MULTIPLE, 12, "0..255"},
        {0, 8, SIGNET_TYPE_OPAQUE, SECRET, 10, "16,32,48"},
        {1, 24, SIGNET_TYPE_OBJLNK, R | W | MULTIPLE, 12, ""},
        {3, 11, SIGNET_TYPE_INTEGER, R | MULTIPLE | MANDATORY, 10, "0..32"},
        {5, 14, SIGNET_TYPE_BOOLEAN, R | W, 12, ""},
        {11, 21, SIGNET_TYPE_INTEGER, R, 10, "1..9"},
        {12, 17, SIGNET_TYPE_STRING, W | SECRET, 10, "64"},
        {13, 3, SIGNET_TYPE_INTEGER, R | W, 10, "-140..-44"},
        {14, 5, SIGNET_TYPE_BOOLEAN, R, 10, ""},
        {16, 3, SIGNET_TYPE_INTEGER, R, 10, "0..2"},
        {20, 4017, SIGNET_TYPE_UNSIGNED, R | W, 11, ""},
        {23, 0, SIGNET_TYPE_STRING, MANDATORY, 12, ""},
        {23, 1, SIGNET_TYPE_INTEGER, MANDATORY, 12, ""},
        {23, 2, SIGNET_TYPE_STRING, MANDATORY | SECRET, 12, ""},
        {24, 8, SIGNET_TYPE_OPAQUE, R | W | SECRET, 12, ""},
        {25, 3, SIGNET_TYPE_CORELNK, R | MANDATORY, 11, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct signet_resource *r = signet_resource_find(NULL, rows[i].oid, rows[i].rid);

        if (!r || r->type != rows[i].type || r->flags != rows[i].flags ||
            r->since != rows[i].since || strcmp(r->range, rows[i].range) != 0)
            fail_msg("/%u/x/%u", rows[i].oid, rows[i].rid);
    }
}

/* ptool's names and the registry's; where they differ, ptool's number stands. */
static void names_of_ptool_and_of_the_registry(void **state)
{
    static const struct {
        const char *object, *resource;
        uint16_t oid, rid;
    } rows[] = {
        {"Security", "PKOrIdentity", 0, 3},
        {"Security", "PublicKeyOrIdentity", 0, 3},
        {"ApnConnectionProfile", "QCI", 11, 21},
        {"APNConnectionProfile", "QCI", 11, 21},
        {"COSE", "COSEKeys", 23, 0},
        {"COSE", "KID", 23, 0},
        {"CellularConnectivity", "CoverageEnhancementLevel", 10, 12},
        {"CellularConnectivity", "PowerSavingModes", 10, 13},
        {"CellularConnectivity", "ActivePowerSavingModes", 10, 14},
        {"CellularConnectivity", "SupportedPowerSavingModes", 10, 12},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct signet_object *o =
            object_by_name(NULL, rows[i].object, strlen(rows[i].object));

        assert_non_null(o);
        assert_int_equal(o->id, rows[i].oid);
        assert_non_null(resource_by_name(o, rows[i].resource, strlen(rows[i].resource)));
        assert_int_equal(resource_by_name(o, rows[i].resource, strlen(rows[i].resource))->id,
                         rows[i].rid);
    }
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
        cmocka_unit_test(definitions),
        cmocka_unit_test(names_of_ptool_and_of_the_registry),
        cmocka_unit_test(types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
