/* SPDX-License-Identifier: Apache-2.0 */
/* signet sim board, rack, tell: one board, or the boards of a whole line in one process. */
#include "sim_verbs.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLOTS_MAX = 256 };

/* Long enough that an idle simulator costs nothing, short enough for Ctrl-C. */
enum { LOOK_MS = 100 };

bool sim_firmware_named(const struct cli *cli, const char *name, enum sim_firmware *out)
{
    static const char *const names[] = {
        "blank", "initial", "final", "smp-file", "zephyr-credentials", "nrf91"};
    *out = SIM_FIRMWARE_INITIAL;
    for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcmp(name, names[i])) {
            *out = (enum sim_firmware)i;
            return true;
        }
    if (name)
        cli_usage(
            cli,
            "there is no firmware '%s': blank, initial, final, smp-file, zephyr-credentials, nrf91",
            name);
    return !name;
}

static bool generation_named(const struct cli *cli, const char *name, enum sim_generation *out)
{
    static const struct {
        const char *name;
        enum sim_generation generation;
    } rows[] = {{"3.2", SIM_ZEPHYR_32},
                {"3.3", SIM_ZEPHYR_33},
                {"3.6", SIM_ZEPHYR_36},
                {"4.4", SIM_ZEPHYR_44}};
    for (size_t i = 0; name && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!strcmp(name, rows[i].name)) {
            *out = rows[i].generation;
            return true;
        }
    if (name)
        cli_usage(cli, "there is no generation '%s': 3.2, 3.3, 3.6, 4.4", name);
    return !name;
}

void sim_wait(bool until_eof, bool (*stopped)(void *ctx), void *ctx)
{
    while (!signet_cancel_fired(process_cancel()) && !(stopped && stopped(ctx))) {
        struct pollfd in = {.fd = until_eof ? STDIN_FILENO : -1, .events = POLLIN};
        char byte;
        if (poll(&in, 1, LOOK_MS) > 0 && read(STDIN_FILENO, &byte, 1) <= 0)
            return;
    }
}

static bool board_stopped(void *ctx)
{
    struct sim_board_state state;
    sim_board_state(ctx, &state);
    return state.stopped;
}

static int list_faults(const struct cli *cli)
{
    for (size_t i = 0; sim_board_fault_name(i); i++)
        printf("%-18s %s\n", sim_board_fault_name(i), sim_board_fault_summary(i));
    return cli_close(cli, EXIT_DONE);
}

static int run_board(struct cli *cli, const struct sim_board_options *options, bool until_eof)
{
    struct sim_board *board = NULL;
    process_cancel(); /* a signal ends it in order from the moment that it is there */
    int rc = sim_board_start(&board, options, &cli->err);
    if (rc == SIGNET_OK && cli->json) {
        struct json j;
        json_event(&j, "board");
        json_put(&j, M_TEXT("port", sim_board_path(board)));
        if (options->udp)
            json_put(&j, M_INT("udp", sim_board_udp(board)));
        json_end(&j);
    } else if (rc == SIGNET_OK) {
        printf("%s\n", sim_board_path(board));
        if (options->udp)
            printf("udp:127.0.0.1:%u\n", sim_board_udp(board));
        fflush(stdout);
    }
    if (rc == SIGNET_OK)
        sim_wait(until_eof, board_stopped, board);
    sim_board_stop(&board);
    return cli_end(cli, rc);
}

/* clang-format off */
#define BOARD_ROWS(o)                                                                                        \
    TEXT(0, "link", "PATH", "Make a symbolic link to the board's port there", &(o)->link),                 \
    TEXT(0, "control", "PATH", "UNIX socket for the simulated programmer and `sim tell`", &(o)->control),  \
    NUMBER('b', "baud", "N", "Pace of the line (as fast as it goes)", &(o)->baud, 50, 20000000),             \
    TEXT('e', "endpoint", "NAME", "What the board calls itself", &(o)->endpoint),                            \
    FLAG(0, "provisioned", "The board holds credentials already", &(o)->provisioned),                      \
    TEXT_OR_EMPTY('m', "misbehave", "LIST", "As --misbehaviours lists, with commas between", &(o)->misbehave),        \
    TEXT(0, "save", "FILE", "Write an applied packet there (DIR/: under the board's name)", &(o)->save),   \
    NUMBER('N', "boards", "N", "When a board holds its packet, another one takes its place, N in all",       \
           &(o)->boards, 1, 1000000),                                                                        \
    NUMBER('H', "hold", "MS", "So long after the last request it is pulled, with --boards (1000)", &(o)->hold_ms, 1, 3600000),      \
    NUMBER(0, "seed", "N", "Seed of what happens at random", &(o)->seed, 0, INT32_MAX),                         \
    NUMBER(0, "buf-size", "N", "Buffer of its SMP server (384)", &(o)->buf_size, 128, 16384),              \
    FLAG(0, "no-parameters", "Its SMP server does not tell its buffers", &(o)->no_parameters)
/* clang-format on */

int sim_board(int argc, char **argv)
{
    struct cli cli = {0};
    struct sim_board_options options = {0};
    const char *firmware = NULL, *generation = NULL;
    bool list = false, until_eof = false;
    unsigned fs_size = 0;
    const struct option_row rows[] = {
        BOARD_ROWS(&options),
        TEXT(0, "generation", "V", "Zephyr 3.2, 3.3 (default), 3.6 or 4.4", &generation),
        TEXT(0, "firmware", "NAME",
             "blank, initial (default), final, smp-file, zephyr-credentials or nrf91", &firmware),
        NUMBER('L', "line-buffers", "N", "Lines of a packet that it holds at a time (any)",
               &options.line_buffers, 1, 64),
        NUMBER('z', "fs-size", "BYTES", "Room for files, with smp-file (4 MiB each)", &fs_size, 1,
               1u << 30),
        FLAG('U', "udp", "It listens on a UDP port of 127.0.0.1 too, printed behind its pty",
             &options.udp),
        FLAG('M', "misbehaviours", "List the misbehaviours", &list),
        FLAG('u', "until-eof", "End when standard input ends", &until_eof),
        {0}};
    if (!cli_parse(
            &cli, argc, argv, rows, "",
            "A board to rehearse with, on a pty whose path is printed. It runs until Ctrl-C.", 0,
            0))
        return EXIT_USAGE;
    if (list)
        return list_faults(&cli);
    if (!sim_firmware_named(&cli, firmware, &options.firmware) ||
        !generation_named(&cli, generation, &options.generation))
        return EXIT_USAGE;
    options.fs_size = fs_size;
    return run_board(&cli, &options, until_eof);
}

struct rack {
    struct sim_board *boards[SLOTS_MAX];
    unsigned slots;
    const char *folder, *name, *programmer;
    struct option_list misbehave; /* "SLOT=LIST" */
    struct sim_board_options options;
    bool control;
};

/* "SLOT=LIST"; NULL: it is none. */
static const char *slot_faults(const char *item, unsigned *slot)
{
    char *end = NULL;

    *slot = (unsigned)strtoul(item, &end, 10);
    return end != item && *end == '=' ? end + 1 : NULL;
}

static const char *misbehaviour_of(const struct rack *r, unsigned slot)
{
    unsigned n;

    for (size_t i = 0; i < r->misbehave.count; i++) {
        const char *faults = slot_faults(r->misbehave.items[i], &n);
        if (faults && n == slot)
            return faults;
    }
    return NULL;
}

static bool check_rack(const struct cli *cli, const struct rack *r)
{
    unsigned n;

    for (size_t i = 0; i < r->misbehave.count; i++) {
        const char *item = r->misbehave.items[i];
        if (!slot_faults(item, &n))
            return cli_wrong(cli, "--misbehave '%s' is not SLOT=LIST", item);
        if (n < 1 || n > r->slots)
            return cli_wrong(cli, "--misbehave '%s': there are slots 1 to %u", item, r->slots);
    }
    if (r->options.fresh && !r->options.state)
        return cli_wrong(cli, "--fresh is about boards that --keep keeps");
    if (strlen(r->folder) > 80 && r->control)
        return cli_wrong(cli, "the folder's name is too long for sockets");
    return true;
}

/* Every board has a number of its own, also the ones that come later: slot 2's are 200001, ... */
static int start_board(struct rack *r, unsigned slot, struct signet_error *err)
{
    struct sim_board_options options = r->options;
    char link[4096], control[4200], name[160];
    snprintf(link, sizeof(link), "%s/%u", r->folder, slot);
    snprintf(control, sizeof(control), "%s.control", link);
    snprintf(name, sizeof(name), "%s-%08u", r->name, slot * 100000 + 1);
    options.link = link;
    options.control = r->control ? control : NULL;
    options.endpoint = name;
    options.misbehave = misbehaviour_of(r, slot);
    options.seed = options.slot = slot;
    return sim_board_start(&r->boards[slot - 1], &options, err);
}

static void tell_rack(const struct cli *cli, const struct rack *r)
{
    if (!cli->json) {
        printf("%s in %s\n", COUNT(r->slots, "board", "boards"), r->folder);
        fflush(stdout);
        return;
    }
    json_line("rack", M_TEXT("folder", r->folder), M_INT("boards", r->slots));
}

static int run_rack(struct cli *cli, struct rack *r, bool until_eof)
{
    process_cancel();
    int rc = r->programmer ? sim_rack_programmer(r->programmer, r->folder, r->slots, &cli->err)
                           : SIGNET_OK;
    mkdir(r->folder, 0700); /* when it cannot be made, the first link says so */
    if (r->options.state)
        mkdir(r->options.state, 0700);
    for (unsigned slot = 1; rc == SIGNET_OK && slot <= r->slots; slot++)
        rc = start_board(r, slot, &cli->err);
    if (rc == SIGNET_OK) {
        tell_rack(cli, r);
        sim_wait(until_eof, NULL, NULL);
    }
    for (unsigned slot = 0; slot < r->slots; slot++)
        sim_board_stop(&r->boards[slot]);
    return cli_end(cli, rc);
}

int sim_rack(int argc, char **argv)
{
    struct cli cli = {0};
    struct rack r = {.slots = 4, .name = "urn:dev:os:signet-rack"};
    const char *firmware = NULL;
    bool until_eof = false;
    const struct option_row rows[] = {
        NUMBER(0, "slots", "N", "How many boards at a time (4)", &r.slots, 1, SLOTS_MAX),
        NUMBER('N', "boards", "N", "In each slot, one after the other (1)", &r.options.boards, 1,
               99999),
        NUMBER('H', "hold", "MS", "A finished board is pulled that long after the last word (1000)",
               &r.options.hold_ms, 1, 3600000),
        NUMBER('b', "baud", "N", "Pace of the lines; 0: as fast as it goes", &r.options.baud, 0,
               20000000),
        TEXT(0, "firmware", "NAME",
             "blank, initial (default), final, smp-file, zephyr-credentials or nrf91", &firmware),
        TEXT('e', "endpoint", "NAME", "Names are NAME-00100001 and on", &r.name),
        LIST('m', "misbehave", "SLOT=LIST", "One slot's boards, as `signet sim board` does (many)",
             &r.misbehave),
        TEXT(0, "save", "FOLDER/", "Write applied packets there", &r.options.save),
        FLAG(0, "control", "Sockets DIR/N.control for the simulated programmer and `sim tell`",
             &r.control),
        TEXT(0, "keep", "FOLDER", "Boards keep what they hold there, over a restart",
             &r.options.state),
        FLAG(0, "fresh", "Begin with new boards in place of those that --keep keeps",
             &r.options.fresh),
        TEXT(0, "programmer", "FOLDER",
             "Write DIR/nrfjprog, a programmer of these boards with the serial numbers S1, S2 and "
             "on, and its images; with --control",
             &r.programmer),
        TEXT('j', "journal", "FILE", "Add what happens to boards to that file, an object a line",
             &r.options.journal),
        FLAG('u', "until-eof", "End when standard input ends", &until_eof),
        {0}};
    if (!cli_parse(&cli, argc, argv, rows, "DIR",
                   "The boards of a line to rehearse with: their ports are DIR/1, DIR/2 and on. "
                   "They run until Ctrl-C.",
                   1, 1) ||
        !sim_firmware_named(&cli, firmware, &r.options.firmware))
        return EXIT_USAGE;
    r.folder = cli.args[0];
    r.control = r.control || r.programmer;
    if (!check_rack(&cli, &r))
        return EXIT_USAGE;
    return run_rack(&cli, &r, until_eof);
}

int sim_tell(int argc, char **argv)
{
    struct cli cli = {0};
    char answer[512] = "";
    if (!cli_parse(&cli, argc, argv, NULL, "SOCKET REQUEST",
                   "Tells a simulated board, or a server: state, reset, next (pull it and put in "
                   "another), "
                   "replug, pull, \"insert SERIAL\", \"name TEXT\", \"program initial chip\", "
                   "stop; \"misbehave LIST\", away, back, revoke.",
                   2, 2))
        return EXIT_USAGE;
    if (sim_control(cli.args[0], cli.args[1], answer, sizeof(answer), &cli.err) != SIGNET_OK)
        return cli_fail(&cli, &cli.err);
    if (cli.json)
        json_line("told", M_TEXT("answer", answer));
    else
        printf("%s\n", answer);
    return cli_close(&cli, EXIT_DONE);
}
