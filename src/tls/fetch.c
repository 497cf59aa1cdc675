/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pki.h"
#include "tls/session.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <signet/cert.h>

#define DEFAULT_MS 10000

/* Offer whatever a server may have: nothing is trusted or protected here, it is only looked at.
 * PSK and anonymous suites are left out, since with them no certificate comes. */
#define ANY_CIPHER "ALL:!aNULL:!eNULL:!PSK:!SRP:@SECLEVEL=0"
#define ANY_GROUP                                                                                  \
    "X25519:P-256:P-384:P-521:brainpoolP256r1:brainpoolP384r1:brainpoolP512r1:secp256k1:"          \
    "P-224:P-192"

/* Keeps the server's own certificate, whatever it is signed by. */
static int keep_leaf(X509_STORE_CTX *store, void *arg)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct buf *leaf = ((const struct session *)SSL_get_app_data(ssl))->login;
    unsigned char *der = NULL;
    int len = i2d_X509(X509_STORE_CTX_get0_cert(store), &der);

    (void)arg;
    buf_reset(leaf);
    buf_append(leaf, der, len > 0 ? (size_t)len : 0);
    OPENSSL_free(der);
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

static bool take_any(SSL_CTX *ctx)
{
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, keep_leaf, NULL);
    SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT);
    return SSL_CTX_set_cipher_list(ctx, ANY_CIPHER) == 1 &&
           SSL_CTX_set1_groups_list(ctx, ANY_GROUP) == 1 &&
           SSL_CTX_set_min_proto_version(ctx, 0) == 1;
}

static int fetch_leaf(SSL_CTX *ctx, const struct target *target, struct buf *leaf,
                      struct signet_error *err)
{
    struct session s;
    int rc = session_open(&s, ctx, target, leaf, err);

    if (rc == SIGNET_OK)
        SSL_shutdown(s.ssl);
    else if (s.alert == SSL_AD_HANDSHAKE_FAILURE && !leaf->len)
        error_hint(err, "it answered: a server that takes pre-shared keys alone has no certificate "
                        "to show");
    session_close(&s);
    return rc;
}

int signet_cert_fetch(struct signet_cert **out, const char *host, uint16_t port, unsigned flags,
                      unsigned timeout_ms, const struct signet_cancel *cancel,
                      struct signet_error *err)
{
    const struct target target = {.host = host,
                                  .port = port,
                                  .dtls = flags & SIGNET_FETCH_DTLS,
                                  .deadline = clock_ms() + (timeout_ms ? timeout_ms : DEFAULT_MS),
                                  .cancel = cancel};
    SSL_CTX *ctx = SSL_CTX_new(target.dtls ? DTLS_client_method() : TLS_client_method());
    struct buf leaf = {0};
    int rc = ctx && take_any(ctx) ? fetch_leaf(ctx, &target, &leaf, err)
                                  : crypto_fail(err, "cannot prepare for TLS");

    /* A server that wants a certificate of ours fails the handshake, but has shown its own. */
    if (!rc || (leaf.len && rc != SIGNET_E_CANCELLED))
        rc = signet_cert_load(out, leaf.data, leaf.len, err);
    SSL_CTX_free(ctx);
    buf_free(&leaf);
    ERR_clear_error();
    return error_pass(rc, err, "cannot fetch the server's certificate");
}
