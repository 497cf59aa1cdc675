/* SPDX-License-Identifier: Apache-2.0 */
/* Whole runs of ptool against /bin/true, in turns, and the peak memory of one. SIGNET_BUILD names
 * the build folder, SIGNET_SOURCE the source. */
#include "base/base.h"

#include "bench.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNS = 101 };

extern char **environ;

/* Milliseconds of one run. max_kb: peak RSS. The child is spawned from this small program: memory
 * that a large parent has would count as the child's until exec. */
static double run_once(char *const argv[], const char *folder, long *max_kb)
{
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    pid_t pid;
    int status;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    double start = clock_seconds();
    bench_require(posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) == 0, "cannot spawn");
    bench_require(wait4(pid, &status, 0, &usage) == pid, "cannot wait");
    double seconds = clock_seconds() - start;
    posix_spawn_file_actions_destroy(&actions);
    bench_require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a run failed");
    *max_kb = usage.ru_maxrss;
    return seconds * 1000;
}

static void measure(char *const argv[], const char *folder)
{
    double runs[RUNS], nothing[RUNS], peaks[RUNS];
    char *const none[] = {"/bin/true", NULL};
    for (int i = 0; i < RUNS; i++) {
        long kb;
        nothing[i] = run_once(none, folder, &kb);
        runs[i] = run_once(argv, folder, &kb);
        peaks[i] = (double)kb / 1024;
    }
    double whole = bench_median(runs, RUNS), base = bench_median(nothing, RUNS);
    bench_figure("whole ptool run", whole, "ms", 6, false);
    bench_figure("whole /bin/true run", base, "ms", 0, false);
    bench_figure("ptool against /bin/true", whole / base, "times", 0, false);
    bench_figure("ptool peak RSS", bench_median(peaks, RUNS), "MiB", 12, false);
}

void bench_process(void)
{
    const char *build = getenv("SIGNET_BUILD"), *source = getenv("SIGNET_SOURCE");
    char program[4096], config[4096], folder[] = "/tmp/signet-bench-XXXXXX", made[64];
    if (!build || !source) {
        fprintf(stderr, "bench: process: SIGNET_BUILD and SIGNET_SOURCE are not set (scripts/bench "
                        "sets them)\n");
        return;
    }
    snprintf(program, sizeof(program), "%s/ptool", build);
    snprintf(config, sizeof(config), "%s/tests/bench/demo_psk.cfg", source);
    bench_require(mkdtemp(folder) != NULL, "no temporary folder");
    char *const argv[] = {program, "-c", config, NULL};
    measure(argv, folder);
    snprintf(made, sizeof(made), "%s/SenMLCBOR", folder);
    bench_require(access(made, F_OK) == 0, "ptool left no packet");
    unlink(made);
    rmdir(folder);
}
