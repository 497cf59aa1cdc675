/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluated dictionaries -> the tree: {object: {instance: {resource: value or {riid: value}}}}. */
#include "config/parser.h"

#include <math.h>
#include <stdlib.h>

struct builder {
    struct parser *p;
    struct signet_tree *tree;
    size_t cursor;
    unsigned line;
};

static const char *const level_names[] = {"object", "object instance", "resource",
                                          "resource instance"};

/* Keys of one dictionary are identifiers, and none stands twice. */
struct key {
    uint16_t id;
    size_t at;
};

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a, *y = b;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static int check_key(struct builder *b, const struct value *key, unsigned level)
{
    if (key->kind == V_INT && key->as.integer >= 0 && key->as.integer < 65535)
        return SIGNET_OK;
    if (key->kind == V_INT)
        return fail_at(b->p, key->at, SIGNET_E_SYNTAX, "identifiers are 0 to 65534",
                       "this is no %s identifier", level_names[level]);
    return fail_at(b->p, key->at, SIGNET_E_SYNTAX,
                   level == 0   ? "write OID.Security, or its number"
                   : level == 2 ? "write RID.Security.Mode, or its number"
                                : "identifiers are numbers, 0 to 65534",
                   "%s identifiers are whole numbers", level_names[level]);
}

static int check_keys(struct builder *b, const struct dict *dict, unsigned level)
{
    struct key *keys;
    int rc = SIGNET_OK;

    for (size_t i = 0; i < dict->count; i++) {
        rc = check_key(b, &dict->entries[i].key, level);
        if (rc)
            return rc;
    }
    if (dict->count < 2)
        return SIGNET_OK;
    keys = calloc(dict->count, sizeof *keys);
    if (!keys)
        return error_nomem(b->p->err);
    for (size_t i = 0; i < dict->count; i++)
        keys[i] = (struct key){(uint16_t)dict->entries[i].key.as.integer, dict->entries[i].key.at};
    qsort(keys, dict->count, sizeof *keys, compare_keys);
    for (size_t i = 1; i < dict->count && !rc; i++) {
        size_t cursor = 0;
        unsigned line = 1, column;

        if (keys[i].id != keys[i - 1].id)
            continue;
        place_of(b->p, keys[i - 1].at, &cursor, &line, &column);
        rc = fail_at(b->p, keys[i].at, SIGNET_E_SYNTAX, "keep one of the two",
                     "%s %u stands twice in this dictionary: first in line %u, column %u",
                     level_names[level], keys[i].id, line, column);
    }
    free(keys);
    return rc;
}

static int convert(struct builder *b, const struct value *v, struct signet_value *out)
{
    switch (v->kind) {
    case V_INT:
        if (v->as.integer < INT64_MIN || v->as.integer > (wide)UINT64_MAX)
            return fail_at(b->p, v->at, SIGNET_E_LIMIT, "integers are -2^63 to 2^64-1",
                           "this integer does not fit 64 bits");
        if (v->as.integer > INT64_MAX) {
            out->type = SIGNET_TYPE_UNSIGNED;
            out->as.unsigned_integer = (uint64_t)v->as.integer;
        } else {
            out->type = SIGNET_TYPE_INTEGER;
            out->as.integer = (int64_t)v->as.integer;
        }
        return SIGNET_OK;
    case V_BOOL:
        out->type = SIGNET_TYPE_BOOLEAN;
        out->as.boolean = v->as.integer != 0;
        return SIGNET_OK;
    case V_FLOAT:
        if (!isfinite(v->as.number))
            return fail_at(b->p, v->at, SIGNET_E_SYNTAX, NULL, "this is no finite number");
        out->type = SIGNET_TYPE_FLOAT;
        out->as.number = v->as.number;
        return SIGNET_OK;
    case V_STR:
    case V_BYTES:
        out->type = v->kind == V_STR ? SIGNET_TYPE_STRING : SIGNET_TYPE_OPAQUE;
        out->as.bytes.data = v->as.bytes.data;
        out->as.bytes.len = v->as.bytes.len;
        return SIGNET_OK;
    case V_OBJLINK:
        out->type = SIGNET_TYPE_OBJLNK;
        out->as.objlnk.oid = v->as.objlink.oid;
        out->as.objlnk.iid = v->as.objlink.iid;
        return SIGNET_OK;
    case V_DICT:
        break;
    }
    return fail_at(b->p, v->at, SIGNET_E_SYNTAX, "a resource instance holds one value",
                   "a dictionary cannot stand this deep");
}

static int add_value(struct builder *b, const uint16_t ids[4], const struct entry *entry)
{
    struct signet_path path = {ids[0], ids[1], ids[2], ids[3]};
    struct signet_value value = {0};
    unsigned column;
    int rc = convert(b, &entry->value, &value);

    if (rc)
        return rc;
    place_of(b->p, entry->key.at, &b->cursor, &b->line, &column);
    return tree_append(b->tree, path, &value, b->line, column, b->p->err);
}

static int add_dict(struct builder *b, const struct dict *dict, uint16_t ids[4], unsigned level)
{
    int rc = check_keys(b, dict, level);

    for (size_t i = 0; !rc && i < dict->count; i++) {
        const struct entry *entry = &dict->entries[i];

        ids[level] = (uint16_t)entry->key.as.integer;
        if (level == 2)
            ids[3] = SIGNET_NO_ID;
        if (entry->value.kind == V_DICT && level < 3)
            rc = add_dict(b, entry->value.as.dict, ids, level + 1);
        else if (level >= 2)
            rc = add_value(b, ids, entry);
        else
            rc = fail_at(b->p, entry->value.at, SIGNET_E_SYNTAX,
                         level ? "write instance: {resource: value}"
                               : "write object: {instance: {resource: value}}",
                         "a dictionary of %ss should stand here", level_names[level + 1]);
    }
    return rc;
}

int build_tree(struct parser *p, const struct value *top, struct signet_tree **out)
{
    struct builder b = {.p = p, .line = 1};
    uint16_t ids[4] = {0, 0, 0, SIGNET_NO_ID};
    int rc;

    if (top->kind != V_DICT)
        return fail_at(p, top->at, SIGNET_E_SYNTAX,
                       "write {OID.Security: {1: {RID.Security.Mode: 0, ...}}}",
                       "a configuration is a dictionary of objects");
    rc = signet_tree_new(&b.tree, p->err);
    if (!rc)
        rc = add_dict(&b, top->as.dict, ids, 0);
    if (rc)
        signet_tree_free(&b.tree);
    else
        *out = b.tree;
    return rc;
}
