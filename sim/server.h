/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

/* The simulated server, inside; sim.h has the outside. */

#include "base/base.h"
#include "sim.h"

#include <jansson.h>
#include <openssl/ssl.h>

/* Between server.c and server_coiote.c, server_leshan.c, server_thingsboard.c */

struct sim_request {
    char method[8];
    char *path, *query; /* query may be NULL */
    char *body;
    size_t body_len;
    json_t *json; /* the body; NULL: it is none */
    bool pkcs10;  /* its headers say that the body is one, in base64 */
    X509 *peer;   /* the client's certificate; NULL: it showed none */
};

struct sim_reply {
    const struct sim_kind *kind;
    int status;
    struct buf body;
};

struct sim_device {
    char *endpoint, *identity, *key; /* key in hex digits; it and identity may be NULL */
    char id[40];                     /* opaque */
    bool registered;                 /* by the device itself: it is in */
    json_t *body;                    /* as it came */
};

struct sim_store {
    void *by_endpoint, *by_identity, *by_id; /* tsearch(3) */
    size_t count;
    int file; /* that it is kept in; -1: none */
};

struct sim_kind {
    const char *name;
    const char *const *prefixes; /* of the header with the token; NULL: nobody is asked */
    const char *const *logins;   /* paths that need no token; NULL: none */
    bool basic;                  /* its token is USER:PASSWORD, for HTTP Basic */
    /* asks clients for a certificate in TLS: is this one let in without a token? NULL: never. */
    bool (*knows)(const struct sim_request *request);
    void (*put_login)(struct buf *out, size_t number, unsigned seconds);
    int login_status;
    void (*put_error)(struct buf *out, int status, const char *text);
    const char *creates; /* the method of the requests that make a device */
    void (*answer)(struct sim_store *store, const struct sim_request *request,
                   struct sim_reply *reply);
};

extern const struct sim_kind sim_coiote, sim_est, sim_leshan, sim_leshan_bootstrap, sim_thingsboard;

/* server_kinds.c */
void sim_reply_error(struct sim_reply *reply, int status, const char *text);
const char *sim_text_at(const json_t *object, const char *outer, const char *inner);
void sim_put_json(struct buf *out, const json_t *value);
bool sim_asks(const struct sim_request *request, const char *method, const char *path);
const char *sim_after(const char *text, const char *prefix); /* NULL: it begins otherwise */

/* server_faults.c */
enum { SIM_FAULTS_MAX = 256 };
struct sim_fault_list {
    char *words[SIM_FAULTS_MAX];
    size_t count, next;
};
struct sim_server_faults {
    unsigned latency_ms;
    bool tells_date; /* in each answer, */
    int date_ahead;  /* of the clock by so many seconds */
    char bad_tls[16];
    /* of requests that make a device, that remove one, and all others */
    struct sim_fault_list creating, removing, looking;
};
int sim_faults_read(struct sim_server_faults *faults, const char *text, struct signet_error *err);
void sim_faults_free(struct sim_server_faults *faults);
/* The fault of this request, "" for none. */
const char *sim_faults_next(struct sim_server_faults *faults, const char *method,
                            const char *creates);
/* What the fault answers; more: headers. False: it changes nothing of the answer's content. */
bool sim_faults_answer(const char *fault, uint16_t port, struct sim_reply *reply,
                       char more[static 80]);

/* server_store.c: a device by its name, PSK identity or id; NULL: nobody has it. */
struct sim_device *sim_store_named(struct sim_store *store, const char *endpoint);
struct sim_device *sim_store_identified(struct sim_store *store, const char *identity);
struct sim_device *sim_store_numbered(struct sim_store *store, const char *id);
/* One more; identity and key may be NULL. NULL: no memory. */
struct sim_device *sim_store_keep(struct sim_store *store, const char *endpoint,
                                  const char *identity, const char *key, json_t *body);
void sim_store_each(const struct sim_store *store,
                    void (*each)(const struct sim_device *d, void *ctx), void *ctx);
void sim_store_drop(struct sim_store *store, struct sim_device *d);
void sim_store_free(struct sim_store *store);

/* server_replay.c: fills the store from the file, which is made when it is missing, and keeps it
 * there from now on */
int sim_state_open(struct sim_store *store, const char *path, struct signet_error *err);
/* server_state.c */
void sim_state_came(struct sim_store *store, const struct sim_device *d);
void sim_state_went(struct sim_store *store, const struct sim_device *d);

/* For lwm2m.c. False: nobody has this identity, or not under this name (NULL: any). */
bool sim_server_key(struct sim_server *server, const char *identity, uint8_t *psk, size_t size,
                    size_t *len);
bool sim_server_register(struct sim_server *server, const char *identity, const char *name,
                         bool in);

/* server_tls.c: a certificate and its key, those in the file keep (NULL: none) or new ones, and a
 * context that shows them; the certificate as PEM in ca_file. */
int sim_server_tls(const char *bad, const char *ca_file, const char *keep, SSL_CTX **out,
                   struct signet_error *err);

#endif
