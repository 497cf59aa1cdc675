/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

/* The simulated server, inside; sim.h has the outside. */

#include "base/base.h"
#include "sim.h"

#include <jansson.h>

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
    bool registered;           /* by the device itself: it is in */
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
/* Hex digits, however the kind of server was told; "" for none. */
void sim_device_key(const struct sim_device *device, char hex[static 130]);
void sim_reply_error(const struct sim_kind *kind, struct sim_reply *reply, int status,
                     const char *text);

/* server_store.c: a device by its name, PSK identity or id; NULL: nobody has it. */
struct sim_device *sim_store_named(struct sim_store *store, const char *endpoint);
struct sim_device *sim_store_identified(struct sim_store *store, const char *identity);
struct sim_device *sim_store_numbered(struct sim_store *store, const char *id);
/* One more; identity may be NULL. NULL: no memory. */
struct sim_device *sim_store_keep(struct sim_store *store, const char *endpoint,
                                  const char *identity, json_t *body);
void sim_store_drop(struct sim_store *store, struct sim_device *d);
void sim_store_free(struct sim_store *store);

/* For lwm2m.c. False: nobody has this identity, or not under this name (NULL: any). */
bool sim_server_key(struct sim_server *server, const char *identity, uint8_t *psk, size_t size,
                    size_t *len);
bool sim_server_register(struct sim_server *server, const char *identity, const char *name,
                         bool in);

/* server_tls.c: a new certificate and key, as PEM in ca_file, and a context that shows it. */
struct ssl_ctx_st *sim_server_tls(const char *bad, const char *ca_file, struct signet_error *err);

#endif
