/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_CLIENT_PRIVATE_H
#define HTTP_CLIENT_PRIVATE_H

/* Between the files of this room. */

#include "http_client/auth_header.h"
#include "http_client/curl.h"
#include "http_client/http_client.h"
#include "pki/pki.h"

struct http {
    const struct curl *curl;
    CURL *easy;
    CURLM *multi; /* for the cancel descriptor: easy_perform cannot be woken */
    char *base;   /* "https://host:port" */
    bool https;
    char *ca_file;          /* for messages; NULL: the system's authorities */
    struct buf authorities; /* what stood in it */
    char *pin;              /* of the server's key; NULL: none */
    struct buf client_cert; /* empty: none */
    struct secret client_key;
    struct auth_header *auth_header; /* shared with twins */
    bool twin;                       /* all but curl, easy and multi is another's */
    unsigned connect_ms, total_ms, attempts, retry_ms;
    const char *stage;
    const struct signet_observer *observer;
    const struct signet_cancel *cancel;
    char why[CURL_ERROR_SIZE]; /* libcurl's words for the last failure */
    bool unreached;            /* the last request got no connection */
};

/* url.c: "https://HOST:PORT", and whether it is https. SIGNET_E_USAGE. */
int url_base(const struct http_options *options, char **base, bool *https,
             struct signet_error *err);

/* transfer.c: one request and its answer. */
struct transfer {
    const struct http_request *request;
    const char *url;
    const struct secret *authorization;
    struct buf body; /* of the answer */
    size_t sent;     /* of the request's body */
    bool page;       /* a web page came before */
};
/* CURLE_ABORTED_BY_CALLBACK: cancelled. */
CURLcode transfer_run(struct http *http, struct transfer *transfer);
/* A TLS handshake with the server, also where it was spoken to in clear; nothing is verified,
 * nothing is sent. peer: takes its certificate, PEM; NULL: it is not asked for. */
bool transfer_handshake(struct http *http, struct buf *peer);
/* How long the last answer asks to wait; -1: it does not say. */
int64_t transfer_retry_after(const struct http *http);

/* pin.c: SIGNET_E_USAGE: this is none, nor several with ';' between. */
int pin_check(const char *pin, struct signet_error *err);
enum { PIN_SIZE = sizeof(((struct signet_cert_view *)0)->pin) };
/* What the server's key has now; "" when it does not show it. */
void pin_of_peer(struct http *http, char out[static PIN_SIZE]);

/* retry.c: all attempts of one request. */
int retry_send(struct http *http, const struct http_request *request,
               const struct secret *authorization, struct http_answer *answer,
               struct signet_error *err);

/* no_answer.c: why a transfer failed, and what that means for the request. */
struct failure {
    bool unsent; /* nothing of the request can have been understood */
    bool passes; /* another attempt may succeed */
};
int failure_explain(struct http *http, CURLcode code, struct failure *failure,
                    struct signet_error *err);

#endif
