/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHORITY_REMOTE_H
#define AUTHORITY_REMOTE_H

/* An authority that is reached over HTTP: connections for many threads, one deadline for each
 * certificate. */

#include "authority/private.h"
#include "http_client/http_client.h"

#include <pthread.h>

enum { REMOTE_CONNECTIONS = 256 };

struct remote {
    struct http *http; /* the first; the others are its twins */
    char *path;
    struct secret secret; /* of passphrase_file */
    int64_t timeout_ms;
    const struct signet_cancel *cancel;
    pthread_mutex_t lock; /* of what follows */
    struct http *idle[REMOTE_CONNECTIONS];
    size_t idle_count;
};

/* path: where the URL has none; operations follow it. "": there are none, and
 * the caller tries again by itself. allow_http: what is sent
 * protects itself. */
int remote_open(struct remote **out, const struct signet_authority_info *info,
                const struct signet_authority_options *options, const char *path, bool allow_http,
                struct signet_error *err);
void remote_close(struct remote **remote); /* sets *remote to NULL */

/* The files client_cert and client_key, which belong together and are in their time. */
int remote_client_pair(const struct signet_authority_info *info, struct buf *cert,
                       struct secret *key, struct signet_error *err);

/* A connection for one thread, and back. */
int remote_take(struct remote *remote, struct http **out, struct signet_error *err);
void remote_give_back(struct remote *remote, struct http *http);

int64_t remote_deadline(const struct remote *remote); /* of a certificate that is begun now */

#endif
