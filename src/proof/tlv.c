/* SPDX-License-Identifier: Apache-2.0 */
/* LwM2M TLV (Core 1.2, section 7.5), as bootstrap servers write it. Types come from the object
 * table: the bytes alone do not tell them. */
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
           signet_tree_put(tree, path, &value, NULL) == SIGNET_OK;
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
