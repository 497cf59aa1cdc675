/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPM_PRIVATE_H
#define TPM_PRIVATE_H

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
    X(Esys_FlushContext)                                                                           \
    X(Esys_Free)
#define TPM_MU(X)                                                                                  \
    X(Tss2_MU_TPM2B_PUBLIC_Marshal)                                                                \
    X(Tss2_MU_TPM2B_PUBLIC_Unmarshal)                                                              \
    X(Tss2_MU_TPM2B_PRIVATE_Marshal)                                                               \
    X(Tss2_MU_TPM2B_PRIVATE_Unmarshal)
#define TPM_TCTI(X)                                                                                \
    X(Tss2_TctiLdr_Initialize)                                                                     \
    X(Tss2_TctiLdr_Finalize)

struct tpm_api {
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
/* conf: "device:/dev/tpmrm0", "swtpm:path=..." ... SIGNET_E_UNSUPPORTED: tpm2-tss is not
 * installed; SIGNET_E_USAGE: no such way to a TPM; SIGNET_E_IO: there is none, or it refused. */
int tpm_open(struct tpm *t, const char *conf, struct signet_error *err);
void tpm_close(struct tpm *t);
/* SIGNET_E_IO: "WHAT: the TPM answered 0x..." */
int tpm_fail(TSS2_RC answer, const char *what, struct signet_error *err);

#endif
