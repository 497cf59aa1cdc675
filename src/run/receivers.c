/* SPDX-License-Identifier: Apache-2.0 */
/* A credential that is made here is known to nobody else: once its seal is wiped, a server that was
 * not told of it never lets the device in. And whether its accounts can be proved. */
#include "run/private.h"
#include "server/server.h"

#include <stdio.h>

static bool has_receiver(const struct signet_run *r, bool one_account,
                         const struct signet_tree *tree, const struct signet_account *a)
{
    const struct signet_order *o = r->order;
    struct signet_account main;

    if (r->authority && mode_has_certs(a->mode))
        return true; /* a server that trusts the authority needs not be told */
    if (o->records && (!one_account || (account_main(tree, &main) && main.iid == a->iid)))
        return true;
    for (size_t i = 0; i < o->server_count; i++)
        if (server_serves(r->servers[i], tree, a))
            return true;
    return o->packets && !o->records && !o->server_count; /* the packets hold it, and are kept */
}

static int refuse_credential(const struct signet_order *o, const struct signet_account *a,
                             struct signet_error *err)
{
    const char *role = a->bootstrap ? "bootstrap" : "management";
    bool has_uri = a->uri && a->uri->type == SIGNET_TYPE_STRING && a->uri->as.bytes.len > 0;
    char which[16];

    snprintf(which, sizeof(which), "%u", a->ssid);
    error_set(
        err, SIGNET_E_MEANING,
        "nobody would get the new %s of the %s account /0/%u (%.120s): 'servers' has no receiver",
        a->mode == SIGNET_MODE_PSK ? "key" : "certificate", role, a->iid,
        has_uri ? text_shown(a->uri->as.bytes.data, a->uri->as.bytes.len, 124) : "no URI");
    error_hint(err, "servers: [{file: FILE.json, account: %s}], a server's file or an export's%s",
               a->bootstrap || !a->has_ssid ? role : which,
               o->packets ? "; or output: {records: FILE.csv}" : "");
    return SIGNET_E_MEANING;
}

/* A proof that cannot be tried would fail for each device after it was made. */
static int check_provable(const struct signet_order *o, const struct signet_account *a,
                          struct signet_error *err)
{
    struct coap_uri uri;

    if (!o->prove || o->prove_uri || !a->uri || a->uri->type != SIGNET_TYPE_STRING ||
        uri_parse(&uri, (const char *)a->uri->as.bytes.data, a->uri->as.bytes.len, NULL) ||
        uri_is_ip(&uri))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_MEANING, "leave out prove, and try a device at its server",
                          "prove: the server of /0/%u is reached neither over UDP nor over TCP, "
                          "and Signet proves no other transport",
                          a->iid);
}

int run_check_receivers(const struct signet_run *r, bool one_account, struct signet_error *err)
{
    const struct signet_tree *tree = source_sample(r->source);
    struct signet_account a;
    int rc = SIGNET_OK;

    for (size_t i = 0; !rc && tree && signet_tree_account(tree, i, &a); i++)
        rc = check_provable(r->order, &a, err);
    if (rc)
        return rc;
    for (size_t i = 0; tree && signet_tree_account(tree, i, &a); i++)
        if (source_makes_credential(r->source, a.iid) && !has_receiver(r, one_account, tree, &a))
            return refuse_credential(r->order, &a, err);
    return SIGNET_OK;
}
