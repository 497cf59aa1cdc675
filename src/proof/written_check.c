/* SPDX-License-Identifier: Apache-2.0 */
/* Would the device take what its bootstrap server wrote? */
#include "check/check.h"
#include "lwm2m/lwm2m.h"
#include "proof/coap.h"

#include <math.h>

bool path_is_below(struct signet_path path, struct signet_path base, unsigned depth)
{
    return (depth < 1 || path.oid == base.oid) && (depth < 2 || path.iid == base.iid) &&
           (depth < 3 || path.rid == base.rid);
}

bool written_is_foreign(const struct signet_tree *tree, struct signet_path p)
{
    const struct signet_profile *client = profile_of(tree);
    const struct signet_objects *objects = signet_tree_objects(tree);
    const struct signet_resource *resource = signet_resource_find(objects, p.oid, p.rid);

    if (resource && resource->type == SIGNET_TYPE_EXECUTABLE) /* it has it, and refuses a value */
        return false;
    client = client->warns ? client->warns : client;
    const struct profile_object *object = profile_object(client, p.oid);
    const struct profile_resource *limits = profile_resource(client, p.oid, p.rid);
    return (signet_object_find(objects, p.oid) && !resource) ||
           (object && !profile_object_takes(object, p.rid)) || (limits && limits->absent);
}

bool written_put(struct signet_tree *tree, struct signet_path path,
                 const struct signet_value *value)
{
    struct signet_record record = {.path = path, .value = *value};
    double number = value->type == SIGNET_TYPE_FLOAT ? value->as.number : 0.5;

    if (written_is_foreign(tree, path))
        return true;
    if (floor(number) == number && fabs(number) < 9007199254740992.0) /* 1.0 is 1 to clients */
        record.value =
            (struct signet_value){.type = SIGNET_TYPE_INTEGER, .as.integer = (int64_t)number};
    return record_check(tree, &record, NULL) == SIGNET_OK &&
           signet_tree_put(tree, path, &record.value, NULL) == SIGNET_OK;
}

int bootstrap_check(struct signet_tree *written, struct signet_error *err)
{
    tree_set_source(written, NULL); /* the text of the packet is not to blame */
    if (signet_tree_check(written, SIGNET_CHECK_CERTS_LATER, NULL, err) == SIGNET_OK)
        return SIGNET_OK;
    err->code = SIGNET_E_PROOF;
    error_prefix(err, "bootstrap: the device does not take what the server wrote");
    return SIGNET_E_PROOF;
}
