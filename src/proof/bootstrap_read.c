/* SPDX-License-Identifier: Apache-2.0 */
/* Bootstrap-Read: of Server and Access Control alone (LwM2M Core 1.2, section 6.1.7). */
#include "lwm2m/lwm2m.h"
#include "proof/coap.h"

#include <signet/packet.h>

static bool choose(struct signet_tree **out, const struct signet_tree *tree,
                   struct signet_path base, unsigned depth)
{
    bool good = signet_tree_new(out, NULL) == SIGNET_OK;

    for (size_t i = 0; good && i < signet_tree_count(tree); i++) {
        const struct signet_record *r = signet_tree_at(tree, i);

        if (path_is_below(r->path, base, depth))
            good = signet_tree_put(*out, r->path, &r->value, NULL) == SIGNET_OK;
    }
    return good;
}

/* As SenML: its packet, or what shows it. */
static unsigned put_senml(struct buf *out, const struct signet_tree *tree, uint32_t format)
{
    struct signet_bytes bytes = {0};
    int rc = format == COAP_SENML_CBOR
                 ? signet_packet_encode(tree, &bytes, NULL)
                 : signet_packet_print(tree, SIGNET_PACKET_JSON, 0, &bytes, NULL);

    if (rc == SIGNET_OK)
        buf_append(out, bytes.data, bytes.len);
    signet_bytes_free(&bytes);
    return rc == SIGNET_OK ? COAP_CONTENT : COAP_SERVER_ERROR;
}

unsigned bootstrap_read(struct buf *out, const struct signet_tree *tree, struct signet_path base,
                        unsigned depth, uint32_t format)
{
    struct signet_tree *some = NULL;
    unsigned code = COAP_CONTENT;

    if (depth < 1 || depth > 2 || base.oid < 1 || base.oid > 2)
        return COAP_NOT_ALLOWED;
    if (!choose(&some, tree, base, depth))
        code = COAP_SERVER_ERROR;
    else if (depth == 2 && !signet_tree_count(some))
        code = COAP_NOT_FOUND;
    else if (format == COAP_LWM2M_TLV)
        tlv_put(out, some, depth);
    else if (format == COAP_LWM2M_CBOR)
        lwm2m_cbor_put(out, some);
    else if (format == COAP_SENML_CBOR || format == COAP_SENML_JSON)
        code = put_senml(out, some, format);
    else
        code = COAP_NOT_ACCEPTABLE;
    signet_tree_free(&some);
    return code;
}
