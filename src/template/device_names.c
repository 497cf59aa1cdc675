/* SPDX-License-Identifier: Apache-2.0 */
/* Names of devices: from a manifest, from a pattern, or from the boards. */
#include "template/private.h"

#include <ctype.h>

enum { DIGITS_MAX = 18 };

struct placeholder_names names_known(const struct names *n, bool no_endpoint, bool no_serial)
{
    struct placeholder_names known = {.no_endpoint = no_endpoint, .no_serial = no_serial};

    if (n->manifest) {
        known.columns = manifest_columns(n->manifest, &known.count);
        known.manifest = manifest_path(n->manifest);
    }
    return known;
}

static int names_compile(struct names *n, const char *pattern, struct signet_error *err)
{
    const struct placeholder_names known = names_known(n, true, false);
    size_t serials = 0, others = 0;
    int rc = pieces_compile(&n->pattern, pattern, strlen(pattern), false, &known, err);

    if (rc != SIGNET_OK)
        return error_pass(rc, err, "names '%.80s'", pattern);
    for (size_t i = 0; i < n->pattern.count; i++) {
        serials += n->pattern.list[i].kind == PIECE_SERIAL;
        others += n->pattern.list[i].kind == PIECE_COLUMN;
    }
    if (serials + others > 0 && (n->manifest || serials == 1))
        return SIGNET_OK;
    error_set(err, SIGNET_E_SYNTAX, "'%.80s' is not a pattern of names", pattern);
    error_hint(err, "a pattern has {serial} or {serial:06} in it once%s",
               n->manifest ? ", or a {column} of the manifest"
                           : "; other names in braces are columns of a 'manifest'");
    return SIGNET_E_SYNTAX;
}

/* With a manifest and no pattern its column "endpoint" has the names. */
static int compile_column(struct names *n, struct signet_error *err)
{
    size_t count;
    const char *const *columns = manifest_columns(n->manifest, &count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(columns[i], "endpoint") == 0)
            return names_compile(n, "{endpoint}", err);
    error_set(err, SIGNET_E_MEANING, "%s has no column 'endpoint', and the order no pattern",
              manifest_path(n->manifest));
    const char *near = signet_word_nearest("endpoint", columns, count);
    if (strncmp(columns[0], "$ ", 2) == 0 || columns[0][0] == '#')
        error_hint(err, "the first row names the columns: take out what stands before it");
    else if (strncmp(columns[0], "endpoint ", 9) == 0 &&
             columns[0][8 + strspn(columns[0] + 8, " ")])
        error_hint(err, "between columns stands a comma, without blanks");
    else if (near && strchr(near, ' '))
        error_hint(err, "its column '%s' has a blank in its name: take it out", near);
    else if (near && strchr(near, '\''))
        error_hint(err, "take the quotes of its column %s out, or write \"", near);
    else if (near)
        error_hint(err, "did you mean its column '%s'? names: {pattern: \"{%s}\"}", near, near);
    else
        error_hint(err,
                   "the first row names the columns; a name is made of one by names: {pattern: "
                   "\"urn:dev:os:{%s}\"}",
                   text_shown(columns[0], strlen(columns[0]), 40));
    return signet_file_explain(SIGNET_E_MEANING, SIGNET_FILE_MANIFEST, manifest_path(n->manifest),
                               err);
}

static int find_code_column(struct names *n, const char *column, struct signet_error *err)
{
    size_t count;
    const char *const *columns = manifest_columns(n->manifest, &count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(columns[i], column) == 0) {
            n->code = columns[i];
            return SIGNET_OK;
        }
    error_set(err, SIGNET_E_MEANING, "scan: %s has no column '%s'", manifest_path(n->manifest),
              column);
    text_hint_known(column, columns, count, err);
    return SIGNET_E_MEANING;
}

static bool have_same_letters(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += strspn(a, " ");
        b += strspn(b, " ");
        if (!*a || tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return *a == *b;
    }
}

/* "psk" and "PSK ": one of them is read, and which one shows nowhere. */
static void doubt_columns(const struct names *n, const struct signet_observer *observer)
{
    size_t count;
    const char *const *columns = manifest_columns(n->manifest, &count);

    for (size_t i = 1; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (have_same_letters(columns[i], columns[k]))
                event_note(observer, "take one of them out, or give it another name",
                           "%s:1: columns %zu and %zu, '%s' and '%s', have one name but for "
                           "capitals and blanks",
                           manifest_path(n->manifest), k + 1, i + 1, columns[k], columns[i]);
}

int names_open(struct names *n, const struct source_options *o, struct signet_error *err)
{
    int rc = index_open(&n->index, err);

    n->first = o->first;
    n->from_board = o->from_board;
    n->count = o->pattern && !o->manifest ? o->count : 0;
    if (rc == SIGNET_OK && o->manifest)
        rc = manifest_open(&n->manifest, o->manifest, o->delimiter, err);
    if (rc == SIGNET_OK && n->manifest)
        doubt_columns(n, o->observer);
    if (rc == SIGNET_OK && o->pattern)
        rc = names_compile(n, o->pattern, err);
    else if (rc == SIGNET_OK && o->manifest)
        rc = compile_column(n, err);
    for (size_t i = 0; rc == SIGNET_OK && n->count && i < n->pattern.count; i++) {
        int64_t last = n->first + (int64_t)n->count - 1;

        for (unsigned k = 0; k < n->pattern.list[i].width; k++)
            last /= 10;
        if (n->pattern.list[i].width && last)
            event_note(o->observer, "write more digits, such as {serial:06}, before the first run",
                       "the serials of the last names have more than the %u digits of the pattern: "
                       "names get longer",
                       n->pattern.list[i].width);
    }
    return rc == SIGNET_OK && o->code ? find_code_column(n, o->code, err) : rc;
}

void names_close(struct names *n)
{
    manifest_close(&n->manifest);
    pieces_free(&n->pattern);
    index_free(&n->index);
}

int names_expand(const struct names *n, const struct manifest_row *row, int64_t index,
                 char endpoint[SIGNET_ENDPOINT_SIZE], struct signet_error *err)
{
    const struct placeholder_values values = {.row = row, .serial = n->first + index};
    struct buf text = {0};
    int rc = pieces_expand(&n->pattern, &values, &text, NULL, err);

    if (rc == SIGNET_OK && !endpoint_name_valid((const char *)text.data, text.len))
        rc = error_set_hint(err, SIGNET_E_SYNTAX,
                            text.len && memmem(text.data, text.len, "E+", 2)
                                ? "a spreadsheet shortened a number: give its column the format "
                                  "text, and save the table again"
                            : memchr(text.data, '\'', text.len)
                                ? "take the quote out: a spreadsheet puts it before text, and a "
                                  "table has \" around a field"
                            : memchr(text.data, ' ', text.len)
                                ? "take the blank out: names have letters, digits and - . _ :"
                            : text.len > SIGNET_ENDPOINT_SIZE - 1
                                ? "make it shorter: names have at most 150 characters"
                                : "names have 1 to 150 letters, digits and - . _ :",
                            text.len ? "'%s' is no endpoint name" : "a name is missing%s",
                            text_shown(text.data, text.len, 60));
    if (rc == SIGNET_OK) {
        memcpy(endpoint, text.data, text.len);
        endpoint[text.len] = '\0';
        rc = signet_endpoint_check(endpoint, NULL, err); /* preflight tells of doubts */
    }
    buf_free(&text);
    return rc;
}

/* Endpoints that differ in case alone have one hash: somebody may take one for the other. */
uint64_t names_hash(const struct names *n, enum names_value kind, const void *value, size_t len)
{
    char small[SIGNET_ENDPOINT_SIZE];

    if (kind == NAMES_ENDPOINT) {
        len = len < sizeof(small) ? len : sizeof(small);
        for (size_t i = 0; i < len; i++)
            small[i] = (char)tolower(((const unsigned char *)value)[i]);
        value = small;
    }
    return index_hash(&n->index, value, len) + (uint64_t)kind * 0x9e3779b97f4a7c15u;
}

static int none(const char *endpoint, struct signet_error *err)
{
    return error_set_hint(
        err, SIGNET_E_NOT_FOUND,
        "write the whole endpoint name, as the list of the ledger's devices has it",
        "the order has no device '%s'", endpoint);
}

static int is_row(struct names *n, const char *endpoint, int64_t index, struct manifest_row *row,
                  struct signet_error *err)
{
    char name[SIGNET_ENDPOINT_SIZE];
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

/* The number in a name that the pattern may have made; names_find() compares the whole. */
static int64_t serial_of(const struct names *n, const char *endpoint)
{
    size_t before = 0, after = 0, digits = strlen(endpoint);
    bool passed = false;
    int64_t serial = 0;

    for (size_t i = 0; i < n->pattern.count; i++) {
        passed = passed || n->pattern.list[i].kind == PIECE_SERIAL;
        *(passed ? &after : &before) += n->pattern.list[i].len;
    }
    if (digits <= before + after || digits - before - after > DIGITS_MAX)
        return -1;
    digits -= before + after;
    for (const char *at = endpoint + before; digits > 0; at++, digits--) {
        if (*at < '0' || *at > '9')
            return -1;
        serial = serial * 10 + (*at - '0');
    }
    return serial;
}

int names_find(struct names *n, const char *endpoint, int64_t index, struct manifest_row *row,
               int64_t *found, struct signet_error *err)
{
    char name[SIGNET_ENDPOINT_SIZE];

    *found = index;
    if (n->manifest) {
        int rc = index < 0 ? SIGNET_E_NOT_FOUND : is_row(n, endpoint, index, row, err);
        return rc == SIGNET_E_NOT_FOUND ? find_row(n, endpoint, row, found, err) : rc;
    }
    if (!n->pattern.list)
        return SIGNET_OK; /* any board's name */
    int64_t serial = serial_of(n, endpoint);
    *found = serial - n->first;
    if (serial < 0 || *found < 0 || *found >= n->count)
        return none(endpoint, err);
    int rc = names_expand(n, NULL, *found, name, err);
    return rc != SIGNET_OK || strcmp(name, endpoint) == 0 ? rc : none(endpoint, err);
}

const char *names_code(const struct names *n, const struct manifest_row *row, size_t *len)
{
    size_t count, i = 0;
    const char *const *columns = manifest_columns(n->manifest, &count);

    while (i < count && columns[i] != n->code)
        i++;
    return i < count ? (const char *)manifest_field(row, i, len) : NULL;
}

int names_of_code(struct names *n, const char *code, char endpoint[SIGNET_ENDPOINT_SIZE],
                  struct signet_error *err)
{
    uint64_t hash = names_hash(n, NAMES_CODE, code, strlen(code)), place;
    struct manifest_row row = {0};
    size_t probe = 0, len;
    int rc = SIGNET_OK;
    bool found = false;

    while (rc == SIGNET_OK && !found && index_next(&n->index, hash, &probe, &place)) {
        rc = manifest_row(n->manifest, (int64_t)place, &row, err);
        const char *is = rc == SIGNET_OK ? names_code(n, &row, &len) : NULL;
        found = is && text_is(is, len, code);
    }
    if (rc == SIGNET_OK && found)
        rc = names_expand(n, &row, row.index, endpoint, err);
    else if (rc == SIGNET_OK)
        rc = error_set_hint(err, SIGNET_E_NOT_FOUND, "is it a board of another order?",
                            "no device of %s has the %s '%s'", manifest_path(n->manifest), n->code,
                            text_shown(code, strlen(code), 60));
    manifest_row_free(&row);
    return rc;
}
