/* SPDX-License-Identifier: Apache-2.0 */
/* signet sim rack: the boards of a whole line, in one process. */
#include "sim_rack.h"
#include "cli.h"
#include "sim.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool sim_firmware_named(const char *name, enum sim_firmware *out)
{
    static const char *const names[] = {"blank", "initial", "final", "smp-file"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcmp(name, names[i])) {
            *out = (enum sim_firmware)i;
            return true;
        }
    return false;
}

enum { SLOTS_MAX = 256, LOOK_MS = 100 };

struct rack {
    struct sim_board *boards[SLOTS_MAX];
    long slots;
    const char *folder, *name, *save;
    struct option_list misbehave; /* "SLOT=LIST" */
    struct sim_board_options options;
    bool control;
};

static const char *misbehaviour_of(const struct rack *r, long slot)
{
    for (size_t i = 0; i < r->misbehave.count; i++) {
        char *end = NULL;
        long n = strtol(r->misbehave.items[i], &end, 10);
        if (*end == '=' && n == slot)
            return end + 1;
    }
    return NULL;
}

/* Every board has a number of its own, also the ones that come later: slot 2's are 200001, ... */
static int start(struct rack *r, long slot, struct signet_error *err)
{
    struct sim_board_options options = r->options;
    char link[4096], control[4200], name[160];
    snprintf(link, sizeof(link), "%s/%ld", r->folder, slot);
    snprintf(control, sizeof(control), "%s.control", link);
    snprintf(name, sizeof(name), "%s-%08ld", r->name, slot * 100000 + 1);
    options.link = link;
    options.control = r->control ? control : NULL;
    options.endpoint = name;
    options.save = r->save;
    options.misbehave = misbehaviour_of(r, slot);
    options.seed = (unsigned)slot;
    return sim_board_start(&r->boards[slot - 1], &options, err);
}

static void serve(bool until_eof)
{
    const struct signet_cancel *cancel = process_cancel();
    while (!signet_cancel_fired(cancel)) {
        struct pollfd in = {.fd = until_eof ? STDIN_FILENO : -1, .events = POLLIN};
        char byte;
        if (poll(&in, 1, LOOK_MS) > 0 && read(STDIN_FILENO, &byte, 1) <= 0)
            return;
    }
}

static int run(const struct cli *cli, struct rack *r, bool until_eof)
{
    struct signet_error err = {0};
    int rc = SIGNET_OK;
    mkdir(r->folder, 0700); /* when it cannot be made, the first link says so */
    for (long slot = 1; rc == SIGNET_OK && slot <= r->slots; slot++)
        rc = start(r, slot, &err);
    if (rc == SIGNET_OK) {
        printf("%ld boards in %s\n", r->slots, r->folder);
        fflush(stdout);
        serve(until_eof);
    }
    for (long slot = 0; slot < r->slots; slot++)
        sim_board_stop(&r->boards[slot]);
    return rc == SIGNET_OK ? cli_close(cli, EXIT_DONE) : cli_fail(cli, &err);
}

int sim_rack(int argc, char **argv)
{
    struct cli cli = {0};
    struct rack r = {.slots = 4, .name = "urn:dev:os:signet-rack"};
    long boards = 1, hold = 0, baud = 0;
    const char *firmware = NULL;
    bool until_eof = false;
    const struct option_row rows[] = {
        {'n', "slots", "N", "How many boards at a time (4)", OPTION_NUMBER, &r.slots, 1, SLOTS_MAX},
        {'N', "boards", "N", "In each slot, one after the other (1)", OPTION_NUMBER, &boards, 1,
         99999},
        {'H', "hold", "MS", "A finished board is pulled that long after the last word (1000)",
         OPTION_NUMBER, &hold, 1, 3600000},
        {'b', "baud", "N", "Pace of the lines; 0: as fast as it goes", OPTION_NUMBER, &baud, 0,
         20000000},
        {'f', "firmware", "NAME", "blank, initial (default), final or smp-file", OPTION_TEXT,
         &firmware, 0, 0},
        {'e', "endpoint", "NAME", "Names are NAME-00100001 and on", OPTION_TEXT, &r.name, 0, 0},
        {'m', "misbehave", "SLOT=LIST", "One slot's boards, as `signet sim board` does (many)",
         OPTION_LIST, &r.misbehave, 0, 0},
        {'s', "save", "DIR/", "Write applied packets there", OPTION_TEXT, &r.save, 0, 0},
        {'c', "control", NULL, "Sockets DIR/N.control for the fake flasher and `sim tell`",
         OPTION_FLAG, &r.control, 0, 0},
        {'u', "until-eof", NULL, "End when standard input ends", OPTION_FLAG, &until_eof, 0, 0},
        {0}};
    if (!cli_parse(&cli, argc, argv, rows, "DIR",
                   "The boards of a line to rehearse with: their ports are DIR/1, DIR/2 and on. "
                   "They run until Ctrl-C.",
                   1, 1))
        return EXIT_USAGE;
    r.options.firmware = SIM_FIRMWARE_INITIAL;
    if (firmware && !sim_firmware_named(firmware, &r.options.firmware))
        return cli_usage(&cli, "there is no firmware '%s'", firmware);
    r.folder = cli.args[0];
    if (strlen(r.folder) > 80 && r.control)
        return cli_usage(&cli, "the folder's name is too long for sockets");
    r.options.boards = (unsigned)boards;
    r.options.hold_ms = (unsigned)hold;
    r.options.baud = (unsigned)baud;
    return run(&cli, &r, until_eof);
}

int sim_tell(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_error err = {0};
    char answer[512] = "";
    const struct option_row rows[] = {{0}};
    if (!cli_parse(&cli, argc, argv, rows, "SOCKET REQUEST",
                   "Tells a simulated board: state, reset, next (pull it and put in another), "
                   "\"name TEXT\", \"program initial chip\", stop.",
                   2, 2))
        return EXIT_USAGE;
    if (sim_board_control(cli.args[0], cli.args[1], answer, sizeof(answer), &err) != SIGNET_OK)
        return cli_fail(&cli, &err);
    printf("%s\n", answer);
    return cli_close(&cli, EXIT_DONE);
}
