/* SPDX-License-Identifier: Apache-2.0 */
/* The attempts of one request: what is tried again, and after what pause. */
#include "http_client/private.h"

/* *err says why there is another attempt. */
static int pause_before_retry(struct http *http, unsigned attempt, int64_t asked_ms,
                              struct signet_error *err)
{
    struct signet_event event = {.kind = SIGNET_EVENT_RETRY, .stage = http->stage, .error = err};
    int64_t pause = asked_ms;
    uint32_t jitter = 0;

    if (pause < 0) { /* doubled each time, half of it by chance: stations do not march in step */
        pause = (int64_t)http->retry_ms << (attempt < 8 ? attempt : 8);
        if (random_bytes(&jitter, sizeof(jitter), NULL) == SIGNET_OK)
            pause = pause / 2 + (int64_t)(jitter % (uint32_t)(pause / 2 + 1));
    }
    event_send(http->observer, &event);
    return cancel_sleep_until(http->cancel, clock_ms() + pause, err);
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
    if (request->body && !request->any_answer && http_good(answer) &&
        http_first_byte(answer) == '<') {
        error_set_hint(err, SIGNET_E_SERVER, HTTP_WEB_PAGE_HINT,
                       "%s answered with a web page, not as an API does", http->base);
        if (err)
            err->sys = (int)answer->status;
        answer->status = 0;
        answer->maybe_done = true;
        *again = may_repeat(request) && !transfer->page; /* a second one will not go away */
        transfer->page = true;
        return SIGNET_E_SERVER;
    }
    *again = answer->status == 429 || answer->status == 503;
    *pause_ms = transfer_retry_after(http);
    if (*again)
        error_set(err, SIGNET_E_SERVER, "the server answered %ld", answer->status);
    return SIGNET_OK;
}

int retry_send(struct http *http, const struct http_request *request,
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
