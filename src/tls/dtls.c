/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pki.h"
#include "tls/session.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* LwM2M Transport 1.2, section 5.2.8: the mandatory suites first. Level 0 since OpenSSL counts
 * the 64-bit tag of CCM_8 as weak. */
#define PSK_CIPHERS                                                                                \
    "PSK-AES128-CCM8:PSK-AES128-CCM:PSK-AES128-GCM-SHA256:PSK-AES128-CBC-SHA256:"                  \
    "PSK-AES256-CCM8:PSK-AES256-GCM-SHA384:ECDHE-PSK-AES128-CBC-SHA256:@SECLEVEL=0"
#define CERT_CIPHERS                                                                               \
    "ECDHE-ECDSA-AES128-CCM8:ECDHE-ECDSA-AES128-CCM:ECDHE-ECDSA-AES128-GCM-SHA256:"                \
    "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:"         \
    "ECDHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0"

struct tls_dtls {
    struct session session;
    SSL_CTX *ctx;
};

/* What the callbacks of one handshake need. */
struct login {
    const struct tls_credentials *credentials;
    bool wrong_server;
    int chain_error; /* X509_V_..., where an authority was asked for */
};

static unsigned on_psk(SSL *ssl, const char *hint, char *identity, unsigned identity_size,
                       unsigned char *psk, unsigned psk_size)
{
    const struct session *s = SSL_get_app_data(ssl);
    const struct tls_credentials *c = ((const struct login *)s->login)->credentials;

    (void)hint;
    (void)identity_size; /* without the terminating zero; check_login() keeps to these */
    (void)psk_size;
    memcpy(identity, c->identity, c->identity_len);
    identity[c->identity_len] = '\0';
    memcpy(psk, c->psk->data, c->psk->len);
    return (unsigned)c->psk->len;
}

/* A chain to the authority in the context's store. LwM2M asks for no extended key usage. */
static int check_server_chain(X509_STORE_CTX *store, struct login *login,
                              const struct tls_credentials *c)
{
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);
    bool address = X509_VERIFY_PARAM_set1_ip_asc(param, c->anchored_host) == 1;
    bool good = (address || X509_VERIFY_PARAM_set1_host(param, c->anchored_host, 0) == 1) &&
                X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY) == 1 &&
                X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
                X509_verify_cert(store) == 1;

    login->wrong_server = !good;
    login->chain_error = good ? X509_V_OK : X509_STORE_CTX_get_error(store);
    return good;
}

static int on_server_cert(X509_STORE_CTX *store, void *arg)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct login *login = ((const struct session *)SSL_get_app_data(ssl))->login;
    const struct tls_credentials *c = login->credentials;
    unsigned char *der = NULL;
    bool same;
    int len;

    (void)arg;
    if (c->anchored_host)
        return check_server_chain(store, login, c);
    len = i2d_X509(X509_STORE_CTX_get0_cert(store), &der);
    same = len > 0 && (size_t)len == c->pinned_len && !memcmp(der, c->pinned_der, (size_t)len);
    OPENSSL_free(der);
    login->wrong_server = !same;
    X509_STORE_CTX_set_error(store, same ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return same;
}

static int check_login(const struct tls_credentials *c, struct signet_error *err)
{
    if (c->psk && (!c->psk->len || c->psk->len > PSK_MAX_PSK_LEN))
        return error_set(err, SIGNET_E_USAGE, "a PSK of %zu bytes", c->psk->len);
    if (c->psk && (!c->identity_len || c->identity_len > PSK_MAX_IDENTITY_LEN ||
                   memchr(c->identity, 0, c->identity_len)))
        return error_set(err, SIGNET_E_USAGE,
                         "a PSK identity needs 1 to %d bytes, none of them zero",
                         PSK_MAX_IDENTITY_LEN);
    if (!c->psk && (!c->pinned_len || !c->cert_len || !c->key_der))
        return error_set(err, SIGNET_E_USAGE,
                         "certificate mode needs a certificate, its key and the server's "
                         "certificate");
    return SIGNET_OK;
}

static bool use_key(SSL_CTX *ctx, const struct secret *der)
{
    const unsigned char *at = der->data;
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)der->len);
    bool ok = key && SSL_CTX_use_PrivateKey(ctx, key) == 1;

    EVP_PKEY_free(key);
    return ok;
}

static bool trust_anchor(SSL_CTX *ctx, const struct tls_credentials *c)
{
    const unsigned char *at = c->pinned_der;
    X509 *anchor = c->anchored_host ? d2i_X509(NULL, &at, (long)c->pinned_len) : NULL;
    bool ok = !c->anchored_host ||
              (anchor && X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), anchor) == 1);

    X509_free(anchor);
    return ok;
}

static bool set_login(SSL_CTX *ctx, const struct tls_credentials *c)
{
    /* Servers such as Californium up to 2.x do not know RFC 5746; devices take them. There is no
     * renegotiation to attack: it is off. */
    SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_NO_RENEGOTIATION);
    if (SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) != 1)
        return false;
    if (c->psk) {
        SSL_CTX_set_psk_client_callback(ctx, on_psk);
        return SSL_CTX_set_cipher_list(ctx, PSK_CIPHERS) == 1;
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, on_server_cert, NULL);
    return SSL_CTX_set_cipher_list(ctx, CERT_CIPHERS) == 1 &&
           SSL_CTX_use_certificate_ASN1(ctx, (int)c->cert_len, c->cert_der) == 1 &&
           trust_anchor(ctx, c) && use_key(ctx, c->key_der) &&
           /* a key of another type than the certificate's has a place of its own until here */
           SSL_CTX_check_private_key(ctx) == 1;
}

static bool about_certificate(int alert)
{
    return (alert >= SSL_AD_BAD_CERTIFICATE && alert <= SSL_AD_CERTIFICATE_UNKNOWN) ||
           alert == SSL_AD_UNKNOWN_CA || alert == SSL_AD_ACCESS_DENIED;
}

static void judge_psk(const struct session *s, const char *identity, int rc,
                      struct signet_error *err)
{
    if (s->alert == SSL_AD_UNKNOWN_PSK_IDENTITY) {
        error_set(err, SIGNET_E_NET, "unknown PSK identity: the server does not know '%s' yet",
                  identity);
        error_hint(err, "is the device registered at %s?", s->peer);
    } else if (s->alert == SSL_AD_DECRYPT_ERROR || s->alert == SSL_AD_BAD_RECORD_MAC) {
        error_set(err, SIGNET_E_NET, "wrong PSK: the server has another key for '%s'", identity);
        error_hint(err, "compare with what %s has", s->peer);
    } else if (s->alert == SSL_AD_HANDSHAKE_FAILURE) {
        error_hint(err, "does the server take PSKs, and does it know this identity?");
    } else if (s->alert) {
        error_hint(err, "compare identity and PSK with what the server has");
    } else if (rc == SIGNET_E_TIMEOUT && s->fell_silent) {
        error_set(err, SIGNET_E_NET,
                  "the server fell silent after our key exchange: it does not know the PSK "
                  "identity '%s' yet, or has another PSK for it",
                  identity);
        error_hint(err, "compare both with what %s has", s->peer);
    }
}

static void judge_cert(const struct session *s, int rc, struct signet_error *err)
{
    if (about_certificate(s->alert)) {
        error_set(err, SIGNET_E_NET, "the server does not take the device's certificate: %s",
                  SSL_alert_desc_string_long(s->alert));
        error_hint(err, "has %s got it or its authority, and is the common name the device's?",
                   s->peer);
    } else if (s->alert) {
        error_hint(err, "compare the device's certificate with what the server has");
    } else if (rc == SIGNET_E_TIMEOUT && s->fell_silent) {
        error_set(err, SIGNET_E_NET,
                  "the server fell silent after the device's certificate: it may not take it");
        error_hint(err, "has %s got it or its authority?", s->peer);
    }
}

/* The device would go on to no other server. */
static int judge_server(const struct session *s, const struct login *login,
                        struct signet_error *err)
{
    if (login->chain_error)
        error_set(err, SIGNET_E_CERT,
                  "%s shows a certificate that does not come from the authority in the packet, or "
                  "not for this host: %s",
                  s->peer, X509_verify_cert_error_string(login->chain_error));
    else
        error_set(err, SIGNET_E_CERT, "%s shows another certificate than the device expects",
                  s->peer);
    error_hint(err, "fetch the certificate of %s over DTLS to see what it has", s->peer);
    return SIGNET_E_CERT;
}

/* What a failure means for a device, by what the server said or did not say. DTLS drops what it
 * cannot decrypt: silence in the middle is how many a server says no to a wrong key. */
static int judge_failure(const struct session *s, const struct login *login, int rc,
                         struct signet_error *err)
{
    const struct tls_credentials *c = login->credentials;

    if (login->wrong_server)
        return judge_server(s, login, err);
    if (c->psk)
        judge_psk(s, text_shown(c->identity, c->identity_len, 100), rc, err);
    else
        judge_cert(s, rc, err);
    if (rc != SIGNET_E_TIMEOUT)
        return rc;
    if (s->fell_silent)
        return SIGNET_E_NET;
    error_hint(err, "check host, port and firewall");
    return rc;
}

int tls_dtls_open(struct tls_dtls **out, const char *host, uint16_t port,
                  const struct tls_credentials *credentials, int64_t deadline,
                  const struct signet_cancel *cancel, struct signet_error *err)
{
    const struct target target = {
        .host = host, .port = port, .dtls = true, .deadline = deadline, .cancel = cancel};
    struct login login = {.credentials = credentials};
    struct tls_dtls *t;
    int rc = check_login(credentials, err);

    if (rc)
        return rc;
    t = calloc(1, sizeof *t);
    if (!t)
        return error_nomem(err);
    t->ctx = SSL_CTX_new(DTLS_client_method());
    if (!t->ctx || !set_login(t->ctx, credentials)) {
        rc = crypto_fail(err, "cannot use the credentials for DTLS");
    } else {
        rc = session_open(&t->session, t->ctx, &target, &login, err);
        t->session.login = NULL;
        rc = rc ? judge_failure(&t->session, &login, rc, err) : rc;
    }
    if (rc) {
        SSL_CTX_free(t->ctx);
        free(t);
    } else {
        *out = t;
    }
    return rc;
}

int tls_dtls_send(struct tls_dtls *t, const void *data, size_t len, struct signet_error *err)
{
    int64_t deadline = clock_ms() + 1000; /* a full socket buffer empties sooner */
    int ret, rc = SIGNET_OK;

    do {
        ERR_clear_error();
        errno = 0;
        ret = SSL_write(t->session.ssl, data, (int)len);
    } while (ret <= 0 && !(rc = session_wait(&t->session, ret, "sending", deadline, err)));
    return rc;
}

int tls_dtls_recv(struct tls_dtls *t, void *data, size_t size, size_t *len, int64_t deadline,
                  const struct signet_cancel *cancel, struct signet_error *err)
{
    int ret, rc = SIGNET_OK;

    t->session.cancel = cancel;
    do {
        ERR_clear_error();
        errno = 0;
        ret = SSL_read(t->session.ssl, data, size > INT_MAX ? INT_MAX : (int)size);
    } while (ret <= 0 && !(rc = session_wait(&t->session, ret, "receiving", deadline, err)));
    if (!rc)
        *len = (size_t)ret;
    return rc;
}

const char *tls_dtls_cipher(const struct tls_dtls *t)
{
    return SSL_get_cipher_name(t->session.ssl);
}

void tls_dtls_close(struct tls_dtls **session)
{
    struct tls_dtls *t = *session;

    if (!t)
        return;
    SSL_shutdown(t->session.ssl); /* close_notify; a datagram is not waited for */
    session_close(&t->session);
    SSL_CTX_free(t->ctx);
    free(t);
    *session = NULL;
}
