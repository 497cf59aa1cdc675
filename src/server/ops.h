/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_OPS_H
#define SERVER_OPS_H

/* One kind of server is one file with one of these, and one row in kinds.c (docs/ADAPTERS.md). It
 * builds requests and judges answers; the room http_client does the rest. */

#include "http_client/http_client.h"
#include "lwm2m/lwm2m.h"
#include "server/server.h"

struct signet_server {
    const struct server_ops *ops;
    struct http *http;
    struct signet_server_info info;        /* a copy */
    struct signet_server_capabilities can; /* of its kind, and what open() left of that */
    struct secret password;                /* of info.user, when it logs in */
    unsigned api;                          /* Leshan: generation of its API; 0: the newest */
    char profile_id[40];                   /* ThingsBoard: looked up once */
    void *own;                             /* what open() made; close() frees it */
    unsigned parallel;
    const struct signet_observer *observer;
    struct http **twins; /* connections of the threads of a batch, kept for the next one */
    size_t twin_count;
};

/* How a kind of server refuses (answer.h). */
struct server_form {
    const char *name; /* in messages: "Coiote" */
    /* Appends the server's own words of an answer that is not 2xx. False: the answer is not in the
     * form in which this kind refuses; something before it spoke. */
    bool (*words)(const struct http_answer *answer, struct buf *out);
    const char *taken;  /* words that hold this mean "exists already"; NULL: only 409 does */
    const char *absent; /* a good answer to DELETE that holds this: it was not there; or NULL */
    const char *(*hint)(long status, const char *words); /* NULL: none; or it returns NULL */
};

struct server_ops {
    struct signet_server_capabilities can; /* kind, needs_token, batch_max, ... */
    struct server_form form;               /* of kinds that speak http */
    const char *other; /* the kind that serves accounts of the role that this one does not */
    /* Both NULL, or for a kind that speaks no http: it has no connection then. */
    int (*open)(struct signet_server *server, struct signet_error *err);
    void (*close)(struct signet_server *server);
    /* What it writes is sealed from here on. NULL: it writes nothing. */
    int (*seal)(struct signet_server *server, const struct server_seal *how,
                struct signet_error *err);
    /* Which header holds the token, for this kind of auth; NULL: this kind of server has no such.
     * Without the function there are tokens only, as OAuth 2.0 has them. */
    const char *(*header)(const char *auth);
    /* As in struct http_auth, for auth "password" and "client-credentials". */
    int (*login)(const struct signet_server *server, struct http *http, struct secret *token,
                 int64_t *seconds, struct signet_error *err);
    /* Are the values of its options as they must be? Asks nobody. NULL: they may be anything. */
    int (*configure)(struct signet_server *server, struct signet_error *err);
    /* What the server would refuse; asks nobody. What `can` says of a device has been checked
     * before. NULL: nothing. */
    int (*validate)(const struct signet_server *server, const struct signet_device *device,
                    struct signet_error *err);
    const char *list; /* a path that is read to see whether it answers; NULL: check() does */
    int (*check)(struct signet_server *server, struct signet_error *err);
    int (*add)(struct signet_server *server, const struct signet_device *device, bool *existed,
               struct signet_error *err);
    /* One request for up to can.batch_max devices, which have been validated. SIGNET_OK: the server
     * has them all. SIGNET_E_UNSUPPORTED: it takes no batches. Everything else: not sure, and each
     * is added by itself. NULL: one by one. */
    int (*add_batch)(struct signet_server *server, const struct signet_device *devices,
                     size_t count, struct signet_error *err);
    int (*find)(struct signet_server *server, const char *endpoint, struct signet_error *err);
    /* NULL: it does not tell */
    int (*seen)(struct signet_server *server, const char *endpoint, struct signet_error *err);
    /* SIGNET_E_NOT_FOUND: it has none of this name, which is as good. err is not NULL. */
    int (*remove)(struct signet_server *server, const char *endpoint, struct signet_error *err);
    /* Is the server told the credentials of this account? NULL: when it is the chosen one, which it
     * serves. */
    bool (*serves)(const struct signet_server *server, const struct signet_account *chosen,
                   const struct signet_account *account);
};

/* server_file.c: a copy, by the options of this kind; freed by the caller, also after an error */
int server_info_copy(struct signet_server_info *out, const struct signet_server_info *info,
                     const struct server_ops *ops, struct signet_error *err);
/* kinds.c: the kind of that name, NULL for the first one; NULL: there is none */
const struct server_ops *server_kind(const char *kind, struct signet_error *err);

/* The value of one of its options; NULL: not given */
static inline const char *server_option(const struct signet_server *server, const char *name)
{
    return adapter_option(server->info.options, name);
}

/* A view of the device, as server_view() made it, that the server would take. */
int server_validate_view(const struct signet_server *server, const struct signet_device *view,
                         struct signet_error *err);

/* account.c: the device as this server is told of it; pointers are into device */
int server_view(const struct signet_server *server, const struct signet_device *device,
                struct signet_device *out, struct signet_error *err);

/* device_fits.c: is the device as `can` wants it: name, mode, PSK and its identity, certificate? */
int server_fits(const struct signet_server_capabilities *can, const struct signet_device *device,
                struct signet_error *err);

#endif
