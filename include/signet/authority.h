/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_AUTHORITY_H
#define SIGNET_AUTHORITY_H

/* Certificate authorities that sign for devices: a chain of certificates and a private key in a
 * file or in a token (PKCS#11).
 *
 * Units: seconds since 1970 for dates. Ownership: texts of options, info and subject are only read,
 * those of info during signet_authority_open(); observer and cancel must outlive the handle. What a
 * call returns is freed by the caller. Errors: SIGNET_E_CERT: the authority may not issue, or not
 * for this device, or key and certificate do not belong together; SIGNET_E_MEANING: a name, a date
 * or a profile that RFC 5280 refuses; SIGNET_E_IO: a file, a module; SIGNET_E_AUTH: passphrase or
 * PIN; SIGNET_E_NOT_FOUND: the token or the key in it; SIGNET_E_CRYPTO: the token failed to sign.
 * Of an authority elsewhere: SIGNET_E_NET, SIGNET_E_SERVER (sys is the HTTP status), SIGNET_E_AUTH,
 * SIGNET_E_TIMEOUT. A request whose answer was lost is sent again: the same key then has two
 * certificates, of which the second counts.
 * Standards: RFC 5280, RFC 7925 and draft-ietf-uta-tls13-iot-profile, IEEE 802.1AR, RFC 7512,
 * PKCS#11 2.40, RFC 7030 and 8951 (EST), RFC 9480 and 9483 (CMP).
 *
 * Threads: an authority may be used on any threads at the same time; opening and closing it is for
 * one. A process that opened one in a token must not fork and go on in the child (to spawn programs
 * is fine), and closes it before it exits. */

#include <signet/bytes.h>
#include <signet/cancel.h>
#include <signet/cert.h>
#include <signet/error.h>
#include <signet/event.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct signet_authority;

/* An authority as a person describes it. Paths are ready for use; what is NULL is not given. */
struct signet_authority_info {
    const char *chain; /* PEM: its certificate first, then those above it; or one in DER */
    /* A file: PKCS#8 (also encrypted), SEC1 or PKCS#1, PEM or DER; or "pkcs11:token=...;object=..."
     * (RFC 7512) with the query attributes module-path and pin-source; or "tpm:FILE", a key that
     * counts (<signet/tpm_quota.h>). */
    const char *key;
    const char *passphrase_file; /* of the key, or the PIN of the token: its first line */
    /* "tls-client" (the default), "idevid", "reference", or a YAML file: signet-order(5) */
    const char *profile;
    /* An authority that is elsewhere: "est" (RFC 7030) or "cmp" (RFC 9480, 9483: p10cr). It has no
     * key here, and profiles of its own. */
    const char *kind;
    const char *url;     /* "https://HOST[:PORT][/PATH]"; cmp also http, since its messages are
                            protected */
    const char *ca_file; /* PEM: trusted for https, and no others; NULL: the system's */
    const char *pin;     /* of its key, as in signet_server_options */
    /* Who we are. est: a user, or a certificate in TLS; cmp: the reference of a secret, or a
     * certificate whose key signs the messages (its answers are then signed below chain). PEM, the
     * key 0600. passphrase_file has the password or the secret. */
    const char *user, *client_cert, *client_key, *reference;
    int64_t timeout_s;  /* of one certificate, waiting for it included; 0: 60 */
    const char *folder; /* in which a relative pin-source is looked for; NULL: the current one */
};

struct signet_authority_options {
    size_t size;      /* sizeof(struct signet_authority_options); 0: this version */
    const char *file; /* YAML with the keys of an order's `authority`; or: */
    const struct signet_authority_info *info;
    /* Asks a person for a passphrase or a PIN that no file has; what: "the PIN of the token 'x'".
     * NULL: nobody is asked. */
    int (*ask)(void *ctx, const char *what, struct signet_bytes *secret, struct signet_error *err);
    void *ask_ctx;
    const struct signet_observer *observer; /* of signet_authority_open() alone */
    const struct signet_cancel *cancel;     /* of what waits for an authority elsewhere; it outlives
                                               the handle; may be NULL */
};

/* Reads the certificates, opens the key, and looks whether they may issue for devices now. */
int signet_authority_open(struct signet_authority **out,
                          const struct signet_authority_options *options, struct signet_error *err);
void signet_authority_close(struct signet_authority **authority); /* sets *authority to NULL */

/* For whom a certificate is. */
struct signet_authority_subject {
    size_t size;          /* sizeof(struct signet_authority_subject); 0: this version */
    const char *endpoint; /* its name; the common name unless info has one */
    const char *serial;   /* of the hardware, for the profiles that have it; NULL: the endpoint */
    const struct signet_cert_info *info; /* other names, digest, validity; NULL: the defaults */
};

/* A certificate for the public key of a request (PKCS#10, RFC 2986; DER, PEM or base64), whose own
 * signature is verified. Nothing else is taken out of it: names, dates and extensions are the
 * subject's and the profile's. chain (may be NULL) is the authority's, as signet_authority_chain().
 */
int signet_authority_sign_request(struct signet_authority *authority, const void *csr, size_t len,
                                  const struct signet_authority_subject *subject,
                                  const struct signet_cancel *cancel, struct signet_cert **out,
                                  struct signet_bytes *chain, struct signet_error *err);
/* The same for a key that is here. */
int signet_authority_sign_key(struct signet_authority *authority, const struct signet_key *key,
                              const struct signet_authority_subject *subject,
                              const struct signet_cancel *cancel, struct signet_cert **out,
                              struct signet_bytes *chain, struct signet_error *err);

/* Would it sign for this device: its names and dates against the constraints of all the chain?
 * Nothing is signed. */
int signet_authority_allows(const struct signet_authority *authority,
                            const struct signet_authority_subject *subject,
                            struct signet_error *err);
/* Signs for a key that is thrown away, and verifies what came out as a server does, against the
 * whole chain. One that is elsewhere, or counts, signs nothing: it is looked whether it is there
 * (est). */
int signet_authority_check(struct signet_authority *authority,
                           const struct signet_authority_subject *subject,
                           struct signet_error *err);

/* Facts for people. Texts are safe for a terminal and live as long as the authority. */
struct signet_authority_view {
    const char *kind;    /* "file", "pkcs11", "tpm", "est", "cmp" */
    const char *key;     /* where it is: a path, "token 'x', object 'y'", a URL, a TPM
                            with its uses */
    const char *profile; /* its name, or its file */
    size_t certificates; /* in the chain */
    struct signet_cert_view cert;
};
int signet_authority_describe(const struct signet_authority *authority,
                              struct signet_authority_view *out, struct signet_error *err);
/* Its certificates, PEM: its own first. */
int signet_authority_chain(const struct signet_authority *authority, struct signet_bytes *out,
                           struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
