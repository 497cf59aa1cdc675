/* SPDX-License-Identifier: Apache-2.0 */
/* objects: where the definitions of the template's objects are, one path or a list of them. */
#include "order/private.h"

int reader_object(struct reader *r, yaml_node_t *node)
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
