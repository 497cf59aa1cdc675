/* SPDX-License-Identifier: Apache-2.0 */
/* Would the TLS stack of a device go on with this server? The rules are those of Mbed TLS as Anjay
 * uses it, which is the strictest: certificate usages as of RFC 6698, and a certificate that is
 * pinned is taken only when nothing else is wrong with it. */
#include "tls/trust.h"
#include "pki/pki.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

enum {
    CHAIN_MOST = 9
}; /* without the authority of the packet: MBEDTLS_X509_MAX_INTERMEDIATE_CA is 8 */

/* The server's certificate, and what leads from it to an authority, as far as the server sent it;
 * the last one may be the authority of the packet. */
struct chain {
    X509 *list[CHAIN_MOST + 1];
    size_t count;
    bool anchored, too_long;
};

static bool may_issue(X509 *issuer)
{
    return X509_get_version(issuer) < 2 || x509_may_issue(issuer);
}

/* below: how many certificates of authorities would stand below it (RFC 5280, section 4.2.1.9). */
static bool has_room(X509 *issuer, size_t below)
{
    long most = x509_path_length(issuer);

    return most < 0 || below <= (size_t)most;
}

/* By name. */
static bool issued_by(X509 *cert, X509 *issuer, size_t below)
{
    return may_issue(issuer) && has_room(issuer, below) &&
           !X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(issuer));
}

/* Each certificate is sent before the one that issued it (RFC 5246, section 7.4.2): others are not
 * found. Mbed TLS takes the first one of that name, whose signature or not, and the client forgives
 * that one complaint where an authority of the packet is in the chain. */
static void build_chain(struct chain *c, X509 *leaf, STACK_OF(X509) * sent, X509 *anchor)
{
    int at = 0;

    c->list[c->count++] = leaf;
    if (anchor && !X509_cmp(leaf, anchor))
        return; /* it is no authority that issued it */
    for (;;) {
        X509 *last = c->list[c->count - 1];

        if (anchor && issued_by(last, anchor, c->count - 1) &&
            X509_verify(last, X509_get0_pubkey(anchor)) == 1) {
            c->list[c->count++] = anchor;
            c->anchored = true;
            return;
        }
        while (++at < sk_X509_num(sent) && !issued_by(last, sk_X509_value(sent, at), c->count - 1))
            ;
        if (at >= sk_X509_num(sent))
            return;
        c->too_long = c->count == CHAIN_MOST;
        if (c->too_long)
            return;
        c->list[c->count++] = sk_X509_value(sent, at);
    }
}

static const EVP_MD *matching_digest(unsigned matching)
{
    return matching == 1 ? EVP_sha256() : matching == 2 ? EVP_sha384() : EVP_sha512();
}

bool tls_trust_matches(const struct tls_trust *trust, const void *der, size_t len)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;

    if (trust->matching == 0)
        return len == trust->len && !memcmp(der, trust->data, len);
    return EVP_Digest(der, len, digest, &digest_len, matching_digest(trust->matching), NULL) == 1 &&
           digest_len == trust->len && !memcmp(digest, trust->data, digest_len);
}

static bool matches(X509 *cert, const struct tls_trust *trust)
{
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    bool same = len > 0 && tls_trust_matches(trust, der, (size_t)len);

    OPENSSL_free(der);
    return same;
}

static bool has_match(const struct chain *c, const struct tls_trust *trust)
{
    if (trust->usage == 1 || trust->usage == 3)
        return matches(c->list[0], trust);
    for (size_t i = 1; i < c->count; i++)
        if (matches(c->list[i], trust))
            return true;
    return false;
}

static bool listed(const char *const *list, const char *word)
{
    for (; list && *list; list++)
        if (!strcmp(*list, word))
            return true;
    return false;
}

static int check_strength(const struct cert_traits *t, const struct tls_trust *trust, bool anchor,
                          struct signet_error *err)
{
    if (t->rsa_bits && t->rsa_bits < (trust->rsa_least ? trust->rsa_least : SIZE_MAX))
        return error_set(err, SIGNET_E_CERT,
                         trust->rsa_least ? "its RSA key of %u bits is too short"
                                          : "it has an RSA key (%u bits)",
                         t->rsa_bits);
    if (!t->rsa_bits && trust->curves && !listed(trust->curves, t->curve))
        return error_set(err, SIGNET_E_CERT, "its key is on the curve %s", t->curve);
    if (!anchor && trust->digests && !listed(trust->digests, t->digest))
        return error_set(err, SIGNET_E_CERT, "it is signed with %s", t->digest);
    return SIGNET_OK;
}

/* A server signs its key exchange, or with RSA alone opens what was enciphered for it. */
static int check_purpose(const struct cert_traits *t, bool enciphered, struct signet_error *err)
{
    if (enciphered ? !t->enciphers_keys : !t->signs_handshakes)
        return error_set(err, SIGNET_E_CERT, "its key usage lacks %s, which the cipher suite needs",
                         enciphered ? "keyEncipherment" : "digitalSignature");
    if (!t->for_servers)
        return error_set(err, SIGNET_E_CERT, "its extended key usage lacks serverAuth");
    return SIGNET_OK;
}

static int trust_check_cert(const struct signet_cert *cert, const struct tls_trust *trust,
                            bool anchor, struct cert_traits *t, struct signet_error *err)
{
    bool pinned = trust->usage == 3 || trust->usage == 1;
    int rc = cert_fits_stacks(cert, err);

    if (rc == SIGNET_OK && (!pinned || trust->pinned_dates))
        rc = signet_cert_check_dates(cert, NULL, err);
    if (rc == SIGNET_OK)
        rc = cert_traits(cert, t, err);
    return rc == SIGNET_OK ? check_strength(t, trust, anchor, err) : rc;
}

static int load_x509(struct signet_cert **out, X509 *x, struct signet_error *err)
{
    unsigned char *der = NULL;
    int len = i2d_X509(x, &der);
    int rc = len > 0 ? signet_cert_load(out, der, (size_t)len, err)
                     : crypto_fail(err, "cannot read the server's certificate");

    OPENSSL_free(der);
    return rc;
}

static int check_chain(const struct chain *c, const struct tls_trust *trust, const char *name,
                       bool enciphered, struct signet_error *err)
{
    bool pinned = trust->usage == 3 || trust->usage == 1;

    for (size_t i = 0; i < c->count; i++) {
        struct signet_cert *cert = NULL;
        struct cert_traits traits;
        int rc = load_x509(&cert, c->list[i], err);

        if (rc == SIGNET_OK)
            rc = trust_check_cert(cert, trust, c->anchored && i + 1 == c->count, &traits, err);
        if (rc == SIGNET_OK && i == 0)
            rc = check_purpose(&traits, enciphered, err);
        if (rc == SIGNET_OK && i == 0 && (!pinned || trust->pinned_name))
            rc = cert_names_host(cert, name, err);
        signet_cert_free(&cert);
        if (rc != SIGNET_OK)
            return rc;
    }
    return SIGNET_OK;
}

/* What cannot be read ends the handshake, whether it is of use or not. */
static int check_sent_certs(STACK_OF(X509) * sent, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (int i = 0; rc == SIGNET_OK && i < sk_X509_num(sent); i++) {
        struct signet_cert *cert = NULL;

        rc = load_x509(&cert, sk_X509_value(sent, i), err);
        if (rc == SIGNET_OK)
            rc = error_pass(cert_fits_beside(cert, err), err,
                            "certificate %d of those that the server sends", i + 1);
        signet_cert_free(&cert);
    }
    return rc;
}

static int check_trust(const struct chain *c, const struct tls_trust *trust,
                       struct signet_error *err)
{
    if (c->too_long)
        return error_set(err, SIGNET_E_CERT,
                         "the server sends more than %d certificates one above the other",
                         CHAIN_MOST);
    bool trusted = c->anchored || trust->usage == 3 || (trust->usage == 2 && trust->matching);

    if (has_match(c, trust) && trusted && trust->usage >= 2)
        return SIGNET_OK;
    if (trust->usage < 2)
        return error_set_hint(err, SIGNET_E_CERT,
                              "usage 3 pins the server's own certificate, 2 an authority",
                              "certificate usage %u (/0/x/15) asks for an authority in the "
                              "firmware's own trust store (RFC 6698, section 2.1.1)",
                              trust->usage);
    return error_set(err, SIGNET_E_CERT, "%s",
                     trust->usage == 3 ? "it is another certificate than the device expects"
                                       : "it does not come from the authority in the packet");
}

/* Does the authority in the packet stand in the chain alone, and signed nothing below it? Anyone
 * can send its certificate. */
static bool is_unsigned(const struct chain *c, const struct tls_trust *trust)
{
    for (size_t i = 1; trust->usage == 2 && i < c->count; i++) {
        if (X509_verify(c->list[i - 1], X509_get0_pubkey(c->list[i])) != 1)
            return true;
        if (matches(c->list[i], trust))
            return false;
    }
    return false;
}

int tls_judge_server(X509 *leaf, STACK_OF(X509) * sent, const struct tls_trust *trust,
                     const char *name, bool enciphered, bool *server_unsigned,
                     struct signet_error *err)
{
    const unsigned char *at = trust->data;
    bool has_anchor = (trust->usage == 0 || trust->usage == 2) && trust->matching == 0;
    X509 *anchor = has_anchor ? d2i_X509(NULL, &at, (long)trust->len) : NULL;
    struct chain chain = {0};
    int rc;

    build_chain(&chain, leaf, sent, anchor);
    rc = check_sent_certs(sent, err);
    if (rc == SIGNET_OK)
        rc = check_trust(&chain, trust, err);
    if (rc == SIGNET_OK)
        rc = check_chain(&chain, trust, name, enciphered, err);
    *server_unsigned = rc == SIGNET_OK && is_unsigned(&chain, trust);
    X509_free(anchor);
    ERR_clear_error();
    return rc;
}
