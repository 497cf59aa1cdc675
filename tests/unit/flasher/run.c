/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of others: their output, their end, and ours.
 * wrap: read
 */
#include "flasher/run.h"
#include "fake.h"
#include "flasher/flasher.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

#include <cmocka.h>

static int run(const char *script, int timeout_ms, struct buf *output, int *status,
               struct signet_error *err)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    struct run r = {.argv = argv, .timeout_ms = timeout_ms};

    return run_tool(&r, output, status, err);
}

static int interruptions; /* of reads that are to come */

ssize_t __real_read(int fd, void *data, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size);

ssize_t __wrap_read(int fd, void *data, size_t size)
{
    if (interruptions > 0) {
        errno = interruptions-- % 2 ? EINTR : EAGAIN;
        return -1;
    }
    return __real_read(fd, data, size);
}

/* A read that is interrupted is no end of the output. */
static void a_read_is_interrupted(void **state)
{
    struct buf output = {0};
    int status = -1;

    (void)state;
    for (int i = 1; i <= 2; i++) {
        interruptions = i;
        assert_int_equal(run("echo one", 10000, &output, &status, NULL), SIGNET_OK);
        assert_int_equal(interruptions, 0);
    }
    buf_byte(&output, 0);
    assert_string_equal(output.data, "one\none\n");
    buf_free(&output);
}

static void output_and_status_come_back(void **state)
{
    struct buf output = {0};
    int status = -1;

    (void)state;
    assert_int_equal(run("echo one; echo two >&2; exit 3", 10000, &output, &status, NULL), 0);
    assert_int_equal(status, 3);
    buf_byte(&output, 0);
    assert_string_equal(output.data, "one\ntwo\n");
    buf_free(&output);
    assert_int_equal(run("kill -ABRT $$", 10000, NULL, &status, NULL), 0);
    assert_int_equal(status, 128 + SIGABRT);
    assert_int_equal(run("exit 0", 10000, NULL, &status, NULL), 0);
    assert_int_equal(status, 0);
}

static void a_missing_program_is_an_error(void **state)
{
    const char *argv[] = {"/nowhere/tool", NULL};
    struct run r = {.argv = argv, .timeout_ms = 1000};
    struct signet_error err;
    int status;

    (void)state;
    assert_int_equal(run_tool(&r, NULL, &status, &err), SIGNET_E_NOT_FOUND);
    assert_int_equal(err.sys, ENOENT);
}

static void child_sees_nothing_of_ours(void **state)
{
    struct buf output = {0};
    int status, fd = open("/etc/passwd", O_RDONLY); /* no O_CLOEXEC */

    (void)state;
    setenv("SIGNET_TOKEN", "canary-4711", 1);
    setenv("LD_LIBRARY_PATH", "/canary-4711", 1);
    assert_int_equal(run("env; ls -l /proc/$$/fd; ps -o pgid= -p $$; echo self=$$; "
                         "read x || echo no-input",
                         10000, &output, &status, NULL),
                     0);
    close(fd);
    unsetenv("SIGNET_TOKEN");
    unsetenv("LD_LIBRARY_PATH");
    buf_byte(&output, 0);
    const char *text = (const char *)output.data;
    assert_null(strstr(text, "canary-4711"));
    assert_null(strstr(text, "/etc/passwd"));
    assert_non_null(strstr(text, "PATH=/usr/local/bin:/usr/bin:/bin\n"));
    assert_non_null(strstr(text, "no-input"));
    size_t lines = 0; /* only these names are there */
    for (const char *p = text; (p = strchr(p, '=')); p++)
        lines++;
    assert_in_range(lines, 6, 10);
    buf_free(&output);
}

/* What is beside it is found by name first, as in a virtual environment; not in a folder that all
 * can write to, nor in one that PATH has no word for. */
static void what_is_beside_a_tool(void **state)
{
    static const struct {
        const char *folder;
        mode_t mode;
        const char *says;
    } rows[] = {{"venv", 0755, "beside"}, {"open", 0777, "none"}, {"a:b", 0755, "none"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char tool[200];
        const char *argv[] = {tool, NULL};
        const struct run r = {.argv = argv, .timeout_ms = 10000};
        struct buf output = {0};
        int status;

        mkdir(rows[i].folder, 0755);
        chmod(rows[i].folder, rows[i].mode);
        snprintf(tool, sizeof tool, "%s/%s/tool", fake_folder, rows[i].folder);
        fake_file(tool, "#!/bin/sh\nrunner 2> note || echo none\n", 0755);
        snprintf(strrchr(tool, '/'), 20, "/runner");
        fake_file(tool, "#!/bin/sh\necho beside\n", 0755);
        snprintf(strrchr(tool, '/'), 20, "/tool");
        assert_int_equal(run_tool(&r, &output, &status, NULL), SIGNET_OK);
        buf_byte(&output, 0);
        output.data[strcspn((char *)output.data, "\n")] = '\0';
        assert_string_equal(output.data, rows[i].says);
        buf_free(&output);
    }
}

/* True while the process is there and is not a zombie. */
static bool alive(pid_t pid)
{
    char path[64], line[512] = "";

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    bool read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    const char *end = strrchr(line, ')');
    return read && end && end[2] != 'Z' && end[2] != 'X';
}

static pid_t pid_in(const char *name)
{
    return (pid_t)atoi(fake_read(name));
}

static void gone_soon(pid_t pid)
{
    assert_in_range(pid, 2, 1 << 30);
    for (int i = 0; alive(pid) && i < 500; i++)
        usleep(10000);
    assert_false(alive(pid));
}

static void a_hang_ends_the_whole_group(void **state)
{
    struct signet_error err;
    int status;

    (void)state;
    /* the leader and its child both ignore SIGTERM */
    assert_int_equal(
        run("trap '' TERM; sh -c 'trap \"\" TERM; echo $$ > child; while :; do sleep 1; "
            "done' & echo $$ > leader; while :; do sleep 1; done",
            600, NULL, &status, &err),
        SIGNET_E_TIMEOUT);
    gone_soon(pid_in("leader"));
    gone_soon(pid_in("child"));
}

static void what_a_tool_leaves_behind_is_ended(void **state)
{
    int status = -1;

    (void)state;
    assert_int_equal(run("sleep 1000 & echo $! > child; exit 0", 10000, NULL, &status, NULL), 0);
    assert_int_equal(status, 0);
    gone_soon(pid_in("child"));
}

static void huge_output_is_capped(void **state)
{
    struct buf output = {0};
    int status = -1;

    (void)state;
    assert_int_equal(run("head -c 10485760 /dev/zero | tr '\\0' x; echo; echo the end", 60000,
                         &output, &status, NULL),
                     0);
    assert_int_equal(status, 0);
    assert_int_equal(output.len, RUN_OUTPUT_MAX);
    buf_free(&output);
}

static void *fire_when_started(void *cancel)
{
    for (int i = 0; access("started", F_OK) != 0 && i < 1000; i++)
        usleep(10000);
    signet_cancel_fire(cancel);
    return NULL;
}

static void cancel_ends_the_group(void **state)
{
    const char *argv[] = {"/bin/sh", "-c", "echo $$ > leader; > started; sleep 1000", NULL};
    struct run r = {.argv = argv, .timeout_ms = 60000};
    struct signet_cancel *cancel = NULL;
    pthread_t thread;
    int status;

    (void)state;
    assert_int_equal(signet_cancel_new(&cancel, NULL), 0);
    r.cancel = cancel;
    pthread_create(&thread, NULL, fire_when_started, cancel);
    assert_int_equal(run_tool(&r, NULL, &status, NULL), SIGNET_E_CANCELLED);
    pthread_join(thread, NULL);
    gone_soon(pid_in("leader"));
    signet_cancel_free(&cancel);
}

static void on_line(void *ctx, const char *line, size_t len)
{
    struct buf *all = ctx;

    assert_int_equal(strlen(line), len);
    buf_printf(all, "[%s]", line);
}

static void lines_come_one_by_one(void **state)
{
    const char *argv[] = {"/bin/sh", "-c", "printf '10%%\\r20%%\\r\\n\\nlast'", NULL};
    struct buf all = {0};
    struct run r = {.argv = argv, .timeout_ms = 10000, .on_line = on_line, .ctx = &all};
    int status;

    (void)state;
    assert_int_equal(run_tool(&r, NULL, &status, NULL), 0);
    buf_byte(&all, 0);
    assert_string_equal(all.data, "[10%][20%][last]");
    buf_free(&all);
}

static void tools_are_found_in_trusted_folders_only(void **state)
{
    char *path = NULL, *old = strdup(getenv("PATH"));
    char both[256], want[128];

    (void)state;
    mkdir("open", 0777);
    chmod("open", 0777);
    mkdir("mine", 0755);
    fake_file("open/tool", "#!/bin/sh\n", 0755);
    fake_file("tool", "#!/bin/sh\n", 0755);
    snprintf(both, sizeof both, ":.:open:%s/open:%s/mine", fake_folder, fake_folder);
    setenv("PATH", both, 1);
    assert_int_equal(run_find(&path, "tool", NULL, NULL), SIGNET_E_NOT_FOUND);
    fake_file("mine/tool", "#!/bin/sh\n", 0755);
    assert_int_equal(run_find(&path, "tool", NULL, NULL), 0);
    snprintf(want, sizeof want, "%s/mine/tool", fake_folder);
    assert_string_equal(path, want);
    free(path);
    setenv("PATH", fake_folder, 1); /* a path is no name: PATH is not for it */
    assert_int_equal(run_find(&path, "mine/tool", NULL, NULL), SIGNET_E_NOT_FOUND);
    assert_int_equal(run_find(&path, want, NULL, NULL), 0);
    free(path);
    unsetenv("PATH");
    assert_int_equal(run_find(&path, "sh", NULL, NULL), 0);
    assert_non_null(strstr(path, "bin/sh"));
    free(path);
    setenv("PATH", old, 1);
    free(old);
    assert_int_equal(run_find(&path, "tool", "mine/tool", NULL), SIGNET_E_NOT_FOUND);
    assert_int_equal(run_find(&path, "tool", want, NULL), 0);
    free(path);
    chmod("mine/tool", 0757);
    assert_int_equal(run_find(&path, "tool", want, NULL), SIGNET_E_NOT_FOUND);
}

/* OpenOCD and pyOCD run scripts of the folder that they are started in, and of HOME. */
static void tools_are_started_where_others_put_nothing(void **state)
{
    char open[128], want[300], old[200];

    (void)state;
    snprintf(old, sizeof old, "%s", getenv("HOME") ? getenv("HOME") : "/");
    snprintf(open, sizeof open, "%s/open", fake_folder);
    mkdir(open, 0777);
    for (int i = 0; i < 2; i++) {
        struct buf output = {0};
        int status;

        chmod(open, i ? 0777 : 0755);
        assert_int_equal(chdir(open), 0);
        setenv("HOME", open, 1);
        assert_int_equal(run("pwd; echo $HOME", 10000, &output, &status, NULL), SIGNET_OK);
        snprintf(want, sizeof want, "%s\n%s\n", i ? "/" : open, i ? "/" : open);
        buf_byte(&output, 0);
        assert_string_equal(output.data, want);
        buf_free(&output);
    }
    setenv("HOME", old, 1);
}

static void scripts_that_others_can_change(void **state)
{
    struct signet_error err = {0};
    char there[128];

    (void)state;
    mkdir("open", 0777);
    fake_file("open/a.cfg", "", 0644);
    fake_file("b.cfg", "", 0644);
    snprintf(there, sizeof there, "%s/open/a.cfg", fake_folder);
    assert_int_equal(symlink(there, "link.cfg"), 0);
    for (int i = 0; i < 2; i++) {
        int rc = i ? SIGNET_E_NOT_FOUND : SIGNET_OK;

        chmod("open", i ? 0777 : 0755);
        assert_int_equal(run_trusts("open/a.cfg", &err), rc);
        assert_int_equal(run_trusts(there, &err), rc);
        assert_int_equal(run_trusts("link.cfg", &err), rc);
        assert_int_equal(run_trusts("b.cfg", &err), SIGNET_OK);
        assert_int_equal(run_trusts("target/of-the-tool.cfg", &err), SIGNET_OK);
        assert_int_equal(run_trusts("/nowhere/a.cfg", &err), SIGNET_E_NOT_FOUND);
    }
    chmod("b.cfg", 0646);
    assert_int_equal(run_trusts("b.cfg", &err), SIGNET_E_NOT_FOUND);
    assert_non_null(strstr(err.msg, "others must not be able to change it"));
    assert_non_null(strstr(err.hint, "chmod"));
}

static void root_runs_what_root_alone_can_change(void **state)
{
    static const struct {
        uid_t uid;
        gid_t gid;
        mode_t mode;
        int rc;
    } rows[] = {{0, 0, 0755, 0},
                {0, 0, 0775, 0},
                {0, 4711, 0755, 0},
                {0, 4711, 0775, SIGNET_E_NOT_FOUND},
                {4711, 0, 0755, SIGNET_E_NOT_FOUND}};
    char *path = NULL, want[128];

    (void)state;
    if (geteuid() != 0)
        skip();
    mkdir("roots", 0755);
    fake_file("roots/tool", "#!/bin/sh\n", 0755);
    snprintf(want, sizeof want, "%s/roots/tool", fake_folder);
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        const char *of = i % 2 ? "roots" : "roots/tool";
        int rc = chown(of, rows[i / 2].uid, rows[i / 2].gid);

        assert_int_equal(rc, 0);
        assert_int_equal(chmod(of, rows[i / 2].mode), 0);
        assert_int_equal(run_find(&path, "tool", want, NULL), rows[i / 2].rc);
        free(path);
        path = NULL;
        assert_int_equal(chown(of, 0, 0), 0);
    }
}

static void expect_tool(const char *name, int rc)
{
    struct signet_error err = {0};
    char *path = NULL, given[200];

    snprintf(given, sizeof given, "%s/%s", fake_folder, name);
    assert_int_equal(run_find(&path, "tool", given, &err), rc);
    if (rc == SIGNET_OK)
        assert_string_equal(path, given);
    else
        assert_non_null(strstr(err.msg, "that only its owner can change"));
    free(path);
}

/* Whoever can write to a folder above it can put another program there. */
static void folders_above_a_tool_count(void **state)
{
    (void)state;
    mkdir("all", 0755);
    mkdir("all/bin", 0755);
    fake_file("all/bin/tool", "#!/bin/sh\n", 0755);
    assert_int_equal(symlink("all/bin/tool", "link"), 0);
    assert_int_equal(symlink("all/bin", "folder"), 0);
    for (int open = 0; open < 2; open++) {
        chmod("all", open ? 0777 : 0755);
        expect_tool("all/bin/tool", open ? SIGNET_E_NOT_FOUND : SIGNET_OK);
        expect_tool("link", open ? SIGNET_E_NOT_FOUND : SIGNET_OK);
        expect_tool("folder/tool", open ? SIGNET_E_NOT_FOUND : SIGNET_OK);
    }
    chmod("all", 01777); /* as /tmp: what is ours stays ours */
    expect_tool("all/bin/tool", SIGNET_OK);
    fake_file("mine.sh", "#!/bin/sh\n", 0755);
    assert_int_equal(symlink("../mine.sh", "all/link"), 0);
    expect_tool("all/link", SIGNET_OK);
    if (geteuid() != 0)
        return;
    assert_int_equal(lchown("all/link", 65534, 65534), 0); /* who can point it elsewhere */
    expect_tool("all/link", SIGNET_E_NOT_FOUND);
    assert_int_equal(chown("all/bin", 65534, 65534), 0);
    expect_tool("all/bin/tool", SIGNET_E_NOT_FOUND);
}

/* Hooks are run as tools are, and what they write is dropped. */
static void other_commands(void **state)
{
    const char *words[FLASHER_COMMAND_WORDS + 2] = {"sh", "-c", "echo; exit 3", NULL};
    struct signet_error err = {0};
    int status = 0;

    (void)state;
    assert_int_equal(flasher_command(words, NULL, 10000, NULL, NULL, &status, &err), SIGNET_OK);
    assert_int_equal(status, 3);
    words[2] = "kill -9 $$";
    assert_int_equal(flasher_command(words, NULL, 10000, NULL, NULL, &status, &err), SIGNET_OK);
    assert_int_equal(status, 137);
    words[2] = "sleep 100";
    assert_int_equal(flasher_command(words, NULL, 50, NULL, NULL, &status, &err), SIGNET_E_TIMEOUT);
    words[2] = "exit 0";
    for (size_t i = 3; i < FLASHER_COMMAND_WORDS; i++)
        words[i] = "x";
    assert_int_equal(flasher_command(words, NULL, 10000, NULL, NULL, &status, &err), SIGNET_OK);
    assert_int_equal(status, 0);
    words[FLASHER_COMMAND_WORDS] = "one more";
    assert_int_equal(flasher_command(words, NULL, 10000, NULL, NULL, &status, &err),
                     SIGNET_E_USAGE);
    assert_string_equal(err.msg, "a command has 1 to 64 words");
    words[0] = NULL;
    assert_int_equal(flasher_command(words, NULL, 10000, NULL, NULL, &status, &err),
                     SIGNET_E_USAGE);
    words[0] = "no-such-program-is-here";
    words[1] = NULL;
    assert_int_equal(flasher_command(words, NULL, 10000, NULL, NULL, &status, &err),
                     SIGNET_E_NOT_FOUND);
    assert_int_equal(flasher_command_check(words, &err), SIGNET_E_NOT_FOUND);
}

static void a_command_is_there_with_its_script(void **state)
{
    static const struct {
        const char *words[3];
        int rc;
    } rows[] = {{{"./sh"}, SIGNET_E_NOT_FOUND},
                {{"sh"}, SIGNET_OK},
                {{"/bin/sh"}, SIGNET_OK},
                {{"sh", "no-such.sh"}, SIGNET_E_NOT_FOUND},
                {{"/bin/bash", "/no/such.sh"}, SIGNET_E_NOT_FOUND},
                {{"/bin/sh", "-c"}, SIGNET_OK},
                {{"/bin/sh", "/etc/passwd"}, SIGNET_OK},
                {{"/bin/sh", "sh"}, SIGNET_OK}, /* on PATH */
                {{"/bin/sh", "{slot}.sh"}, SIGNET_OK},
                {{"/bin/echo", "no-such.sh"}, SIGNET_OK}};
    struct signet_error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(flasher_command_check(rows[i].words, &err), rows[i].rc);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fake_enter, fake_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(output_and_status_come_back),
        TEST(a_read_is_interrupted),
        TEST(a_missing_program_is_an_error),
        TEST(child_sees_nothing_of_ours),
        TEST(what_is_beside_a_tool),
        TEST(a_hang_ends_the_whole_group),
        TEST(what_a_tool_leaves_behind_is_ended),
        TEST(huge_output_is_capped),
        TEST(cancel_ends_the_group),
        TEST(lines_come_one_by_one),
        TEST(tools_are_found_in_trusted_folders_only),
        TEST(tools_are_started_where_others_put_nothing),
        TEST(scripts_that_others_can_change),
        TEST(root_runs_what_root_alone_can_change),
        TEST(folders_above_a_tool_count),
        TEST(other_commands),
        TEST(a_command_is_there_with_its_script),
    };
    return cmocka_run_group_tests_name("flasher/run", tests, NULL, NULL);
}
