/* SPDX-License-Identifier: Apache-2.0 */
/* Ports that belong to another board by now: what USB and the programmer's tool say is made up.
 * wrap: signet_port_info signet_port_find signet_flasher_port
 */
#include "board/recipe.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

static const char *usb_serial;           /* of the USB device behind any port; NULL: none */
static const char *tool_says, *usb_says; /* where a serial number is; NULL: not known */

int __wrap_signet_port_info(struct signet_port *out, const char *path, struct signet_error *err);
int __wrap_signet_port_find(struct signet_port *out, const struct signet_port_filter *filter,
                            struct signet_error *err);
int __wrap_signet_flasher_port(struct signet_flasher *flasher, unsigned vcom, char port[128],
                               struct signet_error *err);

int __wrap_signet_port_info(struct signet_port *out, const char *path, struct signet_error *err)
{
    (void)path;
    if (!usb_serial)
        return error_set(err, SIGNET_E_NOT_FOUND, "not on USB");
    *out = (struct signet_port){0};
    strcpy(out->serial, usb_serial);
    return SIGNET_OK;
}

int __wrap_signet_port_find(struct signet_port *out, const struct signet_port_filter *filter,
                            struct signet_error *err)
{
    assert_string_equal(filter->serial, "00A1");
    assert_int_equal(filter->nth, 2);
    if (!usb_says)
        return error_set(err, SIGNET_E_NOT_FOUND, "no such USB serial port");
    *out = (struct signet_port){0};
    strcpy(out->path, usb_says);
    return SIGNET_OK;
}

int __wrap_signet_flasher_port(struct signet_flasher *flasher, unsigned vcom, char port[128],
                               struct signet_error *err)
{
    (void)flasher;
    assert_int_equal(vcom, 2);
    if (!tool_says)
        return error_set(err, SIGNET_E_UNSUPPORTED, "the tool has no ports");
    strcpy(port, tool_says);
    return SIGNET_OK;
}

struct slot {
    int master;
    char path[64];
    struct signet_board board;
    struct signet_error err;
};

static void set_up(struct slot *s)
{
    *s = (struct slot){.master = posix_openpt(O_RDWR | O_NOCTTY)};
    assert_true(s->master >= 0 && grantpt(s->master) == 0 && unlockpt(s->master) == 0);
    assert_int_equal(ptsname_r(s->master, s->path, sizeof(s->path)), 0);
    s->board.recipe = &smp_file_recipe;
    s->board.options = smp_file_recipe.defaults;
    s->board.options.vcom = 2;
    usb_serial = tool_says = usb_says = NULL;
}

static void tear_down(struct slot *s)
{
    port_close(&s->board);
    close(s->master);
}

static void another_device_behind_the_port(void **state)
{
    struct slot s;

    (void)state;
    set_up(&s);
    s.board.options.port = s.path;
    usb_serial = "A1";
    assert_int_equal(port_open(&s.board, &s.err), SIGNET_OK);
    assert_int_equal(port_check(&s.board, &s.err), SIGNET_OK);
    assert_int_equal(port_open(&s.board, &s.err), SIGNET_OK);
    usb_serial = "B\x1b";
    assert_int_equal(port_check(&s.board, &s.err), SIGNET_E_WRONG_BOARD);
    assert_non_null(strstr(s.err.msg, "belongs to serial number B\\x1b now, not to A1"));
    assert_string_equal(s.err.hint, "boards were replugged: check which board is in the slot");
    assert_int_equal(port_open(&s.board, &s.err), SIGNET_E_WRONG_BOARD);
    assert_true(!s.board.link && !s.board.smp); /* nothing can be sent to it */
    usb_serial = NULL;
    assert_int_equal(port_open(&s.board, &s.err), SIGNET_E_WRONG_BOARD);
    assert_non_null(strstr(s.err.msg, "belongs to serial number (none) now, not to A1"));
    tear_down(&s);
}

static void a_serial_number_at_another_port(void **state)
{
    char folder[FOLDER_SIZE], link[FOLDER_SIZE + 8];
    struct slot s;

    (void)state;
    assert_true(folder_make(folder));
    snprintf(link, sizeof(link), "%s/port", folder);
    set_up(&s);
    assert_int_equal(symlink(s.path, link), 0);
    s.board.options.serial = "00A1";
    assert_int_equal(port_open(&s.board, &s.err), SIGNET_E_NOT_FOUND);
    usb_says = s.path;
    assert_int_equal(port_open(&s.board, &s.err), SIGNET_OK);
    assert_string_equal(s.board.port, s.path);
    tool_says = link; /* the tool knows best */
    assert_int_equal(port_check(&s.board, &s.err), SIGNET_OK);
    tool_says = "/dev/null";
    assert_int_equal(port_check(&s.board, &s.err), SIGNET_E_WRONG_BOARD);
    assert_non_null(strstr(s.err.msg, "board 00A1 is at /dev/null now, not at /dev/"));
    assert_string_equal(s.err.hint, "boards were replugged: flash the board again");
    tool_says = usb_says = NULL;
    assert_int_equal(port_check(&s.board, &s.err), SIGNET_E_NOT_FOUND);
    s.board.options.port = s.path; /* named by a person: nobody is asked */
    assert_int_equal(port_check(&s.board, &s.err), SIGNET_OK);
    s.board.options.port = NULL;
    strcpy(s.board.usb_serial, usb_serial = "A1"); /* USB says the same, without zeros */
    assert_int_equal(port_check(&s.board, &s.err), SIGNET_OK);
    strcpy(s.board.usb_serial, usb_serial = "A2"); /* of another numbering: not the programmer's */
    assert_int_equal(port_check(&s.board, &s.err), SIGNET_E_NOT_FOUND);
    tear_down(&s);
}

static void a_port_that_is_away(void **state)
{
    struct slot s;
    char longer[200];
    int64_t begin;

    (void)state;
    set_up(&s);
    memset(longer, 'p', sizeof(longer));
    longer[128] = '\0';
    s.board.options.port = longer;
    assert_int_equal(port_open(&s.board, &s.err), SIGNET_E_LIMIT);
    assert_string_equal(s.err.msg, "the port's name is too long");
    s.board.options.port = longer + 1; /* 127 */
    assert_int_equal(port_open(&s.board, &s.err), SIGNET_E_NOT_FOUND);
    begin = clock_ms();
    assert_int_equal(port_reopen(&s.board, begin + 100, &s.err), SIGNET_E_NOT_FOUND);
    assert_in_range(clock_ms() - begin, 100, 5000);
    struct signet_cancel *cancel = NULL;
    assert_int_equal(signet_cancel_new(&cancel, NULL), SIGNET_OK);
    s.board.cancel = cancel;
    signet_cancel_fire(cancel);
    assert_int_equal(port_reopen(&s.board, begin + 60000, &s.err), SIGNET_E_CANCELLED);
    s.board.cancel = NULL;
    signet_cancel_free(&cancel);
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_device_behind_the_port),
        cmocka_unit_test(a_serial_number_at_another_port),
        cmocka_unit_test(a_port_that_is_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
