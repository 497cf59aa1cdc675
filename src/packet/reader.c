/* SPDX-License-Identifier: Apache-2.0 */
/* libcbor's stateless decoder calls back once per item; each callback fills the item in. */
#include "packet/reader.h"

#include <cbor.h>

static void on_uint8(void *ctx, uint8_t n)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_UNSIGNED, .number = n};
}

static void on_uint16(void *ctx, uint16_t n)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_UNSIGNED, .number = n};
}

static void on_uint32(void *ctx, uint32_t n)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_UNSIGNED, .number = n};
}

static void on_uint64(void *ctx, uint64_t n)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_UNSIGNED, .number = n};
}

static void on_negint8(void *ctx, uint8_t n)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_NEGATIVE, .number = n};
}

static void on_negint16(void *ctx, uint16_t n)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_NEGATIVE, .number = n};
}

static void on_negint32(void *ctx, uint32_t n)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_NEGATIVE, .number = n};
}

static void on_negint64(void *ctx, uint64_t n)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_NEGATIVE, .number = n};
}

static void on_bytes(void *ctx, cbor_data bytes, size_t len)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_BYTES, .bytes = bytes, .len = len};
}

static void on_bytes_start(void *ctx)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_BYTES_START};
}

static void on_text(void *ctx, cbor_data bytes, size_t len)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_TEXT, .bytes = bytes, .len = len};
}

static void on_text_start(void *ctx)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_TEXT_START};
}

static void on_array(void *ctx, size_t n)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_ARRAY, .number = n};
}

static void on_array_start(void *ctx)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_ARRAY_START};
}

static void on_map(void *ctx, size_t n)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_MAP, .number = n};
}

static void on_map_start(void *ctx)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_MAP_START};
}

static void on_tag(void *ctx, uint64_t n)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_TAG, .number = n};
}

static void on_float(void *ctx, float value)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_FLOAT, .real = (double)value};
}

static void on_double(void *ctx, double value)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_FLOAT, .real = value};
}

static void on_boolean(void *ctx, bool value)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_BOOLEAN, .boolean = value};
}

static void on_null(void *ctx)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_NULL};
}

static void on_undefined(void *ctx)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_UNDEFINED};
}

static void on_break(void *ctx)
{
    *(struct item *)ctx = (struct item){.kind = ITEM_BREAK};
}

static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint8 = on_negint8,
    .negint16 = on_negint16,
    .negint32 = on_negint32,
    .negint64 = on_negint64,
    .byte_string = on_bytes,
    .byte_string_start = on_bytes_start,
    .string = on_text,
    .string_start = on_text_start,
    .array_start = on_array,
    .indef_array_start = on_array_start,
    .map_start = on_map,
    .indef_map_start = on_map_start,
    .tag = on_tag,
    .float2 = on_float,
    .float4 = on_float,
    .float8 = on_double,
    .boolean = on_boolean,
    .null = on_null,
    .undefined = on_undefined,
    .indef_break = on_break,
};

const char *item_name(enum item_kind kind)
{
    static const char *const names[] = {
        [ITEM_UNSIGNED] = "an integer", [ITEM_NEGATIVE] = "a negative integer",
        [ITEM_BYTES] = "a byte string", [ITEM_BYTES_START] = "a byte string",
        [ITEM_TEXT] = "a text string",  [ITEM_TEXT_START] = "a text string",
        [ITEM_ARRAY] = "an array",      [ITEM_ARRAY_START] = "an array",
        [ITEM_MAP] = "a map",           [ITEM_MAP_START] = "a map",
        [ITEM_TAG] = "a tag",           [ITEM_FLOAT] = "a float",
        [ITEM_BOOLEAN] = "a boolean",   [ITEM_NULL] = "null",
        [ITEM_UNDEFINED] = "undefined", [ITEM_BREAK] = "a break",
    };
    return names[kind];
}

/* gcc 12's analyzer takes a struct that a function returns for uninitialised. */
#pragma GCC diagnostic push
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wanalyzer-use-of-uninitialized-value"
#endif
int reader_next(struct reader *r, struct item *out, struct signet_error *err)
{
    struct item item = {0};
    size_t left = r->len - r->at;
    if (left == 0)
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: the packet ends too early", r->at);
    struct cbor_decoder_result result =
        cbor_stream_decode(r->data + r->at, left, &callbacks, &item);
    if (result.status == CBOR_DECODER_NEDATA)
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: what begins here ends after the packet",
                         r->at);
    if (result.status != CBOR_DECODER_FINISHED || result.read == 0 || result.read > left)
        return error_set(err, SIGNET_E_SYNTAX,
                         "byte %zu: 0x%02x begins no CBOR item that is in use", r->at,
                         r->data[r->at]);
    item.at = r->at;
    r->at += result.read;
    *out = item;
    return SIGNET_OK;
}
#pragma GCC diagnostic pop

bool run_begin(struct run *run, const struct item *start, bool map)
{
    run->indefinite = start->kind == (map ? ITEM_MAP_START : ITEM_ARRAY_START);
    run->left = start->number;
    return run->indefinite || start->kind == (map ? ITEM_MAP : ITEM_ARRAY);
}

int run_next(struct reader *r, struct run *run, bool *more, struct item *out,
             struct signet_error *err)
{
    *more = run->indefinite || run->left > 0;
    if (!*more)
        return SIGNET_OK;
    int code = reader_next(r, out, err);
    if (code)
        return code;
    if (out->kind == ITEM_BREAK) {
        *more = false;
        if (!run->indefinite)
            return error_set(err, SIGNET_E_SYNTAX, "byte %zu: a break where nothing is open",
                             out->at);
    } else if (!run->indefinite) {
        run->left--;
    }
    return SIGNET_OK;
}

int reader_string(struct reader *r, const struct item *start, struct buf *scratch,
                  const uint8_t **bytes, size_t *len, struct signet_error *err)
{
    enum item_kind chunk = start->kind == ITEM_TEXT_START ? ITEM_TEXT : ITEM_BYTES;
    if (start->kind == ITEM_TEXT || start->kind == ITEM_BYTES) {
        *bytes = start->bytes;
        *len = start->len;
        return SIGNET_OK;
    }
    if (start->kind != ITEM_TEXT_START && start->kind != ITEM_BYTES_START)
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: %s where a string must be", start->at,
                         item_name(start->kind));
    buf_reset(scratch);
    for (;;) {
        struct item item;
        int code = reader_next(r, &item, err);
        if (code)
            return code;
        if (item.kind == ITEM_BREAK)
            break;
        if (item.kind != chunk)
            return error_set(err, SIGNET_E_SYNTAX, "byte %zu: %s among the pieces of %s", item.at,
                             item_name(item.kind), item_name(chunk));
        buf_append(scratch, item.bytes, item.len);
    }
    *bytes = scratch->data;
    *len = scratch->len;
    return buf_check(scratch, err);
}

static int skip_run(struct reader *r, struct run *run, bool map, unsigned depth,
                    struct signet_error *err)
{
    for (;;) {
        struct item item;
        bool more;
        int code = run_next(r, run, &more, &item, err);
        if (code || !more)
            return code;
        code = reader_skip(r, &item, depth, err);
        if (!code && map) {
            code = reader_next(r, &item, err);
            if (!code)
                code = reader_skip(r, &item, depth, err);
        }
        if (code)
            return code;
    }
}

static int skip_pieces(struct reader *r, const struct item *start, struct signet_error *err)
{
    enum item_kind chunk = start->kind == ITEM_TEXT_START ? ITEM_TEXT : ITEM_BYTES;
    for (;;) {
        struct item item;
        int code = reader_next(r, &item, err);
        if (code || item.kind == ITEM_BREAK)
            return code;
        if (item.kind != chunk)
            return error_set(err, SIGNET_E_SYNTAX, "byte %zu: %s among the pieces of %s", item.at,
                             item_name(item.kind), item_name(chunk));
    }
}

int reader_skip(struct reader *r, const struct item *start, unsigned depth,
                struct signet_error *err)
{
    struct run run;
    struct item inner;
    if (depth >= READER_DEPTH_MAX)
        return error_set(err, SIGNET_E_LIMIT, "byte %zu: nested more than %d deep", start->at,
                         READER_DEPTH_MAX);
    if (run_begin(&run, start, false))
        return skip_run(r, &run, false, depth + 1, err);
    if (run_begin(&run, start, true))
        return skip_run(r, &run, true, depth + 1, err);
    switch (start->kind) {
    case ITEM_TEXT_START:
    case ITEM_BYTES_START:
        return skip_pieces(r, start, err);
    case ITEM_TAG: {
        int code = reader_next(r, &inner, err);
        return code ? code : reader_skip(r, &inner, depth + 1, err);
    }
    case ITEM_BREAK:
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: a break where nothing is open",
                         start->at);
    default:
        return SIGNET_OK;
    }
}
