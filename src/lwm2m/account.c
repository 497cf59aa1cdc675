/* SPDX-License-Identifier: Apache-2.0 */
/* Security instances (object 0) seen as server accounts, LwM2M Core 1.2 section 6.1.2. */
#include "lwm2m/lwm2m.h"

static const struct signet_value *value_of(const struct signet_tree *tree, uint16_t oid,
                                           uint16_t iid, uint16_t rid)
{
    const struct signet_record *record =
        signet_tree_find(tree, (struct signet_path){oid, iid, rid, SIGNET_NO_ID});

    return record ? &record->value : NULL;
}

/* The instance of the nth account, in order of appearance; how many there are when n is past them.
 */
static size_t nth_account(const struct signet_tree *tree, size_t n, uint16_t *iid)
{
    uint8_t seen[65536 / 8] = {0};
    size_t found = 0;

    for (size_t i = 0; i < signet_tree_count(tree); i++) {
        const struct signet_path *path = &signet_tree_at(tree, i)->path;
        uint8_t bit = (uint8_t)(1u << (path->iid & 7));

        if (path->oid != 0 || (seen[path->iid >> 3] & bit))
            continue;
        seen[path->iid >> 3] |= bit;
        if (found++ == n) {
            *iid = path->iid;
            break;
        }
    }
    return found;
}

size_t signet_tree_account_count(const struct signet_tree *tree)
{
    uint16_t iid;

    return nth_account(tree, SIZE_MAX, &iid);
}

static void add_server(const struct signet_tree *tree, struct signet_account *out)
{
    for (size_t i = 0; i < signet_tree_count(tree); i++) {
        const struct signet_record *record = signet_tree_at(tree, i);

        if (record->path.oid == 1 && record->path.rid == 0 &&
            record->value.type == SIGNET_TYPE_INTEGER && record->value.as.integer == out->ssid) {
            out->lifetime = value_of(tree, 1, record->path.iid, 1);
            out->binding = value_of(tree, 1, record->path.iid, 7);
            return;
        }
    }
}

bool signet_tree_account(const struct signet_tree *tree, size_t i, struct signet_account *out)
{
    const struct signet_value *value;
    uint16_t iid = 0;

    if (nth_account(tree, i, &iid) <= i)
        return false;
    *out = (struct signet_account){.iid = iid, .mode = SIGNET_MODE_NONE};
    out->uri = value_of(tree, 0, iid, 0);
    out->identity = value_of(tree, 0, iid, 3);
    out->server_key = value_of(tree, 0, iid, 4);
    out->secret_key = value_of(tree, 0, iid, 5);
    out->usage = value_of(tree, 0, iid, 15);
    value = value_of(tree, 0, iid, 1);
    out->bootstrap = value && value->type == SIGNET_TYPE_BOOLEAN && value->as.boolean;
    value = value_of(tree, 0, iid, 2);
    if (value && value->type == SIGNET_TYPE_INTEGER && value->as.integer >= 0 &&
        value->as.integer <= SIGNET_MODE_EST)
        out->mode = (enum signet_mode)value->as.integer;
    value = value_of(tree, 0, iid, 10);
    if (value && value->type == SIGNET_TYPE_INTEGER && value->as.integer >= 0 &&
        value->as.integer <= 65535) {
        out->has_ssid = true;
        out->ssid = (uint16_t)value->as.integer;
        add_server(tree, out);
    }
    return true;
}

const char *signet_mode_name(enum signet_mode mode)
{
    switch (mode) {
    case SIGNET_MODE_PSK:
        return "psk";
    case SIGNET_MODE_RPK:
        return "rpk";
    case SIGNET_MODE_CERT:
        return "cert";
    case SIGNET_MODE_NOSEC:
        return "nosec";
    case SIGNET_MODE_EST:
        return "est";
    case SIGNET_MODE_NONE:
        break;
    }
    return "none";
}
