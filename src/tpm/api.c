/* SPDX-License-Identifier: Apache-2.0 */
/* A TPM 2.0: its storage key, and a session that keeps what goes over the bus encrypted. */
#include "tpm/private.h"

#define X(name) {#name, offsetof(struct tpm_api, name)},
static const struct library_function esys[] = {TPM_ESYS(X)}, mu[] = {TPM_MU(X)},
                                     tcti[] = {TPM_TCTI(X)};
#undef X

static struct tpm_api api;

#define LIBRARY(name, list)                                                                        \
    {                                                                                              \
        .soname = name, .functions = list, .count = COUNT_OF(list), .table = &api,                 \
        .missing = "the library for TPMs, tpm2-tss, is not installed",                             \
        .install = "install Debian's packages libtss2-esys-3.0.2-0 and libtss2-tctildr0"           \
    }
static struct library libraries[] = {LIBRARY("libtss2-esys.so.0", esys),
                                     LIBRARY("libtss2-mu.so.0", mu),
                                     LIBRARY("libtss2-tctildr.so.0", tcti)};

/* What people can do something about. */
static const struct {
    TSS2_RC answer;
    const char *meaning, *hint;
} meanings[] = {
    {TPM2_RC_LOCKOUT, "it is locked after wrong passwords",
     "wait, or end it as its administrator: tpm2_dictionarylockout --clear-lockout"},
    {TPM2_RC_AUTH_FAIL, "a password is wrong", "was the key's file, or the TPM, put back?"},
    {TPM2_RC_BAD_AUTH, "a password is wrong", "Signet needs an owner hierarchy without a password"},
    {TPM2_RC_HANDLE, "it is not in this TPM", "is it another TPM, or was it cleared?"},
    {TPM2_RC_NV_DEFINED, "the index is taken", "choose another one: --index"},
    {TPM2_RC_NV_SPACE, "it has no room for an index", "remove one: tpm2_nvundefine"},
    {TPM2_RC_SIGNATURE, "the signature is not the owner's, or not over this", NULL},
    {TPM2_RC_POLICY_FAIL, "the policy does not allow it", NULL},
    {TPM2_RC_INTEGRITY, "it is another TPM's",
     "only the TPM that made it opens it, and not after a clear"},
    {TPM2_RC_OBJECT_MEMORY, "its memory is full of other programs' keys",
     "use the kernel's resource manager, device:/dev/tpmrm0, or start the TPM again"},
    {TPM2_RC_SESSION_MEMORY, "its memory is full of other programs' sessions",
     "use the kernel's resource manager, device:/dev/tpmrm0, or start the TPM again"},
    {TPM2_RC_NV_RATE, "it does not write so often", "try again later"},
    {TPM2_RC_RETRY, "it is busy", "try again"},
};

/* A resource manager answers in the TPM's words, too. */
static bool is_of_tpm(TSS2_RC answer)
{
    TSS2_RC layer = answer & TSS2_RC_LAYER_MASK;

    return layer == TSS2_TPM_RC_LAYER || layer == TSS2_RESMGR_TPM_RC_LAYER;
}

/* Of format one (part 2, 6.6.2) the number of the parameter, handle or session is left out. */
bool tpm_answers(TSS2_RC answer, TSS2_RC code)
{
    TSS2_RC own = answer & ~(TSS2_RC)TSS2_RC_LAYER_MASK;

    if (own & TPM2_RC_FMT1)
        own &= ~(TSS2_RC)(TPM2_RC_N_MASK | TPM2_RC_P);
    return is_of_tpm(answer) && own == code;
}

int tpm_fail(TSS2_RC answer, const char *what, struct signet_error *err)
{
    if (!is_of_tpm(answer))
        return error_set_hint(err, SIGNET_E_IO, "is it still there? Another one may have it open",
                              "%s: no answer from the TPM that makes sense (0x%x)", what,
                              (unsigned)answer);
    for (size_t i = 0; i < COUNT_OF(meanings); i++)
        if (tpm_answers(answer, meanings[i].answer)) {
            error_set(err, SIGNET_E_IO, "%s: the TPM refused: %s (0x%x)", what, meanings[i].meaning,
                      (unsigned)answer);
            if (meanings[i].hint)
                error_hint(err, "%s", meanings[i].hint);
            return SIGNET_E_IO;
        }
    return error_set_hint(err, SIGNET_E_IO, "tpm2_rc_decode, with this number, says more",
                          "%s: the TPM answered 0x%x", what, (unsigned)answer);
}

bool tpm_numbers(const TPM2B_ECC_PARAMETER *first, const TPM2B_ECC_PARAMETER *second,
                 uint8_t out[static P256_POINT])
{
    size_t half = P256_POINT / 2;

    if (first->size > half || second->size > half)
        return false;
    memset(out, 0, P256_POINT);
    memcpy(out + half - first->size, first->buffer, first->size);
    memcpy(out + P256_POINT - second->size, second->buffer, second->size);
    return true;
}

/* The name becomes that of a library, and all of it a word of a file. */
int tpm_check_conf(const char *conf, struct signet_error *err)
{
    static const char *const names[] = {"device", "swtpm", "mssim", "tabrmd"};

    if (strlen(conf) >= TPM_CONF_MAX)
        return error_set(err, SIGNET_E_USAGE, "the way to a TPM has at most %d characters",
                         TPM_CONF_MAX - 1);
    for (const char *c = conf; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return error_set(err, SIGNET_E_USAGE, "the way to a TPM has no blanks");
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (text_is(conf, strcspn(conf, ":"), names[i]))
            return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_USAGE, "tpm:device:/dev/tpmrm0, tpm:tabrmd, tpm:swtpm:...",
                          "'%s' is no way to a TPM", text_shown(conf, strlen(conf), 40));
}

/* The storage key that every tool makes from the owner's seed: P-256, AES-128, without a
 * password. */
static TSS2_RC open_primary(struct tpm *t)
{
    static const TPM2B_SENSITIVE_CREATE nothing = {0};
    static const TPM2B_DATA outside = {0};
    static const TPML_PCR_SELECTION no_pcrs = {0};
    const TPM2B_PUBLIC template = {
        .publicArea = {.type = TPM2_ALG_ECC,
                       .nameAlg = TPM2_ALG_SHA256,
                       .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                           TPMA_OBJECT_SENSITIVEDATAORIGIN |
                                           TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |
                                           TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
                       .parameters.eccDetail = {.symmetric = {.algorithm = TPM2_ALG_AES,
                                                              .keyBits.aes = 128,
                                                              .mode.aes = TPM2_ALG_CFB},
                                                .scheme.scheme = TPM2_ALG_NULL,
                                                .curveID = TPM2_ECC_NIST_P256,
                                                .kdf.scheme = TPM2_ALG_NULL}}};

    return t->api->Esys_CreatePrimary(t->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                      ESYS_TR_NONE, &nothing, &template, &outside, &no_pcrs,
                                      &t->primary, NULL, NULL, NULL, NULL);
}

static TSS2_RC open_session(struct tpm *t)
{
    const TPMT_SYM_DEF aes = {
        .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
    const TPMA_SESSION attributes =
        TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT;
    TSS2_RC answer = t->api->Esys_StartAuthSession(t->esys, t->primary, ESYS_TR_NONE, ESYS_TR_NONE,
                                                   ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_HMAC,
                                                   &aes, TPM2_ALG_SHA256, &t->session);

    return answer ? answer
                  : t->api->Esys_TRSess_SetAttributes(t->esys, t->session, attributes, 0xff);
}

int tpm_connect(struct tpm *t, const char *conf, struct signet_error *err)
{
    *t = (struct tpm){.api = &api, .primary = ESYS_TR_NONE, .session = ESYS_TR_NONE};
    int rc = tpm_check_conf(conf, err);
    for (size_t i = 0; rc == SIGNET_OK && i < COUNT_OF(libraries); i++)
        rc = library_load(&libraries[i], err);
    if (rc != SIGNET_OK)
        return rc;
    if (api.Tss2_TctiLdr_Initialize(conf, &t->tcti))
        return error_set_hint(err, SIGNET_E_IO, "is there one, and is this user in the group tss?",
                              "there is no TPM at '%s'", text_shown(conf, strlen(conf), 100));
    TSS2_RC answer = api.Esys_Initialize(&t->esys, t->tcti, NULL);
    return answer ? tpm_fail(answer, "the first command", err) : SIGNET_OK;
}

int tpm_open(struct tpm *t, const char *conf, struct signet_error *err)
{
    int rc = tpm_connect(t, conf, err);

    if (rc != SIGNET_OK)
        return rc;
    TSS2_RC answer = open_primary(t);
    if (answer)
        return tpm_fail(answer, "the owner's storage key", err);
    answer = open_session(t);
    return answer ? tpm_fail(answer, "a session", err) : SIGNET_OK;
}

void tpm_close(struct tpm *t)
{
    if (t->session != ESYS_TR_NONE && t->esys)
        api.Esys_FlushContext(t->esys, t->session);
    if (t->primary != ESYS_TR_NONE && t->esys)
        api.Esys_FlushContext(t->esys, t->primary);
    if (t->esys)
        api.Esys_Finalize(&t->esys);
    if (t->tcti)
        api.Tss2_TctiLdr_Finalize(&t->tcti);
    *t = (struct tpm){0};
}
