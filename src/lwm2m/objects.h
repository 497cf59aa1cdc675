/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LWM2M_OBJECTS_H
#define LWM2M_OBJECTS_H

#include "lwm2m/lwm2m.h"

#include <stdatomic.h>

/* Definitions that were imported, by number; where the core table has the object as well, with its
 * names. They do not change, and go with the last tree or order that uses them. */
struct signet_objects {
    struct signet_object *list;
    size_t count;
    char **texts; /* the names and ranges in them */
    size_t text_count;
    atomic_uint users;
};

/* Objects, resources and numbers alone: each begins with its number. */
_Static_assert(offsetof(struct signet_object, id) == 0 && offsetof(struct signet_resource, id) == 0,
               "it is their first member");
static inline int compare_ids(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

#endif
