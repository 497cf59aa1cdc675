/* SPDX-License-Identifier: Apache-2.0 */
/* signet ledger void, rework: one device by its name, or all that are selected. */
#include "ledger.h"
#include "when.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 64 * 1024 * 1024 };

struct mending {
    struct cli *cli;
    struct signet_ledger_selection selection;
    struct signet_ledger_decision decision;
    const char *state, *since, *until, *file;
    bool yes;
    char *text; /* of the file of names */
    const char **names;
    const char *one;
    int64_t changed, refused;
};

#define SELECTION(m)                                                                               \
    TEXT(0, "order", "NAME", "Of this order", &(m).selection.order),                               \
        TEXT(0, "state", "STATE", "In this state", &(m).state),                                    \
        TEXT(0, "error", "CODE", "That failed with this error, such as board, timeout, exists",    \
             &(m).selection.error),                                                                \
        TEXT(0, "slot", "NAME", "Last in this slot", &(m).selection.slot),                         \
        TEXT(0, "station", "NAME", "Of this station", &(m).selection.station),                     \
        TEXT(0, "since", "TIME", "Changed from then: " WHEN_HELP, &(m).since),                     \
        TEXT(0, "until", "TIME", "Changed before then", &(m).until),                               \
        TEXT(0, "names", "FILE", "Of these names, one a line; - is standard input", &(m).file),    \
        FLAG('y', "yes", "Do it; without, devices that are selected are only listed", &(m).yes),   \
        FLAG(0, "force", "Also what another station has in hand at this moment",                   \
             &(m).decision.force)

static int show_json(struct mending *m, const struct signet_ledger_decided *d)
{
    struct json j;

    json_event(&j, "device");
    json_put(&j, M_TEXT("endpoint", d->endpoint), M_GIVEN("order", d->order),
             M_TEXT("was", d->order[0] ? signet_device_state_name(d->state) : "unknown"),
             M_INT("edition", d->edition), M_BOOL("new_edition", d->new_edition),
             M_GIVEN("servers", d->servers),
             M_BOOL("done", d->error->code == SIGNET_OK && !m->decision.preview));
    if (d->error->code) {
        json_put(&j, M_TEXT("code", signet_code_name(d->error->code)),
                 M_TEXT("message", d->error->msg));
    }
    json_end(&j);
    return SIGNET_OK;
}

/* What is still to be done about the servers that have it. */
static void show_servers(const struct mending *m, const struct signet_ledger_decided *d)
{
    bool goes = d->new_edition || m->decision.remove;

    if (!d->servers[0])
        return;
    if (goes)
        printf("    to be removed at %s: the next run of %s does it, or `signet ledger sync "
               "ORDER.yaml`\n",
               PLAIN(d->servers), PLAIN(d->order));
    else if (m->decision.what == SIGNET_LEDGER_VOID)
        printf("    still at %s, which lets it in: `signet ledger void --remove` takes it away\n",
               PLAIN(d->servers));
}

/* What it was, and what it is now, or would be. */
static void show_change(const struct mending *m, const struct signet_ledger_decided *d)
{
    bool preview = m->decision.preview, voids = m->decision.what == SIGNET_LEDGER_VOID;

    printf("%-32s %s %s, %s", PLAIN(d->endpoint), preview ? "is" : "was",
           signet_device_state_name(d->state),
           voids     ? preview ? "would be void" : "is void now"
           : preview ? "would be "
                     : "waits to be ");
    if (d->new_edition)
        printf("made again as edition %d", d->edition);
    else if (!voids)
        printf("%s", m->decision.board ? "made on the board that was chosen" : "tried again");
    printf("\n");
}

static int show_decided(void *ctx, const struct signet_ledger_decided *d, struct signet_error *err)
{
    struct mending *m = ctx;
    bool works = d->error->code == SIGNET_OK;

    m->changed += works;
    m->refused += !works;
    if (m->one && !works) { /* the only one: it is the error */
        *err = *d->error;
        return (int)err->code;
    }
    if (m->cli->json)
        return show_json(m, d);
    if (!works) {
        printf("%-32s left as it is: %s\n", PLAIN(d->endpoint), PLAIN(d->error->msg));
        return SIGNET_OK;
    }
    show_change(m, d);
    show_servers(m, d);
    return SIGNET_OK;
}

static void show_sum(const struct mending *m)
{
    if (m->cli->json) {
        json_line(m->decision.preview ? "preview" : "decided", M_INT("changed", m->changed),
                  M_INT("left", m->refused));
        return;
    }
    if (m->one)
        return;
    printf("%s%s", COUNT(m->changed, "device", "devices"),
           m->decision.preview ? " would be changed" : " changed");
    if (m->refused)
        printf(", %s left as %s", COUNT(m->refused, "device", "devices"),
               m->refused == 1 ? "it is" : "they are");
    printf("%s\n", !m->changed           ? m->refused ? "" : ": none is as the options say"
                   : m->decision.preview ? "; nothing was done yet: --yes does it"
                                         : "");
}

static int match_slot(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    const char **board = ctx;
    char place[512];

    (void)err;
    snprintf(place, sizeof(place), "slot:%s/%s", d->station, d->slot);
    if (*board && strcmp(place, *board) == 0)
        *board = NULL;
    return SIGNET_OK;
}

/* A slot that has another name waits for its board in vain. */
static int warn_of_slot(struct mending *m, struct signet_ledger *ledger, struct signet_error *err)
{
    const struct signet_observer observer = cli_observer(m->cli);
    const char *board = m->decision.board;
    struct signet_error why = {0};
    const struct signet_event event = {.kind = SIGNET_EVENT_WARNING, .error = &why};

    if (!board || strncmp(board, "slot:", 5) != 0)
        return SIGNET_OK;
    int rc = signet_ledger_devices(ledger, NULL, match_slot, &board, err);
    if (rc != SIGNET_OK || !board)
        return rc;
    cli_error(&why, SIGNET_E_NOT_FOUND, "slot:STATION/SLOT, as `signet ledger stats` lists them",
              "no board was made in %.200s yet: the ledger knows no such slot", board + 5);
    observer.on_event(observer.ctx, &event);
    return SIGNET_OK;
}

static int decide(struct signet_ledger *ledger, void *ctx, struct signet_error *err)
{
    struct mending *m = ctx;
    int rc = warn_of_slot(m, ledger, err);

    if (rc == SIGNET_OK)
        rc = ledger_find_device(ledger, m->one, err);
    if (rc == SIGNET_OK)
        rc = ledger_find_order(ledger, m->selection.order, err);
    if (rc == SIGNET_OK)
        rc = ledger_find_station(ledger, m->selection.station, err);
    if (rc == SIGNET_OK)
        rc = ledger_find_slot(ledger, m->selection.slot, err);
    if (rc == SIGNET_OK)
        rc = signet_ledger_decide(ledger, &m->selection, &m->decision, show_decided, m, err);

    if (rc == SIGNET_OK)
        show_sum(m);
    return rc;
}

static int load_names(struct mending *m, struct signet_error *err)
{
    struct signet_bytes file = {0};
    size_t lines = 2;
    int rc = cli_read(m->file, NAMES_MAX, &file, err);

    if (rc == SIGNET_OK && memchr(file.data, '\0', file.len))
        rc = cli_error(err, SIGNET_E_SYNTAX, "", "%s: this is no text", m->file);
    for (size_t i = 0; rc == SIGNET_OK && i < file.len; i++)
        lines += file.data[i] == '\n';
    if (rc == SIGNET_OK) {
        m->text = calloc(1, file.len + 1);
        m->names = calloc(lines, sizeof(*m->names));
        if (!m->text || !m->names)
            rc = cli_error(err, SIGNET_E_NOMEM, "", "out of memory");
        else
            memcpy(m->text, file.data, file.len);
    }
    signet_bytes_free(&file);
    return rc;
}

/* One a line; blank lines do not count. */
static int split_names(struct mending *m, struct signet_error *err)
{
    char *rest = NULL;
    int rc = load_names(m, err);

    if (rc != SIGNET_OK)
        return rc;
    if (cli_file_kind(m->file) != SIGNET_FILE_UNKNOWN)
        return cli_error(err, SIGNET_E_MEANING, "it has one endpoint in each line, and no more",
                         "--names: '%s' is no list of names", PLAIN(m->file));
    for (char *at = strtok_r(m->text, "\r\n", &rest); at; at = strtok_r(NULL, "\r\n", &rest))
        m->names[m->selection.name_count++] = at;
    m->selection.names = m->names;
    return SIGNET_OK;
}

static bool selects(const struct mending *m)
{
    const struct signet_ledger_selection *s = &m->selection;

    return s->order || s->error || s->slot || s->station || m->state || m->since || m->until ||
           m->file;
}

static bool know_selection(struct mending *m)
{
    struct cli *cli = m->cli;
    bool many = selects(m);

    if (cli->arg_count == 2)
        m->one = cli->args[1];
    if (m->one && many)
        return cli_wrong(cli, "an endpoint is named, or devices are selected: not both");
    if (!m->one && m->decision.board)
        return cli_wrong(cli, "--board is for one new edition: which ENDPOINT gets that board?");
    if (!m->one && !many)
        return cli_wrong(cli, "which devices? ENDPOINT, or --order, --state, --names ...");
    if (m->one) {
        m->selection.names = &m->one;
        m->selection.name_count = 1;
    }
    m->decision.preview = many && !m->yes;
    return ledger_know_state(cli, m->state, &m->selection.state) &&
           when_parse(cli, "since", m->since, false, &m->selection.since) &&
           when_parse(cli, "until", m->until, true, &m->selection.until);
}

static int mend(struct mending *m)
{
    struct cli *cli = m->cli;
    int rc = SIGNET_OK;

    if (!know_selection(m))
        return EXIT_USAGE;
    if (m->file)
        rc = split_names(m, &cli->err);
    int code = rc != SIGNET_OK       ? cli_fail(cli, &cli->err)
               : m->decision.preview ? ledger_read(cli, decide, m)
                                     : ledger_change(cli, decide, m);
    free((void *)m->names);
    free(m->text);
    if (code != EXIT_DONE || !m->refused || m->decision.preview)
        return code;
    if (m->changed)
        return EXIT_PARTLY;
    cli_error(&cli->err, SIGNET_E_CONFLICT, "the line of each device says why",
              "no device was changed: %s left as %s", COUNT(m->refused, "device is", "devices are"),
              m->refused == 1 ? "it is" : "they are");
    return cli_fail(cli, &cli->err);
}

int ledger_void(int argc, char **argv)
{
    struct cli cli = {0};
    struct mending m = {.cli = &cli, .decision = {.what = SIGNET_LEDGER_VOID}};
    const struct option_row rows[] = {
        TEXT('r', "reason", "TEXT", "The reason, for the record (required)", &m.decision.reason),
        FLAG(0, "remove", "Remove it at the servers that have it, too; the next run does it",
             &m.decision.remove),
        SELECTION(m),
        SIGN_ROW(cli),
        {0}};

    if (!cli_parse(
            &cli, argc, argv, rows, "LEDGER [ENDPOINT]",
            "Ends a device for ever, or all that are selected. Its name comes back only when "
            "its credentials never left the host, or with a rework.",
            1, 2))
        return EXIT_USAGE;
    return mend(&m);
}

/* A hardware id, or a slot with its station: what is neither would never come. */
static bool is_board(const struct cli *cli, const char *board)
{
    bool slot = !strncmp(board, "slot:", 5);
    const char *name = slot ? board + 5 : board, *colon = slot ? strrchr(name, ':') : NULL;
    char hint[120] = "`signet ledger stats LEDGER` lists the stations and their slots";

    if (slot == (strchr(name, '/') != NULL))
        return true;
    if (!slot)
        snprintf(hint, sizeof(hint), "did you mean slot:%.90s?", name);
    else if (colon && colon[1])
        snprintf(hint, sizeof(hint), "did you mean slot:%.*s/%.40s?", (int)(colon - name), name,
                 colon + 1);
    cli_refuse(cli, hint, "--board '%.90s': a slot is slot:STATION/SLOT", PLAIN(board));
    return false;
}

int ledger_rework(int argc, char **argv)
{
    struct cli cli = {0};
    struct mending m = {.cli = &cli, .decision = {.what = SIGNET_LEDGER_REWORK}};
    const struct option_row rows[] = {
        TEXT('r', "reason", "TEXT", "The reason, for the record", &m.decision.reason),
        FLAG(0, "new-edition",
             "Also what failed or is not finished: new credentials, for any board, since its own "
             "is lost",
             &m.decision.new_edition),
        TEXT(0, "board", "ID",
             "The hardware id of the board that a new edition is for; slot:STATION/SLOT: the next "
             "one in that slot; any: whichever comes",
             &m.decision.board),
        SELECTION(m),
        SIGN_ROW(cli),
        {0}};

    if (!cli_parse(&cli, argc, argv, rows, "LEDGER [ENDPOINT]",
                   "Lets a device that was set aside be tried again, with the same identity on the "
                   "same board. A device that is done or void is made again as a new edition: the "
                   "same name, new credentials; the old ones are removed at its servers.",
                   1, 2))
        return EXIT_USAGE;
    if (m.decision.board && !is_board(&cli, m.decision.board))
        return EXIT_USAGE;
    if (m.decision.board && strcmp(m.decision.board, "any") == 0)
        m.decision.board = "";
    return mend(&m);
}
