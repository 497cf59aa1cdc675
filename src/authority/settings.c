/* SPDX-License-Identifier: Apache-2.0 */
/* Authorities as people write them: in an order, or in a file of their own. */
#include "authority/private.h"

#include <unistd.h>

enum { KEYS_MAX = 64 * 1024 };

#define KEY(name, member, type) ENTRY(name, type, signet_authority_info, member)
static const struct entry keys[] = {
    KEY("chain", chain, ENTRY_PATH),
    KEY("key", key, ENTRY_TEXT),
    KEY("passphrase_file", passphrase_file, ENTRY_PATH),
    KEY("profile", profile, ENTRY_TEXT),
    KEY("kind", kind, ENTRY_TEXT),
    KEY("url", url, ENTRY_TEXT),
    KEY("ca_file", ca_file, ENTRY_PATH),
    KEY("pin", pin, ENTRY_TEXT),
    KEY("user", user, ENTRY_TEXT),
    KEY("client_cert", client_cert, ENTRY_PATH),
    KEY("client_key", client_key, ENTRY_PATH),
    KEY("reference", reference, ENTRY_TEXT),
    ENTRY_WITHIN("timeout_s", ENTRY_NUMBER, signet_authority_info, timeout_s, 1, 3600),
};

/* A file, found as others are; or "PKCS11:...", "engine:...": what begins as an address does, and
 * is no file. */
static int place_key(struct reader *r, const char **key)
{
    const char *given = *key;
    size_t n = strcspn(given, ":/");
    int rc = reader_path(r, given, key);

    if (rc != SIGNET_OK || n < 2 || given[n] != ':' || access(*key, F_OK) == 0)
        return rc;
    return reader_fail_word(
        r, given,
        "a key is a file, \"pkcs11:token=NAME;object=NAME\" or \"tpm:FILE\", in "
        "small letters",
        "'%.*s...' is no key of an authority", (int)n + 1, given);
}

/* A key in a token or a TPM has a path of its own, a profile that is built in neither. */
static int place_paths(struct reader *r, struct signet_authority_info *info)
{
    int rc = SIGNET_OK;

    if (info->kind)
        return SIGNET_OK;
    if (!info->chain || !info->key)
        return error_set_hint(
            r->err, SIGNET_E_MEANING,
            "authority: {chain: ca.pem, key: ca.key}, or key: \"pkcs11:...\", \"tpm:FILE\"",
            "%s: an authority has a 'chain' and a 'key'", r->path);
    if (strncmp(info->key, "pkcs11:", 7) != 0 && strncmp(info->key, "tpm:", 4) != 0)
        rc = place_key(r, &info->key);
    if (rc == SIGNET_OK && info->profile && strpbrk(info->profile, "/."))
        rc = reader_path(r, info->profile, &info->profile);
    if (rc == SIGNET_OK && r->folder_len)
        rc = reader_path(r, "", &info->folder);
    return rc;
}

/* What a profile says, in the file that names it. */
static const struct key_home homes[] = {
    {"a file of its own, which 'profile' names (with 'base: tls-client')",
     " base key_usage extended_key_usage authority_key_id subject_key_id subject_alt_name "
     "serial_number hardware_type no_end validity_days ",
     NULL, false, keys},
    {NULL, NULL, NULL, false, NULL},
};

const char *const authority_words[][2] = {
    {"authority",
     "take it out: in a file of its own its keys stand without it and without indentation"},
    {"ca cert certificate ca_cert certs issuer", "did you mean 'chain'?"},
    {"private_key key_file ca_key pkcs11 token hsm tpm",
     "did you mean 'key'? A file, or \"pkcs11:...\", or \"tpm:FILE\""},
    {"password passphrase pin_file", "did you mean 'passphrase_file'?"},
    {"days validity lifetime expires not_after",
     "'profile' names a file that says 'validity_days'"},
    {"est cmp scep acme type", "did you mean 'kind'? It is est or cmp, and goes with 'url'"},
    {NULL, NULL},
};

int authority_read(struct reader *r, yaml_node_t *node, struct authority_keys *out)
{
    static const struct entry file = ENTRY("authority", ENTRY_PATH, authority_keys, file);
    int rc;

    if (node->type == YAML_SCALAR_NODE)
        return reader_value(r, node, &file, out);
    rc = reader_map(r, node, keys, COUNT_OF(keys), &out->info);
    return rc == SIGNET_OK ? place_paths(r, &out->info) : rc;
}

int authority_keys_load(struct authority_keys *out, void **owned, const char *path,
                        struct signet_error *err)
{
    static const struct key_words words[] = {{NULL, authority_words}, {NULL, NULL}};
    struct reader r = {.path = path,
                       .kind = SIGNET_FILE_AUTHORITY,
                       .root = &out->info,
                       .homes = homes,
                       .words = words,
                       .owned = owned,
                       .err = err};
    int rc = reader_load(&r, KEYS_MAX, keys, COUNT_OF(keys));

    return rc == SIGNET_OK ? place_paths(&r, &out->info) : rc;
}
