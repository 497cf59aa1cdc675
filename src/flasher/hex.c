/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <ctype.h>
#include <stdlib.h>

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
    size_t count;
    struct signet_image image;
};

static int hex_fail(const struct parser *p, size_t at, struct signet_error *err, const char *what)
{
    const struct text_source source = {p->name, (const char *)p->text, p->len, text_hide_secrets,
                                       NULL};

    return error_at(err, SIGNET_E_SYNTAX, &source, at, "%s", what);
}

static int by_first(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* len bytes of data from first on. */
static int add_range(struct parser *p, uint64_t first, size_t len, struct signet_error *err)
{
    p->image.size += len;
    if (p->count && p->ranges[p->count - 1].last + 1 == first) {
        p->ranges[p->count - 1].last += len;
        return SIGNET_OK;
    }
    if (list_room(p->ranges, p->count, err) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    p->ranges[p->count++] = (struct range){first, first + len - 1, p->line};
    return SIGNET_OK;
}

static int take_data(struct parser *p, uint16_t offset, size_t len, size_t at,
                     struct signet_error *err)
{
    if (len == 0)
        return SIGNET_OK;
    size_t first = len;
    if (p->segmented && (size_t)offset + len > 0x10000)
        first = 0x10000 - offset; /* the rest wraps to the start of the segment */
    if (!p->segmented && (uint64_t)p->base + offset + len > 0x100000000)
        return hex_fail(p, at, err, "data goes past the end of a 32-bit address space");
    int code = add_range(p, (uint32_t)(p->base + offset), first, err);
    if (code == SIGNET_OK && first < len)
        code = add_range(p, p->base, len - first, err);
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
        return hex_fail(p, at, err, "a second, different start address");
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
        return hex_fail(p, at + 7, err, "unknown record type; 00 to 05 are known");
    if (type != 0 && count != lengths[type])
        return hex_fail(p, at + 1, err, "wrong length for this record type");
    uint16_t offset = (uint16_t)(r[1] << 8 | r[2]);
    if (type == 0)
        return take_data(p, offset, count, at, err);
    if (type == 1) {
        p->ended = true;
        return SIGNET_OK;
    }
    uint32_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | r[4 + i];
    return take_address(p, type, value, at, err);
}

static int not_hex(const struct parser *p, struct signet_error *err)
{
    size_t at = p->at;
    if (at < p->len && isxdigit(p->text[at]))
        at++;
    bool cut = at >= p->len || p->text[at] == '\n' || p->text[at] == '\r';
    return hex_fail(p, at, err,
                    cut ? "the record is shorter than its length says" : "not a hex digit");
}

static int parse_record(struct parser *p, struct signet_error *err)
{
    uint8_t r[5 + 255];
    size_t at = p->at++, want = 1, sum = 0;
    for (size_t i = 0; i < want; i++) {
        if (p->len - p->at < 2 || hex_decode((const char *)p->text + p->at, 2, &r[i], 1) != 1)
            return not_hex(p, err);
        sum += r[i];
        p->at += 2;
        if (i == 0)
            want = 5 + (size_t)r[0];
    }
    if (sum & 0xff)
        return hex_fail(p, p->at - 2, err, "wrong checksum");
    return take_record(p, r, at, err);
}

static int parse_line(struct parser *p, struct signet_error *err)
{
    p->line++;
    p->line_start = p->at;
    int code = p->text[p->at] == ':' && !p->ended ? parse_record(p, err) : SIGNET_OK;
    if (code)
        return code;
    while (p->at < p->len && char_in(p->text[p->at], " \t\r"))
        p->at++;
    if (p->at == p->len || p->text[p->at++] == '\n')
        return SIGNET_OK;
    return hex_fail(p, p->at - 1, err,
                    p->ended                     ? "something after the end-of-file record"
                    : p->at - 1 == p->line_start ? "a record starts with ':'"
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
              struct signet_error *err)
{
    struct parser p = {.name = name, .text = text, .len = len};
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
