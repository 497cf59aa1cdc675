/* SPDX-License-Identifier: Apache-2.0 */
/* Which files of a folder are definitions; and what there is no memory for.
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc */
#include "object_xml/object_xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"
#include "unit/starve.h"

static struct signet_error err;

struct found {
    int count;
    char names[256]; /* from the folder on, with blanks */
    size_t skip;
};

static int on_file(void *ctx, const char *file)
{
    struct found *f = ctx;
    size_t len = strlen(f->names);

    f->count++;
    snprintf(f->names + len, sizeof(f->names) - len, "%s ", file + f->skip);
    return SIGNET_OK;
}

static void put(const char *folder, const char *name)
{
    char path[FOLDER_SIZE + 64];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    assert_int_equal(fclose(to), 0);
}

static void files_of_folders(void **state)
{
    char folder[FOLDER_SIZE], sub[FOLDER_SIZE + 8], link[FOLDER_SIZE + 8];
    struct found found = {0};

    (void)state;
    assert_true(folder_make(folder));
    found.skip = strlen(folder) + 1;
    snprintf(sub, sizeof(sub), "%s/sub", folder);
    snprintf(link, sizeof(link), "%s/again", folder);
    assert_int_equal(mkdir(sub, 0700), 0);
    assert_int_equal(symlink("sub", link), 0); /* is not followed */
    put(folder, "b.xml");
    put(folder, "a.XML");
    put(folder, "c.txt");
    put(sub, "d.xml");
    assert_int_equal(signet_objects_files(folder, on_file, &found, &err), SIGNET_OK);
    assert_string_equal(found.names, "a.XML b.xml sub/d.xml ");
    found.names[0] = '\0';
    snprintf(sub, sizeof(sub), "%s/c.txt", folder); /* a file that is named, whatever its name */
    assert_int_equal(signet_objects_files(sub, on_file, &found, &err), SIGNET_OK);
    assert_string_equal(found.names, "c.txt ");
    snprintf(sub, sizeof(sub), "%s/none", folder);
    assert_int_not_equal(signet_objects_files(sub, on_file, &found, &err), SIGNET_OK);
    assert_int_equal(found.count, 4);
}

static void folders_in_folders(void **state)
{
    char folder[FOLDER_SIZE], path[FOLDER_SIZE + 64];
    struct found found = {0};

    (void)state;
    assert_true(folder_make(folder));
    strcpy(path, folder);
    for (int depth = 2; depth <= 8; depth++) {
        strcat(path, "/d");
        assert_int_equal(mkdir(path, 0700), 0);
    }
    put(path, "x.xml");
    assert_int_equal(signet_objects_files(folder, on_file, &found, &err), SIGNET_OK);
    assert_int_equal(found.count, 1);
    strcat(path, "/d");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(signet_objects_files(folder, on_file, &found, &err), SIGNET_E_LIMIT);
    assert_non_null(strstr(err.msg, "nested more than 8 deep"));
}

static void too_many_files(void **state)
{
    enum { MOST = 10000 };
    char folder[FOLDER_SIZE], first[FOLDER_SIZE + 16], path[FOLDER_SIZE + 16];
    struct rlimit before, none;
    struct found found = {0};

    (void)state;
    assert_true(folder_make(folder));
    put(folder, "0.xml");
    snprintf(first, sizeof(first), "%s/0.xml", folder);
    for (int i = 1; i <= MOST; i++) {
        snprintf(path, sizeof(path), "%s/%d.xml", folder, i);
        assert_int_equal(link(first, path), 0);
    }
    assert_int_equal(signet_objects_files(folder, on_file, &found, &err), SIGNET_E_LIMIT);
    assert_non_null(strstr(err.msg, "more than 10000 files with definitions"));
    unlink(first);
    found.count = 0;
    assert_int_equal(signet_objects_files(folder, on_file, &found, &err), SIGNET_OK);
    assert_int_equal(found.count, MOST);
    getrlimit(RLIMIT_NOFILE, &before);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    int rc = signet_objects_files(folder, on_file, &found, &err);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(rc, SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "cannot read the folder '"));
}

static void paths_that_are_too_long(void **state)
{
    static char path[5000];
    char folder[FOLDER_SIZE];
    struct found found = {0};

    (void)state;
    assert_true(folder_make(folder));
    put(folder, "long-name.xml");
    size_t len = strlen(folder);
    memcpy(path, folder, len);
    while (len < 4095 - sizeof("long-name.xml")) /* 4095 characters, as many as a path may have */
        path[len++] = '/';
    assert_int_equal(signet_objects_files(path, on_file, &found, &err), SIGNET_OK);
    assert_int_equal(found.count, 1);
    path[len] = '/';
    assert_int_equal(signet_objects_files(path, on_file, &found, &err), SIGNET_E_LIMIT);
    if (!strstr(err.msg, "a path is too long"))
        fail_msg("%s", err.msg);
    assert_int_equal(found.count, 1);
}

static char definitions[FOLDER_SIZE];

static int load_definitions(struct signet_error *error)
{
    const char *const paths[] = {definitions};
    struct signet_objects *objects = NULL;
    int rc = signet_objects_load(&objects, paths, 1, NULL, error);

    assert_int_equal(rc == SIGNET_OK, objects != NULL);
    signet_objects_free(&objects);
    return rc;
}

static void without_memory_there_are_none(void **state)
{
    static const char text[] =
        "<LWM2M><Object><Name>Probe</Name><ObjectID>30000</ObjectID>"
        "<MultipleInstances>Single</MultipleInstances><Resources><Item ID=\"1\">"
        "<Name>Value</Name><Operations>R</Operations><MultipleInstances>Single</MultipleInstances>"
        "<Type>Integer</Type><RangeEnumeration>0..9</RangeEnumeration></Item></Resources>"
        "</Object></LWM2M>";
    char path[FOLDER_SIZE + 8];

    (void)state;
    assert_true(folder_make(definitions));
    snprintf(path, sizeof(path), "%s/a.xml", definitions);
    assert_int_equal(file_write(path, text, strlen(text), 0600, &err), SIGNET_OK);
    starve_each(load_definitions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_folders),
        cmocka_unit_test(folders_in_folders),
        cmocka_unit_test(too_many_files),
        cmocka_unit_test(paths_that_are_too_long),
        cmocka_unit_test(without_memory_there_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
