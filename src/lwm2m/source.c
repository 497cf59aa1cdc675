/* SPDX-License-Identifier: Apache-2.0 */
/* The text that a tree was read from, kept so that a finding about an entry shows its line. */
#include "lwm2m/lwm2m.h"

#include <stdatomic.h>
#include <stdlib.h>

struct instance_place {
    uint16_t oid, iid;
    unsigned line, column;
};

/* Does not change once a tree has it; copies of the tree share it. */
struct tree_source {
    char *name, *text;
    size_t len;
    struct instance_place *instances;
    size_t count;
    atomic_uint users;
};

int tree_source_new(struct tree_source **out, const char *name, const char *text, size_t len,
                    struct signet_error *err)
{
    struct tree_source *source = calloc(1, sizeof(*source));

    if (!source)
        return error_nomem(err);
    source->users = 1;
    source->name = strdup(name);
    source->text = malloc(len + 1);
    if (!source->name || !source->text) {
        tree_source_free(&source);
        return error_nomem(err);
    }
    if (len)
        memcpy(source->text, text, len);
    source->text[source->len = len] = '\0';
    *out = source;
    return SIGNET_OK;
}

struct tree_source *tree_source_keep(struct tree_source *source)
{
    if (source)
        source->users++;
    return source;
}

void tree_source_free(struct tree_source **source)
{
    if (*source && --(*source)->users == 0) {
        free((*source)->name);
        free((*source)->text);
        free((*source)->instances);
        free(*source);
    }
    *source = NULL;
}

int tree_source_instance(struct tree_source *source, uint16_t oid, uint16_t iid, unsigned line,
                         unsigned column, struct signet_error *err)
{
    if (list_room(source->instances, source->count, err) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    source->instances[source->count++] = (struct instance_place){oid, iid, line, column};
    return SIGNET_OK;
}

/* Else that of its instance, else where the text begins. */
static struct line_column entry_place(const struct tree_source *source, struct line_column place,
                                      struct signet_path path)
{
    for (size_t i = 0; !place.line && i < source->count; i++)
        if (source->instances[i].oid == path.oid && source->instances[i].iid == path.iid)
            place = (struct line_column){source->instances[i].line, source->instances[i].column};
    return place.line ? place : (struct line_column){1, 1};
}

/* What may be a secret is not in the text. */
static void hide_nothing(const void *ctx, const char *text, size_t len, size_t start, size_t end,
                         bool *hide)
{
    (void)ctx;
    (void)text;
    (void)len;
    (void)start;
    (void)end;
    (void)hide;
}

void tree_source_blame(const struct tree_source *source, struct line_column resource,
                       struct signet_path path, struct signet_error *err)
{
    const struct text_source text = {source->name, source->text, source->len, hide_nothing, NULL};
    struct line_column place = entry_place(source, resource, path);

    error_prefix(err, "%.120s:%u:%u", source->name, place.line, place.column);
    error_excerpt(err, &text, text_offset(source->text, source->len, place));
}
