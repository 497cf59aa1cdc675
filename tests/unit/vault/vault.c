/* SPDX-License-Identifier: Apache-2.0 */
/* The folder, its lock and its key; one file a device.
 * wrap: unlink clock_ms opendir scandir */
#include "unit/vault/fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signet/station_key.h>
#include <sys/file.h>

static void a_packet_outlives_the_process(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    seal_one(&f, "d1", "the packet");
    good(&f, reopen(&f));
    finds(&f, "d1", -1, "the packet");
    finds_not(&f, "d2", -1, SIGNET_E_NOT_FOUND, "nothing is sealed in");
    good(&f, vault_wipe(f.vault, "d1", &f.err));
    finds_not(&f, "d1", -1, SIGNET_E_NOT_FOUND, "for d1");
    good(&f, vault_wipe(f.vault, "d1", &f.err)); /* none there is no error */
    tear_down(&f);
}

static void only_one_process_uses_a_folder(void **state)
{
    struct vault *second = NULL;
    struct fixture f;

    (void)state;
    set_up(&f);
    assert_int_equal(vault_open(&second, f.work, &(struct vault_key){.file = f.key}, "o", &f.err),
                     SIGNET_E_BUSY);
    assert_int_equal(chmod(f.work, 0777), 0);
    assert_int_equal(vault_open(&second, f.work, &(struct vault_key){.file = f.key}, "o", &f.err),
                     SIGNET_E_IO);
    assert_non_null(strstr(f.err.msg, "others may change what is in the folder"));
    assert_int_equal(chmod(f.work, 0700), 0);
    assert_null(second);
    tear_down(&f);
}

/* The one sealed file of a device in the folder. */
static void find_file(const struct fixture *f, char path[600])
{
    DIR *dir = opendir(f->work);
    struct dirent *entry;

    assert_non_null(dir);
    path[0] = '\0';
    while ((entry = readdir(dir)))
        if (strstr(entry->d_name, ".sealed"))
            snprintf(path, 600, "%s/%s", f->work, entry->d_name);
    closedir(dir);
}

static void a_damaged_file_is_its_devices_own(void **state)
{
    struct fixture f;
    char path[600];

    (void)state;
    set_up(&f);
    seal_one(&f, "d1", "a packet that is long enough to be changed");
    find_file(&f, path);
    assert_null(strstr(strrchr(path, '/'), "d1")); /* the name tells nobody whose it is */
    damage(path);
    finds_not(&f, "d1", -1, SIGNET_E_SEAL, path);
    seal_one(&f, "d2", "good");
    finds(&f, "d2", -1, "good");
    tear_down(&f);
}

/* What is there and cannot be opened is another matter than what is not there. */
static void a_file_that_cannot_be_opened(void **state)
{
    struct fixture f;
    char path[600];

    (void)state;
    set_up(&f);
    seal_one(&f, "d1", "the packet");
    find_file(&f, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(path, path), 0);
    finds_not(&f, "d1", -1, SIGNET_E_IO, "cannot open");
    tear_down(&f);
}

static void a_file_is_for_one_device(void **state)
{
    struct fixture f;
    char one[600], two[600];

    (void)state;
    set_up(&f);
    seal_one(&f, "d1", "the first");
    find_file(&f, one);
    seal_one(&f, "d2", "the second");
    good(&f, vault_wipe(f.vault, "d1", &f.err));
    find_file(&f, two);
    assert_int_equal(rename(two, one), 0); /* where d1's was */
    finds_not(&f, "d1", -1, SIGNET_E_SEAL, "damaged");
    tear_down(&f);
}

static void a_wiped_file_holds_zeros(void **state)
{
    struct fixture f;
    char path[600], content[4096];

    (void)state;
    set_up(&f);
    seal_one(&f, "d1", "the packet");
    find_file(&f, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    good(&f, vault_wipe(f.vault, "d1", &f.err));
    ssize_t len = read(fd, content, sizeof(content));
    assert_true(len > 10);
    for (ssize_t i = 0; i < len; i++)
        assert_int_equal(content[i], 0);
    close(fd);
    tear_down(&f);
}

static bool no_unlink;

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
    if (!no_unlink)
        return __real_unlink(path);
    errno = EPERM;
    return -1;
}

static int64_t clock_step; /* what each look at the clock takes */

int64_t __real_clock_ms(void);
int64_t __wrap_clock_ms(void);
int64_t __wrap_clock_ms(void)
{
    static int64_t ahead;

    ahead += clock_step;
    return __real_clock_ms() + ahead;
}

/* A change of the key has the folder for itself until it ends. */
static void a_folder_that_somebody_holds(void **state)
{
    struct fixture f;
    char lock[300];

    (void)state;
    set_up(&f);
    vault_close(&f.vault);
    snprintf(lock, sizeof(lock), "%s/lock", f.work);
    int fd = open(lock, O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    clock_step = 500;
    int rc = reopen(&f);
    clock_step = 0;
    assert_int_equal(rc, SIGNET_E_BUSY);
    assert_non_null(strstr(f.err.msg, "another run is at work in"));
    assert_null(f.vault);
    close(fd);
    good(&f, reopen(&f));
    tear_down(&f);
}

static bool no_look;

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
    errno = EMFILE;
    return no_look ? NULL : __real_opendir(path);
}

int __real_scandir(const char *path, struct dirent ***names, int (*filter)(const struct dirent *),
                   int (*compare)(const struct dirent **, const struct dirent **));
int __wrap_scandir(const char *path, struct dirent ***names, int (*filter)(const struct dirent *),
                   int (*compare)(const struct dirent **, const struct dirent **));
int __wrap_scandir(const char *path, struct dirent ***names, int (*filter)(const struct dirent *),
                   int (*compare)(const struct dirent **, const struct dirent **))
{
    errno = EMFILE;
    return no_look ? -1 : __real_scandir(path, names, filter, compare);
}

/* What is sealed in it is not known: nothing is said to be done. */
static void a_folder_that_cannot_be_listed(void **state)
{
    struct fixture f;
    const char *works[] = {f.work};
    const struct signet_station_key_change change = {
        .size = sizeof(change), .file = f.key, .works = works, .work_count = 1};
    struct signet_station_key_changed changed = {0};
    uint64_t *numbers = NULL;
    size_t count = 0;

    (void)state;
    set_up(&f);
    seal_one(&f, "d1", "the packet");
    for (int i = 0; i < 3; i++) {
        no_look = true;
        int rc = i == 0   ? vault_batch_list(f.vault, &numbers, &count, &f.err)
                 : i == 1 ? reopen(&f)
                          : signet_station_key_rotate(&change, &changed, &f.err);
        no_look = false;
        assert_int_equal(rc, SIGNET_E_IO);
        assert_non_null(strstr(f.err.msg, "cannot look into"));
    }
    assert_null(f.vault);
    assert_null(numbers);
    good(&f, signet_station_key_rotate(&change, &changed, &f.err));
    assert_int_equal(changed.resealed, 2); /* the packet, and the word that is opened first */
    good(&f, reopen(&f));
    finds(&f, "d1", -1, "the packet");
    tear_down(&f);
}

/* Its name would bring back zeros: what cannot be removed is left as it is. */
static void a_file_that_cannot_be_removed(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    seal_one(&f, "d1", "the packet");
    no_unlink = true;
    assert_int_equal(vault_wipe(f.vault, "d1", &f.err), SIGNET_E_IO);
    no_unlink = false;
    assert_non_null(strstr(f.err.msg, "cannot remove"));
    finds(&f, "d1", -1, "the packet");
    tear_down(&f);
}

static void a_folder_that_cannot_be_used(void **state)
{
    struct fixture f;
    char lock[300], longest[4096];

    (void)state;
    set_up(&f);
    vault_close(&f.vault);
    snprintf(lock, sizeof(lock), "%s/lock", f.work);
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(mkdir(lock, 0700), 0);
    assert_int_equal(reopen(&f), SIGNET_E_IO);
    assert_non_null(strstr(f.err.msg, "work/lock: Is a directory"));
    for (size_t len = 4033; len >= 4032; len--) { /* 64 bytes are left for the names in it */
        memset(longest, 'x', len);
        longest[len] = '\0';
        assert_int_equal(
            vault_open(&f.vault, longest, &(struct vault_key){.file = f.key}, "o", &f.err),
            len == 4033 ? SIGNET_E_LIMIT : SIGNET_E_IO);
        assert_int_equal(strstr(f.err.msg, "the path of the work folder is too long") != NULL,
                         len == 4033);
    }
    tear_down(&f);
}

static void another_key_is_noticed_at_once(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    seal_one(&f, "d1", "the packet");
    assert_int_equal(unlink(f.key), 0);
    assert_int_equal(reopen(&f), SIGNET_E_CRYPTO);
    assert_non_null(strstr(f.err.msg, "is not the key"));
    assert_null(f.vault);
    tear_down(&f);
}

static void a_new_key_is_taken_where_nothing_is_sealed(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    assert_int_equal(unlink(f.key), 0);
    good(&f, reopen(&f));
    seal_one(&f, "d1", "the packet");
    good(&f, reopen(&f));
    finds(&f, "d1", -1, "the packet");
    tear_down(&f);
}

static void what_a_crash_left_half_written_goes(void **state)
{
    static const char *const names[] = {".abc.sealed.x1", ".mint-0.state.x1", ".key-check.x1"};
    struct fixture f;
    char path[600], other[600];

    (void)state;
    set_up(&f);
    snprintf(other, sizeof(other), "%s/.mine", f.work);
    assert_int_equal(close(open(other, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", f.work, names[i]);
        assert_int_equal(close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
        good(&f, reopen(&f));
        assert_int_equal(access(path, F_OK), -1);
    }
    assert_int_equal(access(other, F_OK), 0);
    tear_down(&f);
}

static void a_key_far_away(void **state)
{
    static char path[4096 + 1];
    struct fixture f;
    const struct vault_key key = {.file = path};

    (void)state;
    set_up(&f);
    vault_close(&f.vault);
    memset(path, '/', sizeof(path) - 1);
    assert_int_equal(vault_open(&f.vault, f.work, &key, "o", &f.err), SIGNET_E_LIMIT);
    assert_non_null(strstr(f.err.msg, "path of the station key is too long"));
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_outlives_the_process),
        cmocka_unit_test(a_key_far_away),
        cmocka_unit_test(only_one_process_uses_a_folder),
        cmocka_unit_test(a_damaged_file_is_its_devices_own),
        cmocka_unit_test(a_file_that_cannot_be_opened),
        cmocka_unit_test(a_file_is_for_one_device),
        cmocka_unit_test(a_wiped_file_holds_zeros),
        cmocka_unit_test(a_file_that_cannot_be_removed),
        cmocka_unit_test(a_folder_that_cannot_be_used),
        cmocka_unit_test(a_folder_that_somebody_holds),
        cmocka_unit_test(a_folder_that_cannot_be_listed),
        cmocka_unit_test(another_key_is_noticed_at_once),
        cmocka_unit_test(a_new_key_is_taken_where_nothing_is_sealed),
        cmocka_unit_test(what_a_crash_left_half_written_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
