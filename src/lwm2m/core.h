/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LWM2M_CORE_H
#define LWM2M_CORE_H

/* The core table: definitions as the OMA registry has them, with the names that Anjay's ptool has
 * for objects and resources; where the registry's name is another one, it is the alias.
 *
 *     {number, type, operations and flags, LwM2M version, range, name, alias}
 *
 * A resource that is in a later version of an object only has the LwM2M version that this version
 * of the object came with. Rows are in order of numbers. */

#include "lwm2m/lwm2m.h"

enum {
    STRING = SIGNET_TYPE_STRING,
    INTEGER = SIGNET_TYPE_INTEGER,
    UNSIGNED = SIGNET_TYPE_UNSIGNED,
    FLOAT = SIGNET_TYPE_FLOAT,
    BOOLEAN = SIGNET_TYPE_BOOLEAN,
    OPAQUE = SIGNET_TYPE_OPAQUE,
    TIME = SIGNET_TYPE_TIME,
    OBJLNK = SIGNET_TYPE_OBJLNK,
    CORELNK = SIGNET_TYPE_CORELNK,
    EXEC = SIGNET_TYPE_EXECUTABLE,
};

enum {
    R = SIGNET_DEFINED_READ,
    W = SIGNET_DEFINED_WRITE,
    RW = R | W,
    MULTIPLE = SIGNET_DEFINED_MULTIPLE,
    MANDATORY = SIGNET_DEFINED_MANDATORY,
    SECRET = SIGNET_DEFINED_SECRET,
    NEEDED = SIGNET_DEFINED_NEEDED,
    TEXT_TOO = SIGNET_DEFINED_TEXT_TOO,
    FIRMWARE = SIGNET_DEFINED_FIRMWARE,
};

#define OBJECT(number, name, alias, version, since, flags, rows)                                   \
    {                                                                                              \
        number, flags, since, name, alias, version, rows, COUNT_OF(rows)                           \
    }

/* Each ends with a row without a name. */
extern const struct signet_object core_0_to_7[], core_9_to_25[], core_demo[];

#endif
