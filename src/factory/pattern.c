/* SPDX-License-Identifier: Apache-2.0 */
#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH_MAX = 18 };

static int mistake(const char *pattern, struct signet_error *err)
{
    error_set(err, SIGNET_E_SYNTAX, "'%.80s' is not a pattern of names", pattern);
    error_hint(err, "a pattern has {serial} or {serial:06} in it once, and else what names have");
    return SIGNET_E_SYNTAX;
}

int pattern_expand(const char *pattern, int64_t serial, char out[152], struct signet_error *err)
{
    static const char word[] = "{serial";
    const char *at = strstr(pattern, word);
    const char *rest = at ? at + sizeof(word) - 1 : NULL;
    long width = 1;

    if (rest && rest[0] == ':') {
        char *end = NULL;
        width = rest[1] >= '0' && rest[1] <= '9' ? strtol(rest + 1, &end, 10) : 0;
        rest = end;
    }
    if (!rest || rest[0] != '}' || width < 1 || width > WIDTH_MAX || strchr(rest + 1, '{'))
        return mistake(pattern, err);
    int n = snprintf(out, 152, "%.*s%0*" PRId64 "%s", (int)(at - pattern), pattern, (int)width,
                     serial, rest + 1);
    if (n < 0 || n >= 152 || !endpoint_name_valid(out, (size_t)n))
        return mistake(pattern, err);
    return SIGNET_OK;
}
