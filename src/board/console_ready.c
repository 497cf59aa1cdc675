/* SPDX-License-Identifier: Apache-2.0 */
/* A board with a console: when it is ready, and its name. */
#include "recipe.h"

#include <stdio.h>

enum { PING_MS = 500 };

int console_ready(struct signet_board *b, struct signet_error *err)
{
    int64_t deadline = clock_ms() + b->options.ready_timeout_ms;
    struct signet_error why = {0};

    for (;;) {
        int code = b->recipe->console->ping(b, PING_MS, &why);
        if (code == SIGNET_OK)
            return SIGNET_OK;
        if (code == SIGNET_E_LINK) /* it re-enumerates after a reset */
            code = port_reopen(b, deadline, &why);
        if (code != SIGNET_OK && code != SIGNET_E_TIMEOUT && code != SIGNET_E_BOARD)
            return error_copy(err, &why);
        if (clock_ms() >= deadline && code == SIGNET_E_BOARD)
            return error_copy(err, &why);
        if (clock_ms() >= deadline)
            return error_set_hint(
                err, SIGNET_E_TIMEOUT,
                "check cable, power, baud rate, and which of the board's ports it is",
                "%s: the board did not answer within %d s", b->port,
                b->options.ready_timeout_ms / 1000);
    }
}

int console_name(struct signet_board *b, char name[static 152], struct signet_error *err)
{
    const char *prefix = recipe_option(b, "name_prefix");
    char id[80];
    int code = SIGNET_E_SYNTAX;

    for (int tries = 0; tries < 3 && code == SIGNET_E_SYNTAX; tries++)
        code = b->recipe->console->id(b, id, err);
    if (code == SIGNET_OK)
        snprintf(name, 152, "%s%s", prefix ? prefix : b->recipe->console->prefix, id);
    return code;
}
