/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

/* An onboarding server to rehearse with: HTTPS on 127.0.0.1, devices in memory, and the rules and
 * faults of the real ones. docs/SPEC.md, "The simulated server". */

#include "base/base.h"

#include <jansson.h>

struct sim_server_options {
    const char *kind;       /* "coiote", "thingsboard" or "leshan" */
    const char *misbehave;  /* sim_server_start() says what it takes; NULL: nothing */
    const char *token;      /* that it takes, also as a password; NULL: "token" */
    const char *ca_file;    /* where its certificate goes (PEM) for clients to trust */
    unsigned token_seconds; /* life of a token from a login; 0: 300 */
};

struct sim_server;

/* misbehave is a list with commas. "latency=MS" holds for every request,
 * "bad-tls=expired|wrong-host|untrusted" for every connection. The others are each for one request
 * that makes a device, in this order, "*N" for N of them: 401, 403, 409, 429=SECONDS,
 * 503=SECONDS, 500, truncate, html, drop, commit-then-drop, slow, redirect. */
int sim_server_start(struct sim_server **out, const struct sim_server_options *options,
                     struct signet_error *err);
void sim_server_stop(struct sim_server **server);

uint16_t sim_server_port(const struct sim_server *server);
size_t sim_server_devices(struct sim_server *server);
size_t sim_server_requests(struct sim_server *server);    /* that had the right token */
size_t sim_server_connections(struct sim_server *server); /* ever taken */
size_t sim_server_logins(struct sim_server *server);
void sim_server_revoke(struct sim_server *server); /* tokens of logins so far are 401 from now on */

/* Between server.c and server_kinds.c */

struct sim_request {
    char method[8];
    char *path, *query; /* query may be NULL */
    char *body;
    size_t body_len;
};

struct sim_reply {
    int status;
    struct buf body;
};

struct sim_device {
    char *endpoint, *identity; /* identity may be NULL */
    char id[40];               /* opaque */
    json_t *body;              /* as it came */
};

struct sim_store {
    void *by_endpoint, *by_identity, *by_id; /* tsearch(3) */
    size_t count;
};

struct sim_kind {
    const char *name;
    const char *const *prefixes; /* of the header with the token; NULL: nobody is asked */
    const char *const *logins;   /* paths that need no token; NULL: none */
    void (*put_login)(struct buf *out, size_t number, unsigned seconds);
    int login_status;
    void (*put_error)(struct buf *out, int status, const char *text);
    bool (*creates)(const struct sim_request *request);
    void (*answer)(struct sim_store *store, const struct sim_request *request,
                   struct sim_reply *reply);
};

const struct sim_kind *sim_kind_named(const char *name);
void sim_store_free(struct sim_store *store);
void sim_reply_error(const struct sim_kind *kind, struct sim_reply *reply, int status,
                     const char *text);

/* server_tls.c: a new certificate and key, as PEM in ca_file, and a context that shows it. */
struct ssl_ctx_st *sim_server_tls(const char *bad, const char *ca_file, struct signet_error *err);

#endif
