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
    const struct cli cli = {.name = "signet"};
    return cli_close(&cli, EXIT_DONE);
}

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

/* A file where the command should stand. */
static bool tell_command_of_file(const char *path)
{
    const struct noun *noun = NULL;
    const char *command = cli_command_of_file(path, &noun);
    if (command)
        fprintf(stderr, "signet: error: '%s' is a file, and no command\nhint: signet %s %s\n",
                PLAIN(path), command, PLAIN(path));
    return command != NULL;
}

static int before_command(const char *word)
{
    fprintf(stderr,
            "signet: error: %s stands before the command\n"
            "hint: options stand behind it, such as 'signet ledger list LEDGER --json'\n",
            PLAIN(word));
    return EXIT_USAGE;
}

static void list_names(const struct noun *of)
{
    fputs("hint: there are ", stderr);
    for (const struct verb *verb = of ? of->verbs : NULL; verb && verb->name; verb++)
        fprintf(stderr, "%s%s", verb->name, verb[1].name ? ", " : "");
    for (const struct noun *noun = nouns; !of && noun->name; noun++)
        fprintf(stderr, "%s, ", noun->name);
    fprintf(stderr, "%s; 'signet --help' lists all\n", of ? "" : "help, version");
}

/* of: the noun that has no such verb, or NULL. */
static int unknown_word(const struct noun *of, const char *word, const char *next)
{
    struct cli_meant meant;
    if (of)
        fprintf(stderr, "signet: error: there is no verb of '%s' called '%s'\n", of->name,
                PLAIN(word));
    else
        fprintf(stderr, "signet: error: there is no command '%s'\n", PLAIN(word));
    if (!cli_find_meant(of, word, next, &meant)) {
        list_names(of);
        return EXIT_USAGE;
    }
    if (of && !strcmp(meant.command[0], word)) {
        fprintf(stderr, "hint: it stands without '%s': signet %s\n", of->name, word);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < meant.count; i++)
        fprintf(stderr, "%s'%s'%s",
                i == 0                ? "hint: did you mean "
                : i + 1 < meant.count ? ", "
                                      : " or ",
                meant.command[i], i + 1 < meant.count ? "" : "?\n");
    return EXIT_USAGE;
}

static int unknown_noun(const char *word, int argc, char **argv)
{
    static const char *const common[] = {"version", "help", "usage"};
    const char *option = strncmp(word, "--", 2) ? NULL : signet_word_nearest(word + 2, common, 3);
    int next = 0;
    if (!strcmp(word, "-v"))
        option = "version";
    if (option) {
        fprintf(stderr, "signet: error: there is no option %s\nhint: did you mean --%s?\n",
                PLAIN(word), option);
        return EXIT_USAGE;
    }
    if (word[0] == '-')
        return before_command(word);
    if (tell_variable(word) || tell_command_of_file(word))
        return EXIT_USAGE;
    while (next < argc && argv[next][0] == '-')
        next++;
    return unknown_word(NULL, word, next < argc ? argv[next] : NULL);
}

static int unknown_verb(const struct noun *noun, const char *word)
{
    const char *bare = word + strspn(word, "-"); /* "ledger --list" */
    if (word[0] == '-' && !cli_find_verb(noun, bare))
        return before_command(word);
    if (!strcmp(bare, noun->name)) { /* "ledger ledger list" */
        fprintf(stderr, "signet: error: '%s' stands here twice\nhint: take one of the two out\n",
                bare);
        return EXIT_USAGE;
    }
    return tell_variable(word) || tell_command_of_file(word) ? EXIT_USAGE
                                                             : unknown_word(noun, word, NULL);
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
    const struct noun *noun = cli_find_noun(argv[0]);
    return noun ? run_noun(noun, argc, argv) : unknown_noun(argv[0], argc - 1, argv + 1);
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
    cli_nouns = nouns;
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
