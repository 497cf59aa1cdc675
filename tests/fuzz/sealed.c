/* SPDX-License-Identifier: Apache-2.0 */
/* What a receiver or a station is given: a CMS, a manifest of a sealed batch, a station's key file.
 * The first byte says which. */
#include "fuzz.h"
#include "pki/pki.h"
#include "seal/seal.h"
#include "vault/private.h"

static const char key_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUf8QGcWMt7syfYjW\n"
                              "l5qzdGM4ezFCs+eedk2ZN06aR52hRANCAAQqoYJcWnFcIuZKocnQXfGxuh+VSESb\n"
                              "BdNiBZb4LqJJ+lOq8KKCKccBq6ctAjFgo9QhdcE8qqb+5OMkq3adO4EB\n"
                              "-----END PRIVATE KEY-----\n";

static void try_cms(const uint8_t *data, size_t len)
{
    static struct signet_key *key;
    struct secret plain = {0};
    struct signet_error err;

    if (!key && signet_key_load(&key, key_pem, sizeof(key_pem) - 1, &err) != SIGNET_OK)
        require(false);
    cms_open(key, data, len, &plain, &err);
    secret_wipe(&plain);
}

static void try_manifest(const uint8_t *data, size_t len)
{
    struct manifest m;
    struct signet_error err;
    size_t end;

    if (manifest_parse(data, len, &m, &end, &err) == SIGNET_OK && (end > len || !m.count))
        require(false);
}

static void try_key(const uint8_t *data, size_t len)
{
    struct secret text = {0};
    struct key_text t;
    struct signet_error err;

    if (secret_set(&text, data, len, &err) == SIGNET_OK &&
        key_text_parse(&text, &t, &err) == SIGNET_OK && t.form && (!t.count || !t.params))
        require(false);
    secret_wipe(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (!len)
        return 0;
    switch (data[0] % 3) {
    case 0:
        try_cms(data + 1, len - 1);
        break;
    case 1:
        try_manifest(data + 1, len - 1);
        break;
    case 2:
        try_key(data + 1, len - 1);
        break;
    }
    return 0;
}
