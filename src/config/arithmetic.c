/* SPDX-License-Identifier: Apache-2.0 */
/* Python's arithmetic on constants. Integers are 128 bits wide on the way and bounded; what does
 * not fit is an error, never a wrong number. */
#include "config/parser.h"

#include <math.h>

/* hint and message */
#define TOO_LARGE "integers are -2^63 to 2^64-1", "the result is too large"
#define BY_ZERO   "write the number itself", "division by zero"

static bool is_int(const struct value *v)
{
    return v->kind == V_INT || v->kind == V_BOOL;
}

static bool is_number(const struct value *v)
{
    return is_int(v) || v->kind == V_FLOAT;
}

static bool has_text(const struct value *v)
{
    return v->kind == V_STR || v->kind == V_BYTES;
}

/* start * factor ** times; false: too large. */
static bool scale(wide start, wide factor, wide times, wide *out)
{
    if (start == 0 || (factor >= -1 && factor <= 1)) /* from the second time on, only its sign */
        times = times > 2 ? 2 - times % 2 : times;
    for (*out = start; times > 0; times--)
        if (__builtin_mul_overflow(*out, factor, out))
            return false;
    return true;
}

/* Quotient rounded down and remainder with the divisor's sign, as Python has them; false: too
 * large. */
static bool floor_divide(wide a, wide b, bool quotient, wide *out)
{
    if (b == -1) /* the one quotient that overflows */
        return !__builtin_sub_overflow((wide)0, quotient ? a : 0, out);
    wide rest = a % b;
    bool apart = rest && (rest < 0) != (b < 0);
    *out = quotient ? a / b - apart : rest + (apart ? b : 0);
    return true;
}

/* False: too large. */
static bool integer_binary(char op, wide a, wide b, wide *out)
{
    switch (op) {
    case '+':
        return !__builtin_add_overflow(a, b, out);
    case '-':
        return !__builtin_sub_overflow(a, b, out);
    case '*':
        return !__builtin_mul_overflow(a, b, out);
    case 'f':
    case '%':
        return floor_divide(a, b, op == 'f', out);
    case 'p':
        return scale(1, a, b, out);
    case 'l':
        return scale(a, 2, b, out);
    case 'r':
        *out = b > 126 ? (a < 0 ? -1 : 0) : a >> (int)b;
        return true;
    default:
        *out = op == '&' ? a & b : op == '|' ? a | b : a ^ b;
        return true;
    }
}

/* As integers; a zero has the sign that Python gives it. */
static double float_divide(double a, double b, bool quotient)
{
    double rest = fmod(a, b), whole;

    if (rest != 0 && (rest < 0) != (b < 0))
        rest += b;
    if (!quotient)
        return rest != 0 ? rest : copysign(0.0, b);
    whole = (a - rest) / b;
    return whole == 0 ? copysign(0.0, a / b) : floor(whole) + (whole - floor(whole) > 0.5);
}

static struct value float_binary(struct parser *p, size_t at, char op, double a, double b)
{
    struct value v = {.kind = V_FLOAT};

    if (op == 'p' && a == 0 && b < 0)
        return fail_at(p, at, SIGNET_E_SYNTAX, BY_ZERO);
    if (op == 'p' && a < 0 && b != floor(b))
        return fail_at(p, at, SIGNET_E_SYNTAX, NULL, "LwM2M has no complex numbers");
    v.as.number = op == '+'   ? a + b
                  : op == '-' ? a - b
                  : op == '*' ? a * b
                  : op == 'p' ? pow(a, b)
                              : float_divide(a, b, op == 'f');
    if (!isfinite(v.as.number))
        fail_at(p, at, SIGNET_E_LIMIT, NULL, "the result is no finite number");
    return v;
}

/* Beyond 2^53 a double would round twice. */
static double to_double(struct parser *p, const struct value *v)
{
    const wide exact = (wide)1 << 53;

    if (v->kind == V_FLOAT)
        return v->as.number;
    if (v->as.integer > exact || v->as.integer < -exact)
        fail_at(p, v->at, SIGNET_E_LIMIT, "write the result itself",
                "this integer is too large for exact floating point");
    return (double)v->as.integer;
}

static struct value number_binary(struct parser *p, size_t at, char op, const struct value *left,
                                  const struct value *right)
{
    struct value v = {.kind = V_INT};
    bool as_float = left->kind == V_FLOAT || right->kind == V_FLOAT;
    bool zero = right->kind == V_FLOAT ? right->as.number == 0 : right->as.integer == 0;

    if (op == '/')
        return fail_at(p, at, SIGNET_E_SYNTAX, "write the number itself, or // for integers",
                       "'/' is not among the operators");
    if (as_float && strchr("&|^lr", op))
        return fail_at(p, at, SIGNET_E_SYNTAX, NULL, "this operator is for integers");
    if (zero && (op == 'f' || op == '%'))
        return fail_at(p, at, SIGNET_E_SYNTAX, BY_ZERO);
    if (as_float || (op == 'p' && right->as.integer < 0))
        return float_binary(p, at, op, to_double(p, left), to_double(p, right));
    if (strchr("lr", op) && right->as.integer < 0)
        return fail_at(p, at, SIGNET_E_SYNTAX, NULL, "negative shift count");
    if (left->kind == V_BOOL && right->kind == V_BOOL && strchr("&|^", op))
        v.kind = V_BOOL;
    if (!integer_binary(op, left->as.integer, right->as.integer, &v.as.integer))
        return fail_at(p, at, SIGNET_E_LIMIT, TOO_LARGE);
    return v;
}

/* head, and the text so many times. */
static struct value repeat(struct parser *p, size_t at, const struct value *head,
                           const struct value *text, wide times)
{
    struct buf out = {0};

    if (text->as.bytes.len && times > BYTES_MAX / (wide)text->as.bytes.len)
        return fail_at(p, at, SIGNET_E_LIMIT, NULL, "the result is longer than %d bytes",
                       BYTES_MAX);
    if (head)
        buf_append(&out, head->as.bytes.data, head->as.bytes.len);
    for (wide i = 0; text->as.bytes.len && i < times; i++)
        buf_append(&out, text->as.bytes.data, text->as.bytes.len);
    return value_from_buf(p, text->kind, at, &out);
}

struct value apply_binary(struct parser *p, size_t at, char op, struct value left,
                          struct value right)
{
    struct value v = {0};

    if (p->rc == SIGNET_OK && is_number(&left) && is_number(&right))
        v = number_binary(p, at, op, &left, &right);
    else if (op == '+' && has_text(&left) && left.kind == right.kind)
        v = repeat(p, at, &left, &right, 1);
    else if (op == '*' && has_text(&left) && is_int(&right))
        v = repeat(p, at, NULL, &left, right.as.integer);
    else if (op == '*' && is_int(&left) && has_text(&right))
        v = repeat(p, at, NULL, &right, left.as.integer);
    else
        fail_at(p, at, SIGNET_E_SYNTAX,
                "numbers go with numbers, strings with strings, bytes with bytes",
                "this operator does not take these two values");
    value_free(&left);
    value_free(&right);
    return v;
}

struct value apply_unary(struct parser *p, size_t at, char op, struct value v)
{
    if (v.kind == V_FLOAT && op != '~') {
        v.as.number = op == '-' ? -v.as.number : v.as.number;
    } else if (!is_int(&v)) {
        fail_at(p, at, SIGNET_E_SYNTAX, NULL, "this sign is for numbers");
    } else {
        v.kind = V_INT;
        v.named = NO_NAME;
        if (op == '~')
            v.as.integer = ~v.as.integer;
        else if (op == '-' && __builtin_sub_overflow((wide)0, v.as.integer, &v.as.integer))
            fail_at(p, at, SIGNET_E_LIMIT, TOO_LARGE);
    }
    return v;
}
