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

static void put_json_value(struct buf *out, const struct buf_member *m)
{
    char text[SIGNET_NUMBER_SIZE];

    switch (m->kind) {
    case J_IS_END:
        break;
    case J_IS_TEXT:
        buf_json(out, m->text, strlen(m->text));
        break;
    case J_IS_INTEGER:
        buf_printf(out, "%" PRId64, m->integer);
        break;
    case J_IS_REAL:
        signet_text_number(m->real, text);
        buf_text(out, isfinite(m->real) ? text : "null");
        break;
    case J_IS_BOOL:
        buf_text(out, m->integer ? "true" : "false");
        break;
    case J_IS_TIME:
        clock_format(m->integer, text);
        buf_printf(out, "\"%s\"", text);
        break;
    }
}

void buf_json_members(struct buf *out, const struct buf_member *members)
{
    for (const struct buf_member *m = members; m->kind != J_IS_END; m++) {
        if (m->kind == J_IS_TEXT ? !m->text || !*m->text : m->left_out && !m->integer)
            continue;
        json_member(out, m->key);
        put_json_value(out, m);
    }
}
