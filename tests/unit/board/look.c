/* SPDX-License-Identifier: Apache-2.0 */
/* A look that cannot be had: which errors let a board be erased, and is its programmer there?
 * wrap: signet_link_open flasher_has_reset flasher_is_none
 * wrap: flasher_check_tool signet_flasher_list clock_ms cancel_sleep_until
 */
#include "board/recipe.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int __wrap_signet_link_open(struct signet_link **out, const char *address, unsigned baud,
                            const struct signet_cancel *cancel, struct signet_error *err);
bool __wrap_flasher_has_reset(const struct signet_flasher *flasher);
bool __wrap_flasher_is_none(const struct signet_flasher *flasher);
int __wrap_flasher_check_tool(const struct signet_flasher *flasher, struct signet_error *err);
int __wrap_signet_flasher_list(struct signet_flasher *flasher, struct signet_programmer **list,
                               size_t *count, struct signet_error *err);

int64_t __wrap_clock_ms(void);
int __wrap_cancel_sleep_until(const struct signet_cancel *cancel, int64_t until,
                              struct signet_error *err);

static int open_code, open_sys, tool_code;
static const char *listed;   /* NULL: the tool has no list */
static int64_t now, back_at; /* after the first time the port is away until then; 0: never */
static bool opened;

int __wrap_signet_link_open(struct signet_link **out, const char *address, unsigned baud,
                            const struct signet_cancel *cancel, struct signet_error *err)
{
    (void)out;
    (void)address;
    (void)baud;
    (void)cancel;
    if (back_at && opened)
        return now < back_at ? error_set(err, SIGNET_E_NOT_FOUND, "the port is away")
                             : error_set(err, SIGNET_E_WRONG_BOARD, "it is back");
    opened = true;
    return error_sys(err, (enum signet_code)open_code, open_sys, "cannot open the port");
}

/* No time goes by but where somebody waits. */
int64_t __wrap_clock_ms(void)
{
    return now;
}

int __wrap_cancel_sleep_until(const struct signet_cancel *cancel, int64_t until,
                              struct signet_error *err)
{
    (void)cancel;
    (void)err;
    now = until;
    return SIGNET_OK;
}

bool __wrap_flasher_has_reset(const struct signet_flasher *flasher)
{
    (void)flasher;
    return true;
}

bool __wrap_flasher_is_none(const struct signet_flasher *flasher)
{
    (void)flasher;
    return false;
}

int __wrap_flasher_check_tool(const struct signet_flasher *flasher, struct signet_error *err)
{
    (void)flasher;
    return tool_code ? error_set(err, (enum signet_code)tool_code, "the tool went") : SIGNET_OK;
}

int __wrap_signet_flasher_list(struct signet_flasher *flasher, struct signet_programmer **list,
                               size_t *count, struct signet_error *err)
{
    (void)flasher;
    if (!listed)
        return error_set(err, SIGNET_E_UNSUPPORTED, "no list");
    *list = calloc(1, sizeof(**list));
    assert_non_null(*list);
    strcpy((*list)->serial, listed);
    *count = 1;
    return SIGNET_OK;
}

static struct signet_board board_of(const char *serial)
{
    struct signet_board b = {.recipe = &anjay_zephyr_recipe,
                             .options = anjay_zephyr_recipe.defaults};

    b.options.initial = "initial.hex";
    b.options.port = "/dev/ttyX";
    b.options.serial = serial;
    return b;
}

/* A port that comes with the image may be away. One that is there, and that we may not open, hides
 * a board that may be finished. */
static void a_port_that_may_not_be_opened(void **state)
{
    static const struct {
        int code, sys, outcome;
    } rows[] = {{SIGNET_E_NOT_FOUND, ENOENT, SIGNET_OK},
                {SIGNET_E_LINK, EIO, SIGNET_E_LINK},
                {SIGNET_E_LINK, EACCES, SIGNET_E_LINK}};
    struct signet_board b = board_of(NULL);
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        open_code = rows[i].code;
        open_sys = rows[i].sys;
        assert_int_equal(signet_board_look(&b, &err), rows[i].outcome);
    }
}

/* It goes with the reset, and comes back: it is waited for, as long as this takes. */
static void a_port_that_goes_with_the_reset(void **state)
{
    struct signet_board b = board_of(NULL);
    struct signet_error err;

    (void)state;
    open_code = SIGNET_E_LINK;
    open_sys = EIO;
    for (int late = 0; late < 2; late++) {
        opened = false;
        now = 1000;
        back_at = now + (late ? 3001 : 3000);
        assert_int_equal(signet_board_look(&b, &err), late ? SIGNET_E_LINK : SIGNET_E_WRONG_BOARD);
        assert_non_null(
            strstr(err.msg, late ? "what the board holds cannot be seen" : "it is back"));
    }
    back_at = 0;
}

static void a_programmer_that_is_there_or_not(void **state)
{
    struct signet_board b = board_of("00A1"), any = board_of(NULL);
    struct signet_error err;

    (void)state;
    listed = "a1"; /* as people write it */
    assert_int_equal(signet_board_plugged(&b, &err), SIGNET_OK);
    listed = "a2";
    assert_int_equal(signet_board_plugged(&b, &err), SIGNET_E_NOT_FOUND);
    assert_non_null(strstr(err.msg, "the programmer 00A1 is not plugged in"));
    assert_int_equal(signet_board_plugged(&any, &err), SIGNET_OK);
    listed = NULL; /* nobody can tell */
    assert_int_equal(signet_board_plugged(&b, &err), SIGNET_OK);
    tool_code = SIGNET_E_NOT_FOUND;
    assert_int_equal(signet_board_plugged(&any, &err), SIGNET_E_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_that_may_not_be_opened),
        cmocka_unit_test(a_port_that_goes_with_the_reset),
        cmocka_unit_test(a_programmer_that_is_there_or_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
