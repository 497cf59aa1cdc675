/* SPDX-License-Identifier: Apache-2.0 */
/* A few bytes that only this TPM opens: the sealed object's public and private part in hex, the way
 * to the TPM, and a count that goes with them. */
#include "tpm/private.h"

#include <inttypes.h>
#include <stdio.h>

TSS2_RC tpm_create(struct tpm *t, const TPM2B_SENSITIVE_CREATE *sensitive,
                   const TPM2B_PUBLIC *template, struct part *public, struct part *private,
                   TPM2B_PUBLIC **made)
{
    static const TPM2B_DATA outside = {0};
    static const TPML_PCR_SELECTION no_pcrs = {0};
    TPM2B_PUBLIC *out_public = NULL;
    TPM2B_PRIVATE *out_private = NULL;
    TSS2_RC answer = t->api->Esys_Create(t->esys, t->primary, t->session, ESYS_TR_NONE,
                                         ESYS_TR_NONE, sensitive, template, &outside, &no_pcrs,
                                         &out_private, &out_public, NULL, NULL, NULL);

    if (!answer)
        answer =
            t->api->Tss2_MU_TPM2B_PUBLIC_Marshal(out_public, public->bytes, PART_MAX, &public->len);
    if (!answer)
        answer = t->api->Tss2_MU_TPM2B_PRIVATE_Marshal(out_private, private->bytes, PART_MAX,
                                                       &private->len);
    t->api->Esys_Free(out_private);
    if (!answer && made)
        *made = out_public;
    else
        t->api->Esys_Free(out_public);
    return answer;
}

int tpm_load(struct tpm *t, const struct part *pub, const struct part *priv, ESYS_TR *object,
             struct signet_error *err)
{
    TPM2B_PUBLIC public = {0};
    TPM2B_PRIVATE private = {0};
    size_t at = 0, at_private = 0;

    if (t->api->Tss2_MU_TPM2B_PUBLIC_Unmarshal(pub->bytes, pub->len, &at, &public) ||
        t->api->Tss2_MU_TPM2B_PRIVATE_Unmarshal(priv->bytes, priv->len, &at_private, &private) ||
        at != pub->len || at_private != priv->len)
        return error_set(err, SIGNET_E_CRYPTO, "what the TPM made is damaged");
    TSS2_RC answer = t->api->Esys_Load(t->esys, t->primary, t->session, ESYS_TR_NONE, ESYS_TR_NONE,
                                       &private, &public, object);
    return answer ? tpm_fail(answer, "what the TPM made does not open", err) : SIGNET_OK;
}

static TSS2_RC seal_bytes(struct tpm *t, const struct secret *bytes, struct part *public,
                          struct part *private)
{
    const TPM2B_PUBLIC template = {
        .publicArea = {.type = TPM2_ALG_KEYEDHASH,
                       .nameAlg = TPM2_ALG_SHA256,
                       .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                           TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA,
                       .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL}};
    TPM2B_SENSITIVE_CREATE sensitive = {.sensitive.data.size = (uint16_t)bytes->len};

    memcpy(sensitive.sensitive.data.buffer, bytes->data, bytes->len);
    TSS2_RC answer = tpm_create(t, &sensitive, &template, public, private, NULL);
    wipe(&sensitive, sizeof(sensitive));
    return answer;
}

int tpm_seal(const char *conf, const struct secret *bytes, struct buf *params,
             struct signet_error *err)
{
    struct part public = {0}, private = {0};
    struct tpm_count count;
    struct tpm t = {0};

    if (bytes->len > TPM2_MAX_SYM_DATA)
        return error_set(err, SIGNET_E_LIMIT, "a TPM seals at most %d bytes", TPM2_MAX_SYM_DATA);
    int rc = tpm_open(&t, conf, err);
    if (rc == SIGNET_OK) {
        TSS2_RC answer = seal_bytes(&t, bytes, &public, &private);
        rc = answer ? tpm_fail(answer, "sealing", err) : SIGNET_OK;
    }
    tpm_close(&t);
    if (rc == SIGNET_OK)
        rc = count_new(conf, &count, err);
    if (rc != SIGNET_OK)
        return rc;
    buf_hex(params, public.bytes, public.len);
    buf_byte(params, ' ');
    buf_hex(params, private.bytes, private.len);
    buf_printf(params, " %s 0x%08" PRIx32 " %" PRIu64, conf, count.index, count.first);
    return buf_check(params, err);
}

bool tpm_count_of(const char *text, struct tpm_count *out)
{
    int end = 0;

    /* NOLINTNEXTLINE(cert-err34-c): we wrote it, and nobody changes what the key is sealed for */
    return sscanf(text, "%*s %*s %255s 0x%8" SCNx32 " %" SCNu64 "%n", out->conf, &out->index,
                  &out->first, &end) == 3 &&
           !text[end];
}

/* A word of hex; at: behind it and the blank. */
static bool read_part(const char **at, struct part *out)
{
    size_t len = strcspn(*at, " ");
    ssize_t n = hex_decode(*at, len, out->bytes, PART_MAX);

    if (n <= 0 || !(*at)[len])
        return false;
    out->len = (size_t)n;
    *at += len + 1;
    return true;
}

static int open_sealed(struct tpm *t, const struct part *public, const struct part *private,
                       struct secret *out, struct signet_error *err)
{
    TPM2B_SENSITIVE_DATA *data = NULL;
    ESYS_TR object = ESYS_TR_NONE;
    int rc = tpm_load(t, public, private, &object, err);

    if (rc != SIGNET_OK)
        return rc;
    TSS2_RC answer =
        t->api->Esys_Unseal(t->esys, object, t->session, ESYS_TR_NONE, ESYS_TR_NONE, &data);
    t->api->Esys_FlushContext(t->esys, object);
    if (answer)
        return tpm_fail(answer, "what was sealed does not open", err);
    rc = secret_set(out, data->buffer, data->size, err);
    wipe(data, sizeof(*data));
    t->api->Esys_Free(data);
    return rc;
}

int tpm_unseal(const char *params, struct secret *out, struct signet_error *err)
{
    struct part public = {0}, private = {0};
    struct secret found = {0};
    struct tpm_count count;
    struct tpm t = {0};

    if (!tpm_count_of(params, &count) || !read_part(&params, &public) ||
        !read_part(&params, &private))
        return error_set(err, SIGNET_E_CRYPTO, "what the TPM sealed is damaged");
    int rc = tpm_open(&t, count.conf, err);
    if (rc == SIGNET_OK)
        rc = open_sealed(&t, &public, &private, &found, err);
    tpm_close(&t);
    return secret_give(rc, &found, out);
}
