/* SPDX-License-Identifier: Apache-2.0 */
/* Connections to one server, and the attempts of one request. */
#include "http/private.h"

#include <stdlib.h>
#include <string.h>

enum {
    CA_FILE_MAX = 4 * 1024 * 1024,
    CONNECT_MS = 10000,
    TOTAL_MS = 30000,
    ATTEMPTS = 4,
    RETRY_MS = 500,
};

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value ? value : fallback;
}

/* A file that is wrong is told before anything is sent. */
static int read_authorities(struct http *http, const char *path, struct signet_error *err)
{
    static const char mark[] = "CERTIFICATE-----";

    if (!path)
        return SIGNET_OK;
    http->ca_file = strdup(path);
    if (!http->ca_file)
        return error_nomem(err);
    int rc = file_read(path, CA_FILE_MAX, &http->authorities, err);
    if (rc != SIGNET_OK)
        return error_pass(rc, err, "reading ca_file");
    if (memmem(http->authorities.data, http->authorities.len, mark, sizeof(mark) - 1))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_CERT, "a certificate in DER has to be converted to PEM",
                          "ca_file '%s' holds no certificate in PEM", path);
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
    http->stage = options->stage;
    int rc = url_base(options, &http->base, &http->https, err);
    if (rc == SIGNET_OK)
        rc = ticket_open(&http->ticket, auth, err);
    if (rc == SIGNET_OK)
        rc = read_authorities(http, options->ca_file, err);
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
        buf_free(&h->authorities);
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

static int prepare_curl(struct http *http, struct signet_error *err)
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

/* *err says why there is another attempt. */
static int pause_before_retry(struct http *http, unsigned attempt, int64_t asked_ms,
                              struct signet_error *err)
{
    struct signet_event event = {.kind = SIGNET_EVENT_RETRY, .stage = http->stage, .error = err};
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

char http_first_byte(const struct http_answer *answer)
{
    const char *text = (const char *)answer->body.data;

    return text ? text[strspn(text, " \t\r\n\v\f")] : '\0';
}

/* May it be sent again when nobody knows whether it arrived? */
static bool may_repeat(const struct http_request *request)
{
    return request->retry_lost || strcmp(request->method, "POST") != 0;
}

/* Another attempt makes sense when *again, after *pause_ms when that is not -1. */
static int attempt_once(struct http *http, struct transfer *transfer, struct http_answer *answer,
                        bool *again, int64_t *pause_ms, struct signet_error *err)
{
    const struct http_request *request = transfer->request;
    struct failure failure;
    CURLcode code;
    int rc;

    transfer->body = (struct buf){.max = HTTP_BODY_MAX};
    transfer->sent = 0;
    answer->status = 0;
    *again = false;
    *pause_ms = -1;
    code = transfer_run(http, transfer);
    if (code != CURLE_OK) {
        buf_free(&transfer->body);
        rc = failure_explain(http, code, &failure, err);
        answer->maybe_done = answer->maybe_done || !failure.unsent;
        *again = failure.passes && (failure.unsent || may_repeat(request));
        return rc;
    }
    rc = secret_from_buf(&answer->body, &transfer->body, err);
    if (rc != SIGNET_OK)
        return rc;
    http->curl->easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &answer->status);
    if (request->body && http_good(answer) && http_first_byte(answer) == '<') {
        answer->status = 0;
        answer->maybe_done = true;
        *again = may_repeat(request);
        return error_set(err, SIGNET_E_SERVER, "%s answered with a web page", http->base);
    }
    *again = answer->status == 429 || answer->status == 503;
    *pause_ms = transfer_retry_after(http);
    if (*again)
        error_set(err, SIGNET_E_SERVER, "the server answered %ld", answer->status);
    return SIGNET_OK;
}

void http_path(const struct http_request *request, struct buf *out)
{
    buf_text(out, request->path);
    if (request->name)
        http_encode(out, request->name);
    if (request->rest)
        buf_text(out, request->rest);
}

static int send_and_retry(struct http *http, const struct http_request *request,
                          const struct secret *authorization, struct http_answer *answer,
                          struct signet_error *err)
{
    struct transfer transfer = {.request = request, .authorization = authorization};
    struct buf url = {0};
    int64_t pause_ms;
    bool again;

    buf_text(&url, http->base);
    http_path(request, &url);
    int rc = buf_check(&url, err);
    if (rc == SIGNET_OK && request->body)
        rc = buf_check(request->body, err);
    transfer.url = (const char *)url.data;
    for (unsigned i = 0; rc == SIGNET_OK; i++) {
        rc = attempt_once(http, &transfer, answer, &again, &pause_ms, err);
        if (!again || i + 1 >= http->attempts)
            break;
        rc = pause_before_retry(http, i, pause_ms, err);
    }
    buf_free(&url);
    http->unreached = rc != SIGNET_OK && !answer->status && !answer->maybe_done;
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
    rc = prepare_curl(http, err);
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

bool http_unreached(const struct http *http)
{
    return http->unreached;
}

bool http_repeats_token(const struct http *http, const char *text, size_t len)
{
    return http && ticket_repeated(http->ticket, text, len);
}
