/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_PKI_H
#define PKI_PKI_H

/* Keys, certificates, PSKs, hashes and AES-GCM. Keys and certificates themselves:
 * <signet/cert.h>. */

#include "base/base.h"

#include <signet/cert.h>

/* openssl.c: SIGNET_E_CRYPTO, "WHAT: OpenSSL's reason"; its error queue is empty afterwards */
int crypto_fail(struct signet_error *err, const char *what);

/* hmac.c */
int hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                uint8_t out[static 32], struct signet_error *err);

/* sha256.c */
int sha256(const void *data, size_t len, uint8_t out[static 32], struct signet_error *err);
/* Its first bytes in hex, as signet_bytes_sha256() has all 32. */
int sha256_tag(const void *data, size_t len, size_t bytes, char *out, struct signet_error *err);

struct sha256 {
    void *state;
};
int sha256_begin(struct sha256 *h, struct signet_error *err);
int sha256_add(struct sha256 *h, const void *data, size_t len, struct signet_error *err);
/* Of all so far; more may follow. */
int sha256_peek(const struct sha256 *h, uint8_t out[static 32], struct signet_error *err);
void sha256_drop(struct sha256 *h); /* twice is fine */

/* scrypt.c: RFC 7914 with N = 2^log_n, r = 8, p = 1; it takes N KiB of memory. */
int pki_scrypt(const void *password, size_t len, const uint8_t *salt, size_t salt_len,
               unsigned log_n, uint8_t out[static 32], struct signet_error *err);

/* ed25519.c: RFC 8032 */
enum { ED25519_SEED_LEN = 32, ED25519_KEY_LEN = 32, ED25519_SIGNATURE_LEN = 64 };
int ed25519_public(const struct secret *seed, uint8_t out[static ED25519_KEY_LEN],
                   struct signet_error *err);
/* The key of a seed, ready: half of a signature's time. */
struct ed25519 {
    void *key;
};
int ed25519_load(const struct secret *seed, struct ed25519 *out, struct signet_error *err);
void ed25519_drop(struct ed25519 *key); /* twice is fine */
int ed25519_sign(const struct ed25519 *key, const void *text, size_t len,
                 uint8_t out[static ED25519_SIGNATURE_LEN], struct signet_error *err);
int ed25519_verify(const uint8_t key[static ED25519_KEY_LEN], const void *text, size_t len,
                   const uint8_t signature[static ED25519_SIGNATURE_LEN], bool *good,
                   struct signet_error *err);

/* p256.c: keys and signatures on P-256 as two numbers of 32 bytes each. SIGNET_E_CERT: the key is
 * of another kind, or no point of the curve. */
enum { P256_POINT = 64 };
int p256_point(const struct signet_key *key, uint8_t out[static P256_POINT],
               struct signet_error *err);
/* On the curve. */
bool p256_is_point(const uint8_t point[static P256_POINT]);
void p256_public(struct buf *der, const uint8_t point[static P256_POINT]);
/* Of the SHA-256 of data. */
int p256_sign(const struct signet_key *key, const void *data, size_t len,
              uint8_t out[static P256_POINT], struct signet_error *err);
/* Of a digest. SIGNET_E_CRYPTO: it is not by this key. */
int p256_verify(const uint8_t point[static P256_POINT], const uint8_t *digest, size_t len,
                const uint8_t signature[static P256_POINT], struct signet_error *err);

/* pem.c: text of 64 columns, RFC 7468 */
/* Is there a block of PEM in it? Text may stand in front, which may start with a 0, as DER does. */
bool pem_is(const void *data, size_t len);
void pem_write(struct buf *b, const char *label, const uint8_t *der, size_t len);

/* cert_facts.c: what signet_cert_describe() says in issuer, serial and key_sha256, from the DER of
 * a certificate that was checked before or made here, at a hundredth of the time. */
struct cert_facts {
    char issuer[512], serial[64];
    uint8_t key_sha256[32];
};
int cert_facts(const void *der, size_t len, struct cert_facts *out, struct signet_error *err);

/* The common name of its subject; false: it has none, or more than a name can be. */
enum { CERT_NAME_SIZE = 200 };
bool cert_common_name(const void *der, size_t len, char out[static CERT_NAME_SIZE]);

/* request.c: a certificate request (PKCS#10, RFC 2986) from a device or a person. Taken are EC keys
 * on secp256r1, secp384r1 and secp521r1 and RSA keys of 2048 to 4096 bits, signed by themselves
 * with SHA-256, -384 or -512, with one common name. SIGNET_E_CERT says what is wrong. */
enum { CERT_REQUEST_MAX = 8192 }; /* bytes of DER */
struct cert_request {
    /* SubjectPublicKeyInfo and subject, as they stand in the DER that was read */
    const uint8_t *key, *subject;
    size_t key_len, subject_len;
    char common_name[CERT_NAME_SIZE];
    /* as in struct signet_cert_view */
    char key_name[64];
    uint8_t key_sha256[32];
};
int cert_request_read(struct cert_request *out, const void *der, size_t len,
                      struct signet_error *err);
/* Its DER, from PEM, from base64 alone (in lines or not), or from DER. */
int cert_request_load(struct signet_bytes *der, const void *data, size_t len,
                      struct signet_error *err);
/* One of our own, signed with SHA-256; common_name may be NULL: an empty subject. */
int cert_request_make(struct signet_bytes *der, const struct signet_key *key,
                      const char *common_name, struct signet_error *err);
/* SIGNET_E_CERT: its common name is not this endpoint name. */
int cert_request_check_name(const struct cert_request *request, const char *endpoint,
                            struct signet_error *err);

/* cert_stack.c: can the TLS stacks of devices (Mbed TLS 2.28 and 3) read it, and use its key?
 * SIGNET_E_CERT says what they refuse. */
int cert_fits_stacks(const struct signet_cert *cert, struct signet_error *err);
/* ... of one that a server sends besides, of which Mbed TLS need not know the signature. */
int cert_fits_beside(const struct signet_cert *cert, struct signet_error *err);
/* key_stack.c: likewise a private key in DER, which signet_key_load() made a key of. */
int key_fits_stacks(const void *der, size_t len, const struct signet_key *key,
                    struct signet_error *err);

/* cert_judge.c: what decides whether a certificate does for a purpose */
struct cert_traits {
    unsigned version;
    bool authority, self_issued, wrong_signature; /* the last: of one that is self-issued */
    bool signs_handshakes, signs_certs, enciphers_keys, agrees_keys; /* true: no key usage */
    bool for_clients, for_servers;                                   /* likewise */
    bool asks_features;                                              /* RFC 7633 */
    unsigned rsa_bits;                                               /* 0: no RSA key */
    char curve[24], digest[24];                                      /* "secp256r1", "sha256" */
};
int cert_traits(const struct signet_cert *cert, struct cert_traits *out, struct signet_error *err);
/* Of version 3: basic constraints, and key usage where it has one. x is OpenSSL's X509. */
struct x509_st;
bool x509_may_issue(struct x509_st *x);
/* How many authorities may stand below it (RFC 5280, section 4.2.1.9); -1: any number. */
long x509_path_length(struct x509_st *x);
/* An extension that OpenSSL knows and cannot read, by its name, or NULL: it takes nothing then that
 * the certificate's key signed. */
const char *x509_malformed(struct x509_st *x);
/* The curves that TLS stacks take in a certificate as they are built: Mbed TLS 3
 * (mbedtls_x509_crt_profile_default), and OpenSSL; ends with NULL. */
extern const char *const cert_usual_curves[];
/* A warning for each of its weaknesses; `where` begins them. */
enum cert_purpose { CERT_OF_DEVICE, CERT_OF_SERVER, CERT_OF_AUTHORITY };
void cert_warn_weak(const struct signet_cert *cert, enum cert_purpose purpose, const char *where,
                    const struct signet_observer *observer);

/* A warning where the common name is not the endpoint name, in which most servers look for it. */
void cert_warn_common_name(const void *der, size_t len, const char *endpoint, unsigned account,
                           const struct signet_observer *observer);

/* What a certificate of an authority shall have, besides names and dates. All zero: nothing. */
struct cert_form {
    unsigned usage;              /* CERT_SIGNS, ... of the key usage; 0: no such extension */
    const char *const *purposes; /* extended key usage: OIDs as text, ends with NULL; NULL: none */
    bool authority_key_id, subject_key_id;
    bool alt_name;            /* subjectAltName, as the certificate's request has it */
    bool no_end;              /* notAfter 99991231235959Z (802.1AR, section 8.7) */
    bool serial;              /* the hardware's serial number in the subject */
    const char *hw_type;      /* OID of the hardwareModuleName (RFC 4108); NULL: none */
    int64_t validity_seconds; /* where the request says nothing; 0: its default */
};
extern const struct cert_form cert_form_tls_client; /* RFC 7925 and its successor */
/* Bits of the key usage (RFC 5280, section 4.2.1.3), as its first byte has them. */
enum { CERT_SIGNS = 0x80, CERT_ENCIPHERS_KEYS = 0x20, CERT_AGREES_KEYS = 0x08 };

/* A certificate that somebody wants. */
struct cert_wish {
    const struct signet_cert_info *info; /* NULL: the defaults */
    const char *endpoint;
    const char *serial; /* of the hardware; NULL: the endpoint name */
    const struct cert_form *form;
    const struct signet_key *key; /* the device's; NULL: spki is its public half */
    const uint8_t *spki;
    size_t spki_len;
};

/* Signs with a key that this process does not have: a digest for an EC key, a DigestInfo (RFC 8017,
 * section 9.2) for RSA. The signature is r and s, of the same length, or RSA's. */
struct cert_signer {
    int (*sign)(void *ctx, const uint8_t *data, size_t len, struct buf *signature,
                struct signet_error *err);
    void *ctx;
    bool counted; /* each signature costs something: none is made on trial, and whose the key is
                     was looked at by its owner */
};

/* issuer.c: an authority, whose certificates were looked at once. Several threads may sign with
 * one. */
struct issuer;
/* chain: its own certificate, then those above it. key: NULL: signer signs, and must outlive it; it
 * is NULL, too, where somebody else signs. SIGNET_E_CERT: it may not issue certificates now, or the
 * key is another's. */
int issuer_open(struct issuer **out, const struct signet_cert *const *chain, size_t count,
                const struct signet_key *key, const struct cert_signer *signer,
                struct signet_error *err);
void issuer_close(struct issuer **issuer); /* sets *issuer to NULL */
/* Is this SubjectPublicKeyInfo the certificate's? SIGNET_E_CERT: another one. */
bool cert_has_spki(const struct signet_cert *cert, const uint8_t *spki, size_t spki_len);
int cert_check_public(const struct signet_cert *cert, const struct buf *spki,
                      struct signet_error *err);
/* verify: is what comes out verified against the whole chain, as a server does? Else only what
 * differs between devices is looked at: dates and name constraints. SIGNET_E_CERT,
 * SIGNET_E_MEANING.
 */
int issuer_sign(struct signet_cert **out, const struct issuer *issuer, const struct cert_wish *wish,
                bool verify, const struct signet_observer *observer, struct signet_error *err);
/* Of one that signs elsewhere (issuer_open() with neither key nor signer): is this what was wished,
 * for the wished key and the endpoint as its common name, and does a server take it? */
int issuer_verify(const struct issuer *issuer, const struct signet_cert *cert,
                  const struct cert_wish *wish, struct signet_error *err);
/* Would it sign this, as far as names and dates go? Nothing is signed. */
int issuer_allows(const struct issuer *issuer, const struct cert_wish *wish,
                  struct signet_error *err);

/* pkcs7.c: the certificates of a certs-only answer (RFC 7030, section 4.1.3), as
 * signet_cert_load_chain() gives those of a file. */
int cert_load_pkcs7(struct signet_cert *out[SIGNET_CHAIN_MAX], size_t *count, const void *der,
                    size_t len, struct signet_error *err);
/* Its own first, then those above it; certificates of no use for that are freed. */
int cert_order_chain(struct signet_cert *certs[SIGNET_CHAIN_MAX], size_t *count,
                     struct signet_error *err);

/* cert_names.c: is it for this host, as Mbed TLS compares? SIGNET_E_CERT: "it is for 'X', ...". */
int cert_names_host(const struct signet_cert *cert, const char *host, struct signet_error *err);

/* cert_read.c: may it issue certificates (RFC 5280, section 4.2.1.9)? */
bool cert_is_authority(const struct signet_cert *cert);

/* key.c: a new EC key on the curve of another, which many threads may use for it: OpenSSL takes a
 * quarter of a key's time to set up a curve. */
bool key_is_ec(const struct signet_key *key);
int key_generate_like(struct signet_key **out, const struct signet_key *like,
                      struct signet_error *err);

/* key.c: a private key that a passphrase opens. SIGNET_E_AUTH: it does not. */
bool key_is_encrypted(const void *data, size_t len);
int key_load_encrypted(struct signet_key **out, const void *data, size_t len,
                       const struct secret *passphrase, struct signet_error *err);

/* psk.c: a new pre-shared key of 16 .. 64 bytes from the kernel's generator (RFC 9257). hex: it is
 * text, so many hex digits; then 32 at least, and an even number. */
int psk_mint(struct secret *out, size_t len, bool hex, struct signet_error *err);

/* cms.c: AuthEnvelopedData in DER, for each of these certificates; what was changed does not open:
 * SIGNET_E_CRYPTO, and out is as before. SIGNET_E_SYNTAX, SIGNET_E_UNSUPPORTED: it is something
 * else. */
enum { CMS_MAX = 64 * 1024 * 1024 };
int cms_seal(const struct signet_cert *const *to, size_t count, const void *data, size_t len,
             struct signet_bytes *out, struct signet_error *err);
int cms_open(const struct signet_key *key, const void *data, size_t len, struct secret *out,
             struct signet_error *err);
/* May something be sealed to it? SIGNET_E_CERT */
int cms_check_recipient(const struct signet_cert *cert, struct signet_error *err);

/* aes_gcm.c: AES-256-GCM. The text's tag follows it. A key has one text for a nonce. */
enum {
    AES_GCM_KEY_LEN = 32,
    AES_GCM_NONCE_LEN = 12,
    AES_GCM_TAG_LEN = 16,
    AES_GCM_MAX = 16 * 1024 * 1024
};
struct aes_gcm {
    const struct secret *key;
    const uint8_t *nonce;
    const struct buf *aad; /* authenticated besides the text */
};
/* out: len bytes, and those of the tag. */
int aes_gcm_encrypt(const struct aes_gcm *with, const void *text, size_t len, uint8_t *out,
                    struct signet_error *err);
/* in: len bytes and the tag; out: len bytes. SIGNET_E_CRYPTO: encrypted with another key, nonce or
 * aad, or changed since. */
int aes_gcm_decrypt(const struct aes_gcm *with, const uint8_t *in, size_t len, uint8_t *out,
                    struct signet_error *err);

#endif
