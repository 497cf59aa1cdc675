/* SPDX-License-Identifier: Apache-2.0 */
#include "smp/smp.h"

#include <cbor.h>
#include <string.h>

size_t message_head_size(uint64_t value)
{
    return value < 24 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : value < 0x100000000 ? 5 : 9;
}

static void head(struct buf *b, size_t (*encode)(size_t, unsigned char *, size_t), size_t value)
{
    unsigned char bytes[9];

    buf_append(b, bytes, encode(value, bytes, sizeof bytes));
}

void message_map(struct buf *b, size_t pairs)
{
    head(b, cbor_encode_map_start, pairs);
}

void message_array(struct buf *b, size_t count)
{
    head(b, cbor_encode_array_start, count);
}

void message_text(struct buf *b, const char *text)
{
    message_text_n(b, text, strlen(text));
}

void message_text_n(struct buf *b, const void *text, size_t len)
{
    head(b, cbor_encode_string_start, len);
    buf_append(b, text, len);
}

void message_uint(struct buf *b, uint64_t value)
{
    unsigned char bytes[9];

    buf_append(b, bytes, cbor_encode_uint(value, bytes, sizeof bytes));
}

void message_bytes(struct buf *b, const void *data, size_t len)
{
    head(b, cbor_encode_bytestring_start, len);
    buf_append(b, data, len);
}

/* Where the decoder stands: one level for each open map or array. */
struct level {
    bool map, indefinite;
    uint64_t left; /* items to come: a pair is two */
    int owner;     /* the item whose value this is */
};
struct decoder {
    struct smp_answer *answer;
    struct level levels[SMP_DEPTH_MAX];
    size_t depth;
    bool have_key, failed, done;
    const uint8_t *key;
    size_t key_len;
};

static void fail(struct decoder *d)
{
    d->failed = true;
}

/* A whole item (a closed map counts as one) was taken: close what is full now. */
static void item_ended(struct decoder *d)
{
    while (d->depth) {
        struct level *level = &d->levels[d->depth - 1];

        if (level->indefinite || --level->left)
            return;
        d->depth--;
    }
    d->done = true;
}

/* Stores a value under the key that waits for it; array elements have no key. Returns the item's
 * index, or -1. */
static int value(struct decoder *d, enum smp_kind kind, uint64_t number, const uint8_t *data,
                 size_t len)
{
    struct level *level = d->depth ? &d->levels[d->depth - 1] : NULL;
    struct smp_item *item;

    if (d->done || !level) {
        fail(d); /* an answer is a map */
        return -1;
    }
    if (level->map && !d->have_key) {
        if (kind != SMP_TEXT) {
            fail(d);
            return -1;
        }
        d->key = data;
        d->key_len = len;
        d->have_key = true;
        return -1;
    }
    if (d->answer->count == SMP_ITEMS_MAX) {
        fail(d);
        return -1;
    }
    item = &d->answer->items[d->answer->count++];
    *item = (struct smp_item){NULL, 0, level->owner, kind, number, data, len};
    if (level->map) {
        item->key = d->key;
        item->key_len = d->key_len;
        d->have_key = false;
    }
    return (int)d->answer->count - 1;
}

static void scalar(struct decoder *d, enum smp_kind kind, uint64_t number, const uint8_t *data,
                   size_t len)
{
    value(d, kind, number, data, len);
    if (!d->failed)
        item_ended(d);
}

static void open_level(struct decoder *d, bool map, bool indefinite, uint64_t items)
{
    int owner = -1;

    if (d->depth) {
        if (d->levels[d->depth - 1].map && !d->have_key) {
            fail(d);
            return;
        }
        owner = value(d, map ? SMP_MAP : SMP_ARRAY, 0, NULL, 0);
    } else if (d->done || !map) {
        fail(d);
    }
    if (d->failed || d->depth == SMP_DEPTH_MAX) {
        fail(d);
        return;
    }
    if (!indefinite && !items) {
        item_ended(d);
        return;
    }
    /* Pairs inside an array have no item to belong to: -2 keeps them apart from the top. */
    d->levels[d->depth] =
        (struct level){map, indefinite, items, d->depth && owner < 0 ? -2 : owner};
    d->depth++;
}

static void on_uint8(void *ctx, uint8_t v)
{
    scalar(ctx, SMP_INT, v, NULL, 0);
}
static void on_uint16(void *ctx, uint16_t v)
{
    scalar(ctx, SMP_INT, v, NULL, 0);
}
static void on_uint32(void *ctx, uint32_t v)
{
    scalar(ctx, SMP_INT, v, NULL, 0);
}
static void on_uint64(void *ctx, uint64_t v)
{
    scalar(ctx, SMP_INT, v, NULL, 0);
}
static void on_neg8(void *ctx, uint8_t v)
{
    scalar(ctx, SMP_NEGATIVE, v, NULL, 0);
}
static void on_neg16(void *ctx, uint16_t v)
{
    scalar(ctx, SMP_NEGATIVE, v, NULL, 0);
}
static void on_neg32(void *ctx, uint32_t v)
{
    scalar(ctx, SMP_NEGATIVE, v, NULL, 0);
}
static void on_neg64(void *ctx, uint64_t v)
{
    scalar(ctx, SMP_NEGATIVE, v, NULL, 0);
}
static void on_bytes(void *ctx, cbor_data data, size_t len)
{
    scalar(ctx, SMP_BYTES, 0, data, len);
}
static void on_text(void *ctx, cbor_data data, size_t len)
{
    scalar(ctx, SMP_TEXT, 0, data, len);
}
static void on_array(void *ctx, size_t count)
{
    open_level(ctx, false, false, count);
}
static void on_array_open(void *ctx)
{
    open_level(ctx, false, true, 0);
}
static void on_map(void *ctx, size_t count)
{
    if (count > SIZE_MAX / 2)
        fail(ctx);
    else
        open_level(ctx, true, false, (uint64_t)count * 2);
}
static void on_map_open(void *ctx)
{
    open_level(ctx, true, true, 0);
}
static void on_bool(void *ctx, bool v)
{
    scalar(ctx, SMP_OTHER, v, NULL, 0);
}
static void on_null(void *ctx)
{
    scalar(ctx, SMP_OTHER, 0, NULL, 0);
}
static void on_float(void *ctx, float v)
{
    (void)v;
    scalar(ctx, SMP_OTHER, 0, NULL, 0);
}
static void on_double(void *ctx, double v)
{
    (void)v;
    scalar(ctx, SMP_OTHER, 0, NULL, 0);
}
/* No SMP server cuts strings or tags values. */
static void refuse_open(void *ctx)
{
    fail(ctx);
}
static void refuse_tag(void *ctx, uint64_t v)
{
    (void)v;
    fail(ctx);
}
static void on_break(void *ctx)
{
    struct decoder *d = ctx;
    struct level *level = d->depth ? &d->levels[d->depth - 1] : NULL;

    if (!level || !level->indefinite || (level->map && d->have_key)) {
        fail(d);
        return;
    }
    d->depth--;
    item_ended(d);
}

static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint8 = on_neg8,
    .negint16 = on_neg16,
    .negint32 = on_neg32,
    .negint64 = on_neg64,
    .byte_string = on_bytes,
    .byte_string_start = refuse_open,
    .string = on_text,
    .string_start = refuse_open,
    .array_start = on_array,
    .indef_array_start = on_array_open,
    .map_start = on_map,
    .indef_map_start = on_map_open,
    .tag = refuse_tag,
    .float2 = on_float,
    .float4 = on_float,
    .float8 = on_double,
    .undefined = on_null,
    .null = on_null,
    .boolean = on_bool,
    .indef_break = on_break,
};

bool smp_answer_decode(struct smp_answer *answer, const uint8_t *data, size_t len)
{
    struct decoder d = {.answer = answer};
    size_t at = 0;

    answer->count = 0;
    while (at < len && !d.failed) {
        struct cbor_decoder_result result = cbor_stream_decode(data + at, len - at, &callbacks, &d);

        if (result.status != CBOR_DECODER_FINISHED || !result.read)
            return false;
        at += result.read;
    }
    return d.done && !d.failed;
}

const struct smp_item *smp_answer_get(const struct smp_answer *answer, int parent, const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < answer->count; i++) {
        const struct smp_item *item = &answer->items[i];

        if (item->parent == parent && item->key_len == len && memcmp(item->key, key, len) == 0)
            return item;
    }
    return NULL;
}

const struct smp_item *smp_answer_want(const struct smp_answer *answer, const char *key,
                                       enum smp_kind kind)
{
    const struct smp_item *item = smp_answer_get(answer, -1, key);

    return item && item->kind == kind ? item : NULL;
}
