/* SPDX-License-Identifier: Apache-2.0 */
/* What must be true of the certificates of an account: they are there, in the form that devices
 * take, and the key belongs to the device's own. The server's: server_cert.c. */
#include "check/private.h"
#include "pki/pki.h"

#include <stdio.h>

static int presence(const struct signet_account *a, struct signet_error *err)
{
    if (!a->server_key)
        return error_set_hint(
            err, SIGNET_E_MEANING,
            "name the file of the server's certificate, or fetch it from the server",
            "/0/%u is in %s mode, but there is no certificate of the server", a->iid,
            signet_mode_name(a->mode));
    if (a->mode != SIGNET_MODE_EST && (!a->identity || !a->secret_key))
        return error_set_hint(
            err, SIGNET_E_MEANING, "have both made, or name the files of key and certificate",
            "/0/%u is in %s mode, but the device has no %s", a->iid, signet_mode_name(a->mode),
            a->identity ? "private key" : "certificate");
    return SIGNET_OK;
}

/* The finding is about a resource of the account; rid 2 is its mode. */
static int blame(int rc, const struct signet_tree *tree, const struct signet_account *a,
                 uint16_t rid, struct signet_error *err)
{
    if (rc != SIGNET_OK)
        tree_blame(tree, (struct signet_path){0, a->iid, rid, SIGNET_NO_ID}, err);
    return rc;
}

int account_check_presence(const struct signet_tree *tree, const struct signet_account *a,
                           struct signet_error *err)
{
    return blame(presence(a, err), tree, a, 2, err);
}

/* What a device can do nothing with: no bytes at all, which some take for "trust any server", or
 * the text form. */
static int check_form(const struct signet_account *a, const struct signet_value *v, unsigned rid,
                      struct signet_error *err)
{
    struct signet_key *key = NULL;
    struct signet_cert *cert = NULL;
    int rc;

    if (!v || v->type != SIGNET_TYPE_OPAQUE) /* the data model's rules say so */
        return SIGNET_OK;
    if (v->as.bytes.len == 0)
        return error_set_hint(err, SIGNET_E_CERT, "give its bytes, or leave the entry out",
                              "/0/%u/%u is empty", a->iid, rid);
    if (!value_is_pem(v))
        return SIGNET_OK;
    rc = rid == RID_SECRET_KEY ? signet_key_load(&key, v->as.bytes.data, v->as.bytes.len, err)
                               : signet_cert_load(&cert, v->as.bytes.data, v->as.bytes.len, err);
    signet_key_free(&key);
    signet_cert_free(&cert);
    if (rc == SIGNET_OK)
        rc = error_set_hint(err, SIGNET_E_CERT,
                            "convert it to DER, or name it as a file, which is converted",
                            "it is PEM, and a device takes DER only");
    error_prefix(err, "/0/%u/%u", a->iid, rid);
    return rc;
}

static int check_forms(const struct signet_tree *tree, const struct signet_account *a,
                       struct signet_error *err)
{
    const struct signet_value *const values[] = {a->identity, a->server_key, a->secret_key};
    int rc = SIGNET_OK;

    for (uint16_t i = 0; rc == SIGNET_OK && i < 3; i++)
        rc = blame(check_form(a, values[i], RID_IDENTITY + i, err), tree, a, RID_IDENTITY + i, err);
    return rc;
}

/* Does the key belong to the server's certificate, so that 3 and 4 stand in each other's place? */
static bool are_swapped(const struct signet_account *a, const struct signet_key *key)
{
    struct signet_cert *other = NULL;
    bool swapped = a->server_key && a->server_key->type == SIGNET_TYPE_OPAQUE &&
                   value_load_cert(&other, a->server_key, NULL) == SIGNET_OK &&
                   signet_cert_check_key(other, key, NULL) == SIGNET_OK;

    signet_cert_free(&other);
    return swapped;
}

static int check_belong(const struct signet_account *a, const struct signet_cert *cert,
                        const struct signet_key *key, struct signet_error *err)
{
    int rc = signet_cert_check_key(cert, key, err);

    if (rc == SIGNET_OK || !are_swapped(a, key))
        return rc;
    return error_set_hint(err, rc,
                          "3 is the device's certificate, 4 the server's, 5 the device's key",
                          "the private key belongs to the certificate in /0/%u/4: are 3 and 4 "
                          "swapped?",
                          a->iid);
}

static int check_pair(const struct signet_account *a, const struct signet_observer *observer,
                      struct signet_error *err)
{
    struct signet_cert *cert = NULL;
    struct signet_key *key = NULL;
    char where[24];
    int rc = value_load_cert(&cert, a->identity, err);

    if (rc == SIGNET_OK)
        rc = signet_key_load(&key, a->secret_key->as.bytes.data, a->secret_key->as.bytes.len, err);
    if (rc == SIGNET_OK)
        rc = check_belong(a, cert, key, err);
    if (rc == SIGNET_OK)
        rc = key_fits_stacks(a->secret_key->as.bytes.data, a->secret_key->as.bytes.len, key, err);
    if (rc == SIGNET_OK)
        rc = cert_fits_stacks(cert, err);
    if (rc == SIGNET_OK)
        rc = check_cert_dates(cert, observer, err);
    snprintf(where, sizeof(where), "/0/%u/3", a->iid);
    if (rc != SIGNET_OK)
        error_prefix(err, "%s and /0/%u/5", where, a->iid);
    else
        cert_warn_weak(cert, CERT_OF_DEVICE, where, observer);
    signet_cert_free(&cert);
    signet_key_free(&key);
    return rc;
}

static bool is_opaque(const struct signet_value *value)
{
    return value && value->type == SIGNET_TYPE_OPAQUE;
}

/* Warnings about a certificate get its place. */
struct place {
    const struct signet_observer *observer;
    const struct signet_tree *tree;
    struct signet_path path;
};

static void certs_warning(void *ctx, const struct signet_event *event)
{
    const struct place *place = ctx;
    struct signet_error warning = *event->error;

    tree_blame(place->tree, place->path, &warning);
    event_warn(place->observer, &warning);
}

int account_check_certs(const struct signet_tree *tree, const struct signet_account *a,
                        const struct signet_observer *observer, struct signet_error *err)
{
    struct place place = {observer, tree, {0, a->iid, RID_SERVER_KEY, SIGNET_NO_ID}};
    const struct signet_observer placed = {.on_event = certs_warning, .ctx = &place};
    int rc = check_forms(tree, a, err);

    if (rc == SIGNET_OK && is_opaque(a->server_key))
        rc = blame(check_server_cert(tree, a, &placed, err), tree, a, RID_SERVER_KEY, err);
    place.path.rid = RID_IDENTITY;
    if (rc == SIGNET_OK && is_opaque(a->identity) && is_opaque(a->secret_key))
        rc = blame(check_pair(a, &placed, err), tree, a, RID_IDENTITY, err);
    return rc;
}
