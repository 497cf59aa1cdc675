/* SPDX-License-Identifier: Apache-2.0 */
/* The options of recipes' own, and those that all boards with a console have. */
#include "recipe.h"

#include <stdlib.h>

const char *recipe_option(const struct signet_board *b, const char *name)
{
    return adapter_option(b->options.recipe, name);
}

bool console_option_is_true(const struct signet_board *b, const char *name)
{
    const char *value = recipe_option(b, name);

    return value && strcmp(value, "true") == 0;
}

int console_check_flag(const struct signet_board *b, const char *name, struct signet_error *err)
{
    const char *value = recipe_option(b, name);

    if (!value || strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        return SIGNET_OK;
    return error_set(err, SIGNET_E_USAGE, "%s: '%s' is true or false", b->recipe->name, name);
}

static int check_tag(const struct signet_board *b, const char *name, struct signet_error *err)
{
    const char *value = recipe_option(b, name);

    if (!value || (strspn(value, "0123456789") == strlen(value) && *value && strlen(value) <= 10 &&
                   strtoull(value, NULL, 10) <= INT32_MAX))
        return SIGNET_OK;
    return error_set(err, SIGNET_E_USAGE, "%s: '%s' is a number from 0 to %d", b->recipe->name,
                     name, INT32_MAX);
}

int console_check(struct signet_board *b, struct signet_error *err)
{
    const char *prefix = recipe_option(b, "name_prefix");
    int code = console_check_flag(b, "keygen", err);

    if (code == SIGNET_OK)
        code = console_check_flag(b, "replace", err);
    if (code == SIGNET_OK)
        code = check_tag(b, "sec_tag", err);
    if (code == SIGNET_OK)
        code = check_tag(b, "bootstrap_sec_tag", err);
    if (code == SIGNET_OK && prefix && *prefix &&
        (!endpoint_name_valid(prefix, strlen(prefix)) || strlen(prefix) > 60))
        code =
            error_set(err, SIGNET_E_USAGE,
                      "%s: 'name_prefix' has at most 60 letters, digits and -._:", b->recipe->name);
    return code;
}

bool signet_board_makes_key(const struct signet_board *b)
{
    return b->recipe->console && console_option_is_true(b, "keygen");
}
