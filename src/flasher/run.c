/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include "flasher/flasher.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_CAP     65536 /* a longer line comes in pieces */
#define TERM_WAIT_MS 2000
enum { PATH_SIZE = 4096 + 64 };

/* Neither it nor a folder above it can be written by all; what is in a folder with the sticky bit
 * is root's or ours. */
static bool kept_from_others(const char *path)
{
    char part[PATH_MAX];
    bool ours = false; /* the part below; what is named itself has none */
    struct stat st;

    if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
        return false;
    for (;;) {
        char *slash = strrchr(part, '/');

        if (lstat(part[0] ? part : "/", &st) != 0 || file_not_for_root(&st) ||
            (!S_ISLNK(st.st_mode) && (st.st_mode & S_IWOTH) && !((st.st_mode & S_ISVTX) && ours)))
            return false;
        if (!part[0] || !slash)
            return true;
        ours = st.st_uid == 0 || st.st_uid == geteuid();
        *slash = '\0';
    }
}

/* Executable for us, and nobody but its owner, root or their groups could have put it there (for
 * root: nobody but root): where it is named, and where links lead to. */
static bool usable(const char *path, mode_t type)
{
    char real[PATH_MAX];
    struct stat st;

    return path[0] == '/' && stat(path, &st) == 0 && (st.st_mode & S_IFMT) == type &&
           access(path, X_OK) == 0 && realpath(path, real) && kept_from_others(path) &&
           kept_from_others(real);
}

/* There is no shell, which would part them. */
static int hint_words(int rc, const char *name, struct signet_error *err)
{
    if (strchr(name, ' '))
        error_hint(err, "program and arguments are words of a list: [/bin/lamp, \"{slot}\"]");
    return rc;
}

static int find_on_path(char **out, const char *name, struct signet_error *err)
{
    const char *path = getenv("PATH");
    for (path = path ? path : "/usr/local/bin:/usr/bin:/bin"; *path;) {
        size_t len = strcspn(path, ":");
        char *file = NULL;
        if (text_format(&file, err, "%.*s/%s", (int)len, path, name) != SIGNET_OK)
            return SIGNET_E_NOMEM;
        file[len] = '\0';
        bool trusted = usable(file, S_IFDIR);
        file[len] = '/';
        if (trusted && usable(file, S_IFREG)) {
            *out = file;
            return SIGNET_OK;
        }
        free(file);
        path += len + (path[len] == ':');
    }
    return hint_words(error_set_hint(err, SIGNET_E_NOT_FOUND,
                                     "install it, or write its whole path, which begins with /",
                                     "%s is not installed", name),
                      name, err);
}

static const char *how_to_keep(void)
{
    return geteuid() == 0 ? "root runs only what root alone can change, with the folders above it: "
                            "chown root, chmod go-w; or work as another user"
                          : "not everyone may be able to write to it, or to a folder above it: "
                            "chmod o-w";
}

/* "#!/usr/bin/env python3" */
static bool env_finds(const char *name)
{
    char *found = NULL;
    bool finds = find_on_path(&found, name, NULL) == SIGNET_OK;

    free(found);
    return finds;
}

/* A text is run by the program that its first line names. */
static int check_script(const char *path, struct signet_error *err)
{
    char line[256] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, line, sizeof(line) - 1) : -1;
    const char *by = line + 2 + strspn(line + 2, " \t");

    if (fd >= 0)
        close(fd);
    if (n <= 0 || memchr(line, 0, (size_t)n) || line[0] == 0x7f)
        return SIGNET_OK; /* bytes: the system knows them, or says so */
    if (strncmp(line, "#!", 2) != 0)
        return error_set_hint(err, SIGNET_E_NOT_FOUND, "write #!/bin/sh, or what it is for",
                              "%s:1:1: a script whose first line names no program", path);
    line[2 + strcspn(line + 2, "\n")] = '\0';
    if (strchr(by, '\r'))
        return error_set_hint(err, SIGNET_E_NOT_FOUND,
                              "save it with those of Linux: sed -i 's/\\r$//' FILE",
                              "%s:1:1: the lines of this script end as those of Windows", path);
    char *rest = line + (by - line) + strcspn(by, " \t");
    bool more = *rest;
    *rest = '\0';
    if (more && text_ends_with(by, "/env") && isalnum((unsigned char)rest[1])) {
        rest[1 + strcspn(rest + 1, " \t")] = '\0';
        if (env_finds(by = rest + 1))
            return SIGNET_OK;
    }
    return strchr(by, '/') && access(by, X_OK) == 0
               ? SIGNET_OK
               : error_set_hint(err, SIGNET_E_NOT_FOUND, "install it, or correct the first line",
                                "%s:1:1: this script is for '%s', which is not there", path, by);
}

int run_find(char **out, const char *name, const char *given, struct signet_error *err)
{
    if (!given && !strchr(name, '/'))
        return find_on_path(out, name, err);
    given = given ? given : name;
    if (given[0] == '/' && access(given, F_OK) != 0)
        return error_sys(err, SIGNET_E_NOT_FOUND, errno, "cannot find the program '%s'", given),
               error_hint(err, "is the path right, and the program installed?"),
               hint_words(SIGNET_E_NOT_FOUND, given, err);
    struct stat st;
    if (stat(given, &st) == 0 && S_ISDIR(st.st_mode))
        return error_set_hint(err, SIGNET_E_NOT_FOUND, "name the program that is in it",
                              "'%s' is a folder, not a program", given);
    if (given[0] == '/' && access(given, X_OK) != 0)
        return error_set_hint(err, SIGNET_E_NOT_FOUND, "is it a program? chmod +x makes it one",
                              "'%s' cannot be executed", given);
    if (!usable(given, S_IFREG))
        return error_set_hint(err, SIGNET_E_NOT_FOUND, how_to_keep(),
                              "%s: not the absolute path of a program that can be executed, and "
                              "that only its owner can change",
                              given);
    int rc = check_script(given, err);
    return rc == SIGNET_OK ? text_copy(out, given, err) : rc;
}

int run_trusts(const char *script, struct signet_error *err)
{
    char real[PATH_MAX];
    bool there = realpath(script, real), whole = script[0] == '/';

    if (there ? kept_from_others(real) && (!whole || kept_from_others(script)) : !whole)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_NOT_FOUND, how_to_keep(),
                          "%s: what a programmer runs has to be there, and others must not be able "
                          "to change it",
                          script);
}

int run_check_script(const char *const *argv, struct signet_error *err)
{
    static const char *const programs[] = {"sh",     "bash",    "dash", "zsh",
                                           "python", "python3", "perl", "ruby"};
    const char *slash = strrchr(argv[0], '/'), *script = argv[1];
    const char *name = slash ? slash + 1 : argv[0];
    bool reads = false;
    char *found = NULL;

    for (size_t i = 0; i < COUNT_OF(programs); i++)
        reads = reads || strcmp(name, programs[i]) == 0;
    if (!reads || !script || !script[0] || script[0] == '-' || strchr(script, '{') ||
        access(script, F_OK) == 0)
        return SIGNET_OK;
    if (!strchr(script, '/') && find_on_path(&found, script, NULL) == SIGNET_OK) {
        free(found);
        return SIGNET_OK;
    }
    return error_set_hint(err, SIGNET_E_NOT_FOUND,
                          script[0] == '/' ? "is the path right?"
                                           : "write its whole path: it is looked for where the "
                                             "program runs, not beside the order",
                          "there is no script '%s' for %s", script, name);
}

struct child {
    pid_t pid;
    int pidfd; /* -1: an old kernel has none */
    int out;
    struct buf line;
};

/* Its own process group, and no signal is blocked or ignored. */
static int set_attributes(posix_spawnattr_t *attr)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    int rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                POSIX_SPAWN_SETSIGDEF);
    rc = rc ? rc : posix_spawnattr_setpgroup(attr, 0);
    rc = rc ? rc : posix_spawnattr_setsigmask(attr, &none);
    return rc ? rc : posix_spawnattr_setsigdefault(attr, &all);
}

/* No pipe: a tool that never reads, or ends before it does, holds up nobody. -1: there is none. */
static int open_input(const struct run *run, int *fd, struct signet_error *err)
{
    size_t len = run->input ? strlen(run->input) : 0;

    *fd = -1;
    if (!run->input)
        return SIGNET_OK;
    *fd = memfd_create("input", MFD_CLOEXEC);
    if (*fd >= 0 && write(*fd, run->input, len) == (ssize_t)len && lseek(*fd, 0, SEEK_SET) == 0)
        return SIGNET_OK;
    error_sys(err, SIGNET_E_IO, errno, "cannot keep the input of %s", run->argv[0]);
    if (*fd >= 0)
        close(*fd);
    return SIGNET_E_IO;
}

/* OpenOCD, pyOCD and others run scripts that lie where they are started. NULL: where we are. */
static const char *working_folder(const struct run *run)
{
    char here[PATH_MAX];

    if (run->folder)
        return run->folder;
    return getcwd(here, sizeof(here)) && usable(here, S_IFDIR) ? NULL : "/";
}

static int set_files(posix_spawn_file_actions_t *files, const struct run *run, int input,
                     int write_end)
{
    const char *folder = working_folder(run);
    int rc = input >= 0 ? posix_spawn_file_actions_adddup2(files, input, 0)
                        : posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(files, write_end, 1);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(files, write_end, 2);
    if (!rc && folder)
        rc = posix_spawn_file_actions_addchdir_np(files, folder);
    return rc ? rc : posix_spawn_file_actions_addclosefrom_np(files, 3);
}

/* What a tool calls by name may be beside it: in a virtual environment, in its vendor's folder. */
static void search_path(const char *tool, char out[static PATH_SIZE])
{
    static const char *const usual[] = {"/usr/local/bin", "/usr/bin", "/bin"};
    char folder[4096];

    snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(tool, '/') - tool), tool);
    bool beside = !strchr(folder, ':') && usable(folder, S_IFDIR);
    for (size_t i = 0; i < 3; i++)
        beside = beside && strcmp(folder, usual[i]) != 0;
    snprintf(out, PATH_SIZE, "PATH=%s%s%s:%s:%s", beside ? folder : "", beside ? ":" : "", usual[0],
             usual[1], usual[2]);
}

static int spawn_child(struct child *child, const struct run *run, int input, int write_end,
                       struct signet_error *err)
{
    char home[4096 + 8] = "HOME=/", path[PATH_SIZE];
    const char *from = getenv("HOME");
    if (from && strlen(from) < 4096 &&
        usable(from, S_IFDIR)) /* scripts are looked for there, too */
        snprintf(home, sizeof(home), "HOME=%s", from);
    char parent[64];
    orphan_mark(parent, sizeof(parent));
    search_path(run->argv[0], path);
    char *environment[] = {home,
                           parent,
                           path,
                           (char *)"LANG=C.UTF-8",
                           (char *)"LC_ALL=C.UTF-8",
                           (char *)"PYTHONUNBUFFERED=1",
                           NULL};
    posix_spawnattr_t attr; /* neither init can fail in glibc */
    posix_spawn_file_actions_t files;
    int rc = posix_spawnattr_init(&attr);
    rc = rc ? rc : posix_spawn_file_actions_init(&files);
    rc = rc ? rc : set_attributes(&attr);
    rc = rc ? rc : set_files(&files, run, input, write_end);
    rc = rc ? rc
            : posix_spawn(&child->pid, run->argv[0], &files, &attr, (char *const *)run->argv,
                          environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    if (rc) /* a tool that went away is no board's fault */
        return error_sys(err, rc == ENOENT ? SIGNET_E_NOT_FOUND : SIGNET_E_FLASH, rc,
                         "%s cannot be started", run->argv[0]);
    child->pidfd = pidfd_open(child->pid, 0);
    return SIGNET_OK;
}

static void line_end(struct child *child, const struct run *run)
{
    if (child->line.failed) /* and stays so: a line that is lost may be the one that counts */
        return;
    if (child->line.len && run->on_line)
        run->on_line(run->ctx, (const char *)child->line.data, child->line.len);
    buf_reset(&child->line);
}

/* False at the end of the output. */
static bool take_output(struct child *child, const struct run *run, struct buf *output)
{
    char data[8192];
    ssize_t got = read(child->out, data, sizeof(data));
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got == 0)
        return false;
    if (output && output->len < RUN_OUTPUT_MAX) {
        size_t room = RUN_OUTPUT_MAX - output->len;
        buf_append(output, data, (size_t)got < room ? (size_t)got : room);
    }
    for (ssize_t i = 0; i < got; i++) {
        if (data[i] == '\n' || data[i] == '\r')
            line_end(child, run);
        else {
            if (child->line.len == LINE_CAP)
                line_end(child, run);
            buf_byte(&child->line, data[i] ? (uint8_t)data[i] : ' ');
        }
    }
    return true;
}

/* Has the leader ended? It stays a zombie, so that its number, and its group's, stay ours. */
static bool child_ended(const struct child *child)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == child->pid;
}

static void end_group(const struct child *child)
{
    kill(-child->pid, SIGTERM);
    int64_t deadline = clock_ms() + TERM_WAIT_MS;
    while (!child_ended(child) && clock_ms() < deadline) {
        struct pollfd p = {.fd = child->pidfd, .events = POLLIN};
        poll(&p, 1, 20);
    }
    kill(-child->pid, SIGKILL);
}

/* Reads until the leader has ended. */
static int follow_child(struct child *child, const struct run *run, struct buf *output,
                        struct signet_error *err)
{
    int64_t deadline = clock_ms() + run->timeout_ms;
    bool open = true;
    while (!child_ended(child)) {
        int64_t left = deadline - clock_ms();
        if (signet_cancel_fired(run->cancel))
            return error_set(err, SIGNET_E_CANCELLED, "%s was stopped", run->argv[0]);
        if (left <= 0)
            return error_set(err, SIGNET_E_TIMEOUT, "%s did not end within %d s and was stopped",
                             run->argv[0], (run->timeout_ms + 999) / 1000);
        /* Without a pidfd (an old kernel) the end is looked for in short steps. */
        int wait = child->pidfd < 0 && left > 20 ? 20 : left > 60000 ? 60000 : (int)left;
        struct pollfd p[3] = {{.fd = open ? child->out : -1, .events = POLLIN},
                              {.fd = child->pidfd, .events = POLLIN},
                              {.fd = cancel_fd(run->cancel), .events = POLLIN}};
        if (poll(p, 3, wait) < 0 && errno != EINTR)
            return error_sys(err, SIGNET_E_IO, errno, "poll");
        if (p[0].revents)
            open = take_output(child, run, output);
    }
    /* What is in the pipe still; a grandchild that holds it open is not waited for. */
    for (int i = 0; open && i < 256; i++) {
        struct pollfd p = {.fd = child->out, .events = POLLIN};
        if (poll(&p, 1, 0) <= 0)
            break;
        open = take_output(child, run, output);
    }
    line_end(child, run);
    return SIGNET_OK;
}

/* Whatever became of it, the leader is waited for and nothing of its group goes on. */
static int end_child(struct child *child, const struct run *run, int code, int *status,
                     struct signet_error *err)
{
    int wstatus = 0;
    if (code)
        end_group(child);
    else
        kill(-child->pid, SIGKILL); /* what it may have left behind */
    if (TEMP_FAILURE_RETRY(waitpid(child->pid, &wstatus, 0)) != child->pid && code == SIGNET_OK)
        code = error_sys(err, SIGNET_E_FLASH, errno, "%s: its exit status is lost", run->argv[0]);
    if (code == SIGNET_OK)
        *status = WIFSIGNALED(wstatus) ? 128 + WTERMSIG(wstatus) : WEXITSTATUS(wstatus);
    if (child->pidfd >= 0)
        close(child->pidfd);
    return code;
}

int run_tool(const struct run *run, struct buf *output, int *status, struct signet_error *err)
{
    struct child child = {0};
    int ends[2], input;
    int code = open_input(run, &input, err);
    if (code != SIGNET_OK)
        return code;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        code = error_sys(err, SIGNET_E_IO, errno, "pipe");
    } else {
        child.out = ends[0];
        fcntl(child.out, F_SETFL, O_NONBLOCK);
        code = spawn_child(&child, run, input, ends[1], err);
        close(ends[1]);
        if (code == SIGNET_OK) {
            code = follow_child(&child, run, output, err);
            code = end_child(&child, run, code, status, err);
            code = code == SIGNET_OK ? buf_check(&child.line, err) : code;
            code = code == SIGNET_OK && output ? buf_check(output, err) : code;
        }
        close(child.out);
    }
    if (input >= 0)
        close(input);
    buf_free(&child.line);
    return code;
}

int flasher_command_check(const char *const *argv, struct signet_error *err)
{
    char *program = NULL;
    int rc = run_find(&program, argv[0], NULL, err);

    free(program);
    return rc == SIGNET_OK ? run_check_script(argv, err) : rc;
}

int flasher_command(const char *const *argv, const char *input, int timeout_ms,
                    const struct signet_cancel *cancel, struct buf *output, int *status,
                    struct signet_error *err)
{
    struct run run = {.input = input, .timeout_ms = timeout_ms, .cancel = cancel};
    const char *words[FLASHER_COMMAND_WORDS + 1] = {0};
    char *program = NULL;
    size_t n = 0;

    for (; n < FLASHER_COMMAND_WORDS && argv[n]; n++)
        words[n] = argv[n];
    if (n == 0 || argv[n])
        return error_set(err, SIGNET_E_USAGE, "a command has 1 to %d words", FLASHER_COMMAND_WORDS);
    int code = run_find(&program, words[0], NULL, err);
    if (code == SIGNET_OK) {
        words[0] = program;
        run.argv = words;
        code = run_tool(&run, output, status, err);
    }
    free(program);
    return code;
}
