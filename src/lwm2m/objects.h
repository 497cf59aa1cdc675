/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LWM2M_OBJECTS_H
#define LWM2M_OBJECTS_H

#include "lwm2m/lwm2m.h"

enum { MANDATORY = 1, MULTIPLE = 2, SECRET = 4, READ_ONLY = 8 };

struct resource {
    uint16_t rid;
    uint8_t type;  /* enum signet_type */
    uint8_t flags; /* MANDATORY: a device needs it in every instance that is provisioned */
    int32_t least, most;
    const char *name;
};

struct object {
    uint16_t oid;
    const char *name;
    const struct resource *resources;
    size_t count;
};

const struct object *object_find(uint16_t oid);
const struct resource *resource_find(uint16_t oid, uint16_t rid);

#endif
