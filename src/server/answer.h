/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_ANSWER_H
#define SERVER_ANSWER_H

/* Requests, and what their answers mean: for all kinds of servers the same. */

#include "server/ops.h"

#include <jansson.h>

enum { WORDS_MAX = 160, ANSWER_PSK_MAX = 64 };

/* For struct server_form: the text itself, unless it is a web page; a text of a JSON object. */
bool answer_text(const struct http_answer *answer, struct buf *out);
bool answer_member(const struct http_answer *answer, const char *name, struct buf *out);
/* Is it a JSON object with a number of this name? */
bool answer_has_number(const struct http_answer *answer, const char *name);

/* A server's own words, safe to show: cut, without live secrets and long hex numbers, which may be
 * a key. */
void words_show(const char *text, size_t len, char out[static WORDS_MAX]);

/* One request and what its answer means. *out (out may be NULL) is the JSON of a good one, which
 * the caller frees; the body is wiped. What is refused:
 *   SIGNET_E_AUTH: 401, 403. SIGNET_E_NOT_FOUND: GET and DELETE, 404 in the server's own form.
 *   SIGNET_E_EXISTS: 409, or its words say so, in its own form.
 *   SIGNET_E_SERVER: all else. sys is the status, but 0 for a refusal of the device that is not in
 *   the server's own form: a proxy or a wrong address spoke, and no device is to blame. */
int server_call(struct signet_server *server, const struct http_request *request, json_t **out,
                struct http_answer *answer, struct signet_error *err);

/* path, name and rest are those of struct http_request; the last two may be NULL. What GET brings
 * must be JSON, also when out is NULL. */
int server_get(struct signet_server *server, const char *path, const char *name, const char *rest,
               json_t **out, struct signet_error *err);
/* For what every such server has, a list or a search: a 404 is that of another API, and
 * SIGNET_E_SERVER. */
int server_always_has(int rc, struct signet_error *err);
/* SIGNET_E_NOT_FOUND: it was not there, by a 404 in the server's own form or by the form's
 * `absent`; after a lost answer that is SIGNET_OK. A web page of somebody else is SIGNET_E_SERVER.
 */
int server_delete(struct signet_server *server, const char *path, const char *name,
                  struct signet_error *err);
/* Many devices; SIGNET_E_UNSUPPORTED: the server, or this account, has no such request. body is
 * freed. */
int server_post_batch(struct signet_server *server, const char *path, struct buf *body,
                      json_t **out, struct signet_error *err);
/* As login() of struct server_ops: the request is a POST over http, and the token is `member` of
 * its answer. request->body is freed by the caller. */
int server_login(const struct signet_server *server, struct http *http,
                 struct http_request *request, const char *member, struct secret *token,
                 int64_t *seconds, struct signet_error *err);

/* "PSK", "X509", "NO_SEC", as several servers call the modes. */
const char *answer_mode(enum signet_mode mode);
/* Appends "IDENTITY": "..", "KEY": "hex", with these names. */
void answer_put_psk(struct buf *out, const char *identity, const char *key,
                    const struct signet_device *device);
/* Is it this text? Is it the device's PSK in hex? */
bool answer_is_text(const json_t *value, const void *want, size_t len);
bool answer_is_psk(const json_t *hex, const struct signet_device *device);

/* reconcile.c: one registration by POST, whatever the network does; body is freed. After a lost
 * answer, a 409 or a 400 the device is looked up: compare() is SIGNET_OK for this very device,
 * SIGNET_E_EXISTS for another of its name, SIGNET_E_NOT_FOUND for none, and anything else when
 * there was no answer. Then the device waits: SIGNET_E_NET, _TIMEOUT, _AUTH or _CANCELLED, never a
 * refusal. */
typedef int reconcile_compare(struct signet_server *server, const struct signet_device *device,
                              struct signet_error *err);
int reconcile_add(struct signet_server *server, const struct signet_device *device,
                  const char *path, struct buf *body, reconcile_compare *compare, bool *existed,
                  struct signet_error *err);
/* What is there is not this device: `what` differs. NULL: it is; SIGNET_OK. */
int reconcile_differs(const struct signet_server *server, const struct signet_device *device,
                      const char *what, struct signet_error *err);

/* cert_uploads.c: puts the certificate of a device that the server has now, and whose API takes
 * none, into the folder of uploads, and a line into the list there. Nothing to do: SIGNET_OK. May
 * be called by several threads. */
int uploads_add(const struct signet_server *server, const struct signet_device *device,
                struct signet_error *err);

#endif
