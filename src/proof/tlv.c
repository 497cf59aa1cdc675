/* SPDX-License-Identifier: Apache-2.0 */
/* LwM2M TLV (Core 1.2, section 7.4.3), as bootstrap servers write it. Types come from the object
 * table: the bytes alone do not tell them. */
#include "proof/coap.h"

#include "lwm2m/lwm2m.h"

#include <string.h>

enum kind { OBJECT_INSTANCE = 0, RESOURCE_INSTANCE = 1, MULTIPLE = 2, RESOURCE = 3 };

struct item {
    enum kind kind;
    uint16_t id;
    const uint8_t *data;
    size_t len;
};

static bool next(struct item *out, const uint8_t **at, const uint8_t *end)
{
    if (*at == end)
        return false;
    uint8_t head = *(*at)++;
    size_t id_bytes = head & 0x20 ? 2 : 1, len_bytes = head >> 3 & 3, len = head & 7;

    if ((size_t)(end - *at) < id_bytes + len_bytes)
        return false;
    out->kind = (enum kind)(head >> 6);
    out->id = id_bytes == 2 ? (uint16_t)((*at)[0] << 8 | (*at)[1]) : (*at)[0];
    *at += id_bytes;
    if (len_bytes) {
        len = 0;
        for (size_t i = 0; i < len_bytes; i++)
            len = len << 8 | *(*at)++;
    }
    if (len > (size_t)(end - *at))
        return false;
    out->data = *at;
    out->len = len;
    *at += len;
    return true;
}

static bool integer(const struct item *item, int64_t *out)
{
    if (item->len != 1 && item->len != 2 && item->len != 4 && item->len != 8)
        return false;
    uint64_t value = item->data[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < item->len; i++)
        value = value << 8 | item->data[i];
    *out = (int64_t)value;
    return true;
}

static bool real(const struct item *item, double *out)
{
    uint64_t bits = 0;
    float single;

    for (size_t i = 0; i < item->len && i < 8; i++)
        bits = bits << 8 | item->data[i];
    if (item->len == 4) {
        uint32_t half = (uint32_t)bits;
        memcpy(&single, &half, sizeof single);
        *out = (double)single;
    } else {
        memcpy(out, &bits, sizeof *out);
    }
    return item->len == 4 || item->len == 8;
}

static bool put(struct signet_tree *tree, struct signet_path path, const struct item *item)
{
    struct signet_value value = {.type = signet_resource_type(path.oid, path.rid)};
    bool good = true;

    switch (value.type) {
    case SIGNET_TYPE_INTEGER:
    case SIGNET_TYPE_UNSIGNED:
    case SIGNET_TYPE_TIME:
        value.type = SIGNET_TYPE_INTEGER;
        good = integer(item, &value.as.integer);
        break;
    case SIGNET_TYPE_FLOAT:
        good = real(item, &value.as.number);
        break;
    case SIGNET_TYPE_BOOLEAN:
        good = item->len == 1 && item->data[0] <= 1;
        value.as.boolean = good && item->data[0];
        break;
    case SIGNET_TYPE_OBJLNK:
        good = item->len == 4;
        if (good) {
            value.as.objlnk.oid = (uint16_t)(item->data[0] << 8 | item->data[1]);
            value.as.objlnk.iid = (uint16_t)(item->data[2] << 8 | item->data[3]);
        }
        break;
    case SIGNET_TYPE_STRING:
    case SIGNET_TYPE_CORELNK:
        value.type = SIGNET_TYPE_STRING;
        good = utf8_valid(item->data, item->len);
        value.as.bytes.data = item->data;
        value.as.bytes.len = item->len;
        break;
    default: /* not known: bytes */
        value.type = SIGNET_TYPE_OPAQUE;
        value.as.bytes.data = item->data;
        value.as.bytes.len = item->len;
        break;
    }
    return good && signet_tree_put(tree, path, &value, NULL) == SIGNET_OK;
}

static bool read_multiple(struct signet_tree *tree, struct signet_path path, const struct item *all)
{
    const uint8_t *at = all->data, *end = all->data + all->len;
    struct item item;

    while (at < end) {
        if (!next(&item, &at, end) || item.kind != RESOURCE_INSTANCE)
            return false;
        path.riid = item.id;
        if (!put(tree, path, &item))
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
        if (!next(&item, &at, end))
            return false;
        path.rid = item.id;
        path.riid = SIGNET_NO_ID;
        if (item.kind == RESOURCE ? !put(tree, path, &item)
                                  : item.kind != MULTIPLE || !read_multiple(tree, path, &item))
            return false;
    }
    return true;
}

bool tlv_read(struct signet_tree *tree, struct signet_path base, unsigned depth,
              const uint8_t *data, size_t len)
{
    const uint8_t *at = data, *end = data + len;
    struct item item;

    if (depth == 2) {
        /* below an instance its resources; some servers write the instance around them */
        const uint8_t *first = data;
        if (len && next(&item, &first, end) && item.kind == OBJECT_INSTANCE && first == end)
            return item.id == base.iid && read_resources(tree, base, item.data, item.len);
        return read_resources(tree, base, data, len);
    }
    if (depth != 1)
        return depth == 3 && read_resources(tree, base, data, len);
    while (at < end) {
        if (!next(&item, &at, end) || item.kind != OBJECT_INSTANCE)
            return false;
        base.iid = item.id;
        if (!read_resources(tree, base, item.data, item.len))
            return false;
    }
    return true;
}
