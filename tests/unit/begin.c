/* SPDX-License-Identifier: Apache-2.0 */
/* Linked into each unit test and each run of a corpus: folders for its files, and a deadline, so
 * that a program that hangs says which test does. A secret that is not wiped fails the test, and so
 * do a file that is not closed and memory that is not given back.
 * wrap: locked_alloc locked_free */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "unit/folder.h"
#include "unit/kept.h"

#define MEMORY      "/dev/shm"
#define MEMORY_FREE ((unsigned long long)256 * 1024 * 1024)

static char own[FOLDER_SIZE - FOLDER_NAME], late[200];
static pid_t owner, program;

/* Most of the time of a test that writes files is fsync: in memory that costs nothing. */
static const char *base(void)
{
    const char *named = getenv("TMPDIR");
    struct statvfs fs;

    if (named && *named)
        return named;
    if (access(MEMORY, W_OK) == 0 && statvfs(MEMORY, &fs) == 0 &&
        (unsigned long long)fs.f_bavail * fs.f_frsize >= MEMORY_FREE)
        return MEMORY;
    return "/tmp";
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    remove(path);
    return 0;
}

static void remove_own(void)
{
    if (getpid() == owner) /* its children end as well */
        nftw(own, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool make_own(void)
{
    char real[PATH_MAX];

    if (!realpath(base(), real))
        return false;
    if (snprintf(own, sizeof(own), "%s/signet-XXXXXX", real) >= (int)sizeof(own)) {
        fprintf(stderr, "TMPDIR is too long for the names of sockets in it: %s\n", real);
        errno = ENAMETOOLONG;
        return false;
    }
    if (!mkdtemp(own))
        return false;
    owner = getpid();
    return atexit(remove_own) == 0;
}

bool folder_make(char out[static FOLDER_SIZE])
{
    if (!owner && !make_own())
        return false;
    snprintf(out, FOLDER_SIZE, "%s/XXXXXX", own);
    return mkdtemp(out) != NULL;
}

atomic_long kept_blocks;

void *__real_locked_alloc(size_t size);
void *__wrap_locked_alloc(size_t size);
void __real_locked_free(void *memory);
void __wrap_locked_free(void *memory);

__attribute__((weak)) void *__wrap_locked_alloc(size_t size)
{
    void *memory = __real_locked_alloc(size);

    kept_blocks += memory != NULL;
    return memory;
}

__attribute__((weak)) void __wrap_locked_free(void *memory)
{
    kept_blocks -= memory != NULL;
    __real_locked_free(memory);
}

/* A test whose threads outlive it says how many; and how many blocks of memory. */
__attribute__((weak)) int files_left, blocks_left;
static int files_before;

static int count_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

static void want_none_kept(void)
{
    if (getpid() != program)
        return;
    int left = count_files() - files_before - files_left;
    long blocks = blocks_tell() - blocks_left;
    if (blocks > 0)
        fprintf(stderr, "%ld blocks of memory were not given back\n", blocks);
    if (kept_blocks > 0)
        fprintf(stderr, "%ld secrets were not wiped: their memory was not given back\n",
                kept_blocks);
    if (left > 0)
        fprintf(stderr, "%d files were not closed\n", left);
    fflush(NULL);
    if (blocks > 0 || kept_blocks > 0 || left > 0)
        _exit(1);
}

__attribute__((constructor)) static void look_at_end(void)
{
    program = getpid();
    files_before = count_files();
    atexit(want_none_kept); /* the first, which is called last */
}

static void on_alarm(int number)
{
    (void)number;
    if (write(STDERR_FILENO, late, strlen(late)) >= 0 && owner)
        remove_own(); /* not safe in a handler, but the end has come */
    _exit(124);
}

__attribute__((constructor)) static void set_deadline(void)
{
    const char *seconds = getenv("SIGNET_TEST_SECONDS");

    setvbuf(stdout, NULL, _IOLBF, 0); /* what ran before the end is seen */
    if (!seconds)
        return;
    snprintf(
        late, sizeof(late),
        "\n%s has not ended within %.20s s: the last [ RUN ] above names the test that hangs\n",
        program_invocation_short_name, seconds);
    signal(SIGALRM, on_alarm);
    alarm((unsigned)strtoul(seconds, NULL, 10));
}
