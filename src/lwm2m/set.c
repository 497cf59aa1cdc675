/* SPDX-License-Identifier: Apache-2.0 */
/* A set of imported definitions, made of what their files say and of the core table. */
#include "lwm2m/objects.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

void object_word(const char *name, char out[static SIGNET_NAME_MAX + 1])
{
    size_t n = 0;
    bool begins = true;

    for (; *name && n < SIGNET_NAME_MAX; name++) {
        /* A footnote: "IP address (2)" */
        if (name[0] == '(' && isdigit((unsigned char)name[1]) && name[2] == ')') {
            name += 2;
            continue;
        }
        if (!isalnum((unsigned char)*name)) {
            begins = begins || *name != '_';
            if (*name == '_' && n)
                out[n++] = '_';
            continue;
        }
        if (n == 0 && isdigit((unsigned char)*name))
            out[n++] = '_'; /* no name begins with a digit */
        out[n++] = begins ? (char)toupper((unsigned char)*name) : *name;
        begins = false;
    }
    out[n < SIGNET_NAME_MAX ? n : SIGNET_NAME_MAX] = '\0';
}

/* A copy that goes with the set; NULL: no memory. */
static char *set_keep(struct signet_objects *set, const char *text)
{
    char *copy = strdup(text);

    if (!copy || list_room(set->texts, set->text_count, NULL) != SIGNET_OK) {
        free(copy);
        return NULL;
    }
    set->texts[set->text_count++] = copy;
    return copy;
}

static long version_number(const char *version)
{
    char *end;
    long major = strtol(version, &end, 10);

    return major * 1000 + (*end == '.' ? strtol(end + 1, NULL, 10) : 0);
}

static bool same_definition(const struct signet_object *a, const struct signet_object *b)
{
    bool same = a->count == b->count && a->flags == b->flags && strcmp(a->name, b->name) == 0;

    for (size_t i = 0; same && i < a->count; i++) {
        const struct signet_resource *x = &a->resources[i], *y = &b->resources[i];

        same = x->id == y->id && x->type == y->type && x->flags == y->flags &&
               strcmp(x->name, y->name) == 0 && strcmp(x->range, y->range) == 0;
    }
    return same;
}

/* Where the object goes: in the place of an older one, or behind the last. NULL: it is there, as
 * new or newer; rc tells whether that is right. */
static struct signet_object *set_place(struct signet_objects *set, const size_t *from,
                                       const struct signet_object *defined, size_t which,
                                       const char *const *files, int *rc, struct signet_error *err)
{
    const struct signet_object *o = &defined[which];
    size_t i = 0;
    long newer;

    while (i < set->count && set->list[i].id != o->id)
        i++;
    if (i == set->count)
        return &set->list[set->count++];
    newer = version_number(o->version) - version_number(set->list[i].version);
    if (newer > 0)
        return &set->list[i];
    if (newer == 0 && !same_definition(o, &defined[from[i]]))
        *rc = error_set_hint(err, SIGNET_E_CONFLICT, "keep the one that the firmware has",
                             "object %u, version %s, is not the same in '%s' and in '%s'", o->id,
                             o->version, files[from[i]], files[which]);
    return NULL;
}

static bool name_taken(const struct signet_resource *rows, size_t count, size_t but,
                       const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (i != but && (strcmp(rows[i].name, name) == 0 || strcmp(rows[i].alias, name) == 0))
            return true;
    return false;
}

/* "Name", or "Name_5" where another one has the name. */
static char *numbered(struct signet_objects *set, const char *word, uint16_t id)
{
    char name[SIGNET_NAME_MAX + 1];

    snprintf(name, sizeof(name), "%.*s_%u", SIGNET_NAME_MAX - 6, word, id);
    return set_keep(set, name);
}

/* Rows of the core table that the definition lacks: an older version of the object, or ptool's. */
static size_t rows_missing(const struct signet_object *core, const struct signet_object *o)
{
    size_t missing = 0;

    for (size_t i = 0; core && i < core->count; i++) {
        size_t k = 0;

        while (k < o->count && o->resources[k].id != core->resources[i].id)
            k++;
        missing += k == o->count;
    }
    return missing;
}

/* The rows of the definition and of the core table, by number, still with the file's texts. */
static struct signet_resource *merge_rows(const struct signet_object *core,
                                          const struct signet_object *o, size_t *count)
{
    struct signet_resource *rows = calloc(o->count + rows_missing(core, o) + 1, sizeof(*rows));

    *count = o->count;
    if (!rows)
        return NULL;
    if (o->count)
        memcpy(rows, o->resources, o->count * sizeof(*rows));
    for (size_t i = 0; core && i < core->count; i++) {
        const struct signet_resource *known = &core->resources[i];
        size_t k = 0;

        while (k < o->count && rows[k].id != known->id)
            k++;
        if (k == o->count) {
            rows[(*count)++] = *known;
            continue;
        }
        rows[k].name = known->name;
        rows[k].alias = known->alias;
        rows[k].since = known->since;
        rows[k].flags |= known->flags &
                         (SIGNET_DEFINED_SECRET | SIGNET_DEFINED_NEEDED | SIGNET_DEFINED_TEXT_TOO);
    }
    qsort(rows, *count, sizeof(*rows), compare_ids);
    return rows;
}

static bool is_core(const struct signet_object *core, uint16_t rid)
{
    return core && signet_resource_find(NULL, core->id, rid);
}

static bool number_rows(struct signet_objects *set, const struct signet_object *core,
                        struct signet_resource *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = rows[i].name;

        if (!name_taken(rows, count, i, name))
            continue;
        for (size_t k = i; k < count; k++)
            if (strcmp(rows[k].name, name) == 0 && !is_core(core, rows[k].id) &&
                !(rows[k].name = numbered(set, name, rows[k].id)))
                return false;
    }
    return true;
}

/* Names become words, and each is there once. */
static bool name_rows(struct signet_objects *set, const struct signet_object *core,
                      struct signet_resource *rows, size_t count)
{
    char word[SIGNET_NAME_MAX + 1];

    for (size_t i = 0; i < count; i++) {
        object_word(rows[i].name, word);
        if (!is_core(core, rows[i].id))
            rows[i].name = set_keep(set, *word ? word : "Resource");
        rows[i].range = set_keep(set, rows[i].range);
        if (!rows[i].name || !rows[i].range)
            return false;
    }
    /* Again: "Name_5" may be the name of another one. */
    return number_rows(set, core, rows, count) && number_rows(set, core, rows, count);
}

/* A copy of the definition, with the core table's names and rows. */
static int set_fill(struct signet_objects *set, struct signet_object *to,
                    const struct signet_object *o, struct signet_error *err)
{
    const struct signet_object *core = signet_object_find(NULL, o->id);
    struct signet_resource *rows;
    char word[SIGNET_NAME_MAX + 1];
    size_t count;

    free((void *)(uintptr_t)to->resources); /* of an older version */
    *to = *o;
    to->resources = rows = merge_rows(core, o, &count);
    to->count = rows ? count : 0;
    object_word(o->name, word);
    to->name = core ? core->name : set_keep(set, *word ? word : "Object");
    to->alias = core ? core->alias : "";
    to->version = set_keep(set, o->version);
    to->flags |= core ? core->flags & SIGNET_DEFINED_FIRMWARE : 0;
    if (!rows || !to->name || !to->version || !name_rows(set, core, rows, count))
        return error_nomem(err);
    return SIGNET_OK;
}

/* Two objects of one name, or one with the name of an object of the core table. */
static int name_objects(struct signet_objects *set, struct signet_error *err)
{
    for (size_t i = 0; i < set->count; i++) {
        struct signet_object *o = &set->list[i];
        const struct signet_object *core = object_by_name(NULL, o->name, strlen(o->name));
        bool again = core && core->id != o->id;
        const char *name = o->name;

        for (size_t k = i + 1; k < set->count; k++)
            if (strcmp(set->list[k].name, name) == 0) {
                again = true;
                if (!(set->list[k].name = numbered(set, name, set->list[k].id)))
                    return error_nomem(err);
            }
        if (again && !signet_object_find(NULL, o->id) && !(o->name = numbered(set, name, o->id)))
            return error_nomem(err);
    }
    return SIGNET_OK;
}

int objects_build(struct signet_objects **out, const struct signet_object *defined,
                  const char *const *files, size_t count, struct signet_error *err)
{
    struct signet_objects *set = calloc(1, sizeof(*set));
    size_t *from = calloc(count + 1, sizeof(*from));
    int rc = SIGNET_OK;

    if (set) {
        set->users = 1;
        set->list = calloc(count + 1, sizeof(*set->list));
    }
    if (!set || !set->list || !from)
        rc = error_nomem(err);
    for (size_t i = 0; !rc && i < count; i++) {
        struct signet_object *to = set_place(set, from, defined, i, files, &rc, err);

        if (to && !rc)
            rc = set_fill(set, to, &defined[i], err);
        if (to)
            from[to - set->list] = i;
    }
    if (!rc && set->count)
        qsort(set->list, set->count, sizeof(*set->list), compare_ids);
    if (!rc)
        rc = name_objects(set, err);
    free(from);
    if (rc)
        signet_objects_free(&set);
    else
        *out = set;
    return rc;
}
