/* SPDX-License-Identifier: Apache-2.0 */
/* Tree to SenML CBOR. Each record is written into room reserved for its largest form. */
#include "packet/labels.h"
#include "packet/packet.h"

#include <cbor.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define FIXED_MAX 64 /* a record without its string: map, label, path, label, number */

/* Where the next byte goes, and how much room there is. */
struct cursor {
    uint8_t *at;
    size_t room;
};

static void advance(struct cursor *c, size_t n)
{
    c->at += n;
    c->room -= n;
}

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

static void put_text(struct cursor *c, const char *text, size_t len)
{
    advance(c, cbor_encode_string_start(len, c->at, c->room));
    memcpy(c->at, text, len);
    advance(c, len);
}

static void put_path(struct cursor *c, struct signet_path path)
{
    char text[24], *at = text;
    const uint16_t ids[] = {path.oid, path.iid, path.rid, path.riid};
    for (int i = 0; i < 4 && ids[i] != SIGNET_NO_ID; i++) {
        *at++ = '/';
        at = put_number(at, ids[i]);
    }
    put_text(c, text, (size_t)(at - text));
}

/* Does the value survive as an IEEE 754 half: 11 significant bits, or a multiple of 2^-24? */
static bool fits_half(double value)
{
    double size = fabs(value);
    int exponent;
    if (size > 65504)
        return isinf(value);
    double fraction = frexp(size, &exponent);
    double scaled = exponent < -13 ? ldexp(size, 24) : ldexp(fraction, 11);
    return scaled == trunc(scaled);
}

static bool fits_single(double value)
{
    return isinf(value) || (fabs(value) <= (double)FLT_MAX && (double)(float)value == value);
}

/* By hand: libcbor 0.8 gets halves below 2^-14 wrong. The value fits. */
static void put_half(struct cursor *c, double value)
{
    double size = fabs(value);
    int exponent;
    unsigned bits;
    if (isnan(value)) /* RFC 8949 appendix A, whatever the payload was */
        bits = 0x7e00;
    else if (isinf(value))
        bits = 0x7c00;
    else if (size < 0x1p-14)
        bits = (unsigned)ldexp(size, 24);
    else {
        double fraction = frexp(size, &exponent);
        bits = (unsigned)(exponent + 14) << 10 | ((unsigned)ldexp(fraction, 11) & 0x3ff);
    }
    if (signbit(value) && !isnan(value))
        bits |= 0x8000;
    const uint8_t bytes[] = {0xf9, (uint8_t)(bits >> 8), (uint8_t)bits};
    memcpy(c->at, bytes, sizeof(bytes));
    advance(c, sizeof(bytes));
}

static void put_float(struct cursor *c, double value)
{
    if (isnan(value) || fits_half(value))
        put_half(c, value);
    else if (fits_single(value))
        advance(c, cbor_encode_single((float)value, c->at, c->room));
    else
        advance(c, cbor_encode_double(value, c->at, c->room));
}

static void put_objlink(struct cursor *c, uint16_t oid, uint16_t iid)
{
    char text[12], *at = put_number(text, oid);
    *at++ = ':';
    at = put_number(at, iid);
    put_text(c, LABEL_OBJLINK, strlen(LABEL_OBJLINK));
    put_text(c, text, (size_t)(at - text));
}

static void put_label(struct cursor *c, enum label label)
{
    advance(c, cbor_encode_uint((uint64_t)label, c->at, c->room));
}

static void put_bytes(struct cursor *c, const struct signet_value *value)
{
    size_t len = value->as.bytes.len;
    if (value->type == SIGNET_TYPE_STRING) {
        put_label(c, LABEL_STRING);
        advance(c, cbor_encode_string_start(len, c->at, c->room));
    } else {
        put_label(c, LABEL_DATA);
        advance(c, cbor_encode_bytestring_start(len, c->at, c->room));
    }
    if (len)
        memcpy(c->at, value->as.bytes.data, len);
    advance(c, len);
}

static bool put_value(struct cursor *c, const struct signet_value *value)
{
    switch (value->type) {
    case SIGNET_TYPE_STRING:
    case SIGNET_TYPE_OPAQUE:
        put_bytes(c, value);
        return true;
    case SIGNET_TYPE_INTEGER:
        put_label(c, LABEL_VALUE);
        if (value->as.integer >= 0)
            advance(c, cbor_encode_uint((uint64_t)value->as.integer, c->at, c->room));
        else /* CBOR holds -1 - n */
            advance(c, cbor_encode_negint(~(uint64_t)value->as.integer, c->at, c->room));
        return true;
    case SIGNET_TYPE_UNSIGNED:
        put_label(c, LABEL_VALUE);
        advance(c, cbor_encode_uint(value->as.unsigned_integer, c->at, c->room));
        return true;
    case SIGNET_TYPE_FLOAT:
        put_label(c, LABEL_VALUE);
        put_float(c, value->as.number);
        return true;
    case SIGNET_TYPE_BOOLEAN:
        put_label(c, LABEL_BOOLEAN);
        advance(c, cbor_encode_bool(value->as.boolean, c->at, c->room));
        return true;
    case SIGNET_TYPE_OBJLNK:
        put_objlink(c, value->as.objlnk.oid, value->as.objlnk.iid);
        return true;
    default:
        return false;
    }
}

static int put_record(struct buf *out, const struct signet_record *record, struct signet_error *err)
{
    const struct signet_value *value = &record->value;
    bool has_bytes = value->type == SIGNET_TYPE_STRING || value->type == SIGNET_TYPE_OPAQUE;
    size_t room = FIXED_MAX + (has_bytes ? value->as.bytes.len : 0);
    size_t before = out->len;
    uint8_t *at = buf_extend(out, room);
    if (!at)
        return buf_check(out, err);
    struct cursor c = {at, room};
    advance(&c, cbor_encode_map_start(2, c.at, c.room));
    put_label(&c, LABEL_NAME);
    put_path(&c, record->path);
    if (!put_value(&c, value))
        return error_set(err, SIGNET_E_USAGE, "/%u/%u/%u: a record without a value",
                         record->path.oid, record->path.iid, record->path.rid);
    out->len = before + (room - c.room);
    return SIGNET_OK;
}

int packet_encode(const struct signet_tree *tree, struct buf *out, struct signet_error *err)
{
    size_t count = signet_tree_count(tree), before = out->len;
    uint8_t *at = buf_extend(out, 9);
    if (!at)
        return buf_check(out, err);
    out->len = before + cbor_encode_array_start(count, at, 9);
    for (size_t i = 0; i < count; i++) {
        int code = put_record(out, signet_tree_at(tree, i), err);
        if (code) {
            if (!out->failed)
                out->len = before;
            return code;
        }
    }
    return SIGNET_OK;
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
