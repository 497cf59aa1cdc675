/* SPDX-License-Identifier: Apache-2.0 */
/* A private key in a file. */
#include "authority/private.h"

enum { KEY_FILE_MAX = 64 * 1024 };

static int load_encrypted(struct signet_authority *a, const struct signet_authority_info *info,
                          const struct signet_authority_options *options, const struct secret *data,
                          struct signet_error *err)
{
    struct secret passphrase = {0};
    char what[300];
    int rc;

    snprintf(what, sizeof(what), "the passphrase of '%.200s'",
             text_shown(info->key, strlen(info->key), 200));
    rc = authority_secret(options, info->passphrase_file, what, &passphrase, err);
    if (rc == SIGNET_OK)
        rc = key_load_encrypted(&a->key, data->data, data->len, &passphrase, err);
    secret_wipe(&passphrase);
    return rc;
}

static int key_file_open(struct signet_authority *a, const struct signet_authority_info *info,
                         const struct signet_authority_options *options, struct signet_error *err)
{
    struct secret data = {0};
    int rc = text_copy(&a->place, info->key, err);

    if (rc == SIGNET_OK)
        /* one that others can read is no authority's key any more */
        rc = error_pass(file_read_secret(info->key, KEY_FILE_MAX, &data, err), err,
                        "the authority's key");
    if (rc != SIGNET_OK)
        return rc;
    rc = key_is_encrypted(data.data, data.len)
             ? error_pass(load_encrypted(a, info, options, &data, err), err, "'%s'",
                          text_shown(info->key, strlen(info->key), 200))
             : signet_file_explain(signet_key_load(&a->key, data.data, data.len, err),
                                   SIGNET_FILE_KEY, info->key, err);
    secret_wipe(&data);
    return rc;
}

const struct authority_ops authority_file = {.name = "file", .open = key_file_open};
