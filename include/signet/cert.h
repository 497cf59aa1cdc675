/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CERT_H
#define SIGNET_CERT_H

/* Keys and X.509 certificates (RFC 5280) of devices and servers.
 *
 * Units: seconds since 1970 for dates, bits for RSA keys. Ownership: every key and certificate that
 * a call returns is freed by the caller; texts of signet_cert_info are only read. Errors:
 * SIGNET_E_CERT for what is unusable, SIGNET_E_MEANING for a field that RFC 5280 or TLS stacks
 * refuse, SIGNET_E_CRYPTO when OpenSSL fails. Standards: RFC 5280 (certificates), RFC 5958, 5915
 * and 8017 (keys), RFC 7468 (PEM).
 *
 * Threads: one handle is for one thread at a time; an observer is called on the caller's thread. */

#include <signet/bytes.h>
#include <signet/cancel.h>
#include <signet/error.h>
#include <signet/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a self-signed certificate shall hold. Text is UTF-8; NULL leaves a field out, or takes the
 * default. All zero is a usable request: P-256, SHA-256, seven years, random serial number. */
struct signet_cert_info {
    char *country_name; /* two letters */
    char *state_or_province_name;
    char *locality_name;
    char *organization_name;
    char *organization_unit_name;
    char *email_address;             /* ASCII */
    char *common_name;               /* NULL: the endpoint name; at most 64 characters (RFC 5280) */
    char *elliptic_curve;            /* "secp256r1" unless an RSA length is given */
    char *digest;                    /* "sha256" */
    char *serial_number;             /* decimal or 0x text, 1 .. 2^159-1; NULL: random */
    unsigned rsa_key_len;            /* bits; 0: an EC key */
    int64_t validity_offset_seconds; /* from now on; 0: 220752000, seven years */
    /* A host name or a URI for the subjectAltName (RFC 5280, section 4.2.1.6), "none" for the
     * reference's form; NULL: the endpoint name where it is one of these, else none. */
    char *subject_alt_name;
};

/* A private key (EC with a named curve, or RSA). Wiped when freed. */
struct signet_key;
/* One X.509 certificate. */
struct signet_cert;

void signet_key_free(struct signet_key **key);    /* sets *key to NULL */
void signet_cert_free(struct signet_cert **cert); /* sets *cert to NULL */

/* A new key as info requests (NULL: P-256). Weak or unusual choices are warnings to the observer.
 */
int signet_key_generate(struct signet_key **out, const struct signet_cert_info *info,
                        const struct signet_observer *observer, struct signet_error *err);

/* DER or PEM; PKCS#8 (RFC 5958), SEC1 (RFC 5915) or PKCS#1 (RFC 8017). Exactly one key, not
 * encrypted. SIGNET_E_CERT says why not. */
int signet_key_load(struct signet_key **out, const void *data, size_t len,
                    struct signet_error *err);

/* PKCS#8, not encrypted: the bytes are the secret. */
int signet_key_der(const struct signet_key *key, struct signet_bytes *out,
                   struct signet_error *err);
int signet_key_pem(const struct signet_key *key, struct signet_bytes *out,
                   struct signet_error *err);

/* A self-signed certificate for key: X.509 v3, valid from now, without extensions but
 * subject_alt_name. endpoint (may be NULL) is the common name unless info has one. SIGNET_E_IO:
 * this machine's clock is before this build or decades after it. SIGNET_E_MEANING names a field
 * that RFC 5280 or TLS stacks refuse. */
int signet_cert_make(struct signet_cert **out, const struct signet_key *key,
                     const struct signet_cert_info *info, const char *endpoint,
                     const struct signet_observer *observer, struct signet_error *err);

/* As signet_cert_make, but issued by a certificate authority: with key usage digitalSignature,
 * extended key usage clientAuth and the authority's key identifier. It cannot outlive the
 * authority's certificate. It is verified against it: SIGNET_E_CERT when the authority's name
 * constraints, extended key usage, path length or critical extensions exclude it. */
int signet_cert_sign(struct signet_cert **out, const struct signet_key *key,
                     const struct signet_cert_info *info, const char *endpoint,
                     const struct signet_cert *issuer, const struct signet_key *issuer_key,
                     const struct signet_observer *observer, struct signet_error *err);

/* DER or PEM. Exactly one certificate: a chain in PEM is refused with a hint. */
int signet_cert_load(struct signet_cert **out, const void *data, size_t len,
                     struct signet_error *err);
/* The certificates of a PEM file, or one in DER, in their order. The caller frees each. */
enum { SIGNET_CHAIN_MAX = 8 };
int signet_cert_load_chain(struct signet_cert *out[SIGNET_CHAIN_MAX], size_t *count,
                           const void *data, size_t len, struct signet_error *err);
int signet_cert_der(const struct signet_cert *cert, struct signet_bytes *out,
                    struct signet_error *err);
int signet_cert_pem(const struct signet_cert *cert, struct signet_bytes *out,
                    struct signet_error *err);

/* Does this private key belong to this certificate? SIGNET_E_CERT when not. */
int signet_cert_check_key(const struct signet_cert *cert, const struct signet_key *key,
                          struct signet_error *err);
/* SIGNET_E_CERT when not valid yet or expired by the wall clock, with the date; less than 30 days
 * left is a warning. */
int signet_cert_check_dates(const struct signet_cert *cert, const struct signet_observer *observer,
                            struct signet_error *err);

/* Writes folder/client_cert.crt (PEM), client_cert.der and client_key.der (PKCS#8), each 0600 and
 * whole or not at all. The folder is made when it is missing. Files of another certificate are
 * kept under a name of their own (client_key.1a2b3c4d.der) and a warning names it: nothing of
 * another device is ever lost. */
int signet_cert_save(const struct signet_cert *cert, const struct signet_key *key,
                     const char *folder, const struct signet_observer *observer,
                     struct signet_error *err);

/* Facts for people and records. Texts are safe for a terminal; long ones are cut. */
struct signet_cert_view {
    char subject[512];
    char issuer[512];
    char serial[64];               /* hex, lower case */
    int64_t not_before, not_after; /* seconds since 1970 */
    char key[64];                  /* "EC secp256r1", "RSA 2048" */
    char signature[64];            /* "ecdsa-with-SHA256" */
    bool self_issued;              /* subject and issuer are the same */
    uint8_t sha256[32];            /* of the DER */
    uint8_t key_sha256[32];        /* of the SubjectPublicKeyInfo */
    char pin[64];                  /* the same as "sha256//BASE64", as a server's pin is written */
};
int signet_cert_describe(const struct signet_cert *cert, struct signet_cert_view *out,
                         struct signet_error *err);
/* The public side only: key and key_sha256 as above. */
int signet_key_describe(const struct signet_key *key, char type[64], uint8_t key_sha256[32],
                        struct signet_error *err);

/* The certificate that a server shows over TLS, or DTLS with SIGNET_FETCH_DTLS, without any check
 * of trust: a person compares its fingerprint. host: a name or address. timeout_ms 0: 10 seconds.
 */
enum { SIGNET_FETCH_DTLS = 1u };
int signet_cert_fetch(struct signet_cert **out, const char *host, uint16_t port, unsigned flags,
                      unsigned timeout_ms, const struct signet_cancel *cancel,
                      struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
