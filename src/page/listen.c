/* SPDX-License-Identifier: Apache-2.0 */
#include "page/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PORT_DEFAULT = 8470, HOST_MAX = 63, BACKLOG = 32 };

/* "HOST", "HOST:PORT", "[HOST]:PORT"; *port stays without one. */
static bool split_host(const char *text, char host[HOST_MAX + 1], unsigned *port)
{
    const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
    const char *begin = text + (end != NULL), *after = end ? end + 1 : strrchr(text, ':');
    size_t len = end ? (size_t)(end - begin) : after ? (size_t)(after - text) : strlen(text);
    char *rest = NULL;

    if (len > HOST_MAX || (text[0] == '[' && !end))
        return false;
    memcpy(host, begin, len);
    host[len] = '\0';
    if (!after || !*after)
        return true;
    if (*after != ':' || !char_in(after[1], "0123456789"))
        return false;
    unsigned long n = strtoul(after + 1, &rest, 10);
    *port = (unsigned)n;
    return !*rest && n <= 65535;
}

static bool read_host(const char *host, unsigned port, struct listen_address *out)
{
    struct sockaddr_in *four = (struct sockaddr_in *)&out->at;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&out->at;
    const char *number = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;

    *out = (struct listen_address){0};
    if (inet_pton(AF_INET, number, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        out->len = sizeof(*four);
        out->loopback = ntohl(four->sin_addr.s_addr) >> 24 == 127;
        return true;
    }
    if (inet_pton(AF_INET6, number, &six->sin6_addr) != 1)
        return false;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons((uint16_t)port);
    out->len = sizeof(*six);
    out->loopback = IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
    return true;
}

int listen_parse(const char *text, struct listen_address *out, struct signet_error *err)
{
    char host[HOST_MAX + 1], whole[HOST_MAX + 12];
    unsigned port = PORT_DEFAULT;

    if (strspn(text, "0123456789") == strlen(text) && *text) {
        snprintf(whole, sizeof(whole), "127.0.0.1:%.5s%s", text, strlen(text) > 5 ? "x" : "");
        text = whole;
    }
    if (split_host(text, host, &port) && read_host(host, port, out))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_USAGE, "write it as 127.0.0.1:8470 or [::1]:8470",
                          "'%s' is no address of a page", text_shown(text, strlen(text), 80));
}

/* Gives the port. */
static unsigned show_address(const struct listen_address *a, char host[static INET6_ADDRSTRLEN])
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)&a->at;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&a->at;
    bool is_six = a->at.ss_family == AF_INET6;

    inet_ntop(a->at.ss_family, is_six ? (const void *)&six->sin6_addr : &four->sin_addr, host,
              INET6_ADDRSTRLEN);
    return ntohs(is_six ? six->sin6_port : four->sin_port);
}

int listen_open(const struct listen_address *a, int *out, struct signet_error *err)
{
    int on = 1, fd = socket(a->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        bind(fd, (const struct sockaddr *)&a->at, a->len) == 0 && listen(fd, BACKLOG) == 0) {
        *out = fd;
        return SIGNET_OK;
    }
    int sys = errno;
    if (fd >= 0)
        close(fd);
    char host[INET6_ADDRSTRLEN] = "";
    unsigned port = show_address(a, host);

    if (sys == EADDRINUSE)
        return error_set_hint(err, SIGNET_E_BUSY, "name another port, or 0 for any that is free",
                              "the page's address: another program listens at %s, port %u", host,
                              port);
    error_sys(err, SIGNET_E_IO, sys, "the page's address: %s, port %u", host, port);
    if (sys == EADDRNOTAVAIL)
        error_hint(err, "this computer has no such address (`ip address` shows those it has)");
    else if (sys == EACCES)
        error_hint(err, "ports below 1024 are for root: name another, such as 8470");
    return SIGNET_E_IO;
}

int listen_name(int socket, char out[LISTEN_NAME_SIZE], struct signet_error *err)
{
    struct listen_address a = {.len = sizeof(a.at)};
    char host[INET6_ADDRSTRLEN] = "";
    unsigned port;

    if (getsockname(socket, (struct sockaddr *)&a.at, &a.len) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "the page's address");
    port = show_address(&a, host);
    snprintf(out, LISTEN_NAME_SIZE, a.at.ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, port);
    return SIGNET_OK;
}

bool listen_host_is_local(const char *host)
{
    char name[HOST_MAX + 1];
    struct listen_address a;
    unsigned port = 0;

    return host && split_host(host, name, &port) && read_host(name, port, &a);
}
