/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of options to argp, which writes usage and help from them. */
#include "cli.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS_MAX = 96, KEY_UNLETTERED = 256, KEY_JSON = 1000 };

struct parse {
    struct cli *cli;
    const struct option_row *rows;
    const char *args_doc;
    int min, max;
    bool failed;
    const char *given[ROWS_MAX + 1]; /* the value of each row */
};

static bool set_number(const struct cli *cli, const struct option_row *row, const char *text)
{
    char *end, hint[sizeof(cli->err.hint)];
    bool hex = !strncmp(text, "0x", 2) || !strncmp(text, "0X", 2);
    errno = 0;
    long value = strtol(text, &end, hex ? 16 : 10); /* 010 is ten */
    if (end == text || *end || errno) {
        snprintf(
            hint, sizeof(hint),
            "%s is a whole number from %u to %u, in digits alone; '%s --help' lists the options",
            row->arg, row->min, row->max, cli->name);
        cli_refuse(cli, hint, "--%s: '%s' is not a number", row->name, PLAIN(text));
        return false;
    }
    if (value < (long)row->min || value > (long)row->max) {
        return cli_wrong(cli, "--%s: %ld is not between %u and %u", row->name, value, row->min,
                         row->max);
    }
    *(unsigned *)row->to = (unsigned)value;
    return true;
}

/* Nothing is meant by "", where a script has a variable that is not set. */
static bool is_empty(const struct cli *cli, const char *dashes, const char *name, size_t len)
{
    char hint[sizeof(cli->err.hint)];
    snprintf(hint, sizeof(hint), "is a variable of the shell unset? '%s --help' lists the options",
             cli->name);
    cli_refuse(cli, hint, "%s%.*s is empty", dashes, (int)len, name);
    return true;
}

static bool set_option(const struct cli *cli, const struct option_row *row, const char *text)
{
    struct option_list *list = row->to;
    bool texts = row->kind == KIND_LIST || (row->kind == KIND_TEXT && !row->min);
    if (texts && !text[strspn(text, " ")] && is_empty(cli, "--", row->name, strlen(row->name)))
        return false;
    switch (row->kind) {
    case KIND_FLAG:
        *(bool *)row->to = true;
        return true;
    case KIND_TEXT:
    case KIND_MAYBE:
        *(const char **)row->to = text;
        return true;
    case KIND_NUMBER:
        return set_number(cli, row, text);
    case KIND_LIST:
        if (list->count < sizeof(list->items) / sizeof(list->items[0])) {
            list->items[list->count++] = text;
            return true;
        }
        cli_usage(cli, "--%s comes too often", row->name);
    }
    return false;
}

/* Two values of an option that has one: nobody knows which of them is meant. An old spelling is the
 * same option. */
static bool is_second_value(struct parse *p, size_t row, const char *text)
{
    const struct option_row *rows = p->rows;
    bool second = false;
    for (size_t i = 0; rows[row].kind != KIND_LIST && rows[i].name; i++)
        second =
            second || (rows[i].to == rows[row].to && p->given[i] && strcmp(p->given[i], text) != 0);
    p->given[row] = text;
    if (!second)
        return false;
    cli_refuse(p->cli, "keep the one that is meant", "--%s is given two values", rows[row].name);
    return true;
}

static bool given_option(int argc, char **argv, const char *option)
{
    bool given = false;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        given = given || !strcmp(argv[i], option);
    return given;
}

static bool check_arguments(const struct parse *p)
{
    struct cli *cli = p->cli;
    const char *missing = p->args_doc; /* "LEDGER ENDPOINT": their words in order */
    cli_note_lacking(cli, p->rows, p->given);
    for (int i = 0; i < cli->arg_count && *missing; i++) {
        if (!*cli->args[i] && *missing != '[')
            return !is_empty(cli, "", missing, strcspn(missing, " "));
        missing += strcspn(missing, " ") + (strchr(missing, ' ') != NULL);
    }
    if (!cli_arguments_known(cli, p->rows, p->given, p->min, p->max))
        return false;
    if (*missing == '[' && strchr(missing, ' ')) /* "ORDER [SLOT] CODE" */
        missing = strchr(missing, ' ') + 1;
    if (cli->arg_count < p->min)
        cli_usage(cli, "%.*s is missing", (int)strcspn(missing, " "), missing);
    return cli->arg_count >= p->min && !cli_option_lacking(cli, p->rows, p->given);
}

static int key_of(const struct option_row *rows, size_t i)
{
    return rows[i].letter ? rows[i].letter : KEY_UNLETTERED + (int)i;
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
    struct parse *p = state->input;
    if (key == KEY_JSON) {
        p->cli->json = true;
        return 0;
    }
    if (key == 'h') {
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP); /* ends the program, as --help does */
        return 0;
    }
    if (key == ARGP_KEY_ARGS) {
        p->cli->args = state->argv + state->next;
        p->cli->arg_count = state->argc - state->next;
        return 0;
    }
    for (size_t i = 0; p->rows && p->rows[i].name; i++)
        if (key_of(p->rows, i) == key) {
            if (p->rows[i].of && !cli_old_option_fits(p->cli, p->rows, &p->rows[i], arg)) {
                p->failed = true;
                return EINVAL;
            }
            p->failed = is_second_value(p, i, arg ? arg : "") ||
                        !set_option(p->cli, &p->rows[i], arg ? arg : "");
            return p->failed ? EINVAL : 0;
        }
    return ARGP_ERR_UNKNOWN;
}

/* A row as argp wants it. An old spelling is hidden; one that is only a letter has no name. */
static struct argp_option argp_row(const struct option_row *rows, size_t i)
{
    const struct option_row *row = &rows[i];
    return (struct argp_option){.name = row->of && !strcmp(row->of, row->name) ? NULL : row->name,
                                .key = key_of(rows, i),
                                .arg = row->arg,
                                .flags = (row->kind == KIND_MAYBE ? OPTION_ARG_OPTIONAL : 0) |
                                         (row->of ? OPTION_HIDDEN : 0),
                                .doc = row->help};
}

/* Help ends the program inside argp. */
static const struct cli *helping;

static void close_help(void)
{
    int code = helping ? cli_close(helping, EXIT_DONE) : EXIT_DONE;
    if (code != EXIT_DONE)
        _exit(code);
}

bool cli_parse(struct cli *cli, int argc, char **argv, const struct option_row *own,
               const char *args_doc, const char *doc, int min, int max)
{
    struct argp_option options[ROWS_MAX + 3] = {0};
    struct option_row rows[ROWS_MAX + 1] = {0};
    static char help[] = "--help";
    size_t n = 0;
    cli->name = argv[0];
    cli->args_doc = *args_doc ? args_doc : NULL;
    if (cli_looked_at(own, args_doc))
        return false;
    if (argc == 2 && !strcmp(argv[1], "help") && access("help", F_OK) != 0)
        argv[1] = help;
    for (; own && own[n].name && n < ROWS_MAX; n++)
        rows[n] = own[n];
    cli_old_options(cli->name, rows, ROWS_MAX + 1);
    for (n = 0; rows[n].name; n++)
        options[n] = argp_row(rows, n);
    options[n] = (struct argp_option){
        .name = "json", .key = KEY_JSON, .doc = "One JSON object per step, for machines"};
    options[n + 1] = (struct argp_option){.key = 'h', .flags = OPTION_HIDDEN};
    if (given_option(argc, argv, "--version"))
        exit(cli_version());
    cli->json = given_option(argc, argv, "--json"); /* also for what is wrong before it */
    if (!cli_options_known(cli, argc, argv, rows))
        return false;
    setenv("ARGP_HELP_FMT", "no-dup-args-note", 0); /* longer than the options of most verbs */
    argp_err_exit_status = EXIT_USAGE; /* unknown options end the program inside argp */
    struct parse p = {.cli = cli, .rows = rows, .args_doc = args_doc, .min = min, .max = max};
    struct argp argp = {.options = options, .parser = parse_one, .args_doc = args_doc, .doc = doc};
    helping = cli;
    atexit(close_help);
    error_t rc = argp_parse(&argp, argc, argv, 0, NULL, &p);
    helping = NULL;
    return rc == 0 && !p.failed && check_arguments(&p);
}
