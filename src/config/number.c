/* SPDX-License-Identifier: Apache-2.0 */
/* Python's numeric literals: integers of all bases, floats. */
#include "config/parser.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int digit_of(char c, int base)
{
    int digit = isdigit((unsigned char)c)   ? c - '0'
                : isalpha((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                            : 99;

    return digit < base ? digit : -1;
}

/* Digits with single underscores between them; returns how many characters, 0 when malformed. */
static size_t digits_len(const char *text, int base, bool underscore_first)
{
    size_t n = 0;
    bool after_digit = underscore_first;

    for (;; n++) {
        if (digit_of(text[n], base) >= 0) {
            after_digit = true;
        } else if (text[n] == '_' && after_digit) {
            after_digit = false;
        } else {
            break;
        }
    }
    return after_digit ? n : 0;
}

static int to_integer(struct parser *p, size_t at, size_t len, int base, struct value *out)
{
    const wide most = (wide)(((unsigned __int128)1 << 126) - 1);
    wide sum = 0;

    for (size_t i = 0; i < len; i++) {
        int digit = digit_of(p->text[at + i], base);

        if (digit < 0)
            continue; /* underscore */
        if (sum > (most - digit) / base)
            return fail_at(p, out->at, SIGNET_E_LIMIT, "integers are -2^63 to 2^64-1",
                           "this integer is too large");
        sum = sum * base + digit;
    }
    out->kind = V_INT;
    out->as.integer = sum;
    return SIGNET_OK;
}

static int to_float(struct parser *p, size_t len, struct value *out)
{
    char copy[400];
    size_t used = 0;
    locale_t c_locale, before;

    for (size_t i = 0; i < len; i++) {
        char c = p->text[out->at + i];

        if (c == '_')
            continue;
        if (used + 1 >= sizeof copy)
            return fail_at(p, out->at, SIGNET_E_LIMIT, NULL, "this number has too many digits");
        copy[used++] = c;
    }
    copy[used] = '\0';
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* a program's locale may say 1,5 */
    if (!c_locale)
        return error_nomem(p->err);
    before = uselocale(c_locale);
    out->kind = V_FLOAT;
    out->as.number = strtod(copy, NULL);
    uselocale(before);
    freelocale(c_locale);
    return SIGNET_OK;
}

/* How long the float literal at text is; 0 when it is an integer or malformed. */
static size_t float_len(const char *text)
{
    size_t whole = isdigit((unsigned char)*text) ? digits_len(text, 10, false) : 0, n = whole;
    bool is_float = false;

    if (text[n] == '.') {
        is_float = true;
        n++;
        if (isdigit((unsigned char)text[n])) {
            size_t fraction = digits_len(text + n, 10, false);

            if (!fraction)
                return 0;
            n += fraction;
        } else if (!whole) {
            return 0;
        }
    }
    if (text[n] == 'e' || text[n] == 'E') {
        size_t sign = text[n + 1] == '+' || text[n + 1] == '-';

        if (isdigit((unsigned char)text[n + 1 + sign])) {
            size_t exponent = digits_len(text + n + 1 + sign, 10, false);

            if (!exponent)
                return 0;
            n += 1 + sign + exponent;
            is_float = true;
        }
    }
    return is_float ? n : 0;
}

static int end_of_number(struct parser *p, size_t start)
{
    char c = p->text[p->at];

    if (c == 'j' || c == 'J')
        return fail_at(p, start, SIGNET_E_SYNTAX, NULL, "LwM2M has no complex numbers");
    if (isalnum((unsigned char)c) || c == '_' || (c & 0x80))
        return fail_at(p, p->at, SIGNET_E_SYNTAX, "text and keys stand in quotes",
                       "this does not belong to a number");
    return SIGNET_OK;
}

int parse_number(struct parser *p, struct value *out)
{
    const char *text = p->text + p->at;
    size_t start = p->at, len, skip = 0;
    int base = 10, rc;

    *out = (struct value){.at = start};
    len = float_len(text);
    if (len) {
        rc = to_float(p, len, out);
    } else {
        if (text[0] == '0' && text[1] && strchr("xXoObB", text[1])) {
            char kind = (char)tolower((unsigned char)text[1]);

            base = kind == 'x' ? 16 : kind == 'o' ? 8 : 2;
            skip = 2;
        }
        len = digits_len(text + skip, base, skip > 0);
        if (!len)
            return fail_at(p, start, SIGNET_E_SYNTAX,
                           "as in Python: 10, 1_000, 0x1f, 0o17, 0b101, 1.5, 1e-3",
                           "malformed number");
        if (base == 10 && text[0] == '0') {
            for (size_t i = 0; i < len; i++)
                if (text[i] != '0' && text[i] != '_')
                    return fail_at(p, start, SIGNET_E_SYNTAX,
                                   "drop the zeros; octal is written 0o17",
                                   "an integer cannot start with 0");
        }
        rc = to_integer(p, start + skip, len, base, out);
    }
    if (rc)
        return rc;
    p->at = start + skip + len;
    return end_of_number(p, start);
}
