/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams to an LwM2M server: plain UDP, or DTLS with the device's credentials. */
#include "check/check.h"
#include "lwm2m/lwm2m.h"
#include "proof/coap.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct transport {
    struct tls_connection *dtls; /* NULL: plain */
    int fd;
    const struct signet_cancel *cancel;
};

int transport_parse(struct transport_address *out, const char *uri, size_t len,
                    struct signet_error *err)
{
    struct transport_address address = {0};
    struct coap_uri parts;
    struct signet_error why = {0};
    char *query;

    if (uri_parse(&parts, uri, len, &why) != SIGNET_OK)
        return error_set_hint(err, SIGNET_E_USAGE, why.hint, "the server's URI %s", why.msg);
    if (parts.transport != URI_UDP)
        return error_set_hint(err, SIGNET_E_UNSUPPORTED,
                              "try it with a device; Signet proves coaps://HOST and coap://HOST",
                              "not tried: the server is not reached over UDP, and Signet speaks "
                              "no other transport");
    if (parts.fragment)
        return error_set_hint(err, SIGNET_E_USAGE, "leave out the # and what follows it",
                              "the server's URI has a fragment, with which a device goes nowhere "
                              "(RFC 7252, section 6.4)");
    query = parts.path + strcspn(parts.path, "?");
    if (*query)
        *query++ = '\0';
    for (size_t end = strlen(parts.path); end > 0 && parts.path[end - 1] == '/'; end--)
        parts.path[end - 1] = '\0';
    address.secure = parts.secured;
    address.port = parts.port;
    snprintf(address.host, sizeof(address.host), "%s", parts.host);
    strcpy(address.path, parts.path);
    strcpy(address.query, query);
    *out = address;
    return SIGNET_OK;
}

static void fill_trust(struct tls_trust *out, const struct signet_value *data,
                       const struct login_rules *rules)
{
    *out = (struct tls_trust){.usage = rules->usage,
                              .matching = rules->matching,
                              .data = data->as.bytes.data,
                              .len = data->as.bytes.len,
                              .pinned_name = rules->tls->checks_pinned_name,
                              .pinned_dates = rules->tls->checks_pinned_dates,
                              .rsa_least = rules->tls->rsa_least,
                              .curves = rules->tls->curves,
                              .digests = rules->tls->digests};
}

/* From PEM, where the client takes it; what cannot be read, the handshake tells of. */
static struct signet_bytes take_der(const struct signet_value *value, bool key,
                                    const struct login_rules *rules)
{
    struct signet_bytes der = {0};

    if (rules->profile->lax)
        value_to_der(value, key, &der, NULL);
    return der;
}

static int open_with(struct transport *t, const struct transport_address *address,
                     const struct signet_account *account, const struct login_rules *rules,
                     struct tls_credentials *credentials, int64_t deadline,
                     struct signet_error *err)
{
    struct transport_address named = *address;

    if (account->uri)
        transport_parse(&named, (const char *)account->uri->as.bytes.data,
                        account->uri->as.bytes.len, NULL);
    credentials->server_name = rules->name[0] ? rules->name : named.host;
    credentials->suites = rules->suites[0] ? rules->suites : rules->tls->suites;
    credentials->stack = rules->stack;
    credentials->like_mbedtls = !rules->tls->stack || !strcmp(rules->tls->stack, "mbedtls");
    return tls_open(&t->dtls, address->host, address->port, credentials, deadline, t->cancel,
                         err);
}

static int open_dtls(struct transport *t, const struct transport_address *address,
                     const struct signet_account *account, const struct login_rules *rules,
                     int64_t deadline, struct signet_error *err)
{
    const struct signet_value *identity = account->identity, *key = account->secret_key;
    bool psk = account->mode == SIGNET_MODE_PSK;
    struct tls_credentials credentials = {0};
    struct signet_bytes cert = {0}, der = {0};
    struct secret secret = {0};

    if (!key || !identity)
        return error_set(err, SIGNET_E_MEANING, "the account has no credentials");
    if (!psk) {
        cert = take_der(identity, false, rules);
        der = take_der(key, true, rules);
    }
    int rc = secret_set(&secret, der.data ? der.data : key->as.bytes.data,
                        der.data ? der.len : key->as.bytes.len, err);
    if (psk) {
        credentials.psk = &secret;
        credentials.identity = identity->as.bytes.data;
        credentials.identity_len = identity->as.bytes.len;
    } else {
        credentials.key_der = &secret;
        credentials.cert_der = cert.data ? cert.data : identity->as.bytes.data;
        credentials.cert_len = cert.data ? cert.len : identity->as.bytes.len;
        if (rules->any_server)
            credentials.trust.any = true;
        else if (account->server_key)
            fill_trust(&credentials.trust, account->server_key, rules);
    }
    if (!rc)
        rc = open_with(t, address, account, rules, &credentials, deadline, err);
    secret_wipe(&secret);
    signet_bytes_free(&cert);
    signet_bytes_free(&der);
    return rc;
}

static int open_udp(struct transport *t, const struct transport_address *address, int64_t deadline,
                    struct signet_error *err)
{
    struct addrinfo *found = NULL;
    char port[8];
    int sys = 0;

    snprintf(port, sizeof(port), "%u", address->port);
    int rc = host_find(&found, address->host, port, SOCK_DGRAM, deadline, t->cancel, err);
    if (rc != SIGNET_OK)
        return error_pass(rc, err, "%s", address->host);
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
                   const struct signet_account *account, const struct login_rules *rules,
                   int64_t deadline, const struct signet_cancel *cancel, struct signet_error *err)
{
    struct transport *t = calloc(1, sizeof *t);

    if (!t)
        return error_nomem(err);
    t->fd = -1;
    t->cancel = cancel;
    int rc = address->secure ? open_dtls(t, address, account, rules, deadline, err)
                             : open_udp(t, address, deadline, err);
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
    tls_close(&t->dtls);
    if (t->fd >= 0)
        close(t->fd);
    free(t);
    *transport = NULL;
}

const char *transport_cipher(const struct transport *t)
{
    return t->dtls ? tls_cipher(t->dtls) : "";
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
        return tls_send(t->dtls, data, len, err);
    return send(t->fd, data, len, MSG_NOSIGNAL) == (ssize_t)len ? SIGNET_OK : unreachable(err);
}

int transport_receive(struct transport *t, void *data, size_t size, size_t *len, int64_t deadline,
                      struct signet_error *err)
{
    if (t->dtls)
        return tls_recv(t->dtls, data, size, len, deadline, t->cancel, err);
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
