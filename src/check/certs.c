/* SPDX-License-Identifier: Apache-2.0 */
/* What must be true of the certificates of an account. */
#include "check/private.h"
#include "pki/pki.h"

#include <string.h>

int account_check_presence(const struct signet_account *a, struct signet_error *err)
{
    if (!a->server_key)
        return error_set_hint(
            err, SIGNET_E_MEANING,
            "name the file of the server's certificate, or fetch it from the server",
            "/0/%u is in %s mode, but there is no certificate of the server", a->iid,
            signet_mode_name(a->mode));
    if (!a->identity || !a->secret_key)
        return error_set_hint(
            err, SIGNET_E_MEANING, "have both made, or name the files of key and certificate",
            "/0/%u is in %s mode, but the device has no %s", a->iid, signet_mode_name(a->mode),
            a->identity ? "private key" : "certificate");
    return SIGNET_OK;
}

/* What a device can do nothing with: no bytes at all, which some take for "trust any server", or
 * the text form. */
static int check_forms(const struct signet_account *a, struct signet_error *err)
{
    static const char pem[] = "-----BEGIN";
    const struct signet_value *const values[] = {a->identity, a->server_key, a->secret_key};

    for (unsigned i = 0; i < 3; i++) {
        const struct signet_value *v = values[i];

        if (!v || v->type != SIGNET_TYPE_OPAQUE) /* the data model's rules say so */
            continue;
        if (v->as.bytes.len == 0)
            return error_set(err, SIGNET_E_CERT, "/0/%u/%u is empty", a->iid, RID_IDENTITY + i);
        if (v->as.bytes.len >= sizeof(pem) && memcmp(v->as.bytes.data, pem, sizeof(pem) - 1) == 0)
            return error_set_hint(
                err, SIGNET_E_CERT, "convert it to DER, or name it as a file, which is converted",
                "/0/%u/%u is PEM, and a device takes DER only", a->iid, RID_IDENTITY + i);
    }
    return SIGNET_OK;
}

static int load_cert(struct signet_cert **out, const struct signet_value *value,
                     struct signet_error *err)
{
    return signet_cert_load(out, value->as.bytes.data, value->as.bytes.len, err);
}

/* Matching type (/0/x/13) 1 to 3: resource 4 holds a hash of the server's certificate (LwM2M Core
 * 1.1, Appendix E.1). */
static bool holds_hash(const struct signet_tree *tree, const struct signet_account *a)
{
    const struct signet_record *record =
        signet_tree_find(tree, (struct signet_path){0, a->iid, 13, SIGNET_NO_ID});

    return record && record->value.type == SIGNET_TYPE_INTEGER && record->value.as.integer >= 1 &&
           record->value.as.integer <= 3;
}

/* Certificate usage (/0/x/15, RFC 6698 section 2.1.1) 3 is the server's own certificate, 2 an
 * authority that issued it. A server's own may be able to issue others, so that this is no refusal.
 */
static void suspect_usage(const struct signet_account *a, const struct signet_cert *cert,
                          const struct signet_observer *observer)
{
    int64_t usage = a->usage && a->usage->type == SIGNET_TYPE_INTEGER ? a->usage->as.integer : 3;
    bool authority = cert_is_authority(cert);
    struct signet_error note = {0};

    if (!(usage == 3 && authority) && !(usage == 2 && !authority))
        return;
    error_set(&note, SIGNET_OK, "/0/%u/4 is %s, and certificate usage %d means %s", a->iid,
              authority ? "an authority's certificate" : "no authority's certificate", (int)usage,
              authority ? "the server's own" : "an authority that issued the server's");
    error_hint(&note, "usage 2 is for an authority, 3 for the server's own certificate");
    event_warn(observer, &note);
}

static int check_server_cert(const struct signet_account *a, const struct signet_observer *observer,
                             struct signet_error *err)
{
    struct signet_cert *cert = NULL;
    int rc = load_cert(&cert, a->server_key, err);

    if (rc == SIGNET_OK)
        rc = signet_cert_check_dates(cert, observer, err);
    if (rc != SIGNET_OK)
        error_prefix(err, "/0/%u/4", a->iid);
    else
        suspect_usage(a, cert, observer);
    signet_cert_free(&cert);
    return rc;
}

static int check_pair(const struct signet_account *a, const struct signet_observer *observer,
                      struct signet_error *err)
{
    struct signet_cert *cert = NULL;
    struct signet_key *key = NULL;
    int rc = load_cert(&cert, a->identity, err);

    if (rc == SIGNET_OK)
        rc = signet_key_load(&key, a->secret_key->as.bytes.data, a->secret_key->as.bytes.len, err);
    if (rc == SIGNET_OK)
        rc = signet_cert_check_key(cert, key, err);
    if (rc == SIGNET_OK)
        rc = signet_cert_check_dates(cert, observer, err);
    if (rc != SIGNET_OK)
        error_prefix(err, "/0/%u/3 and /0/%u/5", a->iid, a->iid);
    signet_cert_free(&cert);
    signet_key_free(&key);
    return rc;
}

static bool is_opaque(const struct signet_value *value)
{
    return value && value->type == SIGNET_TYPE_OPAQUE;
}

int account_check_certs(const struct signet_tree *tree, const struct signet_account *a,
                        const struct signet_observer *observer, struct signet_error *err)
{
    int rc = check_forms(a, err);

    if (rc == SIGNET_OK && is_opaque(a->server_key) && !holds_hash(tree, a))
        rc = check_server_cert(a, observer, err);
    if (rc == SIGNET_OK && is_opaque(a->identity) && is_opaque(a->secret_key))
        rc = check_pair(a, observer, err);
    return rc;
}
