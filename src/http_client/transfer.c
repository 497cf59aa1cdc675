/* SPDX-License-Identifier: Apache-2.0 */
/* One request with libcurl. */
#include "http_client/private.h"

#include <ctype.h>
#include <signet/version.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    RETRY_AFTER_MAX_MS = 120000,
    SLOW_BYTES = 1, /* a second, for SLOW_SECONDS */
    SLOW_SECONDS = 15
};

static size_t on_send(char *data, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    const struct buf *body = t->request->body;
    size_t left = body->len - t->sent;

    count *= size;
    count = count < left ? count : left;
    memcpy(data, body->data + t->sent, count);
    t->sent += count;
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
    struct transfer *t = ctx;

    (void)size; /* always 1 */
    buf_append(&t->body, data, count);
    return t->body.failed ? 0 : count;
}

/* These authorities and no others: not libcurl's own file and folder. */
static void set_authorities(struct http *http, CURL *easy)
{
    const struct curl *c = http->curl;
    struct curl_blob authorities = {
        .data = http->authorities.data, .len = http->authorities.len, .flags = CURL_BLOB_NOCOPY};

    c->easy_setopt(easy, CURLOPT_CAINFO_BLOB, &authorities);
    c->easy_setopt(easy, CURLOPT_CAINFO, NULL);
    c->easy_setopt(easy, CURLOPT_CAPATH, NULL);
}

/* With nothing but a pin a server without a certificate must not get so far. False: libcurl cannot
 * do it. */
static bool set_pin(struct http *http, CURL *easy)
{
    const struct curl *c = http->curl;

    if (c->easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, http->pin) != CURLE_OK)
        return false;
    if (http->ca_file)
        return true;
    c->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    c->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    return c->easy_setopt(easy, CURLOPT_SSL_CIPHER_LIST, "DEFAULT:!aNULL:!eNULL:!PSK") == CURLE_OK;
}

/* Whom to trust, and what is taken from the environment: nothing. */
static bool set_trust(struct http *http, CURL *easy)
{
    const struct curl *c = http->curl;

    c->easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    c->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    c->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (http->ca_file)
        set_authorities(http, easy);
    if (http->client_cert.len) {
        struct curl_blob cert = {http->client_cert.data, http->client_cert.len, CURL_BLOB_NOCOPY};
        struct curl_blob key = {http->client_key.data, http->client_key.len, CURL_BLOB_NOCOPY};

        c->easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &cert);
        c->easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
        c->easy_setopt(easy, CURLOPT_KEYPASSWD,
                       ""); /* without one 7.88 crashes where one is needed */
    }
    c->easy_setopt(easy, CURLOPT_PROXY, "");
    c->easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    return !http->pin || set_pin(http, easy);
}

static bool set_options(struct http *http, struct transfer *t, struct curl_slist *headers)
{
    const struct curl *c = http->curl;
    CURL *easy = http->easy;

    c->easy_reset(easy); /* connections stay */
    if (!set_trust(http, easy))
        return false;
    c->easy_setopt(easy, CURLOPT_URL, t->url);
    c->easy_setopt(easy, CURLOPT_ERRORBUFFER, http->why);
    c->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    c->easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* who gave up waits for no name server */
    c->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, http->https ? "https" : "http");
    c->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* a PSK is not sent on to elsewhere */
    c->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)http->connect_ms);
    c->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)http->total_ms);
    c->easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
    c->easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
    c->easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    c->easy_setopt(easy, CURLOPT_USERAGENT, "signet/" SIGNET_VERSION);
    c->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    c->easy_setopt(easy, CURLOPT_WRITEDATA, t);
    if (t->request->body) {
        c->easy_setopt(easy, CURLOPT_POST, 1L);
        c->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->request->body->len);
        c->easy_setopt(easy, CURLOPT_READFUNCTION, on_send);
        c->easy_setopt(easy, CURLOPT_READDATA, t);
        c->easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_rewind);
    }
    c->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, t->request->method);
    return true;
}

static bool add_header(const struct curl *c, struct curl_slist **headers, const char *text)
{
    struct curl_slist *more = c->slist_append(*headers, text);

    *headers = more ? more : *headers;
    return more != NULL;
}

static void free_headers(struct http *http, struct curl_slist *headers)
{
    if (headers) /* the first holds the token */
        wipe(headers->data, strlen(headers->data));
    http->curl->slist_free_all(headers);
}

static struct curl_slist *make_headers(struct http *http, const struct transfer *t)
{
    const struct curl *c = http->curl;
    const struct http_request *r = t->request;
    char type[100], accept[100];
    snprintf(type, sizeof(type), "Content-Type: %s",
             r->form   ? "application/x-www-form-urlencoded"
             : r->type ? r->type
                       : "application/json");
    snprintf(accept, sizeof(accept), "Accept: %s", r->accept ? r->accept : "application/json");
    const char *const texts[] = {(const char *)t->authorization->data, accept,
                                 "Expect:", r->body ? type : NULL,
                                 r->body && r->base64 ? "Content-Transfer-Encoding: base64" : NULL};
    struct curl_slist *headers = NULL;
    bool whole = true;

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        whole = whole && (!texts[i] || add_header(c, &headers, texts[i]));
    for (size_t i = 0; r->headers && r->headers[i]; i++)
        whole = whole && add_header(c, &headers, r->headers[i]);
    if (whole)
        return headers;
    free_headers(http, headers);
    return NULL;
}

/* Drives the transfer, awake for the cancel descriptor. */
static CURLcode perform(struct http *http, CURL *easy)
{
    const struct curl *c = http->curl;
    CURLcode result = CURLE_FAILED_INIT;
    int running = 1;

    if (c->multi_add_handle(http->multi, easy) != CURLM_OK)
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
    c->multi_remove_handle(http->multi, easy);
    return result;
}

CURLcode transfer_run(struct http *http, struct transfer *transfer)
{
    struct curl_slist *headers = make_headers(http, transfer);
    CURLcode code;

    http->why[0] = '\0';
    if (!headers)
        return CURLE_OUT_OF_MEMORY;
    code = set_options(http, transfer, headers) ? perform(http, http->easy) : CURLE_FAILED_INIT;
    free_headers(http, headers);
    return code;
}

/* libcurl has each certificate as "Subject:...", ..., "Cert:" and PEM. */
static void take_peer(const struct curl *c, CURL *easy, struct buf *peer)
{
    struct curl_certinfo *info = NULL;

    if (c->easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK || !info ||
        info->num_of_certs < 1)
        return;
    for (const struct curl_slist *row = info->certinfo[0]; row; row = row->next)
        if (strncmp(row->data, "Cert:", 5) == 0)
            buf_append(peer, row->data + 5, strlen(row->data + 5));
}

bool transfer_handshake(struct http *http, struct buf *peer)
{
    const struct curl *c = http->curl;
    CURL *easy = c->easy_init();
    struct buf url = {0};
    CURLcode code = CURLE_FAILED_INIT;

    buf_printf(&url, "https%s", strstr(http->base, "://"));
    if (easy && !url.failed) {
        c->easy_setopt(easy, CURLOPT_URL, (const char *)url.data);
        c->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        c->easy_setopt(easy, CURLOPT_PROXY, "");
        c->easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
        c->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        c->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
        c->easy_setopt(easy, CURLOPT_CERTINFO, peer ? 1L : 0L);
        c->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)http->connect_ms);
        code = perform(http, easy);
        if (code == CURLE_OK && peer)
            take_peer(c, easy, peer);
    }
    if (easy)
        c->easy_cleanup(easy);
    buf_free(&url);
    return code == CURLE_OK;
}

int64_t http_retry_after(const char *value, const char *date, int64_t now)
{
    const struct curl *curl;
    int64_t seconds;
    char *end;

    if (isdigit((unsigned char)*value)) {
        seconds = strtoll(value, &end, 10); /* one that is too large is the largest */
        if (*end)
            return -1;
    } else {
        time_t when, then;

        if (curl_load(&curl, NULL) != SIGNET_OK || (when = curl->getdate(value, NULL)) == -1)
            return -1;
        then = date ? curl->getdate(date, NULL) : -1; /* by the clock that `value` was made with */
        if (then != -1)
            now = then;
        seconds = when > now ? (int64_t)when - now : 0;
    }
    return seconds > RETRY_AFTER_MAX_MS / 1000 ? RETRY_AFTER_MAX_MS : seconds * 1000;
}

/* NULL: the last answer has no such header. Those of a 103 before it are not its own. */
static const char *header(const struct http *http, const char *name)
{
    struct curl_header *found;

    return http->curl->easy_header(http->easy, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK
               ? found->value
               : NULL;
}

int64_t transfer_retry_after(const struct http *http)
{
    char value[64];
    const char *text = header(http, "Retry-After");
    size_t len = text ? strlen(text) : 0;

    if (!len || len >= sizeof(value))
        return -1;
    memcpy(value, text, len + 1); /* the next header is in the same place */
    return http_retry_after(value, header(http, "Date"), clock_wall());
}

bool http_clock_ahead(const struct http *http, int64_t *seconds)
{
    const char *date = header(http, "Date");
    time_t then = date ? http->curl->getdate(date, NULL) : -1;

    *seconds = (int64_t)then - clock_wall();
    return then != -1;
}
