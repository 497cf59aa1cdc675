/* SPDX-License-Identifier: Apache-2.0 */
/* The table of nouns, and how a command line finds its verb. */
#include "cli.h"

#include <string.h>

static const struct noun nouns[] = {
    {"init", "A folder with a line that runs at once.", init_verbs},
    {"provision", "One device, from its configuration to board and server.", provision_verbs},
    {"run", "The devices of a work order, in all slots of a line.", run_verbs},
    {"order", "Work orders that their owner signs.", order_verbs},
    {"line", "A run that is under way: its status, pauses, slots, operator.", line_verbs},
    {"station", "The place where boards are made.", station_verbs},
    {"ledger", "What was made: the record of orders, devices and events.", ledger_verbs},
    {"label", "Labels of devices.", label_verbs},
    {"report", "What was made, by day, shift, operator, station, slot, order or error.",
     report_verbs},
    {"evidence",
     "What an assessor asks for of an order: how its devices were made, and how that is shown.",
     evidence_verbs},
    {"page", "What a line does, and what was made, in a browser.", page_verbs},
    {"packet", "Packets (SenML CBOR) for devices.", packet_verbs},
    {"object", "Definitions of objects.", object_verbs},
    {"cert", "Certificates and private keys.", cert_verbs},
    {"authority", "Certificate authorities that sign for devices.", authority_verbs},
    {"register", "One device at a server.", register_verbs},
    {"open", "Batches and packets that were sealed to a certificate.", open_verbs},
    {"server", "Servers that devices are registered at.", server_verbs},
    {"prove", "Proof that a device gets in at its servers.", prove_verbs},
    {"board", "Boards that are plugged in.", board_verbs},
    {"smp", "A board's SMP server (mcumgr) over a serial port or TCP.", smp_verbs},
    {"sim", "Boards and programmers to rehearse with.", sim_verbs},
    {"completion", "Completion of commands and options, for bash, zsh and fish.", completion_verbs},
    {0},
};

static void list_verbs(FILE *to, const struct noun *noun)
{
    for (const struct verb *verb = noun->verbs; verb->name; verb++) {
        char name[40];
        snprintf(name, sizeof(name), "%s%s%s", noun->name, verb->name[0] ? " " : "", verb->name);
        fprintf(to, "  %-20s %s\n", name, verb->summary);
    }
}

static void help(FILE *to)
{
    fputs("usage: signet NOUN VERB [OPTION...] [ARGUMENT...]\n\n"
          "Factory provisioning for LwM2M devices.\n\n",
          to);
    for (const struct noun *noun = nouns; noun->name; noun++)
        list_verbs(to, noun);
    fputs("\n'signet NOUN VERB --help' lists the options of a verb.\n"
          "'signet help NOUN VERB' does the same.\n"
          "exit: 0 done, 1 failed, 2 wrong command line, 3 partly done, 4 interrupted\n",
          to);
}

static void help_noun(FILE *to, const struct noun *noun)
{
    fprintf(to, "usage: signet %s VERB [OPTION...] [ARGUMENT...]\n\n%s\n\n", noun->name,
            noun->summary);
    list_verbs(to, noun);
}

static int flushed(void)
{
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

enum { FEW = 26 }; /* names that a hint has */

/* "SIGNET_TOKEN=..." behind the program: what stands behind = may be a secret. */
static bool tell_variable(const char *word)
{
    size_t len = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (!len || word[len] != '=')
        return false;
    fprintf(stderr,
            "signet: error: '%.*s=' stands where a word of the command should\n"
            "hint: a variable stands before the program: %.*s=... signet ...\n",
            (int)len, word, (int)len, word);
    return true;
}

static const struct noun *find_named(const char *word)
{
    const struct noun *noun = nouns;
    while (noun->name && strcmp(noun->name, word) != 0)
        noun++;
    return noun->name ? noun : NULL;
}

static int unknown_word(const char *what, const char *word, const char *const *names, size_t count)
{
    const char *near = signet_word_nearest(word, names, count);
    fprintf(stderr, "signet: error: there is no %s '%s'\n", what, PLAIN(word));
    if (near)
        fprintf(stderr, "hint: did you mean '%s'?\n", near);
    else if (count > FEW)
        fputs("hint: 'signet --help' lists what there is\n", stderr);
    for (size_t i = 0; !near && count <= FEW && i < count; i++)
        fprintf(stderr, "%s%s%s", i ? ", " : "hint: there are ", names[i],
                i + 1 < count ? "" : "; 'signet --help' lists all\n");
    return EXIT_USAGE;
}

/* "verify", "packet upload": a verb that its noun was left away of, or of another noun; all that
 * have it. of: the noun that has it not, or NULL. */
static bool tell_nouns_of(const struct noun *of, const char *word)
{
    const char *names[64];
    size_t n = 0;
    for (const struct noun *noun = nouns; noun->name; noun++)
        for (const struct verb *verb = noun->verbs; verb->name; verb++)
            if (word[0] && !strcmp(verb->name, word))
                names[n++] = noun->name;
    if (n && of)
        fprintf(stderr, "signet: error: there is no verb of '%s' called '%s'\n", of->name, word);
    else if (n)
        fprintf(stderr, "signet: error: there is no command '%s'\n", word);
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, "%s'%s %s'%s",
                i == 0      ? "hint: did you mean "
                : i + 1 < n ? ", "
                            : " or ",
                names[i], word, i + 1 < n ? "" : "?\n");
    return n > 0;
}

/* A file where the command should stand. */
static bool tell_command_of_file(const char *path)
{
    static const struct {
        enum signet_file_kind kind;
        const char *command;
    } rows[] = {{SIGNET_FILE_ORDER, "run"},
                {SIGNET_FILE_CONFIG, "packet make -c"},
                {SIGNET_FILE_PACKET, "packet show"},
                {SIGNET_FILE_LEDGER, "ledger list"},
                {SIGNET_FILE_CERT, "cert show"}};
    enum signet_file_kind kind = cli_file_kind(path);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (kind == rows[i].kind) {
            fprintf(stderr, "signet: error: '%s' is a file, and no command\nhint: signet %s %s\n",
                    PLAIN(path), rows[i].command, PLAIN(path));
            return true;
        }
    return false;
}

static int meant_instead(const char *word, const char *meant)
{
    fprintf(stderr, "signet: error: there is no command '%s'\nhint: did you mean '%s'?\n", word,
            meant);
    return EXIT_USAGE;
}

static int before_command(const char *word)
{
    fprintf(stderr,
            "signet: error: %s stands before the command\n"
            "hint: options stand behind it, such as 'signet ledger list LEDGER --json'\n",
            PLAIN(word));
    return EXIT_USAGE;
}

/* "show packet", "create certs": the noun comes first. */
static const char *verb_before_noun(const char *word, const char *next, char out[CLI_MEANT_SIZE])
{
    for (const struct noun *noun = nouns; next && noun->name; noun++) {
        size_t len = strlen(noun->name);
        if (strncmp(noun->name, next, len) != 0 || strcmp(next + len, next[len] == 's' ? "s" : ""))
            continue;
        if (!cli_find_verb(noun, word))
            return cli_word_meant(noun, word, out);
        snprintf(out, CLI_MEANT_SIZE, "%s %s", noun->name, word);
        return out;
    }
    return NULL;
}

/* The verb of the noun that such a file is of. */
static const char *verb_of_file(const char *word, const char *path, char out[CLI_MEANT_SIZE])
{
    static const struct {
        enum signet_file_kind kind;
        const char *noun;
    } rows[] = {{SIGNET_FILE_ORDER, "order"},      {SIGNET_FILE_CONFIG, "packet"},
                {SIGNET_FILE_PACKET, "packet"},    {SIGNET_FILE_LEDGER, "ledger"},
                {SIGNET_FILE_CERT, "cert"},        {SIGNET_FILE_KEY, "cert"},
                {SIGNET_FILE_JSON, "server"},      {SIGNET_FILE_AUTHORITY, "authority"},
                {SIGNET_FILE_DEFINITION, "object"}};
    enum signet_file_kind kind = cli_file_kind(path);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].kind == kind && cli_find_verb(find_named(rows[i].noun), word)) {
            snprintf(out, CLI_MEANT_SIZE, "%s %s", rows[i].noun, word);
            return out;
        } else if (rows[i].kind == kind) {
            return cli_word_meant(find_named(rows[i].noun), word, out);
        }
    return NULL;
}

/* "packet-show", "packet.show", "packetshow" */
static const char *glued_words(const char *word, char out[CLI_MEANT_SIZE])
{
    for (const struct noun *noun = nouns; noun->name; noun++) {
        size_t len = strlen(noun->name);
        if (strncmp(noun->name, word, len) != 0 || !word[len])
            continue;
        const char *verb = word + len + (strchr("-_.:/ ", word[len]) != NULL);
        if (*verb && cli_find_verb(noun, verb)) {
            snprintf(out, CLI_MEANT_SIZE, "%s %s", noun->name, verb);
            return out;
        }
    }
    return NULL;
}

static int unknown_noun(const char *word, const char *next)
{
    const char *names[64];
    size_t n = 0;
    for (const struct noun *noun = nouns; noun->name; noun++)
        names[n++] = noun->name;
    names[n++] = "help";
    names[n++] = "version";
    static const char *const common[] = {"version", "help", "usage"};
    const char *option = strncmp(word, "--", 2) ? NULL : signet_word_nearest(word + 2, common, 3);
    if (option) {
        fprintf(stderr, "signet: error: there is no option %s\nhint: did you mean --%s?\n",
                PLAIN(word), option);
        return EXIT_USAGE;
    }
    if (!strcmp(word, "-v"))
        return meant_instead(word, "--version");
    if (word[0] == '-')
        return before_command(word);
    char out[CLI_MEANT_SIZE];
    const char *meant = glued_words(word, out);
    if (!meant)
        meant = verb_before_noun(word, next, out);
    const char *other = cli_noun_meant(word); /* "ca create" */
    const struct noun *alias = other ? find_named(other) : NULL;
    if (!meant && alias && next && cli_find_verb(alias, next)) {
        snprintf(out, sizeof(out), "%s %s", alias->name, next);
        meant = out;
    }
    if (!meant)
        meant = cli_word_meant(NULL, word, out);
    if (!meant && next) /* "check cfg" */
        meant = verb_of_file(word, next, out);
    if (!meant && next && cli_word_is_verb(word)) /* "get devices" */
        meant = cli_word_meant(NULL, next, out);
    if (meant)
        return meant_instead(word, meant);
    return tell_nouns_of(NULL, word) || tell_command_of_file(word) || tell_variable(word)
               ? EXIT_USAGE
               : unknown_word("command", word, names, n);
}

static int unknown_verb(const struct noun *noun, const char *word)
{
    const char *names[64];
    char what[64];
    size_t n = 0;
    for (const struct verb *verb = noun->verbs; verb->name; verb++)
        names[n++] = verb->name;
    char out[CLI_MEANT_SIZE];
    const char *bare = word + strspn(word, "-"); /* "ledger --list" */
    if (word[0] == '-' && !cli_find_verb(noun, bare))
        return before_command(word);
    const char *meant = verb_before_noun(bare, noun->name, out);
    if (!meant && !strcmp(bare, noun->name)) { /* "ledger ledger list" */
        fprintf(stderr, "signet: error: '%s' stands here twice\nhint: take one of the two out\n",
                bare);
        return EXIT_USAGE;
    }
    bool apart = !meant && find_named(bare); /* "ledger report" */
    if (meant || apart) {
        fprintf(stderr, "signet: error: there is no verb of '%s' called '%s'\nhint: %s%s%s\n",
                noun->name, word, apart ? "it is a command of its own: signet " : "did you mean '",
                apart ? bare : meant, apart ? "" : "'?");
        return EXIT_USAGE;
    }
    if (tell_command_of_file(word) || tell_variable(word) || tell_nouns_of(noun, word))
        return EXIT_USAGE;
    snprintf(what, sizeof(what), "verb of '%s' called", noun->name);
    return unknown_word(what, word, names, n);
}

static bool wants_help(const char *word)
{
    return !strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help");
}

/* argv[0] becomes "signet packet show": usage and help call the verb by it. */
static int run_verb(const struct noun *noun, const struct verb *verb, int argc, char **argv)
{
    char name[64];
    snprintf(name, sizeof(name), "signet %s%s%s", noun->name, verb->name[0] ? " " : "", verb->name);
    argv[0] = name;
    return verb->run(argc, argv);
}

static int run_noun(const struct noun *noun, int argc, char **argv)
{
    const struct verb *named = argc > 1 ? cli_find_verb(noun, argv[1]) : NULL;
    if (named)
        return run_verb(noun, named, argc - 1, argv + 1);
    if (!noun->verbs->name[0])
        return run_verb(noun, noun->verbs, argc, argv);
    if (argc < 2) {
        help_noun(stderr, noun);
        return EXIT_USAGE;
    }
    if (wants_help(argv[1])) {
        help_noun(stdout, noun);
        return flushed();
    }
    if (!strcmp(argv[1], "--version"))
        return cli_version();
    return unknown_verb(noun, argv[1]);
}

static int find_noun(int argc, char **argv)
{
    const struct noun *noun = find_named(argv[0]);
    if (noun)
        return run_noun(noun, argc, argv);
    return unknown_noun(argv[0], argc > 1 ? argv[1] : NULL);
}

/* help NOUN VERB is NOUN VERB --help. */
static int help_about(int argc, char **argv)
{
    char option[] = "--help";
    char *words[4] = {NULL};
    int n = 0;
    for (; n < argc && n < 2; n++)
        words[n] = argv[n];
    words[n++] = option;
    return find_noun(n, words);
}

int cli_run(int argc, char **argv)
{
    completion_set_nouns(nouns);
    if (argc < 2) {
        help(stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "help") && argc > 2)
        return help_about(argc - 2, argv + 2);
    if (wants_help(argv[1])) {
        help(stdout);
        return flushed();
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V") || !strcmp(argv[1], "version"))
        return cli_version();
    return find_noun(argc - 1, argv + 1);
}
