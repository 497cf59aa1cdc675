/* SPDX-License-Identifier: Apache-2.0 */
/* Python's string and bytes literals: prefixes, escapes, triple quotes, implicit concatenation. */
#include "config/parser.h"

#include <ctype.h>
#include <string.h>

struct literal {
    bool raw, bytes, triple;
    char quote;
    size_t body; /* offset of the first character inside */
};

/* Reads prefix and opening quotes at p->at; false when no literal starts here. */
static bool open_literal(const struct parser *p, struct literal *lit, char *format_prefix)
{
    size_t at = p->at;
    bool r = false, b = false, u = false, f = false;

    for (; at < p->at + 2 && isalpha((unsigned char)p->text[at]); at++) {
        char c = (char)tolower((unsigned char)p->text[at]);
        bool *seen = c == 'r' ? &r : c == 'b' ? &b : c == 'u' ? &u : c == 'f' ? &f : NULL;

        if (!seen || *seen)
            return false;
        *seen = true;
    }
    if ((p->text[at] != '\'' && p->text[at] != '"') || (u && (r || b || f)) || (b && f))
        return false;
    *format_prefix = f;
    lit->raw = r;
    lit->bytes = b;
    lit->quote = p->text[at];
    lit->triple = p->text[at + 1] == lit->quote && p->text[at + 2] == lit->quote;
    lit->body = at + (lit->triple ? 3 : 1);
    return true;
}

bool string_starts(const struct parser *p)
{
    struct literal lit;
    char format_prefix;

    return open_literal(p, &lit, &format_prefix);
}

static void put_utf8(struct buf *out, uint32_t code)
{
    if (code < 0x80) {
        buf_byte(out, (uint8_t)code);
    } else if (code < 0x800) {
        buf_byte(out, (uint8_t)(0xc0 | code >> 6));
        buf_byte(out, (uint8_t)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        buf_byte(out, (uint8_t)(0xe0 | code >> 12));
        buf_byte(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        buf_byte(out, (uint8_t)(0x80 | (code & 0x3f)));
    } else {
        buf_byte(out, (uint8_t)(0xf0 | code >> 18));
        buf_byte(out, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
        buf_byte(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        buf_byte(out, (uint8_t)(0x80 | (code & 0x3f)));
    }
}

static int hex_escape(struct parser *p, size_t at, unsigned digits, uint32_t *code)
{
    *code = 0;
    for (unsigned i = 0; i < digits; i++) {
        char c = p->text[p->at];

        if (!isxdigit((unsigned char)c))
            return fail_at(p, at, SIGNET_E_SYNTAX, "a backslash itself is written \\\\",
                           "this escape needs %u hex digits", digits);
        *code =
            *code * 16 +
            (uint32_t)(isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10);
        p->at++;
    }
    return SIGNET_OK;
}

static int put_code(struct parser *p, const struct literal *lit, size_t at, uint32_t code,
                    struct buf *out)
{
    if (lit->bytes) {
        buf_byte(out, (uint8_t)code); /* b'\400' is 0x00, as in Python */
        return SIGNET_OK;
    }
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return fail_at(p, at, SIGNET_E_SYNTAX, "write the character itself",
                       "this escape is no Unicode character");
    put_utf8(out, code);
    return SIGNET_OK;
}

/* At a backslash in a literal that is not raw. */
static int parse_escape(struct parser *p, const struct literal *lit, struct buf *out)
{
    static const char names[] = "\\'\"abfnrtv";
    static const char codes[] = "\\'\"\a\b\f\n\r\t\v";
    size_t at = p->at++;
    char c = p->text[p->at++];
    const char *simple = c ? strchr(names, c) : NULL;
    uint32_t code = 0;
    int rc;

    if (c == '\n')
        return SIGNET_OK;
    if (simple) {
        buf_byte(out, (uint8_t)codes[simple - names]);
        return SIGNET_OK;
    }
    if (c >= '0' && c <= '7') {
        p->at--;
        for (int i = 0; i < 3 && p->text[p->at] >= '0' && p->text[p->at] <= '7'; i++)
            code = code * 8 + (uint32_t)(p->text[p->at++] - '0');
        return put_code(p, lit, at, code, out);
    }
    if (c == 'x' || (!lit->bytes && (c == 'u' || c == 'U'))) {
        rc = hex_escape(p, at, c == 'x' ? 2 : c == 'u' ? 4 : 8, &code);
        return rc ? rc : put_code(p, lit, at, code, out);
    }
    if (c == 'N' && !lit->bytes)
        return fail_at(p, at, SIGNET_E_SYNTAX, "write the character itself, or \\uXXXX",
                       "characters by name are not taken");
    buf_byte(out, '\\'); /* an unknown escape keeps its backslash */
    p->at--;
    return SIGNET_OK;
}

static bool closes(const struct parser *p, const struct literal *lit)
{
    const char *text = p->text + p->at;

    return text[0] == lit->quote &&
           (!lit->triple || (text[1] == lit->quote && text[2] == lit->quote));
}

static int parse_literal(struct parser *p, const struct literal *lit, struct buf *out)
{
    size_t start = p->at;

    for (p->at = lit->body; !closes(p, lit);) {
        char c = p->text[p->at];
        int rc;

        if (p->at >= p->len || (c == '\n' && !lit->triple))
            return fail_at(p, start, SIGNET_E_SYNTAX, "close it with the quote that opened it",
                           "this %s has no end", lit->bytes ? "bytes literal" : "string");
        if (c == '\\' && !lit->raw && p->at + 1 < p->len) {
            rc = parse_escape(p, lit, out);
            if (rc)
                return rc;
            continue;
        }
        if (lit->bytes && (c & 0x80))
            return fail_at(p, p->at, SIGNET_E_SYNTAX, "write \\xNN, or bytes.fromhex('...')",
                           "bytes hold ASCII characters only");
        buf_byte(out, (uint8_t)c);
        p->at++;
        if (c == '\\' && lit->raw && p->at < p->len) /* keeps a quote from closing */
            buf_byte(out, (uint8_t)p->text[p->at++]);
    }
    p->at += lit->triple ? 3 : 1;
    return SIGNET_OK;
}

int take_bytes(struct parser *p, size_t at, size_t len)
{
    if (len > BYTES_MAX - p->bytes)
        return fail_at(p, at, SIGNET_E_LIMIT, NULL,
                       "more than %d bytes of text in one configuration", BYTES_MAX);
    p->bytes += len;
    return SIGNET_OK;
}

int parse_strings(struct parser *p, struct value *out)
{
    struct signet_bytes taken = {0};
    struct buf joined = {0};
    struct literal lit = {0};
    size_t start = p->at, after = p->at;
    char format_prefix = 0;
    bool bytes = false, first = true;
    int rc = SIGNET_OK;

    while (!rc && open_literal(p, &lit, &format_prefix)) {
        if (format_prefix)
            rc = fail_at(p, p->at, SIGNET_E_SYNTAX, "write the text itself",
                         "f-strings are code, and a configuration is data");
        else if (!first && bytes != lit.bytes)
            rc = fail_at(p, p->at, SIGNET_E_SYNTAX, "put b before both, or before none",
                         "a string and bytes cannot be joined");
        else
            rc = parse_literal(p, &lit, &joined);
        bytes = lit.bytes;
        first = false;
        after = p->at;
        if (!rc)
            skip_blank(p);
    }
    p->at = after;
    if (!rc)
        rc = take_bytes(p, start, joined.len);
    if (!rc)
        rc = buf_take(&joined, &taken, p->err);
    if (rc) {
        buf_free(&joined);
        return rc;
    }
    *out = (struct value){.kind = bytes ? V_BYTES : V_STR, .at = start};
    out->as.bytes.data = taken.data;
    out->as.bytes.len = taken.len;
    return SIGNET_OK;
}
