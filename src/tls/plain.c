/* SPDX-License-Identifier: Apache-2.0 */
/* A connection without TLS: UDP or TCP as it is. */
#include "tls/stack.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

struct plain {
    struct tls_connection base;
    struct session session; /* its socket */
    bool stream;
};

static int unreachable(const struct plain *p, int sys, struct signet_error *err)
{
    if (!sys)
        return error_set(err, SIGNET_E_NET, "%s closed the connection", p->session.peer);
    error_sys(err, SIGNET_E_NET, sys, "the server cannot be reached");
    if (sys == ECONNREFUSED)
        error_hint(err, "nothing listens at this host and port: is the server up?");
    return SIGNET_E_NET;
}

static int plain_open(struct tls_connection **out, const struct target *target,
                      const struct tls_credentials *credentials, struct signet_error *err)
{
    struct plain *p = calloc(1, sizeof(*p));

    (void)credentials;
    if (!p)
        return error_nomem(err);
    *p = (struct plain){.base.stack = &stack_plain, .stream = !target->dtls};
    int rc = session_dial(&p->session, target, err);
    if (rc)
        free(p);
    else
        *out = &p->base;
    return rc;
}

static int plain_send(struct tls_connection *base, const void *data, size_t len,
                      struct signet_error *err)
{
    struct plain *p = (struct plain *)base;
    int64_t deadline = clock_ms() + 1000; /* a full socket buffer empties sooner */
    const uint8_t *at = data;

    while (len) {
        ssize_t n = send(p->session.fd, at, len, MSG_NOSIGNAL);
        int ready = 1;

        if (n < 0 && errno == EAGAIN)
            ready = session_ready(&p->session, POLLOUT, INT64_MAX, deadline, err);
        else if (n < 0 && errno != EINTR)
            return unreachable(p, errno, err);
        if (ready < 0)
            return -ready;
        at += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return SIGNET_OK;
}

static int plain_recv(struct tls_connection *base, void *data, size_t size, size_t *len,
                      int64_t deadline, const struct signet_cancel *cancel,
                      struct signet_error *err)
{
    struct plain *p = (struct plain *)base;

    p->session.cancel = cancel;
    for (;;) {
        int ready = session_ready(&p->session, POLLIN, INT64_MAX, deadline, err);
        ssize_t n = ready < 0 ? -1 : recv(p->session.fd, data, size, MSG_DONTWAIT);

        if (ready < 0)
            return -ready;
        if (n > 0 || (n == 0 && !p->stream)) {
            *len = (size_t)n;
            return SIGNET_OK;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            return unreachable(p, n ? errno : 0, err);
    }
}

static const char *plain_cipher(const struct tls_connection *base)
{
    (void)base;
    return "";
}

static void plain_close(struct tls_connection *base)
{
    struct plain *p = (struct plain *)base;

    session_close(&p->session);
    free(p);
}

const struct stack stack_plain = {plain_open, plain_send, plain_recv, plain_cipher, plain_close};
