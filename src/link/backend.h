/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LINK_BACKEND_H
#define LINK_BACKEND_H

/* The kinds of link: one file each. */
#include "link/link.h"

extern const struct link_ops serial_ops, tcp_ops;

int serial_open(void **self, const char *path, unsigned baud, const struct signet_cancel *cancel,
                struct signet_error *err);
int tcp_open(void **self, const char *address, const struct signet_cancel *cancel,
             struct signet_error *err);

/* A descriptor that does not block, with what both kinds need (fd.c). */
struct fd_link {
    int fd;
    const struct signet_cancel *cancel;
    const char *gone; /* what to say when the other side is away */
};
/* SIGNET_OK when events are there, SIGNET_E_TIMEOUT, SIGNET_E_CANCELLED or SIGNET_E_LINK. */
int fd_wait(const struct fd_link *link, short events, int64_t deadline, struct signet_error *err);
int fd_read(void *self, void *data, size_t cap, int64_t deadline, size_t *got,
            struct signet_error *err);
int fd_write(void *self, const void *data, size_t len, int64_t deadline, struct signet_error *err);
int fd_drain(void *self, int64_t deadline, struct signet_error *err);

#endif
