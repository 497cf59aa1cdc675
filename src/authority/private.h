/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHORITY_PRIVATE_H
#define AUTHORITY_PRIVATE_H

#include "authority/authority.h"
#include "pki/pki.h"

/* Who signs: one const struct a kind. */
struct authority_ops {
    const char *name;
    /* Opens the key: afterwards either authority->key or authority->signer has it. */
    int (*open)(struct signet_authority *a, const struct signet_authority_info *info,
                const struct signet_authority_options *options, struct signet_error *err);
    void (*close)(struct signet_authority *a); /* also after an error of open; may be NULL */
    /* Of one that is elsewhere; else NULL: a certificate for this request (DER), which is looked at
     * afterwards. */
    int (*enroll)(struct signet_authority *a, const void *csr, size_t len,
                  const struct cert_wish *wish, struct signet_cert **out, struct signet_error *err);
    int (*reach)(struct signet_authority *a, struct signet_error *err); /* may be NULL */
};
extern const struct authority_ops authority_file;   /* key_file.c */
extern const struct authority_ops authority_pkcs11; /* pkcs11_token.c */
extern const struct authority_ops authority_tpm;    /* tpm.c */
extern const struct authority_ops authority_est;    /* est.c */
extern const struct authority_ops authority_cmp;    /* cmp.c */

struct signet_authority {
    const struct authority_ops *ops;
    void *state; /* of the kind */
    struct signet_cert *chain[SIGNET_CHAIN_MAX];
    size_t count;
    struct signet_key *key;
    struct cert_signer signer; /* where key is NULL */
    struct issuer *issuer;
    struct cert_form form;
    char *profile; /* its name or file */
    char *place;   /* of the key, for people */
    void *owned;   /* texts of form */
};

/* settings.c: a file with the same keys. */
int authority_keys_load(struct authority_keys *out, void **owned, const char *path,
                        struct signet_error *err);

/* cert_profile.c: fills form and profile; appends what the form has. */
int authority_profile(struct signet_authority *a, const char *name, struct signet_error *err);
void authority_profile_text(const struct cert_form *form, struct buf *out);

/* passphrase.c: passphrase or PIN: the first line of the file, or what a person answers. None of
 * the two: SIGNET_E_AUTH. */
int authority_secret(const struct signet_authority_options *options, const char *file,
                     const char *what, struct secret *out, struct signet_error *err);

#endif
