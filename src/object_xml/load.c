/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions of files and folders. */
#include "object_xml/object_xml.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FOLDERS_MAX = 8, FILES_MAX = 10000, OBJECTS_MAX = 10000, PATH_LENGTH_MAX = 4096 };

struct walk {
    int (*on_file)(void *ctx, const char *file);
    void *ctx;
    size_t files;
    struct signet_error *err;
};

static int is_entry(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int walk_folder(struct walk *w, const char *path, unsigned depth);

/* A folder, or a file whose name ends in .xml. Links to folders are not followed. */
static int walk_entry(struct walk *w, const char *path, unsigned depth)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return file_missing(errno, path, w->err);
    if (S_ISDIR(st.st_mode))
        return walk_folder(w, path, depth + 1);
    if (!text_has_tail(path, ".xml"))
        return SIGNET_OK;
    if (++w->files > FILES_MAX)
        return error_set(w->err, SIGNET_E_LIMIT, "more than %d files with definitions", FILES_MAX);
    return w->on_file(w->ctx, path);
}

static int walk_folder(struct walk *w, const char *path, unsigned depth)
{
    struct dirent **entries = NULL;
    int count, rc = SIGNET_OK;

    if (depth > FOLDERS_MAX)
        return error_set(w->err, SIGNET_E_LIMIT, "'%.200s': folders are nested more than %d deep",
                         path, FOLDERS_MAX);
    count = scandir(path, &entries, is_entry, alphasort);
    if (count < 0)
        return error_sys(w->err, SIGNET_E_IO, errno, "cannot read the folder '%s'", path);
    for (int i = 0; i < count; i++) {
        char entry[PATH_LENGTH_MAX];

        if (!rc &&
            snprintf(entry, sizeof(entry), "%s/%s", path, entries[i]->d_name) >= (int)sizeof(entry))
            rc = error_set(w->err, SIGNET_E_LIMIT, "'%.200s': a path is too long", path);
        if (!rc)
            rc = walk_entry(w, entry, depth);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

int signet_objects_files(const char *path, int (*on_file)(void *ctx, const char *file), void *ctx,
                         struct signet_error *err)
{
    struct walk w = {.on_file = on_file, .ctx = ctx, .err = err};
    struct stat st;

    if (stat(path, &st) != 0)
        return file_missing(errno, path, err);
    return S_ISDIR(st.st_mode) ? walk_folder(&w, path, 1) : on_file(ctx, path);
}

/* What was read, and the file of each object. */
struct load {
    const char *path; /* as it was named: a file must have definitions, a folder's file need not */
    struct buf list;  /* struct signet_object */
    struct buf files; /* char * */
    const struct signet_observer *observer;
    struct signet_error *err;
};

static size_t load_count(const struct load *l)
{
    return l->list.len / sizeof(struct signet_object);
}

static int name_files(struct load *l, const char *file)
{
    while (l->files.len / sizeof(file) < load_count(l)) {
        char *copy = strdup(file);

        if (copy)
            buf_append(&l->files, &copy, sizeof(copy));
        if (!copy || l->files.failed) {
            free(copy);
            return error_nomem(l->err);
        }
    }
    return load_count(l) <= OBJECTS_MAX
               ? SIGNET_OK
               : error_set(l->err, SIGNET_E_LIMIT, "more than %d definitions", OBJECTS_MAX);
}

/* The letters and digits alone, in small letters. */
static void letters_of_name(const char *name, char out[static SIGNET_NAME_MAX + 1])
{
    size_t n = 0;

    for (; *name && n < SIGNET_NAME_MAX; name++)
        if (isalnum((unsigned char)*name))
            out[n++] = (char)tolower((unsigned char)*name);
    out[n] = '\0';
}

/* Those of OMA's objects have OMA's names, or more words: "LWM2M Server". */
static void doubt_number(const struct load *l, const char *file, const struct signet_object *o)
{
    const struct signet_object *core = signet_object_find(NULL, o->id);
    char own[SIGNET_NAME_MAX + 1], known[SIGNET_NAME_MAX + 1];

    letters_of_name(o->name, own);
    letters_of_name(core ? core->name : "", known);
    if (core && !strstr(own, known) && !strstr(known, own))
        event_note(l->observer, "an object of one's own has a number of its own",
                   "%s: object %u is OID.%s, and this definition calls it '%s'", file, o->id,
                   core->name, text_shown(o->name, strlen(o->name), 60));
}

static int load_file(void *ctx, const char *file)
{
    struct load *l = ctx;
    struct buf text = {0};
    struct signet_error why = {0};
    size_t before = load_count(l);
    int rc = file_read(file, OBJECT_FILE_MAX, &text, &why);

    if (!rc)
        rc = object_xml_read(text.data, text.len, file, &l->list, l->observer, &why);
    if (rc != SIGNET_E_UNSUPPORTED) /* which is passed over in a folder */
        rc = signet_file_explain(rc, SIGNET_FILE_DEFINITION, file, &why);
    buf_free(&text);
    for (size_t i = before; !rc && i < load_count(l); i++)
        doubt_number(l, file, &((const struct signet_object *)(const void *)l->list.data)[i]);
    if (!rc)
        return name_files(l, file);
    return rc == SIGNET_E_UNSUPPORTED && file != l->path ? SIGNET_OK : error_copy(l->err, &why);
}

static void load_free(struct load *l)
{
    char **files = (void *)l->files.data;

    for (size_t i = 0; i < l->files.len / sizeof(*files); i++)
        free(files[i]);
    buf_free(&l->files);
    object_xml_free(&l->list);
}

int signet_objects_load(struct signet_objects **out, const char *const *paths, size_t count,
                        const struct signet_observer *observer, struct signet_error *err)
{
    struct load l = {.observer = observer, .err = err};
    int rc = SIGNET_OK;

    for (size_t i = 0; !rc && i < count; i++) {
        size_t before = load_count(&l);

        l.path = paths[i];
        rc = signet_objects_files(paths[i], load_file, &l, err);
        if (!rc && load_count(&l) == before)
            rc = error_set_hint(err, SIGNET_E_NOT_FOUND, "a definition is a file NAME.xml in it",
                                "'%s' has no definition of an object", paths[i]);
    }
    if (!rc)
        rc = objects_build(out, (const void *)l.list.data, (const void *)l.files.data,
                           load_count(&l), err);
    load_free(&l);
    return rc;
}
