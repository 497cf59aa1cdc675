/* SPDX-License-Identifier: Apache-2.0 */
/* YAML mappings by table. A scalar is text here, whatever YAML 1.1 would make of it: a serial
 * number 0123 stays one, and "no" is no boolean. */
#include "yaml/private.h"

#include <errno.h>
#include <stdlib.h>

enum { BRACKETS_MAX = 1000 };

struct owned {
    struct owned *next;
    max_align_t bytes[];
};

static void *reader_alloc(struct reader *r, size_t size)
{
    struct owned *o = malloc(sizeof(*o) + size);

    if (!o) {
        error_nomem(r->err);
        return NULL;
    }
    o->next = *r->owned;
    *r->owned = o;
    return o->bytes;
}

char *reader_keep(struct reader *r, const char *text, size_t len)
{
    char *copy = reader_alloc(r, len + 1);

    if (copy) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

int reader_path(struct reader *r, const char *path, const char **out)
{
    char whole[4096];
    int before = path[0] == '/' ? 0 : (int)r->folder_len;
    int len = snprintf(whole, sizeof(whole), "%.*s%s", before, r->folder, path);

    *out = NULL;
    if ((size_t)len >= sizeof(whole))
        return error_set(r->err, SIGNET_E_LIMIT, "%s: a path is too long", r->path);
    *out = reader_keep(r, whole, (size_t)len);
    return *out ? SIGNET_OK : SIGNET_E_NOMEM;
}

void reader_free_owned(void **owned)
{
    for (struct owned *at = *owned, *next; at; at = next) {
        next = at->next;
        free(at);
    }
    *owned = NULL;
}

/* ~ and null */
static int no_null(struct reader *r, const yaml_node_t *node, const char *name)
{
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE ||
        (strcmp(scalar_text(node), "~") != 0 && strcasecmp(scalar_text(node), "null") != 0))
        return SIGNET_OK;
    return reader_fail_hint(r, node, "write its value, or leave the key out",
                            "'%s' has no value: in YAML, %s stands for nothing", name,
                            scalar_text(node));
}

/* JSON and C end a line with a mark; in YAML it would be part of the value. */
static int no_comma(struct reader *r, const yaml_node_t *node, const char *name)
{
    size_t len = node->data.scalar.length;

    return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && len &&
                   char_in(scalar_text(node)[len - 1], ",;")
               ? reader_fail_hint(r, node, "take it out; a value that has it stands in quotes",
                                  "'%s' ends with a %s", name,
                                  scalar_text(node)[len - 1] == ',' ? "comma" : "semicolon")
               : SIGNET_OK;
}

static int scalar(struct reader *r, const yaml_node_t *node, const char *name)
{
    if (node->type != YAML_SCALAR_NODE)
        return reader_fail_hint(
            r, node,
            node->type == YAML_SEQUENCE_NODE
                ? "write the value alone, without brackets; a text with [ in it is put in quotes"
                : "write the value alone; a text with { or [ in it is put in quotes",
            "'%s' takes one value", name);
    if (no_null(r, node, name) != SIGNET_OK)
        return SIGNET_E_MEANING;
    if (memchr(node->data.scalar.value, 0, node->data.scalar.length))
        return reader_fail(r, node, SIGNET_E_SYNTAX, "'%s' holds a zero byte", name);
    return no_comma(r, node, name);
}

static int read_number(struct reader *r, const yaml_node_t *node, const struct entry *e,
                       void *place)
{
    const char *text = scalar_text(node);
    char *end = NULL;

    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (!*text || *end || text[0] == ' ' || text[0] == '+')
        return reader_fail_hint(r, node,
                                e->max == 100 && strncmp(text, "0.", 2) == 0
                                    ? "in percent, such as 90"
                                : strchr(text, '#') ? "a blank stands before the # of a comment"
                                                    : "digits alone, such as 10",
                                "'%s' takes a whole number, not '%s'", e->name, shown(node));
    if (errno || n < e->min || n > e->max) /* ERANGE: of more digits than any has */
        return reader_fail_hint(r, node, "write a number between the two",
                                "'%s' is from %lld to %lld, not %s", e->name, (long long)e->min,
                                (long long)e->max, shown(node));
    if (e->type == ENTRY_NUMBER)
        *(int64_t *)place = n;
    else if (e->type == ENTRY_INT)
        *(int *)place = (int)n;
    else
        *(unsigned *)place = (unsigned)n;
    return SIGNET_OK;
}

static int read_flag(struct reader *r, const yaml_node_t *node, const struct entry *e, bool *out)
{
    *out = strcmp(scalar_text(node), "true") == 0;
    if (*out || strcmp(scalar_text(node), "false") == 0)
        return SIGNET_OK;
    /* longer, it may be a secret that stands in the wrong place */
    return node->data.scalar.length > 12
               ? reader_fail_hint(r, node, "write true or false", "'%s' is true or false", e->name)
               : reader_fail_hint(r, node, "write true or false", "'%s' is true or false, not '%s'",
                                  e->name, shown(node));
}

static int read_text(struct reader *r, const yaml_node_t *node, const struct entry *e,
                     const char **out)
{
    const char *text = scalar_text(node);
    size_t len = node->data.scalar.length;

    if (e->type != ENTRY_RAW && len && (text[0] == ' ' || text[len - 1] == ' '))
        return reader_fail_hint(r, node, "take the blank out", "'%s' %s with a blank", e->name,
                                text[0] == ' ' ? "begins" : "ends");
    for (size_t i = 0; e->type != ENTRY_RAW && i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return text[i] == '\n'
                       ? reader_fail_hint(r, node, "write it in one line, without | or >",
                                          "'%s' is a text of several lines", e->name)
                       : reader_fail_hint(r, node, "take it out", "'%s' holds a control character",
                                          e->name);
    if (e->type != ENTRY_RAW && len == 0)
        return reader_fail_hint(
            r, node, "write its value behind the colon (\"name: value\"), or leave the key out",
            "'%s' is empty", e->name);
    if (e->type == ENTRY_PATH && strchr(text, '\\') && !strstr(text, "://"))
        return reader_fail_hint(r, node, file_path_doubt(text), "'%s' is a path of Windows",
                                e->name);
    if (e->type == ENTRY_PATH && strstr(text, "://$"))
        return reader_fail_hint(r, node,
                                "write the host itself: $NAME means something to a shell alone",
                                "'%s' has a $ in place of a host", e->name);
    if (e->type != ENTRY_RAW && (strstr(text, "${") || (e->type == ENTRY_PATH && text[0] == '$')))
        return reader_fail_hint(r, node,
                                memchr(text, '{', len) && e->type != ENTRY_PATH
                                    ? "take the $ out: a placeholder is {serial} or the like"
                                    : "write the value itself: $NAME means something to a shell "
                                      "alone",
                                "'%s' has a variable in it, and nobody fills it in", e->name);
    if (e->type == ENTRY_PATH && !strstr(text, "://"))
        return reader_path(r, text, out);
    *out = reader_keep(r, text, len);
    return *out ? SIGNET_OK : SIGNET_E_NOMEM;
}

static int read_mark(struct reader *r, const yaml_node_t *node, const struct entry *e, char *out)
{
    const char *text = scalar_text(node);

    if (strcmp(text, "tab") == 0 || strcmp(text, "\t") == 0) {
        *out = '\t';
        return SIGNET_OK;
    }
    if (node->data.scalar.length != 1 || !strchr(" !#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", text[0]))
        return reader_fail_hint(r, node, "such as \";\", or tab",
                                "'%s' takes one character, or the word tab, not '%s'", e->name,
                                shown(node));
    *out = text[0];
    return SIGNET_OK;
}

static int read_words(struct reader *r, const yaml_node_t *node, const struct entry *e,
                      const char ***out)
{
    const yaml_node_item_t *items = node->data.sequence.items.start;
    const yaml_node_t *word;
    int rc = SIGNET_OK;

    if (node->type != YAML_SEQUENCE_NODE || items == node->data.sequence.items.top)
        return reader_fail_hint(r, node,
                                e->max ? "such as [/usr/bin/lamp, green, \"{slot}\"]: no shell is "
                                         "used"
                                       : "put the words into brackets: [word, word]",
                                "'%s' takes a list of words", e->name);
    size_t n = (size_t)(node->data.sequence.items.top - items);
    if (n > READER_WORDS_MAX)
        return reader_fail(r, node, SIGNET_E_LIMIT, "'%s' has more than %d words", e->name,
                           READER_WORDS_MAX);
    const char **words = *out = reader_alloc(r, (n + 1) * sizeof(*words));
    for (size_t i = 0; words && rc == SIGNET_OK && i < n; i++) {
        word = yaml_document_get_node(&r->document, items[i]);
        rc = scalar(r, word, e->name);
        words[i + 1] = NULL;
        if (rc == SIGNET_OK &&
            !(words[i] = reader_keep(r, scalar_text(word), word->data.scalar.length)))
            rc = SIGNET_E_NOMEM;
    }
    return words ? rc : SIGNET_E_NOMEM;
}

static int read_scalar(struct reader *r, const yaml_node_t *node, const struct entry *e,
                       void *place)
{
    int rc = scalar(r, node, e->name);

    if (rc != SIGNET_OK)
        return rc;
    if (e->type == ENTRY_TEXT || e->type == ENTRY_RAW || e->type == ENTRY_PATH)
        return read_text(r, node, e, place);
    if (e->type == ENTRY_MARK)
        return read_mark(r, node, e, place);
    return e->type == ENTRY_FLAG ? read_flag(r, node, e, place) : read_number(r, node, e, place);
}

static int read_list(struct reader *r, yaml_node_t *node, const struct entry *e)
{
    int rc = SIGNET_OK;

    if (node->type != YAML_SEQUENCE_NODE && e->type == ENTRY_ITEMS)
        return e->read(r, node);
    if (node->type != YAML_SEQUENCE_NODE) {
        const char *example = reader_example(r);
        size_t at = reader_place(r, &node->start_mark);

        if (at + 1 < r->source.len && r->source.text[at] == '-' && r->source.text[at + 1] != ' ')
            return reader_fail_hint(r, node, "write a blank: \"- ...\"",
                                    "no blank stands behind the - of a list");
        if (at + 3 < r->source.len && memcmp(r->source.text + at, "\xe2\x80", 2) == 0)
            return reader_fail_hint(r, node, "write a minus: \"- ...\"",
                                    "a long dash, as word processors write it");
        reader_fail(r, node, SIGNET_E_MEANING, "'%s' takes a list, \"- ...\"", e->name);
        error_hint(r->err, "put it into brackets: [%s]", example ? example : "{...}, {...}");
        return SIGNET_E_MEANING;
    }
    const yaml_node_item_t *at = node->data.sequence.items.start,
                           *end = node->data.sequence.items.top;
    if (e->type == ENTRY_LIST && end - at > e->max)
        return reader_fail(r, node, SIGNET_E_LIMIT, "more than %d %s", (int)e->max, e->name);
    if (at == end && e->min)
        return e->read(r, node);
    for (; rc == SIGNET_OK && at < end; at++)
        rc = e->read(r, yaml_document_get_node(&r->document, *at));
    return rc;
}

int reader_value(struct reader *r, yaml_node_t *node, const struct entry *e, void *to)
{
    void *place = (char *)to + e->offset;
    const char *outer = r->part;

    if (e->read) {
        int rc = no_null(r, node, e->name);

        r->part = e->name;
        if (rc == SIGNET_OK)
            rc = e->type == ENTRY_MAP ? e->read(r, node) : read_list(r, node, e);
        r->part = outer;
        return rc;
    }
    return e->type == ENTRY_WORDS ? read_words(r, node, e, place) : read_scalar(r, node, e, place);
}

/* "flasher_target: x" of the prefix "flasher_" is the option "target". */
static int read_option(struct reader *r, const yaml_node_t *key, const yaml_node_t *node,
                       const struct entry *e, struct signet_option options[SIGNET_OPTIONS_MAX])
{
    struct entry text = {scalar_text(key), ENTRY_TEXT, 0, 0, 0, NULL};
    const char *name = text.name + strlen(e->name);
    size_t at = 0;
    int rc = scalar(r, node, text.name);

    while (at < SIGNET_OPTIONS_MAX && options[at].name && strcmp(options[at].name, name) != 0)
        at++;
    if (rc == SIGNET_OK && at == SIGNET_OPTIONS_MAX)
        rc = reader_fail(r, key, SIGNET_E_LIMIT, "more than %d keys begin with '%s'",
                         SIGNET_OPTIONS_MAX, e->name);
    else if (rc == SIGNET_OK && options[at].name)
        rc = reader_fail(r, key, SIGNET_E_MEANING, "'%s' is there twice", text.name);
    if (rc != SIGNET_OK)
        return rc;
    options[at].name = reader_keep(r, name, strlen(name));
    return options[at].name ? read_text(r, node, &text, &options[at].value) : SIGNET_E_NOMEM;
}

static int read_key_value(struct reader *r, const yaml_node_pair_t *pair, const struct entry *table,
                          size_t count, uint64_t *seen, void *to)
{
    const yaml_node_t *key = yaml_document_get_node(&r->document, pair->key);
    yaml_node_t *value = yaml_document_get_node(&r->document, pair->value);
    int rc = scalar(r, key, "a key");

    if (rc != SIGNET_OK)
        return rc;
    size_t i = reader_entry(table, count, scalar_text(key));
    if (i == count)
        return reader_unknown_key(r, key, table, count);
    if (table[i].type == ENTRY_OPTIONS)
        return read_option(r, key, value, &table[i],
                           (struct signet_option *)((char *)to + table[i].offset));
    if (*seen & UINT64_C(1) << i)
        return reader_fail_hint(r, key, "keep one of the two", "'%s' is there twice",
                                table[i].name);
    *seen |= UINT64_C(1) << i;
    return reader_value(r, value, &table[i], to);
}

int reader_map(struct reader *r, yaml_node_t *node, const struct entry *table, size_t count,
               void *to)
{
    uint64_t seen = 0;
    int rc = SIGNET_OK;

    if (node->type != YAML_MAPPING_NODE)
        return reader_no_map(r, node, table, count);
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         rc == SIGNET_OK && pair < node->data.mapping.pairs.top; pair++)
        rc = read_key_value(r, pair, table, count, &seen, to);
    return rc;
}

/* Whatever stands behind the one document: a second one was written for somebody. */
static int no_second(struct reader *r, yaml_parser_t *parser)
{
    yaml_document_t more;
    int rc = SIGNET_OK;

    if (!yaml_parser_load(parser, &more))
        return yaml_explain(&r->source, parser, r->err);
    if (yaml_document_get_root_node(&more))
        rc = error_at_hint(r->err, SIGNET_E_SYNTAX, &r->source, reader_place(r, &more.start_mark),
                           "keep one of them, and put the other into a file of its own",
                           "a second document begins here");
    yaml_document_delete(&more);
    return rc;
}

/* libyaml's time grows with the square of the brackets that are open. */
static int no_deep_brackets(struct reader *r)
{
    const struct text_source *s = &r->source;
    size_t open = 0;

    for (size_t i = 0; i < s->len; i++) {
        open -= open && char_in(s->text[i], "]}");
        open += char_in(s->text[i], "[{");
        if (open > BRACKETS_MAX)
            return error_at_hint(r->err, SIGNET_E_LIMIT, s, i, "write fewer levels",
                                 "brackets are nested too deep");
    }
    return SIGNET_OK;
}

/* They would become a part of a name or a path. */
static int no_odd_values(struct reader *r)
{
    const char *what = "", *hint = "";

    for (const yaml_node_t *n = r->document.nodes.start; n < r->document.nodes.top; n++) {
        bool quoted =
            n->type != YAML_SCALAR_NODE || n->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        size_t at = reader_place(r, &n->start_mark), end = reader_place(r, &n->end_mark),
               len = n->type == YAML_SCALAR_NODE && at < end ? end - at : 0,
               odd = text_odd_value(r->source.text + at, len, quoted, &what, &hint);

        if (odd < len)
            return error_at_hint(r->err, SIGNET_E_SYNTAX, &r->source, at + odd, hint, "%s", what);
    }
    return SIGNET_OK;
}

static int reader_parse(struct reader *r, const struct entry *table, size_t count)
{
    yaml_parser_t parser;
    int rc = no_deep_brackets(r);

    if (rc != SIGNET_OK)
        return rc;
    if (!yaml_parser_initialize(&parser))
        return error_nomem(r->err);
    yaml_parser_set_input_string(&parser, (const unsigned char *)r->source.text, r->source.len);
    if (!yaml_parser_load(&parser, &r->document)) {
        rc = yaml_explain(&r->source, &parser, r->err);
        yaml_parser_delete(&parser);
        return rc;
    }
    yaml_node_t *root = yaml_document_get_root_node(&r->document);
    if (root)
        rc = no_odd_values(r);
    if (root && rc == SIGNET_OK)
        rc = reader_map(r, root, table, count, r->root);
    else if (!root)
        rc = error_set_hint(r->err, SIGNET_E_SYNTAX, "its first line is such as \"name: ...\"",
                            "%s: the file is empty", r->path);
    if (rc == SIGNET_OK)
        rc = no_second(r, &parser);
    yaml_document_delete(&r->document);
    yaml_parser_delete(&parser);
    return rc;
}

int reader_load(struct reader *r, size_t max, const struct entry *table, size_t count)
{
    const char *slash = strrchr(r->path, '/');
    struct buf text = {0};
    int rc = file_read(r->path, max, &text, r->err);

    r->folder = r->path;
    r->table = table;
    r->count = count;
    r->folder_len = slash ? (size_t)(slash - r->path) + 1 : 0;
    r->source = (struct text_source){r->path, text.data ? (const char *)text.data : "", text.len,
                                     text_hide_secrets, NULL};
    if (rc == SIGNET_OK)
        rc = reader_parse(r, table, count);
    if (rc == SIGNET_OK && r->complete)
        rc = r->complete(r);
    if (rc != SIGNET_OK && rc != SIGNET_E_NOMEM)
        error_blame(r->err, &r->source, BLAME_NAMES | BLAME_START);
    r->source = (struct text_source){0};
    buf_free(&text);
    return signet_file_explain(rc, r->kind, r->path, r->err);
}
