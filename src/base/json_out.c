/* SPDX-License-Identifier: Apache-2.0 */
/* JSON objects, member by member. */
#include "base/base.h"

#include <inttypes.h>
#include <math.h>
#include <signet/text.h>

/* A comma, unless it is the first in its object or array. */
static void json_member(struct buf *out, const char *key)
{
    if (out->len && !strchr("{[", out->data[out->len - 1]))
        buf_text(out, ", ");
    if (!key)
        return;
    buf_json(out, key, strlen(key));
    buf_text(out, ": ");
}

void buf_json_open(struct buf *out, const char *key, char bracket)
{
    json_member(out, key);
    buf_byte(out, (uint8_t)bracket);
}

void buf_json_text(struct buf *out, const char *key, const char *text)
{
    if (!text || !*text)
        return;
    json_member(out, key);
    buf_json(out, text, strlen(text));
}

void buf_json_integer(struct buf *out, const char *key, int64_t value)
{
    json_member(out, key);
    buf_printf(out, "%" PRId64, value);
}

void buf_json_real(struct buf *out, const char *key, double value)
{
    char text[SIGNET_NUMBER_SIZE];

    signet_text_number(value, text);
    json_member(out, key);
    buf_text(out, isfinite(value) ? text : "null");
}

void buf_json_time(struct buf *out, const char *key, int64_t wall)
{
    char text[24];

    clock_format(wall, text);
    buf_json_text(out, key, text);
}

void buf_json_bool(struct buf *out, const char *key, bool value)
{
    json_member(out, key);
    buf_text(out, value ? "true" : "false");
}
