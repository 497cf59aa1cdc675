/* SPDX-License-Identifier: Apache-2.0 */
/* Would the device take what its bootstrap server wrote? */
#include "lwm2m/lwm2m.h"
#include "proof/coap.h"

/* What clients pass over when a bootstrap server writes it. */
static void drop_foreign(struct signet_tree *tree)
{
    const struct signet_profile *client = profile_of(tree);
    const struct signet_objects *objects = signet_tree_objects(tree);

    client = client->warns ? client->warns : client;
    for (size_t i = signet_tree_count(tree); i-- > 0;) {
        struct signet_path p = signet_tree_at(tree, i)->path;
        const struct profile_object *object = profile_object(client, p.oid);
        const struct profile_resource *resource = profile_resource(client, p.oid, p.rid);
        bool unknown =
            signet_object_find(objects, p.oid) && !signet_resource_find(objects, p.oid, p.rid);

        if (unknown || (object && !profile_object_takes(object, p.rid)) ||
            (resource && resource->absent))
            signet_tree_remove(tree, p);
    }
}

int bootstrap_check(struct signet_tree *written, struct signet_error *err)
{
    drop_foreign(written);
    tree_set_source(written, NULL); /* the text of the packet is not to blame */
    if (signet_tree_check(written, 0, NULL, err) == SIGNET_OK)
        return SIGNET_OK;
    err->code = SIGNET_E_PROOF;
    error_prefix(err, "bootstrap: the device does not take what the server wrote");
    return SIGNET_E_PROOF;
}
