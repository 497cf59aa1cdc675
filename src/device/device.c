/* SPDX-License-Identifier: Apache-2.0 */
/* One device with its credentials, as packet and as facts for the ledger. */
#include "device/private.h"
#include "pki/pki.h"
#include "server/server.h"

#include <signet/packet.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    struct signet_tree *tree; /* the server's view points into it */
    char endpoint[152];
    char psk_sha256[65], spki_sha256[65], packet_sha256[65], cert_serial[64];
    char *identity;
    char issuer[512];
};

static int fingerprint(const void *data, size_t len, char out[65], struct signet_error *err)
{
    uint8_t digest[32];
    int rc = sha256(data, len, digest, err);

    if (rc == SIGNET_OK)
        hex_encode(digest, sizeof(digest), out);
    return rc;
}

static int psk_facts(struct device *out, struct unit *u, const struct signet_account *a,
                     struct signet_error *err)
{
    struct buf identity = {0};
    int rc =
        fingerprint(a->secret_key->as.bytes.data, a->secret_key->as.bytes.len, u->psk_sha256, err);

    text_escape(&identity, a->identity->as.bytes.data, a->identity->as.bytes.len);
    if (rc == SIGNET_OK)
        rc = buf_check(&identity, err);
    if (rc == SIGNET_OK &&
        !(u->identity = strdup(identity.data ? (const char *)identity.data : "")))
        rc = error_nomem(err);
    buf_free(&identity);
    out->facts.psk_sha256 = u->psk_sha256;
    out->facts.psk_identity = u->identity;
    return rc;
}

static int read_cert(struct device *out, struct unit *u, const struct signet_account *a,
                     struct signet_error *err)
{
    struct cert_facts facts;
    int rc = cert_facts(a->identity->as.bytes.data, a->identity->as.bytes.len, &facts, err);

    if (rc != SIGNET_OK)
        return rc;
    hex_encode(facts.key_sha256, sizeof(facts.key_sha256), u->spki_sha256);
    memcpy(u->issuer, facts.issuer, sizeof(u->issuer));
    memcpy(u->cert_serial, facts.serial, sizeof(u->cert_serial));
    out->facts.spki_sha256 = u->spki_sha256;
    out->facts.cert_issuer = u->issuer;
    out->facts.cert_serial = u->cert_serial;
    return SIGNET_OK;
}

/* Identity and key of the account that stands for the device. */
static int take_account(const struct signet_tree *tree, struct signet_account *a,
                        struct signet_error *err)
{
    if (!account_main(tree, a))
        return error_set(err, SIGNET_E_MEANING, "the packet has no server account");
    if (a->mode != SIGNET_MODE_PSK && !mode_has_certs(a->mode))
        return SIGNET_OK;
    if (!a->identity || !a->secret_key || a->identity->type != SIGNET_TYPE_OPAQUE ||
        a->secret_key->type != SIGNET_TYPE_OPAQUE)
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

static int fill(struct device *out, struct unit *u, struct signet_error *err)
{
    struct signet_account a;
    int rc = out->packet.data ? SIGNET_OK : signet_packet_encode(u->tree, &out->packet, err);

    if (rc == SIGNET_OK)
        rc = fingerprint(out->packet.data, out->packet.len, u->packet_sha256, err);
    if (rc == SIGNET_OK)
        rc = take_account(u->tree, &a, err);
    if (rc != SIGNET_OK)
        return rc;
    device_describe(&out->view, u->tree, u->endpoint);
    out->facts.packet_sha256 = u->packet_sha256;
    if (a.mode == SIGNET_MODE_PSK)
        return psk_facts(out, u, &a, err);
    return mode_has_certs(a.mode) ? read_cert(out, u, &a, err) : SIGNET_OK;
}

/* unit.packet is made when it is empty. The tree and the packet go over to the unit. */
static int make(struct device *out, struct device unit, struct signet_tree *tree,
                const char *endpoint, struct signet_error *err)
{
    struct unit *u = calloc(1, sizeof(*u));

    if (!u) {
        signet_tree_free(&tree);
        device_free(&unit);
        return error_nomem(err);
    }
    u->tree = tree;
    memcpy(u->endpoint, endpoint, strnlen(endpoint, sizeof(u->endpoint) - 1));
    unit.handle = u;
    int rc = fill(&unit, u, err);
    if (rc != SIGNET_OK)
        device_free(&unit);
    else
        *out = unit;
    return rc;
}

int device_from_tree(struct device *out, struct signet_tree *tree, const char *endpoint,
                     struct signet_error *err)
{
    return make(out, (struct device){0}, tree, endpoint, err);
}

int device_from_packet(struct device *out, const struct secret *packet, const char *endpoint,
                       struct signet_error *err)
{
    struct device unit = {0};
    struct signet_tree *tree = NULL;
    struct buf copy = {0};
    int rc = signet_packet_decode(packet->data, packet->len, &tree, err);

    buf_append(&copy, packet->data, packet->len);
    if (rc == SIGNET_OK)
        rc = buf_take(&copy, &unit.packet, err);
    buf_free(&copy);
    if (rc != SIGNET_OK) {
        signet_tree_free(&tree);
        return rc;
    }
    return make(out, unit, tree, endpoint, err);
}

void device_free(struct device *unit)
{
    struct unit *u = unit->handle;

    signet_bytes_free(&unit->packet);
    if (u) {
        signet_tree_free(&u->tree);
        free(u->identity);
        free(u);
    }
    *unit = (struct device){0};
}
