/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LINK_BACKEND_H
#define LINK_BACKEND_H

/* The kinds of link: one file each, which opens a descriptor that does not block. *fd is the
 * caller's to close. */
#include "link/link.h"

/* How the lines beside the data are to be; unset: as the driver has them. */
enum port_switch { PORT_UNSET = 0, PORT_ON, PORT_OFF };
enum port_flow { FLOW_NONE = 0, FLOW_RTSCTS, FLOW_XONXOFF };
struct port_options {
    enum port_switch dtr, rts, hupcl;
    enum port_flow flow;
};
struct link_address {
    enum { LINK_SERIAL, LINK_TCP, LINK_UDP } kind;
    const char *rest; /* HOST:PORT */
    char device[4096];
    struct port_options options;
};
/* device_name.c: a port that is not there may come; what is there must be one. */
int device_name_check(const char *path, struct signet_error *err);
int address_parse(struct link_address *out, const char *address, struct signet_error *err);

int serial_open(int *fd, const char *path, unsigned baud, const struct port_options *options,
                struct signet_error *err);
void serial_release(int fd); /* before it is closed: others may have it from now on */
/* "minicom (process 4711)", or "" when it is nobody who can be seen (holder.c). */
enum { HOLDER_SIZE = 96 };
const char *holder_of(const char *path, char out[static HOLDER_SIZE]);
/* "HOST:PORT" or "[V6]:PORT" */
int tcp_split(const char *address, char host[static 256], char port[static 16],
              struct signet_error *err);
/* datagrams: UDP, with that one peer; else TCP */
int tcp_open(int *fd, const char *address, bool datagrams, const struct signet_cancel *cancel,
             struct signet_error *err);

/* What all of them need (fd.c). */
struct fd_link {
    int fd; /* -1: not open */
    const struct signet_cancel *cancel;
    bool socket;    /* else a terminal */
    bool datagrams; /* each write is one, and each read */
    bool refused;   /* nobody listened at the other end */
};
extern const struct link_ops fd_ops; /* self is a struct fd_link */
/* SIGNET_OK when events are there, SIGNET_E_TIMEOUT, SIGNET_E_CANCELLED or SIGNET_E_LINK. */
int fd_wait(const struct fd_link *link, short events, int64_t deadline, struct signet_error *err);

#endif
