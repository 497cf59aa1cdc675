/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/cbor.h"

#include <float.h>
#include <math.h>

/* RFC 8949 section 3: what stands in the upper three bits of an item's first byte. */
enum major {
    MAJOR_UNSIGNED = 0x00,
    MAJOR_NEGATIVE = 0x20,
    MAJOR_BYTES = 0x40,
    MAJOR_TEXT = 0x60,
    MAJOR_ARRAY = 0x80,
    MAJOR_MAP = 0xa0,
    MAJOR_SIMPLE = 0xe0,
};

size_t cbor_head_size(uint64_t value)
{
    return value < 24 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : value < 0x100000000 ? 5 : 9;
}

/* The first byte, and the value in the size - 1 bytes behind it; then `more` bytes of room, whose
 * place is returned. By hand: with libcbor's encoders a packet takes twice as long. */
static uint8_t *put_long(struct buf *b, unsigned first, uint64_t value, size_t size, size_t more)
{
    uint8_t *at = buf_extend(b, more < SIZE_MAX - size ? size + more : SIZE_MAX);

    if (!at)
        return NULL;
    *at++ = (uint8_t)first;
    for (size_t shift = 8 * (size - 1); shift > 0; shift -= 8)
        *at++ = (uint8_t)(value >> (shift - 8));
    return at;
}

static uint8_t *put_head(struct buf *b, enum major major, uint64_t value, size_t more)
{
    static const uint8_t low[] = {[2] = 24, [3] = 25, [5] = 26, [9] = 27};
    uint8_t *at;

    if (value >= 24) {
        size_t size = cbor_head_size(value);
        return put_long(b, (unsigned)major | low[size], value, size, more);
    }
    at = buf_extend(b, 1 + more);
    if (!at)
        return NULL;
    *at = (uint8_t)((unsigned)major | value);
    return at + 1;
}

static void put_bytes(struct buf *b, enum major major, const void *data, size_t len)
{
    uint8_t *at = put_head(b, major, len, len);

    if (at && len)
        memcpy(at, data, len);
}

void cbor_put_uint(struct buf *b, uint64_t value)
{
    put_head(b, MAJOR_UNSIGNED, value, 0);
}

void cbor_put_int(struct buf *b, int64_t value)
{
    if (value >= 0)
        put_head(b, MAJOR_UNSIGNED, (uint64_t)value, 0);
    else /* CBOR holds -1 - n */
        put_head(b, MAJOR_NEGATIVE, ~(uint64_t)value, 0);
}

/* False: the value does not survive as an IEEE 754 half, which has 11 significant bits, or is a
 * multiple of 2^-24. */
static bool half_bits(double value, unsigned *bits)
{
    double size = fabs(value), scaled;
    bool subnormal = size < 0x1p-14;
    int exponent = 0;

    *bits = isnan(value) ? 0x7e00 : 0x7c00; /* RFC 8949 appendix A, whatever a NaN's payload was */
    if (isinf(value) && signbit(value))
        *bits |= 0x8000;
    if (!isfinite(value))
        return true;
    scaled = subnormal ? ldexp(size, 24) : ldexp(frexp(size, &exponent), 11);
    *bits = (signbit(value) ? 0x8000 : 0) |
            (subnormal ? (unsigned)scaled
                       : (unsigned)(exponent + 14) << 10 | ((unsigned)scaled & 0x3ff));
    return size <= 65504 && scaled == trunc(scaled);
}

static bool fits_single(double value)
{
    return fabs(value) <= (double)FLT_MAX && (double)(float)value == value;
}

void cbor_put_double(struct buf *b, double value)
{
    union {
        float number;
        uint32_t bits;
    } single;
    union {
        double number;
        uint64_t bits;
    } whole = {.number = value};
    unsigned half;

    if (half_bits(value, &half)) {
        put_long(b, MAJOR_SIMPLE | 25, half, 3, 0);
    } else if (fits_single(value)) {
        single.number = (float)value;
        put_long(b, MAJOR_SIMPLE | 26, single.bits, 5, 0);
    } else {
        put_long(b, MAJOR_SIMPLE | 27, whole.bits, 9, 0);
    }
}

void cbor_put_bool(struct buf *b, bool value)
{
    put_head(b, MAJOR_SIMPLE, value ? 21 : 20, 0);
}

void cbor_put_bytes(struct buf *b, const void *data, size_t len)
{
    put_bytes(b, MAJOR_BYTES, data, len);
}

void cbor_put_text(struct buf *b, const char *text)
{
    put_bytes(b, MAJOR_TEXT, text, strlen(text));
}

void cbor_put_text_n(struct buf *b, const void *text, size_t len)
{
    put_bytes(b, MAJOR_TEXT, text, len);
}

void cbor_put_array(struct buf *b, size_t count)
{
    put_head(b, MAJOR_ARRAY, count, 0);
}

void cbor_put_map(struct buf *b, size_t pairs)
{
    put_head(b, MAJOR_MAP, pairs, 0);
}
