/* SPDX-License-Identifier: Apache-2.0 */
/* signet completion bash|zsh|fish: written from the same tables as parsing and help. */
#include "cli.h"

#include <string.h>

struct verb_name {
    const struct noun *noun;
    const struct verb *verb;
};

/* whole: verbs of two words, "ledger list"; else those of one, "run". */
static void visit_verbs(bool whole, void (*visit)(void *ctx, const struct option_row *row),
                        void (*begin)(const struct verb_name *name),
                        void (*end)(const struct verb_name *name))
{
    for (const struct noun *noun = cli_nouns; noun->name; noun++)
        for (const struct verb *verb = noun->verbs; verb->name; verb++) {
            struct verb_name name = {noun, verb};
            if (whole != (verb->name[0] != '\0'))
                continue;
            begin(&name);
            cli_look(noun, verb, visit, &name);
            end(&name);
        }
}

/* "ledger list", "run" */
static void put_verb_name(const struct verb_name *name, char between)
{
    printf("%s%s%s", name->noun->name, name->verb->name[0] ? (char[]){between, '\0'} : "",
           name->verb->name);
}

static void put_words(const struct noun *noun)
{
    const char *between = "";
    for (const struct verb *verb = noun->verbs; verb->name; verb++)
        if (verb->name[0]) {
            printf("%s%s", between, verb->name);
            between = " ";
        }
}

static bool has_verbs(const struct noun *noun)
{
    return noun->verbs[0].name[0] || noun->verbs[1].name;
}

static void put_nouns(const char *between)
{
    for (const struct noun *noun = cli_nouns; noun->name; noun++)
        printf("%s%s", noun == cli_nouns ? "" : between, noun->name);
}

/* bash: words of an option's list, for files what the shell does by itself */

static void bash_begin(const struct verb_name *name)
{
    fputs("    '", stdout);
    put_verb_name(name, ' ');
    fputs("') options='", stdout);
}

static void bash_option(void *ctx, const struct option_row *row)
{
    (void)ctx;
    printf("--%s%s ", row->name, row->arg ? "=" : "");
}

static void bash_end(const struct verb_name *name)
{
    (void)name;
    puts("--json --help' ;;");
}

static const char bash_head[] =
    "# bash completion for signet\n"
    "_signet() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} at=$COMP_CWORD noun=${COMP_WORDS[1]}\n"
    "    local verb=${COMP_WORDS[2]} words='' verbs='' options=''\n"
    "    COMPREPLY=()\n"
    "    [ \"$noun\" = help ] && noun=$verb verb=${COMP_WORDS[3]} at=$((at - 1))\n"
    "    case $noun in\n";
static const char bash_tail[] =
    "'\n"
    "    if [ \"$COMP_CWORD\" = 1 ]; then words=\"$nouns help version --help --version\"\n"
    "    elif [ \"$at\" = 1 ]; then words=$nouns\n"
    "    elif [ \"${cur#-}\" != \"$cur\" ]; then words=$options\n"
    "    elif [ \"$noun\" = completion ]; then words='bash zsh fish'\n"
    "    elif [ \"$at\" = 2 ]; then words=$verbs; fi\n"
    "    [ -n \"$words\" ] && mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
    "    [ \"${#COMPREPLY[@]}\" = 1 ] && [ \"${COMPREPLY[0]%=}\" != \"${COMPREPLY[0]}\" ] &&\n"
    "        compopt -o nospace 2>/dev/null\n"
    "    return 0\n"
    "}\n"
    "complete -o default -F _signet signet\n";

static void put_bash(void)
{
    fputs(bash_head, stdout);
    for (const struct noun *noun = cli_nouns; noun->name; noun++)
        if (has_verbs(noun)) {
            printf("    %s) verbs='", noun->name);
            put_words(noun);
            puts("' ;;");
        }
    fputs("    esac\n    case \"$noun $verb\" in\n", stdout);
    visit_verbs(true, bash_option, bash_begin, bash_end);
    fputs("    *) case $noun in\n", stdout);
    visit_verbs(false, bash_option, bash_begin, bash_end);
    fputs("    esac ;;\n    esac\n    local nouns='", stdout);
    put_nouns(" ");
    fputs(bash_tail, stdout);
}

/* zsh: in double quotes of an array; '[', ']' and ':' have a meaning there */
static void put_zsh_text(const char *text)
{
    for (; *text; text++) {
        if (strchr("[]:\\\"`$", *text))
            putchar('\\');
        if (*text == '\'')
            fputs("'\\'", stdout);
        putchar(*text);
    }
}

static void zsh_begin(const struct verb_name *name)
{
    fputs("    '", stdout);
    put_verb_name(name, ' ');
    fputs("') options=(", stdout);
}

static void zsh_option(void *ctx, const struct option_row *row)
{
    (void)ctx;
    printf("'%s--%s%s[", row->kind == KIND_LIST ? "*" : "", row->name, row->arg ? "=" : "");
    put_zsh_text(row->help);
    fputs("]", stdout);
    if (row->arg) {
        fputs(":", stdout);
        put_zsh_text(row->arg);
        fputs(":_files", stdout);
    }
    fputs("' ", stdout);
}

static void zsh_end(const struct verb_name *name)
{
    (void)name;
    puts("'--json[JSON objects, one a line]' '--help[options]') ;;");
}

static void put_zsh(void)
{
    fputs("#compdef signet\n"
          "_signet() {\n"
          "    local noun=$words[2] verb=$words[3] -a verbs options nouns\n    nouns=(",
          stdout);
    put_nouns(" ");
    fputs(" help version)\n    case $noun in\n", stdout);
    for (const struct noun *noun = cli_nouns; noun->name; noun++)
        if (has_verbs(noun)) {
            printf("    %s) verbs=(", noun->name);
            put_words(noun);
            puts(") ;;");
        }
    fputs("    esac\n    case \"$noun $verb\" in\n", stdout);
    visit_verbs(true, zsh_option, zsh_begin, zsh_end);
    fputs("    *) case $noun in\n", stdout);
    visit_verbs(false, zsh_option, zsh_begin, zsh_end);
    fputs("    esac ;;\n    esac\n"
          "    if (( CURRENT == 2 )); then compadd -a nouns\n"
          "    elif [[ $noun == help ]]; then compadd -a nouns\n"
          "    elif [[ $noun == completion ]]; then compadd bash zsh fish\n"
          "    elif (( CURRENT == 3 && $#verbs )) && [[ $PREFIX != -* ]]; then compadd -a verbs\n"
          "    else (( $verbs[(Ie)$verb] )) && { shift words; (( CURRENT-- )) }\n"
          "        shift words; (( CURRENT-- )); _arguments $options '*:file:_files'; fi\n"
          "}\n"
          "_signet \"$@\"\n",
          stdout);
}

static void put_fish_text(const char *text)
{
    for (; *text; text++) {
        if (strchr("'\\", *text))
            putchar('\\');
        putchar(*text);
    }
}

static void put_fish_condition(const struct verb_name *name)
{
    printf("complete -c signet -n '__fish_seen_subcommand_from %s", name->noun->name);
    if (name->verb->name[0])
        printf("; and __fish_seen_subcommand_from %s", name->verb->name);
    putchar('\'');
}

static void fish_begin(const struct verb_name *name)
{
    put_fish_condition(name);
    puts(" -l json -d 'JSON objects, one a line'");
}

static void fish_option(void *ctx, const struct option_row *row)
{
    put_fish_condition(ctx);
    printf(" -l %s%s -d '", row->name, row->arg ? " -r" : "");
    put_fish_text(row->help);
    puts("'");
}

static void fish_end(const struct verb_name *name)
{
    (void)name;
}

static void put_fish(void)
{
    fputs("# fish completion for signet\n"
          "complete -c signet -n __fish_use_subcommand -f -a '",
          stdout);
    put_nouns(" ");
    puts(" help version'");
    for (const struct noun *noun = cli_nouns; noun->name; noun++)
        if (has_verbs(noun)) {
            printf("complete -c signet -n '__fish_seen_subcommand_from %s; and not "
                   "__fish_seen_subcommand_from ",
                   noun->name);
            put_words(noun);
            fputs("' -f -a '", stdout);
            put_words(noun);
            puts("'");
        }
    visit_verbs(false, fish_option, fish_begin, fish_end);
    visit_verbs(true, fish_option, fish_begin, fish_end);
}

static int completion(int argc, char **argv)
{
    struct cli cli = {0};
    if (!cli_parse(&cli, argc, argv, NULL, "bash|zsh|fish",
                   "Writes the completion of signet for a shell to standard output. bash: put it "
                   "into ~/.local/share/bash-completion/completions/signet.",
                   1, 1))
        return EXIT_USAGE;
    if (cli.json)
        return cli_usage(&cli, "a completion is a script: leave out --json");
    if (!strcmp(cli.args[0], "bash"))
        put_bash();
    else if (!strcmp(cli.args[0], "zsh"))
        put_zsh();
    else if (!strcmp(cli.args[0], "fish"))
        put_fish();
    else
        return cli_usage(&cli, "there is no shell '%s': bash, zsh, fish", PLAIN(cli.args[0]));
    return cli_close(&cli, EXIT_DONE);
}

const struct verb completion_verbs[] = {
    {"", "completion of commands and options, for a shell", completion},
    {0},
};
