/* SPDX-License-Identifier: Apache-2.0 */
/* Any datagram as a CoAP message, and any stream: what is read can be written and is the same
 * again; and any bytes as LwM2M TLV, which make a tree that encodes. */
#include "proof/coap.h"
#include "fuzz.h"

#include <signet/packet.h>
#include <stdlib.h>
#include <string.h>

static void try_message(const uint8_t *data, size_t size, bool stream)
{
    bool (*read)(struct coap_message *, const uint8_t *, size_t) =
        stream ? coap_read_frame : coap_read;
    struct coap_message first, second;
    uint8_t out[COAP_MESSAGE_MAX];
    char path[64];

    if (!read(&first, data, size))
        return;
    require(!stream || coap_frame_size(data, size) == size);
    size_t len = (stream ? coap_write_frame : coap_write)(&first, out, sizeof out);
    coap_path(&first, COAP_URI_PATH, path, sizeof path);
    seen(path, strlen(path));
    seen(out, len);
    require(strlen(path) < sizeof path && !strchr(path, 0x1b));
    coap_uint(&first, COAP_BLOCK1, 0);
    if (!len)
        return; /* larger than we send */
    require(read(&second, out, len));
    require(second.code == first.code && second.id == first.id && second.type == first.type);
    require(second.option_count == first.option_count && second.payload_len == first.payload_len);
    for (size_t i = 0; i < first.option_count; i++)
        require(first.options[i].number == second.options[i].number &&
                first.options[i].len == second.options[i].len);
}

static void try_tlv(const uint8_t *data, size_t size)
{
    for (unsigned depth = 1; depth <= 3; depth++) {
        struct signet_path base = {size ? data[0] % 8 : 0, 0, depth == 3 ? 0 : SIGNET_NO_ID,
                                   SIGNET_NO_ID};
        struct signet_tree *tree = NULL;
        struct signet_bytes packet = {0};

        require(signet_tree_new(&tree, NULL) == SIGNET_OK);
        tlv_read(tree, base, depth, data, size);
        require(signet_packet_encode(tree, &packet, NULL) == SIGNET_OK);
        seen(packet.data, packet.len);
        signet_bytes_free(&packet);
        signet_tree_free(&tree);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct transport_address address;

    try_message(data, size, false);
    try_message(data, size, true);
    try_tlv(data, size);
    if (transport_parse(&address, (const char *)data, size, NULL) == SIGNET_OK)
        require(address.host[0] && address.port && strlen(address.host) < sizeof address.host);
    return 0;
}
