/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_PRIVATE_H
#define PKI_PRIVATE_H

#include "pki/pki.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#define IMPORT_MAX (64 * 1024) /* bytes of a key or certificate file */

/* The public half of an EC key, as it goes into DER. */
struct ec {
    int group;                 /* OpenSSL's number of the curve; 0: not an EC key */
    uint8_t point[1 + 2 * 72]; /* uncompressed; two numbers of at most 72 bytes (sect571) */
    size_t point_len;
};

struct signet_key {
    EVP_PKEY *pkey;
    bool rsa;
    struct ec ec;
};

/* The DER is the certificate; OpenSSL's view of it is made when asked for. */
struct signet_cert {
    struct signet_bytes der;
};

/* der.c: a writer of DER. Nested values are written inside out: der_wrap puts tag and length in
 * front of everything from `start` on. */
void der_wrap(struct buf *b, size_t start, uint8_t tag);
void der_put(struct buf *b, uint8_t tag, const void *data, size_t len);
void der_oid(struct buf *b, int nid);
void der_time(struct buf *b, int64_t when); /* RFC 5280 section 4.1.2.5; up to the year 9999 */
/* ... and a reader: what is left of a run of values. */
enum {
    DER_INTEGER = 0x02,
    DER_BITS = 0x03,
    DER_OCTETS = 0x04,
    DER_OID = 0x06,
    DER_SEQUENCE = 0x30,
    DER_VERSION = 0xa0 /* of a certificate */
};
struct der {
    const uint8_t *at, *end;
};
/* The next value, when it has this tag: from its tag on, and what is in it (each may be NULL). */
bool der_next(struct der *d, uint8_t tag, struct der *whole, struct der *inside);
/* The next value, whatever its tag. */
bool der_any(struct der *d, uint8_t *tag, struct der *inside);
static inline bool der_ended(const struct der *d)
{
    return d->at == d->end;
}
/* Is it these bytes? Is it the identifier of RSA keys? */
bool der_is(const struct der *d, const void *bytes, size_t len);
bool der_is_rsa(const struct der *oid);
/* What is wrong with the relative names in it, for TLS stacks of devices, or NULL. */
const char *der_read_name(struct der *name);
/* Does data hold exactly one DER SEQUENCE? Says what is wrong otherwise. */
int der_check_whole(const uint8_t *data, size_t len, const char *what, struct signet_error *err);

/* ec.c: SubjectPublicKeyInfo and PKCS#8 of an EC key */
/* group is 0 when it is no EC key on a curve with a name, or not in the usual form. */
void ec_look(struct ec *ec, EVP_PKEY *pkey);
void ec_put_public(struct buf *b, const struct ec *ec);
int ec_put_private(struct buf *b, const struct signet_key *key, struct signet_error *err);

/* p256.c: the key of an uncompressed point. NULL: it is not on the curve. */
enum { P256_OCTETS = 1 + P256_POINT };
EVP_PKEY *p256_key(const uint8_t octets[static P256_OCTETS]);

/* cert_info.c: what a request means, after all its checks */
struct plan {
    const EVP_MD *digest;
    uint8_t serial[20]; /* big-endian, no leading zeros */
    size_t serial_len;
    int64_t not_before, not_after;
    const char *common_name;
    const char *alt_name;    /* NULL: no subjectAltName */
    const char *serial_name; /* of the hardware */
    bool serial_in_subject;
};
enum { RSA_MIN = 512, RSA_MAX = 16384 }; /* bits */
/* OpenSSL's name of the curve; NULL: RSA. */
int plan_key(const char **group, const struct signet_cert_info *info,
             const struct signet_observer *observer, struct signet_error *err);
/* Digest, serial, dates, names. */
int plan_cert(struct plan *p, const struct signet_cert_info *info, const char *endpoint,
              const struct signet_observer *observer, struct signet_error *err);
/* What the form of the certificate says of them. */
int plan_form(struct plan *p, const struct cert_wish *wish, struct signet_error *err);
/* "secp256r1" for OpenSSL's "prime256v1"; name itself where both agree. */
const char *curve_standard_name(const char *name);
/* The Name, as DER; serial (X520SerialNumber) may be NULL. */
void info_name(struct buf *b, const struct signet_cert_info *info, const char *common_name,
               const char *serial);

/* cert_make.c */
extern const struct signet_cert_info cert_no_info;
/* Who signs, and how. */
struct signing {
    X509 *issuer;                 /* NULL: self-signed */
    const struct signet_key *key; /* NULL: signer does */
    const struct cert_signer *signer;
    bool rsa;
    size_t width; /* bytes of a number in an EC signature of signer */
    const EVP_MD *md;
    int algorithm; /* OpenSSL's number of the signature algorithm */
};
/* Names, dates and the algorithm of one certificate. */
int cert_plan(struct plan *p, struct signing *by, const struct cert_wish *wish,
              const struct signet_observer *observer, struct signet_error *err);
int cert_build(struct signet_cert **out, const struct plan *p, const struct cert_wish *wish,
               const struct signing *by, struct signet_error *err);

/* cert_make_extensions.c: the extensions in their wrapping; nothing when there are none. */
void form_put(struct buf *b, const struct cert_form *form, const struct plan *p,
              const struct cert_wish *wish, X509 *issuer);
/* SIGNET_E_MEANING: it has a key usage that a key of this type cannot have. */
int form_check_key(const struct cert_form *form, const struct cert_wish *wish,
                   struct signet_error *err);

/* alt_name.c: a URI (RFC 3986) or a host name (RFC 1123)? */
bool alt_name_possible(const char *text);
/* One name of the extension. */
void alt_name_put(struct buf *b, const char *text);

/* pem.c: the DER of the one thing of this kind in data, from PEM or from DER itself. */
enum pem_kind { PEM_PRIVATE_KEY, PEM_CERTIFICATE, PEM_REQUEST };
int pem_read(const uint8_t *data, size_t len, enum pem_kind kind, struct secret *der,
             struct signet_error *err);
/* Each certificate of data, one after the other; one alone may be DER. */
int pem_read_certs(const uint8_t *data, size_t len,
                   int (*take)(void *ctx, const uint8_t *der, size_t len, struct signet_error *err),
                   void *ctx, struct signet_error *err);
int pem_encrypted(struct signet_error *err); /* says that a private key is */
const EVP_MD *sha256_md(void);               /* sha256.c */
/* key.c */
int pkey_describe(EVP_PKEY *pkey, char type[static 64], uint8_t key_sha256[static 32],
                  struct signet_error *err);

/* cert_read_extensions.c: false: `wrong` says what is wrong with them. */
bool extensions_read(struct der *list, char wrong[static 160]);
/* cert_judge.c: do TLS stacks of devices know its key and, unless it only stands beside a chain,
 * its signature? */
int key_and_signature_fit(X509 *x, bool beside, struct signet_error *err);

/* cert_read.c */
X509 *cert_parse(const struct signet_cert *cert, struct signet_error *err);
bool x509_has_spki(const X509 *x, const void *spki, size_t len);
int cert_other_key(struct signet_error *err); /* says that the private key is another's */
/* A certificate of these bytes, which are taken. */
int cert_take(struct signet_cert **out, struct buf *der, struct signet_error *err);
int cert_dates(X509 *x, int64_t *from, int64_t *to, struct signet_error *err);
void serial_text(const uint8_t *number, size_t len, char *out); /* the 30 first bytes in hex */
/* In the order of the certificate; what is not printable ASCII is escaped. */
int name_text(const X509_NAME *name, char *out, size_t size, struct signet_error *err);
int name_show(const char *text, size_t len, char *out, size_t size, struct signet_error *err);

/* cms_form.c: a CMS that was read from these bytes, which are as Signet writes one */
struct CMS_ContentInfo_st;
bool cms_is_ours(struct CMS_ContentInfo_st *cms, const void *data, size_t len);

#endif
