/* SPDX-License-Identifier: Apache-2.0 */
/* Why there was no answer, by its own reason: what to do depends on it. */
#include "http/private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Any code that stands in no row may mean that the request arrived. */
static const struct {
    CURLcode code;
    struct failure means;
} meanings[] = {
    {CURLE_COULDNT_CONNECT, {.unsent = true, .passes = true}},
    {CURLE_COULDNT_RESOLVE_HOST, {.unsent = true}},
    {CURLE_SSL_CONNECT_ERROR, {.unsent = true}},
    {CURLE_PEER_FAILED_VERIFICATION, {.unsent = true}},
    {CURLE_SSL_CACERT_BADFILE, {.unsent = true}},
    {CURLE_SSL_ISSUER_ERROR, {.unsent = true}},
    {CURLE_FAILED_INIT, {.unsent = true}},
    {CURLE_OUT_OF_MEMORY, {.unsent = true}},
    {CURLE_GOT_NOTHING, {.passes = true}},
    {CURLE_SEND_ERROR, {.passes = true}},
    {CURLE_RECV_ERROR, {.passes = true}},
    {CURLE_PARTIAL_FILE, {.passes = true}},
    {CURLE_OPERATION_TIMEDOUT, {.passes = true}},
    {CURLE_SEND_FAIL_REWIND, {.passes = true}},
};

/* OpenSSL's X509_V_ERR_*, as CURLINFO_SSL_VERIFYRESULT has them. */
enum {
    NOT_YET_VALID = 9,
    EXPIRED = 10,
    SELF_SIGNED = 18,
    SELF_SIGNED_IN_CHAIN = 19,
    NO_ISSUER = 20,
    NO_ISSUER_OF_LEAF = 21
};

static void hint_clock(struct signet_error *err)
{
    time_t now = (time_t)clock_wall();
    char text[40] = "";
    struct tm utc;

    if (gmtime_r(&now, &utc))
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &utc);
    error_hint(err, "is this clock right? It says %s", text);
}

static int untrusted(const struct http *http, struct signet_error *err)
{
    if (http->ca_file) {
        error_set(err, SIGNET_E_NET, "TLS with %s: its certificate is of no authority in %s",
                  http->base, http->ca_file);
        error_hint(err, "ca_file is the only authority that is trusted here: is it this server's?");
    } else {
        error_set(err, SIGNET_E_NET,
                  "TLS with %s: its certificate is of no authority that this system trusts",
                  http->base);
        error_hint(err, "a private authority is named with ca_file");
    }
    return SIGNET_E_NET;
}

static int bad_certificate(struct http *http, struct signet_error *err)
{
    long result = -1;

    if (strstr(http->why,
               "host name")) { /* libcurl compares names itself, before OpenSSL's result */
        error_set(err, SIGNET_E_NET, "TLS with %s: its certificate is for another host name",
                  http->base);
        error_hint(err, "write the url with a name that stands in the certificate");
        return SIGNET_E_NET;
    }
    http->curl->easy_getinfo(http->easy, CURLINFO_SSL_VERIFYRESULT, &result);
    switch (result) {
    case NOT_YET_VALID:
        error_set(err, SIGNET_E_NET, "TLS with %s: its certificate is not valid yet", http->base);
        hint_clock(err);
        return SIGNET_E_NET;
    case EXPIRED:
        error_set(err, SIGNET_E_NET, "TLS with %s: its certificate has expired", http->base);
        hint_clock(err);
        return SIGNET_E_NET;
    case SELF_SIGNED:
    case SELF_SIGNED_IN_CHAIN:
    case NO_ISSUER:
    case NO_ISSUER_OF_LEAF:
        return untrusted(http, err);
    }
    return error_set(err, SIGNET_E_NET, "TLS with %s: %.200s", http->base, http->why);
}

static int no_connection(struct http *http, struct signet_error *err)
{
    long sys = 0;

    http->curl->easy_getinfo(http->easy, CURLINFO_OS_ERRNO, &sys);
    if (sys == ECONNREFUSED) {
        error_set(err, SIGNET_E_NET, "%s: the connection was refused", http->base);
        error_hint(err, "does the server run, and are url and port right?");
    } else if (sys) {
        error_sys(err, SIGNET_E_NET, (int)sys, "%s: no connection", http->base);
    } else {
        error_set(err, SIGNET_E_NET, "%s: no connection", http->base);
    }
    return SIGNET_E_NET;
}

static int tls_failed(const struct http *http, struct signet_error *err)
{
    bool plain = strstr(http->why, "wrong version number") != NULL;

    if (!plain)
        return error_set(err, SIGNET_E_NET, "TLS with %s failed: %.200s", http->base, http->why);
    error_set(err, SIGNET_E_NET, "TLS with %s failed: this port does not speak TLS", http->base);
    error_hint(err, "is the port right?");
    return SIGNET_E_NET;
}

static int is_tls_port(const struct http *http, struct signet_error *err)
{
    error_set(err, SIGNET_E_NET, "%s: this port speaks TLS", http->base);
    error_hint(err, "write https:// in the url");
    return SIGNET_E_NET;
}

/* After plain http: what a TLS port does with it. */
static bool may_be_tls(CURLcode code)
{
    return code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY ||
           code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR;
}

static int no_host(const struct http *http, struct signet_error *err)
{
    error_set(err, SIGNET_E_NET, "%s: there is no such host", http->base);
    error_hint(err, "is the url right, and does this machine reach its name server?");
    return SIGNET_E_NET;
}

int failure_explain(struct http *http, CURLcode code, struct failure *failure,
                    struct signet_error *err)
{
    *failure = (struct failure){0};
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (meanings[i].code == code)
            *failure = meanings[i].means;
    if (!http->https && may_be_tls(code) && transfer_speaks_tls(http)) {
        *failure = (struct failure){.unsent = true};
        return is_tls_port(http, err);
    }
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return error_set(err, SIGNET_E_CANCELLED, "stopped on request");
    if (code == CURLE_OUT_OF_MEMORY)
        return error_nomem(err);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return error_set(err, SIGNET_E_TIMEOUT, "%s gave no answer in time", http->base);
    if (code == CURLE_WRITE_ERROR) /* whatever spoke, it was not the server's API */
        return error_set(err, SIGNET_E_SERVER, "the answer of %s is larger than %d bytes",
                         http->base, HTTP_BODY_MAX);
    if (code == CURLE_COULDNT_CONNECT)
        return no_connection(http, err);
    if (code == CURLE_COULDNT_RESOLVE_HOST)
        return no_host(http, err);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return bad_certificate(http, err);
    if (code == CURLE_SSL_CACERT_BADFILE)
        return error_set(err, SIGNET_E_NET, "TLS with %s: %s holds no certificate that can be read",
                         http->base, http->ca_file ? http->ca_file : "this system's folder");
    if (code == CURLE_SSL_CONNECT_ERROR)
        return tls_failed(http, err);
    if (code == CURLE_SEND_FAIL_REWIND || code == CURLE_GOT_NOTHING)
        return error_set(err, SIGNET_E_NET, "%s ended the connection without an answer",
                         http->base);
    return error_set(err, SIGNET_E_NET, "%s: %s", http->base, http->curl->easy_strerror(code));
}
