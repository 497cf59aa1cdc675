/* SPDX-License-Identifier: Apache-2.0 */
/* 'objects': 'vendor/objects' in a configuration: where the definitions of its objects are. */
#include "config/parser.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATHS_MAX = 64 };

static const char hint[] = "write 'objects': 'FILE.xml', or 'FOLDER', or {0: 'ONE', 1: 'OTHER'}";

bool is_definitions(const struct parser *p, const struct value *key)
{
    return p->depth == 1 && key->kind == V_STR &&
           text_is((const char *)key->as.bytes.data, key->as.bytes.len, "objects");
}

/* The path from the folder of the configuration, unless it is absolute. */
static char *beside(struct parser *p, const struct value *path)
{
    const char *slash = strrchr(p->file, '/'), *name = (const char *)path->as.bytes.data;
    int folder = slash && name[0] != '/' ? (int)(slash - p->file) + 1 : 0;
    char *full = NULL;

    if (memchr(name, '\0', path->as.bytes.len) || !path->as.bytes.len)
        fail_at(p, path->at, SIGNET_E_SYNTAX, hint, "this is no path");
    else if (text_format(&full, p->err, "%.*s%s", folder, p->file, name) != SIGNET_OK)
        fail_with(p, SIGNET_E_NOMEM);
    return full;
}

static void load_definitions(struct parser *p, size_t at, const char *const *paths, size_t count)
{
    struct signet_objects *objects = NULL;
    struct signet_error why = {0};
    int rc = signet_objects_load(&objects, paths, count, NULL, &why);

    if (rc != SIGNET_OK) {
        fail_at(p, at, (enum signet_code)rc, why.hint[0] ? why.hint : NULL, "%s", why.msg);
        return;
    }
    signet_objects_free(&p->objects);
    p->objects = objects;
}

void read_definitions(struct parser *p, const struct value *value)
{
    char *paths[PATHS_MAX] = {NULL};
    size_t count = value->kind == V_DICT ? value->as.dict.count : 1;

    if (p->rc == SIGNET_OK && !p->file)
        fail_at(p, value->at, SIGNET_E_SYNTAX, "name the objects beside the configuration",
                "'objects' is read in files only");
    if (count > PATHS_MAX)
        fail_at(p, value->at, SIGNET_E_LIMIT, "put them into one folder", "more than %d paths",
                PATHS_MAX);
    for (size_t i = 0; p->rc == SIGNET_OK && i < count; i++) {
        const struct value *path = value->kind == V_DICT ? &value->as.dict.entries[i].value : value;

        if (path->kind == V_STR)
            paths[i] = beside(p, path);
        else
            fail_at(p, path->at, SIGNET_E_SYNTAX, hint, "a path should stand here");
    }
    if (p->rc == SIGNET_OK)
        load_definitions(p, value->at, (const char *const *)paths, count);
    for (size_t i = 0; i < PATHS_MAX; i++)
        free(paths[i]);
}
