/* SPDX-License-Identifier: Apache-2.0 */
/* What stands on a command line and is no option: files in the wrong order, options without their
 * dashes, words that are too many; and files behind another option than the one that takes them. */
#include "cli.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const struct option_row *taker(const struct option_row *rows, size_t i, const char *path)
{
    return path && cli_takers[i].kind == cli_file_kind(path)
               ? cli_row_named(rows, cli_takers[i].option, strlen(cli_takers[i].option))
               : NULL;
}

static const struct option_row *row_for_file(const struct option_row *rows, const char *path)
{
    const struct option_row *row = NULL;
    for (size_t i = 0; !row && cli_takers[i].option; i++)
        row = taker(rows, i, path);
    return row;
}

/* What the option takes, where that is not what it is given. */
static enum signet_file_kind kind_missed(const struct option_row *row, const char *path)
{
    enum signet_file_kind wanted = SIGNET_FILE_UNKNOWN, kind;
    for (size_t i = 0; cli_takers[i].option; i++)
        if (!strcmp(cli_takers[i].option, row->name)) {
            wanted = cli_takers[i].kind;
            kind = cli_file_kind(path);
            if (kind == wanted || kind == SIGNET_FILE_UNKNOWN)
                return SIGNET_FILE_UNKNOWN;
        }
    return wanted;
}

/* "--since-checkpoint 2026-11-28" */
static bool told_time(const struct cli *cli, const struct option_row *row, const char *value)
{
    if (!value || strcmp(row->name, "since-checkpoint") != 0 || !strchr(value, '-') ||
        value[strspn(value, "0123456789-:T")])
        return false;
    return cli_refuse(cli, "`signet report --since TIME LEDGER` counts from a time on",
                      "--since-checkpoint takes the file of a checkpoint, and '%s' is a time",
                      PLAIN(value));
}

/* "--config packet", "--config server.json --server cfg" */
static bool told_value(const struct cli *cli, const struct option_row *rows,
                       const char *const *given, const struct option_row *row)
{
    const char *path = given[row - rows];
    enum signet_file_kind wanted = path && !row->of ? kind_missed(row, path) : SIGNET_FILE_UNKNOWN;
    struct signet_error err = {0};
    char hint[sizeof(err.hint)];
    size_t others = 0;
    for (size_t i = 0; wanted != SIGNET_FILE_UNKNOWN && cli_takers[i].option; i++) {
        const struct option_row *other = taker(rows, i, path);
        const char *value = other ? given[other - rows] : NULL;
        bool swapped = value && cli_file_kind(value) == wanted;
        others += other && (swapped || !value);
        if (!other || (value && !swapped))
            continue;
        signet_file_explain(SIGNET_E_USAGE, wanted, path, &err);
        snprintf(hint, sizeof(hint),
                 swapped ? "the values of --%s and --%s are swapped" : "did you mean --%s %.150s?",
                 other->name, swapped ? row->name : path);
        signet_text_plain(hint, err.hint, sizeof(err.hint));
        if (swapped)
            break;
    }
    return others == 1 && strstr(err.msg, " is ") && cli_fail(cli, &err);
}

/* "remove" where --remove is meant. */
static const char *option_without_dashes(const struct cli *cli, const struct option_row *rows,
                                         const char *word, char hint[CLI_ELSEWHERE_SIZE])
{
    const struct option_row *row = cli_row_named(rows, word, strlen(word));
    if (access(word, F_OK) == 0)
        return NULL;
    if (!row || row->of || row->arg)
        return cli_option_elsewhere(cli, rows, word, hint);
    snprintf(hint, CLI_ELSEWHERE_SIZE, "did you mean --%s?", row->name);
    return hint;
}

/* What else a word may be that a verb does not take; NULL: no option. */
static const struct option_row *row_for_word(const struct option_row *rows, const char *word)
{
    const struct option_row *row = row_for_file(rows, word);
    bool there = access(word, F_OK) == 0, a_file = there || strpbrk(word, "./");
    const char *name = NULL;
    if (cli_is_port(word))
        name = "port";
    else if (strstr(word, "checkpoint"))
        name = "since-checkpoint";
    else if (!word[strspn(word, "0123456789.:")] && cli_row_named(rows, "listen", 6))
        name = "listen";
    else if (!word[strspn(word, "0123456789")] && strlen(word) > 3 &&
             cli_row_named(rows, "baud", 4))
        name = "baud";
    else if (!there && (a_file || cli_row_named(rows, "endpoint", 8)))
        name = a_file ? "output" : "endpoint";
    else if (!a_file && !strchr(word, ':') && !cli_row_named(rows, "reason", 6))
        name = "order";
    return row || !name ? row : cli_row_named(rows, name, strlen(name));
}

/* What to do with it; "": nobody knows. */
static void guess_word(const struct cli *cli, const struct option_row *rows, const char *word,
                       int max, char *hint, size_t size)
{
    static const struct {
        const char *verb, *hint;
    } verbs[] = {
        {"signet ledger list", "`signet ledger show LEDGER ENDPOINT` shows one device"},
        {"signet page", "`signet page password FILE NAME` adds a person"},
        {"signet line pause", "`signet line slot ORDER.yaml SLOT off` takes one slot out"},
        {"signet object list", "`signet object show OBJECT` shows one"},
        {"signet ledger export", "it writes to standard output: add > FILE"},
        {"signet report", "it writes to standard output: add > FILE"},
        {"signet packet show", "it writes to standard output: add > FILE"},
        {"signet board list", "`signet board info PORT` shows what is at a port"},
        {"signet cert fetch", "HOST:PORT is one word, such as 192.0.2.7:5684"},
    };
    const struct noun *noun = NULL;
    const char *command = cli_command_of_file(word, &noun);
    const struct option_row *row = row_for_word(rows, word);
    const char *doc = cli->args_doc, *last = doc && strrchr(doc, ' ') ? strrchr(doc, ' ') + 1 : doc;
    bool repeats = cli_argument_repeats(cli, word, max),
         again = repeats && (access(word, F_OK) == 0 || strcmp(last, "FILE") != 0),
         a_file = access(word, F_OK) == 0 || strpbrk(word, "./");
    if (doc && !strncmp(doc, "ORDER", 5) && cli_file_kind(word) == SIGNET_FILE_LEDGER)
        snprintf(hint, size, "the order names its ledger: leave it out");
    else if (cli_row_named(rows, "port", 4) && strchr(word, ':') && !strstr(word, "://") &&
             !cli_is_port(word))
        snprintf(hint, size, "an address is one word: --port tcp:%.150s", word);
    else if (row)
        snprintf(hint, size, "did you mean --%s %.150s?", row->name, word);
    for (size_t i = 0; !hint[0] && !again && i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (!strcmp(cli->name, verbs[i].verb))
            snprintf(hint, size, "%s", verbs[i].hint);
    if (!hint[0] && !a_file && !strchr(word, ':') && cli_row_named(rows, "reason", 6))
        snprintf(hint, size, "a text of several words stands in quotes: --reason \"TEXT TEXT\"");
    else if (!hint[0] && repeats && cli_row_named(rows, "names", 5))
        snprintf(hint, size, "several are lines of a file: --names FILE");
    else if (!hint[0] && repeats && strstr(" NAME [TEXT]", last))
        snprintf(hint, size, "a text of several words stands in quotes: \"%.60s %.60s\"",
                 cli->args[max - 1], word);
    else if (!hint[0] && repeats)
        snprintf(hint, size, "one %.*s at a time: '%s' once for each",
                 (int)strcspn(last + (*last == '['), "]"), last + (*last == '['), cli->name);
    else if (!hint[0] && command && !cli->lacks[0])
        snprintf(hint, size, "such a file is for: signet %s %.150s", command, word);
}

static bool tell_argument(const struct cli *cli, const char *hint, const char *word,
                          const char *what)
{
    cli_refuse(cli, hint, "'%.150s' %s", PLAIN(word), what);
    return false;
}

static bool told_too_many(const struct cli *cli, const struct option_row *rows, int max)
{
    static const char what[] = "is one argument too many";
    bool port = cli_is_port(cli->args[0]) && cli_row_named(rows, "port", 4);
    const char *word = cli->args[port ? 0 : cli_argument_too_many(cli, max)];
    char hint[sizeof(cli->err.hint)] = "", option[CLI_ELSEWHERE_SIZE];
    struct signet_error first = {0};
    cli_first_explained(cli, &first);
    if (first.msg[0]) /* "authority check ca.pem ca.key": neither is such a file */
        return cli_fail(cli, &first);
    if (option_without_dashes(cli, rows, word, option))
        return !tell_argument(cli, option, word, what);
    guess_word(cli, rows, word, max, hint, sizeof(hint));
    if (hint[0])
        return !tell_argument(cli, hint, word, what);
    cli_usage(cli, "'%s' %s", PLAIN(word), what);
    return true;
}

/* "ledger=one.db", "quota=3": an option without dashes, or the name of an argument. What stands
 * behind it may be a secret. */
static bool named_value(const struct cli *cli, const struct option_row *rows, const char *word)
{
    size_t len = strcspn(word, "=");
    char name[40] = "", hint[CLI_ELSEWHERE_SIZE];
    const char *doc = cli->args_doc ? cli->args_doc : "";
    if (!word[len] || !len || len >= sizeof(name) || access(word, F_OK) == 0)
        return false;
    memcpy(name, word, len);
    if (!strncmp(name, "SIGNET_", 7))
        snprintf(hint, sizeof(hint), "a variable stands before the program: %s=... %s", name,
                 cli->name);
    else if (cli_row_named(rows, name, len))
        snprintf(hint, sizeof(hint), "did you mean --%s=...?", name);
    else if (!strncasecmp(doc, name, len) && strchr(" .|", doc[len]))
        snprintf(hint, sizeof(hint), "it stands without '%s='", name);
    else if (!cli_option_elsewhere(cli, rows, name, hint))
        return false;
    snprintf(name + len, sizeof(name) - len, "=");
    return !tell_argument(cli, hint, name, "stands before an argument");
}

/* Blanks at an end come from a table or a message that was pasted; people's names may have some. */
static bool blank_at_end(const struct cli *cli, const char *word)
{
    size_t len = strlen(word);
    bool blank = len && (isspace((unsigned char)word[0]) || isspace((unsigned char)word[len - 1]));
    return blank && strncmp(cli->name, "signet line ", 12) != 0 && access(word, F_OK) != 0 &&
           !(word[len - 1] == '\r'
                 ? tell_argument(cli, "its file ends lines as Windows does: sed -i 's/\\r$//' FILE",
                                 word, "ends with a carriage return")
                 : tell_argument(cli, "take the blank out", word, "begins or ends with a blank"));
}

/* "signet run run order.yaml"; `sim rack rack` makes a folder of that name. */
static bool is_verb_again(const struct cli *cli, const char *doc, const char *word)
{
    const char *last = strrchr(cli->name, ' ');
    return last && (!strncmp(doc, "ORDER", 5) || !strncmp(doc, "LEDGER", 6)) &&
           !strcmp(last + 1, word) && access(word, F_OK) != 0 &&
           !tell_argument(cli, "take one of the two out", word, "stands here twice");
}

/* Words of a run that are no orders. */
static bool is_no_order(const struct cli *cli, const struct option_row *rows, const char *word)
{
    char hint[CLI_ELSEWHERE_SIZE];
    if (cli->arg_count > 1 && cli_file_kind(word) == SIGNET_FILE_LEDGER)
        return !tell_argument(cli, "the order names its ledger: leave it out", word,
                              "is a ledger, and no order");
    if (access(word, F_OK) == 0)
        return false;
    if (option_without_dashes(cli, rows, word, hint))
        return !tell_argument(cli, hint, word, "is no order that is there");
    if (!strncmp(word, "--", 2))
        return !tell_argument(cli, "options stand before --, or leave that out", word,
                              "stands behind --, where no option is");
    if (cli_is_port(word))
        return !tell_argument(cli, "the order names its ports: slots: [{port: PATH}]", word,
                              "is a port, and no order");
    return cli->arg_count > 1 && !strpbrk(word, "./#&|;:") && *word &&
           !tell_argument(cli,
                          "a text or a path of several words stands in quotes: "
                          "--operator \"TEXT TEXT\"",
                          word, "is no order that is there");
}

/* "prove endpoint_cfg" */
static bool is_config_alone(const struct cli *cli, const struct option_row *rows,
                            const char *const *given, const char *word)
{
    const struct option_row *row = cli_row_named(rows, "config", 6);
    char hint[sizeof(cli->err.hint)];
    if (!row || row->kind != KIND_MAYBE || given[row - rows] ||
        cli_file_kind(word) != SIGNET_FILE_CONFIG)
        return false;
    snprintf(hint, sizeof(hint), "did you mean --config %.150s?", word);
    return !tell_argument(cli, hint, word, "is a configuration, not a packet");
}

bool cli_arguments_known(const struct cli *cli, const struct option_row *rows,
                         const char *const *given, int min, int max)
{
    const char *doc = cli->args_doc ? cli->args_doc : "";
    bool texts = !strncmp(cli->name, "signet smp ", 11) || strstr(doc, "CODE"); /* as they are */
    if (cli->arg_count && is_verb_again(cli, doc, cli->args[0]))
        return false;
    for (int i = 0; !texts && i < cli->arg_count; i++)
        if (named_value(cli, rows, cli->args[i]) || blank_at_end(cli, cli->args[i]) ||
            (!strcmp(cli->name, "signet run") && is_no_order(cli, rows, cli->args[i])))
            return false;
    for (int i = 0; i < cli->arg_count; i++)
        if (is_config_alone(cli, rows, given, cli->args[i]))
            return false;
    for (size_t i = 0; rows[i].name; i++)
        if (told_value(cli, rows, given, &rows[i]) ||
            told_time(cli,
                      rows[i].of ? cli_row_named(rows, rows[i].of, strlen(rows[i].of)) : &rows[i],
                      given[i]))
            return false;
    if (max >= 0 && cli->arg_count > max)
        return !told_too_many(cli, rows, max);
    return !cli_arguments_swapped(cli) &&
           !cli_argument_missing(cli, rows, given, cli->arg_count < min);
}

static const char required[] = " (required)";

/* The next one that is needed, and was not given; NULL: none. */
static const struct option_row *lacking(const struct option_row *rows, const char *const *given,
                                        size_t from)
{
    for (size_t i = from; rows[i].name; i++) {
        const char *end = strstr(rows[i].help, required);
        if (end && !end[sizeof(required) - 1] && !given[i] && !rows[i].of)
            return &rows[i];
    }
    return NULL;
}

void cli_note_lacking(struct cli *cli, const struct option_row *rows, const char *const *given)
{
    size_t used = 0, size = sizeof(cli->lacks);
    const struct option_row *row = lacking(rows, given, 0);
    for (; row && used < size; row = lacking(rows, given, (size_t)(row - rows) + 1))
        used += (size_t)snprintf(cli->lacks + used, size - used, " --%s %s", row->name, row->arg);
}

bool cli_option_lacking(const struct cli *cli, const struct option_row *rows,
                        const char *const *given)
{
    const struct option_row *row = lacking(rows, given, 0);
    struct signet_error err = {0};
    char hint[sizeof(err.hint)];
    if (!row || (cli->args_doc && strstr(cli->args_doc, " | "))) /* which of them? comes first */
        return false;
    snprintf(hint, sizeof(hint), "%.*s; it is: %s%s%s%s",
             (int)(strlen(row->help) - strlen(required)), row->help, cli->name, cli->lacks,
             cli->args_doc ? " " : "", cli->args_doc ? cli->args_doc : "");
    for (int i = 0; i < cli->arg_count; i++)
        if (row_for_word(rows, cli->args[i]) == row)
            snprintf(hint, sizeof(hint), "did you mean --%s %.150s?", row->name, cli->args[i]);
    cli_first_explained(cli, &err);
    return err.msg[0] ? cli_fail(cli, &err)
                      : cli_refuse(cli, hint, "--%s %s is missing", row->name, row->arg);
}
