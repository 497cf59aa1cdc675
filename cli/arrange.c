/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments that are swapped, missing or too many, by what each is and its place wants. */
#include "cli.h"

#include <string.h>

enum { WORDS_MAX = 8 };

/* All of them, with the place of that number left free; -1: none. */
static bool all_fit(const char *doc, char *const *words, int count, int free_place)
{
    for (int i = 0; i < count; i++)
        if (cli_fits(doc, i + (free_place >= 0 && i >= free_place), words[i]) == CLI_FIT_NOT)
            return false;
    return true;
}

/* Each word at a place that wants it for sure, and the others in their order; false: all fit as
 * they are, or in no order. */
static bool arrange(const char *doc, char *const *words, int count, char **out)
{
    bool used[WORDS_MAX] = {false};
    if (count > WORDS_MAX || all_fit(doc, words, count, -1))
        return false;
    for (int i = 0; i < count; i++) {
        out[i] = NULL;
        for (int j = 0; !out[i] && j < count; j++)
            if (!used[j] && cli_fits(doc, i, words[j]) == CLI_FIT_SURE) {
                out[i] = words[j];
                used[j] = true;
            }
    }
    for (int i = 0, j = 0; i < count; i++)
        for (; !out[i]; j++)
            out[i] = used[j] ? NULL : words[j];
    return all_fit(doc, out, count, -1);
}

static bool tell_order(const struct cli *cli, char *const *words, int wrong)
{
    struct signet_error err = {0};
    char hint[sizeof(err.hint)];
    const char *at = cli_place(cli->args_doc, wrong);
    size_t used = (size_t)snprintf(hint, sizeof(hint), "did you mean: %s", cli->name);
    for (int i = 0; i < cli->arg_count && used < sizeof(hint); i++)
        used += (size_t)snprintf(hint + used, sizeof(hint) - used,
                                 strchr(words[i], ' ') ? " \"%s\"" : " %s", words[i]);
    cli_error(&err, SIGNET_E_USAGE, hint, "'%.150s' stands where %.*s should",
              PLAIN(cli->args[wrong]), (int)strcspn(at, " "), at);
    cli_fail(cli, &err);
    return true;
}

bool cli_arguments_swapped(const struct cli *cli)
{
    char *words[WORDS_MAX];
    const char *doc = cli->args_doc ? cli->args_doc : "";
    int wrong = 0;
    if (!strcmp(doc, "LEDGER FROM") || !arrange(doc, cli->args, cli->arg_count, words))
        return false; /* that LEDGER may be a new one */
    while (cli_fits(doc, wrong, cli->args[wrong]) != CLI_FIT_NOT)
        wrong++;
    return tell_order(cli, words, wrong);
}

static const struct option_row *row_with(const char *doc, int number, const struct option_row *rows,
                                         const char *const *given)
{
    for (size_t i = 0; rows && rows[i].name; i++)
        if (given[i] && given[i][0] && cli_fits(doc, number, given[i]) == CLI_FIT_SURE)
            return &rows[i];
    return NULL;
}

/* Is it the place of that number that has no word? */
static bool told_missing(const struct cli *cli, const struct option_row *rows,
                         const char *const *given, int number)
{
    const char *doc = cli->args_doc, *at = cli_place(doc, number);
    const struct option_row *row = row_with(doc, number, rows, given);
    int len = (int)strcspn(at, " "), n = cli->arg_count;
    bool skipped = number < n && *cli_place(doc, n) && !all_fit(doc, cli->args, n, -1) &&
                   all_fit(doc, cli->args, n, number);
    if (row && number == n)
        cli_usage(cli, "%.*s is missing: '%s' is taken for the value of --%s", len, at,
                  PLAIN(given[row - rows]), row->name);
    else if (skipped && cli_fits(doc, number + 1, cli->args[number]) == CLI_FIT_SURE)
        cli_usage(cli, "%.*s is missing before '%s'", len, at, PLAIN(cli->args[number]));
    else if (skipped)
        cli_usage(cli, "'%s' is no %.*s that is there", PLAIN(cli->args[number]), len, at);
    return skipped || (row && number == n);
}

bool cli_argument_missing(const struct cli *cli, const struct option_row *rows,
                          const char *const *given, bool more)
{
    const char *doc = cli->args_doc ? cli->args_doc : "";
    int last = strstr(doc, "[SLOT]") && cli->arg_count ? 1 : cli->arg_count;
    for (int i = 0; i < last; i++)
        if (told_missing(cli, rows, given, i))
            return true;
    return more && *cli_place(doc, cli->arg_count) &&
           told_missing(cli, rows, given, cli->arg_count);
}

int cli_argument_too_many(const struct cli *cli, int max)
{
    char *words[WORDS_MAX];
    const char *doc = cli->args_doc ? cli->args_doc : "";
    int n = cli->arg_count;
    for (int without = n - 1; max && n == max + 1 && n <= WORDS_MAX && without >= 0; without--) {
        for (int i = 0; i < max; i++)
            words[i] = cli->args[i + (i >= without)];
        if (all_fit(doc, words, max, -1))
            return without;
    }
    return max;
}

bool cli_argument_repeats(const struct cli *cli, const char *word, int max)
{
    return max && cli_fits(cli->args_doc, max - 1, word) != CLI_FIT_NOT;
}
