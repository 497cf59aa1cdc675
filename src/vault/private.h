/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VAULT_PRIVATE_H
#define VAULT_PRIVATE_H

#include "vault/vault.h"

#include <pthread.h>

enum { OPENED = 4 };

/* A sealed batch that devices still need. first > last: it is damaged, and nobody knows which
 * devices it has. */
struct kept {
    uint64_t number;
    int64_t first, last; /* numbers of its devices */
    size_t left;         /* devices that need it */
};

/* Batches that were opened last: devices come by number. */
struct open_batch {
    uint64_t number; /* 0: none */
    struct secret plain;
    size_t at; /* behind the entry that was found last */
};

struct vault {
    char *folder;
    char tag[17];
    int lock_fd; /* shared by the runs of the folder; bytes of it are one run's */
    struct secret key;
    pthread_mutex_t lock; /* of what follows */
    struct kept *kept;
    size_t kept_count;
    struct open_batch opened[OPENED];
    size_t next; /* of opened, to be replaced */
};

/* vault.c: a file of the folder, sealed for this purpose */
int vault_seal_file(struct vault *v, const char *name, const char *purpose,
                    const struct secret *plain, struct signet_error *err);
int vault_open_file(struct vault *v, const char *name, const char *purpose, struct secret *plain,
                    struct signet_error *err);
/* SIGNET_E_SEAL */
int vault_damaged(const struct vault *v, const char *name, struct signet_error *err);
int vault_wipe_file(struct vault *v, const char *name, struct signet_error *err);
int vault_read(struct vault *v, const char *endpoint, struct secret *packet,
               struct signet_error *err);

/* seal.c: sealed bytes are "SGN1", a random nonce (12), ciphertext, tag (16): AES-256-GCM, with
 * "SGN1" and the purpose authenticated. What is moved to another name does not open. */
enum { SEAL_OVERHEAD = 32 };
int seal(const struct secret *key, const char *purpose, const struct secret *plain,
         struct signet_bytes *out, struct signet_error *err);
/* SIGNET_E_CRYPTO: not sealed with this key and for this purpose, or changed since. */
int seal_open(const struct secret *key, const char *purpose, const struct buf *sealed,
              struct secret *out, struct signet_error *err);
/* The station's key file (0600, raw 32 bytes); made when it is missing. */
int seal_key_file(const char *path, struct secret *key, struct signet_error *err);

/* batch.c */
int batch_wipe(struct vault *v, uint64_t number, struct signet_error *err);

#endif
