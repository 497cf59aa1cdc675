/* SPDX-License-Identifier: Apache-2.0 */
/* The credentials of a packet's accounts, for boards that keep them under numbers, the security
 * tags of their firmware. */
#include "lwm2m/lwm2m.h"
#include "pki/pki.h"
#include "recipe.h"

#include <signet/packet.h>
#include <stdlib.h>

/* Those of Nordic's LwM2M client (CONFIG_LWM2M_CLIENT_UTILS_SERVER_TLS_TAG, ..._BOOTSTRAP_...). */
enum { USUAL_TAG = 35724861, USUAL_BOOTSTRAP_TAG = 35724862 };

static const char *const names[CREDENTIAL_KINDS] = {
    [CREDENTIAL_CA] = "CA certificate",
    [CREDENTIAL_CERT] = "client certificate",
    [CREDENTIAL_KEY] = "private key",
    [CREDENTIAL_PSK] = "pre-shared key",
    [CREDENTIAL_PSK_ID] = "identity of the pre-shared key",
};

const char *credential_name(enum credential_kind kind)
{
    return names[kind];
}

uint32_t credential_tag(const struct signet_board *b, bool bootstrap)
{
    const char *given = recipe_option(b, bootstrap ? "bootstrap_sec_tag" : "sec_tag");

    return given ? (uint32_t)strtoul(given, NULL, 10) : bootstrap ? USUAL_BOOTSTRAP_TAG : USUAL_TAG;
}

static int add_credential(struct credentials *out, const struct signet_board *b, uint32_t tag,
                          enum credential_kind kind, const struct signet_value *value,
                          struct signet_error *err)
{
    struct credential *c = &out->list[out->count];

    if (!value || !type_has_bytes(value->type) || !value->as.bytes.len)
        return SIGNET_OK;
    *c = (struct credential){.tag = tag, .kind = kind};
    int code = b->recipe->console->form(c, value->as.bytes.data, value->as.bytes.len, err);
    if (code != SIGNET_OK)
        return error_pass(code, err, "the %s", names[kind]);
    out->count++;
    return SIGNET_OK;
}

static int add_account(struct credentials *out, const struct signet_board *b,
                       const struct signet_account *a, struct signet_error *err)
{
    bool certs = mode_has_certs(a->mode);
    uint32_t tag = credential_tag(b, a->bootstrap);
    int code;

    if (!certs && a->mode != SIGNET_MODE_PSK)
        return SIGNET_OK; /* nothing of it is secret */
    for (size_t i = 0; i < out->count; i++)
        if (out->list[i].tag == tag)
            return error_set_hint(err, SIGNET_E_MEANING,
                                  "one server and one bootstrap server, each with a tag of its own",
                                  "two accounts have the security tag %u", tag);
    /* The key comes last: a board that has one has all. */
    code = certs ? add_credential(out, b, tag, CREDENTIAL_CA, a->server_key, err) : SIGNET_OK;
    if (code == SIGNET_OK)
        code = add_credential(out, b, tag, certs ? CREDENTIAL_CERT : CREDENTIAL_PSK_ID, a->identity,
                              err);
    if (code == SIGNET_OK)
        code = add_credential(out, b, tag, certs ? CREDENTIAL_KEY : CREDENTIAL_PSK, a->secret_key,
                              err);
    return code;
}

/* Its key is the one under sec_tag, and is on the board. */
static int check_own_key(const struct credentials *c, const struct signet_board *b,
                         struct signet_error *err)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct credential *one = &c->list[i];

        if (one->kind == CREDENTIAL_KEY)
            return error_set(err, SIGNET_E_USAGE,
                             "the board makes its key, but the packet has one");
        if (one->kind == CREDENTIAL_CERT && one->tag != credential_tag(b, false))
            return error_set_hint(err, SIGNET_E_MEANING,
                                  "give bootstrap_sec_tag the number of sec_tag",
                                  "the board's key is under the security tag %u, and its "
                                  "certificate would be under %u",
                                  credential_tag(b, false), one->tag);
    }
    return SIGNET_OK;
}

static int note_certificate(struct credentials *c, const struct signet_account *a,
                            struct signet_error *err)
{
    struct cert_facts facts;

    if (!mode_has_certs(a->mode) || !a->identity || !type_has_bytes(a->identity->type))
        return SIGNET_OK;
    int code = cert_facts(a->identity->as.bytes.data, a->identity->as.bytes.len, &facts, err);
    if (code == SIGNET_OK) {
        memcpy(c->key_sha256, facts.key_sha256, sizeof(c->key_sha256));
        c->has_cert = true;
    }
    return code;
}

int credentials_open(struct credentials *out, const struct signet_board *b, const void *packet,
                     size_t len, struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    struct signet_account a;

    *out = (struct credentials){0};
    int code = signet_packet_decode(packet, len, &tree, err);
    for (size_t i = 0; code == SIGNET_OK && signet_tree_account(tree, i, &a); i++) {
        code = add_account(out, b, &a, err);
        if (code == SIGNET_OK)
            code = note_certificate(out, &a, err);
    }
    if (code == SIGNET_OK && !out->count)
        code = error_set(err, SIGNET_E_MEANING, "the packet has no credentials for the board");
    if (code == SIGNET_OK && signet_board_makes_key(b))
        code = check_own_key(out, b, err);
    signet_tree_free(&tree);
    if (code != SIGNET_OK)
        credentials_free(out);
    return code;
}

void credentials_free(struct credentials *c)
{
    for (size_t i = 0; i < COUNT_OF(c->list); i++)
        signet_bytes_free(&c->list[i].text);
    c->count = 0;
}
