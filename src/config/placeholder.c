/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholders: a text is taken apart once, and put together for each device. */
#include "config/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES_MAX = 1024, WIDTH_MAX = 18 };

struct compiler {
    struct pieces *out;
    const char *text;
    size_t len, at;
    bool bytes, strict; /* strict: a brace that is no placeholder is an error */
    const struct placeholder_names *names;
    struct signet_error *err;
};

/* What stands between braces, made safe for a message. */
static const char *shown(const char *text, size_t len, char out[96])
{
    struct buf b = {0};

    text_escape(&b, (const uint8_t *)text, len < 64 ? len : 64);
    snprintf(out, 96, "%s%s", b.data ? (const char *)b.data : "", len > 64 ? "..." : "");
    buf_free(&b);
    return out;
}

static bool add(struct compiler *c, struct piece piece)
{
    struct pieces *p = c->out;

    if (p->count == PIECES_MAX) {
        error_set(c->err, SIGNET_E_LIMIT, "more than %d placeholders in one value", PIECES_MAX);
        return false;
    }
    if ((p->count & (p->count - 1)) == 0) { /* a power of two, or none: full */
        struct piece *list = realloc(p->list, (p->count ? 2 * p->count : 1) * sizeof(*list));
        if (!list) {
            error_nomem(c->err);
            return false;
        }
        p->list = list;
    }
    p->list[p->count++] = piece;
    p->fixed = p->fixed && piece.kind == PIECE_LITERAL;
    return true;
}

/* One byte that stands for itself. */
static bool literal(struct compiler *c, uint8_t byte)
{
    struct pieces *p = c->out;

    if (p->count == 0 || p->list[p->count - 1].kind != PIECE_LITERAL)
        if (!add(c, (struct piece){.kind = PIECE_LITERAL, .from = p->len}))
            return false;
    p->text[p->len++] = byte;
    p->list[p->count - 1].len++;
    return true;
}

static int no_column(struct compiler *c, const char *name, size_t len)
{
    const char *words[MANIFEST_COLUMNS_MAX + 2], *near;
    const struct placeholder_names *n = c->names;
    char word[MANIFEST_NAME_MAX + 1], safe[96];
    size_t count = 0;

    for (size_t i = 0; i < n->count; i++)
        words[count++] = n->columns[i];
    if (!n->no_endpoint)
        words[count++] = "endpoint";
    if (!n->no_serial)
        words[count++] = "serial";
    snprintf(word, sizeof(word), "%.*s", (int)(len < MANIFEST_NAME_MAX ? len : MANIFEST_NAME_MAX),
             name);
    near = text_nearest(word, words, count);
    shown(name, len, safe);
    if (n->manifest)
        error_set(c->err, SIGNET_E_MEANING, "{%s} names no column of %s", safe, n->manifest);
    else
        error_set(c->err, SIGNET_E_MEANING, "{%s} is no placeholder, and there is no manifest",
                  safe);
    if (near && (near[0] == ' ' || (near[0] && near[strlen(near) - 1] == ' ')))
        error_hint(c->err, "its column '%s' has a blank in its name: take it out, or write {%s}",
                   near, near);
    else if (near)
        error_hint(c->err, "did you mean {%s}? Braces themselves are written {{ and }}", near);
    else
        error_hint(c->err, "braces themselves are written {{ and }}");
    return SIGNET_E_MEANING;
}

static int find(struct compiler *c, const char *name, size_t len, struct piece *out)
{
    const struct placeholder_names *n = c->names;

    for (size_t i = 0; i < n->count; i++) {
        if (strlen(n->columns[i]) != len || memcmp(n->columns[i], name, len) != 0)
            continue;
        out->kind = PIECE_COLUMN;
        out->column = (unsigned)i;
        if (!n->no_endpoint && len == 8 && memcmp(name, "endpoint", 8) == 0)
            break; /* the name that the device gets, whatever it was made of */
        return SIGNET_OK;
    }
    if (!n->no_endpoint && len == 8 && memcmp(name, "endpoint", 8) == 0)
        out->kind = PIECE_ENDPOINT;
    else if (!n->no_serial && len == 6 && memcmp(name, "serial", 6) == 0)
        out->kind = PIECE_SERIAL;
    else
        return no_column(c, name, len);
    return SIGNET_OK;
}

static bool read_width(const char *text, size_t len, struct piece *out)
{
    out->width = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || out->width > WIDTH_MAX)
            return false;
        out->width = out->width * 10 + (unsigned)(text[i] - '0');
    }
    return len > 0 && out->width >= 1 && out->width <= WIDTH_MAX;
}

static bool read_encoding(const char *text, size_t len, struct piece *out)
{
    static const char *const words[] = {"text", "hex", "base64"};

    for (unsigned i = 0; i < 3; i++) {
        if (strlen(words[i]) != len || memcmp(words[i], text, len) != 0)
            continue;
        out->encoding = (enum text_encoding)i;
        return true;
    }
    return false;
}

static int refuse(struct compiler *c, const char *what, size_t len, const char *why,
                  const char *hint)
{
    char safe[96];

    return error_set_hint(c->err, SIGNET_E_SYNTAX, hint, "{%s}: %s", shown(what, len, safe), why);
}

/* name, name:width, name:encoding, name:width:encoding */
static int placeholder(struct compiler *c, const char *in, size_t len)
{
    const char *colon = memchr(in, ':', len), *end = in + len;
    size_t name_len = colon ? (size_t)(colon - in) : len;
    struct piece piece = {.width = 1};
    bool encoded = false;
    int rc = find(c, in, name_len, &piece);

    while (rc == SIGNET_OK && colon) {
        const char *word = colon + 1;
        colon = memchr(word, ':', (size_t)(end - word));
        size_t word_len = (size_t)((colon ? colon : end) - word);

        if (!encoded && read_encoding(word, word_len, &piece))
            encoded = true;
        else if (encoded || piece.kind != PIECE_SERIAL || !read_width(word, word_len, &piece))
            return refuse(c, in, len, "what stands behind the colon is not known",
                          c->bytes ? "in bytes: {column:hex}, {column:base64}, {column:text}"
                                   : "{serial:06} is a number of at least 6 digits");
    }
    if (rc == SIGNET_OK && c->bytes && !encoded)
        return refuse(c, in, len, "bytes need an encoding",
                      "write {column:hex}, {column:base64} or {column:text}");
    if (rc == SIGNET_OK && !c->bytes && encoded)
        return refuse(c, in, len, "a text takes no encoding", "leave it out: {column}");
    return rc != SIGNET_OK ? rc : add(c, piece) ? SIGNET_OK : SIGNET_E_LIMIT;
}

static bool printable(const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return true;
}

/* In other bytes, such as a certificate, a brace is a byte like any other, unless it begins what
 * can only be a placeholder. */
static bool must_be_one(const char *in, size_t len)
{
    struct piece unused;
    const char *colon = memrchr(in, ':', len);

    return colon && printable((const uint8_t *)in, len) &&
           read_encoding(colon + 1, (size_t)(in + len - colon - 1), &unused);
}

static int brace(struct compiler *c)
{
    const char *at = c->text + c->at;
    size_t left = c->len - c->at;
    const char *end = at[0] == '{' ? memchr(at, '}', left) : NULL;

    if (c->strict && left > 1 && at[1] == at[0]) {
        c->at += 2;
        return literal(c, (uint8_t)at[0]) ? SIGNET_OK : SIGNET_E_LIMIT;
    }
    if (end && (c->strict || must_be_one(at + 1, (size_t)(end - at) - 1))) {
        c->at += (size_t)(end - at) + 1;
        return placeholder(c, at + 1, (size_t)(end - at) - 1);
    }
    if (!c->strict) {
        c->at++;
        return literal(c, (uint8_t)at[0]) ? SIGNET_OK : SIGNET_E_LIMIT;
    }
    return error_set_hint(c->err, SIGNET_E_SYNTAX, "braces themselves are written {{ and }}",
                          "a lone %c", at[0]);
}

int pieces_compile(struct pieces *out, const void *text, size_t len, bool bytes,
                   const struct placeholder_names *names, struct signet_error *err)
{
    struct pieces made = {.fixed = true, .text = malloc(len + 1)};
    struct compiler c = {.out = &made,
                         .text = text,
                         .len = len,
                         .bytes = bytes,
                         .strict = !bytes || printable(text, len),
                         .names = names,
                         .err = err};
    int rc = made.text ? SIGNET_OK : error_nomem(err);

    while (rc == SIGNET_OK && c.at < len) {
        if (c.text[c.at] == '{' || c.text[c.at] == '}')
            rc = brace(&c);
        else if (!literal(&c, (uint8_t)c.text[c.at++]))
            rc = SIGNET_E_LIMIT;
    }
    if (rc != SIGNET_OK)
        pieces_free(&made);
    else
        *out = made;
    return rc;
}

void pieces_free(struct pieces *p)
{
    if (p->text)
        wipe(p->text, p->len);
    free(p->text);
    free(p->list);
    *p = (struct pieces){0};
}

static int put(const struct piece *piece, const void *data, size_t len, struct buf *out,
               struct signet_error *err)
{
    uint8_t *to;
    ssize_t n;

    if (piece->encoding == ENCODING_TEXT) {
        buf_append(out, data, len);
        return SIGNET_OK;
    }
    to = buf_extend(out, len);
    if (!to)
        return buf_check(out, err);
    n = piece->encoding == ENCODING_HEX ? hex_decode(data, len, to, len)
                                        : base64_decode(data, len, to, len);
    out->len -= len - (n > 0 ? (size_t)n : 0);
    if (n >= 0)
        return SIGNET_OK;
    error_set(err, SIGNET_E_SYNTAX, "is not %s",
              piece->encoding == ENCODING_HEX ? "pairs of hex digits" : "base64 with its padding");
    return SIGNET_E_SYNTAX;
}

int pieces_expand(const struct pieces *p, const struct placeholder_values *values, struct buf *out,
                  int *column, struct signet_error *err)
{
    char number[40];
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < p->count; i++) {
        const struct piece *piece = &p->list[i];
        const void *data = NULL;
        size_t len = 0;

        switch (piece->kind) {
        case PIECE_LITERAL:
            buf_append(out, p->text + piece->from, piece->len);
            continue;
        case PIECE_COLUMN:
            data = manifest_field(values->row, piece->column, &len);
            break;
        case PIECE_ENDPOINT:
            data = values->endpoint;
            len = strlen(values->endpoint);
            break;
        case PIECE_SERIAL:
            len = (size_t)snprintf(number, sizeof(number), "%0*" PRId64, (int)piece->width,
                                   values->serial);
            data = number;
            break;
        }
        rc = put(piece, data, len, out, err);
        if (rc != SIGNET_OK && column && piece->kind == PIECE_COLUMN)
            *column = (int)piece->column;
    }
    return rc;
}
