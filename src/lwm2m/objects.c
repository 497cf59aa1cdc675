/* SPDX-License-Identifier: Apache-2.0 */
/* Finding definitions: those that were imported come before the core table's. */
#include "lwm2m/objects.h"
#include "lwm2m/core.h"

#include <stdlib.h>

static const struct signet_object *const tables[] = {core_0_to_7, core_9_to_25, core_demo};

enum { TABLES = COUNT_OF(tables) };

/* The core's object behind another one, by number; of NULL the first. */
static const struct signet_object *core_next(const struct signet_object *before)
{
    for (size_t i = 0; i < TABLES; i++)
        for (const struct signet_object *o = tables[i]; o->name; o++)
            if (!before || o->id > before->id)
                return o;
    return NULL;
}

static const struct signet_object *core_find(uint16_t oid)
{
    const struct signet_object *o = core_next(NULL);

    while (o && o->id != oid)
        o = o[1].name ? o + 1 : core_next(o);
    return o;
}

void objects_keep(struct signet_objects *objects)
{
    if (objects)
        objects->users++;
}

void signet_objects_free(struct signet_objects **objects)
{
    struct signet_objects *o = objects ? *objects : NULL;

    if (objects)
        *objects = NULL;
    if (!o || --o->users)
        return;
    for (size_t i = 0; i < o->count; i++)
        free((void *)(uintptr_t)o->list[i].resources);
    for (size_t i = 0; i < o->text_count; i++)
        free(o->texts[i]);
    free(o->texts);
    free(o->list);
    free(o);
}

const struct signet_object *signet_object_find(const struct signet_objects *objects, uint16_t oid)
{
    const struct signet_object *found = NULL;

    if (objects && objects->count)
        found = bsearch(&oid, objects->list, objects->count, sizeof(*found), compare_ids);
    return found ? found : core_find(oid);
}

const struct signet_resource *signet_resource_find(const struct signet_objects *objects,
                                                   uint16_t oid, uint16_t rid)
{
    const struct signet_object *o = signet_object_find(objects, oid);

    return o && o->count ? bsearch(&rid, o->resources, o->count, sizeof(*o->resources), compare_ids)
                         : NULL;
}

const struct signet_object *signet_object_at(const struct signet_objects *objects, size_t i)
{
    const struct signet_object *core = core_next(NULL), *own = NULL, *o = NULL;
    size_t next = 0, count = objects ? objects->count : 0;

    do {
        own = next < count ? &objects->list[next] : NULL;
        o = core && (!own || core->id < own->id) ? core : own;
        next += own && o == own;
        if (core && o && core->id == o->id)
            core = core_next(core);
    } while (o && i--);
    return o;
}

bool object_is_imported(const struct signet_objects *objects, uint16_t oid)
{
    return objects && !core_find(oid) && signet_object_find(objects, oid);
}

const struct signet_object *signet_objects_at(const struct signet_objects *objects, size_t i)
{
    return objects && i < objects->count ? &objects->list[i] : NULL;
}

const char *object_name(const struct signet_objects *objects, uint16_t oid)
{
    const struct signet_object *o = signet_object_find(objects, oid);

    return o ? o->name : NULL;
}

const char *resource_name(const struct signet_objects *objects, uint16_t oid, uint16_t rid)
{
    const struct signet_resource *r = signet_resource_find(objects, oid, rid);

    return r ? r->name : NULL;
}

static bool is_named(const char *name, const char *alias, const char *text, size_t len)
{
    return text_is(text, len, name) || (*alias && text_is(text, len, alias));
}

const struct signet_object *object_by_name(const struct signet_objects *objects, const char *name,
                                           size_t len)
{
    const struct signet_object *o = NULL;

    for (size_t i = 0; objects && i < objects->count; i++)
        if (is_named(objects->list[i].name, objects->list[i].alias, name, len))
            return &objects->list[i];
    while ((o = core_next(o)) && !is_named(o->name, o->alias, name, len)) {
    }
    return o ? signet_object_find(objects, o->id) : NULL;
}

const struct signet_resource *resource_by_name(const struct signet_object *object, const char *name,
                                               size_t len)
{
    const struct signet_resource *r = object->resources, *end = r + object->count;

    /* A name comes before another one's alias. */
    for (; r < end; r++)
        if (text_is(name, len, r->name))
            return r;
    for (r = object->resources; r < end && !is_named(r->name, r->alias, name, len); r++) {
    }
    return r < end ? r : NULL;
}

size_t object_names(const struct signet_objects *objects, const char **names, size_t cap)
{
    const struct signet_object *o = NULL;
    size_t n = 0;

    for (size_t i = 0; objects && i < objects->count && n < cap; i++)
        names[n++] = objects->list[i].name;
    while (n < cap && (o = core_next(o)))
        names[n++] = o->name;
    return n;
}

size_t resource_names(const struct signet_object *object, const char **names, size_t cap)
{
    size_t n = 0;

    for (; n < object->count && n < cap; n++)
        names[n] = object->resources[n].name;
    return n;
}
