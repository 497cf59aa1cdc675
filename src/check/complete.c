/* SPDX-License-Identifier: Apache-2.0 */
/* What an instance needs to be complete. */
#include "check/private.h"

#include <stdlib.h>

enum {
    READ = SIGNET_DEFINED_READ,
    WRITE = SIGNET_DEFINED_WRITE,
    MANDATORY = SIGNET_DEFINED_MANDATORY,
};

static uint64_t resource_key(uint16_t oid, uint16_t iid, uint16_t rid)
{
    return (uint64_t)oid << 32 | (uint64_t)iid << 16 | rid;
}

static int compare_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* The resources that are there, in order. */
struct present {
    const uint64_t *keys;
    size_t count;
};

static bool is_present(const struct present *present, uint16_t oid, uint16_t iid, uint16_t rid)
{
    uint64_t key = resource_key(oid, iid, rid);

    return bsearch(&key, present->keys, present->count, sizeof(key), compare_key);
}

/* Firmware comes as Package or from PackageURI: the other one may be missing (LwM2M Core 1.2,
 * Appendix E.6). */
static bool is_other_way(const struct present *present, uint16_t oid, uint16_t iid, uint16_t rid)
{
    return oid == 5 && rid <= 1 && is_present(present, oid, iid, !rid);
}

/* What each instance of Security and Server needs, a device refuses to be without. What another
 * object has as mandatory and writable is worth a word. */
static int check_complete(struct check *check, const struct present *present, uint16_t oid,
                          uint16_t iid)
{
    const struct signet_object *object = signet_object_find(signet_tree_objects(check->tree), oid);
    int rc = SIGNET_OK;

    for (size_t i = 0; object && !rc && i < object->count; i++) {
        const struct signet_resource *r = &object->resources[i];
        struct signet_path want = {oid, iid, r->id, SIGNET_NO_ID};
        bool written = oid >= 2 && r->type != SIGNET_TYPE_EXECUTABLE &&
                       (r->flags & (READ | WRITE)) != READ && (r->flags & MANDATORY);

        if ((!written && !(r->flags & SIGNET_DEFINED_NEEDED)) ||
            is_present(present, oid, iid, r->id) || is_other_way(present, oid, iid, r->id))
            continue;
        if (r->flags & SIGNET_DEFINED_NEEDED)
            rc = check_refuse(check, want, "add it to this instance", "is missing, and mandatory");
        else
            check_suspect(check, want, "add it to this instance",
                          "is missing, and mandatory by the object's definition");
    }
    return rc;
}

int check_mandatory(struct check *check)
{
    size_t count = signet_tree_count(check->tree);
    uint64_t *keys = calloc(count + 1, sizeof(*keys));
    const struct present present = {keys, count};
    int rc = keys ? SIGNET_OK : error_nomem(check->err);

    for (size_t i = 0; keys && i < count; i++) {
        struct signet_path path = signet_tree_at(check->tree, i)->path;

        keys[i] = resource_key(path.oid, path.iid, path.rid);
    }
    if (keys)
        qsort(keys, count, sizeof(*keys), compare_key);
    for (size_t i = 0; !rc && i < count; i++)
        if (!i || keys[i] >> 16 != keys[i - 1] >> 16)
            rc = check_complete(check, &present, (uint16_t)(keys[i] >> 32),
                                (uint16_t)(keys[i] >> 16));
    free(keys);
    return rc;
}
