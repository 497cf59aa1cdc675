/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/private.h"

#include <inttypes.h>
#include <math.h>
#include <signet/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TAG_TIME = 1, TAG_BIGNUM = 2, TAG_NEGATIVE_BIGNUM = 3 };

static int cbor_integer(const struct cbor_item *item, struct signet_value *out,
                        struct signet_error *err)
{
    bool high = item->number > INT64_MAX;
    if (item->kind == CBOR_NEGATIVE && high)
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: an integer below -2^63", item->at);
    *out = (struct signet_value){.type = high ? SIGNET_TYPE_UNSIGNED : SIGNET_TYPE_INTEGER};
    if (high)
        out->as.unsigned_integer = item->number;
    else
        out->as.integer =
            item->kind == CBOR_NEGATIVE ? -1 - (int64_t)item->number : (int64_t)item->number;
    return SIGNET_OK;
}

static int plain_number(const struct cbor_item *item, struct signet_value *out,
                        struct signet_error *err)
{
    if (item->kind == CBOR_UNSIGNED || item->kind == CBOR_NEGATIVE)
        return cbor_integer(item, out, err);
    if (item->kind != CBOR_FLOAT)
        return cbor_misplaced(item, "a number", err);
    *out = (struct signet_value){.type = SIGNET_TYPE_FLOAT, .as.number = item->real};
    return SIGNET_OK;
}

/* mantissa * 10^exponent: an integer when it is one that fits, else the nearest double. */
static int decimal_value(size_t at, int64_t exponent, int64_t mantissa, struct signet_value *out,
                         struct signet_error *err)
{
    int64_t whole = mantissa, left = exponent;
    while (left > 0 && left < 19 && !__builtin_mul_overflow(whole, 10, &whole))
        left--;
    if (left == 0 || mantissa == 0) {
        *out = (struct signet_value){.type = SIGNET_TYPE_INTEGER, .as.integer = whole};
        return SIGNET_OK;
    }
    char text[64]; /* no decimal point: strtod reads it alike in every locale */
    snprintf(text, sizeof(text), "%" PRId64 "e%" PRId64, mantissa, exponent);
    double value = strtod(text, NULL);
    if (isinf(value))
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: a decimal fraction beyond any float", at);
    *out = (struct signet_value){.type = SIGNET_TYPE_FLOAT, .as.number = value};
    return SIGNET_OK;
}

/* [exponent, mantissa], RFC 8949 section 3.4.4 */
static int decimal(struct cbor_reader *r, struct signet_value *out, struct signet_error *err)
{
    struct cbor_item start, item = {0};
    struct cbor_run run;
    struct signet_value parts[2];
    unsigned n = 0;
    bool good;
    int code = cbor_next(r, &start, err);
    if (code)
        return code;
    for (good = cbor_run_begin(&run, &start, false); good && item.kind != CBOR_BREAK;) {
        code = cbor_run_next(r, &run, &item, err);
        if (!code && item.kind != CBOR_BREAK) {
            good = n < 2 && (item.kind == CBOR_UNSIGNED || item.kind == CBOR_NEGATIVE);
            if (good)
                code = cbor_integer(&item, &parts[n++], err);
        }
        if (code)
            return code;
    }
    if (good && n == 2 && parts[0].type == SIGNET_TYPE_INTEGER &&
        parts[1].type == SIGNET_TYPE_INTEGER)
        return decimal_value(start.at, parts[0].as.integer, parts[1].as.integer, out, err);
    return error_set(err, SIGNET_E_SYNTAX,
                     "byte %zu: a decimal fraction is an array of two 64-bit integers", start.at);
}

static int time_text(struct cbor_reader *r, struct signet_value *out, struct signet_error *err)
{
    struct buf scratch = {.max = 64};
    struct cbor_item item;
    const uint8_t *text;
    size_t len;
    int64_t seconds;
    int code = cbor_next(r, &item, err);
    if (!code)
        code = cbor_string(r, &item, &scratch, &text, &len, err);
    if (!code && (item.kind == CBOR_BYTES || item.kind == CBOR_BYTES_START ||
                  !value_time(text, len, &seconds)))
        code = error_set(err, SIGNET_E_SYNTAX,
                         "byte %zu: not a date and time in whole seconds (RFC 3339)", item.at);
    if (!code)
        *out = (struct signet_value){.type = SIGNET_TYPE_INTEGER, .as.integer = seconds};
    buf_free(&scratch);
    return code;
}

int value_number(struct cbor_reader *r, const struct cbor_item *start, struct signet_value *out,
                 struct signet_error *err)
{
    struct cbor_item item;
    int code;
    if (start->kind != CBOR_TAG)
        return plain_number(start, out, err);
    switch (start->number) {
    case TAG_TIME_TEXT:
        return time_text(r, out, err);
    case TAG_TIME:
        code = cbor_next(r, &item, err);
        return code ? code : plain_number(&item, out, err);
    case TAG_DECIMAL:
        return decimal(r, out, err);
    case TAG_BIGNUM:
    case TAG_NEGATIVE_BIGNUM:
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: a bignum: LwM2M integers have 64 bits",
                         start->at);
    default:
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: tag %" PRIu64 " has no place in a packet",
                         start->at, start->number);
    }
}

static __int128 as_whole(const struct signet_value *value)
{
    return value->type == SIGNET_TYPE_INTEGER ? (__int128)value->as.integer
                                              : (__int128)value->as.unsigned_integer;
}

static double as_double(const struct signet_value *value)
{
    return value->type == SIGNET_TYPE_FLOAT ? value->as.number : (double)as_whole(value);
}

bool value_is_zero(const struct signet_value *value)
{
    return as_double(value) == 0;
}

bool value_add(struct signet_value *value, const struct signet_value *base)
{
    if (value->type == SIGNET_TYPE_FLOAT || base->type == SIGNET_TYPE_FLOAT) {
        value->as.number = as_double(value) + as_double(base);
        value->type = SIGNET_TYPE_FLOAT;
        return true;
    }
    __int128 sum = as_whole(value) + as_whole(base);
    if (sum < INT64_MIN || sum > UINT64_MAX)
        return false;
    value->type = sum > INT64_MAX ? SIGNET_TYPE_UNSIGNED : SIGNET_TYPE_INTEGER;
    if (sum > INT64_MAX)
        value->as.unsigned_integer = (uint64_t)sum;
    else
        value->as.integer = (int64_t)sum;
    return true;
}

void value_text(struct buf *out, const struct signet_value *value)
{
    char text[SIGNET_NUMBER_SIZE];
    switch (value->type) {
    case SIGNET_TYPE_INTEGER:
        buf_printf(out, "%" PRId64, value->as.integer);
        break;
    case SIGNET_TYPE_UNSIGNED:
        buf_printf(out, "%" PRIu64, value->as.unsigned_integer);
        break;
    case SIGNET_TYPE_FLOAT:
        signet_text_number(value->as.number, text);
        buf_text(out, text);
        break;
    case SIGNET_TYPE_BOOLEAN:
        buf_text(out, value->as.boolean ? "true" : "false");
        break;
    case SIGNET_TYPE_OBJLNK:
        buf_printf(out, "%u:%u", value->as.objlnk.oid, value->as.objlnk.iid);
        break;
    case SIGNET_TYPE_STRING: /* the caller's way of quoting */
    case SIGNET_TYPE_OPAQUE:
    case SIGNET_TYPE_NONE: /* no value has these types */
    case SIGNET_TYPE_TIME:
    case SIGNET_TYPE_CORELNK:
    case SIGNET_TYPE_EXECUTABLE:
        break;
    }
}

/* Up to five digits; -1: none, or an identifier that LwM2M does not have. */
static long identifier(const char **at, const char *end)
{
    long value = 0;
    int digits = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; ++*at, digits++)
        if (digits < 5)
            value = value * 10 + (**at - '0');
    return digits == 0 || digits > 5 || value >= (long)SIGNET_NO_ID ? -1 : value;
}

const char *value_path(const char *text, size_t len, struct signet_path *out)
{
    const char *at = text, *end = text + len;
    long ids[4] = {0, 0, 0, SIGNET_NO_ID};
    int n = 0;
    for (; at < end && *at == '/' && n < 4; n++) {
        at++;
        ids[n] = identifier(&at, end);
        if (ids[n] < 0)
            return "an identifier is a number from 0 to 65534";
    }
    if (at != end)
        return "a path is '/object/instance/resource' or has '/instance' behind it";
    if (n < 3)
        return "this is not the path of a resource";
    *out = (struct signet_path){(uint16_t)ids[0], (uint16_t)ids[1], (uint16_t)ids[2],
                                (uint16_t)ids[3]};
    return NULL;
}

bool value_objlink(const uint8_t *text, size_t len, struct signet_value *out)
{
    const char *at = (const char *)text, *end = at + len;
    const char *start;
    long ids[2];
    for (int i = 0; i < 2; i++) {
        /* 65535:65535 is LwM2M's null link (Core 1.2, appendix C) */
        start = at;
        ids[i] = identifier(&at, end);
        if (ids[i] < 0 && at - start == 5 && !memcmp(start, "65535", 5))
            ids[i] = SIGNET_NO_ID;
        if (ids[i] < 0 || (i == 0 && (at == end || *at++ != ':')))
            return false;
    }
    if (at != end)
        return false;
    *out = (struct signet_value){.type = SIGNET_TYPE_OBJLNK};
    out->as.objlnk.oid = (uint16_t)ids[0];
    out->as.objlnk.iid = (uint16_t)ids[1];
    return true;
}

static bool digits(const uint8_t **at, const uint8_t *end, int count, int *out)
{
    *out = 0;
    for (int i = 0; i < count; i++, ++*at) {
        if (*at == end || **at < '0' || **at > '9')
            return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

static bool sign(const uint8_t **at, const uint8_t *end, const char *set)
{
    return *at < end && **at && strchr(set, **at) && ++*at;
}

static bool zone(const uint8_t **at, const uint8_t *end, int *seconds)
{
    int hours, minutes;
    *seconds = 0;
    if (sign(at, end, "Zz"))
        return true;
    bool west = *at < end && **at == '-';
    if (!sign(at, end, "+-") || !digits(at, end, 2, &hours) || !sign(at, end, ":") ||
        !digits(at, end, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *seconds = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

bool value_time(const uint8_t *text, size_t len, int64_t *out)
{
    const uint8_t *at = text, *end = text + len;
    int year, month, day, hour, minute, second, offset;
    if (!digits(&at, end, 4, &year) || !sign(&at, end, "-") || !digits(&at, end, 2, &month) ||
        !sign(&at, end, "-") || !digits(&at, end, 2, &day) || !sign(&at, end, "Tt ") ||
        !digits(&at, end, 2, &hour) || !sign(&at, end, ":") || !digits(&at, end, 2, &minute) ||
        !sign(&at, end, ":") || !digits(&at, end, 2, &second))
        return false;
    if (sign(&at, end, ".")) /* a fraction is taken when it is zero */
        do {
            if (!sign(&at, end, "0"))
                return false;
        } while (at < end && *at >= '0' && *at <= '9');
    if (!zone(&at, end, &offset) || at != end || hour > 23 || minute > 59 || second > 60)
        return false;
    struct tm date = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    int64_t midnight = timegm(&date);
    if (date.tm_mon != month - 1 || date.tm_mday != day) /* there is no such day */
        return false;
    *out = midnight + hour * 3600 + minute * 60 + second - offset;
    return true;
}
