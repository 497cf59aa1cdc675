/* SPDX-License-Identifier: Apache-2.0 */
/* What argp would refuse in words of its own is looked at before: an option that a verb does not
 * have, one without its value, an argument that is the value of an option. */
#include "cli.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char *const common[] = {"json", "help", "usage", "version"};
#define LETTERS "abcdefghijklmnopqrstuvwxyz"
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

const struct option_row *cli_row_named(const struct option_row *rows, const char *name, size_t len)
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

/* "--ledger one.db", where LEDGER is an argument. */
static bool names_argument(const char *doc, const char *name)
{
    size_t len = strlen(name);
    for (; *doc && len > 1; doc += strcspn(doc, " |"), doc += strspn(doc, " |")) {
        doc += *doc == '[';
        if (!strncasecmp(doc, name, len) && (!doc[len] || strchr(" .|]", doc[len])))
            return true;
    }
    return false;
}

/* What other programs call it, and where it is here: another option, which the verb must have, or
 * words; of a verb, or of all that begin so. */
const char *cli_option_elsewhere(const struct cli *cli, const struct option_row *rows,
                                 const char *name, char hint[static CLI_ELSEWHERE_SIZE])
{
    static const struct {
        const char *verb, *names, *row, *words;
    } others[] = {
        {"signet run",
         " count number token-file token ca-file allow-http quota retries template ledger station "
         "work names board slots servers "
         "output label scan "
         "notify prove lock golden min-yield slot port baud recipe flasher server ",
         NULL, "it is a key of the order: signet-order(5)"},
        {"signet run", " resume continue restart ", NULL,
         "leave it out: the same command goes on with what is left"},
        {"signet run", " log logfile log-file logging ", NULL,
         "messages go to standard error: add 2> FILE, or --json > FILE"},
        {"signet run", " c config cfg conf configuration ", NULL,
         "the order names a configuration: template: FILE"},
        {"signet run", " j jobs threads parallel workers ", NULL,
         "each slot of the order works at a time: signet-order(5), slots"},
        {"signet run", " simulate sim test check validate ", "dry-run", NULL},
        {"signet page", " tls-cert ssl-cert cert ", "page-cert", NULL},
        {"signet page", " tls-key ssl-key key ", "page-key", NULL},
        {"signet page", " port host address bind page ", NULL, "did you mean --listen ADDR:PORT?"},
        {"signet register", " dry-run ", NULL,
         "`signet server check FILE` tries the server, and registers nothing"},
        {"signet register", " list ", NULL, "--find asks for one device, --endpoint NAME"},
        {"signet register", " delete rm unregister deregister ", "remove", NULL},
        {"signet register", " check exists query ", "find", NULL},
        {"signet register", " port account tenant ", "server",
         "where the server is, and what it needs, stands in the JSON file: --server FILE"},
        {"signet packet make", " e endpoint name ", NULL,
         "a packet has no endpoint name; `signet run ORDER.yaml` fills {endpoint} in"},
        {"signet authority create", " o output out ", NULL,
         "it is a word: signet authority create FILE.tpm"},
        {"signet provision", " psk identity ", NULL,
         "it stands in the configuration: --config FILE"},
        {"signet provision", " order ", NULL,
         "`signet run ORDER.yaml` makes the devices of an order"},
        {"signet prove", " host port address hostname ", NULL,
         "the server is --uri coaps://HOST:PORT; without it, those of the packet"},
        {"signet ledger",
         " reserved keyed writing written verified registered done failed void retired ", "state",
         "a state is a value, such as --state failed"},
        {"signet report", " today yesterday day daily week weekly month monthly hour hourly shift ",
         NULL,
         "a period is --since TIME --until TIME; rows are by day, shift, operator, station, slot, "
         "order or error: --by WORD"},
        {"signet ledger export", " csv ndjson json events ", NULL,
         "the format is a value: --format csv, ndjson or events"},
        {"signet packet show", " json cfg table cbor hex ", NULL,
         "the format is a value: --format table, json, cfg or cbor-diag"},
        {"signet report", " slot operator error errors ", NULL,
         "rows are by day, shift, operator, station, slot, order or error: --by WORD"},
        {"signet report", " csv text html pdf xlsx excel ", NULL,
         "--format csv is for spreadsheets, --plot yield for a picture (SVG)"},
        {"signet ledger list", " sort order-by reverse ", NULL,
         "they stand in the order in which they were made: add | sort"},
        {"signet page", " open browser ", NULL,
         "leave it out, and open the address that it tells in a browser"},
        {"signet ledger", " since until from ", NULL,
         "`signet report --since TIME LEDGER` counts what was made from then on"},
        {"signet ledger", " limit head max n all a ", NULL,
         "all are shown: leave it out, or add | head"},
        {"signet ledger", " U W user username host dbname ", NULL,
         "a database is named by its address: postgresql://USER@HOST/NAME"},
        {"signet ledger rework", " edition ", "new-edition", NULL},
        {"signet label", " printer device port ", NULL,
         "the order names it: label: {printer: \"tcp://HOST:9100\"}"},
        {"signet label print", " all copies ", NULL,
         "one label of one device at a time, and each is recorded: repeat the command"},
        {"signet station check", " slot ", NULL, "leave it out: all slots are looked at"},
        {"signet board list", " all a ", NULL, "leave it out: all ports are shown"},
        {"signet sim server", " listen address bind addr ", "port", NULL},
        {"signet sim board", " port p device ", NULL, "did you mean --link PATH?"},
        {"signet cert", " a ca authority-file signer issuer issuer-key ca-key ", "authority", NULL},
        {"signet cert make", " curve algorithm key-type digest subject ", NULL,
         "--cert-info FILE, a JSON file with names, curve, digest, validity"},
        {"signet cert make", " days validity expires until ", NULL,
         "--cert-info FILE, a JSON file: {\"validityOffsetInSeconds\": 31536000}"},
        {"signet cert sign", " days validity expires until ", NULL,
         "the profile of the authority says it: validity_days"},
        {"signet init", " name dir folder output ", NULL, "it is a word: signet init FOLDER"},
        {"signet ledger backup", " output out ", NULL,
         "it is a word: signet ledger backup LEDGER TO"},
        {"signet ledger list", " format csv output out ", NULL,
         "`signet ledger export -f csv LEDGER > FILE` writes a table"},
        {"signet cert show", " passphrase password pass passphrase-file ", NULL,
         "`openssl pkey -in KEY -out PLAIN` takes the passphrase off"},
        {"signet ", " url host domain kind ", "server",
         "it is a member of the JSON file: --server FILE"},
        {"signet ", " password secret key bearer ", "token-file",
         "--token-file FILE, mode 600, or SIGNET_TOKEN"},
        {"signet ", " v verbose debug trace ", NULL, "leave it out; --json tells each step"},
        {"signet ", " q quiet silent ", NULL, "leave it out, or add > /dev/null"},
        {"signet ", " y yes assume-yes ", NULL, "leave it out: nothing is asked"},
        {"signet ", " m message why comment because ", "reason", NULL},
        {"signet ", " pubkey public-key ", "vkey", NULL},
        {"signet ", " template cfg conf configuration ", "config", NULL},
        {"signet ", " profile firmware ", "device", NULL},
        {"signet ", " cn name id urn common-name device-name ", "endpoint", NULL},
        {"signet ", " dir folder outfile out-file file ", "output", NULL},
        {"signet ", " output out outfile file ", NULL, "it writes to standard output: add > FILE"},
    };
    char word[80];

    snprintf(word, sizeof(word), " %s ", name);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const char *of = others[i].row;
        if (strncmp(cli->name, others[i].verb, strlen(others[i].verb)) != 0 ||
            !strstr(others[i].names, word) || (of && !cli_row_named(rows, of, strlen(of))))
            continue;
        snprintf(hint, CLI_ELSEWHERE_SIZE, others[i].words ? "%s" : "did you mean --%s?",
                 others[i].words ? others[i].words : of);
        return hint;
    }
    return NULL;
}

static bool told_elsewhere(const struct cli *cli, const struct option_row *rows, const char *name,
                           const char *next, const char *dashes)
{
    char hint[CLI_ELSEWHERE_SIZE];
    char wanted[80];
    snprintf(wanted, sizeof(wanted), " %s ", name);
    bool of_file = cli->args_doc && strspn(cli->args_doc, "[FORLEDIG") > 3 &&
                   strstr(" f i file in input input-file db database path ", wanted);
    if (of_file || names_argument(cli->args_doc ? cli->args_doc : "", name))
        snprintf(hint, sizeof(hint), "it is a word: %s %s", cli->name, cli->args_doc);
    else if (next && cli->args_doc && strstr(" c config cfg conf o order l ", wanted) &&
             cli_fits(cli->args_doc, 0, next) == CLI_FIT_SURE)
        snprintf(hint, sizeof(hint), "leave it out: %s %.150s", cli->name, next);
    else if (!cli_option_elsewhere(cli, rows, name, hint))
        return false;
    cli_refuse(cli, hint, "there is no option %s%s", dashes, PLAIN(name));
    return true;
}

/* Another verb of the noun has it, as an option or as an argument. */
static bool told_other_verb(const struct cli *cli, const char *name)
{
    char of[24], hint[CLI_ELSEWHERE_SIZE] = "";
    const char *at = strchr(cli->name, ' ');
    snprintf(of, sizeof(of), "%.*s", at ? (int)strcspn(at + 1, " ") : 0, at ? at + 1 : "");
    const struct noun *noun = cli_find_noun(of);
    for (const struct verb *verb = noun ? noun->verbs : NULL; verb && verb->name; verb++) {
        const char *doc;
        bool has = cli_verb_has(noun, verb, name, &doc);
        if (!hint[0] && (has || names_argument(doc, name)))
            snprintf(hint, sizeof(hint), "signet %s %s has it: signet %s %s%s%s%s%s", of,
                     verb->name, of, verb->name, has ? " --" : "", has ? name : "", *doc ? " " : "",
                     doc);
    }
    return hint[0] && cli_refuse(cli, hint, "there is no option --%s", PLAIN(name));
}

/* It is no slip of another one. */
static bool of_some_verb(const char *name)
{
    bool is = false;
    const char *doc;
    for (const struct noun *noun = cli_nouns; noun->name; noun++)
        for (const struct verb *verb = noun->verbs; !is && verb->name; verb++)
            is = cli_verb_has(noun, verb, name, &doc);
    return is;
}

/* Nobody knows what is meant: those that there are, as many as have room. */
static bool tell_options(const struct cli *cli, const struct option_row *rows, const char *dashes,
                         const char *name)
{
    char hint[sizeof(cli->err.hint) + 40] = "", all[160] = "";
    size_t used = 0;
    bool cut = false;
    for (; rows && rows->name; rows++)
        if (!rows->of && !(cut = cut || used + strlen(rows->name) + 5 > sizeof(all)))
            used += (size_t)snprintf(all + used, sizeof(all) - used, "%s--%s", used ? ", " : "",
                                     rows->name);
    snprintf(hint, sizeof(hint), "%s%s%s; it is: %s %s", used ? "there are " : "it has no options",
             all, cut ? ", ..." : "", cli->name, cli->args_doc ? cli->args_doc : "[OPTION...]");
    cli_refuse(cli, hint, "there is no option %s%s", dashes, PLAIN(name));
    return false;
}

/* Those of which a person may mean one: "did you mean --a or --b?"; NULL: none begins so. */
static const char *options_that_begin(const struct option_row *rows, const char *word, size_t len,
                                      char hint[static CLI_ELSEWHERE_SIZE])
{
    const char *names[NAMES_MAX];
    size_t n = option_names(rows, false, names), used = 0, size = CLI_ELSEWHERE_SIZE;
    for (size_t i = 0; i < n; i++)
        if (!strncmp(names[i], word, len) && used + strlen(names[i]) + 8 < size)
            used += (size_t)snprintf(hint + used, size - used, "%s--%s",
                                     used ? " or " : "did you mean ", names[i]);
    return used ? strcat(hint, "?") : NULL;
}

static bool letter_begins(const struct cli *cli, const struct option_row *rows, char letter)
{
    char hint[CLI_ELSEWHERE_SIZE];
    return letter != 'o' && options_that_begin(rows, &letter, 1, hint) &&
           cli_refuse(cli, hint, "there is no option -%c", letter);
}

/* "-s server.json", where the file is an argument. */
static bool told_word(const struct cli *cli, const char *name, const char *dashes, const char *next)
{
    char hint[CLI_ELSEWHERE_SIZE];
    if (!next || !cli->args_doc || !cli_names_taker(name, next))
        return false;
    snprintf(hint, sizeof(hint), "it is a word: %s %s", cli->name, cli->args_doc);
    return cli_refuse(cli, hint, "there is no option %s%s", dashes, PLAIN(name));
}

static bool unknown_option(const struct cli *cli, const struct option_row *rows, const char *word,
                           size_t len, const char *dashes, const char *next)
{
    const char *names[NAMES_MAX];
    char name[64];
    size_t n = option_names(rows, true, names);
    snprintf(name, sizeof(name), "%.*s", (int)len, word);
    if (told_elsewhere(cli, rows, name, next, dashes))
        return false;
    const char *near = signet_word_nearest(name, names, n);
    if (near && strncmp(near, name, strlen(name) < 5 ? strlen(name) : 5) != 0 && of_some_verb(name))
        near = NULL;
    if (!near && told_word(cli, name, dashes, next))
        return false;
    const struct option_row *row = near ? cli_row_named(rows, near, strlen(near)) : NULL;
    if (row && row->of) /* an old spelling */
        near = row->of;
    if (!near)
        return !(n == COMMON && told_other_verb(cli, name)) &&
               tell_options(cli, rows, dashes, name);
    char hint[sizeof(cli->err.hint)];
    snprintf(hint, sizeof(hint), "did you mean --%s?", near);
    cli_refuse(cli, hint, "there is no option %s%s", dashes, PLAIN(name));
    return false;
}

static bool no_value(const struct cli *cli, const struct option_row *row)
{
    return cli_wrong(cli, "--%s needs a value: --%s=%s", row->name, row->name, row->arg);
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

/* "--page" of --page-cert and --page-key */
static bool several_begin(const struct cli *cli, const struct option_row *rows, const char *word,
                          size_t len)
{
    char name[64], hint[CLI_ELSEWHERE_SIZE];
    snprintf(name, sizeof(name), "%.*s", (int)len, word);
    if (cli_option_elsewhere(cli, rows, name, hint))
        cli_refuse(cli, hint, "there is no option --%s", name);
    else
        cli_refuse(cli, options_that_begin(rows, word, len, hint), "--%s could be several options",
                   name);
    return false;
}

/* --name, --name=value, or a beginning of the name that no other has. */
static bool long_known(const struct cli *cli, const struct option_row *rows, const char *word,
                       const char *next, bool *value)
{
    const char *names[NAMES_MAX];
    size_t len = strcspn(word, "="), n = option_names(rows, false, names), found = 0;
    const struct option_row *whole = cli_row_named(rows, word, len), *row = whole;
    for (size_t i = 0; !whole && i < n; i++)
        if (!strncmp(names[i], word, len)) {
            row = cli_row_named(rows, names[i], strlen(names[i]));
            found++;
            if (strlen(names[i]) == len && word[len] != '=')
                return true; /* one that every verb has */
        }
    if ((!row && !found) || is_secret_itself(row, word, len))
        return unknown_option(cli, rows, word, len, "--", next);
    if (found > 1)
        return several_begin(cli, rows, word, len);
    *value = takes_value(row) && word[len] != '=';
    if ((!row || !row->arg) && word[len] == '=') {
        return cli_wrong(cli, "--%.*s takes no value: write it alone", (int)len, word);
    }
    return !*value || next || no_value(cli, row);
}

/* -abc, -o value, -ovalue */
static bool letters_known(const struct cli *cli, const struct option_row *rows, const char *word,
                          const char *next, bool *value)
{
    const char *whole = word;
    for (; *word; word++) {
        const struct option_row *row = row_lettered(rows, *word);
        if (word != whole && isdigit((unsigned char)*word) &&
            (row = row_lettered(rows, word[-1]))) {
            return cli_wrong(cli, "-%c is --%s, which takes no value", word[-1], row->name);
        }
        if (!row && !strchr("h?", *word)) {
            if (cli_row_named(rows, whole, strcspn(whole, "=")))
                cli_usage(cli, "two dashes stand before a long option: --%s", PLAIN(whole));
            else if (word == whole && strspn(whole, LETTERS) > 2) /* "-days 365" */
                return unknown_option(cli, rows, whole, strcspn(whole, "="), "-", next);
            else if (!(word == whole && whole[1] && told_elsewhere(cli, rows, whole, next, "-")) &&
                     !told_elsewhere(cli, rows, (char[2]){*word, '\0'}, next, "-") &&
                     !letter_begins(cli, rows, *word) && !told_word(cli, word, "-", next))
                tell_options(cli, rows, "-", (char[2]){*word, '\0'});
            return false;
        }
        if (row && row->arg && word[1] == '=') {
            return cli_wrong(cli, "no '=' stands behind a letter: -%c %s, or --%s=%s", *word,
                             row->arg, row->name, row->arg);
        }
        if (row && row->arg) { /* the rest is its value */
            *value = takes_value(row) && !word[1];
            return !*value || next || no_value(cli, row);
        }
    }
    return true;
}

/* "--operator --watch", "-e -c": the value was forgotten. */
static bool value_forgotten(const struct cli *cli, const struct option_row *rows, const char *word,
                            const char *next)
{
    const char *names[NAMES_MAX];
    size_t n = option_names(rows, false, names);
    if (next[0] == '-' && next[1] && !next[2] && row_lettered(rows, next[1]))
        return cli_refuse(cli, "write its value behind it; is a variable of the shell unset?",
                          "%s needs a value, and %s is an option", PLAIN(word), next);
    for (size_t i = 0; i < n && !strncmp(next, "--", 2); i++)
        if (!strcmp(next + 2, names[i])) {
            cli_usage(cli, "%s needs a value, and %s is an option", PLAIN(word), next);
            return true;
        }
    return false;
}

/* "--dry-run yes", "-n 5": the word would be an argument, and is none. */
static bool value_of_flag(const struct cli *cli, const struct option_row *rows, const char *word,
                          const char *next)
{
    static const char words[] = " yes no true false on off ";
    const struct option_row *row = word[1] != '-' ? row_lettered(rows, word[1])
                                                  : cli_row_named(rows, word + 2, strlen(word + 2));
    char wanted[16];
    snprintf(wanted, sizeof(wanted), " %.12s ", next);
    bool is_value = next[strspn(next, "0123456789")] == '\0' || strstr(words, wanted);
    if (!row || row->kind != KIND_FLAG || !is_value || access(next, F_OK) == 0 || !cli->args_doc ||
        strpbrk(cli->args_doc, "|"))
        return false;
    cli_usage(cli, "--%s takes no value, and '%s' stands behind it: leave it out", row->name,
              PLAIN(next));
    return true;
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
        strncmp(word, "--", 2) ? NULL : cli_row_named(rows, word + 2, strlen(word + 2));
    if (!row || row->kind != KIND_MAYBE || !address_word(next))
        return false;
    cli_usage(cli, "%s has its value behind '=': %s=%s", word, word, PLAIN(next));
    return true;
}

/* As word processors write quotes, at the beginning of a word or of a value. */
static bool curly_quote(const struct cli *cli, const char *word)
{
    static const char *const quotes[] = {"\xe2\x80\x9c", "\xe2\x80\x9e", "\xe2\x80\x98", "\xc2\xab",
                                         "\xe2\x80\x9d"};
    const char *value = strchr(word, '=');
    bool curly = false;
    for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++)
        curly = curly || !strncmp(word, quotes[i], strlen(quotes[i])) ||
                (value && !strncmp(value + 1, quotes[i], strlen(quotes[i])));
    curly = curly && access(word, F_OK) != 0;
    if (curly)
        cli_usage(cli,
                  "'%s' has a curly quote, as word processors write it: write \" or ', or no quote",
                  PLAIN(word));
    return curly;
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
        if (long_dash(cli, word) || curly_quote(cli, word))
            return false;
        if (word[0] != '-' || !word[1])
            continue;
        if (!(word[1] == '-' ? long_known(cli, rows, word + 2, argv[i + 1], &value)
                             : letters_known(cli, rows, word + 1, argv[i + 1], &value)))
            return false;
        if ((value && value_forgotten(cli, rows, word, argv[i + 1])) ||
            (more && (value_apart(cli, rows, word, argv[i + 1]) ||
                      value_of_flag(cli, rows, word, argv[i + 1]))))
            return false;
        i += value;
    }
    return true;
}
