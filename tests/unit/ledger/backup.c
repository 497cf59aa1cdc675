/* SPDX-License-Identifier: Apache-2.0 */
/* A copy gets its name in the end: what is there by then stays, and no part of it is left.
 * wrap: link rename */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

#include <dirent.h>

static int no_link, no_rename; /* errno; 0: it works */

int __real_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

int __wrap_link(const char *from, const char *to)
{
    errno = no_link;
    return no_link ? -1 : __real_link(from, to);
}

int __wrap_rename(const char *from, const char *to)
{
    errno = no_rename;
    return no_rename ? -1 : __real_rename(from, to);
}

static int files_of_copies(void)
{
    DIR *all = opendir(folder);
    int count = 0;

    for (struct dirent *e; (e = readdir(all));)
        count += strncmp(e->d_name, "copy", 4) == 0;
    closedir(all);
    return count;
}

static void names_of_copies(void **state)
{
    static const struct {
        int no_link, no_rename;
        int code;
        const char *words;
    } rows[] = {{EEXIST, 0, SIGNET_E_EXISTS, "will not overwrite '"},
                {EPERM, EROFS, SIGNET_E_IO, "cannot write '"},
                {EPERM, 0, SIGNET_OK, ""}, /* a file system without links */
                {0, 0, SIGNET_E_EXISTS, "will not overwrite '"}};
    char copy[320], head[65];
    int64_t events;

    (void)state;
    if (on_postgres())
        skip();
    begin(9);
    snprintf(copy, sizeof(copy), "%s/copy.db", folder);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        no_link = rows[i].no_link;
        no_rename = rows[i].no_rename;
        err.msg[0] = '\0';
        int rc = signet_ledger_backup(ledger, copy, NULL, &events, head, &err);
        if (rc != rows[i].code || !strstr(err.msg, rows[i].words))
            fail_msg("%zu: %d %s", i, rc, err.msg);
        assert_int_equal(files_of_copies(), i >= 2);
    }
    no_link = no_rename = 0;
    unlink(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_of_copies, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
