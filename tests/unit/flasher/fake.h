/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FLASHER_FAKE_H
#define TESTS_FLASHER_FAKE_H

/* A folder of its own for each test, and small scripts in it that stand for programmers. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/folder.h"

static char fake_folder[FOLDER_SIZE];

static inline int fake_enter(void **state)
{
    (void)state;
    return folder_make(fake_folder) && chdir(fake_folder) == 0 ? 0 : -1;
}

static inline int fake_leave(void **state)
{
    (void)state;
    return chdir("/");
}

static inline void fake_file(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(name, "w");

    fputs(text, file);
    fclose(file);
    chmod(name, mode);
}

/* A tool that writes its arguments, one a line, to NAME.args, and then runs body. */
static inline const char *fake_tool(const char *name, const char *body)
{
    static char path[128];
    char text[4096];

    snprintf(path, sizeof path, "%s/%s", fake_folder, name);
    snprintf(text, sizeof text, "#!/bin/sh\nprintf '%%s\\n' \"$@\" >> %s.args\n%s\n", path, body);
    fake_file(path, text, 0755);
    return path;
}

static inline const char *fake_read(const char *name)
{
    static char text[65536];
    FILE *file = fopen(name, "r");

    text[0] = '\0';
    if (file) {
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
    }
    return text;
}

#endif
