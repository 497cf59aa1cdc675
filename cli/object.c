/* SPDX-License-Identifier: Apache-2.0 */
/* signet object import|list|show */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX = 1024 * 1024, PATH_SIZE = 4096 };

struct import {
    struct cli *cli;
    const char *named;  /* the path that was named: a file of it must have definitions */
    const char *folder; /* NULL: nothing is written */
    size_t objects, refused, passed;
};

static void tell_object(const struct import *import, const char *file, const char *copy,
                        const struct signet_object *object)
{
    if (import->cli->json)
        json_line("object", M_TEXT("file", file), M_INT("object", object->id),
                  M_TEXT("version", object->version), M_TEXT("name", object->name),
                  M_INT("resources", (int64_t)object->count), M_GIVEN("copy", copy));
    else
        printf("%s: object %u, version %s, OID.%s, %s%s%s\n", PLAIN(file), object->id,
               object->version, object->name, COUNT(object->count, "resource", "resources"),
               copy ? " -> " : "", copy ? PLAIN(copy) : "");
}

/* Not an end: the other files are looked at as well. */
static void tell_refused(struct import *import, const char *file, const struct signet_error *why)
{
    bool passed = why->code == SIGNET_E_UNSUPPORTED && file != import->named;
    *(passed ? &import->passed : &import->refused) += 1;
    if (!import->cli->json) {
        printf("%s: %s\n", passed ? "passed over" : "refused", PLAIN(why->msg));
        if (why->excerpt[0] && !passed)
            printf("%s\n", why->excerpt);
        if (why->hint[0])
            printf("hint: %s\n", why->hint);
        return;
    }
    json_line(passed ? "passed_over" : "refused", M_TEXT("file", file),
              M_TEXT("code", signet_code_name(why->code)), M_TEXT("message", why->msg),
              M_GIVEN("hint", why->hint));
}

/* "objects/33700-1_0.xml"; a file of several objects keeps its name. */
static void copy_path(const struct import *import, const char *file,
                      const struct signet_objects *objects, char out[static PATH_SIZE])
{
    const struct signet_object *object = signet_objects_at(objects, 0);
    const char *slash = strrchr(file, '/');
    char version[16];
    snprintf(version, sizeof(version), "%s", object->version);
    for (char *at = version; *at; at++)
        *at = *at == '.' ? '_' : *at;
    if (signet_objects_at(objects, 1))
        snprintf(out, PATH_SIZE, "%s/%s", import->folder, slash ? slash + 1 : file);
    else
        snprintf(out, PATH_SIZE, "%s/%u-%s.xml", import->folder, object->id, version);
}

static int copy_file(const char *file, const char *copy, struct signet_error *err)
{
    struct signet_bytes data = {0};
    int rc = cli_read(file, FILE_MAX, &data, err);
    if (rc == SIGNET_OK)
        rc = cli_write(copy, data.data, data.len, err);
    signet_bytes_free(&data);
    return rc;
}

static int make_folder(const char *folder, struct signet_error *err)
{
    struct stat st;
    if (mkdir(folder, 0777) == 0 || (stat(folder, &st) == 0 && S_ISDIR(st.st_mode)))
        return SIGNET_OK;
    return cli_error(err, SIGNET_E_IO, "-o names a folder for the definitions",
                     "cannot make the folder '%s': %s", folder, strerror(errno));
}

static int import_file(void *ctx, const char *file)
{
    struct import *import = ctx;
    const struct signet_observer observer = cli_observer(import->cli);
    const struct signet_object *object;
    struct signet_objects *objects = NULL;
    struct signet_error why = {0};
    char copy[PATH_SIZE];
    int rc = signet_objects_load(&objects, &file, 1, &observer, &why);
    if (rc != SIGNET_OK) {
        tell_refused(import, file, &why);
        return SIGNET_OK;
    }
    rc = import->folder ? make_folder(import->folder, &import->cli->err) : SIGNET_OK;
    if (rc == SIGNET_OK && import->folder) {
        copy_path(import, file, objects, copy);
        rc = copy_file(file, copy, &import->cli->err);
    }
    for (size_t i = 0; rc == SIGNET_OK && (object = signet_objects_at(objects, i)); i++) {
        tell_object(import, file, import->folder ? copy : NULL, object);
        import->objects++;
    }
    signet_objects_free(&objects);
    return rc;
}

static void tell_sum(const struct import *import)
{
    if (import->cli->json)
        json_line("imported", M_INT("objects", (int64_t)import->objects),
                  M_INT("refused", (int64_t)import->refused),
                  M_INT("passed_over", (int64_t)import->passed));
    else
        printf("%s, %zu refused, %zu passed over\n", COUNT(import->objects, "object", "objects"),
               import->refused, import->passed);
}

/* All that was copied together, as a configuration will read it. */
static int check_folder(const struct import *import, struct signet_error *err)
{
    struct signet_objects *objects = NULL;
    int rc = signet_objects_load(&objects, &import->folder, 1, NULL, err);
    signet_objects_free(&objects);
    return rc;
}

static int object_import(int argc, char **argv)
{
    struct cli cli = {0};
    bool check = false;
    struct import import = {.cli = &cli, .folder = "objects"};
    const struct option_row rows[] = {
        FLAG('n', "dry-run", "Only check: nothing is written", &check),
        TEXT('o', "output", "FOLDER", "Where the definitions go (default: objects)",
             &import.folder),
        {0},
    };
    int rc = SIGNET_OK;
    if (!cli_parse(
            &cli, argc, argv, rows, "PATH...",
            "Checks definitions of objects, as the OMA registry writes them, and copies them "
            "into a folder, which configurations and orders name: 'objects': 'FOLDER'. PATH "
            "is a file or a folder.",
            1, -1))
        return EXIT_USAGE;
    if (check)
        import.folder = NULL;
    for (int i = 0; rc == SIGNET_OK && i < cli.arg_count; i++) {
        size_t before = import.objects + import.refused + import.passed;
        import.named = cli.args[i];
        rc = signet_objects_files(cli.args[i], import_file, &import, &cli.err);
        if (rc == SIGNET_OK && import.objects + import.refused + import.passed == before)
            rc = cli_error(&cli.err, SIGNET_E_NOT_FOUND, "a definition is a file NAME.xml in it",
                           "'%s' has no definition of an object", cli.args[i]);
    }
    if (rc == SIGNET_OK && import.folder && import.objects)
        rc = check_folder(&import, &cli.err);
    if (rc == SIGNET_OK)
        tell_sum(&import);
    rc = cli_end(&cli, rc);
    if (rc != EXIT_DONE || !import.refused)
        return rc;
    return import.objects ? EXIT_PARTLY : EXIT_FAILED;
}

static const char *type_name(enum signet_type type)
{
    static const char *const names[] = {"any",    "string",  "integer",   "unsigned",
                                        "float",  "boolean", "opaque",    "time",
                                        "objlnk", "corelnk", "executable"};
    return type >= SIGNET_TYPE_NONE && type <= SIGNET_TYPE_EXECUTABLE ? names[type] : "any";
}

static const char *operations(const struct signet_resource *r)
{
    static const char *const names[] = {"", "R", "W", "RW"};
    return r->type == SIGNET_TYPE_EXECUTABLE
               ? "E"
               : names[r->flags & (SIGNET_DEFINED_READ | SIGNET_DEFINED_WRITE)];
}

static bool has(unsigned flags, unsigned flag)
{
    return flags & flag;
}

static void object_json(const struct signet_object *o, const char *event)
{
    json_line(event, M_INT("object", o->id), M_TEXT("name", o->name), M_TEXT("version", o->version),
              M_INT("lwm2m", o->since), M_BOOL("multiple", has(o->flags, SIGNET_DEFINED_MULTIPLE)),
              M_BOOL("mandatory", has(o->flags, SIGNET_DEFINED_MANDATORY)),
              M_INT("resources", (int64_t)o->count));
}

static void resource_json(const struct signet_resource *r)
{
    json_line("resource", M_INT("resource", r->id), M_TEXT("name", r->name),
              M_GIVEN("alias", r->alias), M_TEXT("type", type_name((enum signet_type)r->type)),
              M_TEXT("operations", operations(r)),
              M_BOOL("multiple", has(r->flags, SIGNET_DEFINED_MULTIPLE)),
              M_BOOL("mandatory", has(r->flags, SIGNET_DEFINED_MANDATORY)),
              M_BOOL("secret", has(r->flags, SIGNET_DEFINED_SECRET)), M_INT("lwm2m", r->since),
              M_GIVEN("range", r->range));
}

static void resource_text(const struct signet_resource *r)
{
    printf("%5u  %-40s %-10s %-2s %-8s %-9s %s%s\n", r->id, r->name,
           type_name((enum signet_type)r->type), operations(r),
           has(r->flags, SIGNET_DEFINED_MULTIPLE) ? "multiple" : "single",
           has(r->flags, SIGNET_DEFINED_MANDATORY) ? "mandatory" : "optional", r->range,
           has(r->flags, SIGNET_DEFINED_SECRET) ? " secret" : "");
}

static const struct signet_object *named_object(const struct signet_objects *objects,
                                                const char *name)
{
    const struct signet_object *o;
    char *end;
    long id = strtol(name, &end, 10);
    for (size_t i = 0; (o = signet_object_at(objects, i)); i++)
        if (!strcmp(o->name, name) || (*o->alias && !strcmp(o->alias, name)) ||
            (end != name && !*end && o->id == id))
            break;
    return o;
}

/* "lifetime", "Server.Lifetime", "RID.Server.Lifetime", "/1/0/1" */
static const struct signet_object *object_of_resource(const struct signet_objects *objects,
                                                      const char *name)
{
    const struct signet_object *o;
    const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;
    char first[16];
    for (size_t i = 0; *name != '/' && (o = signet_object_at(objects, i)); i++)
        for (size_t k = 0; k < o->count; k++)
            if ((!strcasecmp(o->resources[k].name, last) ||
                 !strcasecmp(o->resources[k].alias, last)) &&
                (!dot || strcasestr(name, o->name)))
                return o;
    snprintf(first, sizeof(first), "%.*s", (int)strspn(name + 1, "0123456789"), name + 1);
    return *name == '/' && first[0] ? named_object(objects, first) : NULL;
}

static int no_object(const struct cli *cli, const char *name, struct signet_error *err)
{
    char hint[sizeof(err->hint)] = "";
    const struct signet_object *o = object_of_resource(cli->objects, name);
    const char *near = "", *found = NULL;
    if (o)
        snprintf(hint, sizeof(hint), "it is in object %u: signet object show %u", o->id, o->id);
    for (size_t i = 0; !hint[0] && (o = signet_object_at(cli->objects, i)); i++) {
        const char *both[] = {near, o->name};
        found = signet_word_nearest(name, both + !*near, 1 + (*near != '\0'));
        near = found ? found : near;
    }
    if (*near)
        snprintf(hint, sizeof(hint), "did you mean %s?", near);
    return cli_error(
        err, SIGNET_E_NOT_FOUND,
        hint[0] ? hint : "--objects names the definitions of others; 'signet object list' has all",
        "there is no object '%s'", PLAIN(name));
}

static int show_object(struct cli *cli)
{
    int rc = cli_profile(cli, &cli->err);
    const struct signet_object *o =
        rc == SIGNET_OK ? named_object(cli->objects, cli->args[0]) : NULL;
    if (rc == SIGNET_OK && !o)
        rc = no_object(cli, cli->args[0], &cli->err);
    if (o && cli->json)
        object_json(o, "object");
    else if (o)
        printf("OID.%s: object %u, version %s, LwM2M %u.%u, %s\n", o->name, o->id, o->version,
               o->since / 10u, o->since % 10u,
               has(o->flags, SIGNET_DEFINED_MULTIPLE) ? "several instances" : "one instance");
    for (size_t i = 0; o && i < o->count; i++)
        (cli->json ? resource_json : resource_text)(&o->resources[i]);
    return cli_end(cli, rc);
}

static int object_show(int argc, char **argv)
{
    struct cli cli = {0};
    const struct option_row rows[] = {OBJECTS_ROW(&cli), {0}};
    if (!cli_parse(&cli, argc, argv, rows, "OBJECT",
                   "Shows the resources of an object: its number, or its name as in OID.NAME.", 1,
                   1))
        return EXIT_USAGE;
    return show_object(&cli);
}

static int object_list(int argc, char **argv)
{
    struct cli cli = {0};
    const struct option_row rows[] = {OBJECTS_ROW(&cli), {0}};
    const struct signet_object *o;
    if (!cli_parse(&cli, argc, argv, rows, "", "Lists the objects that are defined.", 0, 0))
        return EXIT_USAGE;
    int rc = cli_profile(&cli, &cli.err);
    for (size_t i = 0; rc == SIGNET_OK && (o = signet_object_at(cli.objects, i)); i++)
        if (cli.json)
            object_json(o, "object");
        else
            printf("%5u  %-4s %-40s %s\n", o->id, o->version, o->name,
                   COUNT(o->count, "resource", "resources"));
    return cli_end(&cli, rc);
}

const struct verb object_verbs[] = {
    {"import", "check definitions of objects, and copy them", object_import},
    {"list", "list the objects that are defined", object_list},
    {"show", "show the resources of an object", object_show},
    {0},
};
