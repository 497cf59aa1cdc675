/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAGE_LISTEN_H
#define PAGE_LISTEN_H

#include "base/base.h"

#include <sys/socket.h>

struct listen_address {
    struct sockaddr_storage at;
    socklen_t len;
    bool loopback;
};

/* "ADDR:PORT", "[ADDR]:PORT", "ADDR" or "PORT"; ADDR is a number or "localhost". SIGNET_E_USAGE. */
int listen_parse(const char *text, struct listen_address *out, struct signet_error *err);
/* A socket that listens there; SIGNET_E_BUSY: another program does. */
int listen_open(const struct listen_address *a, int *out, struct signet_error *err);
/* "127.0.0.1:8470" of the socket. */
enum { LISTEN_NAME_SIZE = 64 };
int listen_name(int socket, char out[LISTEN_NAME_SIZE], struct signet_error *err);
/* A header Host that no foreign name can have brought here: an address or "localhost", and a port
 * or none. */
bool listen_host_is_local(const char *host);

#endif
