/* SPDX-License-Identifier: Apache-2.0 */
/* Text that a person, a hook, the ledger or a file will see has no live secret in it, however it is
 * spelled. Secrets are not encoded; the text is decoded in every way, and bytes of a secret are
 * looked for in what comes out. So a part of a secret is found as well. */
#include "base/base.h"

enum {
    CHUNK = 2048,     /* bytes of a text that are looked at together */
    OVERLAP = 1024,   /* of two chunks */
    BLOCK = LIVE_MIN, /* bytes of a secret that are looked up at once: as many as a uint32_t has */
    BLOCKS = 2048,    /* that are looked for in a turn */
    HEADS = 1024,
    LEVELS = 3, /* the text, decoded once, decoded twice */
};

/* Bytes that a text may stand for, and where in the text each one is. */
struct view {
    size_t n;
    uint8_t bytes[CHUNK];
    uint16_t from[CHUNK], to[CHUNK];
};

/* At a place of a secret that is read forwards or backwards. */
struct secret_block {
    const struct live *of;
    size_t at;
    bool reversed;
    uint16_t next;
};

struct search {
    struct view views[LEVELS], digits[LEVELS]; /* and what digits are in each */
    uint16_t heads[HEADS];                     /* the blocks with a hash, plus 1 */
    struct secret_block blocks[BLOCKS];
    bool hidden[CHUNK];
    const struct live *lives; /* and at: what is not among the blocks yet */
    size_t at;
    size_t least; /* bytes in a row that are a part of any secret */
};

static void put(struct view *out, unsigned byte, const struct view *in, size_t first, size_t last)
{
    out->bytes[out->n] = (uint8_t)byte;
    out->from[out->n] = in->from[first] < in->from[last] ? in->from[first] : in->from[last];
    out->to[out->n] = in->to[first] > in->to[last] ? in->to[first] : in->to[last];
    out->n++;
}

/* What may stand in a text in place of a byte. Out is never longer than in; empty: nothing new. */
struct decoder {
    void (*run)(const struct view *in, struct view *out, const struct decoder *how);
    bool second; /* used also on what others of this kind made */
    const uint8_t *digits;
    unsigned bits;    /* of a digit */
    unsigned offsets; /* at which digit a secret may begin */
    unsigned base;    /* of a number */
    bool negative;    /* numbers too */
    unsigned most;    /* bytes that 8 bytes of text stand for */
};

/* The value of each digit, and 1 more: 0 is none. */
typedef uint8_t digit_values[256];

/* clang-format off */
#define TO_9(zero) zero, zero + 1, zero + 2, zero + 3, zero + 4, zero + 5, zero + 6, zero + 7, \
                   zero + 8, zero + 9
#define TO_F(a) a, a + 1, a + 2, a + 3, a + 4, a + 5
#define TO_Z(a) TO_9(a), TO_9(a + 10), TO_F(a + 20)
static const digit_values digits_16 = {['0'] = TO_9(1), ['A'] = TO_F(11), ['a'] = TO_F(11)};
static const digit_values digits_10 = {['0'] = TO_9(1)};
static const digit_values digits_8 = {['0'] = 1, 2, 3, 4, 5, 6, 7, 8};
static const digit_values digits_32 = {['A'] = TO_Z(1), ['a'] = TO_Z(1), ['2'] = TO_F(27)};
static const digit_values digits_64 = {['A'] = TO_Z(1), ['a'] = TO_Z(27), ['0'] = TO_9(53),
                                 ['+'] = 63, ['-'] = 63, ['/'] = 64, ['_'] = 64};
/* clang-format on */

static int byte_at(const struct view *in, size_t i)
{
    return i < in->n ? in->bytes[i] : -1;
}

static bool is_prefix(const struct view *in, size_t i)
{
    return byte_at(in, i) == '0' && (byte_at(in, i + 1) | 0x20) == 'x';
}

/* The digits of hex, base32 or base64, whatever else stands between them. */
static void take_digits(const struct view *in, struct view *out, const struct decoder *how)
{
    for (size_t i = 0; i < in->n; i++) {
        unsigned digit = how->digits[in->bytes[i]];

        if (digit && !(how->bits == 4 && is_prefix(in, i)))
            put(out, digit - 1, in, i, i);
    }
}

/* The bytes that digits stand for, from digit first on. */
static void join_digits(const struct view *in, struct view *out, unsigned bits, size_t first)
{
    unsigned held = 0, have = 0;

    for (size_t i = first, start = first; i < in->n; i++) {
        start = have ? start : i;
        held = (held << bits | in->bytes[i]) & 0xffff;
        have += bits;
        if (have < 8)
            continue;
        have -= 8;
        put(out, held >> have & 0xff, in, start, i);
        start = i;
    }
}

/* "[26, 43]", "0x1a, 0x2b", "32 53": a number a byte; with the sign of Java's bytes or without. */
static void decode_numbers(const struct view *in, struct view *out, const struct decoder *how)
{
    for (size_t i = 0, start; i < in->n; i++) {
        unsigned value = 0, base = how->base;

        if (base == 16 && is_prefix(in, i)) {
            i++;
            continue;
        }
        for (start = i; i < in->n && how->digits[in->bytes[i]]; i++)
            value = value > 255 ? value : value * base + how->digits[in->bytes[i]] - 1;
        if (i == start || value > 255)
            continue;
        if (how->negative && start && in->bytes[start - 1] == '-')
            value = (0x100 - value) & 0xff;
        put(out, value, in, start, i - 1);
    }
}

static bool is_space(uint8_t c)
{
    return c <= ' ';
}

static inline bool holds(const struct view *in, bool (*wanted)(uint8_t))
{
    size_t i = 0;

    while (i < in->n && !wanted(in->bytes[i]))
        i++;
    return i < in->n;
}

/* Without blanks, NULs and whatever else is no character. */
static void decode_tight(const struct view *in, struct view *out, const struct decoder *how)
{
    (void)how;
    if (!holds(in, is_space))
        return;
    for (size_t i = 0; i < in->n; i++)
        if (!is_space(in->bytes[i]))
            put(out, in->bytes[i], in, i, i);
}

/* Up to max digits at i; their count. */
static size_t escape_number(const struct view *in, size_t i, size_t max, unsigned base,
                            unsigned *value)
{
    size_t n = 0;

    *value = 0;
    for (unsigned digit; n < max && i + n < in->n; n++) {
        digit = digits_16[in->bytes[i + n]];
        if (!digit || digit > base)
            break;
        *value = *value * base + digit - 1;
    }
    return n;
}

static const char *const entities[] = {"&amp;", "&lt;<", "&gt;>", "&quot;\"", "&apos;'"};

static bool begins_escape(uint8_t c)
{
    return c == '%' || c == '\\' || c == '&' || (c & 0xfe) == 0xc2;
}

/* "%2B", "\x2b", "\u002b", "\053", "&#43;", "&#x2b;", a byte as UTF-8. Its length, or 0. */
static size_t read_escape(const struct view *in, size_t i, unsigned *value)
{
    int c = byte_at(in, i), next = byte_at(in, i + 1);
    static const char letters[] = "n\nr\rt\tb\bf\f\"\"''\\\\//";
    size_t n;

    if (c == '%')
        return escape_number(in, i + 1, 2, 16, value) == 2 ? 3 : 0;
    if ((c & 0xfe) == 0xc2 && (next & 0xc0) == 0x80)
        return *value = (unsigned)((c & 3) << 6 | (next & 0x3f)), 2;
    if (c == '\\' && (next | 0x20) == 'x')
        return (n = escape_number(in, i + 2, 2, 16, value)) ? n + 2 : 0;
    if (c == '\\' && (next | 0x20) == 'u')
        return (n = escape_number(in, i + 2, 4, 16, value)) == 4 ? n + 2 : 0;
    if (c == '\\' && (n = escape_number(in, i + 1, 3, 8, value)))
        return n + 1;
    for (n = 0; c == '\\' && letters[n]; n += 2)
        if (letters[n] == next)
            return *value = (unsigned char)letters[n + 1], 2;
    if (c != '&' || next != '#')
        return 0;
    bool hex = (byte_at(in, i + 2) | 0x20) == 'x';
    n = escape_number(in, i + 2 + hex, 7, hex ? 16 : 10, value);
    return n ? 2 + hex + n + (byte_at(in, i + 2 + hex + n) == ';') : 0;
}

static size_t read_entity(const struct view *in, size_t i, unsigned *value)
{
    for (size_t k = 0; k < COUNT_OF(entities); k++) {
        size_t len = strcspn(entities[k], ";") + 1;

        if (len <= in->n - i && memcmp(in->bytes + i, entities[k], len) == 0)
            return *value = entities[k][len] ? (unsigned char)entities[k][len] : '&', len;
    }
    return 0;
}

static void decode_escapes(const struct view *in, struct view *out, const struct decoder *how)
{
    bool any = false;

    (void)how;
    if (!holds(in, begins_escape))
        return;
    for (size_t i = 0, len; i < in->n; i += len) {
        unsigned value = 0;

        len = begins_escape(in->bytes[i]) ? read_escape(in, i, &value) : 0;
        if (!len && in->bytes[i] == '&')
            len = read_entity(in, i, &value);
        any = any || len;
        if (len && value <= 255)
            put(out, value, in, i, i + len - 1);
        else if (!len)
            put(out, in->bytes[i], in, i, i);
        len = len ? len : 1;
    }
    out->n = any ? out->n : 0;
}

static const struct decoder decoders[] = {
    {decode_escapes, .second = true, .most = 8},
    {decode_tight, .second = false, .most = 8},
    {take_digits, true, digits_16, .bits = 4, .offsets = 2, .most = 4},
    {take_digits, true, digits_64, .bits = 6, .offsets = 4, .most = 6},
    {take_digits, false, digits_32, .bits = 5, .offsets = 8, .most = 5},
    {decode_numbers, false, digits_16, .base = 16, .most = 4}, /* something stands between two */
    {decode_numbers, false, digits_10, .base = 10, .most = 4},
    {decode_numbers, false, digits_10, .base = 10, .negative = true, .most = 4},
    {decode_numbers, false, digits_8, .base = 8, .most = 4},
};

static uint8_t fold(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 0x20) : c;
}

/* Of the last BLOCK bytes: the same for letters of both cases. */
static size_t block_hash(uint32_t bytes)
{
    return (bytes | 0x20202020) * UINT32_C(2654435761) >> 22; /* below HEADS */
}

static uint32_t first_bytes(const struct secret_block *b)
{
    const uint8_t *at = b->of->data + (b->reversed ? b->of->len - BLOCK - b->at : b->at);
    uint32_t bytes = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];

    return b->reversed ? __builtin_bswap32(bytes) : bytes;
}

static uint8_t secret_byte(const struct live *s, size_t i, bool reversed)
{
    return fold(s->data[reversed ? s->len - 1 - i : i]);
}

/* So many bytes in a row are a part of a secret, and no chance. At least BLOCK. */
static size_t enough(const struct live *s)
{
    return s->len < 8 ? s->len : s->len < 16 ? 8 : s->len < 32 ? s->len / 2 : 16;
}

/* What may be the same before a block: more of it is around another one. After it: enough(). */
static size_t enough_before(const struct live *s)
{
    return enough(s) - BLOCK;
}

/* The byte at secret_at is that at view_at: hides what is the same around it. */
static void hide_around(struct search *g, const struct view *v, size_t view_at,
                        const struct live *s, size_t secret_at, bool reversed)
{
    const size_t most_before = enough_before(s), most_after = enough(s);
    size_t before = 0, after = 0;

    while (before < most_before && before < view_at && before < secret_at &&
           fold(v->bytes[view_at - before - 1]) == secret_byte(s, secret_at - before - 1, reversed))
        before++;
    while (after < most_after && view_at + after < v->n && secret_at + after < s->len &&
           fold(v->bytes[view_at + after]) == secret_byte(s, secret_at + after, reversed))
        after++;
    if (before + after < enough(s))
        return;
    for (size_t i = view_at - before; i < view_at + after; i++)
        memset(g->hidden + v->from[i], true, (size_t)(v->to[i] - v->from[i]));
    for (size_t i = view_at - before + 1; i < view_at + after; i++) { /* and what is between */
        size_t from = v->to[i - 1] < v->to[i] ? v->to[i - 1] : v->to[i];
        size_t to = v->from[i - 1] > v->from[i] ? v->from[i - 1] : v->from[i];

        if (from < to)
            memset(g->hidden + from, true, to - from);
    }
}

/* One block finds all that the other would, as in a secret that repeats itself. */
static bool same_around(const struct secret_block *a, const struct secret_block *b)
{
    const size_t before = enough_before(a->of), after = enough(a->of);
    bool same = a->of == b->of && a->reversed == b->reversed && a->at >= before &&
                b->at >= before && a->at + after <= a->of->len && b->at + after <= b->of->len;

    for (size_t k = 0; same && k < before + after; k++)
        same = secret_byte(a->of, a->at - before + k, a->reversed) ==
               secret_byte(b->of, b->at - before + k, b->reversed);
    return same;
}

/* The blocks that there are then. */
static size_t add_block(struct search *g, size_t n, struct secret_block b)
{
    size_t head = block_hash(first_bytes(&b));

    for (size_t i = g->heads[head]; i; i = g->blocks[i - 1].next)
        if (same_around(&g->blocks[i - 1], &b))
            return n;
    b.next = g->heads[head];
    g->blocks[n] = b;
    g->heads[head] = (uint16_t)(n + 1);
    return n + 1;
}

/* As many blocks of the secrets as there is room for; the rest is for another turn. They lie so
 * that enough() bytes in a row have a whole one. */
static void index_secrets(struct search *g)
{
    size_t n = 0;

    memset(g->heads, 0, sizeof(g->heads));
    while (g->lives && n + 2 <= BLOCKS) {
        if (g->at + BLOCK > g->lives->len) {
            g->lives = g->lives->next;
            g->at = 0;
            continue;
        }
        n = add_block(g, n, (struct secret_block){g->lives, g->at, false, 0});
        n = add_block(g, n, (struct secret_block){g->lives, g->at, true, 0});
        g->at += enough(g->lives) - BLOCK + 1;
    }
}

static void search_level(struct search *g, size_t level)
{
    const struct view *v = &g->views[level];
    uint32_t bytes = 0;

    for (size_t at = 0; at < v->n; at++) {
        bytes = bytes << 8 | v->bytes[at];
        for (size_t i = g->heads[block_hash(bytes)]; at + 1 >= BLOCK && i;
             i = g->blocks[i - 1].next) {
            const struct secret_block *b = &g->blocks[i - 1];

            hide_around(g, v, at + 1 - BLOCK, b->of, b->at, b->reversed);
        }
    }
}

static void search_decoded(struct search *g, size_t level, bool again);

/* What a decoder made is looked at, and what others make of it. */
static void look_at_decoded(struct search *g, size_t level, bool again)
{
    if (g->views[level].n < g->least) /* nor does what others make of it have more */
        return;
    search_level(g, level);
    if (again && level + 1 < LEVELS)
        search_decoded(g, level, true);
}

static void run_decoder(struct search *g, size_t level, const struct decoder *d)
{
    struct view *digits = &g->digits[level], *out = &g->views[level + 1];

    out->n = digits->n = 0;
    d->run(&g->views[level], d->offsets ? digits : out, d);
    if (!d->offsets)
        look_at_decoded(g, level + 1, d->second);
    for (size_t i = 0; i < d->offsets && digits->n * d->bits >= g->least * 8 + i * d->bits;
         i++, out->n = 0) {
        join_digits(digits, out, d->bits, i);
        look_at_decoded(g, level + 1, d->second);
    }
}

static void search_decoded(struct search *g, size_t level, bool again)
{
    size_t len = g->views[level].n;

    for (size_t i = 0; i < COUNT_OF(decoders); i++)
        if ((!again || decoders[i].second) && (len + 1) * decoders[i].most >= g->least * 8)
            run_decoder(g, level, &decoders[i]);
}

static void look_both_ways(struct search *g, const char *text, size_t len)
{
    struct view *v = &g->views[0];

    for (int backwards = 0; backwards < 2; backwards++) {
        v->n = len;
        for (size_t i = 0; i < len; i++) {
            size_t at = backwards ? len - 1 - i : i;

            v->bytes[i] = (uint8_t)text[at];
            v->from[i] = (uint16_t)at;
            v->to[i] = (uint16_t)(at + 1);
        }
        search_level(g, 0);
        search_decoded(g, 0, false);
    }
}

static size_t least_of(const struct live *lives)
{
    size_t least = SIZE_MAX;

    for (const struct live *s = lives; s; s = s->next)
        least = enough(s) < least ? enough(s) : least;
    return least;
}

static void mark_chunk(struct search *g, const struct live *lives, const char *text, size_t len)
{
    g->lives = lives;
    g->at = 0;
    while (g->lives) {
        index_secrets(g);
        look_both_ways(g, text, len);
    }
}

static void put_stars(const struct search *g, char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        text[i] = g->hidden[i] ? '*' : text[i];
}

/* No view has more bytes than the text. The rest of it are places. */
static void wipe_search(struct search *g, size_t len)
{
    for (size_t i = 0; i < LEVELS; i++) {
        explicit_bzero(g->views[i].bytes, len);
        explicit_bzero(g->digits[i].bytes, len);
    }
    explicit_bzero(g->heads, sizeof(g->heads));
}

/* Not inline: only texts that can have a secret need so much of a stack. */
__attribute__((noinline)) static void mask_all(const struct live *lives, size_t least, char *text,
                                               size_t len)
{
    __attribute__((
        uninitialized)) struct search g; /* 120 KiB, each part written before it is read */
    size_t most = len < CHUNK ? len : CHUNK, done = CHUNK - OVERLAP;

    g.least = least;
    memset(g.hidden, false, most);
    for (; len > CHUNK; text += done, len -= done) {
        mark_chunk(&g, lives, text, CHUNK);
        put_stars(&g, text, done);
        /* no stars in the rest yet, since a secret may go on behind the chunk: its marks stay */
        memmove(g.hidden, g.hidden + done, sizeof(g.hidden) - done);
        memset(g.hidden + sizeof(g.hidden) - done, false, done);
    }
    mark_chunk(&g, lives, text, len);
    put_stars(&g, text, len);
    wipe_search(&g, most);
}

void secret_mask(char *text, size_t len)
{
    struct live_copy copy;
    const struct live *lives = live_look(&copy);
    size_t least = least_of(lives);

    if (len >= least)
        mask_all(lives, least, text, len);
    live_looked(lives, &copy);
}
