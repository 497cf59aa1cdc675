/* SPDX-License-Identifier: Apache-2.0 */
/* Names of devices: from a manifest, from a pattern, or from the boards. */
#include "template/private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 18 };

static int compile(struct names *n, const char *pattern, struct signet_error *err)
{
    struct placeholder_names known = {.no_endpoint = true};
    size_t serials = 0, others = 0;

    if (n->manifest) {
        known.columns = manifest_columns(n->manifest, &known.count);
        known.manifest = manifest_path(n->manifest);
    }
    int rc = pieces_compile(&n->pattern, pattern, strlen(pattern), false, &known, err);
    if (rc != SIGNET_OK) {
        error_prefix(err, "names '%.80s'", pattern);
        return rc;
    }
    for (size_t i = 0; i < n->pattern.count; i++) {
        serials += n->pattern.list[i].kind == PIECE_SERIAL;
        others += n->pattern.list[i].kind == PIECE_COLUMN;
    }
    if (serials + others > 0 && (n->manifest || serials == 1))
        return SIGNET_OK;
    error_set(err, SIGNET_E_SYNTAX, "'%.80s' is not a pattern of names", pattern);
    error_hint(err, "a pattern has {serial} or {serial:06} in it once%s",
               n->manifest ? ", or a {column} of the manifest" : "");
    return SIGNET_E_SYNTAX;
}

/* With a manifest and no pattern its column "endpoint" has the names. */
static int compile_column(struct names *n, struct signet_error *err)
{
    size_t count;
    const char *const *columns = manifest_columns(n->manifest, &count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(columns[i], "endpoint") == 0)
            return compile(n, "{endpoint}", err);
    error_set(err, SIGNET_E_MEANING, "%s has no column 'endpoint', and the order no pattern",
              manifest_path(n->manifest));
    const char *near = text_nearest("endpoint", columns, count);
    if (near && strchr(near, ' '))
        error_hint(err, "its column '%s' has a blank in its name: take it out", near);
    else if (near)
        error_hint(err, "did you mean its column '%s'? names: {pattern: \"{%s}\"}", near, near);
    else
        error_hint(err, "names: {pattern: \"urn:dev:os:{%s}\"}", columns[0]);
    return SIGNET_E_MEANING;
}

int names_open(struct names *n, const struct source_options *o, struct signet_error *err)
{
    char delimiter = o->delimiter ? o->delimiter : ',';
    int rc = index_open(&n->index, err);

    n->first = o->first;
    n->from_board = o->from_board;
    if (rc != SIGNET_OK)
        return rc;
    if (!o->manifest) {
        n->count = o->pattern ? o->count : 0;
        return o->pattern ? compile(n, o->pattern, err) : SIGNET_OK;
    }
    rc = manifest_open(&n->manifest, o->manifest, delimiter, err);
    if (rc != SIGNET_OK)
        return rc;
    return o->pattern ? compile(n, o->pattern, err) : compile_column(n, err);
}

void names_close(struct names *n)
{
    manifest_close(&n->manifest);
    pieces_free(&n->pattern);
    index_free(&n->index);
}

int names_expand(const struct names *n, const struct manifest_row *row, int64_t index,
                 char endpoint[152], struct signet_error *err)
{
    const struct placeholder_values values = {.row = row, .serial = n->first + index};
    struct buf text = {0}, safe = {0};
    int rc = pieces_expand(&n->pattern, &values, &text, NULL, err);

    if (rc == SIGNET_OK)
        rc = buf_check(&text, err);
    if (rc == SIGNET_OK && !(text.len && endpoint_name_valid((const char *)text.data, text.len))) {
        text_escape(&safe, text.data, text.len < 60 ? text.len : 60);
        rc = error_set(err, SIGNET_E_SYNTAX, "'%s' is no endpoint name",
                       safe.data ? (const char *)safe.data : "");
        error_hint(err, "names have 1 to 150 letters, digits and - . _ :");
    }
    if (rc == SIGNET_OK) {
        memcpy(endpoint, text.data, text.len);
        endpoint[text.len] = '\0';
    }
    buf_free(&safe);
    buf_free(&text);
    return rc;
}

uint64_t names_hash(const struct names *n, enum names_value kind, const void *value, size_t len)
{
    return index_hash(&n->index, value, len) + (uint64_t)kind * 0x9e3779b97f4a7c15u;
}

static int none(const char *endpoint, struct signet_error *err)
{
    return error_set(err, SIGNET_E_NOT_FOUND, "the order has no device '%s'", endpoint);
}

static int is_row(struct names *n, const char *endpoint, int64_t index, struct manifest_row *row,
                  struct signet_error *err)
{
    char name[152];
    int rc = manifest_row(n->manifest, index, row, err);

    if (rc == SIGNET_OK)
        rc = names_expand(n, row, index, name, err);
    if (rc == SIGNET_OK && strcmp(name, endpoint) != 0)
        return SIGNET_E_NOT_FOUND;
    return rc;
}

static int find_row(struct names *n, const char *endpoint, struct manifest_row *row, int64_t *found,
                    struct signet_error *err)
{
    uint64_t hash = names_hash(n, NAMES_ENDPOINT, endpoint, strlen(endpoint)), place;
    size_t probe = 0;

    while (index_next(&n->index, hash, &probe, &place)) {
        int rc = is_row(n, endpoint, (int64_t)place, row, err);

        *found = (int64_t)place;
        if (rc != SIGNET_E_NOT_FOUND)
            return rc;
    }
    return none(endpoint, err);
}

/* The number in a name that a pattern made. */
static int64_t serial_of(const struct names *n, const char *endpoint)
{
    const char *at = endpoint;
    int64_t serial = -1;

    for (size_t i = 0; i < n->pattern.count; i++) {
        const struct piece *p = &n->pattern.list[i];

        if (p->kind == PIECE_LITERAL) {
            if (strncmp(at, (const char *)n->pattern.text + p->from, p->len) != 0)
                return -1;
            at += p->len;
            continue;
        }
        size_t digits = strspn(at, "0123456789");
        /* digits of the pattern itself may follow */
        size_t after = 0;
        if (i + 1 < n->pattern.count)
            while (after < n->pattern.list[i + 1].len &&
                   n->pattern.text[n->pattern.list[i + 1].from + after] >= '0' &&
                   n->pattern.text[n->pattern.list[i + 1].from + after] <= '9')
                after++;
        if (digits <= after || digits - after > DIGITS_MAX)
            return -1;
        serial = 0;
        for (size_t d = 0; d < digits - after; d++)
            serial = serial * 10 + (*at++ - '0');
    }
    return *at ? -1 : serial;
}

int names_find(struct names *n, const char *endpoint, int64_t index, struct manifest_row *row,
               int64_t *found, struct signet_error *err)
{
    char name[152];

    *found = index;
    if (n->manifest) {
        int rc = index < 0 ? SIGNET_E_NOT_FOUND : is_row(n, endpoint, index, row, err);
        return rc == SIGNET_E_NOT_FOUND ? find_row(n, endpoint, row, found, err) : rc;
    }
    if (!n->pattern.list)
        return SIGNET_OK; /* any board's name */
    int64_t serial = serial_of(n, endpoint);
    *found = serial - n->first;
    if (serial < 0 || *found < 0 || *found >= n->count ||
        names_expand(n, NULL, *found, name, NULL) != SIGNET_OK || strcmp(name, endpoint) != 0)
        return none(endpoint, err);
    return SIGNET_OK;
}
