/* SPDX-License-Identifier: Apache-2.0 */
/* A device's connection by OpenSSL, and what a failure of it means. */
#include "pki/pki.h"
#include "tls/stack.h"
#include "tls/trust.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

/* LwM2M Transport 1.2, section 5.2.9: the mandatory suites first, then what else stacks of devices
 * have; Mbed TLS has ARIA only where it is built for it. Level 0 since OpenSSL counts the 64-bit
 * tag of CCM_8 as weak. */
#define PSK_CIPHERS                                                                                \
    "PSK-AES128-CCM8:PSK-AES128-CCM:PSK-AES128-GCM-SHA256:PSK-AES128-CBC-SHA256:"                  \
    "PSK-AES256-CCM8:PSK-AES256-GCM-SHA384:ECDHE-PSK-AES128-CBC-SHA256:"                           \
    "kPSK:kECDHEPSK:kDHEPSK:!eNULL:!3DES:!RC4:!ARIA:@SECLEVEL=0"
#define CERT_CIPHERS                                                                               \
    "ECDHE-ECDSA-AES128-CCM8:ECDHE-ECDSA-AES128-CCM:ECDHE-ECDSA-AES128-GCM-SHA256:"                \
    "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:"         \
    "ECDHE-RSA-AES256-GCM-SHA384:kECDHE:kDHE:kRSA:!aNULL:!aPSK:!eNULL:!3DES:!RC4:!ARIA:!DSS:@"     \
    "SECLEVEL=0"
/* Of Mbed TLS 2.28. */
#define GROUPS                                                                                     \
    "P-256:P-384:P-521:X25519:brainpoolP256r1:brainpoolP384r1:brainpoolP512r1:secp256k1:"          \
    "secp224r1:prime192v1"

struct openssl_connection {
    struct tls_connection base;
    struct session session;
    SSL_CTX *ctx;
};

/* What the callbacks of one handshake need. */
struct login {
    const struct tls_credentials *credentials;
    const char *name;          /* that the server shall have */
    struct signet_error wrong; /* with the server, by trust.c */
    bool server_unsigned;
    size_t longest; /* bytes of a message of the server's, with its header */
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

static void on_message(int written, int version, int kind, const void *data, size_t len, SSL *ssl,
                       void *arg)
{
    struct login *login = ((const struct session *)SSL_get_app_data(ssl))->login;

    (void)version;
    (void)data;
    (void)arg;
    if (login && !written && kind == SSL3_RT_HANDSHAKE && len > login->longest)
        login->longest = len;
}

static int on_server_cert(X509_STORE_CTX *store, void *arg)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct login *login = ((const struct session *)SSL_get_app_data(ssl))->login;
    const SSL_CIPHER *suite = SSL_get_pending_cipher(ssl);
    bool enciphered = suite && SSL_CIPHER_get_kx_nid(suite) == NID_kx_rsa;
    bool good =
        login->credentials->trust.any ||
        tls_judge_server(X509_STORE_CTX_get0_cert(store), X509_STORE_CTX_get0_untrusted(store),
                         &login->credentials->trust, login->name, enciphered,
                         &login->server_unsigned, &login->wrong) == SIGNET_OK;

    (void)arg;
    X509_STORE_CTX_set_error(store, good ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return good;
}

static bool use_key(SSL_CTX *ctx, const struct secret *der)
{
    const unsigned char *at = der->data;
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)der->len);
    bool ok = key && SSL_CTX_use_PrivateKey(ctx, key) == 1;

    EVP_PKEY_free(key);
    return ok;
}

static bool goes_with(const SSL_CIPHER *cipher, bool psk)
{
    int key_exchange = SSL_CIPHER_get_kx_nid(cipher), with = SSL_CIPHER_get_cipher_nid(cipher);
    bool is_psk = key_exchange == NID_kx_psk || key_exchange == NID_kx_dhe_psk ||
                  key_exchange == NID_kx_ecdhe_psk || key_exchange == NID_kx_rsa_psk;

    return key_exchange != NID_kx_any && is_psk == psk &&
           SSL_CIPHER_get_auth_nid(cipher) != NID_auth_null && with != NID_undef &&
           with != NID_des_ede3_cbc && with != NID_aria_128_gcm && with != NID_aria_256_gcm;
}

static bool is_own(const uint16_t *own, uint16_t suite)
{
    if (!own)
        return true;
    for (; *own; own++)
        if (*own == suite)
            return true;
    return false;
}

bool tls_suites_usable(const uint16_t *wanted, const uint16_t *own, bool psk)
{
    SSL_CTX *ctx = SSL_CTX_new(DTLS_client_method());
    SSL *ssl = ctx ? SSL_new(ctx) : NULL;
    bool usable = false;

    for (; ssl && *wanted && !usable; wanted++) {
        const unsigned char id[2] = {(uint8_t)(*wanted >> 8), (uint8_t)*wanted};
        const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, id);

        usable = cipher && goes_with(cipher, psk) && is_own(own, *wanted);
    }
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return usable;
}

/* Those of the list that OpenSSL has and that go with the mode. */
static bool set_suites(SSL_CTX *ctx, const struct tls_credentials *c)
{
    SSL *ssl = SSL_new(ctx);
    struct buf list = {0};
    bool ok;

    for (const uint16_t *suite = c->suites; ssl && *suite; suite++) {
        const unsigned char id[2] = {(uint8_t)(*suite >> 8), (uint8_t)*suite};
        const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, id);

        if (cipher && goes_with(cipher, c->psk))
            buf_printf(&list, "%s:", SSL_CIPHER_get_name(cipher));
    }
    buf_text(&list, "@SECLEVEL=0");
    ok = ssl && !list.failed && SSL_CTX_set_cipher_list(ctx, (const char *)list.data) == 1;
    buf_free(&list);
    SSL_free(ssl);
    return ok;
}

static bool set_login(SSL_CTX *ctx, const struct tls_credentials *c, bool stream)
{
    /* Servers such as Californium up to 2.x do not know RFC 5746; devices take them. There is no
     * renegotiation to attack: it is off. */
    SSL_CTX_set_msg_callback(ctx, on_message);
    SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_NO_RENEGOTIATION);
    if (SSL_CTX_set_min_proto_version(ctx, stream ? TLS1_2_VERSION : DTLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, stream ? TLS1_2_VERSION : DTLS1_2_VERSION) != 1 ||
        SSL_CTX_set1_groups_list(ctx, GROUPS) != 1)
        return false;
    if (c->psk) {
        SSL_CTX_set_psk_client_callback(ctx, on_psk);
        return c->suites ? set_suites(ctx, c) : SSL_CTX_set_cipher_list(ctx, PSK_CIPHERS) == 1;
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, on_server_cert, NULL);
    return (c->suites ? set_suites(ctx, c) : SSL_CTX_set_cipher_list(ctx, CERT_CIPHERS) == 1) &&
           SSL_CTX_use_certificate_ASN1(ctx, (int)c->cert_len, c->cert_der) == 1 &&
           use_key(ctx, c->key_der) &&
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
    error_set(err, SIGNET_E_CERT, "the device does not take the certificate of %s: %s", s->peer,
              login->wrong.msg);
    if (login->wrong.hint[0])
        error_hint(err, "%s", login->wrong.hint);
    else
        error_hint(err, "fetch the certificate of the server over %s to see what it has",
                   s->dtls ? "DTLS" : "TLS");
    return SIGNET_E_CERT;
}

/* Longer ones Mbed TLS drops, as it is built by default (MBEDTLS_SSL_IN_CONTENT_LEN). */
static int judge_message(const struct login *login, struct signet_error *err)
{
    enum { MESSAGE_MOST = 16384 };

    if (!login->credentials->like_mbedtls || login->longest <= MESSAGE_MOST)
        return SIGNET_OK;
    return error_set_hint(
        err, SIGNET_E_CERT, "have it send fewer certificates, or fewer names of authorities",
        "the server's handshake has a message of %zu bytes, and Mbed TLS takes %d "
        "at most",
        login->longest, MESSAGE_MOST);
}

/* What a failure means for a device, by what the server said or did not say. DTLS drops what it
 * cannot decrypt: silence in the middle is how many a server says no to a wrong key. */
static int judge_failure(const struct session *s, const struct login *login, int rc,
                         struct signet_error *err)
{
    const struct tls_credentials *c = login->credentials;

    if (login->wrong.code)
        return judge_server(s, login, err);
    if (judge_message(login, err))
        return SIGNET_E_CERT;
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

/* The server asked for signatures (RFC 5246, section 7.4.4), and OpenSSL had one; has the device?
 */
static int judge_signature(SSL *ssl, struct signet_error *err)
{
    const EVP_MD *of_suite = SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(ssl));
    int hash = of_suite && EVP_MD_get_type(of_suite) == NID_sha384 ? NID_sha384 : NID_sha256;
    int key = EVP_PKEY_get_base_id(SSL_get_privatekey(ssl)), signed_with, sign, with;
    int count = SSL_get_sigalgs(ssl, 0, NULL, NULL, NULL, NULL, NULL);

    if (SSL_get_signature_nid(ssl, &signed_with) != 1) /* it asked for no certificate */
        return SIGNET_OK;
    for (int i = 0; i < count; i++)
        if (SSL_get_sigalgs(ssl, i, &sign, &with, NULL, NULL, NULL) && sign == key && with == hash)
            return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_CERT, "have the server take it",
                          "the device signs with %s and %s in this cipher suite, as Mbed TLS does, "
                          "and the server does not take that",
                          key == EVP_PKEY_RSA ? "RSA" : "ECDSA",
                          hash == NID_sha384 ? "SHA-384" : "SHA-256");
}

static int openssl_open(struct tls_connection **out, const struct target *target,
                        const struct tls_credentials *credentials, struct signet_error *err)
{
    struct login login = {.credentials = credentials,
                          .name = target->server_name ? target->server_name : target->host};
    struct openssl_connection *t = calloc(1, sizeof(*t));
    int rc;

    if (!t)
        return error_nomem(err);
    t->base.stack = &stack_openssl;
    t->ctx = SSL_CTX_new(target->dtls ? DTLS_client_method() : TLS_client_method());
    if (!t->ctx || !set_login(t->ctx, credentials, !target->dtls)) {
        rc = crypto_fail(err, target->dtls ? "cannot use the credentials for DTLS"
                                           : "cannot use the credentials for TLS");
    } else {
        rc = session_open(&t->session, t->ctx, target, &login, err);
        t->session.login = NULL;
        t->base.server_unsigned = login.server_unsigned;
        if (rc)
            rc = judge_failure(&t->session, &login, rc, err);
        else if ((rc = judge_message(&login, err)) ||
                 (!credentials->psk && credentials->like_mbedtls &&
                  (rc = judge_signature(t->session.ssl, err))))
            session_close(&t->session);
    }
    if (rc) {
        SSL_CTX_free(t->ctx);
        free(t);
    } else {
        *out = &t->base;
    }
    return rc;
}

static struct openssl_connection *openssl_of(const struct tls_connection *base)
{
    return (struct openssl_connection *)base; /* it begins with it */
}

static int openssl_send(struct tls_connection *base, const void *data, size_t len,
                        struct signet_error *err)
{
    struct openssl_connection *t = openssl_of(base);
    int64_t deadline = clock_ms() + 1000; /* a full socket buffer empties sooner */
    int ret, rc = SIGNET_OK;

    t->session.deadline = deadline;
    do {
        ERR_clear_error();
        errno = 0;
        ret = SSL_write(t->session.ssl, data, (int)len);
    } while (ret <= 0 && !(rc = session_wait(&t->session, ret, "sending", deadline, err)));
    return rc;
}

static int openssl_recv(struct tls_connection *base, void *data, size_t size, size_t *len,
                        int64_t deadline, const struct signet_cancel *cancel,
                        struct signet_error *err)
{
    struct openssl_connection *t = openssl_of(base);
    int ret, rc = SIGNET_OK;

    t->session.cancel = cancel;
    t->session.deadline = deadline;
    do {
        ERR_clear_error();
        errno = 0;
        ret = SSL_read(t->session.ssl, data, size > INT_MAX ? INT_MAX : (int)size);
    } while (ret <= 0 && !(rc = session_wait(&t->session, ret, "receiving", deadline, err)));
    if (!rc)
        *len = (size_t)ret;
    return rc;
}

static const char *openssl_cipher(const struct tls_connection *base)
{
    return SSL_get_cipher_name(openssl_of(base)->session.ssl);
}

static void openssl_close(struct tls_connection *base)
{
    struct openssl_connection *t = openssl_of(base);

    SSL_shutdown(t->session.ssl); /* close_notify; a datagram is not waited for */
    session_close(&t->session);
    SSL_CTX_free(t->ctx);
    free(t);
}

const struct stack stack_openssl = {openssl_open, openssl_send, openssl_recv, openssl_cipher,
                                    openssl_close};
