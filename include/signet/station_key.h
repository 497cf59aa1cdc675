/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_STATION_KEY_H
#define SIGNET_STATION_KEY_H

/* The key that seals a station's secrets on its disk: how its file keeps it, and its change.
 *
 * Ownership: the caller keeps what the structs point to. Errors: SIGNET_E_AUTH: the passphrase or
 * the credential does not open it; SIGNET_E_CRYPTO: it is no key, or damaged; SIGNET_E_IO: others
 * may change or read it, the TPM refused; SIGNET_E_BUSY: a run is at work.
 *
 * Threads: any; a key file is changed by one at a time. */

#include <signet/bytes.h>
#include <signet/error.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SIGNET_STATION_KEYS = 9, SIGNET_STATION_KEY_ID = 17 };

struct signet_station_key_view {
    const char *form; /* "file", "passphrase", "credential", "tpm"; static */
    size_t count;     /* of ids: the key that seals, and those before it that still may open */
    char ids[SIGNET_STATION_KEYS][SIGNET_STATION_KEY_ID]; /* 16 hex digits that stand for a key */
};
/* Needs no passphrase. SIGNET_E_NOT_FOUND: there is no such file. */
int signet_station_key_describe(const char *file, struct signet_station_key_view *out,
                                struct signet_error *err);

struct signet_station_key_change {
    size_t size; /* sizeof(struct signet_station_key_change); 0: this version */
    const char *file;
    /* "file", "passphrase", "credential:NAME" (of systemd), "tpm" or "tpm:TCTI"; NULL: as before */
    const char *form;
    const char *passphrase_file, *new_passphrase_file; /* NULL: ask */
    int (*ask)(void *ctx, const char *what, struct signet_bytes *secret, struct signet_error *err);
    void *ask_ctx;
    const char *const *works; /* the work folders whose secrets are sealed anew */
    size_t work_count;
    bool drop_old; /* then the keys of before go: nothing else is sealed with them */
};
struct signet_station_key_changed {
    size_t resealed; /* files */
    size_t left;     /* files that only a key of before opens, or that are damaged: it stays */
    size_t old;      /* keys of before that stay */
};
/* Makes a new key, and seals with it what the old one sealed. The file has both until all is done,
 * so that it may end at any moment. A file that is missing is made. */
int signet_station_key_rotate(const struct signet_station_key_change *change,
                              struct signet_station_key_changed *out, struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
