/* SPDX-License-Identifier: Apache-2.0 */
#include "profile/private.h"

#include <unistd.h>

static const struct signet_profile *const builtin[] = {&profile_any, &profile_anjay,
                                                       &profile_zephyr, &profile_wakaama};
enum { BUILTIN = COUNT_OF(builtin) };

const char *signet_profile_builtin(size_t i)
{
    return i < BUILTIN ? builtin[i]->name : NULL;
}

const char *signet_profile_name(const struct signet_profile *profile)
{
    return profile ? profile->name : profile_any.name;
}

const struct signet_profile *profile_builtin(const char *name, struct signet_error *err)
{
    const char *names[BUILTIN];

    for (size_t i = 0; i < BUILTIN; i++) {
        names[i] = builtin[i]->name;
        if (strcmp(name, names[i]) == 0)
            return builtin[i];
    }
    error_set(err, SIGNET_E_USAGE, "no device profile is called '%s'",
              text_shown(name, strlen(name), 60));
    text_hint_known(name, names, BUILTIN, err);
    if (access(name, F_OK) == 0 && !strchr(name, '/'))
        error_hint(err, "the path of a file has a slash in it: ./%.150s", name);
    return NULL;
}

const struct signet_profile *profile_of(const struct signet_tree *tree)
{
    const struct signet_profile *profile = signet_tree_profile(tree);

    return profile ? profile : &profile_any;
}

const struct profile_object *profile_object(const struct signet_profile *profile, uint16_t oid)
{
    const struct profile_object *at = profile->objects;

    while (at && at->oid != SIGNET_NO_ID && at->oid != oid)
        at++;
    return at && at->oid == oid ? at : NULL;
}

bool profile_object_takes(const struct profile_object *object, uint16_t rid)
{
    const uint16_t *at = object->writable;

    while (at && *at != SIGNET_NO_ID && *at != rid)
        at++;
    return !at || *at == rid;
}

const struct profile_resource *profile_resource(const struct signet_profile *profile, uint16_t oid,
                                                uint16_t rid)
{
    const struct profile_resource *at = profile->resources;

    while (at && at->oid != SIGNET_NO_ID && (at->oid != oid || at->rid != rid))
        at++;
    return at && at->oid == oid ? at : NULL;
}
