/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a configuration: what is taken encodes, and comes back the same through decode and
 * through `packet show --format cfg`; what is not taken has a place and printable words. */
#include "fuzz.h"

#include <signet/config.h>
#include <signet/packet.h>
#include <stdlib.h>
#include <string.h>

static void printable(const char *text, bool lines)
{
    for (; *text; text++)
        require(((unsigned char)*text >= 0x20 && *text != 0x7f) || (lines && *text == '\n'));
}

static bool same_packet(const struct signet_bytes *want, struct signet_tree *tree)
{
    struct signet_bytes packet = {0};
    require(signet_packet_encode(tree, &packet, NULL) == SIGNET_OK);
    bool same = packet.len == want->len && !memcmp(packet.data, want->data, want->len);
    signet_bytes_free(&packet);
    signet_tree_free(&tree);
    return same;
}

static bool has_nan_or_infinity(const struct signet_tree *tree)
{
    for (size_t i = 0; i < signet_tree_count(tree); i++) {
        const struct signet_record *record = signet_tree_at(tree, i);
        if (record->value.type == SIGNET_TYPE_FLOAT &&
            record->value.as.number - record->value.as.number != 0)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signet_tree *tree = NULL, *again = NULL;
    struct signet_bytes packet = {0}, text = {0};
    struct signet_error err = {0};

    if (signet_config_parse((const char *)data, size, "endpoint_cfg", &tree, &err)) {
        require(!tree && err.code && !strncmp(err.msg, "endpoint_cfg", 12));
        require_error(&err);
        seen(err.excerpt, strlen(err.excerpt));
        printable(err.msg, false);
        printable(err.hint, false);
        printable(err.excerpt, true);
        return 0;
    }
    require(signet_packet_encode(tree, &packet, NULL) == SIGNET_OK);
    seen(packet.data, packet.len);
    if (signet_tree_count(tree)) {
        require(signet_packet_decode(packet.data, packet.len, &again, NULL) == SIGNET_OK);
        require(same_packet(&packet, again));
    }
    if (!has_nan_or_infinity(tree)) {
        require(!signet_packet_print(tree, SIGNET_PACKET_CFG, SIGNET_PACKET_REVEAL, &text, NULL));
        again = NULL;
        require(!signet_config_parse((const char *)text.data, text.len, "again", &again, &err));
        require(same_packet(&packet, again));
    }
    signet_bytes_free(&packet);
    signet_bytes_free(&text);
    signet_tree_free(&tree);
    return 0;
}
