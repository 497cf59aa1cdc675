/* SPDX-License-Identifier: Apache-2.0 */
#include "lwm2m/objects.h"

#include <signet/profile.h>
#include <stdio.h>
#include <stdlib.h>

/* Records in order, and an index of their paths, so that a hostile file of 65,536 records costs
 * hardly more per record than a small one. It is built anew when positions change. */
struct signet_tree {
    struct signet_record *records;
    size_t count, cap;
    unsigned forms;                       /* enum tree_form, of the packet that it was read from */
    const struct signet_profile *profile; /* the caller's; NULL: any */
    struct signet_objects *objects;       /* NULL: the core table alone */
    struct tree_source *source;           /* NULL: no text */
    struct index index;                   /* empty for few records, and without memory */
};

static bool same_path(const struct signet_path *a, const struct signet_path *b)
{
    return memcmp(a, b, sizeof(*a)) == 0; /* four numbers of 16 bits: there is no padding */
}

static bool tree_index_add(struct signet_tree *tree, size_t position)
{
    const struct signet_path *path = &tree->records[position].path;
    uint64_t hash = index_hash(&tree->index, path, sizeof(*path));

    return index_add(&tree->index, hash, position, NULL) == SIGNET_OK;
}

static void tree_index_build(struct signet_tree *tree)
{
    bool good;

    index_free(&tree->index);
    good = tree->count > 32 && index_open(&tree->index, NULL) == SIGNET_OK;
    for (size_t i = 0; good && i < tree->count; i++)
        good = tree_index_add(tree, i);
    if (!good)
        index_free(&tree->index);
}

/* The position of the first such record, or the count of all. */
static size_t locate(const struct signet_tree *tree, struct signet_path path)
{
    uint64_t hash = index_hash(&tree->index, &path, sizeof(path)), place;
    size_t probe = 0, i = 0;

    while (index_next(&tree->index, hash, &probe, &place))
        if (same_path(&tree->records[place].path, &path))
            return (size_t)place;
    if (tree->index.count)
        return tree->count;
    while (i < tree->count && !same_path(&tree->records[i].path, &path))
        i++;
    return i;
}

int signet_tree_new(struct signet_tree **out, struct signet_error *err)
{
    struct signet_tree *tree = calloc(1, sizeof(*tree));

    if (!tree)
        return error_nomem(err);
    *out = tree;
    return SIGNET_OK;
}

/* The tree's own copy of bytes. */
struct kept {
    struct live live; /* of a secret */
    uint8_t data[];
};

static struct kept *kept_of(const struct signet_value *value)
{
    uintptr_t data = (uintptr_t)value->as.bytes.data;

    return (struct kept *)(data - offsetof(struct kept, data));
}

static void value_wipe(struct signet_value *value)
{
    if (type_has_bytes(value->type) && value->as.bytes.data) {
        struct kept *kept = kept_of(value);

        live_end(&kept->live);
        wipe(kept->data, value->as.bytes.len);
        locked_free(kept);
    }
    *value = (struct signet_value){0};
}

/* By its place alone: what looks like a key is looked for where a value is shown. */
static int value_copy(const struct signet_tree *tree, struct signet_path path,
                      struct signet_value *out, const struct signet_value *value,
                      struct signet_error *err)
{
    struct kept *kept;

    *out = *value;
    if (!type_has_bytes(value->type))
        return SIGNET_OK;
    kept = locked_alloc(sizeof(*kept) + value->as.bytes.len + 1);
    if (!kept)
        return error_nomem(err);
    if (value->as.bytes.len)
        memcpy(kept->data, value->as.bytes.data, value->as.bytes.len);
    kept->data[value->as.bytes.len] = '\0';
    out->as.bytes.data = kept->data;
    kept->live = (struct live){0};
    if (resource_is_secret(tree->objects, path.oid, path.rid))
        live_begin(&kept->live, kept->data, value->as.bytes.len);
    return SIGNET_OK;
}

void signet_tree_free(struct signet_tree **tree)
{
    if (!tree || !*tree)
        return;
    for (size_t i = 0; i < (*tree)->count; i++)
        value_wipe(&(*tree)->records[i].value);
    free((*tree)->records);
    index_free(&(*tree)->index);
    signet_objects_free(&(*tree)->objects);
    tree_source_free(&(*tree)->source);
    free(*tree);
    *tree = NULL;
}

size_t signet_tree_count(const struct signet_tree *tree)
{
    return tree->count;
}

const struct signet_record *signet_tree_at(const struct signet_tree *tree, size_t i)
{
    return i < tree->count ? &tree->records[i] : NULL;
}

const struct signet_record *signet_tree_find(const struct signet_tree *tree,
                                             struct signet_path path)
{
    return signet_tree_at(tree, locate(tree, path));
}

/* Room for one more record. */
static int make_room(struct signet_tree *tree, struct signet_error *err)
{
    size_t cap = tree->cap ? tree->cap * 2 : 16;
    struct signet_record *records;

    if (tree->count >= TREE_MAX)
        return error_set(err, SIGNET_E_LIMIT, "more than %d values", TREE_MAX);
    if (tree->count < tree->cap)
        return SIGNET_OK;
    records = realloc(tree->records, cap * sizeof(*records));
    if (!records)
        return error_nomem(err);
    tree->records = records;
    tree->cap = cap;
    return SIGNET_OK;
}

static int insert_record(struct signet_tree *tree, size_t position, struct signet_record record,
                         struct signet_error *err)
{
    const struct signet_value value = record.value; /* the caller's, which is copied */
    struct signet_record *at;
    int rc;

    if (record.path.oid == SIGNET_NO_ID || record.path.iid == SIGNET_NO_ID ||
        record.path.rid == SIGNET_NO_ID)
        return error_set(err, SIGNET_E_SYNTAX, "65535 is not an LwM2M identifier");
    if ((rc = make_room(tree, err)) ||
        (rc = value_copy(tree, record.path, &record.value, &value, err)))
        return rc;
    at = tree->records + position;
    memmove(at + 1, at, (tree->count++ - position) * sizeof(*at));
    *at = record;
    if (position + 1 < tree->count || tree->index.count != position ||
        !tree_index_add(tree, position))
        tree_index_build(tree);
    return SIGNET_OK;
}

int tree_append(struct signet_tree *tree, struct signet_path path, const struct signet_value *value,
                unsigned line, unsigned column, struct signet_error *err)
{
    return insert_record(tree, tree->count, (struct signet_record){path, *value, line, column},
                         err);
}

/* Behind the last record of the same object instance, else at the end. */
static size_t place_for(const struct signet_tree *tree, struct signet_path path)
{
    for (size_t i = tree->count; i > 0; i--)
        if (tree->records[i - 1].path.oid == path.oid && tree->records[i - 1].path.iid == path.iid)
            return i;
    return tree->count;
}

int signet_tree_put(struct signet_tree *tree, struct signet_path path,
                    const struct signet_value *value, struct signet_error *err)
{
    struct signet_record *record;
    struct signet_value copy;
    size_t position = locate(tree, path);
    int rc;

    if (position == tree->count)
        return insert_record(tree, place_for(tree, path),
                             (struct signet_record){path, *value, 0, 0}, err);
    rc = value_copy(tree, path, &copy, value, err);
    if (rc)
        return rc;
    record = &tree->records[position];
    value_wipe(&record->value);
    record->value = copy;
    return SIGNET_OK;
}

void signet_tree_remove(struct signet_tree *tree, struct signet_path path)
{
    size_t kept = 0;

    for (size_t i = 0; i < tree->count; i++) {
        struct signet_record *record = &tree->records[i];
        bool goes = record->path.oid == path.oid && record->path.iid == path.iid &&
                    record->path.rid == path.rid &&
                    (path.riid == SIGNET_NO_ID || path.riid == record->path.riid);

        if (goes)
            value_wipe(&record->value);
        else
            tree->records[kept++] = *record;
    }
    if (kept == tree->count)
        return;
    tree->count = kept;
    tree_index_build(tree);
}

int signet_tree_copy(struct signet_tree **out, const struct signet_tree *tree,
                     struct signet_error *err)
{
    struct signet_tree *copy = NULL;
    int rc = signet_tree_new(&copy, err);

    if (!rc) {
        copy->profile = tree->profile;
        copy->forms = tree->forms;
        signet_tree_set_objects(copy, tree->objects);
        tree_set_source(copy, tree->source);
    }
    for (size_t i = 0; !rc && i < tree->count; i++) {
        const struct signet_record *record = &tree->records[i];

        rc = tree_append(copy, record->path, &record->value, record->line, record->column, err);
    }
    if (rc)
        signet_tree_free(&copy);
    else
        *out = copy;
    return rc;
}

void tree_add_form(struct signet_tree *tree, enum tree_form form)
{
    tree->forms |= form;
}

unsigned tree_forms(const struct signet_tree *tree)
{
    return tree->forms;
}

void signet_tree_set_profile(struct signet_tree *tree, const struct signet_profile *profile)
{
    tree->profile = profile;
}

const struct signet_profile *signet_tree_profile(const struct signet_tree *tree)
{
    return tree->profile;
}

void signet_tree_set_objects(struct signet_tree *tree, struct signet_objects *objects)
{
    objects_keep(objects);
    signet_objects_free(&tree->objects);
    tree->objects = objects;
}

const struct signet_objects *signet_tree_objects(const struct signet_tree *tree)
{
    return tree->objects;
}

void tree_set_source(struct signet_tree *tree, struct tree_source *source)
{
    tree_source_keep(source);
    tree_source_free(&tree->source);
    tree->source = source;
}

void tree_blame(const struct signet_tree *tree, struct signet_path path, struct signet_error *err)
{
    if (tree->source && err)
        tree_source_blame(tree->source, path, err);
}

void tree_tell(const struct signet_tree *tree, const struct signet_observer *observer)
{
    if (tree->source)
        tree_source_tell(tree->source, observer);
}

void path_format(struct signet_path path, char out[static PATH_TEXT_MAX])
{
    int used = snprintf(out, PATH_TEXT_MAX, "/%u/%u/%u", path.oid, path.iid, path.rid);

    if (path.riid != SIGNET_NO_ID)
        snprintf(out + used, PATH_TEXT_MAX - (size_t)used, "/%u", path.riid);
}
