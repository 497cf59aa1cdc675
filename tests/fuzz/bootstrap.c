/* SPDX-License-Identifier: Apache-2.0 */
/* Any datagrams of a bootstrap server, each behind two bytes of its length, or messages over TCP
 * behind ff ff: the proof reads them as the device does, with a token and a message id of zeros.
 * What is taken is a configuration that encodes.
 * wrap: transport_send transport_receive random_bytes
 */
#include "fuzz.h"
#include "proof/coap.h"

#include <signet/config.h>
#include <signet/packet.h>
#include <string.h>

int __wrap_transport_send(struct transport *transport, const void *data, size_t len,
                          struct signet_error *err);
int __wrap_transport_receive(struct transport *transport, uint8_t out[static COAP_MESSAGE_MAX],
                             size_t *len, int64_t deadline, struct signet_error *err);
int __wrap_random_bytes(void *data, size_t len, struct signet_error *err);

static const uint8_t *input;
static size_t left;
static bool stream;

int __wrap_random_bytes(void *data, size_t len, struct signet_error *err)
{
    (void)err;
    memset(data, 0, len);
    return SIGNET_OK;
}

int __wrap_transport_send(struct transport *transport, const void *data, size_t len,
                          struct signet_error *err)
{
    struct coap_message sent;

    (void)transport, (void)err;
    require((stream ? coap_read_frame : coap_read)(&sent, data, len));
    seen(data, len);
    return SIGNET_OK;
}

int __wrap_transport_receive(struct transport *transport, uint8_t out[static COAP_MESSAGE_MAX],
                             size_t *len, int64_t deadline, struct signet_error *err)
{
    (void)transport, (void)deadline;
    if (left < 2)
        return error_set(err, SIGNET_E_TIMEOUT, "nothing came");
    *len = (size_t)input[0] << 8 | input[1];
    input += 2, left -= 2;
    *len = *len > left ? left : *len;
    memcpy(out, input, *len > COAP_MESSAGE_MAX ? COAP_MESSAGE_MAX : *len);
    input += *len, left -= *len;
    if (stream && *len > COAP_MESSAGE_MAX)
        return error_set(err, SIGNET_E_PROOF, "a message is too large");
    return SIGNET_OK;
}

static struct signet_tree *configuration(void)
{
    static const char text[] =
        "{OID.Security: {0: {RID.Security.ServerURI: 'coap://h', RID.Security.Bootstrap: True,"
        " RID.Security.Mode: 3}, 1: {RID.Security.ServerURI: 'coap://g',"
        " RID.Security.Bootstrap: False, RID.Security.Mode: 3, RID.Security.ShortServerID: 1}},"
        " OID.Server: {0: {RID.Server.ShortServerID: 1, RID.Server.Lifetime: 60,"
        " RID.Server.NotificationStoring: False, RID.Server.Binding: 'U'}}}";
    struct signet_tree *tree = NULL;

    require(signet_config_parse(text, sizeof(text) - 1, "cfg", &tree, NULL) == SIGNET_OK);
    return tree;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct exchange x;
    const struct transport_address address = {.path = "/a/b"};
    struct signet_tree *tree = configuration();
    struct signet_bytes packet = {0};
    struct signet_error err = {0};
    unsigned code = 0;

    stream = size > 1 && data[0] == 0xff && data[1] == 0xff;
    input = data + 2 * stream, left = size - 2 * stream;
    require(exchange_init(&x, NULL, stream, INT64_MAX, NULL) == SIGNET_OK);
    if (bootstrap_run(&x, &address, "urn:dev:1", tree, &code, &err) != SIGNET_OK ||
        bootstrap_check(tree, &err) != SIGNET_OK)
        require_error(&err);
    require(signet_packet_encode(tree, &packet, NULL) == SIGNET_OK);
    seen(packet.data, packet.len);
    signet_bytes_free(&packet);
    signet_tree_free(&tree);
    return 0;
}
