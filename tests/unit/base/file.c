/* SPDX-License-Identifier: Apache-2.0
 * wrap: fsync
 */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

static int fsync_fails_with;
int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_fsync(int fd)
{
    if (fsync_fails_with) {
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
    assert_int_equal(file_create("dangling", "y", 1, 0600, &err), SIGNET_E_EXISTS);
    assert_int_equal(file_write(".", "y", 1, 0600, &err), SIGNET_E_IO);
    assert_int_equal(file_write("no/such", "y", 1, 0600, &err), SIGNET_E_IO);
    assert_int_equal(files_here(), 3);
}

static void create_does_not_overwrite(void **state)
{
    (void)state;
    assert_int_equal(file_create("a", "1", 1, 0600, NULL), SIGNET_OK);
    assert_int_equal(file_create("a", "2", 1, 0600, NULL), SIGNET_E_EXISTS);
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
}

static void open_secrets_are_refused(void **state)
{
    struct secret s = {0};
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(file_write("token", "t0k", 3, 0644, NULL), SIGNET_OK);
    assert_int_equal(file_read_secret("token", 100, &s, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.hint, "chmod 600"));
    assert_int_equal(chmod("token", 0600), 0);
    assert_int_equal(file_read_secret("token", 100, &s, &err), SIGNET_OK);
    assert_string_equal((char *)s.data, "t0k");
    secret_wipe(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(write_is_private_and_replaces, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(never_through_a_symlink, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(create_does_not_overwrite, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(failed_sync_leaves_nothing, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(open_secrets_are_refused, enter_folder, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
