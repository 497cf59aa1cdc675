/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

/* Transport, TLS, deadlines, retries and redaction, once for all servers. */

#include "server/server.h"

struct http;

struct http_request {
    const char *method;        /* "GET", "POST", "DELETE" */
    const char *path;          /* from the root, percent-encoded: "/api/..." */
    const struct secret *body; /* JSON; NULL: none */
    bool retry_lost; /* send again after a connection that was lost in the middle: the request
                        changes nothing, or its effect can be had twice */
};

struct http_answer {
    long status;        /* 0: none came */
    bool maybe_done;    /* the request may have arrived although no answer came */
    struct secret body; /* may hold a PSK */
};

/* Without a token no Authorization header is sent. */
int http_open(struct http **out, const struct signet_server_info *info,
              const struct signet_server_options *options, const void *token, size_t token_len,
              const struct signet_observer *observer, const struct signet_cancel *cancel,
              struct signet_error *err);
void http_close(struct http **http);

/* One request with its retries. SIGNET_OK means that a whole answer came, of any status; 429 and
 * 503 are retried first. The caller wipes answer->body, also after an error. */
int http_send(struct http *http, const struct http_request *request, struct http_answer *answer,
              struct signet_error *err);

/* 2xx */
bool http_good(const struct http_answer *answer);

/* Appends text percent-encoded: everything but RFC 3986 unreserved. */
void http_encode(struct buf *out, const char *text);

/* Retry-After in milliseconds from now: seconds or an HTTP date (RFC 9110 section 10.2.3), at most
 * 120 s; -1 when it is neither. */
int64_t http_retry_after(const char *value, size_t len, int64_t now_wall);

#endif
