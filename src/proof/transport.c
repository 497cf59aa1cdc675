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

/* Fills *a in from the text, which is taken apart. What is wrong with it, or NULL. */
static const char *parse_address(struct transport_address *a, char *text)
{
    char *at = text, *path;
    bool bracket;
    size_t host;
    long port;

    for (const char *c = text; *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
            return "holds characters that no URI has";
    a->secure = strncasecmp(text, "coaps://", 8) == 0;
    if (!a->secure && strncasecmp(text, "coap://", 7) != 0)
        return "begins neither with coap:// nor with coaps://";
    at += a->secure ? 8 : 7;
    path = at + strcspn(at, "/");
    for (char *end = path + strlen(path); end > path && end[-1] == '/';)
        *--end = '\0';
    if (strlen(path) >= sizeof a->path || strchr(path, '?'))
        return "has a path or query that Signet does not take";
    snprintf(a->path, sizeof a->path, "%s", path);
    *path = '\0';
    bracket = *at == '[';
    at += bracket;
    host = strcspn(at, bracket ? "]" : ":");
    if (!host || host >= sizeof a->host || (bracket && !at[host]))
        return "has no host";
    memcpy(a->host, at, host);
    at += host + bracket;
    port = *at == ':' ? coap_digits(at + 1, strlen(at + 1)) : a->secure ? 5684 : 5683;
    a->port = (uint16_t)port;
    return (*at && *at != ':') || port < 1 || port > 65535 ? "has no usable port" : NULL;
}

int transport_parse(struct transport_address *out, const char *uri, size_t len,
                    struct signet_error *err)
{
    struct transport_address address = {0};
    char text[301] = "";
    const char *wrong = "is too long";

    if (len < sizeof text) {
        memcpy(text, uri, len);
        wrong = memchr(text, 0, len) ? "holds characters that no URI has"
                                     : parse_address(&address, text);
    }
    if (wrong)
        return error_set_hint(err, SIGNET_E_USAGE,
                              "coaps://HOST:5684, or coap://HOST:5683 without security",
                              "the server's URI %s", wrong);
    *out = address;
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

static int unreachable(struct signet_error *err)
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
    return send(t->fd, data, len, MSG_NOSIGNAL) == (ssize_t)len ? SIGNET_OK : unreachable(err);
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
            return unreachable(err);
        if (n == 0 && clock_ms() >= deadline)
            return error_set(err, SIGNET_E_TIMEOUT, "nothing came back");
    }
}
