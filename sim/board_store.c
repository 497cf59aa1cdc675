/* SPDX-License-Identifier: Apache-2.0 */
/* What boards with a console keep: credentials under security tags, and keys that were made there
 * and never leave it. */
#include "board.h"
#include "pki/pki.h"

#include <stdio.h>

struct sim_credential *store_find(struct sim_store *store, unsigned tag, const char *type)
{
    for (size_t i = 0; i < SIM_STORE_MAX; i++)
        if (store->list[i].type[0] && store->list[i].tag == tag &&
            strcmp(store->list[i].type, type) == 0)
            return &store->list[i];
    return NULL;
}

bool store_add(struct sim_store *store, unsigned tag, const char *type, const void *data,
               size_t len)
{
    for (size_t i = 0; i < SIM_STORE_MAX; i++) {
        struct sim_credential *c = &store->list[i];

        if (c->type[0])
            continue;
        c->tag = tag;
        snprintf(c->type, sizeof(c->type), "%s", type);
        buf_append(&c->data, data, len);
        return !c->data.failed;
    }
    return false;
}

void store_drop(struct sim_credential *credential)
{
    buf_free(&credential->data);
    *credential = (struct sim_credential){0};
}

void store_clear(struct sim_store *store)
{
    for (size_t i = 0; i < SIM_STORE_MAX; i++)
        store_drop(&store->list[i]);
    wipe(store->buffer, sizeof(store->buffer));
    store->buffered = 0;
}

bool store_make_key(struct sim_store *store, unsigned tag)
{
    struct signet_key *key = NULL;
    struct signet_bytes der = {0};
    bool made = !store_find(store, tag, "key") &&
                signet_key_generate(&key, NULL, NULL, NULL) == SIGNET_OK &&
                signet_key_der(key, &der, NULL) == SIGNET_OK &&
                store_add(store, tag, "key", der.data, der.len);

    signet_key_free(&key);
    signet_bytes_free(&der);
    return made;
}

static struct signet_key *load_own_key(struct sim_store *store, unsigned tag)
{
    const struct sim_credential *own = store_find(store, tag, "key");
    struct signet_key *key = NULL;

    if (own && signet_key_load(&key, own->data.data, own->data.len, NULL) != SIGNET_OK)
        return NULL;
    return key;
}

bool store_request(struct sim_store *store, unsigned tag, const char *name,
                   struct signet_bytes *csr)
{
    struct signet_key *key = load_own_key(store, tag);
    bool made = key && cert_request_make(csr, key, name, NULL) == SIGNET_OK;

    signet_key_free(&key);
    return made;
}

bool store_is_whole(struct sim_store *store)
{
    for (size_t i = 0; i < SIM_STORE_MAX; i++) {
        unsigned tag = store->list[i].tag;
        const char *type = store->list[i].type;

        if (strcmp(type, "PSK") == 0 && store_find(store, tag, "PSK_ID"))
            return true;
        if (strcmp(type, "CLIENT") == 0 &&
            (store_find(store, tag, "key") || store_find(store, tag, "PK")))
            return true;
    }
    return false;
}

/* Of a certificate in DER or PEM. */
static bool certified_name(const struct buf *data, char out[static CERT_NAME_SIZE])
{
    struct signet_cert *cert = NULL;
    struct signet_bytes der = {0};
    bool found = signet_cert_load(&cert, data->data, data->len, NULL) == SIGNET_OK &&
                 signet_cert_der(cert, &der, NULL) == SIGNET_OK &&
                 cert_common_name(der.data, der.len, out);

    signet_bytes_free(&der);
    signet_cert_free(&cert);
    return found;
}

void store_facts(struct sim_store *store, char key[static 65], char name[static 160])
{
    char text[CERT_NAME_SIZE], type[64];
    uint8_t sha[32];

    key[0] = name[0] = '\0';
    for (size_t i = 0; i < SIM_STORE_MAX; i++) {
        const struct sim_credential *c = &store->list[i];

        if (strcmp(c->type, "CLIENT") == 0 && certified_name(&c->data, text))
            snprintf(name, 160, "%.159s", text);
        if (strcmp(c->type, "key") != 0)
            continue;
        struct signet_key *own = load_own_key(store, c->tag);
        if (own && signet_key_describe(own, type, sha, NULL) == SIGNET_OK)
            hex_encode(sha, sizeof(sha), key);
        signet_key_free(&own);
    }
}
