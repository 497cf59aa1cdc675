/* SPDX-License-Identifier: Apache-2.0 */
#include "link/link.h"

#include "link/backend.h"

#include <stdlib.h>

#define UNREAD_MAX  4096
#define FLUSH_MAX   ((size_t)1024 * 1024)
#define BAUD_MAX    20000000u
#define ADDRESS_MAX 4096

struct signet_link {
    const struct link_ops *ops;
    void *self;
    struct fd_link fd; /* self of what signet_link_open() makes */
    uint8_t unread[UNREAD_MAX];
    size_t unread_at, unread_len; /* what is left: unread_len bytes from unread_at */
    char address[];
};

int link_new(struct signet_link **out, const struct link_ops *ops, void *self, const char *address,
             struct signet_error *err)
{
    struct signet_link *link = calloc(1, sizeof(*link) + strlen(address) + 1);

    if (!link)
        return error_nomem(err);
    strcpy(link->address, address);
    link->ops = ops;
    link->self = self;
    *out = link;
    return SIGNET_OK;
}

int signet_link_open(struct signet_link **out, const char *address, unsigned baud,
                     const struct signet_cancel *cancel, struct signet_error *err)
{
    struct signet_link *link = NULL;
    struct link_address parsed;
    int rc;

    if (!address || !*address || strlen(address) > ADDRESS_MAX)
        return error_set(err, SIGNET_E_USAGE, "no port given");
    if (baud > BAUD_MAX)
        return error_set(err, SIGNET_E_USAGE, "%u is not a baud rate", baud);
    rc = link_new(&link, &fd_ops, NULL, address, err);
    if (rc)
        return rc;
    link->self = &link->fd;
    link->fd = (struct fd_link){.fd = -1, .cancel = cancel};
    rc = address_parse(&parsed, address, err);
    link->fd.socket = !rc && parsed.kind != LINK_SERIAL;
    link->fd.datagrams = !rc && parsed.kind == LINK_UDP;
    if (!rc && link->fd.socket)
        rc = tcp_open(&link->fd.fd, parsed.rest, link->fd.datagrams, cancel, err);
    else if (!rc)
        rc = serial_open(&link->fd.fd, parsed.device, baud ? baud : 115200, &parsed.options, err);
    if (rc)
        signet_link_close(&link);
    else
        *out = link;
    return error_pass(rc, err, "%s", address);
}

void signet_link_close(struct signet_link **link)
{
    if (!link || !*link)
        return;
    if ((*link)->ops->close)
        (*link)->ops->close((*link)->self);
    wipe((*link)->unread, sizeof(*link)->unread);
    free(*link);
    *link = NULL;
}

const char *signet_link_address(const struct signet_link *link)
{
    return link->address;
}

bool link_by_packets(const struct signet_link *link)
{
    return link->fd.datagrams;
}

int link_read(struct signet_link *link, void *data, size_t cap, int64_t deadline, size_t *got,
              struct signet_error *err)
{
    size_t n = link->unread_len < cap ? link->unread_len : cap;

    if (!n)
        return error_pass(link->ops->read(link->self, data, cap, deadline, got, err), err, "%s",
                          link->address);
    memcpy(data, link->unread + link->unread_at, n);
    link->unread_at += n;
    link->unread_len -= n;
    *got = n;
    return SIGNET_OK;
}

void link_unread(struct signet_link *link, const void *data, size_t len)
{
    if (len > UNREAD_MAX - link->unread_len)
        len = UNREAD_MAX - link->unread_len;
    memmove(link->unread + len, link->unread + link->unread_at, link->unread_len);
    memcpy(link->unread, data, len);
    link->unread_at = 0;
    link->unread_len += len;
}

int link_write(struct signet_link *link, const void *data, size_t len, int64_t deadline,
               struct signet_error *err)
{
    return error_pass(link->ops->write(link->self, data, len, deadline, err), err, "%s",
                      link->address);
}

int link_drain(struct signet_link *link, int64_t deadline, struct signet_error *err)
{
    if (!link->ops->drain)
        return SIGNET_OK;
    return error_pass(link->ops->drain(link->self, deadline, err), err, "%s", link->address);
}

int link_flush_input(struct signet_link *link, struct signet_error *err)
{
    uint8_t data[1024];
    size_t got, all = 0;
    int rc;

    while (all < FLUSH_MAX) {
        rc = link_read(link, data, sizeof(data), 0, &got, err);
        if (rc == SIGNET_E_TIMEOUT)
            return SIGNET_OK;
        if (rc)
            return rc;
        all += got;
    }
    return SIGNET_OK;
}
