/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPM_TPM_H
#define TPM_TPM_H

/* A TPM 2.0: what it seals, and keys that count their signatures. conf is the way to it, as
 * tpm2-tss writes it: "device:/dev/tpmrm0", "swtpm:path=...". SIGNET_E_UNSUPPORTED: tpm2-tss is not
 * installed; SIGNET_E_USAGE: no such way to a TPM; SIGNET_E_IO: there is none, or it refused. */

#include "base/base.h"

#include <signet/tpm_quota.h>

#define TPM_USUAL "device:/dev/tpmrm0"
enum { TPM_CONF_MAX = 256 };

/* counter.c: a count of the TPM that only grows. */
struct tpm_count {
    char conf[TPM_CONF_MAX];
    uint32_t index;
    uint64_t first; /* what it was when it was made */
};
int tpm_count_read(const struct tpm_count *count, uint64_t *value, struct signet_error *err);
int tpm_count_add(const struct tpm_count *count, struct signet_error *err);

/* seal.c: into a text without line ends, which only this TPM opens, with a new count. */
int tpm_seal(const char *conf, const struct secret *bytes, struct buf *text,
             struct signet_error *err);
int tpm_unseal(const char *text, struct secret *out, struct signet_error *err);
bool tpm_count_of(const char *text, struct tpm_count *out);

/* quota.c: a key that counts: <signet/tpm_quota.h>. */
struct tpm_quota;
struct tpm_uses {
    bool granted; /* false: the owner has granted nothing yet */
    uint32_t used, limit;
};
/* The TPM is asked for its uses, and for each signature; it is kept open from the first signature
 * on. */
int tpm_quota_open(struct tpm_quota **out, const char *file, struct signet_error *err);
void tpm_quota_close(struct tpm_quota **quota); /* sets *quota to NULL */
const char *tpm_quota_place(const struct tpm_quota *quota, uint32_t *index);
void tpm_quota_public(const struct tpm_quota *quota, struct buf *der);
int tpm_quota_uses(const struct tpm_quota *quota, struct tpm_uses *out, struct signet_error *err);
/* Does act while the TPM is not kept open: some have room for one at a time. */
int tpm_quota_without(struct tpm_quota *quota, int (*act)(void *ctx, struct signet_error *err),
                      void *ctx, struct signet_error *err);
/* r and s of a digest, on any thread. Each call costs a use, also one that fails later. */
int tpm_quota_sign(struct tpm_quota *quota, const uint8_t *digest, size_t len,
                   struct buf *signature, struct signet_error *err);

#endif
