/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_ANSWER_H
#define SERVER_ANSWER_H

/* What an answer means: for all kinds of servers the same. */

#include "server/ops.h"

#include <jansson.h>

/* For struct server_form: the text itself, unless it is a web page; a text of a JSON object. */
bool answer_text(const struct http_answer *answer, struct buf *out);
bool answer_member(const struct http_answer *answer, const char *name, struct buf *out);

/* One request and what its answer means. *out (out may be NULL) is the JSON of a good one, which
 * the caller frees; the body is wiped. What is refused:
 *   SIGNET_E_AUTH: 401, 403. SIGNET_E_NOT_FOUND: GET and DELETE, 404 in the server's own form.
 *   SIGNET_E_EXISTS: 409, or its words say so, in its own form.
 *   SIGNET_E_SERVER: all else. sys is the status, but 0 for a refusal of the device that is not in
 *   the server's own form: a proxy or a wrong address spoke, and no device is to blame. */
int server_call(struct signet_server *server, const struct http_request *request,
                const struct signet_device *device, json_t **out, struct http_answer *answer,
                struct signet_error *err);

/* reconcile.c: one registration, whatever the network does. After a lost answer, a 409 or a 400 the
 * device is looked up: compare() is SIGNET_OK for this very device, SIGNET_E_EXISTS for another of
 * its name, SIGNET_E_NOT_FOUND for none, and anything else when there was no answer. Then the
 * device waits: SIGNET_E_NET, _TIMEOUT, _AUTH or _CANCELLED, never a refusal. */
int reconcile_add(struct signet_server *server, const struct signet_device *device,
                  const struct http_request *request,
                  int (*compare)(struct signet_server *server, const struct signet_device *device,
                                 struct signet_error *err),
                  bool *existed, struct signet_error *err);

#endif
