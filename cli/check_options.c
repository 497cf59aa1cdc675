/* SPDX-License-Identifier: Apache-2.0 */
/* What argp would refuse in words of its own is looked at before: an option that a verb does not
 * have, one without its value, an argument that is the value of an option. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const common[] = {"json", "help", "usage", "version"};
enum { COMMON = sizeof(common) / sizeof(common[0]), NAMES_MAX = 100 };

static size_t option_names(const struct option_row *rows, bool old, const char *names[NAMES_MAX])
{
    size_t n = 0;
    for (; rows && rows->name && n < NAMES_MAX - COMMON; rows++)
        if (old || !rows->of)
            names[n++] = rows->name;
    for (size_t i = 0; i < COMMON; i++)
        names[n++] = common[i];
    return n;
}

static const struct option_row *row_named(const struct option_row *rows, const char *name,
                                          size_t len)
{
    for (; rows && rows->name; rows++)
        if (strlen(rows->name) == len && !strncmp(rows->name, name, len))
            return rows;
    return NULL;
}

static const struct option_row *row_lettered(const struct option_row *rows, char letter)
{
    for (; rows && rows->name; rows++)
        if (rows->letter == letter)
            return rows;
    return NULL;
}

/* What other programs call it, and where it is here: another option, which the verb must have, or
 * words; of a verb, or of all that begin so. */
static const char *option_elsewhere(const struct cli *cli, const struct option_row *rows,
                                    const char *name, char hint[200])
{
    static const struct {
        const char *verb, *names, *row, *words;
    } others[] = {
        {"signet run",
         " quota retries template ledger station work names board slots servers output label scan "
         "notify prove lock golden min-yield slot port baud recipe flasher server ",
         NULL, "it is a key of the order: signet-order(5)"},
        {"signet page", " port host address bind ", NULL, "did you mean --listen ADDR:PORT?"},
        {"signet cert make", " days validity expires until ", NULL,
         "--cert-info FILE, a JSON file: {\"validityOffsetInSeconds\": 31536000}"},
        {"signet init", " name dir folder output ", NULL, "it is a word: signet init FOLDER"},
        {"signet ledger backup", " output out ", NULL,
         "it is a word: signet ledger backup LEDGER TO"},
        {"signet ledger list", " format csv output out ", NULL,
         "`signet ledger export -f csv LEDGER > FILE` writes a table"},
        {"signet ", " url host domain kind ", "server",
         "it is a member of the JSON file: --server FILE"},
        {"signet ", " password secret key bearer ", "token-file",
         "--token-file FILE, mode 600, or SIGNET_TOKEN"},
        {"signet ", " cn name id urn common-name device-name ", "endpoint", NULL},
        {"signet ", " dir folder outfile out-file file ", "output", NULL},
        {"signet ", " output out outfile file ", NULL, "it writes to standard output: add > FILE"},
    };
    char word[80];

    snprintf(word, sizeof(word), " %s ", name);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const char *of = others[i].row;
        if (strncmp(cli->name, others[i].verb, strlen(others[i].verb)) != 0 ||
            !strstr(others[i].names, word) || (of && !row_named(rows, of, strlen(of))))
            continue;
        snprintf(hint, 200, others[i].words ? "%s" : "did you mean --%s?",
                 others[i].words ? others[i].words : of);
        return hint;
    }
    return NULL;
}

static bool unknown_option(const struct cli *cli, const struct option_row *rows, const char *word,
                           size_t len)
{
    const char *names[NAMES_MAX];
    char name[64];
    struct signet_error err = {0};
    size_t n = option_names(rows, true, names);
    snprintf(name, sizeof(name), "%.*s", (int)len, word);
    char other[200];
    bool elsewhere = option_elsewhere(cli, rows, name, other);
    const char *near = elsewhere ? NULL : signet_word_nearest(name, names, n);
    const struct option_row *row = near ? row_named(rows, near, strlen(near)) : NULL;
    if (row && row->of) /* an old spelling */
        near = row->of;
    if (!near && !elsewhere)
        return cli_usage(cli, "there is no option --%s", PLAIN(name)) == EXIT_DONE;
    char hint[sizeof(err.hint)];
    snprintf(hint, sizeof(hint), near ? "did you mean --%s?" : "%s", near ? near : other);
    cli_error(&err, SIGNET_E_USAGE, hint, "there is no option --%s", PLAIN(name));
    cli_fail(cli, &err);
    return false;
}

static bool no_value(const struct cli *cli, const struct option_row *row)
{
    cli_usage(cli, "--%s needs a value: --%s=%s", row->name, row->name, row->arg);
    return false;
}

static bool takes_value(const struct option_row *row)
{
    return row && row->arg && row->kind != KIND_MAYBE;
}

/* "--token WORD" is no short form of --token-file: what stands there is no file. */
static bool is_secret_itself(const struct option_row *row, const char *word, size_t len)
{
    return row && !strcmp(row->name + len, "-file") &&
           (!strncmp(word, "token", len) || !strncmp(word, "passphrase", len) ||
            !strncmp(word, "new-passphrase", len));
}

/* --name, --name=value, or a beginning of the name that no other has. */
static bool long_known(const struct cli *cli, const struct option_row *rows, const char *word,
                       bool more, bool *value)
{
    const char *names[NAMES_MAX];
    size_t len = strcspn(word, "="), n = option_names(rows, false, names), found = 0;
    const struct option_row *whole = row_named(rows, word, len), *row = whole;
    for (size_t i = 0; !whole && i < n; i++)
        if (!strncmp(names[i], word, len)) {
            row = row_named(rows, names[i], strlen(names[i]));
            found++;
            if (strlen(names[i]) == len && word[len] != '=')
                return true; /* one that every verb has */
        }
    if ((!row && !found) || is_secret_itself(row, word, len))
        return unknown_option(cli, rows, word, len);
    if (found > 1) {
        cli_usage(cli, "--%.*s could be several options: write the whole name", (int)len, word);
        return false;
    }
    *value = takes_value(row) && word[len] != '=';
    if ((!row || !row->arg) && word[len] == '=') {
        cli_usage(cli, "--%.*s takes no value", (int)len, word);
        return false;
    }
    return !*value || more || no_value(cli, row);
}

/* -abc, -o value, -ovalue */
static bool letters_known(const struct cli *cli, const struct option_row *rows, const char *word,
                          bool more, bool *value)
{
    const char *whole = word;
    for (; *word; word++) {
        const struct option_row *row = row_lettered(rows, *word);
        if (!row && !strchr("h?", *word)) {
            if (row_named(rows, whole, strcspn(whole, "=")))
                cli_usage(cli, "two dashes stand before a long option: --%s", PLAIN(whole));
            else
                cli_usage(cli, "there is no option -%s", PLAIN(((char[2]){*word, '\0'})));
            return false;
        }
        if (row && row->arg) { /* the rest is its value */
            *value = takes_value(row) && !word[1];
            return !*value || more || no_value(cli, row);
        }
    }
    return true;
}

/* "--operator --watch": the value was forgotten. */
static bool value_forgotten(const struct cli *cli, const struct option_row *rows, const char *word,
                            const char *next)
{
    const char *names[NAMES_MAX];
    size_t n = option_names(rows, false, names);
    for (size_t i = 0; i < n && !strncmp(next, "--", 2); i++)
        if (!strcmp(next + 2, names[i])) {
            cli_usage(cli, "%s needs a value, and %s is an option", PLAIN(word), next);
            return true;
        }
    return false;
}

static bool address_word(const char *word)
{
    static const char local[] = "localhost";
    size_t len = strlen(local);
    if (!strncmp(word, local, len) && (!word[len] || word[len] == ':'))
        return true;
    size_t digits = strspn(word, "0123456789");
    return !word[digits] ||
           (strchr(word, ':') && !word[strspn(word, "0123456789.:[]abcdefABCDEF")]);
}

/* "--page 0.0.0.0:8080": the address would be an argument. */
static bool value_apart(const struct cli *cli, const struct option_row *rows, const char *word,
                        const char *next)
{
    const struct option_row *row =
        strncmp(word, "--", 2) ? NULL : row_named(rows, word + 2, strlen(word + 2));
    if (!row || row->kind != KIND_MAYBE || !address_word(next))
        return false;
    cli_usage(cli, "%s has its value behind '=': %s=%s", word, word, PLAIN(next));
    return true;
}

/* As word processors write two dashes. */
static bool long_dash(const struct cli *cli, const char *word)
{
    bool dash = !strncmp(word, "\xe2\x80\x93", 3) || !strncmp(word, "\xe2\x80\x94", 3) ||
                !strncmp(word, "\xe2\x88\x92", 3);
    if (dash)
        cli_usage(cli, "'%s' begins with a long dash, as word processors write it: write --%s",
                  PLAIN(word), PLAIN(word + 3 + (word[3] == '-')));
    return dash;
}

bool cli_options_known(const struct cli *cli, int argc, char **argv, const struct option_row *rows)
{
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        bool value = false, more = i + 1 < argc;
        if (!strcmp(word, "--"))
            break;
        if (long_dash(cli, word))
            return false;
        if (word[0] != '-' || !word[1])
            continue;
        if (!(word[1] == '-' ? long_known(cli, rows, word + 2, more, &value)
                             : letters_known(cli, rows, word + 1, more, &value)))
            return false;
        if ((value && value_forgotten(cli, rows, word, argv[i + 1])) ||
            (more && value_apart(cli, rows, word, argv[i + 1])))
            return false;
        i += value;
    }
    return true;
}

/* The option that takes files of that kind. */
static const struct option_row *row_for_file(const struct option_row *rows, const char *path)
{
    static const struct {
        enum signet_file_kind kind;
        const char *name;
    } options[] = {{SIGNET_FILE_CONFIG, "config"},
                   {SIGNET_FILE_JSON, "server"},
                   {SIGNET_FILE_PACKET, "packet"},
                   {SIGNET_FILE_CERT, "server-cert"}};
    char head[2048];
    FILE *file = fopen(path, "r");
    size_t len = file ? fread(head, 1, sizeof(head), file) : 0;
    enum signet_file_kind kind = len ? signet_file_kind(head, len) : SIGNET_FILE_UNKNOWN;
    if (file)
        fclose(file);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (options[i].kind == kind)
            return row_named(rows, options[i].name, strlen(options[i].name));
    return NULL;
}

/* What else a word may be that a verb does not take; "": nobody knows. */
static void guess_word(const struct cli *cli, const struct option_row *rows, const char *word,
                       char *hint, size_t size)
{
    static const struct {
        const char *verb, *hint;
    } verbs[] = {
        {"signet ledger list", "`signet ledger show LEDGER ENDPOINT` shows one device"},
        {"signet ledger export", "it writes to standard output: add > FILE"},
        {"signet report", "it writes to standard output: add > FILE"},
        {"signet packet show", "it writes to standard output: add > FILE"},
        {"signet board list", "`signet board info PORT` shows what is at a port"},
        {"signet cert fetch", "HOST:PORT is one word, such as 192.0.2.7:5684"},
    };
    const struct option_row *row = row_for_file(rows, word);
    const char *doc = cli->args_doc, *last = doc && strrchr(doc, ' ') ? strrchr(doc, ' ') + 1 : doc;
    bool there = access(word, F_OK) == 0, a_file = there || strpbrk(word, "./");
    bool a_port =
        !strncmp(word, "/dev/", 5) || !strncmp(word, "tcp:", 4) || !strncmp(word, "udp:", 4);

    if (!row && a_port)
        row = row_named(rows, "port", 4);
    if (!row && !a_port)
        row = row_named(rows, a_file ? "output" : "endpoint", a_file ? 6 : 8);
    for (size_t i = 0; !row && (!there || a_port) && i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (!strcmp(cli->name, verbs[i].verb))
            snprintf(hint, size, "%s", verbs[i].hint);
    if (row)
        snprintf(hint, size, "did you mean --%s %.150s?", row->name, word);
    else if (last && (there || !strcmp(last, "ENDPOINT")) && !hint[0])
        snprintf(hint, size, "one %.40s at a time: '%s' once for each", last, cli->name);
}

bool cli_too_many(const struct cli *cli, const struct option_row *rows, const char *word)
{
    struct signet_error err = {0};
    char hint[sizeof(err.hint)] = "";
    guess_word(cli, rows, word, hint, sizeof(hint));
    if (!hint[0]) {
        cli_usage(cli, "'%s' is one argument too many", PLAIN(word));
        return false;
    }
    cli_error(&err, SIGNET_E_USAGE, hint, "'%.150s' is one argument too many", PLAIN(word));
    cli_fail(cli, &err);
    return false;
}
