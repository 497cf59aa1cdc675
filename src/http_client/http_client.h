/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

/* Transport, TLS, deadlines, retries and redaction, once for all that speaks HTTP. */

#include "base/base.h"

struct http;

enum { HTTP_BODY_MAX = 1024 * 1024 }; /* of an answer */

struct http_request {
    const char *method;      /* "GET", "PUT", "POST", "DELETE" */
    const char *path;        /* from the root, percent-encoded: "/api/..." */
    const char *name, *rest; /* follow path: name is percent-encoded, rest is so already; or NULL */
    const struct buf *body;  /* NULL: none */
    const char *type;        /* of the body; NULL: JSON */
    const char *accept;      /* of the answer; NULL: JSON */
    bool base64;             /* the body is base64 (Content-Transfer-Encoding) */
    bool anonymous;          /* without the header that says who we are: a login */
    bool form;               /* the body is a form (application/x-www-form-urlencoded) */
    const char *const *headers; /* more of them, "name: value"; ends with NULL, or NULL: none */
    bool any_answer;            /* a web page is as good an answer as any: only the status counts */
    bool retry_lost; /* a POST whose effect can be had twice: it is sent again after a connection
                        that was lost in the middle, as all other methods are */
};

struct http_answer {
    long status;        /* 0: none came */
    bool maybe_done;    /* the request may have arrived although no answer came */
    struct secret body; /* may hold a PSK */
};

/* Who we are. Without token and login no such header is sent. */
struct http_auth {
    const char *prefix; /* of the header; NULL: "Authorization: Bearer " */
    const void *token;
    size_t token_len;
    /* Brings a token, and how many seconds it lives (0: not told), with anonymous requests on the
     * given handle. Called again before the token runs out, and once after a 401. NULL: the token
     * above is all there is. */
    int (*login)(const void *ctx, struct http *http, struct secret *token, int64_t *seconds,
                 struct signet_error *err);
    const void *ctx;
};

/* Where, and how to speak to it. All is copied. */
struct http_options {
    const char *url;     /* "https://HOST", without a port */
    uint16_t port;       /* 0: the scheme's own */
    const char *ca_file; /* PEM: these authorities and no others; NULL: the system's */
    /* "sha256//BASE64", of the SubjectPublicKeyInfo; several with ';' between. It alone decides: no
     * authority, name or date is looked at. With ca_file both must fit. NULL: none. */
    const char *pin;
    const char *stage; /* of the events that tell of another attempt; constant */
    bool allow_http;   /* without TLS */
    /* Who we are in TLS: a certificate, maybe with its chain, and its key, PEM; NULL: nobody. */
    const struct buf *client_cert;
    const struct secret *client_key;
    unsigned connect_ms; /* 0: 10,000 */
    unsigned total_ms;   /* of one request; 0: 30,000 */
    unsigned attempts;   /* of one operation; 0: 4 */
    unsigned retry_ms;   /* first pause, doubled each time; 0: 500 */
};

/* Reads ca_file. SIGNET_E_USAGE: url, token or pin; SIGNET_E_IO, SIGNET_E_CERT: ca_file. */
int http_open(struct http **out, const struct http_options *options, const struct http_auth *auth,
              const struct signet_observer *observer, const struct signet_cancel *cancel,
              struct signet_error *err);
void http_close(struct http **http);
/* Another connection to the same server, for another thread; it shares the login, tells no observer
 * and is closed before http. */
int http_twin(struct http **out, const struct http *http, struct signet_error *err);

/* One request with its retries. SIGNET_OK means that a whole answer came, of any status; 429 and
 * 503 are retried first. A web page with a good status, in answer to a body, counts as an answer
 * that was lost, and is asked for once more; so does one above HTTP_BODY_MAX: SIGNET_E_SERVER
 * without a status. SIGNET_E_NET
 * says why there was no connection: refused, no such host, whose certificate was not taken and
 * why. The caller wipes answer->body, also after an error. */
int http_send(struct http *http, const struct http_request *request, struct http_answer *answer,
              struct signet_error *err);

/* Did the last http_send() fail without a connection, so that nothing can have arrived? */
bool http_unreached(const struct http *http);

/* 2xx */
bool http_good(const struct http_answer *answer);

/* Appends path, name and rest of the request. */
void http_path(const struct http_request *request, struct buf *out);

#define HTTP_WEB_PAGE_HINT                                                                         \
    "are url and port those of its API? A proxy or the page of a login may have answered"

/* The first byte of the body that is no blank; '<' begins a web page: a portal or a proxy spoke,
 * not the server's API. */
char http_first_byte(const struct http_answer *answer);

/* Appends text percent-encoded: everything but RFC 3986 unreserved. */
void http_encode(struct buf *out, const char *text);

/* How many milliseconds the last answer asks to wait (Retry-After), at most 120 s; -1: it does not
 * say. */
int64_t http_asked_wait(const struct http *http);
/* By how many seconds the server's clock is ahead of this one, as the last answer's header Date has
 * it. False: it has none. */
bool http_clock_ahead(const struct http *http, int64_t *seconds);
/* Retry-After in milliseconds from now: seconds or an HTTP date (RFC 9110 section 10.2.3), at most
 * 120 s; -1 when it is neither. date: the same answer's header Date, since the server's clock may
 * be off; NULL: now is the time. */
int64_t http_retry_after(const char *value, const char *date, int64_t now);

#endif
