/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROFILE_PRIVATE_H
#define PROFILE_PRIVATE_H

#include "profile/profile.h"

/* rows of resources */
#define ABSENT(oid, rid)                                                                           \
    {                                                                                              \
        oid, rid, 0, 0, 0, true, 0                                                                 \
    }
#define UINT32_OF(oid, rid)                                                                        \
    {                                                                                              \
        oid, rid, 0, UINT32_MAX, 0, false, 0                                                       \
    }
#define LENGTH(oid, rid, n)                                                                        \
    {                                                                                              \
        oid, rid, 0, 0, n, false, 0                                                                \
    }

/* Of a name; NULL: there is none, and *err says which there are. */
const struct signet_profile *profile_builtin(const char *name, struct signet_error *err);

/* file.c: a profile of one's own, and its end: what `owned` of it is */
int profile_load(const struct signet_profile **out, const char *path, struct signet_error *err);
void profile_free(void *owned);

/* One file each. */
extern const struct signet_profile profile_any, profile_anjay, profile_zephyr, profile_wakaama;

#endif
