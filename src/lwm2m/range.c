/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of the object table: "0..100", "16,32,48", "-1.5..1.5". */
#include "lwm2m/lwm2m.h"

#include <ctype.h>
#include <stdio.h>

enum { MILLIONTHS = 1000000, DIGITS_MAX = 24 };

__extension__ typedef __int128 millionths; /* exact for all integers and six decimal places */

/* A number with at most six decimal places, with *at moved past it. */
static bool read_bound(const char **at, millionths *out)
{
    const char *p = *at;
    bool negative = *p == '-';
    millionths value = 0, unit = MILLIONTHS;
    int digits = 0;

    for (p += negative; isdigit((unsigned char)*p) && digits < DIGITS_MAX; p++, digits++)
        value = value * 10 + (*p - '0');
    if (!digits || isdigit((unsigned char)*p))
        return false;
    value *= MILLIONTHS;
    if (p[0] == '.' && isdigit((unsigned char)p[1]))
        for (p++; isdigit((unsigned char)*p) && unit > 1; p++)
            value += (*p - '0') * (unit /= 10);
    *out = negative ? -value : value;
    *at = p;
    return true;
}

/* "1..4" or "255", with *at moved past it and a comma. */
static bool read_span(const char **at, millionths *least, millionths *most)
{
    if (!read_bound(at, least))
        return false;
    *most = *least;
    if (strncmp(*at, "..", 2) == 0) {
        *at += 2;
        if (!read_bound(at, most) || *most < *least)
            return false;
    }
    if (**at == ',')
        return *++*at != '\0';
    return **at == '\0';
}

bool range_valid(const char *range)
{
    millionths least, most;

    while (*range)
        if (!read_span(&range, &least, &most))
            return false;
    return true;
}

static bool within(const struct signet_value *value, millionths least, millionths most)
{
    millionths whole = 0;

    switch (value->type) {
    case SIGNET_TYPE_STRING:
    case SIGNET_TYPE_OPAQUE:
        whole = (millionths)value->as.bytes.len;
        break;
    case SIGNET_TYPE_INTEGER:
        whole = value->as.integer;
        break;
    case SIGNET_TYPE_UNSIGNED:
        whole = (millionths)value->as.unsigned_integer;
        break;
    case SIGNET_TYPE_FLOAT:
        return value->as.number >= (double)least / MILLIONTHS &&
               value->as.number <= (double)most / MILLIONTHS;
    case SIGNET_TYPE_BOOLEAN:
    case SIGNET_TYPE_OBJLNK:
    case SIGNET_TYPE_NONE: /* no value has these types */
    case SIGNET_TYPE_TIME:
    case SIGNET_TYPE_CORELNK:
    case SIGNET_TYPE_EXECUTABLE:
        return true;
    }
    return whole * MILLIONTHS >= least && whole * MILLIONTHS <= most;
}

bool range_has(const char *range, const struct signet_value *value)
{
    millionths least, most;
    bool any = true;

    while (*range && read_span(&range, &least, &most)) {
        if (within(value, least, most))
            return true;
        any = false;
    }
    return any;
}

const char *range_text(const char *range, char out[static RANGE_TEXT_MAX])
{
    size_t used = 0;

    for (out[0] = '\0'; *range && used + 5 < RANGE_TEXT_MAX; range++) {
        bool to = strncmp(range, "..", 2) == 0;

        used += (size_t)snprintf(out + used, RANGE_TEXT_MAX - used,
                                 to              ? " to "
                                 : *range == ',' ? " or "
                                                 : "%c",
                                 *range);
        range += to;
    }
    return out;
}
