/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_PARSER_H
#define CONFIG_PARSER_H

/* The configuration language, in steps: text -> values (parse.c, with number.c and string.c for
 * literals and arithmetic.c for operators) -> tree (build.c). place.c turns an offset into an
 * error with line, column and caret.
 *
 * The first error is kept and ends the text: what comes after it finds nothing more, and what it
 * gives is of no use, but still has to be freed. */

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
    enum { NO_NAME, OBJECT_NAME, RESOURCE_NAME } named; /* V_INT: how it is written */
    uint16_t named_of;                                  /* the object of a resource's name */
    size_t at;                                          /* where it starts in the text */
    union {
        wide integer; /* V_INT and V_BOOL */
        double number;
        struct signet_bytes bytes; /* V_STR is UTF-8 */
        struct dict {
            struct entry *entries;
            size_t count;
        } dict;
        struct {
            uint16_t oid, iid;
        } objlink;
    } as;
};

struct entry {
    struct value key, value;
};

struct parser {
    const char *name; /* for messages */
    const char *file; /* whose folder the paths in it start from; NULL: it is no file */
    struct signet_objects *objects; /* whose names are known; NULL: the core table's */
    const char *text;               /* newlines are \n; zeros follow */
    size_t len, at;
    unsigned depth, nesting;
    size_t values, bytes;
    size_t cursor; /* place_of() was here last: behind so many lines, and characters in this one */
    unsigned line, column;
    struct tree_source *source; /* of the tree that is built */
    int rc;                     /* of the first error */
    struct signet_error *err;
};

/* place.c: an error at an offset; hint may be NULL. Gives no value. */
struct value fail_at(struct parser *p, size_t at, enum signet_code code, const char *hint,
                     const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void fail_with(struct parser *p, int rc); /* the error is set */
/* Line and column (in characters), both from 1. Rising offsets cost one pass over the text. */
void place_of(struct parser *p, size_t at, unsigned *line, unsigned *column);

/* The text without what may be a secret: as many lines, and characters in each. */
void text_without_secrets(const struct parser *p, struct buf *out);

/* value.c */
void value_free(struct value *v);
/* V_STR or V_BYTES of what is in the buf, which is emptied; counted against BYTES_MAX. */
struct value value_from_buf(struct parser *p, enum value_kind kind, size_t at, struct buf *bytes);

/* number.c and string.c: p->at is at the literal and is moved past it. */
int digit_of(char c, int base); /* -1: none */
struct value parse_number(struct parser *p);
/* Blanks, comments, and ends of lines that a backslash takes away. */
void skip_blank(struct parser *p);
bool string_starts(const struct parser *p);
struct value parse_strings(struct parser *p); /* with implicit concatenation */

/* arithmetic.c: op is '+' '-' '*' '/' '%' '&' '|' '^' 'f' (//) 'p' (**) 'l' (<<) 'r' (>>), or a
 * sign; at is its place. Operands go over to the result. */
struct value apply_binary(struct parser *p, size_t at, char op, struct value left,
                          struct value right);
struct value apply_unary(struct parser *p, size_t at, char op, struct value v);

/* definitions.c: the entry 'objects' of the configuration: the file or folder that it names, or a
 * dictionary of them, is read, and its names are known from there on. */
bool is_definitions(const struct parser *p, const struct value *key);
void read_definitions(struct parser *p, const struct value *paths);

/* names.c: a word of the text */
enum { OBJECTS_MAX = 1024, RESOURCES_MAX = 256 }; /* that are looked at for a hint */
struct name {
    size_t at, len;
};
bool name_starts(char c);
struct name scan_name(struct parser *p); /* p->at is moved past it; empty when there is none */
bool name_is(const struct parser *p, struct name n, const char *name);
/* What stands here is what a word processor or a merge left: it is told. */
bool odd_here(struct parser *p);
/* candidates: for the hint */
struct value unknown_name(struct parser *p, struct name n, const char *prefix,
                          const char *const *candidates, size_t count);

/* parse.c */
struct value parse_configuration(struct parser *p);

/* doubt.c: of the entry at this level of an object, which the source has as its last */
void doubt_entry(struct parser *p, const struct entry *entry, uint16_t oid, unsigned level);

/* build.c */
void build_tree(struct parser *p, const struct value *top, struct signet_tree **out);

#endif
