/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"

#include <stdlib.h>
#include <string.h>

/* A run of addresses that data was seen for. Images come mostly in order: the last one grows. */
struct range {
    uint64_t first, last;
    size_t line;
};

struct parser {
    const char *name;
    const uint8_t *text;
    size_t len, at, line;
    size_t line_start;
    uint32_t base;  /* from record 02 or 04 */
    bool segmented; /* 02: addresses wrap inside 64 KiB */
    bool ended;
    struct range *ranges;
    size_t count, cap;
    struct signet_image image;
    const struct hex_sink *sink;
};

static int fail(const struct parser *p, size_t at, struct signet_error *err, const char *what)
{
    return error_set(err, SIGNET_E_SYNTAX, "%s:%zu:%zu: %s", p->name, p->line,
                     at - p->line_start + 1, what);
}

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int by_first(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

static int add_range(struct parser *p, uint64_t first, size_t len, struct signet_error *err)
{
    if (p->count && p->ranges[p->count - 1].last + 1 == first) {
        p->ranges[p->count - 1].last += len;
        return SIGNET_OK;
    }
    if (p->count == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 64;
        struct range *more = realloc(p->ranges, cap * sizeof(*more));
        if (!more)
            return error_nomem(err);
        p->ranges = more;
        p->cap = cap;
    }
    p->ranges[p->count++] = (struct range){first, first + len - 1, p->line};
    return SIGNET_OK;
}

static int take_piece(struct parser *p, uint32_t address, const uint8_t *data, size_t len,
                      struct signet_error *err)
{
    int code = add_range(p, address, len, err);
    if (code == SIGNET_OK && p->sink)
        code = p->sink->data(p->sink->ctx, address, data, len, err);
    p->image.size += len;
    return code;
}

static int take_data(struct parser *p, uint16_t offset, const uint8_t *data, size_t len, size_t at,
                     struct signet_error *err)
{
    if (len == 0)
        return SIGNET_OK;
    size_t first = len;
    if (p->segmented && (size_t)offset + len > 0x10000)
        first = 0x10000 - offset; /* the rest wraps to the start of the segment */
    if (!p->segmented && (uint64_t)p->base + offset + len > 0x100000000)
        return fail(p, at, err, "data goes past the end of a 32-bit address space");
    int code = take_piece(p, p->base + offset, data, first, err);
    if (code == SIGNET_OK && first < len)
        code = take_piece(p, p->base, data + first, len - first, err);
    return code;
}

static int take_address(struct parser *p, uint8_t type, uint32_t value, size_t at,
                        struct signet_error *err)
{
    if (type == 2 || type == 4) {
        p->base = type == 2 ? value << 4 : value << 16;
        p->segmented = type == 2;
        return SIGNET_OK;
    }
    if (p->image.has_start && p->image.start != value)
        return fail(p, at, err, "a second, different start address");
    p->image.has_start = true;
    p->image.start = value;
    return SIGNET_OK;
}

/* r: count, address, type, data, checksum; at: where the colon was */
static int take_record(struct parser *p, const uint8_t *r, size_t at, struct signet_error *err)
{
    static const uint8_t lengths[] = {0, 0, 2, 4, 2, 4};
    uint8_t count = r[0], type = r[3];
    if (type > 5)
        return fail(p, at + 7, err, "unknown record type; 00 to 05 are known");
    if (type != 0 && count != lengths[type])
        return fail(p, at + 1, err, "wrong length for this record type");
    uint16_t offset = (uint16_t)(r[1] << 8 | r[2]);
    if (type == 0)
        return take_data(p, offset, r + 4, count, at, err);
    if (type == 1) {
        p->ended = true;
        return SIGNET_OK;
    }
    uint32_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | r[4 + i];
    return take_address(p, type, value, at, err);
}

static int parse_record(struct parser *p, struct signet_error *err)
{
    uint8_t r[5 + 255];
    size_t at = p->at++, want = 1, sum = 0;
    for (size_t i = 0; i < want; i++) {
        int high = p->at < p->len ? digit(p->text[p->at]) : -1;
        int low = p->at + 1 < p->len && high >= 0 ? digit(p->text[p->at + 1]) : -1;
        if (high < 0 || low < 0) {
            bool cut = p->at + (high >= 0) >= p->len || p->text[p->at + (high >= 0)] == '\n' ||
                       p->text[p->at + (high >= 0)] == '\r';
            return fail(p, p->at + (high >= 0), err,
                        cut ? "the record is shorter than its length says" : "not a hex digit");
        }
        r[i] = (uint8_t)(high << 4 | low);
        sum += r[i];
        p->at += 2;
        if (i == 0)
            want = 5 + (size_t)r[0];
    }
    if (sum & 0xff)
        return fail(p, p->at - 2, err, "wrong checksum");
    return take_record(p, r, at, err);
}

static bool blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static int parse_line(struct parser *p, struct signet_error *err)
{
    p->line++;
    p->line_start = p->at;
    int code = SIGNET_OK;
    if (p->text[p->at] == ':' && !p->ended)
        code = parse_record(p, err);
    if (code)
        return code;
    while (p->at < p->len && blank(p->text[p->at]))
        p->at++;
    if (p->at == p->len)
        return SIGNET_OK;
    if (p->text[p->at] == '\n') {
        p->at++;
        return SIGNET_OK;
    }
    if (p->ended)
        return fail(p, p->at, err, "something after the end-of-file record");
    return fail(p, p->at, err,
                p->at == p->line_start ? "a record starts with ':'"
                                       : "more than the record's length");
}

/* Two records for one address: which one wins would depend on the programmer. */
static int check_overlap(struct parser *p, struct signet_error *err)
{
    if (p->count == 0)
        return error_set(err, SIGNET_E_SYNTAX, "%s: an Intel HEX file without data", p->name);
    qsort(p->ranges, p->count, sizeof(*p->ranges), by_first);
    p->image.low = (uint32_t)p->ranges[0].first;
    uint64_t last = p->ranges[0].last;
    for (size_t i = 1; i < p->count; i++) {
        const struct range *a = &p->ranges[i - 1], *b = &p->ranges[i];
        if (b->first <= last)
            return error_set(err, SIGNET_E_SYNTAX,
                             "%s:%zu: address 0x%08x has data already (records from line %zu)",
                             p->name, a->line > b->line ? a->line : b->line, (unsigned)b->first,
                             a->line > b->line ? b->line : a->line);
        last = b->last;
    }
    p->image.high = (uint32_t)last;
    return SIGNET_OK;
}

int hex_parse(struct signet_image *out, const char *name, const uint8_t *text, size_t len,
              const struct hex_sink *sink, struct signet_error *err)
{
    struct parser p = {.name = name, .text = text, .len = len, .sink = sink};
    int code = SIGNET_OK;
    p.image.format = SIGNET_IMAGE_HEX;
    while (code == SIGNET_OK && p.at < p.len)
        code = parse_line(&p, err);
    if (code == SIGNET_OK && !p.ended)
        code = error_set(err, SIGNET_E_SYNTAX,
                         "%s:%zu: no end-of-file record: the file was cut off", name, p.line);
    if (code == SIGNET_OK)
        code = check_overlap(&p, err);
    if (code == SIGNET_OK)
        *out = p.image;
    free(p.ranges);
    return code;
}
