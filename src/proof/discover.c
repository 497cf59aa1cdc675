/* SPDX-License-Identifier: Apache-2.0 */
/* What a bootstrap server is told of the device's objects (LwM2M Core 1.2, section 6.1.7.3). */
#include "lwm2m/lwm2m.h"
#include "proof/coap.h"

/* The records of an instance stand together. */
static bool is_first_of_instance(const struct signet_tree *tree, size_t at)
{
    return !at ||
           !path_is_below(signet_tree_at(tree, at - 1)->path, signet_tree_at(tree, at)->path, 2);
}

/* Short Server ID and URI, by which a server knows its accounts. */
static void add_attributes(struct buf *out, const struct signet_tree *tree, struct signet_path path)
{
    const struct signet_value *uri = path.oid == 0 ? tree_value(tree, 0, path.iid, 0) : NULL;
    int64_t ssid = path.oid > 1
                       ? -1
                       : value_integer(tree_value(tree, path.oid, path.iid, path.oid ? 0 : 10), -1);

    if (ssid > 0 && ssid < 65535)
        buf_printf(out, ";ssid=%lld", (long long)ssid);
    if (uri && uri->type == SIGNET_TYPE_STRING) {
        buf_text(out, ";uri=\"");
        buf_append(out, uri->as.bytes.data, uri->as.bytes.len);
        buf_byte(out, '"');
    }
}

void discover_list(struct buf *out, const struct signet_tree *tree, struct signet_path path)
{
    if (path.oid == SIGNET_NO_ID)
        buf_text(out, "</>;lwm2m=1.1");
    for (size_t i = 0; i < signet_tree_count(tree); i++) {
        struct signet_path p = signet_tree_at(tree, i)->path;

        if ((path.oid != SIGNET_NO_ID && p.oid != path.oid) || !is_first_of_instance(tree, i))
            continue;
        buf_printf(out, "%s</%u/%u>", out->len ? "," : "", p.oid, p.iid);
        add_attributes(out, tree, p);
    }
}
