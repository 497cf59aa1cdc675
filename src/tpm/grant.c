/* SPDX-License-Identifier: Apache-2.0 */
/* What a station does for more uses: a nonce of its TPM, in a session that waits for the owner's
 * signature, and the one write that this signature allows. */
#include "tpm/private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The session beside the key: useless without the TPM, which takes it once. */
static void waiting_path(const char *file, char out[4200])
{
    snprintf(out, 4200, "%s.session", file);
}

static int save_session(struct tpm *t, ESYS_TR session, const uint8_t nonce[NONCE_LEN],
                        const char *path, struct signet_error *err)
{
    TPMS_CONTEXT *context = NULL;
    uint8_t bytes[sizeof(TPMS_CONTEXT)];
    struct buf text = {0};
    size_t len = 0;
    TSS2_RC answer = t->api->Esys_ContextSave(t->esys, session, &context);

    if (!answer)
        answer = t->api->Tss2_MU_TPMS_CONTEXT_Marshal(context, bytes, sizeof(bytes), &len);
    t->api->Esys_Free(context);
    if (answer)
        return tpm_fail(answer, "keeping the session", err);
    buf_text(&text, "nonce ");
    buf_hex(&text, nonce, NONCE_LEN);
    buf_text(&text, "\nsession ");
    buf_hex(&text, bytes, len);
    buf_byte(&text, '\n');
    int rc = buf_check(&text, err);
    if (rc == SIGNET_OK)
        rc = file_write(path, text.data, text.len, 0600, err);
    buf_free(&text);
    return rc;
}

static int load_session(struct tpm *t, const struct secret *text, ESYS_TR *session,
                        struct signet_error *err)
{
    uint8_t bytes[sizeof(TPMS_CONTEXT)];
    TPMS_CONTEXT context;
    const char *at = memmem(text->data, text->len, "\nsession ", 9);
    size_t read = 0;

    if (!at)
        return error_set(err, SIGNET_E_SYNTAX, "the request that waits is damaged");
    at += 9;
    size_t rest = (size_t)((const char *)text->data + text->len - at);
    const char *end = memchr(at, '\n', rest);
    ssize_t len = end ? hex_decode(at, (size_t)(end - at), bytes, sizeof(bytes)) : -1;
    if (len <= 0 || t->api->Tss2_MU_TPMS_CONTEXT_Unmarshal(bytes, (size_t)len, &read, &context))
        return error_set(err, SIGNET_E_SYNTAX, "the request that waits is damaged");
    if (!t->api->Esys_ContextLoad(t->esys, &context, session))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_CRYPTO, "make another request: signet authority request",
                          "the TPM does not know the request that waits: it was answered, or the "
                          "TPM was started again");
}

/* One that waits already would stay in the TPM. */
static void drop_waiting(struct tpm *t, const char *path)
{
    ESYS_TR session = ESYS_TR_NONE;
    struct secret text = {0};

    if (access(path, F_OK) < 0)
        return;
    if (file_read_secret(path, QUOTA_TEXT_MAX, &text, NULL) == SIGNET_OK &&
        load_session(t, &text, &session, NULL) == SIGNET_OK)
        t->api->Esys_FlushContext(t->esys, session);
    secret_wipe(&text);
    unlink(path);
}

static int new_session(struct tpm *t, const char *path, uint8_t nonce[NONCE_LEN],
                       struct signet_error *err)
{
    const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};
    const TPM2B_NONCE ours = {.size = NONCE_LEN};
    TPM2B_NONCE caller = ours, *theirs = NULL;
    ESYS_TR session = ESYS_TR_NONE;
    int rc = random_bytes(caller.buffer, NONCE_LEN, err);

    if (rc != SIGNET_OK)
        return rc;
    TSS2_RC answer = t->api->Esys_StartAuthSession(
        t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &caller,
        TPM2_SE_POLICY, &none, TPM2_ALG_SHA256, &session);
    if (!answer)
        answer = t->api->Esys_TRSess_GetNonceTPM(t->esys, session, &theirs);
    if (answer)
        return tpm_fail(answer, "a session for the owner's signature", err);
    if (theirs->size != NONCE_LEN)
        rc = error_set(err, SIGNET_E_IO, "the TPM's nonce has another size");
    else
        memcpy(nonce, theirs->buffer, NONCE_LEN);
    t->api->Esys_Free(theirs);
    return rc == SIGNET_OK ? save_session(t, session, nonce, path, err) : rc;
}

static int write_request(const struct quota_file *f, bool written, const uint8_t nonce[NONCE_LEN],
                         struct signet_bytes *out, struct signet_error *err)
{
    struct buf text = {0};

    buf_printf(&text, REQUEST_FIRST "\nindex 0x%08" PRIx32 "\nwritten %d\nnonce ", f->index,
               written);
    buf_hex(&text, nonce, NONCE_LEN);
    buf_byte(&text, '\n');
    int rc = buf_take(&text, out, err);
    buf_free(&text);
    return rc;
}

int signet_tpm_request(const char *file, struct signet_bytes *out, struct signet_error *err)
{
    uint8_t nonce[NONCE_LEN];
    ESYS_TR index = ESYS_TR_NONE;
    struct quota_file f = {0};
    struct tpm t = {0};
    bool written = false;
    char path[4200];
    int rc = quota_file_read(file, &f, err);

    waiting_path(file, path);
    if (rc == SIGNET_OK)
        rc = tpm_open(&t, f.conf, err);
    if (rc == SIGNET_OK)
        rc = quota_index(&t, &f, &index, &written, err);
    if (rc == SIGNET_OK) {
        drop_waiting(&t, path);
        rc = new_session(&t, path, nonce, err);
    }
    tpm_close(&t);
    if (rc == SIGNET_OK)
        rc = write_request(&f, written, nonce, out, err);
    quota_file_wipe(&f);
    return rc;
}

struct grant {
    int64_t index, uses;
    uint8_t nonce[NONCE_LEN], signature[P256_POINT];
};

static int take_grant_text(const void *text, size_t len, struct grant *out,
                           struct signet_error *err)
{
    if (len <= QUOTA_TEXT_MAX && lines_begin(text, len, GRANT_FIRST) &&
        lines_number(text, len, "index", UINT32_MAX, &out->index) &&
        lines_number(text, len, "uses", SIGNET_GRANT_MOST, &out->uses) &&
        lines_hex(text, len, "nonce", out->nonce, NONCE_LEN) &&
        lines_hex(text, len, "signature", out->signature, P256_POINT))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_SYNTAX, "signet order grant makes one",
                          "it is no grant of uses");
}

/* Before the TPM is asked, which forgets the session in any case. */
static int check_grant(const struct grant *g, const struct quota_file *f, const char *path,
                       struct secret *waiting, struct signet_error *err)
{
    uint8_t nonce[NONCE_LEN];

    if (g->index != f->index)
        return error_set(err, SIGNET_E_CRYPTO, "the grant is for index 0x%08x, not for 0x%08x",
                         (unsigned)g->index, f->index);
    if (access(path, F_OK) < 0)
        return error_set_hint(err, SIGNET_E_CRYPTO, "signet authority request makes one",
                              "no request waits for a grant: each counts once");
    int rc = file_read_secret(path, QUOTA_TEXT_MAX, waiting, err);
    if (rc != SIGNET_OK)
        return rc;
    if (!lines_hex(waiting->data, waiting->len, "nonce", nonce, NONCE_LEN))
        return error_set(err, SIGNET_E_SYNTAX, "the request that waits is damaged");
    return memcmp(nonce, g->nonce, NONCE_LEN) == 0
               ? SIGNET_OK
               : error_set_hint(err, SIGNET_E_CRYPTO, "give the owner the last request",
                                "the grant answers another request");
}

static TSS2_RC load_owner(struct tpm *t, const uint8_t owner[static P256_POINT], ESYS_TR *out)
{
    TPM2B_PUBLIC public = {
        .publicArea = {.type = TPM2_ALG_ECC,
                       .nameAlg = TPM2_ALG_SHA256,
                       .objectAttributes = OWNER_ATTRIBUTES,
                       .parameters.eccDetail = {.symmetric.algorithm = TPM2_ALG_NULL,
                                                .scheme.scheme = TPM2_ALG_NULL,
                                                .curveID = TPM2_ECC_NIST_P256,
                                                .kdf.scheme = TPM2_ALG_NULL},
                       .unique.ecc = {.x.size = 32, .y.size = 32}}};

    memcpy(public.publicArea.unique.ecc.x.buffer, owner, 32);
    memcpy(public.publicArea.unique.ecc.y.buffer, owner + 32, 32);
    return t->api->Esys_LoadExternal(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
                                     &public, ESYS_TR_RH_NULL, out);
}

static TSS2_RC prove_owner(struct tpm *t, ESYS_TR owner, ESYS_TR session, const struct grant *g,
                           const uint8_t cp_hash[32])
{
    TPMT_SIGNATURE signature = {
        .sigAlg = TPM2_ALG_ECDSA,
        .signature.ecdsa = {.hash = TPM2_ALG_SHA256, .signatureR.size = 32, .signatureS.size = 32}};
    TPM2B_NONCE nonce = {.size = NONCE_LEN}, no_reference = {0};
    TPM2B_DIGEST command = {.size = 32};

    memcpy(signature.signature.ecdsa.signatureR.buffer, g->signature, 32);
    memcpy(signature.signature.ecdsa.signatureS.buffer, g->signature + 32, 32);
    memcpy(nonce.buffer, g->nonce, NONCE_LEN);
    memcpy(command.buffer, cp_hash, 32);
    return t->api->Esys_PolicySigned(t->esys, owner, session, ESYS_TR_NONE, ESYS_TR_NONE,
                                     ESYS_TR_NONE, &nonce, &command, &no_reference, 0, &signature,
                                     NULL, NULL);
}

static int write_uses(struct tpm *t, const struct quota_file *f, ESYS_TR session,
                      const struct grant *g, struct signet_error *err)
{
    uint8_t name[NAME_LEN], statement[STATEMENT_LEN];
    ESYS_TR owner = ESYS_TR_NONE, index = ESYS_TR_NONE;
    TPM2B_MAX_NV_BUFFER pin = {.size = PIN_LEN};
    bool written = false;
    int rc = quota_index(t, f, &index, &written, err);

    if (rc == SIGNET_OK)
        rc = policy_index_name(f->index, f->owner, written, name, err);
    if (rc == SIGNET_OK)
        rc = policy_statement(name, g->nonce, (uint32_t)g->uses, statement, err);
    if (rc != SIGNET_OK)
        return rc;
    policy_pin((uint32_t)g->uses, pin.buffer);
    TSS2_RC answer = load_owner(t, f->owner, &owner);
    if (!answer)
        answer = prove_owner(t, owner, session, g, statement + NONCE_LEN + 4);
    if (owner != ESYS_TR_NONE)
        t->api->Esys_FlushContext(t->esys, owner);
    if (!answer)
        answer = t->api->Esys_NV_Write(t->esys, index, index, session, ESYS_TR_NONE, ESYS_TR_NONE,
                                       &pin, 0);
    return answer ? tpm_fail(answer, "the owner's grant", err) : SIGNET_OK;
}

/* The session ends in each case: one grant, one write. */
static int use_grant(const struct quota_file *f, const char *path, const struct grant *g,
                     const struct secret *waiting, struct signet_error *err)
{
    ESYS_TR session = ESYS_TR_NONE;
    struct tpm t = {0};
    int rc = tpm_open(&t, f->conf, err);

    if (rc == SIGNET_OK)
        rc = load_session(&t, waiting, &session, err);
    if (rc == SIGNET_OK) {
        rc = write_uses(&t, f, session, g, err);
        t.api->Esys_FlushContext(t.esys, session);
        unlink(path);
    }
    tpm_close(&t);
    return rc;
}

int signet_tpm_take_grant(const char *file, const void *text, size_t len, int64_t *uses,
                          struct signet_error *err)
{
    struct secret waiting = {0};
    struct quota_file f = {0};
    struct grant g = {0};
    char path[4200];
    int rc = take_grant_text(text, len, &g, err);

    waiting_path(file, path);
    if (rc == SIGNET_OK)
        rc = quota_file_read(file, &f, err);
    if (rc == SIGNET_OK)
        rc = check_grant(&g, &f, path, &waiting, err);
    if (rc == SIGNET_OK)
        rc = use_grant(&f, path, &g, &waiting, err);
    if (rc == SIGNET_OK)
        *uses = g.uses;
    secret_wipe(&waiting);
    quota_file_wipe(&f);
    return rc;
}
