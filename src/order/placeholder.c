/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholders: a text is taken apart once, and put together for each device. */
#include "lwm2m/lwm2m.h"
#include "order/order.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECES_MAX = 1024, WIDTH_MAX = 18 };

/* What stands between braces, for a message: two strings. */
#define SHOWN(text, len) text_shown(text, len, 60), (len) > 60 ? "..." : ""

struct compiler {
    struct pieces *out;
    const char *text;
    size_t len, at;
    bool bytes, strict; /* strict: a brace that is no placeholder is an error */
    const struct placeholder_names *names;
    struct signet_error *err;
};

static int add_piece(struct compiler *c, struct piece piece)
{
    struct pieces *p = c->out;

    if (p->count == PIECES_MAX)
        return error_set(c->err, SIGNET_E_LIMIT, "more than %d placeholders in one value",
                         PIECES_MAX);
    if (list_room(p->list, p->count, c->err) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    p->list[p->count++] = piece;
    p->fixed = p->fixed && piece.kind == PIECE_LITERAL;
    return SIGNET_OK;
}

/* One byte that stands for itself. */
static int add_literal(struct compiler *c, char byte)
{
    struct pieces *p = c->out;
    int rc = SIGNET_OK;

    if (p->count == 0 || p->list[p->count - 1].kind != PIECE_LITERAL)
        rc = add_piece(c, (struct piece){.kind = PIECE_LITERAL, .from = p->len});
    if (rc != SIGNET_OK)
        return rc;
    p->text[p->len++] = (uint8_t)byte;
    p->list[p->count - 1].len++;
    return SIGNET_OK;
}

/* All that may stand between braces; a column may have the name of what is there without it. */
static size_t known_names(const struct placeholder_names *n,
                          const char *words[static MANIFEST_COLUMNS_MAX + 3])
{
    size_t count = 0;

    if (!n->no_endpoint)
        words[count++] = "endpoint";
    if (!n->no_serial)
        words[count++] = "serial";
    if (n->hardware)
        words[count++] = "hw_id";
    for (size_t i = 0, own = count; i < n->count; i++) {
        size_t k = 0;

        while (k < own && strcmp(words[k], n->columns[i]) != 0)
            k++;
        if (k == own)
            words[count++] = n->columns[i];
    }
    return count;
}

bool placeholder_known(const struct placeholder_names *n, const char *name, size_t len)
{
    const char *words[MANIFEST_COLUMNS_MAX + 3];
    size_t count = known_names(n, words), i = 0;

    while (i < count && !text_is(name, len, words[i]))
        i++;
    return i < count;
}

/* The nearest name that there is, or NULL. */
static const char *near_name(const struct placeholder_names *n, const char *name, size_t len)
{
    const char *words[MANIFEST_COLUMNS_MAX + 3];
    char word[MANIFEST_NAME_MAX + 1];
    size_t count = known_names(n, words);

    snprintf(word, sizeof(word), "%.*s", (int)len, name);
    return signet_word_nearest(word, words, count);
}

/* As many as have room: "{endpoint}, {serial}". */
static const char *some_names(const struct placeholder_names *n, char out[static 160])
{
    const char *words[MANIFEST_COLUMNS_MAX + 3];
    size_t count = known_names(n, words), used = 0;

    for (size_t i = 0; i < count && used + strlen(words[i]) + 5 < 160; i++)
        used += (size_t)snprintf(out + used, 160 - used, "%s{%s}", i ? ", " : "", words[i]);
    return out;
}

static int no_column(struct compiler *c, const char *name, size_t len)
{
    const char *manifest = c->names->manifest, *near = near_name(c->names, name, len);

    if (c->names->no_serial && len == 6 && memcmp(name, "serial", 6) == 0)
        return error_set_hint(c->err, SIGNET_E_MEANING,
                              "it needs a 'pattern' or a 'manifest' under names; {endpoint} has "
                              "the name, and at a label {hw_id} the board's own number",
                              "{serial} is the number of a device in the order, and boards with "
                              "names of their own have none");
    error_set(c->err, SIGNET_E_MEANING,
              manifest ? "{%s%s} names no column of %s"
                       : "{%s%s} is no placeholder, and there is no manifest",
              SHOWN(name, len), manifest);
    if (near && (near[0] == ' ' || text_ends_with(near, " ")))
        error_hint(c->err, "its column '%s' has a blank in its name: take it out, or write {%s}",
                   near, near);
    else if (near)
        error_hint(c->err, "did you mean {%s}? Braces themselves are written {{ and }}", near);
    else
        error_hint(c->err, "known: %s%s; braces themselves are written {{ and }}",
                   some_names(c->names, (char[160]){0}),
                   manifest ? "" : ", and the columns of a 'manifest'");
    return SIGNET_E_MEANING;
}

static int find_name(struct compiler *c, const char *name, size_t len, struct piece *out)
{
    const struct placeholder_names *n = c->names;

    if (!n->no_endpoint && text_is(name, len, "endpoint")) {
        out->kind = PIECE_ENDPOINT; /* the name that the device gets, whatever it was made of */
        return SIGNET_OK;
    }
    for (size_t i = 0; i < n->count; i++)
        if (text_is(name, len, n->columns[i])) {
            out->kind = PIECE_COLUMN;
            out->column = (unsigned)i;
            return SIGNET_OK;
        }
    out->kind = PIECE_HARDWARE;
    if (n->hardware && text_is(name, len, "hw_id"))
        return SIGNET_OK;
    if (n->no_serial || !text_is(name, len, "serial"))
        return no_column(c, name, len);
    out->kind = PIECE_SERIAL;
    return SIGNET_OK;
}

static bool read_width(const char *text, size_t len, struct piece *out)
{
    char *end;
    unsigned long width = strtoul(text, &end, 10); /* a brace or a colon ends it */

    out->width = (unsigned)width;
    return *text >= '0' && *text <= '9' && end == text + len && width >= 1 && width <= WIDTH_MAX;
}

static bool read_encoding(const char *text, size_t len, struct piece *out)
{
    static const char *const words[] = {"text", "hex", "base64"};

    for (unsigned i = 0; i < 3; i++)
        if (text_is(text, len, words[i])) {
            out->encoding = (enum text_encoding)i;
            return true;
        }
    return false;
}

static int refuse_placeholder(struct compiler *c, const char *what, size_t len, const char *why,
                              const char *hint)
{
    return error_set_hint(c->err, SIGNET_E_SYNTAX, hint, "{%s%s}: %s", SHOWN(what, len), why);
}

/* name, name:width, name:encoding, name:width:encoding */
static int read_placeholder(struct compiler *c, const char *in, size_t len)
{
    const char *colon = memchr(in, ':', len), *end = in + len;
    struct piece piece = {.width = 1};
    bool encoded = false;
    int rc = find_name(c, in, colon ? (size_t)(colon - in) : len, &piece);

    while (rc == SIGNET_OK && colon) {
        const char *word = colon + 1;
        colon = memchr(word, ':', (size_t)(end - word));
        size_t word_len = (size_t)((colon ? colon : end) - word);

        if (!encoded && read_encoding(word, word_len, &piece))
            encoded = true;
        else if (encoded || piece.kind != PIECE_SERIAL || !read_width(word, word_len, &piece))
            rc = refuse_placeholder(c, in, len, "what stands behind the colon is not known",
                                    c->bytes
                                        ? "in bytes: {column:hex}, {column:base64}, {column:text}"
                                        : "{serial:06} is a number of at least 6 digits");
    }
    if (rc == SIGNET_OK && encoded != c->bytes)
        rc = encoded ? refuse_placeholder(c, in, len, "a text takes no encoding",
                                          "leave it out: {column}")
             : piece.kind == PIECE_COLUMN
                 ? refuse_placeholder(c, in, len, "bytes need an encoding",
                                      "write {column:hex}, {column:base64} or {column:text}")
                 : refuse_placeholder(c, in, len, "bytes need an encoding",
                                      "write it with :text, such as {endpoint:text}");
    return rc == SIGNET_OK ? add_piece(c, piece) : rc;
}

static bool is_printable(const uint8_t *text, size_t len)
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

    return colon && is_printable((const uint8_t *)in, len) &&
           read_encoding(colon + 1, (size_t)(in + len - colon - 1), &unused);
}

static int read_brace(struct compiler *c)
{
    const char *at = c->text + c->at;
    size_t left = c->len - c->at;
    const char *end = at[0] == '{' ? memchr(at, '}', left) : NULL;
    size_t len = end ? (size_t)(end - at) - 1 : 0;

    if (c->strict && left > 1 && at[1] == at[0]) {
        c->at += 2;
        return add_literal(c, at[0]);
    }
    if (end && (c->strict || must_be_one(at + 1, len))) {
        c->at += len + 2;
        return read_placeholder(c, at + 1, len);
    }
    if (c->strict)
        return error_set_hint(c->err, SIGNET_E_SYNTAX,
                              at[0] == '{'
                                  ? "close it with }; braces themselves are written {{ and }}"
                                  : "braces themselves are written {{ and }}",
                              "a lone %c", at[0]);
    c->at++;
    return add_literal(c, at[0]);
}

int pieces_compile(struct pieces *out, const void *text, size_t len, bool bytes,
                   const struct placeholder_names *names, struct signet_error *err)
{
    struct pieces made = {.fixed = true, .text = malloc(len + 1)};
    struct compiler c = {.out = &made,
                         .text = text,
                         .len = len,
                         .bytes = bytes,
                         .strict = !bytes || is_printable(text, len),
                         .names = names,
                         .err = err};
    int rc = made.text ? SIGNET_OK : error_nomem(err);

    while (rc == SIGNET_OK && c.at < len)
        rc = c.text[c.at] == '{' || c.text[c.at] == '}' ? read_brace(&c)
                                                        : add_literal(&c, c.text[c.at++]);
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

/* 16 bytes and more: by chance no base64 of a key has hex digits alone. */
static bool looks_like_hex(const char *text, size_t len)
{
    return len >= 32 && text_is_hex(text, len);
}

/* The text is a secret: the hint says what kind of mistake it is, and no more. */
static const char *hex_hint(const char *text, size_t len)
{
    if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        return "take 0x out: digits 0-9 and a-f alone";
    if (len % 2 && text_is_hex(text, len))
        return "a digit is missing, or one is too many: each byte has two";
    return "digits 0-9 and a-f alone: no blanks, colons or other letters";
}

static int put_piece(const struct piece *piece, const void *data, size_t len, struct buf *out,
                     struct signet_error *err)
{
    bool hex = piece->encoding == ENCODING_HEX;
    char cell[32];

    if (piece->encoding == ENCODING_TEXT) {
        buf_append(out, data, len);
        return SIGNET_OK;
    }
    if (!hex && looks_like_hex(data, len))
        return error_set_hint(err, SIGNET_E_SYNTAX, "write {COLUMN:hex}",
                              "is hex digits, and would be read as base64");
    uint8_t *to = buf_extend(out, len);
    if (!to)
        return buf_check(out, err);
    ssize_t n = hex ? hex_decode(data, len, to, len) : base64_decode(data, len, to, len);
    out->len -= len - (n > 0 ? (size_t)n : 0);
    if (n >= 0)
        return SIGNET_OK;
    snprintf(cell, sizeof(cell), "%.*s", (int)(len < sizeof(cell) ? len : 0), (const char *)data);
    bool rounded = cell_is_rounded(cell);
    wipe(cell, sizeof(cell)); /* of a key */
    return error_set_hint(err, SIGNET_E_SYNTAX,
                          rounded ? "a spreadsheet shortened a number: give its column the format "
                                    "text, and fill it again"
                          : hex   ? hex_hint(data, len)
                                  : "write the = at its end, too",
                          hex ? "is not pairs of hex digits" : "is not base64 with its padding");
}

/* What a piece stands for. */
static const void *piece_text(const struct pieces *p, const struct piece *piece,
                              const struct placeholder_values *values, char number[40], size_t *len)
{
    switch (piece->kind) {
    case PIECE_LITERAL:
        *len = piece->len;
        return p->text + piece->from;
    case PIECE_COLUMN:
        return manifest_field(values->row, piece->column, len);
    case PIECE_ENDPOINT:
        *len = strlen(values->endpoint);
        return values->endpoint;
    case PIECE_HARDWARE:
        *len = values->hardware ? strlen(values->hardware) : 0;
        return values->hardware ? values->hardware : "";
    case PIECE_SERIAL:
        break;
    }
    *len = (size_t)snprintf(number, 40, "%0*" PRId64, (int)piece->width, values->serial);
    return number;
}

int pieces_expand(const struct pieces *p, const struct placeholder_values *values, struct buf *out,
                  int *column, struct signet_error *err)
{
    char number[40];
    size_t len;
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < p->count; i++) {
        const struct piece *piece = &p->list[i];
        const void *text = piece_text(p, piece, values, number, &len);

        rc = put_piece(piece, text, len, out, err);
        if (rc != SIGNET_OK && column && piece->kind == PIECE_COLUMN)
            *column = (int)piece->column;
    }
    return rc == SIGNET_OK ? buf_check(out, err) : rc;
}
