/* SPDX-License-Identifier: Apache-2.0 */
/* Rows with the same name, identity or key. What the index finds by a hash is compared. */
#include "template/private.h"

static const char *const value_names[] = {"endpoint", "PSK identity", "key", "code to scan"};

/* From which pieces an account's value comes; NULL: it cannot be there twice. */
static const struct pieces *value_pieces(const struct template *t, const struct template_account *a,
                                         enum names_value kind)
{
    if (kind == NAMES_KEY)
        return a->key ? &a->key->pieces : NULL;
    if (a->identity)
        return a->mode == SIGNET_MODE_PSK ? &a->identity->pieces : NULL;
    bool is_name = t->identity.count == 1 && t->identity.list[0].kind == PIECE_ENDPOINT;
    return a->names && !is_name ? &t->identity : NULL;
}

/* The value's bytes, or none: also where they cannot be made, and try_values() says why. Of the
 * name there is one, whatever the account. Fails when memory runs out. */
static int row_value(const struct source *s, const struct manifest_row *row, enum names_value kind,
                     size_t account, struct buf *out, struct signet_error *err)
{
    char endpoint[SIGNET_ENDPOINT_SIZE];
    const struct placeholder_values values = {
        .row = row, .endpoint = endpoint, .serial = s->names.first + row->index};
    const struct pieces *from = NULL;

    size_t len;

    buf_reset(out);
    if (kind == NAMES_CODE) {
        const char *code = s->names.code ? names_code(&s->names, row, &len) : NULL;

        if (code)
            buf_append(out, code, len);
        return buf_check(out, err);
    }
    int rc = names_expand(&s->names, row, row->index, endpoint, NULL);
    if (rc == SIGNET_OK && kind == NAMES_ENDPOINT)
        buf_text(out, endpoint);
    else if (rc == SIGNET_OK)
        from = value_pieces(&s->template, &s->template.accounts[account], kind);
    if (from)
        rc = pieces_expand(from, &values, out, NULL, NULL);
    if (rc == SIGNET_E_NOMEM || out->failed)
        return error_nomem(err);
    if (rc != SIGNET_OK)
        buf_reset(out);
    return SIGNET_OK;
}

static size_t value_count(const struct source *s, enum names_value kind)
{
    return kind == NAMES_ENDPOINT || kind == NAMES_CODE ? 1 : s->template.account_count;
}

static void duplicate_error(const struct source *s, const struct manifest_row *row,
                            enum names_value kind, const struct buf *value, uint64_t line,
                            struct signet_error *why)
{
    bool shown =
        kind == NAMES_ENDPOINT || kind == NAMES_CODE; /* the others are secret, or as good as */

    error_set(why, SIGNET_E_CONFLICT, "%s:%llu: the %s%s%s%s is that of line %llu too",
              s->template.manifest, (unsigned long long)row->line, value_names[kind],
              shown ? " '" : "", shown ? text_shown(value->data, value->len, 151) : "",
              shown ? "'" : "", (unsigned long long)line);
    error_hint(why, "each device has its own: correct or take out one of the two rows");
}

/* Of code SIGNET_OK: a server may take them for one, and so may a person. */
static void alike_note(const struct source *s, const struct manifest_row *row,
                       const struct buf *value, uint64_t line, struct signet_error *why)
{
    error_set_hint(why, SIGNET_OK, "is one of the two rows a slip of the keyboard?",
                   "%s:%llu: the endpoint '%s' differs from that of line %llu in case alone",
                   s->template.manifest, (unsigned long long)row->line,
                   text_shown(value->data, value->len, 151), (unsigned long long)line);
}

static int row_has_value(const struct source *s, const struct manifest_row *row,
                         enum names_value kind, const struct buf *value, bool *same, bool *alike,
                         struct signet_error *err)
{
    struct buf other = {0};
    int rc = SIGNET_OK;

    for (size_t a = 0; rc == SIGNET_OK && !*same && a < value_count(s, kind); a++) {
        rc = row_value(s, row, kind, a, &other, err);
        bool fits = rc == SIGNET_OK && other.len == value->len;
        *same = fits && memcmp(other.data, value->data, value->len) == 0;
        *alike = fits && kind == NAMES_ENDPOINT &&
                 strncasecmp((char *)other.data, (char *)value->data, value->len) == 0;
    }
    buf_free(&other);
    return rc;
}

/* *why: the earlier row that has the value, if there is one; if not, the index takes this one, and
 * *why may be a note. */
static int check_value(struct source *s, const struct manifest_row *row, enum names_value kind,
                       const struct buf *value, struct signet_error *why, struct signet_error *err)
{
    uint64_t hash = names_hash(&s->names, kind, value->data, value->len), place;
    struct manifest_row other = {0};
    size_t probe = 0;
    bool same = false, alike = false;
    int rc = SIGNET_OK;

    while (rc == SIGNET_OK && !same && index_next(&s->names.index, hash, &probe, &place)) {
        rc = manifest_row(s->names.manifest, (int64_t)place, &other, err);
        if (rc == SIGNET_OK)
            rc = row_has_value(s, &other, kind, value, &same, &alike, err);
        if (rc == SIGNET_OK && alike && !same)
            alike_note(s, row, value, other.line, why);
    }
    if (same && other.index != row->index) /* and not another account of this one */
        duplicate_error(s, row, kind, value, other.line, why);
    manifest_row_free(&other);
    if (rc != SIGNET_OK || same)
        return rc;
    return index_add(&s->names.index, hash, (uint64_t)row->index, err);
}

int duplicates_check(struct source *s, const struct manifest_row *row,
                     void (*on_duplicate)(void *ctx, const struct signet_error *why), void *ctx,
                     struct signet_error *err)
{
    struct buf value = {0};
    int rc = SIGNET_OK;

    for (enum names_value kind = NAMES_ENDPOINT; kind < NAMES_VALUES; kind++)
        for (size_t a = 0; rc == SIGNET_OK && a < value_count(s, kind); a++) {
            struct signet_error why = {0};

            rc = row_value(s, row, kind, a, &value, err);
            if (rc == SIGNET_OK && value.len)
                rc = check_value(s, row, kind, &value, &why, err);
            if (why.msg[0])
                on_duplicate(ctx, &why);
        }
    buf_free(&value);
    return rc;
}
