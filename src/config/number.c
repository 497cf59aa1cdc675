/* SPDX-License-Identifier: Apache-2.0 */
/* Python's numeric literals: integers of all bases, floats. */
#include "config/parser.h"

#include <ctype.h>
#include <locale.h>
#include <stdlib.h>

int digit_of(char c, int base)
{
    int digit = isdigit((unsigned char)c)   ? c - '0'
                : isalpha((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                            : 99;

    return digit < base ? digit : -1;
}

/* Digits with single underscores between them: how many characters. */
static size_t digits_len(const char *text, int base)
{
    size_t n = 0;

    while (digit_of(text[n], base) >= 0 ||
           (n && text[n] == '_' && digit_of(text[n + 1], base) >= 0))
        n++;
    return n;
}

static struct value to_integer(struct parser *p, size_t start, size_t at, int base)
{
    wide sum = 0;

    for (; at < p->at; at++) {
        int digit = digit_of(p->text[at], base);

        if (digit >= 0 && (__builtin_mul_overflow(sum, (wide)base, &sum) ||
                           __builtin_add_overflow(sum, (wide)digit, &sum)))
            return fail_at(p, start, SIGNET_E_LIMIT,
                           "integers are -2^63 to 2^64-1; bytes are bytes.fromhex('00ff')",
                           "this integer is too large");
    }
    return (struct value){.kind = V_INT, .as.integer = sum};
}

int decimal_parse(const char *text, double *out, char **end, struct signet_error *err)
{
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);

    if (!c_locale)
        return error_nomem(err);
    *out = strtod_l(text, end, c_locale);
    freelocale(c_locale);
    return SIGNET_OK;
}

static struct value to_float(struct parser *p, size_t start)
{
    struct value v = {.kind = V_FLOAT};
    char copy[400], *end;
    size_t used = 0;

    for (size_t i = start; i < p->at; i++) {
        if (p->text[i] != '_')
            copy[used++] = p->text[i];
        if (used == sizeof(copy))
            return fail_at(p, start, SIGNET_E_LIMIT, NULL, "this number has too many digits");
    }
    copy[used] = '\0';
    fail_with(p, decimal_parse(copy, &v.as.number, &end, p->err));
    return v;
}

/* How long the float literal at text is; 0 when there is none. */
static size_t float_len(const char *text)
{
    size_t whole = digits_len(text, 10), n = whole, exponent = 0;

    if (text[n] == '.')
        n += 1 + digits_len(text + n + 1, 10);
    if (text[n] == 'e' || text[n] == 'E') {
        size_t sign = text[n + 1] == '+' || text[n + 1] == '-';

        exponent = digits_len(text + n + 1 + sign, 10);
        n += exponent ? 1 + sign + exponent : 0;
    }
    return n > whole ? n : 0;
}

static void end_number(struct parser *p, size_t start)
{
    char c = p->text[p->at];

    if (c == '_' || p->at == start)
        fail_at(p, start, SIGNET_E_SYNTAX, "as in Python: 10, 1_000, 0x1f, 0o17, 0b101, 1.5, 1e-3",
                "malformed number");
    else if (c == 'j' || c == 'J')
        fail_at(p, start, SIGNET_E_SYNTAX, NULL, "LwM2M has no complex numbers");
    else if ((c == 'h' || c == 'd') && !isalnum((unsigned char)p->text[p->at + 1]))
        fail_at(p, p->at, SIGNET_E_SYNTAX,
                c == 'h' ? "a time is in seconds, without a unit: an hour is 3600"
                         : "a time is in seconds, without a unit: a day is 86400",
                "this does not belong to a number");
    else if (isalnum((unsigned char)c) || (c & 0x80))
        fail_at(p, p->at, SIGNET_E_SYNTAX,
                "write digits alone, without a unit (a time is in seconds); text and keys stand in "
                "quotes",
                "this does not belong to a number");
}

struct value parse_number(struct parser *p)
{
    const char *text = p->text + p->at;
    size_t start = p->at, len = float_len(text), skip = 0;
    int base = 10;
    struct value v;

    if (len) {
        p->at += len;
        v = to_float(p, start);
    } else {
        if (text[0] == '0' && char_in(text[1], "xXoObB")) {
            base = strchr("xX", text[1]) ? 16 : strchr("oO", text[1]) ? 8 : 2;
            skip = text[2] == '_' ? 3 : 2;
        }
        len = digits_len(text + skip, base);
        p->at += len ? skip + len : 0;
        if (!skip && text[0] == '0' && strspn(text, "0_") < len)
            return fail_at(p, start, SIGNET_E_SYNTAX, "drop the zeros; octal is written 0o17",
                           "an integer cannot start with 0");
        v = to_integer(p, start, start + skip, base);
    }
    end_number(p, start);
    return v;
}
