/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a hook. */
#include "order/private.h"

#include <stdio.h>
#include <string.h>

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

static bool hook_knows(const char *name, size_t len)
{
    bool known = false;

    for (size_t i = 0; i < HOOK_VALUES; i++)
        known = known || text_is(name, len, hook_values[i]);
    return known;
}

static int refuse_value(struct reader *r, const char *key, const char *given, size_t len)
{
    char name[48];

    snprintf(name, sizeof(name), "%.*s", (int)len, given);
    reader_fail_word(r, name, "", "%s has an unknown placeholder '%.41s'", key, name);
    text_hint_known(name, hook_values, HOOK_VALUES, r->err);
    return SIGNET_E_MEANING;
}

/* A brace that no name follows stands for itself. */
static int check_word(struct reader *r, const char *key, const char *word)
{
    for (const char *at = strchr(word, '{'); at; at = strchr(at + 1, '{')) {
        size_t len = 1 + strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");

        if (len > 1 && at[len] == '}' && !hook_knows(at, len + 1))
            return refuse_value(r, key, at, len + 1);
    }
    return SIGNET_OK;
}

int reader_check_hook(struct reader *r, const char *key, const char *const *words)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && words && words[i]; i++)
        rc = check_word(r, key, words[i]);
    return rc;
}
