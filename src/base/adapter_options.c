/* SPDX-License-Identifier: Apache-2.0 */
/* The options that adapters declare in their own tables. */
#include "base/base.h"

#include <stdlib.h>

const char *adapter_option(const struct signet_option options[SIGNET_OPTIONS_MAX], const char *name)
{
    for (size_t i = 0; i < SIGNET_OPTIONS_MAX && options[i].name; i++)
        if (strcmp(options[i].name, name) == 0)
            return options[i].value;
    return NULL;
}

bool adapter_option_declared(const struct signet_option_info *table, const char *name)
{
    while (table && table->name && strcmp(table->name, name) != 0)
        table++;
    return table && table->name;
}

size_t adapter_option_names(const struct signet_option_info *table,
                            const char *names[SIGNET_OPTIONS_MAX])
{
    size_t count = 0;

    for (; table && table->name; table++)
        names[count++] = table->name;
    return count;
}

/* The name that is kept is the table's: it outlives everything. */
static int add(struct signet_option options[SIGNET_OPTIONS_MAX], const char *kind,
               const struct signet_option_info *table, const struct signet_option *given,
               struct signet_error *err)
{
    const char *names[SIGNET_OPTIONS_MAX];
    size_t count = adapter_option_names(table, names), i = 0, at = 0;

    while (i < count && strcmp(names[i], given->name) != 0)
        i++;
    if (i == count) {
        text_unknown(SIGNET_E_USAGE, "option", given->name, names, count, err);
        if (count == 0)
            error_hint(err, "it has none: take it out");
        return error_pass(SIGNET_E_USAGE, err, "%s", kind);
    }
    while (options[at].name && options[at].name != names[i])
        at++;
    free((char *)(uintptr_t)options[at].value);
    options[at] = (struct signet_option){names[i], strdup(given->value)};
    return options[at].value ? SIGNET_OK : error_nomem(err);
}

int adapter_options_add(struct signet_option options[SIGNET_OPTIONS_MAX], const char *kind,
                        const struct signet_option_info *table,
                        const struct signet_option given[SIGNET_OPTIONS_MAX],
                        struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < SIGNET_OPTIONS_MAX && given[i].name; i++)
        if (given[i].value)
            rc = add(options, kind, table, &given[i], err);
    return rc;
}

void adapter_options_free(struct signet_option options[SIGNET_OPTIONS_MAX])
{
    for (size_t i = 0; i < SIGNET_OPTIONS_MAX; i++) {
        free((char *)(uintptr_t)options[i].value);
        options[i] = (struct signet_option){0};
    }
}
