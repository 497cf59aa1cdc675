/* SPDX-License-Identifier: Apache-2.0 */
/* signet sim flasher: the programmer, also as what `signet sim rack` writes for its boards. */
#include "sim_verbs.h"

#include <stdlib.h>
#include <unistd.h>

static int install_flasher(const struct sim_flasher_options *options, const char *folder,
                           struct signet_error *err)
{
    char program[4096];
    const char *command[] = {program, "sim", "flasher", NULL};
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (len < 0)
        return cli_error(err, SIGNET_E_IO, "", "this program's own path is unknown");
    program[len] = '\0';
    return sim_flasher_install(options, folder, command, err);
}

static int write_images(const char *folder, struct signet_error *err)
{
    static const char image[] = ":0400000001020304F2\n:00000001FF\n";
    static const char *const names[] = {"initial", "final"};
    char path[4200];
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%s.hex", folder, names[i]);
        rc = cli_write(path, image, sizeof(image) - 1, err);
    }
    return rc;
}

int sim_rack_programmer(const char *folder, const char *rack, unsigned slots,
                        struct signet_error *err)
{
    enum { BOARD_SIZE = 300, BOARDS_MAX = 64 };
    const char *boards[BOARDS_MAX];
    char *texts = calloc(BOARDS_MAX, BOARD_SIZE), *at = rack[0] == '/' ? NULL : getcwd(NULL, 0);
    const struct sim_flasher_options options = {
        .as = "nrfjprog", .boards = boards, .board_count = slots};
    int rc = SIGNET_OK;

    if (slots > BOARDS_MAX)
        rc = cli_error(err, SIGNET_E_LIMIT, "", "a programmer has at most %d boards", BOARDS_MAX);
    for (unsigned i = 0; texts && rc == SIGNET_OK && i < slots; i++) {
        const char *top = at ? at : "", *slash = at ? "/" : "";
        boards[i] = texts + (size_t)i * BOARD_SIZE;
        snprintf(texts + (size_t)i * BOARD_SIZE, BOARD_SIZE, "S%u=%s%s%s/%u.control,%s%s%s/%u",
                 i + 1, top, slash, rack, i + 1, top, slash, rack, i + 1);
    }
    if (rc == SIGNET_OK)
        rc = texts ? install_flasher(&options, folder, err)
                   : cli_error(err, SIGNET_E_NOMEM, "", "out of memory");
    free(texts);
    free(at);
    return rc == SIGNET_OK ? write_images(folder, err) : rc;
}

static int run_flasher(struct cli *cli, const struct sim_flasher_options *options)
{
    int status = 0;
    if (sim_flasher_run(options, cli->arg_count, cli->args, stdout, &status, &cli->err) !=
        SIGNET_OK)
        return cli_fail(cli, &cli->err);
    return status;
}

int sim_flasher(int argc, char **argv)
{
    struct cli cli = {0};
    struct sim_flasher_options options = {0};
    struct option_list boards = {0};
    const char *folder = NULL;
    const struct option_row rows[] = {
        TEXT(0, "as", "TOOL", "nrfjprog, nrfutil, esptool or exec (required)", &options.as),
        LIST(0, "board", "SERIAL=CONTROL,PORT[,VCOM]",
             "A simulated board: its control socket and its port (many)", &boards),
        TEXT(0, "install", "FOLDER", "Write a script DIR/TOOL that does this, for the PATH",
             &folder),
        TEXT_OR_EMPTY('m', "misbehave", "LIST",
                      "hang, fail, crash, garbage, huge, orphan, lie, locked, delay=MS",
                      &options.misbehave),
        {0}};
    if (!cli_parse(&cli, argc, argv, rows, "[-- ARGUMENT...]",
                   "A programmer to rehearse with: takes the tool's own arguments and flashes "
                   "simulated boards.",
                   0, -1))
        return EXIT_USAGE;
    options.boards = boards.items;
    options.board_count = boards.count;
    return folder ? cli_end(&cli, install_flasher(&options, folder, &cli.err))
                  : run_flasher(&cli, &options);
}
