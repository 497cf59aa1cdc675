/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_SESSION_H
#define TLS_SESSION_H

#include "tls/tls.h"

#include <openssl/ssl.h>

/* One connection: a socket, OpenSSL's state of it, and what happened to it. */
struct session {
    SSL *ssl;
    int fd;
    int64_t deadline; /* of what is being done: a peer may send what the library reads for ever */
    bool dtls;
    bool refused;     /* nobody listens at this address: the next one may do */
    bool fell_silent; /* after the server's part of the handshake had begun */
    int alert;        /* the last fatal alert that the server sent, or 0 */
    char peer[300];   /* "host:port", safe for a message */
    const struct signet_cancel *cancel;
    void *login; /* what the callbacks of the caller need during the handshake */
};

/* Where to; ctx decides on everything cryptographic. */
struct target {
    const char *host;
    const char *server_name; /* SNI; NULL: the host, unless it is an address */
    bool names_addresses;    /* SNI also for addresses, which RFC 6066 does not have */
    uint16_t port;
    bool dtls;
    int64_t deadline;
    const struct signet_cancel *cancel;
};

/* Connects to the addresses of the host in turn and shakes hands with the first that answers.
 * Callbacks find s as SSL_get_app_data(), and in it login. s is closed when this fails; its other
 * fields still say what happened. It must stay where it is until closed. */
int session_open(struct session *s, SSL_CTX *ctx, const struct target *target, void *login,
                 struct signet_error *err);
/* What to do after an SSL call returned ret: 0 means call again (it has waited), else an error
 * that says what went wrong while `doing`. */
int session_wait(struct session *s, int ret, const char *doing, int64_t deadline,
                 struct signet_error *err);
void session_close(struct session *s);
/* Without a handshake, for another library: a socket that is connected to the first
 * address that is reached. */
int session_dial(struct session *s, const struct target *target, struct signet_error *err);
/* Until the socket is ready or `until` has come: 1 ready, 0 not, else minus an error's code. */
int session_ready(struct session *s, short events, int64_t until, int64_t deadline,
                  struct signet_error *err);

#endif
