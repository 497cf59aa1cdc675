/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams to an LwM2M server: plain UDP, or DTLS with the device's credentials. */
#include "proof/coap.h"
#include "tls/tls.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct transport {
    struct tls_dtls *dtls; /* NULL: plain */
    int fd;
    const struct signet_cancel *cancel;
};

static int bad_uri(struct signet_error *err, const char *why)
{
    error_set(err, SIGNET_E_USAGE, "the server's URI %s", why);
    error_hint(err, "coaps://HOST:5684, or coap://HOST:5683 without security");
    return SIGNET_E_USAGE;
}

static bool parse_port(uint16_t *port, const char *text, const char *end)
{
    unsigned value = 0;

    if (text == end || end - text > 5)
        return false;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (unsigned)(*text - '0');
    }
    *port = (uint16_t)value;
    return value > 0 && value < 65536;
}

int transport_parse(struct transport_address *out, const char *uri, size_t len,
                    struct signet_error *err)
{
    const char *end = uri + len, *at = uri, *host_end, *path;

    *out = (struct transport_address){0};
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)uri[i] <= ' ' || (unsigned char)uri[i] >= 0x7f)
            return bad_uri(err, "holds characters that no URI has");
    if (len > 8 && strncasecmp(uri, "coaps://", 8) == 0) {
        out->secure = true;
        at += 8;
    } else if (len > 7 && strncasecmp(uri, "coap://", 7) == 0) {
        at += 7;
    } else {
        return bad_uri(err, "begins neither with coap:// nor with coaps://");
    }
    path = memchr(at, '/', (size_t)(end - at));
    path = path ? path : end;
    if (at < path && *at == '[') {
        at++;
        host_end = memchr(at, ']', (size_t)(path - at));
    } else {
        host_end = memchr(at, ':', (size_t)(path - at));
        host_end = host_end ? host_end : path;
    }
    if (!host_end || host_end == at || (size_t)(host_end - at) >= sizeof out->host)
        return bad_uri(err, "has no host");
    memcpy(out->host, at, (size_t)(host_end - at));
    at = host_end < path && *host_end == ']' ? host_end + 1 : host_end;
    out->port = out->secure ? 5684 : 5683;
    if (at < path && (*at != ':' || !parse_port(&out->port, at + 1, path)))
        return bad_uri(err, "has no usable port");
    while (end > path && end[-1] == '/')
        end--;
    if ((size_t)(end - path) >= sizeof out->path || memchr(path, '?', (size_t)(end - path)))
        return bad_uri(err, "has a path or query that Signet does not take");
    memcpy(out->path, path, (size_t)(end - path));
    return SIGNET_OK;
}

/* Usages 0 and 2 speak of an authority, and of the host that the packet names. */
static bool is_anchored(const struct signet_account *account)
{
    const struct signet_value *usage = account->usage;
    int64_t n = usage && usage->type == SIGNET_TYPE_INTEGER ? usage->as.integer : 3;

    return n == 0 || n == 2;
}

static int open_dtls(struct transport *t, const struct transport_address *address,
                     const struct signet_account *account, int64_t deadline,
                     struct signet_error *err)
{
    const struct signet_value *identity = account->identity, *key = account->secret_key;
    struct tls_credentials credentials = {0};
    struct transport_address named = *address;
    struct secret secret = {0};

    if (!key || !identity)
        return error_set(err, SIGNET_E_MEANING, "the account has no credentials");
    int rc = secret_set(&secret, key->as.bytes.data, key->as.bytes.len, err);
    if (rc)
        return rc;
    if (account->mode == SIGNET_MODE_PSK) {
        credentials.psk = &secret;
        credentials.identity = identity->as.bytes.data;
        credentials.identity_len = identity->as.bytes.len;
    } else {
        credentials.key_der = &secret;
        credentials.cert_der = identity->as.bytes.data;
        credentials.cert_len = identity->as.bytes.len;
        if (account->server_key) {
            credentials.pinned_der = account->server_key->as.bytes.data;
            credentials.pinned_len = account->server_key->as.bytes.len;
            if (account->uri)
                transport_parse(&named, (const char *)account->uri->as.bytes.data,
                                account->uri->as.bytes.len, NULL);
            credentials.anchored_host = is_anchored(account) ? named.host : NULL;
        }
    }
    rc = tls_dtls_open(&t->dtls, address->host, address->port, &credentials, deadline, t->cancel,
                       err);
    secret_wipe(&secret);
    return rc;
}

static int open_udp(struct transport *t, const struct transport_address *address,
                    struct signet_error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    char port[8];
    int sys = 0;

    snprintf(port, sizeof port, "%u", address->port);
    int rc = getaddrinfo(address->host, port, &hints, &found);
    if (rc)
        return error_set(err, SIGNET_E_NET, "no address of %s: %s", address->host,
                         gai_strerror(rc));
    for (const struct addrinfo *a = found; a && t->fd < 0; a = a->ai_next) {
        int fd =
            socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0) {
            t->fd = fd;
            break;
        }
        sys = errno;
        if (fd >= 0)
            close(fd);
    }
    freeaddrinfo(found);
    return t->fd >= 0 ? SIGNET_OK
                      : error_sys(err, SIGNET_E_NET, sys, "no way to %s:%s", address->host, port);
}

int transport_open(struct transport **out, const struct transport_address *address,
                   const struct signet_account *account, int64_t deadline,
                   const struct signet_cancel *cancel, struct signet_error *err)
{
    struct transport *t = calloc(1, sizeof *t);

    if (!t)
        return error_nomem(err);
    t->fd = -1;
    t->cancel = cancel;
    int rc =
        address->secure ? open_dtls(t, address, account, deadline, err) : open_udp(t, address, err);
    if (rc)
        transport_close(&t);
    else
        *out = t;
    return rc;
}

void transport_close(struct transport **transport)
{
    struct transport *t = *transport;

    if (!t)
        return;
    tls_dtls_close(&t->dtls);
    if (t->fd >= 0)
        close(t->fd);
    free(t);
    *transport = NULL;
}

const char *transport_cipher(const struct transport *t)
{
    return t->dtls ? tls_dtls_cipher(t->dtls) : "";
}

static int gone(struct signet_error *err)
{
    int sys = errno;

    error_sys(err, SIGNET_E_NET, sys, "the server cannot be reached");
    if (sys == ECONNREFUSED)
        error_hint(err, "nothing listens at this host and port: is the server up?");
    return SIGNET_E_NET;
}

int transport_send(struct transport *t, const void *data, size_t len, struct signet_error *err)
{
    if (t->dtls)
        return tls_dtls_send(t->dtls, data, len, err);
    return send(t->fd, data, len, MSG_NOSIGNAL) == (ssize_t)len ? SIGNET_OK : gone(err);
}

int transport_receive(struct transport *t, void *data, size_t size, size_t *len, int64_t deadline,
                      struct signet_error *err)
{
    if (t->dtls)
        return tls_dtls_recv(t->dtls, data, size, len, deadline, t->cancel, err);
    for (;;) {
        struct pollfd fds[2] = {{t->fd, POLLIN, 0}, {cancel_fd(t->cancel), POLLIN, 0}};
        int64_t left = deadline - clock_ms();
        int n = poll(fds, 2, left < 0 ? 0 : left > 60000 ? 60000 : (int)left);

        if (fds[1].revents)
            return error_set(err, SIGNET_E_CANCELLED, "stopped");
        ssize_t got = recv(t->fd, data, size, MSG_DONTWAIT);
        if (got >= 0) {
            *len = (size_t)got;
            return SIGNET_OK;
        }
        if (errno != EAGAIN && errno != EINTR)
            return gone(err);
        if (n == 0 && clock_ms() >= deadline)
            return error_set(err, SIGNET_E_TIMEOUT, "nothing came back");
    }
}
