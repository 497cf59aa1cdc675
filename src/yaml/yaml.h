/* SPDX-License-Identifier: Apache-2.0 */
#ifndef YAML_YAML_H
#define YAML_YAML_H

/* YAML files of keys and values: orders, device profiles. */

#include "base/base.h"

#include <yaml.h>

/* The keys that stand in another one, with a blank before and behind each: for the hint where one
 * stands in the file itself. The last row has no `in`. */
struct key_home {
    const char *in, *keys;
    const char *example; /* of the part, for the hint where another thing stands in its place */
    bool list;           /* of maps */
    const struct entry *table; /* NULL, or: `in` is no part of the file, and says where the key of
                                  this part belongs */
};

/* What people write for the keys of a part; NULL: of the file itself: text_hint_meant(). The last
 * row has no words. */
struct key_words {
    const char *in;
    const char *const (*words)[2];
};

/* A file while it is read. */
struct reader {
    const char *path, *folder; /* folder: with the slash, or "" */
    size_t folder_len;
    enum signet_file_kind kind; /* that it should be */
    struct text_source source;
    yaml_document_t document;
    void *root;                /* what the file becomes */
    const struct entry *table; /* its keys */
    size_t count;
    const struct key_home *homes;      /* of keys that are none of its own; may be NULL */
    const struct key_words *words;     /* for keys; may be NULL */
    const char *part;                  /* that is being read */
    int (*complete)(struct reader *r); /* after the keys, while places are known; may be NULL */
    void **owned;                      /* what was copied out of it: reader_free_owned() */
    struct signet_error *err;
};

enum { READER_WORDS_MAX = 63 }; /* of a list */

enum entry_type {
    ENTRY_TEXT,   /* const char * */
    ENTRY_RAW,    /* const char *: what a board says, with control characters */
    ENTRY_PATH,   /* const char *: a file or folder */
    ENTRY_NUMBER, /* int64_t, from min to max */
    ENTRY_INT,    /* int, likewise */
    ENTRY_UNSIGNED,
    ENTRY_FLAG,    /* bool: true or false */
    ENTRY_MARK,    /* char: one that stands between fields, or "tab" */
    ENTRY_WORDS,   /* const char **: a list of words, ends with NULL; max 1: of a program */
    ENTRY_OPTIONS, /* struct signet_option [SIGNET_OPTIONS_MAX]: keys that begin with name and
 stand in no row before */
    ENTRY_MAP,     /* read by its own function */
    ENTRY_LIST,    /* its items, at most max, likewise */
    ENTRY_ITEMS,   /* the same, or one item without brackets; read says when there are too many */
};                 /* (an empty list of min 1 is given to read) */

struct entry {
    const char *name;
    enum entry_type type;
    size_t offset;
    int64_t min, max;
    int (*read)(struct reader *r, yaml_node_t *node); /* ENTRY_MAP, ENTRY_LIST, ENTRY_ITEMS */
};
/* Rows: of a member of a struct, with limits or without, and of what has its own function. */
#define ENTRY_WITHIN(key, type, of, member, min, max)                                              \
    {                                                                                              \
        key, type, offsetof(struct of, member), min, max, NULL                                     \
    }
#define ENTRY(key, type, of, member) ENTRY_WITHIN(key, type, of, member, 0, 0)
#define ENTRY_READ(key, type, max, function)                                                       \
    {                                                                                              \
        key, type, 0, 0, max, function                                                             \
    }

/* syntax.c: what libyaml found, in words for a person, at the place where it has to be mended. */
int yaml_explain(const struct text_source *source, const yaml_parser_t *parser,
                 struct signet_error *err);
/* syntax.c: "quota:3" begins at the offset: a key without the blank that ends it. */
bool yaml_key_glued(const struct text_source *source, size_t at);

/* "order.yaml:7:3: ..." with the line and a caret. Returns code. */
int reader_fail(struct reader *r, const yaml_node_t *node, enum signet_code code, const char *fmt,
                ...) __attribute__((format(printf, 4, 5)));
/* The same where a word stands that was read before; without a place when it is not found. */
int reader_fail_word(struct reader *r, const char *word, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The value of a key of a mapping; the mapping when it has none. */
const yaml_node_t *reader_under(struct reader *r, const yaml_node_t *map, const char *key);
/* SIGNET_E_MEANING, with a hint, which is no format. */
#define reader_fail_hint(r, node, hint, ...)                                                       \
    (reader_fail(r, node, SIGNET_E_MEANING, __VA_ARGS__), error_hint((r)->err, "%s", hint),        \
     error_code(SIGNET_E_MEANING))
/* Fills what the table names; an unknown or repeated key is an error. */
int reader_map(struct reader *r, yaml_node_t *node, const struct entry *table, size_t count,
               void *to);
/* One value, as the entry says. */
int reader_value(struct reader *r, yaml_node_t *node, const struct entry *e, void *to);
/* A copy that lives until reader_free_owned(); NULL with the error set. */
char *reader_keep(struct reader *r, const char *text, size_t len);
/* The same of a path: as it is when absolute, else in the file's folder. *out is NULL on error. */
int reader_path(struct reader *r, const char *path, const char **out);
/* The whole file: keys and values as the table says, into r->root. Sets folder and document of *r.
 */
int reader_load(struct reader *r, size_t max, const struct entry *table, size_t count);
void reader_free_owned(void **owned); /* sets *owned to NULL */

#endif
