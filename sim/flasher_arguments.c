/* SPDX-License-Identifier: Apache-2.0 */
/* The command lines of the simulated tools. */
#include "flasher.h"

#include <string.h>

const char *take_arguments(const struct argument *table, int argc, char **argv, const char *rest[8])
{
    size_t n = 0;

    for (int i = 0; i < argc; i++) {
        const struct argument *a = table;

        while (a->name && strcmp(a->name, argv[i]) != 0)
            a++;
        if (!a->name && rest && argv[i][0] != '-' && n < 7) {
            rest[n++] = argv[i];
            continue;
        }
        if (!a->name || (a->value && i + 1 == argc))
            return argv[i];
        if (a->value)
            *a->value = argv[++i];
        else
            *a->flag = true;
    }
    return NULL;
}
