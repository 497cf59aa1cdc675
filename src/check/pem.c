/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and keys that a configuration holds as PEM become DER, which is what a device takes
 * (LwM2M Transport 1.2, section 5.2.9.3). */
#include "check/private.h"
#include "pki/pki.h"

bool value_is_pem(const struct signet_value *value)
{
    return value && value->type == SIGNET_TYPE_OPAQUE &&
           pem_is(value->as.bytes.data, value->as.bytes.len);
}

int value_to_der(const struct signet_value *value, bool key, struct signet_bytes *out,
                 struct signet_error *err)
{
    struct signet_cert *cert = NULL;
    struct signet_key *secret = NULL;
    int rc = key ? signet_key_load(&secret, value->as.bytes.data, value->as.bytes.len, err)
                 : signet_cert_load(&cert, value->as.bytes.data, value->as.bytes.len, err);

    if (rc == SIGNET_OK)
        rc = key ? signet_key_der(secret, out, err) : signet_cert_der(cert, out, err);
    signet_cert_free(&cert);
    signet_key_free(&secret);
    return rc;
}

static int pem_convert(struct signet_tree *tree, struct signet_path path,
                       const struct signet_value *value, const struct signet_observer *observer,
                       struct signet_error *err)
{
    struct signet_value der = {.type = SIGNET_TYPE_OPAQUE};
    struct signet_error note = {0};
    struct signet_bytes out = {0};
    int rc;

    if (value_to_der(value, path.rid == RID_SECRET_KEY, &out, NULL) != SIGNET_OK)
        return SIGNET_OK; /* the check says why */
    error_set(&note, SIGNET_OK, "/0/%u/%u is PEM: it goes into the packet as DER, %zu bytes",
              path.iid, path.rid, out.len);
    der.as.bytes.data = out.data;
    der.as.bytes.len = out.len;
    tree_blame(tree, path, &note);
    rc = signet_tree_put(tree, path, &der, err);
    signet_bytes_free(&out);
    if (rc == SIGNET_OK)
        event_warn(observer, &note);
    return rc;
}

int signet_tree_convert_pem(struct signet_tree *tree, const struct signet_observer *observer,
                            struct signet_error *err)
{
    struct signet_account a;
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && signet_tree_account(tree, i, &a); i++)
        for (uint16_t rid = RID_IDENTITY; rc == SIGNET_OK && rid <= RID_SECRET_KEY; rid++) {
            const struct signet_path path = {0, a.iid, rid, SIGNET_NO_ID};
            const struct signet_record *record = signet_tree_find(tree, path);

            if (mode_has_certs(a.mode) && record && value_is_pem(&record->value))
                rc = pem_convert(tree, path, &record->value, observer, err);
        }
    return rc;
}
