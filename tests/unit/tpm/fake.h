/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TPM_FAKE_H
#define TESTS_TPM_FAKE_H

/* A TPM whose answers a test chooses. It stands for libtss2-esys and libtss2-tctildr; libtss2-mu,
 * which lays structures out in bytes, is the real one. The test says ` * wrap: library_load`. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tpm/private.h"
#include "unit/folder.h"

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of ESYS there are many */

#define FAKE_CONF  "device:/dev/none"
#define FAKE_LOST  (TSS2_TCTI_RC_LAYER | TSS2_BASE_RC_IO_ERROR)
#define IN_MANAGER TSS2_RESMGR_TPM_RC_LAYER /* an answer of a resource manager */
enum {
    FAKE_OBJECT = 0x40400001,
    FAKE_SESSION,
    FAKE_INDEX,
    FAKE_LIMIT = 5,
    FAKE_COUNT = 0x01800042
};

static struct {
    bool absent;                                                   /* tpm2-tss is not installed */
    TSS2_RC primary, nonce, save, load, write, secret, sign, seal; /* 0: the command works */
    uint16_t nonce_size;
    TSS2_RC find, define, increment; /* of a count */
    uint16_t count_size;             /* 0: 8 */
    uint32_t plain;                  /* attributes of an index without a policy; 0: the quota's */
    bool written;                    /* the index */
    TPM2B_PUBLIC key;                /* that Create makes */
    TPMT_SIGNATURE made;             /* by Sign */
    TPMI_ALG_HASH hash;              /* that Sign was asked for */
    int sessions;                    /* policy sessions in the TPM */
    bool saved;                      /* the last one has no handle now */
    int defined, writes, tried;
    uint8_t owner[P256_POINT];
} fake;

static void *fake_copy(const void *data, size_t size)
{
    return memcpy(malloc(size), data, size);
}

static TSS2_RC fake_Esys_Initialize(ESYS_CONTEXT **esys, TSS2_TCTI_CONTEXT *tcti,
                                    TSS2_ABI_VERSION *version)
{
    *esys = malloc(1);
    return 0;
}

static void fake_Esys_Finalize(ESYS_CONTEXT **esys)
{
    free(*esys);
    *esys = NULL;
}

static TSS2_RC fake_Esys_CreatePrimary(ESYS_CONTEXT *esys, ESYS_TR parent, ESYS_TR s1, ESYS_TR s2,
                                       ESYS_TR s3, const TPM2B_SENSITIVE_CREATE *sensitive,
                                       const TPM2B_PUBLIC *template, const TPM2B_DATA *outside,
                                       const TPML_PCR_SELECTION *pcrs, ESYS_TR *object,
                                       TPM2B_PUBLIC **public, TPM2B_CREATION_DATA **data,
                                       TPM2B_DIGEST **hash, TPMT_TK_CREATION **ticket)
{
    *object = FAKE_OBJECT;
    return fake.primary;
}

static TSS2_RC fake_Esys_Create(ESYS_CONTEXT *esys, ESYS_TR parent, ESYS_TR s1, ESYS_TR s2,
                                ESYS_TR s3, const TPM2B_SENSITIVE_CREATE *sensitive,
                                const TPM2B_PUBLIC *template, const TPM2B_DATA *outside,
                                const TPML_PCR_SELECTION *pcrs, TPM2B_PRIVATE **private,
                                TPM2B_PUBLIC **public, TPM2B_CREATION_DATA **data,
                                TPM2B_DIGEST **hash, TPMT_TK_CREATION **ticket)
{
    const TPM2B_PRIVATE some = {.size = 8};

    if (fake.seal)
        return fake.seal;
    *private = fake_copy(&some, sizeof(some));
    *public = fake_copy(&fake.key, sizeof(fake.key));
    return 0;
}

static TSS2_RC fake_Esys_Load(ESYS_CONTEXT *esys, ESYS_TR parent, ESYS_TR s1, ESYS_TR s2,
                              ESYS_TR s3, const TPM2B_PRIVATE *private, const TPM2B_PUBLIC *public,
                              ESYS_TR *object)
{
    *object = FAKE_OBJECT;
    return 0;
}

static TSS2_RC fake_Esys_Unseal(ESYS_CONTEXT *esys, ESYS_TR item, ESYS_TR s1, ESYS_TR s2,
                                ESYS_TR s3, TPM2B_SENSITIVE_DATA **data)
{
    return TPM2_RC_LOCKOUT;
}

static TSS2_RC fake_Esys_StartAuthSession(ESYS_CONTEXT *esys, ESYS_TR key, ESYS_TR bind, ESYS_TR s1,
                                          ESYS_TR s2, ESYS_TR s3, const TPM2B_NONCE *caller,
                                          TPM2_SE type, const TPMT_SYM_DEF *symmetric,
                                          TPMI_ALG_HASH hash, ESYS_TR *session)
{
    *session = type == TPM2_SE_POLICY ? FAKE_SESSION : FAKE_OBJECT;
    fake.sessions += type == TPM2_SE_POLICY;
    return 0;
}

static TSS2_RC fake_Esys_TRSess_SetAttributes(ESYS_CONTEXT *esys, ESYS_TR session,
                                              TPMA_SESSION flags, TPMA_SESSION mask)
{
    return 0;
}

static TSS2_RC fake_Esys_TR_FromTPMPublic(ESYS_CONTEXT *esys, TPM2_HANDLE handle, ESYS_TR s1,
                                          ESYS_TR s2, ESYS_TR s3, ESYS_TR *object)
{
    *object = FAKE_INDEX;
    return fake.find;
}

static TSS2_RC fake_Esys_TR_SetAuth(ESYS_CONTEXT *esys, ESYS_TR handle, const TPM2B_AUTH *auth)
{
    return 0;
}

static TSS2_RC fake_Esys_TR_GetName(ESYS_CONTEXT *esys, ESYS_TR handle, TPM2B_NAME **name)
{
    TPM2B_NAME is = {.size = NAME_LEN};

    if (fake.plain)
        policy_plain_name(FAKE_COUNT, fake.plain, 8, is.name, NULL);
    else
        policy_index_name(SIGNET_TPM_INDEX, fake.owner, fake.written, is.name, NULL);
    *name = fake_copy(&is, sizeof(is));
    return 0;
}

static TSS2_RC fake_Esys_NV_DefineSpace(ESYS_CONTEXT *esys, ESYS_TR by, ESYS_TR s1, ESYS_TR s2,
                                        ESYS_TR s3, const TPM2B_AUTH *auth,
                                        const TPM2B_NV_PUBLIC *public, ESYS_TR *index)
{
    if (fake.define && (fake.define != TPM2_RC_NV_DEFINED || fake.tried++ < 2))
        return fake.define;
    *index = FAKE_INDEX;
    fake.defined++;
    return 0;
}

static TSS2_RC fake_Esys_NV_UndefineSpace(ESYS_CONTEXT *esys, ESYS_TR by, ESYS_TR index, ESYS_TR s1,
                                          ESYS_TR s2, ESYS_TR s3)
{
    fake.defined--;
    return 0;
}

static TSS2_RC fake_Esys_NV_Read(ESYS_CONTEXT *esys, ESYS_TR by, ESYS_TR index, ESYS_TR s1,
                                 ESYS_TR s2, ESYS_TR s3, UINT16 size, UINT16 offset,
                                 TPM2B_MAX_NV_BUFFER **data)
{
    const TPM2B_MAX_NV_BUFFER is = {.size = fake.count_size ? fake.count_size : PIN_LEN,
                                    .buffer = {0, 0, 0, FAKE_LIMIT, 0, 0, 0, FAKE_LIMIT}};

    *data = fake_copy(&is, sizeof(is));
    return 0;
}

static TSS2_RC fake_Esys_NV_Increment(ESYS_CONTEXT *esys, ESYS_TR by, ESYS_TR index, ESYS_TR s1,
                                      ESYS_TR s2, ESYS_TR s3)
{
    fake.writes += !fake.increment;
    return fake.increment;
}

static TSS2_RC fake_Esys_NV_Write(ESYS_CONTEXT *esys, ESYS_TR by, ESYS_TR index, ESYS_TR s1,
                                  ESYS_TR s2, ESYS_TR s3, const TPM2B_MAX_NV_BUFFER *data,
                                  UINT16 offset)
{
    fake.writes++;
    return fake.write;
}

static TSS2_RC fake_Esys_PolicySecret(ESYS_CONTEXT *esys, ESYS_TR by, ESYS_TR session, ESYS_TR s1,
                                      ESYS_TR s2, ESYS_TR s3, const TPM2B_NONCE *nonce,
                                      const TPM2B_DIGEST *command, const TPM2B_NONCE *reference,
                                      INT32 expiration, TPM2B_TIMEOUT **timeout,
                                      TPMT_TK_AUTH **ticket)
{
    return fake.secret;
}

static TSS2_RC fake_Esys_PolicySigned(ESYS_CONTEXT *esys, ESYS_TR by, ESYS_TR session, ESYS_TR s1,
                                      ESYS_TR s2, ESYS_TR s3, const TPM2B_NONCE *nonce,
                                      const TPM2B_DIGEST *command, const TPM2B_NONCE *reference,
                                      INT32 expiration, const TPMT_SIGNATURE *signature,
                                      TPM2B_TIMEOUT **timeout, TPMT_TK_AUTH **ticket)
{
    return 0;
}

static TSS2_RC fake_Esys_LoadExternal(ESYS_CONTEXT *esys, ESYS_TR s1, ESYS_TR s2, ESYS_TR s3,
                                      const TPM2B_SENSITIVE *private, const TPM2B_PUBLIC *public,
                                      ESYS_TR hierarchy, ESYS_TR *object)
{
    *object = FAKE_OBJECT;
    return 0;
}

static TSS2_RC fake_Esys_Sign(ESYS_CONTEXT *esys, ESYS_TR key, ESYS_TR s1, ESYS_TR s2, ESYS_TR s3,
                              const TPM2B_DIGEST *digest, const TPMT_SIG_SCHEME *scheme,
                              const TPMT_TK_HASHCHECK *ticket, TPMT_SIGNATURE **made)
{
    fake.hash = scheme->details.ecdsa.hashAlg;
    if (!fake.sign)
        *made = fake_copy(&fake.made, sizeof(fake.made));
    return fake.sign;
}

static TSS2_RC fake_Esys_ContextSave(ESYS_CONTEXT *esys, ESYS_TR handle, TPMS_CONTEXT **context)
{
    const TPMS_CONTEXT some = {
        .hierarchy = TPM2_RH_OWNER, .savedHandle = 0x03000000, .contextBlob.size = 40};

    if (fake.save)
        return fake.save;
    *context = fake_copy(&some, sizeof(some));
    fake.saved = true;
    return 0;
}

static TSS2_RC fake_Esys_ContextLoad(ESYS_CONTEXT *esys, const TPMS_CONTEXT *context,
                                     ESYS_TR *handle)
{
    if (fake.load)
        return fake.load;
    fake.saved = false;
    *handle = FAKE_SESSION;
    return 0;
}

static TSS2_RC fake_Esys_TRSess_GetNonceTPM(ESYS_CONTEXT *esys, ESYS_TR session,
                                            TPM2B_NONCE **nonce)
{
    const TPM2B_NONCE is = {.size = fake.nonce_size, .buffer = {7}};

    if (!fake.nonce)
        *nonce = fake_copy(&is, sizeof(is));
    return fake.nonce;
}

static TSS2_RC fake_Esys_FlushContext(ESYS_CONTEXT *esys, ESYS_TR handle)
{
    if (handle != FAKE_SESSION)
        return 0;
    if (fake.saved)
        return TSS2_ESYS_RC_BAD_TR;
    fake.sessions--;
    return 0;
}

static void fake_Esys_Free(void *data)
{
    free(data);
}

static TSS2_RC fake_Tss2_TctiLdr_Initialize(const char *conf, TSS2_TCTI_CONTEXT **tcti)
{
    *tcti = NULL;
    return strcmp(conf, FAKE_CONF) == 0 ? 0 : TSS2_TCTI_RC_IO_ERROR;
}

static void fake_Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **tcti)
{
}

int __real_library_load(struct library *library, struct signet_error *err);
int __wrap_library_load(struct library *library, struct signet_error *err);
int __wrap_library_load(struct library *library, struct signet_error *err)
{
    static const struct tpm_api standing_in = {
#define X(name) .name = fake_##name,
        TPM_ESYS(X) TPM_TCTI(X)
#undef X
    };
    struct library absent = *library;

    absent.soname = "libabsent.so.0";
    if (fake.absent)
        return __real_library_load(&absent, err);
    if (strstr(library->soname, "-mu."))
        return __real_library_load(library, err);
    for (size_t i = 0; i < library->count; i++)
        memcpy((char *)library->table + library->functions[i].offset,
               (const char *)&standing_in + library->functions[i].offset, sizeof(void *));
    return SIGNET_OK;
}

/* A fresh TPM, and a folder to work in. */
static inline int fake_enter(void **state)
{
    static char folder[FOLDER_SIZE];

    memset(&fake, 0, sizeof(fake));
    fake.nonce_size = NONCE_LEN;
    fake.key.publicArea.type = TPM2_ALG_ECC;
    fake.key.publicArea.nameAlg = TPM2_ALG_SHA256;
    fake.key.publicArea.parameters.eccDetail =
        (TPMS_ECC_PARMS){.symmetric.algorithm = TPM2_ALG_NULL,
                         .scheme.scheme = TPM2_ALG_NULL,
                         .curveID = TPM2_ECC_NIST_P256,
                         .kdf.scheme = TPM2_ALG_NULL};
    return folder_make(folder) && chdir(folder) == 0 ? 0 : -1;
}

static inline int fake_leave(void **state)
{
    return chdir("/");
}

/* Two numbers as a TPM writes them: without zeros in front. */
static inline void fake_number(const uint8_t *bytes, TPM2B_ECC_PARAMETER *out)
{
    size_t zeros = 0;

    while (zeros < 31 && bytes[zeros] == 0)
        zeros++;
    out->size = (uint16_t)(32 - zeros);
    memcpy(out->buffer, bytes + zeros, out->size);
}

/* ca.tpm, whose key this program has; it is the owner's, too. */
static inline struct signet_key *fake_file(void)
{
    static const uint8_t head[] = {0, 0x56, 0,    0x23, 0,    0x0b, 0, 4, 4,    0x32, 0,
                                   0, 0,    0x10, 0,    0x10, 0,    3, 0, 0x10, 0,    0x20};
    struct signet_key *key = NULL;
    struct quota_file f = {
        .conf = FAKE_CONF, .index = SIGNET_TPM_INDEX, .public.len = 88, .private.len = 10};

    if (signet_key_generate(&key, NULL, NULL, NULL) != SIGNET_OK ||
        p256_point(key, f.point, NULL) != SIGNET_OK ||
        secret_alloc(&f.password, QUOTA_PASSWORD, NULL) != SIGNET_OK)
        abort();
    memcpy(f.owner, f.point, P256_POINT);
    memcpy(fake.owner, f.owner, P256_POINT);
    memcpy(f.public.bytes, head, sizeof(head)); /* a TPM2B_PUBLIC, */
    memcpy(f.public.bytes + 22, f.point, 32);
    f.public.bytes[55] = 32;
    memcpy(f.public.bytes + 56, f.point + 32, 32);
    f.private.bytes[1] = 8; /* and a TPM2B_PRIVATE */
    if (quota_file_write("ca.tpm", &f, NULL) != SIGNET_OK)
        abort();
    quota_file_wipe(&f);
    return key;
}

#endif
