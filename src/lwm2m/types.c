/* SPDX-License-Identifier: Apache-2.0 */
#include "lwm2m/lwm2m.h"

#define NUMBER "write a number without quotes"
#define WHOLE  "write a whole number, without quotes"
#define QUOTED "write it in quotes: 'text'"
#define BYTES  "write bytes: b'text' or bytes.fromhex('00ff')"

const struct type_info *type_info(enum signet_type type)
{
    static const struct type_info types[] = {
        [SIGNET_TYPE_NONE] = {SIGNET_TYPE_NONE, "none", "nothing", "", NUMBER},
        [SIGNET_TYPE_STRING] = {SIGNET_TYPE_STRING, "string", "a string", "vs", QUOTED},
        [SIGNET_TYPE_INTEGER] = {SIGNET_TYPE_INTEGER, "integer", "an integer", "v", WHOLE},
        [SIGNET_TYPE_UNSIGNED] = {SIGNET_TYPE_UNSIGNED, "unsigned", "an unsigned integer", "v",
                                  WHOLE},
        [SIGNET_TYPE_FLOAT] = {SIGNET_TYPE_FLOAT, "float", "a number", "v", NUMBER},
        [SIGNET_TYPE_BOOLEAN] = {SIGNET_TYPE_BOOLEAN, "boolean", "True or False", "vb",
                                 "write True or False"},
        [SIGNET_TYPE_OPAQUE] = {SIGNET_TYPE_OPAQUE, "opaque", "bytes", "vd", BYTES},
        [SIGNET_TYPE_TIME] = {SIGNET_TYPE_INTEGER, "none", "a time in seconds", "v", WHOLE},
        [SIGNET_TYPE_OBJLNK] = {SIGNET_TYPE_OBJLNK, "objlnk", "an object link", "vlo",
                                "write Objlink(object, instance)"},
        [SIGNET_TYPE_CORELNK] = {SIGNET_TYPE_STRING, "none", "a string", "vs", QUOTED},
        [SIGNET_TYPE_EXECUTABLE] = {SIGNET_TYPE_NONE, "none", "nothing", "", NUMBER},
    };

    return &types[(size_t)type < COUNT_OF(types) ? type : SIGNET_TYPE_NONE];
}

bool type_has_bytes(enum signet_type type)
{
    return type == SIGNET_TYPE_STRING || type == SIGNET_TYPE_OPAQUE;
}
