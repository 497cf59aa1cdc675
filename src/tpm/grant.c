/* SPDX-License-Identifier: Apache-2.0 */
/* What a station does for more uses: a nonce of its TPM, in a session that waits for the owner's
 * signature, and the one write that this signature allows. */
#include "tpm/private.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define ANOTHER_REQUEST "make another request: signet authority request"

/* The session beside the key: useless without the TPM, which takes it once. */
static void waiting_path(const char *file, char out[4200])
{
    snprintf(out, 4200, "%s.session", file);
}

static int write_session(struct tpm *t, const TPMS_CONTEXT *context,
                         const uint8_t nonce[static NONCE_LEN], const char *path,
                         struct signet_error *err)
{
    uint8_t bytes[sizeof(TPMS_CONTEXT)];
    struct buf text = {0};
    size_t len = 0;
    TSS2_RC answer = t->api->Tss2_MU_TPMS_CONTEXT_Marshal(context, bytes, sizeof(bytes), &len);

    if (answer)
        return tpm_fail(answer, "keeping the session", err);
    lines_put_hex(&text, "nonce", nonce, NONCE_LEN);
    lines_put_hex(&text, "session", bytes, len);
    return file_save(path, &text, SIGNET_OK, err);
}

/* A session that is saved has no handle: without its file it is loaded again, to be flushed. */
static int save_session(struct tpm *t, ESYS_TR *session, const uint8_t nonce[static NONCE_LEN],
                        const char *path, struct signet_error *err)
{
    TPMS_CONTEXT *context = NULL;
    TSS2_RC answer = t->api->Esys_ContextSave(t->esys, *session, &context);

    if (answer)
        return tpm_fail(answer, "keeping the session", err);
    int rc = write_session(t, context, nonce, path, err);
    if (rc != SIGNET_OK)
        t->api->Esys_ContextLoad(t->esys, context, session);
    t->api->Esys_Free(context);
    return rc;
}

struct waiting {
    uint8_t nonce[NONCE_LEN];
    TPMS_CONTEXT context;
};

static int read_waiting(struct tpm *t, const char *path, struct waiting *out,
                        struct signet_error *err)
{
    uint8_t bytes[sizeof(TPMS_CONTEXT)];
    struct secret text = {0};
    size_t len = 0, at = 0;
    const struct line lines[] = {
        {"nonce", LINE_HEX, out->nonce, NONCE_LEN, NULL},
        {"session", LINE_HEX, bytes, sizeof(bytes), &len},
    };
    int rc = file_read_secret(path, QUOTA_TEXT_MAX, &text, err);

    if (rc == SIGNET_OK &&
        (!lines_read(text.data, text.len, NULL, lines, COUNT_OF(lines)) ||
         t->api->Tss2_MU_TPMS_CONTEXT_Unmarshal(bytes, len, &at, &out->context) || at != len))
        rc = error_set_hint(err, SIGNET_E_SYNTAX, ANOTHER_REQUEST,
                            "'%s', the request that waits, is damaged",
                            text_shown(path, strlen(path), 200));
    secret_wipe(&text);
    return rc;
}

/* SIGNET_E_CRYPTO: the TPM has no such session. */
static int load_session(struct tpm *t, const struct waiting *w, ESYS_TR *session,
                        struct signet_error *err)
{
    TSS2_RC answer = t->api->Esys_ContextLoad(t->esys, &w->context, session);

    if (!answer)
        return SIGNET_OK;
    if (!tpm_answers(answer, TPM2_RC_HANDLE) && !tpm_answers(answer, TPM2_RC_INTEGRITY))
        return tpm_fail(answer, "the request that waits", err);
    return error_set_hint(err, SIGNET_E_CRYPTO, ANOTHER_REQUEST,
                          "the TPM does not know the request that waits: it was answered, or the "
                          "TPM was started again");
}

/* One that waits already would stay in the TPM. */
static int drop_waiting(struct tpm *t, const char *path, struct signet_error *err)
{
    ESYS_TR session = ESYS_TR_NONE;
    struct waiting w;

    if (access(path, F_OK) < 0)
        return SIGNET_OK;
    int rc = read_waiting(t, path, &w, err);
    if (rc == SIGNET_OK)
        rc = load_session(t, &w, &session, err);
    if (rc == SIGNET_OK)
        t->api->Esys_FlushContext(t->esys, session);
    if (rc != SIGNET_OK && rc != SIGNET_E_SYNTAX && rc != SIGNET_E_CRYPTO)
        return rc;
    unlink(path);
    return SIGNET_OK;
}

static int take_nonce(struct tpm *t, ESYS_TR session, uint8_t out[static NONCE_LEN],
                      struct signet_error *err)
{
    TPM2B_NONCE *nonce = NULL;
    TSS2_RC answer = t->api->Esys_TRSess_GetNonceTPM(t->esys, session, &nonce);
    bool sized = !answer && nonce->size == NONCE_LEN;

    if (sized)
        memcpy(out, nonce->buffer, NONCE_LEN);
    t->api->Esys_Free(nonce);
    if (answer)
        return tpm_fail(answer, "a session for the owner's signature", err);
    return sized ? SIGNET_OK : error_set(err, SIGNET_E_IO, "the TPM's nonce has another size");
}

/* No session stays in the TPM without a file. */
static int new_session(struct tpm *t, const char *path, uint8_t nonce[static NONCE_LEN],
                       struct signet_error *err)
{
    const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};
    TPM2B_NONCE caller = {.size = NONCE_LEN};
    ESYS_TR session = ESYS_TR_NONE;
    int rc = random_bytes(caller.buffer, NONCE_LEN, err);

    if (rc != SIGNET_OK)
        return rc;
    TSS2_RC answer = t->api->Esys_StartAuthSession(
        t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &caller,
        TPM2_SE_POLICY, &none, TPM2_ALG_SHA256, &session);
    if (answer)
        return tpm_fail(answer, "a session for the owner's signature", err);
    rc = take_nonce(t, session, nonce, err);
    if (rc == SIGNET_OK)
        rc = save_session(t, &session, nonce, path, err);
    if (rc != SIGNET_OK)
        t->api->Esys_FlushContext(t->esys, session);
    return rc;
}

static int write_request(const struct quota_file *f, bool written, const uint8_t nonce[NONCE_LEN],
                         struct signet_bytes *out, struct signet_error *err)
{
    struct buf text = {0};

    buf_printf(&text, REQUEST_FIRST "\nindex 0x%08" PRIx32 "\nwritten %d\n", f->index, written);
    lines_put_hex(&text, "nonce", nonce, NONCE_LEN);
    return buf_take(&text, out, err);
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
    if (rc == SIGNET_OK)
        rc = drop_waiting(&t, path, err);
    if (rc == SIGNET_OK)
        rc = new_session(&t, path, nonce, err);
    tpm_close(&t);
    if (rc == SIGNET_OK)
        rc = write_request(&f, written, nonce, out, err);
    quota_file_wipe(&f);
    return rc;
}

/* What needs no TPM. */
static int check_grant(const struct grant *g, const struct quota_file *f, const char *path,
                       struct signet_error *err)
{
    if (g->index != f->index)
        return error_set(err, SIGNET_E_CRYPTO, "the grant is for index 0x%08x, not for 0x%08x",
                         g->index, f->index);
    return access(path, F_OK) == 0
               ? SIGNET_OK
               : error_set_hint(err, SIGNET_E_CRYPTO, "signet authority request makes one",
                                "no request waits for a grant: each counts once");
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

static int write_uses(struct tpm *t, const struct quota_file *f, ESYS_TR index, ESYS_TR session,
                      const struct grant *g, const uint8_t cp_hash[32], struct signet_error *err)
{
    ESYS_TR owner = ESYS_TR_NONE;
    TPM2B_MAX_NV_BUFFER pin = {.size = PIN_LEN};
    TSS2_RC answer = load_owner(t, f->owner, &owner);

    policy_pin((uint32_t)g->uses, pin.buffer);
    if (!answer)
        answer = prove_owner(t, owner, session, g, cp_hash);
    if (owner != ESYS_TR_NONE)
        t->api->Esys_FlushContext(t->esys, owner);
    if (!answer)
        answer = t->api->Esys_NV_Write(t->esys, index, index, session, ESYS_TR_NONE, ESYS_TR_NONE,
                                       &pin, 0);
    return answer ? tpm_fail(answer, "the owner's grant", err) : SIGNET_OK;
}

/* From here on the session ends in each case: one grant, one write. */
static int spend_request(struct tpm *t, const struct quota_file *f, const char *path,
                         const struct waiting *w, const struct grant *g, ESYS_TR index,
                         const uint8_t cp_hash[32], struct signet_error *err)
{
    ESYS_TR session = ESYS_TR_NONE;
    int rc = load_session(t, w, &session, err);

    if (rc != SIGNET_OK)
        return rc;
    rc = write_uses(t, f, index, session, g, cp_hash, err);
    if (rc != SIGNET_OK)
        error_hint(err, "this request is used up: " ANOTHER_REQUEST);
    t->api->Esys_FlushContext(t->esys, session);
    unlink(path);
    return rc;
}

static int use_grant(struct tpm *t, const struct quota_file *f, const char *path,
                     const struct grant *g, struct signet_error *err)
{
    uint8_t name[NAME_LEN], statement[STATEMENT_LEN];
    ESYS_TR index = ESYS_TR_NONE;
    struct waiting w;
    bool written = false;
    int rc = read_waiting(t, path, &w, err);

    if (rc == SIGNET_OK && memcmp(w.nonce, g->nonce, NONCE_LEN) != 0)
        rc = error_set_hint(err, SIGNET_E_CRYPTO, "give the owner the last request",
                            "the grant answers another request");
    if (rc == SIGNET_OK)
        rc = quota_index(t, f, &index, &written, err);
    if (rc == SIGNET_OK)
        rc = policy_index_name(f->index, f->owner, written, name, err);
    if (rc == SIGNET_OK)
        rc = policy_statement(name, g->nonce, (uint32_t)g->uses, statement, err);
    return rc == SIGNET_OK ? spend_request(t, f, path, &w, g, index, statement + NONCE_LEN + 4, err)
                           : rc;
}

int signet_tpm_take_grant(const char *file, const void *text, size_t len, int64_t *uses,
                          struct signet_error *err)
{
    struct quota_file f = {0};
    struct grant g = {0};
    struct tpm t = {0};
    char path[4200];
    int rc = grant_read(text, len, &g, err);

    waiting_path(file, path);
    if (rc == SIGNET_OK)
        rc = quota_file_read(file, &f, err);
    if (rc == SIGNET_OK)
        rc = check_grant(&g, &f, path, err);
    if (rc == SIGNET_OK)
        rc = tpm_open(&t, f.conf, err);
    if (rc == SIGNET_OK)
        rc = use_grant(&t, &f, path, &g, err);
    tpm_close(&t);
    if (rc == SIGNET_OK)
        *uses = g.uses;
    quota_file_wipe(&f);
    return rc;
}
