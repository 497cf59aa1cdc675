/* SPDX-License-Identifier: Apache-2.0 */
/* What was read of a manifest may be a key: no copy of it stays in memory.
 *
 * wrap: free
 */
#include "order/manifest_columns.h"

#include <fcntl.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"
#include "unit/kept.h"

static const char key[] = "00112233445566778899";
static volatile bool searching, found; /* the compiler knows free(), and not this one */

void __real_free(void *memory);
void __wrap_free(void *memory);

void __wrap_free(void *memory)
{
    if (searching && memory && memmem(memory, malloc_usable_size(memory), key, sizeof(key) - 1))
        found = true;
    block_freed(memory);
    __real_free(memory);
}

static void the_search_finds_a_key(void **state)
{
    char *copy = strdup(key);

    (void)state;
    searching = true;
    free(copy);
    searching = false;
    assert_true(found);
}

static void keys_are_wiped(void **state)
{
    static const char csv[] = "e,psk\na,00112233445566778899\nb,\"00112233445566778899\"\n";
    char path[FOLDER_SIZE + 16];
    struct manifest_row row = {0};
    struct signet_error err = {0};
    struct manifest *m = NULL;

    (void)state;
    assert_true(folder_make(path));
    strcat(path, "/devices.csv");
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_int_equal(write(fd, csv, sizeof(csv) - 1), sizeof(csv) - 1);
    close(fd);
    found = false;
    searching = true;
    assert_int_equal(manifest_open(&m, path, ',', &err), SIGNET_OK);
    assert_int_equal(manifest_scan(m, NULL, &err), SIGNET_OK);
    assert_int_equal(manifest_row(m, 1, &row, &err), SIGNET_OK);
    assert_int_equal(manifest_row(m, 0, &row, &err), SIGNET_OK);
    manifest_row_free(&row);
    manifest_close(&m);
    searching = false;
    assert_false(found);
    unlink(path);
}

static void keys_in_placeholders_are_wiped(void **state)
{
    const struct placeholder_names names = {.no_endpoint = true, .no_serial = true};
    struct pieces p = {0};

    (void)state;
    found = false;
    searching = true;
    assert_int_equal(pieces_compile(&p, key, sizeof(key) - 1, false, &names, NULL), SIGNET_OK);
    pieces_free(&p);
    searching = false;
    assert_false(found);
}

/* A line is shown for a message that begins with the manifest's path and a line. */
static void lines_are_shown_for_this_file_alone(void **state)
{
    static const struct {
        const char *msg;
        bool shown;
    } rows[] = {
        {"/m:2: e: it is wrong", true},
        {"/n:2: e: it is wrong", false},
        {"/m", false},
        {"/m-2: e: it is wrong", false},
        {"/m:0: e: it is wrong", false},
        {"/m:2 e: it is wrong", false},
        {"/m:3: e: it is wrong", false},
    };
    char path[FOLDER_SIZE + 16], name[] = "/m";
    struct columns columns = {.path = name, .delimiter = ','};

    (void)state;
    assert_true(folder_make(path));
    strcat(path, "/devices.csv");
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    assert_int_equal(write(fd, "e\na", 3), 3);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err = {.code = SIGNET_E_MEANING};

        strcpy(err.msg, rows[i].msg);
        columns_excerpt(&columns, fd, &err);
        assert_int_equal(err.excerpt[0] != 0, rows[i].shown);
        assert_int_equal(strcmp(err.msg, rows[i].msg) != 0, rows[i].shown);
    }
    columns_excerpt(&columns, fd, NULL);
    columns.path = NULL;
    struct signet_error err = {.msg = ":2: e"};
    columns_excerpt(&columns, fd, &err);
    assert_string_equal(err.excerpt, "");
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_search_finds_a_key),
        cmocka_unit_test(keys_are_wiped),
        cmocka_unit_test(keys_in_placeholders_are_wiped),
        cmocka_unit_test(lines_are_shown_for_this_file_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
