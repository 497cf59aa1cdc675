/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/session.h"
#include "pki/pki.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DATAGRAM_MTU 1200 /* what every path of the internet and of radio gateways takes */

static bool is_address(const char *host)
{
    struct in6_addr a;

    return inet_pton(AF_INET, host, &a) == 1 || inet_pton(AF_INET6, host, &a) == 1;
}

/* Until the descriptor is ready, the DTLS timer or the deadline: 1 ready, 0 timer. */
int session_ready(struct session *s, short events, int64_t until, int64_t deadline,
                  struct signet_error *err)
{
    struct pollfd fds[2] = {{.fd = s->fd, .events = events},
                            {.fd = cancel_fd(s->cancel), .events = POLLIN}};

    for (;;) {
        int64_t now = clock_ms(), end = until < deadline ? until : deadline;
        int n;

        if (signet_cancel_fired(s->cancel))
            return -error_set(err, SIGNET_E_CANCELLED, "stopped while talking to %s", s->peer);
        if (now >= deadline)
            return -error_set(err, SIGNET_E_TIMEOUT, "no answer from %s in time", s->peer);
        if (now >= end)
            return 0;
        n = poll(fds, 2, end - now > INT_MAX ? INT_MAX : (int)(end - now));
        if (n < 0 && errno != EINTR)
            return -error_sys(err, SIGNET_E_IO, errno, "poll");
        if (n > 0 && fds[0].revents)
            return 1;
    }
}

/* Did the server take part in the handshake? */
static bool took_part(const SSL *ssl)
{
    OSSL_HANDSHAKE_STATE state = SSL_get_state(ssl);

    return state != TLS_ST_BEFORE && state != TLS_ST_CW_CLNT_HELLO &&
           state != DTLS_ST_CR_HELLO_VERIFY_REQUEST;
}

/* Where a handshake stands, for people. */
static const char *step(const SSL *ssl)
{
    if (!took_part(ssl))
        return "after ClientHello";
    if (SSL_is_init_finished(ssl))
        return "after the handshake";
    switch (SSL_get_state(ssl)) {
    case TLS_ST_CW_CERT:
    case TLS_ST_CW_KEY_EXCH:
    case TLS_ST_CW_CERT_VRFY:
    case TLS_ST_CW_CHANGE:
    case TLS_ST_CW_FINISHED:
    case TLS_ST_CR_SESSION_TICKET:
    case TLS_ST_CR_CHANGE:
    case TLS_ST_CR_FINISHED:
        return "after our key exchange and Finished";
    default:
        return "while the server introduced itself";
    }
}

static int explain_syscall(struct session *s, int sys, const char *doing, struct signet_error *err)
{
    s->refused = sys == ECONNREFUSED;
    if (!s->dtls && (sys == ECONNRESET || sys == EPIPE)) /* it closed with what it had not read */
        sys = 0;
    if (s->refused)
        return (error_sys(err, SIGNET_E_NET, sys, "nobody listens at %s", s->peer),
                error_hint(err, "does the server run, and are host and port right?"), SIGNET_E_NET);
    if (sys)
        return error_sys(err, SIGNET_E_NET, sys, "%s with %s", doing, s->peer);
    error_set(err, SIGNET_E_NET, "%s closed the connection %s", s->peer, step(s->ssl));
    if (!SSL_is_init_finished(s->ssl))
        error_hint(err, "does it speak %s on this port?", s->dtls ? "DTLS" : "TLS");
    return SIGNET_E_NET;
}

static int explain_ssl(struct session *s, const char *doing, struct signet_error *err)
{
    unsigned long first = ERR_peek_error();
    const char *reason = ERR_reason_error_string(first);

    if (ERR_GET_REASON(first) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return explain_syscall(s, 0, doing, err);
    if (s->alert)
        return error_set(err, SIGNET_E_NET, "%s: %s refused %s: alert %d, %s", doing, s->peer,
                         step(s->ssl), s->alert, SSL_alert_desc_string_long(s->alert));
    error_set(err, SIGNET_E_NET, "%s with %s failed %s: %s", doing, s->peer, step(s->ssl),
              reason ? reason : "OpenSSL failed");
    if (ERR_GET_REASON(first) == SSL_R_WRONG_VERSION_NUMBER)
        error_hint(err, "does it speak %s on this port?", s->dtls ? "DTLS" : "TLS");
    return SIGNET_E_NET;
}

static int64_t timer(const struct session *s)
{
    struct timeval left;

    if (!s->dtls || DTLSv1_get_timeout(s->ssl, &left) != 1)
        return INT64_MAX;
    return clock_ms() + (int64_t)left.tv_sec * 1000 + left.tv_usec / 1000 + 1;
}

/* Until the socket is as OpenSSL wants it, or its timer has sent again. */
static int wait_for_socket(struct session *s, short events, const char *doing, int64_t deadline,
                           struct signet_error *err)
{
    int n = session_ready(s, events, timer(s), deadline, err);

    if (n < 0 && n != -SIGNET_E_TIMEOUT)
        return -n;
    if (n < 0 && SSL_is_init_finished(s->ssl))
        return SIGNET_E_TIMEOUT;
    s->fell_silent = n <= 0 && took_part(s->ssl);
    if (n < 0)
        return error_set(err, SIGNET_E_TIMEOUT, "%s: no answer from %s %s", doing, s->peer,
                         step(s->ssl));
    if (n == 0 && DTLSv1_handle_timeout(s->ssl) < 0)
        return error_set(err, SIGNET_E_TIMEOUT, "%s: %s stayed silent %s", doing, s->peer,
                         step(s->ssl));
    return SIGNET_OK;
}

int session_wait(struct session *s, int ret, const char *doing, int64_t deadline,
                 struct signet_error *err)
{
    int sys = errno, why = SSL_get_error(s->ssl, ret), rc;

    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return wait_for_socket(s, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, doing, deadline,
                               err);
    rc = why == SSL_ERROR_ZERO_RETURN
             ? error_set(err, SIGNET_E_NET, "%s closed the session", s->peer)
         : why == SSL_ERROR_SYSCALL ? explain_syscall(s, sys, doing, err)
                                    : explain_ssl(s, doing, err);
    ERR_clear_error();
    return rc;
}

static void on_info(const SSL *ssl, int where, int value)
{
    struct session *s = SSL_get_app_data(ssl);

    if (where == SSL_CB_READ_ALERT && (value >> 8) == SSL3_AL_FATAL)
        s->alert = value & 0xff;
}

static int connect_socket(struct session *s, const struct addrinfo *to, int64_t deadline,
                          struct signet_error *err)
{
    socklen_t len = sizeof(int);
    int sys = 0, n;

    s->fd = socket(to->ai_family, to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->ai_protocol);
    if (s->fd < 0)
        return error_sys(err, SIGNET_E_NET, errno, "no socket");
    if (connect(s->fd, to->ai_addr, to->ai_addrlen) != 0)
        sys = errno;
    if (sys == EINPROGRESS) {
        n = session_ready(s, POLLOUT, INT64_MAX, deadline, err);
        if (n < 0)
            return -n;
        if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &sys, &len) < 0)
            sys = errno;
    }
    s->refused = sys != 0; /* by this address; another may be better */
    if (!sys)
        return SIGNET_OK;
    error_sys(err, SIGNET_E_NET, sys, "cannot connect to %s", s->peer);
    error_hint(err, "does the server run, and are host and port right?");
    return SIGNET_E_NET;
}

/* OpenSSL's own writes so that a peer that went away raises SIGPIPE in the caller's program. */
static int write_quietly(BIO *bio, const char *data, int len)
{
    ssize_t n = send((int)BIO_get_fd(bio, NULL), data, (size_t)len, MSG_NOSIGNAL);

    BIO_clear_retry_flags(bio);
    if (n < 0 && BIO_sock_should_retry((int)n))
        BIO_set_retry_write(bio);
    return (int)n;
}

static int read_in_time(BIO *bio, char *data, int len)
{
    const struct session *s = BIO_get_data(bio);

    if (clock_ms() < s->deadline && !signet_cancel_fired(s->cancel))
        return BIO_meth_get_read(BIO_s_socket())(bio, data, len);
    BIO_clear_retry_flags(bio);
    BIO_set_retry_read(bio);
    return -1;
}

static BIO_METHOD *quiet_socket;

static void make_quiet_socket(void)
{
    const BIO_METHOD *own = BIO_s_socket();
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOCKET, "socket");

    if (!m)
        return;
    BIO_meth_set_write(m, write_quietly);
    BIO_meth_set_read(m, read_in_time);
    BIO_meth_set_puts(m, BIO_meth_get_puts(own));
    BIO_meth_set_ctrl(m, BIO_meth_get_ctrl(own));
    BIO_meth_set_create(m, BIO_meth_get_create(own));
    BIO_meth_set_destroy(m, BIO_meth_get_destroy(own));
    quiet_socket = m;
}

static BIO *stream_bio(struct session *s)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    BIO *bio;

    pthread_once(&once, make_quiet_socket);
    bio = quiet_socket ? BIO_new(quiet_socket) : NULL;
    if (bio)
        BIO_set_fd(bio, s->fd, BIO_NOCLOSE);
    if (bio)
        BIO_set_data(bio, s);
    return bio;
}

static int prepare_ssl(struct session *s, SSL_CTX *ctx, const struct target *t,
                       struct signet_error *err)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);
    BIO *bio = s->dtls ? BIO_new_dgram(s->fd, BIO_NOCLOSE) : stream_bio(s);

    s->ssl = SSL_new(ctx);
    if (!s->ssl || !bio) {
        BIO_free(bio);
        return crypto_fail(err, "cannot prepare a session");
    }
    SSL_set_bio(s->ssl, bio, bio);
    if (s->dtls) {
        if (getpeername(s->fd, (struct sockaddr *)&peer, &len) < 0)
            return error_sys(err, SIGNET_E_NET, errno, "lost %s", s->peer);
        BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &peer);
        SSL_set_options(s->ssl, SSL_OP_NO_QUERY_MTU);
        SSL_set_mtu(s->ssl, DATAGRAM_MTU);
    }
    SSL_set_app_data(s->ssl, s);
    SSL_set_info_callback(s->ssl, on_info);
    const char *name = t->server_name ? t->server_name : t->host;
    if ((t->names_addresses || !is_address(name)) && SSL_set_tlsext_host_name(s->ssl, name) != 1)
        return crypto_fail(err, "the host name does not fit into a ClientHello");
    return SIGNET_OK;
}

static int shake_hands(struct session *s, int64_t deadline, struct signet_error *err)
{
    const char *doing = s->dtls ? "the DTLS handshake" : "the TLS handshake";
    int ret, rc = SIGNET_OK;

    s->deadline = deadline;
    do {
        ERR_clear_error();
        errno = 0;
        ret = SSL_connect(s->ssl);
    } while (ret != 1 && !(rc = session_wait(s, ret, doing, deadline, err)));
    return rc;
}

static int resolve(struct addrinfo **list, const struct target *t, struct signet_error *err)
{
    char port[8];

    snprintf(port, sizeof(port), "%u", t->port);
    return host_find(list, t->host, port, t->dtls ? SOCK_DGRAM : SOCK_STREAM, t->deadline,
                     t->cancel, err);
}

/* Its addresses. */
static int find_peer(struct session *s, const struct target *t, struct addrinfo **list,
                     struct signet_error *err)
{
    int rc;

    *s = (struct session){.fd = -1, .dtls = t->dtls, .cancel = t->cancel};
    if (!t->host || !*t->host || strlen(t->host) > 253 || !t->port)
        return error_set(err, SIGNET_E_USAGE, "a host name and a port from 1 to 65535 are needed");
    snprintf(s->peer, sizeof(s->peer), strchr(t->host, ':') ? "[%.255s]:%u" : "%.255s:%u",
             text_shown(t->host, strlen(t->host), 60), t->port);
    rc = resolve(list, t, err);
    return rc ? error_pass(rc, err, "%s", s->peer) : SIGNET_OK;
}

int session_dial(struct session *s, const struct target *t, struct signet_error *err)
{
    struct addrinfo *list = NULL;
    int rc = find_peer(s, t, &list, err);

    if (rc)
        return rc;
    rc = SIGNET_E_NET;
    for (const struct addrinfo *to = list; to && rc == SIGNET_E_NET; to = to->ai_next) {
        session_close(s);
        rc = connect_socket(s, to, t->deadline, err);
    }
    freeaddrinfo(list);
    if (rc)
        session_close(s);
    return rc;
}

int session_open(struct session *s, SSL_CTX *ctx, const struct target *t, void *login,
                 struct signet_error *err)
{
    struct addrinfo *list = NULL;
    int rc = find_peer(s, t, &list, err);

    if (rc)
        return rc;
    s->login = login;
    rc = SIGNET_E_NET;
    for (const struct addrinfo *to = list; to; to = to->ai_next) {
        s->refused = false;
        rc = connect_socket(s, to, t->deadline, err);
        rc = rc ? rc : prepare_ssl(s, ctx, t, err);
        rc = rc ? rc : shake_hands(s, t->deadline, err);
        if (!rc || !s->refused)
            break;
        session_close(s);
    }
    freeaddrinfo(list);
    if (rc)
        session_close(s);
    return rc;
}

void session_close(struct session *s)
{
    SSL_free(s->ssl);
    s->ssl = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    ERR_clear_error();
}
