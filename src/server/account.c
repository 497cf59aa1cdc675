/* SPDX-License-Identifier: Apache-2.0 */
/* Which account of a device a server serves, and what it is told of it. */
#include "server/ops.h"

static bool is_bytes(const struct signet_value *value)
{
    return value && value->type == SIGNET_TYPE_OPAQUE && value->as.bytes.len > 0;
}

void device_take(struct signet_device *out, const struct signet_account *a)
{
    out->bootstrap = a->bootstrap;
    out->mode = a->mode;
    if (a->mode == SIGNET_MODE_CERT && is_bytes(a->identity)) {
        out->cert = a->identity->as.bytes.data;
        out->cert_len = a->identity->as.bytes.len;
    }
    if (a->mode == SIGNET_MODE_PSK && is_bytes(a->identity) && is_bytes(a->secret_key)) {
        out->identity = a->identity->as.bytes.data;
        out->identity_len = a->identity->as.bytes.len;
        out->psk = a->secret_key->as.bytes.data;
        out->psk_len = a->secret_key->as.bytes.len;
    }
}

static int choose_account(const struct signet_server *server, const struct signet_tree *tree,
                          struct signet_account *out, struct signet_error *err)
{
    const struct signet_server_capabilities *can = &server->can;
    const char *which = server->info.account;

    if (!which && can->bootstrap && !can->management)
        which = "bootstrap";
    return signet_tree_account_choose(tree, which, out, err);
}

/* A bootstrap account's key at a management server would let the device in nowhere. */
static int check_role(const struct signet_server *server, const struct signet_account *a,
                      struct signet_error *err)
{
    const struct signet_server_capabilities *can = &server->can;

    if (a->bootstrap ? can->bootstrap : can->management)
        return SIGNET_OK;
    error_set_hint(err, SIGNET_E_MEANING, "say with \"account\" which account the server serves",
                   "%s serves no %s account, as /0/%u is", can->kind,
                   a->bootstrap ? "bootstrap" : "management", a->iid);
    if (server->ops->other)
        error_hint(err, "\"kind\": \"%s\" serves it", server->ops->other);
    return SIGNET_E_MEANING;
}

int server_view(const struct signet_server *server, const struct signet_device *device,
                struct signet_device *out, struct signet_error *err)
{
    struct signet_account a;
    int rc;

    *out = *device;
    if (!device->tree)
        return SIGNET_OK;
    rc = choose_account(server, device->tree, &a, err);
    rc = rc ? rc : check_role(server, &a, err);
    if (rc)
        return rc;
    *out = (struct signet_device){
        .endpoint = device->endpoint, .tree = device->tree, .replaces = device->replaces};
    device_take(out, &a);
    return SIGNET_OK;
}

bool server_serves(const struct signet_server *server, const struct signet_tree *tree,
                   const struct signet_account *account)
{
    struct signet_account a;

    if (choose_account(server, tree, &a, NULL) != SIGNET_OK ||
        check_role(server, &a, NULL) != SIGNET_OK)
        return false;
    return server->ops->serves ? server->ops->serves(server, &a, account) : a.iid == account->iid;
}
