/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_WITNESS_H
#define SIGNET_WITNESS_H

/* A witness of ledgers, C2SP tlog-cosignature: somebody who is not at the station signs what the
 * station signed, when it holds all that it held before, and then no other history can be shown to
 * others. All by files: no network is needed.
 *
 * Ownership: the caller frees what is made. Errors: SIGNET_E_CONFLICT: it is older than what was
 * witnessed, or another history; SIGNET_E_CRYPTO: a signature or a proof is wrong; SIGNET_E_SYNTAX:
 * a text is none. Threads: any; one call at a time has a key. */

#include <signet/bytes.h>
#include <signet/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The witness's public key, from its key file, which is made with this name where it is missing. */
int signet_witness_key(const char *key_file, const char *name, struct signet_bytes *out,
                       struct signet_error *err);
/* The checkpoint with the signature of the witness added. text: what signet_ledger_checkpoint()
 * gives; when this log was witnessed before, with the proof since that checkpoint, which lies
 * beside the key file, KEY_FILE.TAG.seen. log_key: of the station. time: seconds since 1970. */
int signet_witness_sign(const char *key_file, const char *log_key, const void *text, size_t len,
                        int64_t time, struct signet_bytes *out, struct signet_error *err);
/* What was witnessed last of this log; SIGNET_E_NOT_FOUND: nothing. */
int signet_witness_seen(const char *key_file, const char *log_key, struct signet_bytes *out,
                        struct signet_error *err);

/* Whether an event of a ledger is in what its station signed: event and proof as of
 * signet_ledger_proofs(). */
int signet_proof_check(const char *log_key, const void *event, size_t event_len, const void *proof,
                       size_t proof_len, struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
