/* SPDX-License-Identifier: Apache-2.0 */
/* Tools that outlived a Signet that was killed. Each carries in its environment who started it: the
 * process's number and when that one began, so that a number that was given anew is no other's. */
#include "flasher/flasher.h"
#include "run.h"

#include <ctype.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK "SIGNET_PARENT="
enum { ENVIRONMENT_MAX = 64 * 1024, END_MS = 2000 };

/* When a process began, in ticks since the machine did; 0: there is no such process. */
static unsigned long long began(int pid)
{
    unsigned long long at = 0;
    char path[40], line[1024];

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *f = fopen(path, "re");
    const char *rest = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
    if (rest) /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote it */
        sscanf(rest,
               ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
               "%*d %llu",
               &at);
    if (f)
        fclose(f);
    return at;
}

void orphan_mark(char *out, size_t size)
{
    snprintf(out, size, MARK "%d.%llu", getpid(), began(getpid()));
}

static bool is_orphan(const char *environment, size_t len)
{
    for (const char *at = environment; at < environment + len; at += strlen(at) + 1) {
        unsigned long long since;
        int pid;

        /* NOLINTNEXTLINE(cert-err34-c): we wrote it */
        if (sscanf(at, MARK "%d.%llu", &pid, &since) == 2)
            return began(pid) != since;
    }
    return false;
}

/* Numbers of processes mean the same to it as to us: one in a container has its own. */
static bool shares_numbers(const char *pid)
{
    char path[40];
    struct stat mine, its;

    snprintf(path, sizeof(path), "/proc/%.20s/ns/pid", pid);
    return stat("/proc/self/ns/pid", &mine) == 0 && stat(path, &its) == 0 &&
           mine.st_dev == its.st_dev && mine.st_ino == its.st_ino;
}

/* Of our own user, and what it carries may be read. */
static bool carries_mark(const char *pid)
{
    char path[40], *text = malloc(ENVIRONMENT_MAX + 1);
    struct stat st;
    FILE *f = NULL;
    size_t len = 0;

    snprintf(path, sizeof(path), "/proc/%.20s", pid);
    bool ours = text && stat(path, &st) == 0 && st.st_uid == getuid() && shares_numbers(pid);
    snprintf(path, sizeof(path), "/proc/%.20s/environ", pid);
    if (ours && (f = fopen(path, "re"))) {
        len = fread(text, 1, ENVIRONMENT_MAX, f);
        text[len] = '\0';
        fclose(f);
    }
    bool orphan = len > 0 && is_orphan(text, len);
    free(text);
    return orphan;
}

static void end_process(int fd)
{
    struct pollfd ended = {.fd = fd, .events = POLLIN};

    pidfd_send_signal(fd, SIGTERM, NULL, 0);
    if (poll(&ended, 1, END_MS) == 1)
        return;
    pidfd_send_signal(fd, SIGKILL, NULL, 0);
    poll(&ended, 1, END_MS);
}

/* The descriptor is there before the mark is read, so that no other process is meant. */
static void end_if_orphan(const char *number, void (*tell)(void *, const char *, int), void *ctx)
{
    int pid = (int)strtol(number, NULL, 10), fd = pid > 0 ? pidfd_open(pid, 0) : -1;
    char path[40], name[64] = "";

    if (fd >= 0 && carries_mark(number)) {
        snprintf(path, sizeof(path), "/proc/%d/comm", pid);
        FILE *f = fopen(path, "re");
        if (f && fgets(name, sizeof(name), f))
            name[strcspn(name, "\n")] = '\0';
        if (f)
            fclose(f);
        end_process(fd);
        tell(ctx, text_shown(name, strlen(name), 16), pid);
    }
    if (fd >= 0)
        close(fd);
}

void flasher_end_orphans(void (*tell)(void *, const char *, int), void *ctx)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (isdigit((unsigned char)entry->d_name[0]))
            end_if_orphan(entry->d_name, tell, ctx);
    if (dir)
        closedir(dir);
}
