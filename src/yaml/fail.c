/* SPDX-License-Identifier: Apache-2.0 */
/* Errors at a place in the file. */
#include "yaml/private.h"

size_t reader_place(const struct reader *r, const yaml_mark_t *mark)
{
    const struct line_column place = {(unsigned)mark->line + 1, (unsigned)mark->column + 1};

    return text_offset(r->source.text, r->source.len, place);
}

/* Of a part, what begins with "'key' ..." is about that key's value. */
static const yaml_node_t *blamed_value(struct reader *r, const yaml_node_t *node, const char *text)
{
    char key[64];
    size_t len = text[0] == '\'' ? strcspn(text + 1, "'") : 0;

    if (node->type != YAML_MAPPING_NODE || !len || len >= sizeof(key))
        return node;
    memcpy(key, text + 1, len);
    key[len] = '\0';
    return reader_under(r, node, key);
}

int reader_fail(struct reader *r, const yaml_node_t *node, enum signet_code code, const char *fmt,
                ...)
{
    char text[300];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    node = blamed_value(r, node, text);
    return error_at(r->err, code, &r->source, reader_place(r, &node->start_mark), "%s", text);
}

int reader_fail_word(struct reader *r, const char *word, const char *hint, const char *fmt, ...)
{
    const struct text_source *s = &r->source;
    size_t at = s->text ? text_find_word(s, word, strlen(word), false) : SIZE_MAX;
    const char *part = s->text ? memmem(s->text, s->len, word, strlen(word)) : NULL;
    char text[300];
    va_list args;

    if (at == SIZE_MAX && part)
        at = (size_t)(part - s->text);
    if (at == SIZE_MAX && s->text && r->part) /* it is written with escapes */
        at = text_find_word(s, r->part, strlen(r->part), true);

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (at != SIZE_MAX)
        return error_at_hint(r->err, SIGNET_E_MEANING, s, at, hint, "%s", text);
    return error_set_hint(r->err, SIGNET_E_MEANING, hint, "%s: %s", r->path, text);
}

const yaml_node_t *reader_under(struct reader *r, const yaml_node_t *map, const char *key)
{
    for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
         map->type == YAML_MAPPING_NODE && pair < map->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(&r->document, pair->key);

        if (name->type == YAML_SCALAR_NODE &&
            strcmp((const char *)name->data.scalar.value, key) == 0)
            return yaml_document_get_node(&r->document, pair->value);
    }
    return map;
}
