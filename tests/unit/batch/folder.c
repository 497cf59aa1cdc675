/* SPDX-License-Identifier: Apache-2.0 */
/* A file for each device: what is there and not from here is neither changed nor followed.
 * wrap: fsync syncfs */
#include "batch/private.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

enum { DEVICES = 3 };
static const char *const packets[DEVICES] = {"the first packet", "the second", "3"};
static const char *const names[DEVICES] = {"d-1.cbor", "_.d2.cbor", "d3.cbor"};

struct place {
    char outside[FOLDER_SIZE], path[FOLDER_SIZE + 8];
    int fd;
    struct batch batch;
    struct signet_error err;
};
static bool fs_fails, folder_fails;

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_syncfs(int fd);

int __wrap_fsync(int fd)
{
    errno = EIO;
    return folder_fails ? -1 : __real_fsync(fd);
}

/* Of all the machine's files: the test does without. */
int __wrap_syncfs(int fd)
{
    (void)fd;
    errno = EIO;
    return fs_fails ? -1 : 0;
}

static void good(const struct place *p, int rc)
{
    if (rc != SIGNET_OK)
        fail_msg("%s", p->err.msg);
}

static void refused(const struct place *p, int rc, enum signet_code code, const char *words)
{
    if (rc != (int)code || !strstr(p->err.msg, words))
        fail_msg("%d: %s, not %d: %s", rc, p->err.msg, code, words);
}

static void fill(struct batch *b)
{
    static const char *const endpoints[DEVICES] = {"d-1", ".d2", "d3"};

    for (size_t i = 0; i < DEVICES; i++) {
        struct vault_entry entry = {.packet = (const uint8_t *)packets[i],
                                    .len = strlen(packets[i])};
        struct buf *plain = &b->texts[PLAIN];

        snprintf(entry.endpoint, sizeof(entry.endpoint), "%s", endpoints[i]);
        snprintf(b->leases[i].endpoint, sizeof(b->leases[i].endpoint), "%s", endpoints[i]);
        b->parts[i].at[PLAIN] = plain->len;
        vault_entry_add(plain, &entry);
        b->parts[i].len[PLAIN] = plain->len - b->parts[i].at[PLAIN];
    }
    b->count = DEVICES;
}

static void set_up(struct place *p)
{
    *p = (struct place){.fd = -1};
    assert_true(folder_make(p->outside));
    snprintf(p->path, sizeof(p->path), "%s/p", p->outside);
    good(p, batch_init(&p->batch, DEVICES, &p->err));
    fill(&p->batch);
    good(p, file_open_folder(&p->fd, p->path, true, &p->err));
    assert_true(p->fd >= 0);
}

static void tear_down(struct place *p)
{
    batch_free(&p->batch);
    close(p->fd);
}

static void put(const struct place *p, size_t i, const void *data, size_t len)
{
    int fd = openat(p->fd, names[i], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_int_equal(write(fd, data, len), len);
    assert_int_equal(close(fd), 0);
}

static void holds(const struct place *p, size_t i, const void *data, size_t len)
{
    char found[200];
    int fd = openat(p->fd, names[i], O_RDONLY | O_CLOEXEC);

    assert_int_equal(read(fd, found, sizeof(found)), len);
    close(fd);
    if (len)
        assert_memory_equal(found, data, len);
}

static void each_device_has_its_file(void **state)
{
    struct place p;
    struct stat st;

    (void)state;
    set_up(&p);
    good(&p, folder_write(p.fd, &p.batch, false, &p.err));
    good(&p, folder_check(p.fd, &p.batch, &p.err));
    for (size_t i = 0; i < DEVICES; i++) {
        holds(&p, i, packets[i], strlen(packets[i]));
        assert_int_equal(fstatat(p.fd, names[i], &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    refused(&p, folder_write(p.fd, &p.batch, false, &p.err), SIGNET_E_EXISTS,
            "'d-1.cbor' is in the folder");
    good(&p, folder_write(p.fd, &p.batch, true, &p.err));
    good(&p, folder_check(p.fd, &p.batch, &p.err));
    tear_down(&p);
}

static void a_look_makes_no_folder(void **state)
{
    struct place p;
    int fd = -1;
    char path[FOLDER_SIZE + 16];

    (void)state;
    set_up(&p);
    snprintf(path, sizeof(path), "%s/other", p.outside);
    good(&p, file_open_folder(&fd, path, false, &p.err));
    assert_int_equal(fd, -1);
    assert_int_equal(access(path, F_OK), -1);
    good(&p, file_open_folder(&fd, p.path, false, &p.err));
    assert_true(fd >= 0);
    close(fd);
    tear_down(&p);
}

static void folders_that_are_refused(void **state)
{
    static const int modes[] = {0702, 0720, 0777};
    struct place p;
    int fd = -1;
    char path[FOLDER_SIZE + 16];

    (void)state;
    set_up(&p);
    snprintf(path, sizeof(path), "%s/other", p.outside);
    assert_int_equal(symlink("p", path), 0);
    refused(&p, file_open_folder(&fd, path, false, &p.err), SIGNET_E_IO, "cannot open the folder");
    refused(&p, file_open_folder(&fd, path, true, &p.err), SIGNET_E_IO, "folder");
    unlink(path);
    close(open(path, O_CREAT | O_CLOEXEC, 0600));
    refused(&p, file_open_folder(&fd, path, false, &p.err), SIGNET_E_IO, "cannot open the folder");
    refused(&p, file_open_folder(&fd, path, true, &p.err), SIGNET_E_IO, "cannot make the folder");
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        assert_int_equal(chmod(p.path, (mode_t)modes[i]), 0);
        refused(&p, file_open_folder(&fd, p.path, true, &p.err), SIGNET_E_IO, "others may change");
        assert_non_null(strstr(p.err.hint, "chmod 700"));
        close(fd);
    }
    assert_int_equal(chmod(p.path, 0755), 0); /* others may read: the files are 0600 */
    good(&p, file_open_folder(&fd, p.path, true, &p.err));
    close(fd);
    tear_down(&p);
}

static void a_folder_of_another_user(void **state)
{
    struct place p;
    int fd = -1;

    (void)state;
    if (geteuid() != 0)
        skip();
    set_up(&p);
    assert_int_equal(chown(p.path, 4711, (gid_t)-1), 0);
    refused(&p, file_open_folder(&fd, p.path, true, &p.err), SIGNET_E_IO, "others may change");
    close(fd);
    tear_down(&p);
}

/* A crash leaves any of the bytes, the others zero or missing. */
static void half_written_files_are_finished(void **state)
{
    struct place p;
    const size_t len = strlen(packets[0]);
    char torn[32] = {0};

    (void)state;
    set_up(&p);
    memcpy(torn, packets[0], len);
    memset(torn + 4, 0, 3);
    put(&p, 0, torn, len);
    put(&p, 1, packets[1], 4);
    put(&p, 2, "", 0);
    good(&p, folder_write(p.fd, &p.batch, true, &p.err));
    good(&p, folder_check(p.fd, &p.batch, &p.err));
    tear_down(&p);
}

static void what_is_not_from_here(void **state)
{
    struct place p;
    const size_t len = strlen(packets[1]);
    char other[64] = {0};

    (void)state;
    set_up(&p);
    memcpy(other, packets[1], len);
    const struct {
        const char *what;
        size_t at, len;
        char byte;
    } rows[] = {{"another byte", 3, len, '#'}, {"a byte more", 0, len + 1, packets[1][0]}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char byte = other[rows[i].at];

        other[rows[i].at] = rows[i].byte;
        put(&p, 1, other, rows[i].len);
        refused(&p, folder_write(p.fd, &p.batch, true, &p.err), SIGNET_E_EXISTS, names[1]);
        holds(&p, 1, other, rows[i].len);
        other[rows[i].at] = byte;
    }
    put(&p, 1, packets[1], len);
    assert_int_equal(fchmodat(p.fd, names[1], 0640, 0), 0);
    refused(&p, folder_write(p.fd, &p.batch, true, &p.err), SIGNET_E_EXISTS, names[1]);
    assert_int_equal(unlinkat(p.fd, names[1], 0), 0);
    assert_int_equal(symlinkat("d-1.cbor", p.fd, names[1]), 0);
    refused(&p, folder_write(p.fd, &p.batch, true, &p.err), SIGNET_E_EXISTS, names[1]);
    refused(&p, folder_write(p.fd, &p.batch, false, &p.err), SIGNET_E_EXISTS, "d-1.cbor");
    holds(&p, 0, packets[0], strlen(packets[0]));
    tear_down(&p);
}

static void what_cannot_be_written(void **state)
{
    const struct rlimit small = {12, RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
    struct place p;

    (void)state;
    set_up(&p);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0); /* the first packet is longer */
    int rc = folder_write(p.fd, &p.batch, false, &p.err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    refused(&p, rc, SIGNET_E_IO, "cannot write 'd-1.cbor'");
    assert_non_null(strstr(p.err.msg, "No space left"));
    assert_int_equal(faccessat(p.fd, names[1], F_OK, 0), -1); /* nothing follows */
    assert_int_equal(mkdirat(p.fd, names[1], 0700), 0);
    refused(&p, folder_write(p.fd, &p.batch, true, &p.err), SIGNET_E_IO,
            "cannot write '_.d2.cbor'");
    unlinkat(p.fd, names[0], 0);
    unlinkat(p.fd, names[1], AT_REMOVEDIR);
    assert_int_equal(rmdir(p.path), 0); /* the folder goes meanwhile */
    refused(&p, folder_write(p.fd, &p.batch, false, &p.err), SIGNET_E_IO,
            "cannot write 'd-1.cbor'");
    tear_down(&p);
}

static void what_is_read_again(void **state)
{
    struct place p;
    const size_t len = strlen(packets[1]);
    char other[64] = {0};

    (void)state;
    set_up(&p);
    good(&p, folder_write(p.fd, &p.batch, false, &p.err));
    fs_fails = true;
    refused(&p, folder_check(p.fd, &p.batch, &p.err), SIGNET_E_IO, "cannot sync");
    fs_fails = false;
    folder_fails = true;
    refused(&p, folder_check(p.fd, &p.batch, &p.err), SIGNET_E_IO, "cannot sync");
    folder_fails = false;
    memcpy(other, packets[1], len);
    put(&p, 1, other, len + 1);
    refused(&p, folder_check(p.fd, &p.batch, &p.err), SIGNET_E_IO, "'_.d2.cbor' in the folder");
    put(&p, 1, other, len - 1);
    refused(&p, folder_check(p.fd, &p.batch, &p.err), SIGNET_E_IO, "is not what was written");
    other[2] = '\0';
    put(&p, 1, other, len);
    refused(&p, folder_check(p.fd, &p.batch, &p.err), SIGNET_E_IO, "is not what was written");
    put(&p, 1, packets[1], len);
    good(&p, folder_check(p.fd, &p.batch, &p.err));
    unlinkat(p.fd, names[2], 0);
    refused(&p, folder_check(p.fd, &p.batch, &p.err), SIGNET_E_IO, "'d3.cbor' in the folder");
    tear_down(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_device_has_its_file),
        cmocka_unit_test(a_look_makes_no_folder),
        cmocka_unit_test(folders_that_are_refused),
        cmocka_unit_test(a_folder_of_another_user),
        cmocka_unit_test(half_written_files_are_finished),
        cmocka_unit_test(what_is_not_from_here),
        cmocka_unit_test(what_cannot_be_written),
        cmocka_unit_test(what_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
