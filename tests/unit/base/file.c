/* SPDX-License-Identifier: Apache-2.0
 * wrap: fsync locked_free
 */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"
#include "unit/freed.h"

static int fsync_fails_with, fsyncs_left; /* that do not fail */
int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_fsync(int fd)
{
    if (fsync_fails_with && fsyncs_left-- <= 0) {
        errno = fsync_fails_with;
        return -1;
    }
    return __real_fsync(fd);
}

static int enter_folder(void **state)
{
    char folder[FOLDER_SIZE];

    (void)state;
    return folder_make(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    fsync_fails_with = 0;
    return chdir("/");
}

static size_t files_here(void)
{
    DIR *dir = opendir(".");
    size_t n = 0;

    while (readdir(dir))
        n++;
    closedir(dir);
    return n - 2;
}

static void write_is_private_and_replaces(void **state)
{
    struct buf read = {0};
    struct stat st;

    (void)state;
    umask(0);
    assert_int_equal(file_write("a", "one", 3, 0600, NULL), SIGNET_OK);
    assert_int_equal(file_write("a", "two!", 4, 0600, NULL), SIGNET_OK);
    assert_int_equal(stat("a", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(file_read("a", 4, &read, NULL), SIGNET_OK);
    assert_string_equal((char *)read.data, "two!");
    assert_int_equal(file_read("a", 3, &read, NULL), SIGNET_E_LIMIT);
    assert_string_equal((char *)read.data, "two!"); /* untouched on failure */
    assert_int_equal(files_here(), 1);
    buf_free(&read);
}

static void never_through_a_symlink(void **state)
{
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(file_write("target", "x", 1, 0600, NULL), SIGNET_OK);
    assert_int_equal(symlink("target", "link"), 0);
    assert_int_equal(file_write("link", "y", 1, 0600, &err), SIGNET_E_IO);
    assert_int_equal(symlink("missing", "dangling"), 0);
    assert_int_equal(file_create("dangling", "y", 1, &err), SIGNET_E_EXISTS);
    assert_int_equal(file_write(".", "y", 1, 0600, &err), SIGNET_E_IO);
    assert_int_equal(file_write("no/such", "y", 1, 0600, &err), SIGNET_E_IO);
    assert_int_equal(files_here(), 3);
}

static void create_does_not_overwrite(void **state)
{
    (void)state;
    assert_int_equal(file_create("a", "1", 1, NULL), SIGNET_OK);
    assert_int_equal(file_create("a", "2", 1, NULL), SIGNET_E_EXISTS);
    assert_int_equal(files_here(), 1);
}

static void failed_sync_leaves_nothing(void **state)
{
    struct signet_error err = {0};

    (void)state;
    fsync_fails_with = ENOSPC;
    assert_int_equal(file_write("a", "1", 1, 0600, &err), SIGNET_E_IO);
    assert_int_equal(err.sys, ENOSPC);
    assert_int_equal(files_here(), 0);
    fsyncs_left = 1; /* the file's own; the folder's fails: whether the name stays is not known */
    assert_int_equal(file_write("a", "1", 1, 0600, &err), SIGNET_E_IO);
    assert_int_equal(err.sys, ENOSPC);
}

static void open_secrets_are_refused(void **state)
{
    struct secret s = {0};
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(file_write("token", "t0k", 3, 0644, NULL), SIGNET_OK);
    for (mode_t bit = 1; bit <= 040; bit <<= 1) {
        assert_int_equal(chmod("token", 0600 | bit), 0);
        assert_int_equal(file_read_secret("token", 100, &s, &err), SIGNET_E_IO);
        assert_non_null(strstr(err.hint, "chmod 600"));
    }
    assert_null(s.data);
    assert_int_equal(chmod("token", 0600), 0);
    assert_int_equal(file_read_secret("token", 100, &s, &err), SIGNET_OK);
    assert_string_equal((char *)s.data, "t0k");
    assert_int_equal(file_read_secret("token", 2, &s, &err), SIGNET_E_LIMIT);
    assert_string_equal((char *)s.data, "t0k");
    assert_int_equal(file_read_secret("none", 2, &s, &err), SIGNET_E_IO);
    secret_wipe(&s);
}

static void the_mode_is_not_the_umask_s(void **state)
{
    struct stat st;

    (void)state;
    umask(077);
    assert_int_equal(file_write("a", "x", 1, 0644, NULL), SIGNET_OK);
    assert_int_equal(stat("a", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_int_equal(signet_bytes_write("a", "y", 1, NULL), SIGNET_OK); /* may be a packet */
    assert_int_equal(stat("a", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    umask(022);
}

static void what_is_no_file(void **state)
{
    struct signet_error err = {0};
    struct signet_bytes bytes = {0};
    char longer[PATH_MAX + 1];

    (void)state;
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(file_create("no/", "y", 1, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "is not a file name"));
    assert_int_equal(file_create("", "y", 1, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "is not a file name"));
    assert_int_equal(file_create(longer, "y", 1, &err), SIGNET_E_IO);
    assert_int_equal(err.sys, 0); /* no call was tried */
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(file_write("fifo", "y", 1, 0600, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "not a plain file"));
    assert_int_equal(signet_bytes_read(".", 10, &bytes, &err), SIGNET_E_IO);
    assert_int_equal(signet_bytes_read("none", 10, &bytes, &err), SIGNET_E_IO);
    assert_null(bytes.data);
    assert_int_equal(files_here(), 1);
}

static void folders(void **state)
{
    struct signet_error err = {0};
    struct stat st;

    (void)state;
    assert_int_equal(file_mkdir("d", &err), SIGNET_OK);
    assert_int_equal(stat("d", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(file_mkdir("d", &err), SIGNET_OK);
    assert_int_equal(file_mkdir("no/such", &err), SIGNET_E_IO);
    assert_int_equal(file_write("f", "x", 1, 0600, &err), SIGNET_OK);
    assert_int_equal(file_mkdir("f", &err), SIGNET_E_IO);
    assert_int_equal(file_write("d/f", "x", 1, 0600, &err), SIGNET_OK);
}

static void *write_later(void *ctx)
{
    int fd = *(int *)ctx;

    usleep(300000);
    if (write(fd, "late", 4) != 4)
        return NULL;
    close(fd);
    return ctx;
}

/* A FIFO that nobody writes to does not hold up the line; process substitution is waited for. */
static void what_the_system_refuses(void **state)
{
    static const char data[8192];
    const struct rlimit few = {4096, RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
    struct buf content = {0};
    struct signet_error err;

    (void)state;
    assert_int_equal(file_write("/proc/x", data, 1, 0600, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "cannot write '/proc/x': "));
    assert_int_equal(file_create("/proc/x", data, 1, &err), SIGNET_E_IO);
    assert_int_equal(file_read("/proc/self/mem", 100, &content, &err), SIGNET_E_IO);
    assert_string_equal(err.msg, "cannot read '/proc/self/mem': Input/output error");
    assert_int_equal(file_read(NULL, 100, &content, &err), SIGNET_E_USAGE);
    assert_string_equal(err.msg, "no file is named");
    assert_int_equal(file_read("", 100, &content, &err), SIGNET_E_IO);
    assert_string_equal(err.msg, "cannot open '': No such file or directory");
    assert_null(strstr(err.hint, "shell")); /* no sign of one */
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(file_write("f", "old", 3, 0600, &err), SIGNET_OK);
    setrlimit(RLIMIT_FSIZE, &few); /* as a disk that is full */
    assert_int_equal(file_write("f", data, sizeof data, 0600, &err), SIGNET_E_IO);
    assert_string_equal(err.msg, "cannot write 'f': File too large");
    setrlimit(RLIMIT_FSIZE, &all);
    assert_int_equal(files_here(), 1);
    assert_int_equal(file_read("f", 3, &content, &err), SIGNET_OK);
    assert_string_equal((char *)content.data, "old");
    assert_int_equal(file_read("f", 2, &content, &err), SIGNET_E_LIMIT);
    assert_string_equal(err.msg, "'f' is larger than 2 bytes");
    assert_string_equal((char *)content.data, "old"); /* written on success only */
    buf_free(&content);
}

static void pipes(void **state)
{
    struct buf read = {0};
    pthread_t thread;
    void *good = NULL;
    int fd;

    (void)state;
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(file_read("fifo", 100, &read, NULL), SIGNET_OK);
    assert_int_equal(read.len, 0);
    fd = open("fifo", O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pthread_create(&thread, NULL, write_later, &fd), 0);
    assert_int_equal(file_read("fifo", 100, &read, NULL), SIGNET_OK);
    assert_string_equal((char *)read.data, "late");
    pthread_join(thread, &good);
    assert_non_null(good);
    freed_watch(read.data, read.len); /* what was there before goes as a secret goes */
    assert_int_equal(file_write("a", "new", 3, 0600, NULL), SIGNET_OK);
    assert_int_equal(file_read("a", 100, &read, NULL), SIGNET_OK);
    assert_true(freed_wiped());
    buf_free(&read);
}

/* Only root can give a file away. */
static void what_belongs_to_others(void **state)
{
    struct signet_bytes bytes = {0};
    struct secret s = {0};
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(file_write("token", "t0k", 3, 0600, NULL), SIGNET_OK);
    assert_int_equal(signet_bytes_read_secret("token", 3, &bytes, &err), SIGNET_OK);
    assert_string_equal((char *)bytes.data, "t0k");
    assert_int_equal(signet_bytes_read_secret("token", 2, &bytes, &err), SIGNET_E_LIMIT);
    assert_int_equal(chmod("token", 0640), 0);
    assert_int_equal(signet_bytes_read_secret("token", 3, &bytes, &err), SIGNET_E_IO);
    signet_bytes_free(&bytes);
    if (geteuid() != 0)
        return;
    assert_int_equal(chmod("token", 0600), 0);
    assert_int_equal(chown("token", 4711, 4711), 0);
    assert_int_equal(file_read_secret("token", 100, &s, &err), SIGNET_E_IO);
    assert_string_equal(err.msg, "'token' holds a secret, but belongs to another user");
    assert_int_equal(signet_bytes_read_secret("token", 100, &bytes, &err), SIGNET_E_IO);
}

static void private_files(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(file_write("a", "x", 1, 0600, NULL), SIGNET_OK);
    assert_int_equal(stat("a", &st), 0);
    assert_true(file_is_private(&st));
    st.st_uid++;
    assert_false(file_is_private(&st));
    assert_int_equal(chmod("a", 0640), 0);
    assert_int_equal(stat("a", &st), 0);
    assert_false(file_is_private(&st));
    assert_int_equal(chmod("a", 0600), 0);
    assert_int_equal(link("a", "b"), 0);
    assert_int_equal(stat("a", &st), 0);
    assert_false(file_is_private(&st));
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(stat("fifo", &st), 0);
    assert_false(file_is_private(&st));
}

/* Looked at once it is open: a name may lead elsewhere a moment later. */
static void who_else_reads_a_key(void **state)
{
    static const mode_t modes[] = {0600, 0640, 0604, 0622};
    struct signet_error err = {0};
    struct secret key = {0};
    bool shared = true;

    (void)state;
    assert_int_equal(file_write("key", "k", 1, 0600, &err), SIGNET_OK);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod("key", modes[i]), 0);
        assert_int_equal(file_read_shared("key", 10, &shared, &key, &err), SIGNET_OK);
        assert_string_equal(key.data, "k");
        assert_int_equal(shared, i == 1 || i == 2);
    }
    assert_int_equal(file_read_shared("none", 10, &shared, &key, &err), SIGNET_E_IO);
    secret_wipe(&key);
}

static void what_is_added_to(void **state)
{
    struct signet_error err = {0};
    struct buf text = {0};
    int fd;

    (void)state;
    assert_int_equal(file_add("list", "a\n", 2, 022, &err), SIGNET_OK);
    assert_int_equal(file_add("list", "b\n", 2, 022, &err), SIGNET_OK);
    assert_int_equal(file_read("list", 100, &text, &err), SIGNET_OK);
    assert_string_equal(text.data, "a\nb\n");
    buf_free(&text);
    assert_int_equal(symlink("list", "list-link"), 0);
    assert_int_equal(file_add("list-link", "c", 1, 022, &err), SIGNET_E_IO);
    assert_int_equal(mkfifo("list-fifo", 0600), 0);
    assert_int_equal(file_add("list-fifo", "c", 1, 022, &err), SIGNET_E_IO); /* nobody reads */
    fd = open("list-fifo", O_RDONLY | O_NONBLOCK);
    assert_int_equal(file_add("list-fifo", "c", 1, 022, &err), SIGNET_E_IO);
    assert_string_equal(err.msg, "'list-fifo' is not a plain file");
    close(fd);
    assert_int_equal(link("list", "list-too"), 0);
    assert_int_equal(file_add("list", "c", 1, 022, &err), SIGNET_E_IO);
    assert_string_equal(err.msg, "'list' is another user's, or has a second name");
    unlink("list-too");
    assert_int_equal(chmod("list", 0644), 0);
    assert_int_equal(file_add("list", "c", 1, 022, &err), SIGNET_OK);
    assert_int_equal(file_add("list", "c", 1, 077, &err), SIGNET_E_IO);
    assert_string_equal(err.msg, "others may read 'list'");
    assert_int_equal(chmod("list", 0622), 0);
    assert_int_equal(file_add("list", "c", 1, 022, &err), SIGNET_E_IO);
    assert_string_equal(err.msg, "others may change 'list'");
    if (geteuid() != 0)
        return;
    assert_int_equal(chown("list", 4711, 4711), 0); /* what root writes into it, that user reads */
    assert_int_equal(file_add("list", "c", 1, 022, &err), SIGNET_E_IO);
}

static void private_folders(void **state)
{
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(file_mkdir_private("d", &err), SIGNET_OK);
    assert_int_equal(file_mkdir_private("d", &err), SIGNET_OK);
    assert_int_equal(symlink("d", "ours"), 0);
    assert_int_equal(file_mkdir_private("ours", &err), SIGNET_OK);
    assert_int_equal(file_mkdir_private("no/such", &err), SIGNET_E_IO);
    for (mode_t bit = 020; bit; bit = bit == 020 ? 02 : 0) {
        assert_int_equal(chmod("d", 0700 | bit), 0);
        assert_int_equal(file_mkdir_private("d", &err), SIGNET_E_IO);
        assert_string_equal(err.msg, "others may change what is in the folder 'd'");
        assert_non_null(strstr(err.hint, "chmod 700 'd'"));
    }
    assert_int_equal(chmod("d", 0755), 0);
    assert_int_equal(file_mkdir_private("d", &err), SIGNET_OK);
    if (geteuid() != 0)
        return;
    assert_int_equal(lchown("ours", 4711, 4711), 0); /* another user's link to our folder */
    assert_int_equal(mkdir("d/in", 0700), 0);
    for (size_t i = 0; i < 4; i++) {
        const char *path = (const char *[]){"ours", "ours/", "ours/.", "ours/in"}[i];

        assert_int_equal(file_mkdir_private(path, &err), SIGNET_E_IO);
        assert_int_equal(file_check_folder(path, &err), SIGNET_E_IO);
    }
    assert_int_equal(file_check_folder("d/in", &err), SIGNET_OK);
    assert_int_equal(rmdir("d/in"), 0);
    assert_int_equal(chown("d", 4711, 4711), 0);
    assert_int_equal(symlink("d", "to another's"), 0); /* our link to another user's folder */
    assert_int_equal(file_mkdir_private("to another's", &err), SIGNET_E_IO);
    assert_int_equal(file_mkdir_private("d", &err), SIGNET_E_IO);
}

static void one_file(void **state)
{
    (void)state;
    assert_int_equal(mkdir("d", 0700), 0);
    assert_int_equal(symlink("d", "e"), 0);
    assert_true(file_same("x", "./x") && file_same("x", "d/../x") && file_same("d/x", "e/x"));
    assert_false(file_same("x", "y") || file_same("x", "d/x") || file_same("no/x", "nor/x"));
    assert_int_equal(file_write("x", "1", 1, 0600, NULL), SIGNET_OK);
    assert_int_equal(file_write("d/x", "1", 1, 0600, NULL), SIGNET_OK);
    assert_false(file_same("x", "d/x"));
    assert_int_equal(link("x", "y"), 0);
    assert_int_equal(symlink("x", "z"), 0);
    assert_true(file_same("x", "y") && file_same("z", "y"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(write_is_private_and_replaces, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(never_through_a_symlink, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(create_does_not_overwrite, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(failed_sync_leaves_nothing, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(open_secrets_are_refused, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(the_mode_is_not_the_umask_s, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(what_is_no_file, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(what_belongs_to_others, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(private_files, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(who_else_reads_a_key, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(what_is_added_to, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(private_folders, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(folders, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(one_file, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(pipes, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(what_the_system_refuses, enter_folder, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
