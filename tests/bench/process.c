/* SPDX-License-Identifier: Apache-2.0 */
/* Whole runs of ptool against /bin/true, in turns, and the peak memory of one. Its packet goes into
 * memory: how fast the disk syncs is not what is measured. SIGNET_BUILD names
 * the build folder, SIGNET_SOURCE the source. */
#include "base/base.h"

#include "bench.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNS = 201 };

extern char **environ;

/* Milliseconds of one run. */
static double run_once(char *const argv[], const char *folder)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    double start = clock_seconds();
    bench_require(posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) == 0, "cannot spawn");
    bench_require(waitpid(pid, &status, 0) == pid, "cannot wait");
    double seconds = clock_seconds() - start;
    posix_spawn_file_actions_destroy(&actions);
    bench_require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a run failed");
    return seconds * 1000;
}

static double peak_of(pid_t pid)
{
    char path[64], line[256];
    long kb = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "r");
    while (status && fgets(line, sizeof(line), status))
        if (sscanf(line, "VmHWM: %ld", &kb) == 1)
            break;
    if (status)
        fclose(status);
    return (double)kb / 1024;
}

/* Peak RSS in MiB, 0 where the machine does not let us trace. ru_maxrss would not do: it keeps what
 * this program had before exec. The child's own memory is read as it exits. */
double bench_peak(char *const argv[], const char *folder)
{
    double peak = 0;
    int status;
    pid_t pid = fork();
    bench_require(pid >= 0, "cannot fork");
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        if (chdir(folder) || null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
            ptrace(PTRACE_TRACEME, 0, NULL, NULL))
            _exit(127);
        execv(argv[0], argv);
        _exit(127);
    }
    bench_require(waitpid(pid, &status, 0) == pid, "cannot wait");
    if (!WIFSTOPPED(status))
        return 0;
    ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL | PTRACE_O_TRACEEXIT);
    for (int signal = 0; WIFSTOPPED(status);) {
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8)) {
            peak = peak_of(pid);
            signal = 0;
        } else if (WSTOPSIG(status) != SIGTRAP) {
            signal = WSTOPSIG(status);
        }
        ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)signal);
        signal = 0;
        bench_require(waitpid(pid, &status, 0) == pid, "cannot wait");
    }
    bench_require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a run failed");
    return peak;
}

static void measure(char *const argv[], const char *folder)
{
    double runs[RUNS], nothing[RUNS];
    char *const none[] = {"/bin/true", NULL};
    for (int i = 0; i < RUNS; i++) {
        nothing[i] = run_once(none, folder);
        runs[i] = run_once(argv, folder);
    }
    double whole = bench_median(runs, RUNS), base = bench_median(nothing, RUNS);
    bench_figure("whole ptool run", whole, "ms", 0, false);
    bench_figure("whole /bin/true run", base, "ms", 0, false);
    bench_figure("ptool over /bin/true", whole - base, "ms", 3.5, false);
    bench_figure("ptool peak RSS", bench_peak(argv, folder), "MiB", 6, false);
}

void bench_process(void)
{
    const char *build = getenv("SIGNET_BUILD"), *source = getenv("SIGNET_SOURCE");
    char program[4096], config[4096], folder[] = "/dev/shm/signet-bench-XXXXXX", made[64];
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
