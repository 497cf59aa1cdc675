/* SPDX-License-Identifier: Apache-2.0 */
/* The place in a manifest that a message is about. */
#include "order/manifest_columns.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

static char *const names[] = {"e", "end", "x y"};

/* The message with its column. */
static void placed(const char *text, size_t len, const char *msg, const char *wanted)
{
    char path[FOLDER_SIZE + 16], file[] = "/m";
    struct columns columns = {
        .path = file, .delimiter = ',', .names = (char **)(uintptr_t)names, .count = 3};
    struct signet_error err = {.code = SIGNET_E_MEANING, .hint = "as before"};

    assert_true(folder_make(path));
    strcat(path, "/m");
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, text, len), len);
    snprintf(err.msg, sizeof(err.msg), "%s", msg);
    columns_excerpt(&columns, fd, &err);
    close(fd);
    assert_string_equal(err.msg, wanted);
    assert_string_equal(err.hint, "as before");
    assert_int_equal(err.code, SIGNET_E_MEANING);
}

static void the_field_that_is_named(void **state)
{
    static const char text[] = "e,end,x y\na,bb,c\n\"a,a\",\"b\"\"\",c\r\n,,\n";
    static const struct {
        const char *msg, *wanted;
    } rows[] = {
        {"/m:2: e 'a': is bad", "/m:2:1: e 'a': is bad"},
        {"/m:2: the e 'a': is bad", "/m:2:1: the e 'a': is bad"},
        {"/m:2: e: is bad", "/m:2:1: e: is bad"},
        {"/m:2: end 'bb' is bad", "/m:2:3: end 'bb' is bad"},
        {"/m:2: the x y 'c' is bad", "/m:2:6: the x y 'c' is bad"},
        {"/m:2: else 'c' is bad", "/m:2:1: else 'c' is bad"}, /* no name of a column */
        {"/m:2: column 2 is bad", "/m:2:3: column 2 is bad"},
        {"/m:2: column 3 is bad", "/m:2:6: column 3 is bad"},
        {"/m:2: it has 3 fields, not 4", "/m:2:7: it has 3 fields, not 4"}, /* its end */
        {"/m:3: end 'x' is bad", "/m:3:7: end 'x' is bad"},
        {"/m:3: x y 'c' is bad", "/m:3:13: x y 'c' is bad"},
        {"/m:3: it has 3 fields, not 4", "/m:3:14: it has 3 fields, not 4"},
        {"/m:4: column 3 is bad", "/m:4:3: column 3 is bad"},
        {"/m:1: x y: is bad", "/m:1:7: x y: is bad"},
        {"/m:5: e: is bad", "/m:5: e: is bad"}, /* no such line */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        placed(text, sizeof(text) - 1, rows[i].msg, rows[i].wanted);
}

static void the_quote_that_is_wrong(void **state)
{
    static const struct {
        const char *line, *wanted;
    } rows[] = {
        {"a,b\"c\",d\n", "/m:1:4: a quote is wrong"},
        {"a,\"b\"c,d\n", "/m:1:5: a quote is wrong"},
        {"\"a\",\"b\"\"\",\"c\n", "/m:1:11: a quote is wrong"}, /* it is never closed */
        {"\"a\",\"b,c\n", "/m:1:5: a quote is wrong"},
        {"\"a\",\"b", "/m:1:5: a quote is wrong"},
        {"\"a\"\r\"\n", "/m:1:1: a quote is wrong"},
        {"\"a,\"b\",\"\n", "/m:1:4: a quote is wrong"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        placed(rows[i].line, strlen(rows[i].line), "/m:1: a quote is wrong", rows[i].wanted);
}

/* Lines that are longer than what is read at once, and that end where it ends. */
static void lines_far_behind(void **state)
{
    static char text[40000];
    static const size_t lengths[] = {16383, 16384, 16385, 32767, 32768, 32769};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        memset(text, 'a', sizeof(text));
        text[lengths[i] - 1] = '\n';
        memcpy(text + lengths[i], "\na,b", 4);
        placed(text, lengths[i] + 4, "/m:3: end: is bad", "/m:3:3: end: is bad");
        placed(text, lengths[i] + 4, "/m:4: end: is bad", "/m:4: end: is bad");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_field_that_is_named),
        cmocka_unit_test(the_quote_that_is_wrong),
        cmocka_unit_test(lines_far_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
