/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: decode, print in every form, and what was decoded must survive encode + decode. */
#include "fuzz.h"

#include <signet/packet.h>
#include <stdlib.h>
#include <string.h>

static void print_all(const struct signet_tree *tree)
{
    static const enum signet_packet_format formats[] = {SIGNET_PACKET_TABLE, SIGNET_PACKET_JSON,
                                                        SIGNET_PACKET_CFG};
    for (size_t i = 0; i < 3; i++)
        for (unsigned flags = 0; flags <= SIGNET_PACKET_REVEAL; flags++) {
            struct signet_bytes out = {0};
            require(signet_packet_print(tree, formats[i], flags, &out, NULL) == SIGNET_OK);
            require(out.len > 0 && out.data[out.len] == '\0');
            seen(out.data, out.len);
            require(memchr(out.data, 0x1b, out.len) == NULL); /* no escape reaches a terminal */
            signet_bytes_free(&out);
        }
}

static void diagnose(const uint8_t *data, size_t size, bool must)
{
    struct signet_bytes out = {0};
    int code = signet_packet_diagnose(data, size, NULL, 0, &out, NULL);
    require(code == SIGNET_OK || !must);
    seen(out.data, out.len);
    signet_bytes_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signet_tree *tree = NULL, *again = NULL;
    struct signet_bytes first = {0}, second = {0};
    struct signet_error err = {0};
    if (signet_packet_decode(data, size, &tree, &err) != SIGNET_OK) {
        require_error(&err);
        diagnose(data, size, false);
        return 0;
    }
    diagnose(data, size, true);
    print_all(tree);
    require(signet_packet_encode(tree, &first, NULL) == SIGNET_OK);
    require(signet_packet_decode(first.data, first.len, &again, NULL) == SIGNET_OK);
    require(signet_tree_count(again) == signet_tree_count(tree));
    require(signet_packet_encode(again, &second, NULL) == SIGNET_OK);
    require(first.len == second.len && !memcmp(first.data, second.data, first.len));
    signet_bytes_free(&first);
    signet_bytes_free(&second);
    signet_tree_free(&tree);
    signet_tree_free(&again);
    return 0;
}
