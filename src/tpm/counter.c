/* SPDX-License-Identifier: Apache-2.0 */
/* A count that only grows: an NV index of the TPM's kind for it. One that is removed and defined
 * again begins above all that any was. */
#include "tpm/private.h"

#include <stdio.h>

enum { COUNT_LEN = 8, INDICES = 64 };
#define FIRST_INDEX (SIGNET_TPM_INDEX + 0x1f)
#define COUNT_ATTRIBUTES                                                                           \
    ((TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT) | TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD |         \
     TPMA_NV_NO_DA)

static int count_fail(TSS2_RC answer, const struct tpm_count *c, struct signet_error *err)
{
    char what[40];

    snprintf(what, sizeof(what), "the count at index 0x%08x", c->index);
    return tpm_fail(answer, what, err);
}

/* An index of another kind could be written with any number: its name would be another one. */
static int find_count(struct tpm *t, const struct tpm_count *c, ESYS_TR *out,
                      struct signet_error *err)
{
    uint8_t wanted[NAME_LEN];
    TPM2B_NAME *name = NULL;
    int rc =
        policy_plain_name(c->index, COUNT_ATTRIBUTES | TPMA_NV_WRITTEN, COUNT_LEN, wanted, err);

    if (rc != SIGNET_OK)
        return rc;
    TSS2_RC answer = t->api->Esys_TR_FromTPMPublic(t->esys, c->index, ESYS_TR_NONE, ESYS_TR_NONE,
                                                   ESYS_TR_NONE, out);
    if (!answer)
        answer = t->api->Esys_TR_GetName(t->esys, *out, &name);
    if (answer)
        return count_fail(answer, c, err);
    if (name->size != NAME_LEN || memcmp(name->name, wanted, NAME_LEN) != 0)
        rc = error_set_hint(err, SIGNET_E_CRYPTO, "who put another one there?",
                            "index 0x%08x of the TPM is not the count that was made there",
                            c->index);
    t->api->Esys_Free(name);
    return rc;
}

static int read_count(struct tpm *t, const struct tpm_count *c, ESYS_TR index, uint64_t *value,
                      struct signet_error *err)
{
    TPM2B_MAX_NV_BUFFER *data = NULL;
    TSS2_RC answer = t->api->Esys_NV_Read(t->esys, ESYS_TR_RH_OWNER, index, ESYS_TR_PASSWORD,
                                          ESYS_TR_NONE, ESYS_TR_NONE, COUNT_LEN, 0, &data);
    int rc = answer                    ? count_fail(answer, c, err)
             : data->size != COUNT_LEN ? error_set(err, SIGNET_E_IO, "the TPM's count is none")
                                       : SIGNET_OK;

    if (rc == SIGNET_OK)
        *value = (uint64_t)get_32(data->buffer) << 32 | get_32(data->buffer + 4);
    t->api->Esys_Free(data);
    return rc;
}

static TSS2_RC increment(struct tpm *t, ESYS_TR index)
{
    return t->api->Esys_NV_Increment(t->esys, ESYS_TR_RH_OWNER, index, ESYS_TR_PASSWORD,
                                     ESYS_TR_NONE, ESYS_TR_NONE);
}

static TSS2_RC define_count(struct tpm *t, struct tpm_count *c, ESYS_TR *index)
{
    static const TPM2B_AUTH none = {0};
    TPM2B_NV_PUBLIC public = {.nvPublic = {.nameAlg = TPM2_ALG_SHA256,
                                           .attributes = COUNT_ATTRIBUTES,
                                           .dataSize = COUNT_LEN}};
    TSS2_RC answer = TPM2_RC_NV_DEFINED;

    for (uint32_t i = 0; i < INDICES && tpm_answers(answer, TPM2_RC_NV_DEFINED); i++) {
        public.nvPublic.nvIndex = c->index = FIRST_INDEX + i;
        answer = t->api->Esys_NV_DefineSpace(t->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
                                             ESYS_TR_NONE, ESYS_TR_NONE, &none, &public, index);
    }
    return tpm_answers(answer, TPM2_RC_NV_DEFINED) ? TPM2_RC_NV_SPACE : answer;
}

int count_new(const char *conf, struct tpm_count *out, struct signet_error *err)
{
    ESYS_TR index = ESYS_TR_NONE;
    struct tpm t = {0};
    int rc = tpm_connect(&t, conf, err);

    snprintf(out->conf, sizeof(out->conf), "%s", conf);
    if (rc == SIGNET_OK) {
        TSS2_RC answer = define_count(&t, out, &index);
        if (!answer)
            answer = increment(&t, index);
        rc = answer ? count_fail(answer, out, err) : SIGNET_OK;
    }
    if (rc == SIGNET_OK)
        rc = read_count(&t, out, index, &out->first, err);
    if (rc != SIGNET_OK && index != ESYS_TR_NONE)
        t.api->Esys_NV_UndefineSpace(t.esys, ESYS_TR_RH_OWNER, index, ESYS_TR_PASSWORD,
                                     ESYS_TR_NONE, ESYS_TR_NONE);
    tpm_close(&t);
    return rc;
}

int tpm_count_read(const struct tpm_count *c, uint64_t *value, struct signet_error *err)
{
    ESYS_TR index = ESYS_TR_NONE;
    struct tpm t = {0};
    int rc = tpm_connect(&t, c->conf, err);

    if (rc == SIGNET_OK)
        rc = find_count(&t, c, &index, err);
    if (rc == SIGNET_OK)
        rc = read_count(&t, c, index, value, err);
    tpm_close(&t);
    return rc;
}

int tpm_count_add(const struct tpm_count *c, struct signet_error *err)
{
    ESYS_TR index = ESYS_TR_NONE;
    struct tpm t = {0};
    int rc = tpm_connect(&t, c->conf, err);

    if (rc == SIGNET_OK)
        rc = find_count(&t, c, &index, err);
    if (rc == SIGNET_OK) {
        TSS2_RC answer = increment(&t, index);
        rc = answer ? count_fail(answer, c, err) : SIGNET_OK;
    }
    tpm_close(&t);
    return rc;
}
