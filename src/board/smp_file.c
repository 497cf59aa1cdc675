/* SPDX-License-Identifier: Apache-2.0 */
#include "recipe.h"

/* Any firmware with an SMP file system: where the packet goes is an option, and so is where the
 * firmware says what came of it. */

static int smp_file_check(struct signet_board *b, struct signet_error *err)
{
    if (!b->options.packet_path[0])
        return error_set_hint(err, SIGNET_E_USAGE,
                              "name the packet's path on the board, such as /lfs1/provision.cbor",
                              "smp-file needs the path of the packet on the board");
    if (!strchr(b->options.packet_path, '/'))
        return error_set_hint(err, SIGNET_E_USAGE,
                              "its file system stands first, such as /lfs1/provision.cbor",
                              "packet_path: '%s' is no path on a board", b->options.packet_path);
    return SIGNET_OK;
}

const struct recipe smp_file_recipe = {
    .name = "smp-file",
    .check = smp_file_check,
};
