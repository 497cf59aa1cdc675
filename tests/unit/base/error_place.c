/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a text stands what a message names. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char text[] = "name: one # not the two of a.db\n"
                           "# ledger: no.db\n"
                           "ledger: \"one.db\"\n"
                           "board: {recipe: smp-file, smp_version: 7, image: a/b.hex}\n";

static bool blame(struct signet_error *err, const char *msg, unsigned flags)
{
    const struct text_source source = {"in/two.yaml", text, sizeof text - 1, text_hide_secrets,
                                       NULL};

    error_set_hint(err, SIGNET_E_MEANING, "do it", "%s", msg);
    return error_blame(err, &source, flags);
}

static void found(const char *msg, unsigned flags, const char *place)
{
    struct signet_error err = {0};

    if (!blame(&err, msg, flags) || strncmp(err.msg, place, strlen(place)) != 0)
        fail_msg("'%s': '%s', not at %s", msg, err.msg, place);
    assert_non_null(strchr(err.excerpt, '^'));
    assert_string_equal(err.hint, "do it");
}

static void not_found(const char *msg, unsigned flags)
{
    struct signet_error err = {0};

    if (blame(&err, msg, flags))
        fail_msg("'%s': %s", msg, err.msg);
    assert_string_equal(err.msg, msg);
    assert_string_equal(err.excerpt, "");
}

static void values_before_keys(void **state)
{
    (void)state;
    found("the ledger 'one.db' cannot be made", 0, "in/two.yaml:3:10: the ledger");
    found("one.db: this is none", 0, "in/two.yaml:3:10: one.db:");
    found("cannot open 'in/a/b.hex'", 0, "in/two.yaml:4:50: ");
    found("the board's 'recipe' needs another", 0, "in/two.yaml:4:9: ");
    found("in/two.yaml: 'board' is odd", 0, "in/two.yaml:4:1: 'board'");
    not_found("the order has no 'name'", 0);
    not_found("'no.db' is in a comment", 0);
    not_found("'two' is in one behind a value", 0);
    not_found("the two are odd", BLAME_VALUES);
    not_found("'one.d' is a part", 0);
    not_found("the board is odd", 0);
    not_found("a quote ' that is alone", 0);
    not_found("in/two.yaml:4:1: it has a place", BLAME_START);
}

static void words_when_they_may_be(void **state)
{
    (void)state;
    found("the board is odd", BLAME_NAMES, "in/two.yaml:4:1: ");
    found("the SMP version is 1 or 2", BLAME_NAMES, "in/two.yaml:4:31: ");
    found("slot 1: smp-file needs more", BLAME_VALUES, "in/two.yaml:4:17: ");
    found("nothing of it", BLAME_NAMES | BLAME_VALUES | BLAME_START, "in/two.yaml:1:1: ");
    not_found("nothing of it", BLAME_NAMES | BLAME_VALUES);
}

/* Each comment and blank is looked at once: a minute and more, were it not so. */
static void a_long_comment(void **state)
{
    enum { WORDS = 200000 };
    static char all[5 * WORDS + 100];
    struct signet_error err = {0};
    size_t len = 0;

    (void)state;
    memset(all, ' ', 5 * WORDS / 2);
    for (len = 5 * WORDS / 2, all[len++] = '#'; len < 5 * WORDS; len += 5)
        memcpy(all + len, " name", 5);
    len += (size_t)sprintf(all + len, "\nquota: 1\n");
    const struct text_source source = {"long.yaml", all, len, text_hide_secrets, NULL};

    error_set(&err, SIGNET_E_MEANING, "the name is odd, and it has no 'x'");
    assert_true(error_blame(&err, &source, BLAME_NAMES | BLAME_VALUES));
    assert_memory_equal(err.msg, "long.yaml:2:1: ", 15);
    error_nomem(&err); /* which is nowhere in a file */
    assert_false(error_blame(&err, &source, BLAME_NAMES | BLAME_VALUES | BLAME_START));
}

static void a_file_is_read_again(void **state)
{
    char path[] = "/tmp/signet-blame-XXXXXX";
    struct signet_error err = {0};
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0 && write(fd, "{\"url\": \"x\"}", 12) == 12);
    close(fd);
    error_set(&err, SIGNET_E_USAGE, "the server's url is odd");
    assert_int_equal(signet_file_blame(SIGNET_E_USAGE, path, &err), SIGNET_E_USAGE);
    assert_non_null(strstr(err.msg, ":1:3: the server's url"));
    error_set(&err, SIGNET_E_USAGE, "the server's url is odd");
    assert_int_equal(signet_file_blame(SIGNET_OK, path, &err), SIGNET_OK);
    assert_int_equal(signet_file_blame(SIGNET_E_USAGE, NULL, &err), SIGNET_E_USAGE);
    assert_string_equal(err.msg, "the server's url is odd");
    unlink(path);
    assert_int_equal(signet_file_blame(SIGNET_E_USAGE, path, &err), SIGNET_E_USAGE);
    assert_string_equal(err.excerpt, "");
}

/* The cause stands at the end: the place takes nothing of it. */
static void a_long_message_stays_whole(void **state)
{
    char msg[351], whole[sizeof msg + 24];
    (void)state;

    memset(msg, 'x', sizeof msg);
    memcpy(msg, "'one.db' ", 9);
    memcpy(msg + 340, " its cause", 11);
    snprintf(whole, sizeof whole, "in/two.yaml:3:10: %s", msg);
    found(msg, 0, whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_before_keys),
        cmocka_unit_test(words_when_they_may_be),
        cmocka_unit_test(a_long_comment),
        cmocka_unit_test(a_file_is_read_again),
        cmocka_unit_test(a_long_message_stays_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
