/* SPDX-License-Identifier: Apache-2.0 */
/* Text for a terminal, and whether some of it was left out for want of memory. */
#include "cli.h"

#include <stdatomic.h>

static atomic_bool left_out;

void cli_left_out(void)
{
    left_out = true;
}

bool cli_lacks_text(void)
{
    return left_out;
}

const char *cli_plain(const char *text, char out[static CLI_PLAIN_SIZE])
{
    signet_text_plain(text, out, CLI_PLAIN_SIZE);
    if (text[0] && !out[0])
        cli_left_out();
    return out;
}
