/* SPDX-License-Identifier: Apache-2.0 */
#include "config/parser.h"

#include <stdlib.h>

void value_free(struct value *v)
{
    if (v->kind == V_STR || v->kind == V_BYTES) {
        if (v->as.bytes.data) {
            wipe(v->as.bytes.data, v->as.bytes.len);
            free(v->as.bytes.data);
        }
    } else if (v->kind == V_DICT && v->as.dict) {
        for (size_t i = 0; i < v->as.dict->count; i++) {
            value_free(&v->as.dict->entries[i].key);
            value_free(&v->as.dict->entries[i].value);
        }
        free(v->as.dict->entries);
        free(v->as.dict);
    }
    *v = (struct value){0};
}

void skip_blank(struct parser *p)
{
    for (;;) {
        char c = p->text[p->at];

        if (c == ' ' || c == '\t' || c == '\n' || c == '\f')
            p->at++;
        else if (c == '\\' && p->text[p->at + 1] == '\n')
            p->at += 2;
        else if (c == '#')
            while (p->at < p->len && p->text[p->at] != '\n')
                p->at++;
        else
            return;
    }
}
