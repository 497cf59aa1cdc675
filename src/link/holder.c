/* SPDX-License-Identifier: Apache-2.0 */
/* Which process has a serial port open: by its lock, or by its open files, as far as they may be
 * seen. */
#include "link/backend.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { LOOKS = 3 };

/* Who has flock()ed this file; 0: nobody that /proc/locks shows. It is read in parts: when locks go
 * meanwhile, one of the next part is passed over. */
static pid_t find_locker(const struct stat *port)
{
    unsigned major, minor;
    unsigned long long inode;
    char line[256];
    pid_t found = 0, pid;
    FILE *f = fopen("/proc/locks", "re");

    while (f && !found && fgets(line, sizeof(line), f))
        /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote it */
        if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%llu", &pid, &major, &minor, &inode) == 4 &&
            makedev(major, minor) == port->st_dev && inode == port->st_ino)
            found = pid;
    if (f)
        fclose(f);
    return found;
}

static bool has_open(const char *pid, const struct stat *port)
{
    char path[64];
    struct stat st;
    struct dirent *entry;
    bool found = false;

    snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
    DIR *dir = opendir(path);
    while (dir && !found && (entry = readdir(dir)))
        found = fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && S_ISCHR(st.st_mode) &&
                st.st_rdev == port->st_rdev;
    if (dir)
        closedir(dir);
    return found;
}

static pid_t find_opener(const struct stat *port)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    pid_t found = 0;

    while (dir && !found && (entry = readdir(dir))) {
        pid_t pid =
            isdigit((unsigned char)entry->d_name[0]) ? (pid_t)strtol(entry->d_name, NULL, 10) : 0;
        if (pid > 0 && pid != getpid() && has_open(entry->d_name, port))
            found = pid;
    }
    if (dir)
        closedir(dir);
    return found;
}

const char *holder_of(const char *path, char out[static HOLDER_SIZE])
{
    struct stat port;
    char file[64], name[64] = "";

    out[0] = '\0';
    if (stat(path, &port) != 0 || !S_ISCHR(port.st_mode))
        return out;
    pid_t pid = 0;
    for (int i = 0; pid <= 0 && i < LOOKS; i++)
        pid = find_locker(&port);
    if (pid <= 0)
        pid = find_opener(&port);
    if (pid <= 0)
        return out;
    snprintf(file, sizeof(file), "/proc/%d/comm", pid);
    FILE *f = fopen(file, "re");
    if (f && fgets(name, sizeof(name), f))
        name[strcspn(name, "\n")] = '\0';
    if (f)
        fclose(f);
    snprintf(out, HOLDER_SIZE, "%s (process %d)",
             name[0] ? text_shown(name, strlen(name), 16) : "another program", pid);
    return out;
}
