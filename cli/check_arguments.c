/* SPDX-License-Identifier: Apache-2.0 */
/* What stands on a command line and is no option: files in the wrong order, options without their
 * dashes, words that are too many. */
#include "cli.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* The option that takes files of that kind. */
static const struct option_row *row_for_file(const struct option_row *rows, const char *path)
{
    static const struct {
        enum signet_file_kind kind;
        const char *name;
    } options[] = {{SIGNET_FILE_CONFIG, "config"},      {SIGNET_FILE_JSON, "server"},
                   {SIGNET_FILE_PACKET, "packet"},      {SIGNET_FILE_CERT, "server-cert"},
                   {SIGNET_FILE_SIGNING_KEY, "sign"},   {SIGNET_FILE_KEY, "sign"},
                   {SIGNET_FILE_AUTHORITY, "authority"}};
    enum signet_file_kind kind = cli_file_kind(path);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (options[i].kind == kind)
            return cli_row_named(rows, options[i].name, strlen(options[i].name));
    return NULL;
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

/* What else a word may be that a verb does not take; "": nobody knows. */
static void guess_word(const struct cli *cli, const struct option_row *rows, const char *word,
                       char *hint, size_t size)
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
    const struct option_row *row = row_for_file(rows, word);
    const char *doc = cli->args_doc, *last = doc && strrchr(doc, ' ') ? strrchr(doc, ' ') + 1 : doc;
    if (doc && !strncmp(doc, "ORDER", 5) && cli_file_kind(word) == SIGNET_FILE_LEDGER) {
        snprintf(hint, size, "the order names its ledger: leave it out");
        return;
    }
    bool there = access(word, F_OK) == 0, a_file = there || strpbrk(word, "./");
    bool no_ledger = last && !strcmp(last, "LEDGER") && cli_file_kind(word) != SIGNET_FILE_LEDGER;
    bool a_port = !strncmp(word, "/dev/", 5) || !strncmp(word, "tty", 3) ||
                  !strncmp(word, "tcp:", 4) || !strncmp(word, "udp:", 4);

    if (cli_row_named(rows, "port", 4) && strchr(word, ':') && !strstr(word, "://") && !a_port) {
        snprintf(hint, size, "an address is one word: --port tcp:%.150s", word);
        return;
    }
    if (!row && a_port)
        row = cli_row_named(rows, "port", 4);
    if (!row && !a_port && !there)
        row = cli_row_named(rows, a_file ? "output" : "endpoint", a_file ? 6 : 8);
    if (!row && !a_file && !a_port && !strchr(word, ':') && !cli_row_named(rows, "reason", 6))
        row = cli_row_named(rows, "order", 5);
    if (word[strspn(word, "0123456789.:")] == '\0' && cli_row_named(rows, "listen", 6))
        row = cli_row_named(rows, "listen", 6);
    for (size_t i = 0;
         !row && (!there || a_port || no_ledger) && i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (!strcmp(cli->name, verbs[i].verb))
            snprintf(hint, size, "%s", verbs[i].hint);
    if (row)
        snprintf(hint, size, "did you mean --%s %.150s?", row->name, word);
    else if (!hint[0] && !a_file && !strchr(word, ':') && cli_row_named(rows, "reason", 6))
        snprintf(hint, size, "a text of several words stands in quotes: --reason \"TEXT TEXT\"");
    else if (last && !hint[0] && (there || !strcmp(last, "ENDPOINT") || last == doc))
        snprintf(hint, size, "one %.*s at a time: '%s' once for each",
                 (int)strcspn(last + (*last == '['), "]"), last + (*last == '['), cli->name);
}

static bool tell_argument(const struct cli *cli, const char *hint, const char *word,
                          const char *what)
{
    cli_refuse(cli, hint, "'%.150s' %s", PLAIN(word), what);
    return false;
}

bool cli_too_many(const struct cli *cli, const struct option_row *rows, const char *word)
{
    static const char what[] = "is one argument too many";
    char hint[sizeof(cli->err.hint)] = "", option[CLI_ELSEWHERE_SIZE];
    if (option_without_dashes(cli, rows, word, option))
        return tell_argument(cli, option, word, what);
    guess_word(cli, rows, word, hint, sizeof(hint));
    if (hint[0])
        return tell_argument(cli, hint, word, what);
    return cli_wrong(cli, "'%s' %s", PLAIN(word), what);
}

bool cli_first_missing(const struct cli *cli, const char *missing)
{
    enum signet_file_kind kind;
    const char *no = cli->arg_count == 1 ? cli_first_is_no(cli, &kind) : NULL;
    if (!no || access(cli->args[0], F_OK) == 0 || !strncmp(cli->args_doc, "LEDGER|EVENT", 12))
        return false;
    cli_usage(cli, "'%s' is no %s that is there, and %.*s is missing", PLAIN(cli->args[0]), no,
              (int)strcspn(missing, " "), missing);
    return true;
}

/* "ledger show NAME LEDGER": the first word is none, and a later one is what goes there. */
static bool swapped(const struct cli *cli)
{
    enum signet_file_kind kind;
    const char *no = cli_first_is_no(cli, &kind);
    char hint[CLI_ELSEWHERE_SIZE], what[40];

    for (int i = 1; no && i < cli->arg_count; i++)
        if (cli_file_kind(cli->args[i]) == kind) {
            snprintf(hint, sizeof(hint), "the %s stands before the other words: %s %.80s ...", no,
                     cli->name, cli->args[i]);
            snprintf(what, sizeof(what), "is no %s that is there", no);
            return !tell_argument(cli, hint, cli->args[0], what);
        }
    return false;
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

bool cli_arguments_known(const struct cli *cli, const struct option_row *rows)
{
    char hint[CLI_ELSEWHERE_SIZE];
    const char *doc = cli->args_doc ? cli->args_doc : "";
    if (!strncmp(cli->name, "signet smp ", 11) || strstr(doc, "CODE")) /* a text, as it is */
        return true;
    if (cli->arg_count && is_verb_again(cli, doc, cli->args[0]))
        return false;
    for (int i = 0; i < cli->arg_count; i++)
        if (named_value(cli, rows, cli->args[i]) || blank_at_end(cli, cli->args[i]))
            return false;
    for (int i = 0; !strcmp(cli->name, "signet run") && i < cli->arg_count; i++)
        if (access(cli->args[i], F_OK) != 0 && option_without_dashes(cli, rows, cli->args[i], hint))
            return tell_argument(cli, hint, cli->args[i], "is no order that is there");
    for (int i = 0; !strcmp(cli->name, "signet run") && i < cli->arg_count; i++)
        if (!strncmp(cli->args[i], "--", 2) && access(cli->args[i], F_OK) != 0)
            return tell_argument(cli, "options stand before --, or leave that out", cli->args[i],
                                 "stands behind --, where no option is");
    for (int i = 0; !strcmp(cli->name, "signet run") && i < cli->arg_count; i++)
        if (cli->arg_count > 1 && !strpbrk(cli->args[i], "./#&|;:") && *cli->args[i] &&
            access(cli->args[i], F_OK) != 0)
            return tell_argument(cli,
                                 "a text or a path of several words stands in quotes: "
                                 "--operator \"TEXT TEXT\"",
                                 cli->args[i], "is no order that is there");
    return cli->arg_count < 2 || !swapped(cli);
}
