/* SPDX-License-Identifier: Apache-2.0 */
#include "config/parser.h"

#include <stdlib.h>

void value_free(struct value *v)
{
    if (v->kind == V_STR || v->kind == V_BYTES)
        signet_bytes_free(&v->as.bytes);
    for (size_t i = 0; v->kind == V_DICT && i < v->as.dict.count; i++) {
        value_free(&v->as.dict.entries[i].key);
        value_free(&v->as.dict.entries[i].value);
    }
    if (v->kind == V_DICT)
        free(v->as.dict.entries);
    *v = (struct value){0};
}

struct value value_from_buf(struct parser *p, enum value_kind kind, size_t at, struct buf *bytes)
{
    struct value v = {.kind = kind, .at = at};

    if (bytes->len > BYTES_MAX - p->bytes)
        fail_at(p, at, SIGNET_E_LIMIT, NULL, "more than %d bytes of text in one configuration",
                BYTES_MAX);
    else
        fail_with(p, buf_take(bytes, &v.as.bytes, p->err));
    p->bytes += v.as.bytes.len;
    buf_free(bytes);
    return v;
}
