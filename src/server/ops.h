/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_OPS_H
#define SERVER_OPS_H

/* One kind of server is one file with one of these, and one row in server.c. It builds requests
 * and judges answers; http.c does the rest. */

#include "server/http.h"

struct signet_server {
    const struct server_ops *ops;
    struct http *http;
    char *domain;
    unsigned api; /* generation of the server's API; 0: the newest */
};

struct server_ops {
    const char *kind;
    bool needs_token;
    /* What the server would refuse; asks nobody. info has been stored by then. */
    int (*validate_info)(const struct signet_server_info *info, struct signet_error *err);
    int (*validate)(const struct signet_server *server, const struct signet_device *device,
                    struct signet_error *err);
    int (*check)(struct signet_server *server, struct signet_error *err);
    int (*add)(struct signet_server *server, const struct signet_device *device, bool *existed,
               struct signet_error *err);
    int (*find)(struct signet_server *server, const char *endpoint, struct signet_error *err);
    /* NULL: it does not tell */
    int (*seen)(struct signet_server *server, const char *endpoint, struct signet_error *err);
    int (*remove)(struct signet_server *server, const char *endpoint, struct signet_error *err);
};

extern const struct server_ops coiote_ops, leshan_ops, leshan_bootstrap_ops;

#endif
