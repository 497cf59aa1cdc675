/* SPDX-License-Identifier: Apache-2.0 */
/* An authority that speaks CMP (RFC 9480, 9483): a PKCS#10 request (p10cr), protected by a shared
 * secret. The messages are OpenSSL's, their way is ours: deadlines, trust and cancel as everywhere.
 */
#include "authority/remote.h"

#include <openssl/cmp.h>
#include <openssl/err.h>
#include <stdlib.h>

enum { TRIES = 3 };

/* One transaction, on its way. */
struct transaction {
    struct http *http;
    const char *path;
    int64_t deadline;
    struct signet_error err; /* of the way; code 0: none */
    bool lost;               /* another transaction may succeed */
};

static int post(struct transaction *t, const struct buf *body, struct http_answer *answer,
                struct signet_error *err)
{
    const struct http_request request = {.method = "POST",
                                         .path = t->path[0] ? t->path : "/",
                                         .body = body,
                                         .type = "application/pkixcmp",
                                         .accept = "application/pkixcmp"};

    if (clock_ms() >= t->deadline)
        return error_set(err, SIGNET_E_TIMEOUT, "the authority did not answer in time");
    int rc = http_send(t->http, &request, answer, err);
    t->lost = rc == SIGNET_E_NET || rc == SIGNET_E_TIMEOUT;
    t->lost = t->lost || answer->status == 429 || answer->status == 503;
    if (rc == SIGNET_OK && !http_good(answer)) {
        rc = error_set(err, SIGNET_E_SERVER, "the authority answered with HTTP status %ld",
                       answer->status);
        if (err)
            err->sys = (int)answer->status;
    }
    return rc;
}

static OSSL_CMP_MSG *transfer(OSSL_CMP_CTX *ctx, const OSSL_CMP_MSG *request)
{
    struct transaction *t = OSSL_CMP_CTX_get_transfer_cb_arg(ctx);
    struct http_answer answer = {0};
    struct buf body = {0};
    unsigned char *der = NULL;
    const unsigned char *at;
    OSSL_CMP_MSG *message = NULL;
    int len = i2d_OSSL_CMP_MSG(request, &der);

    if (len > 0)
        buf_append(&body, der, (size_t)len);
    OPENSSL_free(der);
    if (len <= 0 || post(t, &body, &answer, &t->err) != SIGNET_OK)
        goto out;
    at = answer.body.data;
    message = d2i_OSSL_CMP_MSG(NULL, &at, (long)answer.body.len);
    if (!message)
        error_set(&t->err, SIGNET_E_SERVER, "the authority's answer is no CMP message");
out:
    secret_wipe(&answer.body);
    buf_free(&body);
    return message;
}

static int cmp_say_nothing(const char *func, const char *file, int line, OSSL_CMP_severity level,
                           const char *msg)
{
    (void)func;
    (void)file;
    (void)line;
    (void)level;
    (void)msg;
    return 1;
}

static OSSL_CMP_CTX *cmp_begin(const struct remote *r, const char *reference, struct transaction *t,
                               const void *csr, size_t len)
{
    OSSL_CMP_CTX *ctx = OSSL_CMP_CTX_new(NULL, NULL);
    const unsigned char *at = csr;
    X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)len);
    int left = (int)((t->deadline - clock_ms()) / 1000) + 1;
    bool good = ctx && request && OSSL_CMP_CTX_set_log_cb(ctx, cmp_say_nothing) &&
                OSSL_CMP_CTX_set_transfer_cb(ctx, transfer) &&
                OSSL_CMP_CTX_set_transfer_cb_arg(ctx, t) &&
                OSSL_CMP_CTX_set1_referenceValue(ctx, (const unsigned char *)reference,
                                                 (int)strlen(reference)) &&
                OSSL_CMP_CTX_set1_secretValue(ctx, r->secret.data, (int)r->secret.len) &&
                OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_TOTAL_TIMEOUT, left) &&
                OSSL_CMP_CTX_set1_p10CSR(ctx, request);

    X509_REQ_free(request);
    if (good)
        return ctx;
    OSSL_CMP_CTX_free(ctx);
    return NULL;
}

/* The way's failure, or what the authority says, or OpenSSL's reason. */
static int cmp_explain(const struct transaction *t, const OSSL_CMP_CTX *ctx,
                       struct signet_error *err)
{
    char status[300] = "";

    if (t->err.code) {
        ERR_clear_error();
        return error_copy(err, &t->err);
    }
    if (OSSL_CMP_CTX_get_status(ctx) == OSSL_CMP_PKISTATUS_rejection &&
        OSSL_CMP_CTX_snprint_PKIStatus(ctx, status, sizeof(status))) {
        ERR_clear_error();
        return error_set(err, SIGNET_E_SERVER, "the authority refuses: %s",
                         text_shown(status, strlen(status), 200));
    }
    crypto_fail(err, "the authority's answer is not taken");
    if (err)
        err->code = SIGNET_E_SERVER;
    return SIGNET_E_SERVER;
}

static int cmp_take_cert(X509 *x, struct signet_cert **out, struct signet_error *err)
{
    unsigned char *der = NULL;
    int len = i2d_X509(x, &der);
    int rc = len > 0 ? signet_cert_load(out, der, (size_t)len, err)
                     : crypto_fail(err, "cannot write the certificate");

    OPENSSL_free(der);
    return rc;
}

static int run_transaction(const struct remote *r, const char *reference, struct transaction *t,
                           const void *csr, size_t len, struct signet_cert **out,
                           struct signet_error *err)
{
    OSSL_CMP_CTX *ctx = cmp_begin(r, reference, t, csr, len);
    X509 *made = ctx ? OSSL_CMP_exec_P10CR_ses(ctx) : NULL;
    int rc;

    if (!ctx)
        rc = crypto_fail(err, "cannot begin a CMP transaction");
    else
        rc = made ? cmp_take_cert(made, out, err) : cmp_explain(t, ctx, err);
    OSSL_CMP_CTX_free(ctx); /* and the certificate, which it owns */
    ERR_clear_error();
    return rc;
}

struct cmp {
    struct remote *remote;
    char *reference;
};

/* A lost answer: the transaction is unknown to both, so another one asks again. */
static int cmp_enroll(struct signet_authority *a, const void *csr, size_t len,
                      const struct cert_wish *wish, struct signet_cert **out,
                      struct signet_error *err)
{
    const struct cmp *c = a->state;
    struct transaction t = {.path = c->remote->path, .deadline = remote_deadline(c->remote)};
    int rc = remote_take(c->remote, &t.http, err);

    (void)wish;
    for (int i = 0; rc == SIGNET_OK && i < TRIES; i++) {
        t.err = (struct signet_error){0};
        t.lost = false;
        rc = run_transaction(c->remote, c->reference, &t, csr, len, out, err);
        if (rc == SIGNET_OK || !t.lost || i + 1 == TRIES || clock_ms() >= t.deadline)
            break;
        rc = cancel_sleep_until(c->remote->cancel, clock_ms() + 500, err);
    }
    remote_give_back(c->remote, t.http);
    return rc;
}

static int cmp_open(struct signet_authority *a, const struct signet_authority_info *info,
                    const struct signet_authority_options *options, struct signet_error *err)
{
    struct cmp *c = calloc(1, sizeof(*c));

    a->state = c;
    if (!c)
        return error_nomem(err);
    int rc = text_copy(&a->place, info->url, err);
    if (rc == SIGNET_OK)
        rc = text_copy(&c->reference, info->reference, err);
    return rc == SIGNET_OK ? remote_open(&c->remote, info, options, "", true, err) : rc;
}

static void cmp_close(struct signet_authority *a)
{
    struct cmp *c = a->state;

    if (c) {
        remote_close(&c->remote);
        free(c->reference);
    }
    free(c);
    a->state = NULL;
}

const struct authority_ops authority_cmp = {
    .name = "cmp", .open = cmp_open, .close = cmp_close, .enroll = cmp_enroll};
