/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of options to argp, which writes usage and help from them. */
#include "cli.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 64, KEY_JSON = 1000 };

struct parse {
    struct cli *cli;
    const struct option_row *rows;
    int min, max;
    bool failed;
};

static bool set_number(struct parse *p, const struct option_row *row, const char *text)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 0);
    bool bounded = row->min != 0 || row->max != 0;
    if (end == text || *end || errno) {
        cli_usage(p->cli, "--%s: '%s' is not a number", row->name, text);
    } else if (bounded && (value < row->min || value > row->max)) {
        cli_usage(p->cli, "--%s: %ld is not between %ld and %ld", row->name, value, row->min,
                  row->max);
    } else {
        *(long *)row->to = value;
        return true;
    }
    return false;
}

static bool set(struct parse *p, const struct option_row *row, const char *text)
{
    struct option_list *list = row->to;
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)row->to = true;
        return true;
    case OPTION_TEXT:
        *(const char **)row->to = text;
        return true;
    case OPTION_NUMBER:
        return set_number(p, row, text);
    case OPTION_LIST:
        if (list->count == sizeof(list->items) / sizeof(list->items[0])) {
            cli_usage(p->cli, "--%s comes too often", row->name);
            return false;
        }
        list->items[list->count++] = text;
        return true;
    }
    return false;
}

static bool check_arguments(const struct parse *p)
{
    struct cli *cli = p->cli;
    if (cli->arg_count < p->min)
        cli_usage(cli, cli->arg_count ? "an argument is missing" : "what to work on is missing");
    else if (p->max >= 0 && cli->arg_count > p->max)
        cli_usage(cli, "'%s' is one argument too many", cli->args[p->max]);
    else
        return true;
    return false;
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
    for (const struct option_row *row = p->rows; row && row->name; row++) {
        if (row->key != key)
            continue;
        if (!set(p, row, arg)) {
            p->failed = true;
            return EINVAL;
        }
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

bool cli_parse(struct cli *cli, int argc, char **argv, const struct option_row *rows,
               const char *args_doc, const char *doc, int min, int max)
{
    struct argp_option options[ROWS_MAX + 3] = {0};
    size_t n = 0;
    for (; rows && rows[n].name && n < ROWS_MAX; n++) {
        options[n].name = rows[n].name;
        options[n].key = rows[n].key;
        options[n].arg = rows[n].arg;
        options[n].doc = rows[n].help;
    }
    options[n].name = "json";
    options[n].key = KEY_JSON;
    options[n].doc = "One JSON object per step, for machines";
    options[n + 1].key = 'h';
    options[n + 1].flags = OPTION_HIDDEN;
    cli->name = argv[0];
    argp_err_exit_status = EXIT_USAGE; /* unknown options end the program inside argp */
    struct parse p = {.cli = cli, .rows = rows, .min = min, .max = max};
    struct argp argp = {.options = options, .parser = parse_one, .args_doc = args_doc, .doc = doc};
    return argp_parse(&argp, argc, argv, 0, NULL, &p) == 0 && !p.failed && check_arguments(&p);
}
