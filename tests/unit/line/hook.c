/* SPDX-License-Identifier: Apache-2.0 */
/* What a command of the order is given.
 * wrap: flasher_command
 */
#include "flasher/flasher.h"
#include "line/private.h"
#include "order/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

int __wrap_flasher_command(const char *const *argv, const char *input, int timeout_ms,
                           const struct signet_cancel *cancel, struct buf *output, int *status,
                           struct signet_error *err);

static char said[400], words[200];
static int calls;

int __wrap_flasher_command(const char *const *argv, const char *input, int timeout_ms,
                           const struct signet_cancel *cancel, struct buf *output, int *status,
                           struct signet_error *err)
{
    (void)timeout_ms;
    (void)cancel;
    (void)output;
    (void)err;
    calls++;
    *status = 0;
    snprintf(said, sizeof(said), "%s", input);
    words[0] = '\0';
    for (; *argv; argv++)
        snprintf(words + strlen(words), sizeof(words) - strlen(words), "[%s]", *argv);
    return SIGNET_OK;
}

static int call(struct slot *slot, const char *const *argv, struct signet_error *err)
{
    static const struct signet_order order = {
        .name = "o", .station = "s", .operator_name = "Zoe \"x\""};
    static const struct line_setup setup = {.order = &order};
    static struct line line = {.setup = &setup};
    static const struct signet_slot of_order = {.name = "A"};
    struct hook_call hook = {.argv = argv};

    slot->line = &line;
    slot->order = &of_order;
    return hook_call(slot, &hook, err);
}

static void it_gets_one_object_and_its_words(void **state)
{
    static const char *const argv[] = {"lamp", "{slot}", "n={endpoint}", NULL};
    struct slot slot = {.verdict = "pass", .endpoint = "urn:1", .edition = 2, .retries = 3};
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(call(&slot, argv, &err), SIGNET_OK);
    assert_string_equal(words, "[lamp][A][n=urn:1]");
    assert_int_equal(said[0], '{');
    assert_string_equal(said + strlen(said) - 2, "}\n");
    assert_non_null(strstr(said, "\"operator\": \"Zoe \\\"x\\\"\""));
    assert_non_null(strstr(said, "\"edition\": 2"));
    assert_non_null(strstr(said, "\"retries\": 3"));
    slot.edition = 0;
    slot.verdict = NULL;
    assert_int_equal(call(&slot, argv, &err), SIGNET_OK);
    assert_null(strstr(said, "edition"));
    assert_null(strstr(said, "retries"));
}

/* The value is from a board: it may not choose what the command does. */
static void no_value_becomes_an_option(void **state)
{
    static const char *const first[] = {"lamp", "{endpoint}", NULL};
    static const char *const last[] = {"lamp", "-n", "{slot}", "{endpoint}", NULL};
    static const char *const joined[] = {"lamp", "--name={endpoint}", NULL};
    struct slot slot = {.verdict = "pass", .endpoint = "-rf"};
    struct signet_error err = {0};

    (void)state;
    calls = 0;
    assert_int_equal(call(&slot, first, &err), SIGNET_E_BOARD);
    assert_non_null(strstr(err.msg, "'{endpoint}' would become '-rf', an option"));
    assert_non_null(strstr(err.hint, "--name={value}"));
    assert_int_equal(call(&slot, last, &err), SIGNET_E_BOARD);
    assert_int_equal(calls, 0);
    assert_int_equal(call(&slot, joined, &err), SIGNET_OK);
    assert_string_equal(words, "[lamp][--name=-rf]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_gets_one_object_and_its_words),
        cmocka_unit_test(no_value_becomes_an_option),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
