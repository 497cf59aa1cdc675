/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand in the fields of a definition. */
#include "object_xml/object_xml.h"

#include <stdlib.h>

long xml_id(const char *text)
{
    char *end;
    long id = strtol(text, &end, 10);

    return *text < '0' || *text > '9' || *end || end - text > 5 || id >= (long)SIGNET_NO_ID ? -1
                                                                                            : id;
}

unsigned xml_version(const char *text, long most_minor)
{
    char *dot, *end;
    long major = strtol(text, &dot, 10), minor;

    if (!*text)
        return 10;
    if (*dot != '.' || dot[1] < '0' || dot[1] > '9' || dot - text > 2)
        return 0;
    minor = strtol(dot + 1, &end, 10);
    return major >= 1 && major < 25 && !*end && minor <= most_minor ? (unsigned)(major * 10 + minor)
                                                                    : 0;
}

bool xml_type(const char *text, enum signet_type *out)
{
    static const struct {
        const char *name;
        enum signet_type type;
    } types[] = {
        {"", SIGNET_TYPE_NONE},           {"String", SIGNET_TYPE_STRING},
        {"Integer", SIGNET_TYPE_INTEGER}, {"Unsigned Integer", SIGNET_TYPE_UNSIGNED},
        {"Float", SIGNET_TYPE_FLOAT},     {"Boolean", SIGNET_TYPE_BOOLEAN},
        {"Opaque", SIGNET_TYPE_OPAQUE},   {"Time", SIGNET_TYPE_TIME},
        {"Objlnk", SIGNET_TYPE_OBJLNK},   {"Corelnk", SIGNET_TYPE_CORELNK},
        {"none", SIGNET_TYPE_NONE},
    };

    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcasecmp(text, types[i].name) == 0) {
            *out = types[i].type;
            return true;
        }
    return false;
}

bool xml_operations(const char *text, uint8_t *flags, bool *executable)
{
    *executable = false;
    for (; *text; text++)
        if (*text == 'R')
            *flags |= SIGNET_DEFINED_READ;
        else if (*text == 'W')
            *flags |= SIGNET_DEFINED_WRITE;
        else if (*text == 'E')
            *executable = true;
        else if (*text != ' ' && *text != ',')
            return false;
    return !*executable || !(*flags & (SIGNET_DEFINED_READ | SIGNET_DEFINED_WRITE));
}
