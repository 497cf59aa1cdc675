/* SPDX-License-Identifier: Apache-2.0 */
/* The name that a board gives. */
#include "recipe.h"

#include <stdio.h>

enum { NAME_CAP = 512 };

static int check_board_name(const struct signet_board *b, const struct signet_bytes *text,
                            struct signet_error *err)
{
    if (endpoint_name_valid((const char *)text->data, text->len))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_BOARD, "a name has 1 to 150 letters, digits and -._: only",
                          "%s: '%s%s' is not a name that Signet takes", b->options.endpoint_path,
                          text_shown(text->data, text->len, 60), text->len > 60 ? "..." : "");
}

bool signet_board_tells_name(const struct signet_board *b)
{
    return b->recipe->console || b->options.endpoint_path[0];
}

int board_read_name(struct signet_board *b, int timeout_ms, char name[static 152],
                    struct signet_error *err)
{
    struct signet_smp *own = NULL;
    struct signet_bytes text = {0};

    if (b->recipe->console)
        return console_name(b, name, err);
    int code = timeout_ms ? port_smp_new(b, timeout_ms, -1, NULL, &own, err) : SIGNET_OK;

    if (!code)
        code =
            signet_smp_download(own ? own : b->smp, b->options.endpoint_path, NAME_CAP, &text, err);
    if (code == SIGNET_E_LIMIT)
        code = error_set(err, SIGNET_E_BOARD, "%s: longer than any name", b->options.endpoint_path);
    if (!code)
        code = check_board_name(b, &text, err);
    if (!code)
        snprintf(name, 152, "%.*s", (int)text.len, (const char *)text.data);
    signet_bytes_free(&text);
    signet_smp_free(&own);
    return code;
}
