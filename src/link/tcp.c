/* SPDX-License-Identifier: Apache-2.0 */
/* tcp:HOST:PORT, for ser2net and emulators; udp:HOST:PORT, for boards with an IP address. */
#include "link/backend.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 10000

int tcp_split(const char *address, char host[static 256], char port[static 16],
              struct signet_error *err)
{
    const char *colon = strrchr(address, ':'), *number = colon ? colon + 1 : "";
    size_t len = colon ? (size_t)(colon - address) : 0, digits = strspn(number, "0123456789");

    if (address[0] == '/' || !len || len > 255 || !digits || digits > 15 || number[digits])
        return error_set_hint(err, SIGNET_E_USAGE, "write tcp:HOST:PORT or udp:HOST:PORT",
                              "'%s' is not an address, HOST:PORT", address);
    if (strtoull(number, NULL, 10) > 65535 || strtoull(number, NULL, 10) == 0)
        return error_set_hint(err, SIGNET_E_USAGE, "ports are 1 to 65535",
                              "'%s' has no port of TCP or UDP", address);
    if (address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    memcpy(host, address, len);
    host[len] = '\0';
    strcpy(port, number);
    return SIGNET_OK;
}

static int connect_one(int *out, const struct addrinfo *to, const struct signet_cancel *cancel,
                       int64_t deadline, struct signet_error *err)
{
    struct fd_link link = {.cancel = cancel};
    int one = 1, sys = 0, rc = SIGNET_OK;
    socklen_t len = sizeof(sys);

    link.fd =
        socket(to->ai_family, to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->ai_protocol);
    if (link.fd < 0)
        return error_sys(err, SIGNET_E_LINK, errno, "no socket");
    if (connect(link.fd, to->ai_addr, to->ai_addrlen) != 0)
        sys = errno;
    if (sys == EINPROGRESS) {
        rc = fd_wait(&link, POLLOUT, deadline, err);
        if (!rc && getsockopt(link.fd, SOL_SOCKET, SO_ERROR, &sys, &len) != 0)
            sys = errno;
    }
    if (!rc && sys)
        rc = (error_sys(err, SIGNET_E_LINK, sys, "no connection"),
              error_hint(err, "does the board or its gateway listen there, and is the port right?"),
              error_code(SIGNET_E_LINK));
    if (rc) {
        close(link.fd);
        return rc;
    }
    if (to->ai_socktype == SOCK_STREAM)
        setsockopt(link.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    *out = link.fd;
    return SIGNET_OK;
}

int tcp_open(int *fd, const char *address, bool datagrams, const struct signet_cancel *cancel,
             struct signet_error *err)
{
    int64_t deadline = clock_ms() + CONNECT_MS;
    struct addrinfo *list = NULL;
    char host[256], port[16];
    int rc = tcp_split(address, host, port, err);

    if (rc)
        return rc;
    rc = host_find(&list, host, port, datagrams ? SOCK_DGRAM : SOCK_STREAM, deadline, cancel, err);
    if (rc == SIGNET_E_NET && err)
        err->code = SIGNET_E_LINK;
    if (rc)
        return rc == SIGNET_E_NET ? SIGNET_E_LINK : rc;
    rc = SIGNET_E_LINK;
    for (const struct addrinfo *to = list; to && rc == SIGNET_E_LINK; to = to->ai_next)
        rc = connect_one(fd, to, cancel, deadline, err);
    freeaddrinfo(list);
    return rc;
}
