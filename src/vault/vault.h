/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

/* Packets that must outlive a crash from the moment they are made until their device is done:
 * sealed with AES-256-GCM, one file a device, or one file a batch of devices. Errors that are one
 * device's: SIGNET_E_NOT_FOUND (nothing is sealed here), SIGNET_E_SEAL (the file is damaged). All
 * calls may come from several threads, but for open and close. */

#include "base/base.h"

struct vault;

/* The station's key, and how to open it where it is sealed. */
struct vault_key {
    const char *file;
    struct passphrase passphrase;
};

/* Makes the folder (0700) and the key file (32 bytes, 0600) where they are missing. order names the
 * batches; several processes may use one folder, each with another order. SIGNET_E_BUSY: another
 * process is at work on this order; SIGNET_E_CRYPTO: the folder's secrets were sealed with another
 * key. */
int vault_open(struct vault **out, const char *folder, const struct vault_key *key,
               const char *order, struct signet_error *err);
void vault_close(struct vault **vault); /* sets *vault to NULL */
const char *vault_folder(const struct vault *vault);
/* 16 hex digits that stand for the order in names of files. */
const char *vault_tag(const struct vault *vault);
int vault_tag_of(const char *order, char tag[17], struct signet_error *err);
/* The count of the TPM that opens the station's key. False: no TPM does. */
struct tpm_count;
bool vault_count(const struct vault *vault, struct tpm_count *out);
/* Until the vault is closed, no other run of the folder has this. SIGNET_E_BUSY, without a message:
 * one has it. */
int vault_claim(struct vault *vault, const char *what, struct signet_error *err);

/* One device in a file of its own, on disk when this returns. */
int vault_seal(struct vault *vault, const char *endpoint, const struct signet_bytes *packet,
               struct signet_error *err);
/* Its file is overwritten and removed; none there is no error. */
int vault_wipe(struct vault *vault, const char *endpoint, struct signet_error *err);

/* batch.c: many devices in one file. Numbers of batches rise within an order. */

struct vault_entry {
    char endpoint[152];
    int64_t index; /* of the device, in its order */
    const uint8_t *packet;
    size_t len;
};
enum { VAULT_ENTRY_HEAD = 1 + sizeof(int64_t) + sizeof(uint32_t) }; /* besides name and packet */
void vault_entry_add(struct buf *plain, const struct vault_entry *entry);
/* The next entry; false: that was all, or what follows is no entry. */
bool vault_entry_next(const struct secret *plain, size_t *at, struct vault_entry *out);

int vault_batch_seal(struct vault *vault, uint64_t number, const struct buf *plain,
                     struct signet_error *err);
/* Whole: each entry is there. */
int vault_batch_read(struct vault *vault, uint64_t number, struct secret *plain,
                     struct signet_error *err);
int vault_batch_wipe(struct vault *vault, uint64_t number, struct signet_error *err);
/* The batches that are there, ascending; the caller frees them. */
int vault_batch_list(struct vault *vault, uint64_t **numbers, size_t *count,
                     struct signet_error *err);

/* needs.c: which devices still need what is sealed */

/* A batch of which `left` devices, with numbers from first to last, need their secret. */
int vault_track_batch(struct vault *vault, uint64_t number, int64_t first, int64_t last,
                      size_t left, struct signet_error *err);
/* Looks through a batch, and wipes it when no device in it needs its secret. */
typedef int vault_needs(void *ctx, const struct vault_entry *entry, bool *needs,
                        struct signet_error *err);
int vault_wipe_unneeded(struct vault *vault, uint64_t number, vault_needs *ask, void *ctx,
                        struct signet_error *err);
/* The device's packet, from its own file or from a batch that was kept. */
int vault_find(struct vault *vault, const char *endpoint, int64_t index, struct secret *packet,
               struct signet_error *err);
/* The device needs its secret no more: the batch that has it is wiped with the last of them. */
int vault_release(struct vault *vault, const char *endpoint, int64_t index,
                  struct signet_error *err);

#endif
