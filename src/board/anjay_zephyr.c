/* SPDX-License-Identifier: Apache-2.0 */
#include "recipe.h"

/* Nordic boards with AVSystem's Zephyr client: a provisioning firmware with a file system of three
 * files, then the production firmware. */

static int anjay_zephyr_check(struct signet_board *b, struct signet_error *err)
{
    const struct signet_board_options *o = &b->options;

    if (flasher_is_none(b->flasher))
        return SIGNET_OK;
    if (!o->initial)
        return error_set_hint(
            err, SIGNET_E_USAGE,
            "name the initial image or a folder of images; or, for a board that runs it "
            "already, no flasher",
            "anjay-zephyr needs an initial image");
    return SIGNET_OK;
}

const struct recipe anjay_zephyr_recipe = {
    .name = "anjay-zephyr",
    .defaults =
        {
            .ready_text = "Device ready for provisioning.",
            .provisioned_text = "provisioning information already present",
            .restored_text = "persistence: Anjay restored from",
            .prompt = "uart:~$ ",
            .endpoint_path = "/factory/endpoint.txt",
            .packet_path = "/factory/provision.cbor",
            .result_path = "/factory/result.txt",
        },
    .chunk_limit = 512, /* its ring; a larger write is refused */
    .stream = true,
    .check = anjay_zephyr_check,
};
