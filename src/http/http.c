/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http.h"

#include "http/curl.h"
#include "http/ticket.h"

#include <ctype.h>
#include <errno.h>
#include <signet/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    BODY_MAX = 1024 * 1024,
    RETRY_AFTER_MAX_MS = 120000,
    CONNECT_MS = 10000,
    TOTAL_MS = 30000,
    ATTEMPTS = 4,
    RETRY_MS = 500,
    SLOW_BYTES = 1, /* a second, for SLOW_SECONDS */
    SLOW_SECONDS = 15
};

struct http {
    const struct curl *curl;
    CURL *easy;
    CURLM *multi; /* for the cancel descriptor: easy_perform cannot be woken */
    char *base;   /* "https://host:port" */
    bool https;
    char *ca_file;
    struct ticket *ticket; /* shared with twins */
    bool twin;             /* all but curl, easy and multi is another's */
    unsigned connect_ms, total_ms, attempts, retry_ms;
    const struct signet_observer *observer;
    const struct signet_cancel *cancel;
};

static int make_base(struct http *http, const struct http_options *options,
                     struct signet_error *err)
{
    const char *url = options->url, *host;
    bool plain;
    size_t len;

    if (!url || !*url)
        return error_set(err, SIGNET_E_USAGE, "the server information has no url");
    http->https = strncasecmp(url, "https://", 8) == 0;
    plain = strncasecmp(url, "http://", 7) == 0;
    if (!http->https && !plain) {
        error_set(err, SIGNET_E_USAGE, "the server's url must begin with https://");
        return SIGNET_E_USAGE;
    }
    if (plain && !options->allow_http) {
        error_set(err, SIGNET_E_USAGE,
                  "the server's url is plain http: token and keys would go "
                  "over the network in clear");
        error_hint(err, "write https://, or allow it for a test with --allow-http, in an order "
                        "\"allow_http: true\"");
        return SIGNET_E_USAGE;
    }
    host = url + (http->https ? 8 : 7);
    len = strlen(host);
    while (len && host[len - 1] == '/')
        len--;
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)host[i]) && !strchr("-._:[]", host[i])) {
            error_set(err, SIGNET_E_USAGE, "the server's url must be https://HOST and no more");
            error_hint(err, "the path is the tool's; user names and queries do not belong here");
            return SIGNET_E_USAGE;
        }
    }
    if (!len)
        return error_set(err, SIGNET_E_USAGE, "the server's url has no host");
    if (options->port) {
        if (asprintf(&http->base, "%s://%.*s:%u", http->https ? "https" : "http", (int)len, host,
                     options->port) < 0)
            http->base = NULL;
    } else if (asprintf(&http->base, "%s://%.*s", http->https ? "https" : "http", (int)len, host) <
               0) {
        http->base = NULL;
    }
    return http->base ? SIGNET_OK : error_nomem(err);
}

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value ? value : fallback;
}

int http_open(struct http **out, const struct http_options *options, const struct http_auth *auth,
              const struct signet_observer *observer, const struct signet_cancel *cancel,
              struct signet_error *err)
{
    struct http *http = calloc(1, sizeof(*http));

    if (!http)
        return error_nomem(err);
    http->connect_ms = or_default(options->connect_ms, CONNECT_MS);
    http->total_ms = or_default(options->total_ms, TOTAL_MS);
    http->attempts = or_default(options->attempts, ATTEMPTS);
    http->retry_ms = or_default(options->retry_ms, RETRY_MS);
    http->observer = observer;
    http->cancel = cancel;
    int rc = make_base(http, options, err);
    if (rc == SIGNET_OK)
        rc = ticket_open(&http->ticket, auth, err);
    if (rc == SIGNET_OK && options->ca_file && !(http->ca_file = strdup(options->ca_file)))
        rc = error_nomem(err);
    if (rc != SIGNET_OK)
        http_close(&http);
    else
        *out = http;
    return rc;
}

void http_close(struct http **http)
{
    struct http *h = *http;

    if (!h)
        return;
    if (h->easy)
        h->curl->easy_cleanup(h->easy);
    if (h->multi)
        h->curl->multi_cleanup(h->multi);
    if (!h->twin) {
        ticket_close(&h->ticket);
        free(h->base);
        free(h->ca_file);
    }
    free(h);
    *http = NULL;
}

int http_twin(struct http **out, const struct http *http, struct signet_error *err)
{
    struct http *twin = malloc(sizeof *twin);

    if (!twin)
        return error_nomem(err);
    *twin = *http;
    twin->easy = NULL;
    twin->multi = NULL;
    twin->twin = true;
    twin->observer = NULL; /* an observer is called from one thread only */
    *out = twin;
    return SIGNET_OK;
}

void http_encode(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (isalnum((unsigned char)*text) || strchr("-._~", *text))
            buf_byte(out, (uint8_t)*text);
        else
            buf_printf(out, "%%%02X", (unsigned char)*text);
    }
}

/* What comes back in one attempt. */
struct reply {
    const struct curl *curl;
    struct buf body;
    int64_t retry_after_ms; /* -1: none */
    const struct secret *out;
    size_t sent; /* of out */
};

static size_t on_send(char *data, size_t size, size_t count, void *ctx)
{
    struct reply *reply = ctx;
    size_t left = reply->out->len - reply->sent;

    count *= size;
    count = count < left ? count : left;
    memcpy(data, reply->out->data + reply->sent, count);
    reply->sent += count;
    return count;
}

/* A kept connection that ends without an answer: curl would send the body again by itself. Whether
 * that may be done is ours to know. */
static int on_rewind(void *ctx, curl_off_t offset, int origin)
{
    (void)ctx;
    (void)offset;
    (void)origin;
    return CURL_SEEKFUNC_FAIL;
}

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct reply *reply = ctx;

    (void)size; /* always 1 */
    buf_append(&reply->body, data, count);
    return reply->body.failed ? 0 : count;
}

int64_t http_retry_after(const char *value, size_t len, int64_t now_wall)
{
    const struct curl *curl;
    char text[64];
    int64_t seconds;
    char *end;

    while (len && isspace((unsigned char)*value)) {
        value++;
        len--;
    }
    while (len && isspace((unsigned char)value[len - 1]))
        len--;
    if (!len || len >= sizeof text)
        return -1;
    memcpy(text, value, len);
    text[len] = '\0';
    if (isdigit((unsigned char)*text)) {
        errno = 0;
        seconds = strtoll(text, &end, 10);
        if (*end)
            return -1;
        if (errno)
            seconds = RETRY_AFTER_MAX_MS;
    } else {
        time_t when = curl_load(&curl, NULL) == SIGNET_OK ? curl->getdate(text, NULL) : -1;

        if (when == -1)
            return -1;
        seconds = when > now_wall ? (int64_t)when - now_wall : 0;
    }
    return seconds > RETRY_AFTER_MAX_MS / 1000 ? RETRY_AFTER_MAX_MS : seconds * 1000;
}

static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
    static const char name[] = "retry-after:";
    struct reply *reply = ctx;

    (void)size;
    if (count > sizeof name - 1 && strncasecmp(data, name, sizeof name - 1) == 0)
        reply->retry_after_ms =
            http_retry_after(data + sizeof name - 1, count - (sizeof name - 1), clock_wall());
    return count;
}

static void set_options(struct http *http, const struct http_request *request, const char *url,
                        struct curl_slist *headers, struct reply *reply)
{
    const struct curl *c = http->curl;
    CURL *easy = http->easy;

    c->easy_reset(easy); /* connections stay */
    c->easy_setopt(easy, CURLOPT_URL, url);
    c->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    c->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, http->https ? "https" : "http");
    c->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* a PSK is not sent on to elsewhere */
    c->easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    c->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    c->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (http->ca_file)
        c->easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
    c->easy_setopt(easy, CURLOPT_PROXY, ""); /* and none from the environment */
    c->easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    c->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)http->connect_ms);
    c->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)http->total_ms);
    c->easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
    c->easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
    c->easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    c->easy_setopt(easy, CURLOPT_USERAGENT, "signet/" SIGNET_VERSION);
    c->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    c->easy_setopt(easy, CURLOPT_WRITEDATA, reply);
    c->easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    c->easy_setopt(easy, CURLOPT_HEADERDATA, reply);
    if (request->body) {
        c->easy_setopt(easy, CURLOPT_POST, 1L);
        c->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body->len);
        c->easy_setopt(easy, CURLOPT_READFUNCTION, on_send);
        c->easy_setopt(easy, CURLOPT_READDATA, reply);
        c->easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_rewind);
    }
    c->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

/* Drives the transfer, awake for the cancel descriptor. CURLE_ABORTED_BY_CALLBACK: cancelled. */
static CURLcode perform(struct http *http)
{
    const struct curl *c = http->curl;
    CURLcode result = CURLE_FAILED_INIT;
    int running = 1;

    if (c->multi_add_handle(http->multi, http->easy) != CURLM_OK)
        return result;
    while (running) {
        struct curl_waitfd wake = {.fd = cancel_fd(http->cancel), .events = CURL_WAIT_POLLIN};
        CURLMsg *message;
        int left;

        if (signet_cancel_fired(http->cancel)) {
            result = CURLE_ABORTED_BY_CALLBACK;
            break;
        }
        if (c->multi_perform(http->multi, &running) != CURLM_OK)
            break;
        while ((message = c->multi_info_read(http->multi, &left)))
            if (message->msg == CURLMSG_DONE)
                result = message->data.result;
        if (running)
            c->multi_poll(http->multi, &wake, http->cancel ? 1 : 0, 1000, NULL);
    }
    c->multi_remove_handle(http->multi, http->easy);
    return result;
}

static int transport_error(struct http *http, CURLcode code, struct signet_error *err)
{
    const char *why = http->curl->easy_strerror(code);

    switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
        return error_set(err, SIGNET_E_CANCELLED, "stopped on request");
    case CURLE_OPERATION_TIMEDOUT:
        return error_set(err, SIGNET_E_TIMEOUT, "%s gave no answer in time", http->base);
    case CURLE_WRITE_ERROR:
        return error_set(err, SIGNET_E_LIMIT, "the answer of %s is larger than %d bytes",
                         http->base, BODY_MAX);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        error_set(err, SIGNET_E_NET, "TLS with %s: %s", http->base, why);
        error_hint(err, "is the host name right? A private authority is given with --ca-file, "
                        "in an order with ca_file");
        return SIGNET_E_NET;
    case CURLE_SEND_FAIL_REWIND:
        return error_set(err, SIGNET_E_NET, "%s ended the connection without an answer",
                         http->base);
    default:
        return error_set(err, SIGNET_E_NET, "%s: %s", http->base, why);
    }
}

/* Did the connection break before anything of the request can have been understood? */
static bool never_sent(CURLcode code)
{
    return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
           code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_SSL_CONNECT_ERROR ||
           code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_FAILED_INIT || code == CURLE_SSL_ISSUER_ERROR;
}

static bool passing(CURLcode code)
{
    return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
           code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
           code == CURLE_PARTIAL_FILE || code == CURLE_OPERATION_TIMEDOUT ||
           code == CURLE_SEND_FAIL_REWIND;
}

static int prepare(struct http *http, struct signet_error *err)
{
    int rc;

    if (http->easy)
        return SIGNET_OK;
    rc = curl_load(&http->curl, err);
    if (rc)
        return rc;
    http->multi = http->curl->multi_init();
    http->easy = http->multi ? http->curl->easy_init() : NULL;
    return http->easy ? SIGNET_OK : error_nomem(err);
}

static int pause_before_retry(struct http *http, unsigned attempt, int64_t asked_ms,
                              const struct signet_error *why, struct signet_error *err)
{
    struct signet_event event = {.kind = SIGNET_EVENT_RETRY, .stage = "register", .error = why};
    int64_t pause = asked_ms;
    uint32_t jitter = 0;

    if (pause < 0) { /* doubled each time, half of it by chance: stations do not march in step */
        pause = (int64_t)http->retry_ms << (attempt < 8 ? attempt : 8);
        if (random_bytes(&jitter, sizeof jitter, NULL) == SIGNET_OK)
            pause = pause / 2 + (int64_t)(jitter % (uint32_t)(pause / 2 + 1));
    }
    event_send(http->observer, &event);
    return cancel_sleep_until(http->cancel, clock_ms() + pause, err);
}

static struct curl_slist *make_headers(struct http *http, const struct http_request *request,
                                       const struct secret *authorization)
{
    const struct curl *c = http->curl;
    const char *type = request->form ? "Content-Type: application/x-www-form-urlencoded"
                                     : "Content-Type: application/json";
    const char *const texts[] = {(const char *)authorization->data, "Accept: application/json",
                                 "Expect:", request->body ? type : NULL};
    struct curl_slist *headers = NULL;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct curl_slist *more;

        if (!texts[i])
            continue;
        more = c->slist_append(headers, texts[i]);
        if (!more) {
            c->slist_free_all(headers);
            return NULL;
        }
        headers = more;
    }
    return headers;
}

static void free_headers(struct http *http, struct curl_slist *headers)
{
    if (headers) /* the first holds the token */
        wipe(headers->data, strlen(headers->data));
    http->curl->slist_free_all(headers);
}

/* HTML: a portal or a proxy spoke, not the server's API. */
static bool is_page(const struct http_answer *answer)
{
    size_t i = 0;

    while (i < answer->body.len && isspace(answer->body.data[i]))
        i++;
    return i < answer->body.len && answer->body.data[i] == '<';
}

/* One attempt. *again: it makes sense to try once more, after *pause_ms when that is not -1. */
static int attempt_once(struct http *http, const struct http_request *request, const char *url,
                        const struct secret *authorization, struct http_answer *answer, bool *again,
                        int64_t *pause_ms, struct signet_error *err)
{
    struct reply reply = {
        .curl = http->curl, .body = {.max = BODY_MAX}, .retry_after_ms = -1, .out = request->body};
    struct curl_slist *headers = make_headers(http, request, authorization);
    CURLcode code;
    int rc;

    *again = false;
    if (!headers)
        return error_nomem(err);
    set_options(http, request, url, headers, &reply);
    code = perform(http);
    free_headers(http, headers);
    *pause_ms = reply.retry_after_ms;
    if (code != CURLE_OK) {
        buf_free(&reply.body);
        answer->status = 0;
        answer->maybe_done = answer->maybe_done || !never_sent(code);
        *again = passing(code) && (never_sent(code) || request->retry_lost);
        return transport_error(http, code, err);
    }
    http->curl->easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &answer->status);
    rc = secret_from_buf(&answer->body, &reply.body, err);
    if (rc)
        return rc;
    if (request->body && http_good(answer) && is_page(answer)) {
        answer->status = 0;
        answer->maybe_done = true;
        *again = request->retry_lost;
        return error_set(err, SIGNET_E_SERVER, "%s answered with a web page", http->base);
    }
    *again = answer->status == 429 || answer->status == 503;
    if (*again)
        error_set(err, SIGNET_E_SERVER, "the server answered %ld", answer->status);
    return SIGNET_OK;
}

static int send_and_retry(struct http *http, const struct http_request *request,
                          const struct secret *authorization, struct http_answer *answer,
                          struct signet_error *err)
{
    struct buf url = {0};
    int64_t pause_ms = -1;
    bool again = true;
    int rc = SIGNET_OK;

    buf_printf(&url, "%s%s", http->base, request->path);
    rc = buf_check(&url, err);
    for (unsigned i = 0; !buf_check(&url, err); i++) {
        rc = attempt_once(http, request, (const char *)url.data, authorization, answer, &again,
                          &pause_ms, err);
        if (!again || i + 1 >= http->attempts)
            break;
        rc = pause_before_retry(http, i, pause_ms, err, err);
        if (rc)
            break;
    }
    buf_free(&url);
    return rc;
}

/* With a login the token may have run out since: one 401 is answered with another login. */
int http_send(struct http *http, const struct http_request *request, struct http_answer *answer,
              struct signet_error *err)
{
    struct signet_error local = {0};
    struct secret authorization = {0};
    unsigned login = 0;
    int rc;

    err = err ? err : &local;
    rc = prepare(http, err);
    if (!rc && !request->anonymous)
        rc = ticket_take(http->ticket, http, &login, &authorization, err);
    if (!rc)
        rc = send_and_retry(http, request, &authorization, answer, err);
    if (!rc && answer->status == 401 && !request->anonymous && ticket_renews(http->ticket)) {
        secret_wipe(&answer->body);
        rc = ticket_take(http->ticket, http, &login, &authorization, err);
        if (!rc)
            rc = send_and_retry(http, request, &authorization, answer, err);
    }
    secret_wipe(&authorization);
    return rc;
}

bool http_good(const struct http_answer *answer)
{
    return answer->status >= 200 && answer->status < 300;
}
