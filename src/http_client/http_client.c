/* SPDX-License-Identifier: Apache-2.0 */
/* Connections to one server, and who we are there. */
#include "http_client/private.h"

#include <stdlib.h>

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
    rc = error_set_hint(err, SIGNET_E_CERT,
                        "name the authority's certificate; one in DER has to be converted to PEM",
                        "ca_file '%s' holds no certificate in PEM", path);
    return signet_file_explain(rc, SIGNET_FILE_CERT, path, err);
}

static int take_pin(struct http *http, const char *pin, struct signet_error *err)
{
    if (pin && !http->https)
        return error_set(err, SIGNET_E_USAGE, "a pin is of a server that speaks https");
    int rc = pin ? pin_check(pin, err) : SIGNET_OK;
    return rc == SIGNET_OK ? text_copy(&http->pin, pin, err) : rc;
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
    int rc = curl_load(&http->curl, err); /* who opens will send: better told now */
    if (rc == SIGNET_OK)
        rc = url_base(options, &http->base, &http->https, err);
    if (rc == SIGNET_OK)
        rc = auth_header_open(&http->auth_header, auth, err);
    if (rc == SIGNET_OK)
        rc = read_authorities(http, options->ca_file, err);
    if (rc == SIGNET_OK)
        rc = take_pin(http, options->pin, err);
    if (rc == SIGNET_OK && options->client_cert) {
        buf_append(&http->client_cert, options->client_cert->data, options->client_cert->len);
        rc = buf_check(&http->client_cert, err);
    }
    if (rc == SIGNET_OK && options->client_key)
        rc =
            secret_set(&http->client_key, options->client_key->data, options->client_key->len, err);
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
        auth_header_close(&h->auth_header);
        buf_free(&h->authorities);
        buf_free(&h->client_cert);
        secret_wipe(&h->client_key);
        free(h->base);
        free(h->ca_file);
        free(h->pin);
    }
    free(h);
    *http = NULL;
}

int http_twin(struct http **out, const struct http *http, struct signet_error *err)
{
    struct http *twin = malloc(sizeof(*twin));

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
    if (http->easy)
        return SIGNET_OK;
    http->multi = http->curl->multi_init();
    http->easy = http->multi ? http->curl->easy_init() : NULL;
    return http->easy ? SIGNET_OK : error_nomem(err);
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
        rc = auth_header_take(http->auth_header, http, &login, &authorization, err);
    if (!rc)
        rc = retry_send(http, request, &authorization, answer, err);
    if (!rc && answer->status == 401 && !request->anonymous &&
        auth_header_renews(http->auth_header)) {
        secret_wipe(&answer->body);
        rc = auth_header_take(http->auth_header, http, &login, &authorization, err);
        if (!rc)
            rc = retry_send(http, request, &authorization, answer, err);
    }
    secret_wipe(&authorization);
    return rc;
}

int64_t http_asked_wait(const struct http *http)
{
    return transfer_retry_after(http);
}

bool http_unreached(const struct http *http)
{
    return http->unreached;
}
