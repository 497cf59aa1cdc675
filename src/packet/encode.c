/* SPDX-License-Identifier: Apache-2.0 */
/* Tree to SenML CBOR. */
#include "packet/private.h"

static char *put_decimal(char *at, unsigned value)
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
        at = put_decimal(at, ids[i]);
    }
    cbor_put_text_n(out, text, (size_t)(at - text));
}

static void put_objlink(struct buf *out, uint16_t oid, uint16_t iid)
{
    char text[12], *at = put_decimal(text, oid);
    *at++ = ':';
    at = put_decimal(at, iid);
    cbor_put_text_n(out, text, (size_t)(at - text));
}

static void put_label(struct buf *out, enum label label)
{
    cbor_put_uint(out, (uint64_t)label);
}

static int encode_value(struct buf *out, const struct signet_record *record,
                        struct signet_error *err)
{
    const struct signet_value *value = &record->value;
    switch (value->type) {
    case SIGNET_TYPE_STRING:
        put_label(out, LABEL_STRING);
        cbor_put_text_n(out, value->as.bytes.data, value->as.bytes.len);
        break;
    case SIGNET_TYPE_OPAQUE:
        put_label(out, LABEL_DATA);
        cbor_put_bytes(out, value->as.bytes.data, value->as.bytes.len);
        break;
    case SIGNET_TYPE_INTEGER:
        put_label(out, LABEL_VALUE);
        cbor_put_int(out, value->as.integer);
        break;
    case SIGNET_TYPE_UNSIGNED:
        put_label(out, LABEL_VALUE);
        cbor_put_uint(out, value->as.unsigned_integer);
        break;
    case SIGNET_TYPE_FLOAT:
        put_label(out, LABEL_VALUE);
        cbor_put_double(out, value->as.number);
        break;
    case SIGNET_TYPE_BOOLEAN:
        put_label(out, LABEL_BOOLEAN);
        cbor_put_bool(out, value->as.boolean);
        break;
    case SIGNET_TYPE_OBJLNK:
        cbor_put_text(out, LABEL_OBJLINK);
        put_objlink(out, value->as.objlnk.oid, value->as.objlnk.iid);
        break;
    case SIGNET_TYPE_NONE:
    case SIGNET_TYPE_TIME:
    case SIGNET_TYPE_CORELNK:
    case SIGNET_TYPE_EXECUTABLE:
        return error_set(err, SIGNET_E_USAGE, "/%u/%u/%u: a record without a value",
                         record->path.oid, record->path.iid, record->path.rid);
    }
    return buf_check(out, err);
}

int packet_encode(const struct signet_tree *tree, struct buf *out, struct signet_error *err)
{
    size_t before = out->len;
    int code = SIGNET_OK;
    cbor_put_array(out, signet_tree_count(tree));
    for (size_t i = 0; !code && i < signet_tree_count(tree); i++) {
        const struct signet_record *record = signet_tree_at(tree, i);
        cbor_put_map(out, 2);
        put_label(out, LABEL_NAME);
        put_path(out, record->path);
        code = encode_value(out, record, err);
    }
    if (code && !out->failed)
        out->len = before;
    return code ? code : buf_check(out, err);
}

int signet_packet_encode(const struct signet_tree *tree, struct signet_bytes *out,
                         struct signet_error *err)
{
    struct buf packet = {0};
    int code = packet_encode(tree, &packet, err);
    return buf_end(&packet, code, out, err);
}
