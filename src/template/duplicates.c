/* SPDX-License-Identifier: Apache-2.0 */
/* Rows with the same name, identity or key, in memory that does not depend on their number: one
 * pass over a Bloom filter finds the few hashes that may be there twice, a second one the rows that
 * have them. A hash alone accuses nobody: values are compared. */
#include "template/private.h"

#include <stdlib.h>
#include <string.h>

enum {
    BITS = 1 << 25,        /* of the filter */
    SUSPECTS = 1 << 15,    /* slots, at most three quarters of them used */
    ROWS_A_ROUND = 500000, /* so that the filter stays mostly empty */
};

struct suspect {
    uint64_t hash; /* 0: free */
    int64_t index; /* of the first row that has it; -1: not seen yet */
    uint64_t line;
};

enum value { NAME, IDENTITY, KEY, VALUES };
static const char *const value_names[] = {"endpoint", "PSK identity", "key"};

struct search {
    struct signet_units *u;
    uint8_t *filter;
    struct suspect *suspects;
    size_t count;
    uint64_t round, rounds;
    void (*on_duplicate)(void *ctx, const struct signet_error *why);
    void *ctx;
};

/* From which pieces a value comes; NULL: it cannot be there twice. */
static const struct pieces *source(const struct template *f, const struct template_account *a,
                                   enum value value)
{
    if (value == KEY)
        return a->key ? &a->key->pieces : NULL;
    if (a->identity)
        return a->mode == SIGNET_MODE_PSK ? &a->identity->pieces : NULL;
    bool is_name = f->identity.count == 1 && f->identity.list[0].kind == PIECE_ENDPOINT;
    return a->names && !is_name ? &f->identity : NULL;
}

/* The value's bytes, with its kind in front; nothing when there is none. */
static int take(struct search *s, const struct manifest_row *row, enum value value, size_t account,
                struct buf *out, struct signet_error *err)
{
    const struct names *n = &s->u->names;
    const struct template *f = &s->u->template;
    char endpoint[152];

    buf_reset(out);
    int rc = names_expand(n, row, row->index, endpoint, err);
    if (rc != SIGNET_OK)
        return rc;
    if (value == NAME) {
        if (account == 0)
            buf_printf(out, "%d%s", NAME, endpoint);
        return SIGNET_OK;
    }
    const struct placeholder_values values = {
        .row = row, .endpoint = endpoint, .serial = n->first + row->index};
    const struct pieces *from = source(f, &f->accounts[account], value);
    if (!from)
        return SIGNET_OK;
    buf_byte(out, (uint8_t)('0' + value));
    return pieces_expand(from, &values, out, NULL, err);
}

static bool filter_add(struct search *s, uint64_t hash)
{
    const uint32_t at[] = {(uint32_t)hash % BITS, (uint32_t)(hash >> 32) % BITS};
    bool there = true;

    for (int i = 0; i < 2; i++) {
        uint8_t bit = (uint8_t)(1u << (at[i] & 7));
        there = there && s->filter[at[i] >> 3] & bit;
        s->filter[at[i] >> 3] |= bit;
    }
    return there;
}

/* Its slot, or the free one where it would be. */
static struct suspect *suspect_slot(struct search *s, uint64_t hash)
{
    size_t i = (size_t)(hash >> 17) % SUSPECTS;

    while (s->suspects[i].hash && s->suspects[i].hash != hash)
        i = (i + 1) % SUSPECTS;
    return &s->suspects[i];
}

static int look(struct search *s, const struct manifest_row *row, const struct buf *value,
                uint64_t hash, struct signet_error *err)
{
    (void)row;
    (void)value;
    (void)err;
    if (!filter_add(s, hash) || s->count >= SUSPECTS / 4 * 3)
        return SIGNET_OK;
    struct suspect *slot = suspect_slot(s, hash);
    s->count += slot->hash == 0;
    *slot = (struct suspect){.hash = hash, .index = -1};
    return SIGNET_OK;
}

static void accuse(struct search *s, const struct manifest_row *row, const struct buf *value,
                   uint64_t line)
{
    const struct template *f = &s->u->template;
    enum value kind = (enum value)(value->data[0] - '0');
    struct signet_error why = {0};
    struct buf safe = {0};

    if (kind == NAME)
        text_escape(&safe, value->data + 1, value->len - 1);
    error_set(&why, SIGNET_E_CONFLICT, "%s:%llu: the %s%s%s%s is that of line %llu too",
              f->manifest, (unsigned long long)row->line, value_names[kind],
              kind == NAME ? " '" : "", safe.data ? (const char *)safe.data : "",
              kind == NAME ? "'" : "", (unsigned long long)line);
    s->on_duplicate(s->ctx, &why);
    buf_free(&safe);
}

/* Does the row that had the hash first have the value too? */
static int compare(struct search *s, const struct suspect *first, const struct buf *value,
                   bool *same, struct signet_error *err)
{
    enum value kind = (enum value)(value->data[0] - '0');
    struct manifest_row row = {0};
    struct buf other = {0};
    int rc = manifest_row(s->u->names.manifest, first->index, &row, err);

    *same = false;
    for (size_t a = 0; rc == SIGNET_OK && !*same && (a == 0 || a < s->u->template.account_count);
         a++) {
        rc = take(s, &row, kind, a, &other, err);
        *same = rc == SIGNET_OK && other.len == value->len &&
                memcmp(other.data, value->data, value->len) == 0;
    }
    buf_free(&other);
    manifest_row_free(&row);
    return rc;
}

static int judge(struct search *s, const struct manifest_row *row, const struct buf *value,
                 uint64_t hash, struct signet_error *err)
{
    struct suspect *slot = suspect_slot(s, hash);
    bool same = false;

    if (!slot->hash || slot->index == row->index)
        return SIGNET_OK;
    if (slot->index < 0) {
        slot->index = row->index;
        slot->line = row->line;
        return SIGNET_OK;
    }
    int rc = compare(s, slot, value, &same, err);
    if (rc == SIGNET_OK && same)
        accuse(s, row, value, slot->line);
    return rc;
}

typedef int visit(struct search *s, const struct manifest_row *row, const struct buf *value,
                  uint64_t hash, struct signet_error *err);

static int visit_row(struct search *s, const struct manifest_row *row, visit *each,
                     struct buf *value, struct signet_error *err)
{
    size_t accounts = s->u->template.account_count;

    for (enum value v = NAME; v < VALUES; v++)
        for (size_t a = 0; a == 0 || (v != NAME && a < accounts); a++) {
            if (v != NAME && accounts == 0)
                break;
            if (take(s, row, v, a, value, NULL) != SIGNET_OK)
                return SIGNET_OK; /* bad rows are told already */
            if (!value->len)
                continue;
            uint64_t hash = names_hash(s->u->names.seed, value->data, value->len) | 1;
            if (hash / 2 % s->rounds != s->round)
                continue;
            int rc = each(s, row, value, hash, err);
            if (rc != SIGNET_OK)
                return rc;
        }
    return SIGNET_OK;
}

static int walk(struct search *s, visit *each, struct signet_error *err)
{
    struct manifest *m = s->u->names.manifest;
    struct manifest_row row = {0};
    struct buf value = {0};
    int rc = SIGNET_OK;

    for (int64_t i = 0; rc == SIGNET_OK && i < manifest_count(m); i++) {
        rc = manifest_row(m, i, &row, err);
        if (rc == SIGNET_E_SYNTAX || rc == SIGNET_E_LIMIT)
            rc = SIGNET_OK; /* told already */
        else if (rc == SIGNET_OK)
            rc = visit_row(s, &row, each, &value, err);
    }
    buf_free(&value);
    manifest_row_free(&row);
    return rc;
}

int duplicates_find(struct signet_units *u,
                    void (*on_duplicate)(void *ctx, const struct signet_error *why), void *ctx,
                    struct signet_error *err)
{
    struct search s = {.u = u, .on_duplicate = on_duplicate, .ctx = ctx};
    int rc = SIGNET_OK;

    s.rounds = 1 + (uint64_t)manifest_count(u->names.manifest) / ROWS_A_ROUND;
    for (; rc == SIGNET_OK && s.round < s.rounds; s.round++) {
        s.count = 0;
        s.filter = calloc(1, BITS / 8);
        s.suspects = calloc(SUSPECTS, sizeof(*s.suspects));
        rc = s.filter && s.suspects ? walk(&s, look, err) : error_nomem(err);
        if (rc == SIGNET_OK && s.count > 0)
            rc = walk(&s, judge, err);
        free(s.filter);
        free(s.suspects);
    }
    return rc;
}
