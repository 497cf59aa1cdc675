/* SPDX-License-Identifier: Apache-2.0 */
/* A file that cannot be opened: why, and which one was meant. */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { ENTRIES_MAX = 2000 };

/* The name in the folder that is nearest to a name; "" when none is near. */
static void nearest_entry(const char *folder, const char *name, char near[NAME_MAX + 1])
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    near[0] = '\0';
    for (int i = 0; dir && i < ENTRIES_MAX && (entry = readdir(dir)); i++) {
        const char *both[] = {near, entry->d_name};

        if (entry->d_name[0] == '.' && name[0] != '.')
            continue;
        const char *found = signet_word_nearest(name, near[0] ? both : both + 1, near[0] ? 2 : 1);
        if (found == entry->d_name)
            snprintf(near, NAME_MAX + 1, "%s", entry->d_name);
    }
    if (dir)
        closedir(dir);
}

/* "a.yaml b.yaml": what stands before the blank is there. */
static bool several_files(const char *path)
{
    char first[PATH_MAX];
    size_t len = strcspn(path, " ");

    snprintf(first, sizeof(first), "%.*s", (int)(len < PATH_MAX ? len : 0), path);
    return path[len] && first[0] && access(first, F_OK) == 0;
}

const char *file_path_doubt(const char *path)
{
    const char *slash = strchr(path, '~');

    if (strncmp(path, "-----BEGIN", 10) == 0)
        return "name the file: its text does not stand here";
    if (strncmp(path, "file:", 5) == 0)
        return "write the path alone, without file://";
    if (strchr(path, '\\'))
        return "between folders stands /, not \\, and there are no drives such as C:";
    if (strstr(path, "://") || strcmp(path, "-") == 0)
        return "name a file: nothing is fetched, and nothing read from standard input";
    slash = slash ? slash : strchr(path, '$');
    if (strstr(path, ", "))
        return "one file is named here; several are a list: [FILE, FILE]";
    if (several_files(path))
        return "one file is named here; several are words of their own, without quotes around them";
    if (path[0] && strspn(path, "&|;") == strlen(path))
        return "it is a sign of a shell: write it without \\ and without quotes";
    if (path[0] == '#')
        return "in quotes a # begins no comment: leave it out";
    if (strpbrk(path, "*?"))
        return "name the file: a shell fills * in where files have such names, and none has";
    return slash && (slash == path || slash[-1] == '/')
               ? "write the whole path: ~ and $NAME mean something to a shell alone"
               : NULL;
}

static void hint_near(const char *path, struct signet_error *err)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    int len = slash ? (int)(slash - path) + 1 : 0;
    char folder[PATH_MAX], near[NAME_MAX + 1];
    ssize_t to = readlink(path, folder, sizeof(folder));

    if (to > 0) {
        error_hint(err, "it is a link to '%.*s', which is not there", (int)(to < 200 ? to : 200),
                   folder);
        return;
    }
    if (file_path_doubt(path)) {
        error_hint(err, "%s", file_path_doubt(path));
        return;
    }
    snprintf(folder, sizeof(folder), "%.*s", len ? len : 2, len ? path : "./");
    if (access(folder, F_OK) != 0) {
        error_hint(err, "there is no folder '%.200s' either: is the path right?", folder);
        return;
    }
    nearest_entry(folder, name, near);
    if (strlen(path) >= 6 && text_is_hex(path, strlen(path)))
        error_hint(err,
                   "a file is wanted, and these are hex digits: write their bytes into one (xxd)");
    else if (near[0])
        error_hint(err, "did you mean '%.*s%s'?", len, path, near);
    else if (path[0] == '/')
        error_hint(err, "is the path right?");
    else if (getcwd(folder, sizeof(folder)))
        error_hint(err, "is the path right? It starts from %.200s", folder);
}

int file_missing(int sys, const char *path, struct signet_error *err)
{
    error_sys(err, SIGNET_E_IO, sys, "cannot %s '%s'", sys == EISDIR ? "read" : "open", path);
    if (err && sys == ENOENT)
        hint_near(path, err);
    else if (sys == EISDIR)
        error_hint(err, "name a file, not the folder that it is in");
    else if (sys == EACCES)
        error_hint(err,
                   "this user may not read it: change its owner or mode, or work as its owner");
    return SIGNET_E_IO;
}
