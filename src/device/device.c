/* SPDX-License-Identifier: Apache-2.0 */
/* One device with its credentials, as packet and as facts for the ledger. */
#include "device/private.h"
#include "pki/pki.h"
#include "server/server.h"

#include <signet/packet.h>
#include <stdlib.h>

/* What the packet, the view and the facts point to. */
struct device_data {
    struct signet_tree *tree;
    char endpoint[152];
    char psk_sha256[65], spki_sha256[65], packet_sha256[65];
    struct buf identity; /* escaped */
    struct cert_facts cert;
};

static int psk_account_facts(struct device *out, struct device_data *d,
                             const struct signet_account *a, struct signet_error *err)
{
    int rc = signet_bytes_sha256(a->secret_key->as.bytes.data, a->secret_key->as.bytes.len,
                                 d->psk_sha256, err);

    text_escape_value(&d->identity, a->identity->as.bytes.data, a->identity->as.bytes.len);
    out->facts.psk_sha256 = d->psk_sha256;
    out->facts.psk_identity = d->identity.data ? (const char *)d->identity.data : "";
    return rc == SIGNET_OK ? buf_check(&d->identity, err) : rc;
}

static int cert_account_facts(struct device *out, struct device_data *d,
                              const struct signet_account *a, struct signet_error *err)
{
    int rc = cert_facts(a->identity->as.bytes.data, a->identity->as.bytes.len, &d->cert, err);

    hex_encode(d->cert.key_sha256, sizeof(d->cert.key_sha256), d->spki_sha256);
    out->facts.spki_sha256 = d->spki_sha256;
    out->facts.cert_issuer = d->cert.issuer;
    out->facts.cert_serial = d->cert.serial;
    return rc;
}

/* Identity and key of the account that stands for the device. */
static int take_account(const struct signet_tree *tree, struct signet_account *a,
                        struct signet_error *err)
{
    if (!account_main(tree, a))
        return error_set(err, SIGNET_E_MEANING, "the packet has no server account");
    if (a->mode != SIGNET_MODE_PSK && !mode_has_certs(a->mode))
        return SIGNET_OK;
    /* a certificate's key may be on the board alone */
    bool key = a->secret_key ? a->secret_key->type == SIGNET_TYPE_OPAQUE : mode_has_certs(a->mode);
    if (!a->identity || a->identity->type != SIGNET_TYPE_OPAQUE || !key)
        return error_set(err, SIGNET_E_MEANING, "/0/%u: identity and key must be bytes", a->iid);
    return SIGNET_OK;
}

void device_describe(struct signet_device *out, const struct signet_tree *tree,
                     const char *endpoint)
{
    struct signet_account a;

    *out = (struct signet_device){.endpoint = endpoint, .tree = tree, .mode = SIGNET_MODE_NONE};
    if (account_main(tree, &a))
        device_take(out, &a);
}

static int device_fill(struct device *out, struct device_data *d, struct signet_error *err)
{
    struct signet_account a;
    int rc = signet_bytes_sha256(out->packet.data, out->packet.len, d->packet_sha256, err);

    if (rc == SIGNET_OK)
        rc = take_account(d->tree, &a, err);
    if (rc != SIGNET_OK)
        return rc;
    device_describe(&out->view, d->tree, d->endpoint);
    out->facts.packet_sha256 = d->packet_sha256;
    if (a.mode == SIGNET_MODE_PSK)
        return psk_account_facts(out, d, &a, err);
    return mode_has_certs(a.mode) ? cert_account_facts(out, d, &a, err) : SIGNET_OK;
}

static int copy_packet(struct signet_bytes *out, const struct secret *packet,
                       struct signet_error *err)
{
    struct buf copy = {0};

    buf_append(&copy, packet->data, packet->len);
    return buf_take(&copy, out, err);
}

int device_from_tree(struct device *out, struct signet_tree *tree, const struct secret *packet,
                     const char *endpoint, struct signet_error *err)
{
    struct device_data *d = calloc(1, sizeof(*d));
    struct device device = {.handle = d};

    if (!d) {
        signet_tree_free(&tree);
        return error_nomem(err);
    }
    d->tree = tree;
    memcpy(d->endpoint, endpoint, strnlen(endpoint, sizeof(d->endpoint) - 1));
    int rc = packet ? copy_packet(&device.packet, packet, err)
                    : signet_packet_encode(tree, &device.packet, err);
    if (rc == SIGNET_OK)
        rc = device_fill(&device, d, err);
    if (rc != SIGNET_OK)
        device_free(&device);
    else
        *out = device;
    return rc;
}

int device_from_packet(struct device *out, const struct secret *packet, const char *endpoint,
                       struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    int rc = signet_packet_decode(packet->data, packet->len, &tree, err);

    return rc == SIGNET_OK ? device_from_tree(out, tree, packet, endpoint, err) : rc;
}

void device_free(struct device *device)
{
    struct device_data *d = device->handle;

    signet_bytes_free(&device->packet);
    if (d) {
        signet_tree_free(&d->tree);
        buf_free(&d->identity);
        free(d);
    }
    *device = (struct device){0};
}
