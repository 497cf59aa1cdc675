/* SPDX-License-Identifier: Apache-2.0 */
/* Each call to the system that a run makes fails once, and then each of the run that resumes: the
 * error is told, or the run is complete without it; and the run after that completes the order.
 * wrap: malloc calloc realloc reallocarray strdup sqlite3_step pthread_create open write pwrite
 * wrap: fsync fdatasync renameat renameat2 ftruncate
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signet/run.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#include <signet/bytes.h>

#include "unit/folder.h"

enum { DEVICES = 3 };
enum kind { MEMORY, DATABASE, THREADS, FILES, KINDS };
static const char *const kinds[KINDS] = {"allocation", "step of SQLite", "thread",
                                         "call for a file"};

static enum kind kind;
static long fails_at; /* 0: none */
static atomic_long calls;

static bool fails(enum kind of)
{
    return fails_at && of == kind && atomic_fetch_add(&calls, 1) + 1 == fails_at;
}

#define WRAP(type, name, of, error, failed, parameters, arguments)                                 \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        if (fails(of)) {                                                                           \
            errno = error;                                                                         \
            return failed;                                                                         \
        }                                                                                          \
        return __real_##name arguments;                                                            \
    }
WRAP(void *, malloc, MEMORY, ENOMEM, NULL, (size_t n), (n))
WRAP(void *, calloc, MEMORY, ENOMEM, NULL, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, MEMORY, ENOMEM, NULL, (void *p, size_t n), (p, n))
WRAP(void *, reallocarray, MEMORY, ENOMEM, NULL, (void *p, size_t n, size_t size), (p, n, size))
WRAP(char *, strdup, MEMORY, ENOMEM, NULL, (const char *s), (s))
WRAP(int, sqlite3_step, DATABASE, EIO, SQLITE_IOERR, (sqlite3_stmt * s), (s))
WRAP(int, pthread_create, THREADS, EAGAIN, EAGAIN,
     (pthread_t * t, const pthread_attr_t *a, void *(*run)(void *), void *arg), (t, a, run, arg))
WRAP(ssize_t, write, FILES, ENOSPC, -1, (int fd, const void *data, size_t n), (fd, data, n))
WRAP(ssize_t, pwrite, FILES, ENOSPC, -1, (int fd, const void *data, size_t n, off_t at),
     (fd, data, n, at))
WRAP(int, fsync, FILES, EIO, -1, (int fd), (fd))
WRAP(int, fdatasync, FILES, EIO, -1, (int fd), (fd))
WRAP(int, ftruncate, FILES, EIO, -1, (int fd, off_t len), (fd, len))
WRAP(int, open, FILES, EIO, -1, (const char *path, int flags, mode_t mode), (path, flags, mode))
WRAP(int, renameat, FILES, EIO, -1, (int from, const char *a, int to, const char *b),
     (from, a, to, b))
WRAP(int, renameat2, FILES, EIO, -1, (int from, const char *a, int to, const char *b, unsigned how),
     (from, a, to, b, how))

#define ENDPOINTS "endpoint\nurn:dev:os:0\nurn:dev:os:1\nurn:dev:os:2\n"

static char folder[FOLDER_SIZE];

static void put(const char *name, const char *text)
{
    char path[300];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(signet_bytes_write(path, text, strlen(text), NULL), SIGNET_OK);
}

static void clean_up(const char *what)
{
    char command[400];

    snprintf(command, sizeof(command), "cd %s && rm -rf %s", folder, what);
    assert_int_equal(system(command), 0);
}

static void put_order(int quota)
{
    char text[400];

    snprintf(text, sizeof(text),
             "name: o\nquota: %d\ntemplate: template\nledger: ledger.db\nstation: A\n"
             "names: {manifest: devices.csv}\noutput: {packets: out.ndjson}\n"
             "servers: [{file: list.json}]\n",
             quota);
    put("order.yaml", text);
}

/* How often the device stands in this output. */
static unsigned found(const char *name, int device)
{
    struct signet_bytes text = {0};
    char path[300], endpoint[32];
    unsigned count = 0;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    snprintf(endpoint, sizeof(endpoint), "\"urn:dev:os:%d", device);
    assert_int_equal(signet_bytes_read(path, 65536, &text, NULL), SIGNET_OK);
    for (const char *at = (char *)text.data; at && (at = strstr(at, endpoint + 1)); at++)
        count += at == (char *)text.data || at[-1] == '"' || at[-1] == '\n';
    signet_bytes_free(&text);
    return count;
}

static int run_order(int64_t *done, struct signet_error *err)
{
    const struct signet_run_options options = {.size = sizeof(options)};
    struct signet_run_report report = {0};
    struct signet_order *order = NULL;
    struct signet_run *run = NULL;
    char path[300];

    *err = (struct signet_error){0};
    snprintf(path, sizeof(path), "%s/order.yaml", folder);
    int rc = signet_order_load(&order, path, err);
    if (rc == SIGNET_OK)
        rc = signet_run_open(&run, order, &options, err);
    if (rc == SIGNET_OK)
        rc = signet_run_make(run, &report, err);
    *done = report.states[SIGNET_DEVICE_DONE];
    signet_run_report_free(&report);
    signet_run_close(&run);
    signet_order_free(&order);
    return rc;
}

/* The Nth call fails: an error, or all devices are done. Were there so many calls? */
static bool fail_once(long n)
{
    struct signet_error err;
    int64_t done;

    calls = 0;
    fails_at = n;
    int rc = run_order(&done, &err);
    fails_at = 0;
    if (rc == SIGNET_OK ? done != DEVICES : (int)err.code != rc || !err.msg[0])
        fail_msg("%s %ld: %d, %lld devices are done: %d %s", kinds[kind], n, rc, (long long)done,
                 (int)err.code, err.msg);
    return calls >= n;
}

static void complete(long n)
{
    struct signet_error err;
    int64_t done;

    if (run_order(&done, &err) != SIGNET_OK || done != DEVICES)
        fail_msg("after %s %ld: %lld devices are done: %s", kinds[kind], n, (long long)done,
                 err.msg);
    for (int i = 0; i < DEVICES; i++)
        if (found("out.ndjson", i) != 1 || found("list.csv", i) != 1)
            fail_msg("after %s %ld: device %d is %u times in out.ndjson, %u in list.csv",
                     kinds[kind], n, i, found("out.ndjson", i), found("list.csv", i));
}

/* Each call of a run fails, or behind the first 50 one of `every` unless SIGNET_TORTURE asks for
 * all; and after each of these ends, each of the runs that resume: these take bigger steps. */
static void sweep(enum kind of, long every, long step)
{
    bool more = true;

    kind = of;
    for (long n = 1; more; n += n < 50 || getenv("SIGNET_TORTURE") ? 1 : every) {
        more = fail_once(n);
        for (long m = 1; fail_once(m); m += step)
            ;
        complete(n);
        clean_up("work ledger.db* out.ndjson list.csv*");
    }
}

static void each_step_in_the_database(void **state)
{
    (void)state;
    sweep(DATABASE, 3, 17);
}

static void each_thread(void **state)
{
    (void)state;
    sweep(THREADS, 1, 1);
}

static void each_call_for_a_file(void **state)
{
    (void)state;
    sweep(FILES, 1, 5);
}

static void each_allocation(void **state)
{
    (void)state;
    sweep(MEMORY, 9, 197);
}

/* What is to be refused is refused. */
static void refused(enum kind of, const char *words)
{
    struct signet_error err;
    int64_t done;

    kind = of;
    fails_at = 0;
    do {
        fails_at++;
        calls = 0;
        if (run_order(&done, &err) == SIGNET_OK)
            fail_msg("%s %ld", kinds[kind], fails_at);
    } while (calls >= fails_at);
    assert_non_null(strstr(err.msg, words));
    fails_at = 0;
}

static void refusals(void **state)
{
    struct signet_error err;
    int64_t done;

    (void)state;
    put("devices.csv", ENDPOINTS "urn:dev:os:1\n");
    refused(MEMORY, "is that of line 3 too");
    put("devices.csv", ENDPOINTS);
    assert_int_equal(run_order(&done, &err), SIGNET_OK);
    put_order(DEVICES - 1);
    refused(DATABASE, "3 devices of order o are begun");
    refused(MEMORY, "3 devices of order o are begun");
}

static int set_up(void **state)
{
    (void)state;
    assert_true(folder_make(folder));
    put("template",
        "{OID.Security: {1: {RID.Security.ServerURI: 'coaps://localhost',"
        " RID.Security.Bootstrap: False, RID.Security.Mode: 0,"
        " RID.Security.ShortServerID: 1}}, OID.Server: {1: {RID.Server.ShortServerID: 1,"
        " RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False,"
        " RID.Server.Binding: 'U'}}}");
    char text[400];
    snprintf(text, sizeof(text), "{\"kind\": \"export\", \"file\": \"%s/list.csv\"}", folder);
    put("list.json", text);
    put("devices.csv", ENDPOINTS);
    put_order(DEVICES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    clean_up(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_in_the_database),
        cmocka_unit_test(each_thread),
        cmocka_unit_test(each_call_for_a_file),
        cmocka_unit_test(each_allocation),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
