/* SPDX-License-Identifier: Apache-2.0 */
/* Python's arithmetic on constants. Integers are 128 bits wide on the way and bounded; what does
 * not fit is an error, never a wrong number. */
#include "config/parser.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_int(const struct value *v)
{
    return v->kind == V_INT || v->kind == V_BOOL;
}

static bool is_number(const struct value *v)
{
    return is_int(v) || v->kind == V_FLOAT;
}

static bool is_text(const struct value *v)
{
    return v->kind == V_STR || v->kind == V_BYTES;
}

static double to_double(const struct value *v)
{
    return v->kind == V_FLOAT ? v->as.number : (double)v->as.integer;
}

static int too_large(struct parser *p, size_t at)
{
    return fail_at(p, at, SIGNET_E_LIMIT, "integers are -2^63 to 2^64-1",
                   "the result is too large");
}

static int by_zero(struct parser *p, size_t at)
{
    return fail_at(p, at, SIGNET_E_SYNTAX, "write the number itself", "division by zero");
}

/* Quotient rounded down and remainder with the divisor's sign, as Python has them. */
static void floor_divide(wide a, wide b, wide *quotient, wide *remainder)
{
    *quotient = a / b;
    *remainder = a % b;
    if (*remainder && (*remainder < 0) != (b < 0)) {
        *quotient -= 1;
        *remainder += b;
    }
}

static bool power(wide base, wide exponent, wide *out)
{
    wide result = 1;

    if (base == 0 || base == 1) {
        *out = exponent ? base : 1;
        return true;
    }
    if (base == -1) {
        *out = exponent % 2 ? -1 : 1;
        return true;
    }
    if (exponent > 127)
        return false;
    while (exponent-- > 0)
        if (__builtin_mul_overflow(result, base, &result))
            return false;
    *out = result;
    return true;
}

static bool shift_left(wide a, wide by, wide *out)
{
    if (a == 0) {
        *out = 0;
        return true;
    }
    if (by > 126)
        return false;
    *out = a;
    while (by-- > 0)
        if (__builtin_mul_overflow(*out, (wide)2, out))
            return false;
    return true;
}

static int integer_binary(struct parser *p, size_t at, char op, wide a, wide b, wide *out)
{
    wide other;

    switch (op) {
    case '+':
        return __builtin_add_overflow(a, b, out) ? too_large(p, at) : SIGNET_OK;
    case '-':
        return __builtin_sub_overflow(a, b, out) ? too_large(p, at) : SIGNET_OK;
    case '*':
        return __builtin_mul_overflow(a, b, out) ? too_large(p, at) : SIGNET_OK;
    case 'f':
    case '%':
        if (b == 0)
            return by_zero(p, at);
        if (b == -1) { /* the one quotient that overflows */
            *out = 0;
            if (op == 'f' && __builtin_sub_overflow((wide)0, a, out))
                return too_large(p, at);
            return SIGNET_OK;
        }
        if (op == 'f')
            floor_divide(a, b, out, &other);
        else
            floor_divide(a, b, &other, out);
        return SIGNET_OK;
    case 'p':
        return power(a, b, out) ? SIGNET_OK : too_large(p, at);
    case 'l':
    case 'r':
        if (b < 0)
            return fail_at(p, at, SIGNET_E_SYNTAX, NULL, "negative shift count");
        if (op == 'l')
            return shift_left(a, b, out) ? SIGNET_OK : too_large(p, at);
        *out = b > 126 ? (a < 0 ? -1 : 0) : a >> (int)b;
        return SIGNET_OK;
    case '&':
        *out = a & b;
        return SIGNET_OK;
    case '|':
        *out = a | b;
        return SIGNET_OK;
    default:
        *out = a ^ b;
        return SIGNET_OK;
    }
}

static int float_binary(struct parser *p, size_t at, char op, double a, double b, double *out)
{
    switch (op) {
    case '+':
        *out = a + b;
        break;
    case '-':
        *out = a - b;
        break;
    case '*':
        *out = a * b;
        break;
    case 'f':
    case '%': {
        double remainder;

        if (b == 0)
            return by_zero(p, at);
        remainder = fmod(a, b);
        if (remainder != 0 && (remainder < 0) != (b < 0))
            remainder += b;
        else if (remainder == 0)
            remainder = copysign(0.0, b);
        if (op == '%') {
            *out = remainder;
        } else {
            double quotient = (a - remainder) / b, whole = floor(quotient);

            *out = quotient == 0 ? copysign(0.0, a / b) : whole + (quotient - whole > 0.5);
        }
        break;
    }
    default: /* power */
        if (a == 0 && b < 0)
            return by_zero(p, at);
        if (a < 0 && b != floor(b))
            return fail_at(p, at, SIGNET_E_SYNTAX, NULL, "LwM2M has no complex numbers");
        *out = pow(a, b);
    }
    if (!isfinite(*out))
        return fail_at(p, at, SIGNET_E_LIMIT, NULL, "the result is no finite number");
    return SIGNET_OK;
}

static int repeat(struct parser *p, size_t at, struct value *text, wide times)
{
    size_t len = text->as.bytes.len;
    uint8_t *data;
    int rc;

    if (times <= 0 || len == 0)
        times = 0;
    if (times > BYTES_MAX || (len && (size_t)times > BYTES_MAX / len))
        return fail_at(p, at, SIGNET_E_LIMIT, NULL, "the result is longer than %d bytes",
                       BYTES_MAX);
    rc = take_bytes(p, at, len * (size_t)times);
    if (rc)
        return rc;
    data = malloc(len * (size_t)times + 1);
    if (!data)
        return error_nomem(p->err);
    for (size_t i = 0; i < (size_t)times; i++)
        memcpy(data + i * len, text->as.bytes.data, len);
    data[len * (size_t)times] = '\0';
    wipe(text->as.bytes.data, len);
    free(text->as.bytes.data);
    text->as.bytes.data = data;
    text->as.bytes.len = len * (size_t)times;
    return SIGNET_OK;
}

static int concatenate(struct parser *p, size_t at, struct value *left, const struct value *right)
{
    size_t a = left->as.bytes.len, b = right->as.bytes.len;
    uint8_t *data;
    int rc = take_bytes(p, at, a + b);

    if (rc)
        return rc;
    data = malloc(a + b + 1);
    if (!data)
        return error_nomem(p->err);
    memcpy(data, left->as.bytes.data, a);
    memcpy(data + a, right->as.bytes.data, b);
    data[a + b] = '\0';
    wipe(left->as.bytes.data, a);
    free(left->as.bytes.data);
    left->as.bytes.data = data;
    left->as.bytes.len = a + b;
    return SIGNET_OK;
}

static int number_binary(struct parser *p, size_t at, char op, struct value *left,
                         const struct value *right)
{
    bool bits = strchr("&|^lr", op) != NULL;
    bool both_bool = left->kind == V_BOOL && right->kind == V_BOOL;
    bool as_float =
        left->kind == V_FLOAT || right->kind == V_FLOAT || (op == 'p' && right->as.integer < 0);
    const wide exact = (wide)1 << 53;
    double number = 0;
    wide integer = 0;
    int rc;

    if (op == '/')
        return fail_at(p, at, SIGNET_E_SYNTAX, "write the number itself, or // for integers",
                       "'/' is not among the operators");
    if (bits && as_float)
        return fail_at(p, at, SIGNET_E_SYNTAX, NULL, "this operator is for integers");
    if (!as_float) {
        rc = integer_binary(p, at, op, left->as.integer, right->as.integer, &integer);
        if (rc)
            return rc;
        left->kind = both_bool && strchr("&|^", op) ? V_BOOL : V_INT;
        left->as.integer = integer;
        return SIGNET_OK;
    }
    for (const struct value *v = left;; v = right) { /* beyond 2^53 a double would round twice */
        if (is_int(v) && (v->as.integer > exact || v->as.integer < -exact))
            return fail_at(p, v->at, SIGNET_E_LIMIT, "write the result itself",
                           "this integer is too large for exact floating point");
        if (v == right)
            break;
    }
    rc = float_binary(p, at, op, to_double(left), to_double(right), &number);
    if (rc)
        return rc;
    left->kind = V_FLOAT;
    left->as.number = number;
    return SIGNET_OK;
}

int apply_binary(struct parser *p, size_t at, char op, struct value *left, struct value *right)
{
    int rc;

    if (is_number(left) && is_number(right)) {
        rc = number_binary(p, at, op, left, right);
    } else if (op == '+' && is_text(left) && left->kind == right->kind) {
        rc = concatenate(p, at, left, right);
    } else if (op == '*' && is_text(left) && is_int(right)) {
        rc = repeat(p, at, left, right->as.integer);
    } else if (op == '*' && is_int(left) && is_text(right)) {
        wide times = left->as.integer;

        *left = *right;
        *right = (struct value){0};
        rc = repeat(p, at, left, times);
    } else {
        rc = fail_at(p, at, SIGNET_E_SYNTAX,
                     "numbers go with numbers, strings with strings, bytes with bytes",
                     "this operator does not take these two values");
    }
    value_free(right);
    return rc;
}

int apply_unary(struct parser *p, size_t at, char op, struct value *v)
{
    if (v->kind == V_FLOAT && op != '~') {
        v->as.number = op == '-' ? -v->as.number : v->as.number;
        return SIGNET_OK;
    }
    if (!is_int(v))
        return fail_at(p, at, SIGNET_E_SYNTAX, NULL, "this sign is for numbers");
    v->kind = V_INT;
    if (op == '~')
        v->as.integer = ~v->as.integer;
    else if (op == '-' && __builtin_sub_overflow((wide)0, v->as.integer, &v->as.integer))
        return too_large(p, at);
    return SIGNET_OK;
}
