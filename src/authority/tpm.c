/* SPDX-License-Identifier: Apache-2.0 */
/* A private key in a TPM, which signs as often as the owner of the product has granted. */
#include "tpm/tpm.h"
#include "authority/private.h"

#include <stdio.h>

static int tpm_sign(void *ctx, const uint8_t *data, size_t len, struct buf *signature,
                    struct signet_error *err)
{
    return tpm_quota_sign(ctx, data, len, signature, err);
}

/* For people, who plan with it. */
static int describe_uses(struct signet_authority *a, const struct tpm_quota *q,
                         const struct tpm_uses *uses, struct signet_error *err)
{
    char text[500];
    uint32_t index = 0;
    const char *conf = tpm_quota_place(q, &index);

    snprintf(text, sizeof(text), "TPM %s, index 0x%08x, %u of %u uses left",
             text_shown(conf, strlen(conf), 80), index,
             uses->used < uses->limit ? uses->limit - uses->used : 0, uses->limit);
    return text_copy(&a->place, text, err);
}

static void warn_of_end(const struct tpm_uses *uses, const struct signet_observer *observer)
{
    if (uses->granted && uses->used < uses->limit)
        return;
    event_note(observer, "signet authority request, and have the owner of the product grant uses",
               "the authority's key in the TPM has no use left: it signs nothing");
}

static int tpm_key_open(struct signet_authority *a, const struct signet_authority_info *info,
                        const struct signet_authority_options *options, struct signet_error *err)
{
    const char *path = info->key + strlen("tpm:");
    struct tpm_quota *quota = NULL;
    struct tpm_uses uses = {0};
    struct buf key = {0};
    char full[4200];

    snprintf(full, sizeof(full), "%s%s", *path == '/' || !info->folder ? "" : info->folder, path);
    int rc = tpm_quota_open(&quota, full, err);
    if (rc != SIGNET_OK)
        return rc;
    a->state = quota;
    a->signer = (struct cert_signer){.sign = tpm_sign, .ctx = quota, .counted = true};
    tpm_quota_public(quota, &key);
    rc = buf_check(&key, err);
    if (rc == SIGNET_OK)
        rc = error_pass(cert_check_public(a->chain[0], &key, err), err, "the issuer's certificate");
    buf_free(&key);
    if (rc == SIGNET_OK)
        rc = tpm_quota_uses(quota, &uses, err);
    if (rc != SIGNET_OK)
        return rc;
    warn_of_end(&uses, options->observer);
    return describe_uses(a, quota, &uses, err);
}

static void tpm_key_close(struct signet_authority *a)
{
    struct tpm_quota *quota = a->state;

    tpm_quota_close(&quota);
    a->state = NULL;
}

int authority_without_tpm(struct signet_authority *a,
                          int (*act)(void *ctx, struct signet_error *err), void *ctx,
                          struct signet_error *err)
{
    return a && a->ops == &authority_tpm ? tpm_quota_without(a->state, act, ctx, err)
                                         : act(ctx, err);
}

const struct authority_ops authority_tpm = {
    .name = "tpm", .open = tpm_key_open, .close = tpm_key_close};
