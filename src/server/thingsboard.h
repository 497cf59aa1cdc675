/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_THINGSBOARD_H
#define SERVER_THINGSBOARD_H

/* Between thingsboard.c and its bulk import (thingsboard_bulk.c). */

#include "server/ops.h"

#include <jansson.h>

enum { THINGSBOARD_PSK_MAX = 64, THINGSBOARD_BATCH = 100 };

/* A request and the JSON of its answer, which the caller frees; out NULL: it does not matter. */
int thingsboard_call(struct signet_server *server, struct http_request *request,
                     const struct signet_device *device, json_t **out, struct http_answer *answer,
                     struct signet_error *err);
int thingsboard_get(struct signet_server *server, const struct buf *path, json_t **out,
                    struct signet_error *err);

/* server->profile_id, where a profile is named: looked up once. */
int thingsboard_profile(struct signet_server *server, struct signet_error *err);

/* As add_batch in struct server_ops. */
int thingsboard_import(struct signet_server *server, const struct signet_device *devices,
                       size_t count, struct signet_error *err);

#endif
