/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_SEAL_H
#define SIGNET_SEAL_H

/* Secrets for those alone who hold a certificate's key: CMS AuthEnvelopedData (RFC 5083) with
 * AES-256-GCM, which `openssl cms -decrypt` opens as well; and batches of an order that are handed
 * over like that, each with a manifest of its files.
 *
 * Ownership: the caller closes and frees what a call returns. Errors: SIGNET_E_CERT: nothing can be
 * sealed to a certificate; SIGNET_E_CRYPTO: it does not open, or was changed; SIGNET_E_CONFLICT: a
 * file is not what its manifest says; SIGNET_E_AUTH: a passphrase, or the signer, is wrong.
 *
 * Threads: a sealer may seal on several threads. */

#include <signet/bytes.h>
#include <signet/error.h>
#include <signet/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SIGNET_RECIPIENTS = 16 };

/* For whom: files of certificates, PEM or DER. */
struct signet_sealer;
int signet_sealer_open(struct signet_sealer **out, const char *const *certs, size_t count,
                       const struct signet_observer *observer, struct signet_error *err);
void signet_sealer_close(struct signet_sealer **sealer); /* sets *sealer to NULL */
int signet_seal(const struct signet_sealer *sealer, const void *data, size_t len,
                struct signet_bytes *out, struct signet_error *err);

struct signet_unseal_options {
    size_t size;     /* sizeof(struct signet_unseal_options); 0: this version */
    const char *key; /* a file: PKCS#8 (also encrypted), SEC1 or PKCS#1, PEM or DER; 0600 */
    const char *passphrase_file; /* NULL: ask */
    int (*ask)(void *ctx, const char *what, struct signet_bytes *secret, struct signet_error *err);
    void *ask_ctx;
    /* The station's public key, as signet_ledger_keys() shows it: the manifest must be signed with
     * it. NULL: whoever has the certificates could have made the batch. */
    const char *signer;
    const char *folder; /* opened files go there, 0600, under their names without ".cms" */
};
struct signet_unsealed {
    size_t files;
    int64_t devices;               /* of batches */
    char order[152], station[152]; /* of the last batch; safe for a terminal */
    uint64_t batch;
    char previous[65]; /* SHA-256 of the manifest before it; "-": it is the first */
    char sha256[65];   /* of this manifest */
    bool is_signed;    /* by the signer that was given */
};
/* Opens FILE.cms, or all files that a batch's FILE.manifest names, beside it. Nothing is written
 * before all of them are authentic. SIGNET_E_EXISTS: a file of that name is there, with other
 * bytes. */
int signet_unseal(const char *path, const struct signet_unseal_options *options,
                  struct signet_unsealed *out, struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
