/* SPDX-License-Identifier: Apache-2.0 */
/* LwM2M TLV (Core 1.2, section 7.5), as bootstrap servers write and read it. Types come from the
 * object table: the bytes alone do not tell them. */
#include "proof/coap.h"

#include "lwm2m/lwm2m.h"

enum kind { OBJECT_INSTANCE = 0, RESOURCE_INSTANCE = 1, TLV_MULTIPLE = 2, RESOURCE = 3 };

struct item {
    enum kind kind;
    uint16_t id;
    const uint8_t *data;
    size_t len;
};

static uint64_t big_endian(const uint8_t *data, size_t len)
{
    uint64_t value = 0;

    for (size_t i = 0; i < len; i++)
        value = value << 8 | data[i];
    return value;
}

/* *at is before end. */
static bool next_item(struct item *out, const uint8_t **at, const uint8_t *end)
{
    uint8_t head = *(*at)++;
    size_t id_bytes = head & 0x20 ? 2 : 1, len_bytes = head >> 3 & 3;

    if ((size_t)(end - *at) < id_bytes + len_bytes)
        return false;
    out->kind = (enum kind)(head >> 6);
    out->id = (uint16_t)big_endian(*at, id_bytes);
    out->len = len_bytes ? (size_t)big_endian(*at + id_bytes, len_bytes) : head & 7;
    out->data = *at += id_bytes + len_bytes;
    if (out->len > (size_t)(end - *at))
        return false;
    *at += out->len;
    return true;
}

static bool take_integer(const struct item *item, int64_t *out)
{
    if (item->len != 1 && item->len != 2 && item->len != 4 && item->len != 8)
        return false;
    *out = (int64_t)(big_endian(item->data, item->len) << (64 - 8 * item->len));
    *out >>= 64 - 8 * item->len; /* with its sign */
    return true;
}

static bool take_float(const struct item *item, double *out)
{
    uint64_t whole = item->len == 8 ? big_endian(item->data, 8) : 0;
    uint32_t half = item->len == 4 ? (uint32_t)big_endian(item->data, 4) : 0;
    float single;

    memcpy(&single, &half, sizeof(single));
    memcpy(out, &whole, sizeof *out);
    if (item->len == 4)
        *out = (double)single;
    return item->len == 4 || item->len == 8;
}

static bool take_value(const struct item *item, enum signet_type type, struct signet_value *out)
{
    *out =
        (struct signet_value){.type = type_info(type)->value, .as.bytes = {item->data, item->len}};
    switch (type) {
    case SIGNET_TYPE_INTEGER:
    case SIGNET_TYPE_UNSIGNED:
    case SIGNET_TYPE_TIME:
        out->type = SIGNET_TYPE_INTEGER;
        return take_integer(item, &out->as.integer);
    case SIGNET_TYPE_FLOAT:
        return take_float(item, &out->as.number);
    case SIGNET_TYPE_BOOLEAN:
        out->as.boolean = item->len == 1 && item->data[0] == 1;
        return item->len == 1 && item->data[0] <= 1;
    case SIGNET_TYPE_OBJLNK:
        if (item->len != 4)
            return false;
        out->as.objlnk.oid = (uint16_t)big_endian(item->data, 2);
        out->as.objlnk.iid = (uint16_t)big_endian(item->data + 2, 2);
        return true;
    case SIGNET_TYPE_STRING:
    case SIGNET_TYPE_CORELNK:
        return utf8_valid(item->data, item->len);
    case SIGNET_TYPE_OPAQUE:
    case SIGNET_TYPE_NONE: /* not known: bytes */
    case SIGNET_TYPE_EXECUTABLE:
        out->type = SIGNET_TYPE_OPAQUE;
        break;
    }
    return true;
}

static bool tlv_put_item(struct signet_tree *tree, struct signet_path path, const struct item *item)
{
    const struct signet_resource *resource =
        signet_resource_find(signet_tree_objects(tree), path.oid, path.rid);
    struct signet_value value;

    return take_value(item, resource ? (enum signet_type)resource->type : SIGNET_TYPE_NONE,
                      &value) &&
           written_put(tree, path, &value);
}

static bool read_multiple(struct signet_tree *tree, struct signet_path path, const struct item *all)
{
    const uint8_t *at = all->data, *end = all->data + all->len;
    struct item item;

    while (at < end) {
        if (!next_item(&item, &at, end) || item.kind != RESOURCE_INSTANCE)
            return false;
        path.riid = item.id;
        if (!tlv_put_item(tree, path, &item))
            return false;
    }
    return true;
}

static bool read_resources(struct signet_tree *tree, struct signet_path path, const uint8_t *data,
                           size_t len)
{
    const uint8_t *at = data, *end = data + len;
    struct item item;

    while (at < end) {
        if (!next_item(&item, &at, end))
            return false;
        path.rid = item.id;
        path.riid = SIGNET_NO_ID;
        if (item.kind == RESOURCE ? !tlv_put_item(tree, path, &item)
                                  : item.kind != TLV_MULTIPLE || !read_multiple(tree, path, &item))
            return false;
    }
    return true;
}

static void tlv_append(struct buf *out, enum kind kind, uint16_t id, const void *data, size_t len)
{
    unsigned len_bytes = len < 8 ? 0 : len < 256 ? 1 : len < 65536 ? 2 : 3;

    buf_byte(out, (uint8_t)((unsigned)kind << 6 | (id > 255 ? 32u : 0) | len_bytes << 3 |
                            (len_bytes ? 0 : (unsigned)len)));
    if (id > 255)
        buf_byte(out, (uint8_t)(id >> 8));
    buf_byte(out, (uint8_t)id);
    while (len_bytes--)
        buf_byte(out, (uint8_t)(len >> 8 * len_bytes));
    buf_append(out, data, len);
}

/* Of Server and Access Control, which have numbers, flags and strings. */
static void tlv_append_value(struct buf *out, enum kind kind, uint16_t id,
                             const struct signet_value *value)
{
    int64_t number =
        value->type == SIGNET_TYPE_BOOLEAN ? value->as.boolean : value_integer(value, 0);
    size_t len = 1;
    uint8_t bytes[8];

    while (len < 8 && number != (int64_t)((uint64_t)number << (64 - 8 * len)) >> (64 - 8 * len))
        len *= 2;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)((uint64_t)number >> 8 * (len - 1 - i));
    if (value->type == SIGNET_TYPE_STRING)
        tlv_append(out, kind, id, value->as.bytes.data, value->as.bytes.len);
    else
        tlv_append(out, kind, id, bytes, len);
}

/* The resource of the record at, with all of its instances before end. */
static void tlv_append_resource(struct buf *out, const struct signet_tree *tree, size_t at,
                                size_t end)
{
    struct signet_path path = signet_tree_at(tree, at)->path;
    struct buf all = {0};

    if (path.riid == SIGNET_NO_ID) {
        tlv_append_value(out, RESOURCE, path.rid, &signet_tree_at(tree, at)->value);
        return;
    }
    for (; at < end; at++)
        if (path_is_below(signet_tree_at(tree, at)->path, path, 3))
            tlv_append_value(&all, RESOURCE_INSTANCE, signet_tree_at(tree, at)->path.riid,
                             &signet_tree_at(tree, at)->value);
    tlv_append(out, TLV_MULTIPLE, path.rid, all.data, all.len);
    buf_free(&all);
}

/* Of its resource, from the record begin on. */
static bool is_first(const struct signet_tree *tree, size_t begin, size_t at)
{
    for (; begin < at; begin++)
        if (path_is_below(signet_tree_at(tree, begin)->path, signet_tree_at(tree, at)->path, 3))
            return false;
    return true;
}

/* The records of an instance stand together. */
void tlv_put(struct buf *out, const struct signet_tree *tree, unsigned depth)
{
    for (size_t at = 0, end = 0; at < signet_tree_count(tree); at = end) {
        struct signet_path path = signet_tree_at(tree, at)->path;
        struct buf inner = {0};

        while (end < signet_tree_count(tree) &&
               path_is_below(signet_tree_at(tree, end)->path, path, 2))
            end++;
        for (size_t i = at; i < end; i++)
            if (is_first(tree, at, i))
                tlv_append_resource(&inner, tree, i, end);
        if (depth == 1)
            tlv_append(out, OBJECT_INSTANCE, path.iid, inner.data, inner.len);
        else
            buf_append(out, inner.data, inner.len);
        buf_free(&inner);
    }
}

/* Below an instance stand its resources; some servers write the instance around them. */
static bool is_wrapped(uint16_t iid, const uint8_t *data, size_t len)
{
    const uint8_t *at = data, *end = data + len;
    struct item item;

    return len && next_item(&item, &at, end) && item.kind == OBJECT_INSTANCE && item.id == iid &&
           at == end;
}

bool tlv_read(struct signet_tree *tree, struct signet_path base, unsigned depth,
              const uint8_t *data, size_t len)
{
    const uint8_t *at = data, *end = data + len;
    struct item item;

    if (depth > 1 && !(depth == 2 && is_wrapped(base.iid, data, len)))
        return read_resources(tree, base, data, len);
    while (at < end) {
        if (!next_item(&item, &at, end) || item.kind != OBJECT_INSTANCE)
            return false;
        base.iid = item.id;
        if (!read_resources(tree, base, item.data, item.len))
            return false;
    }
    return true;
}
