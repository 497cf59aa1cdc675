/* SPDX-License-Identifier: Apache-2.0 */
/* signet sim: boards and servers (in files of their own), and the programmer. */
#include "sim_verbs.h"

#include <unistd.h>

static int install_flasher(struct cli *cli, const struct sim_flasher_options *options,
                           const char *folder)
{
    char program[4096];
    const char *command[] = {program, "sim", "flasher", NULL};
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (len < 0)
        return cli_usage(cli, "this program's own path is unknown");
    program[len] = '\0';
    if (sim_flasher_install(options, folder, command, &cli->err) != SIGNET_OK)
        return cli_fail(cli, &cli->err);
    return cli_close(cli, EXIT_DONE);
}

static int run_flasher(struct cli *cli, const struct sim_flasher_options *options)
{
    int status = 0;
    if (sim_flasher_run(options, cli->arg_count, cli->args, stdout, &status, &cli->err) !=
        SIGNET_OK)
        return cli_fail(cli, &cli->err);
    return status;
}

static int sim_flasher(int argc, char **argv)
{
    struct cli cli = {0};
    struct sim_flasher_options options = {0};
    struct option_list boards = {0};
    const char *folder = NULL;
    const struct option_row rows[] = {
        TEXT('a', "as", "TOOL", "nrfjprog, nrfutil or exec (required)", &options.as),
        LIST('b', "board", "SERIAL=CONTROL,PORT[,VCOM]",
             "A simulated board: its control socket and its port (many)", &boards),
        TEXT('i', "install", "DIR", "Write a script DIR/TOOL that does this, for the PATH",
             &folder),
        TEXT('m', "misbehave", "LIST", "hang, fail, crash, garbage, huge, orphan, lie, delay=MS",
             &options.misbehave),
        {0}};
    if (!cli_parse(&cli, argc, argv, rows, "[-- ARGUMENT...]",
                   "A programmer to rehearse with: takes the tool's own arguments and flashes "
                   "simulated boards.",
                   0, -1))
        return EXIT_USAGE;
    if (!options.as)
        return cli_usage(&cli, "the tool is missing: --as nrfjprog, nrfutil or exec");
    options.boards = boards.items;
    options.board_count = boards.count;
    return folder ? install_flasher(&cli, &options, folder) : run_flasher(&cli, &options);
}

const struct verb sim_verbs[] = {
    {"board", "a board on a pty, good or misbehaving", sim_board},
    {"rack", "the boards of a whole line, each in a slot", sim_rack},
    {"tell", "pull a board, reset it, ask how it is", sim_tell},
    {"server", "an onboarding server, good or misbehaving", sim_server},
    {"flasher", "a programmer that flashes such boards", sim_flasher},
    {0},
};
