/* SPDX-License-Identifier: Apache-2.0 */
/* Why there was no answer, by its own reason: what to do depends on it. */
#include "http_client/private.h"

#include <errno.h>

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
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, {.unsent = true}},
    {CURLE_FAILED_INIT, {.unsent = true}},
    {CURLE_OUT_OF_MEMORY, {.unsent = true}},
    {CURLE_GOT_NOTHING, {.passes = true}},
    {CURLE_SEND_ERROR, {.passes = true}},
    {CURLE_RECV_ERROR, {.passes = true}},
    {CURLE_PARTIAL_FILE, {.passes = true}},
    {CURLE_OPERATION_TIMEDOUT, {.passes = true}},
    {CURLE_SEND_FAIL_REWIND, {.passes = true}},
};

/* OpenSSL's X509_V_ERR_*, as CURLINFO_SSL_VERIFYRESULT has them; what lies between the last two
 * means a chain that ends at no authority. */
enum { NOT_YET_VALID = 9, EXPIRED = 10, SELF_SIGNED = 18, NO_ISSUER_OF_LEAF = 21 };

static void explain_trust(const struct http *http, struct signet_error *err)
{
    const char *file = http->ca_file;

    error_set_hint(err, SIGNET_E_NET,
                   file ? "ca_file is the only authority that is trusted here: is it this server's?"
                        : "a private authority is named with ca_file",
                   "TLS with %s: its certificate is of no authority %s%s", http->base,
                   file ? "in " : "that this system trusts", file ? file : "");
}

static void explain_certificate(const struct http *http, struct signet_error *err)
{
    long result = -1;
    char now[24];

    http->curl->easy_getinfo(http->easy, CURLINFO_SSL_VERIFYRESULT, &result);
    if (strstr(http->why, "host name")) { /* libcurl compares names itself, before OpenSSL */
        error_set(err, SIGNET_E_NET, "TLS with %s: its certificate is for another host name",
                  http->base);
        error_hint(err, "write the url with a name that stands in the certificate");
    } else if (result == NOT_YET_VALID || result == EXPIRED) {
        clock_format(clock_wall(), now);
        error_set(err, SIGNET_E_NET, "TLS with %s: its certificate %s", http->base,
                  result == EXPIRED ? "has expired" : "is not valid yet");
        error_hint(err, "is this clock right? It says %s", now);
    } else if (result >= SELF_SIGNED && result <= NO_ISSUER_OF_LEAF) {
        explain_trust(http, err);
    } else {
        error_set(err, SIGNET_E_NET, "TLS with %s: its certificate was not accepted", http->base);
        error_hint(err, "in the words of OpenSSL: %.180s", http->why);
    }
}

static void explain_pin(struct http *http, struct signet_error *err)
{
    char peer[PIN_SIZE];

    pin_of_peer(http, peer);
    error_set_hint(err, SIGNET_E_NET,
                   "ask who runs the server for its pin: only if it is this one, write it as 'pin'",
                   "TLS with %s: its key is not the pinned one, but %s", http->base,
                   peer[0] ? peer : "another");
}

static void explain_connection(const struct http *http, struct signet_error *err)
{
    long sys = 0;

    http->curl->easy_getinfo(http->easy, CURLINFO_OS_ERRNO, &sys);
    if (sys == ECONNREFUSED) {
        error_set(err, SIGNET_E_NET, "%s: the connection was refused", http->base);
        error_hint(err, "does the server run, and are url and port right?");
    } else {
        error_sys(err, SIGNET_E_NET, (int)sys, "%s: no connection", http->base);
    }
}

static void explain_tls(const struct http *http, struct signet_error *err)
{
    static const char ended[] = "is the port right, and does the server's log say why?";
    static const struct {
        const char *why, *what, *hint;
    } reasons[] = {
        {"wrong version number", "this port does not speak TLS", "is the port right?"},
        {"handshake failure", "the server found no cipher or version in common",
         "does it speak TLS 1.2 or 1.3, with a certificate of its own?"},
        {"protocol version", "the server speaks another version of TLS",
         "TLS 1.2 or 1.3 is needed"},
        {"certificate required", "the server wants a certificate of the client",
         "name the API's own port, where a token is enough"},
        {"unexpected eof", "the server ended the connection in the middle", ended},
        {"SSL_ERROR_SYSCALL", "the server ended the connection in the middle", ended},
        {"reset by peer", "the server ended the connection in the middle", ended},
    };

    for (size_t i = 0; i < COUNT_OF(reasons); i++)
        if (strstr(http->why, reasons[i].why)) {
            error_set(err, SIGNET_E_NET, "TLS with %s failed: %s", http->base, reasons[i].what);
            error_hint(err, "%s", reasons[i].hint);
            return;
        }
    error_set(err, SIGNET_E_NET, "TLS with %s failed", http->base);
    error_hint(err, "in the words of OpenSSL: %.180s", http->why);
}

static void explain_net(struct http *http, CURLcode code, struct signet_error *err)
{
    if (code == CURLE_COULDNT_CONNECT) {
        explain_connection(http, err);
    } else if (code == CURLE_COULDNT_RESOLVE_HOST) {
        error_set(err, SIGNET_E_NET, "%s: there is no such host", http->base);
        error_hint(err, "is the url right, and does this machine reach its name server?");
    } else if (code == CURLE_PEER_FAILED_VERIFICATION) {
        explain_certificate(http, err);
    } else if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH) {
        explain_pin(http, err);
    } else if (code == CURLE_SSL_CACERT_BADFILE) {
        error_set(err, SIGNET_E_NET, "TLS with %s: %s holds no certificate that can be read",
                  http->base, http->ca_file ? http->ca_file : "this system's folder");
    } else if (code == CURLE_SSL_CONNECT_ERROR) {
        explain_tls(http, err);
    } else if (code == CURLE_SEND_FAIL_REWIND || code == CURLE_GOT_NOTHING) {
        error_set(err, SIGNET_E_NET, "%s ended the connection without an answer", http->base);
    } else if (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_PARTIAL_FILE) {
        error_set(err, SIGNET_E_NET, "%s: the connection broke off in the middle", http->base);
        error_hint(err, "does the network hold, and does the server's log say why?");
    } else if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY) {
        error_set(err, SIGNET_E_NET, "%s: what answers there is no web server", http->base);
        error_hint(err, "are url and port those of the server's API?");
    } else {
        error_set(err, SIGNET_E_NET, "%s: no answer", http->base);
        error_hint(err, "in the words of libcurl: %.180s", http->curl->easy_strerror(code));
    }
}

/* After plain http: what a TLS port does with it. */
static bool may_be_tls(CURLcode code)
{
    return code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY ||
           code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR;
}

/* A connection that was used before counts as one that is there. */
static int timed_out(const struct http *http, struct failure *failure, struct signet_error *err)
{
    curl_off_t ready = 0;

    http->curl->easy_getinfo(http->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
    failure->unsent = ready == 0;
    return error_set(err, SIGNET_E_TIMEOUT,
                     failure->unsent ? "%s: no connection in time" : "%s gave no answer in time",
                     http->base);
}

/* libcurl says that it has no memory also of an answer whose header has no end. */
static bool was_sent(const struct http *http)
{
    long bytes = 0;

    http->curl->easy_getinfo(http->easy, CURLINFO_REQUEST_SIZE, &bytes);
    return bytes > 0;
}

int failure_explain(struct http *http, CURLcode code, struct failure *failure,
                    struct signet_error *err)
{
    *failure = (struct failure){0};
    for (size_t i = 0; i < COUNT_OF(meanings); i++)
        if (meanings[i].code == code)
            *failure = meanings[i].means;
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return error_set(err, SIGNET_E_CANCELLED, "stopped on request");
    if (code == CURLE_OUT_OF_MEMORY && was_sent(http)) {
        failure->unsent = false;
        return error_set(err, SIGNET_E_SERVER, "%s: a header of the answer is too long",
                         http->base);
    }
    if (code == CURLE_OUT_OF_MEMORY)
        return error_nomem(err);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return timed_out(http, failure, err);
    if (code == CURLE_WRITE_ERROR) /* whatever spoke, it was not the server's API */
        return error_set(err, SIGNET_E_SERVER, "the answer of %s is larger than %d bytes",
                         http->base, HTTP_BODY_MAX);
    if (!http->https && may_be_tls(code) && transfer_handshake(http, NULL)) {
        *failure = (struct failure){.unsent = true};
        return error_set_hint(err, SIGNET_E_NET, "write https:// in the url",
                              "%s: this port speaks TLS", http->base);
    }
    explain_net(http, code, err);
    return SIGNET_E_NET;
}
