/* SPDX-License-Identifier: Apache-2.0 */
/* An authority that speaks EST (RFC 7030, RFC 8951): cacerts, simpleenroll, simplereenroll. */
#include "authority/remote.h"

#include <ctype.h>
#include <stdlib.h>

/* Between two questions for a certificate: where a 202 does not say how long, and at least. */
enum { WAIT_MS = 5000, WAIT_LEAST_MS = 500 };

struct est {
    struct remote *remote;
    char own_name[CERT_NAME_SIZE]; /* common name of the certificate that we show in TLS; "" */
};

/* Base64 in lines, or not. */
static int decode_body(const struct http_answer *answer, struct buf *out, struct signet_error *err)
{
    const struct secret *body = &answer->body;
    uint8_t *to = buf_extend(out, body->len + 4);
    size_t n = 0;
    ssize_t len;

    if (!to)
        return buf_check(out, err);
    for (size_t i = 0; i < body->len; i++)
        if (!isspace(body->data[i]))
            to[n++] = body->data[i];
    len = base64_decode((const char *)to, n, to, body->len + 4);
    if (len <= 0)
        return error_set(err, SIGNET_E_SERVER, "the authority's answer is not base64");
    out->len = (size_t)len;
    return SIGNET_OK;
}

static int refuse_answer(const struct http_answer *answer, struct signet_error *err)
{
    const char *text = answer->body.data ? (const char *)answer->body.data : "";
    int rc =
        answer->status == 401 || answer->status == 403
            ? error_set_hint(err, SIGNET_E_AUTH,
                             "it wants a user and a password, or a certificate in TLS",
                             "the authority does not let us in: HTTP status %ld", answer->status)
        : answer->status == 404 || answer->status == 405
            ? error_set_hint(err, SIGNET_E_SERVER,
                             "the url is that of EST with its label: "
                             "https://HOST/.well-known/est/LABEL",
                             "the authority has no EST there: HTTP status %ld", answer->status)
            : error_set(err, SIGNET_E_SERVER, "the authority refuses (HTTP status %ld): %s",
                        answer->status, text_shown(text, strcspn(text, "\r\n"), 150));
    if (err)
        err->sys = (int)answer->status;
    return rc;
}

static int get_cacerts(const struct remote *r, struct http *http,
                       struct signet_cert *out[SIGNET_CHAIN_MAX], size_t *count,
                       struct signet_error *err)
{
    const struct http_request request = {
        .method = "GET", .path = r->path, .rest = "/cacerts", .accept = "application/pkcs7-mime"};
    struct http_answer answer = {0};
    struct buf der = {0};
    int rc = http_send(http, &request, &answer, err);

    if (rc == SIGNET_OK && answer.status != 200)
        rc = refuse_answer(&answer, err);
    if (rc == SIGNET_OK)
        rc = decode_body(&answer, &der, err);
    if (rc == SIGNET_OK)
        rc = cert_load_pkcs7(out, count, der.data, der.len, err);
    buf_free(&der);
    secret_wipe(&answer.body);
    return error_pass(rc, err, "cacerts");
}

/* The authority's certificates, where the order does not name them: its own first. */
static int take_cacerts(struct signet_authority *a, struct est *e, struct signet_error *err)
{
    struct http *http = NULL;
    int rc = remote_take(e->remote, &http, err);

    if (rc == SIGNET_OK)
        rc = get_cacerts(e->remote, http, a->chain, &a->count, err);
    if (rc == SIGNET_OK)
        rc = cert_order_chain(a->chain, &a->count, err);
    remote_give_back(e->remote, http);
    return rc;
}

/* A certificate that we show in TLS for the same name is renewed (RFC 7030, section 4.2.2). */
static const char *operation(const struct est *e, const struct cert_wish *wish)
{
    return e->own_name[0] && wish->endpoint && strcmp(e->own_name, wish->endpoint) == 0
               ? "/simplereenroll"
               : "/simpleenroll";
}

/* 202: come back. */
static int wait_for_it(const struct remote *r, const struct http *http, int64_t deadline,
                       struct signet_error *err)
{
    int64_t asked = http_asked_wait(http);
    int64_t wait = asked < 0 ? WAIT_MS : asked < WAIT_LEAST_MS ? WAIT_LEAST_MS : asked;
    int64_t until = clock_ms() + wait;

    if (until >= deadline)
        return error_set_hint(
            err, SIGNET_E_TIMEOUT,
            "does somebody have to approve it? timeout_s is how long Signet waits",
            "the authority has not signed in time (HTTP status 202)");
    return cancel_sleep_until(r->cancel, until, err);
}

/* The one of the key, out of what came. */
static int take_enrolled(struct http_answer *answer, const struct cert_wish *wish,
                         struct signet_cert **out, struct signet_error *err)
{
    struct signet_cert *came[SIGNET_CHAIN_MAX];
    struct buf der = {0};
    size_t count = 0, own = 0;
    int rc = decode_body(answer, &der, err);

    if (rc == SIGNET_OK)
        rc = cert_load_pkcs7(came, &count, der.data, der.len, err);
    while (own < count && !cert_has_spki(came[own], wish->spki, wish->spki_len))
        own++;
    for (size_t i = 0; i < count; i++)
        if (i != own)
            signet_cert_free(&came[i]);
    if (rc == SIGNET_OK && own == count)
        rc = error_set(err, SIGNET_E_CERT, "the certificate that came is for another key");
    if (rc == SIGNET_OK)
        *out = came[own];
    buf_free(&der);
    return rc;
}

/* The same request is sent again when its answer was lost, and after a 202: it is for the same key.
 */
static int est_enroll(struct signet_authority *a, const void *csr, size_t len,
                      const struct cert_wish *wish, struct signet_cert **out,
                      struct signet_error *err)
{
    const struct est *e = a->state;
    const struct remote *r = e->remote;
    int64_t deadline = remote_deadline(r);
    struct http_answer answer = {0};
    struct http *http = NULL;
    struct buf body = {0};
    const struct http_request request = {.method = "POST",
                                         .path = r->path,
                                         .rest = operation(e, wish),
                                         .body = &body,
                                         .type = "application/pkcs10",
                                         .accept = "application/pkcs7-mime",
                                         .base64 = true,
                                         .retry_lost = true};
    int rc = remote_take(e->remote, &http, err);

    buf_base64(&body, csr, len);
    if (rc == SIGNET_OK)
        rc = http_send(http, &request, &answer, err);
    while (rc == SIGNET_OK && answer.status == 202) {
        rc = wait_for_it(r, http, deadline, err);
        secret_wipe(&answer.body);
        if (rc == SIGNET_OK)
            rc = http_send(http, &request, &answer, err);
    }
    if (rc == SIGNET_OK)
        rc = answer.status == 200 ? take_enrolled(&answer, wish, out, err)
                                  : refuse_answer(&answer, err);
    remote_give_back(e->remote, http);
    secret_wipe(&answer.body);
    buf_free(&body);
    return rc;
}

static int est_reach(struct signet_authority *a, struct signet_error *err)
{
    struct est *e = a->state;
    struct signet_cert *certs[SIGNET_CHAIN_MAX];
    struct http *http = NULL;
    size_t count = 0;
    int rc = remote_take(e->remote, &http, err);

    if (rc == SIGNET_OK)
        rc = get_cacerts(e->remote, http, certs, &count, err);
    for (size_t i = 0; i < count; i++)
        signet_cert_free(&certs[i]);
    remote_give_back(e->remote, http);
    return error_pass(rc, err, "%s", a->place);
}

static int read_own_name(struct est *e, const char *path, struct signet_error *err)
{
    struct signet_cert *certs[SIGNET_CHAIN_MAX];
    struct signet_bytes der = {0};
    struct buf data = {0};
    size_t count = 0;
    int rc = file_read(path, 64 * 1024, &data, err);

    if (rc == SIGNET_OK)
        rc = signet_cert_load_chain(certs, &count, data.data, data.len, err);
    if (rc == SIGNET_OK)
        rc = signet_cert_der(certs[0], &der, err);
    if (rc == SIGNET_OK && !cert_common_name(der.data, der.len, e->own_name))
        e->own_name[0] = '\0';
    for (size_t i = 0; i < count; i++)
        signet_cert_free(&certs[i]);
    signet_bytes_free(&der);
    buf_free(&data);
    return error_pass(rc, err, "'%s'", path);
}

static int est_open(struct signet_authority *a, const struct signet_authority_info *info,
                    const struct signet_authority_options *options, struct signet_error *err)
{
    struct est *e = calloc(1, sizeof(*e));

    a->state = e;
    if (!e)
        return error_nomem(err);
    int rc = text_copy(&a->place, info->url, err);
    if (rc == SIGNET_OK && info->client_cert)
        rc = read_own_name(e, info->client_cert, err);
    if (rc == SIGNET_OK)
        rc = remote_open(&e->remote, info, options, "/.well-known/est", false, err);
    if (rc == SIGNET_OK && !a->count)
        rc = error_pass(take_cacerts(a, e, err), err, "%s", a->place);
    return rc;
}

static void est_close(struct signet_authority *a)
{
    struct est *e = a->state;

    if (e)
        remote_close(&e->remote);
    free(e);
    a->state = NULL;
}

const struct authority_ops authority_est = {
    .name = "est", .open = est_open, .close = est_close, .enroll = est_enroll, .reach = est_reach};
