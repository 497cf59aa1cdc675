/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LWM2M_OBJECTS_H
#define LWM2M_OBJECTS_H

#include "lwm2m/lwm2m.h"

enum { MANDATORY = 1, MULTIPLE = 2, SECRET = 4, READ_ONLY = 8 };

struct resource {
    uint16_t oid, rid;
    uint8_t type;  /* enum signet_type */
    uint8_t flags; /* MANDATORY: a device needs it in every instance that is provisioned */
    int32_t least, most;
    const char *name;
};

const struct resource *resource_find(uint16_t oid, uint16_t rid);
/* The object's resource behind another one; of NULL the first. NULL: there is no more. */
const struct resource *resource_next(uint16_t oid, const struct resource *before);

#endif
