/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPM_PRIVATE_H
#define TPM_PRIVATE_H

#include "pki/pki.h"
#include "tpm/tpm.h"

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>

/* The functions of tpm2-tss, loaded when they are needed. */
#define TPM_ESYS(X)                                                                                \
    X(Esys_Initialize)                                                                             \
    X(Esys_Finalize)                                                                               \
    X(Esys_CreatePrimary)                                                                          \
    X(Esys_Create)                                                                                 \
    X(Esys_Load)                                                                                   \
    X(Esys_Unseal)                                                                                 \
    X(Esys_StartAuthSession)                                                                       \
    X(Esys_TRSess_SetAttributes)                                                                   \
    X(Esys_TR_FromTPMPublic)                                                                       \
    X(Esys_TR_SetAuth)                                                                             \
    X(Esys_TR_GetName)                                                                             \
    X(Esys_NV_DefineSpace)                                                                         \
    X(Esys_NV_UndefineSpace)                                                                       \
    X(Esys_NV_Increment)                                                                           \
    X(Esys_NV_Read)                                                                                \
    X(Esys_NV_Write)                                                                               \
    X(Esys_PolicySecret)                                                                           \
    X(Esys_PolicySigned)                                                                           \
    X(Esys_LoadExternal)                                                                           \
    X(Esys_Sign)                                                                                   \
    X(Esys_ContextSave)                                                                            \
    X(Esys_ContextLoad)                                                                            \
    X(Esys_TRSess_GetNonceTPM)                                                                     \
    X(Esys_FlushContext)                                                                           \
    X(Esys_Free)
#define TPM_MU(X)                                                                                  \
    X(Tss2_MU_TPM2B_PUBLIC_Marshal)                                                                \
    X(Tss2_MU_TPM2B_PUBLIC_Unmarshal)                                                              \
    X(Tss2_MU_TPM2B_PRIVATE_Marshal)                                                               \
    X(Tss2_MU_TPM2B_PRIVATE_Unmarshal)                                                             \
    X(Tss2_MU_TPMS_CONTEXT_Marshal)                                                                \
    X(Tss2_MU_TPMS_CONTEXT_Unmarshal)
#define TPM_TCTI(X)                                                                                \
    X(Tss2_TctiLdr_Initialize)                                                                     \
    X(Tss2_TctiLdr_Finalize)

struct tpm_api {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): the name of a member */
#define X(name) __typeof__(&(name)) name;
    TPM_ESYS(X) TPM_MU(X) TPM_TCTI(X)
#undef X
};

struct tpm {
    const struct tpm_api *api;
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    ESYS_TR primary, session; /* the owner's storage key; a session that encrypts parameters */
};
/* api.c */
int tpm_check_conf(const char *conf, struct signet_error *err);
/* Without key and session. */
int tpm_connect(struct tpm *t, const char *conf, struct signet_error *err);
int tpm_open(struct tpm *t, const char *conf, struct signet_error *err);
void tpm_close(struct tpm *t); /* twice is fine */
/* Is it the TPM's own answer, and this one? Of which parameter or session does not matter. */
bool tpm_answers(TSS2_RC answer, TSS2_RC code);
/* SIGNET_E_IO: "WHAT: what the TPM's answer means", and what to do. */
int tpm_fail(TSS2_RC answer, const char *what, struct signet_error *err);
/* Two numbers of P-256, which a TPM gives without zeros in front. False: one is none. */
bool tpm_numbers(const TPM2B_ECC_PARAMETER *first, const TPM2B_ECC_PARAMETER *second,
                 uint8_t out[static P256_POINT]);
enum { PART_MAX = 1024 };
struct part {
    uint8_t bytes[PART_MAX];
    size_t len;
};
/* seal.c: a TPM's object in its two parts */
TSS2_RC tpm_create(struct tpm *t, const TPM2B_SENSITIVE_CREATE *sensitive,
                   const TPM2B_PUBLIC *template, struct part *public, struct part *private,
                   TPM2B_PUBLIC **made);
int tpm_load(struct tpm *t, const struct part *public, const struct part *private, ESYS_TR *object,
             struct signet_error *err);

/* key_file.c: what a station keeps of a key that counts: nothing in it signs without its TPM. */
enum { QUOTA_PASSWORD = 32 };
struct quota_file {
    char conf[TPM_CONF_MAX];
    uint32_t index;
    uint8_t owner[P256_POINT], point[P256_POINT];
    struct secret password; /* of the index: without it nobody spends uses */
    struct part public, private;
};
int quota_file_write(const char *path, const struct quota_file *f, struct signet_error *err);
int quota_file_read(const char *path, struct quota_file *out, struct signet_error *err);
void quota_file_wipe(struct quota_file *f);

/* lines.c: text of "NAME VALUE" lines. */
enum line_kind { LINE_TEXT, LINE_NUMBER, LINE_INDEX, LINE_HEX };
struct line {
    const char *name;
    enum line_kind kind;
    void *out;   /* char[size], int64_t, uint32_t or uint8_t[size] */
    size_t size; /* of a number: the largest */
    size_t *len; /* of hex: how many bytes there are, 1 to size; NULL: there must be size */
};
/* False: it is not first (NULL: nothing), then these lines in this order, and no more. */
bool lines_read(const void *text, size_t len, const char *first, const struct line *lines,
                size_t count);
void lines_put_hex(struct buf *b, const char *name, const uint8_t *data, size_t len);
static inline bool index_fits(uint32_t index)
{
    return index >> TPM2_HR_SHIFT == TPM2_HT_NV_INDEX;
}
static inline uint32_t get_32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* policy.c: names, policies and what the owner signs, computed here: a TPM that computes a policy
 * wants a signature for it, and that one would do for ever. */
enum { NAME_LEN = 2 + 32, NONCE_LEN = 32, STATEMENT_LEN = NONCE_LEN + 4 + 32, PIN_LEN = 8 };
#define INDEX_ATTRIBUTES                                                                           \
    ((TPM2_NT_PIN_PASS << TPMA_NV_TPM2_NT_SHIFT) | TPMA_NV_POLICYWRITE | TPMA_NV_OWNERREAD |       \
     TPMA_NV_AUTHREAD | TPMA_NV_NO_DA)
#define OWNER_ATTRIBUTES (TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_USERWITHAUTH)
int policy_owner(const uint8_t owner[static P256_POINT], uint8_t out[static 32],
                 struct signet_error *err);
int policy_index_name(uint32_t index, const uint8_t owner[static P256_POINT], bool written,
                      uint8_t out[static NAME_LEN], struct signet_error *err);
/* Of an index without a policy. */
int policy_plain_name(uint32_t index, uint32_t attributes, uint16_t size,
                      uint8_t out[static NAME_LEN], struct signet_error *err);
/* Of the key: the index has a use left. */
int policy_uses(const uint8_t index_name[static NAME_LEN], uint8_t out[static 32],
                struct signet_error *err);
void policy_pin(uint32_t limit, uint8_t out[static PIN_LEN]); /* what is written: 0 of limit */
int policy_statement(const uint8_t index_name[static NAME_LEN],
                     const uint8_t nonce[static NONCE_LEN], uint32_t limit,
                     uint8_t out[static STATEMENT_LEN], struct signet_error *err);

/* grant_text.c: the owner's grant of uses */
struct grant {
    uint32_t index;
    int64_t uses;
    uint8_t nonce[NONCE_LEN], signature[P256_POINT];
};
int grant_read(const void *text, size_t len, struct grant *out, struct signet_error *err);

/* counter.c: at a free index */
int count_new(const char *conf, struct tpm_count *out, struct signet_error *err);

/* quota.c: the index, known to be the one of the file */
int quota_index(struct tpm *t, const struct quota_file *f, ESYS_TR *out, bool *written,
                struct signet_error *err);

#define REQUEST_FIRST "signet-tpm-request/v1"
#define GRANT_FIRST   "signet-tpm-grant/v1"
enum { QUOTA_TEXT_MAX = 64 * 1024 };

#endif
