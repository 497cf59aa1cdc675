/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluated dictionaries -> the tree: {object: {instance: {resource: value or {riid: value}}}}. */
#include "config/parser.h"

#include <math.h>

static const char *const level_names[] = {"object", "object instance", "resource",
                                          "resource instance"};

static bool check_identifier(struct parser *p, const struct value *key, unsigned level)
{
    if (key->kind == V_INT && key->as.integer >= 0 && key->as.integer < 65535)
        return true;
    if (key->kind == V_INT)
        fail_at(p, key->at, SIGNET_E_SYNTAX, "identifiers are 0 to 65534",
                "this is no %s identifier", level_names[level]);
    else if (key->kind == V_STR && (!strncmp(p->text + key->at + 1, "OID.", 4) ||
                                    !strncmp(p->text + key->at + 1, "RID.", 4)))
        fail_at(p, key->at, SIGNET_E_SYNTAX, "take the quotes out: a name stands without them",
                "this is a text, where the name of an %s goes",
                level == 0 ? "object" : "object's resource");
    else
        fail_at(p, key->at, SIGNET_E_SYNTAX,
                level == 0 && key->kind == V_STR
                    ? "write OID.Security, or its number; 'objects' names definitions"
                : level == 0 ? "write OID.Security, or its number"
                : level == 2 ? "write its name (RID.OBJECT.RESOURCE), or its number"
                             : "identifiers are numbers, 0 to 65534",
                "%s identifiers are whole numbers", level_names[level]);
    return false;
}

static void refuse_repeated(struct parser *p, const struct dict *dict, size_t second,
                            unsigned level)
{
    const struct value *key = &dict->entries[second].key;
    unsigned line, column;
    size_t first = 0;

    while (dict->entries[first].key.as.integer != key->as.integer)
        first++;
    place_of(p, dict->entries[first].key.at, &line, &column);
    fail_at(p, key->at, SIGNET_E_SYNTAX, "keep one of the two",
            "%s %u stands twice in this dictionary: first in line %u, column %u",
            level_names[level], (unsigned)key->as.integer, line, column);
}

/* Keys of one dictionary are identifiers, and none stands twice. */
static void check_keys(struct parser *p, const struct dict *dict, unsigned level)
{
    uint8_t seen[65536 / 8] = {0};

    for (size_t i = 0; i < dict->count && p->rc == SIGNET_OK; i++) {
        const struct value *key = &dict->entries[i].key;

        if (!check_identifier(p, key, level))
            return;
        uint8_t *byte = &seen[(size_t)key->as.integer / 8],
                bit = (uint8_t)(1 << key->as.integer % 8);
        if (*byte & bit)
            refuse_repeated(p, dict, i, level);
        *byte |= bit;
    }
}

static void convert_integer(struct parser *p, const struct value *v, struct signet_value *out)
{
    out->type = SIGNET_TYPE_INTEGER;
    out->as.integer = (int64_t)v->as.integer;
    if (v->as.integer > INT64_MAX) {
        out->type = SIGNET_TYPE_UNSIGNED;
        out->as.unsigned_integer = (uint64_t)v->as.integer;
    }
    if (v->as.integer < INT64_MIN || v->as.integer > (wide)UINT64_MAX)
        fail_at(p, v->at, SIGNET_E_LIMIT,
                "integers are -2^63 to 2^64-1; bytes are bytes.fromhex('00ff')",
                "this integer does not fit 64 bits");
}

static struct signet_value convert(struct parser *p, const struct value *v)
{
    struct signet_value out = {.type = SIGNET_TYPE_BOOLEAN};

    switch (v->kind) {
    case V_INT:
        convert_integer(p, v, &out);
        break;
    case V_BOOL:
        out.as.boolean = v->as.integer != 0;
        break;
    case V_FLOAT:
        out.type = SIGNET_TYPE_FLOAT;
        out.as.number = v->as.number;
        if (!isfinite(v->as.number))
            fail_at(p, v->at, SIGNET_E_SYNTAX, NULL, "this is no finite number");
        break;
    case V_STR:
    case V_BYTES:
        out.type = v->kind == V_STR ? SIGNET_TYPE_STRING : SIGNET_TYPE_OPAQUE;
        out.as.bytes.data = v->as.bytes.data;
        out.as.bytes.len = v->as.bytes.len;
        break;
    case V_OBJLINK:
        out.type = SIGNET_TYPE_OBJLNK;
        out.as.objlnk.oid = v->as.objlink.oid;
        out.as.objlnk.iid = v->as.objlink.iid;
        break;
    case V_DICT:
        fail_at(p, v->at, SIGNET_E_SYNTAX, "a resource instance holds one value",
                "a dictionary cannot stand this deep");
    }
    return out;
}

static void add_value(struct parser *p, struct signet_tree *tree, const uint16_t ids[4],
                      const struct entry *entry)
{
    struct signet_path path = {ids[0], ids[1], ids[2], ids[3]};
    struct signet_value value = convert(p, &entry->value);
    unsigned line, column;

    if (p->rc != SIGNET_OK)
        return;
    place_of(p, entry->key.at, &line, &column);
    fail_with(p, tree_append(tree, path, &value, line, column, p->err));
}

/* The places of all entries, from the objects down. */
static void keep_entry(struct parser *p, const uint16_t ids[4], const struct entry *entry,
                       unsigned level)
{
    struct signet_path path = {ids[0], SIGNET_NO_ID, SIGNET_NO_ID, SIGNET_NO_ID};
    unsigned line, column;

    path.iid = level >= 1 ? ids[1] : SIGNET_NO_ID;
    path.rid = level >= 2 ? ids[2] : SIGNET_NO_ID;
    path.riid = level >= 3 ? ids[3] : SIGNET_NO_ID;
    place_of(p, entry->key.at, &line, &column);
    fail_with(p, tree_source_entry(p->source, path, line, column, p->err));
    if (p->rc == SIGNET_OK)
        doubt_entry(p, entry, ids[0], level);
}

static void add_dict(struct parser *p, struct signet_tree *tree, const struct dict *dict,
                     uint16_t ids[4], unsigned level)
{
    check_keys(p, dict, level);
    for (size_t i = 0; p->rc == SIGNET_OK && i < dict->count; i++) {
        const struct entry *entry = &dict->entries[i];

        ids[level] = (uint16_t)entry->key.as.integer;
        if (level == 2)
            ids[3] = SIGNET_NO_ID;
        keep_entry(p, ids, entry, level);
        if (entry->value.kind == V_DICT && level < 3)
            add_dict(p, tree, &entry->value.as.dict, ids, level + 1);
        else if (level >= 2)
            add_value(p, tree, ids, entry);
        else
            fail_at(p, entry->value.at, SIGNET_E_SYNTAX,
                    level ? "write instance: {resource: value}"
                          : "write object: {instance: {resource: value}}",
                    "a dictionary of %ss should stand here", level_names[level + 1]);
    }
}

static void keep_source(struct parser *p, struct signet_tree *tree)
{
    struct buf shown = {0};

    text_without_secrets(p, &shown);
    fail_with(p, buf_check(&shown, p->err));
    if (p->rc == SIGNET_OK)
        fail_with(
            p, tree_source_new(&p->source, p->name, (const char *)shown.data, shown.len, p->err));
    buf_free(&shown);
    if (p->rc == SIGNET_OK)
        tree_set_source(tree, p->source);
}

void build_tree(struct parser *p, const struct value *top, struct signet_tree **out)
{
    struct signet_tree *tree = NULL;
    uint16_t ids[4] = {0, 0, 0, SIGNET_NO_ID};

    if (top->kind != V_DICT)
        fail_at(p, top->at, SIGNET_E_SYNTAX,
                "write {OID.Security: {1: {RID.Security.Mode: 0, ...}}}",
                "a configuration is a dictionary of objects");
    if (p->rc == SIGNET_OK)
        fail_with(p, signet_tree_new(&tree, p->err));
    if (p->rc == SIGNET_OK)
        signet_tree_set_objects(tree, p->objects);
    if (p->rc == SIGNET_OK)
        keep_source(p, tree);
    if (p->rc == SIGNET_OK)
        add_dict(p, tree, &top->as.dict, ids, 0);
    if (p->rc == SIGNET_OK)
        tree_source_end(p->source);
    tree_source_free(&p->source);
    if (p->rc != SIGNET_OK)
        signet_tree_free(&tree);
    else
        *out = tree;
}
