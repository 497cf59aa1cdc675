/* SPDX-License-Identifier: Apache-2.0 */
/* An authority that speaks CMP (RFC 9480, 9483): a PKCS#10 request (p10cr), protected by a shared
 * secret or by a signature of ours; then the authority's answers are signed as well, below its
 * chain. The messages are OpenSSL's, their way is ours: deadlines, trust and cancel as everywhere.
 */
#include "authority/remote.h"

#include <openssl/cmp.h>
#include <openssl/err.h>
#include <stdlib.h>

enum { TRIES = 3 };

struct cmp {
    struct remote *remote;
    char *reference; /* of the secret; NULL: signatures, by */
    EVP_PKEY *key;
    STACK_OF(X509) * chain; /* ours first */
    X509_STORE *trusted;
};

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

static bool protect(OSSL_CMP_CTX *ctx, const struct cmp *c)
{
    const struct secret *secret = &c->remote->secret;

    if (c->reference)
        return OSSL_CMP_CTX_set1_referenceValue(ctx, (const unsigned char *)c->reference,
                                                (int)strlen(c->reference)) &&
               OSSL_CMP_CTX_set1_secretValue(ctx, secret->data, (int)secret->len);
    if (!OSSL_CMP_CTX_set1_cert(ctx, sk_X509_value(c->chain, 0)) ||
        !OSSL_CMP_CTX_set1_untrusted(ctx, c->chain) || !OSSL_CMP_CTX_set1_pkey(ctx, c->key) ||
        !X509_STORE_up_ref(c->trusted))
        return false;
    if (OSSL_CMP_CTX_set0_trustedStore(ctx, c->trusted))
        return true;
    X509_STORE_free(c->trusted);
    return false;
}

static OSSL_CMP_CTX *cmp_begin(const struct cmp *c, struct transaction *t, const void *csr,
                               size_t len)
{
    OSSL_CMP_CTX *ctx = OSSL_CMP_CTX_new(NULL, NULL);
    const unsigned char *at = csr;
    X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)len);
    int left = (int)((t->deadline - clock_ms()) / 1000) + 1;
    bool good = ctx && request && OSSL_CMP_CTX_set_log_cb(ctx, cmp_say_nothing) &&
                OSSL_CMP_CTX_set_transfer_cb(ctx, transfer) &&
                OSSL_CMP_CTX_set_transfer_cb_arg(ctx, t) && protect(ctx, c) &&
                OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_TOTAL_TIMEOUT, left) &&
                OSSL_CMP_CTX_set1_p10CSR(ctx, request);

    X509_REQ_free(request);
    if (good)
        return ctx;
    OSSL_CMP_CTX_free(ctx);
    return NULL;
}

/* The way's failure, or what the authority says, or OpenSSL's reason. */
static int cmp_explain(const struct cmp *c, const struct transaction *t, const OSSL_CMP_CTX *ctx,
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
    error_hint(err, "%s",
               c->reference ? "the secret that passphrase_file has must be the authority's, too"
                            : "who signs the authority's answers must be in chain, or below it");
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

static int run_transaction(const struct cmp *c, struct transaction *t, const void *csr, size_t len,
                           struct signet_cert **out, struct signet_error *err)
{
    OSSL_CMP_CTX *ctx = cmp_begin(c, t, csr, len);
    X509 *made = ctx ? OSSL_CMP_exec_P10CR_ses(ctx) : NULL;
    int rc;

    if (!ctx)
        rc = crypto_fail(err, "cannot begin a CMP transaction");
    else
        rc = made ? cmp_take_cert(made, out, err) : cmp_explain(c, t, ctx, err);
    OSSL_CMP_CTX_free(ctx); /* and the certificate, which it owns */
    ERR_clear_error();
    return rc;
}

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
        rc = run_transaction(c, &t, csr, len, out, err);
        if (rc == SIGNET_OK || !t.lost || i + 1 == TRIES || clock_ms() >= t.deadline)
            break;
        rc = cancel_sleep_until(c->remote->cancel, clock_ms() + 500, err);
    }
    remote_give_back(c->remote, t.http);
    return rc;
}

static X509 *to_x509(const struct signet_cert *cert)
{
    struct signet_bytes der = {0};
    X509 *x = NULL;

    if (signet_cert_der(cert, &der, NULL) == SIGNET_OK) {
        const unsigned char *at = der.data;
        x = d2i_X509(NULL, &at, (long)der.len);
    }
    signet_bytes_free(&der);
    return x;
}

/* The certificates of the chain are trusted as they are, though it may not reach up to a root. */
static int trust_chain(struct cmp *c, const struct signet_authority *a, struct signet_error *err)
{
    bool good = (c->trusted = X509_STORE_new()) &&
                X509_STORE_set_flags(c->trusted, X509_V_FLAG_PARTIAL_CHAIN);

    for (size_t i = 0; good && i < a->count; i++) {
        X509 *x = to_x509(a->chain[i]);
        good = x && X509_STORE_add_cert(c->trusted, x);
        X509_free(x);
    }
    return good ? SIGNET_OK : error_nomem(err);
}

static int take_own_chain(struct cmp *c, struct signet_cert *const *chain, size_t count,
                          struct signet_error *err)
{
    c->chain = sk_X509_new_null();
    for (size_t i = 0; i < count; i++) {
        X509 *x = to_x509(chain[i]);
        if (!c->chain || !x || !sk_X509_push(c->chain, x)) {
            X509_free(x);
            return error_nomem(err);
        }
    }
    return SIGNET_OK;
}

static int take_own_key(struct cmp *c, const struct secret *pem, struct signet_error *err)
{
    struct signet_key *key = NULL;
    struct signet_bytes der = {0};
    int rc = signet_key_load(&key, pem->data, pem->len, err);

    if (rc == SIGNET_OK)
        rc = signet_key_der(key, &der, err);
    if (rc == SIGNET_OK) {
        const unsigned char *at = der.data;
        c->key = d2i_AutoPrivateKey(NULL, &at, (long)der.len);
        rc = c->key ? SIGNET_OK : error_nomem(err);
    }
    signet_bytes_free(&der);
    signet_key_free(&key);
    return rc;
}

static int read_own(struct cmp *c, const struct signet_authority_info *info,
                    struct signet_error *err)
{
    struct signet_cert *chain[SIGNET_CHAIN_MAX] = {0};
    struct secret key = {0};
    struct buf cert = {0};
    size_t count = 0;
    int rc = remote_client_pair(info, &cert, &key, err);

    if (rc == SIGNET_OK)
        rc = signet_cert_load_chain(chain, &count, cert.data, cert.len, err);
    if (rc == SIGNET_OK)
        rc = take_own_key(c, &key, err);
    if (rc == SIGNET_OK)
        rc = take_own_chain(c, chain, count, err);
    for (size_t i = 0; i < count; i++)
        signet_cert_free(&chain[i]);
    secret_wipe(&key);
    buf_free(&cert);
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
    if (rc == SIGNET_OK && info->reference)
        rc = text_copy(&c->reference, info->reference, err);
    else if (rc == SIGNET_OK && (rc = read_own(c, info, err)) == SIGNET_OK)
        rc = trust_chain(c, a, err);
    return rc == SIGNET_OK ? remote_open(&c->remote, info, options, "", true, err) : rc;
}

static void cmp_close(struct signet_authority *a)
{
    struct cmp *c = a->state;

    if (c) {
        remote_close(&c->remote);
        free(c->reference);
        EVP_PKEY_free(c->key);
        sk_X509_pop_free(c->chain, X509_free);
        X509_STORE_free(c->trusted);
    }
    free(c);
    a->state = NULL;
}

const struct authority_ops authority_cmp = {
    .name = "cmp", .open = cmp_open, .close = cmp_close, .enroll = cmp_enroll};
