/* SPDX-License-Identifier: Apache-2.0 */
/* signet sim board */
#include "sim.h"
#include "cli.h"
#include "sim_rack.h"
#include "sim_server.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

/* Long enough that an idle simulator costs nothing, short enough for Ctrl-C. */
enum { LOOK_MS = 100 };

static bool generation_named(const char *name, enum sim_generation *out)
{
    if (!strcmp(name, "3.2"))
        *out = SIM_ZEPHYR_32;
    else if (!strcmp(name, "3.3"))
        *out = SIM_ZEPHYR_33;
    else if (!strcmp(name, "3.6"))
        *out = SIM_ZEPHYR_36;
    else
        return false;
    return true;
}

static void list_faults(void)
{
    for (size_t i = 0; sim_board_fault_name(i); i++)
        printf("%-18s %s\n", sim_board_fault_name(i), sim_board_fault_summary(i));
}

/* Until Ctrl-C, "stop" over the control socket, or standard input's end with --until-eof. */
static void serve(struct sim_board *board, bool until_eof)
{
    const struct signet_cancel *cancel = process_cancel();
    struct sim_board_state state = {0};
    while (!signet_cancel_fired(cancel)) {
        struct pollfd in = {.fd = until_eof ? STDIN_FILENO : -1, .events = POLLIN};
        char byte;
        if (poll(&in, 1, LOOK_MS) > 0 && read(STDIN_FILENO, &byte, 1) <= 0)
            return;
        sim_board_state(board, &state);
        if (state.stopped)
            return;
    }
}

static void announce(const struct cli *cli, const struct sim_board *board)
{
    if (cli->json) {
        struct json j;
        json_begin(&j, stdout);
        json_text(&j, "port", sim_board_path(board));
        json_end(&j);
    } else {
        printf("%s\n", sim_board_path(board));
    }
    fflush(stdout);
}

static int sim_board(int argc, char **argv)
{
    struct cli cli = {0};
    struct sim_board_options options = {.firmware = SIM_FIRMWARE_INITIAL};
    const char *firmware = NULL, *generation = NULL;
    long boards = 1, hold = 0, baud = 0, seed = 0, buf_size = 0;
    bool list = false, until_eof = false;
    const struct option_row rows[] = {
        {'l', "link", "PATH", "Make a symbolic link to the board's port there", OPTION_TEXT,
         &options.link, 0, 0},
        {'c', "control", "PATH", "UNIX socket for the fake flasher", OPTION_TEXT, &options.control,
         0, 0},
        {'b', "baud", "N", "Pace of the line (as fast as it goes)", OPTION_NUMBER, &baud, 50,
         20000000},
        {'g', "generation", "V", "Zephyr 3.2, 3.3 (default) or 3.6", OPTION_TEXT, &generation, 0,
         0},
        {'f', "firmware", "NAME", "blank, initial (default), final or smp-file", OPTION_TEXT,
         &firmware, 0, 0},
        {'e', "endpoint", "NAME", "What the board calls itself", OPTION_TEXT, &options.endpoint, 0,
         0},
        {'P', "provisioned", NULL, "The board holds credentials already", OPTION_FLAG,
         &options.provisioned, 0, 0},
        {'m', "misbehave", "LIST", "As --misbehaviours lists, with commas between", OPTION_TEXT,
         &options.misbehave, 0, 0},
        {'M', "misbehaviours", NULL, "List them", OPTION_FLAG, &list, 0, 0},
        {'s', "save", "FILE", "Write an applied packet there (DIR/: under the board's name)",
         OPTION_TEXT, &options.save, 0, 0},
        {'N', "boards", "N", "When a board holds its packet, another one takes its place, N in all",
         OPTION_NUMBER, &boards, 1, 1000000},
        {'H', "hold", "MS", "That long after the last word to it (1000)", OPTION_NUMBER, &hold, 1,
         3600000},
        {'S', "seed", "N", "Of what happens at random", OPTION_NUMBER, &seed, 0, 0},
        {'B', "buf-size", "N", "Buffer of its SMP server (384)", OPTION_NUMBER, &buf_size, 128,
         16384},
        {'n', "no-parameters", NULL, "Its SMP server does not tell its buffers", OPTION_FLAG,
         &options.no_parameters, 0, 0},
        {'u', "until-eof", NULL, "End when standard input ends", OPTION_FLAG, &until_eof, 0, 0},
        {0}};
    if (!cli_parse(
            &cli, argc, argv, rows, "",
            "A board to rehearse with, on a pty whose path is printed. It runs until Ctrl-C.", 0,
            0))
        return EXIT_USAGE;
    if (list) {
        list_faults();
        return cli_close(&cli, EXIT_DONE);
    }
    if (firmware && !sim_firmware_named(firmware, &options.firmware))
        return cli_usage(&cli, "there is no firmware '%s'", firmware);
    if (generation && !generation_named(generation, &options.generation))
        return cli_usage(&cli, "there is no generation '%s'", generation);
    options.boards = (unsigned)boards;
    options.hold_ms = (unsigned)hold;
    options.baud = (unsigned)baud;
    options.seed = (unsigned)seed;
    options.buf_size = (unsigned)buf_size;
    struct sim_board *board = NULL;
    struct signet_error err = {0};
    if (sim_board_start(&board, &options, &err) != SIGNET_OK)
        return cli_fail(&cli, &err);
    announce(&cli, board);
    serve(board, until_eof);
    sim_board_stop(&board);
    return cli_close(&cli, EXIT_DONE);
}

static int install(const struct cli *cli, const struct sim_flasher_options *options,
                   const char *folder)
{
    char program[4096];
    const char *command[] = {program, "sim", "flasher", NULL};
    struct signet_error err = {0};
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (len < 0)
        return cli_usage(cli, "this program's own path is unknown");
    program[len] = '\0';
    if (sim_flasher_install(options, folder, command, &err) != SIGNET_OK)
        return cli_fail(cli, &err);
    return cli_close(cli, EXIT_DONE);
}

static int sim_flasher(int argc, char **argv)
{
    struct cli cli = {0};
    struct sim_flasher_options options = {0};
    struct option_list boards = {0};
    struct signet_error err = {0};
    const char *folder = NULL;
    int status = 0;
    const struct option_row rows[] = {
        {'a', "as", "TOOL", "nrfjprog, nrfutil or exec (required)", OPTION_TEXT, &options.as, 0, 0},
        {'b', "board", "SERIAL=CONTROL,PORT[,VCOM]",
         "A simulated board: its control socket and its port (many)", OPTION_LIST, &boards, 0, 0},
        {'i', "install", "DIR", "Write a script DIR/TOOL that does this, for the PATH", OPTION_TEXT,
         &folder, 0, 0},
        {'m', "misbehave", "LIST", "hang, fail, crash, garbage, huge, orphan, lie, delay=MS",
         OPTION_TEXT, &options.misbehave, 0, 0},
        {0}};
    if (!cli_parse(&cli, argc, argv, rows, "[-- ARGUMENT...]",
                   "A programmer to rehearse with: takes the tool's own arguments and flashes "
                   "simulated boards.",
                   0, -1))
        return EXIT_USAGE;
    if (!options.as)
        return cli_usage(&cli, "--as is missing");
    options.boards = boards.items;
    options.board_count = boards.count;
    if (folder)
        return install(&cli, &options, folder);
    if (sim_flasher_run(&options, cli.arg_count, cli.args, stdout, &status, &err) != SIGNET_OK)
        return cli_fail(&cli, &err);
    return status;
}

const struct verb sim_verbs[] = {
    {"board", "a board on a pty, good or misbehaving", sim_board},
    {"rack", "the boards of a whole line, each in a slot", sim_rack},
    {"tell", "pull a board, reset it, ask how it is", sim_tell},
    {"server", "an onboarding server, good or misbehaving", sim_server},
    {"flasher", "a programmer that flashes such boards", sim_flasher},
    {0},
};
