/* SPDX-License-Identifier: Apache-2.0 */
/* objects: where the definitions of the template's objects are, one path or a list of them. */
#include "order/private.h"

static int read_definition_path(struct reader *r, yaml_node_t *node)
{
    static const struct entry path = {"objects", ENTRY_PATH, 0, 0, 0, NULL};
    struct signet_order *o = r->root;
    int rc = SIGNET_OK;

    if (o->object_count == SIGNET_ORDER_OBJECTS)
        return reader_fail_hint(r, node, "put them into one folder", "more than %d objects",
                                SIGNET_ORDER_OBJECTS);
    rc = reader_value(r, node, &path, &o->objects[o->object_count]);
    o->object_count += rc == SIGNET_OK;
    return rc;
}

int reader_objects(struct reader *r, yaml_node_t *node)
{
    int rc = SIGNET_OK;

    if (node->type != YAML_SEQUENCE_NODE)
        return read_definition_path(r, node);
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         rc == SIGNET_OK && item < node->data.sequence.items.top; item++)
        rc = read_definition_path(r, yaml_document_get_node(&r->document, *item));
    return rc;
}
