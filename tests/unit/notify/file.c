/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

static char folder[FOLDER_SIZE], path[FOLDER_SIZE + 8];
static struct signet_error err;

static void put(const char *text, size_t len)
{
    assert_int_equal(file_write(path, text, len, 0600, NULL), SIGNET_OK);
}

/* meanwhile: what stands in the file when it is open; NULL: what stood there. */
static int add_when(const char *body, const char *meanwhile)
{
    const struct signet_order_notify target = {.file = path};
    struct notify_message m = {0};
    int64_t wait_ms;
    void *file;

    err = (struct signet_error){0};
    buf_text(&m.body, body);
    int rc = notify_file.open(&file, &target, NULL, &err);
    if (rc == SIGNET_OK) {
        if (meanwhile)
            put(meanwhile, strlen(meanwhile));
        rc = notify_file.send(file, &m, &wait_ms, &err);
        notify_file.close(file);
    }
    message_free(&m);
    return rc;
}

static int add(const char *body)
{
    return add_when(body, NULL);
}

static void holds(const char *text)
{
    struct buf is = {0};

    assert_int_equal(file_read(path, 1024 * 1024, &is, NULL), SIGNET_OK);
    assert_int_equal(is.len, strlen(text));
    assert_memory_equal(is.data, text, is.len);
    buf_free(&is);
}

#define A "{\"id\": \"a\"}"
#define B "{\"id\": \"b\"}"

static void a_line_each(void **state)
{
    struct stat st;
    (void)state;

    unlink(path);
    assert_int_equal(add(A), SIGNET_OK);
    assert_int_equal(add(B), SIGNET_OK);
    holds(A "\n" B "\n");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void half_a_line(void **state)
{
    char large[9000];
    (void)state;

    put(A "\n{\"id", strlen(A) + 5);
    assert_int_equal(add(B), SIGNET_OK);
    holds(A "\n" B "\n");
    put("{\"i", 3);
    assert_int_equal(add(B), SIGNET_OK);
    holds(B "\n");
    memset(large, 'x', sizeof(large)); /* longer than what is read at once */
    memcpy(large, A "\n{\"id\": \"", strlen(A) + 9);
    put(large, sizeof(large));
    assert_int_equal(add(B), SIGNET_OK);
    holds(A "\n" B "\n");
    put("{\"MessageName\": \"CFX.x\"}\n", 25);
    assert_int_equal(add(B), SIGNET_OK);
    holds("{\"MessageName\": \"CFX.x\"}\n" B "\n");
}

static void what_holds_no_events(void **state)
{
    static const char *const others[] = {
        "SQLite format 3",    "endpoint,imei\n1,2\n", "{\"endpoint\": \"urn:1\"}\n",
        "{\"accounts\": []}", "{ \"id\": \"a\"}\n",   "\n" A "\n"};
    (void)state;

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        put(others[i], strlen(others[i]));
        assert_int_equal(add(A), SIGNET_E_IO);
        assert_non_null(strstr(err.msg, "is another file"));
        assert_int_equal(signet_error_class(&err), SIGNET_CLASS_STATION); /* no event is lost */
        holds(others[i]);
        unlink(path);
        assert_int_equal(add_when(A, others[i]),
                         SIGNET_E_IO); /* it came while the line was at work */
        assert_non_null(strstr(err.msg, "is another file"));
        holds(others[i]);
    }
}

static void what_is_no_file(void **state)
{
    char other[FOLDER_SIZE + 8];

    (void)state;
    snprintf(other, sizeof(other), "%s/other", folder);
    put(A "\n{\"id", strlen(A) + 5);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(symlink("other", path), 0);
    assert_int_equal(add(A), SIGNET_E_IO);
    holds(A "\n{\"id"); /* not cut, either */
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(add(A), SIGNET_E_IO);
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(add(A), SIGNET_E_IO);
    rmdir(path);
}

static int set_up(void **state)
{
    (void)state;
    if (!folder_make(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/e", folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_each),
        cmocka_unit_test(half_a_line),
        cmocka_unit_test(what_holds_no_events),
        cmocka_unit_test(what_is_no_file),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
