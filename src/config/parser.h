/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_PARSER_H
#define CONFIG_PARSER_H

/* The configuration language, in steps: text -> values (parse.c, with number.c and string.c for
 * literals and arithmetic.c for operators) -> tree (build.c). place.c turns an offset into an
 * error with line, column and caret. */

#include "config/config.h"
#include "lwm2m/lwm2m.h"

enum {
    TEXT_MAX = 1024 * 1024,      /* bytes of a configuration */
    DICT_DEPTH_MAX = 32,         /* dictionaries in dictionaries */
    NESTING_MAX = 200,           /* parentheses and signs, as CPython's own parser */
    VALUES_MAX = 65536,          /* values in one file */
    BYTES_MAX = 4 * 1024 * 1024, /* strings and bytes, all results added up */
};

__extension__ typedef __int128 wide; /* intermediate integers; the result must fit 64 bits */

enum value_kind { V_INT, V_BOOL, V_FLOAT, V_STR, V_BYTES, V_DICT, V_OBJLINK };

struct value {
    enum value_kind kind;
    size_t at; /* where it starts in the text */
    union {
        wide integer; /* V_INT and V_BOOL */
        double number;
        struct {
            uint8_t *data;
            size_t len;
        } bytes; /* V_STR is UTF-8 */
        struct dict *dict;
        struct {
            uint16_t oid, iid;
        } objlink;
    } as;
};

struct entry {
    struct value key, value;
};

struct dict {
    struct entry *entries;
    size_t count, cap;
};

struct parser {
    const char *name; /* for messages */
    const char *text; /* newlines are \n; zero-terminated */
    size_t len, at;
    unsigned depth, nesting;
    size_t values, bytes;
    struct signet_error *err;
};

/* place.c: an error at an offset. The code is returned, as by error_set(). */
#define fail_at(p, at, code, ...) (tell_at(p, at, code, __VA_ARGS__), error_code(code))
void tell_at(struct parser *p, size_t at, enum signet_code code, const char *hint, const char *fmt,
             ...) __attribute__((format(printf, 5, 6)));
/* Line and column (in characters), both from 1. *cursor and *line remember the last answer, so
 * that rising offsets cost one pass over the text; start them at 0 and 1. */
void place_of(const struct parser *p, size_t at, size_t *cursor, unsigned *line, unsigned *column);

void skip_blank(struct parser *p);
void value_free(struct value *v);
/* Counts a string's bytes against BYTES_MAX. */
int take_bytes(struct parser *p, size_t at, size_t len);

/* number.c and string.c: p->at is at the literal and is moved past it. */
int parse_number(struct parser *p, struct value *out);
bool string_starts(const struct parser *p);
int parse_strings(struct parser *p, struct value *out); /* with implicit concatenation */

/* arithmetic.c: op is '+' '-' '*' '/' '%' '&' '|' '^' 'f' (//) 'p' (**) 'l' (<<) 'r' (>>). The
 * result replaces *left; right is freed. */
int apply_binary(struct parser *p, size_t at, char op, struct value *left, struct value *right);
int apply_unary(struct parser *p, size_t at, char op, struct value *v);

/* parse.c */
int parse_configuration(struct parser *p, struct value *out);

/* build.c */
int build_tree(struct parser *p, const struct value *top, struct signet_tree **out);

#endif
