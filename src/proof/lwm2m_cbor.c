/* SPDX-License-Identifier: Apache-2.0 */
/* LwM2M CBOR (Core 1.2, section 7.5.9): maps in maps, or arrays of identifiers as keys. And CBOR of
 * one value (section 7.5.4). */
#include "cbor/cbor.h"
#include "lwm2m/lwm2m.h"
#include "proof/coap.h"

struct cbor_write {
    struct cbor_reader in;
    struct buf scratch; /* a string that came in pieces; may hold a secret */
    struct signet_tree *tree;
    struct signet_path base;
    unsigned depth;
};

static bool cbor_take_string(struct cbor_write *w, const struct cbor_item *item,
                             struct signet_value *out)
{
    bool text = item->kind == CBOR_TEXT || item->kind == CBOR_TEXT_START;
    const uint8_t *data = NULL;
    size_t len = 0;

    if (cbor_string(&w->in, item, &w->scratch, &data, &len, NULL))
        return false;
    *out = (struct signet_value){.type = text ? SIGNET_TYPE_STRING : SIGNET_TYPE_OPAQUE,
                                 .as.bytes = {data, len}};
    return !text || utf8_valid(data, len);
}

static bool cbor_take_value(struct cbor_write *w, const struct cbor_item *item,
                            struct signet_value *out)
{
    switch (item->kind) {
    case CBOR_UNSIGNED:
    case CBOR_NEGATIVE:
        out->type = SIGNET_TYPE_INTEGER;
        out->as.integer =
            item->kind == CBOR_NEGATIVE ? -1 - (int64_t)item->number : (int64_t)item->number;
        return item->number <= INT64_MAX;
    case CBOR_FLOAT:
        out->type = SIGNET_TYPE_FLOAT;
        out->as.number = item->real;
        return true;
    case CBOR_BOOLEAN:
        out->type = SIGNET_TYPE_BOOLEAN;
        out->as.boolean = item->boolean;
        return true;
    case CBOR_BYTES:
    case CBOR_BYTES_START:
    case CBOR_TEXT:
    case CBOR_TEXT_START:
        return cbor_take_string(w, item, out);
    case CBOR_ARRAY:
    case CBOR_ARRAY_START:
    case CBOR_MAP:
    case CBOR_MAP_START:
    case CBOR_TAG:
    case CBOR_NULL:
    case CBOR_UNDEFINED:
    case CBOR_BREAK:
        break;
    }
    return false;
}

static bool take_id(const struct cbor_item *item, uint16_t ids[static 4], unsigned *count)
{
    if (item->kind != CBOR_UNSIGNED || item->number >= SIGNET_NO_ID || *count == 4)
        return false;
    ids[(*count)++] = (uint16_t)item->number;
    return true;
}

/* A key: one identifier, or several. */
static bool take_ids(struct cbor_write *w, const struct cbor_item *key, uint16_t ids[static 4],
                     unsigned *count)
{
    unsigned before = *count;
    struct cbor_run run;
    struct cbor_item id;

    if (!cbor_run_begin(&run, key, false))
        return take_id(key, ids, count);
    for (;;) {
        if (cbor_run_next(&w->in, &run, &id, NULL))
            return false;
        if (id.kind == CBOR_BREAK)
            return *count > before;
        if (!take_id(&id, ids, count))
            return false;
    }
}

static bool cbor_write_one(struct cbor_write *w, const uint16_t ids[static 4], unsigned count,
                           const struct cbor_item *item)
{
    struct signet_path path = {ids[0], ids[1], ids[2], count == 4 ? ids[3] : SIGNET_NO_ID};
    struct signet_value value = {0};

    return count >= 3 && path_is_below(path, w->base, w->depth) &&
           cbor_take_value(w, item, &value) && written_put(w->tree, path, &value);
}

/* Each key adds an identifier, of which there are four at most: so deep does it call itself. */
static bool cbor_read_map(struct cbor_write *w, const struct cbor_item *map, uint16_t ids[static 4],
                          unsigned count)
{
    struct cbor_item item;
    struct cbor_run run;

    if (!cbor_run_begin(&run, map, true))
        return false;
    for (;;) {
        unsigned now = count;

        if (cbor_run_next(&w->in, &run, &item, NULL))
            return false;
        if (item.kind == CBOR_BREAK)
            return true;
        if (!take_ids(w, &item, ids, &now) || cbor_next(&w->in, &item, NULL))
            return false;
        if (item.kind == CBOR_MAP || item.kind == CBOR_MAP_START
                ? !cbor_read_map(w, &item, ids, now)
                : !cbor_write_one(w, ids, now, &item))
            return false;
    }
}

bool lwm2m_cbor_read(struct signet_tree *tree, struct signet_path base, unsigned depth,
                     uint32_t format, const uint8_t *data, size_t len)
{
    struct cbor_write w = {
        .in = {.data = data, .len = len}, .tree = tree, .base = base, .depth = depth};
    uint16_t ids[4] = {base.oid, base.iid, base.rid, base.riid};
    struct cbor_item item;
    bool good = cbor_next(&w.in, &item, NULL) == SIGNET_OK;

    if (good && format == COAP_CBOR)
        good = cbor_write_one(&w, ids, depth, &item);
    else if (good)
        good = cbor_read_map(&w, &item, ids, 0);
    good = good && cbor_end(&w.in, NULL) == SIGNET_OK;
    buf_free(&w.scratch);
    return good;
}

/* Of Server and Access Control, which have numbers, flags and strings. */
static void cbor_put_value(struct buf *out, const struct signet_value *value)
{
    if (value->type == SIGNET_TYPE_STRING)
        cbor_put_text_n(out, value->as.bytes.data, value->as.bytes.len);
    else if (value->type == SIGNET_TYPE_BOOLEAN)
        cbor_put_bool(out, value->as.boolean);
    else
        cbor_put_int(out, value_integer(value, 0));
}

void lwm2m_cbor_put(struct buf *out, const struct signet_tree *tree)
{
    cbor_put_map(out, signet_tree_count(tree));
    for (size_t i = 0; i < signet_tree_count(tree); i++) {
        const struct signet_record *r = signet_tree_at(tree, i);
        const uint16_t ids[] = {r->path.oid, r->path.iid, r->path.rid, r->path.riid};
        size_t count = r->path.riid == SIGNET_NO_ID ? 3 : 4;

        cbor_put_array(out, count);
        for (size_t k = 0; k < count; k++)
            cbor_put_uint(out, ids[k]);
        cbor_put_value(out, &r->value);
    }
}
