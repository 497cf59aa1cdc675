/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPM_TPM_H
#define TPM_TPM_H

/* A TPM 2.0: what it seals. conf is the way to it, as tpm2-tss writes it:
 * "device:/dev/tpmrm0", "swtpm:path=...". SIGNET_E_UNSUPPORTED: tpm2-tss is not installed;
 * SIGNET_E_USAGE: no such way to a TPM; SIGNET_E_IO: there is none, or it refused. */

#include "base/base.h"

#define TPM_USUAL "device:/dev/tpmrm0"

/* seal.c: into a text without line ends, which only this TPM opens. */
int tpm_seal(const char *conf, const struct secret *bytes, struct buf *text,
             struct signet_error *err);
int tpm_unseal(const char *text, struct secret *out, struct signet_error *err);

#endif
