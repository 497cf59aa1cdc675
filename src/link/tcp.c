/* SPDX-License-Identifier: Apache-2.0 */
/* tcp:HOST:PORT, for ser2net and emulators. */
#include "link/backend.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 10000

/* "HOST:PORT" or "[V6]:PORT" */
static int split(const char *address, char host[static 256], char port[static 16],
                 struct signet_error *err)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon ? (size_t)(colon - address) : 0;

    if (!colon || !len || len > 255 || !colon[1] || strlen(colon + 1) > 15 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1)) {
        error_set(err, SIGNET_E_USAGE, "not an address");
        error_hint(err, "write tcp:HOST:PORT");
        return SIGNET_E_USAGE;
    }
    if (address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    memcpy(host, address, len);
    host[len] = '\0';
    strcpy(port, colon + 1);
    return SIGNET_OK;
}

static int connect_one(const struct addrinfo *to, const struct signet_cancel *cancel,
                       int64_t deadline, int *out, struct signet_error *err)
{
    struct fd_link link = {-1, cancel, "no connection"};
    int one = 1, sys = 0, rc;
    socklen_t len = sizeof sys;

    link.fd =
        socket(to->ai_family, to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->ai_protocol);
    if (link.fd < 0)
        return error_sys(err, SIGNET_E_LINK, errno, "no socket");
    if (connect(link.fd, to->ai_addr, to->ai_addrlen) != 0) {
        if (errno != EINPROGRESS) {
            rc = error_sys(err, SIGNET_E_LINK, errno, "no connection");
            goto fail;
        }
        rc = fd_wait(&link, POLLOUT, deadline, err);
        if (rc)
            goto fail;
        if (getsockopt(link.fd, SOL_SOCKET, SO_ERROR, &sys, &len) != 0)
            sys = errno;
        if (sys) {
            rc = error_sys(err, SIGNET_E_LINK, sys, "no connection");
            goto fail;
        }
    }
    setsockopt(link.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    *out = link.fd;
    return SIGNET_OK;
fail:
    close(link.fd);
    return rc;
}

int tcp_open(void **self, const char *address, const struct signet_cancel *cancel,
             struct signet_error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int64_t deadline = clock_ms() + CONNECT_MS;
    struct addrinfo *list = NULL;
    struct fd_link *link;
    char host[256], port[16];
    int fd = -1, rc;

    rc = split(address, host, port, err);
    if (rc)
        return rc;
    rc = getaddrinfo(host, port, &hints, &list);
    if (rc)
        return error_set(err, SIGNET_E_LINK, "no such host: %s", gai_strerror(rc));
    rc = SIGNET_E_LINK;
    for (const struct addrinfo *to = list; to; to = to->ai_next) {
        rc = connect_one(to, cancel, deadline, &fd, err);
        if (rc != SIGNET_E_LINK)
            break;
    }
    freeaddrinfo(list);
    if (rc)
        return rc;
    link = calloc(1, sizeof *link);
    if (!link) {
        close(fd);
        return error_nomem(err);
    }
    *link = (struct fd_link){fd, cancel, "the other side closed the connection"};
    *self = link;
    return SIGNET_OK;
}

static int tcp_write(void *self, const void *data, size_t len, int64_t deadline,
                     struct signet_error *err)
{
    const struct fd_link *link = self;
    const uint8_t *from = data;

    while (len) { /* send(), since a closed socket must not raise SIGPIPE in the caller's program */
        ssize_t n = send(link->fd, from, len, MSG_NOSIGNAL);
        int rc;

        if (n > 0) {
            from += n;
            len -= (size_t)n;
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return error_sys(err, SIGNET_E_LINK, errno, "%s", link->gone);
        rc = fd_wait(link, POLLOUT, deadline, err);
        if (rc)
            return rc;
    }
    return SIGNET_OK;
}

static void tcp_close(void *self)
{
    struct fd_link *link = self;

    close(link->fd);
    free(link);
}

const struct link_ops tcp_ops = {fd_read, tcp_write, fd_drain, tcp_close};
