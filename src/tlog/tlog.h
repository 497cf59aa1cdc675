/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLOG_TLOG_H
#define TLOG_TLOG_H

/* An append-only log that proves itself to others: the Merkle tree of RFC 6962, and C2SP's
 * signed-note, tlog-checkpoint, tlog-proof and tlog-witness with Ed25519. Texts are as tools of
 * other authors read them. SIGNET_E_SYNTAX: a text is none; SIGNET_E_CRYPTO: a signature or a proof
 * is wrong. */

#include "base/base.h"

enum { TLOG_HASH = 32, TLOG_LEVELS = 44 };

/* tree.c: what is left of a tree in which leaves are only added: its complete subtrees, by level */

struct tlog_tree {
    uint64_t size;
    uint8_t nodes[TLOG_LEVELS][TLOG_HASH]; /* of level k, where bit k of size is set */
};
/* data begins with a byte for the tree's own use; len counts it. */
int tlog_leaf(uint8_t *data, size_t len, uint8_t out[static TLOG_HASH], struct signet_error *err);
int tlog_node(const uint8_t left[static TLOG_HASH], const uint8_t right[static TLOG_HASH],
              uint8_t out[static TLOG_HASH], struct signet_error *err);
int tlog_add(struct tlog_tree *tree, const uint8_t leaf[static TLOG_HASH],
             struct signet_error *err);
int tlog_root(const struct tlog_tree *tree, uint8_t out[static TLOG_HASH],
              struct signet_error *err);
/* Its nodes in hex, lowest level first; to read it its size must be known. */
void tlog_tree_print(struct buf *out, const struct tlog_tree *tree);
int tlog_tree_parse(const char *text, uint64_t size, struct tlog_tree *out,
                    struct signet_error *err);

/* path.c: proofs that a leaf, or a smaller tree, is in a tree */

/* The hashes of a proof while its leaves go by, each of the leaves begin to end - 1. */
struct tlog_path {
    size_t count;
    struct tlog_range {
        uint64_t begin, end;
        struct tlog_tree tree;
    } * ranges;
};
/* Of leaf `index` in the first `size` leaves; that the first `old` are the beginning of the first
 * `size`. Then all leaves are shown to it. */
int tlog_path_inclusion(struct tlog_path *path, uint64_t index, uint64_t size,
                        struct signet_error *err);
int tlog_path_consistency(struct tlog_path *path, uint64_t old, uint64_t size,
                          struct signet_error *err);
int tlog_path_show(struct tlog_path *path, uint64_t index, const uint8_t leaf[static TLOG_HASH],
                   struct signet_error *err);
/* In base64, one a line. */
int tlog_path_print(const struct tlog_path *path, struct buf *out, struct signet_error *err);
void tlog_path_free(struct tlog_path *path);

/* The hashes of a proof as they were read. */
enum { TLOG_HASHES = 2 * TLOG_LEVELS };
struct tlog_hashes {
    size_t count;
    uint8_t hash[TLOG_HASHES][TLOG_HASH];
};
int tlog_check_inclusion(const struct tlog_hashes *proof, uint64_t index, uint64_t size,
                         const uint8_t leaf[static TLOG_HASH], const uint8_t root[static TLOG_HASH],
                         struct signet_error *err);
int tlog_check_consistency(const struct tlog_hashes *proof, uint64_t old,
                           const uint8_t old_root[static TLOG_HASH], uint64_t size,
                           const uint8_t root[static TLOG_HASH], struct signet_error *err);

/* key.c */

enum { TLOG_NAME_SIZE = 432, TLOG_VKEY_SIZE = TLOG_NAME_SIZE + 64, TLOG_KEY_ID = 4 };
enum tlog_key_type { TLOG_SIGNER = 1, TLOG_WITNESS = 4 };
/* A public key under a name: NAME+HHHHHHHH+BASE64. */
struct tlog_vkey {
    char name[TLOG_NAME_SIZE];
    enum tlog_key_type type;
    uint8_t key[32], id[TLOG_KEY_ID];
};
struct tlog_key {
    struct secret seed;
    void *loaded;            /* by OpenSSL */
    struct tlog_vkey public; /* as a signer, under the name that its file has */
};
/* The file is 0600, one line: PRIVATE+KEY+NAME+HHHHHHHH+BASE64. Where it is missing it is made,
 * with this name; NULL: it is not. */
int tlog_key_open(struct tlog_key *key, const char *path, const char *name,
                  struct signet_error *err);
void tlog_key_free(struct tlog_key *key);
/* The same public key under this name. */
int tlog_vkey_as(const struct tlog_vkey *key, enum tlog_key_type type, const char *name,
                 struct tlog_vkey *out, struct signet_error *err);
int tlog_vkey_parse(const char *text, struct tlog_vkey *out, struct signet_error *err);
void tlog_vkey_print(const struct tlog_vkey *key, char out[static TLOG_VKEY_SIZE]);
/* witness.c: the public key of a file, as its line */
int tlog_show_key(const char *key_file, const char *name, enum tlog_key_type type,
                  struct signet_bytes *out, struct signet_error *err);
/* What a key's name takes of a text: the rest becomes %XX. */
void tlog_name_escape(const char *text, struct buf *out);

/* note.c: a text with signatures */

enum { TLOG_NOTE_MAX = 1024 * 1024 };
struct tlog_note {
    const char *text; /* in what was parsed; ends with a line end */
    size_t len;
    const char *signatures; /* lines */
    size_t signatures_len;
};
int tlog_note_parse(const void *note, size_t len, struct tlog_note *out, struct signet_error *err);
/* SIGNET_E_NOT_FOUND: it has no signature of that key; SIGNET_E_CRYPTO: a wrong one. time: of a
 * witness; may be NULL. */
int tlog_note_verify(const struct tlog_note *note, const struct tlog_vkey *key, int64_t *time,
                     struct signet_error *err);
/* The number of the key by which a signer of this name signed it, rightly or not; false: none did.
 */
bool tlog_note_signer(const struct tlog_note *note, const char *name,
                      uint8_t id[static TLOG_KEY_ID]);
/* The line of a signature of text, which ends with a line end. as: the key's public half, under the
 * name and type that it signs with; time: of a witness. */
int tlog_sign(const struct tlog_key *key, const struct tlog_vkey *as, const void *text, size_t len,
              int64_t time, struct buf *out, struct signet_error *err);
/* Makes text a note: an empty line, and the signature. */
int tlog_sign_note(const struct tlog_key *key, const struct tlog_vkey *as, struct buf *text,
                   struct signet_error *err);

/* checkpoint.c */

struct tlog_checkpoint {
    char origin[TLOG_NAME_SIZE];
    uint64_t size;
    uint8_t root[TLOG_HASH];
};
int tlog_checkpoint_parse(const struct tlog_note *note, struct tlog_checkpoint *out,
                          struct signet_error *err);
/* Of a signed note, which becomes *note. */
int tlog_checkpoint_read(const void *text, size_t len, struct tlog_note *note,
                         struct tlog_checkpoint *out, struct signet_error *err);
void tlog_checkpoint_print(const struct tlog_checkpoint *checkpoint, struct buf *out);
/* A proof and the checkpoint behind it, by their first lines: tlog-proof "c2sp.org/tlog-proof@v1",
 * "index N"; a witness's request "old N". */
struct tlog_proof {
    uint64_t number;
    struct tlog_hashes hashes;
    struct tlog_note note;
    struct tlog_checkpoint checkpoint;
};
int tlog_proof_parse(const void *text, size_t len, struct tlog_proof *out,
                     struct signet_error *err);
int tlog_request_parse(const void *text, size_t len, struct tlog_proof *out,
                       struct signet_error *err);

#endif
