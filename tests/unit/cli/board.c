/* SPDX-License-Identifier: Apache-2.0 */
/* signet board, where boards are plugged in: which, is told here; what they say, a simulated one
 * says. Word for word; data/golden/board.
 * wrap: signet_port_list signet_port_list_free signet_port_info */
#include <fcntl.h>
#include <setjmp.h>
#include <signet/link.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "../cli/cli.h"
#include "base/base.h"
#include "sim.h"
#include "unit/folder.h"
#include "unit/golden.h"

static struct signet_port plugged[] = {{.path = "/dev/ttyACM0",
                                        .by_id = "/dev/serial/by-id/usb-J-Link-if02",
                                        .serial = "000760012345",
                                        .product = "J-Link",
                                        .vendor = "SEGGER",
                                        .usb_path = "1-4.2",
                                        .vid = 0x1366,
                                        .pid = 0x105,
                                        .interface = 2},
                                       {.path = "/dev/ttyUSB1\n",
                                        .vendor = "Silicon Labs",
                                        .usb_path = "1-4.3",
                                        .vid = 0x10c4,
                                        .pid = 0xea60,
                                        .interface = -1}};
static int count = -1; /* -1: udev does not answer */
extern int files_left, blocks_left;
int files_left = 1, blocks_left = 1; /* what hears of Ctrl-C is there to the end of a program */

int __wrap_signet_port_list(struct signet_port **ports, size_t *n, struct signet_error *err);
void __wrap_signet_port_list_free(struct signet_port **ports);
int __wrap_signet_port_info(struct signet_port *out, const char *device, struct signet_error *err);

int __wrap_signet_port_list(struct signet_port **ports, size_t *n, struct signet_error *err)
{
    if (count < 0)
        return error_set(err, SIGNET_E_IO, "udev says nothing");
    *ports = plugged;
    *n = (size_t)count;
    return SIGNET_OK;
}

void __wrap_signet_port_list_free(struct signet_port **ports)
{
    *ports = NULL;
}

int __wrap_signet_port_info(struct signet_port *out, const char *device, struct signet_error *err)
{
    if (count < 1)
        return error_set(err, SIGNET_E_NOT_FOUND, "%s is not on USB", device);
    *out = plugged[0];
    return SIGNET_OK;
}

static void call(const struct verb *verb, const char *a, const char *b)
{
    const char *argv[] = {"signet board", a, b, NULL};

    printf("== %s %s %s\n", verb->name, a ? a : "", b ? b : "");
    int code = verb->run(1 + (a != NULL) + (b != NULL), (char **)(uintptr_t)argv);
    printf("[%d]\n", code);
}

static void boards_are_told_of(void **state)
{
    static char text[1 << 15];
    int file = memfd_create("stdout", 0), out = dup(STDOUT_FILENO), here = open(".", O_PATH);
    const struct sim_board_options options = {.link = "board",
                                              .firmware = SIM_FIRMWARE_INITIAL,
                                              .endpoint = "urn:dev:os:0001",
                                              .boards = 1};
    char folder[FOLDER_SIZE];
    struct sim_board *board = NULL;

    (void)state;
    assert_true(folder_make(folder) && chdir(folder) == 0);
    assert_int_equal(sim_board_start(&board, &options, NULL), SIGNET_OK);
    usleep(250000); /* it mounts its files 150 ms after it began */
    fflush(stdout);
    assert_true(file >= 0 && out >= 0 && dup2(file, STDOUT_FILENO) >= 0);
    for (count = -1; count <= 2; count++) {
        call(&board_verbs[0], NULL, NULL);
        call(&board_verbs[0], "--json", NULL);
    }
    for (count = 0; count <= 1; count++) {
        call(&board_verbs[1], "board", NULL);
        call(&board_verbs[1], "--json", "board");
    }
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    sim_board_stop(&board);
    assert_true(pread(file, text, sizeof(text) - 1, 0) > 0);
    assert_int_equal(fchdir(here), 0);
    rmdir(folder);
    close(here);
    close(file);
    close(out);
    golden_is("board", text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(boards_are_told_of)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
