/* SPDX-License-Identifier: Apache-2.0 */
/* Nouns and verbs by name, and a look at the options of a verb that does not run. */
#include "cli.h"

#include <string.h>

const struct noun *cli_nouns;

const struct verb *cli_find_verb(const struct noun *noun, const char *word)
{
    for (const struct verb *verb = noun->verbs; verb->name; verb++)
        if (verb->name[0] && !strcmp(verb->name, word))
            return verb;
    return NULL;
}

const struct noun *cli_find_noun(const char *word)
{
    const struct noun *noun = cli_nouns;
    while (noun->name && strcmp(noun->name, word) != 0)
        noun++;
    return noun->name ? noun : NULL;
}

/* Who asked for the options of a verb, instead of its work. */
static struct {
    void (*visit)(void *ctx, const struct option_row *row);
    void *ctx;
    const char *args_doc;
} visitor;

bool cli_looked_at(const struct option_row *rows, const char *args_doc)
{
    visitor.args_doc = args_doc;
    for (; visitor.visit && rows && rows->name; rows++)
        if (!rows->of)
            visitor.visit(visitor.ctx, rows);
    return visitor.visit != NULL;
}

const char *cli_look(const struct noun *noun, const struct verb *verb,
                     void (*visit)(void *ctx, const struct option_row *row), void *ctx)
{
    char name[64];
    char *argv[] = {name, NULL};
    snprintf(name, sizeof(name), "signet %s%s%s", noun->name, verb->name[0] ? " " : "", verb->name);
    visitor.visit = visit;
    visitor.ctx = ctx;
    visitor.args_doc = "";
    verb->run(1, argv);
    visitor.visit = NULL;
    return visitor.args_doc;
}

struct wanted {
    const char *word;
    bool found;
};

static void see_option(void *ctx, const struct option_row *row)
{
    struct wanted *w = ctx;
    w->found = w->found || !strcmp(row->name, w->word);
}

bool cli_verb_has(const struct noun *noun, const struct verb *verb, const char *option,
                  const char **args_doc)
{
    struct wanted w = {.word = option};
    *args_doc = cli_look(noun, verb, see_option, &w);
    return w.found;
}
