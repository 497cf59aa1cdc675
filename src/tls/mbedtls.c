/* SPDX-License-Identifier: Apache-2.0 */
/* A device's connection by the system's Mbed TLS, set up as Anjay sets it up: what trust.c says
 * must be what this does. */
#include "tls/mbedtls_api.h"
#include "tls/stack.h"
#include "tls/trust.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { SUITES_MOST = 400 };

struct mbed_connection {
    struct tls_connection base;
    const struct mbed_api *api;
    struct session session;                    /* its socket */
    const struct tls_credentials *credentials; /* during the handshake */
    struct mbed_room ssl, config, cert, authority, key;
    struct mbed_profile profile; /* of certificates */
    int suites[SUITES_MOST + 1];
    int64_t timer_middle, timer_end; /* on clock_ms(); 0: none */
    uint32_t flags;                  /* of the server's certificates, together */
    bool matched, sent_and_heard, stream, ended;
};

static int mbed_rng(void *ctx, unsigned char *out, size_t len)
{
    (void)ctx;
    return random_bytes(out, len, NULL) ? -1 : 0;
}

static int mbed_send(void *ctx, const unsigned char *data, size_t len)
{
    struct mbed_connection *t = ctx;
    ssize_t n = send(t->session.fd, data, len, MSG_NOSIGNAL);

    return n >= 0 ? (int)n : errno == EAGAIN ? MBED_WANT_WRITE : MBED_RESET;
}

static int mbed_recv(void *ctx, unsigned char *data, size_t size)
{
    struct mbed_connection *t = ctx;

    if (clock_ms() >= t->session.deadline || signet_cancel_fired(t->session.cancel))
        return MBED_WANT_READ; /* what comes may be without end */
    ssize_t n = recv(t->session.fd, data, size, MSG_DONTWAIT);

    t->sent_and_heard = t->sent_and_heard || n > 0;
    t->ended = t->stream && n == 0;
    return n >= 0 ? (int)n : errno == EAGAIN || errno == EINTR ? MBED_WANT_READ : MBED_RESET;
}

static void mbed_set_timer(void *ctx, uint32_t middle, uint32_t end)
{
    struct mbed_connection *t = ctx;
    int64_t now = clock_ms();

    t->timer_middle = end ? now + middle : 0;
    t->timer_end = end ? now + end : 0;
}

static int mbed_get_timer(void *ctx)
{
    const struct mbed_connection *t = ctx;
    int64_t now = clock_ms();

    return !t->timer_end ? -1 : now >= t->timer_end ? 2 : now >= t->timer_middle ? 1 : 0;
}

/* Called from the top of the chain down to the server's certificate, which decides. */
static int on_chain(void *ctx, struct mbed_crt *crt, int depth, uint32_t *flags)
{
    struct mbed_connection *t = ctx;
    const struct tls_trust *trust = &t->credentials->trust;
    bool own = trust->usage == 1 || trust->usage == 3;

    t->flags |= *flags;
    if (own == (depth == 0) && tls_trust_matches(trust, crt->raw.p, crt->raw.len))
        t->matched = true;
    *flags = 0;
    if (depth > 0)
        return 0;
    t->base.server_unsigned = t->flags == MBED_NOT_TRUSTED && t->matched && trust->usage == 2 &&
                              trust->matching == 0; /* of a hash the library trusts nobody */
    if (t->flags == MBED_NOT_TRUSTED && t->matched && trust->usage >= 2)
        t->flags = 0;
    else if (!t->flags && !(t->matched && trust->usage >= 2))
        t->flags = MBED_NOT_TRUSTED;
    *flags = t->flags;
    return 0;
}

static int mbed_fail(const struct mbed_connection *t, int code, const char *what,
                     struct signet_error *err)
{
    char reason[160];

    t->api->strerror(code, reason, sizeof(reason));
    return error_set(err, SIGNET_E_NET, "Mbed TLS: %s: %s", what, reason);
}

/* What the client of the profile takes in a certificate; the library as it is built takes more. */
static void limit_certs(struct mbed_connection *t, const struct tls_trust *trust)
{
    static const char *const digests[] = {"sha1", "sha224", "sha256", "sha384", "sha512"};
    const struct mbed_api *api = t->api;
    struct mbed_profile *p = &t->profile;

    *p = (struct mbed_profile){.digests = trust->digests ? 0 : UINT32_MAX,
                               .keys = UINT32_MAX,
                               .curves = trust->curves ? 0 : UINT32_MAX,
                               .rsa_least =
                                   trust->rsa_least ? (uint32_t)trust->rsa_least : INT32_MAX};
    for (const char *const *name = trust->curves; name && *name; name++) {
        const struct mbed_curve *curve = api->ecp_curve_info_from_name(*name);

        p->curves |= curve ? 1u << (curve->number - 1) : 0;
    }
    for (const char *const *name = trust->digests; name && *name; name++)
        for (unsigned i = 0; i < COUNT_OF(digests); i++)
            p->digests |= strcmp(*name, digests[i]) ? 0 : 1u << (MBED_SHA1 - 1 + i);
    api->ssl_conf_cert_profile(&t->config, p);
}

static int use_certs(struct mbed_connection *t, const struct tls_credentials *c,
                     struct signet_error *err)
{
    const struct mbed_api *api = t->api;
    bool anchored = !c->trust.any && c->trust.usage == 2 && c->trust.matching == 0;
    int code = api->x509_crt_parse_der(&t->cert, c->cert_der, c->cert_len);

    if (code)
        return mbed_fail(t, code, "the device's certificate", err);
    code = api->pk_parse_key(&t->key, c->key_der->data, c->key_der->len, NULL, 0);
    if (code)
        return mbed_fail(t, code, "the device's key", err);
    if (anchored && (code = api->x509_crt_parse_der(&t->authority, c->trust.data, c->trust.len)))
        return mbed_fail(t, code, "the authority in /0/x/4", err);
    api->ssl_conf_ca_chain(&t->config, &t->authority, NULL);
    api->ssl_conf_verify(&t->config, on_chain, t);
    limit_certs(t, &c->trust);
    code = api->ssl_conf_own_cert(&t->config, &t->cert, &t->key);
    return code ? mbed_fail(t, code, "the device's certificate", err) : SIGNET_OK;
}

static bool is_wanted(const uint16_t *wanted, int suite)
{
    if (!wanted)
        return true;
    for (; *wanted; wanted++)
        if (*wanted == suite)
            return true;
    return false;
}

/* Those of the mode that are wanted, in the library's own order, as Anjay does. */
static void choose_suites(struct mbed_connection *t, const struct tls_credentials *c)
{
    size_t count = 0;

    for (const int *s = t->api->ssl_list_ciphersuites(); *s && count < SUITES_MOST; s++) {
        const char *name = t->api->ssl_get_ciphersuite_name(*s);
        bool psk = strstr(name, "PSK-");

        if (psk == !!c->psk && is_wanted(c->suites, *s))
            t->suites[count++] = *s;
    }
    t->suites[count] = 0;
    t->api->ssl_conf_ciphersuites(&t->config, t->suites);
}

static int mbed_configure(struct mbed_connection *t, const struct tls_credentials *c,
                          const char *name, struct signet_error *err)
{
    const struct mbed_api *api = t->api;
    int rc = SIGNET_OK,
        code = api->ssl_config_defaults(&t->config, 0, t->stream ? MBED_STREAM : MBED_DATAGRAM, 0);

    if (code)
        return mbed_fail(t, code, "cannot begin", err);
    api->ssl_conf_rng(&t->config, mbed_rng, NULL);
    api->ssl_conf_min_version(&t->config, 3, 3); /* TLS 1.2, DTLS 1.2 */
    api->ssl_conf_authmode(&t->config, c->trust.any ? MBED_VERIFY_NONE : MBED_VERIFY_REQUIRED);
    choose_suites(t, c);
    if (!c->psk)
        rc = use_certs(t, c, err);
    else if ((code = api->ssl_conf_psk(&t->config, c->psk->data, c->psk->len, c->identity,
                                       c->identity_len)))
        rc = mbed_fail(t, code, "it does not take this PSK", err);
    if (rc)
        return rc;
    if ((code = api->ssl_setup(&t->ssl, &t->config)) ||
        (code = api->ssl_set_hostname(&t->ssl, name)))
        return mbed_fail(t, code, "cannot begin", err);
    api->ssl_set_bio(&t->ssl, t, mbed_send, mbed_recv, NULL);
    api->ssl_set_timer_cb(&t->ssl, t, mbed_set_timer, mbed_get_timer);
    return SIGNET_OK;
}

/* Until a datagram comes or the library's timer ends; its code stands for "go on". */
static int mbed_wait(struct mbed_connection *t, int code, int64_t deadline,
                     struct signet_error *err)
{
    int64_t until = t->timer_end ? t->timer_end : deadline;
    int n = session_ready(&t->session, code == MBED_WANT_WRITE ? POLLOUT : POLLIN, until, deadline,
                          err);

    return n < 0 ? -n : SIGNET_OK;
}

/* What a handshake that ended with this code means. */
static int mbed_judge(const struct mbed_connection *t, int code, struct signet_error *err)
{
    char why[300] = "";

    if (t->flags) {
        t->api->x509_crt_verify_info(why, sizeof(why), "", t->flags);
        for (char *c = why; *c; c++)
            *c = (char)(*c == '\n' ? (c[1] ? ';' : '\0') : *c);
        return error_set(err, SIGNET_E_CERT,
                         "the device does not take the certificate of %s: Mbed TLS: %s",
                         t->session.peer, why);
    }
    if (code == MBED_TIMEOUT)
        return error_set(err, t->sent_and_heard ? SIGNET_E_NET : SIGNET_E_TIMEOUT,
                         "the %s handshake: %s %s", t->stream ? "TLS" : "DTLS", t->session.peer,
                         t->sent_and_heard ? "fell silent" : "gave no answer");
    mbed_fail(t, code, code == MBED_FATAL_ALERT ? "the server refused" : "the handshake", err);
    /* a certificate that it cannot read, or that is for something else */
    bool certificate = code == MBED_BAD_CERTIFICATE || (code < -0x2000 && code >= -0x2fff);
    if (certificate && err)
        err->code = SIGNET_E_CERT;
    return certificate ? SIGNET_E_CERT : SIGNET_E_NET;
}

static int mbed_shake(struct mbed_connection *t, int64_t deadline, struct signet_error *err)
{
    int code, rc = SIGNET_OK;

    t->session.deadline = deadline;
    do
        code = t->api->ssl_handshake(&t->ssl);
    while ((code == MBED_WANT_READ || code == MBED_WANT_WRITE) &&
           !(rc = mbed_wait(t, code, deadline, err)));
    if (rc == SIGNET_E_TIMEOUT)
        return mbed_judge(t, MBED_TIMEOUT, err);
    return rc || !code ? rc : mbed_judge(t, code, err);
}

static void mbed_close(struct tls_connection *base)
{
    struct mbed_connection *t = (struct mbed_connection *)base;

    t->api->ssl_close_notify(&t->ssl);
    t->api->ssl_free(&t->ssl);
    t->api->ssl_config_free(&t->config);
    t->api->x509_crt_free(&t->cert);
    t->api->x509_crt_free(&t->authority);
    t->api->pk_free(&t->key);
    session_close(&t->session);
    free(t);
}

static int mbed_open(struct tls_connection **out, const struct target *target,
                     const struct tls_credentials *c, struct signet_error *err)
{
    const struct mbed_api *api = NULL;
    struct mbed_connection *t = NULL;
    int rc = mbed_load(&api, err);

    if (rc)
        return rc;
    if (!(t = calloc(1, sizeof(*t))))
        return error_nomem(err);
    *t = (struct mbed_connection){
        .base.stack = &stack_mbedtls, .api = api, .session.fd = -1, .stream = !target->dtls};
    api->ssl_init(&t->ssl);
    api->ssl_config_init(&t->config);
    api->x509_crt_init(&t->cert);
    api->x509_crt_init(&t->authority);
    api->pk_init(&t->key);
    t->credentials = c;
    rc = mbed_configure(t, c, target->server_name ? target->server_name : target->host, err);
    if (!rc)
        rc = session_dial(&t->session, target, err);
    if (!rc)
        rc = mbed_shake(t, target->deadline, err);
    t->credentials = NULL;
    if (rc)
        mbed_close(&t->base);
    else
        *out = &t->base;
    return rc;
}

static int mbed_write(struct tls_connection *base, const void *data, size_t len,
                      struct signet_error *err)
{
    struct mbed_connection *t = (struct mbed_connection *)base;
    int64_t deadline = clock_ms() + 1000; /* a full socket buffer empties sooner */
    int code, rc = SIGNET_OK;

    t->session.deadline = deadline;
    do
        code = t->api->ssl_write(&t->ssl, data, len);
    while ((code == MBED_WANT_READ || code == MBED_WANT_WRITE) &&
           !(rc = mbed_wait(t, code, deadline, err)));
    return rc || code >= 0 ? rc : mbed_fail(t, code, "sending", err);
}

static int mbed_read(struct tls_connection *base, void *data, size_t size, size_t *len,
                     int64_t deadline, const struct signet_cancel *cancel, struct signet_error *err)
{
    struct mbed_connection *t = (struct mbed_connection *)base;
    int code, rc = SIGNET_OK;

    t->session.cancel = cancel;
    t->session.deadline = deadline;
    t->timer_end = 0;
    do /* 0 also after empty records */
        code = t->api->ssl_read(&t->ssl, data, size);
    while ((t->stream && !code && !t->ended) ||
           ((code == MBED_WANT_READ || code == MBED_WANT_WRITE) &&
            !(rc = mbed_wait(t, code, deadline, err))));
    if (rc)
        return rc;
    if (code == MBED_CLOSE_NOTIFY || (t->stream && !code))
        return error_set(err, SIGNET_E_NET, "%s closed the session", t->session.peer);
    if (code < 0)
        return mbed_fail(t, code, "receiving", err);
    *len = (size_t)code;
    return SIGNET_OK;
}

static const char *mbed_cipher(const struct tls_connection *base)
{
    const struct mbed_connection *t = (const struct mbed_connection *)base;

    return t->api->ssl_get_ciphersuite(&t->ssl);
}

const struct stack stack_mbedtls = {mbed_open, mbed_write, mbed_read, mbed_cipher, mbed_close};
