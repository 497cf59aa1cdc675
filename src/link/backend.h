/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LINK_BACKEND_H
#define LINK_BACKEND_H

/* The kinds of link: one file each, which opens a descriptor that does not block. *fd is the
 * caller's to close. */
#include "link/link.h"

int serial_open(int *fd, const char *path, unsigned baud, struct signet_error *err);
void serial_release(int fd); /* before it is closed: others may have it from now on */
/* "minicom (process 4711)", or "" when it is nobody who can be seen (holder.c). */
enum { HOLDER_SIZE = 96 };
const char *holder_of(const char *path, char out[static HOLDER_SIZE]);
int tcp_open(int *fd, const char *address, const struct signet_cancel *cancel,
             struct signet_error *err);

/* What all of them need (fd.c). */
struct fd_link {
    int fd; /* -1: not open */
    const struct signet_cancel *cancel;
    bool socket; /* else a terminal */
};
extern const struct link_ops fd_ops; /* self is a struct fd_link */
/* SIGNET_OK when events are there, SIGNET_E_TIMEOUT, SIGNET_E_CANCELLED or SIGNET_E_LINK. */
int fd_wait(const struct fd_link *link, short events, int64_t deadline, struct signet_error *err);

#endif
