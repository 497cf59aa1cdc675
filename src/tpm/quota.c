/* SPDX-License-Identifier: Apache-2.0 */
/* A key that the TPM made, keeps, and lets sign only while a PIN-pass index has uses left. Each
 * signature costs one, also when the power goes before it is used. */
#include "tpm/private.h"

#include <pthread.h>
#include <stdlib.h>

struct tpm_quota {
    struct quota_file file;
    pthread_mutex_t lock; /* of what follows: one command at a time */
    struct tpm tpm;       /* open from the first signature on */
    ESYS_TR index, key;
    bool open;
};

/* The handle of an index says nothing about what stands there: its name does. */
int quota_index(struct tpm *t, const struct quota_file *f, ESYS_TR *out, bool *written,
                struct signet_error *err)
{
    const TPM2B_AUTH password = {.size = QUOTA_PASSWORD};
    uint8_t full[NAME_LEN], blank[NAME_LEN];
    TPM2B_NAME *name = NULL;
    TPM2B_AUTH auth = password;
    TSS2_RC answer = t->api->Esys_TR_FromTPMPublic(t->esys, f->index, ESYS_TR_NONE, ESYS_TR_NONE,
                                                   ESYS_TR_NONE, out);

    if (!answer)
        answer = t->api->Esys_TR_GetName(t->esys, *out, &name);
    if (answer)
        return tpm_fail(answer, "the index of uses", err);
    int rc = policy_index_name(f->index, f->owner, true, full, err);
    if (rc == SIGNET_OK)
        rc = policy_index_name(f->index, f->owner, false, blank, err);
    if (rc == SIGNET_OK) {
        bool sized = name->size == NAME_LEN;

        *written = sized && memcmp(name->name, full, NAME_LEN) == 0;
        if (!*written && (!sized || memcmp(name->name, blank, NAME_LEN) != 0))
            rc =
                error_set_hint(err, SIGNET_E_CRYPTO, "put it back as it was, or create another key",
                               "index 0x%08x is not the one that counts for this key", f->index);
    }
    t->api->Esys_Free(name);
    memcpy(auth.buffer, f->password.data, QUOTA_PASSWORD);
    answer = rc == SIGNET_OK ? t->api->Esys_TR_SetAuth(t->esys, *out, &auth) : 0;
    wipe(&auth, sizeof(auth));
    return answer ? tpm_fail(answer, "the index of uses", err) : rc;
}

static int nothing_granted(const struct quota_file *f, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_CRYPTO,
                          "signet authority request, and have the owner of the product grant uses",
                          "the owner has granted nothing for index 0x%08x of the TPM", f->index);
}

/* Esys_NV_Read() by the owner hierarchy: with the index's own password the TPM would count it. */
static int read_uses(struct tpm *t, ESYS_TR index, struct tpm_uses *out, struct signet_error *err)
{
    TPM2B_MAX_NV_BUFFER *data = NULL;
    TSS2_RC answer = t->api->Esys_NV_Read(t->esys, ESYS_TR_RH_OWNER, index, ESYS_TR_PASSWORD,
                                          ESYS_TR_NONE, ESYS_TR_NONE, PIN_LEN, 0, &data);
    int rc = SIGNET_OK;

    if (answer)
        rc = tpm_fail(answer, "reading the index of uses", err);
    else if (data->size != PIN_LEN)
        rc = error_set(err, SIGNET_E_IO, "the TPM's index of uses has another size");
    else
        *out = (struct tpm_uses){
            .granted = true, .used = get_32(data->buffer), .limit = get_32(data->buffer + 4)};
    t->api->Esys_Free(data);
    return rc;
}

int tpm_quota_uses(const struct tpm_quota *q, struct tpm_uses *out, struct signet_error *err)
{
    ESYS_TR index = ESYS_TR_NONE;
    struct tpm t = {0};
    bool written = false;
    int rc = tpm_open(&t, q->file.conf, err);

    *out = (struct tpm_uses){0};
    if (rc == SIGNET_OK)
        rc = quota_index(&t, &q->file, &index, &written, err);
    if (rc == SIGNET_OK && written)
        rc = read_uses(&t, index, out, err);
    tpm_close(&t);
    return rc;
}

const char *tpm_quota_place(const struct tpm_quota *q, uint32_t *index)
{
    *index = q->file.index;
    return q->file.conf;
}

void tpm_quota_public(const struct tpm_quota *q, struct buf *der)
{
    p256_public(der, q->file.point);
}

int tpm_quota_open(struct tpm_quota **out, const char *file, struct signet_error *err)
{
    struct tpm_quota *q = calloc(1, sizeof(*q));

    if (!q)
        return error_nomem(err);
    pthread_mutex_init(&q->lock, NULL);
    int rc = quota_file_read(file, &q->file, err);
    if (rc != SIGNET_OK)
        tpm_quota_close(&q);
    else
        *out = q;
    return rc;
}

static void disconnect(struct tpm_quota *q)
{
    if (q->open && q->key != ESYS_TR_NONE)
        q->tpm.api->Esys_FlushContext(q->tpm.esys, q->key);
    tpm_close(&q->tpm);
    q->open = false;
    q->key = q->index = ESYS_TR_NONE;
}

void tpm_quota_close(struct tpm_quota **quota)
{
    if (!*quota)
        return;
    disconnect(*quota);
    quota_file_wipe(&(*quota)->file);
    pthread_mutex_destroy(&(*quota)->lock);
    free(*quota);
    *quota = NULL;
}

static int connect_key(struct tpm_quota *q, struct signet_error *err)
{
    bool written = false;

    if (q->open)
        return SIGNET_OK;
    q->key = q->index = ESYS_TR_NONE;
    int rc = tpm_open(&q->tpm, q->file.conf, err);
    q->open = rc == SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = quota_index(&q->tpm, &q->file, &q->index, &written, err);
    if (rc == SIGNET_OK && !written)
        rc = nothing_granted(&q->file, err);
    if (rc == SIGNET_OK)
        rc = tpm_load(&q->tpm, &q->file.public, &q->file.private, &q->key, err);
    return rc;
}

/* The use is spent here. */
static int spend(struct tpm_quota *q, ESYS_TR policy, struct signet_error *err)
{
    struct tpm *t = &q->tpm;
    struct tpm_uses uses = {0};
    TSS2_RC answer = t->api->Esys_PolicySecret(t->esys, q->index, policy, t->session, ESYS_TR_NONE,
                                               ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL);

    failpoint("tpm-use-spent");
    if (!answer)
        return SIGNET_OK;
    if (!tpm_answers(answer, TPM2_RC_AUTH_UNAVAILABLE) ||
        read_uses(t, q->index, &uses, err) != SIGNET_OK)
        return tpm_fail(answer, "a use of the authority's key", err);
    return error_set_hint(err, SIGNET_E_CRYPTO,
                          "signet authority request, and have the owner of the product grant more",
                          "the TPM signs no more: all %u uses that the owner granted are spent",
                          (unsigned)uses.limit);
}

static TPMI_ALG_HASH quota_hash(size_t len)
{
    return len == 64   ? TPM2_ALG_SHA512
           : len == 48 ? TPM2_ALG_SHA384
           : len == 32 ? TPM2_ALG_SHA256
                       : TPM2_ALG_NULL;
}

/* Whatever the TPM gave: a certificate with a bad signature would be found by the servers only. */
static int take_signature(const struct quota_file *f, const TPMT_SIGNATURE *made,
                          const TPM2B_DIGEST *digest, struct buf *out, struct signet_error *err)
{
    const TPMS_SIGNATURE_ECC *numbers = &made->signature.ecdsa;
    uint8_t both[P256_POINT];

    if (made->sigAlg != TPM2_ALG_ECDSA ||
        !tpm_numbers(&numbers->signatureR, &numbers->signatureS, both) ||
        p256_verify(f->point, digest->buffer, digest->size, both, NULL) != SIGNET_OK)
        return error_set_hint(err, SIGNET_E_CRYPTO,
                              "the key's file was changed, or the TPM is at fault: create another "
                              "key",
                              "what the TPM signed is not by the authority's key");
    buf_append(out, both, sizeof(both));
    return buf_check(out, err);
}

static int sign_digest(struct tpm_quota *q, ESYS_TR policy, const uint8_t *digest, size_t len,
                       struct buf *signature, struct signet_error *err)
{
    const TPMT_SIG_SCHEME ecdsa = {.scheme = TPM2_ALG_ECDSA,
                                   .details.ecdsa.hashAlg = quota_hash(len)};
    const TPMT_TK_HASHCHECK none = {.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};
    TPM2B_DIGEST data = {.size = (uint16_t)len};
    TPMT_SIGNATURE *made = NULL;
    struct tpm *t = &q->tpm;

    memcpy(data.buffer, digest, len);
    TSS2_RC answer = t->api->Esys_Sign(t->esys, q->key, policy, ESYS_TR_NONE, ESYS_TR_NONE, &data,
                                       &ecdsa, &none, &made);
    if (answer)
        return tpm_fail(answer, "signing", err);
    int rc = take_signature(&q->file, made, &data, signature, err);
    t->api->Esys_Free(made);
    return rc;
}

static int quota_sign_once(struct tpm_quota *q, const uint8_t *digest, size_t len,
                           struct buf *signature, struct signet_error *err)
{
    const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};
    ESYS_TR policy = ESYS_TR_NONE;
    struct tpm *t = &q->tpm;
    TSS2_RC answer = t->api->Esys_StartAuthSession(t->esys, ESYS_TR_NONE, ESYS_TR_NONE,
                                                   ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
                                                   TPM2_SE_POLICY, &none, TPM2_ALG_SHA256, &policy);

    if (answer)
        return tpm_fail(answer, "a session", err);
    int rc = spend(q, policy, err);
    if (rc == SIGNET_OK)
        rc = sign_digest(q, policy, digest, len, signature, err);
    t->api->Esys_FlushContext(t->esys, policy);
    return rc;
}

int tpm_quota_without(struct tpm_quota *q, int (*act)(void *ctx, struct signet_error *err),
                      void *ctx, struct signet_error *err)
{
    pthread_mutex_lock(&q->lock);
    disconnect(q);
    int rc = act(ctx, err);
    pthread_mutex_unlock(&q->lock);
    return rc;
}

int tpm_quota_sign(struct tpm_quota *q, const uint8_t *digest, size_t len, struct buf *signature,
                   struct signet_error *err)
{
    if (quota_hash(len) == TPM2_ALG_NULL)
        return error_set(err, SIGNET_E_MEANING, "a TPM signs SHA-256, -384 and -512 only");
    pthread_mutex_lock(&q->lock);
    int rc = connect_key(q, err);
    if (rc == SIGNET_OK)
        rc = quota_sign_once(q, digest, len, signature, err);
    if (rc != SIGNET_OK)
        disconnect(q); /* the next one begins anew */
    pthread_mutex_unlock(&q->lock);
    return rc;
}
