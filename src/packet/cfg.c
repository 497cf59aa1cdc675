/* SPDX-License-Identifier: Apache-2.0 */
/* A tree in the configuration language, as repr() would write it. What comes in an order that
 * nested dictionaries cannot hold is gathered: objects, instances and multiple resources stand
 * where their first record stood. */
#include "packet/private.h"

#include <math.h>
#include <stdlib.h>

static void indent(struct buf *out, int depth)
{
    buf_printf(out, "%*s", 4 * depth, "");
}

static void quote(struct buf *out, const uint8_t *data, size_t len, bool bytes)
{
    buf_text(out, bytes ? "b'" : "'");
    for (size_t i = 0; i < len; i++) {
        uint8_t c = data[i];
        if (c == '\'' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c == '\n')
            buf_text(out, "\\n");
        else if (c < 0x20 || c == 0x7f || (bytes && c > 0x7f))
            buf_printf(out, "\\x%02x", c);
        else if (!bytes && c == 0xc2 && i + 1 < len && data[i + 1] < 0xa0)
            buf_printf(out, "\\x%02x", data[++i]); /* C1 controls: a terminal obeys them */
        else
            buf_byte(out, c);
    }
    buf_byte(out, '\'');
}

/* What the language cannot or must not say is None, which it refuses: the output must not pass for
 * a configuration of the same values. */
static const char *unsaid(const struct signet_tree *tree, const struct signet_record *r,
                          bool reveal)
{
    if (record_hidden(tree, r, reveal))
        return "hidden";
    if (r->value.type != SIGNET_TYPE_FLOAT || isfinite(r->value.as.number))
        return NULL;
    return isnan(r->value.as.number) ? "nan" : r->value.as.number > 0 ? "inf" : "-inf";
}

static void cfg_value(struct buf *out, const struct signet_value *value)
{
    if (type_has_bytes(value->type))
        quote(out, value->as.bytes.data, value->as.bytes.len, value->type == SIGNET_TYPE_OPAQUE);
    else if (value->type == SIGNET_TYPE_BOOLEAN)
        buf_text(out, value->as.boolean ? "True" : "False");
    else if (value->type == SIGNET_TYPE_OBJLNK)
        buf_printf(out, "Objlink(%u, %u)", value->as.objlnk.oid, value->as.objlnk.iid);
    else
        value_text(out, value);
}

static void cfg_key(struct buf *out, const struct signet_objects *objects,
                    const struct signet_path *path, int depth)
{
    const char *object = object_name(objects, path->oid);
    const char *resource = resource_name(objects, path->oid, path->rid);
    const uint16_t ids[] = {path->oid, path->iid, path->rid, path->riid};
    indent(out, depth + 1);
    if (depth == 0 && object)
        buf_printf(out, "OID.%s", object);
    else if (depth == 2 && object && resource)
        buf_printf(out, "RID.%s.%s", object, resource);
    else
        buf_printf(out, "%u", ids[depth]);
    buf_text(out, ": ");
}

/* A record and its place among its likes: where the first of its object, instance and resource
 * stood. Sorting by these gathers without changing the order of what is together already. */
struct place {
    const struct signet_record *record;
    size_t rank[3], at;
};

static uint64_t prefix(const struct signet_record *record, int parts)
{
    const struct signet_path *path = &record->path;
    uint64_t key = (uint64_t)path->oid << 32 | (uint64_t)path->iid << 16 | path->rid;
    return key >> 16 * (3 - parts);
}

static int by_prefix(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    uint64_t p = prefix(x->record, 3), q = prefix(y->record, 3);
    if (p != q)
        return p < q ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static int by_rank(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    for (int i = 0; i < 3; i++)
        if (x->rank[i] != y->rank[i])
            return x->rank[i] < y->rank[i] ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static struct place *places(const struct signet_tree *tree, size_t count)
{
    struct place *list = calloc(count ? count : 1, sizeof(*list));
    for (size_t i = 0; list && i < count; i++)
        list[i] = (struct place){.record = signet_tree_at(tree, i), .at = i};
    if (!list)
        return NULL;
    qsort(list, count, sizeof(*list), by_prefix);
    for (int level = 0; level < 3; level++)
        for (size_t i = 0, end; i < count; i = end) {
            uint64_t key = prefix(list[i].record, level + 1);
            size_t first = list[i].at;
            for (end = i; end < count && prefix(list[end].record, level + 1) == key; end++)
                first = list[end].at < first ? list[end].at : first;
            for (size_t k = i; k < end; k++)
                list[k].rank[level] = first;
        }
    qsort(list, count, sizeof(*list), by_rank);
    return list;
}

/* How many dictionaries hold the record: 2, or 3 when its resource has instances. */
static int depth_of(const struct signet_record *r)
{
    return r->path.riid == SIGNET_NO_ID ? 2 : 3;
}

static int common(const struct signet_record *a, const struct signet_record *b)
{
    int most = depth_of(a) < depth_of(b) ? depth_of(a) : depth_of(b), depth = 0;
    while (depth < most && prefix(a, depth + 1) == prefix(b, depth + 1))
        depth++;
    return depth;
}

/* Closes dictionaries until `keep` are open. */
static int close_to(struct buf *out, int open, int keep)
{
    for (; open > keep; open--) {
        indent(out, open);
        buf_text(out, "},\n");
    }
    return open;
}

int print_cfg(const struct signet_tree *tree, bool reveal, struct buf *out,
              struct signet_error *err)
{
    size_t count = signet_tree_count(tree);
    struct place *list = places(tree, count);
    int open = 0;
    if (!list)
        return error_nomem(err);
    buf_text(out, "{\n");
    for (size_t i = 0; i < count; i++) {
        const struct signet_record *r = list[i].record;
        open = close_to(out, open, i ? common(list[i - 1].record, r) : 0);
        for (; open < depth_of(r); open++) {
            cfg_key(out, signet_tree_objects(tree), &r->path, open);
            buf_text(out, "{\n");
        }
        cfg_key(out, signet_tree_objects(tree), &r->path, open);
        if (unsaid(tree, r, reveal)) {
            buf_printf(out, "None, # %s\n", unsaid(tree, r, reveal));
            continue;
        }
        cfg_value(out, &r->value);
        buf_text(out, ",\n");
    }
    close_to(out, open, 0);
    buf_text(out, "}\n");
    free(list);
    return SIGNET_OK;
}
