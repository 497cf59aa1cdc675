/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a hook. */
#include "order/private.h"

#include <stdio.h>

const char *const hook_values[HOOK_VALUES] = {
    [HOOK_RESULT] = "{result}",     [HOOK_ORDER] = "{order}",     [HOOK_STATION] = "{station}",
    [HOOK_OPERATOR] = "{operator}", [HOOK_SLOT] = "{slot}",       [HOOK_ENDPOINT] = "{endpoint}",
    [HOOK_EDITION] = "{edition}",   [HOOK_HW_ID] = "{hw_id}",     [HOOK_STAGE] = "{stage}",
    [HOOK_ERROR] = "{error}",       [HOOK_MESSAGE] = "{message}",
};

void order_hooks(const struct signet_order *order, struct order_hook hooks[static ORDER_HOOKS])
{
    hooks[0] = (struct order_hook){"ask_before", order->ask_before};
    hooks[1] = (struct order_hook){"on_pass", order->on_pass};
    hooks[2] = (struct order_hook){"on_fail", order->on_fail};
    hooks[3] = (struct order_hook){"on_made_before", order->on_made_before};
    hooks[4] = (struct order_hook){"on_refused_scan", order->on_refused_scan};
}

struct known_values {
    const char *const *values;
    size_t count;
};

static bool hook_knows(const struct known_values *known, const char *name, size_t len)
{
    for (size_t i = 0; i < known->count; i++)
        if (text_is(name, len, known->values[i]))
            return true;
    return false;
}

static int refuse_value(struct reader *r, const char *key, const char *given, size_t len,
                        const struct known_values *known)
{
    char name[48];

    snprintf(name, sizeof(name), "%.*s", (int)len, given);
    reader_fail_word(r, name, "", "%s has an unknown placeholder '%.41s'", key, name);
    text_hint_known(name, known->values, known->count, r->err);
    return SIGNET_E_MEANING;
}

/* A brace that no name follows stands for itself. */
static int check_word(struct reader *r, const char *key, const char *word,
                      const struct known_values *known)
{
    for (const char *at = strchr(word, '{'); at; at = strchr(at + 1, '{')) {
        size_t len = 1 + strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");

        if (len > 1 && at[len] == '}' && !hook_knows(known, at, len + 1))
            return refuse_value(r, key, at, len + 1, known);
    }
    return SIGNET_OK;
}

/* What joins programs, or leads their output elsewhere. */
static bool of_shell(const char *word)
{
    static const char *const words[] = {"|", "||", "&&", ">", ">>", "2>&1"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

/* $NAME, ${NAME} */
static bool of_variable(const char *word)
{
    size_t n = strspn(word, "${"), name = strspn(word + n, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

    return *word == '$' && name > 1 && (!word[n + name] || strcmp(word + n + name, "}") == 0);
}

int reader_check_words(struct reader *r, const char *key, const char *const *words,
                       const char *const *values, size_t count)
{
    const struct known_values known = {values, count};
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && words && words[i]; i++)
        rc = i && of_variable(words[i]) && words[i - 1][0] != '-'
                 ? reader_fail_word(r, words[i],
                                    "no shell is used: write a placeholder such as {endpoint}, or "
                                    "[/bin/sh, -c, \"...\"]",
                                    "%s: nobody fills in '%.40s'", key, words[i])
             : i && of_shell(words[i]) && words[i - 1][0] != '-' /* cut -d "|" */
                 ? reader_fail_word(r, key,
                                    "no shell is used: leave the word out, or write [/bin/sh, -c, "
                                    "\"...\"]",
                                    "%s: to a program, '%s' is a word as any other", key, words[i])
                 : check_word(r, key, words[i], &known);
    return rc;
}
