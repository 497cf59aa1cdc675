/* SPDX-License-Identifier: Apache-2.0 */
/* In signet_torture: SIGNET_STARVE=PATH lets allocations fail that come by that path of calls:
 * "PATH" once, "PATH+" that and all after it. SIGNET_STARVE_LIST=FILE appends the paths. See
 * fault/starve. */
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/kept.h"

enum { DEPTH = 5, SKIP = 2, PATHS_MAX = 1 << 14 };

extern const char __executable_start[], etext[];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Of the calls in the program; libraries are elsewhere at each start. */
static uint32_t path_of_calls(void)
{
    void *calls[SKIP + DEPTH];
    int count = backtrace(calls, SKIP + DEPTH);
    uint32_t hash = 2166136261;

    for (int i = SKIP; i < count; i++)
        if ((char *)calls[i] >= __executable_start && (char *)calls[i] < etext)
            hash = (hash ^ (uint32_t)((char *)calls[i] - __executable_start)) * 16777619;
    return hash;
}

/* The first time. */
static bool is_new_path(uint32_t path)
{
    static uint32_t seen[PATHS_MAX];
    uint32_t i = path % PATHS_MAX;

    while (seen[i] && seen[i] != path)
        i = (i + 1) % PATHS_MAX;
    bool is_new = !seen[i];
    seen[i] = path;
    return is_new;
}

static void list_path(const char *file, uint32_t path)
{
    char line[12];
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    snprintf(line, sizeof(line), "%08x\n", path);
    if (fd < 0 || write(fd, line, 9) != 9)
        abort();
    close(fd);
}

static bool starve_fails(void)
{
    static _Thread_local bool within;
    static bool rest;
    const char *wanted = getenv("SIGNET_STARVE"), *list = getenv("SIGNET_STARVE_LIST");

    if (within || (!wanted && !list))
        return false;
    within = true;
    uint32_t path = path_of_calls();
    within = false;
    pthread_mutex_lock(&lock);
    bool is_new = is_new_path(path);
    if (is_new && list)
        list_path(list, path);
    bool fails = rest || (wanted && is_new && path == strtoul(wanted, NULL, 16));
    rest = rest || (fails && strchr(wanted, '+'));
    pthread_mutex_unlock(&lock);
    if (fails && getenv("SIGNET_STARVE_TRACE")) {
        void *calls[20];
        backtrace_symbols_fd(calls, backtrace(calls, 20), STDERR_FILENO);
    }
    return fails;
}

/* The paths of errors give back what they took, too. */
__attribute__((destructor)) static void tell_blocks(void)
{
    long count = getenv("SIGNET_STARVE") || getenv("SIGNET_STARVE_LIST") ? blocks_tell() : 0;

    if (count > 0)
        fprintf(stderr, "%ld blocks of memory were not given back\n", count);
}

#include "unit/starved_calls.h"

void *__real_locked_alloc(size_t n);
void *__wrap_locked_alloc(size_t n);
void *__wrap_locked_alloc(size_t n)
{
    return starve_fails() ? NULL : __real_locked_alloc(n);
}
