/* SPDX-License-Identifier: Apache-2.0 */
/* YAML mappings by table. A scalar is text here, whatever YAML 1.1 would make of it: a serial
 * number 0123 stays one, and "no" is no boolean. */
#include "order_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct owned {
    struct owned *next;
    char text[];
};

char *reader_keep(struct reader *r, const char *text, size_t len)
{
    struct owned *o = malloc(sizeof(*o) + len + 1);

    if (!o) {
        error_nomem(r->err);
        return NULL;
    }
    memcpy(o->text, text, len);
    o->text[len] = '\0';
    o->next = r->order->owned;
    r->order->owned = o;
    return o->text;
}

char *reader_path(struct reader *r, const char *path)
{
    size_t len = strlen(path), before = path[0] == '/' ? 0 : r->folder_len;
    char whole[4096];

    if (before + len >= sizeof(whole)) {
        error_set(r->err, SIGNET_E_LIMIT, "%s: a path is too long", r->path);
        return NULL;
    }
    memcpy(whole, r->folder, before);
    memcpy(whole + before, path, len + 1);
    return reader_keep(r, whole, before + len);
}

void signet_order_free(struct signet_order **order)
{
    struct signet_order *o = order ? *order : NULL;

    if (!o)
        return;
    for (struct owned *at = o->owned, *next; at; at = next) {
        next = at->next;
        free(at);
    }
    free(o->on_pass);
    free(o->on_fail);
    free(o);
    *order = NULL;
}

int reader_fail(struct reader *r, const yaml_node_t *node, enum signet_code code, const char *fmt,
                ...)
{
    char text[300];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return error_set(r->err, code, "%s:%zu:%zu: %s", r->path, node->start_mark.line + 1,
                     node->start_mark.column + 1, text);
}

/* Escaped and cut, for messages. */
static const char *shown(const yaml_node_t *node, char out[64])
{
    struct buf b = {0};
    size_t len = node->data.scalar.length;

    text_escape(&b, node->data.scalar.value, len < 40 ? len : 40);
    snprintf(out, 64, "%s%s", b.data ? (const char *)b.data : "", len > 40 ? "..." : "");
    buf_free(&b);
    return out;
}

static int scalar(struct reader *r, const yaml_node_t *node, const char *name)
{
    if (node->type != YAML_SCALAR_NODE)
        return reader_fail(r, node, SIGNET_E_MEANING, "'%s' takes one value", name);
    if (memchr(node->data.scalar.value, 0, node->data.scalar.length))
        return reader_fail(r, node, SIGNET_E_SYNTAX, "'%s' holds a zero byte", name);
    return SIGNET_OK;
}

static int read_number(struct reader *r, const yaml_node_t *node, const struct entry *e,
                       int64_t *out)
{
    const char *text = (const char *)node->data.scalar.value;
    char *end = NULL, word[64];

    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (!*text || *end || errno || text[0] == ' ' || text[0] == '+')
        return reader_fail(r, node, SIGNET_E_MEANING, "'%s' takes a whole number, not '%s'",
                           e->name, shown(node, word));
    if (n < e->min || n > e->max)
        return reader_fail(r, node, SIGNET_E_MEANING, "'%s' is from %lld to %lld, not %lld",
                           e->name, (long long)e->min, (long long)e->max, n);
    *out = n;
    return SIGNET_OK;
}

static int read_text(struct reader *r, const yaml_node_t *node, const struct entry *e,
                     const char **out)
{
    const char *text = (const char *)node->data.scalar.value;
    size_t len = node->data.scalar.length;

    for (size_t i = 0; e->type != ENTRY_RAW && i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return reader_fail(r, node, SIGNET_E_MEANING, "'%s' holds a control character",
                               e->name);
    if (e->type == ENTRY_PATH && len == 0)
        return reader_fail(r, node, SIGNET_E_MEANING, "'%s' is empty", e->name);
    bool as_it_is = e->type != ENTRY_PATH || strncmp(text, "postgresql://", 13) == 0 ||
                    strncmp(text, "postgres://", 11) == 0;
    *out = as_it_is ? reader_keep(r, text, len) : reader_path(r, text);
    return *out ? SIGNET_OK : (int)(r->err ? r->err->code : SIGNET_E_NOMEM);
}

static int read_mark(struct reader *r, const yaml_node_t *node, const struct entry *e, char *out)
{
    const char *text = (const char *)node->data.scalar.value;
    char word[64];

    if (strcmp(text, "tab") == 0 || strcmp(text, "\t") == 0) {
        *out = '\t';
        return SIGNET_OK;
    }
    if (node->data.scalar.length != 1 || !strchr(" !#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", text[0]))
        return reader_fail(r, node, SIGNET_E_MEANING,
                           "'%s' takes one character such as ; or the word tab, not '%s'", e->name,
                           shown(node, word));
    *out = text[0];
    return SIGNET_OK;
}

static int read_words(struct reader *r, const yaml_node_t *node, const struct entry *e,
                      const char ***out)
{
    enum { WORDS_MAX = 63 };

    if (node->type != YAML_SEQUENCE_NODE ||
        node->data.sequence.items.start == node->data.sequence.items.top) {
        reader_fail(r, node, SIGNET_E_MEANING, "'%s' takes a list of words", e->name);
        error_hint(r->err, "such as [/usr/bin/lamp, green, \"{slot}\"]: no shell is used");
        return SIGNET_E_MEANING;
    }
    size_t n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (n > WORDS_MAX)
        return reader_fail(r, node, SIGNET_E_LIMIT, "'%s' has more than %d words", e->name,
                           WORDS_MAX);
    const char **words = calloc(n + 1, sizeof(*words));
    if (!words)
        return error_nomem(r->err);
    *out = words;
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *word =
            yaml_document_get_node(&r->document, node->data.sequence.items.start[i]);
        int rc = scalar(r, word, e->name);
        if (rc != SIGNET_OK)
            return rc;
        words[i] = reader_keep(r, (const char *)word->data.scalar.value, word->data.scalar.length);
        if (!words[i])
            return SIGNET_E_NOMEM;
    }
    return SIGNET_OK;
}

static int read_entry(struct reader *r, yaml_node_t *node, const struct entry *e, void *to)
{
    void *place = (char *)to + e->offset;
    int64_t number = 0;
    char word[64];

    if (e->type == ENTRY_MAP)
        return e->read(r, node);
    if (e->type == ENTRY_WORDS)
        return read_words(r, node, e, place);
    int rc = scalar(r, node, e->name);
    if (rc != SIGNET_OK)
        return rc;
    if (e->type == ENTRY_TEXT || e->type == ENTRY_RAW || e->type == ENTRY_PATH)
        return read_text(r, node, e, place);
    if (e->type == ENTRY_MARK)
        return read_mark(r, node, e, place);
    if (e->type == ENTRY_FLAG) {
        bool yes = strcmp((const char *)node->data.scalar.value, "true") == 0;
        if (!yes && strcmp((const char *)node->data.scalar.value, "false") != 0)
            return reader_fail(r, node, SIGNET_E_MEANING, "'%s' is true or false, not '%s'",
                               e->name, shown(node, word));
        *(bool *)place = yes;
        return SIGNET_OK;
    }
    rc = read_number(r, node, e, &number);
    if (rc != SIGNET_OK)
        return rc;
    if (e->type == ENTRY_NUMBER)
        *(int64_t *)place = number;
    else if (e->type == ENTRY_INT)
        *(int *)place = (int)number;
    else
        *(unsigned *)place = (unsigned)number;
    return SIGNET_OK;
}

static int unknown(struct reader *r, const yaml_node_t *key, const struct entry *table,
                   size_t count)
{
    const char *names[64];
    char word[64];

    for (size_t i = 0; i < count && i < 64; i++)
        names[i] = table[i].name;
    reader_fail(r, key, SIGNET_E_MEANING, "unknown key '%s'", shown(key, word));
    const char *near = text_nearest((const char *)key->data.scalar.value, names, count);
    if (near)
        error_hint(r->err, "did you mean '%s'?", near);
    return SIGNET_E_MEANING;
}

/* "flasher_target: x" of the prefix "flasher_" is the option "target". */
static int read_option(struct reader *r, const yaml_node_t *key, const yaml_node_t *node,
                       const struct entry *e, struct signet_option options[SIGNET_OPTIONS_MAX])
{
    const char *name = (const char *)key->data.scalar.value;
    struct entry text = {name, ENTRY_TEXT, 0, 0, 0, NULL};
    size_t at = 0;
    int rc = scalar(r, node, name);

    while (at < SIGNET_OPTIONS_MAX && options[at].name &&
           strcmp(options[at].name, name + strlen(e->name)) != 0)
        at++;
    if (rc == SIGNET_OK && at == SIGNET_OPTIONS_MAX)
        rc = reader_fail(r, key, SIGNET_E_LIMIT, "more than %d keys begin with '%s'",
                         SIGNET_OPTIONS_MAX, e->name);
    else if (rc == SIGNET_OK && options[at].name)
        rc = reader_fail(r, key, SIGNET_E_MEANING, "'%s' is there twice", name);
    if (rc != SIGNET_OK)
        return rc;
    name += strlen(e->name);
    options[at].name = reader_keep(r, name, strlen(name));
    return options[at].name ? read_text(r, node, &text, &options[at].value) : SIGNET_E_NOMEM;
}

/* The row of a key: by its whole name, else by its prefix; count: none. */
static size_t find_entry(const struct entry *table, size_t count, const char *key)
{
    size_t i = 0;

    while (i < count && strcmp(table[i].name, key) != 0)
        i++;
    if (i < count)
        return i;
    for (i = 0; i < count; i++)
        if (table[i].type == ENTRY_OPTIONS &&
            strncmp(table[i].name, key, strlen(table[i].name)) == 0)
            break;
    return i;
}

int reader_map(struct reader *r, yaml_node_t *node, const struct entry *table, size_t count,
               void *to)
{
    uint64_t seen = 0;

    if (node->type != YAML_MAPPING_NODE)
        return reader_fail(r, node, SIGNET_E_MEANING, "here go keys and values, \"name: ...\"");
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(&r->document, pair->key);
        yaml_node_t *value = yaml_document_get_node(&r->document, pair->value);
        size_t i;
        int rc = scalar(r, key, "a key");

        if (rc != SIGNET_OK)
            return rc;
        i = find_entry(table, count, (const char *)key->data.scalar.value);
        if (i == count)
            return unknown(r, key, table, count);
        if (table[i].type == ENTRY_OPTIONS)
            rc = read_option(r, key, value, &table[i],
                             (struct signet_option *)((char *)to + table[i].offset));
        else if (seen & UINT64_C(1) << i)
            rc = reader_fail(r, key, SIGNET_E_MEANING, "'%s' is there twice", table[i].name);
        else
            rc = read_entry(r, value, &table[i], to);
        seen |= UINT64_C(1) << i;
        if (rc != SIGNET_OK)
            return rc;
    }
    return SIGNET_OK;
}
