/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SERVER_HTTP_H
#define SIM_SERVER_HTTP_H

#include "server.h"

#include <pthread.h>
#include <stdatomic.h>

enum { SIM_HTTP_MAX = (4 << 20) + 16384 }; /* of a request */

enum { CONNECTIONS_MAX = 512 };

struct sim_server {
    const struct sim_kind *kind;
    SSL_CTX *tls;
    int listener, control_fd;
    uint16_t port;
    char *token, *control;
    unsigned token_seconds;
    pthread_t thread;
    pthread_mutex_t mutex; /* all below */
    pthread_cond_t gone;   /* a connection ended */
    struct sim_store store;
    struct sim_server_faults faults;
    size_t requests, connections, open, logins, revoked;
    int64_t token_until; /* clock_ms() of the last login's */
    int fds[CONNECTIONS_MAX];
    atomic_bool stop;
    bool running; /* there is a thread */
    bool away;    /* whoever comes is dropped */
    bool stopped; /* as it was asked to */
};

/* server_judge.c, with the mutex held: the answer to a request that is let in or not; gives the
 * fault that is due, and further headers. */
const char *sim_judge(struct sim_server *s, const struct sim_request *request, const char *head,
                      struct sim_reply *reply, char more[static 80]);

struct connection {
    struct sim_server *server;
    SSL *ssl;
    int fd;
    struct buf in;
};

void sim_nap(unsigned ms);
/* The head of the next request, with its empty line; the caller frees it. NULL: no more comes. */
char *sim_http_head(struct connection *c);
/* The value of a header, or NULL; head ends with an empty line. */
const char *sim_http_header(const char *head, const char *name, size_t *len);
/* One request with its body. */
bool sim_http_receive(struct connection *c, struct sim_request *request, const char *head);
/* more: further headers. cut: the body ends early; slow: byte by byte. False: the connection ends.
 */
bool sim_http_reply(struct connection *c, const struct sim_reply *reply, const char *more, bool cut,
                    bool slow);

#endif
