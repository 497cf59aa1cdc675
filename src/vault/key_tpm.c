/* SPDX-License-Identifier: Apache-2.0 */
/* A key that only this TPM opens: it has sealed 32 bytes for itself, and the key is sealed with
 * those. */
#include "pki/pki.h"
#include "tpm/tpm.h"
#include "vault/private.h"

static int make_tpm(const struct vault_key *from, const char *argument, struct buf *params,
                    struct secret *wrap, struct signet_error *err)
{
    struct secret fresh = {0};
    int rc = key_new(&fresh, err);

    (void)from;
    if (rc == SIGNET_OK)
        rc = tpm_seal(argument ? argument : TPM_USUAL, &fresh, params, err);
    return secret_give(rc, &fresh, wrap);
}

static int open_tpm(const struct vault_key *from, const char *params, struct secret *wrap,
                    struct signet_error *err)
{
    struct secret found = {0};
    int rc = tpm_unseal(params, &found, err);

    (void)from;
    if (rc == SIGNET_OK && found.len != AES_GCM_KEY_LEN)
        rc = error_set(err, SIGNET_E_CRYPTO, "the TPM sealed something else");
    return secret_give(rc, &found, wrap);
}

bool vault_count(const struct vault *v, struct tpm_count *out)
{
    const struct key_wrap *wrap = &v->ring.wrap;

    return wrap->form == &key_form_tpm && tpm_count_of((const char *)wrap->params.data, out);
}

const struct key_form key_form_tpm = {
    .name = "tpm", .argument = "TCTI", .make = make_tpm, .open = open_tpm};
