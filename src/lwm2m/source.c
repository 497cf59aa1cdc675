/* SPDX-License-Identifier: Apache-2.0 */
/* The text that a tree was read from, kept so that a finding about an entry shows its line. */
#include "lwm2m/lwm2m.h"

#include <stdatomic.h>
#include <stdlib.h>

/* An entry of the text: a record, or where an instance begins (rid SIGNET_NO_ID). */
struct text_entry {
    uint64_t key; /* the path as one number */
    unsigned line, column;
    size_t at;
    struct signet_error *doubt; /* of the text itself, which its values do not show; or NULL */
};

/* Does not change once a tree has it; copies of the tree share it. */
struct tree_source {
    char *name, *text;
    size_t len;
    struct text_entry *entries; /* in the order of the text; sorted once it was read */
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
        for (size_t i = 0; i < (*source)->count; i++)
            free((*source)->entries[i].doubt);
        free((*source)->name);
        free((*source)->text);
        free((*source)->entries);
        free(*source);
    }
    *source = NULL;
}

static uint64_t path_key(struct signet_path path)
{
    return (uint64_t)path.oid << 48 | (uint64_t)path.iid << 32 | (uint64_t)path.rid << 16 |
           path.riid;
}

int tree_source_entry(struct tree_source *source, struct signet_path path, unsigned line,
                      unsigned column, struct signet_error *err)
{
    if (list_room(source->entries, source->count, err) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    source->entries[source->count++] =
        (struct text_entry){.key = path_key(path), .line = line, .column = column};
    return SIGNET_OK;
}

int tree_source_doubt(struct tree_source *source, const char *what, const char *hint,
                      struct signet_error *err)
{
    struct text_entry *last = &source->entries[source->count - 1];

    last->doubt = calloc(1, sizeof(*last->doubt));
    if (!last->doubt)
        return error_nomem(err);
    error_set_hint(last->doubt, SIGNET_OK, hint, "%s", what);
    return SIGNET_OK;
}

static int compare_entries(const void *a, const void *b)
{
    uint64_t x = ((const struct text_entry *)a)->key, y = ((const struct text_entry *)b)->key;

    return x < y ? -1 : x > y;
}

void tree_source_end(struct tree_source *source)
{
    size_t at = utf8_mark(source->text, source->len);
    unsigned line = 1, column = 1;

    for (struct text_entry *e = source->entries; e < source->entries + source->count; e++) {
        for (; at < source->len && (line < e->line || column < e->column); at++) {
            line += source->text[at] == '\n';
            column =
                source->text[at] == '\n' ? 1 : column + ((source->text[at + 1] & 0xc0) != 0x80);
        }
        e->at = at;
    }
    if (source->count)
        qsort(source->entries, source->count, sizeof(*source->entries), compare_entries);
}

/* The first entry whose path is not below. */
static const struct text_entry *first_from(const struct tree_source *source, uint64_t key)
{
    size_t from = 0, to = source->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (source->entries[middle].key < key)
            from = middle + 1;
        else
            to = middle;
    }
    return from < source->count ? &source->entries[from] : NULL;
}

/* Of the entry, else of another one of its resource, else of its instance, else of the beginning.
 */
static struct text_entry find_entry(const struct tree_source *source, struct signet_path path)
{
    struct signet_path of_resource = path;
    uint64_t key = path_key(path), instance = key | UINT32_MAX;
    const struct text_entry *e = first_from(source, key);

    of_resource.riid = 0;
    if (!e || e->key != key)
        e = first_from(source, path_key(of_resource));
    if (!e || e->key >> 16 != key >> 16)
        e = first_from(source, instance);
    return e && (e->key >> 16 == key >> 16 || e->key == instance)
               ? *e
               : (struct text_entry){.line = 1, .column = 1};
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

static void blame_entry(const struct tree_source *source, const struct text_entry *place,
                        struct signet_error *err)
{
    const struct text_source text = {source->name, source->text, source->len, hide_nothing, NULL};

    error_prefix(err, "%.120s:%u:%u", source->name, place->line, place->column);
    error_excerpt(err, &text, place->at);
}

void tree_source_blame(const struct tree_source *source, struct signet_path path,
                       struct signet_error *err)
{
    struct text_entry place = find_entry(source, path);

    blame_entry(source, &place, err);
}

void tree_source_tell(const struct tree_source *source, const struct signet_observer *observer)
{
    for (size_t i = 0; i < source->count; i++) {
        struct signet_error doubt;

        if (!source->entries[i].doubt)
            continue;
        doubt = *source->entries[i].doubt;
        blame_entry(source, &source->entries[i], &doubt);
        event_warn(observer, &doubt);
    }
}
