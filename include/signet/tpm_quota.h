/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TPM_QUOTA_H
#define SIGNET_TPM_QUOTA_H

/* An authority's key that a TPM 2.0 makes and keeps, and that signs as many certificates as the
 * owner of the product has granted (docs/SPEC.md, "Keys that count"): the TPM refuses the next one,
 * whatever was copied or put back on the station.
 *
 * Ownership: the caller frees what is made. Errors: SIGNET_E_IO: there is no TPM, or it refused;
 * SIGNET_E_UNSUPPORTED: tpm2-tss is not installed; SIGNET_E_CRYPTO: a grant that is another's, or
 * old; SIGNET_E_SYNTAX: a file that is something else. Threads: any. */

#include <signet/bytes.h>
#include <signet/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    SIGNET_TPM_INDEX = 0x01800021, /* the usual one */
    SIGNET_GRANT_MOST = 100000000
};

/* The owner of the product */

/* The public key for signet_tpm_wish, "p256+...". key_file: made where it is missing. */
int signet_grant_key(const char *key_file, struct signet_bytes *out, struct signet_error *err);
/* As many uses from now on, in answer to a station's request; what was left is gone. 0: no more. */
int signet_grant_sign(const char *key_file, const void *request, size_t len, int64_t uses,
                      struct signet_bytes *out, struct signet_error *err);

/* The station */

struct signet_tpm_wish {
    size_t size;       /* sizeof(struct signet_tpm_wish); 0: this version */
    const char *file;  /* to be made: without its TPM it signs nothing */
    const char *tpm;   /* "device:/dev/tpmrm0" (also NULL), "tabrmd", "swtpm:path=..." */
    uint32_t index;    /* of the NV index that counts; 0: SIGNET_TPM_INDEX */
    const char *owner; /* what signet_grant_key() gives */
};
/* public_pem: for the certificate, which somebody else signs. */
int signet_tpm_create(const struct signet_tpm_wish *wish, struct signet_bytes *public_pem,
                      struct signet_error *err);
/* A request for uses, which waits for its grant until there is another one, or the TPM is started
 * again. */
int signet_tpm_request(const char *file, struct signet_bytes *out, struct signet_error *err);
int signet_tpm_take_grant(const char *file, const void *grant, size_t len, int64_t *uses,
                          struct signet_error *err);

#ifdef __cplusplus
}
#endif

#endif
