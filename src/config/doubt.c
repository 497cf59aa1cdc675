/* SPDX-License-Identifier: Apache-2.0 */
/* Entries that are taken, as Python takes them, and hardly meant: a name of another kind than what
 * goes there, and dictionaries without a value. */
#include "config/parser.h"

#include <stdio.h>

enum { HINT_MAX = 128, WHAT_MAX = 2 * HINT_MAX + 40 };

/* "RID.Server.DefaultMinPeriod", "resource 2 of object 1000", "instance 2" */
static void print_meaning(const struct parser *p, uint16_t oid, unsigned id, unsigned level,
                          char out[static HINT_MAX])
{
    static const char *const levels[] = {"object", "instance", "resource", "resource instance"};
    const char *object = object_name(p->objects, level ? oid : (uint16_t)id),
               *resource = level == 2 ? resource_name(p->objects, oid, (uint16_t)id) : NULL;

    if (level == 0 && object)
        snprintf(out, HINT_MAX, "OID.%s", object);
    else if (resource)
        snprintf(out, HINT_MAX, "RID.%s.%s", object, resource);
    else if (level == 2 && object)
        snprintf(out, HINT_MAX, "resource %u of OID.%s", id, object);
    else
        snprintf(out, HINT_MAX, "%s %u", levels[level], id);
}

/* What is called so in the object that it stands in. */
static void hint_name(const struct parser *p, const struct value *key, uint16_t oid, unsigned level,
                      char out[static HINT_MAX])
{
    const struct signet_object *object = signet_object_find(p->objects, oid);
    const char *name = key->named == RESOURCE_NAME
                           ? resource_name(p->objects, key->named_of, (uint16_t)key->as.integer)
                           : NULL;
    const struct signet_resource *own =
        level == 2 && object && name ? resource_by_name(object, name, strlen(name)) : NULL;

    if (own && own->id != key->as.integer)
        snprintf(out, HINT_MAX, "did you mean RID.%s.%s?", object->name, own->name);
    else
        snprintf(out, HINT_MAX,
                 level == 0   ? "write the name or number of the object that is meant"
                 : level == 2 ? "write the name or number of the resource that is meant"
                              : "write the number that is meant");
}

/* A name goes where its kind goes, and a resource's into its own object. */
static bool is_in_place(const struct value *key, uint16_t oid, unsigned level)
{
    return key->named == NO_NAME || (key->named == OBJECT_NAME && level == 0) ||
           (key->named == RESOURCE_NAME && level == 2 && key->named_of == oid);
}

static void doubt_name(struct parser *p, const struct value *key, uint16_t oid, unsigned level)
{
    char word[HINT_MAX], meaning[HINT_MAX], what[WHAT_MAX], hint[HINT_MAX];

    print_meaning(p, key->named_of, (unsigned)key->as.integer, key->named == RESOURCE_NAME ? 2 : 0,
                  word);
    print_meaning(p, oid, (unsigned)key->as.integer, level, meaning);
    snprintf(what, sizeof(what), "%s is taken for %s, whose number it has", word, meaning);
    hint_name(p, key, oid, level, hint);
    fail_with(p, tree_source_doubt(p->source, what, hint, p->err));
}

void doubt_entry(struct parser *p, const struct entry *entry, uint16_t oid, unsigned level)
{
    static const char empty[] = "this dictionary is empty: nothing of it goes into the packet";

    if (!is_in_place(&entry->key, oid, level))
        doubt_name(p, &entry->key, oid, level);
    else if (entry->value.kind == V_DICT && !entry->value.as.dict.count && level < 3)
        fail_with(p,
                  tree_source_doubt(p->source, empty, "write its values, or leave it out", p->err));
}
