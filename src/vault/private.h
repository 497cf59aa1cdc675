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

/* How a key file keeps its keys: as they are, or each sealed with a key that is elsewhere. One file
 * and one row in key.c for each form. */
struct key_form {
    const char *name, *argument; /* "tpm", and what may follow "tpm:"; NULL: nothing */
    /* The key that the others are sealed with, and in params how to get it again: a text without
     * line ends. Both NULL: the keys are not sealed. */
    int (*make)(const struct vault_key *from, const char *argument, struct buf *params,
                struct secret *wrap, struct signet_error *err);
    int (*open)(const struct vault_key *from, const char *params, struct secret *wrap,
                struct signet_error *err);
};
extern const struct key_form key_form_file, key_form_passphrase, key_form_credential, key_form_tpm;

struct key_wrap {
    const struct key_form *form; /* NULL: the file has one key alone, as every version reads it */
    struct buf params;
    struct secret key;
};

/* key.c: the key that seals, and those before it, which may still have to open something. */
enum { OLD_KEYS_MAX = 8, KEY_ID_SIZE = 17, KEY_FILE_MAX = 16 * 1024 };
struct key_ring {
    struct secret current, old[OLD_KEYS_MAX];
    size_t old_count;
    struct key_wrap wrap;
};
void key_ring_wipe(struct key_ring *ring);
/* key_bytes.c: 16 hex digits that stand for the key. */
int key_id(const struct secret *key, char id[KEY_ID_SIZE], struct signet_error *err);
int key_new(struct secret *key, struct signet_error *err);
/* What an empty disk image or a failed copy leaves. */
bool key_is_one_byte(const struct secret *key);

/* The text of a key file, taken apart: all texts are in it, and the keys stay as they are there.
 * SIGNET_E_CRYPTO: it is none. */
struct key_text {
    const struct key_form *form; /* NULL: the bytes are the key, as every version reads it */
    const char *params;
    size_t count; /* of what follows: the key that seals, and those before it */
    const char *ids[1 + OLD_KEYS_MAX], *sealed[1 + OLD_KEYS_MAX];
};
int key_text_parse(struct secret *text, struct key_text *out, struct signet_error *err);
/* SIGNET_E_NOT_FOUND: there is no file; SIGNET_E_IO: others could change or read it. */
int key_text_read(const char *path, struct secret *text, struct key_text *out,
                  struct signet_error *err);

/* The station's keys. SIGNET_E_NOT_FOUND: there is no file. */
int key_read(const struct vault_key *from, struct key_ring *ring, struct signet_error *err);
/* The same; the file is made when it is missing, and held. */
int key_open(const struct vault_key *from, struct key_ring *ring, int *fd,
             struct signet_error *err);
/* form: "passphrase", "tpm:TCTI" ... What wrap held goes. */
int key_wrap_make(const struct vault_key *from, const char *form, struct key_wrap *wrap,
                  struct signet_error *err);
int key_write(const char *path, const struct key_ring *ring, struct signet_error *err);
/* Until *fd is closed the file is not changed (alone: nor used). -1: there is none. SIGNET_E_BUSY
 */
int key_hold(const char *path, bool alone, int *fd, struct signet_error *err);

struct vault {
    char *folder;
    char tag[17];
    int key_fd;  /* held */
    int lock_fd; /* shared by the runs of the folder; bytes of it are one run's */
    struct key_ring ring;
    pthread_mutex_t lock; /* of what follows */
    struct kept *kept;
    size_t kept_count;
    struct open_batch opened[OPENED];
    size_t next; /* of opened, to be replaced */
};

/* vault.c: a file of the folder, sealed for its own name, so that none can pass for another. An
 * older purpose may be named as well; or NULL. */
int vault_seal_file(struct vault *v, const char *name, const struct secret *plain,
                    struct signet_error *err);
int vault_open_file(struct vault *v, const char *name, const char *purpose, struct secret *plain,
                    struct signet_error *err);
/* SIGNET_E_SEAL */
int vault_damaged(const struct vault *v, const char *name, struct signet_error *err);
int vault_wipe_file(struct vault *v, const char *name, struct signet_error *err);
/* Whoever is alone mends the folder, and lets others in after that; *alone. SIGNET_E_BUSY */
int vault_lock(struct vault *v, bool *alone, struct signet_error *err);
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

/* batch.c */
/* A power cut may bring back the name of one that was wiped: it goes. */
bool seal_is_wiped(int folder, const char *name);
int batch_wipe(struct vault *v, uint64_t number, struct signet_error *err);

#endif
