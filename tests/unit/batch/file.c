/* SPDX-License-Identifier: Apache-2.0 */
/* What of an output is ours, byte by byte; what is somebody else's is refused and left as it is.
 * wrap: fsync fdatasync */
#include "batch/private.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

#define HEADER "name,key\n"
static const struct mark nothing = {.sha256 = "-"};
static struct signet_error err;
static char folder[FOLDER_SIZE], path[FOLDER_SIZE + 8];
static bool disk_fails;

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

int __wrap_fsync(int fd)
{
    errno = EIO;
    return disk_fails ? -1 : __real_fsync(fd);
}

int __wrap_fdatasync(int fd)
{
    errno = EIO;
    return disk_fails ? -1 : __real_fdatasync(fd);
}

static int fresh(void **state)
{
    (void)state;
    assert_true(folder_make(folder));
    snprintf(path, sizeof(path), "%s/out", folder);
    return 0;
}

static void good(int rc)
{
    if (rc != SIGNET_OK)
        fail_msg("%s", err.msg);
}

static void refused(int rc, enum signet_code code, const char *words)
{
    if (rc != (int)code || !strstr(err.msg, words))
        fail_msg("%d: %s, not %d: %s", rc, err.msg, code, words);
}

static void put(const char *text, size_t len)
{
    FILE *to = fopen(path, "wb");

    assert_non_null(to);
    assert_int_equal(fwrite(text, 1, len, to), len);
    assert_int_equal(fclose(to), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void holds(const char *text, size_t len)
{
    struct buf found = {0};

    good(file_read(path, 1 << 20, &found, &err));
    assert_int_equal(found.len, len);
    if (len)
        assert_memory_equal(found.data, text, len);
    buf_free(&found);
}

static struct buf text_of(const char *text)
{
    return (struct buf){.data = (uint8_t *)(uintptr_t)text, .len = strlen(text)};
}

/* A file with one batch in it, as a run leaves it. */
static struct mark one_batch(const char *header, const char *text)
{
    struct file f;
    struct mark mark;
    const struct buf batch = text_of(text);

    good(file_open(&f, path, header, &nothing, true, &err));
    good(file_append(&f, &batch, &mark, &err));
    good(file_settle(&f, &batch, &mark, &err));
    file_close(&f);
    return mark;
}

static void it_goes_on_where_it_ended(void **state)
{
    struct mark mark = one_batch(HEADER, "a,1\n"), more, empty;
    const struct buf none = {0}, batch = text_of("b,2\n");
    struct file f;
    char sum[65];
    uint8_t digest[32];

    (void)state;
    assert_int_equal(mark.bytes, strlen(HEADER "a,1\n"));
    good(sha256(HEADER "a,1\n", mark.bytes, digest, &err));
    hex_encode(digest, sizeof(digest), sum);
    assert_string_equal(mark.sha256, sum);
    good(file_open(&f, path, HEADER, &mark, true, &err));
    assert_false(f.gone);
    good(file_cut(&f, true, &err));
    good(file_append(&f, &batch, &more, &err));
    good(file_settle(&f, &batch, &more, &err));
    good(file_append(&f, &none, &empty, &err));
    good(file_settle(&f, &none, &empty, &err));
    assert_int_equal(empty.bytes, more.bytes);
    assert_string_equal(empty.sha256, more.sha256);
    file_close(&f);
    assert_int_equal(f.fd, -1);
    holds(HEADER "a,1\nb,2\n", more.bytes);
    assert_int_equal(more.bytes, strlen(HEADER "a,1\nb,2\n"));
    good(file_open(&f, path, HEADER, &more, true, &err));
    file_close(&f);
}

/* A structure that was never opened is closed as well: it has file 0, which is not ours. */
static void no_file_is_an_answer(void **state)
{
    struct file f = {0};
    const struct buf batch = text_of("a\n");
    struct mark mark = {.bytes = 7};

    (void)state;
    good(file_append(&f, &batch, &mark, &err));
    assert_int_equal(mark.bytes, 7);
    good(file_settle(&f, &batch, &mark, &err));
    good(file_explain(&f, &batch, &err));
    good(file_cut(&f, true, &err));
    file_close(&f);
    assert_true(fcntl(0, F_GETFD) >= 0);
}

static void a_look_makes_nothing(void **state)
{
    struct file f;

    (void)state;
    good(file_open(&f, path, HEADER, &nothing, false, &err));
    assert_false(f.gone);
    file_close(&f);
    assert_int_equal(access(path, F_OK), -1);
}

static void one_that_is_gone_is_known(void **state)
{
    struct mark mark = one_batch(NULL, "a\n");
    struct file f;

    (void)state;
    for (int change = 0; change < 2; change++) {
        unlink(path);
        good(file_open(&f, path, NULL, &mark, change, &err));
        assert_true(f.gone);
        assert_int_equal(f.end, mark.bytes);
        file_close(&f);
        assert_int_equal(access(path, F_OK), -1);
    }
}

static void what_cannot_be_opened(void **state)
{
    struct file f;
    char deeper[sizeof(path) + 8];

    (void)state;
    snprintf(deeper, sizeof(deeper), "%s/out", path);
    refused(file_open(&f, deeper, NULL, &nothing, true, &err), SIGNET_E_IO, "cannot open");
    assert_int_equal(symlink("elsewhere", path), 0);
    refused(file_open(&f, path, NULL, &nothing, true, &err), SIGNET_E_IO, "cannot open");
    refused(file_open(&f, path, NULL, &nothing, false, &err), SIGNET_E_IO, "cannot open");
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    refused(file_open(&f, path, NULL, &nothing, true, &err), SIGNET_E_IO, "not a plain file");
    file_close(&f);
    unlink(path);
    put("", 0);
    assert_int_equal(chmod(path, 0640), 0);
    refused(file_open(&f, path, NULL, &nothing, true, &err), SIGNET_E_IO, "not a plain file");
    assert_non_null(strstr(err.hint, "chmod 600"));
    file_close(&f);
}

static void one_run_at_a_time(void **state)
{
    struct file first, second;

    (void)state;
    good(file_open(&first, path, NULL, &nothing, true, &err));
    refused(file_open(&second, path, NULL, &nothing, true, &err), SIGNET_E_BUSY, "another run");
    file_close(&second);
    file_close(&first);
    good(file_open(&second, path, NULL, &nothing, true, &err));
    file_close(&second);
}

static void what_was_ours_must_be_as_it_was(void **state)
{
    static char large[40000];
    struct file f;

    (void)state;
    memset(large, 'x', sizeof(large) - 1); /* more than is read at once */
    struct mark mark = one_batch(NULL, large);
    assert_int_equal(mark.bytes, sizeof(large) - 1);
    good(file_open(&f, path, NULL, &mark, true, &err));
    file_close(&f);
    const size_t places[] = {0, 16383, 16384, sizeof(large) - 2};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        large[places[i]] = 'y';
        put(large, sizeof(large) - 1);
        large[places[i]] = 'x';
        refused(file_open(&f, path, NULL, &mark, true, &err), SIGNET_E_CONFLICT, "were changed");
        file_close(&f);
    }
    put(large, sizeof(large) - 2);
    refused(file_open(&f, path, NULL, &mark, true, &err), SIGNET_E_CONFLICT, "it is shorter");
    file_close(&f);
}

/* Behind the mark stands what an interrupted run wrote: any of its bytes may be zero or missing. */
static void an_interrupted_end_is_explained(void **state)
{
    static const struct {
        const char *end;
        size_t len;
        const char *why; /* NULL: it is cut off */
    } rows[] = {
        {"b\nc\n", 4, NULL},
        {"b\nc", 3, NULL},
        {"b\n", 2, NULL},
        {"", 0, NULL},
        {"\0\0c\n", 4, NULL},
        {"b\0\0\n", 4, NULL},
        {"b\nc\n\0", 5, "something was added"},
        {"b\nd\n", 4, "its end was changed"},
        {"x\nc\n", 4, "its end was changed"},
        {"b\nc ", 4, "its end was changed"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct buf first = text_of("b\n"), second = text_of("c\n");
        char whole[16] = "a\n";
        struct file f;

        unlink(path);
        struct mark mark = one_batch(NULL, "a\n");
        memcpy(whole + 2, rows[i].end, rows[i].len);
        put(whole, 2 + rows[i].len);
        good(file_open(&f, path, NULL, &mark, true, &err));
        int rc = file_explain(&f, &first, &err);
        rc = rc == SIGNET_OK ? file_explain(&f, &second, &err) : rc;
        rc = rc == SIGNET_OK ? file_cut(&f, false, &err) : rc;
        holds(whole, 2 + rows[i].len); /* a look changes nothing */
        rc = rc == SIGNET_OK ? file_cut(&f, true, &err) : rc;
        if (rows[i].why)
            refused(rc, SIGNET_E_CONFLICT, rows[i].why);
        else
            good(rc);
        holds(whole, rows[i].why ? 2 + rows[i].len : 2);
        file_close(&f);
    }
}

/* The first batch begins with the header, which is in no seal. */
static void a_header_is_explained_once(void **state)
{
    const struct buf first = text_of("b\n"), second = text_of("c\n");
    struct file f;

    (void)state;
    put(HEADER "b\nc\n", strlen(HEADER "b\nc\n"));
    good(file_open(&f, path, HEADER, &nothing, true, &err));
    good(file_explain(&f, &first, &err));
    good(file_explain(&f, &second, &err));
    good(file_cut(&f, true, &err));
    holds("", 0);
    file_close(&f);
    put("name;key\n", 9);
    good(file_open(&f, path, HEADER, &nothing, true, &err));
    refused(file_explain(&f, &first, &err), SIGNET_E_CONFLICT, "its end was changed");
    file_close(&f);
    put("b\n", 2);
    good(file_open(&f, path, NULL, &nothing, true, &err));
    refused(file_cut(&f, true, &err), SIGNET_E_CONFLICT, "something was added");
    holds("b\n", 2);
    file_close(&f);
}

static void bytes_are_compared(void **state)
{
    static char large[10000];
    int pair[2];

    (void)state;
    memset(large, 'x', sizeof(large));
    put(large, sizeof(large));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(file_holds(fd, 0, large, sizeof(large), false), 1);
    assert_int_equal(file_holds(fd, 1, large, sizeof(large), false), 0); /* it ends before */
    assert_int_equal(file_holds(fd, 1, large, sizeof(large), true), 1);
    for (size_t at = 4095; at < 4098; at++) {
        large[at] = 'y';
        assert_int_equal(file_holds(fd, 0, large, sizeof(large), false), 0);
        assert_int_equal(file_holds(fd, 0, large, sizeof(large), true), 0);
        large[at] = 'x';
    }
    close(fd);
    memset(large + 5000, 0, 100);
    put(large, sizeof(large));
    memset(large + 5000, 'x', 100);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(file_holds(fd, 0, large, sizeof(large), false), 0);
    assert_int_equal(file_holds(fd, 0, large, sizeof(large), true), 1);
    close(fd);
    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    assert_int_equal(file_holds(pair[0], 0, large, 1, true), -1);
    assert_int_equal(errno, ESPIPE);
    close(pair[0]);
    close(pair[1]);
}

/* A descriptor that cannot be read is as a disk that cannot. */
static void what_cannot_be_read(void **state)
{
    const struct buf batch = text_of("b\n");
    struct mark mark = one_batch(NULL, "a\n");
    struct file f;

    (void)state;
    put("a\nb\n", 4);
    good(file_open(&f, path, NULL, &mark, true, &err));
    int writable = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(dup3(writable, f.fd, O_CLOEXEC) >= 0);
    close(writable);
    refused(file_explain(&f, &batch, &err), SIGNET_E_IO, "cannot read");
    file_close(&f);
}

static void what_cannot_be_written(void **state)
{
    const struct rlimit small = {6, RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
    const struct buf batch = text_of("b,2\n");
    struct mark mark = one_batch(NULL, "a\n"), before = mark;
    struct file f;

    (void)state;
    good(file_open(&f, path, NULL, &mark, true, &err));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    good(file_append(&f, &batch, &mark, &err)); /* just fits */
    int rc = file_append(&f, &batch, &mark, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    refused(rc, SIGNET_E_IO, "cannot write");
    assert_int_equal(mark.bytes, 6);
    file_close(&f);
    holds("a\nb,2\n", 6);
    good(file_open(&f, path, NULL, &before, true, &err));
    int readable = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(dup3(readable, f.fd, O_CLOEXEC) >= 0);
    close(readable);
    good(file_explain(&f, &batch, &err));
    refused(file_cut(&f, true, &err), SIGNET_E_IO, "cannot cut off");
    file_close(&f);
    put("", 0);
    good(file_open(&f, path, HEADER, &nothing, true, &err));
    readable = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(dup3(readable, f.fd, O_CLOEXEC) >= 0);
    close(readable);
    refused(file_append(&f, &batch, &mark, &err), SIGNET_E_IO, "cannot write");
    assert_int_equal(f.end, 0);
    file_close(&f);
}

static void what_is_not_on_disk(void **state)
{
    const struct buf batch = text_of("b\n");
    struct mark mark;
    struct file f;

    (void)state;
    disk_fails = true;
    refused(file_open(&f, path, NULL, &nothing, true, &err), SIGNET_E_IO, "cannot sync the folder");
    file_close(&f);
    disk_fails = false;
    good(file_open(&f, path, NULL, &nothing, true, &err));
    good(file_append(&f, &batch, &mark, &err));
    disk_fails = true;
    refused(file_settle(&f, &batch, &mark, &err), SIGNET_E_IO, "cannot sync");
    disk_fails = false;
    good(file_settle(&f, &batch, &mark, &err));
    assert_int_equal(pwrite(f.fd, "x", 1, 0), 1);
    refused(file_settle(&f, &batch, &mark, &err), SIGNET_E_IO, "does not hold what was written");
    assert_int_equal(ftruncate(f.fd, 0), 0);
    refused(file_settle(&f, &batch, &mark, &err), SIGNET_E_IO, "does not hold what was written");
    file_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_goes_on_where_it_ended, fresh),
        cmocka_unit_test_setup(no_file_is_an_answer, fresh),
        cmocka_unit_test_setup(a_look_makes_nothing, fresh),
        cmocka_unit_test_setup(one_that_is_gone_is_known, fresh),
        cmocka_unit_test_setup(what_cannot_be_opened, fresh),
        cmocka_unit_test_setup(one_run_at_a_time, fresh),
        cmocka_unit_test_setup(what_was_ours_must_be_as_it_was, fresh),
        cmocka_unit_test_setup(an_interrupted_end_is_explained, fresh),
        cmocka_unit_test_setup(a_header_is_explained_once, fresh),
        cmocka_unit_test_setup(bytes_are_compared, fresh),
        cmocka_unit_test_setup(what_cannot_be_read, fresh),
        cmocka_unit_test_setup(what_cannot_be_written, fresh),
        cmocka_unit_test_setup(what_is_not_on_disk, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
