/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a definition of objects: what is taken becomes a set in which each name leads back
 * to its resource; what is not taken has a reason. */
#include "object_xml/object_xml.h"
#include "fuzz.h"

#include <string.h>

static void same_resource(const struct signet_objects *set, const struct signet_object *o, size_t i)
{
    const struct signet_resource *r = &o->resources[i];
    struct signet_value value = {.type = SIGNET_TYPE_INTEGER, .as.integer = (int64_t)i};

    require(signet_resource_find(set, o->id, r->id) == r);
    require(i == 0 || o->resources[i - 1].id < r->id);
    require(*r->name && strlen(r->name) <= SIGNET_NAME_MAX && range_valid(r->range));
    seen(r->name, strlen(r->name));
    seen(&(bool){range_has(r->range, &value)}, sizeof(bool));
}

static void look_at(const struct signet_objects *set)
{
    const struct signet_object *o;

    for (size_t i = 0; (o = signet_objects_at(set, i)); i++) {
        require(signet_object_find(set, o->id) == o);
        require(object_by_name(set, o->name, strlen(o->name)) != NULL);
        for (size_t k = 0; k < o->count; k++)
            same_resource(set, o, k);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf list = {0};
    struct signet_objects *set = NULL;
    struct signet_error err = {0};
    const char *files[OBJECT_FILE_OBJECTS];

    for (size_t i = 0; i < OBJECT_FILE_OBJECTS; i++)
        files[i] = "fuzz.xml";
    if (object_xml_read(data, size, "fuzz.xml", &list, NULL, &err)) {
        require_error(&err);
        return 0;
    }
    if (objects_build(&set, (const void *)list.data, files, list.len / sizeof(struct signet_object),
                      &err) == SIGNET_OK)
        look_at(set);
    else
        require_error(&err);
    signet_objects_free(&set);
    object_xml_free(&list);
    return 0;
}
