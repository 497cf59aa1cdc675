/* SPDX-License-Identifier: Apache-2.0 */
/* From the configuration and the certificates to the packet. */
#include "check/check.h"
#include "device/private.h"
#include "pki/pki.h"

#include <signet/packet.h>

int security_put(struct signet_tree *tree, uint16_t iid, uint16_t rid, const void *data, size_t len,
                 struct signet_error *err)
{
    struct signet_path path = {.oid = 0, .iid = iid, .rid = rid, .riid = SIGNET_NO_ID};
    struct signet_value value = {.type = SIGNET_TYPE_OPAQUE};

    value.as.bytes.data = data;
    value.as.bytes.len = len;
    return signet_tree_put(tree, path, &value, err);
}

/* In the order 4, 3, 5, as the reference appends them. */
static const uint16_t rids[] = {RID_SERVER_KEY, RID_IDENTITY, RID_SECRET_KEY};
enum { RIDS = COUNT_OF(rids) };

size_t count_cert_accounts(const struct signet_tree *tree, bool without_server_key)
{
    struct signet_account a;
    size_t count = 0;

    for (size_t i = 0; signet_tree_account(tree, i, &a); i++)
        count += mode_has_certs(a.mode) && !(without_server_key && a.server_key);
    return count;
}

/* ders: in the order of rids; empty where nothing is given. Alone, an instance takes what is given;
 * among several, one that has its own keeps it. */
static int fill_account(struct signet_tree *tree, const struct signet_account *a, bool alone,
                        const struct signet_bytes ders[RIDS], struct signet_error *err)
{
    bool takes_pair = alone || !a->identity || !a->secret_key;
    const bool takes[RIDS] = {alone || !a->server_key, takes_pair, takes_pair};
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < RIDS; i++)
        if (takes[i] && ders[i].len)
            rc = security_put(tree, a->iid, rids[i], ders[i].data, ders[i].len, err);
    return rc;
}

static void warn_common_names(const struct signet_tree *tree, const char *endpoint,
                              const struct signet_observer *observer)
{
    struct signet_account a;

    for (size_t i = 0; signet_tree_account(tree, i, &a); i++)
        if (mode_has_certs(a.mode) && a.identity && a.identity->type == SIGNET_TYPE_OPAQUE)
            cert_warn_common_name(a.identity->as.bytes.data, a.identity->as.bytes.len, endpoint,
                                  a.iid, observer);
}

/* In mode est a device may make its own key later; what a factory makes has one already. */
static int check_est_pairs(const struct signet_tree *tree, struct signet_error *err)
{
    struct signet_account a;

    for (size_t i = 0; signet_tree_account(tree, i, &a); i++)
        if (a.mode == SIGNET_MODE_EST && (!a.identity || !a.secret_key))
            return error_set_hint(err, SIGNET_E_MEANING,
                                  "have both made, or name the files of key and certificate",
                                  "/0/%u is in est mode, but the device has no %s", a.iid,
                                  a.identity ? "private key" : "certificate");
    return SIGNET_OK;
}

int tree_build(const struct signet_factory *f, const struct signet_cert *cert,
               const struct signet_key *key, bool complete, const struct signet_observer *observer,
               struct signet_tree **out, struct signet_error *err)
{
    unsigned flags =
        (f->flags & SIGNET_FACTORY_NO_CHECK ? SIGNET_CHECK_WARN_ONLY | SIGNET_CHECK_SUM_UP : 0) |
        (complete ? 0 : SIGNET_CHECK_PARTIAL);
    struct signet_tree *tree = NULL;
    struct signet_bytes ders[RIDS] = {0};
    bool alone = count_cert_accounts(f->tree, false) == 1;
    struct signet_account a;
    int rc = signet_tree_copy(&tree, f->tree, err);

    if (rc == SIGNET_OK && f->server_cert)
        rc = signet_cert_der(f->server_cert, &ders[0], err);
    if (rc == SIGNET_OK && cert)
        rc = signet_cert_der(cert, &ders[1], err);
    if (rc == SIGNET_OK && key)
        rc = signet_key_der(key, &ders[2], err);
    for (size_t i = 0; rc == SIGNET_OK && signet_tree_account(tree, i, &a); i++)
        if (mode_has_certs(a.mode))
            rc = fill_account(tree, &a, alone, ders, err);
    for (size_t i = 0; i < RIDS; i++)
        signet_bytes_free(&ders[i]);
    if (rc == SIGNET_OK && !flags)
        rc = check_est_pairs(tree, err);
    if (rc == SIGNET_OK)
        rc = signet_device_check(tree, flags, observer, err);
    if (rc == SIGNET_OK && f->endpoint)
        warn_common_names(tree, f->endpoint, observer);
    if (rc != SIGNET_OK)
        signet_tree_free(&tree);
    else
        *out = tree;
    return rc;
}

int signet_factory_tree(struct signet_factory *factory, struct signet_tree **out,
                        struct signet_error *err)
{
    return tree_build(factory, factory->cert, factory->key, true, factory->observer, out, err);
}

int signet_factory_packet(struct signet_factory *factory, struct signet_bytes *out,
                          struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    int rc = signet_factory_tree(factory, &tree, err);

    if (rc == SIGNET_OK)
        rc = signet_packet_encode(tree, out, err);
    signet_tree_free(&tree);
    return rc;
}

int packet_save(struct signet_factory *f, const char *path, const struct signet_bytes *packet,
                struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    int rc = file_spare(path, packet->data, packet->len, true, err);

    if (rc == SIGNET_OK)
        rc = signet_packet_decode(packet->data, packet->len, &tree, err);
    if (rc == SIGNET_OK)
        rc = keep_packet(path, tree, f->observer, err);
    signet_tree_free(&tree);
    return rc == SIGNET_OK ? file_write(path, packet->data, packet->len, 0600, err) : rc;
}

int signet_factory_provision_device(struct signet_factory *factory, const char *path,
                                    struct signet_error *err)
{
    struct signet_bytes packet = {0};
    int rc = signet_factory_packet(factory, &packet, err);

    if (rc == SIGNET_OK)
        rc = packet_save(factory, path ? path : "SenMLCBOR", &packet, err);
    signet_bytes_free(&packet);
    return rc;
}
