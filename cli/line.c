/* SPDX-License-Identifier: Apache-2.0 */
/* signet line: a run that is under way, from another terminal or a program. */
#include "line.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

const char *line_state_word(enum signet_slot_state state)
{
    switch (state) {
    case SIGNET_SLOT_EMPTY:
        return "empty";
    case SIGNET_SLOT_WORKING:
        return "working";
    case SIGNET_SLOT_PASS:
        return "PASS";
    case SIGNET_SLOT_FAIL:
        return "FAIL";
    case SIGNET_SLOT_MADE_BEFORE:
        return "MADE BEFORE";
    case SIGNET_SLOT_CLOSED:
        return "closed";
    case SIGNET_SLOT_HALTED:
        return "STOPPED";
    case SIGNET_SLOT_WAITING:
        return "waiting";
    }
    return "?";
}

static void text_slot(const struct signet_slot_status *s)
{
    bool ended = s->state != SIGNET_SLOT_EMPTY && s->state != SIGNET_SLOT_CLOSED;

    printf("%-12s %-11s %-4s %7.1f s  %-11s %s\n", PLAIN(s->name), line_state_word(s->state),
           s->off ? "off" : "", s->seconds, PLAIN(s->stage), PLAIN(s->endpoint));
    if (ended && s->reason[0])
        printf("%-12s %s\n", "", PLAIN(s->reason));
    if (ended && s->reason[0] && s->hint[0])
        printf("%-12s hint: %s\n", "", PLAIN(s->hint));
}

static int text_view(const struct signet_control_view *view, struct signet_error *err)
{
    const struct signet_order_status *o = &view->order;

    (void)err;
    printf("%s: %s; %" PRIu64 " of %s made", PLAIN(o->name),
           o->stopping ? "it ends"
           : o->paused ? "paused"
                       : "at work",
           o->made, COUNT(o->quota, "device", "devices"));
    if (o->waiting)
        printf(", %s", COUNT(o->waiting, "waits for servers", "wait for servers"));
    printf("; this run: %" PRIu64 " passed, %" PRIu64 " failed\n", o->passed, o->failed);
    if (o->operator_name[0])
        printf("operator  %s\n", PLAIN(o->operator_name));
    if (o->shift[0])
        printf("shift     %s\n", PLAIN(o->shift));
    for (size_t i = 0; i < o->notify_count; i++)
        printf("notify    %s: %" PRIu64 " told, %s%s%s\n", PLAIN(o->notify[i].name),
               o->notify[i].told, COUNT(o->notify[i].waiting, "event waits", "events wait"),
               o->notify[i].away[0] ? "; " : "", PLAIN(o->notify[i].away));
    for (size_t i = 0; i < view->figures.alarm_count; i++)
        printf("warning   %s\n", PLAIN(view->figures.alarms[i].text));
    for (size_t i = 0; i < view->slot_count; i++)
        text_slot(&view->slots[i]);
    return SIGNET_OK;
}

static int json_view(const struct signet_control_view *view, struct signet_error *err)
{
    struct signet_bytes json = {0};
    int rc = signet_control_view_json(view, &json, err);

    if (rc == SIGNET_OK)
        printf("%s\n", (const char *)json.data);
    signet_bytes_free(&json);
    return rc;
}

/* where: an order, or its work folder. */
static int ask_line(const char *where, const char *command, const char *argument,
                    struct signet_control_view *view, struct signet_error *err)
{
    struct signet_order *order = NULL;
    struct stat st;
    bool folder = stat(where, &st) == 0 && S_ISDIR(st.st_mode);
    int rc = folder ? SIGNET_OK : signet_order_load(&order, where, err);

    if (rc == SIGNET_OK)
        rc = signet_control_ask(folder ? where : order->work, folder ? NULL : order->name, command,
                                argument, view, err);
    signet_order_free(&order);
    return rc;
}

static int line_command(struct cli *cli, const char *command, const char *argument)
{
    struct signet_control_view view = {0};
    int rc = ask_line(cli->args[0], command, argument, &view, &cli->err);

    if (rc == SIGNET_OK)
        rc = (cli->json ? json_view : text_view)(&view, &cli->err);
    signet_control_view_free(&view);
    return cli_end(cli, rc);
}

#define NOTHING_MORE "ORDER.yaml|FOLDER"

/* A verb that is a command of the run, with its argument when it has one. */
static const struct plain_verb {
    const char *name, *args_doc, *doc;
} plain_verbs[] = {
    {"status", NOTHING_MORE, "Shows what the run of this order, or in this work folder, does now."},
    {"pause", NOTHING_MORE,
     "Boards that are in work are finished; no other is begun, and no port or programmer is "
     "touched, until `signet line resume`."},
    {"resume", NOTHING_MORE, "The line goes on after a pause."},
    {"stop", NOTHING_MORE,
     "Ends the run as the first Ctrl-C does. To go on later, start it again."},
    {"operator", NOTHING_MORE " NAME",
     "Who is at work from now on: an event of the order, and in all later events."},
    {"shift", NOTHING_MORE " NAME",
     "The shift that works from now on: an event of the order, and in all later outcomes of "
     "boards."},
    {"retry", NOTHING_MORE " SLOT",
     "Tries the board that failed in the slot once more where it stands. A board whose device was "
     "set aside needs `signet line rework`."},
};

static int plain_verb(int argc, char **argv)
{
    struct cli cli = {0};
    const struct plain_verb *v = plain_verbs;
    while (strcmp(v->name, strrchr(argv[0], ' ') + 1) != 0)
        v++;
    int args = strchr(v->args_doc, ' ') ? 2 : 1;
    return cli_parse(&cli, argc, argv, NULL, v->args_doc, v->doc, args, args)
               ? line_command(&cli, v->name, args == 2 ? cli.args[1] : NULL)
               : EXIT_USAGE;
}

static int slot_verb(int argc, char **argv)
{
    struct cli cli = {0};

    if (!cli_parse(&cli, argc, argv, NULL, NOTHING_MORE " SLOT off|on",
                   "Takes a slot out: the board in it is finished, and no other is begun there; or "
                   "puts it in again.",
                   3, 3))
        return EXIT_USAGE;
    if (strcmp(cli.args[2], "off") != 0 && strcmp(cli.args[2], "on") != 0)
        return cli_usage(&cli, "a slot is off or on, not '%s'", PLAIN(cli.args[2]));
    return line_command(&cli, cli.args[2], cli.args[1]);
}

static int slot_command(struct cli *cli, const char *command, const char *slot, const char *text,
                        const char *what)
{
    char argument[512];
    int n = snprintf(argument, sizeof(argument), "%s|%s", slot, text);

    if ((size_t)n >= sizeof(argument) || strchr(slot, '|'))
        return cli_usage(cli, "the %s or the name of the slot is too long", what);
    return line_command(cli, command, argument);
}

static int scan_verb(int argc, char **argv)
{
    struct cli cli = {0};

    if (!cli_parse(
            &cli, argc, argv, NULL, NOTHING_MORE " [SLOT] CODE",
            "Gives the run a code as a scanner would: of a device, for the next board of the "
            "slot; of a slot, an operator or a carrier; or the set-up code.",
            2, 3))
        return EXIT_USAGE;
    bool slot = cli.arg_count == 3;
    return slot_command(&cli, "scan", slot ? cli.args[1] : "", cli.args[slot ? 2 : 1], "code");
}

static int rework_verb(int argc, char **argv)
{
    struct cli cli = {0};
    const char *reason = NULL;
    const struct option_row rows[] = {
        TEXT('r', "reason", "TEXT", "The reason, for the record (required)", &reason), {0}};

    if (!cli_parse(&cli, argc, argv, rows, NOTHING_MORE " SLOT",
                   "Makes the device of the board in the slot again, where the board stands: it is "
                   "erased. A finished one gets new credentials, and those of before are removed "
                   "at the servers; one that was set aside gets another attempt.",
                   2, 2))
        return EXIT_USAGE;
    return slot_command(&cli, "rework", cli.args[1], reason, "reason");
}

static int set_up_code_verb(int argc, char **argv)
{
    struct cli cli = {0};

    if (!cli_parse(
            &cli, argc, argv, NULL, "",
            "Prints the text of the set-up code. Print it as a QR code or as Code 128, and "
            "scan it into the panel or the page: they say whether the keyboard layout of the "
            "scanner is right, and which one it is.",
            0, 0))
        return EXIT_USAGE;
    printf("%s\n", signet_scan_set_up());
    return cli_end(&cli, SIGNET_OK);
}

const struct verb line_verbs[] = {
    {"status", "what the run does now", plain_verb},
    {"pause", "no other board, until it goes on", plain_verb},
    {"resume", "go on after a pause", plain_verb},
    {"slot", "take one slot out, or put it in again", slot_verb},
    {"operator", "who is at work from now on", plain_verb},
    {"shift", "which shift works from now on", plain_verb},
    {"scan", "a code, as a scanner reads it", scan_verb},
    {"retry", "the board that failed in a slot, once more", plain_verb},
    {"rework", "the device of the board in a slot, made again", rework_verb},
    {"set-up-code", "the code that tests a scanner's keyboard layout", set_up_code_verb},
    {"stop", "end the run, as Ctrl-C does", plain_verb},
    {0},
};
