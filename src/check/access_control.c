/* SPDX-License-Identifier: Apache-2.0 */
/* Access Control instances: each is about one object or instance, has an owner, and servers (LwM2M
 * Core 1.2, section 8 and Appendix E.3). */
#include "check/private.h"

#include <stdlib.h>

enum { TARGET_OBJECT = 0, TARGET_INSTANCE = 1, ACL = 2, OWNER = 3 };

static struct signet_path ac_path(uint16_t iid, uint16_t rid)
{
    return (struct signet_path){2, iid, rid, SIGNET_NO_ID};
}

/* What the tree has, collected once: a hostile one has 65,536 records. */
struct access {
    struct id_set servers;         /* Short Server IDs */
    uint32_t *instances, *targets; /* object and instance in one number, in order */
    size_t instance_count, target_count;
};

static uint32_t instance_key(int64_t oid, int64_t iid)
{
    return (uint32_t)oid << 16 | (uint32_t)(iid & 0xffff);
}

static int compare_instance(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static const uint32_t *access_find(const uint32_t *keys, size_t count, int64_t oid, int64_t iid)
{
    uint32_t key = instance_key(oid, iid);

    return bsearch(&key, keys, count, sizeof(key), compare_instance);
}

static void access_add(const struct check *check, struct access *access,
                       const struct signet_record *r)
{
    const struct signet_path *path = &r->path;

    access->instances[access->instance_count++] = instance_key(path->oid, path->iid);
    if (path->oid == 1 && path->rid == 0 && r->value.type == SIGNET_TYPE_INTEGER &&
        r->value.as.integer >= 0 && r->value.as.integer < 65535)
        id_set_add(&access->servers, (uint16_t)r->value.as.integer);
    if (path->oid == 2 && path->rid == TARGET_OBJECT)
        access->targets[access->target_count++] =
            instance_key(check_integer(check, 2, path->iid, TARGET_OBJECT, 0),
                         check_integer(check, 2, path->iid, TARGET_INSTANCE, 0));
}

static void access_close(struct access *access)
{
    free(access->instances);
    free(access->targets);
}

static int access_open(const struct check *check, struct access *access)
{
    size_t count = signet_tree_count(check->tree);

    access->instances = calloc(count + 1, sizeof(*access->instances));
    access->targets = calloc(count + 1, sizeof(*access->targets));
    if (!access->instances || !access->targets) {
        access_close(access);
        return error_nomem(check->err);
    }
    for (size_t i = 0; i < count; i++)
        access_add(check, access, signet_tree_at(check->tree, i));
    qsort(access->instances, access->instance_count, sizeof(uint32_t), compare_instance);
    qsort(access->targets, access->target_count, sizeof(uint32_t), compare_instance);
    return SIGNET_OK;
}

/* Do two instances have the target? */
static bool is_repeated(const struct access *access, int64_t oid, int64_t target)
{
    const uint32_t *at = access_find(access->targets, access->target_count, oid, target);

    return at && ((at > access->targets && at[-1] == *at) ||
                  (at + 1 < access->targets + access->target_count && at[1] == *at));
}

/* Is the target there, as far as profile and packet tell? */
static bool is_reachable(const struct check *check, const struct access *access, int64_t oid,
                         int64_t target)
{
    const struct profile_object *object = profile_object(check->client, (uint16_t)oid);

    if (!object)
        return !check->client->objects;
    if (target == 65535) /* instances that are to come */
        return true;
    return object->one
               ? target == 0
               : access_find(access->instances, access->instance_count, oid, target) != NULL;
}

static int check_target(struct check *check, const struct access *access, uint16_t iid)
{
    int64_t oid = check_integer(check, 2, iid, TARGET_OBJECT, -1);
    int64_t target = check_integer(check, 2, iid, TARGET_INSTANCE, -1);

    if (oid < 0)
        return check_refuse(check, ac_path(iid, TARGET_OBJECT), "name the object", "is missing");
    if (target < 0)
        return check_refuse(check, ac_path(iid, TARGET_INSTANCE),
                            "name the instance; 65535 is for those to come", "is missing");
    if (oid == 2)
        return check_refuse(check, ac_path(iid, TARGET_OBJECT), NULL,
                            "is 2: access to Access Control has its owner alone");
    if (is_repeated(access, oid, target))
        return check_refuse(check, ac_path(iid, TARGET_OBJECT),
                            "put all servers into one Access Control instance",
                            "and TargetIID are /%lld/%lld, as in another instance", (long long)oid,
                            (long long)target);
    if (check->client->access_control && oid > 0 && oid < 65535 &&
        !is_reachable(check, access, oid, target))
        return check_client(check, ac_path(iid, TARGET_OBJECT),
                            "write the instance into the packet, or leave this one out",
                            "and TargetIID are /%lld/%lld, which %s does not have then",
                            (long long)oid, (long long)target, check->client->name);
    return SIGNET_OK;
}

static int check_owner(struct check *check, const struct access *access, uint16_t iid)
{
    int64_t ssid = check_integer(check, 2, iid, OWNER, 65535);

    if (!check->client->access_control || ssid < 1 || ssid >= 65535 ||
        id_set_has(&access->servers, ssid))
        return SIGNET_OK;
    return check_client(check, ac_path(iid, OWNER),
                        "an owner is a server of the device, or 65535 for the bootstrap server",
                        "is %lld, and no Server instance has that number: %s refuses it",
                        (long long)ssid, check->client->name);
}

/* A Short Server ID is the resource instance; 0 is for all other servers. */
static int check_acl(struct check *check, const struct access *access,
                     const struct signet_record *r)
{
    if (!check->client->access_control || r->path.riid == 0 ||
        id_set_has(&access->servers, r->path.riid))
        return SIGNET_OK;
    return check_client(check, r->path,
                        "its number is the Short Server ID of a server of the device, or 0 for all",
                        "is for server %u, and no Server instance has that number: %s refuses it",
                        r->path.riid, check->client->name);
}

static int check_all_access(struct check *check, const struct access *access)
{
    struct id_set seen = {{0}};
    int rc = SIGNET_OK;

    for (size_t i = 0; !rc && i < signet_tree_count(check->tree); i++) {
        const struct signet_record *r = signet_tree_at(check->tree, i);

        if (r->path.oid != 2)
            continue;
        if (id_set_add(&seen, r->path.iid) && !(rc = check_target(check, access, r->path.iid)))
            rc = check_owner(check, access, r->path.iid);
        if (!rc && r->path.rid == ACL && r->path.riid != SIGNET_NO_ID)
            rc = check_acl(check, access, r);
    }
    return rc;
}

static bool has_access_control(const struct check *check)
{
    for (size_t i = 0; i < signet_tree_count(check->tree); i++)
        if (signet_tree_at(check->tree, i)->path.oid == 2)
            return true;
    return false;
}

int check_access_control(struct check *check)
{
    struct access access = {0};
    int rc;

    if (!has_access_control(check))
        return SIGNET_OK;
    rc = access_open(check, &access);
    if (rc)
        return rc;
    rc = check_all_access(check, &access);
    access_close(&access);
    return rc;
}
