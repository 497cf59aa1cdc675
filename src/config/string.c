/* SPDX-License-Identifier: Apache-2.0 */
/* Python's string and bytes literals: prefixes, escapes, triple quotes, implicit concatenation. */
#include "config/parser.h"

void skip_blank(struct parser *p)
{
    for (;;) {
        const char *text = p->text + p->at;

        if (char_in(*text, " \t\n\f"))
            p->at++;
        else if (text[0] == '\\' && text[1] == '\n')
            p->at += 2;
        else if (*text == '#')
            p->at += strcspn(text, "\n");
        else
            return;
    }
}

struct literal {
    bool raw, bytes, format, triple;
    char quote;  /* 0: no literal starts here */
    size_t body; /* offset of the first character inside */
};

/* The prefix and the opening quotes at p->at. */
static struct literal literal_at(const struct parser *p)
{
    static const char *const prefixes[] = {"", "r", "b", "u", "f", "rb", "br", "rf", "fr"};
    const char *text = p->text + p->at, *prefix = NULL;
    size_t n = strspn(text, "rRbBuUfF");

    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        if (strlen(prefixes[i]) == n && strncasecmp(prefixes[i], text, n) == 0)
            prefix = prefixes[i];
    if (!prefix || (text[n] != '\'' && text[n] != '"'))
        return (struct literal){0};
    bool triple = text[n + 1] == text[n] && text[n + 2] == text[n];
    return (struct literal){.raw = strchr(prefix, 'r'),
                            .bytes = strchr(prefix, 'b'),
                            .format = strchr(prefix, 'f'),
                            .triple = triple,
                            .quote = text[n],
                            .body = p->at + n + (triple ? 3 : 1)};
}

bool string_starts(const struct parser *p)
{
    return literal_at(p).quote != 0;
}

static void put_utf8(struct buf *out, uint32_t code)
{
    static const uint8_t first[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;

    buf_byte(out, (uint8_t)(first[more] | code >> 6 * more));
    while (more-- > 0)
        buf_byte(out, (uint8_t)(0x80 | (code >> 6 * more & 0x3f)));
}

/* At most max digits at p->at; how many. */
static unsigned read_digits(struct parser *p, int base, unsigned max, uint32_t *code)
{
    unsigned n = 0;

    for (; n < max && digit_of(p->text[p->at], base) >= 0; n++)
        *code = *code * (uint32_t)base + (uint32_t)digit_of(p->text[p->at++], base);
    return n;
}

/* The character that an escape at `at` stands for. */
static void put_code(struct parser *p, bool bytes, size_t at, uint32_t code, struct buf *out)
{
    if (bytes)
        buf_byte(out, (uint8_t)code); /* b'\400' is 0x00, as in Python */
    else if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        fail_at(p, at, SIGNET_E_SYNTAX, "write the character itself",
                "this escape is no Unicode character");
    else
        put_utf8(out, code);
}

/* At a backslash in a literal that is not raw. */
static void parse_escape(struct parser *p, bool bytes, struct buf *out)
{
    static const char names[] = "\\'\"abfnrtv", codes[] = "\\'\"\a\b\f\n\r\t\v";
    size_t at = p->at++;
    char c = p->text[p->at++];
    const char *simple = c ? strchr(names, c) : NULL;
    unsigned digits = c == 'x' ? 2 : c == 'u' && !bytes ? 4 : c == 'U' && !bytes ? 8 : 0;
    uint32_t code = 0;

    if (c == '\n')
        return;
    if (simple) {
        buf_byte(out, (uint8_t)codes[simple - names]);
    } else if (digits) {
        if (read_digits(p, 16, digits, &code) < digits)
            fail_at(p, at, SIGNET_E_SYNTAX, "a backslash itself is written \\\\",
                    "this escape needs %u hex digits", digits);
        put_code(p, bytes, at, code, out);
    } else if (c == 'N' && !bytes) {
        fail_at(p, at, SIGNET_E_SYNTAX, "write the character itself, or \\uXXXX",
                "characters by name are not taken");
    } else {
        p->at--;
        if (read_digits(p, 8, 3, &code))
            put_code(p, bytes, at, code, out);
        else
            buf_byte(out, '\\'); /* an unknown escape keeps its backslash */
    }
}

static bool closes(const struct parser *p, const struct literal *lit)
{
    const char *text = p->text + p->at;

    return text[0] == lit->quote &&
           (!lit->triple || (text[1] == lit->quote && text[2] == lit->quote));
}

static void parse_literal(struct parser *p, const struct literal *lit, struct buf *out)
{
    size_t start = p->at;

    for (p->at = lit->body; p->rc == SIGNET_OK && !closes(p, lit);) {
        char c = p->text[p->at];

        if (p->at >= p->len || (c == '\n' && !lit->triple)) {
            fail_at(p, start, SIGNET_E_SYNTAX, "close it with the quote that opened it",
                    "this %s has no end", lit->bytes ? "bytes literal" : "string");
        } else if (c == '\\' && !lit->raw && p->at + 1 < p->len) {
            parse_escape(p, lit->bytes, out);
        } else if (lit->bytes && (c & 0x80)) {
            fail_at(p, p->at, SIGNET_E_SYNTAX, "write \\xNN, or bytes.fromhex('...')",
                    "bytes hold ASCII characters only");
        } else {
            buf_byte(out, (uint8_t)c);
            p->at++;
            if (c == '\\' && lit->raw && p->at < p->len) /* keeps a quote from closing */
                buf_byte(out, (uint8_t)p->text[p->at++]);
        }
    }
    if (p->rc == SIGNET_OK)
        p->at += lit->triple ? 3 : 1;
}

struct value parse_strings(struct parser *p)
{
    struct literal lit = literal_at(p), next = lit;
    struct buf joined = {0};
    size_t start = p->at;

    while (next.quote && p->rc == SIGNET_OK) {
        if (next.format)
            fail_at(p, p->at, SIGNET_E_SYNTAX, "write the text itself",
                    "f-strings are code, and a configuration is data");
        else if (next.bytes != lit.bytes)
            fail_at(p, p->at, SIGNET_E_SYNTAX, "put b before both, or before none",
                    "a string and bytes cannot be joined");
        else
            parse_literal(p, &next, &joined);
        skip_blank(p);
        next = literal_at(p);
    }
    return value_from_buf(p, lit.bytes ? V_BYTES : V_STR, start, &joined);
}
