/* SPDX-License-Identifier: Apache-2.0 */
/* Tree to SenML CBOR. */
#include "cbor/cbor.h"
#include "packet/labels.h"
#include "packet/packet.h"

static char *put_number(char *at, unsigned value)
{
    char digits[5];
    int n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    while (n)
        *at++ = digits[--n];
    return at;
}

static void put_path(struct buf *out, struct signet_path path)
{
    char text[24], *at = text;
    const uint16_t ids[] = {path.oid, path.iid, path.rid, path.riid};
    for (int i = 0; i < 4 && ids[i] != SIGNET_NO_ID; i++) {
        *at++ = '/';
        at = put_number(at, ids[i]);
    }
    cbor_put_text_n(out, text, (size_t)(at - text));
}

static void put_objlink(struct buf *out, uint16_t oid, uint16_t iid)
{
    char text[12], *at = put_number(text, oid);
    *at++ = ':';
    at = put_number(at, iid);
    cbor_put_text_n(out, text, (size_t)(at - text));
}

static void put_label(struct buf *out, enum label label)
{
    cbor_put_uint(out, (uint64_t)label);
}

/* False: there is none. */
static bool put_value(struct buf *out, const struct signet_value *value)
{
    switch (value->type) {
    case SIGNET_TYPE_STRING:
        put_label(out, LABEL_STRING);
        cbor_put_text_n(out, value->as.bytes.data, value->as.bytes.len);
        return true;
    case SIGNET_TYPE_OPAQUE:
        put_label(out, LABEL_DATA);
        cbor_put_bytes(out, value->as.bytes.data, value->as.bytes.len);
        return true;
    case SIGNET_TYPE_INTEGER:
        put_label(out, LABEL_VALUE);
        cbor_put_int(out, value->as.integer);
        return true;
    case SIGNET_TYPE_UNSIGNED:
        put_label(out, LABEL_VALUE);
        cbor_put_uint(out, value->as.unsigned_integer);
        return true;
    case SIGNET_TYPE_FLOAT:
        put_label(out, LABEL_VALUE);
        cbor_put_double(out, value->as.number);
        return true;
    case SIGNET_TYPE_BOOLEAN:
        put_label(out, LABEL_BOOLEAN);
        cbor_put_bool(out, value->as.boolean);
        return true;
    case SIGNET_TYPE_OBJLNK:
        cbor_put_text(out, LABEL_OBJLINK);
        put_objlink(out, value->as.objlnk.oid, value->as.objlnk.iid);
        return true;
    case SIGNET_TYPE_NONE:
    case SIGNET_TYPE_TIME:
    case SIGNET_TYPE_CORELNK:
    case SIGNET_TYPE_EXECUTABLE:
        break;
    }
    return false;
}

static int put_record(struct buf *out, const struct signet_record *record, struct signet_error *err)
{
    cbor_put_map(out, 2);
    put_label(out, LABEL_NAME);
    put_path(out, record->path);
    if (!put_value(out, &record->value))
        return error_set(err, SIGNET_E_USAGE, "/%u/%u/%u: a record without a value",
                         record->path.oid, record->path.iid, record->path.rid);
    return buf_check(out, err);
}

int packet_encode(const struct signet_tree *tree, struct buf *out, struct signet_error *err)
{
    size_t count = signet_tree_count(tree), before = out->len;
    cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++) {
        int code = put_record(out, signet_tree_at(tree, i), err);
        if (code) {
            if (!out->failed)
                out->len = before;
            return code;
        }
    }
    return buf_check(out, err);
}

int signet_packet_encode(const struct signet_tree *tree, struct signet_bytes *out,
                         struct signet_error *err)
{
    struct buf packet = {0};
    int code = packet_encode(tree, &packet, err);
    if (!code)
        code = buf_take(&packet, out, err);
    buf_free(&packet);
    return code;
}
