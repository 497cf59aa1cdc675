/* SPDX-License-Identifier: Apache-2.0 */
/* libcbor's stateless decoder calls back once per item; each callback fills the item in. */
#include "cbor/cbor.h"

#include <cbor.h>

#define CALLBACKS(ON)                                                                              \
    ON(uint8, (void *ctx, uint8_t n), .kind = CBOR_UNSIGNED, .number = n)                          \
    ON(uint16, (void *ctx, uint16_t n), .kind = CBOR_UNSIGNED, .number = n)                        \
    ON(uint32, (void *ctx, uint32_t n), .kind = CBOR_UNSIGNED, .number = n)                        \
    ON(uint64, (void *ctx, uint64_t n), .kind = CBOR_UNSIGNED, .number = n)                        \
    ON(negint8, (void *ctx, uint8_t n), .kind = CBOR_NEGATIVE, .number = n)                        \
    ON(negint16, (void *ctx, uint16_t n), .kind = CBOR_NEGATIVE, .number = n)                      \
    ON(negint32, (void *ctx, uint32_t n), .kind = CBOR_NEGATIVE, .number = n)                      \
    ON(negint64, (void *ctx, uint64_t n), .kind = CBOR_NEGATIVE, .number = n)                      \
    ON(byte_string, (void *ctx, cbor_data at, size_t n), .kind = CBOR_BYTES, .bytes = at,          \
       .len = n)                                                                                   \
    ON(byte_string_start, (void *ctx), .kind = CBOR_BYTES_START)                                   \
    ON(string, (void *ctx, cbor_data at, size_t n), .kind = CBOR_TEXT, .bytes = at, .len = n)      \
    ON(string_start, (void *ctx), .kind = CBOR_TEXT_START)                                         \
    ON(array_start, (void *ctx, size_t n), .kind = CBOR_ARRAY, .number = n)                        \
    ON(indef_array_start, (void *ctx), .kind = CBOR_ARRAY_START)                                   \
    ON(map_start, (void *ctx, size_t n), .kind = CBOR_MAP, .number = n)                            \
    ON(indef_map_start, (void *ctx), .kind = CBOR_MAP_START)                                       \
    ON(tag, (void *ctx, uint64_t n), .kind = CBOR_TAG, .number = n)                                \
    ON(float2, (void *ctx, float value), .kind = CBOR_FLOAT, .real = (double)value)                \
    ON(float4, (void *ctx, float value), .kind = CBOR_FLOAT, .real = (double)value)                \
    ON(float8, (void *ctx, double value), .kind = CBOR_FLOAT, .real = value)                       \
    ON(boolean, (void *ctx, bool value), .kind = CBOR_BOOLEAN, .boolean = value)                   \
    ON(null, (void *ctx), .kind = CBOR_NULL)                                                       \
    ON(undefined, (void *ctx), .kind = CBOR_UNDEFINED)                                             \
    ON(indef_break, (void *ctx), .kind = CBOR_BREAK)

#define FUNCTION(name, parameters, ...)                                                            \
    static void on_##name parameters                                                               \
    {                                                                                              \
        *(struct cbor_item *)ctx = (struct cbor_item){__VA_ARGS__};                                \
    }
CALLBACKS(FUNCTION)

#define MEMBER(name, parameters, ...) .name = on_##name,
static const struct cbor_callbacks callbacks = {CALLBACKS(MEMBER)};

const char *cbor_kind_name(enum cbor_kind kind)
{
    static const char *const names[] = {
        [CBOR_UNSIGNED] = "an integer", [CBOR_NEGATIVE] = "a negative integer",
        [CBOR_BYTES] = "a byte string", [CBOR_BYTES_START] = "a byte string",
        [CBOR_TEXT] = "a text string",  [CBOR_TEXT_START] = "a text string",
        [CBOR_ARRAY] = "an array",      [CBOR_ARRAY_START] = "an array",
        [CBOR_MAP] = "a map",           [CBOR_MAP_START] = "a map",
        [CBOR_TAG] = "a tag",           [CBOR_FLOAT] = "a float",
        [CBOR_BOOLEAN] = "a boolean",   [CBOR_NULL] = "null",
        [CBOR_UNDEFINED] = "undefined", [CBOR_BREAK] = "a break",
    };
    return names[kind];
}

int cbor_misplaced(const struct cbor_item *item, const char *wanted, struct signet_error *err)
{
    return error_set(err, SIGNET_E_SYNTAX, "byte %zu: %s where %s must be", item->at,
                     cbor_kind_name(item->kind), wanted);
}

int cbor_next(struct cbor_reader *r, struct cbor_item *out, struct signet_error *err)
{
    size_t left = r->len - r->at;

    if (left == 0)
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: the data ends too early", r->at);
    if (r->items == (r->items_max ? r->items_max : CBOR_ITEMS_MAX))
        return error_set(err, SIGNET_E_LIMIT, "byte %zu: more than %zu items", r->at, r->items);

    struct cbor_decoder_result result = cbor_stream_decode(r->data + r->at, left, &callbacks, out);
    if (result.status == CBOR_DECODER_NEDATA)
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: what begins here ends after the data",
                         r->at);
    if (result.status != CBOR_DECODER_FINISHED)
        return error_set(err, SIGNET_E_SYNTAX,
                         "byte %zu: 0x%02x begins no CBOR item that is in use", r->at,
                         r->data[r->at]);
    out->at = r->at;
    r->at += result.read;
    r->items++;
    return SIGNET_OK;
}

int cbor_end(const struct cbor_reader *r, struct signet_error *err)
{
    if (r->at == r->len)
        return SIGNET_OK;
    return error_set(err, SIGNET_E_SYNTAX, "byte %zu: %zu bytes follow the end", r->at,
                     r->len - r->at);
}

int cbor_enter(struct cbor_reader *r, size_t at, struct signet_error *err)
{
    unsigned most = r->depth_max ? r->depth_max : CBOR_DEPTH_MAX;

    if (r->depth == most)
        return error_set(err, SIGNET_E_LIMIT, "byte %zu: nested more than %u deep", at, most);
    r->depth++;
    return SIGNET_OK;
}

void cbor_leave(struct cbor_reader *r)
{
    r->depth--;
}

bool cbor_run_begin(struct cbor_run *run, const struct cbor_item *start, bool map)
{
    *run = (struct cbor_run){
        .left = start->number,
        .at = start->at,
        .indefinite = start->kind == (map ? CBOR_MAP_START : CBOR_ARRAY_START),
    };
    return run->indefinite || start->kind == (map ? CBOR_MAP : CBOR_ARRAY);
}

int cbor_run_next(struct cbor_reader *r, struct cbor_run *run, struct cbor_item *out,
                  struct signet_error *err)
{
    int rc = run->entered ? SIGNET_OK : cbor_enter(r, run->at, err);

    run->entered = true;
    *out = (struct cbor_item){.kind = CBOR_BREAK, .at = r->at};
    if (rc == SIGNET_OK && (run->indefinite || run->left > 0)) {
        rc = cbor_next(r, out, err);
        if (rc == SIGNET_OK && out->kind == CBOR_BREAK && !run->indefinite)
            rc = cbor_skip(r, out, err);
    }
    if (rc != SIGNET_OK)
        return rc;
    if (out->kind == CBOR_BREAK)
        cbor_leave(r);
    else
        run->left--; /* of no meaning where the run is indefinite */
    return SIGNET_OK;
}

int cbor_piece_next(struct cbor_reader *r, const struct cbor_item *start, struct cbor_item *out,
                    struct signet_error *err)
{
    enum cbor_kind kind = start->kind == CBOR_TEXT_START ? CBOR_TEXT : CBOR_BYTES;
    int rc = cbor_next(r, out, err);

    if (rc == SIGNET_OK && out->kind != kind && out->kind != CBOR_BREAK)
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: %s among the pieces of %s", out->at,
                         cbor_kind_name(out->kind), cbor_kind_name(kind));
    return rc;
}

int cbor_string(struct cbor_reader *r, const struct cbor_item *start, struct buf *scratch,
                const uint8_t **bytes, size_t *len, struct signet_error *err)
{
    struct cbor_item piece = {0};

    if (start->kind == CBOR_TEXT || start->kind == CBOR_BYTES) {
        *bytes = start->bytes;
        *len = start->len;
        return SIGNET_OK;
    }
    if (start->kind != CBOR_TEXT_START && start->kind != CBOR_BYTES_START)
        return cbor_misplaced(start, "a string", err);
    buf_reset(scratch);
    while (piece.kind != CBOR_BREAK) {
        int rc = cbor_piece_next(r, start, &piece, err);
        if (rc != SIGNET_OK)
            return rc;
        buf_append(scratch, piece.bytes, piece.len); /* of the break nothing */
    }
    *bytes = scratch->data;
    *len = scratch->len;
    return buf_check(scratch, err);
}

static int skip_run(struct cbor_reader *r, struct cbor_run *run, bool map, struct signet_error *err)
{
    for (;;) {
        struct cbor_item item;
        int rc = cbor_run_next(r, run, &item, err);
        if (rc != SIGNET_OK || item.kind == CBOR_BREAK)
            return rc;
        rc = cbor_skip(r, &item, err);
        if (rc == SIGNET_OK && map)
            rc = cbor_next(r, &item, err);
        if (rc == SIGNET_OK && map)
            rc = cbor_skip(r, &item, err);
        if (rc != SIGNET_OK)
            return rc;
    }
}

static int skip_pieces(struct cbor_reader *r, const struct cbor_item *start,
                       struct signet_error *err)
{
    struct cbor_item piece = {0};
    int rc = SIGNET_OK;

    while (rc == SIGNET_OK && piece.kind != CBOR_BREAK)
        rc = cbor_piece_next(r, start, &piece, err);
    return rc;
}

static int skip_tagged(struct cbor_reader *r, size_t at, struct signet_error *err)
{
    struct cbor_item inner;
    int rc = cbor_enter(r, at, err);

    if (rc == SIGNET_OK)
        rc = cbor_next(r, &inner, err);
    if (rc == SIGNET_OK)
        rc = cbor_skip(r, &inner, err);
    if (rc == SIGNET_OK)
        cbor_leave(r);
    return rc;
}

int cbor_skip(struct cbor_reader *r, const struct cbor_item *start, struct signet_error *err)
{
    struct cbor_run run;

    if (start->kind == CBOR_TAG)
        return skip_tagged(r, start->at, err);
    if (cbor_run_begin(&run, start, false))
        return skip_run(r, &run, false, err);
    if (cbor_run_begin(&run, start, true))
        return skip_run(r, &run, true, err);
    if (start->kind == CBOR_TEXT_START || start->kind == CBOR_BYTES_START)
        return skip_pieces(r, start, err);
    if (start->kind == CBOR_BREAK)
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: a break where nothing is open",
                         start->at);
    return SIGNET_OK;
}
