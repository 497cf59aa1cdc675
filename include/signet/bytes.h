/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BYTES_H
#define SIGNET_BYTES_H

/* Bytes and files that may hold a key.
 *
 * Units: bytes. Ownership: the library fills a struct signet_bytes, the caller frees it. Errors:
 * SIGNET_E_IO (sys is errno), SIGNET_E_LIMIT, SIGNET_E_NOMEM.
 *
 * Threads: the functions may be called on any thread; one struct is for one thread at a time. */

#include <signet/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Room for an endpoint name and its terminating zero. */
enum { SIGNET_ENDPOINT_SIZE = 152 };

/* Bytes that the library hands over: the caller owns them and frees them with
 * signet_bytes_free(). Text has a terminating zero that len does not count. They may be a key, so
 * freeing wipes. Initialise to {NULL, 0}. */
struct signet_bytes {
    uint8_t *data;
    size_t len;
};

/* Wipes and frees; *b is empty afterwards. NULL and empty are fine. */
void signet_bytes_free(struct signet_bytes *b);

/* Secrets of the library are kept out of core dumps, and locked into memory as far as
 * RLIMIT_MEMLOCK allows, up to 16 MiB. False: some could not be locked since the process began. */
bool signet_secrets_locked(void);

/* The whole of a file, at most max bytes of it: SIGNET_E_LIMIT past that. */
int signet_bytes_read(const char *path, size_t max, struct signet_bytes *out,
                      struct signet_error *err);
/* The same of a file that holds a secret. SIGNET_E_IO also: the file that was opened belongs to
 * another user but root, or group or others can read or write it. */
int signet_bytes_read_secret(const char *path, size_t max, struct signet_bytes *out,
                             struct signet_error *err);
/* A file of mode 0600, whole or not at all: written beside the target, synced and renamed. */
int signet_bytes_write(const char *path, const void *data, size_t len, struct signet_error *err);

/* The candidate that a person most likely meant by word, or NULL when none is near. */
const char *signet_word_nearest(const char *word, const char *const *candidates, size_t count);

/* SHA-256 of bytes, lower-case hex. SIGNET_E_CRYPTO. */
int signet_bytes_sha256(const void *data, size_t len, char hex[65], struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
